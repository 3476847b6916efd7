"""The command recover, which writes what can be read of a damaged file as a sound one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from usdparquet._plugin import load_core
from usdparquet.cli.console import cell_table, counted, plain_errors, progress_bar
from usdparquet.cli.options import Compression, CompressionOption, In, PathColumn

_NOTHING_RECOVERED = 2
"""The exit code where there is no output; 1 says that something is lost."""

_SHOWN_RANGES = 50
"""The ranges that a table shows; --json has all."""


def recover(
    source: In,
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write; not IN.")],
    path: PathColumn = "",
    compression: CompressionOption = Compression.ZSTD,
    keep_pathless: Annotated[
        bool,
        typer.Option(
            "--keep-pathless", help="Keep rows with a lost path or time; they are no prims."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write all that can be read of a damaged file as a sound one, and tell what is lost.

    Exit code 0 if nothing is lost, 1 if anything is, 2 if nothing can be recovered.
    """
    with plain_errors(_NOTHING_RECOVERED), progress_bar(f"Reading {source.name}") as progress:
        found = load_core().recover(
            source,
            target,
            path_column=path,
            compression=compression.value,
            keep_pathless=keep_pathless,
            progress=progress,
        )
    report = _report(source, target, found)
    if as_json:
        typer.echo(json.dumps(report, indent=1))
    else:
        _print(report, found)
    if not report["complete"]:
        raise typer.Exit(1)


def _report(source: Path, target: Path, found: dict[str, Any]) -> dict[str, Any]:
    """What --json prints; docs/cli.md describes it."""
    residual = "none"
    if found["has_residual"]:
        residual = "lost" if found["residual_problem"] else "kept"
    notes = []
    if found["footer_problem"]:
        notes.append(
            "the footer cannot be relied on: names, types and numbers of rows may be wrong "
            f"({found['footer_problem']})"
        )
    if found["schema_problem"]:
        notes.append(
            "usdparquet:schema is dropped: columns have the types and names of a plain table "
            f"({found['schema_problem']})"
        )
    if residual == "lost":
        notes.append(
            "the residual is lost: what the layer had beside its table "
            f"({found['residual_problem']})"
        )
    return {
        "input": str(source),
        "output": str(target),
        "complete": found["is_complete"],
        "rows": found["rows"],
        "rows_written": found["rows_written"],
        "rows_lost": found["rows"] - found["rows_written"],
        "cells_lost": sum(each["count"] for each in found["lost_cells"]),
        "lost_rows": found["lost_rows"],
        "lost_cells": found["lost_cells"],
        "residual": residual,
        "schema": "lost" if found["schema_problem"] else "kept",
        "footer": "damaged" if found["footer_problem"] else "sound",
        "notes": notes,
    }


def _print(report: dict[str, Any], found: dict[str, Any]) -> None:
    typer.echo(
        f"{report['output']}: {report['rows_written']:,} of {counted(report['rows'], 'row')}, "
        f"{counted(found['columns'], 'column')}, {found['bytes']:,} bytes"
    )
    for note in report["notes"]:
        typer.echo(note)
    ranges = [(each, "row") for each in report["lost_rows"]]
    ranges += [(each, "cell") for each in report["lost_cells"]]
    if not ranges:
        typer.echo("nothing else is lost" if report["notes"] else "nothing is lost")
        return
    typer.echo(
        f"lost: {counted(report['rows_lost'], 'row')}, "
        f"{counted(report['cells_lost'], 'cell')} of other rows"
    )
    table = cell_table()
    table.add_column("Column", overflow="fold")
    table.add_column("First row", justify="right")
    table.add_column("Lost", justify="right")
    table.add_column("Because", overflow="fold")
    for each, thing in ranges[:_SHOWN_RANGES]:
        table.add_row(
            escape(each["column"]),
            f"{each['first_row']:,}",
            counted(each["count"], thing),
            escape(each["reason"]),
        )
    Console().print(table)
    if len(ranges) > _SHOWN_RANGES:
        typer.echo(f"and {len(ranges) - _SHOWN_RANGES:,} more; --json shows all")
