"""What the manifest of a dataset says of its parts, made where the parts are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def describe_part(file: Path, name: str) -> str:
    """What the manifest says of a part that will be called `name`; its task makes it."""
    return ""


def write_manifest(folder: Path, descriptions: Sequence[str]) -> None:
    """Write the manifest of a dataset whose parts are described so."""


MANIFEST = "_usdparquet.json"


def part_files(place: Path) -> list[Path]:
    """The files of a dataset."""
    return sorted(f for f in place.rglob("*.parquet"))
