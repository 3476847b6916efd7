"""The command bind, which writes a table that knows ids as a layer."""

from __future__ import annotations

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usdparquet.cli.console import (
    STDOUT,
    check_inputs,
    check_not_input,
    check_output,
    counted,
    print_json,
    say,
    steps,
    told_warnings,
)
from usdparquet.cli.options import CompressionOption, Json, LayoutOption, Memory
from usdparquet.tables.errors import OptionsError, kind_of_output

if TYPE_CHECKING:
    from usdparquet._join import JoinReport


class Keep(StrEnum):
    """Which of several rows of an id counts."""

    FIRST = "first"
    LAST = "last"


def bind(
    table: Annotated[
        Path,
        typer.Argument(metavar="TABLE", help="A .parquet, .csv or .arrow file.", readable=False),
    ],
    scene: Annotated[
        Path,
        typer.Argument(
            metavar="SCENE_OR_IDS",
            help="A USD file, with --id; or a .parquet file of ids.",
            readable=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="OUT", help="The .parquet file to write.", readable=False
        ),
    ],
    key: Annotated[str, typer.Option(metavar="COLUMN", help="The column of TABLE with the ids.")],
    id: Annotated[
        str | None,
        typer.Option(
            "--id", metavar="ID", help="What holds the ids of the prims; 'usdparquet ids' tells."
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="COLUMN", help="The column with the times of the rows."),
    ] = None,
    keep: Annotated[
        Keep | None, typer.Option(help="Which of several rows of an id counts.")
    ] = None,
    path: Annotated[
        str,
        typer.Option(
            "--path", metavar="NAME", help="The name of the new column with the prims' paths."
        ),
    ] = "path",
    unmatched: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the rows that are at no prim to this file, of TABLE's columns.",
            readable=False,
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 1 if anything did not match.")
    ] = False,
    layout: LayoutOption = None,
    compression: CompressionOption = None,
    memory: Memory = None,
    as_json: Json = False,
) -> None:
    """Write the rows of a table as a layer, each at the prims that have its id.

    Several prims of one id have the row each. OUT is written whatever did not match; only if
    nothing matches, that is an error.
    """
    from usdparquet._bind import bound_table
    from usdparquet._key_column import rows_metadata
    from usdparquet._write import write_table
    from usdparquet.identifiers.live_identifier import live_identifier
    from usdparquet.tables.file_kinds import FileKind, kind_of
    from usdparquet.tables.table_file import TableFile
    from usdparquet.tables.write_rows import check_table_output, write_rows

    check_output(output)
    kind_of_output(output, "this is a layer: write a .parquet file", (FileKind.PARQUET,))
    if unmatched == STDOUT:
        raise OptionsError("--unmatched is written to a file: name one")
    if unmatched is not None:
        check_table_output(unmatched)
    check_inputs(table, scene)
    for file in (output, unmatched):
        check_not_input(file, table, scene)
    if unmatched is not None and unmatched.resolve() == output.resolve():
        raise OptionsError(f"{output}: --output and --unmatched name one file; write to two")
    with steps() as step:
        step(f"Reading {table.name}")
        source = TableFile(table)
        rows = source.rows(rows_metadata(source.description))
        step(f"Matching {table.name} with {scene.name}")
        try:
            with told_warnings():
                joined = bound_table(
                    rows,
                    scene,
                    key=key,
                    id=id,
                    path=path,
                    time=time,
                    keep=keep.value if keep else None,
                    file=output,
                    memory=None if memory is None else memory << 20,
                )
        except ValueError as error:
            text = str(error)
            raise ValueError(text if str(scene) in text else f"{table}: {text}") from error
        step(f"Writing {output.name}")
        written = write_table(
            joined.table(),
            output,
            path=path,
            time=time,
            layout=None if layout is None else layout.value,
            compression=None if compression is None else compression.value,
            memory=None if memory is None else memory << 20,
            progress=lambda done, total: step("", done, total),
        )
        if unmatched is not None:
            write_rows(joined.unmatched(), unmatched)
    for note in source.notes:
        say(note, sys.stderr)
    report = joined.report
    live = None
    if id is None and kind_of(table) is FileKind.PARQUET:
        live = live_identifier(table, scene, key, time=time, start=output.parent)
    if as_json:
        found = {"output": str(output), "rows": written.rows, "live": live}
        print_json({**found, **asdict(report)})
    else:
        say(f"{output}: {counted(written.rows, 'row')}, {written.bytes:,} bytes")
        for line in _lines(report, unmatched):
            say(line)
        if live:
            say(f"the same, joined at every open: @{live}@")
    if strict and not report.is_complete:
        raise typer.Exit(1)


def _lines(report: JoinReport, unmatched: Path | None) -> list[str]:
    """The report, a line for each thing that there is."""
    from usdparquet._join import SHOWN

    lines = [
        f"matched: {counted(report.matched_rows, 'row')} at {counted(report.matched_prims, 'prim')}"
    ]
    if report.rows_without_prim:
        # Several rows can have one id; if fewer than could be are shown, these are all.
        ids = report.unknown_ids
        more = report.rows_without_prim if len(ids) == SHOWN else len(ids)
        lines.append(
            f"{counted(report.rows_without_prim, 'row')} with an id that no prim has: "
            f"{_shown(ids, more)}"
        )
    if report.rows_without_id:
        lines.append(f"{counted(report.rows_without_id, 'row')} without an id")
    if report.rows_dropped:
        lines.append(
            f"{counted(report.rows_dropped, 'row')} left out for another one of the same id"
        )
    if report.prims_without_row:
        prims = [f"{path} ({text})" for path, text in report.rowless_prims]
        lines.append(
            f"{counted(report.prims_without_row, 'prim')} without a row: "
            f"{_shown(prims, report.prims_without_row)}"
        )
    if report.prims_in_instances:
        lines.append(
            f"{counted(report.prims_in_instances, 'prim')} inside of instances, which take no "
            f"values: {_shown(report.instance_prims, report.prims_in_instances)}"
        )
    if unmatched is not None:
        lines.append(f"{unmatched}: the rows that are at no prim")
    return lines


def _shown(texts: list[str], count: int) -> str:
    return ", ".join(texts) + (", …" if count > len(texts) else "")
