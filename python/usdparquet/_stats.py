"""The page cache of this process: its statistics and its byte budget."""

from __future__ import annotations

from ._plugin import load_core


def cache_stats() -> dict[str, int]:
    """Return the state of the page cache that all Parquet layers and tables of the process share.

    Keys: ``hits``, ``misses``, ``bytes_resident``, ``bytes_read``, ``evictions``, ``budget``.
    """
    return dict(load_core().cache_stats())


def set_cache_budget(budget: int) -> None:
    """Set how many bytes decoded pages may take; what exceeds it is evicted at once."""
    if budget < 0:
        raise ValueError(f"a cache budget cannot be negative: {budget}")
    load_core().set_cache_budget(budget)
