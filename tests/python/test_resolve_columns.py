"""`resolve_columns` equals what a loop over the prims finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layer_strategies import layers
from pxr import Gf, Sdf, Usd, UsdGeom
from resolve_check import Seen, check_prims, check_stage
from situation_table import SITUATIONS
from situations import World, run
from test_roundtrip import ASSETS

import usdparquet

SEEN = Seen()


class _Checking(World):
    """A world whose stages are resolved where a situation looks at them."""

    def see(self, what: Sdf.Layer | Usd.Stage) -> None:
        if isinstance(what, Usd.Stage):
            with self.quiet():
                check_stage(what, SEEN)
                check_prims(what)
        super().see(what)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_a_situation(situation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("situations.World", _Checking)
    assert not [text for text in run(situation, "parquet", tmp_path) if "exception: " in text]


def test_situations_have_many_stages() -> None:
    assert SEEN.stages >= 40


@pytest.mark.parametrize(
    "asset",
    [asset for asset in ASSETS if asset.stat().st_size < 20_000][:20],
    ids=lambda asset: f"{asset.parent.name}/{asset.name}",
)
def test_an_asset(asset: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "asset.parquet")
    Sdf.Layer.OpenAsAnonymous(str(asset)).Export(file)
    check_stage(Usd.Stage.Open(file), Seen())
    check_prims(Usd.Stage.Open(file))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_generated_stages(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("stage")
    layers_of_stage = data.draw(st.lists(layers(), min_size=1, max_size=3))
    root = Sdf.Layer.CreateAnonymous(".usda")
    for number, layer in enumerate(layers_of_stage):
        suffix = data.draw(st.sampled_from(["parquet", "parquet", "usda"]))
        file = str(folder / f"{number}.{suffix}")
        layer.Export(file)
        root.subLayerPaths.append(file)
        offset, scale = data.draw(st.sampled_from([(0, 1), (0, 1), (2, 1), (0, 0.5)]))
        root.subLayerOffsets[number] = Sdf.LayerOffset(offset, scale)
    check_stage(Usd.Stage.Open(root), Seen())


def stage_of(*layers: str) -> Usd.Stage:
    """A stage of sublayers, the strongest first."""
    root = Sdf.Layer.CreateAnonymous(".usda")
    root.subLayerPaths = list(layers)
    return Usd.Stage.Open(root)


@pytest.fixture
def stage() -> Usd.Stage:
    """A room with two things in it."""
    stage = Usd.Stage.CreateInMemory()
    UsdGeom.Xform.Define(stage, "/Room").AddTranslateOp().Set(Gf.Vec3d(1, 2, 3))
    for name, cost in (("Bed", 5.5), ("Lamp", None)):
        cube = UsdGeom.Cube.Define(stage, f"/Room/{name}").GetPrim()
        attribute = cube.CreateAttribute("cost", Sdf.ValueTypeNames.Float)
        if cost is not None:
            attribute.Set(cost)
    return stage


def test_types_are_those_of_the_attributes(stage: Usd.Stage) -> None:
    table = usdparquet.resolve_columns(stage, ["cost", "size", "extent", "xformOpOrder"])
    point = pa.list_(pa.field("element", pa.float32(), False), 3)
    assert table.schema == pa.schema(
        [
            ("path", pa.string()),
            ("cost", pa.float32()),
            ("size", pa.float64()),
            ("extent", pa.list_(pa.field("element", point, False))),
            ("xformOpOrder", pa.list_(pa.field("element", pa.string(), False))),
        ]
    )
    assert table.to_pydict() == {
        "path": ["/Room", "/Room/Bed", "/Room/Lamp"],
        "cost": [None, 5.5, None],
        "size": [None, 2.0, 2.0],
        "extent": [None, *[[[-1, -1, -1], [1, 1, 1]]] * 2],
        "xformOpOrder": [["xformOp:translate"], None, None],
    }


def test_rows_are_chosen(stage: Usd.Stage) -> None:
    def paths(**options: Any) -> list[str]:
        return usdparquet.resolve_columns(stage, ["cost"], **options)["path"].to_pylist()

    assert paths(prims=["/Room/Lamp", Sdf.Path("/Room/Bed")]) == ["/Room/Lamp", "/Room/Bed"]
    assert paths(prims=stage.Traverse()) == ["/Room", "/Room/Bed", "/Room/Lamp"]
    assert paths(prims=pa.array(["/Room/Bed"])) == ["/Room/Bed"]
    assert paths(under="/Room/Bed") == ["/Room/Bed"]
    assert paths(under="/") == paths(under=stage.GetPrimAtPath("/Room")) == paths()
    assert len(paths(under="/")) == 3


def test_types_convert(stage: Usd.Stage) -> None:
    def column(sdf_type: str) -> pa.ChunkedArray:
        return usdparquet.resolve_columns(stage, ["size"], types={"size": sdf_type})["size"]

    assert column("int").type == pa.int32()
    assert column("int").to_pylist() == [None, 2, 2]
    assert column("string").to_pylist() == [None, "2", "2"]
    with pytest.raises(ValueError, match=r"'size' of </Room/Bed> is 2.0, which is no .*list"):
        column("float3")
    none = usdparquet.resolve_columns(stage, ["price"], types={"price": "color3f"})["price"]
    assert none.null_count == 3
    assert none.type == pa.list_(pa.field("element", pa.float32(), False), 3)


def test_numbers_of_two_types_have_the_wider_one(stage: Usd.Stage) -> None:
    room = stage.GetPrimAtPath("/Room")
    room.CreateAttribute("cost", Sdf.ValueTypeNames.Int).Set(2**24 + 1)
    column = usdparquet.resolve_columns(stage, ["cost"])["cost"]
    assert column.type == pa.float64()
    assert column.to_pylist() == [2**24 + 1, 5.5, None]
    room.CreateAttribute("size", Sdf.ValueTypeNames.String).Set("big")
    with pytest.raises(ValueError, match=r"string at </Room>, double at </Room/Bed>; types="):
        usdparquet.resolve_columns(stage, ["size"])


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ("cost", TypeError, "a list of names, not 'cost' alone"),
        ([3], TypeError, "which 3 is not"),
        (["cots"], ValueError, "has the attribute 'cots'; the nearest is 'cost'"),
        (["rel:proxy"], ValueError, "has the relationship 'proxy'; the nearest is 'proxyPrim'"),
        (["@typ"], ValueError, "prims have no '@typ'; the nearest is '@type'"),
        (["a b"], ValueError, "'a b', which is no name of a property"),
        (["cost", "cost"], ValueError, "'cost' is twice"),
        (["path"], ValueError, "always there"),
    ],
)
def test_bad_columns(stage: Usd.Stage, columns: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        usdparquet.resolve_columns(stage, columns)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"time": "1"}, TypeError, "time is '1'; it takes a number, a Usd.TimeCode or None"),
        ({"time": True}, TypeError, "time is True"),
        ({"time": float("nan")}, ValueError, "time is nan, which is no time code"),
        ({"under": "/Rom"}, ValueError, "there is no prim </Rom> on the stage of anon"),
        ({"under": "/Room.cost"}, ValueError, "there is no prim </Room.cost>"),
        ({"under": "/Room", "prims": []}, ValueError, "cannot be given together"),
        ({"prims": "/Room"}, TypeError, "a list of prims, not '/Room' alone"),
        ({"prims": ["/Room", "/", "/X"]}, ValueError, r"missing: </>, </X> \(2 of 3\)"),
        ({"types": {"x": "int"}}, ValueError, "types has 'x', which is no attribute"),
        ({"types": {"cost": "floot"}}, ValueError, "'floot' for 'cost' is no Sdf type"),
        ({"types": {"cost": "opaque"}}, ValueError, "'opaque' for 'cost' is no Sdf type"),
    ],
)
def test_bad_options(stage: Usd.Stage, options: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        usdparquet.resolve_columns(stage, ["cost"], **options)


def test_a_stage_is_needed(stage: Usd.Stage) -> None:
    with pytest.raises(TypeError, match=r"a Usd\.Stage that is open is needed"):
        usdparquet.resolve_columns(stage.GetRootLayer(), ["cost"])
    other = Usd.Stage.CreateInMemory()
    with pytest.raises(ValueError, match="prims has </A> of another stage"):
        usdparquet.resolve_columns(stage, ["cost"], prims=[other.DefinePrim("/A")])
