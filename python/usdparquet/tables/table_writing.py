"""Writes the rows of a table file as a Parquet layer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from usdparquet._write import WriteSummary, write_table
from usdparquet.tables.table_file import SCHEMA_KEY, TableFile

Progress = Callable[[int, int], None]


def write_layer(
    table: TableFile,
    schema: pa.Schema,
    batches: Iterator[pa.RecordBatch],
    target: Path,
    *,
    names: Mapping[str, str] | None = None,
    time: str | None = None,
    layer: Mapping[str, object] | None = None,
    compression: str = "zstd",
    progress: Progress | None = None,
) -> WriteSummary:
    """Write rows out of `table` as a Parquet layer, with its columns of paths and times.

    `names`: what the columns of the file are called in `schema`, of which the layer then keeps what
    the file says of them; None if the columns are others. `time`: the column of times, if it is not
    that of the file. `layer`: metadata of the layer. Raises what write_table raises, or what
    ended the stream of batches.
    """
    error: list[Exception] = []

    def noted() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except (ValueError, OSError) as raised:
            error.append(raised)
            raise

    if names is not None:
        schema = schema.with_metadata(_metadata(table, names))
    renamed = names or {}
    if not time:
        time = renamed.get(table.time_column, table.time_column)
    try:
        return write_table(
            pa.RecordBatchReader.from_batches(schema, noted()),
            target,
            path=renamed.get(table.path_column, table.path_column),
            time=time if time in schema.names else None,
            layer=layer,
            compression=compression,
            progress=progress,
        )
    except (ValueError, OSError) as raised:
        if error:  # Arrow tells of it in other words
            raise error[0] from raised
        raise


def _metadata(table: TableFile, names: Mapping[str, str]) -> dict[bytes, bytes]:
    """What the file says of its columns, by their new names (docs/file-format.md)."""
    entry = dict(table.description)
    if not entry:
        return {}
    for role in ("path", "time"):
        if role in entry:
            entry[role] = names.get(entry[role], entry[role])
    if "columns" in entry:
        entry["columns"] = {names.get(name, name): told for name, told in entry["columns"].items()}
    return {SCHEMA_KEY: json.dumps(entry).encode()}
