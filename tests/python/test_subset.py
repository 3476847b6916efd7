"""`convert --where`: the part of a scene that a condition chooses, as a scene of its own."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Gf, Sdf, Usd, UsdGeom
from typer.testing import CliRunner

import usdparquet
from usdparquet.cli import app


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a scene as .usda and as .parquet; costs are in a layer below it."""
    monkeypatch.chdir(tmp_path)
    costs = {"path": ["/World/Wall_1", "/World/Hall/Door"], "price": [500.0, 20.0]}
    usdparquet.write_table(pa.table(costs), "prices.parquet")
    scene = Usd.Stage.CreateNew("scene.usda")
    world = UsdGeom.Xform.Define(scene, "/World")
    world.AddTranslateOp().Set(Gf.Vec3d(0, 0, 100))
    world.GetPrim().CreateAttribute("cost", Sdf.ValueTypeNames.Double).Set(7.0)
    scene.SetDefaultPrim(world.GetPrim())
    UsdGeom.SetStageUpAxis(scene, UsdGeom.Tokens.z)
    UsdGeom.Scope.Define(scene, "/World/Hall").CreateVisibilityAttr().Set("invisible")
    for number, name in enumerate(("Wall_1", "Wall_2", "Hall/Door")):
        cube = UsdGeom.Cube.Define(scene, f"/World/{name}")
        cube.AddTranslateOp().Set(Gf.Vec3d(number, 0, 0))
        cube.GetPrim().CreateAttribute("cost", Sdf.ValueTypeNames.Double).Set(100.0 * number)
    scene.GetPrimAtPath("/World/Hall/Door").SetCustomDataByKey("note", "kept")
    scene.Save()
    scene.Export("scene.parquet")
    scene.GetRootLayer().subLayerPaths = ["./prices.parquet"]
    scene.Save()
    return tmp_path


def convert(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["convert", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr.removesuffix("\n")


def prims_in(file: str) -> list[str]:
    """The paths of all prims that a layer says something of."""
    found: list[str] = []
    layer = Sdf.Layer.FindOrOpen(file)
    layer.Traverse("/", lambda path: found.append(str(path)) if path.IsPrimPath() else None)
    return sorted(found)


@pytest.mark.parametrize("source", ["scene.usda", "scene.parquet"])
@pytest.mark.parametrize("target", ["hot.usda", "hot.usdc", "hot.parquet"])
def test_a_scene(source: str, target: str) -> None:
    """The ancestors are kept, and where they put what is below them."""
    convert(source, target, "--where", "cost >= 150")
    assert prims_in(target) == ["/World", "/World/Hall", "/World/Hall/Door"]
    stage, whole = Usd.Stage.Open(target), Usd.Stage.Open(source)
    assert stage.GetDefaultPrim().GetPath() == "/World"
    assert UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.z
    door, same = (UsdGeom.Cube.Get(each, "/World/Hall/Door") for each in (stage, whole))
    time = Usd.TimeCode.Default()
    assert door.ComputeLocalToWorldTransform(time) == same.ComputeLocalToWorldTransform(time)
    assert door.ComputeVisibility() == "invisible"
    assert door.GetPrim().GetAttribute("cost").Get() == 200
    assert door.GetPrim().GetCustomDataByKey("note") == "kept"
    # What it costs is nothing that the world says to the prims below it.
    assert not stage.GetPrimAtPath("/World").HasAttribute("cost")
    assert stage.GetPrimAtPath("/World").GetTypeName() == "Xform"


def test_a_condition_over_other_layers() -> None:
    """Of a layer the composed values count; what is written is the layer's own."""
    convert("scene.usda", "hot.usda", "--where", "price > 100 AND \"@type\" = 'Cube'")
    assert prims_in("hot.usda") == ["/World", "/World/Wall_1"]
    assert list(Sdf.Layer.FindOrOpen("hot.usda").subLayerPaths) == ["./prices.parquet"]
    convert("scene.usda", "flat.usda", "--where", "price > 100", "--flatten")
    assert prims_in("flat.usda") == ["/World", "/World/Wall_1"]
    flat = Sdf.Layer.FindOrOpen("flat.usda")
    assert flat.GetAttributeAtPath("/World/Wall_1.price").default == 500


def test_with_prims_and_properties() -> None:
    convert(
        "scene.usda", "part.usda", "--where", "cost > 0", "--prims", "/World/*", "--properties",
        "cost",
    )  # fmt: skip
    assert prims_in("part.usda") == ["/World", "/World/Wall_2"]
    layer = Sdf.Layer.FindOrOpen("part.usda")
    assert [each.name for each in layer.GetPrimAtPath("/World/Wall_2").properties] == ["cost"]
    assert not layer.GetPrimAtPath("/World").properties


def test_prims_alone_keep_what_places_them() -> None:
    convert("scene.usda", "door.usda", "--prims", "/World/Hall/Door")
    layer = Sdf.Layer.FindOrOpen("door.usda")
    properties = layer.GetPrimAtPath("/World").properties
    assert [each.name for each in properties] == ["xformOp:translate", "xformOpOrder"]


def test_a_table_of_a_part() -> None:
    said = convert("scene.usda", "out.csv", "--where", "cost >= 100", "--properties", "cost")
    assert said.startswith("out.csv: 4 prims, 2 properties, 4 rows, ")
    assert '"/World/Wall_2"' in Path("out.csv").read_text()


def test_a_plain_table_has_its_rows() -> None:
    pq.write_table(pa.table({"path": ["/A/B", "/A/C"], "cost": [1.0, 200.0]}), "plain.parquet")
    convert("plain.parquet", "rows.parquet", "--where", "cost > 100")
    assert pq.read_table("rows.parquet").to_pydict() == {"path": ["/A/C"], "cost": [200.0]}
    convert("plain.parquet", "rows.usda", "--where", "cost > 100")
    assert prims_in("rows.usda") == ["/A", "/A/C"]


def test_nothing_is_chosen() -> None:
    assert convert("scene.usda", "none.usda", "--where", "cost > 1e9").startswith(
        "none.usda: 0 prims, 0 properties, "
    )
    assert Usd.Stage.Open("none.usda").GetMetadata("upAxis") == "Z"


def test_columns_are_of_the_table(folder: Path) -> None:
    """With them, a Parquet layer is a table, whatever else it holds."""
    convert("scene.parquet", "table.parquet", "--where", "cost >= 100", "--columns", "cost")
    assert pq.read_table("table.parquet").to_pydict() == {
        "path": ["/World/Hall/Door", "/World/Wall_2"],
        "cost": [200.0, 100.0],
    }


@pytest.mark.parametrize("source", ["scene.usda", "scene.parquet"])
def test_what_does_not_go(source: str, folder: Path) -> None:
    before = sorted(folder.iterdir())
    assert "'cots'" in convert(source, "out.usda", "--where", "cots > 1", code=1)
    assert convert(source, "out.usda", "--where", "cost >", code=1).startswith("'cost >' cannot be")
    said = convert(source, "out.usda", "--where", "cost > 1", "--prims", "/X", code=1)
    assert said == f"{source} has no prim '/X'"
    assert sorted(folder.iterdir()) == before
