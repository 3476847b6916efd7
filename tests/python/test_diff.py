"""`usdparquet diff`: two tables, or a table and a layer, by path and time."""

from __future__ import annotations

import datetime
import json
import math
import random
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf
from typer.testing import CliRunner, Result

import usdparquet
from usdparquet.cli import app
from usdparquet.cli.console import DASH
from usdparquet.tables.diff import Change, DiffOptions, diff_files

NAN = math.nan


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["diff", *(str(argument) for argument in arguments)])


def written(file: Path, columns: dict[str, object], **options: object) -> Path:
    pq.write_table(pa.table(columns), file, **options)
    return file


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    first = {
        "path": ["/W/A", "/W/B", "/W/C"],
        "cost": [1.5, None, NAN],
        "v": [[1.0, 2.0], [3.0], None],
        "part": [{"w": 1}, {"w": 2}, None],
        "k": [1, 2, 3],
        "gone": ["x", "y", "z"],
    }
    second = {
        "path": ["/W/C", "/W/A", "/W/D"],
        "cost": [NAN, 1.75, 3],
        "v": pa.array([None, [1, 2], [0]], pa.list_(pa.float32())),
        "part": [None, {"w": 7}, None],
        "k": ["3", "1", "4"],
        "new": [1, 2, 3],
    }
    return written(tmp_path / "a.parquet", first), written(tmp_path / "b.parquet", second)


def test_what_is_told(files: tuple[Path, Path]) -> None:
    a, b = files
    result = invoke(a, b)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{a}, {b}: 1 row only in the first, 1 row only in the second, 2 cells differ, "
        "2 types differ, 2 columns only in one",
        f"rows only in {a}: 1",
        "  /W/B",
        f"rows only in {b}: 1",
        "  /W/D",
        f"columns only in {a}: gone",
        f"columns only in {b}: new",
        "type of v: double[] → float[]",
        "type of k: int64 → string, whose cells cannot be compared",
        "cells of cost that differ: 1",
        "  /W/A: 1.5 → 1.75",
        "cells of part:w that differ: 1",
        "  /W/A: 1 → 7",
    ]
    same = invoke(a, a)
    assert (same.exit_code, same.stdout) == (0, f"{a}, {a}: the same, 3 rows\n")


def test_an_empty_text_is_shown(tmp_path: Path) -> None:
    a = written(tmp_path / "a.parquet", {"path": ["/A", "/B"], "t": ["", None]})
    b = written(tmp_path / "b.parquet", {"path": ["/A", "/B"], "t": [None, "x"]})
    assert invoke(a, b).stdout.splitlines()[2:] == [
        f"  /A: '' → {DASH}",
        f"  /B: {DASH} → x",
    ]


def test_json(files: tuple[Path, Path]) -> None:
    result = invoke(*files, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "same": False,
        "rows_a": 3,
        "rows_b": 3,
        "only_a": {"count": 1, "first": [["/W/B", None]]},
        "only_b": {"count": 1, "first": [["/W/D", None]]},
        "columns_only_a": ["gone"],
        "columns_only_b": ["new"],
        "types": {"v": ["double[]", "float[]"], "k": ["int64", "string"]},
        "not_compared": ["k"],
        "cells": {
            "cost": {"count": 1, "first": [{"path": "/W/A", "time": None, "a": 1.5, "b": 1.75}]},
            "part:w": {"count": 1, "first": [{"path": "/W/A", "time": None, "a": 1, "b": 7}]},
        },
        "notes": [],
    }
    same = invoke(files[0], files[0], "--json")
    assert same.exit_code == 0
    assert json.loads(same.stdout)["same"] is True


def test_trouble(files: tuple[Path, Path], tmp_path: Path) -> None:
    a = files[0]
    gone = tmp_path / "gone.parquet"
    result = invoke(a, gone)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{gone}: No such file or directory\n"
    assert invoke(a).exit_code == 2
    for text in ("inf", "1e400", "nan", "-1", "much"):
        result = invoke(a, a, "--tolerance", text)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.endswith(
            f"Error: Invalid value for '--tolerance': '{text}' is no number from 0 to 1e+308\n"
        )
    assert invoke(a, a, "--tolerance", "1e-400").exit_code == 0
    other = written(tmp_path / "other.parquet", {"prim": ["/A"]})
    result = invoke(a, other)
    assert result.exit_code == 2
    assert "there is no column 'path' with the prim paths" in result.stderr
    data = bytearray(a.read_bytes())
    chunk = pq.ParquetFile(a).metadata.row_group(0).column(1)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(data)
    result = invoke(a, bad)
    assert result.exit_code == 2
    assert f"{bad}: column 'cost', row group 0" in result.stderr


