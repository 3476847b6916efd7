"""A null cell is no opinion, wherever the null stands."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_files import LAYOUTS
from pxr import Sdf, Tf, Usd
from typer.testing import CliRunner
from usd_values import check_property, collected_warnings, open_layer, values

import usdparquet
from usdparquet.cli import app

ROWS = 400
PATHS = [f"/World/Part_{row}" for row in range(ROWS)]


def described(table: pa.Table, entry: dict[str, object]) -> pa.Table:
    """The table with what its footer says."""
    text = json.dumps({"version": "1.0", **entry})
    return table.replace_schema_metadata({"usdparquet:schema": text})


# Which rows are null, by name: rows 170 to 339 are the whole second row group of three.
PATTERNS = {
    "all": range(ROWS),
    "none": range(0),
    "first": range(1),
    "last": range(ROWS - 1, ROWS),
    "a_row_group": range(170, 340),
    "whole_pages": range(23, 115),
    "every_other": range(0, ROWS, 2),
    "all_but_one": [row for row in range(ROWS) if row != 211],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_null_patterns(write, layout: str) -> None:
    table: dict[str, object] = {"path": PATHS}
    for name, null_rows in PATTERNS.items():
        nulls = set(null_rows)
        numbers = [None if row in nulls else row * 0.25 for row in range(ROWS)]
        table[f"{name}_real"] = pa.array(numbers, type=pa.float64())
        texts = [None if row in nulls else f"text {row % 9}" for row in range(ROWS)]
        table[f"{name}_text"] = pa.array(texts, type=pa.string())
        lists = [None if row in nulls else list(range(row % 4)) for row in range(ROWS)]
        table[f"{name}_list"] = pa.array(lists, type=pa.list_(pa.int32()))
    stage = Usd.Stage.Open(str(write(table, layout=layout)))
    for name in PATTERNS:
        check_property(stage, PATHS, f"{name}_real", "double", table[f"{name}_real"].to_pylist())
        check_property(stage, PATHS, f"{name}_text", "string", table[f"{name}_text"].to_pylist())
        check_property(stage, PATHS, f"{name}_list", "int[]", table[f"{name}_list"].to_pylist())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_required_columns(write, layout: str) -> None:
    schema = pa.schema(
        [
            pa.field("path", pa.string(), nullable=False),
            pa.field("real", pa.float64(), nullable=False),
            pa.field("small", pa.int8(), nullable=False),
            pa.field("flag", pa.bool_(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            pa.field("vector", pa.list_(pa.field("item", pa.float32(), False), 3), nullable=False),
            pa.field("numbers", pa.list_(pa.field("item", pa.int64(), False)), nullable=False),
            pa.field("part", pa.struct([pa.field("cost", pa.float32(), False)]), nullable=False),
        ]
    )
    rows = range(ROWS)
    columns = {
        "path": PATHS,
        "real": [row / 8 for row in rows],
        "small": [row % 256 - 128 for row in rows],
        "flag": [row % 3 == 0 for row in rows],
        "text": [f"t{row}" for row in rows],
        "vector": [[float(row), 0.5, -1.0] for row in rows],
        "numbers": [[row] * (row % 5) for row in rows],
        "part": [{"cost": row * 0.5} for row in rows],
    }
    stage = Usd.Stage.Open(str(write(pa.table(columns, schema=schema), layout=layout)))
    types = {
        "real": "double",
        "small": "int",
        "flag": "bool",
        "text": "string",
        "vector": "float3",
        "numbers": "int64[]",
    }
    for name, sdf in types.items():
        check_property(stage, PATHS, name, sdf, columns[name])
    check_property(stage, PATHS, "part:cost", "float", [row * 0.5 for row in rows])


def test_a_null_cell_is_no_property(write) -> None:
    layer = open_layer(write({"path": ["/A", "/B"], "size": pa.array([None, 1.5])}))
    assert layer.GetAttributeAtPath("/A.size") is None
    assert list(layer.GetPrimAtPath("/A").properties) == []
    assert layer.GetPrimAtPath("/A").ListInfoKeys() == ["specifier"]
    assert layer.GetAttributeAtPath("/B.size").default == 1.5


ENTRIES = [
    ({}, "no property", None),
    ({"null": "no property"}, "no property", None),
    ({"null": "no value"}, "no value", None),
    ({}, "no value", "declare"),
    ({"null": "no property"}, "no property", "declare"),
    ({"null": "no value"}, "no value", "declare"),
]


@pytest.mark.parametrize(("entry", "meaning", "nulls"), ENTRIES)
def test_the_footer_says_what_a_null_is(
    write, entry: dict[str, str], meaning: str, nulls: str | None
) -> None:
    table = pa.table({"path": ["/A", "/B"], "size": pa.array([None, 1.5])})
    file = write(described(table, {"columns": {"size": entry}}))
    layer = open_layer(file, **({"nulls": nulls} if nulls else {}))
    assert (layer.GetAttributeAtPath("/A.size") is not None) == (meaning == "no value")


@pytest.mark.parametrize(("is_described", "is_there"), [(True, True), (False, False)])
def test_a_described_column_of_a_whole_layer_declares(
    write, *, is_described: bool, is_there: bool
) -> None:
    table = pa.table({"path": ["/A", "/B"], "size": pa.array([None, 1.5])})
    columns = {"size": {"type": "double"}} if is_described else {}
    layer = open_layer(write(described(table, {"exact": True, "columns": columns})))
    assert (layer.GetAttributeAtPath("/A.size") is not None) == is_there


@pytest.mark.parametrize("way", ["optimize", "write_table", "convert"])
def test_rewritten_tables_keep_what_a_null_is(write, tmp_path: Path, way: str) -> None:
    numbers = pa.array([None, 1.5])
    table = pa.table({"path": ["/A", "/B"], "a": numbers, "b": numbers, "c": numbers, "d": numbers})
    columns = {
        "a": {"type": "double"},
        "b": {"null": "no property"},
        "c": {"null": "no value"},
    }
    for is_exact in (False, True):
        entry = {"exact": is_exact, "columns": columns}
        file = write(described(table, entry), f"{way}_{is_exact}")
        out = tmp_path / f"{way}_{is_exact}_out.parquet"
        if way == "write_table":
            usdparquet.write_table(pq.read_table(file), out, types={"d": "double"})
        else:
            only = ["--prims", "/**"] if way == "convert" else []
            result = CliRunner().invoke(app, [way, str(file), str(out), *only])
            assert result.exit_code == 0, result.output
        for each in (file, out):
            layer = Sdf.Layer.OpenAsAnonymous(str(each))
            names = [spec.name for spec in layer.GetPrimAtPath("/A").properties]
            assert names == (["a", "c"] if is_exact else ["c"])


def test_a_column_of_nulls_is_no_property_anywhere(write) -> None:
    table = {"path": ["/A", "/B"], "none": pa.nulls(2, pa.float64()), "x": [1, 2]}
    layer = open_layer(write(table))
    for path in ("/A", "/B"):
        assert [spec.name for spec in layer.GetPrimAtPath(path).properties] == ["x"]
    assert "none" not in layer.ExportToString()


def test_empty_is_not_null(write) -> None:
    table = {
        "path": ["/A", "/B", "/C"],
        "text": ["", None, "x"],
        "list": pa.array([[], None, [1.0]], type=pa.list_(pa.float32())),
    }
    stage = Usd.Stage.Open(str(write(table)))
    check_property(stage, table["path"], "text", "string", ["", None, "x"])
    check_property(stage, table["path"], "list", "float[]", [[], None, [1.0]])


def test_a_null_struct_is_a_null_in_every_field(write) -> None:
    pair = pa.struct([("a", pa.int32()), ("b", pa.struct([("c", pa.string())]))])
    cells = [{"a": 1, "b": {"c": "x"}}, None, {"a": None, "b": None}, {"a": 2, "b": {"c": None}}]
    paths = ["/A", "/B", "/C", "/D"]
    stage = Usd.Stage.Open(str(write({"path": paths, "s": pa.array(cells, type=pair)})))
    check_property(stage, paths, "s:a", "int", [1, None, None, 2])
    check_property(stage, paths, "s:b:c", "string", ["x", None, None, None])


def test_a_null_in_a_list_leaves_the_cell_without_opinion(write) -> None:
    rows = range(300)
    lists = [[1.0, None] if row in (41, 250) else [row / 2] for row in rows]
    vectors = [[1.0, 2.0, None] if row == 7 else [row, 0, 0] for row in rows]
    paths = [f"/P_{row}" for row in rows]
    table = {
        "path": paths,
        "series": pa.array(lists, type=pa.list_(pa.float64())),
        "vector": pa.array(vectors, type=pa.list_(pa.float32(), 3)),
    }
    file = write(table)
    with collected_warnings() as warnings:
        layer = open_layer(file)
        series, vector = values(layer, paths, "series"), values(layer, paths, "vector")
        values(layer, paths, "series")
    assert [row for row in rows if series[row] is None] == [41, 250]
    assert [row for row in rows if vector[row] is None] == [7]
    # The cell is not null: the attribute is there, and a value that no layer shows.
    assert not layer.GetAttributeAtPath("/P_41.series").HasDefaultValue()
    for name, row in (("series", 41), ("vector", 7)):
        about = [text for text in warnings if name in text]
        assert len(about) == 1, warnings
        assert str(file) in about[0]
        assert f"row {row}" in about[0]
    assert len(warnings) == 2


def test_a_date_without_a_text_leaves_the_attribute_without_a_value(write) -> None:
    days = pa.array([0, None, 10_000_000], pa.int32()).cast(pa.date32())
    for is_value_read_first in (False, True):
        layer = open_layer(
            write({"path": ["/A", "/B", "/C"], "day": days}, str(is_value_read_first))
        )
        with collected_warnings():
            if is_value_read_first:
                assert layer.GetAttributeAtPath("/A.day").default == "1970-01-01"
            assert layer.GetAttributeAtPath("/B.day") is None
            assert not layer.GetAttributeAtPath("/C.day").HasDefaultValue()
            assert layer.GetAttributeAtPath("/A.day").default == "1970-01-01"


def test_nulls_let_weaker_layers_speak(write) -> None:
    upper = write({"path": ["/A", "/B"], "size": pa.array([None, 2.0])}, "upper")
    lower = write({"path": ["/A", "/B"], "size": [10.0, 20.0]}, "lower")
    root = Sdf.Layer.CreateAnonymous()
    root.subLayerPaths = [str(upper), str(lower)]
    stage = Usd.Stage.Open(root)
    check = {path: stage.GetAttributeAtPath(f"{path}.size").Get() for path in ("/A", "/B")}
    assert check == {"/A": 10.0, "/B": 2.0}


def sparse_table(rows: int, columns: int) -> tuple[pa.Table, list[list[str]]]:
    """A table with a value in every 25th cell or so, and the names of the columns of each row's."""
    random = Random(5)
    names = [f"c{number}" for number in range(columns)]
    there = [[name for name in names if random.random() < 0.04] for _ in range(rows)]
    table: dict[str, object] = {"path": [f"/P_{row}" for row in range(rows)]}
    for name in names:
        table[name] = pa.array([1.5 if name in row else None for row in there], pa.float64())
    return pa.table(table), there


