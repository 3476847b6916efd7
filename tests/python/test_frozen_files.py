"""Files that released versions wrote open with the same values for ever."""

from __future__ import annotations

import json
import shutil
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import xxhash
from embedded_sections import PAGES, section_of
from frozen_files import FROZEN, RULES, golden_table, read_table
from parquet_surgery import SEAL, Footer, Surgery, flipped
from pxr import Gf, Sdf, Tf, Usd
from round_trips import difference
from typer.testing import CliRunner
from usd_values import collected_warnings, open_layer

import usdparquet
from usdparquet._dataset import MANIFEST
from usdparquet.cli import app

CACHE = "_usdparquet.parts"
FILES = sorted(file for file in FROZEN.glob("*/*.parquet") if file.is_file())
DATASETS = sorted(file for file in FROZEN.glob("*/*.parquet") if file.is_dir())
PACKAGES = sorted(FROZEN.glob("*/*.usdz"))
# A table without rows has no page that could be read.
INDEXED = [file for file in FILES if golden_table(file).indexes and golden_table(file).rows]
SEALED = [file for file in FILES if SEAL in Surgery(file).entries()]
WITH_CELLS = [file for file in (*FILES, *DATASETS) if golden_table(file).edit]
WITHOUT_PROBLEMS = [file for file in FILES if golden_table(file).validate == 0]


