"""Spark reads what `usdparquet optimize` writes, and what Spark writes is a layer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Usd
from pyspark.sql import SparkSession
from typer.testing import CliRunner
from usd_values import check_property

from usdparquet.cli import app

ROWS = 1000
PATHS = [f"/World/Zone_{row % 7}/Part_{row}" for row in range(ROWS)]
MOMENT = datetime(2024, 5, 1, 12, 30, 0, 250_000)
Cells = list[Any]


def thinned(cells: Cells, step: int) -> Cells:
    return [None if row % step == 0 else cell for row, cell in enumerate(cells)]


COLUMNS: dict[str, Cells] = {
    "cost": thinned([row / 3 for row in range(ROWS)], 5),
    "weight": [row * 0.25 for row in range(ROWS)],
    "lifespan": thinned([row - 700 for row in range(ROWS)], 7),
    "serial": [row * 10_000_000_019 for row in range(ROWS)],
    "done": thinned([row % 3 == 0 for row in range(ROWS)], 4),
    "code": thinned([f"M-{row % 13}" for row in range(ROWS)], 9),
    "note": thinned([f"größe {row}" for row in range(ROWS)], 11),
    "series": thinned([[row * 0.5] * (row % 4 + row % 50 // 49 * 300) for row in range(ROWS)], 6),
    "part": [{"mass": row * 1.5, "name": f"n{row % 3}"} for row in range(ROWS)],
    "amount": thinned([Decimal(row).scaleb(-2) for row in range(ROWS)], 10),
    "day": thinned([date(2024, 1, 1) + timedelta(row % 200) for row in range(ROWS)], 3),
    "moment": thinned([MOMENT + timedelta(seconds=row) for row in range(ROWS)], 3),
}
SCHEMA = pa.schema(
    {
        "path": pa.string(),
        "cost": pa.float64(),
        "weight": pa.float32(),
        "lifespan": pa.int32(),
        "serial": pa.int64(),
        "done": pa.bool_(),
        "code": pa.string(),
        "note": pa.string(),
        "series": pa.list_(pa.float64()),
        "part": pa.struct([("mass", pa.float64()), ("name", pa.string())]),
        "amount": pa.decimal128(9, 2),
        "day": pa.date32(),
        "moment": pa.timestamp("us"),
    }
)
SPARK_SCHEMA = (
    "path string, cost double, weight float, lifespan int, serial bigint, done boolean, "
    "code string, note string, series array<double>, part struct<mass: double, name: string>, "
    "amount decimal(9, 2), day date, moment timestamp_ntz"
)


@pytest.fixture(autouse=True)
def as_others_know_it(spark: SparkSession) -> Iterator[None]:
    """The session is shared: what a test sets is unset."""
    yield
    for name in ("enableVectorizedReader", "outputTimestampType"):
        spark.conf.unset(f"spark.sql.parquet.{name}")


def plain_rows() -> list[tuple[Any, ...]]:
    """The table's rows, in the order of the paths."""
    return sorted(zip(PATHS, *COLUMNS.values(), strict=True))


@pytest.mark.parametrize(
    ("compression", "vectorized"),
    [("zstd", "true"), ("snappy", "true"), ("zstd", "false"), ("none", "true"), ("none", "false")],
)
def test_spark_reads_an_optimized_file(
    spark: SparkSession, tmp_path: Path, compression: str, vectorized: str
) -> None:
    source, target = tmp_path / "plain.parquet", tmp_path / "optimized.parquet"
    order = list(range(ROWS))
    random.Random(5).shuffle(order)
    pq.write_table(pa.table({"path": PATHS, **COLUMNS}, schema=SCHEMA).take(order), source)
    options = ["--compression", compression, "--rows-per-page", "100"]
    result = CliRunner().invoke(app, ["optimize", str(source), str(target), *options])
    assert result.exit_code == 0, result.output
    spark.conf.set("spark.sql.parquet.enableVectorizedReader", vectorized)

    frame = spark.read.parquet(str(target))
    assert frame.columns == SCHEMA.names
    rows = [
        (*row[:9], row["part"].asDict(), *row[10:])
        for row in sorted(frame.collect(), key=lambda row: row["path"])
    ]
    assert rows == plain_rows()
    # Filters are pushed down to the page index and the statistics.
    found = frame.where("lifespan = 100 and code = 'M-7'").select("path").collect()
    assert [row["path"] for row in found] == ["/World/Zone_2/Part_800"]


@pytest.mark.parametrize("compression", ["zstd", "snappy"])
def test_a_table_of_spark_is_a_layer(spark: SparkSession, tmp_path: Path, compression: str) -> None:
    rows = list(zip(PATHS, *COLUMNS.values(), strict=True))
    frame = spark.createDataFrame(rows, SPARK_SCHEMA)
    folder = tmp_path / "written"
    frame.coalesce(1).write.parquet(str(folder), compression=compression)
    (file,) = folder.glob("part-*.parquet")
    stage = Usd.Stage.Open(str(file))
    types = {
        "cost": "double",
        "weight": "float",
        "lifespan": "int",
        "serial": "int64",
        "done": "bool",
        "code": "string",
        "note": "string",
        "series": "double[]",
    }
    for name, sdf in types.items():
        check_property(stage, PATHS, name, sdf, COLUMNS[name])
    check_property(stage, PATHS, "part:mass", "double", [part["mass"] for part in COLUMNS["part"]])
    check_property(stage, PATHS, "part:name", "string", [part["name"] for part in COLUMNS["part"]])
    amounts = [None if cell is None else float(cell) for cell in COLUMNS["amount"]]
    check_property(stage, PATHS, "amount", "double", amounts)
    days = [None if cell is None else cell.isoformat() for cell in COLUMNS["day"]]
    check_property(stage, PATHS, "day", "string", days)
    moments = [None if cell is None else cell.isoformat() for cell in COLUMNS["moment"]]
    check_property(stage, PATHS, "moment", "string", moments)


@pytest.mark.parametrize("stored", ["INT96", "TIMESTAMP_MICROS"])
def test_moments_of_spark(spark: SparkSession, tmp_path: Path, stored: str) -> None:
    # INT96 knows no time zone; the other type is in UTC.
    spark.conf.set("spark.sql.parquet.outputTimestampType", stored)
    text = "select '/A' as path, timestamp'2024-05-01 12:30:00.250' as moment"
    folder = tmp_path / "written"
    spark.sql(text).coalesce(1).write.parquet(str(folder))
    (file,) = folder.glob("part-*.parquet")
    expected = {
        "INT96": "2024-05-01T12:30:00.250000000",
        "TIMESTAMP_MICROS": "2024-05-01T12:30:00.250000Z",
    }
    stage = Usd.Stage.Open(str(file))
    check_property(stage, ["/A"], "moment", "string", [expected[stored]])
