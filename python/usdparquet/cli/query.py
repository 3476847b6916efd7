"""The command query, which shows rows of a table."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from usdparquet.cli.console import DASH, STDOUT, check_inputs, counted, say
from usdparquet.cli.options import PathColumn, Prims, TimeColumn
from usdparquet.cli.streams import binary_stdout
from usdparquet.tables.errors import OptionsError

if TYPE_CHECKING:
    import pyarrow as pa

    from usdparquet.tables.query import QueryResult

_SHOWN_ROWS = 20
_SHOWN_CHARACTERS = 60
_SUMMARY_NUMBERS = ("min", "max", "avg", "std", "q25", "q50", "q75")
_NUMBER_TYPE = re.compile(r"(U?\w*INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\))$")
"""DuckDB's names."""


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
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Columns to sort by, separated by commas; -name for the largest first.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Rows to show; 0 for all. A table has 20 if not given."
        ),
    ] = None,
    output_format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="table, csv, json, arrow or parquet.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .csv, .json, .arrow, .parquet; - for the standard output.",
            metavar="OUT",
            show_default=False,
            readable=False,
        ),
    ] = None,
    summary: Annotated[
        bool, typer.Option("--summarize", help="Show each column's range, average and nulls.")
    ] = False,
    key: Annotated[
        str,
        typer.Option(
            metavar="COLUMN",
            help="For a Parquet file that is written as a table by ids, without prim paths: the "
            "column with the ids.",
        ),
    ] = "",
    path: PathColumn = "",
    time: TimeColumn = "",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Show rows of a table: by column, prim and condition, sorted; or the answer of a SELECT."""
    from usdparquet.tables.patterns import split_keys, split_patterns
    from usdparquet.tables.query import Query, limited, run_query, run_statement, summarize
    from usdparquet.tables.row_writers import open_writer
    from usdparquet.tables.table_file import TableFile
    from usdparquet.tables.table_writing import BY_IDS, write_by_ids, write_layer

    if statement is not None and any((columns, prims, where, times, sort)):
        raise OptionsError(
            "a SELECT says itself which columns and rows it takes; leave out --columns, --prims, "
            "--where, --times and --sort"
        )
    if as_json and output_format not in (None, Format.JSON):
        raise OptionsError("--json and --format say different things; leave one out")
    shape = _format(Format.JSON if as_json else output_format, output)
    if shape is Format.PARQUET and output in (None, STDOUT):
        raise OptionsError("a Parquet file is not written to the standard output: name it with -o")
    if key and shape is not Format.PARQUET:
        raise OptionsError("--key is for a Parquet file: name it with -o")
    if key and path:
        raise OptionsError("--path and --key exclude each other: rows have paths or ids")
    check_inputs(file)
    if limit is None:
        limit = _SHOWN_ROWS if shape is Format.TABLE and not summary else 0
    request = Query(
        columns=split_patterns(columns),
        prims=split_patterns(prims),
        where=where,
        times=_range(times),
        sort=split_keys(sort),
        limit=limit or None,
    )
    table = TableFile(file, path, time)
    for note in table.notes:
        say(note, sys.stderr)
    if summary:
        result = summarize(table, request, statement)
    elif statement is not None:
        result = limited(run_statement(table, statement), request.limit)
    else:
        result = run_query(table, request, flat=shape is Format.CSV)
    if shape is Format.TABLE:
        rows = _print_rows(result, _SUMMARY_NUMBERS if summary else ())
        if not summary:
            is_whole = prims is None and where is None and times is None and statement is None
            say(_closing(rows, request.limit, table.num_rows if is_whole else None))
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
    with _sink(output, shape) as sink:
        writer = open_writer(shape.value, sink, result.schema, stream=output in (None, STDOUT))
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
    if given is Format.TABLE and output not in (None, STDOUT):
        raise OptionsError(
            f"{output}: a table is printed; write csv, json, arrow or parquet to a file"
        )
    if given is not None:
        return given
    if output is None:
        return Format.TABLE
    if output == STDOUT:
        return Format.CSV
    found = _FORMATS.get(output.suffix.lower())
    if found is None:
        raise OptionsError(
            f"{output}: the suffix is none of {', '.join(_FORMATS)}; --format says what to write "
            "(usdparquet convert writes USD layers)"
        )
    return found


@contextmanager
def _sink(output: Path | None, shape: Format) -> Iterator[BinaryIO]:
    if output in (None, STDOUT):
        sink = binary_stdout(shape.value if shape is Format.ARROW else "")
        yield sink
        sink.flush()
        return
    from usdparquet.tables.atomic_file import replaced_file

    with replaced_file(output) as temporary, temporary.open("wb") as file:
        yield file


def _print_rows(result: QueryResult, numbers: Collection[str]) -> int:
    """Print the rows, and return how many they are.

    `numbers`: the names of columns of a summary with texts which may be numbers.
    """
    import pyarrow as pa

    from usdparquet.cli.tables import Column, is_for_reader, print_table, printable
    from usdparquet.tables.row_writers import shown_values

    columns = [
        Column(
            printable(field.name),
            is_number=_is_number(field.type),
            is_list=pa.types.is_nested(field.type),
        )
        for field in result.schema
    ]
    rows = 0
    for batch in result.batches:
        for column, values in zip(columns, batch.columns, strict=True):
            cells = [_cell(value) for value in shown_values(values)]
            if column.title in numbers and is_for_reader():
                kinds = batch.column("column_type").to_pylist()
                for row, (kind, text) in enumerate(zip(kinds, values.to_pylist(), strict=True)):
                    if text is not None and _NUMBER_TYPE.match(kind):
                        cells[row] = _number(text)
                        column.least = max(column.least, len(cells[row]))
            column.cells += cells
        rows += batch.num_rows
    print_table(columns)
    return rows


def _number(text: str) -> str:
    """A number of a summary, which is a text, on a terminal."""
    from usdparquet.cli.tables import number_text, shortened

    return shortened(text) if text.lstrip("-").isdigit() else number_text(float(text))


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _closing(rows: int, limit: int | None, all_rows: int | None) -> str:
    if all_rows is not None:
        return f"{rows:,} of {counted(all_rows, 'row')}"
    if limit is not None and rows == limit:
        return f"the first {'row' if rows == 1 else f'{rows:,} rows'}; --limit 0 shows all"
    return counted(rows, "row")


def _cell(value: Any) -> str:
    from usdparquet.cli.tables import (
        cut,
        cut_list,
        is_for_reader,
        list_text,
        number_text,
        printable,
    )

    if value is None:
        return DASH
    if isinstance(value, float | Decimal):
        return number_text(value)
    if isinstance(value, bytes):
        return counted(len(value), "byte")
    if isinstance(value, list | dict):
        text = printable(list_text(value))
        return cut_list(text, _SHOWN_CHARACTERS) if is_for_reader() else text
    text = printable(str(value))
    is_whole = isinstance(value, str) and not is_for_reader()  # a program may look for it
    return text if is_whole else cut(text, _SHOWN_CHARACTERS)
