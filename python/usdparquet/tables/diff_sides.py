"""The two sides of a comparison: a table, or a layer, as rows of a path and a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from usdparquet.tables.columns import flat_columns
from usdparquet.tables.file_kinds import FileKind, kind_of
from usdparquet.tables.layers import collected_warnings, open_layer
from usdparquet.tables.sql_names import SqlNames, quoted
from usdparquet.tables.sql_types import SqlStream, sql_type
from usdparquet.tables.table_file import TableFile

_ADVICE = "compare files without it, as 'usdparquet convert --columns' writes them"

Key = tuple[str, object]
"""A path and a time, None for none."""

# In DuckDB, the streams of a side have a row number, and the cells of a column besides.
ROW, PATH, TIME, CELL = "row", "path", "time", "cell"


class Side(Protocol):
    """One of two files that are compared."""

    columns: dict[str, str]
    """The types of the columns, by name."""
    time_kind: str
    """What the times are: `number`, `timestamp`, `text`, or nothing if there are none."""
    notes: list[str]

    def keys(self, source: str) -> tuple[object, str]:
        """A stream for DuckDB, and the SQL that selects row, path and time from it as `source`."""

    def cells(self, name: str, source: str) -> tuple[object, str, pa.DataType]:
        """A stream, the SQL that selects row and cell from it, and the type of the cells."""

    def keys_of(self, rows: Sequence[int]) -> list[Key]:
        """The paths and times of rows, which are ascending."""


def open_sides(files: tuple[Path, Path], path_column: str, time_column: str) -> tuple[Side, Side]:
    """The sides of two files: tables, or layers if one of them is more than a table."""
    tables = [
        None if kind_of(file).is_usd else TableFile(file, path_column, time_column)
        for file in files
    ]
    first, second = tables
    if first is not None and second is not None and not (first.has_residual or second.has_residual):
        return TableSide(first), TableSide(second)
    arguments = {key: name for key, name in (("path", path_column), ("time", time_column)) if name}
    sides = []
    for file in files:
        if kind_of(file) in (FileKind.CSV, FileKind.SHEET, FileKind.ARROW):
            raise ValueError(f"{file}: convert it to .parquet first to compare it with a layer")
        is_parquet = kind_of(file) is FileKind.PARQUET
        sides.append(LayerSide(file, arguments if is_parquet else {}))
    return sides[0], sides[1]


class TableSide:
    """A table, which core reads a column at a time."""

    def __init__(self, table: TableFile) -> None:
        table.check_roles()
        self._table = table
        self._names = SqlNames(table)
        self._row = self._names.unused(ROW)
        self._columns = flat_columns(
            {
                name: column
                for name, column in table.stored_columns().items()
                if name not in (table.path_column, table.time_column)
            }
        )
        self.columns = {
            name: type_text(sql_type(column.type)) for name, column in self._columns.items()
        }
        self.notes = list(table.notes)
        self.time_kind = ""
        if table.time_column:
            self.time_kind = _time_kind(table.schema.field(table.time_column).type)

    def keys(self, source: str) -> tuple[object, str]:
        """See Side."""
        roles = [self._table.path_column]
        time = "NULL"
        if self._table.time_column:
            roles.append(self._table.time_column)
            time = self._sql(self._table.time_column)
        kind = {"number": "DOUBLE", "timestamp": "TIMESTAMP_NS"}.get(self.time_kind, "VARCHAR")
        path = self._sql(self._table.path_column)
        numbers = [self._table.schema.get_field_index(name) for name in roles]
        text = (
            f"SELECT {quoted(self._row)} AS {ROW}, "
            f"{path}::VARCHAR AS {PATH}, {time}::{kind} AS {TIME} FROM {source}"
        )
        return SqlStream(self._table, self._names, sorted(numbers), self._row, _ADVICE), text

    def cells(self, name: str, source: str) -> tuple[object, str, pa.DataType]:
        """See Side."""
        column = self._columns[name]
        text = (
            f"SELECT {quoted(self._row)} AS {ROW}, {self._names.expression(column)} AS {CELL} "
            f"FROM {source}"
        )
        stream = SqlStream(self._table, self._names, [column.steps[0]], self._row, _ADVICE)
        return stream, text, sql_type(column.type)

    def keys_of(self, rows: Sequence[int]) -> list[Key]:
        """See Side."""
        roles = [name for name in (self._table.path_column, self._table.time_column) if name]
        found: list[Key] = []
        numbers = np.array(rows, dtype=np.int64)
        for batch in self._table.batches(self._table.choose(roles), [numbers]):
            times = batch.column(1).to_pylist() if len(roles) == 2 else [None] * batch.num_rows
            found += zip(batch.column(0).to_pylist(), times, strict=True)
        return found

    def _sql(self, name: str) -> str:
        return self._names.expression(self._table.choose([name])[name])


class LayerSide:
    """The properties of a layer: attributes with their defaults and samples, and relationships.

    The paths and times of all values are held.
    """

    def __init__(self, file: Path, arguments: dict[str, str]) -> None:
        self.notes: list[str] = []
        self.time_kind = "number"
        self._places: dict[str, list[Any]] = {}
        self._rows: dict[Key, int] = {}
        with self._noted_warnings():
            self._layer = open_layer(file, arguments)
            self._find_rows(file)
        self._keys = list(self._rows)

    def _find_rows(self, file: Path) -> None:
        types: dict[str, list[str]] = {}
        in_variants = 0

        def note(path: Any) -> None:
            nonlocal in_variants
            if not path.IsPropertyPath():
                return
            if path.ContainsPrimVariantSelection():
                in_variants += 1
                return
            spec = self._layer.GetObjectAtPath(path)
            kind = str(getattr(spec, "typeName", "rel"))
            self._places.setdefault(path.name, []).append(path)
            known = types.setdefault(path.name, [])
            if kind not in known:
                known.append(kind)

        self._layer.Traverse("/", note)
        if in_variants:
            self.notes.append(f"{file}: what is in variants is not compared")
        self.columns = {name: " or ".join(kinds) for name, kinds in types.items()}
        for paths in self._places.values():
            for path in paths:
                prim = str(path.GetPrimPath())
                for time, _ in self._values(path, with_cells=False):
                    self._rows.setdefault((prim, time), len(self._rows))

    @contextmanager
    def _noted_warnings(self) -> Iterator[None]:
        """What OpenUSD warns of becomes notes."""
        with collected_warnings() as warnings:
            yield
        self.notes += [text for text in dict.fromkeys(warnings) if text not in self.notes]

    def keys(self, source: str) -> tuple[object, str]:
        """See Side."""
        table = pa.table(
            {
                ROW: pa.array(range(len(self._keys)), pa.int64()),
                PATH: pa.array([path for path, _ in self._keys], pa.string()),
                TIME: pa.array([time for _, time in self._keys], pa.float64()),
            }
        )
        return table, f"SELECT {ROW}, {PATH}, {TIME} FROM {source}"

    def cells(self, name: str, source: str) -> tuple[object, str, pa.DataType]:
        """See Side."""
        rows: list[int] = []
        cells: list[Any] = []
        with self._noted_warnings():
            for path in self._places[name]:
                prim = str(path.GetPrimPath())
                for time, cell in self._values(path):
                    rows.append(self._rows[prim, time])
                    cells.append(cell)
        array = _array(cells)
        table = pa.table({ROW: pa.array(rows, pa.int64()), CELL: array})
        return table, f"SELECT {ROW}, {CELL} FROM {source}", array.type

    def keys_of(self, rows: Sequence[int]) -> list[Key]:
        """See Side."""
        return [self._keys[row] for row in rows]

    def _values(self, path: Any, *, with_cells: bool = True) -> Iterator[tuple[float | None, Any]]:
        """The times at which a property has a value, None for its default, and the values."""
        spec = self._layer.GetObjectAtPath(path)
        targets = getattr(spec, "targetPathList", None)
        if targets is not None:
            yield None, [str(target) for target in targets.GetAppliedItems()]
            return
        if spec.HasDefaultValue():
            yield None, _plain(spec.default) if with_cells else None
        for time in self._layer.ListTimeSamplesForPath(path):
            sample = self._layer.QueryTimeSample(path, time) if with_cells else None
            yield time, _plain(sample)


def type_text(kind: pa.DataType) -> str:
    """A type, whatever of several forms that Arrow has for it."""
    types = pa.types
    if types.is_large_string(kind) or types.is_string_view(kind):
        return "string"
    if types.is_large_binary(kind) or types.is_binary_view(kind):
        return "binary"
    if types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    if types.is_fixed_size_list(kind):
        return f"{type_text(kind.value_type)}[{kind.list_size}]"
    if types.is_list(kind) or types.is_large_list(kind):
        return f"{type_text(kind.value_type)}[]"
    return str(kind)


def _time_kind(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    return "timestamp" if pa.types.is_timestamp(kind) else "text"


def _plain(value: Any) -> Any:
    """A value of OpenUSD as numbers, texts and lists of them."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    kind = type(value).__name__
    if kind == "AssetPath":
        return value.path
    if kind == "TimeCode":
        return value.GetValue()
    if kind.startswith("Quat") and not kind.endswith("Array"):
        return [*value.imaginary, value.real]
    if kind.startswith("Matrix") and not kind.endswith("Array"):
        return [list(row) for row in value]
    if kind.startswith("Vec") and not kind.endswith("Array"):
        return list(value)
    if kind.endswith("Array"):
        return [_plain(item) for item in value]
    return str(value)


def _array(cells: list[Any]) -> pa.Array:
    """Cells of one column; as texts if they are of several kinds."""
    try:
        return pa.array(cells)
    except (pa.ArrowException, OverflowError, TypeError):
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())
