"""Files that programs other than Arrow wrote."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pytest
from pxr import Usd
from usd_values import check_property

ROWS = 3000
PATHS = [f"/World/Zone_{row % 7}/Part_{row}" for row in range(ROWS)]


def thinned(cells: list[object], step: int) -> list[object]:
    return [None if row % step == 0 else cell for row, cell in enumerate(cells)]


COLUMNS = {
    "cost": thinned([row * 0.25 for row in range(ROWS)], 5),
    "count": thinned([row - 1500 for row in range(ROWS)], 7),
    "done": thinned([row % 3 == 0 for row in range(ROWS)], 4),
    "code": thinned([f"M-{row % 13}" for row in range(ROWS)], 9),
    "note": thinned([f"note number {row}" for row in range(ROWS)], 11),
    "series": thinned([[row * 0.5] * (row % 4) for row in range(ROWS)], 6),
    "tags": thinned([[f"t{row % 5}"] * (row % 3) for row in range(ROWS)], 8),
    "amount": thinned([Decimal(row).scaleb(-2) for row in range(ROWS)], 10),
    "day": thinned([date(2024, 1, 1 + row % 28) for row in range(ROWS)], 3),
    "moment": thinned([datetime(2024, 5, 1, 12, 30, row % 60) for row in range(ROWS)], 3),
}
SCHEMA = pa.schema(
    {
        "path": pa.string(),
        "cost": pa.float64(),
        "count": pa.int32(),
        "done": pa.bool_(),
        "code": pa.string(),
        "note": pa.string(),
        "series": pa.list_(pa.float64()),
        "tags": pa.list_(pa.string()),
        "amount": pa.decimal128(9, 2),
        "day": pa.date32(),
        "moment": pa.timestamp("us"),
    }
)
TABLE = pa.table({"path": PATHS, **COLUMNS}, schema=SCHEMA)


def iso(moment: date | None) -> str | None:
    return moment.isoformat() if moment else None


def check_file(file: Path) -> None:
    stage = Usd.Stage.Open(str(file))
    types = {
        "cost": "double",
        "count": "int",
        "done": "bool",
        "code": "string",
        "note": "string",
        "series": "double[]",
        "tags": "string[]",
    }
    for name, sdf in types.items():
        check_property(stage, PATHS, name, sdf, COLUMNS[name])
    amounts = [None if cell is None else float(cell) for cell in COLUMNS["amount"]]
    check_property(stage, PATHS, "amount", "double", amounts)
    check_property(stage, PATHS, "day", "string", map(iso, COLUMNS["day"]))
    check_property(stage, PATHS, "moment", "string", map(iso, COLUMNS["moment"]))


@pytest.mark.parametrize("version", ["V1", "V2"])
@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "zstd", "lz4_raw"])
def test_duckdb(tmp_path: Path, version: str, compression: str) -> None:
    file = tmp_path / "duck.parquet"
    connection = duckdb.connect()
    connection.register("source", TABLE)
    connection.execute(
        f"COPY (SELECT * FROM source) TO '{file}' (FORMAT parquet, COMPRESSION {compression}, "
        f"PARQUET_VERSION {version}, ROW_GROUP_SIZE 2048)"
    )
    check_file(file)


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "zstd", "gzip", "lz4", "brotli"])
def test_polars(tmp_path: Path, compression: str) -> None:
    file = tmp_path / "bear.parquet"
    frame = polars.from_arrow(TABLE)
    frame.write_parquet(
        file, compression=compression, row_group_size=700, data_page_size=1024, statistics=True
    )
    check_file(file)


def test_polars_categories_and_structs(tmp_path: Path) -> None:
    file = tmp_path / "bear.parquet"
    places = [[1.0, 2.0, 3.0], None, [4.0, 5.0, 6.0]]
    frame = polars.DataFrame(
        {
            "path": PATHS[:3],
            "kind": polars.Series(["a", None, "b"], dtype=polars.Categorical),
            "part": [{"cost": 1.5, "name": "x"}, None, {"cost": None, "name": "y"}],
            "place": polars.Series(places, dtype=polars.Array(polars.Float32, 3)),
        }
    )
    frame.write_parquet(file)
    stage = Usd.Stage.Open(str(file))
    check_property(stage, PATHS[:3], "kind", "string", ["a", None, "b"])
    check_property(stage, PATHS[:3], "part:cost", "double", [1.5, None, None])
    check_property(stage, PATHS[:3], "part:name", "string", ["x", None, "y"])
    check_property(stage, PATHS[:3], "place", "float3", places)
