"""Puts files into the kernel's page cache and drops them from it."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

_READ_CHUNK = 1 << 22
# The share that may stay: the kernel reads ahead and drops blocks of several pages.
_COLD_SHARE = 0.02


def warm(paths: Iterable[Path]) -> None:
    """Read whole files, so that the first sample finds them in memory as the last one does."""
    for path in paths:
        with path.open("rb") as file:
            while file.read(_READ_CHUNK):
                pass


def drop(paths: Iterable[Path]) -> bool:
    """Drop files from the page cache; False if the machine keeps them."""
    is_cold = True
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            # Pages that are not on disk yet cannot be dropped.
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
        is_cold = is_cold and cached_share(path) <= _COLD_SHARE
    return is_cold


def cached_share(path: Path) -> float:
    """The share of a file's pages that are in memory, from mincore(2)."""
    size = path.stat().st_size
    if size == 0:
        return 0.0
    pages = -(-size // mmap.PAGESIZE)
    resident = (ctypes.c_ubyte * pages)()
    with (
        path.open("rb") as file,
        mmap.mmap(
            file.fileno(), size, prot=mmap.PROT_WRITE | mmap.PROT_READ, flags=mmap.MAP_PRIVATE
        ) as mapped,
    ):
        view = ctypes.c_char.from_buffer(mapped)
        address = ctypes.c_void_p(ctypes.addressof(view))
        library = ctypes.CDLL(None, use_errno=True)
        status = library.mincore(address, ctypes.c_size_t(size), resident)
        # The mapping cannot be closed while something points into it.
        del view
    if status != 0:
        raise OSError(ctypes.get_errno(), "mincore failed", str(path))
    return sum(entry & 1 for entry in resident) / pages
