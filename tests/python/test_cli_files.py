"""The commands inspect and validate."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_runs import run
from compact_thrift import List, Struct, Type, fields
from parquet_files import write_encrypted
from parquet_surgery import Meta, Surgery

import usdparquet

MAPPING = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")


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
    data = json.loads(run("inspect", odd_file, "--json"))
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
    text = run("inspect", odd_file)
    assert "odd.parquet: 5 rows in 3 row groups, 2 prims" in " ".join(text.split())


def test_validate_accepts_a_good_file(good_file: Path) -> None:
    assert "2 prims with 1 property, no problems" in run("validate", good_file)


def test_validate_lists_every_problem(odd_file: Path) -> None:
    text = run("validate", odd_file, code=1)
    assert "row 2: 'bad path'" in text
    assert "row 3" in text
    assert "'blob'" in text


def test_validate_says_when_there_is_no_path_column(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"where": ["/A"], "cost": [1.0]}), path)
    assert "path" in run("validate", path, code=1)
    assert "no problems" in run("validate", path, "--path", "where")


@pytest.mark.parametrize("command", ["inspect", "validate"])
def test_a_file_that_is_not_parquet_is_an_error(command: str, tmp_path: Path) -> None:
    path = tmp_path / "text.parquet"
    path.write_text("no table", encoding="utf-8")
    sentence = "this is not a Parquet file (it does not start with 'PAR1')"
    assert " ".join(run(command, path, code=1).split()) == f"{path}: {sentence}"
    assert f"costs.parquet: {sentence}" in MAPPING


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
    assert "no problems" in run("validate", path)
    lines = run("validate", path, "--values", code=1).splitlines()
    assert [line.split(";")[0].removeprefix(f"{path}: ") for line in lines] == [
        "column 'series', row 1: the cell has a null inside its array or tuple, which a USD value "
        "cannot have",
        "column 'day', row 0: the cell is a date or time that ISO 8601 cannot write",
    ]


def test_validate_finds_damage_in_values(good_file: Path) -> None:
    assert "no problems" in run("validate", good_file, "--values")
    chunk = pq.ParquetFile(good_file).metadata.row_group(0).column(1)
    data = bytearray(good_file.read_bytes())
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    good_file.write_bytes(data)
    assert "column 'cost', row group 0" in run("validate", good_file, "--values", code=1)


def test_inspect_tells_prim_metadata_from_properties(tmp_path: Path) -> None:
    source, path = tmp_path / "in.usda", tmp_path / "out.parquet"
    source.write_text(
        '#usda 1.0\ndef Xform "A"\n{\n    int x = 1\n}\ndef Xform "B"\n{\n    int x = 2\n}\n'
    )
    run("convert", source, path)
    columns = {c["name"]: c for c in json.loads(run("inspect", path, "--json"))["columns"]}
    assert columns["typeName"]["metadata_fields"] == ["typeName"]
    assert columns["typeName"]["properties"] == []
    assert columns["x"]["properties"] == [{"name": "x", "type": "int"}]


def _processor_time(work: Callable[[], object]) -> float:
    """Seconds that the processor works on it: the least of three tries."""
    tries = []
    for _ in range(3):
        begin = time.process_time()
        work()
        tries.append(time.process_time() - begin)
    return min(tries)


@pytest.mark.parametrize("command", ["inspect", "validate"])
@pytest.mark.parametrize("of", ["columns", "row groups"])
def test_time_is_linear_in_columns_and_row_groups(command: str, of: str, tmp_path: Path) -> None:
    def file_with(count: int) -> Path:
        path = tmp_path / f"{count}.parquet"
        if of == "columns":
            names = [f"c{i}" for i in range(count)]
            columns = {name: pa.array([1, None, 3]) for name in names}
            pq.write_table(pa.table({"path": ["/A", "/B", "/C"], **columns}), path)
        else:
            rows = {"path": [f"/P{i}" for i in range(count)], "x": list(range(count))}
            pq.write_table(pa.table(rows), path, row_group_size=1)
        return path

    few, many = file_with(1000), file_with(4000)
    seconds = [_processor_time(lambda file=file: run(command, file)) for file in (few, many)]
    # Four times as much; quadratic would be sixteen.
    assert seconds[1] < 9 * seconds[0], seconds


def test_columns_are_told_apart_by_their_place(tmp_path: Path) -> None:
    """A column may be called what a field of another one is, or what another one is."""
    path = tmp_path / "alike.parquet"
    table = pa.Table.from_arrays(
        [
            pa.array(["/A"]),
            pa.array([{"b": b"0", "c": 1}], pa.struct([("b", pa.binary()), ("c", pa.int32())])),
            pa.array([2.0]),
            pa.array([True]),
            pa.array([b"1"]),
            pa.array([b"2"]),
            pa.array([3], pa.int8()),
        ],
        names=["path", "a", "a.b", "a:b", "twice", "twice", ""],
    )
    pq.write_table(table, path)
    columns = json.loads(run("inspect", path, "--json"))["columns"]
    assert [column["name"] for column in columns] == table.column_names
    assert [[entry["name"] for entry in column["properties"]] for column in columns] == [
        [],
        ["a:c"],
        ["a_b"],
        ["a:b"],
        [],
        [],
        ["_"],
    ]
    assert [len(column["left_out"]) for column in columns] == [0, 1, 0, 0, 1, 1, 0]
    metadata = pq.ParquetFile(path).metadata.row_group(0)
    sizes = [metadata.column(leaf).total_compressed_size for leaf in range(8)]
    assert [column["bytes"] for column in columns] == [sizes[0], sizes[1] + sizes[2], *sizes[3:]]


def test_the_columns_of_a_long_table(tmp_path: Path) -> None:
    path = tmp_path / "long.parquet"
    table = pa.table({"path": ["/A", "/A"], "frame": [1, 2], "x": [1.0, 2.0]})
    usdparquet.write_table(table, path, time="frame")
    columns = {c["name"]: c for c in json.loads(run("inspect", path, "--json"))["columns"]}
    assert [column["is_time"] for column in columns.values()] == [False, True, False]
    assert "times" in run("inspect", path)
    # As another program writes it.
    pq.write_table(table, path)
    assert "1 row repeats the path of an earlier row" in run("validate", path, code=1)
    assert "1 prim with 1 property" in run("validate", path, "--time", "frame", "--values")
    assert "times" in run("inspect", path, "--time", "frame")


@pytest.mark.parametrize(
    "command", ["inspect", "validate", "validate --values", "optimize", "recover", "convert"]
)
@pytest.mark.parametrize("plaintext_footer", [True, False])
def test_encryption_is_told_as_documented(
    command: str, plaintext_footer: bool, tmp_path: Path
) -> None:
    path = tmp_path / "costs.parquet"
    table = pa.table({"path": ["/A", "/B"], "cost": [1.0, 2.0]})
    write_encrypted(table, path, plaintext_footer=plaintext_footer)
    what = "columns of the file are" if plaintext_footer else "the file is"
    sentence = f"{what} encrypted, which is not supported; write it without encryption"
    name, *options = command.split()
    if name in ("optimize", "recover", "convert"):
        options = [str(tmp_path / ("out.usda" if name == "convert" else "out.parquet"))]
    told = run(name, path, *options, code=2 if name == "recover" else 1)
    assert " ".join(told.split()) == f"{path}: {sentence}"
    assert f"costs.parquet: {sentence}" in MAPPING
    with pytest.raises(ValueError, match="encrypted") as error:
        usdparquet.read_columns(path)
    assert str(error.value) == f"{path}: {sentence}"


def _with_statistics(path: Path, statistics: Struct) -> None:
    """Put `statistics` into the chunk of the column `x`."""
    pq.write_table(pa.table({"path": ["/A", "/B"], "x": [1.0, 2.0], "y": [1, 2]}), path)
    file = Surgery(path)
    file.meta("x").put(Meta.STATISTICS, Type.STRUCT, statistics)
    path.write_bytes(file.data())


@pytest.mark.parametrize(
    ("statistics", "has_bad_bounds"),
    [
        (fields((1, Type.BINARY, b"\x01"), (2, Type.BINARY, b"\x01")), True),
        (fields((5, Type.BINARY, b"\xff" * 3), (6, Type.BINARY, b"")), True),
        (fields((3, Type.I64, -5), (4, Type.I64, 1 << 62)), False),
        (fields((5, Type.BINARY, b"\xff" * 100_000), (6, Type.BINARY, b"\x00" * 100_000)), True),
        (fields((3, Type.BINARY, b"\xff"), (5, Type.I64, 3)), False),
    ],
    ids=["short", "empty", "counts", "long", "other types"],
)
@pytest.mark.parametrize("command", ["inspect", "validate"])
def test_statistics_are_not_believed(
    command: str, statistics: Struct, has_bad_bounds: bool, tmp_path: Path
) -> None:
    path = tmp_path / "odd.parquet"
    _with_statistics(path, statistics)
    is_told = command == "validate" and has_bad_bounds
    said = " ".join(run(command, path, code=1 if is_told else 0).split())
    assert ("statistics that can't be those of their column" if is_told else "2 prims") in said


def test_a_chunk_that_cannot_be_understood_is_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "codec.parquet"
    table = pa.table({"path": ["/A", "/B"], "x": [1.0, 2.0], "y": [1, 2]})
    pq.write_table(table, path, compression="none")
    file = Surgery(path)
    file.meta("x").change(Meta.ENCODINGS, List(Type.I32, [0, 77]))
    path.write_bytes(file.data())
    shown = json.loads(run("inspect", path, "--json"))["columns"]
    assert [column["name"] for column in shown] == ["path", "x", "y"]


def test_no_row_groups_and_empty_ones(tmp_path: Path) -> None:
    schema = pa.schema([("path", pa.string()), ("x", pa.float64())])
    path = tmp_path / "none.parquet"
    pq.write_table(schema.empty_table(), path)
    assert "0 rows in" in run("inspect", path)
    assert "0 prims with 1 property" in run("validate", path, "--values")
    with pq.ParquetWriter(path, schema) as writer:
        for rows in (0, 2, 0, 1, 0):
            paths = [f"/P{rows}{i}" for i in range(rows)]
            writer.write_table(pa.table({"path": paths, "x": [1.0] * rows}, schema=schema))
    data = json.loads(run("inspect", path, "--json"))
    assert (data["rows"], data["prims"]) == (3, 3)
    assert "no problems" in run("validate", path, "--values")
