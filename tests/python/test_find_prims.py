"""`find_prims`: from a condition to the prims of a table or of a composed stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from pxr import Gf, Sdf, Usd, UsdGeom

from usdparquet import find_prims, resolve_columns, write_table


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A long table, of which some rows are no prims."""
    columns = {
        "path": ["/World/A", "/World/Hall/B", "/World/A", "b c", None, "/World/C"],
        "hour": [1, 1, 2, 1, 1, 1],
        "temperature": [10.0, 81.5, 95.0, 99.0, 99.0, None],
        "part": [{"width": number} for number in range(6)],
    }
    file = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), file, row_group_size=2)
    return file


@pytest.fixture
def stage(tmp_path: Path) -> Usd.Stage:
    """A scene over a Parquet layer, with a stronger opinion."""
    costs = {
        "path": ["/World/Wall_1", "/World/Wall_2", "/World/Hall/Door"],
        "cost": [120.5, 60.0, 80.0],
        "primvars:displayColor": [[[1.0, 0.0, 0.0]], None, [[0.0, 1.0, 0.0]]],
    }
    types = {"primvars:displayColor": "color3f[]"}
    write_table(pa.table(costs), tmp_path / "costs.parquet", types=types)
    scene = Usd.Stage.CreateNew(str(tmp_path / "scene.usda"))
    scene.GetRootLayer().subLayerPaths = ["./costs.parquet"]
    UsdGeom.Xform.Define(scene, "/World")
    for number, name in enumerate(("Wall_1", "Wall_2", "Hall/Door")):
        cube = UsdGeom.Cube.Define(scene, f"/World/{name}")
        cube.AddTranslateOp().Set(Gf.Vec3d(0, 0, 10 * number))
        cube.CreateSizeAttr().Set(number, 5)
    scene.GetPrimAtPath("/World/Wall_2").GetAttribute("cost").Set(200.0)
    scene.GetPrimAtPath("/World/Wall_1").CreateRelationship("bill").AddTarget("/World/Hall")
    scene.Save()
    return scene


def test_a_table(table: Path) -> None:
    """Each prim once, in the order of the rows; what is no path of a prim is left out."""
    assert find_prims(table, "temperature > 80") == ["/World/Hall/B", "/World/A"]
    assert find_prims(str(table), "temperature IS NULL OR hour = 2") == ["/World/A", "/World/C"]
    assert find_prims(table, '"part:width" > 1 AND part.width < 4') == ["/World/A"]
    assert find_prims(table, "temperature > 500") == []
    assert find_prims(table, "true", under="/World/Hall") == ["/World/Hall/B"]
    assert find_prims(table, "true", under=Sdf.Path("/")) == find_prims(table, "true")
    other = table.with_suffix(".arrow")
    renamed = pq.read_table(table).rename_columns(["prim", "hour", "temperature", "part"])
    pyarrow.feather.write_feather(renamed, other)
    assert find_prims(other, "temperature > 80", path="prim") == ["/World/Hall/B", "/World/A"]


def test_a_stage(stage: Usd.Stage) -> None:
    """Values are composed, whatever layers they are in."""
    assert find_prims(stage, "cost > 100") == ["/World/Wall_1", "/World/Wall_2"]
    assert find_prims(stage.GetRootLayer().realPath, "cost > 100") == [
        "/World/Wall_1",
        "/World/Wall_2",
    ]
    assert find_prims(stage, "cost > (SELECT avg(cost) FROM t)") == ["/World/Wall_2"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("\"@type\" = 'Cube' AND cost < 100", ["/World/Hall/Door"]),
        ("\"@type\" = 'Xform'", ["/World"]),
        ('"@position"[3] >= 10', ["/World/Wall_2", "/World/Hall/Door"]),
        ('"@bounds".max[3] BETWEEN 5 AND 15', ["/World/Wall_2"]),
        ("list_contains(\"rel:bill\", '/World/Hall')", ["/World/Wall_1"]),
        ('"primvars:displayColor"[1][1] > 0.5', ["/World/Wall_1"]),
        ("len(list_filter(\"xformOpOrder\", lambda x: x LIKE '%translate')) = 1 AND cost = 80",
         ["/World/Hall/Door"]),
        ("t.cost = (SELECT max(c) FROM (SELECT cost AS c FROM t) AS u)", ["/World/Wall_2"]),
        ("path LIKE '/World/H%'", ["/World/Hall", "/World/Hall/Door"]),
        ("NOT \"@active\"", []),
    ],
)  # fmt: skip
def test_conditions_on_a_stage(stage: Usd.Stage, where: str, found: list[str]) -> None:
    assert find_prims(stage, where) == found


