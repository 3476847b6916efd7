"""Paths become prims, column names become property names."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_files import LAYOUTS
from pxr import Sdf, Usd
from usd_values import check_property, collected_warnings, open_layer


def first_appearance(paths: list[str]) -> dict[str, list[str]]:
    """The children of each prim in order of first appearance, by the parent's path."""
    children: dict[str, list[str]] = {}
    for path in paths:
        names = path[1:].split("/")
        for depth, name in enumerate(names):
            siblings = children.setdefault("/" + "/".join(names[:depth]), [])
            if name not in siblings:
                siblings.append(name)
    return children


def child_names(layer: Sdf.Layer, path: str) -> list[str]:
    prim = layer.pseudoRoot if path == "/" else layer.GetPrimAtPath(path)
    return [child.name for child in prim.nameChildren]


def random_paths(count: int) -> list[str]:
    """Unique paths of one to five names, of which some are others' ancestors, in random order."""
    rng = random.Random(5)
    paths = {
        "/" + "/".join(f"N{rng.randrange(6)}" for _ in range(rng.randint(1, 5)))
        for _ in range(count)
    }
    return rng.sample(sorted(paths), len(paths))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_and_ancestors_are_overs(write, layout: str) -> None:
    paths = random_paths(900)
    layer = open_layer(write({"path": paths, "row": range(len(paths))}, layout=layout))
    children = first_appearance(paths)
    assert child_names(layer, "/") == children["/"]
    rows = {path: row for row, path in enumerate(paths)}
    everything = {
        f"{parent.rstrip('/')}/{name}" for parent in children for name in children[parent]
    }
    for path in sorted(everything):
        prim = layer.GetPrimAtPath(path)
        assert prim.specifier == Sdf.SpecifierOver
        assert prim.typeName == ""
        assert child_names(layer, path) == children.get(path, [])
        if path in rows:
            assert [spec.name for spec in prim.properties] == ["row"]
            assert prim.properties["row"].default == rows[path]
        else:
            assert not prim.properties


def test_only_what_the_file_holds_exists(write) -> None:
    layer = open_layer(write({"path": ["/A/B", "/A/C"], "x": [1, 2]}))
    for absent in ("/B", "/A/B/C", "/A/D", "/A.x", "/A/B.y", "/A/B.path", "/A/B.x.y"):
        assert layer.GetObjectAtPath(Sdf.Path(absent) if absent != "/A/B.x.y" else absent) is None


def test_a_prim_without_row_has_no_properties(write) -> None:
    stage = Usd.Stage.Open(str(write({"path": ["/A/B"], "x": [1]})))
    assert stage.GetPrimAtPath("/A")
    assert stage.GetPrimAtPath("/A").GetPropertyNames() == []
    assert stage.GetPrimAtPath("/A/B").GetPropertyNames() == ["x"]


def test_children_are_in_file_order_not_sorted(write) -> None:
    paths = ["/Z/b", "/A/q", "/Z/a", "/M", "/A/c", "/Z/b/deep", "/A"]
    layer = open_layer(write({"path": paths}))
    assert child_names(layer, "/") == ["Z", "A", "M"]
    assert child_names(layer, "/Z") == ["b", "a"]
    assert child_names(layer, "/A") == ["q", "c"]


def test_wide_and_deep(write) -> None:
    wide = [f"/Wide/Child_{index}" for index in range(5000)]
    deep = ["/Deep" + "".join(f"/Level_{level}" for level in range(depth)) for depth in range(60)]
    paths = wide + deep
    stage = Usd.Stage.Open(
        str(write({"path": paths, "row": range(len(paths))}, rows_per_group=999))
    )
    check_property(stage, paths, "row", "int64", range(len(paths)))
    assert len(stage.GetPrimAtPath("/Wide").GetAllChildren()) == 5000


def test_names_in_other_scripts(write) -> None:
    paths = ["/Gebäude/Tür", "/建物/扉", "/_hidden", "/A_1"]
    table = {"path": paths, "größe": [1.0, 2.0, 3.0, 4.0], "寸法": [5, 6, 7, 8]}
    stage = Usd.Stage.Open(str(write(table)))
    check_property(stage, paths, "größe", "double", [1.0, 2.0, 3.0, 4.0])
    check_property(stage, paths, "寸法", "int64", [5, 6, 7, 8])


# Column name -> property name.
COLUMN_NAMES = {
    "cost": "cost",
    "_cost": "_cost",
    "Unit cost ($)": "Unit_cost____",
    "2024": "_2024",
    "50 %": "_50__",
    "a-b": "a_b",
    "a.b": "a_b",
    "a/b": "a_b",
    "dim:width": "dim:width",
    "dim:2nd": "dim:_2nd",
    "größe in m²": "größe_in_m_",
    "tab\there": "tab_here",
    "x[0]": "x_0_",
    " ": "_",
    "🔥": "_",
}


