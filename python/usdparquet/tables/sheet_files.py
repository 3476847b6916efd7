"""Reads the first sheet of a workbook (.xlsx)."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from usdparquet.tables.errors import TableFileError


def read_sheet(file: Path) -> pa.Table:
    """The first sheet, whose first row names the columns.

    An empty cell is a null. A column of whole numbers is int64, one of several kinds is text.
    """
    import python_calamine

    try:
        workbook = python_calamine.load_workbook(str(file))
        rows: list[list[Any]] = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except python_calamine.CalamineError as error:
        raise TableFileError(f"{file}: cannot be read as xlsx: {error}") from error
    if not rows:
        raise TableFileError(f"{file}: cannot be read as xlsx: its first sheet is empty")
    names = [str(name) for name in rows[0]]
    while names and not names[-1] and all(row[len(names) - 1] == "" for row in rows):
        names.pop()
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise TableFileError(f"{file}: two columns are named '{repeated[0]}'")
    columns = [[row[index] for row in rows[1:]] for index in range(len(names))]
    return pa.table([_column(cells) for cells in columns], names=names)


def _column(cells: list[Any]) -> pa.Array:
    values = [None if cell == "" and isinstance(cell, str) else cell for cell in cells]
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float}:
        whole = all(value is None or float(value).is_integer() for value in values)
        if kinds and whole:
            return pa.array([None if value is None else int(value) for value in values], pa.int64())
        return pa.array(values, pa.float64() if kinds else pa.string())
    if kinds == {datetime.date, datetime.datetime}:
        at = datetime.time()
        values = [
            datetime.datetime.combine(value, at) if type(value) is datetime.date else value
            for value in values
        ]
        return pa.array(values, pa.timestamp("us"))
    if len(kinds) == 1:
        return pa.array(values)
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, datetime.date) else str(value)
