"""What USD does with layers, it does with an exported Parquet layer as with the same as .usdc."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pxr import Sdf, Tf, Usd, UsdGeom, UsdUtils
from round_trips import text_layer

CONTENT = """(
    defaultPrim = "Model"
    customLayerData = {
        int a = 1
    }
    metersPerUnit = 0.01
    upAxis = "Z"
)
def Xform "Model" (
    kind = "component"
    prepend apiSchemas = ["GeomModelAPI"]
    variants = {
        string look = "red"
    }
    prepend variantSets = "look"
)
{
    double3 xformOp:translate = (1, 2, 3)
    uniform token[] xformOpOrder = ["xformOp:translate"]
    def Sphere "A" (
        prepend apiSchemas = ["MaterialBindingAPI"]
    )
    {
        double radius = 2
        double radius.timeSamples = {
            1: 2,
            3: 4,
        }
        rel material:binding = </Model/Red>
        color3f[] primvars:displayColor = [(1, 0, 0)]
    }
    def Sphere "B" (
        prepend apiSchemas = ["MaterialBindingAPI"]
        references = </Model/A>
    )
    {
        double radius = 3
        double radius.timeSamples = {
            1: 3,
            3: 5,
        }
        rel material:binding = </Model/Red>
    }
    def Scope "Red"
    {
        float strength = 1
        float strength.connect = </Model/B.radius>
    }
    class "_Shared"
    {
        double radius = 9
        int extra = 5
    }
    over "Over" (
        inherits = </Model/_Shared>
    )
    {
    }
    variantSet "look" = {
        "blue" {
            over "A"
            {
                double radius = 20
            }
        }
        "red" {
            over "A"
            {
                int inVariant = 1
            }
        }
    }
}
def "Other"
{
}
"""
FORMATS = ("parquet", "usdc")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The same layer in both formats, each in a folder of its own under one name."""
    made = {}
    for suffix in FORMATS:
        made[suffix] = tmp_path / suffix / f"model.{suffix}"
        assert text_layer(CONTENT).Export(str(made[suffix]))
    return made


def both(files: dict[str, Path], f: Callable[[Path], str]) -> None:
    """Assert that `f` gives the same text for both formats, but for the suffix in it."""
    ours, theirs = (f(files[suffix]).replace(f".{suffix}", ".*") for suffix in FORMATS)
    assert ours
    assert ours == theirs


def flat(root: str) -> str:
    stage = Usd.Stage.Open(text_layer(root))
    assert not stage.GetCompositionErrors()
    return stage.Flatten(addSourceFileComment=False).ExportToString()


ARCS = {
    "sublayer": '(\n    subLayers = [@{file}@]\n)\nover "Model"\n{{\n    over "A" {{}}\n}}\n',
    "sublayer with offset": "(\n    subLayers = [@{file}@ (offset = 10; scale = 2)]\n)\n",
    "reference": 'def "R" (\n    references = @{file}@\n)\n{{\n}}\n',
    "reference to a prim": 'def "R" (\n    references = @{file}@</Model/A>\n)\n{{\n}}\n',
    "payload": 'def "R" (\n    payload = @{file}@\n)\n{{\n}}\n',
    "variant": 'def "R" (\n    references = @{file}@\n    variants = {{\n'
    '        string look = "blue"'
    "\n    }}\n)\n{{\n}}\n",
    "specialize": 'def "R" (\n    references = @{file}@\n)\n{{\n    def "S" (\n'
    "        specializes = "
    "</R/A>\n    )\n    {{\n    }}\n}}\n",
    "instance": 'def "R" (\n    instanceable = true\n    references = @{file}@\n)\n{{\n}}\n'
    'def "Q" (\n    instanceable = true\n    references = @{file}@\n)\n{{\n}}\n',
}


@pytest.mark.parametrize("name", ARCS)
def test_composition(files: dict[str, Path], name: str) -> None:
    both(files, lambda file: flat(ARCS[name].format(file=file)))


def test_schemas_and_samples(files: dict[str, Path]) -> None:
    def describe(file: Path) -> str:
        stage = Usd.Stage.Open(str(file))
        lines = [f"{stage.GetDefaultPrim()} {UsdGeom.GetStageUpAxis(stage)}"]
        lines.append(str(UsdGeom.GetStageMetersPerUnit(stage)))
        for prim in stage.TraverseAll():
            lines.append(f"{prim} {prim.GetAppliedSchemas()} {prim.GetSpecifier()}")
            lines.append(f"{prim.IsModel()} {prim.GetMetadata('kind')} {prim.IsA(UsdGeom.Xform)}")
            for attribute in prim.GetAttributes():
                query = Usd.AttributeQuery(attribute)
                lines.append(
                    f"{attribute} {attribute.GetTimeSamples()} {attribute.IsAuthored()}"
                    f" {[query.Get(time) for time in (0.0, 1.0, 2.5, 9.0)]}"
                    f" {attribute.GetBracketingTimeSamples(2.0)} {attribute.GetConnections()}"
                    f" {attribute.GetResolveInfo().GetSource()}"
                )
            lines += [f"{rel} {rel.GetTargets()}" for rel in prim.GetRelationships()]
        return "\n".join(lines)

    both(files, describe)


