"""A Parquet layer behaves as any layer in composition, export and reload."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest
from pxr import Sdf, Usd, UsdGeom, UsdUtils
from usd_values import canonical, check_property, collected_warnings, open_layer

PATHS = [f"/World/Part_{row}" for row in range(300)]
TABLE = {
    "path": PATHS,
    "cost": [None if row % 3 == 0 else row * 0.5 for row in range(300)],
    "maker": [None if row % 5 == 0 else f"maker {row % 7}" for row in range(300)],
    "tags": [None if row % 4 == 0 else ["t"] * (row % 3) for row in range(300)],
    "place": pa.array(
        [None if row % 6 == 0 else [row, 0.5, -row] for row in range(300)],
        type=pa.list_(pa.float32(), 3),
    ),
}


@pytest.fixture
def file(write) -> Path:
    return write(TABLE)


def scene(*sublayers: object, extra: str = "") -> Sdf.Layer:
    """A root layer that defines /World and its parts, with sublayers."""
    root = Sdf.Layer.CreateAnonymous(".usda")
    parts = "".join(f'    def Sphere "Part_{row}" {{}}\n' for row in range(300))
    root.ImportFromString(f'#usda 1.0\ndef Xform "World"\n{{\n{parts}}}\n{extra}')
    root.subLayerPaths = [str(layer) for layer in sublayers]
    return root


def value_of(stage: Usd.Stage, path: str) -> object:
    """The value of an attribute; None if there is no such attribute."""
    attribute = stage.GetAttributeAtPath(path)
    return attribute.Get() if attribute else None


def same_contents(left: Sdf.Layer, right: Sdf.Layer) -> None:
    """Assert that two layers hold the same specs with the same fields."""

    def paths(layer: Sdf.Layer) -> list[Sdf.Path]:
        found: list[Sdf.Path] = []
        layer.Traverse(Sdf.Path.absoluteRootPath, found.append)
        return sorted(found)

    assert paths(left) == paths(right)
    for path in paths(left):
        ours, theirs = left.GetObjectAtPath(path), right.GetObjectAtPath(path)
        assert sorted(ours.ListInfoKeys()) == sorted(theirs.ListInfoKeys()), path
        for key in ours.ListInfoKeys():
            if key == "default":
                assert canonical(ours.default) == canonical(theirs.default), path
            else:
                assert ours.GetInfo(key) == theirs.GetInfo(key), (path, key)


def test_values_reach_the_defined_prims(file: Path) -> None:
    stage = Usd.Stage.Open(scene(file))
    visited = [prim for prim in stage.Traverse() if prim.IsA(UsdGeom.Sphere)]
    assert [str(prim.GetPath()) for prim in visited] == PATHS
    for row, prim in enumerate(visited):
        assert prim.GetAttribute("cost").Get() == TABLE["cost"][row]
        assert prim.GetAttribute("maker").Get() == TABLE["maker"][row]


def test_prims_without_definition_are_not_traversed(file: Path) -> None:
    stage = Usd.Stage.Open(str(file))
    assert not list(stage.Traverse())
    assert [str(prim.GetPath()) for prim in stage.TraverseAll()] == ["/World", *PATHS]


def test_a_stronger_layer_wins_and_a_weaker_one_fills_in(file: Path) -> None:
    stronger, weaker = Sdf.Layer.CreateAnonymous(".usda"), Sdf.Layer.CreateAnonymous(".usda")
    for layer, rows, cost in ((stronger, (1,), -1.0), (weaker, (1, 2, 3), -2.0)):
        for row in rows:
            prim = Sdf.CreatePrimInLayer(layer, PATHS[row])
            Sdf.AttributeSpec(prim, "cost", Sdf.ValueTypeNames.Double).default = cost
    stage = Usd.Stage.Open(scene(stronger.identifier, file, weaker.identifier))
    costs = [stage.GetAttributeAtPath(f"/World/Part_{row}.cost").Get() for row in (1, 2, 3, 4)]
    assert costs == [-1.0, 1.0, -2.0, 2.0]
    stack = stage.GetAttributeAtPath("/World/Part_1.cost").GetPropertyStack()
    assert [spec.default for spec in stack] == [-1.0, 0.5, -2.0]
    assert stack[1].layer == open_layer(file)


def test_a_block_in_a_stronger_layer_hides_the_cell(file: Path) -> None:
    stage = Usd.Stage.Open(scene(file))
    attribute = stage.GetAttributeAtPath("/World/Part_1.cost")
    assert attribute.Get() == 0.5
    attribute.Block()
    assert attribute.Get() is None
    attribute.Clear()
    assert attribute.Get() == 0.5


def test_a_column_fills_a_schema_attribute(write) -> None:
    table = {"path": PATHS, "radius": [None if row % 2 else row + 0.5 for row in range(300)]}
    stage = Usd.Stage.Open(scene(write(table)))
    for row, path in enumerate(PATHS):
        sphere = UsdGeom.Sphere.Get(stage, path)
        want = 1.0 if row % 2 else row + 0.5
        assert sphere.GetRadiusAttr().Get() == want
        assert sphere.GetRadiusAttr().IsDefined()
        assert not sphere.GetRadiusAttr().IsCustom()


def test_attribute_query_and_resolve_info(file: Path) -> None:
    stage = Usd.Stage.Open(scene(file))
    for row in (0, 1, 2, 170, 299):
        attribute = stage.GetAttributeAtPath(f"{PATHS[row]}.cost")
        assert bool(attribute) == (row % 3 != 0)
        if not attribute:
            continue
        query = Usd.AttributeQuery(attribute)
        assert query.Get() == TABLE["cost"][row]
        assert not query.ValueMightBeTimeVarying()
        assert attribute.GetResolveInfo().GetSource() == Usd.ResolveInfoSourceDefault


@pytest.mark.parametrize("offset", [Sdf.LayerOffset(10), Sdf.LayerOffset(-3, 2)])
def test_a_sublayer_offset_changes_no_default(file: Path, offset: Sdf.LayerOffset) -> None:
    root = scene(file)
    root.subLayerOffsets[0] = offset
    stage = Usd.Stage.Open(root)
    for row, path in enumerate(PATHS):
        assert value_of(stage, f"{path}.cost") == TABLE["cost"][row]
        if row % 3:
            assert stage.GetAttributeAtPath(f"{path}.cost").Get(5.0) == TABLE["cost"][row]


@pytest.mark.parametrize("arc", ["references", "payload", "subLayers"])
def test_the_table_through_other_arcs(file: Path, arc: str) -> None:
    root = Sdf.Layer.CreateAnonymous(".usda")
    if arc == "subLayers":
        root.ImportFromString(f'#usda 1.0\n(subLayers = [@{file}@])\ndef "World" {{}}')
        base = "/World"
    else:
        root.ImportFromString(f'#usda 1.0\ndef "Copy" ({arc} = @{file}@</World>) {{}}')
        base = "/Copy"
    stage = Usd.Stage.Open(root)
    for row in range(300):
        assert value_of(stage, f"{base}/Part_{row}.maker") == TABLE["maker"][row]


def test_a_variant_may_bring_the_table(file: Path) -> None:
    root = Sdf.Layer.CreateAnonymous(".usda")
    root.ImportFromString(
        f"""#usda 1.0
