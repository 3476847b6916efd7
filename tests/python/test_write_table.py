"""`write_table`: what it takes, what it refuses, and what OpenUSD sees of the file."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_surgery import Surgery
from pxr import Gf, Sdf
from usd_values import canonical

import usdparquet
from usdparquet._plugin import load_core

COLUMNS: dict[str, list[Any]] = {
    "path": ["/World/B", "/World/A", "/World"],
    "cost": [1.5, None, 3.0],
    "count": [1, 2, 3],
    "name": ["größe", "", None],
}


def table_of(kind: str) -> object:
    """COLUMNS as a table of another library."""
    if kind == "pandas":
        return pandas.DataFrame(COLUMNS)
    if kind == "pandas with an index":
        return pandas.DataFrame(COLUMNS).set_index("path")
    if kind == "pandas with a part of its rows":
        frame = pandas.DataFrame(
            {key: [values[0], *values] for key, values in COLUMNS.items()}, index=[7, 3, 5, 9]
        )
        return frame.iloc[1:]
    if kind == "polars":
        return polars.DataFrame(COLUMNS)
    if kind == "duckdb":
        arrow = pa.table(COLUMNS)  # noqa: F841 (DuckDB finds it by its name)
        return duckdb.sql("select * from arrow")
    table = pa.table(COLUMNS)
    if kind == "batch":
        return table.to_batches()[0]
    return table.to_reader(max_chunksize=2) if kind == "reader" else table


@pytest.mark.parametrize(
    "kind",
    [
        "table",
        "batch",
        "reader",
        "pandas",
        "pandas with an index",
        "pandas with a part of its rows",
        "polars",
        "duckdb",
    ],
)
def test_tables_of_every_library(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    done = usdparquet.write_table(table_of(kind), file)
    assert (done.rows, done.was_reordered) == (3, True)
    assert done.bytes == file.stat().st_size
    assert pq.read_table(file).select(list(COLUMNS)).to_pydict() == {
        "path": ["/World", "/World/B", "/World/A"],
        "cost": [3.0, 1.5, None],
        "count": [3, 1, 2],
        "name": [None, "größe", ""],
    }
    layer = Sdf.Layer.FindOrOpen(str(file))
    assert layer.GetAttributeAtPath("/World/B.cost").default == 1.5
    assert layer.GetAttributeAtPath("/World/A.cost") is None  # a null says nothing
    assert layer.GetAttributeAtPath("/World/A.name").default == ""


@pytest.mark.parametrize("compression", ["zstd", "snappy", "none"])
def test_options_reach_the_file(compression: str, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    seen: list[tuple[int, int]] = []
    rows = 1000
    usdparquet.write_table(
        pa.table({"where": [f"/A/P{i}" for i in range(rows)], "x": range(rows)}),
        file,
        path="where",
        compression=compression,
        rows_per_group=400,
        rows_per_page=100,
        metadata={"source": "größe"},
        progress=lambda done, total: seen.append((done, total)),
    )
    metadata = pq.ParquetFile(file).metadata
    assert [metadata.row_group(g).num_rows for g in range(3)] == [400, 400, 200]
    chunk = metadata.row_group(0).column(1)
    expected = {"zstd": "ZSTD", "snappy": "SNAPPY", "none": "UNCOMPRESSED"}
    assert chunk.compression == expected[compression]
    assert chunk.has_offset_index
    assert metadata.metadata[b"source"].decode() == "größe"
    assert seen[-1] == (rows, rows)
    assert [done for done, _ in seen] == [400, 800, 1000]


@pytest.mark.parametrize(
    ("arrow", "cells", "sdf_type", "expected"),
    [
        (pa.list_(pa.float64()), [[1, 2, 3], None], "float3", [Gf.Vec3f(1, 2, 3), None]),
        (pa.large_list(pa.int64()), [[1, 2], [3, 4]], "int2", [Gf.Vec2i(1, 2), Gf.Vec2i(3, 4)]),
        (pa.list_(pa.float32(), 3), [[1, 2, 3]], "double3", [Gf.Vec3d(1, 2, 3)]),
        (pa.list_(pa.int8()), [list(range(16))], "matrix4d", [Gf.Matrix4d(*range(16))]),
        (pa.list_(pa.float64()), [[1, 2], [], None], "float[]", [[1.0, 2.0], [], None]),
        (
            pa.list_(pa.list_(pa.float64())),
            [[[1, 2, 3], [4, 5, 6]], []],
            "float3[]",
            [[Gf.Vec3f(1, 2, 3), Gf.Vec3f(4, 5, 6)], []],
        ),
        (pa.int64(), [1, None], "int", [1, None]),
        (pa.string(), ["2.5", None], "double", [2.5, None]),
        (pa.bool_(), [True, False], "int", [1, 0]),
    ],
)
def test_types_convert(
    arrow: pa.DataType, cells: list[Any], sdf_type: str, expected: list[Any], tmp_path: Path
) -> None:
    file = tmp_path / "out.parquet"
    paths = [f"/P{row}" for row in range(len(cells))]
    table = pa.table({"path": paths, "x": pa.array(cells, arrow)})
    usdparquet.write_table(table, file, types={"x": sdf_type})
    layer = Sdf.Layer.FindOrOpen(str(file))
    for path, want in zip(paths, expected, strict=True):
        attribute = layer.GetAttributeAtPath(f"{path}.x")
        if want is None:  # a null says nothing
            assert attribute is None
            continue
        assert str(attribute.typeName) == sdf_type
        assert canonical(attribute.default) == canonical(want)


def test_a_column_that_has_its_type_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    table = pa.table({"path": ["/A"], "x": pa.array([1], pa.int16())})
    usdparquet.write_table(table, file, types={"x": "int"})
    assert pq.read_schema(file).field("x").type == pa.int16()


ONE = {"path": ["/A", "/B"]}
UNION = pa.UnionArray.from_sparse(pa.array([0, 0], pa.int8()), [pa.array([1, 2])])

# A table, its types and the message; {} stands for the file.
REFUSED: list[tuple[dict[str, Any], dict[str, str], str]] = [
    (
        {"where": ["/A"], "x": [1]},
        {},
        "there is no column 'path' with the prim paths; the argument 'path' names another one "
        "(the table has 'where', 'x')",
    ),
    ({"path": [1]}, {}, "the path column 'path' has type int64; it must hold strings"),
    (
        {"path": ["/A", None, "/B"]},
        {},
        "column 'path', row 1: the path is null; every row needs the path of its prim",
    ),
    (
        {"path": ["/A", "B", "C"]},
        {},
        "column 'path', row 1: 'B' is no absolute prim path: it does not start with '/' (and 1 "
        "more such row)",
    ),
    (
        {"path": ["/A", "/B", "/A"]},
        {},
        "column 'path', row 2: '/A' is the path of row 0 already; a prim has one row",
    ),
    (
        {**ONE, "photo": [b"x", b"y"]},
        {},
        "column 'photo': type binary has no Sdf type; convert it or leave it out",
    ),
    (
        {**ONE, "x": UNION},
        {},
        "column 'x' has type sparse_union<0: int64=0>, which Parquet cannot store; convert it or "
        "leave it out",
    ),
    (
        {**ONE, "unit cost": [1, 2], "unit_cost": [3, 4]},
        {},
        "columns 'unit cost' and 'unit_cost' both become the property 'unit_cost'; rename one",
    ),
    (
        {**ONE, "s": [{"x": 1}] * 2, "s:x": [3, 4]},
        {},
        "field 'x' of column 's' and column 's:x' both become the property 's:x'; rename one",
    ),
    (
        {**ONE, "x": [[1.0], [1.0, None]]},
        {},
        "column 'x', row 1: the cell has a null inside its array or tuple, which a USD value "
        "cannot have; correct it or make it null",
    ),
    (
        {**ONE, "day": pa.array([1, 1 << 30], pa.date32())},
        {},
        "column 'day', row 1: the cell is a date or time that ISO 8601 cannot write; correct it or "
        "make it null",
    ),
    (
        {**ONE, "x": [[1.0, 2.0, 3.0], [1.0, 2.0]]},
        {"x": "float3"},
        "column 'x', row 1: a list of 2, but float3 needs 3",
    ),
    (
        {**ONE, "x": [[], [[1.0, 2.0], [1.0]]]},
        {"x": "float2[]"},
        "column 'x', row 1: a list of 1, but float2[] needs lists of 2",
    ),
    (
        {**ONE, "x": [1.0, 2.5]},
        {"x": "int"},
        "column 'x', row 1: '2.5' cannot become int: Float value 2.500000 was truncated converting "
        "to int32",
    ),
    (
        {**ONE, "x": [1, 2]},
        {"x": "float3"},
        "column 'x' has type int64, which cannot become float3; that needs "
        "fixed_size_list<element: float>[3]",
    ),
    ({**ONE, "x": [1, 2]}, {"x": "flot"}, "column 'x': OpenUSD has no value type 'flot'"),
    (
        {**ONE, "x": [1, 2]},
        {"y": "int"},
        "argument 'types' names 'y', which is no property column of the table (it has 'path', 'x')",
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=range(len(REFUSED)))
def test_a_bad_table_is_refused_before_anything_is_written(
    case: tuple[dict[str, Any], dict[str, str], str], tmp_path: Path
) -> None:
    columns, types, message = case
    file = tmp_path / "out.parquet"
    file.write_text("old")
    with pytest.raises(ValueError, match=r"out\.parquet") as error:
        usdparquet.write_table(pa.table(columns), file, types=types)
    assert str(error.value) == f"{file}: {message}"
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "it is empty"),
        ("/", "it is the root of the layer, which is no prim"),
        ("/A/", "it ends with '/'"),
        ("/A//B", "it has '//' in it, a name is missing"),
        ("/A/../B", "it has the relative element '..'"),
        ("/A.cost", "it is the path of a property, or has a '.' in the name 'A.cost'"),
        ("/A{v=x}B", "it has a variant selection, 'A{v=x}B'"),
        (
            "/A/B c",
            "the name 'B c' has the character ' '; names are made of letters, digits and '_'",
        ),
        (
            "/A/2B",
            "the name '2B' starts with a digit or another character that no name starts with",
        ),
    ],
)
def test_what_is_wrong_with_a_path(path: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="row 1") as error:
        usdparquet.write_table(pa.table({"path": ["/Größe", path]}), tmp_path / "out.parquet")
    assert str(error.value).endswith(f"row 1: '{path}' is no absolute prim path: {reason}")


def test_not_strict_keeps_what_a_layer_leaves_out(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    table = pa.table(
        {
            "path": ["/A", "bad", "/A", None],
            "photo": [b"x"] * 4,
            "x": [[1.0], [None], [2.0], None],
        }
    )
    done = usdparquet.write_table(table, file, strict=False)
    assert (done.rows, done.invalid_paths, done.duplicate_paths) == (4, 2, 1)
    written = pq.read_table(file)
    assert written["path"].to_pylist() == ["/A", "/A", "bad", None]
    assert written["photo"].to_pylist() == [b"x"] * 4
    with pytest.raises(ValueError, match="both become"):
        usdparquet.write_table(pa.table({**ONE, "a b": [1, 2], "a_b": [1, 2]}), file, strict=False)


def test_rows_count_across_batches(tmp_path: Path) -> None:
    paths = [f"/P{i}" for i in range(10)]
    lists = [[1.0, 2.0]] * 7 + [[1.0]] + [[1.0, 2.0]] * 2
    reader = pa.table({"path": paths, "x": lists}).to_reader(max_chunksize=3)
    with pytest.raises(ValueError, match="column 'x', row 7: a list of 1, but double2 needs 2"):
        usdparquet.write_table(reader, tmp_path / "out.parquet", types={"x": "double2"})


def test_pandas_cells_that_do_not_fit_name_the_row(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"path": ["/A", "/B", "/C"], "x": [1, 2, "three"]}, dtype=object)
    with pytest.raises(ValueError, match="column 'x', row 2: 'three' does not fit the column"):
        usdparquet.write_table(frame, tmp_path / "out.parquet")
    frame = pandas.DataFrame([["/A", 1, 2]], columns=["path", "x", "x"])
    with pytest.raises(ValueError, match="two columns are named 'x'"):
        usdparquet.write_table(frame, tmp_path / "out.parquet")


@pytest.mark.parametrize("thing", [{"path": ["/A"]}, "table", None, pa.Table])
def test_what_is_no_table_is_a_type_error(thing: object, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a table is needed"):
        usdparquet.write_table(thing, tmp_path / "out.parquet")


def test_an_error_of_the_stream_names_the_file(tmp_path: Path) -> None:
    def batches() -> Any:
        yield pa.record_batch({"path": ["/A"]})
        raise RuntimeError("the source is gone")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("path", pa.string())]), batches())
    with pytest.raises(Exception, match="the source is gone") as error:
        usdparquet.write_table(reader, tmp_path / "out.parquet")
    assert "out.parquet" in str(error.value)
    assert not list(tmp_path.iterdir())


def test_bad_options(tmp_path: Path) -> None:
    table = pa.table(ONE)
    with pytest.raises(ValueError, match="compression 'lzo' is none of none, lz4, snappy, zstd"):
        usdparquet.write_table(table, tmp_path / "out.parquet", compression="lzo")
    with pytest.raises(ValueError, match="rows_per_page is 0"):
        usdparquet.write_table(table, tmp_path / "out.parquet", rows_per_page=0)


def test_an_empty_table(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    schema = pa.schema([("path", pa.string()), ("x", pa.float64())])
    assert usdparquet.write_table(schema.empty_table(), file).rows == 0
    assert not list(Sdf.Layer.FindOrOpen(str(file)).rootPrims)


def test_a_date_column_is_text_in_usd_and_a_date_in_the_table(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    usdparquet.write_table(pa.table({"path": ["/A"], "day": [date(2024, 5, 1)]}), file)
    assert pq.read_table(file)["day"].to_pylist() == [date(2024, 5, 1)]
    assert Sdf.Layer.FindOrOpen(str(file)).GetAttributeAtPath("/A.day").default == "2024-05-01"


def test_neither_writing_nor_reading_loads_openusd(tmp_path: Path) -> None:
    program = f"""
