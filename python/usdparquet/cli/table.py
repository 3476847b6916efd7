"""The command table, which makes a table of a composed scene."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
)
from usdparquet.cli.options import Prims, Sort, prim_patterns
from usdparquet.cli.rows import (
    FLAT,
    SHOWN_ROWS,
    Format,
    RowsFormat,
    closing,
    format_of,
    print_rows,
    write_result,
)
from usdparquet.tables.errors import OptionsError

if TYPE_CHECKING:
    import pyarrow as pa


def table(
    scene: Annotated[
        Path,
        typer.Argument(
            metavar="SCENE", help="A USD or .parquet file; it is composed.", readable=False
        ),
    ],
    columns: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Attributes, separated by commas; rel:NAME for the targets of a relationship; "
            "@type, @kind, @active, @purpose, @displayName, @world, @position, @bounds.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .parquet, .csv, .tsv, .json, .xlsx, .arrow; - for the standard "
            "output. Without it rows are shown.",
            metavar="OUT",
            show_default=False,
            readable=False,
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="SQL",
            help="A condition in SQL, of these columns or others: cost > 10 AND "
            "\"@type\" = 'Mesh'.",
        ),
    ] = None,
    under: Annotated[
        str | None, typer.Option(metavar="PATH", help="A prim: it and all below it alone.")
    ] = None,
    prims: Prims = None,
    time: Annotated[
        float | None,
        typer.Option(
            metavar="TIME", help="The time code of the values; the default time if not given."
        ),
    ] = None,
    types: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=TYPE",
            help="The Sdf types that attributes are to have, separated by commas: cost=double.",
        ),
    ] = None,
    sort: Sort = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Rows; 0 for all. Where they are shown, 20 if not given."
        ),
    ] = None,
    output_format: RowsFormat = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the rows as JSON, or what was written to OUT."),
    ] = False,
) -> None:
    """Make a table of a scene: what its prims have, over all layers and arcs, a row for each prim.

    The first column has their paths. For CSV and sheets, vectors, matrices and boxes have a column
    for each number.
    """
    from usdparquet.identifiers.scene_ids import open_stage
    from usdparquet.tables.layers import collected_warnings
    from usdparquet.tables.patterns import split_keys, split_patterns
    from usdparquet.tables.query import Query
    from usdparquet.tables.stage_table import stage_table
    from usdparquet.tables.stage_writing import flattened

    is_shown = output is None or output == STDOUT
    if as_json and is_shown and output_format not in (None, Format.JSON):
        raise OptionsError("--json and --format say different things; leave one out")
    shape = format_of(Format.JSON if as_json and is_shown else output_format, output)
    check_inputs(scene)
    _check_scene(scene)
    check_not_input(output, scene)
    if limit is None:
        limit = SHOWN_ROWS if shape is Format.TABLE else 0
    request = Query(
        prims=prim_patterns(prims),
        where=where,
        sort=split_keys(sort),
        limit=limit or None,
    )
    names, kinds = split_patterns(columns) or [], _types(types)
    with steps() as step, collected_warnings() as warnings:
        step(f"Reading {scene.name}")
        stage = open_stage(scene)
        check_no_layer(output, stage)
        step("Resolving columns")
        with _told_types():
            found = stage_table(
                stage, str(scene), names, request, under=under, time=time, types=kinds
            )
        if not is_shown:
            step(f"Writing {output}")
        if shape in FLAT:
            found = flattened(found)
        size = _put(scene, stage, found, output, shape, step)
    for warning in warnings:
        say(warning, sys.stderr)
    if shape is Format.TABLE:
        say(closing(found.num_rows, request.limit, None))
    elif not is_shown and as_json:
        told = {"input": str(scene), "output": str(output), "bytes": size}
        print_json(told | {"rows": found.num_rows, "columns": found.num_columns})
    elif not is_shown:
        rows, width = counted(found.num_rows, "row"), counted(found.num_columns, "column")
        say(f"{output}: {rows}, {width}, {counted(size, 'byte')}")


def _types(text: str | None) -> dict[str, str]:
    """The types that --types gives to attributes."""
    from usdparquet.tables.patterns import split_items, unquoted

    found = {}
    for item in split_items(text) or ():
        name, _, sdf_type = item.rpartition("=")
        if not (name and sdf_type):
            raise typer.BadParameter(
                f"'{item}' is no attribute with a type, such as cost=double", param_hint="--types"
            )
        found[unquoted(name)] = sdf_type
    return found


@contextmanager
def _told_types() -> Iterator[None]:
    """Let errors speak of --types, which is an argument in Python."""
    try:
        yield
    except ValueError as error:
        text = re.sub(r"types=\{'([^']*)': …\}", r"--types \1=…", str(error))
        if text.startswith("types"):
            raise OptionsError(f"--{text}") from error
        if text != str(error):
            raise ValueError(text) from error
        raise


def _put(
    scene: Path, stage: Any, found: pa.Table, output: Path | None, shape: Format, step: Any
) -> int:
    """Show or write the rows; returns the size of the file."""
    from usdparquet.tables.query import QueryResult
    from usdparquet.tables.stage_writing import write_stage_layer

    if shape is Format.PARQUET and output is not None:
        return write_stage_layer(
            stage, found, output, lambda done, total: step("", done, total)
        ).bytes
    result = QueryResult(found.schema, iter(found.to_batches()))
    if shape is Format.TABLE:
        print_rows(result)
        return 0
    write_result(result, output, shape, scene)
    return 0 if output is None or output == STDOUT else output.stat().st_size


def _check_scene(scene: Path) -> None:
    """ValueError for a table that is no layer; what else OpenUSD reads is for it to say."""
    from usdparquet.tables.file_kinds import FileKind, FileKindError, kind_of

    with suppress(FileKindError):
        if kind_of(scene) in (FileKind.CSV, FileKind.SHEET, FileKind.ARROW):
            raise ValueError(
                f"{scene}: is a table, which has no stage; 'usdparquet query' shows its rows"
            )
