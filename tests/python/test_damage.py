"""One damaged place in a file that has checksums: who notices, and what saves do to the rest.

A page: whoever reads has right values or refuses, and nobody writes what he did not verify. An
index: nothing is lost. test_flipped_bytes.py does the same to every byte of small files; here are
files of many pages, those of other writers, and what the errors say.
"""

from __future__ import annotations

import gc
import random
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from embedded_sections import INDEX, TIMES
from parquet_surgery import Surgery, locate
from pxr import Sdf, Tf
from readings import opened, run, save, warnings_of_usd

import usdparquet

ROWS = 20_000
PAGE = 1_024

Damage = Callable[[bytes], bytes]


def content(rows: int = ROWS) -> pa.Table:
    return pa.table(
        {
            "path": [f"/W/p{i}" for i in range(rows)],
            "x": [float(i) for i in range(rows)],
            "s": [f"text {i % 50}" for i in range(rows)],
        }
    )


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("good")
    pq.write_table(content(), folder / "plain.parquet")
    assert run("optimize", folder / "plain.parquet", folder / "good.parquet")[0] == 0
    return (folder / "good.parquet").read_bytes()


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("long") / "long.parquet"
    usdparquet.write_table(long_content(), file, time="t", order="path", rows_per_page=1000)
    return file.read_bytes()


def long_content() -> pa.Table:
    rows = 8000
    return pa.table(
        {
            "path": [f"/W/p{i // 8}" for i in range(rows)],
            "t": [float(i % 8) for i in range(rows)],
            "h": [float(i) for i in range(rows)],
        }
    )


def flip(data: bytes, offset: int, xor: int) -> bytes:
    damaged = bytearray(data)
    damaged[offset] ^= xor
    return bytes(damaged)


def chunk_of(data: bytes, column: str, group: int = 0) -> tuple[int, int]:
    pages = Surgery(data).pages(column, group)
    return pages[0].offset, pages[-1].offset + pages[-1].size


def in_index(data: bytes, where: float, key: str = INDEX) -> bytes:
    """The file with a bit flipped in the body of its index, at that part of it."""
    offset, length = locate(data, key)
    return flip(data, offset + 192 + int(where * (length - 300)), 0x10)


def is_sound(table: pa.Table) -> bool:
    return table.to_pydict() == content().select(table.column_names).to_pydict()


def read_verdict(file: Path, columns: list[str], paths: list[str] | None = None) -> str:
    try:
        table = usdparquet.read_columns(file, columns, paths)
    except (OSError, ValueError):
        return "refused"
    if paths is None:
        return "right" if is_sound(table) else "WRONG"
    rows = [int(path[4:]) for path in paths]
    return (
        "right"
        if table.to_pydict() == content().take(rows).select(table.column_names).to_pydict()
        else "WRONG"
    )


def detected(file: Path) -> bool:
    """Whether another reader, which verifies page checksums, notices."""
    try:
        pq.read_table(file, page_checksum_verification=True)
    except OSError:
        return True
    return False


# A bit in a page.


@pytest.mark.parametrize("column", ["x", "s", "path"])
def test_bit_in_a_page(column: str, good: bytes, tmp_path: Path) -> None:
    begin, end = chunk_of(good, column)
    chance = random.Random(column)
    bad, out = tmp_path / "bad.parquet", tmp_path / "out.parquet"
    for _ in range(12):
        bad.write_bytes(flip(good, chance.randrange(begin, end), 1 << chance.randrange(8)))
        damaged = bad.read_bytes()
        assert read_verdict(bad, [column]) in ("right", "refused")
        assert read_verdict(bad, [column], ["/W/p7", f"/W/p{ROWS - 1}"]) in ("right", "refused")
        code, _ = run("optimize", bad, out)
        if code == 0:
            assert is_sound(pq.read_table(out)), "optimize made damage look sound"
        assert out.exists() == (code == 0)
        out.unlink(missing_ok=True)
        code, text = run(
            "query", bad, "--where", "x >= 0", "--format", "csv", "--columns", "path,x,s"
        )
        assert code == 1 or text.count("\n") == ROWS + 1
        assert bad.read_bytes() == damaged


