"""Layers as DataFrames."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql.pandas.types import from_arrow_schema

from usdparquet._plugin import load_core
from usdparquet._streams import CapsuleStream
from usdparquet.tables.file_kinds import FileKind, FileKindError, kind_of
from usdparquet.tables.layer_worker import exported_table
from usdparquet.tables.table_file import TableFile

from .binding import column_of
from .manifest import MANIFEST, part_files
from .spark_types import foreign_column, spark_schema, spark_table

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


def read_layer(
    spark: SparkSession, source: str | os.PathLike[str], *, flatten: bool = False
) -> DataFrame:
    """A layer as a DataFrame: the column with the prim paths, then the others.

    `source`: a dataset (a folder, or its manifest) or a ``.parquet`` file, which Spark reads
    itself; or a USD file, which the driver reads with OpenUSD: it has a column for each property.
    `flatten`: of a USD file, compose its stage.

    Columns have the names and types that are stored, all rows are there, also where several have
    one path, and the folders of a partitioned dataset are columns (``year=2026``). Types that Spark
    does not have become ones that it has, such as halves, nanoseconds and unsigned integers; such
    files are read row group by row group by usdparquet. What a layer has beside its table is left
    out, with a warning.

    Raises ValueError for what is no layer, OSError for a file that cannot be read.
    """
    place = Path(source).absolute()
    place.stat()  # so that a file that is not there is a FileNotFoundError
    if flatten and (place.is_dir() or place.suffix.lower() in (".parquet", ".json")):
        raise ValueError(f"{source}: is a table, which has no stage to flatten")
    if place.is_dir() or place.name == MANIFEST:
        return _tables(spark, place, part_files(place))
    try:
        kind = kind_of(place)
    except FileKindError as error:
        raise ValueError(f"{source}: is no layer: {error}") from error
    if kind is FileKind.PARQUET:
        return _tables(spark, place, [place])
    if not kind.is_usd:
        raise ValueError(f"{source}: is no layer; spark.read reads it")
    table = spark_table(_scene(place, flatten))
    return spark.createDataFrame(table, _struct_of(table.schema))


def _tables(spark: SparkSession, place: Path, files: Sequence[Path]) -> DataFrame:
    """The frame of Parquet files, by the names of their columns."""
    first = TableFile(files[0])
    _warn_of_more(first)
    foreign = foreign_column(files[0])
    if foreign is not None:
        frame = _by_row_groups(spark, place, files, first, foreign)
    else:
        reader = spark.read.option("mergeSchema", len(files) > 1)
        if place.is_dir():
            reader = reader.option("basePath", str(place))
        frame = reader.parquet(*map(str, files))
    path = first.path_column
    if path not in frame.columns:
        return frame  # a table by ids
    return frame.select(*(column_of(name) for name in _path_first(frame.columns, path)))


def _path_first(names: Sequence[str], path: str) -> list[str]:
    return [path, *(name for name in names if name != path)]


def _by_row_groups(
    spark: SparkSession, place: Path, files: Sequence[Path], first: TableFile, foreign: str
) -> DataFrame:
    """The frame of files with types that Spark does not read: a task reads some row groups."""
    import pyarrow as pa

    if any("=" in part for file in files for part in file.relative_to(place.parent).parts[1:-1]):
        raise ValueError(
            f"{place}: column '{foreign}' has a type that Spark does not read; convert it before "
            "the table is partitioned"
        )
    schema, groups = first.schema, []
    for file in files:
        table = TableFile(file) if file != files[0] else first
        try:
            schema = pa.unify_schemas([schema, table.schema])
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ValueError(f"{file}: is of other types than {files[0]}: {error}") from error
        count = len(load_core().open_row_groups(file).first_rows()) - 1
        groups += [(str(file), group) for group in range(count)]
    wanted = (spark_schema(schema) or schema).remove_metadata()
    frame = spark.createDataFrame(groups, "file string, number int")
    tasks = min(max(1, len(groups)), 4 * spark.sparkContext.defaultParallelism)
    return frame.repartition(tasks).mapInArrow(_group_reader(wanted), _struct_of(wanted))


def _struct_of(schema: pa.Schema) -> StructType:
    """Spark's types; times without a zone stay so, as in the Parquet files that Spark reads."""
    return from_arrow_schema(schema, prefer_timestamp_ntz=True)


def _group_reader(
    schema: pa.Schema,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Reads row groups with these columns, all pages verified; for `mapInArrow`."""

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for row in batch.to_pylist():
                yield from read_group(row["file"], row["number"], schema).to_batches()

    return read


def read_group(file: str, group: int, schema: pa.Schema) -> pa.Table:
    """A row group with these columns; nulls for those that the file lacks."""
    import pyarrow as pa

    groups = load_core().open_row_groups(file)
    names = pa.table(CapsuleStream(groups.schema())).schema.names
    table = pa.table(CapsuleStream(groups.read(group, range(len(names)))))
    table = spark_table(table)
    cells = [
        table[field.name] if field.name in names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(cells, schema=schema)


def _scene(place: Path, flatten: bool) -> pa.Table:
    """The table that a USD layer becomes."""
    with exported_table(place, flatten=flatten) as table:
        names = _path_first(table.schema.names, table.path_column)
        cells = table.read(table.stored_columns()).select(names)
    _warn_of_more(table, place)
    return cells


def _warn_of_more(table: TableFile, place: Path | None = None) -> None:
    if table.has_residual:
        warnings.warn(
            f"{place or table.file}: the layer has more in it than a table, which the DataFrame "
            "leaves out: composition arcs, variants, connections and what else is no column",
            stacklevel=4,
        )