@pytest.mark.parametrize("budget", [64 << 20, 100 << 10])
def test_property_lists_of_a_sparse_table(write, budget: int) -> None:
    rows = 1500
    table, there = sparse_table(rows, 300)
    file = write(table, rows_per_group=700, rows_per_page=200)
    before = usdparquet.cache_stats()
    usdparquet.set_cache_budget(budget)
    try:
        layer = open_layer(file)
        assert usdparquet.cache_stats()["bytes_read"] - before["bytes_read"] < 30_000  # the paths
        for row in [*range(rows), *range(0, rows, 13)]:
            prim = layer.GetPrimAtPath(f"/P_{row}")
            assert [spec.name for spec in prim.properties] == there[row]
        for row in range(0, rows, 97):
            for number in range(0, 300, 7):
                name = f"c{number}"
                is_there = layer.GetAttributeAtPath(f"/P_{row}.{name}") is not None
                assert is_there == (name in there[row])
        assert usdparquet.cache_stats()["bytes_resident"] < budget + 200_000
    finally:
        usdparquet.set_cache_budget(before["budget"])


def test_the_nulls_of_a_damaged_page_cannot_be_told(tmp_path: Path) -> None:
    file = tmp_path / "damaged.parquet"
    rows = 1000
    half = pa.array([None if row % 2 else float(row) for row in range(rows)])
    table = pa.table({"path": [f"/P_{row}" for row in range(rows)], "cost": half, "size": half})
    options = {"compression": "none", "use_dictionary": False, "write_page_checksum": True}
    pq.write_table(table, file, max_rows_per_page=500, write_batch_size=500, **options)
    content = bytearray(file.read_bytes())
    content[pq.read_metadata(file).row_group(0).column(1).data_page_offset + 200] ^= 0xFF
    file.write_bytes(content)
    layer = open_layer(file)
    with pytest.raises(Tf.ErrorException) as error:
        layer.GetPrimAtPath("/P_0").properties.keys()
    assert f"{file}: column 'cost', row group 0, from row 0: a page is damaged" in str(error.value)
    assert [spec.name for spec in layer.GetPrimAtPath("/P_0").properties] == ["size"]
    assert layer.GetAttributeAtPath("/P_0.cost") is None
    assert [spec.name for spec in layer.GetPrimAtPath("/P_600").properties] == ["cost", "size"]
    Sdf.CreatePrimInLayer(layer, "/New")
    with pytest.raises(Tf.ErrorException, match="column 'cost', row group 0, from row 0"):
        layer.Save()
    assert file.read_bytes() == bytes(content)