def name_of(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


every_file = pytest.mark.parametrize("file", FILES, ids=name_of)
every_table = pytest.mark.parametrize("file", [*FILES, *DATASETS], ids=name_of)
every_dataset = pytest.mark.parametrize("file", DATASETS, ids=name_of)


@pytest.fixture(autouse=True)
def expected_warnings() -> Iterator[None]:
    """Some of the files are there for what a layer leaves out of them."""
    with collected_warnings():
        yield


@pytest.fixture
def copy(file: Path, tmp_path: Path) -> Path:
    if file.is_dir():
        return Path(shutil.copytree(file, tmp_path / file.name))
    return Path(shutil.copy(file, tmp_path))


def content(layer: Sdf.Layer) -> Sdf.Layer:
    """A copy of the layer that OpenUSD holds itself."""
    copied = Sdf.Layer.CreateAnonymous(".usda")
    copied.TransferContent(layer)
    return copied


def layer_of_rule(name: str) -> Sdf.Layer:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    with Sdf.ChangeBlock():
        for path, value in RULES[name]:
            prim = Sdf.CreatePrimInLayer(layer, path)
            spec = Sdf.AttributeSpec(prim, "x", Sdf.ValueTypeNames.Int)
            if value is not None:
                spec.default = value
    return layer


def declares_nulls(file: Path) -> bool:
    """Whether a null in a table was an attribute without a value for who froze the file."""
    return file.parent.name == "0.1.0"


def is_whole_layer(file: Path) -> bool:
    """Whether a layer was exported to the file, in which a null means "no value" for ever."""
    entry = (pq.read_metadata(file).metadata or {}).get(b"usdparquet:schema", b"{}")
    return bool(json.loads(entry).get("exact"))


def golden_text(file: Path) -> str:
    """The text of the layer that was frozen, in which the nulls of a table say nothing."""
    if file.stem in RULES or (declares_nulls(file) and not is_whole_layer(file)):
        return without_empty_attributes(declared_text(file))
    return file.with_suffix(".usda").read_text("utf-8")


def declared_text(file: Path) -> str:
    """The same with `nulls=declare`."""
    if file.stem in RULES:
        return layer_of_rule(file.stem).ExportToString()
    declared = file.with_suffix(".declared.usda")
    return (declared if declared.exists() else file.with_suffix(".usda")).read_text("utf-8")


def without_empty_attributes(text: str) -> str:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    layer.ImportFromString(text)
    specs: list[Sdf.AttributeSpec] = []

    def visit(path: Sdf.Path) -> None:
        spec = layer.GetAttributeAtPath(path)
        if spec and not spec.HasInfo("default") and not spec.HasInfo("timeSamples"):
            specs.append(spec)

    layer.Traverse("/", visit)
    for spec in specs:
        spec.owner.RemoveProperty(spec)
    return layer.ExportToString()


def check_text(expected: str, layer: Sdf.Layer) -> None:
    found = layer.ExportToString()
    assert expected == found, difference(expected, found)


def test_every_file_has_its_values() -> None:
    assert Counter(file.parent.name for file in FILES) == {"0.1.0": 34, "2026-11": 38}
    assert [name_of(file) for file in PACKAGES] == ["0.1.0/package", "2026-11/package"]
    assert [name_of(folder) for folder in DATASETS] == [
        "2026-11-datasets/dataset_of_folders",
        "2026-11-datasets/dataset_of_times",
    ]
    for file in (*FILES, *DATASETS):
        assert file.with_suffix(".json").exists(), file
        assert file.with_suffix(".usda").exists() or file.stem in RULES, file
    sizes = {file: file.stat().st_size for file in FROZEN.glob("*/**/*") if file.is_file()}
    assert sum(sizes.values()) < 1_000_000
    assert sum(size for file, size in sizes.items() if "2026-11-datasets" in file.parts) < 100_000


@every_table
def test_the_layer_is_the_same(file: Path) -> None:
    layer = Sdf.Layer.OpenAsAnonymous(str(file))
    if name_of(file) == "0.1.0/optimized_left_out":
        # Some of its cells are no values, but not null either.
        layer.ImportFromString(without_empty_attributes(layer.ExportToString()))
    check_text(golden_text(file), layer)
    check_text(declared_text(file), open_layer(file, nulls="declare"))


@pytest.mark.parametrize("package", PACKAGES, ids=name_of)
def test_the_layer_in_a_package_is_the_same(package: Path) -> None:
    table = f"{package}[table.parquet]"
    text = without_empty_attributes(declared_text(package))
    check_text(text, Sdf.Layer.FindOrOpen(table))
    if declares_nulls(package):
        declared = Sdf.Layer.FindOrOpen(table, args={"nulls": "declare"})
        check_text(declared_text(package), declared)
    stage = Usd.Stage.Open(str(package))
    assert stage.GetPrimAtPath("/World").GetTypeName() == "Xform"
    assert stage.GetAttributeAtPath("/World/Wall_2.size").Get() == Gf.Vec3f(2 / 7, 0.2, -0.0)


@every_table
def test_the_table_is_the_same(file: Path) -> None:
    expected = golden_table(file)
    assert read_table(file, expected.validate, expected.edit) == expected


@every_file
def test_other_readers_find_valid_pages(file: Path) -> None:
    rows = pq.read_table(file, page_checksum_verification=True).num_rows
    assert rows == len(golden_table(file).rows)


@every_table
def test_validate_says_the_same(file: Path) -> None:
    result = CliRunner().invoke(app, ["validate", str(file)])
    assert result.exit_code == golden_table(file).validate, result.output


def damage_first_paths(file: Path) -> None:
    """Make the first page of the path column one that cannot be read."""
    group = pq.read_metadata(file).row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    at = next(c.data_page_offset for c in columns if c.path_in_schema in ("path", "prim"))
    content = bytearray(file.read_bytes())
    content[at : at + 8] = bytes(byte ^ 0xFF for byte in content[at : at + 8])
    file.write_bytes(content)


@pytest.mark.parametrize("file", INDEXED, ids=name_of)
def test_the_indexes_are_used(file: Path, copy: Path) -> None:
    """Proved by damage: who builds an index has to read all paths, and some are no more."""
    damage_first_paths(copy)
    assert Sdf.Layer.OpenAsAnonymous(str(copy))
    content = copy.read_bytes()
    for entry in golden_table(file).indexes:
        surgery = Surgery(content)
        kept = [each for each in surgery.entries().items() if each[0] != entry]
        assert len(kept) == len(surgery.entries()) - 1
        surgery.set_entries(kept)
        copy.write_bytes(surgery.data())
        with pytest.raises(Tf.ErrorException, match=r"column '(path|prim)'"):
            Sdf.Layer.OpenAsAnonymous(str(copy))


@pytest.mark.parametrize("file", SEALED, ids=name_of)
def test_the_seal_and_the_page_locations_are_used(file: Path, copy: Path) -> None:
    """Proved by damage that nothing else would show."""
    data = file.read_bytes()
    name = Surgery(data).footer[Footer.CREATED_BY]
    copy.write_bytes(flipped(data, data.rindex(name)))
    for read in (Sdf.Layer.OpenAsAnonymous, usdparquet.read_columns):
        with pytest.raises(Exception, match="the footer is damaged"):
            read(str(copy))
    chunks, locations = section_of(data, PAGES).tables
    for begin, _, first, pages, *_ in chunks[:: len(chunks) // 3 or 1]:
        if pages == 0:
            continue  # a chunk of lists whose rows nothing tells
        offset, _, _, header_size, _ = locations[first]
        assert offset == begin
        copy.write_bytes(flipped(data, offset + header_size - 1))
        result = CliRunner().invoke(app, ["validate", "--values", str(copy)])
        assert result.exit_code == 1
        assert f"the header of the page at byte {offset}" in result.output


def listed_parts(folder: Path) -> list[dict[str, Any]]:
    """What the manifest of a dataset says of its files."""
    parts: list[dict[str, Any]] = json.loads((folder / MANIFEST).read_text("utf-8"))["parts"]
    return parts


@every_dataset
def test_a_dataset_is_the_same_with_and_without_its_manifest(file: Path, copy: Path) -> None:
    expected = golden_table(file)
    time = "frame" if "frame" in expected.columns else ""
    for name in (CACHE, MANIFEST):
        (copy / name).unlink()
        arguments = {"time": time} if time and name == MANIFEST else {}
        check_text(golden_text(file), open_layer(copy, **arguments))
        table = usdparquet.read_columns(copy, time=time)
        assert table.equals(usdparquet.read_columns(file))
    [index] = copy.glob("_usdparquet.*.index")
    index.unlink()
    usdparquet.dataset(copy, time=time)
    # What is written today may be another manifest, but is of the same files.
    assert listed_parts(copy) == listed_parts(file)


@every_dataset
def test_other_readers_find_valid_pages_in_a_dataset(file: Path) -> None:
    rows = [
        pq.ParquetFile(file / part["file"], page_checksum_verification=True).read().num_rows
        for part in listed_parts(file)
    ]
    assert rows == [sum(part["rows"]) for part in listed_parts(file)]
    assert sum(rows) == len(golden_table(file).rows)


@every_dataset
def test_the_index_of_a_dataset_is_used(file: Path, copy: Path) -> None:
    """Proved by damage: who builds an index has to read all paths, and some are no more."""
    for part in listed_parts(file):
        if sum(part["rows"]):
            damage_first_paths(copy / part["file"])
    assert Sdf.Layer.OpenAsAnonymous(str(copy))
    told = json.loads((copy / MANIFEST).read_text("utf-8"))
    for entry in golden_table(file).indexes:
        kept = {key: value for key, value in told["index"].items() if key != entry}
        without = {key: value for key, value in told.items() if key != "index"}
        changed = told | {"index": kept} if entry == "times" else without
        (copy / MANIFEST).write_text(json.dumps(changed), "utf-8")
        with pytest.raises(Tf.ErrorException, match="column 'path'"):
            Sdf.Layer.OpenAsAnonymous(str(copy))


@every_dataset
def test_the_cache_of_a_manifest_is_used(file: Path, copy: Path) -> None:
    """Proved by another name of the index, under right checksums."""
    content = bytearray((copy / CACHE).read_bytes())
    assert content[:8] == b"UPQPARTS"
    header_size, body_size, text_size, text_hash, body_hash = struct.unpack_from(
        "<I4Q", content, 12
    )
    text = (copy / MANIFEST).read_bytes()
    assert (text_size, text_hash) == (len(text), xxhash.xxh3_64_intdigest(text))
    body = content[header_size:]
    assert (body_size, body_hash) == (len(body), xxhash.xxh3_64_intdigest(body))
    body = body.replace(b"_usdparquet.", b"_usdparquet-", 1)
    struct.pack_into("<Q", content, 40, xxhash.xxh3_64_intdigest(body))
    struct.pack_into("<Q", content, 80, xxhash.xxh3_64_intdigest(content[:80]))
    (copy / CACHE).write_bytes(content[:header_size] + body)
    with collected_warnings() as warnings:
        check_text(golden_text(file), Sdf.Layer.OpenAsAnonymous(str(copy)))
    # What folders name is read from the manifest itself.
    is_used = "partitions" not in json.loads(text)
    assert ["its index '_usdparquet-" in warning for warning in warnings] == [True] * is_used


@pytest.mark.parametrize("file", WITH_CELLS, ids=name_of)
def test_a_saved_cell_keeps_all_else(file: Path, copy: Path) -> None:
    before = golden_table(file)
    layer = open_layer(copy)
    expected = content(layer)
    for each in (layer, expected):
        spec = each.GetAttributeAtPath(before.edit)
        spec.default = "edited" if isinstance(spec.default, str) else 7
    assert layer.Save()
    check_text(expected.ExportToString(), Sdf.Layer.OpenAsAnonymous(str(copy)))
    after = read_table(copy, before.validate, before.edit)
    rows = zip(before.rows, after.rows, strict=True)
    [(old, new)] = [pair for pair in rows if pair[0] != pair[1]]
    cells = zip(json.loads(old), json.loads(new), strict=True)
    [(_, cell)] = [pair for pair in cells if pair[0] != pair[1]]
    assert cell in ("edited", 7)
    assert replace(after, rows=before.rows) == before


@pytest.mark.parametrize("file", WITHOUT_PROBLEMS, ids=name_of)
def test_a_saved_prim_keeps_all_else(file: Path, copy: Path) -> None:
    """For another prim the whole file is written anew, in the format of today."""
    layer = open_layer(copy)
    expected = content(layer)
    check_text(golden_text(file), expected)
    for each in (layer, expected):
        Sdf.PrimSpec(each, "Added", Sdf.SpecifierDef, "Scope")
    assert layer.Save()
    check_text(expected.ExportToString(), Sdf.Layer.OpenAsAnonymous(str(copy)))
