"""Editing and writing are refused with an error, and change nothing."""

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
        raise Tf.ErrorException("refused")


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
]
# These never reach the data of the layer: only its permission can refuse them.
OTHER_EDITS: list[Callable[[Sdf.Layer], object]] = [
    lambda layer: layer.EraseTimeSample("/A.cost", 1.0),
    lambda layer: layer.TransferContent(other_layer()),
    lambda layer: layer.Clear(),
]


def edit_name(edit: Callable[[Sdf.Layer], object]) -> str | None:
    return edit.__name__ if edit.__name__ != "<lambda>" else None


def refused(layer: Sdf.Layer, edit: Callable[[Sdf.Layer], object]) -> None:
    before = layer.ExportToString()
    stored = Path(layer.realPath).read_bytes()
    with pytest.raises((Tf.ErrorException, RuntimeError)):
        edit(layer)
    assert layer.ExportToString() == before
    assert Path(layer.realPath).read_bytes() == stored


def test_permissions(file: Path) -> None:
    layer = open_layer(file)
    assert not layer.permissionToEdit
    assert not layer.permissionToSave


@pytest.mark.parametrize("edit", EDITS + OTHER_EDITS, ids=edit_name)
def test_edits_are_refused(file: Path, edit: Callable[[Sdf.Layer], object]) -> None:
    layer = open_layer(file)
    refused(layer, edit)
    assert not layer.dirty


@pytest.mark.parametrize("edit", EDITS, ids=edit_name)
def test_edits_are_refused_even_when_permission_is_given(
    file: Path, edit: Callable[[Sdf.Layer], object]
) -> None:
    layer = open_layer(file)
    layer.SetPermissionToEdit(True)
    refused(layer, edit)


def test_edits_through_a_stage_are_refused(file: Path) -> None:
    stage = Usd.Stage.Open(str(file))
    before = stage.ExportToString()
    with pytest.raises(Tf.ErrorException):
        stage.GetAttributeAtPath("/A.cost").Set(9.0)
    with pytest.raises(Tf.ErrorException):
        stage.DefinePrim("/New")
    assert stage.ExportToString() == before


def test_an_edit_in_a_stronger_layer_is_allowed(file: Path) -> None:
    stage = Usd.Stage.Open(str(file))
    stage.SetEditTarget(stage.GetSessionLayer())
    assert stage.GetAttributeAtPath("/A.cost").Set(9.0)
    assert stage.GetAttributeAtPath("/A.cost").Get() == 9.0
    assert stage.GetRootLayer().GetAttributeAtPath("/A.cost").default == 1.5


def test_saving_is_refused(file: Path) -> None:
    stored = file.read_bytes()
    layer = open_layer(file)
    layer.SetPermissionToSave(True)
    with pytest.raises(Tf.ErrorException):
        layer.Save(force=True)
    assert file.read_bytes() == stored


def test_exporting_to_parquet_is_refused(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    with pytest.raises(Tf.ErrorException):
        other_layer().Export(str(target))
    with pytest.raises(Tf.ErrorException):
        open_layer(file).Export(str(target))
    assert not target.exists()


def test_creating_a_parquet_layer_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "new.parquet"
    with pytest.raises(Tf.ErrorException):
        Sdf.Layer.CreateNew(str(target))
    assert not target.exists()


def test_existing_files_are_not_overwritten(file: Path) -> None:
    stored = file.read_bytes()
    with pytest.raises(Tf.ErrorException):
        other_layer().Export(str(file))
    assert file.read_bytes() == stored