@pytest.mark.parametrize(
    ("a", "b", "tolerance", "differs"),
    [
        (1.0, 1.1, 0, True),
        (1.0, 1.1, 0.2, False),
        (1.0, 1.1, 0.05, True),
        (NAN, NAN, 0, False),
        (NAN, NAN, 0.1, False),
        (NAN, 1.0, 1e300, True),
        (None, None, 0.1, False),
        (None, 1.0, 1e300, True),
        (math.inf, math.inf, 0.1, False),
        (math.inf, -math.inf, 0.1, True),
        (0.0, -0.0, 0, False),
        (5, 6, 1, False),
        (2**63 - 1, 2**63 - 2, 0, True),
        (Decimal("1.25"), Decimal("1.26"), 0, True),
        (Decimal("1.25"), Decimal("1.26"), 0.011, False),
        ([1.0, 2.0], [1.0, 2.1], 0, True),
        ([1.0, 2.0], [1.0, 2.1], 0.2, False),
        ([1.0, 2.0], [1.0], 0.2, True),
        ([1.0, NAN], [1.0, NAN], 0, False),
        ([1.0, NAN], [1.1, NAN], 0.2, False),
        ([1.0], None, 0.2, True),
        ([], [], 0.2, False),
        ([[1.0], [2.0]], [[1.0], [2.1]], 0.2, False),
        ([[1.0], [2.0]], [[1.0], [2.1]], 0.05, True),
        ("a", "A", 1, True),
        (["a"], ["a"], 1, False),
        (True, False, 1, True),
        (b"a", b"a", 0, False),
        (datetime.date(2024, 1, 1), datetime.date(2024, 1, 2), 9, True),
        (datetime.datetime(2024, 1, 1), datetime.datetime(2024, 1, 1), 0, False),
    ],
)
def test_cells(a: object, b: object, tolerance: float, differs: bool, tmp_path: Path) -> None:
    kind = pa.array([a, b]).type
    files = [
        written(tmp_path / f"{i}.parquet", {"path": ["/A"], "x": pa.array([cell], kind)})
        for i, cell in enumerate((a, b))
    ]
    found = diff_files(files[0], files[1], DiffOptions(tolerance=tolerance))
    assert found.types == {}
    assert ("x" in found.cells) == differs
    assert found.is_same != differs
    if differs:
        assert found.cells["x"].count == 1


LONG = Decimal("12345678901234567890.12")
INT, UINT, DOUBLE = pa.int64(), pa.uint64(), pa.float64()


@pytest.mark.parametrize(
    ("a", "b", "kinds", "tolerance", "differs"),
    [
        (10**17 + 1, 10**17 + 6, (INT, INT), 1, True),
        (10**17 + 1, 10**17 + 6, (INT, INT), 5, False),
        (2**53 + 1, 2**53, (INT, INT), 0.5, True),
        (2**64 - 1, 2**64 - 500, (UINT, UINT), 1, True),
        (2**64 - 1, 2**64 - 500, (UINT, UINT), 499, False),
        (2**63, 2**63 - 1, (UINT, INT), 0.5, True),
        (2**64 - 1, -(2**63), (UINT, INT), 1e300, False),
        (LONG, LONG + 9, (pa.decimal128(22, 2),) * 2, 1, True),
        (LONG, LONG + 9, (pa.decimal128(22, 2),) * 2, 9, False),
        (LONG, LONG + 9, (pa.decimal128(22, 2), pa.decimal128(25, 4)), 1, True),
        (Decimal("1.25"), Decimal("1.26"), (pa.decimal128(3, 2),) * 2, 0.01, False),
        (Decimal("1.25"), Decimal("1.26"), (pa.decimal128(3, 2),) * 2, 0.0099, True),
        (Decimal(10**38 - 1), Decimal(1 - 10**38), (pa.decimal128(38, 0),) * 2, 1, True),
        (Decimal(10**38 - 1), Decimal(1 - 10**38), (pa.decimal128(38, 0),) * 2, 1e39, False),
        (10**17, Decimal("0.5"), (INT, pa.decimal128(38, 30)), 0, True),
        (2**53 + 1, Decimal(2**53), (INT, pa.decimal128(20, 2)), 0.5, True),
        (2**53 + 1, Decimal(2**53 + 1), (INT, pa.decimal128(20, 2)), 0, False),
        (2**53 + 1, 2.0**53, (INT, DOUBLE), 0, True),
        (2.0**53, 2**53 + 1, (DOUBLE, INT), 0.5, True),
        (2**53 + 1, 2.0**53, (INT, DOUBLE), 1, False),
        (2**64 - 1, 2.0**64, (UINT, DOUBLE), 0, True),
        (3, 3.25, (INT, pa.float32()), 0.25, False),
        (-3, -3.25, (INT, DOUBLE), 0.2, True),
        (3, NAN, (INT, DOUBLE), 1, True),
        (3, math.inf, (INT, DOUBLE), 1, True),
        (3, -(2.0**127), (INT, DOUBLE), 1, True),
        (3, None, (INT, DOUBLE), 1, True),
        (None, None, (INT, DOUBLE), 1, False),
        (3, None, (INT, pa.null()), 1, True),
        (Decimal("0.1"), 0.1, (pa.decimal128(3, 1), DOUBLE), 0, False),
    ],
)
def test_exact_numbers(
    a: object,
    b: object,
    kinds: tuple[pa.DataType, pa.DataType],
    tolerance: float,
    differs: bool,
    tmp_path: Path,
) -> None:
    files = [
        written(
            tmp_path / f"{i}.parquet",
            {
                "path": ["/A"],
                "x": pa.array([cell], kind),
                "list": pa.array([[cell]], pa.list_(kind)),
                "lists": pa.array([[[cell]]], pa.list_(pa.list_(kind, 1))),
            },
        )
        for i, (cell, kind) in enumerate(zip((a, b), kinds, strict=True))
    ]
    found = diff_files(files[0], files[1], DiffOptions(tolerance=tolerance))
    assert sorted(found.cells) == (["list", "lists", "x"] if differs else [])
    assert found.not_compared == []


