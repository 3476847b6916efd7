"""The command recover, which writes what can be read of a damaged file as a sound one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from usdparquet._dataset import table_named
from usdparquet.cli.console import (
    check_inputs,
    check_output,
    counted,
    plain_errors,
    print_json,
    progress_bar,
    say,
)
from usdparquet.cli.options import CompressionOption, In, Json, PathColumn
from usdparquet.regular_file import is_dataset

_NOTHING_RECOVERED = 2
"""The exit code where there is no output; 1 says that something is lost."""

_SHOWN_RANGES = 50
"""The ranges that a table shows; --json has all."""

_SHOWN_FILES = 10


def recover(
    source: In,
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="The file to write; not IN.", readable=False)
    ],
    path: PathColumn = "",
    compression: CompressionOption = None,
    keep_pathless: Annotated[
        bool,
        typer.Option(
            "--keep-pathless", help="Keep rows with a lost path or time; they are no prims."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write all that can be read of a damaged file as a sound one, and tell what is lost.

    Exit code 0 if nothing is lost, 1 if anything is, 2 if nothing can be recovered.
    """
    from usdparquet._plugin import load_core

    with plain_errors(_NOTHING_RECOVERED), progress_bar(f"Reading {source.name}") as progress:
        source = table_named(source)
        check_inputs(source, datasets=True)
        if is_dataset(source):
            raise ValueError(_advice_on_dataset(source))
        check_output(target)
        found = load_core().recover(
            source,
            target,
            path_column=path,
            compression=None if compression is None else compression.value,
            keep_pathless=keep_pathless,
            progress=progress,
        )
    report = _report(source, target, found)
    if as_json:
        print_json(report)
    else:
        _print(report, found)
    if not report["complete"]:
        raise typer.Exit(1)


def _advice_on_dataset(source: Path) -> str:
    """Which files of a dataset to recover instead of the folder."""
    from usdparquet.tables.dataset_description import damaged_files

    damaged = damaged_files(source)
    told = f"{source}: is a dataset, whose files are recovered one by one"
    if not damaged:
        return f"{told}, and none of them is damaged{_told_missing(source)}"
    files = [str(file) for file in damaged]
    shown = ", ".join(files[:_SHOWN_FILES])
    more = f" and {len(files) - _SHOWN_FILES:,} more" if len(files) > _SHOWN_FILES else ""
    is_one = len(files) == 1
    return (
        f"{told}: run 'usdparquet recover' on {shown}{more}, put what it writes in "
        f"{'its place' if is_one else 'their places'} and run 'usdparquet dataset {source}' "
        f"({next(iter(damaged.values()))}){_told_missing(source)}"
    )


def _told_missing(source: Path) -> str:
    """The end of the sentence where files of the manifest are not there at all."""
    from usdparquet._dataset import missing_files

    missing = missing_files(source)
    if not missing:
        return ""
    if len(missing) == 1:
        return f"; the file '{missing[0]}' of its manifest is gone"
    return f"; {len(missing):,} files of its manifest are gone, the first is '{missing[0]}'"


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
    say(
        f"{report['output']}: {report['rows_written']:,} of {counted(report['rows'], 'row')}, "
        f"{counted(found['columns'], 'column')}, {found['bytes']:,} bytes"
    )
    for note in report["notes"]:
        say(note)
    ranges = [(each, "row") for each in report["lost_rows"]]
    ranges += [(each, "cell") for each in report["lost_cells"]]
    if not ranges:
        say("nothing else is lost" if report["notes"] else "nothing is lost")
        return
    say(
        f"lost: {counted(report['rows_lost'], 'row')}, "
        f"{counted(report['cells_lost'], 'cell')} of other rows"
    )
    _print_ranges(ranges[:_SHOWN_RANGES])
    if len(ranges) > _SHOWN_RANGES:
        say(f"and {len(ranges) - _SHOWN_RANGES:,} more; --json shows all")


def _print_ranges(ranges: list[tuple[dict[str, Any], str]]) -> None:
    from usdparquet.cli.tables import Column, print_table, printable

    print_table(
        [
            Column("Column", cells=[printable(each["column"]) for each, _ in ranges]),
            Column(
                "First row",
                is_number=True,
                cells=[f"{each['first_row']:,}" for each, _ in ranges],
            ),
            Column(
                "Lost",
                is_number=True,
                cells=[counted(each["count"], thing) for each, thing in ranges],
            ),
            Column(
                "Because",
                is_sentence=True,
                cells=[printable(each["reason"]) for each, _ in ranges],
            ),
        ]
    )
