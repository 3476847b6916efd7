"""The rows of a DataFrame at the prims that have their ids: the join of `usdparquet.bind`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as fn
from pyspark.sql.types import (
    BooleanType,
    DataType,
    FloatType,
    IntegralType,
    StringType,
    StructType,
)

from usdparquet._bind import prim_ids
from usdparquet._join import (
    SHOWN,
    JoinReport,
    check_columns,
    check_ids,
    check_keep,
    nothing_text,
    several_text,
)
from usdparquet._key_column import key_column
from usdparquet.identifiers.id_text import id_text, id_texts, narrowed

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column

_TEXT = "usdparquet:id"
_ROW = "usdparquet:row"
_PLACE = "usdparquet:place"


def bind(
    df: DataFrame,
    ids: object,
    key: str = "id",
    *,
    id: str | None = None,
    path: str = "path",
    time: str | None = None,
    keep: str | None = None,
) -> DataFrame:
    """Put the rows of a DataFrame at the prims that have their ids: a column `path` more.

    `ids`: the ids of prims, with the columns `path` and `id`: a DataFrame, the name of a Parquet
    file, which Spark reads, or a table that `usdparquet.bind` takes. With `id`, a stage, a layer or
    the file of a scene, and what holds the prims' ids; that is read by the driver.
    `key`: the column of `df` with the ids, or a field of a struct (``column:field``).
    `path`: the name of the new column. `time`: the column that makes several rows of an id samples.
    `keep`: which of several rows of an id (and time) counts, ``first`` or ``last``, in the order of
    the rows of `df`: sort it before.

    Ids match as in `usdparquet.bind`: by the texts that they write, null and empty ids not at all,
    and an id that several prims have gives each of them the row. The order of the result is not
    defined. What would be wrong with the join is found at once, which reads the ids and the keys.

    Raises ValueError for a column that is not there, for several rows of an id without `keep`, for
    a path that is null or twice in the ids, and if no row matches.
    """
    return bound_frame(df, ids, key=key, id=id, path=path, time=time, keep=keep)[0]


def bound_frame(
    df: DataFrame,
    ids: object,
    *,
    key: str,
    id: str | None = None,
    path: str = "path",
    time: str | None = None,
    keep: str | None = None,
) -> tuple[DataFrame, JoinReport]:
    """The frame that `bind` returns, and what matched."""
    check_keep(keep)
    empty = df.limit(0).toArrow()
    check_columns(empty.schema, time, path)
    rows = df.withColumn(_TEXT, _key_text(df, empty, key))
    prims = _prims(df.sparkSession, ids, id)
    counts = _counts(rows, prims).persist()
    try:
        report = _report(rows, counts, key, time, keep)
    finally:
        counts.unpersist()
    if keep is not None:
        rows = _kept(rows, time, keep)
    at_prims = prims.where(~fn.col("inside")).select(fn.col("path").alias(_PLACE), _TEXT)
    names = [column_of(name) for name in df.columns]
    joined = rows.join(at_prims, _TEXT).select(fn.col(f"`{_PLACE}`").alias(path), *names)
    return joined, report


def column_of(name: str) -> Column:
    """The column of that name, whatever is in it."""
    return fn.col("`" + name.replace("`", "``") + "`")


def _key_text(df: DataFrame, empty: pa.Table, key: str) -> Column:
    """The ids of rows, as texts."""
    import pyarrow as pa

    found = key_column(empty.schema, key)
    number, *fields = found.steps
    kind: DataType = df.schema[number].dataType
    column = column_of(df.columns[number])
    for field in fields:
        assert isinstance(kind, StructType)
        column, kind = column.getField(kind[field].name), kind[field].dataType
    none = pa.RecordBatch.from_pylist([], pa.schema([empty.schema.field(number)]))
    return _text_of(column, kind, pa.chunked_array([found.cells(none)]), key)


def _text_of(column: Column, kind: DataType, cells: pa.ChunkedArray, name: str) -> Column:
    """The text of an id, as `identifiers.id_text` has it; null for what is no id.

    `cells` is the column without rows. ValueError if its type can hold no ids.
    """
    id_texts(cells, name)
    if isinstance(kind, StringType | BooleanType | IntegralType):
        text = column.cast("string")
    else:
        function = _float_text if isinstance(kind, FloatType) else id_text
        text = fn.udf(function, "string", useArrow=False)(column)
    return fn.when(text != "", text)


def _float_text(value: float | None) -> str | None:
    return None if value is None else id_text(narrowed(value, 32))


def _prims(session: SparkSession, source: Any, id: str | None) -> DataFrame:
    """The prims: their path, the text of their id, and whether they are inside of instances.

    ValueError for a path that is null or there twice.
    """
    frame = _ids_frame(session, source, id)
    check_ids(frame.columns)
    paths = frame.groupBy("path").count().where("path is null or count > 1").limit(1).collect()
    if paths and paths[0]["path"] is None:
        raise ValueError("the ids: a path is null; leave the row out")
    if paths:
        raise ValueError(f"the ids: '{paths[0]['path']}' is there twice; a prim has one id")
    inside = fn.lit(False)
    if "instance" in frame.columns:
        inside = fn.coalesce(fn.col("instance"), fn.lit(False))
    cells = frame.select("id").limit(0).toArrow()["id"]
    text = _text_of(fn.col("id"), frame.schema["id"].dataType, cells, "id")
    prims = frame.select("path", text.alias(_TEXT), inside.alias("inside"))
    return prims.where(fn.col(f"`{_TEXT}`").isNotNull())


def _ids_frame(session: SparkSession, source: Any, id: str | None) -> DataFrame:
    """The table of ids as a frame."""
    if isinstance(source, DataFrame):
        return source
    if id is None and isinstance(source, str | os.PathLike):
        file = Path(source)
        if file.suffix.lower() == ".parquet":
            file.stat()  # so that a file that is not there is a FileNotFoundError
            return session.read.parquet(str(file.absolute()))
    table = prim_ids(source, id)
    names = [name for name in ("path", "id", "instance") if name in table.schema.names]
    check_ids(names)
    return session.createDataFrame(table.select(names))


def _counts(rows: DataFrame, prims: DataFrame) -> DataFrame:
    """For each text of an id how many rows and prims have it; null where none has."""
    inside = fn.col("inside")
    of_rows = rows.groupBy(_TEXT).agg(fn.count("*").alias("rows"))
    of_prims = prims.groupBy(_TEXT).agg(
        fn.count_if(~inside).alias("outside"),
        fn.count_if(inside).alias("within"),
        fn.min(fn.when(~inside, fn.col("path"))).alias("outside_path"),
        fn.min(fn.when(inside, fn.col("path"))).alias("within_path"),
    )
    return of_rows.join(of_prims, _TEXT, "full_outer")


def _report(
    rows: DataFrame, counts: DataFrame, key: str, time: str | None, keep: str | None
) -> JoinReport:
    """What matches; ValueError if nothing does, or if several rows of an id need `keep`."""
    text = fn.col(f"`{_TEXT}`")
    has_rows, has_prims = fn.col("rows").isNotNull(), fn.col("outside").isNotNull()
    is_bound = has_rows & has_prims

    def total(what: Column, where: Column) -> Column:
        return fn.coalesce(fn.sum(fn.when(where, what)), fn.lit(0))

    def few(where: Column, column: str = _TEXT) -> list[Any]:
        chosen = counts.where(where).orderBy(text).limit(SHOWN)
        return [tuple(row) for row in chosen.select(f"`{column}`", f"`{_TEXT}`", "rows").collect()]

    is_several = is_bound & (fn.col("rows") > 1)
    told = counts.agg(
        total(fn.lit(1), is_several).alias("several"),
        total(fn.col("rows") - 1, is_several).alias("repeated"),
        total(fn.col("rows"), is_bound & (fn.col("outside") > 0)).alias("matched_rows"),
        total(fn.lit(1), is_bound & (fn.col("outside") > 0)).alias("matched_ids"),
        total(fn.col("outside"), has_rows).alias("matched_prims"),
        total(fn.col("rows"), text.isNotNull() & ~has_prims).alias("unknown"),
        total(fn.col("rows"), text.isNull()).alias("without_id"),
        total(fn.col("outside"), ~has_rows).alias("rowless"),
        total(fn.col("within"), has_rows).alias("instances"),
    ).collect()[0]
    if told["several"] and time is None and keep is None:
        examples = [f"'{id}' in {count:,} rows" for id, _, count in few(is_several)]
        raise ValueError(several_text(key, examples, told["several"]))
    if not told["matched_prims"]:
        keys, ids = few(has_rows & text.isNotNull()), few(has_prims)
        raise ValueError(
            nothing_text(
                key, [one[0] for one in keys], [one[0] for one in ids], told["instances"] > 0
            )
        )
    matched, dropped = told["matched_rows"], 0
    if keep is not None and time is None:
        matched, dropped = told["matched_ids"], told["repeated"]
    elif keep is not None:
        bound = rows.join(counts.where(is_bound).select(_TEXT, "outside"), _TEXT)
        moments = bound.groupBy(_TEXT, column_of(str(time))).agg(
            fn.count("*").alias("rows"), fn.max("outside").alias("outside")
        )
        of_times = moments.agg(
            total(fn.lit(1), fn.col("outside") > 0).alias("kept"),
            total(fn.col("rows") - 1, fn.col("rows") > 1).alias("dropped"),
        ).collect()[0]
        matched, dropped = of_times["kept"], of_times["dropped"]
    is_rowless = ~has_rows & (fn.col("outside") > 0)
    is_inside = has_rows & (fn.col("within") > 0)
    unknown, rowless, instances = told["unknown"], told["rowless"], told["instances"]
    return JoinReport(
        matched_rows=matched,
        matched_prims=told["matched_prims"],
        rows_without_prim=unknown,
        unknown_ids=[one[0] for one in few(text.isNotNull() & ~has_prims)] if unknown else [],
        rows_without_id=told["without_id"],
        rows_dropped=dropped,
        prims_without_row=rowless,
        rowless_prims=[one[:2] for one in few(is_rowless, "outside_path")] if rowless else [],
        prims_in_instances=instances,
        instance_prims=[one[0] for one in few(is_inside, "within_path")] if instances else [],
    )


def _kept(rows: DataFrame, time: str | None, keep: str) -> DataFrame:
    """The first or the last row of each id, and of each time if there is a column of them."""
    place = fn.col(f"`{_ROW}`")
    same = [fn.col(f"`{_TEXT}`"), *([] if time is None else [column_of(time)])]
    window = Window.partitionBy(*same).orderBy(place.asc() if keep == "first" else place.desc())
    # Numbers rise with the partitions and within them, as the rows of a sorted frame do.
    numbered = rows.withColumn(_ROW, fn.monotonically_increasing_id())
    first = numbered.withColumn(_PLACE, fn.row_number().over(window)).where(f"`{_PLACE}` = 1")
    return first.drop(_PLACE, _ROW)
