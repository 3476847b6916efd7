"""The formats that the benchmark compares, and how to tell what a file really is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REFERENCE_FORMAT = "usdc"
BARE_FORMAT = "base"


@dataclass(frozen=True)
class Format:
    """One way of holding the property layer; `base` is the scene without any property layer."""

    name: str
    title: str
    short_title: str
    extension: str
    file_format_id: str
    magic: bytes
    compression: str | None = None

    @property
    def has_properties(self) -> bool:
        """Whether the stage of this format has a property layer at all."""
        return self.name != BARE_FORMAT


def _parquet(codec: str, title: str) -> Format:
    return Format(f"parquet_{codec}", title, codec, "parquet", "parquet", b"PAR1", codec)


FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format("usdc", "USDC", "USDC", "usdc", "usdc", b"PXR-USDC"),
        _parquet("none", "Parquet uncompressed"),
        _parquet("snappy", "Parquet snappy"),
        _parquet("zstd", "Parquet zstd"),
        Format("base", "Bare stage", "bare", "usdc", "usdc", b"PXR-USDC"),
    )
}


class WrongFormatError(RuntimeError):
    """A file is not of the format that it is measured as."""


def check_magic(path: Path, expected: Format) -> None:
    """Raise `WrongFormatError` unless the file's first bytes are those of `expected`.

    The extension decides which plugin USD asks, so it says nothing about the content.
    """
    with path.open("rb") as file:
        head = file.read(len(expected.magic))
    if head != expected.magic:
        raise WrongFormatError(
            f"{path.name}: measured as '{expected.name}', but it starts with {head!r} "
            f"instead of {expected.magic!r}; generate the scene again"
        )
