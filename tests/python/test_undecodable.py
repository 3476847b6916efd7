"""Pages without checksums that are cut, or have other counts than the file says: refused."""

from __future__ import annotations

import struct
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile_files import DELTA_BYTES, page, page_v2
from parquet_surgery import Meta, Page, Surgery
from pxr import Sdf, Tf
from readings import opened, run, save
from test_damage import content

import usdparquet


def plain(rows: int, **how: object) -> Surgery:
    sink = pa.BufferOutputStream()
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    pq.write_table(required(rows), sink, **(options | how))
    return Surgery(sink.getvalue().to_pybytes())


def required(rows: int) -> pa.Table:
    table = content(rows)
    return table.cast(pa.schema([field.with_nullable(False) for field in table.schema]))


def cut(each: Page) -> Page:
    """Half of the body, with sizes to match."""
    each.body = each.body[: len(each.body) // 2]
    each.header.change(2, len(each.body)).change(3, len(each.body))
    return each


def without_crc(each: Page) -> Page:
    each.header.drop(4)
    return each


DOUBLES = struct.pack("<100d", *range(100))


@pytest.mark.parametrize(
    ("column", "pages"),
    [
        pytest.param("x", [without_crc(page(DOUBLES[:400], 100))], id="half"),
        pytest.param("x", [without_crc(page_v2(DOUBLES[:400], 100))], id="half_v2"),
        pytest.param("x", [without_crc(page(DOUBLES[:-1], 100))], id="a_byte"),
        pytest.param("x", [without_crc(page(DOUBLES[:-8], 99))], id="a_row"),
        pytest.param("x", [without_crc(page_v2(DOUBLES[:-8], 99))], id="a_row_v2"),
        pytest.param("x", [without_crc(page(DOUBLES + bytes(8), 101))], id="a_row_more"),
        pytest.param("x", [without_crc(page(DOUBLES[:80], 10))], id="first_page_alone"),
        pytest.param("x", [without_crc(page(b"", 100))], id="nothing"),
        pytest.param("x", [without_crc(page(DOUBLES, 100))] * 2, id="twice"),
        pytest.param("x", [without_crc(page_v2(DOUBLES, 100, rows=50))], id="rows_of_v2"),
        pytest.param("x", [without_crc(page(DOUBLES, 100, DELTA_BYTES))], id="encoding"),
    ],
)
def test_pages_that_do_not_decode_whole(column: str, pages: list[Page], tmp_path: Path) -> None:
    file = plain(100)
    file.set_pages(column, pages)
    assert_refused(file, column, tmp_path)


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_cut_texts(encoding: str, version: str, tmp_path: Path) -> None:
    for column in ("path", "s"):
        file = plain(100, column_encoding={column: encoding}, data_page_version=version)
        file.set_pages(column, [cut(each) for each in file.pages(column)])
        assert_refused(file, column, tmp_path)


@pytest.mark.parametrize("number", [0, 1])
def test_cut_dictionary(number: int, tmp_path: Path) -> None:
    """The dictionary page, or the indices, have half of their bytes."""
    file = plain(100, use_dictionary=["s"])
    pages = file.pages("s")
    cut(pages[number])
    file.set_pages("s", pages)
    assert_refused(file, "s", tmp_path)


def assert_refused(surgery: Surgery, column: str, folder: Path) -> None:
    """Refused by all who need that column; nobody makes a sound file of it."""
    file, out = folder / "bad.parquet", folder / "out.parquet"
    file.write_bytes(surgery.data())
    with pytest.raises((OSError, ValueError)) as error:
        usdparquet.read_columns(file, [column])
    assert file.name in str(error.value)
    assert f"'{column}'" in str(error.value)
    assert run("validate", "--values", file)[0] == 1
    assert run("optimize", file, out)[0] == 1
    assert run("convert", file, folder / "out.usda")[0] == 1
    assert not out.exists()
    damaged = file.read_bytes()
    layer = opened(file)
    if layer is not None:
        with pytest.raises(Tf.ErrorException):
            layer.ExportToString()
        Sdf.CreatePrimInLayer(layer, "/New")
        assert save(layer), "saved, with a damaged page"
        assert layer.dirty
    assert file.read_bytes() == damaged
    file.unlink()


def test_values_of_a_chunk(tmp_path: Path) -> None:
    """The pages, with right checksums, have more values than the footer says."""
    file = plain(100, write_page_checksum=True)
    file.meta("x").change(Meta.NUM_VALUES, 90)
    assert_refused(file, "x", tmp_path)