@pytest.mark.parametrize(("column", "name"), COLUMN_NAMES.items())
def test_column_names(write, column: str, name: str) -> None:
    layer = open_layer(write({"path": ["/A", "/B"], column: [1.5, None]}))
    assert [spec.name for spec in layer.GetPrimAtPath("/A").properties] == [name]
    assert not layer.GetPrimAtPath("/B").properties
    spec = layer.GetAttributeAtPath(f"/A.{name}")
    assert spec.default == 1.5
    assert spec.HasInfo("displayName") == (name != column)
    assert spec.displayName == (column if name != column else "")


@pytest.mark.parametrize("column", ["", ":", "a:", ":a", "a::b", "1:2:3", "a: b"])
def test_any_column_name_gives_a_valid_property(write, column: str) -> None:
    stage = Usd.Stage.Open(str(write({"path": ["/A"], column: [7]})))
    (attribute,) = stage.GetPrimAtPath("/A").GetAttributes()
    assert Sdf.Path.IsValidNamespacedIdentifier(attribute.GetName())
    assert attribute.Get() == 7
    assert attribute.GetDisplayName() == column


def test_struct_fields_are_namespaced(write) -> None:
    struct = pa.struct([("Unit cost", pa.float64()), ("9", pa.struct([("z z", pa.int32())]))])
    cells = pa.array([{"Unit cost": 1.0, "9": {"z z": 2}}], type=struct)
    layer = open_layer(write({"path": ["/A"], "my part": cells}))
    properties = layer.GetPrimAtPath("/A").properties
    assert [spec.name for spec in properties] == ["my_part:Unit_cost", "my_part:_9:z_z"]
    assert [spec.default for spec in properties] == [1.0, 2]
    assert all(spec.HasInfo("displayName") for spec in properties)


def test_a_plain_struct_has_no_display_name(write) -> None:
    cells = pa.array([{"cost": 1.0}])
    layer = open_layer(write({"path": ["/A"], "part": cells}))
    assert not layer.GetAttributeAtPath("/A.part:cost").HasInfo("displayName")


def test_properties_are_in_column_order(write) -> None:
    columns = ["z", "a", "m:x", "B", "a2", "_"]
    table = {"z": [1], "a": [2], "path": ["/A"], "m:x": [3], "B": [4], "a2": [5], "_": [6]}
    layer = open_layer(write(table))
    assert [spec.name for spec in layer.GetPrimAtPath("/A").properties] == columns


def test_a_table_of_paths_alone(write) -> None:
    layer = open_layer(write({"path": ["/A/B", "/C"]}))
    assert child_names(layer, "/") == ["A", "C"]
    assert not layer.GetPrimAtPath("/A/B").properties


def test_a_table_without_rows(write) -> None:
    table = pa.table({"path": pa.array([], pa.string()), "x": pa.array([], pa.int32())})
    with collected_warnings() as warnings:
        layer = open_layer(write(table))
        assert not layer.rootPrims
        stage = Usd.Stage.Open(layer)
        assert not list(stage.TraverseAll())
    assert warnings == []


def test_empty_row_groups(tmp_path: Path) -> None:
    table = pa.table({"path": [f"/A/B_{row}" for row in range(30)], "row": list(range(30))})
    file = tmp_path / "groups.parquet"
    with pq.ParquetWriter(file, table.schema) as writer:
        for start, stop in ((0, 0), (0, 7), (7, 7), (7, 8), (8, 8), (8, 8), (8, 30), (30, 30)):
            writer.write_table(table.slice(start, stop - start))
    assert pq.ParquetFile(file).metadata.num_row_groups == 8
    stage = Usd.Stage.Open(str(file))
    check_property(stage, table["path"].to_pylist(), "row", "int64", range(30))


def test_row_groups_of_different_sizes(tmp_path: Path) -> None:
    table = pa.table({"path": [f"/A/B_{row}" for row in range(100)], "row": list(range(100))})
    file = tmp_path / "groups.parquet"
    with pq.ParquetWriter(file, table.schema) as writer:
        for start, stop in ((0, 1), (1, 50), (50, 52), (52, 100)):
            writer.write_table(table.slice(start, stop - start))
    stage = Usd.Stage.Open(str(file))
    check_property(stage, table["path"].to_pylist(), "row", "int64", range(100))


def test_many_columns(write) -> None:
    columns = {f"column_{index}": [index, None] for index in range(1500)}
    stage = Usd.Stage.Open(str(write({"path": ["/A", "/B"], **columns})))
    assert len(stage.GetPrimAtPath("/A").GetPropertyNames()) == 1500
    for index in range(1500):
        check_property(stage, ["/A", "/B"], f"column_{index}", "int64", [index, None])


def test_asking_types_reads_no_values(write) -> None:
    """Types and property lists come from the footer: nothing is decoded for them."""
    import usdparquet

    paths = [f"/A/B_{row}" for row in range(500)]
    stage = Usd.Stage.Open(str(write({"path": paths, "x": [1.5] * 500, "y": ["t"] * 500})))
    before = usdparquet.cache_stats()
    for path in paths:
        prim = stage.GetPrimAtPath(path)
        assert prim.GetPropertyNames() == ["x", "y"]
        assert str(prim.GetAttribute("x").GetTypeName()) == "double"
        assert str(prim.GetAttribute("y").GetTypeName()) == "string"
    assert usdparquet.cache_stats()["misses"] == before["misses"]
