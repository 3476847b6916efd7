"""A table with columns of many kinds, damaged on purpose, and what is recovered of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from parquet_surgery import Page, Surgery
from typer.testing import CliRunner

import usdparquet
from usdparquet.cli import app

ROWS, GROUP_ROWS, PAGE_ROWS = 600, 300, 50
LOST = range(400, 450)
"""The rows of the page that is damaged: the third of the second row group."""


def content() -> pa.Table:
    numbers = range(ROWS)
    columns = {
        "path": pa.array([f"/W/p{i:04}" for i in numbers]),
        "cost": pa.array([float(i) for i in numbers]),
        "count": pa.array(numbers, pa.int64()),
        "flag": pa.array([i % 3 == 0 for i in numbers]),
        "label": pa.array([f"text {i}" if i % 7 else None for i in numbers]),
        "few": pa.array([f"t{i % 5}" for i in numbers]),
        "coded": pa.array([f"c{i % 5}" for i in numbers]).dictionary_encode(),
        "price": pa.array([Decimal(i) / 100 for i in numbers], pa.decimal128(12, 2)),
        "moment": pa.array([i * 1000 for i in numbers], pa.timestamp("us", tz="UTC")),
        "color": pa.array([[i, 1, 2] for i in numbers], pa.list_(pa.float32(), 3)),
        "place": pa.array(
            [None if i % 11 == 0 else {"x": i, "deep": {"y": f"y{i}"}} for i in numbers]
        ),
        "series": pa.array([None if i % 13 == 0 else [i, None] * (i % 4) for i in numbers]),
        "parts": pa.array([[{"u": i, "v": str(i)}] * (i % 3) for i in numbers]),
        "pairs": pa.array(
            [[("k", i)] * (i % 2) for i in numbers], pa.map_(pa.string(), pa.int32())
        ),
    }
    fields = [pa.field(name, cells.type, name != "count") for name, cells in columns.items()]
    return pa.table(list(columns.values()), schema=pa.schema(fields))


TABLE = content()
LEAVES = [
    *(name for name in TABLE.column_names if not pa.types.is_nested(TABLE.schema.field(name).type)),
    *("color.list.element", "place.x", "place.deep.y", "series.list.element"),
    *("parts.list.element.u", "parts.list.element.v"),
    *("pairs.key_value.key", "pairs.key_value.value"),
]
LAYOUTS: dict[str, dict[str, Any]] = {
    "page index": {"write_page_index": True},
    "headers": {},
    "version 2": {"data_page_version": "2.0"},
    "plain": {"write_page_index": True, "use_dictionary": False, "compression": "none"},
}


def write(file: Path, layout: str, table: pa.Table = TABLE) -> bytes:
    pq.write_table(
        table,
        file,
        row_group_size=GROUP_ROWS,
        max_rows_per_page=PAGE_ROWS,
        write_batch_size=10,
        write_page_checksum=True,
        **LAYOUTS[layout],
    )
    return file.read_bytes()


def recover(file: Path, out: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Exit code and report."""
    result = CliRunner().invoke(app, ["recover", "--json", *options, str(file), str(out)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout) if result.exit_code < 2 else {}


def data_pages(data: bytes, leaf: str, group: int = 1) -> list[Page]:
    return [page for page in Surgery(data).pages(leaf, group) if not page.is_dictionary]


def recovered(
    data: bytes, folder: Path, code: int = 1, *options: str
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The report, and the rows of the recovered file by path."""
    file, out = folder / "bad.parquet", folder / "out.parquet"
    file.write_bytes(data)
    found, report = recover(file, out, *options)
    assert found == code
    usdparquet.read_columns(out)
    return report, {row["path"]: row for row in pq.read_table(out).to_pylist()}


EXPECTED = {row["path"]: row for row in TABLE.to_pylist()}


def without(column: str, rows: range, value: Callable[[Any], Any] = lambda _: None) -> Any:
    """The rows of the sound table, with other cells in some rows of one column."""
    changed = {path: dict(row) for path, row in EXPECTED.items()}
    for i in rows:
        row = changed[f"/W/p{i:04}"]
        row[column] = value(row[column])
    return changed


def lost_from(leaf: str, rows: range = LOST) -> Any:
    column, *steps = leaf.split(".")
    if column == "place":
        if steps == ["x"]:
            return without("place", rows, lambda cell: cell and {**cell, "x": None})
        # Nothing else tells whether the inner struct was null.
        return without("place", rows, lambda cell: cell and {**cell, "deep": None})
    return without(column, rows)