def test_a_part_of_a_stage_at_a_time(stage: Usd.Stage) -> None:
    hall = stage.GetPrimAtPath("/World/Hall")
    assert find_prims(stage, "cost > 0", under=hall) == ["/World/Hall/Door"]
    assert find_prims(stage, "size = 1") == []
    assert find_prims(stage, "size = 1", time=5) == ["/World/Wall_2"]
    assert find_prims(stage, "size = 1", time=Usd.TimeCode(5)) == ["/World/Wall_2"]


def test_what_is_found_is_what_a_loop_finds(tmp_path: Path) -> None:
    """Of many prims, by an answer that is taken by the other functions."""
    number = 3000
    paths = [f"/World/Zone_{n % 9}/P{n}" for n in range(number)]
    file = tmp_path / "many.parquet"
    write_table(pa.table({"path": paths, "x": [n % 100 for n in range(number)]}), file)
    stage = Usd.Stage.Open(str(file))
    found = find_prims(stage, "x >= 90")
    assert found == find_prims(file, "x >= 90")
    assert found == [
        str(prim.GetPath())
        for prim in stage.TraverseAll()
        if (prim.GetAttribute("x").Get() or 0) >= 90
    ]
    assert min(resolve_columns(stage, ["x"], prims=found)["x"].to_pylist()) == 90


@pytest.mark.parametrize(
    ("where", "options", "error", "message"),
    [
        ("cots > 1", {}, ValueError, "has the attribute 'cots'; the nearest is 'cost'"),
        ("COST > 1", {}, ValueError, "has the attribute 'COST'; the nearest is 'cost'"),
        ("@type = 'Mesh'", {}, ValueError,
         r"the attribute 'type'.*; what the prim itself has is in double quotes: \"@type\""),
        ("\"@typ\" = 'Mesh'", {}, ValueError, "prims have no '@typ'; the nearest is '@type'"),
        ("", {}, ValueError, "the condition is empty"),
        ("cost >", {}, ValueError, "'cost >' cannot be read: .*syntax error"),
        ("cost > 1; SELECT 2", {}, ValueError, "is not one statement"),
        ("cost > 1 ORDER BY cost", {}, ValueError, "is not one condition"),
        ("cost > (SELECT 1 FROM other)", {}, ValueError, "there is no table 'other'"),
        ("cost > 'dear'", {}, ValueError, "Could not convert string 'dear'"),
        (b"cost > 1", {}, TypeError, "where takes a condition in SQL, which b'cost > 1' is not"),
        ("cost > 1", {"under": "/Wrld"}, ValueError, "there is no prim </Wrld> on the stage of"),
        ("cost > 1", {"under": "World"}, ValueError, "under is 'World', which is no absolute"),
        ("cost > 1", {"under": 3}, TypeError, "under is 3; it takes the path of a prim"),
        ("cost > 1", {"time": "x"}, TypeError, "time is 'x'; it takes a number"),
        ("cost > 1", {"path": "prim"}, ValueError, "path is for tables; a stage has no column"),
    ],
)  # fmt: skip
def test_bad_requests_of_a_stage(
    stage: Usd.Stage, where: Any, options: dict[str, Any], error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        find_prims(stage, where, **options)


def test_bad_requests_of_a_table(table: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no column 'temp'"):
        find_prims(table, "temp > 80")
    with pytest.raises(ValueError, match=r"t\.parquet has no prim '/World/X/\*\*'"):
        find_prims(table, "true", under="/World/X")
    with pytest.raises(ValueError, match="time is for stages"):
        find_prims(table, "true", time=3)
    with pytest.raises(ValueError, match="there is no column 'prim' with the prim paths"):
        find_prims(table, "true", path="prim")
    with pytest.raises(ValueError, match="has type int64; it must hold texts"):
        find_prims(table, "true", path="hour")
    with pytest.raises(FileNotFoundError):
        find_prims(tmp_path / "none.parquet", "true")
    with pytest.raises(ValueError, match="the suffix is none of"):
        find_prims(tmp_path / "none.txt", "true")
    with pytest.raises(TypeError, match=r"source is 3; a file name or a Usd\.Stage"):
        find_prims(3, "true")
