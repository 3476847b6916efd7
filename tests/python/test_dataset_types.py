"""Columns that the files of a dataset store in different types: one of all, or an error."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Tf
from test_dataset import as_text, one_file, prepare, write_folder
from usd_values import collected_warnings, open_layer

import usdparquet

NINE = [float(i) for i in range(9)]
MOMENT = datetime.datetime(2024, 5, 1, 12, 30, tzinfo=datetime.UTC)


def part(number: int, cells: list[Any], kind: pa.DataType) -> pa.Table:
    paths = [f"/World/P{number}_{i}" for i in range(len(cells))]
    return pa.table({"path": paths, "x": pa.array(cells, kind)})


COMMON: dict[str, tuple[list[tuple[list[Any], pa.DataType]], pa.DataType]] = {
    "precision": (
        [([Decimal("1.25")], pa.decimal128(10, 2)), ([Decimal("-3.5")], pa.decimal128(12, 2))],
        pa.decimal128(12, 2),
    ),
    "scale": (
        [([Decimal("1.25"), None], pa.decimal128(10, 2)), ([Decimal(7)], pa.decimal128(9, 0))],
        pa.decimal128(11, 2),
    ),
    "wide decimals": (
        [([Decimal("0.5")], pa.decimal128(38, 30)), ([Decimal(12)], pa.decimal128(38, 0))],
        pa.decimal256(68, 30),
    ),
    "lists": (
        [([[1, 2], None, []], pa.list_(pa.int16())), ([[1 << 20]], pa.list_(pa.int32()))],
        pa.list_(pa.int32()),
    ),
    "large lists": (
        [([["a"], []], pa.list_(pa.string())), ([["b"]], pa.large_list(pa.large_string()))],
        pa.large_list(pa.large_string()),
    ),
    "not null": (
        [
            ([[1]], pa.list_(pa.field("element", pa.int32(), nullable=False))),
            ([[2], None], pa.list_(pa.int32())),
        ],
        pa.list_(pa.int32()),
    ),
    "long tuples": (
        [([[1.0] * 20], pa.list_(pa.float32(), 20)), ([[1.0]], pa.list_(pa.float32()))],
        pa.list_(pa.float32()),
    ),
    "matrices": (
        [([NINE], pa.list_(pa.float32(), 9)), ([NINE, None], pa.list_(pa.float64(), 9))],
        pa.list_(pa.float64(), 9),
    ),
    "structs": (
        [
            ([{"a": 1, "b": "x"}], pa.struct([("a", pa.int8()), ("b", pa.string())])),
            ([{"c": 2.5, "a": 300}, None], pa.struct([("c", pa.float64()), ("a", pa.int16())])),
        ],
        pa.struct([("a", pa.int16()), ("b", pa.string()), ("c", pa.float64())]),
    ),
    "categories": (
        [(["a", "b", None], pa.dictionary(pa.int32(), pa.string())), (["c"], pa.string())],
        pa.string(),
    ),
    "times": (
        [([datetime.time(1, 2)], pa.time32("ms")), ([datetime.time(3, 4)], pa.time64("us"))],
        pa.time64("us"),
    ),
    "moments": (
        [([MOMENT], pa.timestamp("ms", "UTC")), ([MOMENT], pa.timestamp("us", "Europe/Berlin"))],
        pa.timestamp("us", "UTC"),
    ),
    "three": (
        [([1], pa.int16()), ([2], pa.int8()), ([3], pa.int32())],
        pa.int32(),
    ),
    # Those are nothing to a layer.
    "maps": (
        [
            ([[("k", 1)]], pa.map_(pa.string(), pa.int32())),
            ([[("k", 2)], None], pa.map_(pa.string(), pa.int64())),
        ],
        pa.map_(pa.string(), pa.int64()),
    ),
    "bytes": (
        [([b"ab"], pa.binary(2)), ([b"abc"], pa.binary())],
        pa.binary(),
    ),
    # No values are of every type.
    "nulls first": ([([None, None], pa.null()), ([2.5], pa.float64())], pa.float64()),
    "nulls last": ([([2.5], pa.float64()), ([None, None], pa.null())], pa.float64()),
    "nulls of lists": ([([None], pa.null()), ([[1.5]], pa.list_(pa.float32()))],
                       pa.list_(pa.float32())),
    "nulls of structs": (
        [([None], pa.null()), ([{"a": 1}], pa.struct([("a", pa.int32())]))],
        pa.struct([("a", pa.int32())]),
    ),
    "nulls in structs": (
        [
            ([{"a": None}], pa.struct([("a", pa.null())])),
            ([{"a": 1}], pa.struct([("a", pa.int32())])),
        ],
        pa.struct([("a", pa.int32())]),
    ),
    "nothing but nulls": ([([None], pa.null()), ([None], pa.null())], pa.null()),
}  # fmt: skip


@pytest.fixture(params=["plain", "manifest", "no index"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("name", COMMON)
def test_one_type_for_all(tmp_path: Path, how: str, name: str) -> None:
    """As a single file whose column has the type that holds all values."""
    cells, common = COMMON[name]
    tables = [part(number, *each) for number, each in enumerate(cells)]
    folder = write_folder(tmp_path / "d.parquet", {f"{n}.parquet": t for n, t in enumerate(tables)})
    schema = tables[0].schema.set(1, pa.field("x", common))
    # Arrow casts no categories to themselves where it concatenates.
    single = one_file(tmp_path, [table.cast(schema) for table in tables])
    with collected_warnings() as warnings:
        prepare(folder, how)
        assert as_text(folder) == as_text(single)
    assert all("has no Sdf type" in warning for warning in warnings)
    read = usdparquet.read_columns(folder)
    assert read.schema.field("x").type.equals(common)
    assert read.equals(usdparquet.read_columns(single))
    paths = [table["path"][0].as_py() for table in reversed(tables)]
    assert usdparquet.read_columns(folder, ["x"], paths).equals(
        usdparquet.read_columns(single, ["x"], paths)
    )
    assert usdparquet.find_prims(folder, "x IS NULL") == usdparquet.find_prims(single, "x IS NULL")


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (("int32", "int16", "int64"), "is int32 in '0.parquet' and int64 in '2.parquet'"),
        (("int16", "int32", "int64"), "is int16 in '0.parquet' and int64 in '2.parquet'"),
        (("null", "float", "double"), "is float in '1.parquet' and double in '2.parquet'"),
        (("null", "int32", "string"), "is int32 in '1.parquet' and string in '2.parquet'"),
    ],
)
def test_two_of_three_differ(tmp_path: Path, kinds: tuple[str, ...], message: str) -> None:
    tables = {
        f"{n}.parquet": part(n, [None], pa.type_for_alias(kind)) for n, kind in enumerate(kinds)
    }
    check_differ(write_folder(tmp_path / "d.parquet", tables), "column 'x' " + message)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.list_(pa.float32(), 3), pa.list_(pa.float32())),
        (pa.list_(pa.null()), pa.list_(pa.float32())),
        (pa.decimal256(76, 0), pa.decimal256(76, 40)),
        (pa.timestamp("us"), pa.timestamp("us", "UTC")),
        (pa.map_(pa.string(), pa.int32()), pa.map_(pa.string(), pa.string())),
        (pa.struct([("a", pa.int32())]), pa.struct([("a", pa.string())])),
        (pa.list_(pa.list_(pa.float32(), 3)), pa.list_(pa.list_(pa.float32()))),
    ],
)
def test_no_type_for_both(tmp_path: Path, one: pa.DataType, other: pa.DataType) -> None:
    tables = {"a.parquet": part(0, [None], one), "b.parquet": part(1, [None], other)}
    folder = write_folder(tmp_path / "d.parquet", tables)
    types = [str(pq.read_schema(folder / name).field("x").type) for name in tables]
    check_differ(folder, f"column 'x' is {types[0]} in 'a.parquet' and {types[1]} in 'b.parquet'")


def check_differ(folder: Path, message: str) -> None:
    """Whoever opens it, says so."""
    with pytest.raises(Tf.ErrorException, match=re.escape(message)):
        open_layer(folder)
    for read in (usdparquet.dataset, usdparquet.read_columns):
        with pytest.raises((ValueError, OSError), match=re.escape(message)):
            read(folder)


def test_a_part_without_rows_has_no_types(tmp_path: Path, how: str) -> None:
    """As pandas writes a partition in which nothing is."""
    nothing = pa.table({"path": pa.nulls(0), "x": pa.nulls(0)})
    tables = [nothing, part(1, [1.5, None], pa.float64()), nothing]
    folder = write_folder(tmp_path / "d.parquet", {f"{n}.parquet": t for n, t in enumerate(tables)})
    prepare(folder, how)
    assert as_text(folder) == as_text(one_file(tmp_path, tables[1:2]))
    assert usdparquet.read_columns(folder)["x"].to_pylist() == [1.5, None]


def test_saved_beside_nulls(tmp_path: Path) -> None:
    """Cells of the files that have the type, and removed prims of all."""
    tables = {
        "a.parquet": part(0, [None, None], pa.null()),
        "b.parquet": part(1, [1.5, 2.5], pa.float64()),
        "c.parquet": pa.table({"path": pa.nulls(1), "x": pa.array([0.5])}),
    }
    folder = write_folder(tmp_path / "d.parquet", tables)
    with pytest.warns(UserWarning, match="no valid absolute prim path"):
        usdparquet.dataset(folder)
    with collected_warnings():
        layer = open_layer(folder)
    assert not layer.GetAttributeAtPath("/World/P0_0.x")
    layer.GetAttributeAtPath("/World/P1_1.x").default = 7.0
    del layer.GetPrimAtPath("/World").nameChildren["P0_1"]
    expected = layer.ExportToString()
    assert layer.Save()
    with collected_warnings():
        assert as_text(folder) == expected
    assert pq.read_table(folder / "a.parquet")["path"].to_pylist() == ["/World/P0_0"]
    assert pq.read_table(folder / "b.parquet")["x"].to_pylist() == [1.5, 7.0]
