"""A null cell is no opinion, wherever the null stands."""

from __future__ import annotations

import pyarrow as pa
import pytest
from parquet_files import LAYOUTS
from pxr import Sdf, Usd
from usd_values import check_property, collected_warnings, open_layer, values

ROWS = 400
PATHS = [f"/World/Part_{row}" for row in range(ROWS)]

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


def test_the_property_of_a_null_cell_exists_without_a_value(write) -> None:
    layer = open_layer(write({"path": ["/A", "/B"], "size": pa.array([None, 1.5])}))
    spec = layer.GetAttributeAtPath("/A.size")
    assert str(spec.typeName) == "double"
    assert not spec.HasInfo("default")
    assert "default" not in spec.ListInfoKeys()
    assert "default" in layer.GetAttributeAtPath("/B.size").ListInfoKeys()


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
    assert not layer.GetAttributeAtPath("/P_41.series").HasDefaultValue()
    for name, row in (("series", 41), ("vector", 7)):
        about = [text for text in warnings if name in text]
        assert len(about) == 1, warnings
        assert str(file) in about[0]
        assert f"row {row}" in about[0]
    assert len(warnings) == 2


def test_nulls_let_weaker_layers_speak(write) -> None:
    upper = write({"path": ["/A", "/B"], "size": pa.array([None, 2.0])}, "upper")
    lower = write({"path": ["/A", "/B"], "size": [10.0, 20.0]}, "lower")
    root = Sdf.Layer.CreateAnonymous()
    root.subLayerPaths = [str(upper), str(lower)]
    stage = Usd.Stage.Open(root)
    check = {path: stage.GetAttributeAtPath(f"{path}.size").Get() for path in ("/A", "/B")}
    assert check == {"/A": 10.0, "/B": 2.0}
