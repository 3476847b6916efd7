"""Kinds of files, by their suffixes."""

from __future__ import annotations

from enum import Enum
from pathlib import Path


class FileKind(Enum):
    """A kind of file that can be converted into the others."""

    PARQUET = "parquet"
    CSV = "csv"
    SHEET = "xlsx"
    ARROW = "arrow"
    LAYER = "layer"
    PACKAGE = "package"

    @property
    def is_usd(self) -> bool:
        """Whether OpenUSD itself reads it."""
        return self in (FileKind.LAYER, FileKind.PACKAGE)


_KINDS = {
    ".parquet": FileKind.PARQUET,
    ".csv": FileKind.CSV,
    ".tsv": FileKind.CSV,
    ".xlsx": FileKind.SHEET,
    ".arrow": FileKind.ARROW,
    ".feather": FileKind.ARROW,
    ".usd": FileKind.LAYER,
    ".usda": FileKind.LAYER,
    ".usdc": FileKind.LAYER,
    ".usdz": FileKind.PACKAGE,
}


class FileKindError(ValueError):
    """A file of an unknown kind."""


def kind_of(file: Path) -> FileKind:
    """The kind of a file by its suffix; `FileKindError` if the suffix is unknown."""
    if file == Path():  # what an empty text becomes
        raise FileKindError("the name of a file is empty, or '.', which is this folder")
    kind = _KINDS.get(file.suffix.lower())
    if kind is None:
        raise FileKindError(f"{file}: the suffix is none of {', '.join(_KINDS)}")
    return kind
