"""Apache Parquet files as OpenUSD layers.

After ``pip install usdparquet`` a bare ``from pxr import Usd`` opens ``.parquet`` files; this
package is needed only for tables, statistics and installations split over several folders.
Importing it loads neither OpenUSD nor Arrow.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which takes a while to load
if TYPE_CHECKING:
    from ._bind import bind
    from ._join import JoinReport
    from ._plugin import plugin_dir, register
    from ._read import read_columns
    from ._resolve import resolve_columns
    from ._stats import cache_stats, set_cache_budget
    from ._write import WriteSummary, write_table
    from .identifiers.scene_ids import IdCandidate, id_candidates, ids
    from .tables.finding import find_prims

__version__: str

__all__ = [
    "IdCandidate",
    "JoinReport",
    "WriteSummary",
    "__version__",
    "bind",
    "cache_stats",
    "find_prims",
    "id_candidates",
    "ids",
    "plugin_dir",
    "read_columns",
    "register",
    "resolve_columns",
    "set_cache_budget",
    "write_table",
]


_PLACES = {
    "IdCandidate": "identifiers.scene_ids",
    "JoinReport": "_join",
    "WriteSummary": "_write",
    "bind": "_bind",
    "cache_stats": "_stats",
    "find_prims": "tables.finding",
    "id_candidates": "identifiers.scene_ids",
    "ids": "identifiers.scene_ids",
    "plugin_dir": "_plugin",
    "read_columns": "_read",
    "register": "_plugin",
    "resolve_columns": "_resolve",
    "set_cache_budget": "_stats",
    "write_table": "_write",
}
"""The modules with what is public, which are loaded when it is used."""


def __getattr__(name: str) -> object:
    value: object
    if name == "__version__":
        from importlib.metadata import version

        value = version("usdparquet")
    elif name in _PLACES:
        from importlib import import_module

        value = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    else:
        raise AttributeError(f"module 'usdparquet' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