import sys, pyarrow as pa, usdparquet
usdparquet.write_table(pa.table({{"path": ["/A"], "x": [1]}}), {str(tmp_path / "x.parquet")!r})
assert usdparquet.read_columns({str(tmp_path / "x.parquet")!r}, ["x"], ["/A"])["x"][0].as_py() == 1
assert "pxr" not in sys.modules and not any("libusd_ms" in line for line in open("/proc/self/maps"))
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_roles_and_layer_metadata(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    table = pa.table(
        {
            "prim": ["/World/A", "/World/B"],
            "tint": [[1.0, 0.5, 0.0], None],
            "kind of": ["red", "blue"],
            "turn": [[0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]],
        }
    )
    usdparquet.write_table(
        table,
        file,
        path="prim",
        types={"tint": "color3f", "kind of": "token", "turn": "quatf"},
        layer={"upAxis": "Z", "defaultPrim": "World", "metersPerUnit": 0.01, "startTimeCode": 1},
    )
    layer = Sdf.Layer.FindOrOpen(str(file))  # the file names its path column
    assert layer.defaultPrim == "World"
    assert layer.startTimeCode == 1.0
    assert layer.pseudoRoot.GetInfo("upAxis") == "Z"
    assert layer.pseudoRoot.GetInfo("metersPerUnit") == 0.01
    tint = layer.GetAttributeAtPath("/World/A.tint")
    assert (str(tint.typeName), tint.default) == ("color3f", Gf.Vec3f(1, 0.5, 0))
    assert layer.GetAttributeAtPath("/World/B.tint") is None
    kind = layer.GetAttributeAtPath("/World/B.kind_of")
    assert (str(kind.typeName), kind.default) == ("token", "blue")
    assert layer.GetAttributeAtPath("/World/A.turn").default == Gf.Quatf(1, 0, 0, 0)
    # What the file says of itself goes along when its table is written again.
    again = tmp_path / "again.parquet"
    said = {key: pq.read_metadata(file).metadata[key] for key in (b"usdparquet:schema",)}
    table = pq.read_table(file).replace_schema_metadata(said)
    usdparquet.write_table(table, again, path="prim", layer={"upAxis": "Y"})
    other = Sdf.Layer.FindOrOpen(str(again))
    assert str(other.GetAttributeAtPath("/World/A.tint").typeName) == "color3f"
    assert other.pseudoRoot.GetInfo("upAxis") == "Y"
    assert other.defaultPrim == "World"
    assert usdparquet.read_columns(file, ["kind_of"], ["/World/B"]).to_pydict() == {
        "prim": ["/World/B"],
        "kind_of": ["blue"],
    }


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"upaxis": "Z"}, "layer metadata 'upaxis' is not known; there are defaultPrim, upAxis"),
        ({"upAxis": "X"}, "layer metadata 'upAxis' is 'Y' or 'Z', not 'X'"),
        ({"metersPerUnit": "1"}, "layer metadata 'metersPerUnit' is a number, not '1'"),
        ({"metersPerUnit": float("nan")}, "layer metadata 'metersPerUnit' is a number, not nan"),
        ({"framePrecision": 1.5}, "layer metadata 'framePrecision' is a whole number, not 1.5"),
        ({"comment": 3}, "layer metadata 'comment' is a text, not 3"),
    ],
)
def test_bad_layer_metadata(layer: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="layer metadata") as error:
        usdparquet.write_table(pa.table(ONE), tmp_path / "out.parquet", layer=layer)
    assert str(error.value).startswith(message)


