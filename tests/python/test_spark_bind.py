"""bind of usdparquet.spark: the same rows at the same prims as usdparquet.bind on one machine."""

from __future__ import annotations

import math
import random
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pxr import Usd
from pyspark.sql import SparkSession

import usdparquet
from usdparquet._bind import bound_table
from usdparquet.spark import bind
from usdparquet.spark.binding import bound_frame

TYPES: dict[str, tuple[pa.DataType, list[Any]]] = {
    "string": (pa.string(), ["1", "2", "03", "", None, "w1", "12.5", "true", "0.1", "7"]),
    "bigint": (pa.int64(), [1, 2, 3, None, 7, -5, 2**60]),
    "tinyint": (pa.int8(), [1, 2, None, 7]),
    "boolean": (pa.bool_(), [True, False, None]),
    "double": (pa.float64(), [1.0, 2.0, 12.5, None, math.nan, math.inf, 0.1, -0.0, 1e300, 1e-7]),
    "float": (pa.float32(), [1.0, 12.5, None, math.nan, 0.1, 16777216.0, 1e30]),
    "decimal(20,3)": (pa.decimal128(20, 3), [Decimal(text) for text in ("1", "12.5", "0", "7.25")]),
}


def cells(kind: str, count: int, chance: random.Random) -> pa.Array:
    arrow, values = TYPES[kind]
    return pa.array(chance.choices(values, k=count), arrow)


def sorted_rows(table: pa.Table) -> list[str]:
    return sorted(repr(row) for row in table.to_pylist())


def counts_of(report: Any) -> dict[str, int]:
    return {name: value for name, value in asdict(report).items() if isinstance(value, int)}


@pytest.mark.parametrize(
    ("kind", "other", "keep", "time"),
    [
        ("string", "double", "first", None),
        ("bigint", "string", "last", None),
        ("double", "decimal(20,3)", "last", "at"),
        ("float", "string", None, "at"),
        ("decimal(20,3)", "tinyint", "first", "at"),
        ("boolean", "string", "last", None),
    ],
)
def test_as_on_one_machine(
    spark: SparkSession,
    tmp_path: Path,
    kind: str,
    other: str,
    keep: str | None,
    time: str | None,
) -> None:
    chance = random.Random(kind)
    rows = pa.table(
        {
            "key": cells(kind, 40, chance),
            "at": pa.array([chance.choice([None, 1.0, 2.0]) for _ in range(40)]),
            "x": range(40),
        }
    )
    ids = pa.table(
        {
            "path": [f"/W/p{number}" for number in range(30)],
            "id": cells(other, 30, chance),
            "instance": [chance.random() < 0.2 for _ in range(30)],
        }
    )
    file = tmp_path / "beside"
    wanted = bound_table(rows, ids, key="key", keep=keep, time=time, file=file)
    # One partition has its rows in their order, which `keep` goes by.
    frame = spark.createDataFrame(rows).coalesce(1)
    found, report = bound_frame(frame, spark.createDataFrame(ids), key="key", keep=keep, time=time)
    assert found.columns == wanted.schema.names
    assert sorted_rows(found.toArrow()) == sorted_rows(wanted.table().read_all())
    assert counts_of(report) == counts_of(wanted.report)
    unmatched = set(wanted.unmatched().read_all()["key"].cast(pa.string()).to_pylist())
    assert len(report.unknown_ids) <= len(unmatched)
    is_short = len(wanted.report.unknown_ids) < 5
    if is_short:
        assert sorted(report.unknown_ids) == sorted(wanted.report.unknown_ids)
    assert set(report.instance_prims) <= {
        path
        for path, inside in zip(
            *(ids[name].to_pylist() for name in ("path", "instance")), strict=True
        )
        if inside
    }


def test_ids_of_any_kind(spark: SparkSession, tmp_path: Path) -> None:
    stage = Usd.Stage.CreateInMemory()
    for number in range(3):
        stage.DefinePrim(f"/House/Wall_{number}").SetCustomDataByKey("tag", f"W{number}")
    frame = spark.createDataFrame(
        [(("W1",), 1.5), (("W9",), 2.5)], "part struct<`a.b`: string>, x double"
    )
    ids = usdparquet.ids(stage, "customData:tag")
    usdparquet.write_table(ids, tmp_path / "ids.parquet")
    for source, id in (
        (stage, "customData:tag"),
        (ids, None),
        (tmp_path / "ids.parquet", None),
        (spark.createDataFrame(ids), None),
    ):
        found = bind(frame, source, "part:a.b", id=id, path="prim").collect()
        assert [(row["prim"], row["x"]) for row in found] == [("/House/Wall_1", 1.5)]


IDS = {"path": ["/A", "/B", "/C"], "id": ["1", "2", "2"]}


@pytest.mark.parametrize(
    ("keys", "ids", "options", "told"),
    [
        (
            ["1", "1", "2", "2", "2"],
            IDS,
            {},
            "2 ids are in several rows: '1' in 2 rows; '2' in 3 rows; the argument 'keep' takes",
        ),
        (
            ["7"],
            IDS,
            {},
            "column 'key': no row has the id of a prim; the table has '7', the prims have '1', '2'",
        ),
        (
            ["1"],
            {**IDS, "instance": [True] * 3},
            {},
            "column 'key': all prims with these ids are inside of instances",
        ),
        (
            ["1"],
            {"path": ["/A", "/A"], "id": ["1", None]},
            {},
            "the ids: '/A' is there twice; a prim has one id",
        ),
        (
            ["1"],
            {"path": [None, "/A"], "id": ["1", "2"]},
            {},
            "the ids: a path is null; leave the row out",
        ),
        (["1"], {"path": ["/A"]}, {}, "the ids need one column 'id' (there are 'path')"),
        ([[1]], IDS, {}, "column 'key' has type list<element: int64>; ids are texts or numbers"),
        (["1"], IDS, {"keep": "any"}, "keep is 'any'; it can be 'first' or 'last'"),
        (["1"], IDS, {"time": "at"}, "there is no column 'at' with the times (there are 'key')"),
        (
            ["1"],
            IDS,
            {"path": "key"},
            "the table has a column 'key' already, where the prims' paths",
        ),
    ],
)
def test_what_is_refused(
    spark: SparkSession, keys: list[Any], ids: dict[str, Any], options: dict[str, Any], told: str
) -> None:
    frame = spark.createDataFrame(pa.table({"key": keys}))
    with pytest.raises(ValueError) as raised:
        bind(frame, pa.table(ids), "key", **options)
    assert told in str(raised.value)


def test_what_is_not_there(spark: SparkSession, tmp_path: Path) -> None:
    frame = spark.createDataFrame([("1",)], "key string")
    with pytest.raises(
        ValueError, match=r"there is no column 'id' with the ids \(there are 'key'\)"
    ):
        bind(frame, pa.table(IDS))
    with pytest.raises(FileNotFoundError):
        bind(frame, tmp_path / "none.parquet", "key")
