"""Relationships and prim metadata have no time samples: cells in rows with a time are not lost
without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf, Tf
from typer.testing import CliRunner
from usd_values import collected_warnings, open_layer

import usdparquet
from usdparquet.cli import app

LONG: dict[str, Any] = {
    "path": ["/A", "/A", "/A", "/B", "/B"],
    "frame": pa.array([None, 1.0, 2.0, None, 1.0]),
    "v": [0.0, 1.0, 2.0, 3.0, 4.0],
}
NO_SAMPLES = (
    "column '{0}', row {1}: the row has a time, but {2} has no time samples, so that a layer does "
    "not show the cell{3}; put it into a row of the prim without a time"
)
SHOWN = (
    "column '{0}': {1} has no time samples, so that its cells in rows with a time are not shown; "
    "put them into rows without a time"
)


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def entry(**columns: dict[str, str]) -> dict[str, str]:
    said = {"version": "1.0", "time": "frame", "columns": columns}
    return {"usdparquet:schema": json.dumps(said)}


REL = {"role": "relationship"}
KIND = {"role": "metadata", "field": "kind", "type": "token"}
CASES: dict[str, tuple[dict[str, Any], dict[str, dict[str, str]], str]] = {
    "targets": (
        {"x": [None, "/B", "/C", None, None]},
        {"x": REL},
        NO_SAMPLES.format("x", 1, "a relationship", " (and 1 more)"),
    ),
    "lists of targets": (
        {"x": [["/B"], None, ["/C", "/D"], None, None]},
        {"x": REL},
        NO_SAMPLES.format("x", 2, "a relationship", ""),
    ),
    "prim metadata": (
        {"kind": ["component", None, None, None, "group"]},
        {"kind": KIND},
        NO_SAMPLES.format("kind", 4, "a field of a prim", ""),
    ),
    "field of a struct": (
        {"s": [None, {"x": None}, {"x": "/B"}, None, None]},
        {"s:x": REL},
        NO_SAMPLES.format("s:x", 2, "a relationship", ""),
    ),
}


def long_table(name: str) -> pa.Table:
    columns, said, _ = CASES[name]
    return pa.table({**LONG, **columns}).replace_schema_metadata(entry(**said))


@pytest.mark.parametrize("name", CASES)
def test_write_table_refuses_them(name: str, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    with pytest.raises(ValueError, match="no time samples") as error:
        usdparquet.write_table(long_table(name), file, time="frame")
    assert str(error.value) == f"{file}: {CASES[name][2]}"
    assert not file.exists()
    done = usdparquet.write_table(long_table(name), file, time="frame", strict=False)
    assert done.timed_cells == (2 if name == "targets" else 1)
    column = long_table(name).column_names[-1]
    kept = usdparquet.read_columns(file, [column])
    assert kept[column].to_pylist() == long_table(name)[column].to_pylist()


def test_write_table_with_types(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    table = pa.table({**LONG, "x": ["/B", "/B", None, None, None]})
    with pytest.raises(ValueError, match="column 'x', row 1: the row has a time, but a relation"):
        usdparquet.write_table(table, file, time="frame", types={"x": "rel"})
    # Without times, each row is a prim of its own.
    table = pa.table({"path": ["/A", "/B"], "x": ["/B", None]})
    assert usdparquet.write_table(table, file, types={"x": "rel"}).timed_cells == 0


def test_targets_in_rows_without_a_time_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    table = pa.table({**LONG, "x": ["/B", None, None, "/A", None]})
    done = usdparquet.write_table(table, file, time="frame", types={"x": "rel"})
    assert done.timed_cells == 0
    with collected_warnings() as warnings:
        layer = open_layer(file)
        targets = layer.GetRelationshipAtPath("/A.x").targetPathList.explicitItems
        layer.GetPrimAtPath("/A").comment = "edited"
        assert layer.Save()
    assert list(targets) == ["/B"]
    assert warnings == []
    assert "no problems" in run("validate", "--values", file)
    assert list(open_layer(file).GetRelationshipAtPath("/B.x").targetPathList.explicitItems) == [
        "/A"
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_someone_elses(name: str, tmp_path: Path) -> None:
    """Every cell is kept, and nothing that the layer does not show is lost in silence."""
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(long_table(name), file, row_group_size=2)
    before = file.read_bytes()
    message = f"{file}: {CASES[name][2]}"
    assert message in run("validate", "--values", file, code=1)
    count = "2 cells" if name == "targets" else "1 cell"
    assert f"{count} of relationships or prim metadata in rows with a time, kept" in run(
        "optimize", file, out
    )
    assert sorted(pq.read_table(out).to_pylist(), key=str) == sorted(
        long_table(name).to_pylist(), key=str
    )
    with collected_warnings():
        layer = open_layer(file)
        layer.GetPrimAtPath("/A").comment = "edited"
        with pytest.raises(Tf.ErrorException, match="can't be saved to its own file") as error:
            layer.Save()
    assert CASES[name][2] in str(error.value)
    assert file.read_bytes() == before
    # Cells are saved all the same: the others stay where they are.
    with collected_warnings():
        layer.Reload(True)
        layer.GetAttributeAtPath("/B.v").default = 30.0
        assert layer.Save()
    expected = long_table(name).to_pylist()
    expected[3]["v"] = 30.0
    assert pq.read_table(file).to_pylist() == expected


@pytest.mark.parametrize(
    ("cells", "said", "what"),
    [
        ({"x": ["/B"] * 5}, {"x": REL}, ("x", "a relationship")),
        ({"x": [["/B", "/C"]] * 5}, {"x": REL}, ("x", "a relationship")),
        ({"kind": ["group"] * 5}, {"kind": KIND}, ("kind", "a field of a prim")),
    ],
)
def test_what_statistics_tell_is_told_when_a_file_is_opened(
    cells: dict[str, Any], said: dict[str, dict[str, str]], what: tuple[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "in.parquet"
    rows = {**LONG, "frame": [0.0, 1.0, 2.0, 0.0, 1.0]}
    pq.write_table(pa.table({**rows, **cells}).replace_schema_metadata(entry(**said)), file)
    message = f"{file}: {SHOWN.format(*what)}"
    assert message in run("inspect", file)
    assert message in run("validate", file, code=1)
    with collected_warnings() as warnings:
        layer = open_layer(file)
        layer.ExportToString()
    assert warnings == [message]


def test_statistics_that_leave_it_open(tmp_path: Path) -> None:
    """One prim's targets lie in its row without a time, another one's in a row with one."""
    file = tmp_path / "in.parquet"
    table = pa.table({**LONG, "x": ["/B", None, None, None, "/A"]})
    pq.write_table(table.replace_schema_metadata(entry(x=REL)), file)
    with collected_warnings() as warnings:
        layer = open_layer(file)
        assert list(layer.GetRelationshipAtPath("/A.x").targetPathList.explicitItems) == ["/B"]
    assert warnings == []
    with collected_warnings() as warnings:
        for _ in range(2):
            assert not layer.GetRelationshipAtPath("/B.x").targetPathList.explicitItems
    assert warnings == [f"{file}: {SHOWN.format('x', 'a relationship')}"]
    assert isinstance(layer, Sdf.Layer)
