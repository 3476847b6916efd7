"""Pages without checksums that are cut, or have other counts than the file says: refused."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from compact_thrift import List, Struct, Type
from hostile_files import DELTA_BYTES, page, page_v2
from parquet_surgery import Data, Element, Header, Meta, Page, Surgery
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


@pytest.mark.parametrize("encoding", [3, 5, 8, 99, -1])
@pytest.mark.parametrize("has_checksum", [False, True])
def test_encoding_of_a_dictionary(encoding: int, has_checksum: bool, tmp_path: Path) -> None:
    """Its header says that it is not PLAIN."""
    file = plain(100, use_dictionary=["s"], write_page_checksum=has_checksum)
    pages = file.pages("s")
    pages[0].header[Header.DICTIONARY].change(Data.ENCODING, encoding)
    file.set_pages("s", pages)
    bad = tmp_path / "encoding.parquet"
    bad.write_bytes(file.data())
    for paths in (None, ["/W/p7"]):
        with pytest.raises(OSError, match="dictionary page has the encoding") as error:
            usdparquet.read_columns(bad, ["s"], paths)
        assert "column 's', row group 0, from row 0: " in str(error.value)
    layer = Sdf.Layer.FindOrOpen(str(bad))
    with pytest.raises(
        Tf.ErrorException, match="column 's', row group 0, from row 0: a dictionary"
    ):
        _ = layer.GetAttributeAtPath("/W/p7.s").default
    assert_refused(file, "s", tmp_path)


def wide(rows: int, length: int, values: bool, **how: object) -> Surgery:
    """A column of fixed length, 8 bytes as it is stored, that claims another one."""
    cells = [b"%08d" % i if values else None for i in range(rows)]
    columns = {"path": [f"/W/p{i}" for i in range(rows)], "f": pa.array(cells, pa.binary(8))}
    sink = pa.BufferOutputStream()
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    pq.write_table(pa.table(columns), sink, store_schema=False, **(options | how))
    file = Surgery(sink.getvalue().to_pybytes())
    file.schema()[2].change(Element.TYPE_LENGTH, length)
    return file


@pytest.mark.parametrize("has_checksum", [False, True])
@pytest.mark.parametrize("length", [33, 1 << 20, 1 << 26])
def test_values_that_claim_to_be_long(length: int, has_checksum: bool, tmp_path: Path) -> None:
    """Memory follows what is stored, for recover too."""
    file, out = tmp_path / "bad.parquet", tmp_path / "out.parquet"
    file.write_bytes(wide(10, length, True, write_page_checksum=has_checksum).data())
    with pytest.raises(OSError, match="column 'f', row group 0, from row 0: a page promises 10"):
        usdparquet.read_columns(file)
    assert run("optimize", file, out)[0] == 1
    assert run("validate", "--values", file)[0] == 1
    sound = tmp_path / "sound.parquet"
    sound.write_bytes(wide(10, 8, True, write_page_checksum=has_checksum).data())
    usual = megabytes_of_recover(sound, out)
    assert megabytes_of_recover(file, out) < usual + 250  # of the 640 that are claimed
    assert pq.read_table(out)["f"].null_count == 10
    assert pq.read_table(out)["path"].to_pylist() == [f"/W/p{i}" for i in range(10)]


def megabytes_of_recover(file: Path, out: Path) -> float:
    out.unlink(missing_ok=True)
    command = [sys.executable, "-m", "usdparquet.cli", "recover", str(file), str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1)
    return usage.ru_maxrss / 1024


@pytest.mark.parametrize("has_checksum", [False, True])
def test_nulls_of_long_values(has_checksum: bool, tmp_path: Path) -> None:
    """128 MiB of nulls, which is the limit; and one more."""
    file = tmp_path / "nulls.parquet"
    file.write_bytes(wide(8, 1 << 24, False, write_page_checksum=has_checksum).data())
    assert usdparquet.read_columns(file)["f"].null_count == 8
    file.write_bytes(wide(9, 1 << 24, False, write_page_checksum=has_checksum).data())
    with pytest.raises(ValueError, match=r"'f', row group 0.* smaller row groups"):
        usdparquet.read_columns(file)


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


def test_a_null_count_that_the_pages_contradict(tmp_path: Path) -> None:
    """Old pyarrow and Polars wrote such. A save made values of what lay where there are none."""
    paths = [f"/P{i}" for i in range(100)]
    rows = {"path": paths, "x": [None if i % 10 == 3 else float(i) for i in range(100)]}
    file = tmp_path / "it.parquet"
    pq.write_table(pa.table(rows), file, write_page_checksum=True)
    changed = Surgery(file)
    changed.meta("x")[Meta.STATISTICS].change(3, 0)
    file.write_bytes(changed.data())
    layer = Sdf.Layer.FindOrOpen(str(file))
    values = [layer.GetAttributeAtPath(f"{path}.x") for path in paths]
    assert [value and value.default for value in values] == rows["x"]
    Sdf.CreatePrimInLayer(layer, "/New")
    assert layer.Save()
    assert usdparquet.read_columns(file)["x"].to_pylist()[:100] == rows["x"]


@pytest.mark.parametrize("column", ["x", "nested.x", "values.list.element"])
def test_a_null_count_of_all_that_the_pages_contradict(column: str, tmp_path: Path) -> None:
    """The cells were not in the layer, nothing was said of it, and a save of all lost them."""
    rows = range(100)
    table = pa.table(
        {
            "path": [f"/P{i}" for i in rows],
            "x": [None if i % 10 == 3 else float(i) for i in rows],
            "nested": [{"x": float(i)} for i in rows],
            "values": pa.array([[float(i), 0.5] for i in rows]),
        }
    )
    file = tmp_path / "it.parquet"
    pq.write_table(table, file)
    layer = Sdf.Layer.OpenAsAnonymous(str(file))
    Sdf.CreatePrimInLayer(layer, "/New")
    expected = layer.ExportToString()
    changed = Surgery(file)
    if column.startswith("values"):
        sizes = Struct({3: (Type.LIST, List(Type.I64, [100, 0, 0, 200]))})
        changed.meta(column).put(Meta.SIZE_STATISTICS, Type.STRUCT, sizes)
    else:
        changed.meta(column)[Meta.STATISTICS].put(3, Type.I64, 100)
    file.write_bytes(changed.data())
    layer = Sdf.Layer.FindOrOpen(str(file))
    assert layer.GetAttributeAtPath("/P1.x").default == 1.0
    Sdf.CreatePrimInLayer(layer, "/New")
    assert layer.ExportToString() == expected
    assert layer.Save()
    assert Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString() == expected
