"""Cells that OpenUSD takes no value from: one warning, and no save that would lose them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_runs import run
from parquet_files import Writer
from pxr import Sdf, Tf
from usd_values import collected_warnings, open_layer

import usdparquet

PATHS = ["/A", "/B", "/C", "/D"]
BAD = 2
"""The row of each column of KINDS that has no value."""


def many(cells: list[str | None]) -> pa.Array:
    return pa.array([None if cell is None else ["/A", cell] for cell in cells])


TARGETS: list[str | None] = ["/A", None, "no path", "/B.x"]
EXPRESSIONS: list[str | None] = ["/A//", None, "((bad", "/B"]
ASSETS: list[str | None] = ["a.png", None, "b\x7f.png", "c.png"]
TOKENS: list[str | None] = ["a", None, "b\0c", "d"]
RELATIONSHIP = {"role": "relationship"}
KINDS: dict[str, tuple[pa.Array, dict[str, object], str]] = {
    "rel": (pa.array(TARGETS), RELATIONSHIP, "has a target that is no path"),
    "rel[]": (many(TARGETS), RELATIONSHIP, "has a target that is no path"),
    "no target": (pa.array(["/A", None, "", "/B"]), RELATIONSHIP, "has a target that is no path"),
    "pathExpression": (
        pa.array(EXPRESSIONS),
        {"type": "pathExpression"},
        "is no path expression",
    ),
    "pathExpression[]": (
        many(EXPRESSIONS),
        {"type": "pathExpression[]"},
        "is no path expression",
    ),
    "asset": (
        pa.array(ASSETS),
        {"type": "asset"},
        "has a control character, which an asset path cannot have",
    ),
    "token": (pa.array(TOKENS), {"type": "token"}, "has a U+0000, which a token cannot have"),
    "token[]": (many(TOKENS), {"type": "token[]"}, "has a U+0000, which a token cannot have"),
    "specifier": (
        pa.array(["def", None, "weird", "class"]),
        {"role": "metadata", "field": "specifier", "type": "token"},
        "is none of 'def', 'over' and 'class', which a specifier is",
    ),
    "date": (
        pa.array([1, None, 1 << 30, 2], pa.date32()),
        {},
        "is a date or time that ISO 8601 cannot write",
    ),
    "null inside": (
        pa.array([[1], None, [1, None], [2]]),
        {},
        "has a null inside its array or tuple, which a USD value cannot have",
    ),
}
PROPERTIES = sorted(set(KINDS) - {"specifier"})


def file_with(folder: Path, kind: str, **options: Any) -> Path:
    """A file whose column `x` has a bad cell in its third row, and `n` others."""
    column, entry, _ = KINDS[kind]
    table = pa.table({"path": PATHS, "x": column, "n": [1, 2, 3, 4]})
    footer = json.dumps({"version": "1.0", "columns": {"x": entry}})
    file = folder / "it.parquet"
    pq.write_table(table.replace_schema_metadata({"usdparquet:schema": footer}), file, **options)
    return file


def told(kind: str) -> str:
    return f"column 'x', row {BAD}: the cell {KINDS[kind][2]}"


def cell_of(file: Path, path: str) -> pa.Scalar:
    """The stored cell of column `x`."""
    table = pq.read_table(file)
    return table["x"][table["path"].to_pylist().index(path)]


def value_of(layer: Sdf.Layer, kind: str, path: str) -> object:
    if kind == "specifier":
        return layer.GetPrimAtPath(path).specifier
    spec = layer.GetPropertyAtPath(f"{path}.x")
    if isinstance(spec, Sdf.RelationshipSpec):
        return list(spec.targetPathList.explicitItems) or None
    return spec and spec.default


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dictionary", [True, False])
def test_reads_as_no_value(kind: str, dictionary: bool, tmp_path: Path) -> None:
    file = file_with(tmp_path, kind, use_dictionary=dictionary)
    layer = open_layer(file)
    with collected_warnings() as warnings:
        text = layer.ExportToString()
        values = [value_of(layer, kind, path) for path in PATHS]
    rest = "it is presented without a value (further such cells of this column are not shown)"
    assert warnings == [f"{file}: {told(kind)}; {rest}"]
    if kind == "specifier":
        over = Sdf.SpecifierOver
        assert values == [Sdf.SpecifierDef, over, over, Sdf.SpecifierClass]
    else:
        assert [value is None for value in values] == [False, True, True, False]
        # The property is there: its cell is not null.
        assert layer.GetPropertyAtPath("/C.x")
        assert not layer.GetPropertyAtPath("/B.x")
    assert "<>" not in text
    assert Sdf.Layer.CreateAnonymous(".usda").ImportFromString(text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_save_would_lose_it(kind: str, tmp_path: Path) -> None:
    file = file_with(tmp_path, kind)
    before = file.read_bytes()
    layer = open_layer(file)
    with collected_warnings():
        Sdf.CreatePrimInLayer(layer, "/New")
        with pytest.raises(Tf.ErrorException) as raised:
            layer.Save()
    assert (
        f"{file}: not written, because values of {file} could not be read and would be lost: "
        f"{told(kind)}; set or remove it, or export the layer to another file"
    ) in str(raised.value)
    assert layer.dirty
    assert file.read_bytes() == before
    with collected_warnings():
        assert layer.Export(str(tmp_path / "other.parquet"))


def set_value(layer: Sdf.Layer, kind: str, path: str) -> None:
    """Sets what another row has."""
    if kind == "specifier":
        layer.GetPrimAtPath(path).specifier = Sdf.SpecifierDef
        return
    spec = layer.GetPropertyAtPath(f"{path}.x")
    if isinstance(spec, Sdf.RelationshipSpec):
        spec.targetPathList.explicitItems = ["/A"]
    else:
        spec.default = layer.GetPropertyAtPath("/A.x").default


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_that_was_set_is_not_lost(kind: str, tmp_path: Path) -> None:
    file = file_with(tmp_path, kind)
    layer = open_layer(file)
    with collected_warnings():
        Sdf.CreatePrimInLayer(layer, "/New")
        set_value(layer, kind, "/C")
        assert layer.Save()
    with collected_warnings() as warnings:
        copy = Sdf.Layer.OpenAsAnonymous(str(file))
        assert value_of(copy, kind, "/C") == value_of(copy, kind, "/A")
        assert value_of(copy, kind, "/D") is not None
    assert warnings == []


@pytest.mark.parametrize("kind", PROPERTIES)
def test_a_property_that_was_removed_is_not_lost(kind: str, tmp_path: Path) -> None:
    file = file_with(tmp_path, kind)
    layer = open_layer(file)
    with collected_warnings():
        value_of(layer, kind, "/C")
        Sdf.CreatePrimInLayer(layer, "/New")
        prim = layer.GetPrimAtPath("/C")
        prim.RemoveProperty(prim.properties["x"])
        assert layer.Save()
    assert not cell_of(file, "/C").is_valid
    with collected_warnings() as warnings:
        copy = Sdf.Layer.OpenAsAnonymous(str(file))
        assert not copy.GetPropertyAtPath("/C.x")
        assert value_of(copy, kind, "/D") is not None
    assert warnings == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_prim_that_was_renamed_would_lose_it(kind: str, tmp_path: Path) -> None:
    """What moves is what the layer shows."""
    file = file_with(tmp_path, kind)
    layer = open_layer(file)
    with collected_warnings():
        layer.GetPrimAtPath("/C").name = "Other"
        with pytest.raises(Tf.ErrorException, match="set or remove it, or export"):
            layer.Save()
    assert "/C" in pq.read_table(file)["path"].to_pylist()


@pytest.mark.parametrize("kind", PROPERTIES)
def test_a_saved_cell_leaves_it_as_it_lies(kind: str, tmp_path: Path) -> None:
    file = file_with(tmp_path, kind)
    before = pq.read_table(file)["x"]
    layer = open_layer(file)
    with collected_warnings():
        layer.GetAttributeAtPath("/A.n").default = 7
        assert layer.Save()
    assert pq.read_table(file)["x"] == before
    assert pq.read_table(file)["n"].to_pylist() == [7, 2, 3, 4]


def long_file(folder: Path, cells: list[str | None]) -> Path:
    """Expressions over time: a row without a time, then at 1, 2, 3."""
    table = pa.table(
        {"path": ["/A"] * 4, "time": [None, 1.0, 2.0, 3.0], "x": cells, "n": [None, 1, 2, 3]}
    )
    footer = {"version": "1.0", "time": "time", "columns": {"x": {"type": "pathExpression"}}}
    file = folder / "long.parquet"
    metadata = {"usdparquet:schema": json.dumps(footer)}
    pq.write_table(table.replace_schema_metadata(metadata), file)
    return file


def test_a_sample(tmp_path: Path) -> None:
    file = long_file(tmp_path, ["/A", "/B", "((bad", "/C"])
    layer = open_layer(file)
    with collected_warnings() as warnings:
        assert layer.ListTimeSamplesForPath("/A.x") == [1, 3]
        assert layer.GetBracketingTimeSamplesForPath("/A.x", 2) == (True, 1, 3)
    assert len(warnings) == 1
    assert "column 'x', row 2: the cell is no path expression" in warnings[0]
    before = file.read_bytes()
    with collected_warnings():
        layer.GetAttributeAtPath("/A.x").default = Sdf.PathExpression("/New")
        layer.SetTimeSample("/A.x", 1, Sdf.PathExpression("/One"))
        with pytest.raises(Tf.ErrorException, match="row 2: the cell is no path expression"):
            layer.Save()
        assert file.read_bytes() == before
        layer.SetTimeSample("/A.x", 2, Sdf.PathExpression("/Two"))
        assert layer.Save()
        copy = Sdf.Layer.OpenAsAnonymous(str(file))
        found = [copy.QueryTimeSample("/A.x", time).GetText() for time in (1, 2, 3)]
    assert found == ["/One", "/Two", "/C"]


def test_convert_writes_no_empty_target(tmp_path: Path) -> None:
    file, out = file_with(tmp_path, "rel"), tmp_path / "out.usda"
    assert told("rel") in " ".join(run("convert", file, out).split())
    text = out.read_text()
    assert "<>" not in text
    assert "rel x = </A>" in text


def test_a_target_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "it.parquet"
    table = pa.table({"path": ["/A"], "x": [["/A", "/B", "/A"]]})
    usdparquet.write_table(table, str(file), types={"x": "rel"})
    layer = open_layer(file)
    assert list(layer.GetRelationshipAtPath("/A.x").targetPathList.explicitItems) == ["/A", "/B"]
    visited: list[Sdf.Path] = []
    layer.Traverse("/", visited.append)
    assert len(visited) == len(set(visited))


ODD_PATHS = ["/A.b[/C].d", "/A{v=x}B", "/Ä", "/A.ns:b", "../B", "/A/1"]


def test_targets_are_what_openusd_takes(tmp_path: Path) -> None:
    """Beyond plain paths, which are told without it."""
    file = tmp_path / "it.parquet"
    paths = [f"/P{i}" for i in range(len(ODD_PATHS))]
    footer = json.dumps({"version": "1.0", "columns": {"x": RELATIONSHIP}})
    table = pa.table({"path": paths, "x": ODD_PATHS})
    pq.write_table(table.replace_schema_metadata({"usdparquet:schema": footer}), file)
    with collected_warnings():
        layer = open_layer(file)
        for path, target in zip(paths, ODD_PATHS, strict=True):
            found = list(layer.GetRelationshipAtPath(f"{path}.x").targetPathList.explicitItems)
            is_path = Sdf.Path.IsValidPathString(target)
            assert found == ([Sdf.Path(target)] if is_path else []), target


def test_metadata_of_another_type_is_not_lost(write: Writer) -> None:
    table = pa.table({"path": ["/A", "/B"], "x": [1.5, 2.5]})
    for name, entry, message in (
        (
            "layer",
            {"layer": {"documentation": {"int": 3}}},
            "the footer's 'documentation' of the layer, which is no metadata of type 'int'",
        ),
        (
            "column",
            {"columns": {"x": {"metadata": {"documentation": {"int": 3}}}}},
            "the footer's 'documentation' of column 'x', which is no metadata of type 'int'",
        ),
    ):
        footer = json.dumps({"version": "1.0", **entry})
        file = write(table.replace_schema_metadata({"usdparquet:schema": footer}), name)
        before = file.read_bytes()
        with collected_warnings():
            layer = open_layer(file)
        Sdf.CreatePrimInLayer(layer, "/New")
        with pytest.raises(Tf.ErrorException) as raised:
            layer.Save()
        assert (
            f"{file}: the layer can't be saved to its own file: {message}, would be lost; export "
            "it to another"
        ) in str(raised.value)
        assert file.read_bytes() == before
        # A cell is saved all the same, and the footer stays.
        with collected_warnings():
            layer = Sdf.Layer.FindOrOpen(str(file))
            layer.Reload()
            layer.GetAttributeAtPath("/A.x").default = 7.0
            assert layer.Save()
        assert pq.read_schema(file).metadata[b"usdparquet:schema"].decode() == footer


# What `validate` says.


@pytest.mark.parametrize("kind", KINDS)
def test_validate_finds_the_cell(kind: str, tmp_path: Path) -> None:
    file = file_with(tmp_path, kind)
    assert "no problems" in run("validate", file)
    lines = run("validate", file, "--values", code=1).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"{file}: {told(kind)}; ")


def test_validate_finds_a_sample(tmp_path: Path) -> None:
    file = long_file(tmp_path, ["/A", "/B", "((bad", "/C"])
    assert "no problems" in run("validate", file)
    assert "row 2: the cell is no path expression" in run("validate", file, "--values", code=1)