def test_a_damaged_page_of_a_wide_table_is_told_to_who_asks(tmp_path: Path) -> None:
    """Its columns are read in several threads, of which only the caller's can raise an error."""
    file = tmp_path / "wide.parquet"
    rows = 100
    half = pa.array([None if row % 2 else float(row) for row in range(rows)])
    names = [f"c{number}" for number in range(200)]
    table = pa.table({"path": [f"/P_{row}" for row in range(rows)], **dict.fromkeys(names, half)})
    options = {"compression": "none", "use_dictionary": False, "write_page_checksum": True}
    pq.write_table(table, file, **options)
    content = bytearray(file.read_bytes())
    for number in (70, 199):
        chunk = pq.read_metadata(file).row_group(0).column(1 + number)
        content[chunk.data_page_offset + 100] ^= 0xFF
    file.write_bytes(content)
    layer = open_layer(file)
    prims = [layer.GetPrimAtPath(f"/P_{row}") for row in range(rows)]
    with pytest.raises(Tf.ErrorException) as error:
        prims[0].properties.keys()
    for number in (70, 199):
        assert f"{file}: column 'c{number}', row group 0, from row 0" in str(error.value)
    left = [name for name in names if name not in ("c70", "c199")]
    for row, prim in enumerate(prims):
        assert [spec.name for spec in prim.properties] == ([] if row % 2 else left)
