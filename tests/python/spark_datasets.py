"""Datasets that Spark has written, as tests look at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import usdparquet


def part_files(target: Path) -> list[Path]:
    return sorted(target.glob("part-*.parquet"))


def rows_of(target: Path) -> list[dict[str, Any]]:
    """All rows of a dataset, part by part, in the order in which they lie there."""
    return [row for part in part_files(target) for row in usdparquet.read_columns(part).to_pylist()]


def leftovers(folder: Path) -> list[str]:
    """What is hidden in a folder."""
    return sorted(each.name for each in folder.iterdir() if each.name.startswith("."))
