"""`usdparquet recover`: the sound cells of damaged columns, and exactly these."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from parquet_surgery import Chunk, Surgery, flipped
from recovered_files import (
    EXPECTED,
    GROUP_ROWS,
    LAYOUTS,
    LEAVES,
    LOST,
    PAGE_ROWS,
    ROWS,
    TABLE,
    data_pages,
    lost_from,
    recovered,
    without,
    write,
)
from typer.testing import CliRunner

from usdparquet.cli import app


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