def test_decimals_of_other_digits_are_the_same(tmp_path: Path) -> None:
    cells = [Decimal("1.00"), Decimal("2.50")]
    a, b = (
        written(
            tmp_path / f"{name}.parquet",
            {
                "path": ["/A", "/B"],
                "x": pa.array(cells, kind),
                "v": pa.array([cells, None], pa.list_(kind)),
            },
        )
        for name, kind in (("a", pa.decimal128(10, 2)), ("b", pa.decimal128(20, 4)))
    )
    told = [
        f"x is decimal(10, 2) in {a}, decimal(20, 4) in the other",
        f"v is decimal(10, 2)[] in {a}, decimal(20, 4)[] in the other",
    ]
    result = invoke(a, b)
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [f"{a}, {b}: the same, 2 rows", *told],
    )
    found = json.loads(invoke(a, b, "--json").stdout)
    assert (found["same"], found["types"], found["notes"]) == (True, {}, told)


def test_notes_name_the_file(tmp_path: Path) -> None:
    a = written(tmp_path / "a.parquet", {"path": ["/A", "/A"], "x": [1, 2]})
    b = written(tmp_path / "b.parquet", {"path": ["/A"], "x": [2]})
    assert diff_files(a, b, DiffOptions()).notes == [
        f"{a}: of several rows with one path and time, the last one is compared"
    ]


def test_a_tolerance_of_many_digits(tmp_path: Path) -> None:
    a, b = (
        written(tmp_path / f"{cell}.parquet", {"path": ["/A"], "x": [cell]})
        for cell in (0, 2**53 + 1)
    )
    assert invoke(a, b, "--tolerance", 2**53 + 1).exit_code == 0
    assert invoke(a, b, "--tolerance", 2**53).exit_code == 1


@pytest.mark.parametrize("tolerance", [0, 0.001])
def test_lists_of_other_types(tolerance: float, tmp_path: Path) -> None:
    cells = {
        "fixed": pa.array([[1.5, 2.0]], pa.list_(pa.float16(), 2)),
        "wide": pa.array([[1.5, 2.0]], pa.large_list(pa.float64())),
        "whole": pa.array([[1, 2]], pa.list_(pa.int32())),
    }
    for name, array in cells.items():
        written(tmp_path / f"{name}.parquet", {"path": ["/A"], "x": array})
    options = DiffOptions(tolerance=tolerance)
    found = diff_files(tmp_path / "fixed.parquet", tmp_path / "wide.parquet", options)
    assert (found.types, found.cells) == ({"x": ("float[2]", "double[]")}, {})
    found = diff_files(tmp_path / "fixed.parquet", tmp_path / "whole.parquet", options)
    assert found.types == {"x": ("float[2]", "int32[]")}
    assert found.cells["x"].first == [Change("/A", None, (1.5, 2.0), [1, 2])]