@pytest.mark.parametrize("column", ["x", "s", "path"])
def test_body_of_each_page_is_refused_with_its_row(
    column: str, good: bytes, tmp_path: Path
) -> None:
    """Every page's body has a checksum: damage in it is refused by all, with file, column, row."""
    bad, out = tmp_path / "bad.parquet", tmp_path / "out.parquet"
    first = 0
    pages = Surgery(good).pages(column)
    slow = {0, 1, len(pages) // 2, len(pages) - 1}  # of these pages, conversions are tried
    for number, each in enumerate(pages):
        rows = ROWS if each.is_dictionary else PAGE
        offset = each.offset + each.header_size + len(each.body) // 2
        # The traceback of the last conversion may hold its layer, which has told of its page.
        gc.collect()
        bad.write_bytes(flip(good, offset, 4))
        with pytest.raises((OSError, ValueError)) as error:
            usdparquet.read_columns(bad, [column])
        assert_named(str(error.value), bad, column, range(first, first + rows))
        assert run("optimize", bad, out)[0] == 1
        if number in slow:
            assert run("convert", bad, tmp_path / "out.csv")[0] == 1
            assert run("convert", bad, tmp_path / "out.usdc")[0] == 1
        assert run("validate", "--values", bad)[0] == 1
        assert run("query", bad, "--format", "csv", "--limit", "0")[0] == 1
        assert sorted(each.name for each in tmp_path.iterdir()) == ["bad.parquet"]
        first += 0 if each.is_dictionary else rows


def assert_named(text: str, file: Path, column: str, rows: range) -> None:
    """The message names the file, the column and a row among those."""
    assert file.name in text
    assert f"'{column}'" in text
    found = re.search(r"\brows? ([\d,]+)", text)
    assert found, text
    assert int(found[1].replace(",", "")) in rows, text


@pytest.mark.parametrize("column", ["x", "s"])
def test_save_of_a_cell(column: str, good: bytes, tmp_path: Path) -> None:
    """A cell of another page, or of another column, is edited: refused, and still detected."""
    pages = [each for each in Surgery(good).pages(column) if not each.is_dictionary]
    chance = random.Random(3)
    for number in range(8):
        bad = tmp_path / f"bad{number}.parquet"
        each = pages[chance.randrange(len(pages) // 2, len(pages))]
        offset = each.offset + each.header_size + chance.randrange(len(each.body))
        damaged = flip(good, offset, 1 << chance.randrange(8))
        bad.write_bytes(damaged)
        layer = Sdf.Layer.FindOrOpen(str(bad))
        layer.GetAttributeAtPath("/W/p5.x").default = -5.0
        error = save(layer)
        assert error, "saved, with a damaged page"
        assert_named(error, bad, column, range(ROWS // 3, ROWS))
        assert layer.dirty
        assert bad.read_bytes() == damaged
        assert detected(bad)
        assert layer.GetAttributeAtPath("/W/p5.x").default == -5.0


def test_save_of_a_prim(good: bytes, tmp_path: Path) -> None:
    """The full save of a source with a damaged page is refused likewise."""
    for column in ("x", "s", "path"):
        bad = tmp_path / f"{column}.parquet"
        begin, end = chunk_of(good, column)
        damaged = flip(good, (begin + end) // 2, 1)
        bad.write_bytes(damaged)
        layer = Sdf.Layer.FindOrOpen(str(bad))
        Sdf.CreatePrimInLayer(layer, "/New")
        error = save(layer)
        assert error, "saved, with a damaged page"
        assert_named(error, bad, column, range(ROWS))
        assert layer.dirty
        assert bad.read_bytes() == damaged
        assert detected(bad)


def test_values_beside_a_damaged_page(good: bytes, tmp_path: Path) -> None:
    """The layer tells of the page once, and reads every other."""
    bad = tmp_path / "bad.parquet"
    second = Surgery(good).pages("x")[1]
    bad.write_bytes(flip(good, second.offset + second.header_size + 9, 1))
    layer = Sdf.Layer.FindOrOpen(str(bad))
    assert layer.GetAttributeAtPath("/W/p5.x").default == 5.0
    with pytest.raises(Tf.ErrorException) as error:
        _ = layer.GetAttributeAtPath(f"/W/p{PAGE}.x").default
    assert_named(str(error.value), bad, "x", range(PAGE, 2 * PAGE))
    assert layer.GetAttributeAtPath(f"/W/p{PAGE + 1}.x").default is None
    assert layer.GetAttributeAtPath(f"/W/p{2 * PAGE}.x").default == 2.0 * PAGE


# A bit in an index.

PLACES = (0.0, 0.01, 0.2, 0.5, 0.75, 0.9, 0.999)


@pytest.mark.parametrize("where", PLACES)
def test_bit_in_the_path_index(where: float, good: bytes, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(in_index(good, where))
    sound = tmp_path / "sound.parquet"
    sound.write_bytes(good)
    text = Sdf.Layer.FindOrOpen(str(sound)).ExportToString()
    with warnings_of_usd() as warnings:
        assert Sdf.Layer.FindOrOpen(str(bad)).ExportToString() == text
    assert len(warnings) == 1, warnings
    assert bad.name in warnings[0]
    assert read_verdict(bad, ["x"]) == "right"
    assert read_verdict(bad, ["x"], [f"/W/p{i}" for i in range(0, ROWS, 61)]) == "right"
    assert usdparquet.read_columns(bad, ["x"], under="/W").num_rows == ROWS
    assert run("validate", bad)[0] == 1


@pytest.mark.parametrize("where", PLACES)
def test_save_with_a_damaged_path_index(where: float, good: bytes, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(in_index(good, where))
    layer = Sdf.Layer.FindOrOpen(str(bad))
    Sdf.CreatePrimInLayer(layer, "/New")
    assert save(layer) is None
    del layer
    table = pq.read_table(bad, page_checksum_verification=True)
    values = dict(zip(table["path"].to_pylist(), table["x"].to_pylist(), strict=True))
    assert values.pop("/New") is None
    values.pop("/W", None)
    assert values == {f"/W/p{i}": float(i) for i in range(ROWS)}
    assert run("validate", "--values", bad)[0] == 0


def test_save_of_a_cell_with_a_damaged_path_index(good: bytes, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(in_index(good, 0.4))
    layer = Sdf.Layer.FindOrOpen(str(bad))
    layer.GetAttributeAtPath("/W/p5.x").default = -5.0
    assert save(layer) is None
    del layer
    assert run("validate", "--values", bad)[0] == 0
    wanted = content()["x"].to_pylist()
    wanted[5] = -5.0
    assert usdparquet.read_columns(bad, ["x"])["x"].to_pylist() == wanted


@pytest.mark.parametrize("key", [INDEX, TIMES])
@pytest.mark.parametrize("where", [0.0, 0.5, 0.999])
def test_bit_in_an_index_of_a_long_table(
    key: str, where: float, long: bytes, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(in_index(long, where, key))
    with warnings_of_usd() as warnings:
        layer = Sdf.Layer.FindOrOpen(str(bad))
        for prim in range(1000):
            samples = [layer.QueryTimeSample(f"/W/p{prim}.h", float(t)) for t in range(8)]
            assert samples == [float(prim * 8 + t) for t in range(8)]
        assert len(layer.GetPrimAtPath("/W").nameChildren) == 1000
    assert len(warnings) <= 1, warnings
    rows = usdparquet.read_columns(bad, paths=["/W/p999", "/W/p0"]).to_pydict()
    assert rows["h"] == [float(i) for i in (*range(7992, 8000), *range(8))]
    assert run("validate", bad)[0] == 1


def test_bit_in_the_times(long: bytes, tmp_path: Path) -> None:
    """The page of the time column is read by none who would give wrong values."""
    bad = tmp_path / "bad.parquet"
    begin, end = chunk_of(long, "t")
    damaged = flip(long, (begin + end) // 2, 1)
    bad.write_bytes(damaged)
    with pytest.raises((OSError, ValueError)) as error:
        usdparquet.read_columns(bad)
    assert_named(str(error.value), bad, "t", range(8000))
    assert run("optimize", bad, tmp_path / "out.parquet", "--time", "t")[0] == 1
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize("column", ["path", "t"])
def test_index_and_its_columns_damaged(column: str, long: bytes, tmp_path: Path) -> None:
    """Nothing to build the index of: refused, with file, column and row."""
    bad = tmp_path / "bad.parquet"
    offset, length = locate(long, INDEX if column == "path" else TIMES)
    both = long[: offset + 192] + bytes(length - 192) + long[offset + length :]
    pages = Surgery(long).pages(column)
    body = pages[2].offset + pages[2].header_size
    bad.write_bytes(flip(both, body + 5, 1))
    damaged = bad.read_bytes()
    with pytest.raises(Tf.ErrorException) as error:
        layer = Sdf.Layer.FindOrOpen(str(bad))
        layer.ExportToString()
    assert_named(str(error.value), bad, column, range(2000, 3000))
    with pytest.raises((OSError, ValueError)) as refused:
        usdparquet.read_columns(bad, ["h"], ["/W/p5"])
    assert_named(str(refused.value), bad, column, range(2000, 3000))
    layer = opened(bad)
    if layer:
        with pytest.raises(Tf.ErrorException):
            Sdf.CreatePrimInLayer(layer, "/New")
            layer.Save()
        assert bad.read_bytes() == damaged


# Files of other writers.

FOREIGN = {
    "v1_dictionary": {"data_page_version": "1.0", "compression": "snappy"},
    "v2_plain": {"data_page_version": "2.0", "compression": "zstd", "use_dictionary": False},
    "v1_none": {"data_page_version": "1.0", "compression": "none", "use_dictionary": False},
    "v2_dictionary": {"data_page_version": "2.0", "compression": "none"},
}


@pytest.mark.parametrize("layout", FOREIGN)
def test_foreign_file_with_checksums(layout: str, tmp_path: Path) -> None:
    """Without page index and sections; each page of each column in turn."""
    rows = 600
    table = content(rows)
    file = tmp_path / "sound.parquet"
    pq.write_table(
        table,
        file,
        row_group_size=200,
        data_page_size=400,
        write_batch_size=50,
        write_page_checksum=True,
        write_page_index=False,
        **FOREIGN[layout],
    )
    data = file.read_bytes()
    surgery = Surgery(data)
    bad, out = tmp_path / "bad.parquet", tmp_path / "out.parquet"
    for group in range(3):
        for column in table.column_names:
            for each in surgery.pages(column, group):
                if not each.body:
                    continue
                offset = each.offset + each.header_size + len(each.body) * 2 // 3
                bad.write_bytes(flip(data, offset, 1 << group))
                assert detected(bad)
                with pytest.raises((OSError, ValueError)) as error:
                    usdparquet.read_columns(bad)
                assert_named(str(error.value), bad, column, range(group * 200, group * 200 + 200))
                assert run("optimize", bad, out)[0] == 1
                assert not out.exists()
                assert run("validate", "--values", bad)[0] == 1
                copy = tmp_path / f"{group}-{column}-{offset}.parquet"
                copy.write_bytes(bad.read_bytes())
                assert_edit_is_refused(copy, rows)


def assert_edit_is_refused(file: Path, rows: int) -> None:
    """Whether it opens or not: values are right or none, and no save changes the file."""
    damaged = file.read_bytes()
    layer = opened(file)
    if layer is None:
        return
    for i in range(0, rows, 7):
        try:
            spec = layer.GetAttributeAtPath(f"/W/p{i}.x")
            assert spec is None or spec.default in (None, float(i))
        except Tf.ErrorException:
            pass
    layer.GetAttributeAtPath("/W/p5.x").default = -5.0
    assert save(layer), "saved, with a damaged page"
    assert file.read_bytes() == damaged
    assert layer.dirty


def test_save_does_not_vouch_for_a_page_header(tmp_path: Path) -> None:
    """A header that no checksum covers may be damaged beside a right body.

    A save gives every header a checksum: what does not decode must not be copied.
    """
    rows = 3_000
    file = tmp_path / "lists.parquet"
    table = pa.table(
        {
            "path": [f"/W/p{i}" for i in range(rows)],
            "x": [i * 0.5 for i in range(rows)],
            "l": [[float(i), i + 1.0] for i in range(rows)],
        }
    )
    pq.write_table(table, file, write_page_checksum=True)
    data = file.read_bytes()
    page = Surgery(data).pages("l.list.element")[-1]
    bad = tmp_path / "bad.parquet"
    refused = 0
    for byte in range(page.header_size):
        for bit in range(8):
            damaged = flip(data, page.offset + byte, 1 << bit)
            bad.write_bytes(damaged)
            try:
                usdparquet.read_columns(bad, ["l"])
            except (OSError, ValueError):
                refused += 1
            else:
                continue
            layer = opened(bad)
            assert layer is not None
            layer.GetAttributeAtPath("/W/p5.x").default = -1.0
            error = save(layer)
            assert error, f"saved, with bit {bit} of byte {byte} of a header flipped"
            assert_named(error, bad, "l", range(rows))
            assert layer.dirty
            assert bad.read_bytes() == damaged
            del layer
    assert refused > 100
