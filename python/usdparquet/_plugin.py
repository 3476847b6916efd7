"""Finds the OpenUSD plugin and registers it by hand, and loads the native libraries."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ._extras import require

PLUGIN_NAME = "usdparquet"
EXTENSION = "parquet"


def plugin_dir() -> Path:
    """Return the folder of the plugin's plugInfo.json, as PXR_PLUGINPATH_NAME takes it."""
    return _folder_with("plugin/plugInfo.json")


def cmake_dir() -> Path:
    """Return the folder that CMake's ``find_package(usdparquet)`` takes as ``usdparquet_DIR``."""
    return _folder_with("cmake/usdparquetConfig.cmake")


def _folder_with(file: str) -> Path:
    # An editable installation has two package folders: the built files and the sources.
    for folder in sys.modules[__package__].__path__:
        candidate = Path(folder) / file
        if candidate.is_file():
            return candidate.parent
    raise FileNotFoundError(f"usdparquet is not completely installed: its package has no {file}")


def register() -> None:
    """Make OpenUSD know the ``parquet`` file format.

    Needed only where usd-core does not find the plugin by itself, because usd-core, pyarrow and
    usdparquet are in different site-packages folders.  Call it before the first layer is opened:
    OpenUSD gathers its file formats once.  Does nothing if OpenUSD knows the plugin already.

    Raises RuntimeError if OpenUSD refuses the plugin, or has layers open and gathered its file
    formats already; MissingExtraError, which is an ImportError, if OpenUSD is not installed.
    """
    require("pxr")
    load_arrow()
    from pxr import Plug, Sdf

    registry = Plug.Registry()
    if registry.GetPluginWithName(PLUGIN_NAME) is None:
        # The trailing slash says that this is a folder.
        registry.RegisterPlugins(f"{plugin_dir()}/")
        if registry.GetPluginWithName(PLUGIN_NAME) is None:
            raise RuntimeError(f"OpenUSD did not accept the plugin in {plugin_dir()}")
    # Asking for the formats makes OpenUSD gather them, which would shut out plugins registered
    # later; once a layer is open, that has happened anyway.
    if Sdf.Layer.GetLoadedLayers() and not _is_known_format(Sdf):
        raise RuntimeError(
            "OpenUSD gathered its file formats before usdparquet was registered: call "
            "usdparquet.register() before the first layer is opened, or set PXR_PLUGINPATH_NAME="
            f"{plugin_dir()}"
        )


def _is_known_format(sdf: ModuleType) -> bool:
    return EXTENSION in sdf.FileFormat.FindAllFileFormatExtensions()


def load_arrow() -> None:
    """Load Arrow's shared libraries, wherever pyarrow is installed.

    The native libraries look for them in the same site-packages folder; once loaded they are
    found by name from anywhere.
    """
    import_module("pyarrow.parquet")


class OtherArrowError(ImportError):
    """pyarrow is of another version than the native libraries were built for."""


def load_core() -> ModuleType:
    """Return the native module, without loading OpenUSD.

    Raises OtherArrowError where pyarrow is of another version than it was built for.
    """
    load_arrow()
    try:
        return import_module("usdparquet._core")
    except ImportError as error:
        if sentence := _on_other_arrow():
            raise OtherArrowError(sentence, name="pyarrow") from error
        raise


def _on_other_arrow() -> str:
    """What is there, what is supported and what to do, as the plugin says it; empty if pyarrow is
    of the right version.
    """
    from importlib import metadata

    import pyarrow as pa

    requirements = metadata.requires("usdparquet") or []
    match = re.search(r"^pyarrow==([\d.]+)\.\*", "\n".join(requirements), re.MULTILINE)
    if match is None or pa.__version__.startswith(f"{match[1]}."):
        return ""
    return (
        f"usdparquet {metadata.version('usdparquet')} reads Parquet with Arrow {match[1]}, but "
        f"finds Arrow {pa.__version__} ({Path(pa.__file__).parent}): pip install "
        f"'pyarrow=={match[1]}.*', or install a usdparquet for what is here"
    )
