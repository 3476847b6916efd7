"""`usdparquet query`: rows by column, prim and condition, sorted and limited, in every format."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from pxr import Sdf
from typer.testing import CliRunner, Result

import usdparquet
from usdparquet.cli import app
from usdparquet.tables.query import Query, run_query
from usdparquet.tables.table_file import TableFile

ROWS = 1000


def make_table() -> pa.Table:
    order = list(range(ROWS))
    random.Random(5).shuffle(order)
    return pa.table(
        {
            "path": [f"/World/Zone_{i % 4}/P{i}" for i in order],
            "cost": pa.array([None if i % 10 == 0 else i / 4 for i in order], pa.float64()),
            "name": [f"größe {i % 7}" for i in order],
            "is_active": [i % 3 == 0 for i in order],
            "size": pa.array([[i, 1, 2] for i in order], pa.list_(pa.float32(), 3)),
            "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=i % 365) for i in order],
            "part": [{"width": i, "note": None} for i in order],
        }
    )


TABLE = make_table().to_pylist()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "table.parquet"
    pq.write_table(make_table(), path, row_group_size=100)
    return path


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["query", *(str(argument) for argument in arguments)])


def rows_of(*arguments: object) -> list[dict[str, object]]:
    result = invoke(*arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def failure(*arguments: object, code: int = 1) -> str:
    result = invoke(*arguments)
    assert result.exit_code == code
    assert result.stdout == ""
    return result.stderr.strip()


def test_names_with_commas_stand_in_quotes(tmp_path: Path) -> None:
    file = tmp_path / "commas.parquet"
    columns = {"path": ["/A", "/B"], "a,b": [1, 2], "c": [3, 4], 'd "e"': [5, 6]}
    pq.write_table(pa.table(columns), file)
    assert rows_of(file, "--columns", '"a,b", c', "--sort", '-"a,b"') == [
        {"a,b": 2, "c": 4},
        {"a,b": 1, "c": 3},
    ]
    assert rows_of(file, "--columns", '"d ""e"""', "--limit", 1) == [{'d "e"': 5}]
    assert (
        failure(file, "--columns", '"a,b', code=2)
        == "'\"a,b' has a double quote without its other one"
    )


def test_all_rows_as_json(file: Path) -> None:
    expected = [{**row, "day": row["day"].isoformat()} for row in TABLE]
    assert rows_of(file) == expected


def test_conditions_prims_and_order(file: Path) -> None:
    found = rows_of(
        file, "--where", "cost > 10 and is_active", "--sort", "-cost,path", "--limit", 5,
        "--columns", "cost,path",
    )  # fmt: skip
    expected = [row for row in TABLE if row["cost"] and row["cost"] > 10 and row["is_active"]]
    expected.sort(key=lambda row: (-row["cost"], row["path"]))
    assert found == [{"cost": row["cost"], "path": row["path"]} for row in expected[:5]]


@pytest.mark.parametrize(
    ("prims", "keep"),
    [
        ("/World/Zone_1/**", lambda path: path.startswith("/World/Zone_1/")),
        ("/World/Zone_2/P2,/World/Zone_3/P3", lambda path: path.endswith(("/P2", "/P3"))),
        ("/World/Zone_*/P7", lambda path: path.endswith("/P7")),
        ("/World/*/P1*", lambda path: "/P1" in path),
        ("/**", lambda path: True),
        ("/**/P7", lambda path: path.endswith("/P7")),
        ("/World/**/P1*", lambda path: "/P1" in path),
        ("/World/**/Zone_2/**/*", lambda path: "/Zone_2/" in path),
        ("/World/*_0/**,/World/Zone_1/P1", lambda path: "_0/" in path or path.endswith("_1/P1")),
    ],
)
def test_prims(file: Path, prims: str, keep: object) -> None:
    found = rows_of(file, "--prims", prims, "--columns", "path")
    expected = [row["path"] for row in TABLE if keep(row["path"])]
    assert [row["path"] for row in found] == expected


def test_fields_and_properties(file: Path) -> None:
    found = rows_of(file, "--columns", "part:width,part", "--limit", 2)
    assert found == [{"part:width": row["part"]["width"], "part": row["part"]} for row in TABLE[:2]]


