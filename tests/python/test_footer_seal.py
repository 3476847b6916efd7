"""The footer's own digest, and the digests of page headers (docs/file-format.md)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from compact_thrift import write_struct
from embedded_sections import INDEX, PAGES, RESIDUAL, TIMES, expected_locations, section_of
from exported_layers import export_layer
from parquet_surgery import SEAL, Footer, Surgery, flipped, has_entry, locate, seal_of
from pxr import Sdf, Tf
from readings import opened, run, warnings_of_usd

import usdparquet


def content() -> pa.Table:
    return pa.table(
        {
            "path": [f"/W/p{i}" for i in range(500)],
            "cost": [float(i) for i in range(500)],
            "label": [f"text {i % 9}" for i in range(500)],
            "series": [[i] * (i % 4) for i in range(500)],
        }
    )


def by_write_table(file: Path) -> None:
    usdparquet.write_table(content(), file, rows_per_page=64, rows_per_group=200)


def by_optimize(file: Path) -> None:
    source = file.with_name("source.parquet")
    pq.write_table(content(), source)
    assert run("optimize", source, file, "--rows-per-page", "64")[0] == 0


def by_export(file: Path) -> None:
    export_layer(file, prims=20)


def by_saved_cell(file: Path) -> None:
    by_write_table(file)
    layer = Sdf.Layer.FindOrOpen(str(file))
    layer.GetAttributeAtPath("/W/p5.cost").default = -1.0
    assert layer.Save()


def by_saved_prim(file: Path) -> None:
    by_export(file)
    layer = Sdf.Layer.FindOrOpen(str(file))
    Sdf.CreatePrimInLayer(layer, "/New")
    assert layer.Save()


def by_convert(file: Path) -> None:
    source = file.with_name("source.csv")
    source.write_text("path,cost\n/A,1\n/B,2\n")
    assert run("convert", source, file)[0] == 0


WRITERS: dict[str, Callable[[Path], None]] = {
    "write_table": by_write_table,
    "optimize": by_optimize,
    "export": by_export,
    "save of a cell": by_saved_cell,
    "save of a prim": by_saved_prim,
    "convert": by_convert,
}


@pytest.mark.parametrize("writer", WRITERS)
def test_what_is_written(writer: str, tmp_path: Path) -> None:
    """Every writer seals the footer and lists the pages with their headers' digests."""
    file = tmp_path / "table.parquet"
    WRITERS[writer](file)
    data = file.read_bytes()
    seal = seal_of(data)
    assert seal is not None
    surgery = Surgery(data)
    assert seal[:2] == (surgery.footer_start, len(data) - 8 - surgery.footer_start)
    assert surgery.data() == data, "the digest is another one"
    section = section_of(data, PAGES)
    chunks, pages = expected_locations(data)
    assert section.tables == [chunks, pages]
    leaves = pq.read_metadata(file).num_columns
    assert section.head["leaves"] == leaves
    assert section.head["groups"] == len(surgery.groups())
    assert section.head["rows"] == pq.read_metadata(file).num_rows
    assert section.head["fingerprint"] == section_of(data, INDEX).head["fingerprint"]
    assert run("validate", "--values", file)[0] == 0
    assert pq.read_table(file, page_checksum_verification=True).num_rows > 0


@pytest.mark.parametrize("writer", WRITERS)
def test_sections_are_described(writer: str, tmp_path: Path) -> None:
    """What docs/file-format.md says of a section gives its bytes."""
    file = tmp_path / "table.parquet"
    WRITERS[writer](file)
    data = file.read_bytes()
    for key in (INDEX, TIMES, PAGES):
        if has_entry(data, key):
            offset, length = locate(data, key)
            assert section_of(data, key).coded()[0] == data[offset : offset + length]
    is_layer = writer in ("export", "save of a prim")
    assert has_entry(data, TIMES) == has_entry(data, RESIDUAL) == is_layer


@pytest.mark.parametrize("what", ["name", "type", "statistic", "rows", "created_by"])
def test_bit_in_the_footer(what: str, tmp_path: Path) -> None:
    """A column's name, its type or a statistic with a flipped bit: refused by all."""
    file = tmp_path / "table.parquet"
    by_write_table(file)
    data = file.read_bytes()
    surgery = Surgery(data)
    start = surgery.footer_start
    coded = write_struct(surgery.footer)
    places = {
        "name": coded.index(b"cost"),
        "type": coded.index(b"cost") - 5,
        "statistic": coded.rindex(b"text 8"),
        "rows": coded.index(b"\x16") + 1,
        "created_by": coded.index(surgery.footer[Footer.CREATED_BY]),
    }
    file.write_bytes(flipped(data, start + places[what], bit=1))
    with pytest.raises(Tf.ErrorException, match="footer is damaged"):
        Sdf.Layer.FindOrOpen(str(file))
    with pytest.raises((OSError, ValueError), match="footer is damaged"):
        usdparquet.read_columns(file)
    for command in (
        ["validate", file],
        ["inspect", file],
        ["optimize", file, tmp_path / "out.parquet"],
        ["convert", file, tmp_path / "out.csv"],
        ["query", file],
    ):
        assert run(*command)[0] == 1, command[0]
    assert not (tmp_path / "out.parquet").exists()