def test_random_tables(tmp_path: Path) -> None:
    """Counts and keys are those of a plain comparison in Python."""
    chance = random.Random(3)

    def some(count: int) -> dict[tuple[str, float | None], dict[str, object]]:
        return {
            (f"/P{chance.randrange(400)}", chance.choice([None, 1.0, 2.5])): {
                "x": chance.choice([None, NAN, 1.0, 2.0]),
                "s": chance.choice(["a", "b", None]),
            }
            for _ in range(count)
        }

    first, second = some(700), some(700)
    for file, rows in (("a", first), ("b", second)):
        keys = list(rows)
        chance.shuffle(keys)
        columns = {
            "path": [path for path, _ in keys],
            "when": pa.array([time for _, time in keys], pa.float64()),
            "x": pa.array([rows[key]["x"] for key in keys], pa.float64()),
            "s": [rows[key]["s"] for key in keys],
        }
        written(tmp_path / f"{file}.parquet", columns, row_group_size=97)
    options = DiffOptions(time_column="when", limit=None)
    found = diff_files(tmp_path / "a.parquet", tmp_path / "b.parquet", options)
    assert {tuple(key) for key in found.only_a.first} == first.keys() - second.keys()
    assert {tuple(key) for key in found.only_b.first} == second.keys() - first.keys()
    for name in ("x", "s"):
        wanted = {
            key
            for key in first.keys() & second.keys()
            if repr(first[key][name]) != repr(second[key][name])
        }
        assert {(change.path, change.time) for change in found.cells[name].first} == wanted
        assert found.cells[name].count == len(wanted)
    few = diff_files(
        tmp_path / "a.parquet", tmp_path / "b.parquet", DiffOptions(time_column="when", limit=3)
    )
    assert few.cells["x"].count == found.cells["x"].count
    assert few.cells["x"].first == found.cells["x"].first[:3]


def test_times_of_other_types(tmp_path: Path) -> None:
    day = datetime.datetime(2024, 1, 1)
    paths = ["/A", "/A"]
    a = written(tmp_path / "a.parquet", {"path": paths, "time": [1, 2], "x": [1, 2]})
    b = written(tmp_path / "b.parquet", {"path": paths, "time": [1.0, 2.5], "x": [1, 2]})
    found = diff_files(a, b, DiffOptions(time_column="time"))
    assert (found.only_a.first, found.only_b.first) == ([("/A", 2)], [("/A", 2.5)])
    c = written(tmp_path / "c.parquet", {"path": paths, "time": [day, day], "x": [1, 2]})
    with pytest.raises(ValueError, match=r"are numbers, those of .* timestamps"):
        diff_files(a, c, DiffOptions(time_column="time"))
    found = diff_files(c, c, DiffOptions(time_column="time"))
    assert found.is_same
    assert (found.rows_a, len(found.notes)) == (1, 1)


def test_a_table_and_a_layer(tmp_path: Path) -> None:
    table, layer = tmp_path / "t.parquet", tmp_path / "l.usda"
    columns = pa.table(
        {
            "path": ["/W/A", "/W/B"],
            "tint": [[0.5, 0.25, 1.0], None],
            "note": ["ä", "b"],
            "flags": [[True, False], []],
            "n": pa.array([2**64 - 1, 0], pa.uint64()),
        }
    )
    usdparquet.write_table(columns, table, types={"tint": "color3f", "note": "token"})
    assert CliRunner().invoke(app, ["convert", str(table), str(layer)]).exit_code == 0
    assert invoke(table, layer).stdout == f"{table}, {layer}: the same, 2 rows\n"
    edited = Sdf.Layer.FindOrOpen(str(layer))
    edited.GetAttributeAtPath("/W/A.tint").default = (0.5, 0.25, 0.75)
    Sdf.AttributeSpec(edited.GetPrimAtPath("/W/B"), "more", Sdf.ValueTypeNames.Double)
    edited.GetAttributeAtPath("/W/B.more").default = 1.5
    edited.SetTimeSample("/W/B.note", 24, "later")
    edited.Save()
    result = invoke(table, layer)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{table}, {layer}: 1 row only in the second, 1 cell differs, 1 column only in one",
        f"rows only in {layer}: 1",
        "  /W/B at 24.0",
        f"columns only in {layer}: more",
        "cells of tint that differ: 1",
        "  /W/A: [0.5, 0.25, 1.0] → [0.5, 0.25, 0.75]",
    ]
    assert invoke(table, layer, "--tolerance", 1).stdout.count("tint") == 0
    # A layer in a Parquet file, with properties that are no columns.
    exported = tmp_path / "e.parquet"
    edited.Export(str(exported))
    assert invoke(exported, layer).exit_code == 0
    assert invoke(layer, table).exit_code == 1


