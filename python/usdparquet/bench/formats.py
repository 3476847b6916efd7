"""The formats that the benchmark compares, and how to tell which one a file has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REFERENCE_FORMAT = "usdc"
BARE_FORMAT = "base"
OPTIMIZED_FORMAT = "parquet_zstd_indexed"
"""As `usdparquet optimize` writes a file by default. Its name is that of published results, from
when every column was in Zstandard."""


@dataclass(frozen=True)
class Format:
    """A format of the property layer; `base` stands for the scene without a property layer."""

    name: str
    title: str
    short_title: str
    extension: str
    file_format_id: str
    magic: bytes
    compression: str | None = None
    is_indexed: bool = False
    """Whether the file is as `usdparquet optimize` writes it."""

    @property
    def has_properties(self) -> bool:
        """Whether its stage has a property layer."""
        return self.name != BARE_FORMAT

    @property
    def codec_asked(self) -> str | None:
        """The codec that `optimize` is told; None is its default, one for each column."""
        return None if self.name == OPTIMIZED_FORMAT else self.compression

    @property
    def is_parquet(self) -> bool:
        """Whether its property layer is a Parquet file."""
        return self.compression is not None


def _parquet(codec: str, title: str, is_indexed: bool = False) -> Format:
    suffix = "_indexed" if is_indexed else ""
    return Format(
        name=f"parquet_{codec}{suffix}",
        title=f"Parquet {title}{' indexed' if is_indexed else ''}",
        short_title=f"{codec}{' idx' if is_indexed else ''}",
        extension="parquet",
        file_format_id="parquet",
        magic=b"PAR1",
        compression=codec,
        is_indexed=is_indexed,
    )


_CODECS = (("none", "uncompressed"), ("snappy", "snappy"), ("zstd", "zstd"))

FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format("usdc", "USDC", "USDC", "usdc", "usdc", b"PXR-USDC"),
        *(_parquet(codec, title) for codec, title in _CODECS),
        *(_parquet(codec, title, is_indexed=True) for codec, title in _CODECS[:2]),
        Format(
            name=OPTIMIZED_FORMAT,
            title="Parquet indexed",
            short_title="indexed",
            extension="parquet",
            file_format_id="parquet",
            magic=b"PAR1",
            compression="zstd",
            is_indexed=True,
        ),
        Format("base", "Bare stage", "bare", "usdc", "usdc", b"PXR-USDC"),
    )
}
PARQUET_FORMATS = tuple(name for name, entry in FORMATS.items() if entry.is_parquet)


class WrongFormatError(RuntimeError):
    """A file has another format than the one it is measured as."""


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
