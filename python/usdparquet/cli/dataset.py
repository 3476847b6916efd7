"""The command dataset, which writes the manifest of many files that are one layer."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usdparquet.cli.console import DASH, counted, print_json, say, told_warnings
from usdparquet.cli.options import Json, PathColumn, TimeColumn

if TYPE_CHECKING:
    from usdparquet.tables.dataset_description import DatasetDescription


def dataset(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATHS", help="A folder; or files, folders and patterns, in the order of rows."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="MANIFEST",
            help="FOLDER/_usdparquet.json; for a single folder it is the one in it.",
            readable=False,
        ),
    ] = None,
    path: PathColumn = "",
    time: TimeColumn = "",
    index: Annotated[bool, typer.Option(help="Index the paths of all files.")] = True,
    as_json: Json = False,
) -> None:
    """Write the manifest that makes many Parquet files one layer that opens quickly."""
    from usdparquet._dataset import MANIFEST
    from usdparquet._dataset import dataset as write_dataset

    target = output or Path(paths[0]) / MANIFEST
    with told_warnings():
        done = write_dataset(paths, output, path=path, time=time, index=index)
    if as_json:
        print_json({"manifest": str(target), **asdict(done)})
        return
    say(
        f"{target}: {counted(done.rows, 'row')} in {counted(done.parts, 'file')}, "
        f"{counted(done.prims, 'prim')}, {done.manifest_bytes:,} bytes and an index of "
        f"{done.index_bytes:,}"
        if index
        else f"{target}: {counted(done.rows, 'row')} in {counted(done.parts, 'file')}, "
        f"{done.manifest_bytes:,} bytes, no index"
    )


def print_dataset(description: DatasetDescription) -> None:
    """Print what `inspect` says of a dataset."""
    from usdparquet.cli.tables import Column, print_table, printable

    if description.problem is not None:
        say(description.problem)
        return
    kind = "with a manifest" if description.has_manifest else "without a manifest"
    say(
        f"{description.path}: {counted(description.rows, 'row')} in "
        f"{counted(description.files, 'file')} {kind}, {counted(description.prims, 'prim')}, "
        f"{description.bytes:,} bytes"
    )
    columns = description.columns
    print_table(
        [
            Column("Column", cells=[printable(each.name) for each in columns]),
            Column("Stored as", cells=[printable(each.type) or DASH for each in columns]),
            Column("In a layer", cells=[printable(each.role) for each in columns]),
        ]
    )
    for text in (*description.warnings, description.advice):
        if text:
            say(text)
