"""The command ids, which tells what may be the ids of prims, and writes them as a table."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from usdparquet._write import write_table
from usdparquet.cli.console import cell_table, counted, table_console
from usdparquet.identifiers.scene_ids import IdCandidate, id_candidates, open_stage
from usdparquet.identifiers.scene_ids import ids as scene_ids
from usdparquet.tables.file_kinds import FileKind, kind_of
from usdparquet.tables.row_writers import open_writer
from usdparquet.tables.write_rows import write_rows


def ids(
    scene: Annotated[Path, typer.Argument(metavar="SCENE", help="A USD file; it is composed.")],
    id: Annotated[
        str | None,
        typer.Option(
            "--id",
            help="What holds the ids: an attribute, customData:key, assetInfo:key, displayName or "
            "name. Without it the command tells what there is.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A .parquet, .csv or .arrow file; else it is printed."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what may be the ids of a scene's prims; with --id, the path and the id of each prim."""
    if output is not None and id is None:
        raise typer.BadParameter("--id says which ids to write", param_hint="-o")
    with _progress() as progress:
        task = progress.add_task(f"Reading {scene.name}", total=None)

        def advance(prims: int) -> None:
            progress.update(task, completed=prims)

        stage = open_stage(scene)
        if id is None:
            candidates = id_candidates(stage, progress=advance)
        else:
            table = scene_ids(stage, id, progress=advance)
    if id is None:
        _print_candidates(candidates, as_json=as_json)
    elif output is None:
        kind = "json" if as_json else "csv"
        writer = open_writer(kind, sys.stdout.buffer, table.schema, stream=True)
        for batch in table.to_batches():
            writer.write(batch)
        writer.close()
    else:
        if kind_of(output) is FileKind.PARQUET:
            write_table(table, output)
        else:
            write_rows(table, output)
        prims, distinct = len(table), len(table["id"].unique())
        if as_json:
            report = {"output": str(output), "id": id, "prims": prims, "distinct": distinct}
            typer.echo(json.dumps(report, indent=1))
        else:
            typer.echo(f"{output}: {counted(prims, 'prim')}, {counted(distinct, 'different id')}")


def _progress() -> Progress:
    errors = Console(stderr=True)
    return Progress(console=errors, transient=True, disable=not errors.is_terminal)


def _print_candidates(candidates: list[IdCandidate], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in candidates], indent=1))
        return
    table = cell_table()
    table.add_column("--id", overflow="fold")
    table.add_column("Prims", justify="right")
    table.add_column("Different", justify="right")
    table.add_column("Such as", overflow="fold")
    for each in candidates:
        table.add_row(
            escape(each.id),
            f"{each.prims:,}",
            f"{each.distinct:,}",
            escape(", ".join(each.examples)),
        )
    table_console().print(table)
