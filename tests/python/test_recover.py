"""`usdparquet recover`: a damaged file's sound cells in a sound file, the others told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parquet_surgery import Chunk, Page, Surgery, locate, regions
from pxr import Sdf
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
        "pairs": pa.array([[("k", i)] * (i % 2) for i in numbers], pa.map_(pa.string(), pa.int32())),
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


def flipped(data: bytes, *places: int, bit: int = 16) -> bytes:
    damaged = bytearray(data)
    for place in places:
        damaged[place] ^= bit
    return bytes(damaged)


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


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if leaf != "path"])
def test_a_page_of_each_kind(leaf: str, layout: str, tmp_path: Path) -> None:
    """Exactly the cells of the damaged page are null; all others are what they were."""
    data = write(tmp_path / "in.parquet", layout)
    page = data_pages(data, leaf)[2]
    body = page.offset + page.header_size + len(page.body) // 2
    report, rows = recovered(flipped(data, body), tmp_path)
    lost = LOST
    if layout == "headers" and ".list" in leaf.replace("key_value", "list"):
        # Where pages need not begin with rows, the last row before the page may go on in it.
        lost = range(LOST.start - 1, LOST.stop)
    assert rows == lost_from(leaf, lost)
    assert report["rows_lost"] == 0
    assert report["lost_rows"] == []
    found = report["lost_cells"]
    name = leaf.split(".")[0] if not leaf.startswith("place") else leaf.replace(".", ":")
    assert {each["column"] for each in found} == {name}
    assert found[-1]["first_row"] == LOST.start
    assert found[-1]["count"] == len(LOST)
    assert found[-1]["reason"] == "its checksum is wrong"
    assert found[0]["first_row"] == lost.start
    assert report["cells_lost"] == len(lost)
    types = {f.name: f.type for f in pq.read_schema(tmp_path / "out.parquet")}
    assert types == {f.name: f.type for f in TABLE.schema}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("leaf", ["cost", "few", "place.x", "series.list.element"])
def test_page_header(leaf: str, layout: str, tmp_path: Path) -> None:
    """The kind of a page with a flipped bit: its cells are lost, and no more."""
    data = write(tmp_path / "in.parquet", layout)
    page = data_pages(data, leaf)[2]
    report, rows = recovered(flipped(data, page.offset + 1), tmp_path)
    lost = LOST
    if layout == "headers" and "list" in leaf:
        lost = range(LOST.start - 1, LOST.stop)
    assert rows == lost_from(leaf, lost)
    assert report["cells_lost"] == len(lost)


@pytest.mark.parametrize("layout", ["page index", "headers", "version 2"])
def test_dictionary_page(layout: str, tmp_path: Path) -> None:
    """The cells of the chunk are lost, those of the other row group are not."""
    data = write(tmp_path / "in.parquet", layout)
    dictionary = Surgery(data).pages("few", 1)[0]
    assert dictionary.is_dictionary
    for place in (dictionary.offset + dictionary.header_size + 3, dictionary.offset + 1):
        report, rows = recovered(flipped(data, place), tmp_path)
        assert rows == without("few", range(GROUP_ROWS, ROWS))
        (lost,) = report["lost_cells"]
        assert (lost["first_row"], lost["count"]) == (GROUP_ROWS, ROWS - GROUP_ROWS)
        assert lost["reason"].startswith("dictionary page: ")


def test_dictionary_that_pages_do_without(tmp_path: Path) -> None:
    """Pages behind the one at which the writer gave the dictionary up do not need it."""
    file = tmp_path / "in.parquet"
    pq.write_table(
        TABLE.select(["path", "label"]),
        file,
        max_rows_per_page=PAGE_ROWS,
        write_batch_size=10,
        write_page_checksum=True,
        write_page_index=True,
        dictionary_pagesize_limit=1500,
        use_dictionary=["label"],
    )
    data = file.read_bytes()
    pages = Surgery(data).pages("label")
    is_coded = [page.counts[2] == 8 for page in pages[1:]]
    assert is_coded == sorted(is_coded, reverse=True)
    first_plain = sum(page.counts[1] for page in pages[1 : 1 + sum(is_coded)])
    assert 0 < first_plain < ROWS
    _, rows = recovered(flipped(data, pages[0].offset + pages[0].header_size + 9), tmp_path)
    for i in range(ROWS):
        expected = None if i < first_plain else EXPECTED[f"/W/p{i:04}"]["label"]
        assert rows[f"/W/p{i:04}"]["label"] == expected


@pytest.mark.parametrize("layout", LAYOUTS)
def test_path_page(layout: str, tmp_path: Path) -> None:
    """Rows without a readable path are left out and told."""
    data = write(tmp_path / "in.parquet", layout)
    page = data_pages(data, "path")[2]
    damaged = flipped(data, page.offset + page.header_size + 7)
    report, rows = recovered(damaged, tmp_path)
    lost = {f"/W/p{i:04}" for i in LOST}
    assert rows == {path: row for path, row in EXPECTED.items() if path not in lost}
    assert report["rows_lost"] == len(LOST)
    assert report["rows_written"] == ROWS - len(LOST)
    assert report["lost_cells"] == []
    assert report["lost_rows"] == [
        {
            "column": "path",
            "first_row": LOST.start,
            "count": len(LOST),
            "reason": "its checksum is wrong",
        }
    ]
    validated = CliRunner().invoke(app, ["validate", "--values", str(tmp_path / "out.parquet")])
    sound = CliRunner().invoke(app, ["validate", "--values", str(tmp_path / "in.parquet")])
    assert validated.exit_code == sound.exit_code
    assert f"{ROWS - len(LOST)} rows" not in validated.output

    report, _ = recovered(damaged, tmp_path, 1, "--keep-pathless")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.num_rows == report["rows_written"] == ROWS
    behind = table.slice(ROWS - len(LOST))
    assert behind["path"].to_pylist() == [None] * len(LOST)
    assert behind["cost"].to_pylist() == [float(i) for i in LOST]
    assert report["cells_lost"] == len(LOST)


def test_rows_of_other_columns_stay_with_theirs(tmp_path: Path) -> None:
    """Rows out of order, and damage in paths and cells at once."""
    shuffled = TABLE.take([(i * 7) % ROWS for i in range(ROWS)])
    data = write(tmp_path / "in.parquet", "page index", shuffled)
    places = []
    for leaf, number in (("path", 1), ("cost", 1), ("cost", 4), ("label", 3)):
        page = data_pages(data, leaf, 0)[number]
        places.append(page.offset + page.header_size + 9)
    report, rows = recovered(flipped(data, *places), tmp_path)
    paths = shuffled["path"].to_pylist()
    lost = {
        name: {path for n in numbers for path in paths[n * PAGE_ROWS : (n + 1) * PAGE_ROWS]}
        for name, numbers in {"path": [1], "cost": [1, 4], "label": [3]}.items()
    }
    assert set(rows) == set(EXPECTED) - lost["path"]
    for path, row in rows.items():
        expected = dict(EXPECTED[path])
        for name in ("cost", "label"):
            if path in lost[name]:
                expected[name] = None
        assert row == expected
    assert report["rows_lost"] == PAGE_ROWS
    assert report["cells_lost"] == 2 * PAGE_ROWS


def test_offset_index(tmp_path: Path) -> None:
    """Where the offset index is damaged too, pages are found by their headers."""
    data = write(tmp_path / "in.parquet", "page index")
    for leaf in ("cost", "place.x"):
        index = Surgery(data).chunk(leaf, 1)[Chunk.OFFSET_INDEX]
        page = data_pages(data, leaf)[2]
        body = page.offset + page.header_size + 9
        for at in (index, index + 3, index + 9):
            assert recovered(flipped(data, at), tmp_path, 0)[1] == EXPECTED
            _, rows = recovered(flipped(data, at, body), tmp_path)
            assert rows == lost_from(leaf)


def exported(file: Path) -> bytes:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    layer.ImportFromString('#usda 1.0\n(\n doc = "kept"\n)\n')
    for i in range(40):
        prim = Sdf.PrimSpec(layer, f"p{i}", Sdf.SpecifierDef, "Xform")
        Sdf.AttributeSpec(prim, "cost", Sdf.ValueTypeNames.Double).default = float(i)
        prim.customData = {"number": i}
        speed = Sdf.AttributeSpec(prim, "speed", Sdf.ValueTypeNames.Float)
        for at in range(3):
            layer.SetTimeSample(speed.path, float(at), float(i * at + 1))
    assert layer.Export(str(file))
    return file.read_bytes()


@pytest.mark.parametrize("key", ["usdparquet:index", "usdparquet:times"])
def test_embedded_index(key: str, tmp_path: Path) -> None:
    """An index is made anew: nothing is lost."""
    data = exported(tmp_path / "in.parquet")
    expected = Sdf.Layer.FindOrOpen(str(tmp_path / "in.parquet")).ExportToString()
    offset, length = locate(data, key)
    for place in (offset + 9, offset + 20, offset + 200, offset + length - 3):
        (tmp_path / "bad.parquet").write_bytes(flipped(data, place))
        out = tmp_path / f"{place}.parquet"
        code, report = recover(tmp_path / "bad.parquet", out)
        assert code == 0
        assert report["complete"]
        assert Sdf.Layer.FindOrOpen(str(out)).ExportToString() == expected
        assert CliRunner().invoke(app, ["validate", "--values", str(out)]).exit_code == 0


def test_residual(tmp_path: Path) -> None:
    data = exported(tmp_path / "in.parquet")
    offset, length = locate(data, "usdparquet:residual")
    report, _ = recovered(data, tmp_path, 0)
    assert report["residual"] == "kept"
    whole = (tmp_path / "out.parquet").read_bytes()
    at, size = locate(whole, "usdparquet:residual")
    assert whole[at : at + size] == data[offset : offset + length]

    (tmp_path / "out.parquet").unlink()
    file, out = tmp_path / "lost.parquet", tmp_path / "without.parquet"
    file.write_bytes(flipped(data, offset + length // 2))
    code, report = recover(file, out)
    assert code == 1
    assert report["residual"] == "lost"
    assert "residual is lost" in report["notes"][0]
    assert report["lost_cells"] == report["lost_rows"] == []
    metadata = pq.read_metadata(out).metadata
    assert b"usdparquet:residual" not in metadata
    assert "exact" not in json.loads(metadata[b"usdparquet:schema"])
    layer = Sdf.Layer.FindOrOpen(str(out))
    assert [layer.GetAttributeAtPath(f"/p{i}.cost").default for i in range(40)] == [*range(40)]
    assert layer.QueryTimeSample("/p7.speed", 2.0) == 15.0
    assert CliRunner().invoke(app, ["validate", "--values", str(out)]).exit_code == 0


def test_lost_times(tmp_path: Path) -> None:
    """A sample whose time is lost does not become a default."""
    samples = [(f"/A/p{i}", float(at)) for at in range(6) for i in range(100)]
    table = pa.table(
        {
            "path": [path for path, _ in samples],
            "frame": [at for _, at in samples],
            "speed": [float(i) for i in range(len(samples))],
        }
    )
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    usdparquet.write_table(table, file, time="frame", rows_per_page=100)
    data = file.read_bytes()
    page = data_pages(data, "frame", 0)[2]
    file.write_bytes(flipped(data, page.offset + page.header_size + len(page.body) // 2))
    code, report = recover(file, out)
    assert code == 1
    assert [each["column"] for each in report["lost_rows"]] == ["frame"]
    assert report["rows_written"] == 500
    layer = Sdf.Layer.FindOrOpen(str(out))
    for i in range(100):
        path = f"/A/p{i}.speed"
        assert layer.ListTimeSamplesForPath(path) == [0.0, 1.0, 3.0, 4.0, 5.0]
        assert layer.GetAttributeAtPath(path).default is None
        assert layer.QueryTimeSample(path, 3.0) == 300.0 + i
    assert CliRunner().invoke(app, ["validate", "--values", str(out)]).exit_code == 0


def test_schema_entry(tmp_path: Path) -> None:
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    usdparquet.write_table(TABLE.select(["path", "cost"]), file, types={"cost": "double"})
    surgery = Surgery(file)
    for text in (b'{"version": "1.0", ', b'{"version": "1.0", "columns": {"cost": {"type": "int"}}}'):
        surgery.set_entry("usdparquet:schema", text)
        file.write_bytes(surgery.data())
        code, report = recover(file, out)
        assert code == 1
        assert report["schema"] == "lost"
        assert "usdparquet:schema is dropped" in report["notes"][0]
        assert usdparquet.read_columns(out).to_pydict() == TABLE.select(["path", "cost"]).to_pydict()
        assert b"usdparquet:schema" not in pq.read_metadata(out).metadata


def test_footer(tmp_path: Path) -> None:
    """A footer that contradicts itself is taken as far as it can be parsed."""
    data = write(tmp_path / "in.parquet", "page index")
    surgery = Surgery(data)
    surgery.set_rows(ROWS + 1, GROUP_ROWS)
    report, rows = recovered(surgery.data(), tmp_path)
    assert rows == EXPECTED
    assert report["footer"] == "damaged"
    assert "cannot be relied on" in report["notes"][0]


def test_statistics_do_not_count(tmp_path: Path) -> None:
    """Values come from pages, not from the statistics of the footer."""
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    usdparquet.write_table(TABLE.select(["path", "few"]), file)
    data = file.read_bytes()
    at = data.rindex(b"t4")
    assert at > Surgery(data).footer_start
    file.write_bytes(flipped(data, at, bit=1))
    code, _ = recover(file, out)
    assert code in (0, 1)
    assert usdparquet.read_columns(out)["few"].to_pylist() == TABLE["few"].to_pylist()


def test_arrow_types(tmp_path: Path) -> None:
    data = write(tmp_path / "in.parquet", "page index")
    surgery = Surgery(data)
    surgery.set_entry("ARROW:schema", b"!" + surgery.entries()["ARROW:schema"][1:])
    report, rows = recovered(surgery.data(), tmp_path)
    assert {path: row["cost"] for path, row in rows.items()} == {
        path: row["cost"] for path, row in EXPECTED.items()
    }
    assert "types" in report["notes"][0]


def plain_error(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["recover", *(str(each) for each in arguments)])
    assert result.exit_code == 2
    return " ".join(result.output.split())


def test_nothing_to_recover(tmp_path: Path) -> None:
    """Exit code 2, one sentence, no file."""
    good, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    data = write(good, "page index")
    out.write_text("old")
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(data[: len(data) // 2])
    assert "only the footer says what the other bytes are" in plain_error(bad, out)
    bad.write_bytes(b"")
    assert "empty" in plain_error(bad, out)
    assert "can't be opened" in plain_error(tmp_path / "none.parquet", out)
    assert "not overwritten" in plain_error(good, good)
    assert "no column 'elsewhere'" in plain_error("--path", "elsewhere", good, out)
    places = [
        page.offset + page.header_size + 2
        for group in (0, 1)
        for page in data_pages(data, "path", group)
    ]
    bad.write_bytes(flipped(data, *places))
    assert "no path of its 600 rows can be read" in plain_error(bad, out)
    assert out.read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "bad.parquet",
        "in.parquet",
        "out.parquet",
    ]


def test_what_is_printed(tmp_path: Path) -> None:
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    data = write(file, "page index")
    result = CliRunner().invoke(app, ["recover", str(file), str(out)])
    assert result.exit_code == 0
    assert f"{out}: 600 of 600 rows, 14 columns" in result.stdout
    assert "nothing is lost" in result.stdout
    places = [data_pages(data, leaf)[2] for leaf in ("path", "cost")]
    places += [data_pages(data, "label")[4]]
    file.write_bytes(flipped(data, *(page.offset + page.header_size + 9 for page in places)))
    result = CliRunner().invoke(app, ["recover", str(file), str(out)])
    assert result.exit_code == 1
    assert "lost: 50 rows, 50 cells of other rows" in result.stdout
    assert [line.split()[:4] for line in result.stdout.splitlines()[-2:]] == [
        ["path", "400", "50", "rows"],
        ["label", "500", "50", "cells"],
    ]


def test_no_rows(tmp_path: Path) -> None:
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(TABLE.slice(0, 0), file)
    assert recover(file, out)[0] == 0
    assert pq.read_table(out).num_rows == 0


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C leaves no file."""
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    count = 400_000
    pq.write_table(
        pa.table(
            {"path": [f"/p{i}" for i in range(count)]}
            | {f"c{n}": pa.array([(i * n) % 1009 / 7 for i in range(count)]) for n in range(12)}
        ),
        file,
        row_group_size=10_000,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "usdparquet.cli", "recover", str(file), str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not [each for each in os.listdir(tmp_path) if each.startswith(".out")]:
        assert process.poll() is None, "it was over before it could be interrupted"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) not in (0, 1)
    assert os.listdir(tmp_path) == ["in.parquet"]


