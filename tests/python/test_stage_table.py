"""`usdparquet table`: a table of a composed scene, in every format."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
import python_calamine
from pxr import Gf, Sdf, Usd, UsdGeom
from typer.testing import CliRunner

import usdparquet
from usdparquet.cli import app


@pytest.fixture(autouse=True)
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Usd.Stage:
    """The scene of the working folder: walls and a door, whose costs are in a Parquet layer."""
    monkeypatch.chdir(tmp_path)
    costs = {
        "path": ["/World/Wall_1", "/World/Wall_2", "/World/Hall/Door"],
        "cost": [120.5, None, 80.0],
    }
    usdparquet.write_table(pa.table(costs), "costs.parquet")
    scene = Usd.Stage.CreateNew("scene.usda")
    scene.GetRootLayer().subLayerPaths = ["./costs.parquet"]
    world = UsdGeom.Xform.Define(scene, "/World")
    world.AddTranslateOp().Set(Gf.Vec3d(0, 0, 100))
    Usd.ModelAPI(world).SetKind("group")
    for number, name in enumerate(("Wall_1", "Wall_2", "Hall/Door")):
        cube = UsdGeom.Cube.Define(scene, f"/World/{name}")
        cube.AddTranslateOp().Set(Gf.Vec3d(0, 0, 10 * number))
        cube.CreateDisplayColorAttr().Set([Gf.Vec3f(number, 0.5, 1)])
        tag = cube.GetPrim().CreateAttribute("tint", Sdf.ValueTypeNames.Color3f)
        tag.Set(Gf.Vec3f(number, 2, 3))
        cube.CreateSizeAttr().Set(number + 1.0, 5)
    wall = scene.GetPrimAtPath("/World/Wall_1")
    wall.CreateRelationship("material:binding").AddTarget("/World/Hall")
    wall.SetActive(True)
    scene.Save()
    return scene


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["table", *arguments])
    assert result.exit_code == code, result.output
    assert (result.stderr if code == 0 else result.stdout) == ""
    return result.stdout if code == 0 else result.stderr.removesuffix("\n")


def rows(*arguments: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run(*arguments, "--json"))
    return found


ALL = "cost,tint,@type,@position,@bounds,rel:material:binding"


def test_it_is_what_resolve_columns_says(scene: Usd.Stage) -> None:
    run("scene.usda", "--columns", ALL, "-o", "out.arrow")
    expected = usdparquet.resolve_columns(scene, ALL.split(","))
    assert pyarrow.feather.read_table("out.arrow").equals(expected)
    run("scene.usda", "--columns", "size,cost", "--time", "5", "-o", "out.feather")
    expected = usdparquet.resolve_columns(scene, ["size", "cost"], time=5)
    assert pyarrow.feather.read_table("out.feather").equals(expected)


def test_it_is_shown() -> None:
    said = run("scene.usda", "--columns", "cost,@type,tint", "--where", "cost > 10")
    assert [line.rstrip() for line in said.splitlines()] == [
        "path               cost  @type  tint",
        "─" * 47,
        "/World/Wall_1     120.5  Cube   [0.0, 2.0, 3.0]",
        "/World/Hall/Door     80  Cube   [2.0, 2.0, 3.0]",
        "2 rows",
    ]
    said = run("scene.usda", "--columns", "cost", "--limit", "1")
    assert said.endswith("\nthe first row; --limit 0 shows all\n")


@pytest.mark.parametrize("width", [80, 40])
def test_it_fits_a_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usdparquet.cli.tables.is_for_reader", lambda: True)
    arguments = ["table", "scene.usda", "--columns", f"{ALL},@world"]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": str(width)})
    lines = result.stdout.splitlines()
    assert max(len(line) for line in lines) <= width
    assert lines[-1] == "5 rows"
    assert re.match(r"\d more columns?: .*@world$", lines[-2]) or width == 40


def test_prims_are_chosen() -> None:
    def paths(*options: str) -> list[object]:
        return [row["path"] for row in rows("scene.usda", "--columns", "@position", *options)]

    assert len(paths()) == 5
    assert paths("--under", "/World/Hall") == ["/World/Hall", "/World/Hall/Door"]
    assert paths("--prims", "/World/Wall_*") == ["/World/Wall_1", "/World/Wall_2"]
    assert paths("--where", "cost IS NOT NULL", "--sort", "cost") == [
        "/World/Hall/Door",
        "/World/Wall_1",
    ]
    assert paths("--where", "\"@kind\" = 'group'") == ["/World"]
    assert paths("--sort", "-cost,path", "--limit", "2") == ["/World/Wall_1", "/World/Hall/Door"]
    assert paths("--where", "cost > 1", "--prims", "/World/*", "--under", "/World") == [
        "/World/Wall_1"
    ]
    assert paths("--where", "cost > 1000") == []
    Path("chosen.txt").write_text("/World/Hall/Door\n")
    assert paths("--prims", "@chosen.txt") == ["/World/Hall/Door"]


def test_vectors_have_a_column_for_each_number() -> None:
    where = ("--where", "cost > 100")
    assert run("scene.usda", "--columns", ALL, *where, "-o", "-") == (
        '"path","cost","tint:x","tint:y","tint:z","@type","@position:x","@position:y",'
        '"@position:z","@bounds:min:x","@bounds:min:y","@bounds:min:z","@bounds:max:x",'
        '"@bounds:max:y","@bounds:max:z","rel:material:binding"\n'
        '"/World/Wall_1",120.5,0,2,3,"Cube",0,0,100,-1,-1,99,1,1,101,"[""/World/Hall""]"\n'
    )
    run("scene.usda", "--columns", "@world,primvars:displayColor", *where, "-o", "out.tsv")
    head, row = Path("out.tsv").read_text().splitlines()
    assert head.split("\t") == [
        '"path"',
        *(f'"@world:{number}"' for number in range(16)),
        '"primvars:displayColor"',
    ]
    assert row.endswith('1\t0\t0\t0\t100\t1\t"[[0.0, 0.5, 1.0]]"')
    said = run("scene.usda", "--columns", "cost,@position", "-o", "out.xlsx")
    assert said == f"out.xlsx: 5 rows, 5 columns, {Path('out.xlsx').stat().st_size:,} bytes\n"
    sheet = python_calamine.load_workbook("out.xlsx").get_sheet_by_index(0).to_python()
    assert sheet[0] == ["path", "cost", "@position:x", "@position:y", "@position:z"]
    assert sheet[1] == ["/World", "", 0.0, 0.0, 100.0]
    assert sheet[2] == ["/World/Wall_1", 120.5, 0.0, 0.0, 100.0]


def test_two_columns_of_one_name(scene: Usd.Stage) -> None:
    scene.GetPrimAtPath("/World").CreateAttribute("tint:x", Sdf.ValueTypeNames.Double).Set(1.0)
    scene.Save()
    said = run("scene.usda", "--columns", "tint,tint:x", "-o", "out.csv", code=1)
    assert said == "two columns would be called 'tint:x'; leave one out"
    assert not Path("out.csv").exists()


def test_a_parquet_file_is_a_layer_that_says_the_same(scene: Usd.Stage) -> None:
    columns = f"{ALL},@kind,@active,primvars:displayColor,xformOpOrder"
    said = run("scene.usda", "--columns", columns, "-o", "out.parquet")
    size = Path("out.parquet").stat().st_size
    assert said == f"out.parquet: 5 rows, 11 columns, {size:,} bytes\n"
    stage = Usd.Stage.Open("out.parquet")
    for name, sdf_type in {
        "cost": "double",
        "tint": "color3f",
        "primvars:displayColor": "color3f[]",
        "xformOpOrder": "token[]",
    }.items():
        ours, theirs = (each.GetPrimAtPath("/World/Wall_1") for each in (stage, scene))
        assert ours.GetAttribute(name).GetTypeName() == sdf_type
        assert ours.GetAttribute(name).Get() == theirs.GetAttribute(name).Get()
    wall = stage.GetPrimAtPath("/World/Wall_1")
    assert wall.GetRelationship("material:binding").GetTargets() == ["/World/Hall"]
    assert (wall.GetTypeName(), wall.IsActive()) == ("Cube", True)
    assert Usd.ModelAPI(stage.GetPrimAtPath("/World")).GetKind() == "group"
    assert list(wall.GetAttribute("_bounds:min").Get()) == [-1, -1, 99]
    # It is a table too, with its columns as they were named.
    table = pq.read_table("out.parquet")
    assert table.column_names == ["path", *columns.split(",")]
    assert usdparquet.find_prims("out.parquet", "\"@kind\" = 'group'") == ["/World"]
    runner = CliRunner()
    assert runner.invoke(app, ["validate", "out.parquet", "--values"]).exit_code == 0


def test_what_was_written_as_json() -> None:
    said = run("scene.usda", "--columns", "cost,@type", "-o", "out.csv", "--json")
    size = Path("out.csv").stat().st_size
    told = {"input": "scene.usda", "output": "out.csv", "bytes": size, "rows": 5, "columns": 3}
    assert json.loads(said) == told
    assert rows("scene.usda", "--columns", "cost", "-o", "-")[1] == {
        "path": "/World/Wall_1",
        "cost": 120.5,
    }


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ("--columns cots", 1, "no prim of these on the stage of {scene} has the attribute 'cots'; "
         "the nearest is 'cost'"),
        ("--columns @typ", 1, "prims have no '@typ'; the nearest is '@type'"),
        ("--columns cost,cost", 1, "the column 'cost' is twice in the answer"),
        ("--columns path", 1, "the column 'path' is that of the paths, which is always there in "
         "the answer"),
        ("--columns ,", 2, "',' names nothing"),
        ("--columns cost --under /X", 1, "there is no prim </X> on the stage of {scene}"),
        ("--columns cost --prims /X/**", 1, "scene.usda has no prim '/X/**'"),
        ("--columns cost --where cost>>", 1, None),
        ("--columns cost --time nan", 1, "time is nan, which is no time code; None is the default "
         "time"),
        ("--columns cost -o out.pdf", 2, "out.pdf: the suffix is none of .csv, .tsv, .json, .xlsx, "
         ".arrow, .feather, .parquet; --format says what to write (usdparquet convert writes USD "
         "layers)"),
        ("--columns cost -o scene.usda --format csv", 1, "scene.usda: is the input too; write to "
         "another file"),
        ("--columns cost -o costs.parquet", 1, "costs.parquet: is the input too; write to another "
         "file"),
        ("--columns cost --types tint=double", 2, "--types has 'tint', which is no attribute among "
         "the columns"),
        ("--columns cost --types cost=dabble", 2, "--types: 'dabble' for 'cost' is no Sdf type "
         "with values"),
        ("--columns cost --format parquet", 2, "a Parquet file is not written to the standard "
         "output: name it with -o"),
        ("--columns cost --json --format csv", 2, "--json and --format say different things; leave "
         "one out"),
        ("--columns cost --format table -o out.csv", 2, "out.csv: a table is printed; write csv, "
         "tsv, json, xlsx, arrow or parquet to a file"),
        ("--columns cost -o none/out.csv", 1, "none/out.csv: No such file or directory"),
    ],
)  # fmt: skip
def test_what_does_not_go(arguments: str, code: int, text: str | None, tmp_path: Path) -> None:
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    said = run("scene.usda", *arguments.split(), code=code)
    if text is None:
        assert said.startswith("'cost>>' cannot be read: ")
    else:
        assert said == text.format(scene=tmp_path / "scene.usda")
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_table_is_no_scene() -> None:
    Path("costs.csv").write_text("path,cost\n/A,1\n")
    assert run("costs.csv", "--columns", "cost", code=1) == (
        "costs.csv: is a table, which has no stage; 'usdparquet query' shows its rows"
    )


def test_what_openusd_warns_of_is_told() -> None:
    Path("torn.usda").write_text(
        '#usda 1.0\n(\n subLayers = [@./none.usda@]\n)\ndef "A"\n{\n double cost = 1\n}\n'
    )
    result = CliRunner().invoke(app, ["table", "torn.usda", "--columns", "cost", "-o", "-"])
    assert (result.exit_code, result.stdout) == (0, '"path","cost"\n"/A",1\n')
    assert "none.usda" in result.stderr


def test_types_of_columns(scene: Usd.Stage) -> None:
    for name, kind, value in (("Wall_1", "String", "7"), ("Wall_2", "Int", 8)):
        prim = scene.GetPrimAtPath(f"/World/{name}")
        prim.CreateAttribute("pn", getattr(Sdf.ValueTypeNames, kind)).Set(value)
    scene.Save()
    said = run("scene.usda", "--columns", "pn", code=1)
    assert said.startswith("'pn' has types that no column has room for together: ")
    assert said.endswith("; --types pn=… says which one to convert to")
    said = run("scene.usda", "--columns", "pn", "--types", "pn", code=2)
    assert said.endswith("--types: 'pn' is no attribute with a type, such as cost=double")
    options = ("scene.usda", "--types", "pn=string", "--prims", "/World/Wall_*")
    assert rows(*options, "--columns", "pn", "--where", "pn = '8'") == [
        {"path": "/World/Wall_2", "pn": "8"}
    ]
    assert rows(*options, "--columns", "cost", "--where", "pn = '7'") == [
        {"path": "/World/Wall_1", "cost": 120.5}
    ]
    found = usdparquet.find_prims(scene, "pn = '8'", types={"pn": "string"})
    assert found == ["/World/Wall_2"]
    with pytest.raises(ValueError, match="types is for stages"):
        usdparquet.find_prims("costs.csv", "cost > 1", types={"cost": "double"})
    result = CliRunner().invoke(app, ["convert", "scene.usda", "o.usda", "--where", "pn = '8'"])
    assert result.exit_code == 1
    assert "types=" not in result.stderr
    assert result.stderr.endswith("; name another attribute\n")


def test_sublayers_that_stay_are_told(tmp_path: Path) -> None:
    for more, told in (
        (
            [],
            "o.usda: keeps its sublayers, and with them all that they say of other prims: "
            "@./costs.parquet@; --flatten writes the chosen part of the composed scene\n",
        ),
        (["--flatten"], ""),
    ):
        arguments = ["convert", "scene.usda", "o.usda", "--where", "cost > 100", *more]
        result = CliRunner().invoke(app, arguments)
        assert (result.exit_code, result.stderr) == (0, told)
        stage = Usd.Stage.Open("o.usda")
        assert bool(stage.GetPrimAtPath("/World/Wall_2")) is not bool(more)
        assert stage.GetPrimAtPath("/World/Wall_1").GetAttribute("cost").Get() == 120.5
        del stage