def test_dictionaries_stay_readable(tmp_path: Path) -> None:
    # Arrow does not read a dictionary from pages of delta-encoded texts.
    rows = 50
    table = pa.table(
        {
            "path": pa.array([f"/A/P{rows - i}" for i in range(rows)]).dictionary_encode(),
            "name": pa.array([f"name {i}" for i in range(rows)]).dictionary_encode(),
        }
    )
    file, again = tmp_path / "out.parquet", tmp_path / "again.parquet"
    usdparquet.write_table(table, file)
    read = pq.read_table(file)
    assert read["path"].type == pa.string()
    assert read["path"].to_pylist() == table["path"].to_pylist()
    assert pa.types.is_dictionary(read["name"].type)
    assert read["name"].to_pylist() == table["name"].to_pylist()
    pq.write_table(table, again)
    load_core().optimize(str(again), str(again))
    assert pq.read_table(again)["path"].to_pylist() == table["path"].to_pylist()


@pytest.mark.parametrize("arrow", [pa.string_view(), pa.large_string()])
def test_optimize_orders_rows_of_any_kind_of_text(arrow: pa.DataType, tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    table = pa.table({"path": pa.array(["/A/B", "/C", "/A"], arrow), "x": [1, 2, 3]})
    pq.write_table(table, file)
    assert load_core().optimize(str(file), str(file))["was_reordered"]
    assert pq.read_table(file)["path"].to_pylist() == ["/A", "/A/B", "/C"]


LONG: dict[str, list[Any]] = {
    "frame": [2.0, 1.0, 1.0, None, 3.0],
    "path": ["/A", "/A", "/B", "/B", "/B"],
    "height": [20.0, 10.0, 5.0, 7.0, None],
}


def test_a_table_with_times(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    done = usdparquet.write_table(pa.table(LONG), file, time="frame")
    assert (done.rows, done.duplicate_paths, done.order) == (5, 0, "path")
    layer = Sdf.Layer.FindOrOpen(str(file))  # the file names its time column
    assert layer.GetAttributeAtPath("/A.height").GetInfo("timeSamples") == {1.0: 10.0, 2.0: 20.0}
    other = layer.GetAttributeAtPath("/B.height")
    assert (other.GetInfo("timeSamples"), other.default) == ({1.0: 5.0}, 7.0)
    assert layer.GetAttributeAtPath("/A.frame") is None
    read = usdparquet.read_columns(file, ["frame", "height"], ["/B", "/A"])
    assert read.to_pydict() == {
        "path": ["/B", "/B", "/B", "/A", "/A"],
        "frame": [None, 1.0, 3.0, 1.0, 2.0],
        "height": [7.0, 5.0, None, 10.0, 20.0],
    }
    assert usdparquet.read_columns(file, ["frame"], under="/A")["frame"].to_pylist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="1 path has no row: '/C'"):
        usdparquet.read_columns(file, ["frame"], ["/A", "/C"])
    rows = usdparquet.read_columns(file, ["frame"], ["/C", "/A"], missing="null")
    assert rows.to_pydict() == {"path": ["/C", "/A", "/A"], "frame": [None, 1.0, 2.0]}


def test_a_plain_table_with_times_is_read_by_argument(tmp_path: Path) -> None:
    file = tmp_path / "plain.parquet"
    pq.write_table(pa.table(LONG), file)
    read = usdparquet.read_columns(file, ["height"], ["/A"], time="frame")
    assert read["height"].to_pylist() == [10.0, 20.0]
    assert usdparquet.read_columns(file, ["height"], ["/A"])["height"].to_pylist() == [10.0]
    layer = Sdf.Layer.FindOrOpen(str(file), args={"time": "frame"})
    assert usdparquet.read_columns(layer, ["height"], ["/A"])["height"].to_pylist() == [10.0, 20.0]


LIMITS = "; times are finite numbers within ±2^53 where they are whole, or null for defaults"


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (
            pa.array([1.0, float("nan"), 3.0]),
            f"column 'frame', row 1: no time code can hold nan{LIMITS}",
        ),
        (
            pa.array([1.0, 2.0, float("inf")]),
            f"column 'frame', row 2: no time code can hold inf{LIMITS}",
        ),
        (
            pa.array([1, (1 << 53) + 1, 3]),
            f"column 'frame', row 1: no time code can hold 9007199254740993{LIMITS}",
        ),
        (
            pa.array([1, (1 << 64) - 1, 3], pa.uint64()),
            f"column 'frame', row 1: no time code can hold 18446744073709551615{LIMITS}",
        ),
        (
            pa.array([1, 2, 1], pa.int16()),
            "column 'frame', row 2: '/A' has this time in row 0 already; a prim has one row a time",
        ),
        (
            pa.array([0.0, 1.0, -0.0]),
            "column 'frame', row 2: '/A' has this time in row 0 already; a prim has one row a time",
        ),
        (
            pa.array([None, 1.0, None]),
            "column 'frame', row 2: '/A' has this time in row 0 already; a prim has one row a time",
        ),
        (
            pa.array([5, 6, 5], pa.timestamp("us", "UTC")),
            "column 'frame', row 2: '/A' has this time in row 0 already; a prim has one row a time",
        ),
        (
            pa.array([5, 6, 5], pa.date32()),
            "column 'frame', row 2: '/A' has this time in row 0 already; a prim has one row a time",
        ),
        (
            pa.array(["1", "2", "3"]),
            "the time column 'frame' has type string; it must hold numbers, dates or timestamps",
        ),
    ],
)
def test_bad_times(times: pa.Array, message: str, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    table = pa.table({"path": ["/A"] * 3, "frame": times, "x": [1, 2, 3]})
    with pytest.raises(ValueError, match="time") as error:
        usdparquet.write_table(table, file, time="frame")
    assert str(error.value) == f"{file}: {message}"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("order", ["path", "time", None])
def test_the_order_of_a_long_table(order: str | None, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    done = usdparquet.write_table(pa.table(LONG), file, time="frame", order=order)
    assert done.order == (order or "path")
    times = pq.read_table(file)["frame"].to_pylist()
    assert times == {"path": [1, 2, None, 1, 3], "time": [None, 1, 1, 2, 3]}[done.order]
    with pytest.raises(ValueError, match="order is for tables with a time column"):
        usdparquet.write_table(pa.table(ONE), file, order="time")
    with pytest.raises(ValueError, match="order 'size' is neither path nor time"):
        usdparquet.write_table(pa.table(LONG), file, time="frame", order="size")


def test_a_time_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no column 'frame' with the times"):
        usdparquet.write_table(pa.table(ONE), tmp_path / "out.parquet", time="frame")


@pytest.mark.parametrize("tool", ["optimize", "recover"])
def test_a_second_entry_of_arrows_types_is_not_carried_along(tool: str, tmp_path: Path) -> None:
    """libFuzzer's finding: it came first in what was written, and nobody could open that."""
    file, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    table = pa.table({"path": ["/B", "/A"], "name": pa.array(["b", "a"], pa.large_string())})
    pq.write_table(table, file)
    surgery = Surgery(file)
    more = [("ARROW:schema", b"/////5gBA\xc0c"), ("mine", b"1")]
    surgery.set_entries([*surgery.entries().items(), *more])
    file.write_bytes(surgery.data())
    getattr(load_core(), tool)(file, target)
    schema = pq.read_schema(target)
    assert schema.field("name").type == pa.large_string()
    assert schema.metadata[b"mine"] == b"1"
    layer = Sdf.Layer.OpenAsAnonymous(str(target))
    assert layer.GetAttributeAtPath("/B.name").default == "b"
