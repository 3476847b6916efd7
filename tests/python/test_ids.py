"""`ids` and `id_candidates`: the ids of a composed stage's prims."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from pxr import Sdf, Usd, UsdGeom

import usdparquet

TYPES = Sdf.ValueTypeNames


@pytest.fixture
def stage() -> Usd.Stage:
    """Two walls that are alike, a door, an instance of all of them, and what has no ids."""
    stage = Usd.Stage.CreateInMemory()
    for number in range(2):
        wall = UsdGeom.Xform.Define(stage, f"/House/Wall_{number}").GetPrim()
        wall.CreateAttribute("ifc:GlobalId", TYPES.String).Set(f"2O2Fr$t4X7Zf8NOew3FNr{number}")
        wall.CreateAttribute("type", TYPES.Token).Set("W1")
        wall.SetCustomDataByKey("plant:tag", 100 + number)
        wall.SetAssetInfoByKey("name", "wall")
        wall.SetDisplayName(f"Wall {number}")
    door = UsdGeom.Xform.Define(stage, "/House/Door").GetPrim()
    door.CreateAttribute("ifc:GlobalId", TYPES.String).Set("")
    door.CreateAttribute("number", TYPES.Double).Set(7.0)
    door.CreateAttribute("many", TYPES.StringArray).Set(["a", "b"])
    door.CreateAttribute("visibility", TYPES.Token).Set("invisible")
    copy = stage.DefinePrim("/Copy", "Xform")
    copy.GetReferences().AddInternalReference("/House")
    copy.SetInstanceable(True)
    stage.CreateClassPrim("/Type").CreateAttribute("type", TYPES.Token).Set("W1")
    stage.DefinePrim("/House/Off", "Xform").CreateAttribute("type", TYPES.Token).Set("W1")
    stage.GetPrimAtPath("/House/Off").SetActive(False)
    return stage


def pairs(stage: Usd.Stage, id: str) -> list[tuple[str, str]]:
    table = usdparquet.ids(stage, id)
    assert table.schema.names == ["path", "id"]
    return [(row["path"], row["id"]) for row in table.to_pylist()]


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        (
            "ifc:GlobalId",
            [
                ("/House/Wall_0", "2O2Fr$t4X7Zf8NOew3FNr0"),
                ("/House/Wall_1", "2O2Fr$t4X7Zf8NOew3FNr1"),
            ],
        ),
        ("type", [("/House/Wall_0", "W1"), ("/House/Wall_1", "W1")]),
        ("number", [("/House/Door", "7")]),
        ("customData:plant:tag", [("/House/Wall_0", "100"), ("/House/Wall_1", "101")]),
        ("assetInfo:name", [("/House/Wall_0", "wall"), ("/House/Wall_1", "wall")]),
        ("displayName", [("/House/Wall_0", "Wall 0"), ("/House/Wall_1", "Wall 1")]),
        (
            "name",
            [
                ("/House", "House"),
                ("/House/Wall_0", "Wall_0"),
                ("/House/Wall_1", "Wall_1"),
                ("/House/Door", "Door"),
                ("/Copy", "Copy"),
            ],
        ),
    ],
)
def test_where_an_id_may_be(stage: Usd.Stage, id: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(stage, id) == expected


def test_prims_inside_instances_are_told(stage: Usd.Stage) -> None:
    table = usdparquet.ids(stage, "type", instances=True)
    assert table.to_pylist() == [
        {"path": "/House/Wall_0", "id": "W1", "instance": False},
        {"path": "/House/Wall_1", "id": "W1", "instance": False},
        {"path": "/Copy/Wall_0", "id": "W1", "instance": True},
        {"path": "/Copy/Wall_1", "id": "W1", "instance": True},
    ]


def test_candidates(stage: Usd.Stage) -> None:
    found = usdparquet.id_candidates(stage)
    assert [(each.id, each.prims, each.distinct, each.examples) for each in found] == [
        ("ifc:GlobalId", 2, 2, ["2O2Fr$t4X7Zf8NOew3FNr0", "2O2Fr$t4X7Zf8NOew3FNr1"]),
        ("type", 2, 1, ["W1"]),
        ("customData:plant:tag", 2, 2, ["100", "101"]),
        ("assetInfo:name", 2, 1, ["wall"]),
        ("displayName", 2, 2, ["Wall 0", "Wall 1"]),
        ("name", 5, 5, ["House", "Wall_0", "Wall_1"]),
    ]


def test_candidates_count_what_is_of_another_type_at_some_prims() -> None:
    stage = Usd.Stage.CreateInMemory()
    values = [
        (TYPES.String, "x", "x"),
        (TYPES.Double, 12.0, 12.0),
        (TYPES.Float, 0.1, 2.5),
        (TYPES.Bool, True, True),
        (TYPES.IntArray, [1], "y"),
    ]
    for number, (kind, value, entry) in enumerate(values):
        prim = stage.DefinePrim(f"/P{number}")
        prim.CreateAttribute("pn", kind).Set(value)
        prim.CreateAttribute("width", TYPES.Double).Set(number + 0.5)
        prim.SetCustomDataByKey("tag", entry)
    found = {each.id: each for each in usdparquet.id_candidates(stage)}
    assert list(found) == ["pn", "customData:tag", "name"]
    for id, texts in (
        ("pn", ["x", "12", "0.1", "true"]),
        ("customData:tag", ["x", "12", "2.5", "true", "y"]),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert usdparquet.ids(stage, id)["id"].to_pylist() == texts
        assert (found[id].prims, found[id].distinct) == (len(texts), len(texts))
        assert found[id].examples == texts[:3]
    # Fractions alone are not listed, but can be chosen.
    assert usdparquet.ids(stage, "width")["id"].to_pylist() == ["0.5", "1.5", "2.5", "3.5", "4.5"]


def test_ids_that_are_only_inside_of_instances() -> None:
    stage = Usd.Stage.CreateInMemory()
    stage.CreateClassPrim("/_kit")
    stage.DefinePrim("/_kit/Part").SetCustomDataByKey("tag", "x")
    copy = stage.DefinePrim("/Copy")
    copy.GetReferences().AddInternalReference("/_kit")
    copy.SetInstanceable(True)
    assert [each.id for each in usdparquet.id_candidates(stage)] == ["name"]
    with pytest.raises(
        ValueError, match="only prims inside of instances have 'customData:tag', to"
    ):
        usdparquet.ids(stage, "customData:tag")


def test_asset_paths_are_texts(stage: Usd.Stage) -> None:
    door = stage.GetPrimAtPath("/House/Door")
    door.CreateAttribute("part", TYPES.Asset).Set(Sdf.AssetPath("parts/7.usd"))
    door.SetAssetInfoByKey("identifier", Sdf.AssetPath("doors/7.usd"))
    assert pairs(stage, "part") == [("/House/Door", "parts/7.usd")]
    assert pairs(stage, "assetInfo:identifier") == [("/House/Door", "doors/7.usd")]
    found = {each.id: each.examples for each in usdparquet.id_candidates(stage)}
    assert found["part"] == ["parts/7.usd"]
    assert found["assetInfo:identifier"] == ["doors/7.usd"]


def test_what_is_no_id_is_named_and_left_out(stage: Usd.Stage) -> None:
    for number, value in ((0, "a"), (1, "b")):
        wall = stage.GetPrimAtPath(f"/House/Wall_{number}")
        wall.CreateAttribute("many", TYPES.String).Set(value)
    with pytest.warns(UserWarning) as told:
        assert pairs(stage, "many") == [("/House/Wall_0", "a"), ("/House/Wall_1", "b")]
    assert [str(each.message) for each in told] == [
        f"{stage.GetRootLayer().identifier}: left out: 'many' of </House/Door>: StringArray is no "
        "id; an id is a text or a number"
    ]


def test_floats_have_the_fewest_digits() -> None:
    stage = Usd.Stage.CreateInMemory()
    prim = stage.DefinePrim("/A")
    for name, kind in (("half", TYPES.Half), ("float", TYPES.Float), ("double", TYPES.Double)):
        prim.CreateAttribute(name, kind).Set(0.1)
        assert pairs(stage, name) == [("/A", "0.1")]
    root = Sdf.Layer.CreateAnonymous(".usda")
    root.ImportFromString('#usda 1.0\ndef "A" (customData = { float f = 0.7; double d = 0.7 }) {}')
    for name in "fd":
        assert pairs(Usd.Stage.Open(root), f"customData:{name}") == [("/A", "0.7")]


def test_sources(stage: Usd.Stage, tmp_path: Path) -> None:
    file = tmp_path / "a scene & more.usda"
    stage.GetRootLayer().Export(str(file))
    expected = pairs(stage, "type")
    layer = Sdf.Layer.FindOrOpen(str(file))
    for source in (file, str(file), layer, stage):
        assert usdparquet.ids(source, "type").num_rows == len(expected)
    with pytest.raises(FileNotFoundError):
        usdparquet.ids(tmp_path / "none.usda", "type")
    with pytest.raises(TypeError, match="a stage, a layer or a file name is needed, not int"):
        usdparquet.ids(7, "type")


def test_a_file_that_is_no_scene(tmp_path: Path) -> None:
    file = tmp_path / "bad.usda"
    file.write_text("no scene")
    with pytest.raises(ValueError, match=r"bad\.usda"):
        usdparquet.ids(file, "type")


def test_errors(stage: Usd.Stage) -> None:
    name = stage.GetRootLayer().identifier
    with pytest.raises(ValueError) as info:
        usdparquet.ids(stage, "Type")
    assert str(info.value) == (
        f"{name}: no prim has 'Type' (they have ifc:GlobalId, type, customData:plant:tag, "
        "assetInfo:name, displayName, name)"
    )
    with pytest.raises(ValueError) as info:
        usdparquet.ids(stage, "many")
    assert str(info.value) == (
        f"{name}: 'many' of </House/Door>: StringArray is no id; an id is a text or a number"
    )
    with pytest.raises(ValueError) as info:
        usdparquet.ids(stage, "no id")
    assert str(info.value) == (
        "'no id' is no id: give the name of an attribute, customData:key, assetInfo:key, "
        "displayName or name"
    )


def test_sampled_ids_count_by_their_first_value() -> None:
    stage = Usd.Stage.CreateInMemory()
    attribute = stage.DefinePrim("/A").CreateAttribute("tag", TYPES.String)
    attribute.Set("late", 10)
    attribute.Set("early", 2)
    assert pairs(stage, "tag") == [("/A", "early")]
