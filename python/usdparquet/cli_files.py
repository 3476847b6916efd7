"""The commands about one Parquet file: inspect and validate."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from usdparquet.inspect_file import (
    PATH_COLUMN,
    ColumnDescription,
    FileDescription,
    InspectError,
    describe_file,
    problems,
    value_problems,
)
from usdparquet.report.formatting import DASH

File = Annotated[Path, typer.Argument(help="A Parquet file.", show_default=False)]
PathColumn = Annotated[str, typer.Option("--path", help="The column with the prim paths.")]


def register_file_commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(inspect)
    app.command()(validate)


def inspect(
    file: File,
    path: PathColumn = PATH_COLUMN,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a file's columns, how they are stored and what they become in a layer."""
    description = _describe(file, path)
    if as_json:
        typer.echo(json.dumps(asdict(description), indent=1))
        return
    console = Console()
    groups = "row group" if description.row_groups == 1 else "row groups"
    console.print(
        f"{description.file}: {description.rows:,} rows in {description.row_groups:,} {groups}, "
        f"{description.prims:,} prims, {description.bytes:,} bytes, {description.created_by}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False, collapse_padding=True)
    for name in ("Column", "Stored as", "In a layer", "Codec", "Page index"):
        table.add_column(name, overflow="fold")
    table.add_column("Bytes", justify="right")
    for column in description.columns:
        table.add_row(*_cells(column))
    console.print(table)
    for text in problems(description):
        console.print(text, highlight=False, markup=False, soft_wrap=True)


def validate(
    file: File,
    path: PathColumn = PATH_COLUMN,
    values: Annotated[
        bool, typer.Option("--values", help="Decode every page, and check every cell.")
    ] = False,
) -> None:
    """Check that a file is a layer with nothing left out; exit code 1 if not."""
    description = _describe(file, path)
    found = problems(description)
    if values and description.problem is None:
        found = [*found, *value_problems(file, path)]
    console = Console()
    for text in found:
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    if found:
        raise typer.Exit(1)
    shown = sum(len(column.properties) for column in description.columns)
    console.print(
        f"{description.file}: {description.prims:,} prims with {shown:,} properties, no problems",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _describe(file: Path, path_column: str) -> FileDescription:
    try:
        return describe_file(file, path_column)
    except InspectError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _cells(column: ColumnDescription) -> list[str]:
    return [
        escape(column.name),
        escape(column.type),
        escape(column.role) or DASH,
        ", ".join(column.compression).lower() or DASH,
        "yes" if column.page_index else "no",
        f"{column.bytes:,}",
    ]
