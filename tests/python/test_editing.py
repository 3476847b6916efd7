"""A Parquet layer is edited in place, as any layer: in memory until it is saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pxr import Sdf, Tf, Usd
from usd_values import open_layer

TABLE = {"path": ["/A", "/A/B", "/C"], "cost": [1.5, None, 2.5], "name": ["x", "y", None]}


@pytest.fixture
def file(write) -> Path:
    return write(TABLE)


def other_layer() -> Sdf.Layer:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    Sdf.CreatePrimInLayer(layer, "/Other")
    return layer


def namespace_edit(layer: Sdf.Layer) -> None:
    edit = Sdf.BatchNamespaceEdit()
    edit.Add("/A", "/Renamed")
    if not layer.Apply(edit):
        raise RuntimeError("the edit was not applied")


def set_default(layer: Sdf.Layer) -> None:
    layer.GetAttributeAtPath("/A.cost").default = 9.0


def clear_default(layer: Sdf.Layer) -> None:
    layer.GetAttributeAtPath("/A.cost").ClearDefaultValue()


def set_info(layer: Sdf.Layer) -> None:
    layer.GetPrimAtPath("/A").SetInfo("comment", "changed")


def set_specifier(layer: Sdf.Layer) -> None:
    layer.GetPrimAtPath("/A").specifier = Sdf.SpecifierDef


def set_default_prim(layer: Sdf.Layer) -> None:
    layer.defaultPrim = "A"


def set_comment(layer: Sdf.Layer) -> None:
    layer.comment = "changed"


def append_sublayer(layer: Sdf.Layer) -> None:
    layer.subLayerPaths.append("other.usda")


def create_attribute(layer: Sdf.Layer) -> None:
    Sdf.AttributeSpec(layer.GetPrimAtPath("/A"), "extra", Sdf.ValueTypeNames.Int)


def remove_prim(layer: Sdf.Layer) -> None:
    del layer.rootPrims["A"]


def remove_property(layer: Sdf.Layer) -> None:
    prim = layer.GetPrimAtPath("/A")
    prim.RemoveProperty(prim.properties["cost"])


def rename(layer: Sdf.Layer) -> None:
    layer.GetPrimAtPath("/A").name = "Renamed"


def reorder(layer: Sdf.Layer) -> None:
    layer.rootPrimOrder = ["C", "A"]


EDITS: list[Callable[[Sdf.Layer], object]] = [
    set_default,
    clear_default,
    set_info,
    set_specifier,
    set_default_prim,
    set_comment,
    append_sublayer,
    create_attribute,
    remove_prim,
    remove_property,
    rename,
    reorder,
    namespace_edit,
    lambda layer: Sdf.CreatePrimInLayer(layer, "/New"),
    lambda layer: layer.SetTimeSample("/A.cost", 1.0, 3.0),
    lambda layer: Sdf.CopySpec(other_layer(), "/Other", layer, "/Other"),
    lambda layer: layer.ImportFromString('#usda 1.0\ndef "New" {}\n'),
    lambda layer: layer.TransferContent(other_layer()),
    lambda layer: layer.Clear(),
]


def edit_name(edit: Callable[[Sdf.Layer], object]) -> str | None:
    return edit.__name__ if edit.__name__ != "<lambda>" else None


def twin(layer: Sdf.Layer) -> Sdf.Layer:
    """The same content in a layer of OpenUSD's own."""
    copy = Sdf.Layer.CreateAnonymous(".usda")
    assert copy.ImportFromString(layer.ExportToString())
    return copy


def saved(file: Path) -> str:
    """What a reader of the file finds now."""
    return Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString()


def test_permissions(file: Path) -> None:
    layer = open_layer(file)
    assert layer.permissionToEdit
    assert layer.permissionToSave


@pytest.mark.parametrize("edit", EDITS, ids=edit_name)
def test_an_edit_does_what_it_does_to_any_layer(
    file: Path, edit: Callable[[Sdf.Layer], object]
) -> None:
    layer = open_layer(file)
    before = layer.ExportToString()
    stored = file.read_bytes()
    expected = twin(layer)
    edit(expected)
    edit(layer)
    assert layer.ExportToString() == expected.ExportToString()
    assert file.read_bytes() == stored
    # ImportFromString leaves no layer dirty, whatever its format.
    assert layer.Save(force=True)
    assert not layer.dirty
    assert layer.ExportToString() == expected.ExportToString()
    assert saved(file) == expected.ExportToString()
    assert before != expected.ExportToString()
    layer.comment = "after saving"
    assert layer.dirty
    assert layer.comment == "after saving"


@pytest.mark.parametrize("edit", EDITS, ids=edit_name)
def test_reload_drops_an_edit(file: Path, edit: Callable[[Sdf.Layer], object]) -> None:
    layer = open_layer(file)
    before = layer.ExportToString()
    edit(layer)
    assert layer.Reload(force=True)
    assert layer.ExportToString() == before
    assert not layer.dirty


def test_all_edits_one_after_the_other(file: Path) -> None:
    layer = open_layer(file)
    expected = twin(layer)
    for edit in [set_default, create_attribute, rename, reorder, set_comment]:
        edit(expected)
        edit(layer)
        assert layer.ExportToString() == expected.ExportToString()
    layer.Save()
    assert saved(file) == expected.ExportToString()


