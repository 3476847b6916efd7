"""Tables as Parquet files that OpenUSD opens as layers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._layer_metadata import layer_fields
from ._plugin import load_core
from ._streams import arrow_stream
from ._texts import check_text

if TYPE_CHECKING:
    from ._join import JoinReport


@dataclass(frozen=True)
class WriteSummary:
    """What was written."""

    rows: int
    bytes: int
    """The size of the file."""
    index_bytes: int
    """How much of it the embedded indexes take."""
    was_reordered: bool
    """Whether rows were put in another order."""
    invalid_paths: int
    """Rows without a prim path, which ``strict=False`` keeps behind all others."""
    duplicate_paths: int
    """Rows that repeat a path (in a long table: a path and time), which ``strict=False`` keeps."""
    timed_cells: int = 0
    """Cells of relationships and prim metadata in rows with a time, which ``strict=False`` keeps
    and a layer does not show: they have no time samples."""
    order: str | None = None
    """How the rows of a long table are sorted: by ``path`` or by ``time``."""
    join: JoinReport | None = None
    """What matched, if the rows were put at prims by their ids."""


def write_table(
    table: object,
    file: str | os.PathLike[str],
    *,
    path: str = "path",
    key: str | None = None,
    ids: object | None = None,
    keep: str | None = None,
    time: str | None = None,
    order: str | None = None,
    types: Mapping[str, str] | None = None,
    layer: Mapping[str, object] | None = None,
    strict: bool = True,
    layout: str | None = None,
    compression: str | None = None,
    level: int | None = None,
    rows_per_page: int | None = None,
    rows_per_group: int | None = None,
    metadata: Mapping[str, str] | None = None,
    memory: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> WriteSummary:
    """Write a table as a Parquet file that is quick to read as a layer.

    Rows are put in namespace order, in small pages with a page index and checksums, and the path
    index is embedded. The file appears under its name when it is complete; if anything fails, or
    the work is interrupted, an existing file of that name is left as it was.

    `table`: a pyarrow Table, RecordBatchReader or Scanner, a pandas or polars DataFrame, a DuckDB
    relation, or anything else with ``__arrow_c_stream__``. A stream is never in memory whole.
    Named levels of a pandas index are columns.
    `path`: the column with the prim paths, texts or Sdf.Paths. If no column of a pandas frame is
    called that, it is the index that holds prim paths. Other Sdf.Paths are relationships' targets.
    `key`, `ids`: for a table that knows ids instead of paths. `key` is the column with the ids,
    `ids` a table (as `usdparquet.ids` makes it) or a Parquet file with the `path` and the `id` of
    prims. Each row is written at the prims with its id, and `path` names the new column.
    `keep`: which of several rows of an id (and time) counts, ``first`` or ``last``; without it they
    are an error.
    `time`: the column with the times of the rows; several rows of a path are its time samples then.
    `order`: how to sort a table with times: ``path`` (prim by prim, each by time) or ``time`` (time
    by time, for playback); if not given, by time where the times never decrease and rows without
    one come first, else by path.
    `types`: the Sdf types of columns, such as ``{"size": "float3"}``, including roles such as
    ``color3f``, ``token``, ``asset`` or ``quatf``; cells are converted. ``rel`` makes absolute
    paths, or lists of them, the targets of a relationship.
    `layer`: metadata of the layer, such as ``{"upAxis": "Z", "defaultPrim": "World"}``.
    `strict`: refuse what a layer would leave out (rows without a prim path or with the path of an
    earlier row, columns without an Sdf type, cells that no USD value can hold, targets in rows with
    a time) instead of keeping it for other readers.
    `layout`: ``size`` for a small file, ``access`` for one that is read still faster. Without it
    each column is compressed or not, by what its values gain by it (docs/file-format.md).
    `compression`: ``zstd``, ``lz4``, ``snappy`` or ``none`` for all columns; `level`: that of the
    codec, or of columns in Zstandard.
    `rows_per_page`, `rows_per_group`: if not given, 1,024 (for size 12,288, for access 512) and
    131,072.
    `metadata`: texts for the key-value metadata of the file.
    `memory`: bytes of rows to hold, besides those that are in memory anyway; 512 MiB if not given.
    What is beyond lies in nameless temporary files beside `file` (docs/limits.md).
    `progress`: called now and then with the number of rows done and of all rows. Of a stream it is
    0 of those so far while that is read.

    Raises ValueError for what is wrong with the table, naming column and row (from 0), and
    OSError, with the file's name, if the file cannot be written.
    """
    for name, rows in (("rows_per_page", rows_per_page), ("rows_per_group", rows_per_group)):
        if rows is not None and rows < 1:
            raise ValueError(f"{name} is {rows}; it needs at least one row")
    if memory is not None and memory < 1:
        raise ValueError(f"memory is {memory}; it is a number of bytes")
    if order is not None and time is None:
        raise ValueError("order is for tables with a time column, which time names")
    for name, text in (
        ("path", path),
        ("time", time),
        ("layout", layout),
        ("compression", compression),
    ):
        check_text(text, f"the argument '{name}'")
    for name, texts in (("types", types), ("metadata", metadata)):
        for text in (each for pair in (texts or {}).items() for each in pair):
            check_text(text, f"a text in the argument '{name}'")
    target = os.fspath(file)
    report: JoinReport | None = None
    by_ids = key_and_ids(key, ids, keep)
    if by_ids is not None:
        from ._bind import bound_table

        try:
            joined = bound_table(
                table,
                by_ids[1],
                key=by_ids[0],
                path=path,
                time=time,
                keep=keep,
                file=target,
                memory=memory,
            )
        except ValueError as error:
            raise ValueError(f"{target}: {error}") from error
        table, report = joined.table(), joined.report
    core = load_core()
    try:
        stream = arrow_stream(table, path)
    except ValueError as error:
        raise ValueError(f"{target}: {error}") from error
    try:
        written = core.write_table(
            stream.capsule,
            target,
            path_column=stream.path,
            layout=layout,
            compression=compression,
            level=level,
            rows_per_page=rows_per_page,
            rows_per_group=rows_per_group,
            time_column=time or "",
            order=order,
            types=dict.fromkeys(stream.relationships, "rel") | dict(types or {}),
            schema_json=_schema_json(layer or {}),
            metadata=dict(metadata or {}),
            is_strict=strict,
            is_held=stream.is_held,
            progress=progress,
            **({} if memory is None else {"memory": memory}),
        )
    except ValueError as error:
        if not stream.hint or f"column '{stream.path}'" not in str(error):
            raise
        raise ValueError(f"{error}{stream.hint}") from error
    return WriteSummary(**written, join=report)


def key_and_ids(key: str | None, ids: object | None, keep: str | None) -> tuple[str, object] | None:
    """The arguments of a table by ids; None for one by paths, ValueError if one is missing."""
    if key is not None and ids is not None:
        return key, ids
    if key is None and ids is None and keep is None:
        return None
    given = "key" if key is not None else "ids" if ids is not None else "keep"
    raise ValueError(f"{given} is for tables by id, which take both key and ids")


def _schema_json(layer: Mapping[str, object]) -> str:
    """The footer entry with the metadata of the layer (docs/file-format.md)."""
    if not layer:
        return ""
    text = json.dumps({"version": "1.0", "layer": layer_fields(layer)}, ensure_ascii=False)
    check_text(text, "the argument 'layer'")
    return text
