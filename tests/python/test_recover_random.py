"""`usdparquet recover`: random damage gives no wrong value and crashes nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parquet_surgery import flipped, regions
from recovered_files import TABLE, recover
from typer.testing import CliRunner

import usdparquet
from usdparquet.cli import app

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


def recovered_from(bad: bytes, folder: Path) -> tuple[int, dict[str, Any], Path]:
    """Exit code, report, and the recovered file, which is there unless the code is 2."""
    file, out = folder / "bad.parquet", folder / "out.parquet"
    file.write_bytes(bad)
    out.unlink(missing_ok=True)
    code, report = recover(file, out)
    assert code in (0, 1, 2)
    assert out.exists() == (code != 2)
    return code, report, out


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
    kinds = choice.draw(st.sampled_from(covered))
    places = choice.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=20, unique=True))
    bad = data
    for place in places:
        bad = flipped(bad, place, bit=choice.draw(st.integers(1, 255)))
    code, report, out = recovered_from(bad, folder)
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
    code, report, out = recovered_from(bytes(bad), folder)
    if code != 2:
        assert (
            pq.read_table(out, page_checksum_verification=True).num_rows == report["rows_written"]
        )