def test_samples_and_kinds_of_values(tmp_path: Path) -> None:
    a, b = tmp_path / "a.usda", tmp_path / "b.usdc"
    a.write_text(
        """#usda 1.0
def "A" (
    variants = { string v = "x" }
    prepend variantSets = "v"
)
{
    double d.timeSamples = { 1: 2, 2.5: 3, 4: None }
    matrix4d m = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
    quatf q = (1, 0, 0, 0)
    quatf[] qs = [(1, 0, 0, 0)]
    asset[] files = [@a.png@, @b.png@]
    string[] words = ["a", "b"]
    float3[] points = [(1, 2, 3), (4, 5, 6)]
    timecode code = 3
    rel target = [</A>, </B>]
    variantSet "v" = {
        "x" {
            double inside = 1
        }
    }
}
"""
    )
    Sdf.Layer.FindOrOpen(str(a)).Export(str(b))
    found = diff_files(a, b, DiffOptions())
    assert found.is_same
    assert found.rows_a == 4
    assert len(found.notes) == 2 and "variants" in found.notes[0]
    layer = Sdf.Layer.FindOrOpen(str(b))
    layer.GetAttributeAtPath("/A.points").default = [(1, 2, 3), (4, 5, 7)]
    layer.GetRelationshipAtPath("/A.target").targetPathList.explicitItems = ["/B"]
    layer.SetTimeSample("/A.d", 2.5, 4.0)
    layer.GetAttributeAtPath("/A.q").default = type(layer.GetAttributeAtPath("/A.q").default)(
        0, 1, 0, 0
    )
    layer.Save()
    found = diff_files(a, b, DiffOptions())
    assert {name: part.count for name, part in found.cells.items()} == {
        "d": 1, "points": 1, "target": 1, "q": 1,
    }  # fmt: skip
    assert found.cells["target"].first == [Change("/A", None, ["/A", "/B"], ["/B"])]


def test_warnings_of_openusd_are_notes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    table = written(tmp_path / "t.parquet", {"path": ["/A", "/B", "bad path"], "x": [1.5, 2.5, 3]})
    layer = tmp_path / "l.usda"
    layer.write_text('#usda 1.0\ndef "A" {\n double x = 1.5\n}\ndef "B" {\n double x = 2.5\n}\n')
    said = f"{table}: column 'path': 1 row has no valid absolute prim path and is left out: row 2"
    for a, b in ((table, layer), (layer, table)):
        result = invoke(a, b)
        assert (result.exit_code, result.stderr) == (0, "")
        first, note = result.stdout.splitlines()
        assert first == f"{a}, {b}: the same, 2 rows"
        assert note.startswith(said)
    (note,) = json.loads(invoke(table, layer, "--json").stdout)["notes"]
    assert note.startswith(said)
    assert capfd.readouterr() == ("", "")


def test_decimals_that_sql_has_no_place_for(tmp_path: Path) -> None:
    a, b = (
        written(
            tmp_path / f"{name}.parquet",
            {"path": ["/A"], "d": pa.array([Decimal(digit * 50)], pa.decimal256(60, 0))},
        )
        for name, digit in (("a", "1"), ("b", "2"))
    )
    result = invoke(a, b)
    assert result.exit_code == 2
    assert result.stderr in [
        f"{file}: column 'd' is decimal256(60, 0), which SQL cannot take (rows 0 to 0): "
        "Decimal value does not fit in precision 38; compare files without it, as "
        "'usdparquet convert --columns' writes them\n"
        for file in (a, b)
    ]


def test_json_has_all_digits_of_decimals(tmp_path: Path) -> None:
    kind = pa.decimal128(30, 2)
    a, b = (
        written(
            tmp_path / f"{name}.parquet", {"path": ["/A"], "d": pa.array([Decimal(text)], kind)}
        )
        for name, text in (("a", "123456789012345678.25"), ("b", "123456789012345678.50"))
    )
    result = invoke(a, b, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout, parse_float=Decimal)
    assert found["cells"]["d"]["first"] == [
        {
            "path": "/A",
            "time": None,
            "a": Decimal("123456789012345678.25"),
            "b": Decimal("123456789012345678.50"),
        }
    ]
    assert list(map(str.strip, result.stdout.splitlines()))[:3] == [
        "{",
        '"same": false,',
        '"rows_a": 1,',
    ]