def "Copy" (variants = {{ string data = "with" }}
            prepend variantSets = "data")
{{
    variantSet "data" = {{
        "with" ( references = @{file}@</World> ) {{ }}
        "without" {{ }}
    }}
}}
"""
    )
    stage = Usd.Stage.Open(root)
    assert stage.GetAttributeAtPath("/Copy/Part_1.cost").Get() == 0.5
    stage.GetPrimAtPath("/Copy").GetVariantSet("data").SetVariantSelection("without")
    assert not stage.GetPrimAtPath("/Copy/Part_1")


def test_muting(file: Path) -> None:
    stage = Usd.Stage.Open(scene(file))
    identifier = open_layer(file).identifier
    assert stage.GetAttributeAtPath("/World/Part_1.cost").Get() == 0.5
    stage.MuteLayer(identifier)
    assert not stage.GetAttributeAtPath("/World/Part_1.cost")
    assert stage.GetPrimAtPath("/World/Part_1")
    stage.UnmuteLayer(identifier)
    for row, path in enumerate(PATHS):
        assert value_of(stage, f"{path}.cost") == TABLE["cost"][row]


def test_reload_shows_the_new_file(file: Path, write) -> None:
    stage = Usd.Stage.Open(scene(file))
    assert stage.GetAttributeAtPath("/World/Part_1.cost").Get() == 0.5
    newer = {"path": [*PATHS[:200], "/World/Part_1/New"], "cost": [7.0] * 201, "mass": [1] * 201}
    write(newer, "newer").replace(file)
    assert stage.GetAttributeAtPath("/World/Part_2.cost").Get() == 1.0, "still the file it opened"
    assert open_layer(file).Reload(force=True)
    paths = newer["path"]
    for path in paths:
        assert stage.GetAttributeAtPath(f"{path}.cost").Get() == 7.0
        assert stage.GetAttributeAtPath(f"{path}.mass").Get() == 1
    assert not stage.GetAttributeAtPath("/World/Part_250.cost")
    assert not stage.GetAttributeAtPath("/World/Part_1.maker")


def test_reload_without_force_follows_the_modification_time(file: Path, write) -> None:
    layer = open_layer(file)
    newer = write({"path": ["/X"], "cost": [3.0]}, "newer")
    os.utime(newer, (2_000_000_000, 2_000_000_000))
    newer.replace(file)
    assert layer.Reload()
    assert layer.GetAttributeAtPath("/X.cost").default == 3.0
    assert not layer.GetPrimAtPath("/World")


def test_a_failed_reload_keeps_an_honest_layer(file: Path) -> None:
    """A reload of a damaged file is an error; the layer then holds the old rows or none."""
    layer = open_layer(file)
    damaged = file.with_name("damaged.parquet")
    damaged.write_bytes(b"PAR1 and nothing more")
    damaged.replace(file)
    with pytest.raises(Exception, match=r"table\.parquet"):
        layer.Reload(force=True)
    assert layer.GetPrimAtPath("/World/Part_1") is None or (
        layer.GetAttributeAtPath("/World/Part_1.cost").default == 0.5
    )


def test_a_deleted_file_can_still_be_read(file: Path) -> None:
    stage = Usd.Stage.Open(str(file))
    file.unlink()
    check_property(stage, PATHS, "cost", "double", TABLE["cost"])


def test_export_to_text_and_back(file: Path) -> None:
    layer = open_layer(file)
    copy = Sdf.Layer.CreateAnonymous(".usda")
    assert copy.ImportFromString(layer.ExportToString())
    same_contents(copy, layer)


@pytest.mark.parametrize("extension", ["usda", "usdc"])
def test_export_to_other_formats(file: Path, tmp_path: Path, extension: str) -> None:
    layer = open_layer(file)
    target = tmp_path / f"copy.{extension}"
    assert layer.Export(str(target))
    same_contents(Sdf.Layer.OpenAsAnonymous(str(target)), layer)


def test_transfer_and_copy(file: Path) -> None:
    layer = open_layer(file)
    copy = Sdf.Layer.CreateAnonymous()
    copy.TransferContent(layer)
    same_contents(copy, layer)
    other = Sdf.Layer.CreateAnonymous()
    Sdf.CreatePrimInLayer(other, "/Elsewhere")
    assert Sdf.CopySpec(layer, "/World", other, "/Elsewhere")
    assert other.GetAttributeAtPath("/Elsewhere/Part_2.cost").default == 1.0
    assert other.GetAttributeAtPath("/Elsewhere/Part_3.cost") is None


def test_flatten(file: Path) -> None:
    flat = Usd.Stage.Open(Usd.Stage.Open(scene(file)).Flatten())
    for row, path in enumerate(PATHS):
        prim = flat.GetPrimAtPath(path)
        assert prim.IsA(UsdGeom.Sphere)
        for name in ("cost", "maker", "tags", "place"):
            want = TABLE[name][row]
            want = want.as_py() if isinstance(want, pa.Scalar) else want
            assert canonical(prim.GetAttribute(name).Get()) == canonical(want), (row, name)


def test_traverse_visits_every_spec_once(file: Path) -> None:
    visited: list[str] = []
    open_layer(file).Traverse("/", lambda path: visited.append(str(path)))
    nulls = {"cost": 3, "maker": 5, "tags": 4, "place": 6}  # one in so many rows is null
    attributes = [
        f"{PATHS[row]}.{name}" for row in range(300) for name in nulls if row % nulls[name]
    ]
    expected = ["/", "/World", *PATHS, *attributes]
    assert len(visited) == len(expected)
    assert set(visited) == set(expected)


def test_opening_as_anonymous_is_a_layer_of_its_own(file: Path) -> None:
    layer = Sdf.Layer.OpenAsAnonymous(str(file))
    assert layer.anonymous
    assert layer.GetAttributeAtPath("/World/Part_1.cost").default == 0.5


def test_a_metadata_only_open_works(file: Path) -> None:
    layer = Sdf.Layer.OpenAsAnonymous(str(file), metadataOnly=True)
    assert layer
    assert not layer.pseudoRoot.GetInfo("comment")


def test_there_are_no_time_samples_and_no_dependencies(file: Path) -> None:
    layer = open_layer(file)
    assert list(layer.ListAllTimeSamples()) == []
    assert list(layer.ListTimeSamplesForPath("/World/Part_1.cost")) == []
    assert layer.QueryTimeSample("/World/Part_1.cost", 0.0) is None
    assert list(layer.GetCompositionAssetDependencies()) == []
    assert list(layer.subLayerPaths) == []


def test_a_detached_layer_holds_everything_in_memory(file: Path) -> None:
    attached = Sdf.Layer.OpenAsAnonymous(str(file))
    Sdf.Layer.SetDetachedLayerRules(Sdf.Layer.DetachedLayerRules().IncludeAll())
    try:
        detached = Sdf.Layer.OpenAsAnonymous(str(file))
    finally:
        Sdf.Layer.SetDetachedLayerRules(Sdf.Layer.DetachedLayerRules())
    assert detached.IsDetached()
    assert not attached.IsDetached()
    same_contents(detached, attached)


def test_stitching_into_another_layer(file: Path) -> None:
    layer = Sdf.Layer.CreateAnonymous()
    UsdUtils.StitchLayers(layer, open_layer(file))
    assert layer.GetAttributeAtPath("/World/Part_1.cost").default == 0.5
    assert layer.GetAttributeAtPath("/World/Part_1.cost").typeName == Sdf.ValueTypeNames.Double


def test_layers_can_be_opened_and_closed_again(file: Path) -> None:
    for _ in range(20):
        layer = Sdf.Layer.OpenAsAnonymous(str(file))
        assert layer.GetAttributeAtPath("/World/Part_299.cost").default == 149.5
        del layer


def test_a_sound_file_gives_no_warnings(file: Path) -> None:
    with collected_warnings() as warnings:
        stage = Usd.Stage.Open(scene(file))
        stage.Flatten()
    assert warnings == []


def test_the_format_is_known_to_usd(file: Path) -> None:
    layer = open_layer(file)
    assert layer.GetFileFormat().formatId == "parquet"
    assert Sdf.FileFormat.FindByExtension("parquet").formatId == "parquet"
    assert Usd.Stage.IsSupportedFile("x.parquet")
    assert "parquet" in Sdf.FileFormat.FindAllFileFormatExtensions()