def test_sorting_puts_nulls_last_and_streams_with_a_limit(file: Path) -> None:
    full = rows_of(file, "--sort", "cost,path", "--columns", "path")
    key = [(row["cost"] is None, row["cost"] or 0, row["path"]) for row in TABLE]
    expected = [TABLE[i]["path"] for i in sorted(range(ROWS), key=lambda i: key[i])]
    assert [row["path"] for row in full] == expected
    top = rows_of(file, "--sort", "cost,path", "--columns", "path", "--limit", 7)
    assert [row["path"] for row in top] == expected[:7]


def test_a_sorted_limit_over_many_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usdparquet.tables.table_file._ROWS_PER_BATCH", 50)
    chance = random.Random(2)
    numbers = [chance.randrange(10_000) for _ in range(5000)]
    file = tmp_path / "table.parquet"
    pq.write_table(pa.table({"path": [f"/P{i}" for i in range(5000)], "x": numbers}), file)
    query = Query(columns=["x"], sort=["-x"], limit=12)
    found = [
        row for batch in run_query(TableFile(file), query).batches for row in batch["x"].to_pylist()
    ]
    assert found == sorted(numbers, reverse=True)[:12]


def test_a_limit_reads_no_more_than_it_needs(tmp_path: Path) -> None:
    # The last row group is damaged: whoever reads it fails.
    file = tmp_path / "damaged.parquet"
    rows = 400_000
    table = pa.table({"path": [f"/P{i}" for i in range(rows)], "x": range(rows)})
    pq.write_table(table, file, row_group_size=100_000, compression="zstd")
    chunk = pq.ParquetFile(file).metadata.row_group(3).column(1)
    data = bytearray(file.read_bytes())
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    file.write_bytes(data)
    assert [row["x"] for row in rows_of(file, "--limit", 3, "--columns", "x")] == [0, 1, 2]
    assert "damaged.parquet" in failure(
        file, "--columns", "x", "--format", "csv", "-o", tmp_path / "o.csv"
    )
    assert not (tmp_path / "o.csv").exists()


