"""`usdparquet convert`: between USD layers and tables, whole or in part, safely."""

from __future__ import annotations

import csv
import errno
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from pxr import Sdf
from typer.testing import CliRunner, Result

import usdparquet
from usdparquet.cli import app

LAYER = """#usda 1.0
(
    defaultPrim = "World"
    metersPerUnit = 0.01
)

def Xform "World" (
    variants = {
        string look = "a"
    }
    prepend variantSets = "look"
)
{
    def Mesh "A"
    {
        string b:code = "x"
        string b:name = "n"
        double cost = 1
        rel other = </World/B>
    }

    def Mesh "B"
    {
        double cost = 2

        def Mesh "C" (
            kind = "component"
        )
        {
            double cost = 3
            float weight = 7
        }
    }
    variantSet "look" = {
        "a" {
            over "B"
            {
                double cost = 9
                double gloss = 0.5
            }

        }
    }
}

"""


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    file = tmp_path / "in.usda"
    file.write_text(LAYER)
    return file


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A plain table, with ancestors that have no row."""
    file = tmp_path / "in.parquet"
    columns = {
        "path": [f"/World/Zone_{i % 3}/P{i}" for i in range(60)],
        "cost": [None if i % 7 == 0 else i / 4 for i in range(60)],
        "Unit cost ($)": [i * 2 for i in range(60)],
        "name": ["" if i % 5 == 0 else f"größe {i}" for i in range(60)],
        "part": [{"width": i + 0.5, "note": None if i % 2 else f"n{i}"} for i in range(60)],
    }
    pq.write_table(pa.table(columns), file)
    return file


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["convert", *(str(argument) for argument in arguments)])


def convert(*arguments: object) -> str:
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def failure(*arguments: object, code: int = 1) -> str:
    result = invoke(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    return result.stderr.strip()


def text_of(file: Path) -> str:
    layer = Sdf.Layer.OpenAsAnonymous(str(file))
    return layer.ExportToString()


def left_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.mark.parametrize("suffix", ["usda", "usdc", "usd", "parquet"])
def test_a_layer_stays_the_same(suffix: str, layer: Path, tmp_path: Path) -> None:
    between, back = tmp_path / f"between.{suffix}", tmp_path / "back.usda"
    said = convert(layer, between)
    assert said.startswith(f"{between}: 5 prims, 9 properties, {between.stat().st_size:,} bytes")
    convert(between, back)
    assert text_of(back) == text_of(layer)
    assert left_in(tmp_path) == {"in.usda", between.name, "back.usda"}


def test_what_became_columns_and_what_not(layer: Path, tmp_path: Path) -> None:
    said = convert(layer, tmp_path / "out.parquet").splitlines()
    assert said[1] == "3 columns with 3 properties: specifier, typeName, cost"
    assert said[2].endswith("with 6 properties and all else that is no table")
    said = convert(tmp_path / "out.parquet", tmp_path / "snappy.parquet", "--compression", "snappy")
    assert "3 columns with 3 properties" in said
    chunk = pq.read_metadata(tmp_path / "snappy.parquet").row_group(0).column(0)
    assert chunk.compression == "SNAPPY"
    assert text_of(tmp_path / "snappy.parquet") == text_of(layer)


@pytest.mark.parametrize("suffix", ["usda", "parquet"])
def test_filters_of_a_layer(suffix: str, layer: Path, tmp_path: Path) -> None:
    source, out = tmp_path / f"source.{suffix}", tmp_path / "out.usda"
    convert(layer, source)
    convert(source, out, "--prims", "/World/A,/World/B/**", "--properties", "cost,b:*")
    kept = Sdf.Layer.FindOrOpen(str(out))
    assert [str(p) for p in paths_of(kept)] == [
        "/World",
        "/World/A",
        "/World/A.b:code",
        "/World/A.b:name",
        "/World/A.cost",
        "/World/B",
        "/World/B.cost",
        "/World/B/C",
        "/World/B/C.cost",
        "/World{look=a}B",
        "/World{look=a}B.cost",
    ]
    assert kept.defaultPrim == "World"
    assert kept.GetPrimAtPath("/World/B/C").kind == "component"
    convert(source, out, "--prims", "/World/*/C")
    kept = Sdf.Layer.OpenAsAnonymous(str(out))
    assert [str(p) for p in paths_of(kept)] == [
        "/World",
        "/World/B",
        "/World/B/C",
        "/World/B/C.cost",
        "/World/B/C.weight",
    ]
    assert kept.GetPrimAtPath("/World/B").typeName == "Mesh"


def paths_of(layer: Sdf.Layer) -> list[Sdf.Path]:
    found: list[Sdf.Path] = []

    def note(path: Sdf.Path) -> None:
        if path.IsPrimPath() or path.IsPropertyPath():
            found.append(path)

    layer.Traverse("/", note)
    return sorted(found)


def test_filters_that_choose_nothing(layer: Path, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.usda"
    assert failure(layer, out, "--prims", "/World/X") == f"{layer} has no prim '/World/X'"
    assert failure(layer, out, "--properties", "price") == f"{layer} has no property 'price'"
    assert failure(table, out, "--prims", "/World/Zone_0") == (
        f"{table} has no prim '/World/Zone_0'"
    )
    assert failure(table, out, "--properties", "price") == (
        f"{table} has no property 'price' (there are 'path', 'cost', 'Unit_cost____', 'name', "
        "'part:width', 'part:note')"
    )
    assert "'World' is no absolute prim path" in failure(table, out, "--prims", "World", code=2)
    assert "',' names nothing" in failure(table, out, "--prims", ",", code=2)
    assert not out.exists()


def test_flatten_composes_the_stage(layer: Path, tmp_path: Path) -> None:
    scene, out = tmp_path / "scene.usda", tmp_path / "out.usda"
    scene.write_text("#usda 1.0\n(\n    subLayers = [@./in.usda@]\n)\n")
    convert(scene, out, "--flatten")
    flat = Sdf.Layer.FindOrOpen(str(out))
    assert not flat.subLayerPaths
    assert flat.GetAttributeAtPath("/World/B.cost").default == 2
    assert flat.GetAttributeAtPath("/World/B.gloss").default == 0.5
    assert not list(flat.GetPrimAtPath("/World").variantSets)
    convert(scene, tmp_path / "out.parquet", "--flatten")
    assert text_of(tmp_path / "out.parquet") == text_of(out)


def test_flatten_tells_what_openusd_warned_of(tmp_path: Path) -> None:
    scene = tmp_path / "scene.usda"
    scene.write_text('#usda 1.0\n(\n    subLayers = [@./gone.usda@]\n)\n\ndef "A"\n{\n}\n')
    result = invoke(scene, tmp_path / "out.usda", "--flatten")
    assert result.exit_code == 0
    assert "gone.usda" in result.stderr


def test_a_layer_as_a_table(layer: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = invoke(layer, out)
    assert result.exit_code == 0
    assert result.stderr.strip() == (
        f"{out}: a table has no place for 6 of 9 properties, and for what else in.usda holds"
    )
    with out.open(newline="") as text:
        assert list(csv.DictReader(text)) == [
            {"path": "/World", "specifier": "def", "typeName": "Xform", "cost": ""},
            {"path": "/World/A", "specifier": "def", "typeName": "Mesh", "cost": "1"},
            {"path": "/World/B", "specifier": "def", "typeName": "Mesh", "cost": "2"},
            {"path": "/World/B/C", "specifier": "def", "typeName": "Mesh", "cost": "3"},
        ]


@pytest.mark.parametrize("suffix", ["arrow", "feather", "parquet"])
def test_a_table_keeps_every_cell(suffix: str, table: Path, tmp_path: Path) -> None:
    out, back = tmp_path / f"out.{suffix}", tmp_path / "back.parquet"
    size = len(pq.read_table(table))
    assert convert(table, out).startswith(f"{out}: {size} rows, 5 columns, ")
    convert(out, back)
    expected = pq.read_table(table).sort_by("path")
    assert pq.read_table(back).sort_by("path").to_pydict() == expected.to_pydict()
    if suffix != "parquet":
        assert pyarrow.feather.read_table(out).to_pydict() == pq.read_table(table).to_pydict()


def test_csv_and_back(table: Path, tmp_path: Path) -> None:
    text, back = tmp_path / "out.csv", tmp_path / "back.parquet"
    convert(table, text)
    convert(text, back)
    first, second = (Sdf.Layer.FindOrOpen(str(file)) for file in (table, back))
    for path in pq.read_table(table)["path"].to_pylist():
        for name in ("cost", "Unit_cost____", "name", "part:width", "part:note"):
            want = first.GetAttributeAtPath(f"{path}.{name}")
            got = second.GetAttributeAtPath(f"{path}.{name}")
            assert (got is None) == (want is None)
            if want:
                assert (got.typeName, got.default) == (want.typeName, want.default)


def test_csv_types(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_text(
        "prim,count,cost,code,active,day,empty\n"
        '/A,1,1.5,NA,true,2024-05-01,\n/B,NA,,"",false,,\n/C,3,nan,x,true,2024-05-03,\n'
    )
    convert(source, out, "--path", "prim")
    read = pq.read_table(out)
    assert [str(field.type) for field in read.schema] == [
        "string", "int64", "double", "string", "bool", "date32[day]", "string",
    ]  # fmt: skip
    assert read["count"].to_pylist() == [1, None, 3]
    assert read["cost"].to_pylist()[:2] == [1.5, None]
    assert read["code"].to_pylist() == ["NA", "", "x"]
    assert read["active"].to_pylist() == [True, False, True]
    assert read["empty"].to_pylist() == [None, None, None]
    layer = Sdf.Layer.FindOrOpen(str(out))  # the file names its path column
    assert layer.GetAttributeAtPath("/C.day").default == "2024-05-03"


def test_a_table_as_a_layer_with_filters(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.usda"
    convert(table, out, "--prims", "/World/Zone_1/**", "--properties", "Unit*,part:note")
    layer = Sdf.Layer.FindOrOpen(str(out))
    zone = layer.GetPrimAtPath("/World/Zone_1")
    assert [child.name for child in zone.nameChildren] == [f"P{i}" for i in range(1, 60, 3)]
    assert [child.name for child in layer.GetPrimAtPath("/World").nameChildren] == ["Zone_1"]
    last = layer.GetPrimAtPath("/World/Zone_1/P58")
    assert {p.name: p.default for p in last.properties} == {
        "Unit_cost____": 116,
        "part:note": "n58",
    }
    only = tmp_path / "only.parquet"
    convert(table, only, "--properties", "part", "--prims", "/World/Zone_1/P4")
    assert pq.read_table(only).to_pylist() == [
        {"path": "/World/Zone_1/P4", "part": {"width": 4.5, "note": "n4"}}
    ]


def test_packages(layer: Path, table: Path, tmp_path: Path) -> None:
    (tmp_path / "colour.txt").write_text("red")
    scene, out = tmp_path / "scene.usda", tmp_path / "out.usdz"
    scene.write_text(
        "#usda 1.0\n(\n    subLayers = [@./in.usda@]\n)\n\n"
        'over "World"\n{\n    asset file = @./colour.txt@\n}\n'
    )
    convert(scene, out)
    with zipfile.ZipFile(out) as package:
        assert package.namelist()[0] == "out.usdc"
        assert {Path(name).name for name in package.namelist()} == {
            "out.usdc",
            "in.usda",
            "colour.txt",
        }
    result = invoke(out, tmp_path / "un.usda")
    assert result.exit_code == 0
    assert "asset paths are kept as they are" in result.stderr
    convert(table, tmp_path / "table.usdz")
    convert(tmp_path / "table.usdz", tmp_path / "table.usda")
    assert text_of(tmp_path / "table.usda") == text_of(table)
    scene.write_text('#usda 1.0\ndef "A"\n{\n    asset file = @./gone.txt@\n}\n')
    message = failure(scene, tmp_path / "bad.usdz")
    assert message.startswith(f"{tmp_path / 'bad.usdz'}: OpenUSD could not write the package: ")
    assert "gone.txt" in message
    assert not (tmp_path / "bad.usdz").exists()


def test_asset_paths_that_start_elsewhere_are_told(layer: Path, tmp_path: Path) -> None:
    scene = tmp_path / "scene.usda"
    scene.write_text("#usda 1.0\n(\n    subLayers = [@./in.usda@, @/abs.usda@]\n)\n")
    (tmp_path / "sub").mkdir()
    result = invoke(scene, tmp_path / "sub" / "out.usda")
    assert result.stderr.strip() == (
        f"{tmp_path / 'sub' / 'out.usda'}: asset paths are kept as they are, and now start from "
        "another folder: 1 relative asset path, @./in.usda@"
    )
    assert invoke(scene, tmp_path / "out.usda").stderr == ""


def test_bad_requests(layer: Path, table: Path, tmp_path: Path) -> None:
    gone, out = tmp_path / "gone.usda", tmp_path / "out.usda"
    assert failure(gone, out) == f"{gone}: No such file or directory"
    assert "the suffix is none of .parquet" in failure(layer, tmp_path / "out.obj", code=2)
    assert failure(layer, tmp_path / "out.json", code=2) == (
        f"{tmp_path / 'out.json'}: usdparquet query -o writes the rows of a table as .json, "
        "usdparquet table -o those of a scene"
    )
    assert failure("", out) == ("the name of a file to read is empty, or '.', which is this folder")
    assert failure(layer, "", code=2) == (
        "the name of a file is empty, or '.', which is this folder"
    )
    link = tmp_path / "link.usda"
    link.symlink_to(layer)
    assert "is the input too" in failure(layer, layer)
    assert "is the input too" in failure(layer, link)
    text = tmp_path / "t.csv"
    text.write_text("prim,x\n/A,1\n")
    assert failure(text, tmp_path / "o.parquet") == (
        f"{text}: there is no column 'path' with the prim paths; --path names another one, and "
        "--key the ids of a table without paths (there are 'prim', 'x')"
    )
    assert "has no stage to flatten" in failure(text, out, "--flatten", code=2)
    text.write_text("path,x\n/A,1\n/B\n")
    assert failure(text, tmp_path / "o.parquet").startswith(f"{text}: cannot be read as csv: ")
    text.write_text("path,x\n/A,1\nB,2\n")
    assert failure(text, tmp_path / "o.parquet") == (
        f"{tmp_path / 'o.parquet'}: column 'path', row 1: 'B' is no absolute prim path: it does "
        "not start with '/'"
    )
    layer.write_text("#usda 1.0\ndef oops\n")
    assert str(layer) in failure(layer, out)
    folder = tmp_path / "folder.usda"
    folder.mkdir()
    assert failure(table, folder) == f"{folder}: this is a folder, not a file"
    assert not out.exists()
    assert not (tmp_path / "o.parquet").exists()


@pytest.mark.parametrize("suffix", ["usda", "usdc", "usdz", "csv", "arrow", "parquet"])
def test_an_output_that_cannot_be_written_stays_as_it_was(suffix: str, tmp_path: Path) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / f"out.{suffix}"
    rows = 3000
    table = pa.table(
        {"path": [f"/A/P{i}" for i in range(rows)], "x": [f"{i**5}" for i in range(rows)]}
    )
    pq.write_table(table, source)
    out.write_text("old")
    program = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
import usdparquet
from usdparquet.cli import app
app(["convert", *sys.argv[1:]])
"""
    command = [sys.executable, "-c", program, str(source), str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert os.strerror(errno.EFBIG) in done.stderr
    assert str(out) in done.stderr
    assert len(done.stderr) < 1000
    assert out.read_text() == "old"
    assert left_in(tmp_path) == {"in.parquet", out.name}


def test_an_output_is_replaced_and_keeps_its_mode(layer: Path, tmp_path: Path) -> None:
    out, real = tmp_path / "out.usda", tmp_path / "real.usda"
    real.write_text("old")
    real.chmod(0o640)
    out.symlink_to(real)
    convert(layer, out)
    assert out.is_symlink()
    assert text_of(real) == text_of(layer)
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_table_with_times(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("path,frame,x,y\n/A,1,5.5,1\n/A,2,6.5,2\n/B,1,7.5,3\n")
    direct, between, out = (tmp_path / name for name in ("d.usda", "b.parquet", "o.usda"))
    convert(source, direct, "--time", "frame")
    convert(source, between, "--time", "frame")
    convert(between, out, "--properties", "x")
    for file in (direct, out):
        layer = Sdf.Layer.FindOrOpen(str(file))
        samples = layer.GetAttributeAtPath("/A.x").GetInfo("timeSamples")
        assert samples == {1.0: 5.5, 2.0: 6.5}
        assert layer.GetAttributeAtPath("/A.frame") is None
    assert layer.GetAttributeAtPath("/A.y") is None
    plain = tmp_path / "plain.parquet"
    pq.write_table(pa.csv.read_csv(source), plain)
    convert(plain, out, "--time", "frame")
    assert text_of(out) == text_of(direct)
    message = failure(source, between, "--time", "second")
    assert message == (
        f"{source}: there is no column 'second' with the times; --time names another one (there "
        "are 'path', 'frame', 'x', 'y')"
    )
    message = failure(source, tmp_path / "no.parquet")
    assert message.endswith("'/A' is the path of row 0 already; a prim has one row")


def test_samples_of_a_layer(tmp_path: Path) -> None:
    source, out, back = (tmp_path / name for name in ("in.usda", "out.parquet", "back.usda"))
    prims = "".join(
        f'\ndef "P{i}"\n{{\n    double x.timeSamples = {{\n        1: {i},\n        2: {i + 1},'
        f"\n    }}\n    double y = {i}\n}}\n"
        for i in range(3)
    )
    source.write_text(f"#usda 1.0\n{prims}")
    said = convert(source, out).splitlines()
    assert said[0].startswith(f"{out}: 3 prims, 6 properties, ")
    held = sum(int(line.split(" with ")[1].split()[0]) for line in said[1:])
    assert held == 6
    convert(out, back)
    assert text_of(back) == text_of(source)


def test_a_condition_and_other_names(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    told = convert(
        table, out, "--where", "cost > 10 AND part.width < 55",
        "--columns", "cost=price,part:width=w,Unit_cost____",
    )  # fmt: skip
    expected = [
        {
            "path": row["path"],
            "price": row["cost"],
            "w": row["part"]["width"],
            "Unit_cost____": row["Unit cost ($)"],
        }
        for row in pq.read_table(table).to_pylist()
        if (row["cost"] or 0) > 10 and row["part"]["width"] < 55
    ]
    assert told.startswith(f"{out}: {len(expected)} rows, 4 columns, ")
    assert sorted(pq.read_table(out).to_pylist(), key=lambda row: row["price"]) == expected
    convert(table, tmp_path / "all.arrow", "--columns", "path=prim,*", "--where", "cost IS NULL")
    read = pyarrow.feather.read_table(tmp_path / "all.arrow")
    assert sorted(read.column_names) == ["Unit cost ($)", "cost", "name", "part", "prim"]
    assert read["cost"].to_pylist() == [None] * 9
    convert(table, tmp_path / "some.usda", "--where", "name = 'größe 4'", "--columns", "cost=price")
    layer = Sdf.Layer.FindOrOpen(str(tmp_path / "some.usda"))
    assert [str(p) for p in paths_of(layer)][-1] == "/World/Zone_1/P4.price"
    # Conditions are those of query.
    assert "there is no column 'coost'; the nearest is 'cost'" in failure(
        table, out, "--where", "coost > 1"
    )
    assert "two columns would be called 'cost'" in failure(
        table, out, "--columns", "cost,name=cost"
    )
    assert "give one of them" in failure(
        table, out, "--columns", "cost", "--properties", "cost", code=2
    )


def test_a_layer_has_no_columns(layer: Path, tmp_path: Path) -> None:
    for option, value in (("--melt", "time"), ("--columns", "cost")):
        assert failure(layer, tmp_path / "out.usda", option, value, code=2) == (
            f"{layer}: is a layer; --columns, --melt, --key and --time-codes-per-second are for "
            "tables (--where, --prims and --properties choose of a layer)"
        )


def test_renamed_columns_keep_their_types(tmp_path: Path) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    columns = {"prim": ["/A", "/A"], "frame": [1, 2], "tint": [[0.5, 0.25, 0], [1, 1, 1]]}
    usdparquet.write_table(
        pa.table(columns), source, path="prim", time="frame", types={"tint": "color3f"}
    )
    convert(source, out, "--columns", "prim=path,frame=t,tint=hue", "--where", "frame > 1")
    layer = Sdf.Layer.FindOrOpen(str(out))
    attribute = layer.GetAttributeAtPath("/A.hue")
    assert str(attribute.typeName) == "color3f"
    assert layer.ListTimeSamplesForPath("/A.hue") == [2.0]
    assert layer.QueryTimeSample("/A.hue", 2) == (1, 1, 1)


def test_names_with_commas_stand_in_quotes(tmp_path: Path) -> None:
    source, out = tmp_path / "in.arrow", tmp_path / "out.arrow"
    columns = {"path": ["/A"], "a,b": [1], "c=d": [2], "e": [3]}
    pyarrow.feather.write_feather(pa.table(columns), source, compression="uncompressed")
    convert(source, out, "--columns", '"a,b"=n, "c=d"')
    assert pyarrow.feather.read_table(out).to_pydict() == {"path": ["/A"], "n": [1], "c=d": [2]}
    convert(source, out, "--columns", 'e="x,y"')
    assert pyarrow.feather.read_table(out).to_pydict() == {"path": ["/A"], "x,y": [3]}


def test_required_columns(tmp_path: Path) -> None:
    """As Spark, Impala and DuckDB write them."""
    schema = pa.schema(
        [
            pa.field("path", pa.string(), nullable=False),
            pa.field("cost", pa.float64(), nullable=False),
            pa.field("sizes", pa.list_(pa.field("element", pa.int32(), nullable=False))),
        ]
    )
    rows = {"path": ["/A", "/B"], "cost": [1.0, 2.0], "sizes": [[1], [2, 3]]}
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table(rows, schema=schema), source)
    for suffix in ("arrow", "csv", "parquet", "usda"):
        convert(source, tmp_path / f"out.{suffix}")
    assert pyarrow.feather.read_table(tmp_path / "out.arrow").to_pydict() == rows


def test_wide_tables_of_times(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_text("path,name,0,1,2.5\n/A,x,1,2,\n/B,,4,5.5,6\n")
    result = invoke(source, out)
    assert result.exit_code == 0
    assert result.stderr.strip() == (
        f"{source}: 3 columns are named by times ('0', '1', …): --melt time makes a row of each, "
        "with a column 'time' and one of values, so that they become time samples"
    )
    assert convert(source, out, "--melt", "time").startswith(f"{out}: 8 rows, 4 columns, ")
    layer = Sdf.Layer.FindOrOpen(str(out))
    samples = {time: layer.QueryTimeSample("/A.value", time) for time in (0, 1)}
    assert layer.ListTimeSamplesForPath("/A.value") == [0, 1]
    assert samples == {0: 1.0, 1: 2.0}
    assert layer.ListTimeSamplesForPath("/B.value") == [0, 1, 2.5]
    assert layer.GetAttributeAtPath("/A.name").default == "x"
    convert(source, tmp_path / "out.usda", "--melt", "t,height", "--where", "name = 'x'")
    text = (tmp_path / "out.usda").read_text()
    assert "double height.timeSamples = {\n        0: 1,\n        1: 2,\n    }" in text
    assert '"B"' not in text
    convert(source, tmp_path / "out.csv", "--melt", "time", "--properties", "0,1")
    with (tmp_path / "out.csv").open(newline="") as rows:
        assert list(csv.DictReader(rows)) == [
            {"path": "/A", "time": "0", "value": "1"},
            {"path": "/B", "time": "0", "value": "4"},
            {"path": "/A", "time": "1", "value": "2"},
            {"path": "/B", "time": "1", "value": "5.5"},
        ]
    assert "there is a column 'name' already" in failure(source, out, "--melt", "name")
    source.write_text("path,a,b,c\n/A,1,2,3\n")
    assert "no column is named by a time" in failure(source, out, "--melt", "time")
    assert invoke(source, out).stderr == ""
    source.write_text("path,1,2,3\n/A,1,x,3\n")
    assert failure(source, out, "--melt", "time").endswith(
        "the columns that are named by times hold int64 and string, which are not one column of "
        "values"
    )


@pytest.mark.parametrize("suffix", ["usda", "parquet"])
def test_samples_at_one_minute(suffix: str, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / f"out.{suffix}"
    times = ["2024-05-01 12:00", "2024-05-01 12:01", "2024-05-01 12:02"]
    source.write_text(f"path,{','.join(times)}\n/A,1,2,4\n")
    convert(source, out, "--melt", "time", "--time-codes-per-second", "1/60")
    layer = Sdf.Layer.FindOrOpen(str(out))
    assert layer.ListTimeSamplesForPath("/A.value") == [0, 1, 2]
    assert layer.timeCodesPerSecond == pytest.approx(1 / 60)
    assert layer.QueryTimeSample("/A.value", 2) == 4
    convert(source, out, "--melt", "time")
    layer = Sdf.Layer.OpenAsAnonymous(str(out))
    assert layer.ListTimeSamplesForPath("/A.value") == [0, 24 * 60, 24 * 120]
    if suffix == "parquet":
        layer = Sdf.Layer.FindOrOpen(str(out), {"timeCodesPerSecond": "1/60"})
        assert layer.ListTimeSamplesForPath("/A.value") == [0, 1, 2]
    for text in ("0", "1/0", "x", "1/y", "-1"):
        refused = invoke(source, out, "--time-codes-per-second", text)
        assert refused.exit_code == 2
        assert "is no number above 0" in refused.stderr


def test_what_a_package_holds(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    scene = folder / "scene.usda"
    scene.write_text('#usda 1.0\ndef "A"\n{\n    asset file = @./a.txt@\n}\n')
    first, second = tmp_path / "first.usdz", tmp_path / "second.usdz"
    result = invoke(scene, first)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1] == "2 files: first.usdc, 0/a.txt"
    # A package out of a package has its files, and not the package.
    result = invoke(first, second)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"{second}: 1 prim, 1 property, {second.stat().st_size:,} bytes",
        "2 files: second.usdc, 0/a.txt",
    ]
    layer = Sdf.Layer.FindOrOpen(str(second))
    resolved = layer.ComputeAbsolutePath(layer.GetAttributeAtPath("/A.file").default.path)
    assert resolved == f"{second}[0/a.txt]"
    scene.write_text(
        '#usda 1.0\ndef "A"\n{\n    asset[] files = [@./gone.txt@, @./b.txt@, @./gone.txt@]\n}\n'
    )
    assert failure(scene, tmp_path / "bad.usdz") == (
        f"{tmp_path / 'bad.usdz'}: OpenUSD could not write the package: there is no "
        f"'{folder / 'gone.txt'}', '{folder / 'b.txt'}'"
    )
    bad = tmp_path / "slip.usdz"
    with zipfile.ZipFile(bad, "w") as package:
        package.write(scene, "scene.usda")
        package.writestr("../slipped.txt", "x")
    assert "outside of it" in failure(bad, tmp_path / "out.usdz")
    assert not (tmp_path / "slipped.txt").exists()
