"""The legend of a column that is shown as colours: what the layer gives each value.

The colours are those of the library that opens the file for OpenUSD, which is not loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from usdparquet._plugin import load_core
from usdparquet.tables.table_file import TableFile


@dataclass(frozen=True)
class Mark:
    """A value and its colour."""

    value: float | str
    """A text for texts, booleans, dates and times."""
    srgb: str
    """The colour as screens have it: `#440154`."""
    color: tuple[float, float, float]
    """What the `displayColor` is: linear red, green and blue."""


@dataclass(frozen=True)
class Legend:
    """What a column's values look like."""

    column: str
    ramp: str
    range_from: str
    """Where the ends of the ramp are from: 'range', 'type', 'statistics' or 'values'."""
    marks: list[Mark]
    """Values in even steps over the ramp, or all texts."""


def color_legend(
    path: Path,
    column: str,
    ramp: str = "",
    values: str = "",
    path_column: str = "",
    time_column: str = "",
) -> Legend:
    """The colours of a column; ValueError if it cannot be shown as colours.

    `ramp` and `values` are as the format arguments `ramp` and `range`.
    """
    # Core knows it in layers alone: a table that is joined by ids needs none.
    if column == TableFile(path, path_column, time_column).path_column:
        raise ValueError(f"{path}: column '{column}' has no colours: it holds the prim paths")
    found = load_core().color_legend(path, column, ramp, values, time_column)
    found["marks"] = [Mark(**mark) for mark in found["marks"]]
    return Legend(**found)
