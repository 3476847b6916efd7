"""Saving edited cells rewrites their column chunks and leaves all else as it is."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_surgery import Meta, Surgery
from pxr import Gf, Sdf, Vt
from readings import run, save
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", 0.005),
        ("price", -0.0),
        ("at", "2025-12-31"),
        ("at", "2025-12-31T23:59:59.5+02:00"),
        ("matrix", Gf.Matrix3d(1e300)),
        ("prices", Vt.DoubleArray([0.25, 0.005])),
    ],
)
def test_what_the_stored_type_would_change_is_not_saved_as_a_cell(
    name: str, value: object, tmp_path: Path
) -> None:
    """Decimals rounded it, times had it written their own way, and floats made it infinite."""
    file = tmp_path / "table.parquet"
    matrix = pa.array([[1.0] * 9] * 2, pa.list_(pa.float32(), 9))
    prices = pa.array([[decimal.Decimal("0.50")]] * 2, pa.list_(pa.decimal128(10, 2)))
    table = many_types().slice(0, 2).select(["path", "price", "at"])
    pq.write_table(table.append_column("matrix", matrix).append_column("prices", prices), file)
    layer = open_layer(file)
    other = layer.GetAttributeAtPath(f"/World/Prim_1.{name}").default
    set_value(layer, "/World/Prim_0", name, value)
    text = layer.ExportToString()
    assert layer.Save()
    assert layer.ExportToString() == text
    saved = Sdf.Layer.OpenAsAnonymous(str(file))
    assert repr(saved.GetAttributeAtPath(f"/World/Prim_0.{name}").default) == repr(value)
    assert saved.GetAttributeAtPath(f"/World/Prim_1.{name}").default == other


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


STRUCT = pa.struct(
    [
        ("cost", pa.float32()),
        pa.field("day", pa.date32(), nullable=False),
        ("code", pa.dictionary(pa.int32(), pa.string())),
        ("inner", pa.struct([("n", pa.int8()), ("list", pa.list_(pa.int16()))])),
    ]
)


def struct_rows() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for i in range(ROWS):
        inner = None if i % 5 == 2 else {"n": i % 100, "list": [i % 7]}
        part = {"cost": i / 2, "day": DAY, "code": f"c{i % 3}", "inner": inner}
        rows.append({"path": f"/World/Prim_{i}", "part": None if i % 7 == 3 else part})
    return rows


@pytest.mark.parametrize("layout", range(len(LAYOUTS)))
def test_fields_of_structs_keep_the_stored_types(layout: int, tmp_path: Path) -> None:
    file = tmp_path / "table.parquet"
    schema = pa.schema([("path", pa.string()), ("part", STRUCT)])
    expected: list[dict[str, Any]] = struct_rows()
    pq.write_table(pa.Table.from_pylist(expected, schema), file, **LAYOUTS[layout])
    before = pq.read_metadata(file)
    layer = open_layer(file)
    edits: dict[str, tuple[object, object]] = {
        "cost": (-1.5, -1.5),
        "day": ("2025-12-31", datetime.date(2025, 12, 31)),
        "code": ("new", "new"),
    }
    for row in (0, 1, 1400, 2998):
        for name, (value, stored) in edits.items():
            set_value(layer, f"/World/Prim_{row}", f"part:{name}", value)
            expected[row]["part"][name] = stored
        set_value(layer, f"/World/Prim_{row}", "part:inner:n", 7)
        set_value(layer, f"/World/Prim_{row}", "part:inner:list", Vt.IntArray([1, 2, 3]))
        expected[row]["part"]["inner"] = {"n": 7, "list": [1, 2, 3]}
    prim = layer.GetPrimAtPath("/World/Prim_8")
    prim.RemoveProperty(prim.properties["part:cost"])
    expected[8]["part"]["cost"] = None
    assert layer.Save()
    text = layer.ExportToString()
    assert Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString() == text
    read = pq.read_table(file, page_checksum_verification=True)
    assert read.schema == schema
    assert read.to_pylist() == expected
    assert duckdb.sql(f"select sum(part.inner.n) from '{file}'").fetchall() == [
        (sum(row["part"]["inner"]["n"] for row in expected if (row["part"] or {}).get("inner")),)
    ]
    # The path column stays where it is.
    after = pq.read_metadata(file)
    for group in range(after.num_row_groups):
        old, new = before.row_group(group).column(0), after.row_group(group).column(0)
        assert new.data_page_offset == old.data_page_offset


@pytest.mark.parametrize(
    ("row", "name", "value"),
    [(3, "part:cost", 5.0), (2, "part:inner:n", 5)],
    ids=["null struct", "null struct in a struct"],
)
def test_a_value_in_a_null_struct_is_a_whole_write(
    row: int, name: str, value: object, tmp_path: Path
) -> None:
    """Its other fields say by levels of their own that the struct is null."""
    file = tmp_path / "table.parquet"
    schema = pa.schema([("path", pa.string()), ("part", STRUCT)])
    pq.write_table(pa.Table.from_pylist(struct_rows(), schema), file)
    layer = open_layer(file)
    set_value(layer, f"/World/Prim_{row}", name, value)
    text = layer.ExportToString()
    assert layer.Save()
    assert Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString() == text
    assert layer.GetAttributeAtPath(f"/World/Prim_{row}.{name}").default == value
    assert pq.read_schema(file).names[:2] == ["path", "part:cost"]


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


def entries_of(file: Path) -> dict[bytes, bytes]:
    """The footer's entries but our own."""
    entries = pq.read_metadata(file).metadata
    return {key: value for key, value in entries.items() if not key.startswith(b"usdparquet:")}


