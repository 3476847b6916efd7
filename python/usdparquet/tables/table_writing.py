"""Writes the rows of a table file as a Parquet layer, or as a table by ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from usdparquet._key_column import key_column
from usdparquet._streams import without_views
from usdparquet._write import WriteSummary, write_table
from usdparquet.identifiers.id_text import id_texts
from usdparquet.identifiers.live_identifier import live_identifier
from usdparquet.tables.atomic_file import replaced_file
from usdparquet.tables.errors import TableFileError
from usdparquet.tables.table_file import SCHEMA_KEY, TableFile

_ROWS_PER_GROUP = 131_072
BY_IDS = ", and --key the ids of a table without paths"
"""What an error adds where a table by ids can be written."""
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
    layout: str | None = None,
    compression: str | None = None,
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
            layout=layout,
            compression=compression,
            progress=progress,
        )
    except (ValueError, OSError) as raised:
        if error:  # Arrow tells of it in other words
            raise error[0] from raised
        raise


def write_by_ids(
    table: TableFile,
    schema: pa.Schema,
    batches: Iterator[pa.RecordBatch],
    target: Path,
    key: str,
    *,
    names: Mapping[str, str] | None = None,
    time: str | None = None,
    compression: str | None = None,
    progress: Progress | None = None,
) -> WrittenByIds:
    """Write rows as a Parquet table that has ids in the column `key` and no prim paths.

    It is what the format arguments `key` and `ids` take, and keeps the order of its rows. `names`
    and `time` as of `write_layer`. TableFileError if the column is missing or can hold no ids.
    """
    import pyarrow.parquet as pq

    try:
        column = key_column(schema, key)
        batch = pa.RecordBatch.from_pylist([], pa.schema([schema.field(column.steps[0])]))
        id_texts(pa.chunked_array([column.cells(batch)]), key)
    except ValueError as error:
        raise TableFileError(f"{target}: {error}") from error
    entry = {} if names is None else _entry(table, names)
    for told in ("path", "exact"):
        entry.pop(told, None)
    time = time or (names or {}).get(table.time_column, table.time_column)
    if time in schema.names:
        entry = {"version": "1.0", **entry, "time": time}
    schema = without_views(schema).with_metadata(
        {SCHEMA_KEY: json.dumps(entry).encode()} if entry else {}
    )
    rows = 0
    with replaced_file(target) as temporary:
        options = {"compression": compression or "zstd", "write_page_checksum": True}
        with pq.ParquetWriter(temporary, schema, write_page_index=True, **options) as writer:
            for group in row_groups(batches):
                writer.write_table(group.cast(schema), row_group_size=group.num_rows)
                rows += group.num_rows
                if progress is not None:
                    progress(rows, max(rows, table.num_rows))
        size = temporary.stat().st_size
    return WrittenByIds(rows, size, _by_ids_text(target, key))


@dataclass(frozen=True)
class WrittenByIds:
    """What was written."""

    rows: int
    bytes: int
    note: str
    """What the user should know."""


def _by_ids_text(target: Path, key: str) -> str:
    identifier = live_identifier(
        target, target.parent / "IDS.parquet", key, time=None, start=target.parent
    )
    return (
        f"{target}: is a table by the ids in '{key}', and no layer by paths: usdparquet bind makes "
        f"one of it, and @{identifier}@ joins it when it is opened"
    )


def row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches in portions for row groups."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= _ROWS_PER_GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _entry(table: TableFile, names: Mapping[str, str]) -> dict[str, Any]:
    """What the file says of its columns, by their new names (docs/file-format.md)."""
    entry = dict(table.description)
    for role in ("path", "time"):
        if role in entry:
            entry[role] = names.get(entry[role], entry[role])
    if "columns" in entry:
        entry["columns"] = {names.get(name, name): told for name, told in entry["columns"].items()}
    return entry


def _metadata(table: TableFile, names: Mapping[str, str]) -> dict[bytes, bytes]:
    """The same as metadata of a schema."""
    entry = _entry(table, names)
    return {SCHEMA_KEY: json.dumps(entry).encode()} if entry else {}
