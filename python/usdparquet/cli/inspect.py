"""The commands about one Parquet file: inspect and validate."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usdparquet._dataset import table_named
from usdparquet.cli.console import DASH, check_inputs, counted, print_json, say
from usdparquet.cli.options import Json, PathColumn, TimeColumn
from usdparquet.regular_file import is_dataset

if TYPE_CHECKING:
    from usdparquet.tables.color_legend import Legend
    from usdparquet.tables.dataset_description import DatasetDescription
    from usdparquet.tables.file_description import ColumnDescription, FileDescription

_SWATCH = 4
"""How wide a colour is shown."""
_HEADS = 2
"""The lines of a table above its rows."""

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A Parquet file.", show_default=False, readable=False)
]


def inspect(
    file: File,
    path: PathColumn = "",
    time: TimeColumn = "",
    color: Annotated[
        str,
        typer.Option(metavar="COLUMN", help="Print the colours of this column's values instead."),
    ] = "",
    ramp: Annotated[
        str, typer.Option(metavar="NAME", help="The colours to take, such as magma.")
    ] = "",
    values: Annotated[
        str,
        typer.Option("--range", metavar="LOW,HIGH", help="The values at the ends of the ramp."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Show a file's columns, how they are stored and what they become in a layer."""
    from usdparquet.tables.color_legend import color_legend
    from usdparquet.tables.errors import OptionsError
    from usdparquet.tables.file_description import describe_file, problems

    if not color and (ramp or values):
        raise OptionsError(f"{'--ramp' if ramp else '--range'} needs --color, the column to show")
    file = table_named(file)
    if is_dataset(file) and not color:
        from usdparquet.cli.dataset import print_dataset
        from usdparquet.tables.dataset_description import describe_dataset

        dataset = describe_dataset(file, path, time)
        if as_json:
            print_json({**asdict(dataset), "advice": dataset.advice})
        else:
            print_dataset(dataset)
        return
    check_inputs(file)
    legend = color_legend(file, color, ramp, values, path, time) if color else None
    if legend and not as_json:
        _print_legend(file, legend)
        return
    description = describe_file(file, path, time)
    if as_json:
        print_json({**asdict(description), "colors": legend and asdict(legend)})
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

    file = table_named(file)
    if is_dataset(file):
        _validate_dataset(file, path, time, values=values, as_json=as_json)
        return
    check_inputs(file)
    description = describe_file(file, path, time)
    found = problems(description)
    found = [*found, *section_problems(file, found)]
    if values and description.problem is None:
        found = [*found, *value_problems(file, path, time)]
    found = [*found, *layer_problems(file, description, path, time, found, values=values)]
    shown = sum(len(column.properties) for column in description.columns)
    properties = counted(shown, "property", "properties")
    sound = f"{counted(description.prims, 'prim')} with {properties}, no problems"
    _report(file, description, found, shown, sound, values=values, as_json=as_json)


def _validate_dataset(file: Path, path: str, time: str, *, values: bool, as_json: bool) -> None:
    from usdparquet.tables.dataset_description import dataset_problems, describe_dataset

    description = describe_dataset(file, path, time)
    found = dataset_problems(file, description, path, time, values=values)
    properties = counted(len(description.columns), "property", "properties")
    sound = (
        f"{counted(description.prims, 'prim')} with {properties} in "
        f"{counted(description.files, 'file')}, no problems"
    )
    shown = len(description.columns)
    _report(file, description, found, shown, sound, values=values, as_json=as_json)


def _report(
    file: Path,
    description: FileDescription | DatasetDescription,
    found: list[str],
    properties: int,
    sound: str,
    *,
    values: bool,
    as_json: bool,
) -> None:
    """Say what is wrong, which ends with 1, or `sound` where nothing is."""
    if as_json:
        print_json(
            {
                "file": str(file),
                "valid": not found,
                "prims": description.prims,
                "properties": properties,
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
        say(f"{description.path}: {sound}")


def _print_legend(file: Path, legend: Legend) -> None:
    from usdparquet.cli.tables import Column, is_for_reader, number_text, printable, table_lines

    source = {
        "range": "the range that was given",
        "type": "false and true",
        "statistics": "the statistics of the file",
        "values": "the values of the column",
    }[legend.range_from]
    say(f"{file}: {printable(legend.column)} as {legend.ramp}, from {source}")
    values = [mark.value for mark in legend.marks]
    are_numbers = all(isinstance(value, float) for value in values)
    colors = [f"({', '.join(f'{part:.4f}' for part in mark.color)})" for mark in legend.marks]
    columns = [
        Column(
            "Value",
            is_number=are_numbers,
            cells=[printable(v) if isinstance(v, str) else number_text(v) for v in values],
        ),
        Column("sRGB", cells=[mark.srgb for mark in legend.marks], least=len("#000000")),
        Column("displayColor", cells=colors, least=max(map(len, colors), default=0)),
    ]
    shows = is_for_reader()
    width = shutil.get_terminal_size().columns - _SWATCH - 1 if shows else None
    for at, line in enumerate(table_lines(columns, width), -_HEADS):
        swatch = " " * _SWATCH
        if shows and 0 <= at < len(legend.marks):
            code = int(legend.marks[at].srgb[1:], 16)
            swatch = typer.style(swatch, bg=(code >> 16, code >> 8 & 255, code & 255))
        say(f"{swatch} {line}" if shows else line)


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