def test_an_erased_prim_can_be_made_anew(file: Path) -> None:
    layer = open_layer(file)
    remove_prim(layer)
    Sdf.CreatePrimInLayer(layer, "/A")
    assert [spec.name for spec in layer.rootPrims] == ["C", "A"]
    assert not layer.GetPrimAtPath("/A").properties
    assert layer.GetPrimAtPath("/A/B") is None
    layer.Save()
    assert saved(file) == layer.ExportToString()


def test_edits_through_a_stage(file: Path) -> None:
    stage = Usd.Stage.Open(str(file))
    assert stage.GetAttributeAtPath("/A.cost").Set(9.0)
    assert stage.GetAttributeAtPath("/A.cost").Get() == 9.0
    stage.DefinePrim("/New", "Xform")
    stage.Save()
    reopened = Usd.Stage.Open(Sdf.Layer.OpenAsAnonymous(str(file)))
    assert reopened.GetAttributeAtPath("/A.cost").Get() == 9.0
    assert reopened.GetAttributeAtPath("/C.cost").Get() == 2.5
    assert reopened.GetPrimAtPath("/New").GetTypeName() == "Xform"


def test_time_samples_are_edited(file: Path) -> None:
    layer = open_layer(file)
    for time, value in [(1.0, 10.0), (3.0, 30.0), (2.0, 20.0)]:
        layer.SetTimeSample("/A.cost", time, value)
    layer.EraseTimeSample("/A.cost", 1.0)

    def check(layer: Sdf.Layer) -> None:
        assert layer.ListTimeSamplesForPath("/A.cost") == [2.0, 3.0]
        assert layer.ListAllTimeSamples() == [2.0, 3.0]
        assert layer.GetNumTimeSamplesForPath("/A.cost") == 2
        assert layer.GetBracketingTimeSamplesForPath("/A.cost", 2.5) == (True, 2.0, 3.0)
        assert layer.GetBracketingTimeSamplesForPath("/A.cost", 0.0) == (True, 2.0, 2.0)
        assert layer.QueryTimeSample("/A.cost", 3.0) == 30.0
        assert layer.GetAttributeAtPath("/A.cost").default == 1.5

    check(layer)
    layer.Save()
    check(layer)
    check(Sdf.Layer.OpenAsAnonymous(str(file)))
    layer.EraseTimeSample("/A.cost", 2.0)
    layer.EraseTimeSample("/A.cost", 3.0)
    assert layer.GetNumTimeSamplesForPath("/A.cost") == 0


def test_another_layer_object_keeps_the_old_file(file: Path) -> None:
    reader = Sdf.Layer.OpenAsAnonymous(str(file))
    before = reader.ExportToString()
    layer = open_layer(file)
    set_default(layer)
    layer.Save()
    assert reader.ExportToString() == before
    assert saved(file) != before


def test_an_edit_in_a_stronger_layer_is_allowed(file: Path) -> None:
    stage = Usd.Stage.Open(str(file))
    stage.SetEditTarget(stage.GetSessionLayer())
    assert stage.GetAttributeAtPath("/A.cost").Set(9.0)
    assert stage.GetAttributeAtPath("/A.cost").Get() == 9.0
    assert stage.GetRootLayer().GetAttributeAtPath("/A.cost").default == 1.5


def test_new_layers(tmp_path: Path) -> None:
    target = tmp_path / "new.parquet"
    layer = Sdf.Layer.CreateNew(str(target))
    Sdf.CreatePrimInLayer(layer, "/World/Wall").specifier = Sdf.SpecifierDef
    layer.Save()
    assert saved(target) == layer.ExportToString()
    other = tmp_path / "stage.parquet"
    stage = Usd.Stage.CreateNew(str(other))
    stage.DefinePrim("/World", "Xform")
    stage.Save()
    assert saved(other) == stage.GetRootLayer().ExportToString()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"columns": "cost"}, "the format argument 'columns' leaves columns out"),
        ({"prefix": "/World"}, "the format argument 'prefix' would count twice"),
    ],
)
def test_what_was_not_shown_is_not_lost(file: Path, arguments: dict[str, str], reason: str) -> None:
    stored = file.read_bytes()
    layer = Sdf.Layer.FindOrOpen(str(file), arguments)
    layer.comment = "changed"
    with pytest.raises(Tf.ErrorException, match=reason):
        layer.Save()
    assert file.read_bytes() == stored
    assert layer.dirty


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"path": ["/A"], "b": [b"bytes"], "c": [1]}, "its column 'b' .* would be lost"),
        ({"path": ["/A", None], "c": [1, 2]}, "row 1 has no prim path and would be lost"),
        ({"path": ["/A", "/A"], "c": [1, 2]}, "row 0, whose path row 1 repeats, would be lost"),
    ],
)
def test_rows_and_columns_without_a_place_are_not_lost(
    write, table: dict[str, list[object]], reason: str
) -> None:
    file = write(table)
    stored = file.read_bytes()
    layer = open_layer(file)
    layer.comment = "changed"
    with pytest.raises(Tf.ErrorException, match=reason):
        layer.Save()
    assert file.read_bytes() == stored
