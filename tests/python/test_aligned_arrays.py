"""Arrays whose numbers are aligned in the file: every reader takes the levels that make it so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pxr import Sdf
from test_dataset import run

import usdparquet

KINDS = {
    "doubles": pa.list_(pa.float64()),
    "floats": pa.list_(pa.float32()),
    "ints": pa.list_(pa.int32()),
    "longs": pa.list_(pa.int64()),
    "points": pa.list_(pa.list_(pa.float32(), 3)),
}
LENGTHS = st.none() | st.integers(0, 3) | st.integers(50, 400)


def cell(kind: pa.DataType, length: int | None, seed: int) -> list[Any] | None:
    if length is None:
        return None
    if pa.types.is_fixed_size_list(kind.value_type):
        return [[(seed + i) % 99 / 2, float(i), -1.0] for i in range(length)]
    numbers = [(seed * 31 + i * 7) % 1009 for i in range(length)]
    return numbers if pa.types.is_integer(kind.value_type) else [each / 4 for each in numbers]


def table_of(lengths: dict[str, list[int | None]]) -> pa.Table:
    rows = len(next(iter(lengths.values())))
    columns = {"path": pa.array([f"/P{i:03}" for i in range(rows)], pa.string())}
    for name, each in lengths.items():
        columns[name] = pa.array([cell(KINDS[name], n, i) for i, n in enumerate(each)], KINDS[name])
    return pa.table(columns)


def check(table: pa.Table, file: Path) -> None:
    """Every reader has the table's cells, and so has the layer."""
    assert pq.read_table(file).equals(table)
    assert pa.table(polars.read_parquet(file).to_arrow()).to_pylist() == table.to_pylist()
    found = duckdb.sql(f"select * from read_parquet('{file}')").to_arrow_table()
    assert found.to_pylist() == table.to_pylist()
    assert usdparquet.read_columns(file).select(table.column_names).equals(table)
    layer = Sdf.Layer.FindOrOpen(str(file))
    for row in table.to_pylist():
        for name in table.column_names[1:]:
            attribute = layer.GetAttributeAtPath(f"{row['path']}.{name}")
            if row[name] is None:
                assert attribute is None
            elif name == "points":
                assert [list(each) for each in attribute.default] == row[name]
            else:
                assert list(attribute.default) == row[name]


@settings(max_examples=25, deadline=None)
@given(data=st.data(), rows=st.integers(1, 40))
def test_every_reader_has_the_cells(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, rows: int
) -> None:
    lengths = {name: data.draw(st.lists(LENGTHS, min_size=rows, max_size=rows)) for name in KINDS}
    table = table_of(lengths)
    file = tmp_path_factory.mktemp("any") / "it.parquet"
    rows_per_page = data.draw(st.sampled_from([1, 2, 7, 50]))
    usdparquet.write_table(table, file, compression="none", rows_per_page=rows_per_page)
    check(table, file)
    code, told = run("validate", file, "--values")
    assert code == 0 and told.replace("\n", " ").endswith("with 5 properties, no problems ")


def test_a_saved_array_leaves_the_others(tmp_path: Path) -> None:
    """A save writes the chunk of its column elsewhere."""
    table = table_of({name: [300 + i % 5 for i in range(40)] for name in KINDS})
    file = tmp_path / "it.parquet"
    usdparquet.write_table(table, file, compression="none", rows_per_page=3)
    layer = Sdf.Layer.FindOrOpen(str(file))
    layer.GetAttributeAtPath("/P007.doubles").default = [1.5] * 333
    assert layer.Save()
    del layer
    rows = table.to_pylist()
    rows[7]["doubles"] = [1.5] * 333
    check(pa.Table.from_pylist(rows, table.schema), file)
