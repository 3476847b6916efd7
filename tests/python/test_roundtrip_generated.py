"""Generated layers, exported to Parquet, come back with the identical text."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from layer_strategies import Table, layers, tables
from pxr import Sdf
from round_trips import check_round_trip, columns_by_property, make_large, residual_format
from value_strategies import plain, plain_cell


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        derandomize=True,
    )


@examples(200)
@given(layers())
def test_a_layer_comes_back(layer: Sdf.Layer) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_round_trip(layer, Path(folder, "layer.parquet"))


@examples(100)
@given(layers())
def test_a_layer_with_a_crate_file_comes_back(layer: Sdf.Layer) -> None:
    make_large(layer)
    with tempfile.TemporaryDirectory() as folder:
        file = check_round_trip(layer, Path(folder, "layer.parquet"))
        assert residual_format(file) == "usdc"


@examples(100)
@given(tables())
def test_shared_attributes_become_columns(table: Table) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = check_round_trip(table.layer, Path(folder, "table.parquet"))
        found = pq.read_table(file)
        prims = [path for path in found["path"].to_pylist() if path != "/World"]
        assert prims == [f"/World/p{number}" for number in range(len(prims))]
        columns = columns_by_property(file)
        assert set(columns) == set(table.cells)
        for name, values in table.cells.items():
            cells = [plain_cell(cell) for cell in found[columns[name]].to_pylist()]
            assert cells[-len(prims) :] == [plain(value) for value in values], name