def test_csv(file: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    assert invoke(file, "-o", output).exit_code == 0
    with output.open(newline="", encoding="utf-8") as text:
        found = list(csv.DictReader(text))
    assert len(found) == ROWS
    row = TABLE[17]
    assert found[17] == {
        "path": row["path"],
        "cost": "" if row["cost"] is None else f"{row['cost']:g}",
        "name": row["name"],
        "is_active": str(row["is_active"]).lower(),
        "size": json.dumps(row["size"]),
        "day": row["day"].isoformat(),
        "part:width": str(row["part"]["width"]),
        "part:note": "",
    }
    printed = invoke(file, "--format", "csv", "--limit", 3)
    assert len(list(csv.reader(io.StringIO(printed.stdout)))) == 4


def test_arrow(file: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.feather"
    assert invoke(file, "-o", output, "--where", "is_active").exit_code == 0
    read = pyarrow.feather.read_table(output)
    assert read.to_pylist() == [row for row in TABLE if row["is_active"]]
    printed = CliRunner().invoke(app, ["query", str(file), "--format", "arrow", "--limit", "4"])
    assert pa.ipc.open_stream(printed.stdout_bytes).read_all().to_pylist() == TABLE[:4]


def test_a_table_for_people(file: Path) -> None:
    text = invoke(file, "--columns", "path,cost").stdout
    assert text.splitlines()[0].split() == ["path", "cost"]
    assert f"20 of {ROWS:,} rows" in text
    assert TABLE[19]["path"] in text
    assert TABLE[20]["path"] not in text
    text = invoke(file, "--where", "is_active", "--limit", 3, "--columns", "path").stdout
    assert "the first 3 rows; --limit 0 shows all" in text
    text = invoke(file, "--prims", "/World/Zone_0/P0", "--columns", "cost,day").stdout
    assert text.splitlines()[2].split() == ["\N{EN DASH}", "2024-01-01"]
    assert text.splitlines()[-1] == "1 row"


def test_tables_that_are_not_parquet(file: Path, tmp_path: Path) -> None:
    arrow, text = tmp_path / "t.arrow", tmp_path / "t.csv"
    for output in (arrow, text):
        assert invoke(file, "--columns", "path,cost,name,day", "-o", output).exit_code == 0
        found = rows_of(output, "--where", "cost > 200 and day > '2024-06-01'")
        assert found == [
            {
                "path": row["path"],
                "cost": row["cost"],
                "name": row["name"],
                "day": row["day"].isoformat(),
            }
            for row in TABLE
            if row["cost"] and row["cost"] > 200 and row["day"] > datetime.date(2024, 6, 1)
        ]


def test_numbers_that_json_has_not(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    table = pa.table(
        {
            "path": ["/A"],
            "x": [float("nan")],
            "y": [[1.0, float("inf")]],
            "when": pa.array([1_500_000_000], pa.timestamp("ns", "Asia/Tokyo")),
        }
    )
    pq.write_table(table, file)
    assert rows_of(file) == [
        {"path": "/A", "x": None, "y": [1.0, None], "when": "1970-01-01T00:00:01.500000000Z"}
    ]


def test_errors(file: Path, tmp_path: Path) -> None:
    named = "(there are 'path', 'cost', 'name', 'is_active', 'size', 'day', 'part')"
    assert failure(file, "--columns", "price") == f"{file}: there is no column 'price' {named}"
    assert "there is no column 'price'" in failure(file, "--where", "price > 3")
    assert "there is no column 'price'" in failure(file, "--sort", "price")
    assert failure(file, "--columns", "costs") == (
        f"{file}: there is no column 'costs'; the nearest is 'cost'"
    )
    assert failure(file, "--prims", "/World/Zone_1") == f"{file} has no prim '/World/Zone_1'"
    assert failure(file, "--prims", "/World/Zone_1/**,/X/**") == f"{file} has no prim '/X/**'"
    assert "'World' is no absolute prim path" in failure(file, "--prims", "World", code=2)
    assert "--path names another one" in failure(file, "--prims", "/A", "--path", "where")
    assert (
        failure(tmp_path / "none.parquet")
        == f"{tmp_path / 'none.parquet'}: No such file or directory"
    )
    assert "the suffix is none of" in failure(file, "-o", tmp_path / "x.pdf", code=2)
    assert "a table is printed" in failure(
        file, "-o", tmp_path / "x.csv", "--format", "table", code=2
    )
    text = tmp_path / "bad.parquet"
    text.write_text("no table")
    assert failure(text) == f"{text}: this is not a Parquet file (it does not start with 'PAR1')"
    usd = tmp_path / "x.usda"
    usd.write_text("#usda 1.0")
    assert "is no table but a USD layer" in failure(usd)
    pq.write_table(pa.table({"path": ["/A"], "raw": [b"x"]}), text)
    assert failure(text, "--format", "csv") == (
        f"{text}: column 'raw' is binary, which CSV has no place for; leave it out, and name the "
        "others with --columns"
    )


def test_a_wide_table_is_whole_for_a_program(tmp_path: Path) -> None:
    file = tmp_path / "wide.parquet"
    names = [f"column_{i}" for i in range(60)]
    pq.write_table(pa.table({"path": ["/A"], **{name: [i] for i, name in enumerate(names)}}), file)
    head, _, row, _ = invoke(file).stdout.splitlines()
    assert head.split() == ["path", *names]
    assert row.split() == ["/A", *map(str, range(60))]


def test_a_statement(file: Path, tmp_path: Path) -> None:
    text = "SELECT count(*) AS n, max(cost) AS top FROM t WHERE is_active"
    active = [row for row in TABLE if row["is_active"]]
    top = max(row["cost"] for row in active if row["cost"] is not None)
    assert rows_of(file, text) == [{"n": len(active), "top": top}]
    lines = invoke(file, 'SELECT "part:width" FROM t ORDER BY ALL').stdout.splitlines()
    assert [line.strip() for line in lines[:3:2]] == ["part:width", "0"]
    assert lines[-1] == "the first 20 rows; --limit 0 shows all"
    assert len(invoke(file, "SELECT path FROM t", "--limit", 3).stdout.splitlines()) == 6
    output = tmp_path / "out.arrow"
    assert invoke(file, "SELECT size, part FROM t LIMIT 2", "-o", output).exit_code == 0
    assert pyarrow.feather.read_table(output).to_pylist() == [
        {"size": row["size"], "part": row["part"]} for row in TABLE[:2]
    ]
    refused = invoke(file, text, "--where", "is_active")
    assert refused.exit_code == 2
    assert "a SELECT says itself which columns and rows it takes" in refused.stderr


def test_a_summary(file: Path) -> None:
    found = {row["column_name"]: row for row in rows_of(file, "--summarize")}
    assert list(found) == list(TABLE[0])
    costs = [row["cost"] for row in TABLE if row["cost"] is not None]
    cost = found["cost"]
    assert (float(cost["min"]), float(cost["max"])) == (min(costs), max(costs))
    assert float(cost["avg"]) == pytest.approx(sum(costs) / len(costs))
    assert (cost["count"], cost["null_percentage"]) == (ROWS, 10)
    some = rows_of(file, "--summarize", "--columns", "part:width", "--where", "cost > 100")
    width = min(row["part"]["width"] for row in TABLE if (row["cost"] or 0) > 100)
    assert [(row["column_name"], row["min"]) for row in some] == [("part:width", str(width))]
    assert rows_of(file, "SELECT cost AS c FROM t", "--summarize")[0]["max"] == str(max(costs))
    assert "column_name" in invoke(file, "--summarize").stdout.splitlines()[0]


def test_a_parquet_layer(file: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    assert (
        invoke(file, "--where", "cost > 200", "--columns", "path,cost", "-o", output).exit_code == 0
    )
    expected = {row["path"]: row["cost"] for row in TABLE if (row["cost"] or 0) > 200}
    read = pq.read_table(output).to_pylist()
    assert {row["path"]: row["cost"] for row in read} == expected
    assert [row["path"] for row in read] != list(expected)  # in namespace order
    layer = Sdf.Layer.FindOrOpen(str(output))
    path = next(iter(expected))
    assert layer.GetAttributeAtPath(f"{path}.cost").default == expected[path]
    text = "SELECT parse_dirpath(path) AS path, count(*) AS n FROM t GROUP BY ALL"
    assert invoke(file, text, "-o", tmp_path / "zones.parquet").exit_code == 0
    zones = [f"/World/Zone_{i}" for i in range(4)]
    counts = usdparquet.read_columns(tmp_path / "zones.parquet", ["n"], zones)
    assert counts.to_pylist() == [{"path": zone, "n": ROWS // 4} for zone in zones]
    assert "column 'path'" in failure(file, "SELECT cost FROM t", "-o", tmp_path / "x.parquet")
    assert "not written to the standard output" in failure(file, "--format", "parquet", code=2)
    assert not (tmp_path / "x.parquet").exists()


def test_types_of_a_layer_are_kept(tmp_path: Path) -> None:
    source, output = tmp_path / "in.parquet", tmp_path / "out.parquet"
    columns = {"path": ["/A", "/B"], "tint": [[0.5, 0.25, 0], [1, 1, 1]]}
    usdparquet.write_table(pa.table(columns), source, types={"tint": "color3f"})
    assert invoke(source, "--where", "tint[1] < 1", "-o", output).exit_code == 0
    layer = Sdf.Layer.FindOrOpen(str(output))
    assert str(layer.GetAttributeAtPath("/A.tint").typeName) == "color3f"
    assert layer.GetPrimAtPath("/B") is None


def test_a_range_of_times(tmp_path: Path) -> None:
    file = tmp_path / "long.parquet"
    columns = {"path": ["/A"] * 4, "frame": [None, 1, 2, 3], "x": [0, 1, 2, 3]}
    pq.write_table(pa.table(columns), file)

    def found(times: str) -> list[object]:
        rows = rows_of(file, "--time", "frame", "--times", times, "--columns", "x")
        return [row["x"] for row in rows]

    assert found("1..2") == [1, 2]
    assert found("2..") == [2, 3]
    assert found("..1.5") == [1]
    assert found("7..") == []
    assert failure(file, "--times", "1..2") == f"{file}: has no column of times; --time names it"
    assert failure(file, "--time", "frame", "--times", "x..", code=2) == (
        "--times: 'x' is no time such as 10 or 0.5; the times are in column 'frame' of type "
        f"{pq.read_schema(file).field('frame').type}"
    )
    refused = invoke(file, "--times", "1-2")
    assert refused.exit_code == 2
    assert "is no range of times" in refused.stderr
    when = [datetime.datetime(2024, 5, day, 12, tzinfo=datetime.UTC) for day in (1, 2, 3)]
    table = pa.table({"path": ["/A"] * 3, "t": when, "x": [1, 2, 3]})
    usdparquet.write_table(table, file, time="t")
    rows = rows_of(file, "--times", "2024-05-01 13:00..2024-05-03", "--columns", "x")
    assert rows == [{"x": 2}]


@pytest.mark.parametrize("link", ["", "symlink_to", "hardlink_to"])
@pytest.mark.parametrize("more", [["--where", "cost > 1"], ["SELECT path, cost FROM t"]])
def test_its_input_is_not_overwritten(file: Path, link: str, more: list[str]) -> None:
    before, output = file.read_bytes(), file
    if link:
        output = file.with_name("link.parquet")
        getattr(output, link)(file)
    result = invoke(file, *more, "-o", output)
    assert result.exit_code == 1
    assert result.stderr == f"{output}: is the input too; write to another file\n"
    assert file.read_bytes() == before


def test_decimals_in_json_have_all_their_digits(tmp_path: Path) -> None:
    file, number = tmp_path / "t.parquet", decimal.Decimal("123456789012345678.25")
    kind = pa.decimal128(30, 2)
    cells = {
        "d": pa.array([number, None], kind),
        "l": pa.array([[number, None], []], pa.list_(kind)),
        "s": pa.array([{"d": number}, None], pa.struct([("d", kind)])),
        "w": pa.array([decimal.Decimal("-7" + "1" * 59), None], pa.decimal256(76, 0)),
    }
    pq.write_table(pa.table({"path": ["/Ä", "/B"], **cells}), file)
    expected = pa.table(cells).to_pylist()

    def read(text: str) -> list[dict[str, object]]:
        found = json.loads(text, parse_float=decimal.Decimal)
        return [{name: row[name] for name in row if name in cells} for row in found]

    said = invoke(file, "--json").stdout
    assert '{"path": "/Ä", "d": 123456789012345678.25, "l": [123456789012345678.25, null], ' in said
    assert read(said) == expected
    selected = invoke(file, "SELECT d, l, s FROM t", "--json").stdout
    assert read(selected) == [{name: row[name] for name in "dls"} for row in expected]
    # Lists are JSON in CSV too.
    assert '"[123456789012345678.25, null]"' in invoke(file, "--format", "csv").stdout


def test_json_has_one_column_of_a_name(file: Path, tmp_path: Path) -> None:
    result = invoke(file, "SELECT cost, cost FROM t", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"{file}: two columns are named 'cost', and JSON has place for one of them; rename one\n"
    )
    assert rows_of(file, "SELECT cost, cost AS other FROM t WHERE cost = 1.5") == [
        {"cost": 1.5, "other": 1.5}
    ]


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("times", ["x..", "5..1", "..2024-13-01"])
def test_times_that_are_none(times: str, zone: str | None, tmp_path: Path) -> None:
    file, kind = tmp_path / "t.parquet", pa.timestamp("us", zone)
    when = pa.array([datetime.datetime(2024, 5, 1)], kind)
    pq.write_table(pa.table({"path": ["/A"], "when": when}), file)
    said = failure(file, "--time", "when", "--times", times, code=2)
    bad = times.removeprefix("..").split("..")[0]
    assert said == (
        f"--times: '{bad}' is no time such as 2024-05-01 or 2024-05-01 12:30; the times are in "
        f"column 'when' of type {kind}"
    )
    assert len(rows_of(file, "--time", "when", "--times", "2024-05-01..")) == 1
