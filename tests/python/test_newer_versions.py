"""What a reader does with files of a newer format (docs/file-format.md, Versions)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from warnings import catch_warnings as warnings_of_python

import pyarrow as pa
import pytest
from embedded_sections import HEADER_SIZE, INDEX, PAGES, RESIDUAL, TIMES, section_of, set_section
from parquet_surgery import SEAL, Footer, Surgery, flipped
from pxr import Sdf, Tf
from typer.testing import CliRunner
from usd_values import collected_warnings

import usdparquet
from usdparquet.cli import app

SCHEMA = "usdparquet:schema"
PATHS = [f"/World/P{i}" for i in range(40)]
TIMED = [(path, time) for path in PATHS[:5] for time in (None, 1.0, 2.5)]


def plain_table(file: Path) -> None:
    table = pa.table({"path": PATHS, "x": [i / 4 for i in range(len(PATHS))]})
    usdparquet.write_table(table, file, layer={"metersPerUnit": 0.5}, rows_per_page=16)


def long_table(file: Path) -> None:
    paths, times = zip(*TIMED, strict=True)
    table = pa.table({"path": paths, "frame": times, "x": [i / 4 for i in range(len(TIMED))]})
    usdparquet.write_table(table, file, time="frame", rows_per_page=4)


def exported(file: Path) -> None:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    for i, path in enumerate(PATHS):
        prim = Sdf.CreatePrimInLayer(layer, path)
        prim.customData = {"number": i}
        Sdf.AttributeSpec(prim, "x", Sdf.ValueTypeNames.Double).default = i / 4
    assert layer.Export(str(file))


MAKERS: dict[str, Callable[[Path], None]] = {
    INDEX: plain_table,
    TIMES: long_table,
    PAGES: plain_table,
    SEAL: plain_table,
    SCHEMA: plain_table,
    RESIDUAL: exported,
}


@pytest.fixture
def file(entry: str, tmp_path: Path) -> Path:
    """A file of today with the entry."""
    file = tmp_path / "today.parquet"
    MAKERS[entry](file)
    assert entry in Surgery(file).entries()
    return file


def text_of(file: Path) -> str:
    return Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString()


def of_version(file: Path, entry: str, version: str) -> bytes:
    """The file with the entry, and the section that it names, of another version.

    A newer one brings a longer header, numbers in what is reserved now, and more to read in the
    entry.
    """
    data = file.read_bytes()
    surgery = Surgery(data)
    if entry in (INDEX, TIMES, PAGES):
        section = section_of(data, entry)
        section.version = tuple(map(int, version.split(".")))
        section.padding = 64
        section.head["header_size"] = HEADER_SIZE + section.padding
        section.tail = section.tail[:-4] + b"\x01\x02\x03\x04"
        set_section(surgery, entry, *section.coded())
    if entry == SCHEMA:
        content = json.loads(surgery.entries()[entry]) | {"version": version, "later": [1, {}]}
        surgery.set_entry(entry, json.dumps(content).encode())
        return surgery.data()
    if entry == SEAL:
        return surgery.data(version.encode(), b" later=1")
    text = surgery.entries()[entry].replace(b"version=1.0", b"version=" + version.encode())
    surgery.set_entry(entry, text + b" later=1")
    return surgery.data()


every_entry = pytest.mark.parametrize("entry", MAKERS)


@every_entry
def test_a_newer_minor_version_is_read(entry: str, file: Path) -> None:
    before, rows = text_of(file), usdparquet.read_columns(file)
    file.write_bytes(of_version(file, entry, "1.7"))
    with collected_warnings() as warnings:
        assert text_of(file) == before
    assert warnings == []
    assert usdparquet.read_columns(file).equals(rows)
    assert CliRunner().invoke(app, ["validate", "--values", str(file)]).exit_code == 0


@pytest.mark.parametrize("entry", [INDEX, TIMES])
def test_an_index_of_a_newer_minor_version_is_used(entry: str, file: Path) -> None:
    """Who builds one has to read the paths, which is not possible here."""
    file.write_bytes(of_version(file, entry, "1.7"))
    surgery = Surgery(file)
    page = surgery.pages("path")[-1]
    damaged = flipped(file.read_bytes(), page.offset + page.header_size)
    file.write_bytes(damaged)
    assert Sdf.Layer.OpenAsAnonymous(str(file))
    file.write_bytes(of_version(file, entry, "2.0"))
    with pytest.raises(Tf.ErrorException, match="column 'path'"):
        Sdf.Layer.OpenAsAnonymous(str(file))


@pytest.mark.parametrize("entry", [PAGES, SEAL])
def test_checksums_of_a_newer_minor_version_are_checked(entry: str, file: Path) -> None:
    data = of_version(file, entry, "1.7")
    page = Surgery(data).pages("x")[0]
    place, message = {
        PAGES: (page.offset + page.header_size - 1, "the header of the page at byte"),
        SEAL: (data.rindex(Surgery(data).footer[Footer.CREATED_BY]), "the footer is damaged"),
    }[entry]
    file.write_bytes(flipped(data, place))
    with pytest.raises(OSError, match=message):
        usdparquet.read_columns(file)


@pytest.mark.parametrize("entry", [INDEX, TIMES, PAGES, SEAL])
def test_a_newer_major_version_of_what_is_not_needed_is_left_aside(entry: str, file: Path) -> None:
    before, rows = text_of(file), usdparquet.read_columns(file)
    file.write_bytes(of_version(file, entry, "2.0"))
    with collected_warnings() as warnings:
        assert text_of(file) == before
    with warnings_of_python(record=True) as more:
        assert usdparquet.read_columns(file).equals(rows)
    for texts in (warnings, [str(warning.message) for warning in more]):
        assert len(texts) == (0 if entry == SEAL else 1)
        for text in texts:
            assert "is not used: its version is 2.0, and this software reads 1.x" in text


@pytest.mark.parametrize("entry", [SCHEMA, RESIDUAL])
def test_a_newer_major_version_of_what_is_needed_is_refused(entry: str, file: Path) -> None:
    file.write_bytes(of_version(file, entry, "2.0"))
    with pytest.raises(Tf.ErrorException, match=r"is of version '?2\.0") as raised:
        Sdf.Layer.OpenAsAnonymous(str(file))
    assert len(raised.value.args) == 1
    assert "upgrade" in raised.value.args[0].commentary
    assert CliRunner().invoke(app, ["validate", str(file)]).exit_code == 1


@every_entry
def test_saved_cells_keep_what_is_newer_and_a_whole_save_drops_it(entry: str, file: Path) -> None:
    """But for the seal and the page locations, which a save of cells makes anew."""
    file.write_bytes(of_version(file, entry, "1.7"))
    layer = Sdf.Layer.FindOrOpen(str(file))
    layer.GetAttributeAtPath("/World/P3.x").default = 7
    assert layer.Save()
    assert (b"later" in Surgery(file).entries()[entry]) == (entry not in (PAGES, SEAL))
    expected = layer.ExportToString()
    assert text_of(file) == expected
    Sdf.CreatePrimInLayer(layer, "/Added")
    assert layer.Save()
    assert b"later" not in Surgery(file).entries()[entry]
    assert text_of(file) == layer.ExportToString() != expected


@pytest.mark.parametrize("entry", [INDEX])
def test_entries_of_other_names_are_ignored_and_kept(entry: str, file: Path) -> None:
    before = text_of(file)
    surgery = Surgery(file)
    surgery.set_entry("usdparquet:later", b"version=1.0 offset=4 length=9 checksum=0")
    file.write_bytes(surgery.data())
    with collected_warnings() as warnings:
        assert text_of(file) == before
        layer = Sdf.Layer.FindOrOpen(str(file))
        layer.GetAttributeAtPath("/World/P3.x").default = 7
        assert layer.Save()
    assert warnings == []
    assert "usdparquet:later" in Surgery(file).entries()
