"""The commands about one Parquet file: inspect and validate."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from usdparquet.cli.console import DASH, cell_table, counted
from usdparquet.cli.options import PathColumn
from usdparquet.tables.file_description import (
    PATH_COLUMN,
    ColumnDescription,
    describe_file,
    problems,
    section_problems,
    value_problems,
)

_WIDEST_LINE = 100_000

File = Annotated[Path, typer.Argument(help="A Parquet file.", show_default=False)]


def inspect(
    file: File,
    path: PathColumn = PATH_COLUMN,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a file's columns, how they are stored and what they become in a layer."""
    description = describe_file(file, path)
    if as_json:
        typer.echo(json.dumps(asdict(description), indent=1))
        return
    typer.echo(
        f"{description.file}: {counted(description.rows, 'row')} in "
        f"{counted(description.row_groups, 'row group')}, {counted(description.prims, 'prim')}, "
        f"{description.bytes:,} bytes, {description.created_by}"
    )
    typer.echo(
        f"footer {'sealed' if description.sealed else 'not sealed'}, "
        f"{'page locations' if description.page_locations else 'no page locations'}"
    )
    table = cell_table()
    for name in ("Column", "Stored as", "In a layer", "Codec", "Page index"):
        table.add_column(name, overflow="fold")
    table.add_column("Bytes", justify="right")
    for column in description.columns:
        table.add_row(*_cells(column))
    console = Console()
    if not console.is_terminal:  # for a program: a line a column, whatever it holds
        console = Console(width=_WIDEST_LINE)
    console.print(table)
    for text in problems(description):
        typer.echo(text)


def validate(
    file: File,
    path: PathColumn = PATH_COLUMN,
    values: Annotated[
        bool, typer.Option("--values", help="Decode every page, and check every cell.")
    ] = False,
) -> None:
    """Check that a file is a layer with nothing left out; exit code 1 if not."""
    description = describe_file(file, path)
    found = problems(description)
    found = [*found, *section_problems(file, found)]
    if values and description.problem is None:
        found = [*found, *value_problems(file, path)]
    for text in found:
        typer.echo(text)
    if found:
        raise typer.Exit(1)
    shown = sum(len(column.properties) for column in description.columns)
    typer.echo(
        f"{description.file}: {counted(description.prims, 'prim')} with "
        f"{counted(shown, 'property', 'properties')}, no problems"
    )


def _printable(text: str) -> str:
    """A name out of a file without what would move a terminal's cursor."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _cells(column: ColumnDescription) -> list[str]:
    return [
        escape(_printable(column.name)),
        escape(_printable(column.type)),
        escape(_printable(column.role)) or DASH,
        ", ".join(column.compression).lower() or DASH,
        "yes" if column.page_index else "no",
        f"{column.bytes:,}",
    ]
