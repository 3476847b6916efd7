"""The commands ids and bind."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from cli_runs import run
from pxr import Sdf, Usd


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """Three walls with ids in an attribute, the first two of one type, and an instance of them."""
    file = tmp_path / "house & garden.usda"
    stage = Usd.Stage.CreateNew(str(file))
    for number in range(3):
        wall = stage.DefinePrim(f"/House/Wall_{number}", "Xform")
        wall.CreateAttribute("ifc:GlobalId", Sdf.ValueTypeNames.String).Set(f"w{number}")
        wall.SetCustomDataByKey("a:type", "W1" if number < 2 else "W2")
    copy = stage.DefinePrim("/Copy", "Xform")
    copy.GetReferences().AddInternalReference("/House")
    copy.SetInstanceable(True)
    stage.Save()
    return file


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "costs.csv"
    file.write_text("GlobalId,cost\nw0,10\nw1,11\nq9,1\n,2\n")
    return file


def test_without_an_id_it_tells_what_there_is(scene: Path) -> None:
    lines = [line.split() for line in run("ids", scene).splitlines()]
    assert lines[0] == ["--id", "Prims", "Different", "Such", "as"]
    assert lines[2:] == [
        ["ifc:GlobalId", "6", "3", "w0,", "w1,", "w2"],
        ["customData:a:type", "6", "2", "W1,", "W2"],
        ["name", "8", "5", "House,", "Wall_0,", "Wall_1"],
    ]
    assert json.loads(run("ids", scene, "--json"))[0] == {
        "id": "ifc:GlobalId",
        "prims": 6,
        "distinct": 3,
        "examples": ["w0", "w1", "w2"],
    }


def test_ids_are_printed_or_written(scene: Path, tmp_path: Path) -> None:
    expected = [(f"/House/Wall_{number}", f"w{number}") for number in range(3)]
    options = (scene, "--id", "ifc:GlobalId")
    printed = run("ids", *options)
    assert printed == '"path","id"\n' + "".join(f'"{path}","{id}"\n' for path, id in expected)
    rows = [{"path": path, "id": id} for path, id in expected]
    assert json.loads(run("ids", *options, "--json")) == rows
    for name, read in (("i.parquet", pq.read_table), ("i.arrow", pyarrow.feather.read_table)):
        said = run("ids", *options, "-o", tmp_path / name)
        assert said == f"{tmp_path / name}: 3 prims, 3 different ids\n"
        assert read(tmp_path / name).to_pylist() == rows
    run("ids", *options, "-o", tmp_path / "i.csv")
    assert (tmp_path / "i.csv").read_text() == printed
    found = json.loads(run("ids", *options, "-o", tmp_path / "i.csv", "--json"))
    assert found == {
        "output": str(tmp_path / "i.csv"),
        "id": "ifc:GlobalId",
        "prims": 3,
        "distinct": 3,
    }


def test_errors_of_ids(scene: Path, tmp_path: Path) -> None:
    assert "--id says which ids to write" in run("ids", scene, "-o", "x.csv", code=2)
    said = run("ids", scene, "--id", "Tag", code=1).replace("\n", " ")
    assert "no prim has 'Tag' (they have ifc:GlobalId, customData:a:type, name)" in said
    said = run("ids", scene, "--id", "name", "-o", tmp_path / "x.usda", code=1)
    assert "write a .parquet, .csv or .arrow file" in said.replace("\n", " ")
    assert "No such file" in run("ids", tmp_path / "none.usda", code=1)


def bound(file: Path) -> dict[str, int]:
    layer = Sdf.Layer.FindOrOpen(str(file))
    names = [f"/House/Wall_{number}" for number in range(3)]
    found = {name: layer.GetAttributeAtPath(f"{name}.cost") for name in names}
    return {name: attribute.default for name, attribute in found.items() if attribute}


def test_bind_tells_what_matched(scene: Path, table: Path, tmp_path: Path) -> None:
    out, rest = tmp_path / "o.parquet", tmp_path / "rest.csv"
    options = (table, scene, "--id", "ifc:GlobalId", "--key", "GlobalId", "-o", out)
    lines = run("bind", *options, "--unmatched", rest).splitlines()
    assert lines[0].startswith(f"{out}: 2 rows, ")
    assert lines[1:] == [
        "matched: 2 rows at 2 prims",
        "1 row with an id that no prim has: q9",
        "1 row without an id",
        "1 prim without a row: /House/Wall_2 (w2)",
        "2 prims inside of instances, which take no values: /Copy/Wall_0, /Copy/Wall_1",
        f"{rest}: the rows that are at no prim",
    ]
    assert bound(out) == {"/House/Wall_0": 10, "/House/Wall_1": 11}
    assert rest.read_text() == '"GlobalId","cost"\n"q9",1\n,2\n'

    found = json.loads(run("bind", *options, "--json", "--strict", code=1))
    assert found == {
        "output": str(out),
        "rows": 2,
        "live": None,
        "matched_rows": 2,
        "matched_prims": 2,
        "rows_without_prim": 1,
        "unknown_ids": ["q9"],
        "rows_without_id": 1,
        "rows_dropped": 0,
        "prims_without_row": 1,
        "rowless_prims": [["/House/Wall_2", "w2"]],
        "prims_in_instances": 2,
        "instance_prims": ["/Copy/Wall_0", "/Copy/Wall_1"],
    }


def test_bind_to_a_file_of_ids(scene: Path, tmp_path: Path) -> None:
    ids, out = tmp_path / "ids.parquet", tmp_path / "o.parquet"
    run("ids", scene, "--id", "customData:a:type", "-o", ids)
    types = tmp_path / "types.parquet"
    pq.write_table(pa.table({"type": ["W2", "W1"], "cost": [7, 8]}), types)
    said = run("bind", types, ids, "--key", "type", "-o", out, "--strict")
    live = "./types.parquet:SDF_FORMAT_ARGS:ids=ids.parquet&key=type"
    assert said.splitlines()[1:] == [
        "matched: 2 rows at 3 prims",
        f"the same, joined at every open: @{live}@",
    ]
    expected = {"/House/Wall_0": 8, "/House/Wall_1": 8, "/House/Wall_2": 7}
    assert bound(out) == expected
    root = tmp_path / "root.usda"
    root.write_text(f"#usda 1.0\n( subLayers = [ @{live}@ ] )\n")
    stage = Usd.Stage.Open(str(root))
    assert {path: stage.GetAttributeAtPath(f"{path}.cost").Get() for path in expected} == expected


def test_several_rows_of_an_id(scene: Path, tmp_path: Path) -> None:
    table, out = tmp_path / "twice.csv", tmp_path / "o.parquet"
    table.write_text("id,cost,day\nw0,1,1\nw0,2,2\n")
    options = ("bind", table, scene, "--id", "ifc:GlobalId", "--key", "id", "-o", out)
    said = run(*options, code=1).replace("\n", " ")
    assert f"{table}: column 'id': 1 id is in several rows: 'w0' in rows 0, 1" in said
    assert not out.exists()
    for keep, cost in (("first", 1), ("last", 2)):
        said = run(*options, "--keep", keep)
        assert "1 row left out for another one of the same id" in said
        out_layer = Sdf.Layer.FindOrOpen(str(out))
        out_layer.Reload()
        assert bound(out) == {"/House/Wall_0": cost}
    out.unlink()
    run(*options[:-1], tmp_path / "times.parquet", "--time", "day")
    layer = Sdf.Layer.FindOrOpen(str(tmp_path / "times.parquet"))
    assert layer.ListTimeSamplesForPath("/House/Wall_0.cost") == [1, 2]


def test_errors_of_bind(scene: Path, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.parquet"
    said = run("bind", table, scene, "--key", "GlobalId", "-o", out, code=1).replace("\n", " ")
    assert f"{scene}: 'id' has to say what holds the ids of its prims; it has ifc:GlobalId" in said
    options = ("--id", "ifc:GlobalId", "-o", out)
    said = run("bind", table, scene, "--key", "globalid", *options, code=1).replace("\n", " ")
    assert f"{table}: there is no column 'globalid' with the ids (there are 'GlobalId', " in said
    said = run("bind", table, scene, "--key", "cost", *options, code=1).replace("\n", " ")
    assert "no row has the id of a prim; the table has '10', '11', '1', '2', the prims have" in said
    assert not out.exists()
