"""Layers as DataFrames."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from pyspark.sql.pandas.types import from_arrow_schema

from usdparquet._dataset import MANIFEST, listed_files
from usdparquet._plugin import load_core
from usdparquet._streams import CapsuleStream
from usdparquet.tables.file_kinds import FileKind, FileKindError, kind_of
from usdparquet.tables.layer_worker import exported_table
from usdparquet.tables.table_file import TableFile

from .binding import column_of
from .jobs import Batches, mapped
from .spark_types import foreign_column, spark_schema, spark_table

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

_GLOB = re.compile(r"[*?\[\]{}\\]")
_STRANGE_KEY = re.compile(r"^=|=$|%[89A-Fa-f][0-9A-Fa-f]")
"""Folders of which Spark makes no column, or another text: it decodes bytes one by one."""
_INFERENCE = "spark.sql.sources.partitionColumnTypeInference.enabled"
_INTEGERS = {"int32": "int", "int64": "bigint"}
"""What folders can be named by besides texts, and what Spark calls it."""


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
    if place.name == MANIFEST:
        place = place.parent
    if place.is_dir():
        return _tables(spark, place)
    try:
        kind = kind_of(place)
    except FileKindError as error:
        raise ValueError(f"{source}: is no layer: {error}") from error
    if kind is FileKind.PARQUET:
        return _tables(spark, place)
    if not kind.is_usd:
        raise ValueError(f"{source}: is no layer; spark.read reads it")
    table = spark_table(_scene(place, flatten))
    _check_names(spark, place, table.schema.names)
    return spark.createDataFrame(table, _struct_of(table.schema))


def _tables(spark: SparkSession, place: Path) -> DataFrame:
    """The frame of a Parquet file, or of those of a dataset by the names of their columns."""
    table = TableFile(place)
    _warn_of_more(table)
    _check_names(spark, place, table.schema.names)
    files = [place] if place.is_file() else _part_files(place)
    is_inside = all(place in file.parents for file in files)
    # Spark makes columns of the folders below one, and other columns of what lies elsewhere.
    has_keys = any("=" in part for file in files for part in file.parent.parts)
    is_as_listed = is_inside and _spark_finds_keys([file.relative_to(place) for file in files])
    if not _spark_reads(files) or (place.is_dir() and has_keys and not is_as_listed):
        frame = _by_row_groups(spark, table)
    else:
        reader = spark.read.option("mergeSchema", len(files) > 1)
        if place.is_dir() and is_inside:
            reader = reader.option("basePath", str(place))
        with _texts_of_keys(spark):
            frame = reader.parquet(*(_GLOB.sub(r"\\\g<0>", str(file)) for file in files))
    path = table.path_column
    names = _path_first(frame.columns, path) if path in frame.columns else frame.columns
    kinds = dict(frame.dtypes)
    return frame.select(*(_cell(name, kinds[name], table.schema.field(name)) for name in names))


def _check_names(spark: SparkSession, source: Path, names: Sequence[str]) -> None:
    """ValueError for two columns that the session takes for one."""
    if spark.conf.get("spark.sql.caseSensitive") == "true":
        return
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ValueError(
                f"{source}: the columns '{other}' and '{name}' differ by case alone, so that Spark "
                "takes them for one: spark.conf.set('spark.sql.caseSensitive', 'true') tells them "
                "apart"
            )


@contextmanager
def _texts_of_keys(spark: SparkSession) -> Iterator[None]:
    """Within it, Spark reads what folders are named by as texts, and not as what it takes them for.

    A layer has integers and texts there, where Spark would find dates and fractions as well.
    """
    before = spark.conf.get(_INFERENCE) or "true"
    spark.conf.set(_INFERENCE, "false")
    try:
        yield
    finally:
        spark.conf.set(_INFERENCE, before)


def _cell(name: str, kind: str, field: pa.Field) -> Column:
    """A column of the frame; a key as the integer that it is in the layer."""
    if kind != "string" or str(field.type) not in _INTEGERS:
        return column_of(name)
    return column_of(name).cast(_INTEGERS[str(field.type)]).alias(name)


def _spark_finds_keys(files: Sequence[Path]) -> bool:
    """Whether Spark makes the same columns of the folders of these files as a layer does."""
    all_keys = set()
    for file in files:
        folders = file.parent.parts
        are_keys = ["=" in folder for folder in folders]
        if True in are_keys:  # those above another folder are none to Spark
            first = are_keys.index(True)
            last = len(are_keys) - 1 - are_keys[::-1].index(True)
            if not all(are_keys[first:last]):
                return False
        if any(_STRANGE_KEY.search(folder) for folder in folders if "=" in folder):
            return False
        keys = tuple(folder.partition("=")[0] for folder in folders if "=" in folder)
        if len(set(keys)) < len(keys):
            return False
        all_keys.add(keys)
    return len(all_keys) == 1


def _spark_reads(files: Sequence[Path]) -> bool:
    """Whether Spark reads the columns of all files, and takes the names of the files as such."""
    types: dict[str, pa.DataType] = {}
    for file in files:
        if ":" in str(file) or foreign_column(file) is not None:
            return False
        for field in pq.read_schema(file):
            if types.setdefault(field.name, field.type) != field.type:  # Spark merges no types
                return False
    return True


def _part_files(folder: Path) -> list[Path]:
    """The files of a dataset."""
    if not (folder / MANIFEST).is_file():
        return [folder / name for name in load_core().folder_files(folder)]
    place = folder.resolve()  # before '..', which is that of where a link leads
    names = listed_files(folder)
    return [
        Path(os.path.normpath(place / name)) if ".." in Path(name).parts else folder / name
        for name in names
    ]


def _path_first(names: Sequence[str], path: str) -> list[str]:
    return [path, *(name for name in names if name != path)]


def _by_row_groups(spark: SparkSession, table: TableFile) -> DataFrame:
    """The frame of a table with types that Spark does not read: a task reads some row groups."""
    schema = (spark_schema(table.schema) or table.schema).remove_metadata()
    count = len(load_core().open_row_groups(table.file).first_rows()) - 1
    groups = [(number,) for number in range(count)]
    frame = spark.createDataFrame(groups, "number int")
    tasks = min(max(1, len(groups)), 4 * spark.sparkContext.defaultParallelism)
    read = _group_reader(str(table.file))
    return mapped(frame.repartition(tasks), read, _struct_of(schema))


def _struct_of(schema: pa.Schema) -> StructType:
    """Spark's types; times without a zone stay so, as in the Parquet files that Spark reads."""
    return from_arrow_schema(schema, prefer_timestamp_ntz=True)


def _group_reader(file: str) -> Callable[[Batches], Batches]:
    """Reads row groups by their numbers, all pages verified; for `mapInArrow`."""

    def read(batches: Batches) -> Batches:
        numbers = [row["number"] for batch in batches for row in batch.to_pylist()]
        yield from read_groups(file, numbers)

    return read


def read_groups(file: str, numbers: Sequence[int]) -> Batches:
    """Row groups with types that Spark has."""
    import pyarrow as pa

    if not numbers:
        return
    groups = load_core().open_row_groups(file)
    names = pa.table(CapsuleStream(groups.schema())).schema.names
    for number in numbers:
        table = pa.table(CapsuleStream(groups.read(number, range(len(names)))))
        yield from spark_table(table.select(names)).to_batches()


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
