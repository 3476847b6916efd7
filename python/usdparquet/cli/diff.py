"""The command diff, which compares two tables, or a table and a layer."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from usdparquet._dataset import table_named
from usdparquet.cli.console import DASH, check_inputs, counted, plain_errors, print_json, say
from usdparquet.cli.options import Json, PathColumn, TimeColumn

if TYPE_CHECKING:
    from usdparquet.tables.diff import Change, Difference, Part

_TROUBLE = 2
"""The exit code where nothing was compared; 1 says that the files differ."""
_SHOWN = 10
_MOST_TOLERANCE = 1e308


def _tolerance(text: str) -> Decimal:
    """A number as it is written: integers may have more digits than a float."""
    try:
        is_tolerance = 0 <= float(text) <= _MOST_TOLERANCE
    except ValueError:
        is_tolerance = False
    if not is_tolerance:
        raise typer.BadParameter(f"'{text}' is no number from 0 to {_MOST_TOLERANCE:g}")
    return Decimal(text)


def diff(
    a: Annotated[
        Path,
        typer.Argument(metavar="A", help="A table, a dataset, or a USD layer.", readable=False),
    ],
    b: Annotated[
        Path, typer.Argument(metavar="B", help="What to compare it with.", readable=False)
    ],
    tolerance: Annotated[
        Decimal,
        typer.Option(
            parser=_tolerance, metavar="NUMBER", help="Numbers that differ by no more are equal."
        ),
    ] = Decimal(0),
    limit: Annotated[
        int, typer.Option(min=0, metavar="N", help="Differences of each kind to name; 0 for all.")
    ] = _SHOWN,
    path: PathColumn = "",
    time: TimeColumn = "",
    as_json: Json = False,
) -> None:
    """Compare two tables, or a table and a layer, by path and time.

    Exit code 0 if they are the same, 1 if they differ, 2 if they cannot be compared.
    """
    with plain_errors(_TROUBLE):
        from usdparquet.tables.diff import DiffOptions, diff_files

        a, b = table_named(a), table_named(b)
        check_inputs(a, b, datasets=True)
        found = diff_files(a, b, DiffOptions(path, time, tolerance, limit or None))
    if as_json:
        print_json(found.as_json())
    else:
        for line in _lines(found, str(a), str(b)):
            say(line)
    if not found.is_same:
        raise typer.Exit(1)


def _lines(found: Difference, a: str, b: str) -> list[str]:
    """The summary first, then what differs."""
    lines = [f"{a}, {b}: {_summary(found)}", *found.notes]
    for name, part in ((a, found.only_a), (b, found.only_b)):
        if part.count:
            lines.append(f"rows only in {name}: {_told(part)}")
            lines += [f"  {_key(*key)}" for key in part.first]
    for name, columns in ((a, found.columns_only_a), (b, found.columns_only_b)):
        if columns:
            lines.append(f"columns only in {name}: {', '.join(columns)}")
    for column, (was, became) in found.types.items():
        rest = ", whose cells cannot be compared" if column in found.not_compared else ""
        lines.append(f"type of {column}: {was} → {became}{rest}")
    for column, part in found.cells.items():
        lines.append(f"cells of {column} that differ: {_told(part)}")
        lines += [f"  {_change(change)}" for change in part.first]
    return lines


def _summary(found: Difference) -> str:
    rows = counted(found.rows_a, "row")
    if found.is_same:
        return f"the same, {rows}"
    cells = sum(part.count for part in found.cells.values())
    parts = [
        (found.only_a.count, "row only in the first", "rows only in the first"),
        (found.only_b.count, "row only in the second", "rows only in the second"),
        (cells, "cell differs", "cells differ"),
        (len(found.types), "type differs", "types differ"),
        (
            len(found.columns_only_a) + len(found.columns_only_b),
            "column only in one",
            "columns only in one",
        ),
    ]
    return ", ".join(counted(number, one, many) for number, one, many in parts if number)


def _told(part: Part) -> str:
    more = part.count - len(part.first)
    return f"{part.count:,}" + (f", the first {len(part.first)}" if more else "")


def _key(path: str, time: Any) -> str:
    return path if time is None else f"{path} at {_cell(time)}"


def _change(change: Change) -> str:
    return f"{_key(change.path, change.time)}: {_cell(change.a)} → {_cell(change.b)}"


def _cell(value: Any) -> str:
    if value is None:
        return DASH
    if value == "":
        return "''"  # a text, and not nothing
    return f"{value:.17g}" if isinstance(value, float) and value != round(value, 6) else str(value)
