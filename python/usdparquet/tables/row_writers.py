"""Writes rows as CSV, JSON, Arrow or a workbook, a batch at a time."""

from __future__ import annotations

import datetime
import json
import math
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from usdparquet.tables.errors import OutputError


class BatchWriter(Protocol):
    """Takes batches of one schema; `close` completes the output but leaves its file open."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Write rows."""

    def close(self) -> None:
        """Write what follows the rows."""


def open_writer(
    kind: str, sink: BinaryIO, schema: pa.Schema, *, stream: bool, source: Path | None = None
) -> BatchWriter:
    """A writer of `csv`, `tsv`, `json`, `xlsx` or `arrow`.

    `stream`: write Arrow in its form for pipes instead of the one for files. `source`: the file of
    the rows, which an OutputError names.
    """
    _check_types(kind, schema, "" if source is None else f"{source}: ")
    if kind in ("csv", "tsv"):
        return _CsvWriter(sink, schema, "\t" if kind == "tsv" else ",")
    if kind == "json":
        return _JsonWriter(sink, schema)
    if kind == "xlsx":
        from usdparquet.tables.sheet_writer import SheetWriter

        return SheetWriter(sink, schema)
    return _ArrowWriter(sink, schema, stream)


class _ArrowWriter:
    def __init__(self, sink: BinaryIO, schema: pa.Schema, stream: bool) -> None:
        make = pa.ipc.new_stream if stream else pa.ipc.new_file
        self._writer = make(sink, schema)

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()


class _CsvWriter:
    """Lists are JSON texts; dates and times are ISO 8601."""

    def __init__(self, sink: BinaryIO, schema: pa.Schema, delimiter: str) -> None:
        fields = [pa.field(field.name, _csv_type(field.type)) for field in schema]
        self._schema = pa.schema(fields)
        self._writer = pyarrow.csv.CSVWriter(
            sink, self._schema, write_options=pyarrow.csv.WriteOptions(delimiter=delimiter)
        )

    def write(self, batch: pa.RecordBatch) -> None:
        columns = [_csv_column(column) for column in batch.columns]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


class _JsonWriter:
    """An array of objects, one a line. NaN and infinities, which JSON lacks, are null."""

    def __init__(self, sink: BinaryIO, schema: pa.Schema) -> None:
        self._sink = sink
        self._names = schema.names
        self._is_first = True
        sink.write(b"[")

    def write(self, batch: pa.RecordBatch) -> None:
        columns = [plain_values(column) for column in batch.columns]
        lines = []
        for row in zip(*columns, strict=True):
            text = json_text(dict(zip(self._names, row, strict=True)))
            lines.append(("\n" if self._is_first else ",\n") + text)
            self._is_first = False
        self._sink.write("".join(lines).encode())

    def close(self) -> None:
        self._sink.write(b"]\n" if self._is_first else b"\n]\n")


def plain_values(column: pa.Array) -> list[Any]:
    """Cells as values of JSON: None, bool, numbers, texts, lists and dicts."""
    return [plain_value(cell) for cell in shown_values(column)]


def shown_values(column: pa.Array) -> list[Any]:
    """Cells as Python has them, but dates and times as ISO 8601 texts."""
    if is_time(column.type):
        column = time_texts(column)
    cells: list[Any] = column.to_pylist()
    return cells


def is_time(arrow_type: pa.DataType) -> bool:
    """Whether values are dates, times or both."""
    types = pa.types
    return bool(
        types.is_date(arrow_type) or types.is_time(arrow_type) or types.is_timestamp(arrow_type)
    )


def time_texts(column: pa.Array) -> pa.Array:
    """Dates and times as ISO 8601 texts; with a time zone, in UTC."""
    if not pa.types.is_timestamp(column.type):
        return column.cast(pa.string())
    if column.type.tz is not None:
        column = column.cast(pa.timestamp(column.type.unit, "UTC"))
    return pc.replace_substring(column.cast(pa.string()), " ", "T", max_replacements=1)


def plain_value(value: Any) -> Any:
    """A value as `json_text` takes it: NaN and infinities are None, bytes are counted, times are
    texts. Decimals stay what they are.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, dict):
        return {key: plain_value(item) for key, item in value.items()}
    return value


def json_text(value: Any, *, ensure_ascii: bool = False, indent: int | None = None) -> str:
    """A plain value as JSON, in which decimals are numbers with all their digits."""
    try:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, allow_nan=False)
    except TypeError:  # a decimal, which Python's writer does not know
        return _json_text(value, ensure_ascii, indent, "\n")


def _json_text(value: Any, ensure_ascii: bool, indent: int | None, line: str) -> str:
    """As Python's writer; `line`: the end of a line and the blanks that begin the next."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if not value or not isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=ensure_ascii, allow_nan=False)
    inner = "" if indent is None else line + " " * indent
    items = value.values() if isinstance(value, dict) else value
    texts = [_json_text(item, ensure_ascii, indent, inner) for item in items]
    if isinstance(value, dict):
        names = [json.dumps(name, ensure_ascii=ensure_ascii) for name in value]
        texts = [f"{name}: {text}" for name, text in zip(names, texts, strict=True)]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    joined = (", " if indent is None else "," + inner).join(texts)
    return f"{begin}{inner}{joined}{end if indent is None else line + end}"


def _csv_type(arrow_type: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(arrow_type):
        return _csv_type(arrow_type.value_type)
    plain = pa.types.is_integer(arrow_type) or pa.types.is_boolean(arrow_type)
    if plain or pa.types.is_float32(arrow_type) or pa.types.is_float64(arrow_type):
        return arrow_type
    if pa.types.is_float16(arrow_type):
        return pa.float32()
    return pa.decimal128(38, arrow_type.scale) if _is_decimal128(arrow_type) else pa.string()


def _is_decimal128(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(arrow_type) and arrow_type.precision <= 38)


def _csv_column(column: pa.Array) -> pa.Array:
    if is_time(column.type):
        return time_texts(column)
    if pa.types.is_nested(column.type):
        texts = (
            None if cell is None else json_text(plain_value(cell)) for cell in column.to_pylist()
        )
        return pa.array(texts, pa.string())
    return column.cast(_csv_type(column.type))


def _check_types(kind: str, schema: pa.Schema, where: str) -> None:
    """`OutputError` for bytes in a text format, and for columns that JSON cannot tell apart."""
    if kind == "arrow":
        return
    repeated = [name for name, count in Counter(schema.names).items() if count > 1]
    if kind == "json" and repeated:
        raise OutputError(
            f"{where}two columns are named '{repeated[0]}', and JSON has place for one of them; "
            "rename one"
        )
    for field in schema:
        if _has_bytes(field.type):
            raise OutputError(
                f"{where}column '{field.name}' is {field.type}, which {kind.upper()} has no place "
                "for; leave it out, and name the others with --columns"
            )


def _has_bytes(arrow_type: pa.DataType) -> bool:
    types = pa.types
    if types.is_map(arrow_type):
        return True
    if types.is_nested(arrow_type):
        return any(
            _has_bytes(arrow_type.field(index).type) for index in range(arrow_type.num_fields)
        )
    return bool(
        types.is_binary(arrow_type)
        or types.is_large_binary(arrow_type)
        or types.is_fixed_size_binary(arrow_type)
        or types.is_binary_view(arrow_type)
        or types.is_duration(arrow_type)
        or types.is_interval(arrow_type)
        or isinstance(arrow_type, pa.BaseExtensionType)
    )