def test_entries_of_other_programs(tmp_path: Path) -> None:
    """A whole save keeps them byte for byte, unless they tell how the columns were stored."""
    mine = {b"my.app": b"\x00\xff{}", b"author": "Größe".encode(), b"empty": b"", b"\xffkey": b"1"}
    about_columns = {
        b"pandas": b'{"index_columns": ["path"]}',
        b"geo": b'{"version": "1.0.0"}',
        b"org.apache.spark.sql.parquet.row.metadata": b"{}",
        b"parquet.avro.schema": b"{}",
        b"writer.time.zone": b"UTC",
        b"iceberg.schema": b"{}",
        b"huggingface": b"{}",
        b"usdparquet:unknown": b"version=1.0 offset=4 length=8",
    }
    file = tmp_path / "table.parquet"
    table = pa.table({"path": ["/A", "/B"], "day": pa.array([DAY, DAY]), "x": [1.0, 2.0]})
    pq.write_table(table.replace_schema_metadata({**mine, **about_columns}), file)

    layer = open_layer(file)
    layer.GetAttributeAtPath("/A.x").default = 3.0
    assert layer.Save()  # of a cell: the columns are what they were
    assert entries_of(file).items() >= {**mine, b"pandas": about_columns[b"pandas"]}.items()
    for name in ("New", "Newer"):
        Sdf.CreatePrimInLayer(layer, f"/{name}")
        assert layer.Save()
        assert entries_of(file) == mine
        assert b"usdparquet:unknown" not in pq.read_metadata(file).metadata
        read = pq.read_table(file)
        assert read.schema.metadata.items() >= mine.items()
        assert read["day"].to_pylist()[:2] == ["2024-05-01", "2024-05-01"]

    # Another file is another file.
    assert layer.Export(str(tmp_path / "other.parquet"))
    assert entries_of(tmp_path / "other.parquet") == {}


@pytest.mark.parametrize("kept", ["date", "decimal", "left_out", "colors"])
def test_many_saves_of_cells_change_no_other_column(kept: str, tmp_path: Path) -> None:
    """Beyond half of the file in gaps as well: a whole write would store these otherwise."""
    path = tmp_path / "table.parquet"
    rows = 100_000
    columns = {
        "date": pa.array([DAY] * rows),
        "decimal": pa.array([decimal.Decimal("12345678901234567890.1234567")] * rows),
        "left_out": pa.array([b"raw"] * rows),
        "colors": pa.array(range(rows), pa.int32()),
    }
    x = pa.array([(i * 2654435761) % (1 << 52) / 3 for i in range(rows)])
    table = pa.table({"path": [f"/P_{i}" for i in range(rows)], "x": x, "kept": columns[kept]})
    pq.write_table(table, path, compression="none", use_dictionary=False)
    arguments = {"color": "kept"} if kept == "colors" else {}
    layer = Sdf.Layer.FindOrOpen(str(path), arguments)
    for k in range(7):
        layer.GetAttributeAtPath("/P_0.x").default = float(k)
        assert layer.Save()
    assert path.stat().st_size > 2 * pq.read_metadata(path).row_group(0).total_byte_size
    saved = pq.read_table(path)
    assert saved["kept"].equals(table["kept"])
    assert saved["x"].to_pylist() == [6.0, *x.to_pylist()[1:]]


def test_a_cell_save_that_would_store_other_columns_otherwise_is_refused(tmp_path: Path) -> None:
    """A footer that does not say how pages are encoded, as Polars writes it, can't be copied."""
    path = tmp_path / "table.parquet"
    price = pa.array([decimal.Decimal("123456789012345678.12"), None])
    pq.write_table(pa.table({"path": ["/A", "/B"], "x": [1.0, 2.0], "price": price}), path)
    surgery = Surgery(path)
    for column in ("path", "x", "price"):
        surgery.meta(column).drop(Meta.ENCODING_STATS)
    path.write_bytes(surgery.data())
    before = path.read_bytes()
    layer = open_layer(path)
    layer.GetAttributeAtPath("/A.x").default = 7.0
    error = save(layer)
    assert error is not None
    assert "its footer does not say how its pages are encoded" in error
    assert "column 'price' (decimal128(20, 2)) as another type" in error
    assert f"'usdparquet optimize {path}'" in error
    assert path.read_bytes() == before
    assert layer.dirty
    del layer
    assert run("optimize", path, path)[0] == 0
    layer = open_layer(path)
    layer.GetAttributeAtPath("/A.x").default = 7.0
    assert save(layer) is None
    saved = pq.read_table(path)
    assert saved["price"].equals(pa.chunked_array([price]))
    assert saved["x"].to_pylist() == [7.0, 2.0]
