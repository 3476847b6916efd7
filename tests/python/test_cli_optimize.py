"""`usdparquet optimize`: the same table, quick to read, for every reader."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf
from typer.testing import CliRunner

from usdparquet.cli import app


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """2,000 prims in random order, with nulls, an array and a struct."""
    chance = random.Random(7)
    rows = list(range(2000))
    chance.shuffle(rows)
    table = pa.table(
        {
            "path": [f"/World/Zone_{i % 20}/Prim_{i}" for i in rows],
            "cost": [None if i % 9 == 0 else i / 3 for i in rows],
            "count": pa.array([i * 7 for i in rows], pa.int64()),
            "material": [f"M{i % 5}" for i in rows],
            "name": [f"größe {i}" for i in rows],
            "size": pa.array([[i, 1, 2] for i in rows], pa.list_(pa.float32(), 3)),
            "place": [{"x": i, "y": None} for i in rows],
        }
    )
    file = tmp_path / "plain.parquet"
    pq.write_table(table, file)
    return file


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["optimize", *(str(a) for a in arguments)])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("compression", ["zstd", "snappy", "none"])
def test_every_reader_sees_the_same_rows(plain: Path, compression: str) -> None:
    output = plain.with_name("optimized.parquet")
    said = run(plain, output, "--compression", compression, "--rows-per-page", 100)
    assert "2,000 rows" in said
    assert "namespace order" in said
    before = pq.read_table(plain).sort_by("path")
    assert pq.read_table(output).sort_by("path").equals(before)
    assert polars.read_parquet(output).sort("path").equals(polars.read_parquet(plain).sort("path"))
    query = "select * from read_parquet('{}') order by path"
    assert duckdb.sql(query.format(output)).fetchall() == duckdb.sql(query.format(plain)).fetchall()


def test_the_layer_stays_the_same(plain: Path) -> None:
    output = plain.with_name("optimized.parquet")
    run(plain, output)
    before = Sdf.Layer.FindOrOpen(str(plain)).ExportToString()
    assert Sdf.Layer.FindOrOpen(str(output)).ExportToString() == before
    assert len(before) > 100_000


def test_a_subtree_is_contiguous(plain: Path) -> None:
    run(plain, plain)
    zones = [path.split("/")[2] for path in pq.read_table(plain)["path"].to_pylist()]
    changes = sum(a != b for a, b in itertools.pairwise(zones))
    assert changes == 19


def test_rows_that_are_no_prims_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "odd.parquet"
    pq.write_table(pa.table({"path": ["/b", "no path", "/a", "/b", None], "x": range(5)}), file)
    said = run(file, file)
    assert "2 rows without a valid prim path" in said
    assert "1 row that repeats a path" in said
    assert sorted(pq.read_table(file)["x"].to_pylist()) == [0, 1, 2, 3, 4]


def test_a_bad_input_leaves_the_output(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    source.write_text("not parquet")
    target.write_text("old")
    result = CliRunner().invoke(app, ["optimize", str(source), str(target)])
    assert result.exit_code == 1
    assert "in.parquet" in result.output
    assert target.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.parquet", "out.parquet"]
