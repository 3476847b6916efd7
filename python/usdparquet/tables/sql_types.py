"""A table's columns as DuckDB takes them: a stream that can be read again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from usdparquet.tables.columns import Column
from usdparquet.tables.errors import TableFileError
from usdparquet.tables.sql_names import SqlNames, unique_names
from usdparquet.tables.table_file import TableFile

_WIDEST_DECIMAL = 38
_ROWS_PER_BATCH = 65_536
_ADVICE = "name the columns that are needed, without this one, instead of * and COLUMNS"


def sql_type(arrow_type: pa.DataType) -> pa.DataType:
    """The type in which DuckDB takes values of a type, which are the same.

    It has no halves, no decimals of more than 38 digits and few types of others.
    """
    types = pa.types
    if types.is_float16(arrow_type):
        return pa.float32()
    if types.is_decimal256(arrow_type):
        return pa.decimal128(_WIDEST_DECIMAL, arrow_type.scale)
    if isinstance(arrow_type, pa.BaseExtensionType) and arrow_type != pa.uuid():
        return sql_type(arrow_type.storage_type)
    if types.is_dictionary(arrow_type):
        return sql_type(arrow_type.value_type)
    return _with_inner(arrow_type, sql_type)


def _with_sql_names(arrow_type: pa.DataType) -> pa.DataType:
    """The type with the names that SQL has for the fields of its structs."""
    return _with_inner(arrow_type, _with_sql_names)


def _with_inner(
    arrow_type: pa.DataType, inner: Callable[[pa.DataType], pa.DataType]
) -> pa.DataType:
    """The type with `inner` of the types within it, if there are any, and SQL's names of fields."""
    types = pa.types
    if types.is_fixed_size_list(arrow_type):
        return pa.list_(inner(arrow_type.value_type), arrow_type.list_size)
    if types.is_list(arrow_type):
        return pa.list_(inner(arrow_type.value_type))
    if types.is_large_list(arrow_type):
        return pa.large_list(inner(arrow_type.value_type))
    if types.is_struct(arrow_type):
        names = unique_names([field.name for field in arrow_type], set())
        kinds = [inner(field.type) for field in arrow_type]
        return pa.struct(list(zip(names, kinds, strict=True)))
    return arrow_type


class NoRows:
    """A table without rows."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pa.RecordBatchReader.from_batches(self._schema, []).__arrow_c_stream__()


class SqlStream:
    """Columns of a table as an Arrow stream, which every scan begins anew."""

    def __init__(
        self,
        table: TableFile,
        names: SqlNames,
        columns: Sequence[int],
        row: str | None,
        advice: str = _ADVICE,
    ) -> None:
        """`row`: what to call a further column, with the numbers of the rows. `advice`: what to do
        where SQL cannot take a column.
        """
        self._advice = advice
        self._table = table
        self._row = row
        self._columns = {
            names.names[number]: Column((number,), field.type, field.name)
            for number, field in ((number, table.schema.field(number)) for number in columns)
        }
        fields = [(name, sql_type(column.type)) for name, column in self._columns.items()]
        self.schema = pa.schema(fields if row is None else [*fields, (row, pa.int64())])
        self._error: Exception | None = None

    def take_error(self) -> Exception | None:
        """What ended a scan, once: DuckDB tells of it in its own words."""
        error, self._error = self._error, None
        return error

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        batches = self._batches() if self._columns else self._row_numbers()
        reader = pa.RecordBatchReader.from_batches(self.schema, batches)
        return reader.__arrow_c_stream__()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        first_row = 0
        try:
            for batch in self._table.batches(self._columns):
                cells = [
                    self._cast(column, array, first_row)
                    for column, array in zip(self._columns.values(), batch.columns, strict=True)
                ]
                if self._row is not None:
                    numbers = np.arange(first_row, first_row + batch.num_rows, dtype=np.int64)
                    cells.append(pa.array(numbers))
                yield pa.RecordBatch.from_arrays(cells, schema=self.schema)
                first_row += batch.num_rows
        except Exception as error:
            self._error = error
            raise

    def _row_numbers(self) -> Iterator[pa.RecordBatch]:
        for first in range(0, self._table.num_rows, _ROWS_PER_BATCH):
            end = min(first + _ROWS_PER_BATCH, self._table.num_rows)
            numbers = pa.array(np.arange(first, end, dtype=np.int64))
            yield pa.RecordBatch.from_arrays([numbers], schema=self.schema)

    def _cast(self, column: Column, cells: pa.Array, first_row: int) -> pa.Array:
        wanted = sql_type(column.type)
        if cells.type == wanted:
            return cells
        try:
            named = _with_sql_names(cells.type)
            # A cast would look for fields by their names.
            return (cells.view(named) if named != cells.type else cells).cast(wanted)
        except pa.ArrowException as error:
            rows = f"rows {first_row:,} to {first_row + len(cells) - 1:,}"
            raise TableFileError(
                f"{self._table.file}: column '{column.name}' is {column.type}, which SQL cannot "
                f"take ({rows}): {error}; {self._advice}"
            ) from error
