"""The command query, which shows rows of a table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from usdparquet._dataset import table_named
from usdparquet.cli.console import check_inputs, check_not_input, say
from usdparquet.cli.options import IdColumn, PathColumn, Prims, Sort, TimeColumn, prim_patterns
from usdparquet.cli.rows import (
    FLAT,
    SHOWN_ROWS,
    SUMMARY_NUMBERS,
    Format,
    RowsFormat,
    closing,
    format_of,
    print_rows,
    write_result,
)
from usdparquet.tables.errors import OptionsError


def query(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A .parquet, .csv, .tsv, .xlsx or .arrow file.",
            show_default=False,
            readable=False,
        ),
    ],
    statement: Annotated[
        str | None,
        typer.Argument(
            metavar="SELECT", help="A SELECT in SQL over the table t.", show_default=False
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Columns or properties, separated by commas; all if not given."
        ),
    ] = None,
    prims: Prims = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="SQL", help="A condition in SQL, such as: cost > 10 AND name LIKE 'W%'."
        ),
    ] = None,
    times: Annotated[
        str | None,
        typer.Option(
            metavar="RANGE",
            help="Of a table with times: FIRST..LAST, either of which may be left out.",
        ),
    ] = None,
    sort: Sort = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Rows to show; 0 for all. A table has 20 if not given."
        ),
    ] = None,
    output_format: RowsFormat = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .csv, .tsv, .json, .xlsx, .arrow, .parquet; - for the standard "
            "output.",
            metavar="OUT",
            show_default=False,
            readable=False,
        ),
    ] = None,
    summary: Annotated[
        bool, typer.Option("--summarize", help="Show each column's range, average and nulls.")
    ] = False,
    paths: Annotated[
        bool, typer.Option("--paths", help="Print the paths of the prims alone, one a line.")
    ] = False,
    collection: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Write a layer with the prims as this collection, such as "
            "/World.collection:hot, to OUT.",
        ),
    ] = None,
    key: IdColumn = "",
    path: PathColumn = "",
    time: TimeColumn = "",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Show rows of a table: by column, prim and condition, sorted; or the answer of a SELECT.

    With --paths the paths of their prims, which --prims of other commands takes; with --collection
    a layer that has them as a collection.
    """
    from usdparquet.cli.paths import put_paths
    from usdparquet.tables.patterns import split_keys, split_patterns
    from usdparquet.tables.query import Query, limited, run_query, run_statement, summarize
    from usdparquet.tables.table_file import TableFile
    from usdparquet.tables.table_writing import BY_IDS, write_by_ids, write_layer

    if statement is not None and any((columns, prims, where, times, sort)):
        raise OptionsError(
            "a SELECT says itself which columns and rows it takes; leave out --columns, --prims, "
            "--where, --times and --sort"
        )
    if as_json and output_format not in (None, Format.JSON):
        raise OptionsError("--json and --format say different things; leave one out")
    is_for_paths = _is_for_paths(
        paths, collection, statement, columns, output_format, summary, as_json
    )
    shape = None if is_for_paths else format_of(Format.JSON if as_json else output_format, output)
    if key and shape is not Format.PARQUET:
        raise OptionsError("--key is for a Parquet file: name it with -o")
    if key and path:
        raise OptionsError("--path and --key exclude each other: rows have paths or ids")
    file = table_named(file)
    check_inputs(file, datasets=True)
    check_not_input(output, file)
    if limit is None:
        limit = SHOWN_ROWS if shape is Format.TABLE and not summary else 0
    request = Query(
        columns=split_patterns(columns),
        prims=prim_patterns(prims),
        where=where,
        times=_range(times),
        sort=split_keys(sort),
        limit=limit or None,
    )
    table = TableFile(file, path, time)
    for note in table.notes:
        say(note, sys.stderr)
    if shape is None:
        put_paths(table, request, output, collection)
        return
    if summary:
        result = summarize(table, request, statement)
    elif statement is not None:
        result = limited(run_statement(table, statement), request.limit)
    else:
        result = run_query(table, request, flat=shape in FLAT)
    if shape is Format.TABLE:
        rows = print_rows(result, SUMMARY_NUMBERS if summary else ())
        if not summary:
            is_whole = prims is None and where is None and times is None and statement is None
            say(closing(rows, request.limit, table.num_rows if is_whole else None))
        return
    if shape is Format.PARQUET:
        assert output is not None
        is_of_file = statement is None and not summary
        names = {name: name for name in result.schema.names} if is_of_file else None
        if key:
            done = write_by_ids(table, result.schema, result.batches, output, key, names=names)
            say(done.note, sys.stderr)
            return
        if table.path_column not in result.schema.names:
            raise table.no_paths(result.schema.names, BY_IDS)
        write_layer(table, result.schema, result.batches, output, names=names)
        return
    write_result(result, output, shape, file)


def _is_for_paths(paths: bool, collection: str | None, *others: object) -> bool:
    """Whether paths alone are wanted; OptionsError if something else is, too."""
    if not paths and collection is None:
        return False
    if paths and collection is not None:
        raise OptionsError("--paths and --collection both say what to do with the paths; give one")
    if any(others):
        raise OptionsError(
            f"{'--paths' if paths else '--collection'} takes the paths alone; leave out the "
            "SELECT, --columns, --format, --summarize and --json"
        )
    return True


def _range(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    first, dots, last = text.partition("..")
    if not dots or not (first or last):
        raise typer.BadParameter(
            f"'{text}' is no range of times, such as 10..20, 10.. or ..20", param_hint="--times"
        )
    return first.strip(), last.strip()
