"""A file of which some bytes are read as others."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path


class OverwrittenFile(io.FileIO):
    """A file open for reading, with other bytes at some offsets; the file itself stays as it is."""

    def __init__(self, file: Path, overwrites: Sequence[tuple[int, bytes]]) -> None:
        super().__init__(file)
        self._overwrites = overwrites

    def read(self, size: int | None = -1, /) -> bytes:
        """As that of every file; Arrow calls no other method for bytes."""
        start = self.tell()
        data = bytearray(super().read(-1 if size is None else size) or b"")
        for offset, other in self._overwrites:
            begin = max(start, offset)
            end = min(start + len(data), offset + len(other))
            if begin < end:
                data[begin - start : end - start] = other[begin - offset : end - offset]
        return bytes(data)
