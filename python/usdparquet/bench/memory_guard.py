"""Predicts the memory of a run, so that a machine is never driven into swapping or an OOM kill."""

from __future__ import annotations

from usdparquet.bench.formats import BARE_FORMAT, REFERENCE_FORMAT
from usdparquet.bench.memory import BYTES_PER_MB

# Bytes per prim with 20 properties, measured at 10,000 and 100,000 prims and rounded up.
_BASE_STAGE = 2_500
_USDC_LAYER = 14_000
_PARQUET_LAYER = 1_500
# The process with Python, OpenUSD and Arrow loaded, and the page cache of the Parquet layer.
_PROCESS = 300 * BYTES_PER_MB
# What other programs on the machine may take in the meantime.
_SHARE_OF_FREE = 0.9


def predicted_bytes(prims: int, format_name: str) -> int:
    """Memory that one process needs to write or to measure this format at this scale."""
    per_prim = _BASE_STAGE
    if format_name == REFERENCE_FORMAT:
        per_prim += _USDC_LAYER
    elif format_name != BARE_FORMAT:
        per_prim += _PARQUET_LAYER
    return _PROCESS + prims * per_prim


def refusal(prims: int, format_name: str, free_bytes: int) -> str | None:
    """Why this format is not measured at this scale, or None if it fits."""
    needed = predicted_bytes(prims, format_name)
    usable = int(free_bytes * _SHARE_OF_FREE)
    if needed <= usable:
        return None
    return (
        f"{format_name} at {prims:,} prims needs about {needed / 1e9:.1f} GB of memory, "
        f"of which {usable / 1e9:.1f} GB may be used on this machine now"
    )
