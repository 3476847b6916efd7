"""The layout of a written file: how each column is stored, by its values and by what is asked."""

from __future__ import annotations

import math
import random
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parquet_surgery import Surgery
from pxr import Sdf, Tf

import usdparquet

ROWS = 3_000


def content(rows: int = ROWS) -> pa.Table:
    chance = random.Random(20)
    noise = [math.ldexp(chance.random() - 0.5, chance.randrange(-1000, 1000)) for _ in range(rows)]
    return pa.table(
        {
            "path": [f"/World/Hall_{i // 100}/Part_{i}" for i in range(rows)],
            # Random digits in a range: of eight bytes, the highest repeats.
            "digits": pa.array([1000 + 900 * chance.random() for _ in range(rows)]),
            "noise": pa.array(noise),
            "steps": pa.array([float(i % 8) for i in range(rows)]),
            "count": pa.array([i * 3 for i in range(rows)], pa.int64()),
            "hash": pa.array([chance.randrange(1 << 62) for _ in range(rows)], pa.int64()),
            "is_new": pa.array([chance.random() < 0.5 for _ in range(rows)]),
            "material": [f"material {chance.randrange(7)}" for _ in range(rows)],
            "note": [
                f"{chance.randrange(10**9)} and the same words each time" for _ in range(rows)
            ],
            "samples": pa.array([[chance.random()] * 3 for _ in range(rows)]),
        }
    )


def stored(file: Path) -> dict[str, tuple[str, str]]:
    """Codec and encoding of the values of each column."""
    group = pq.ParquetFile(file).metadata.row_group(0)
    found = {}
    for i in range(group.num_columns):
        chunk = group.column(i)
        encoding = "+".join(sorted({*chunk.encodings} - {"RLE"} - {"PLAIN"})) or "PLAIN"
        found[chunk.path_in_schema.split(".")[0]] = (chunk.compression, encoding)
    return found


def rows_of_pages(file: Path, column: str) -> list[int]:
    surgery = Surgery(file)
    return [page.header[5][1] for page in surgery.pages(column) if not page.is_dictionary]


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return content()


def test_each_column_is_stored_as_suits_its_values(table: pa.Table, tmp_path: Path) -> None:
    file = tmp_path / "it.parquet"
    usdparquet.write_table(table, file)
    assert stored(file) == {
        "path": ("ZSTD", "DELTA_BYTE_ARRAY"),
        "digits": ("LZ4", "BYTE_STREAM_SPLIT"),
        "noise": ("UNCOMPRESSED", "PLAIN"),
        "steps": ("ZSTD", "BYTE_STREAM_SPLIT"),
        "count": ("LZ4", "DELTA_BINARY_PACKED"),
        "hash": ("UNCOMPRESSED", "PLAIN"),
        "is_new": ("UNCOMPRESSED", "PLAIN"),
        "material": ("UNCOMPRESSED", "RLE_DICTIONARY"),
        "note": ("ZSTD", "DELTA_LENGTH_BYTE_ARRAY"),
        "samples": ("ZSTD", "BYTE_STREAM_SPLIT"),
    }
    assert rows_of_pages(file, "digits") == [1024, 1024, 952]