def undone(layer: Sdf.Layer) -> None:
    """A namespace edit and its inverse."""
    before = layer.ExportToString()
    there, back = Sdf.BatchNamespaceEdit(), Sdf.BatchNamespaceEdit()
    there.Add("/Model/A", "/Model/Renamed")
    back.Add("/Model/Renamed", "/Model/A")
    assert layer.Apply(there)
    assert layer.GetAttributeAtPath("/Model/Renamed.radius").default == 2
    assert layer.Apply(back)
    assert sorted(layer.ExportToString()) == sorted(before)


def reparent(layer: Sdf.Layer) -> None:
    edit = Sdf.BatchNamespaceEdit()
    edit.Add(Sdf.NamespaceEdit.Reparent("/Model/A", "/Other", 0))
    edit.Add(Sdf.NamespaceEdit.Rename("/Model/B.radius", "size"))
    edit.Add(Sdf.NamespaceEdit.Remove("/Model/Red"))
    assert layer.Apply(edit)


def copy_inside(layer: Sdf.Layer) -> None:
    assert Sdf.CopySpec(layer, "/Model/A", layer, "/Model/Copy")
    assert Sdf.CopySpec(layer, "/Model{look=blue}A", layer, "/Other/FromVariant")
    assert Sdf.CopySpec(layer, "/Model", layer, "/Whole")


def edit_variant(layer: Sdf.Layer) -> None:
    prim = layer.GetPrimAtPath("/Model{look=red}A")
    Sdf.AttributeSpec(prim, "added", Sdf.ValueTypeNames.Int).default = 3
    blue = layer.GetPrimAtPath("/Model").variantSets["look"].variants["blue"]
    layer.GetPrimAtPath("/Model").variantSets["look"].RemoveVariant(blue)


def edit_targets(layer: Sdf.Layer) -> None:
    rel = layer.GetRelationshipAtPath("/Model/A.material:binding")
    rel.targetPathList.prependedItems.append("/Other")
    rel.ReplaceTargetPath("/Other", "/Model/Blue")
    other = layer.GetRelationshipAtPath("/Model/B.material:binding")
    other.targetPathList.ClearEdits()
    layer.GetAttributeAtPath("/Model/Red.strength").connectionPathList.explicitItems = ["/A.x"]


def edit_samples(layer: Sdf.Layer) -> None:
    layer.EraseTimeSample("/Model/A.radius", 1.0)
    layer.SetTimeSample("/Model/A.radius", 2.0, Sdf.ValueBlock())
    layer.SetTimeSample("/Model/B.radius", 7.0, 8.0)
    layer.GetAttributeAtPath("/Model/B.radius").ClearInfo("timeSamples")


def transfer(layer: Sdf.Layer) -> None:
    layer.TransferContent(text_layer('def "New"\n{\n    int x = 1\n}\n'))


def block(layer: Sdf.Layer) -> None:
    with Sdf.ChangeBlock():
        for name in ("A", "B"):
            layer.GetAttributeAtPath(f"/Model/{name}.radius").default = 7.0
            layer.GetPrimAtPath(f"/Model/{name}").comment = "in a block"
        Sdf.CreatePrimInLayer(layer, "/Model/A/Deep/Deeper").specifier = Sdf.SpecifierDef
        del layer.rootPrims["Other"]


def update_asset(layer: Sdf.Layer) -> None:
    layer.GetPrimAtPath("/Other").referenceList.Prepend(Sdf.Reference("old.usda"))
    layer.subLayerPaths.append("old.usda")
    assert layer.UpdateCompositionAssetDependency("old.usda", "new.usda")


def metadata(layer: Sdf.Layer) -> None:
    layer.defaultPrim = "Other"
    layer.ClearCustomLayerData()
    layer.pseudoRoot.ClearInfo("upAxis")
    layer.expressionVariables = {"A": 1}
    prim = layer.GetPrimAtPath("/Model/A")
    prim.SetInfo("apiSchemas", Sdf.TokenListOp.CreateExplicit(["X"]))
    prim.ClearInfo("comment")
    prim.typeName = "Scope"
    prim.specifier = Sdf.SpecifierOver
    prim.nameChildrenOrder = ["x"]
    prim.propertyOrder = ["y"]


EDITS = [
    undone,
    reparent,
    copy_inside,
    edit_variant,
    edit_targets,
    edit_samples,
    transfer,
    block,
    update_asset,
    metadata,
]


