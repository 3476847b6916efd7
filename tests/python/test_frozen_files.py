"""Files that released versions wrote open with the same values for ever."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from frozen_files import FROZEN, RULES, golden_table, read_table
from pxr import Gf, Sdf, Tf, Usd
from round_trips import difference
from typer.testing import CliRunner
from usd_values import collected_warnings, open_layer

from usdparquet.cli import app

FILES = sorted(FROZEN.glob("*/*.parquet"))
PACKAGES = sorted(FROZEN.glob("*/*.usdz"))
# A table without rows has no page that could be read.
INDEXED = [file for file in FILES if golden_table(file).indexes and golden_table(file).rows]
WITH_CELLS = [file for file in FILES if golden_table(file).edit]
WITHOUT_PROBLEMS = [file for file in FILES if golden_table(file).validate == 0]


def name_of(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


every_file = pytest.mark.parametrize("file", FILES, ids=name_of)


@pytest.fixture(autouse=True)
def expected_warnings() -> Iterator[None]:
    """Some of the files are there for what a layer leaves out of them."""
    with collected_warnings():
        yield


@pytest.fixture
def copy(file: Path, tmp_path: Path) -> Path:
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


def golden_text(file: Path) -> str:
    """The text of the layer that was frozen."""
    if file.stem in RULES:
        return layer_of_rule(file.stem).ExportToString()
    return file.with_suffix(".usda").read_text("utf-8")


def is_whole_layer(file: Path) -> bool:
    """Whether a layer was exported to the file, in which a null meant "no value" in 0.1.0."""
    entry = (pq.read_metadata(file).metadata or {}).get(b"usdparquet:schema", b"{}")
    return bool(json.loads(entry).get("exact"))


def text_of_today(file: Path) -> str:
    """The same, but for the nulls of a table, which say nothing now."""
    if is_whole_layer(file):
        return golden_text(file)
    return without_empty_attributes(golden_text(file))


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
    assert len([file for file in FILES if file.parent.name == "0.1.0"]) == 34
    assert [name_of(file) for file in PACKAGES] == ["0.1.0/package"]
    for file in FILES:
        assert file.with_suffix(".json").exists(), file
        assert file.with_suffix(".usda").exists() or file.stem in RULES, file


@every_file
def test_the_layer_is_the_same(file: Path) -> None:
    layer = Sdf.Layer.OpenAsAnonymous(str(file))
    if file.stem == "optimized_left_out":  # some of its cells are no values, but not null either
        layer.ImportFromString(without_empty_attributes(layer.ExportToString()))
    check_text(text_of_today(file), layer)
    check_text(golden_text(file), open_layer(file, nulls="declare"))


@pytest.mark.parametrize("package", PACKAGES, ids=name_of)
def test_the_layer_in_a_package_is_the_same(package: Path) -> None:
    table = f"{package}[table.parquet]"
    text = golden_text(package)
    check_text(without_empty_attributes(text), Sdf.Layer.FindOrOpen(table))
    check_text(text, Sdf.Layer.FindOrOpen(table, args={"nulls": "declare"}))
    stage = Usd.Stage.Open(str(package))
    assert stage.GetPrimAtPath("/World").GetTypeName() == "Xform"
    assert stage.GetAttributeAtPath("/World/Wall_2.size").Get() == Gf.Vec3f(2 / 7, 0.2, -0.0)


@every_file
def test_the_table_is_the_same(file: Path) -> None:
    expected = golden_table(file)
    assert read_table(file, expected.validate, expected.edit) == expected


@every_file
def test_other_readers_find_valid_pages(file: Path) -> None:
    rows = pq.read_table(file, page_checksum_verification=True).num_rows
    assert rows == len(golden_table(file).rows)


@every_file
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
        assert content.count(entry.encode()) == 1
        copy.write_bytes(content.replace(entry.encode(), entry.upper().encode()))
        with pytest.raises(Tf.ErrorException, match=r"column '(path|prim)'"):
            Sdf.Layer.OpenAsAnonymous(str(copy))


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
    check_text(text_of_today(file), expected)
    for each in (layer, expected):
        Sdf.PrimSpec(each, "Added", Sdf.SpecifierDef, "Scope")
    assert layer.Save()
    check_text(expected.ExportToString(), Sdf.Layer.OpenAsAnonymous(str(copy)))
