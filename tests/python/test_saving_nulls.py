"""Attributes that are made on null cells and removed: a save of cells, where cells can say it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf
from usd_values import open_layer

import usdparquet

ROWS = 300
# A type that a layer written whole does not keep: dates would be texts.
DAYS = pa.array([None if row % 3 else row for row in range(ROWS)], pa.int32()).cast(pa.date32())
Double = Sdf.ValueTypeNames.Double


def write_table(file: Path) -> Path:
    table = {
        "path": [f"/P_{row}" for row in range(ROWS)],
        "cost": pa.array([None if row % 5 == 1 else row / 2 for row in range(ROWS)]),
        "day": DAYS,
        "Unit price": pa.array([None if row % 2 else 0.5 for row in range(ROWS)]),
        "series": pa.array([None if row % 2 else [1.0, 2.0] for row in range(ROWS)]),
    }
    pq.write_table(pa.table(table), file, row_group_size=170)
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_table(tmp_path / "table.parquet")


def make(layer: Sdf.Layer, path: str, type_name: Sdf.ValueTypeName, value: object) -> None:
    prim, name = path.split(".")
    Sdf.AttributeSpec(layer.GetPrimAtPath(prim), name, type_name).default = value


def remove(layer: Sdf.Layer, path: str) -> None:
    spec = layer.GetAttributeAtPath(path)
    spec.owner.RemoveProperty(spec)


def names_of(layer: Sdf.Layer, path: str) -> list[str]:
    return [spec.name for spec in layer.GetPrimAtPath(path).properties]


def is_patched(file: Path) -> bool:
    """Whether the file still is the table: a layer written whole has texts instead of dates."""
    return pq.read_schema(file).field("day").type == pa.date32()


def reopened(file: Path) -> Sdf.Layer:
    return Sdf.Layer.OpenAsAnonymous(str(file))


def test_a_value_on_a_null_cell_makes_the_attribute(file: Path) -> None:
    layer = open_layer(file)
    assert layer.GetAttributeAtPath("/P_1.cost") is None
    make(layer, "/P_1.cost", Double, 7.5)
    make(layer, "/P_1.Unit_price", Double, 0.25)
    make(layer, "/P_299.series", Sdf.ValueTypeNames.DoubleArray, [3.0])
    assert layer.Save()
    assert is_patched(file)
    for each in (layer, reopened(file)):
        spec = each.GetAttributeAtPath("/P_1.cost")
        assert (spec.default, spec.typeName) == (7.5, Double)
        # In the order of the columns, and as the column is declared.
        assert names_of(each, "/P_1") == ["cost", "Unit_price"]
        assert each.GetAttributeAtPath("/P_1.Unit_price").displayName == "Unit price"
        assert list(each.GetAttributeAtPath("/P_299.series").default) == [3.0]
        assert names_of(each, "/P_3") == ["cost", "day"]
    stored = pq.read_table(file)
    assert stored["cost"][1].as_py() == 7.5
    assert stored["day"].combine_chunks().equals(DAYS)


def test_a_removed_attribute_is_a_null(file: Path) -> None:
    layer = open_layer(file)
    remove(layer, "/P_0.cost")
    remove(layer, "/P_0.day")
    assert layer.Save()
    assert is_patched(file)
    for each in (layer, reopened(file)):
        assert names_of(each, "/P_0") == ["Unit_price", "series"]
        assert each.GetAttributeAtPath("/P_0.cost") is None
    assert pq.read_table(file)["cost"][0].as_py() is None


def test_all_attributes_of_a_prim_are_removed(file: Path) -> None:
    layer = open_layer(file)
    for name in names_of(layer, "/P_2"):
        remove(layer, f"/P_2.{name}")
    assert layer.Save()
    assert is_patched(file)
    again = reopened(file)
    assert names_of(again, "/P_2") == []
    assert layer.GetPrimAtPath("/P_2")


def test_a_removed_attribute_is_made_anew(file: Path) -> None:
    layer = open_layer(file)
    remove(layer, "/P_0.cost")
    make(layer, "/P_0.cost", Double, 9.0)
    make(layer, "/P_1.cost", Double, 1.0)
    remove(layer, "/P_1.cost")
    assert layer.Save()
    assert is_patched(file)
    again = reopened(file)
    assert again.GetAttributeAtPath("/P_0.cost").default == 9.0
    assert again.GetAttributeAtPath("/P_1.cost") is None


def clear(layer: Sdf.Layer) -> None:
    layer.GetAttributeAtPath("/P_0.cost").ClearDefaultValue()


def make_empty(layer: Sdf.Layer) -> None:
    Sdf.AttributeSpec(layer.GetPrimAtPath("/P_1"), "cost", Double)


def make_float(layer: Sdf.Layer) -> None:
    make(layer, "/P_1.cost", Sdf.ValueTypeNames.Float, 1.5)


def make_custom(layer: Sdf.Layer) -> None:
    make(layer, "/P_1.cost", Double, 1.5)
    layer.GetAttributeAtPath("/P_1.cost").custom = True


def make_uniform(layer: Sdf.Layer) -> None:
    prim = layer.GetPrimAtPath("/P_1")
    Sdf.AttributeSpec(prim, "cost", Double, Sdf.VariabilityUniform).default = 1.5


def make_documented(layer: Sdf.Layer) -> None:
    make(layer, "/P_1.cost", Double, 1.5)
    layer.GetAttributeAtPath("/P_1.cost").documentation = "Of one prim."


def make_named(layer: Sdf.Layer) -> None:
    make(layer, "/P_1.Unit_price", Double, 1.5)
    layer.GetAttributeAtPath("/P_1.Unit_price").displayName = "Another"


def make_relationship(layer: Sdf.Layer) -> None:
    Sdf.RelationshipSpec(layer.GetPrimAtPath("/P_1"), "cost")


WHOLE: list[Callable[[Sdf.Layer], None]] = [
    clear,
    make_empty,
    make_float,
    make_custom,
    make_uniform,
    make_documented,
    make_named,
    make_relationship,
]


@pytest.mark.parametrize("edit", WHOLE, ids=lambda edit: edit.__name__)
def test_what_no_cell_can_say_is_written_whole(file: Path, edit: Callable[..., None]) -> None:
    layer = open_layer(file)
    edit(layer)
    text = layer.ExportToString()
    assert layer.Save()
    assert not is_patched(file)
    assert layer.ExportToString() == text
    assert reopened(file).ExportToString() == text


def test_a_cleared_value_is_a_cell_where_nulls_are_declared(file: Path) -> None:
    layer = open_layer(file, nulls="declare")
    clear(layer)
    text = layer.ExportToString()
    assert layer.Save()
    assert is_patched(file)
    assert layer.ExportToString() == text
    assert "double cost\n" in text
    again = reopened(file)
    assert again.GetAttributeAtPath("/P_0.cost") is None


def test_a_removed_attribute_is_written_whole_where_nulls_are_declared(file: Path) -> None:
    layer = open_layer(file, nulls="declare")
    remove(layer, "/P_0.cost")
    text = layer.ExportToString()
    assert layer.Save()
    assert not is_patched(file)
    assert reopened(file).ExportToString() == text


def exported(folder: Path) -> Path:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    prims = "".join(
        f'def "P{i}"\n{{\n'
        + (f"    double a = {i}\n" if i != 1 else "")
        + (f"    double b = {i}\n" if i != 2 else "")
        + f"    double c = {i}\n}}\n"
        for i in range(40)
    )
    layer.ImportFromString("#usda 1.0\n" + prims)
    file = folder / "layer.parquet"
    assert layer.Export(str(file))
    return file


def test_a_whole_layer_keeps_the_order_of_its_properties(tmp_path: Path) -> None:
    file = exported(tmp_path)
    layer = open_layer(file)
    make(layer, "/P1.a", Double, 5.0)
    assert names_of(layer, "/P1") == ["b", "c", "a"]
    text = layer.ExportToString()
    assert layer.Save()
    assert layer.ExportToString() == text
    assert reopened(file).ExportToString() == text


def test_cells_of_a_whole_layer(tmp_path: Path) -> None:
    file = exported(tmp_path)
    stored = file.read_bytes()
    layer = open_layer(file)
    remove(layer, "/P3.c")
    text = layer.ExportToString()
    assert layer.Save()
    assert file.read_bytes()[: len(stored) // 4] == stored[: len(stored) // 4]
    assert reopened(file).ExportToString() == text
    make(layer, "/P3.c", Double, 8.0)
    text = layer.ExportToString()
    assert layer.Save()
    assert reopened(file).ExportToString() == text


def test_rows_with_times_are_not_forgotten(tmp_path: Path) -> None:
    table = {
        "path": ["/A", "/A", "/B", "/B", "/C", "/C"],
        "frame": pa.array([None, 1, None, 1, None, 1], pa.float64()),
        "x": pa.array([0.5, 1.5, 2.5, None, None, 3.5]),
        "day": pa.array([1, None, 2, None, None, None], pa.int32()).cast(pa.date32()),
    }
    file = tmp_path / "long.parquet"

    def saved(edit: Callable[[Sdf.Layer], None]) -> bool:
        pq.write_table(pa.table(table), file)
        layer = Sdf.Layer.FindOrOpen(str(file), args={"time": "frame"})
        layer.Reload(force=True)
        edit(layer)
        text = layer.ExportToString()
        assert layer.Save()
        layer.Reload(force=True)
        assert layer.ExportToString() == text
        return is_patched(file)

    assert not saved(lambda layer: remove(layer, "/A.x"))  # which has a sample too
    assert saved(lambda layer: remove(layer, "/B.day"))
    assert saved(lambda layer: make(layer, "/C.day", Sdf.ValueTypeNames.String, "2024-05-01"))
    assert not saved(lambda layer: make(layer, "/B.extra", Double, 4.5))


def test_a_whole_save_keeps_the_order_of_columns(tmp_path: Path) -> None:
    """Of a sparse table too, in which hardly two prims have the same properties."""
    file = tmp_path / "in.parquet"
    columns = {f"c{i}": [i * row if (i * 7 + row * 3) % 5 == 0 else None for row in range(300)]
               for i in range(40)}  # fmt: skip
    usdparquet.write_table(pa.table({"path": [f"/p{row}" for row in range(300)], **columns}), file)
    layer = Sdf.Layer.FindOrOpen(str(file))
    names = {prim.name: [spec.name for spec in prim.properties] for prim in layer.rootPrims}
    layer.GetPrimAtPath("/p0").comment = "edited"
    assert layer.Save()
    written = pq.read_metadata(file)
    stored = [name for name in written.schema.to_arrow_schema().names if name in columns]
    assert stored == list(columns)
    again = Sdf.Layer.OpenAsAnonymous(str(file))
    assert names == {prim.name: [spec.name for spec in prim.properties] for prim in again.rootPrims}
    locator = dict(
        part.split("=") for part in written.metadata[b"usdparquet:residual"].decode().split()
    )
    assert int(locator["length"]) < 200  # the comment, and no order of properties


def test_a_whole_save_keeps_the_time_column(tmp_path: Path) -> None:
    """Where the only prim makes no column, and nothing in the table has samples any more."""
    file = tmp_path / "in.parquet"
    pq.write_table(pa.table({"path": ["/Crane"] * 2, "frame": [1, 2], "angle": [0.5, 1.5]}), file)
    identifier = Sdf.Layer.CreateIdentifier(str(file), {"time": "frame"})
    layer = Sdf.Layer.FindOrOpen(identifier)
    layer.GetPrimAtPath("/Crane").comment = "edited"
    assert layer.Save()
    del layer
    again = Sdf.Layer.FindOrOpen(identifier)
    assert again.ListTimeSamplesForPath("/Crane.angle") == [1.0, 2.0]
    assert again.QueryTimeSample("/Crane.angle", 2.0) == 1.5
    assert again.GetPrimAtPath("/Crane").comment == "edited"