@pytest.mark.parametrize("edit", EDITS)
def test_edits_and_their_notices(files: dict[str, Path], edit: Callable[[Sdf.Layer], None]) -> None:
    def run(file: Path) -> str:
        layer = Sdf.Layer.FindOrOpen(str(file))
        stage = Usd.Stage.Open(layer)
        told: list[str] = []
        listeners = [
            Tf.Notice.RegisterGlobally(
                Usd.Notice.ObjectsChanged,
                lambda notice, _: told.append(
                    f"{sorted(map(str, notice.GetResyncedPaths()))} "
                    f"{sorted(map(str, notice.GetChangedInfoOnlyPaths()))}"
                ),
            ),
            Tf.Notice.RegisterGlobally(
                Sdf.Notice.LayerDirtinessChanged, lambda notice, _: told.append("dirtiness")
            ),
        ]
        edit(layer)
        for listener in listeners:
            listener.Revoke()
        assert layer.dirty
        edited = layer.ExportToString()
        composed = stage.Flatten(addSourceFileComment=False).ExportToString()
        assert layer.Save()
        assert layer.ExportToString() == edited
        assert Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString() == edited
        assert stage.Flatten(addSourceFileComment=False).ExportToString() == composed
        return "\n".join([edited, composed, *told])

    both(files, run)


def test_copies_between_layers(files: dict[str, Path], tmp_path: Path) -> None:
    def run(file: Path) -> str:
        source = Sdf.Layer.FindOrOpen(str(file))
        target = Sdf.Layer.CreateNew(str(tmp_path / f"target{file.suffix}"))
        Sdf.CreatePrimInLayer(target, "/Into")
        assert Sdf.CopySpec(source, "/Model", target, "/Into/Model")
        assert Sdf.CopySpec(source, "/Model/A.radius", target, "/Into.radius")
        assert target.Save()
        return Sdf.Layer.OpenAsAnonymous(target.identifier).ExportToString()

    both(files, run)


def test_import(files: dict[str, Path]) -> None:
    def run(file: Path) -> str:
        other = file.with_name("other" + file.suffix)
        text_layer('def "Imported"\n{\n    int x = 1\n}\n').Export(str(other))
        layer = Sdf.Layer.FindOrOpen(str(file))
        assert layer.Import(str(other))
        assert layer.Save()
        return Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString()

    both(files, run)


def test_muting_and_asset_info(files: dict[str, Path], tmp_path: Path) -> None:
    def run(file: Path) -> str:
        # Kept open here: nothing else does while the stage has it muted.
        layer = Sdf.Layer.FindOrOpen(str(file))
        stage = Usd.Stage.Open(text_layer(f"(\n    subLayers = [@{file}@]\n)\n"))
        layer.UpdateAssetInfo()
        states = [stage.Flatten(addSourceFileComment=False).ExportToString()]
        stage.MuteLayer(layer.identifier)
        states.append(stage.Flatten(addSourceFileComment=False).ExportToString())
        stage.UnmuteLayer(layer.identifier)
        states.append(stage.Flatten(addSourceFileComment=False).ExportToString())
        assert states[0] == states[2] != states[1]
        # Reloads the layer itself: edits made before are kept and come back.
        layer.GetAttributeAtPath("/Model/A.radius").default = 11.0
        layer.SetMuted(True)
        states.append(layer.ExportToString())
        layer.SetMuted(False)
        states.append(layer.ExportToString())
        assert "radius = 11" in states[-1]
        return "\n".join(states)

    both(files, run)


def test_reload_after_another_wrote_the_file(files: dict[str, Path]) -> None:
    def run(file: Path) -> str:
        layer = Sdf.Layer.FindOrOpen(str(file))
        stage = Usd.Stage.Open(layer)
        other = file.with_name("other" + file.suffix)
        text_layer('def "Replaced"\n{\n    int x = 1\n}\n').Export(str(other))
        shutil.move(other, file)
        assert layer.Reload(force=True)
        return layer.ExportToString() + stage.Flatten(addSourceFileComment=False).ExportToString()

    both(files, run)


def test_stages_are_exported_and_flattened(files: dict[str, Path], tmp_path: Path) -> None:
    def run(file: Path) -> str:
        stage = Usd.Stage.Open(str(file))
        outputs = [tmp_path / f"{name}{file.suffix}" for name in ("export", "flat", "layer")]
        assert stage.Export(str(outputs[0]), addSourceFileComment=False)
        assert stage.Flatten(addSourceFileComment=False).Export(str(outputs[1]))
        assert stage.GetRootLayer().Export(str(outputs[2]), comment="a comment")
        texts = [Sdf.Layer.OpenAsAnonymous(str(output)).ExportToString() for output in outputs]
        assert texts[0] == texts[1]
        return "\n".join(texts)

    both(files, run)


def test_packages(files: dict[str, Path], tmp_path: Path) -> None:
    """A residual is found inside a .usdz package too."""

    def run(file: Path) -> str:
        package = tmp_path / f"{file.suffix[1:]}.usdz"
        root = tmp_path / f"root_{file.suffix[1:]}.usda"
        text_layer(f"(\n    subLayers = [@{file}@]\n)\n").Export(str(root))
        assert UsdUtils.CreateNewUsdzPackage(str(root), str(package))
        stage = Usd.Stage.Open(str(package))
        return stage.Flatten(addSourceFileComment=False).ExportToString()

    both(files, run)
