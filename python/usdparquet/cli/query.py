"""The command query, which shows rows of a table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import pyarrow as pa
import typer
from rich.markup import escape

from usdparquet.cli.console import DASH, cell_table, counted, table_console
from usdparquet.cli.options import PathColumn, Prims, TimeColumn
from usdparquet.tables.atomic_file import replaced_file
from usdparquet.tables.patterns import split_patterns
from usdparquet.tables.query import (
    Query,
    QueryResult,
    limited,
    run_query,
    run_statement,
    summarize,
)
from usdparquet.tables.row_writers import open_writer, shown_values
from usdparquet.tables.table_file import TableFile
from usdparquet.tables.table_writing import write_layer

_SHOWN_ROWS = 20
_SHOWN_CHARACTERS = 60


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    ARROW = "arrow"
    PARQUET = "parquet"


_FORMATS = {
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".arrow": Format.ARROW,
    ".feather": Format.ARROW,
    ".parquet": Format.PARQUET,
}


def query(
    file: Annotated[
        Path,
        typer.Argument(help="A .parquet, .csv, .tsv, .xlsx or .arrow file.", show_default=False),
    ],
    statement: Annotated[
        str | None,
        typer.Argument(
            metavar="[SELECT]", help="A SELECT in SQL over the table t.", show_default=False
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Columns or properties, separated by commas; all if not given."),
    ] = None,
    prims: Prims = None,
    where: Annotated[
        str | None,
        typer.Option(help="A condition in SQL, such as: cost > 10 AND name LIKE 'W%'."),
    ] = None,
    times: Annotated[
        str | None,
        typer.Option(help="Of a table with times: FIRST..LAST, either of which may be left out."),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(help="Columns to sort by, separated by commas; -name for the largest first."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=0, help="Rows to show; 0 for all. A table has 20 if not given."),
    ] = None,
    output_format: Annotated[
        Format | None, typer.Option("--format", help="How to write the rows.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .csv, .json, .arrow, .parquet.",
            show_default=False,
        ),
    ] = None,
    summary: Annotated[
        bool, typer.Option("--summarize", help="Show each column's range, average and nulls.")
    ] = False,
    path: PathColumn = "",
    time: TimeColumn = "",
) -> None:
    """Show rows of a table: by column, prim and condition, sorted; or the answer of a SELECT."""
    if statement is not None and any((columns, prims, where, times, sort)):
        raise typer.BadParameter(
            "a SELECT says itself which columns and rows it takes; leave out --columns, --prims, "
            "--where, --times and --sort"
        )
    shape = _format(output_format, output)
    if limit is None:
        limit = _SHOWN_ROWS if shape is Format.TABLE and not summary else 0
    request = Query(
        columns=split_patterns(columns),
        prims=split_patterns(prims),
        where=where,
        times=_range(times),
        sort=split_patterns(sort) or (),
        limit=limit or None,
    )
    table = TableFile(file, path, time)
    if summary:
        result = summarize(table, request, statement)
    elif statement is not None:
        result = limited(run_statement(table, statement), request.limit)
    else:
        result = run_query(table, request, flat=shape is Format.CSV)
    if shape is Format.TABLE:
        rows = _print_table(result)
        if not summary:
            is_whole = prims is None and where is None and times is None and statement is None
            told = _closing(rows, request.limit, table.num_rows if is_whole else None)
            table_console().print(told, style="dim", highlight=False)
        return
    if shape is Format.PARQUET:
        if output is None:
            raise ValueError("a Parquet file cannot be written to a pipe: name it with -o")
        names = {name: name for name in result.schema.names}
        is_of_file = statement is None and not summary
        write_layer(
            table, result.schema, result.batches, output, names=names if is_of_file else None
        )
        return
    with _sink(output, shape) as sink:
        writer = open_writer(shape.value, sink, result.schema, stream=output is None)
        for batch in result.batches:
            writer.write(batch)
        writer.close()


def _range(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    first, dots, last = text.partition("..")
    if not dots or not (first or last):
        raise typer.BadParameter(
            f"'{text}' is no range of times, such as 10..20, 10.. or ..20", param_hint="--times"
        )
    return first.strip(), last.strip()


def _format(given: Format | None, output: Path | None) -> Format:
    if given is Format.TABLE and output is not None:
        raise ValueError(
            f"{output}: a table is printed; write csv, json, arrow or parquet to a file"
        )
    if given is not None:
        return given
    if output is None:
        return Format.TABLE
    found = _FORMATS.get(output.suffix.lower())
    if found is None:
        raise ValueError(
            f"{output}: the suffix is none of {', '.join(_FORMATS)}; --format says what to write "
            "(usdparquet convert writes USD layers)"
        )
    return found


@contextmanager
def _sink(output: Path | None, shape: Format) -> Iterator[BinaryIO]:
    if output is not None:
        with replaced_file(output) as temporary, temporary.open("wb") as sink:
            yield sink
        return
    if shape is Format.ARROW and sys.stdout.isatty():
        raise ValueError(
            "arrow is no text for a terminal: write it to a file with -o, or to a pipe"
        )
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


def _print_table(result: QueryResult) -> int:
    """Print the rows, and return how many they are."""
    table = cell_table()
    for field in result.schema:
        types = pa.types
        is_number = (
            types.is_integer(field.type)
            or types.is_floating(field.type)
            or types.is_decimal(field.type)
        )
        table.add_column(
            escape(field.name), justify="right" if is_number else "left", overflow="fold"
        )
    rows = 0
    for batch in result.batches:
        for cells in zip(*(shown_values(column) for column in batch.columns), strict=True):
            table.add_row(*(_cell(value) for value in cells))
        rows += batch.num_rows
    table_console().print(table)
    return rows


def _closing(rows: int, limit: int | None, all_rows: int | None) -> str:
    if all_rows is not None:
        return f"{rows:,} of {all_rows:,} rows"
    if limit is not None and rows == limit:
        return f"the first {rows:,} rows; --limit 0 shows all"
    return counted(rows, "row")


def _cell(value: object) -> str:
    if value is None:
        return DASH
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, float) and float(text) != value:
        text = repr(value)
    if isinstance(value, bytes):
        text = f"{len(value):,} bytes"
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
    return escape(shown)
