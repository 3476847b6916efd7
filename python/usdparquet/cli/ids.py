"""The command ids, which tells what may be the ids of prims, and writes them as a table."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usdparquet.cli.console import (
    STDOUT,
    check_inputs,
    check_no_layer,
    check_not_input,
    counted,
    print_json,
    say,
    steps,
    told_warnings,
)
from usdparquet.cli.options import Json
from usdparquet.cli.streams import binary_stdout

if TYPE_CHECKING:
    from usdparquet.identifiers.scene_ids import IdCandidate


def ids(
    scene: Annotated[
        Path, typer.Argument(metavar="SCENE", help="A USD file; it is composed.", readable=False)
    ],
    id: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="ID",
            help="What holds the ids: an attribute, customData:key, assetInfo:key, displayName or "
            "name. Without it the command tells what there is.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A .parquet, .csv or .arrow file; else, and for -, it is printed.",
            readable=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List what may be the ids of a scene's prims; with --id, the path and the id of each prim."""
    from usdparquet._write import write_table
    from usdparquet.identifiers.scene_ids import id_candidates, open_stage
    from usdparquet.identifiers.scene_ids import ids as scene_ids
    from usdparquet.tables.file_kinds import FileKind
    from usdparquet.tables.row_writers import open_writer
    from usdparquet.tables.write_rows import check_table_output, write_rows

    if output is not None and id is None:
        raise typer.BadParameter("--id says which ids to write", param_hint="-o")
    is_file = output not in (None, STDOUT)
    kind = check_table_output(output) if output is not None and is_file else None
    check_inputs(scene)
    check_not_input(output, scene)
    with steps() as step:
        step(f"Reading {scene.name}")

        def advance(prims: int) -> None:
            step("", prims)

        stage = open_stage(scene)
        check_no_layer(output, stage)
        if id is None:
            candidates = id_candidates(stage, progress=advance)
        else:
            with told_warnings():
                table = scene_ids(stage, id, progress=advance)
    if id is None:
        _print_candidates(candidates, as_json=as_json)
    elif output is None or output == STDOUT:
        sink = binary_stdout()
        writer = open_writer("json" if as_json else "csv", sink, table.schema, stream=True)
        for batch in table.to_batches():
            writer.write(batch)
        writer.close()
        sink.flush()
    else:
        if kind is FileKind.PARQUET:
            write_table(table, output)
        else:
            write_rows(table.to_reader(), output)
        prims, distinct = len(table), len(table["id"].unique())
        if as_json:
            report = {"output": str(output), "id": id, "prims": prims, "distinct": distinct}
            print_json(report)
        else:
            say(f"{output}: {counted(prims, 'prim')}, {counted(distinct, 'different id')}")


def _print_candidates(candidates: list[IdCandidate], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(each) for each in candidates])
        return
    from usdparquet.cli.tables import Column, print_table, printable

    print_table(
        [
            Column("--id", cells=[printable(each.id) for each in candidates]),
            Column("Prims", is_number=True, cells=[f"{each.prims:,}" for each in candidates]),
            Column(
                "Different", is_number=True, cells=[f"{each.distinct:,}" for each in candidates]
            ),
            Column("Such as", cells=[printable(", ".join(each.examples)) for each in candidates]),
        ]
    )
