"""Apache Parquet files as OpenUSD layers.

After ``pip install usdparquet`` a bare ``from pxr import Usd`` opens ``.parquet`` files; this
package is needed only for tables, statistics and installations split over several folders.
Importing it loads neither OpenUSD nor Arrow.
"""

from __future__ import annotations

from ._bind import bind
from ._plugin import plugin_dir, register
from ._read import read_columns
from ._resolve import resolve_columns
from ._stats import cache_stats, set_cache_budget
from ._write import WriteSummary, write_table
from .identifiers.join import JoinReport
from .identifiers.scene_ids import IdCandidate, id_candidates, ids

__version__: str

__all__ = [
    "IdCandidate",
    "JoinReport",
    "WriteSummary",
    "__version__",
    "bind",
    "cache_stats",
    "id_candidates",
    "ids",
    "plugin_dir",
    "read_columns",
    "register",
    "resolve_columns",
    "set_cache_budget",
    "write_table",
]


def __getattr__(name: str) -> str:
    # What reads the version takes as long to load as all else here.
    if name == "__version__":
        from importlib.metadata import version

        return version("usdparquet")
    raise AttributeError(f"module 'usdparquet' has no attribute '{name}'")
