"""How query and table put out rows: on a terminal, as CSV, JSON or a workbook, as files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from usdparquet.cli.console import DASH, STDOUT, counted
from usdparquet.cli.streams import binary_stdout
from usdparquet.tables.errors import OptionsError

if TYPE_CHECKING:
    import pyarrow as pa

    from usdparquet.tables.query import QueryResult

SHOWN_ROWS = 20
"""Of a table, if not said otherwise."""
_SHOWN_CHARACTERS = 60
SUMMARY_NUMBERS = ("min", "max", "avg", "std", "q25", "q50", "q75")
"""Columns of a summary with texts that may be numbers."""
_NUMBER_TYPE = re.compile(r"(U?\w*INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\))$")
"""DuckDB's names."""


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    XLSX = "xlsx"
    ARROW = "arrow"
    PARQUET = "parquet"


RowsFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, csv, tsv, json, xlsx, arrow or parquet.",
        show_default=False,
    ),
]


_FORMATS = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".json": Format.JSON,
    ".xlsx": Format.XLSX,
    ".arrow": Format.ARROW,
    ".feather": Format.ARROW,
    ".parquet": Format.PARQUET,
}
FLAT = (Format.CSV, Format.TSV, Format.XLSX)
"""Those without structs."""
_BINARY = (Format.XLSX, Format.ARROW)


def format_of(given: Format | None, output: Path | None) -> Format:
    """What to write, by what was asked for or else by the file. OptionsError if that is unknown,
    or does not go there.
    """
    found = _format_of(given, output)
    if found is Format.PARQUET and output in (None, STDOUT):
        raise OptionsError("a Parquet file is not written to the standard output: name it with -o")
    return found


def _format_of(given: Format | None, output: Path | None) -> Format:
    if given is Format.TABLE and output not in (None, STDOUT):
        raise OptionsError(
            f"{output}: a table is printed; write csv, tsv, json, xlsx, arrow or parquet to a file"
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
def opened_output(output: Path | None, shape: Format | None = None) -> Iterator[BinaryIO]:
    """The file, or the standard output, for bytes in a format; None for lines of text."""
    if output in (None, STDOUT):
        sink = binary_stdout(shape.value if shape in _BINARY else "")
        yield sink
        sink.flush()
        return
    from usdparquet.tables.atomic_file import replaced_file

    with replaced_file(output) as temporary, temporary.open("wb") as file:
        yield file


def write_result(result: QueryResult, output: Path | None, shape: Format, source: Path) -> int:
    """Write rows in a format that is neither a table nor Parquet; returns how many they are.

    `source`: where they come from.
    """
    from usdparquet.tables.row_writers import open_writer

    rows = 0
    with opened_output(output, shape) as sink:
        writer = open_writer(
            shape.value, sink, result.schema, stream=output in (None, STDOUT), source=source
        )
        for batch in result.batches:
            writer.write(batch)
            rows += batch.num_rows
        writer.close()
    return rows


def print_rows(result: QueryResult, numbers: Collection[str] = ()) -> int:
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


def closing(rows: int, limit: int | None, all_rows: int | None) -> str:
    """The line below a table. `all_rows`: of the file, if none was left out by a condition."""
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
