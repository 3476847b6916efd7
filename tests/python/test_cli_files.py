"""The commands inspect and validate."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from usdparquet.cli import app

runner = CliRunner()


def _run(*arguments: str | Path, code: int = 0) -> str:
    result = runner.invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def odd_file(tmp_path: Path) -> Path:
    """A file with a bad path, a double path, odd names and a column that has no place."""
    table = pa.table(
        {
            "path": ["/A", "/A/B", "bad path", "/A", None],
            "Unit cost ($)": [1.0, 2.0, 3.0, None, 5.0],
            "blob": [b"x"] * 5,
            "state": [{"x": 1, "y": "q"}] * 5,
            "size": pa.array([[1.0, 2.0, 3.0]] * 5, pa.list_(pa.float32(), 3)),
        }
    )
    path = tmp_path / "odd.parquet"
    pq.write_table(table, path, compression="zstd", row_group_size=2, write_page_index=True)
    return path


@pytest.fixture
def good_file(tmp_path: Path) -> Path:
    path = tmp_path / "good.parquet"
    pq.write_table(pa.table({"path": ["/A", "/B"], "cost": [1.0, 2.0]}), path)
    return path


def test_inspect_says_how_columns_are_stored_and_what_they_become(odd_file: Path) -> None:
    data = json.loads(_run("inspect", odd_file, "--json"))
    assert (data["rows"], data["row_groups"], data["prims"]) == (5, 3, 2)
    assert data["bytes"] == odd_file.stat().st_size
    columns = {column["name"]: column for column in data["columns"]}
    assert columns["path"]["is_path"]
    assert columns["Unit cost ($)"]["properties"] == [{"name": "Unit_cost____", "type": "double"}]
    assert columns["state"]["properties"] == [
        {"name": "state:x", "type": "int64"},
        {"name": "state:y", "type": "string"},
    ]
    assert columns["size"]["properties"] == [{"name": "size", "type": "float3"}]
    assert columns["blob"]["properties"] == []
    assert "binary" in columns["blob"]["left_out"][0]
    for column in columns.values():
        assert column["compression"] == ["ZSTD"]
        assert column["page_index"]
    stored = sum(column["bytes"] for column in columns.values())
    assert 0 < stored < data["bytes"]


def test_inspect_prints_a_table(odd_file: Path) -> None:
    text = _run("inspect", odd_file)
    assert "odd.parquet: 5 rows in 3 row groups, 2 prims" in " ".join(text.split())


def test_validate_accepts_a_good_file(good_file: Path) -> None:
    assert "2 prims with 1 properties, no problems" in _run("validate", good_file)


def test_validate_lists_every_problem(odd_file: Path) -> None:
    text = _run("validate", odd_file, code=1)
    assert "row 2: 'bad path'" in text
    assert "row 3" in text
    assert "'blob'" in text


def test_validate_says_when_there_is_no_path_column(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"where": ["/A"], "cost": [1.0]}), path)
    assert "path" in _run("validate", path, code=1)
    assert "no problems" in _run("validate", path, "--path", "where")


@pytest.mark.parametrize("command", ["inspect", "validate"])
def test_a_file_that_is_not_parquet_is_an_error(command: str, tmp_path: Path) -> None:
    path = tmp_path / "text.parquet"
    path.write_text("no table", encoding="utf-8")
    assert "text.parquet: cannot be read as Parquet" in _run(command, path, code=1)


def test_validate_looks_at_values_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "cells.parquet"
    pq.write_table(
        pa.table(
            {
                "path": ["/A", "/B"],
                "series": [[1.0], [None]],
                "day": pa.array([1 << 30, 1], pa.date32()),
            }
        ),
        path,
    )
    assert "no problems" in _run("validate", path)
    lines = _run("validate", path, "--values", code=1).splitlines()
    assert [line.split(";")[0].removeprefix(f"{path}: ") for line in lines] == [
        "column 'series', row 1: the cell has a null inside its array or tuple, which a USD value "
        "cannot have",
        "column 'day', row 0: the cell is a date or time that ISO 8601 cannot write",
    ]


def test_validate_finds_damage_in_values(good_file: Path) -> None:
    assert "no problems" in _run("validate", good_file, "--values")
    chunk = pq.ParquetFile(good_file).metadata.row_group(0).column(1)
    data = bytearray(good_file.read_bytes())
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    good_file.write_bytes(data)
    assert "column 'cost', row group 0" in _run("validate", good_file, "--values", code=1)


def test_inspect_tells_prim_metadata_from_properties(tmp_path: Path) -> None:
    source, path = tmp_path / "in.usda", tmp_path / "out.parquet"
    source.write_text(
        '#usda 1.0\ndef Xform "A"\n{\n    int x = 1\n}\ndef Xform "B"\n{\n    int x = 2\n}\n'
    )
    _run("convert", source, path)
    columns = {c["name"]: c for c in json.loads(_run("inspect", path, "--json"))["columns"]}
    assert columns["typeName"]["metadata_fields"] == ["typeName"]
    assert columns["typeName"]["properties"] == []
    assert columns["x"]["properties"] == [{"name": "x", "type": "int"}]
