"""A DataFrame as a dataset that OpenUSD opens as one layer."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as fn

from usdparquet._dataset import MANIFEST, describe_part, write_manifest
from usdparquet._write import key_and_ids, write_table

from .binding import bound_frame
from .jobs import collected, mapped
from .parts import RESULT, PartWriter, part_name
from .staging import Staging, staged

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame, Row

    from usdparquet._join import JoinReport


@dataclass(frozen=True)
class WrittenDataset:
    """What was written."""

    rows: int
    bytes: int
    """The size of the parts."""
    parts: int
    """The number of files."""
    join: JoinReport | None = None
    """What matched, if the rows were put at prims by their ids."""


def write_layer(
    df: DataFrame,
    target: str | os.PathLike[str],
    path: str = "path",
    time: str | None = None,
    key: str | None = None,
    ids: object | None = None,
    *,
    keep: str | None = None,
    order: str | None = None,
    types: Mapping[str, str] | None = None,
    layer: Mapping[str, object] | None = None,
    layout: str | None = None,
    compression: str | None = None,
    level: int | None = None,
    rows_per_page: int | None = None,
    rows_per_group: int | None = None,
    parts: int | None = None,
) -> WrittenDataset:
    """Write a DataFrame as a dataset: a folder of Parquet files that OpenUSD opens as one layer.

    Spark sorts the rows by path into ranges, and each task writes one range as a file with small
    pages and the path index, as `usdparquet.write_table` does, and describes it for the manifest.
    The driver puts together what one attempt at each range has written, and gives the folder its
    name when it is complete. Nothing is visible before. A dataset, or a Parquet file, of that name
    is replaced.

    `target`: a folder whose name ends with ``.parquet``, which driver and workers see under one
    name. `path`: the column with the prim paths, each in one row, unless `time` names the column
    with the times of the rows, which are samples then.
    `key`, `ids`, `keep`: for a table that knows ids instead of paths, as `bind` takes them; `path`
    names the new column.
    `parts`: the number of ranges; if not given, Spark makes them of its advisory size. A task holds
    the rows of its range in memory.
    The other arguments are those of `usdparquet.write_table`. Spark evaluates `df` twice, first to
    find the ranges: it has to have the same rows both times.

    Raises ValueError for what is wrong with the table, naming the column and the prim path, and
    OSError if the dataset cannot be written. Errors of Spark are raised as they are.
    """
    if parts is not None and parts < 1:
        raise ValueError(f"parts is {parts}; a dataset needs at least one")
    name = os.fspath(target)
    report: JoinReport | None = None
    by_ids = key_and_ids(key, ids, keep)
    if by_ids is not None:
        try:
            df, report = bound_frame(df, by_ids[1], key=by_ids[0], path=path, time=time, keep=keep)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    options: dict[str, Any] = {
        "path": path,
        "time": time,
        "order": order if order is not None or time is None else "path",
        "types": types,
        "layer": layer,
        "layout": layout,
        "compression": compression,
        "level": level,
        "rows_per_page": rows_per_page,
        "rows_per_group": rows_per_group,
    }
    with staged(target) as staging:
        writer = PartWriter(name, str(staging.attempts), df.columns, options)
        empty = _empty_part(df, writer, staging)
        rows = _run(df, writer, parts)
        summary = assemble(staging, name, rows or [empty], path=path, time=time)
        staging.commit()
    return replace(summary, join=report)


def assemble(
    staging: Staging, name: str, rows: Sequence[Any], *, path: str, time: str | None
) -> WrittenDataset:
    """Make a dataset of the parts that tasks have written.

    `rows`: what the tasks returned, one for each part. ValueError for the first problem of one.
    `path`, `time`: the columns with the prim paths and the times.
    """
    rows = sorted(rows, key=lambda row: row["number"])
    for row in rows:
        if row["problem"] is not None:
            raise ValueError(row["problem"])
    for row in rows:
        written = staging.attempts / row["attempt"]
        if not written.is_file() or written.stat().st_size != row["bytes"]:
            raise OSError(
                f"{name}: the driver does not see the part that a task has written to "
                f"{staging.target.parent}; write to a folder that driver and executors mount under "
                "one name"
            )
    parts = [staging.take(row["attempt"], part_name(row["number"])) for row in rows]
    told = [row["description"] for row in rows]
    hidden = str(staging.dataset)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            write_manifest(staging.dataset / MANIFEST, parts, told, path=path, time=time or "")
        except ValueError as error:
            raise ValueError(str(error).replace(hidden, name)) from error
    for each in caught:
        warnings.warn(str(each.message).replace(hidden, name), each.category, stacklevel=3)
    return WrittenDataset(
        sum(row["rows"] for row in rows), sum(row["bytes"] for row in rows), len(rows)
    )


def _empty_part(df: DataFrame, writer: PartWriter, staging: Staging) -> dict[str, Any]:
    """A part without rows, which is the dataset of an empty frame.

    To write it shows what is wrong with names, types and arguments before Spark does anything.
    """
    file = staging.attempts / "empty.parquet"
    try:
        done = write_table(empty_table(df), file, **writer.options)
    except ValueError as error:
        raise ValueError(str(error).replace(str(file), writer.target)) from error
    text = describe_part(file, path=writer.options["path"])
    return {
        "number": 0,
        "attempt": file.name,
        "rows": 0,
        "bytes": done.bytes,
        "description": text,
        "problem": None,
    }


def empty_table(df: DataFrame) -> pa.Table:
    """An Arrow table with the columns of a frame and no rows."""
    return df.limit(0).toArrow()


def _run(df: DataFrame, writer: PartWriter, parts: int | None) -> list[Row]:
    """Have Spark sort the rows and write them; what one attempt at each part returned."""
    options = writer.options
    # mapInArrow takes columns by their names, in which a dot would stand for a field.
    short = [f"c{number}" for number in range(len(df.columns))]
    frame = df.toDF(*short)

    def column(name: str) -> Column:
        return fn.col(short[writer.columns.index(name)])

    # The order of the bytes of prim paths is namespace order: '/' comes before all that names are
    # made of.
    path = column(options["path"])
    by = [path] if options["time"] is None else [path, column(options["time"])]
    ranges = (
        frame.repartitionByRange(path) if parts is None else frame.repartitionByRange(parts, path)
    )
    job = mapped(ranges.sortWithinPartitions(*by), writer.function(), RESULT)
    return collected(df.sparkSession, job)
