"""The commands about one Parquet file: inspect and validate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usdparquet.cli.console import DASH, check_inputs, counted, print_json, say
from usdparquet.cli.options import Json, PathColumn, TimeColumn

if TYPE_CHECKING:
    from usdparquet.tables.file_description import ColumnDescription

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A Parquet file.", show_default=False, readable=False)
]


def inspect(
    file: File, path: PathColumn = "", time: TimeColumn = "", as_json: Json = False
) -> None:
    """Show a file's columns, how they are stored and what they become in a layer."""
    from usdparquet.tables.file_description import describe_file, problems

    check_inputs(file)
    description = describe_file(file, path, time)
    if as_json:
        print_json(asdict(description))
        return
    say(
        f"{description.path}: {counted(description.rows, 'row')} in "
        f"{counted(description.row_groups, 'row group')}, {counted(description.prims, 'prim')}, "
        f"{description.bytes:,} bytes, {description.created_by}"
    )
    say(
        f"footer {'sealed' if description.sealed else 'not sealed'}, "
        f"{'page locations' if description.page_locations else 'no page locations'}"
    )
    _print_columns(description.columns)
    for text in problems(description):
        say(text)


def validate(
    file: File,
    path: PathColumn = "",
    time: TimeColumn = "",
    values: Annotated[
        bool, typer.Option("--values", help="Decode every page, and check every cell.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check that a file is a layer with nothing left out; exit code 1 if not."""
    from usdparquet.tables.file_description import (
        describe_file,
        problems,
        section_problems,
        value_problems,
    )
    from usdparquet.tables.layer_check import layer_problems

    check_inputs(file)
    description = describe_file(file, path, time)
    found = problems(description)
    found = [*found, *section_problems(file, found)]
    if values and description.problem is None:
        found = [*found, *value_problems(file, path, time)]
    found = [*found, *layer_problems(file, description, path, time, found, values=values)]
    shown = sum(len(column.properties) for column in description.columns)
    if as_json:
        print_json(
            {
                "file": str(file),
                "valid": not found,
                "prims": description.prims,
                "properties": shown,
                "values_checked": values and description.problem is None,
                "problems": found,
            }
        )
    else:
        for text in found:
            say(text)
    if found:
        raise typer.Exit(1)
    if not as_json:
        say(
            f"{description.path}: {counted(description.prims, 'prim')} with "
            f"{counted(shown, 'property', 'properties')}, no problems"
        )


def _print_columns(columns: list[ColumnDescription]) -> None:
    from usdparquet.cli.tables import Column, print_table, printable

    print_table(
        [
            Column("Column", cells=[printable(each.name) for each in columns]),
            Column("Stored as", cells=[printable(each.type) for each in columns]),
            Column("In a layer", cells=[printable(each.role) or DASH for each in columns]),
            Column("Bytes", is_number=True, cells=[f"{each.bytes:,}" for each in columns]),
            Column(
                "Codec", cells=[", ".join(each.compression).lower() or DASH for each in columns]
            ),
            Column("Page index", cells=["yes" if each.page_index else "no" for each in columns]),
        ]
    )