@pytest.mark.parametrize("layout", [None, "size", "access"])
def test_every_reader_sees_the_same_rows(
    table: pa.Table, layout: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "it.parquet"
    usdparquet.write_table(table, file, layout=layout)
    assert pq.read_table(file).equals(table)
    assert polars.read_parquet(file).equals(polars.from_arrow(table))
    assert duckdb.sql(f"select * from read_parquet('{file}')").to_arrow_table().equals(table)
    assert usdparquet.read_columns(file).select(table.column_names).equals(table)
    layer = Sdf.Layer.FindOrOpen(str(file))
    for row in (0, 511, 512, 1023, 1024, ROWS - 1):
        cells = table.slice(row, 1).to_pylist()[0]
        path = cells.pop("path")
        for name, cell in cells.items():
            value = layer.GetAttributeAtPath(f"{path}.{name}").default
            assert (list(value) if isinstance(cell, list) else value) == cell


def test_for_size_and_for_access(table: pa.Table, tmp_path: Path) -> None:
    sizes = {}
    for layout in ("size", None, "access"):
        file = tmp_path / f"{layout}.parquet"
        sizes[layout] = usdparquet.write_table(table, file, layout=layout).bytes
        if layout == "size":
            assert {codec for codec, _ in stored(file).values()} == {"ZSTD"}
            assert rows_of_pages(file, "digits") == [ROWS]
        if layout == "access":
            assert stored(file)["digits"] == ("UNCOMPRESSED", "PLAIN")
            assert stored(file)["path"] == ("LZ4", "DELTA_BYTE_ARRAY")
    assert sizes["size"] < sizes[None] < sizes["access"]


def test_a_codec_and_rows_overrule_the_layout(table: pa.Table, tmp_path: Path) -> None:
    file = tmp_path / "it.parquet"
    usdparquet.write_table(table, file, layout="size", compression="lz4", rows_per_page=1000)
    assert {codec for codec, _ in stored(file).values()} == {"LZ4"}
    assert rows_of_pages(file, "digits") == [1000] * 3
    usdparquet.write_table(table, file, layout="access", compression="none")
    assert stored(file)["count"] == ("UNCOMPRESSED", "PLAIN")
    assert {codec for codec, _ in stored(file).values()} == {"UNCOMPRESSED"}
    with pytest.raises(ValueError, match="layout 'speed' is none of size, access"):
        usdparquet.write_table(table, file, layout="speed")


def test_a_level_is_that_of_zstandard(table: pa.Table, tmp_path: Path) -> None:
    sizes = [
        usdparquet.write_table(table, tmp_path / "it.parquet", level=level).bytes
        for level in (1, 19)
    ]
    assert sizes[0] > sizes[1]


def test_the_arguments_of_export(table: pa.Table, tmp_path: Path) -> None:
    plain, file = tmp_path / "plain.parquet", tmp_path / "it.parquet"
    usdparquet.write_table(table, plain)
    layer = Sdf.Layer.FindOrOpen(str(plain))
    assert layer.Export(str(file))
    assert stored(file)["digits"] == ("LZ4", "BYTE_STREAM_SPLIT")
    assert layer.Export(str(file), args={"for": "size"})
    assert {codec for codec, _ in stored(file).values()} == {"ZSTD"}
    assert layer.Export(str(file), args={"for": "access"})
    assert stored(file)["digits"] == ("UNCOMPRESSED", "PLAIN")
    with pytest.raises(Tf.ErrorException, match="format argument for='x' is none of size, access"):
        layer.Export(str(file), args={"for": "x"})


def test_a_saved_cell_leaves_the_layout(table: pa.Table, tmp_path: Path) -> None:
    file = tmp_path / "it.parquet"
    usdparquet.write_table(table, file)
    before = stored(file)
    layer = Sdf.Layer.FindOrOpen(str(file))
    path = table["path"][1234].as_py()
    for name, value in (("digits", 0.5), ("noise", 1.5), ("count", 7), ("hash", 9)):
        layer.GetAttributeAtPath(f"{path}.{name}").default = value
    assert layer.Save()
    assert stored(file) == before
    row = pq.read_table(file).slice(1234, 1).to_pylist()[0]
    assert (row["digits"], row["noise"], row["count"], row["hash"]) == (0.5, 1.5, 7, 9)


def test_the_values_that_count_are_those_of_all_parts(tmp_path: Path) -> None:
    """A table that begins with zeros is not all zeros."""
    chance = random.Random(3)
    rows = 40_000
    values = [0.0] * 15_000 + [chance.random() for _ in range(rows - 15_000)]
    table = pa.table({"path": [f"/P{i}" for i in range(rows)], "x": values})
    file = tmp_path / "it.parquet"
    usdparquet.write_table(table, file)
    assert stored(file)["x"][0] != "UNCOMPRESSED"
    assert usdparquet.read_columns(file)["x"].to_pylist() == [
        values[i] for i in (int(p[2:]) for p in pq.read_table(file)["path"].to_pylist())
    ]


def test_long_cells_make_small_pages(tmp_path: Path) -> None:
    """Reading one of them reads few others."""
    rows = 200
    table = pa.table(
        {
            "path": [f"/P{i:03}" for i in range(rows)],
            "samples": [[float(i * k) for k in range(1_000)] for i in range(rows)],
            "text": [f"{i} " + "many words " * 500 for i in range(rows)],
        }
    )
    file = tmp_path / "it.parquet"
    usdparquet.write_table(table, file)
    assert pq.read_table(file).equals(table)
    assert max(rows_of_pages(file, "text")) <= 48
    assert len(Surgery(file).pages("samples.list.element")) > 5
    layer = Sdf.Layer.FindOrOpen(str(file))
    assert list(layer.GetAttributeAtPath("/P123.samples").default) == table["samples"][123].as_py()
    assert layer.GetAttributeAtPath("/P123.text").default == table["text"][123].as_py()


_CELLS = {
    pa.float32(): st.floats(width=32, allow_nan=False),
    pa.float64(): st.sampled_from([0.1, 7.0, -1e300]),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.string(): st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
    pa.bool_(): st.booleans(),
    pa.list_(pa.int64()): st.lists(st.integers(0, 9), max_size=4),
}


@settings(max_examples=25, deadline=None)
@given(data=st.data(), rows=st.integers(0, 40), layout=st.sampled_from([None, "size", "access"]))
def test_any_table_comes_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, rows: int, layout: str | None
) -> None:
    columns = {"path": pa.array([f"/P{i:02}" for i in range(rows)], pa.string())}
    for number, (kind, cell) in enumerate(_CELLS.items()):
        cells = data.draw(st.lists(st.none() | cell, min_size=rows, max_size=rows))
        columns[f"c{number}"] = pa.array(cells, kind)
    table = pa.table(columns)
    file = tmp_path_factory.mktemp("any") / "it.parquet"
    usdparquet.write_table(table, file, layout=layout, rows_per_page=data.draw(st.integers(1, 50)))
    assert pq.read_table(file).equals(table)
    assert usdparquet.read_columns(file).select(table.column_names).equals(table)