def test_seal_of_another_footer_is_ignored(tmp_path: Path) -> None:
    """Software that rewrites the table carries the entry along; so does who appends a footer."""
    file, other = tmp_path / "table.parquet", tmp_path / "other.parquet"
    by_write_table(file)
    data = file.read_bytes()
    assert has_entry(data, SEAL)
    pq.write_table(
        pq.read_table(file).replace_schema_metadata(pq.read_metadata(file).metadata), other
    )
    assert has_entry(other.read_bytes(), SEAL)
    with warnings_of_usd() as warnings:
        layer = Sdf.Layer.FindOrOpen(str(other))
        assert layer.GetAttributeAtPath("/W/p5.cost").default == 5.0
    assert warnings == []
    assert usdparquet.read_columns(other).num_rows == 500


def _with_seal(data: bytes, text: bytes) -> bytes:
    """The file with another text as its seal; offset and length are those of the file."""
    surgery = Surgery(data)
    surgery.set_entry(SEAL, text)
    length = len(write_struct(surgery.footer))
    text = text.replace(b"OFFSET", b"%020d" % surgery.footer_start).replace(
        b"LENGTH", b"%010d" % length
    )
    surgery.set_entry(SEAL, text)
    footer = write_struct(surgery.footer)
    return surgery.body + footer + len(footer).to_bytes(4, "little") + b"PAR1"


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        (b"", False),
        (b"version=1.0", False),
        (b"sealed", False),
        (b"version=1.0 offset=-0000000000000000001 length=0000000001 checksum=" + b"0" * 16, False),
        (b"version=2.0 other=1", True),
        (b"version=1.0 offset=%020d length=%010d checksum=%016x" % (4, 100, 5), True),
    ],
)
def test_seals_that_are_none(text: bytes, is_read: bool, tmp_path: Path) -> None:
    file = tmp_path / "table.parquet"
    by_write_table(file)
    file.write_bytes(_with_seal(file.read_bytes(), text))
    layer = opened(file)
    assert (layer is not None) == is_read
    assert (run("validate", file)[0] == 0) == is_read


def test_file_without_the_entries_reads_as_before(tmp_path: Path) -> None:
    file = tmp_path / "table.parquet"
    by_write_table(file)
    surgery = Surgery(file)
    surgery.set_entries((k, v) for k, v in surgery.entries().items() if k not in (SEAL, PAGES))
    file.write_bytes(surgery.data())
    with warnings_of_usd() as warnings:
        layer = Sdf.Layer.FindOrOpen(str(file))
        values = [layer.GetAttributeAtPath(f"/W/p{i}.cost").default for i in range(500)]
    assert values == [float(i) for i in range(500)]
    assert warnings == []
    assert run("validate", "--values", file)[0] == 0


def test_bit_in_the_page_locations_or_the_page_index(tmp_path: Path) -> None:
    """Either says where pages are: damage of one loses nothing."""
    file = tmp_path / "table.parquet"
    by_write_table(file)
    data = file.read_bytes()
    offset, length = locate(data, PAGES)
    index = Surgery(data).chunk("cost")[4]
    for place in (offset + 200, offset + length // 2, offset + length - 20, index + 3):
        copy = tmp_path / f"{place}.parquet"
        copy.write_bytes(flipped(data, place, bit=4))
        with warnings_of_usd() as warnings:
            layer = Sdf.Layer.FindOrOpen(str(copy))
            values = [layer.GetAttributeAtPath(f"/W/p{i}.cost").default for i in range(500)]
            series = [list(layer.GetAttributeAtPath(f"/W/p{i}.series").default) for i in range(9)]
        assert values == [float(i) for i in range(500)]
        assert series == [[i] * (i % 4) for i in range(9)]
        assert len(warnings) <= 1
        assert usdparquet.read_columns(copy).to_pydict() == content().to_pydict()


def test_recover(tmp_path: Path) -> None:
    """What can be read goes into a sound file; what is lost is told, with exit code 1."""
    file, out = tmp_path / "table.parquet", tmp_path / "out.parquet"
    by_write_table(file)
    assert run("recover", file, out)[0] == 0
    assert usdparquet.read_columns(out).to_pydict() == content().to_pydict()
    out.unlink()
    data = file.read_bytes()
    second = Surgery(data).pages("cost")[1]  # rows 64 to 127
    file.write_bytes(flipped(data, second.offset + second.header_size + 5, bit=1))
    code, report = run("recover", "--json", file, out)
    assert code == 1
    assert "cost" in json.dumps(json.loads(report))
    assert run("validate", "--values", out)[0] == 0
    found = usdparquet.read_columns(out).to_pydict()
    costs = dict(zip(found["path"], found["cost"], strict=True))
    for i in range(500):
        value = costs.get(f"/W/p{i}")
        assert value == float(i) if not 64 <= i < 128 else value is None
    labels = dict(zip(found["path"], found["label"], strict=True))
    assert [labels.get(f"/W/p{i}") for i in range(500) if not 64 <= i < 128] == [
        f"text {i % 9}" for i in range(500) if not 64 <= i < 128
    ]
    shutil.rmtree(tmp_path)
