"""Arrow's types that Spark does not have, as those that it has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_DIGITS = 38


def foreign_column(file: Path) -> str | None:
    """The first column of a Parquet file with a type that Spark does not read, if there is one."""
    import pyarrow.parquet as pq

    schema = pq.read_metadata(file).schema
    for number in range(len(schema)):
        column = schema.column(number)
        told = json.loads(column.logical_type.to_json())
        kind = column.logical_type.type
        if (
            kind in ("FLOAT16", "TIME", "UNKNOWN")
            or (kind == "TIMESTAMP" and told["timeUnit"] == "nanoseconds")
            or (kind == "DECIMAL" and told["precision"] > _MAX_DIGITS)
        ):
            name: str = column.path.split(".")[0]
            return name
    return None


def spark_schema(schema: pa.Schema) -> pa.Schema | None:
    """The schema with types that Spark has; None if it has them all."""
    import pyarrow as pa

    fields = [field.with_type(_spark_type(field.type)) for field in schema]
    made = pa.schema(fields, schema.metadata)
    return None if made.equals(schema) else made


def spark_table(table: pa.Table) -> pa.Table:
    """The table with types that Spark has. Fractions of a microsecond are dropped."""
    schema = spark_schema(table.schema)
    return table if schema is None else table.cast(schema, safe=False)


def _spark_type(kind: pa.DataType) -> pa.DataType:
    """The type for one column, its lists, its structs and its maps."""
    import pyarrow as pa

    types = pa.types
    simple = {
        pa.float16(): pa.float32(),
        pa.uint8(): pa.int16(),
        pa.uint16(): pa.int32(),
        pa.uint32(): pa.int64(),
        pa.uint64(): pa.decimal128(20, 0),
        pa.date64(): pa.date32(),
        pa.null(): pa.string(),
    }
    if kind in simple:
        return simple[kind]
    if types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if types.is_time(kind) or (types.is_decimal256(kind) and kind.precision > _MAX_DIGITS):
        return pa.string()
    if types.is_decimal(kind):
        return pa.decimal128(kind.precision, kind.scale)
    if types.is_duration(kind):
        return pa.int64()
    if types.is_fixed_size_binary(kind):
        return pa.binary()
    if types.is_dictionary(kind):
        return _spark_type(kind.value_type)
    if types.is_struct(kind):
        return pa.struct([field.with_type(_spark_type(field.type)) for field in kind])
    if types.is_map(kind):
        return pa.map_(_spark_type(kind.key_type), _spark_type(kind.item_type))
    if types.is_list(kind) or types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_spark_type(kind.value_type)))
    if types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_spark_type(kind.value_type)))
    return kind
