"""Saving edited cells rewrites their column chunks and leaves all else as it is."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Gf, Sdf, Vt
from usd_values import open_layer

ROWS = 3000
DAY = datetime.date(2024, 5, 1)


def many_types() -> pa.Table:
    def of(value: object, type_: pa.DataType) -> pa.Array:
        return pa.array([None if i % 7 == 3 else value for i in range(ROWS)], type_)

    return pa.table(
        {
            "path": [f"/World/Prim_{i}" for i in range(ROWS)],
            "required": pa.array(range(ROWS), pa.float64()),
            "small": of(5, pa.int16()),
            "price": of(decimal.Decimal("1.25"), pa.decimal128(10, 2)),
            "day": of(DAY, pa.date32()),
            "at": of(datetime.datetime(2024, 5, 1, 12), pa.timestamp("ms", tz="UTC")),
            "name": of("name", pa.string()),
            "code": of("code", pa.string()).dictionary_encode(),
            "size": of([1.0, 2.0, 3.0], pa.list_(pa.float32(), 3)),
            "series": of([1.0, 2.0], pa.list_(pa.float64())),
            "photo": of(b"bytes", pa.binary()),
            "part": pa.array([{"cost": 1.5}] * ROWS),
        }
    )


EDITS = {
    "required": (-1.5, -1.5),
    "small": (7, 7),
    "price": (9.75, decimal.Decimal("9.75")),
    "day": ("2025-12-31", datetime.date(2025, 12, 31)),
    "at": (
        "2025-12-31T23:59:59Z",
        datetime.datetime(2025, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),
    ),
    "name": ("Größe", "Größe"),
    "code": ("new", "new"),
    "size": (Gf.Vec3f(7, 8, 9), [7.0, 8.0, 9.0]),
    "series": (Vt.DoubleArray([]), []),
}
LAYOUTS = [
    {"row_group_size": 1000, "compression": "zstd", "data_page_size": 1000},
    {"compression": "snappy", "write_page_index": True, "write_page_checksum": True},
    {"compression": "none", "use_dictionary": False, "data_page_version": "2.0"},
]


@pytest.fixture(params=range(len(LAYOUTS)))
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / "table.parquet"
    pq.write_table(many_types(), path, **LAYOUTS[request.param])
    return path


def set_value(layer: Sdf.Layer, prim: str, name: str, value: object) -> None:
    """Set a value, of an attribute that is made where the cell is null."""
    spec = layer.GetAttributeAtPath(f"{prim}.{name}")
    if spec is None:
        kind = layer.GetAttributeAtPath(f"/World/Prim_0.{name}").typeName
        spec = Sdf.AttributeSpec(layer.GetPrimAtPath(prim), name, kind)
    spec.default = value


def properties_of(layer: Sdf.Layer) -> list[Sdf.PropertySpec]:
    found: list[Sdf.PropertySpec] = []

    def visit(path: Sdf.Path) -> None:
        if path.IsPropertyPath():
            found.append(layer.GetPropertyAtPath(path))

    layer.Traverse("/", visit)
    return found


def test_edited_cells_keep_the_stored_types(file: Path) -> None:
    expected = many_types().to_pylist()
    layer = open_layer(file)
    for k, (name, (value, stored)) in enumerate(EDITS.items()):
        for row in (k, 1500 + k, 2990 + k):
            set_value(layer, f"/World/Prim_{row}", name, value)
            expected[row][name] = stored
    prim = layer.GetPrimAtPath("/World/Prim_8")
    prim.RemoveProperty(prim.properties["name"])
    expected[8]["name"] = None
    names = {str(spec.path) for spec in properties_of(layer)}
    assert layer.Save()
    assert not layer.dirty
    text = layer.ExportToString()
    assert {str(spec.path) for spec in properties_of(layer)} == names
    assert Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString() == text
    read = pq.read_table(file, page_checksum_verification=True)
    assert read.schema == many_types().schema
    assert read.to_pylist() == expected
    names = [row["name"] for row in expected]
    assert polars.read_parquet(file)["name"].to_list() == names
    query = f"SELECT name, required FROM '{file}'"
    assert duckdb.sql(query).fetchall() == [(r["name"], r["required"]) for r in expected]


def test_chunks_without_edits_stay_where_they_are(file: Path) -> None:
    before = pq.ParquetFile(file).metadata
    stored = file.read_bytes()
    layer = open_layer(file)
    set_value(layer, "/World/Prim_2999", "name", "edited")
    layer.Save()
    after = pq.ParquetFile(file).metadata
    last = before.num_row_groups - 1
    for g in range(before.num_row_groups):
        for c in range(before.num_columns):
            old, new = before.row_group(g).column(c), after.row_group(g).column(c)
            if (g, old.path_in_schema) == (last, "name"):
                assert new.data_page_offset > len(stored) - 70000
                continue
            assert new.data_page_offset == old.data_page_offset
            assert new.dictionary_page_offset == old.dictionary_page_offset
            assert new.total_compressed_size == old.total_compressed_size
            assert new.statistics == old.statistics
            assert new.compression == old.compression
            assert new.encodings == old.encodings
            assert new.has_offset_index == old.has_offset_index
            assert new.has_column_index == old.has_column_index
    written = file.read_bytes()
    first = min(before.row_group(0).column(c).data_page_offset for c in range(before.num_columns))
    assert written[:first] == stored[:first]


def test_gaps_do_not_pile_up(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    rows = 200_000
    table = pa.table(
        {
            "path": [f"/P_{i}" for i in range(rows)],
            "x": pa.array([(i * 2654435761) % (1 << 52) / 3 for i in range(rows)]),
        }
    )
    pq.write_table(table, path, compression="none", use_dictionary=False)
    whole = path.stat().st_size
    layer = open_layer(path)
    attribute = layer.GetAttributeAtPath("/P_0.x")
    largest = 0
    for k in range(5):
        attribute.default = float(k)
        layer.Save()
        largest = max(largest, path.stat().st_size)
    assert layer.GetAttributeAtPath("/P_0.x").default == 4.0
    assert pq.read_table(path)["x"][1].as_py() == table["x"][1].as_py()
    # Once, the column twice; a third would be more gaps than file.
    assert whole < largest < 2 * whole + (1 << 20)


def test_a_value_that_the_stored_type_cannot_hold_changes_the_type(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    day = pa.array([DAY, None])
    pq.write_table(pa.table({"path": ["/A", "/B"], "day": day}), path)
    layer = open_layer(path)
    day = Sdf.AttributeSpec(layer.GetPrimAtPath("/B"), "day", Sdf.ValueTypeNames.String)
    day.default = "soon"
    layer.Save()
    assert pq.read_table(path)["day"].to_pylist() == ["2024-05-01", "soon"]
    assert Sdf.Layer.OpenAsAnonymous(str(path)).GetAttributeAtPath("/B.day").default == "soon"


def test_the_embedded_index_and_the_residual_stay(tmp_path: Path) -> None:
    path = tmp_path / "layer.parquet"
    layer = Sdf.Layer.CreateAnonymous(".usda")
    layer.ImportFromString(
        "#usda 1.0\n"
        + "\n".join(
            f'def Xform "P{i}" (\n    customData = {{ int i = {i} }}\n)\n'
            f"{{\n    custom double x = {i}\n}}\n"
            for i in range(50)
        )
    )
    layer.Export(str(path))
    entries = pq.read_metadata(path).metadata
    edited = Sdf.Layer.FindOrOpen(str(path))
    for target in (layer, edited):
        target.GetAttributeAtPath("/P7.x").default = 0.25
    edited.Save()
    kept = pq.read_metadata(path).metadata
    for key in (b"usdparquet:pages", b"usdparquet:footer"):
        assert kept.pop(key) != entries.pop(key)
    assert kept == entries
    assert b"usdparquet:index" in entries
    assert b"usdparquet:residual" in entries
    again = Sdf.Layer.OpenAsAnonymous(str(path))
    assert again.ExportToString() == layer.ExportToString()