SMALL = TABLE.select(["path", "cost", "label", "few", "place", "series"]).slice(0, 120)
SMALL = SMALL.set_column(5, "series", pa.array([[i] * (i % 4) for i in range(120)]))
SMALL_ROWS = {row["path"]: row for row in SMALL.to_pylist()}


def small(folder: Path) -> bytes:
    file = folder / "small.parquet"
    usdparquet.write_table(
        SMALL,
        file,
        rows_per_page=20,
        rows_per_group=60,
    )
    return file.read_bytes()


@pytest.fixture(scope="module")
def damage() -> Iterator[tuple[Path, bytes, list[list[int]]]]:
    """A folder, a file, and lists of places of its bytes that a checksum covers, or no value needs.

    The page locations have the checksums of the page headers: not both are damaged.
    """
    with tempfile.TemporaryDirectory() as name:
        data = small(Path(name))
        kinds = ("page", "path index", "page index", "gap")
        yield (
            Path(name),
            data,
            [
                [
                    place
                    for begin, end, kind in regions(data)
                    if kind in (*kinds, other)
                    for place in range(begin, end)
                ]
                for other in ("page locations", "page header")
            ],
        )


def compare(out: Path) -> None:
    table = pq.read_table(out)
    assert set(table.column_names) == {"path", "cost", "label", "few", "place", "series"}
    seen = set()
    for row in table.to_pylist():
        expected = SMALL_ROWS[row["path"]]
        assert row["path"] not in seen
        seen.add(row["path"])
        for name, cell in row.items():
            if name == "place" and cell is not None:
                assert expected["place"] is not None
                assert cell["x"] in (None, expected["place"]["x"])
                assert cell["deep"] in (None, {"y": None}, expected["place"]["deep"])
            else:
                assert cell is None or cell == expected[name]


