"""Says which extra of usdparquet brings a package that is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

EXTRAS = {
    "pxr": "usd",
    "duckdb": "cli",
    "python_calamine": "cli",
    "rich": "cli",
    "typer": "cli",
    "xlsxwriter": "cli",
    "jinja2": "bench",
    "plotly": "bench",
    "pandas": "spark",
    "pyspark": "spark",
}
"""The modules that only extras bring, with their extras."""
_TITLES = {"pxr": "OpenUSD"}


class MissingExtraError(ImportError):
    """A package that only an extra brings is not installed; the text says which extra."""


def require(*modules: str) -> None:
    """Raise MissingExtraError for the first of `modules` that is not installed."""
    for module in modules:
        if not is_installed(module):
            raise MissingExtraError(_sentence(module), name=module)


@contextmanager
def names_extra() -> Iterator[None]:
    """Turn an import that failed in the block into a MissingExtraError, if an extra would help."""
    try:
        yield
    except ImportError as error:
        module = (error.name or "").partition(".")[0]
        if isinstance(error, MissingExtraError) or module not in EXTRAS or is_installed(module):
            raise
        raise MissingExtraError(_sentence(module), name=module) from error


def is_installed(module: str) -> bool:
    """Whether a module is there; for OpenUSD, `pxr`."""
    # A folder pxr is there without OpenUSD too: it has usdparquet's plugInfo.json.
    try:
        return find_spec("pxr.Tf" if module == "pxr" else module) is not None
    except ModuleNotFoundError:
        return False


def _sentence(module: str) -> str:
    return (
        f"{_TITLES.get(module, module)} is not installed: "
        f"pip install 'usdparquet[{EXTRAS[module]}]' brings it"
    )
