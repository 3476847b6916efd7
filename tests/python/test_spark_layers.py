"""read_layer and convert_layers: layers as DataFrames, and many USD files as one dataset."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from document_blocks import run_python
from pxr import Gf, Sdf, Usd, UsdGeom
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import TimestampNTZType
from spark_datasets import leftovers, part_files, rows_of

import usdparquet
from usdparquet.spark import FailedFile, convert_layers, converting, read_layer, write_layer

DOUBLE, INT, HALF = Sdf.ValueTypeNames.Double, Sdf.ValueTypeNames.Int, Sdf.ValueTypeNames.Half
COLORS = Sdf.ValueTypeNames.Color3fArray


def scene(file: Path, root: str, cost: Any = DOUBLE, *, up: str = "Y") -> Path:
    """A layer with three parts below a root, of which one alone has a mass."""
    stage = Usd.Stage.CreateInMemory()
    if up != "Y":
        UsdGeom.SetStageUpAxis(stage, up)
    for number in range(3):
        prim = stage.DefinePrim(f"/{root}/p{number}", "Xform")
        prim.CreateAttribute("cost", cost).Set(number * 2)
        prim.CreateAttribute("size", HALF).Set(number / 2)
        prim.CreateAttribute("tint", COLORS).Set([Gf.Vec3f(number, 1, 0)])
    stage.GetPrimAtPath(f"/{root}/p1").CreateAttribute("mass", DOUBLE).Set(7.5)
    stage.GetRootLayer().Export(str(file))
    return file


ROWS = {
    "cost": [None, 0.0, 2.0, 4.0],
    "size": [None, 0.0, 0.5, 1.0],
    "tint": [None, *([[number, 1.0, 0.0]] for number in (0.0, 1.0, 2.0))],
    "mass": [None, None, 7.5, None],
}


def tuples(frame: DataFrame) -> list[tuple[Any, ...]]:
    """All rows of a frame, by their paths."""
    return sorted(tuple(row) for row in frame.collect())


def test_a_usd_file(spark: SparkSession, tmp_path: Path) -> None:
    frame = read_layer(spark, scene(tmp_path / "a.usda", "A"))
    assert frame.columns[0] == "path"
    rows = [row.asDict(recursive=True) for row in frame.orderBy("path").collect()]
    assert [row["path"] for row in rows] == ["/A", "/A/p0", "/A/p1", "/A/p2"]
    assert {name: [row[name] for row in rows] for name in ROWS} == ROWS
    assert {row["typeName"] for row in rows[1:]} == {"Xform"}


def test_what_is_no_table_is_told(spark: SparkSession, tmp_path: Path) -> None:
    scene(tmp_path / "a.usda", "A")
    stage = Usd.Stage.CreateNew(str(tmp_path / "b.usda"))
    stage.DefinePrim("/B").GetReferences().AddReference("./a.usda", "/A")
    stage.Save()
    with pytest.warns(UserWarning, match=r"b\.usda: the layer has more in it than a table"):
        assert read_layer(spark, tmp_path / "b.usda").count() == 1
    assert read_layer(spark, tmp_path / "b.usda", flatten=True).count() == 4


def test_a_dataset_reads_as_it_was_written(spark: SparkSession, tmp_path: Path) -> None:
    rows = [(number * 1.5, f"/W/p{number}", None if number % 3 else number) for number in range(60)]
    frame = spark.createDataFrame(rows, "x double, prim string, `a.b` int")
    write_layer(frame, tmp_path / "t.parquet", path="prim", parts=3)
    found = read_layer(spark, tmp_path / "t.parquet")
    assert found.columns == ["prim", "x", "a.b"]
    assert sorted(found.collect()) == sorted((path, x, y) for x, path, y in rows)


def test_partitions_and_missing_columns(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "t.parquet"
    for year, table in (
        (2025, {"path": ["/A"], "x": [1]}),
        (2026, {"path": ["/B"], "x": [2], "y": ["b"]}),
    ):
        (folder / f"year={year}").mkdir(parents=True)
        pq.write_table(pa.table(table), folder / f"year={year}" / "part.parquet")
    (folder / "_SUCCESS").touch()
    found = read_layer(spark, folder).orderBy("path")
    rows = [row.asDict() for row in found.collect()]
    assert rows == [
        {"path": "/A", "x": 1, "y": None, "year": 2025},
        {"path": "/B", "x": 2, "y": "b", "year": 2026},
    ]


def test_keys_have_the_types_of_the_layer(spark: SparkSession, tmp_path: Path) -> None:
    """Spark would find dates, fractions and numbers where the layer has texts."""
    folders = {
        "day=2024-05-01/size=1.5/zone=07/big=5000000000": "/A",
        "day=2024-05-02/size=2/zone=8/big=__HIVE_DEFAULT_PARTITION__": "/B",
        "day=x y/size=1e3/zone=-9/big=1": "/C",
    }
    folder = tmp_path / "t.parquet"
    for name, path in folders.items():
        (folder / name).mkdir(parents=True)
        pq.write_table(pa.table({"path": [path]}), folder / name / "part.parquet")
    setting = "spark.sql.sources.partitionColumnTypeInference.enabled"
    before = spark.conf.get(setting)
    found = read_layer(spark, folder)
    assert spark.conf.get(setting) == before
    layer = usdparquet.read_columns(folder)
    kinds = [str(kind) for kind in layer.schema.types]
    assert kinds == ["string", "string", "string", "int32", "int64"]
    assert [kind for _, kind in found.dtypes] == ["string", "string", "string", "int", "bigint"]
    rows = sorted(tuple(row.values()) for row in layer.to_pylist())
    assert tuples(found) == rows
    assert rows[1] == ("/B", "2024-05-02", "2", 8, None)


@pytest.mark.parametrize(
    ("folders", "rows"),
    [
        # Which Spark refuses, passes over, or decodes in its own way.
        (["year=2024", "."], [("/P0", 2024), ("/P1", None)]),
        (["year=2024/deep", "year=2025/deep"], [("/P0", 2024), ("/P1", 2025)]),
        (["a=1/deep/b=2", "a=3/deep/b=4"], [("/P0", 1, 2), ("/P1", 3, 4)]),
        (["a=%C3%A4", "a=b%20c"], [("/P0", "ä"), ("/P1", "b c")]),
        (["a=", "a=1"], [("/P0", ""), ("/P1", "1")]),
    ],
)
def test_folders_that_spark_takes_otherwise(
    spark: SparkSession, tmp_path: Path, folders: list[str], rows: list[tuple[Any, ...]]
) -> None:
    place = tmp_path / "t.parquet"
    for number, name in enumerate(folders):
        (place / name).mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"path": [f"/P{number}"]}), place / name / f"{number}.parquet")
    layer = usdparquet.read_columns(place).to_pylist()
    assert sorted(tuple(row.values()) for row in layer) == rows
    assert tuples(read_layer(spark, place)) == rows


def test_names_that_differ_by_case(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "t.parquet"
    folder.mkdir()
    pq.write_table(pa.table({"path": ["/A"], "Cost": [1.5]}), folder / "a.parquet")
    pq.write_table(pa.table({"path": ["/B"], "cost": [2.5]}), folder / "b.parquet")
    said = r"t\.parquet: the columns 'Cost' and 'cost' differ by case alone.*caseSensitive', 'true'"
    with pytest.raises(ValueError, match=said):
        read_layer(spark, folder)
    spark.conf.set("spark.sql.caseSensitive", "true")
    try:
        assert tuples(read_layer(spark, folder)) == [("/A", 1.5, None), ("/B", None, 2.5)]
    finally:
        spark.conf.unset("spark.sql.caseSensitive")


def test_pandas_takes_no_part(spark: SparkSession, tmp_path: Path) -> None:
    """PySpark's warnings that it does not know pandas 3 are not for who does not use it."""
    pq.write_table(
        pa.table({"path": ["/A"], "h": pa.array([1.5], pa.float16())}), tmp_path / "t.parquet"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        found = read_layer(spark, tmp_path / "t.parquet")
        write_layer(found, tmp_path / "written.parquet", parts=1)
    assert usdparquet.read_columns(tmp_path / "written.parquet")["h"].to_pylist() == [1.5]


def test_names_and_types_that_spark_takes_otherwise(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "br [1]{a}" / "t*.parquet"
    folder.mkdir(parents=True)
    pq.write_table(
        pa.table({"path": ["/A"], "x": pa.array([1], pa.int16())}), folder / "[a?].parquet"
    )
    assert tuples(read_layer(spark, folder)) == [("/A", 1)]
    assert tuples(read_layer(spark, folder / "[a?].parquet")) == [("/A", 1)]
    # A wider integer, and types that only a later file has.
    more = {"x": pa.array([70000], pa.int32()), "h": pa.array([1.5], pa.float16())}
    pq.write_table(pa.table({"path": ["/B"], **more}), folder / "b:c.parquet")
    assert tuples(read_layer(spark, folder)) == [("/A", 1, None), ("/B", 70000, 1.5)]


def test_partitions_that_lie_elsewhere(spark: SparkSession, tmp_path: Path) -> None:
    for year in (2025, 2026):
        (tmp_path / "in" / f"year={year}").mkdir(parents=True)
        file = tmp_path / "in" / f"year={year}" / "0.parquet"
        pq.write_table(pa.table({"path": [f"/P{year}"], "x": [1]}), file)
    usdparquet.dataset([tmp_path / "in"], tmp_path / "t.parquet" / "_usdparquet.json")
    found = read_layer(spark, tmp_path / "t.parquet")
    assert found.columns == ["path", "x", "year"]
    assert tuples(found) == [("/P2025", 1, 2025), ("/P2026", 1, 2026)]


def test_types_that_spark_does_not_have(spark: SparkSession, tmp_path: Path) -> None:
    moment = datetime(2026, 5, 1, 12, 30, 0, 250)
    table = pa.table(
        {
            "half": pa.array(np.array([0.5, 1.5], np.float16)),
            "path": ["/A", "/B"],
            "at": pa.array([moment, None], pa.timestamp("ns")),
            "id": pa.array([2**63, 1], pa.uint64()),
            "clock": pa.array([None, 1000], pa.time32("ms")),
            "sizes": pa.array([[0.5], None], pa.list_(pa.float16())),
            "wide": pa.array([Decimal("1.5"), None], pa.decimal256(60, 1)),
        }
    )
    file = tmp_path / "t.parquet"
    pq.write_table(table, file, row_group_size=1)
    frame = read_layer(spark, file)
    assert frame.schema["at"].dataType == TimestampNTZType()
    rows = [tuple(row) for row in frame.orderBy("path").collect()]
    assert rows == [
        ("/A", 0.5, moment, Decimal(2**63), None, [0.5], "1.5"),
        ("/B", 1.5, None, Decimal(1), "00:00:01.000", None, None),
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("t.csv", "t.csv: is no layer; spark.read reads it"),
        ("t.txt", "t.txt: is no layer: "),
        ("t.usd", "t.usd: OpenUSD does not open it as a layer"),
    ],
)
def test_what_is_no_layer(spark: SparkSession, tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / name).write_text("path,x\n/A,1\n")
    with pytest.raises(ValueError) as raised:
        read_layer(spark, tmp_path / name)
    assert told in str(raised.value)
    with pytest.raises(FileNotFoundError):
        read_layer(spark, tmp_path / f"none-{name}")


def test_files_become_parts_and_failures_are_listed(spark: SparkSession, tmp_path: Path) -> None:
    names = ["a.usda", "b.usd", "bad.usd", "none.usd", "c.usdc", "ints.usd", "z.usd", "t.csv"]
    files = [tmp_path / name for name in names]
    scene(files[0], "A")
    scene(files[1], "B")
    files[2].write_text("no layer")
    scene(files[4], "C")
    scene(files[5], "I", INT)
    scene(files[6], "Z", up="Z")
    files[7].write_text("path\n/A\n")
    target = tmp_path / "site.parquet"
    report = convert_layers(files, target, spark=spark, layer={"defaultPrim": "A"})
    assert (report.files, report.converted, report.rows, report.partial) == (8, 3, 12, [])
    assert report.failures == [
        FailedFile(str(files[2]), f"{files[2]}: OpenUSD does not open it as a layer"),
        FailedFile(str(files[3]), f"{files[3]}: No such file or directory"),
        FailedFile(
            str(files[5]),
            f"{files[5]}: 'cost' is an attribute of type int, but an attribute of type double in "
            f"{files[0]}",
        ),
        FailedFile(
            str(files[6]),
            f"{files[6]}: the layer has upAxis Z, but {files[0]} has no axis or units of its own",
        ),
        FailedFile(str(files[7]), f"{files[7]}: is no USD layer"),
    ]
    assert json.loads((target / "_conversion.json").read_text()) == asdict(report)
    rows = rows_of(target)
    assert [row["path"] for row in rows] == [
        f"/{root}{part}" for root in "ABC" for part in ("", "/p0", "/p1", "/p2")
    ]
    for name, cells in ROWS.items():
        assert [row[name] for row in rows] == cells * 3
    layer = Sdf.Layer.FindOrOpen(str(part_files(target)[1]))
    assert layer.GetAttributeAtPath("/B/p1.tint").typeName == "color3f[]"
    assert layer.GetPrimAtPath("/B/p1").typeName == "Xform"
    assert layer.defaultPrim == "A"
    assert sorted(leftovers(tmp_path)) == []


def test_time_samples(spark: SparkSession, tmp_path: Path) -> None:
    files = [scene(tmp_path / "a.usda", "A"), tmp_path / "b.usda"]
    stage = Usd.Stage.CreateNew(str(files[1]))
    attribute = stage.DefinePrim("/B", "Xform").CreateAttribute("cost", DOUBLE)
    for value, time in ((1.0, Usd.TimeCode.Default()), (2.0, 10), (3.0, 20)):
        attribute.Set(value, time)
    stage.Save()
    target = tmp_path / "site.parquet"
    report = convert_layers(files, target, spark=spark)
    assert (report.converted, report.partial) == (2, [str(files[1])])
    assert [(row["path"], row["cost"]) for row in rows_of(target)[3:]] == [
        ("/A/p2", 4.0),
        ("/B", 1.0),
    ]
    report = convert_layers(files, target, spark=spark, samples=True)
    assert (report.converted, report.partial) == (2, [])
    assert [(row["path"], row["time"], row["cost"]) for row in rows_of(target)[3:]] == [
        ("/A/p2", None, 4.0),
        ("/B", None, 1.0),
        ("/B", 10.0, 2.0),
        ("/B", 20.0, 3.0),
    ]


def test_of_two_files_with_a_path_the_later_one_counts(spark: SparkSession, tmp_path: Path) -> None:
    files = [scene(tmp_path / name, "A") for name in ("a.usda", "b.usda")]
    later = Sdf.Layer.FindOrOpen(str(files[1]))
    later.GetAttributeAtPath("/A/p1.cost").default = 99.0
    later.Save()
    target = tmp_path / "site.parquet"
    with pytest.warns(UserWarning, match=r"^/.*/site\.parquet[:/]"):
        assert convert_layers(files, target, spark=spark).rows == 8
    layer = Sdf.Layer.FindOrOpen(str(target))
    assert layer.GetAttributeAtPath("/A/p1.cost").default == 99.0
    assert layer.GetPrimAtPath("/A/p1").typeName == "Xform"


def test_nothing_to_convert(spark: SparkSession, tmp_path: Path) -> None:
    target = tmp_path / "site.parquet"
    none = tmp_path / "none.usd"
    with pytest.raises(
        ValueError, match=r"none of 1 files can be converted; the first: .*none\.usd"
    ):
        convert_layers([none], target, spark=spark)
    with pytest.raises(ValueError, match="there are no files to convert"):
        convert_layers([], target, spark=spark)
    with pytest.raises(TypeError, match="paths takes a list of files"):
        convert_layers(str(none), target, spark=spark)
    assert list(tmp_path.iterdir()) == []


CRASHING = """
import json, os, signal, sys, time
for line in sys.stdin:
    source = json.loads(line)["source"]
    if source == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if source == "hang":
        time.sleep(60)
    print(json.dumps({"rows": len(source)}), flush=True)
"""


def test_a_file_that_openusd_does_not_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converting, "_COMMAND", [sys.executable, "-c", CRASHING])
    with converting._Process(seconds=2) as process:
        answers = [process.ask({"source": name}) for name in ("a", "crash", "bb", "hang", "ccc")]
    assert answers == [
        {"rows": 1},
        {"problem": "OpenUSD crashed while it read or wrote the layer (SIGSEGV)"},
        {"rows": 2},
        {"problem": "OpenUSD did not end in 2 seconds"},
        {"rows": 3},
    ]


def test_what_few_prims_have_can_be_columns(tmp_path: Path) -> None:
    layer = Sdf.Layer.FindOrOpen(str(scene(tmp_path / "a.usda", "A")))
    layer.Export(str(tmp_path / "plain.parquet"))
    layer.Export(str(tmp_path / "rare.parquet"), args={"rare": "columns"})
    names = [set(pq.read_schema(tmp_path / f"{name}.parquet").names) for name in ("plain", "rare")]
    assert names[1] - names[0] == {"mass"}
    for name in ("plain", "rare"):
        again = Sdf.Layer.FindOrOpen(str(tmp_path / f"{name}.parquet"))
        assert again.ExportToString() == layer.ExportToString()
    assert (
        usdparquet.read_columns(tmp_path / "rare.parquet", ["mass"], ["/A/p1"])["mass"][0].as_py()
        == 7.5
    )
    with pytest.raises(Exception, match="format argument rare='all' is none of columns, residual"):
        layer.Export(str(tmp_path / "bad.parquet"), args={"rare": "all"})


def test_the_examples_of_the_document(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_python("spark.md") == 5
