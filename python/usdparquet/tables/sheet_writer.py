"""Writes rows as a workbook (.xlsx) with one sheet."""

from __future__ import annotations

import datetime
from contextlib import ExitStack
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow as pa

from usdparquet.tables.atomic_file import temporary_folder
from usdparquet.tables.errors import OutputError
from usdparquet.tables.row_writers import is_time, json_text, plain_value, shown_values

_MAX_ROWS = 1_048_575
"""Below the row of names."""
_MAX_COLUMNS = 16_384
_MAX_CHARACTERS = 32_767
_EXACT = 2**53
"""A sheet holds numbers as doubles."""
_MAX_DIGITS = 15
_FIRST_YEAR = 1900
_DATE, _TIMESTAMP = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss.000"


class SheetWriter:
    """The first row has the names. Lists are JSON texts; NaN and infinities are empty cells.

    Dates and timestamps (in UTC) are a sheet's own from 1900 on and to the millisecond; others, and
    numbers with more digits than a double has, are texts.
    """

    def __init__(self, sink: BinaryIO, schema: pa.Schema) -> None:
        from xlsxwriter import Workbook

        if len(schema) > _MAX_COLUMNS:
            raise OutputError(
                f"a sheet has {_MAX_COLUMNS:,} columns, and these are {len(schema):,}; choose some"
            )
        self._schema = schema
        self._rows = 0
        self._stack = ExitStack()
        folder = self._stack.enter_context(temporary_folder())
        self._book = Workbook(sink, {"constant_memory": True, "tmpdir": str(folder)})
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._date = self._book.add_format({"num_format": _DATE})
        self._timestamp = self._book.add_format({"num_format": _TIMESTAMP})
        for number, name in enumerate(schema.names):
            self._put(0, number, name)

    def write(self, batch: pa.RecordBatch) -> None:
        """See BatchWriter."""
        if self._rows + batch.num_rows > _MAX_ROWS:
            raise OutputError(
                f"a sheet has {_MAX_ROWS:,} rows, and these are more; write .csv or .arrow instead"
            )
        for cells in zip(*map(_values, batch.columns), strict=True):
            self._rows += 1
            for number, cell in enumerate(cells):
                self._put(self._rows, number, cell)

    def close(self) -> None:
        """See BatchWriter."""
        from xlsxwriter.exceptions import FileCreateError

        with self._stack:
            try:
                self._book.close()
            except FileCreateError as error:
                # The system's error is in it.
                raise (error.__context__ or error) from None

    def _put(self, row: int, column: int, cell: Any) -> None:
        cell = _shown(cell)
        if cell is None:
            return
        if isinstance(cell, bool):
            self._sheet.write_boolean(row, column, cell)
        elif isinstance(cell, int | float):
            self._sheet.write_number(row, column, cell)
        elif isinstance(cell, datetime.datetime):
            self._sheet.write_datetime(row, column, cell, self._timestamp)
        elif isinstance(cell, datetime.date):
            self._sheet.write_datetime(row, column, cell, self._date)
        elif len(cell) > _MAX_CHARACTERS:
            raise OutputError(
                f"column '{self._schema.names[column]}', row {row - 1:,}: the text has "
                f"{len(cell):,} characters, and a cell of a sheet has room for {_MAX_CHARACTERS:,}"
            )
        else:
            self._sheet.write_string(row, column, cell)


def _values(column: pa.Array) -> list[Any]:
    """Cells as Python has them; as texts those of a day, and dates that Python has no room for."""
    kind = column.type
    if not is_time(kind):
        return shown_values(column)
    try:
        if pa.types.is_timestamp(kind):
            column = column.cast(pa.timestamp("us", kind.tz and "UTC"))
        elif not pa.types.is_date(kind):
            return shown_values(column)
        cells: list[Any] = column.to_pylist()
    except (pa.ArrowException, OverflowError, ValueError):
        return shown_values(column)
    return cells


def _shown(cell: Any) -> Any:
    """None, a truth value, a number, a text, a date or a timestamp."""
    if isinstance(cell, datetime.datetime):
        cell = cell.replace(tzinfo=None)
        is_plain = cell.year >= _FIRST_YEAR and cell.microsecond % 1000 == 0
        return cell if is_plain else cell.isoformat()
    if isinstance(cell, datetime.date):
        return cell if cell.year >= _FIRST_YEAR else cell.isoformat()
    if isinstance(cell, Decimal):
        cell = cell.normalize()
        is_exact = len(cell.as_tuple().digits) <= _MAX_DIGITS
        if not is_exact:
            return str(cell)
        return int(cell) if cell.as_tuple().exponent == 0 else float(cell)
    if isinstance(cell, list | tuple | dict):
        return json_text(plain_value(cell))
    if isinstance(cell, int) and abs(cell) > _EXACT:
        return str(cell)
    return plain_value(cell)