@settings(max_examples=150, deadline=None)
@given(choice=st.data())
def test_random_damage_gives_no_wrong_value(
    damage: tuple[Path, bytes, list[list[int]]], choice: st.DataObject
) -> None:
    folder, data, covered = damage
    bad = bytearray(data)
    kinds = choice.draw(st.sampled_from(covered))
    places = choice.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=20, unique=True))
    for place in places:
        bad[place] ^= choice.draw(st.integers(1, 255))
    file, out = folder / "bad.parquet", folder / "out.parquet"
    file.write_bytes(bad)
    out.unlink(missing_ok=True)
    code, report = recover(file, out)
    assert code in (0, 1, 2)
    assert out.exists() == (code != 2)
    if code == 2:
        return
    compare(out)
    rows = pq.read_table(out).num_rows
    assert report["rows_written"] == rows
    assert report["complete"] == (code == 0)
    if code == 0:
        assert usdparquet.read_columns(out).to_pylist() == SMALL.to_pylist()
    assert CliRunner().invoke(app, ["validate", "--values", str(out)]).exit_code == (
        CliRunner().invoke(app, ["validate", "--values", str(folder / "small.parquet")]).exit_code
    )


@settings(max_examples=150, deadline=None)
@given(choice=st.data())
def test_random_damage_anywhere_crashes_nothing(
    damage: tuple[Path, bytes, list[list[int]]], choice: st.DataObject
) -> None:
    folder, data, _ = damage
    bad = bytearray(data)
    for _ in range(choice.draw(st.integers(1, 20))):
        bad[choice.draw(st.integers(0, len(data) - 1))] = choice.draw(st.integers(0, 255))
    file, out = folder / "bad.parquet", folder / "out.parquet"
    file.write_bytes(bad)
    out.unlink(missing_ok=True)
    code, report = recover(file, out)
    assert code in (0, 1, 2)
    assert out.exists() == (code != 2)
    if code != 2:
        assert pq.read_table(out, page_checksum_verification=True).num_rows == report["rows_written"]
