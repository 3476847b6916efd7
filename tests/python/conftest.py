"""Fixtures of the Python tests."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from parquet_files import Writer, write_parquet


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write columns given as keywords (or a table) to `<name>.parquet` in a fresh folder."""

    def writer(table: pa.Table | dict[str, object], name: str = "table", **options: object) -> Path:
        if not isinstance(table, pa.Table):
            table = pa.table(table)
        return write_parquet(table, tmp_path / f"{name}.parquet", **options)

    return writer
