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
from typer.testing import CliRunner

import usdparquet
from usdparquet.cli import app


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
        ["ifc:GlobalId", "3", "3", "w0,", "w1,", "w2"],
        ["customData:a:type", "3", "2", "W1,", "W2"],
        ["name", "5", "5", "House,", "Wall_0,", "Wall_1"],
    ]
    assert json.loads(run("ids", scene, "--json"))[0] == {
        "id": "ifc:GlobalId",
        "prims": 3,
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
    said = run("ids", scene, "--id", "name", "-o", tmp_path / "x.usda", code=2)
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


@pytest.mark.parametrize("name", ["out.foo", "out.usda", "out.xlsx"])
def test_files_that_are_not_written(name: str, scene: Path, table: Path, tmp_path: Path) -> None:
    out = tmp_path / name
    by_id = ("--id", "ifc:GlobalId")
    bind = ("bind", table, scene, *by_id, "--key", "GlobalId", "-o")
    for arguments in (
        ("ids", scene, *by_id, "-o", out),
        (*bind, out),
        (*bind, tmp_path / "bound.parquet", "--unmatched", out),
    ):
        assert run(*arguments, code=2).startswith(f"{out}: th")
    assert not out.exists() and not (tmp_path / "bound.parquet").exists()


def test_several_rows_of_an_id(scene: Path, tmp_path: Path) -> None:
    table, out = tmp_path / "twice.csv", tmp_path / "o.parquet"
    table.write_text("id,cost,day\nw0,1,1\nw0,2,2\n")
    options = ("bind", table, scene, "--id", "ifc:GlobalId", "--key", "id", "-o", out)
    said = run(*options, code=1).replace("\n", " ")
    assert f"{table}: column 'id': 1 id is in several rows: 'w0' in rows 0, 1; --keep takes" in said
    assert "--time names the column of times" in said
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
    assert f"{scene}: --id has to say what holds the ids of its prims; it has ifc:GlobalId" in said
    options = ("--id", "ifc:GlobalId", "-o", out)
    said = run("bind", table, scene, "--key", "globalid", *options, code=1).replace("\n", " ")
    assert f"{table}: there is no column 'globalid' with the ids (there are 'GlobalId', " in said
    said = run("bind", table, scene, "--key", "cost", *options, code=1).replace("\n", " ")
    assert "no row has the id of a prim; the table has '10', '11', '1', '2', the prims have" in said
    assert not out.exists()


def test_what_is_no_id_is_told(scene: Path, table: Path, tmp_path: Path) -> None:
    stage = Usd.Stage.Open(str(scene))
    door = stage.DefinePrim("/House/Door")
    door.CreateAttribute("ifc:GlobalId", Sdf.ValueTypeNames.StringArray).Set(["w0", "w1"])
    stage.Save()
    told = (
        f"{scene}: left out: 'ifc:GlobalId' of </House/Door>: StringArray is no id; an id is a "
        "text or a number\n"
    )
    out = tmp_path / "o.parquet"
    for arguments in (
        ("ids", scene, "--id", "ifc:GlobalId"),
        ("bind", table, scene, "--id", "ifc:GlobalId", "--key", "GlobalId", "-o", out),
    ):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert (result.exit_code, result.stderr) == (0, told)
    assert bound(out) == {"/House/Wall_0": 10, "/House/Wall_1": 11}


@pytest.mark.parametrize(
    ("key", "expected"), [("tag:id", 10), ("Asset_No_", 11), ("id", 12), ("serial", 13)]
)
def test_keys_are_columns_fields_or_properties(key: str, expected: int, tmp_path: Path) -> None:
    """The same prims as the live join has, by the command and in Python."""
    table, ids = tmp_path / "t.parquet", tmp_path / "i.parquet"
    columns = {
        "tag": [{"id": "a"}, {"id": "x"}, {"id": "x"}, {"id": "x"}],
        "Asset No.": ["x", "a", "x", "x"],
        "id": ["x", "x", "a", "x"],
        "no": ["x", "x", "x", "a"],
        "cost": [10, 11, 12, 13],
    }
    entry = {"version": "1.0", "columns": {"no": {"property": "serial"}}}
    rows = pa.table(columns).replace_schema_metadata({"usdparquet:schema": json.dumps(entry)})
    pq.write_table(rows, table)
    pq.write_table(pa.table({"path": ["/House/Wall_0"], "id": ["a"]}), ids)
    arguments = {"key": key, "ids": ids.name}
    live = Sdf.Layer.FindOrOpen(Sdf.Layer.CreateIdentifier(str(table), arguments))
    assert live.GetAttributeAtPath("/House/Wall_0.cost").default == expected
    out = tmp_path / "o.parquet"
    run("bind", table, ids, "--key", key, "-o", out)
    assert bound(out) == {"/House/Wall_0": expected}
    for number, source in enumerate((rows, str(table))):
        out = tmp_path / f"{number}.parquet"
        usdparquet.bind(source, ids, out, key=key)
        assert bound(out) == {"/House/Wall_0": expected}
        names = [str(one.name) for one in live.GetPrimAtPath("/House/Wall_0").properties]
        layer = Sdf.Layer.FindOrOpen(str(out))
        found = [str(one.name) for one in layer.GetPrimAtPath("/House/Wall_0").properties]
        assert sorted(found) == sorted(names)


def test_what_the_table_says_of_its_columns_is_kept(tmp_path: Path) -> None:
    """Types and times, as in the live join."""
    paths, by_id, ids = (tmp_path / f"{name}.parquet" for name in ("p", "t", "i"))
    columns = {"path": ["/X", "/X"], "tag": ["a", "a"], "at": [1, 2], "tint": [[0.5, 0.25, 0]] * 2}
    usdparquet.write_table(pa.table(columns), paths, time="at", types={"tint": "color3f"})
    run("convert", paths, by_id, "--key", "tag", "--columns", "tag,tint")
    pq.write_table(pa.table({"path": ["/House/Wall_0"], "id": ["a"]}), ids)
    run("bind", by_id, ids, "--key", "tag", "-o", tmp_path / "command.parquet")
    usdparquet.bind(by_id, ids, tmp_path / "python.parquet", key="tag")
    live = Sdf.Layer.CreateIdentifier(str(by_id), {"key": "tag", "ids": ids.name})
    for name in (live, tmp_path / "command.parquet", tmp_path / "python.parquet"):
        layer = Sdf.Layer.FindOrOpen(str(name))
        assert layer.ListTimeSamplesForPath("/House/Wall_0.tint") == [1, 2]
        assert layer.GetAttributeAtPath("/House/Wall_0.tint").typeName == "color3f"


def test_a_table_by_ids_is_written(scene: Path, table: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids.parquet"
    run("ids", scene, "--id", "ifc:GlobalId", "-o", ids)
    by_convert, by_query = tmp_path / "c.parquet", tmp_path / "q.parquet"
    for out, arguments in (
        (by_convert, ("convert", table, by_convert, "--key", "GlobalId")),
        (by_query, ("query", table, "SELECT * FROM t", "-o", by_query, "--key", "GlobalId")),
    ):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        assert result.stderr == (
            f"{out}: is a table by the ids in 'GlobalId', and no layer by paths: usdparquet bind "
            f"makes one of it, and @./{out.name}:SDF_FORMAT_ARGS:ids=IDS.parquet&key=GlobalId@ "
            "joins it when it is opened\n"
        )
        assert pq.read_table(out).to_pydict() == {
            "GlobalId": ["w0", "w1", "q9", None],
            "cost": [10, 11, 1, 2],
        }
        arguments = {"key": "GlobalId", "ids": ids.name}
        layer = Sdf.Layer.FindOrOpen(Sdf.Layer.CreateIdentifier(str(out), arguments))
        assert layer.GetAttributeAtPath("/House/Wall_1.cost").default == 11
    times = tmp_path / "times.csv"
    times.write_text("tag,1,2\nw0,10,20\n")
    out = tmp_path / "times.parquet"
    run("convert", times, out, "--key", "tag", "--melt", "frame,cost")
    layer = Sdf.Layer.FindOrOpen(
        Sdf.Layer.CreateIdentifier(str(out), {"key": "tag", "ids": ids.name})
    )
    assert layer.ListTimeSamplesForPath("/House/Wall_0.cost") == [1, 2]


def test_errors_of_a_table_by_ids(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.parquet"
    hint = (
        f"{table}: there is no column 'path' with the prim paths; --path names another one, and "
        "--key the ids of a table without paths (there are "
    )
    assert run("convert", table, out, code=1).startswith(hint)
    assert run("query", table, "-o", out, code=1).startswith(hint)
    said = f"{out}: there is no column 'Tag' with the ids (there are 'GlobalId', 'cost')\n"
    assert run("convert", table, out, "--key", "Tag", code=1) == said
    assert run("query", table, "-o", out, "--key", "Tag", code=1) == said
    assert "no layer" not in run("convert", table, tmp_path / "o.arrow", "--key", "GlobalId")
    for arguments, told in (
        (("convert", table, tmp_path / "o.usda", "--key", "cost"), "a layer has prim paths"),
        (("convert", table, out, "--key", "cost", "--path", "p"), "rows have paths or ids"),
        (("query", table, "-o", out, "--key", "cost", "--path", "p"), "rows have paths or ids"),
        (("query", table, "--key", "cost"), "--key is for a Parquet file"),
    ):
        assert told in run(*arguments, code=2)
    assert not out.exists()


def test_bind_takes_a_file(scene: Path, table: Path, tmp_path: Path) -> None:
    file, out = tmp_path / "t.parquet", tmp_path / "o.parquet"
    pq.write_table(pa.table({"GlobalId": ["w2"], "cost": [7]}), file)
    usdparquet.bind(file, scene, out, key="GlobalId", id="ifc:GlobalId")
    assert bound(out) == {"/House/Wall_2": 7}
    with pytest.raises(FileNotFoundError):
        usdparquet.bind(tmp_path / "no.parquet", scene, out, key="GlobalId", id="ifc:GlobalId")
    with pytest.raises(
        ValueError, match=r"costs\.csv: is no \.parquet file; give what it holds as"
    ):
        usdparquet.bind(table, scene, out, key="GlobalId", id="ifc:GlobalId")


def test_an_id_that_no_prim_has_is_told_once(scene: Path, tmp_path: Path) -> None:
    rows, out = tmp_path / "rows.csv", tmp_path / "out.parquet"
    options = (str(rows), str(scene), "--id", "name", "--key", "k", "-o", str(out))
    for unknown, told in (
        (["i0"] * 7, "7 rows with an id that no prim has: i0"),
        ([f"i{n // 2}" for n in range(12)], "12 rows with an id that no prim has: "
         "i0, i1, i2, i3, i4, …"),
    ):  # fmt: skip
        rows.write_text("k,v\n" + "".join(f"{k},1\n" for k in ["House", *unknown]))
        assert run("bind", *options).splitlines()[2] == told


def test_no_input_is_overwritten(scene: Path, table: Path, tmp_path: Path) -> None:
    ids, rows, link = (tmp_path / name for name in ("ids.parquet", "rows.parquet", "link.parquet"))
    run("ids", scene, "--id", "ifc:GlobalId", "-o", ids)
    pq.write_table(pa.table({"GlobalId": ["w0", "q9"], "cost": [10, 1]}), rows)
    link.hardlink_to(ids)
    inputs = {file: file.read_bytes() for file in (scene, table, ids, rows)}
    for arguments in (
        ("bind", rows, ids, "-o", rows),
        ("bind", table, ids, "-o", ids),
        ("bind", table, ids, "-o", link),
        ("bind", table, ids, "-o", tmp_path / "o.parquet", "--unmatched", table),
        ("bind", rows, ids, "-o", tmp_path / "o.parquet", "--unmatched", ids),
    ):
        said = run(*arguments, "--key", "GlobalId", code=1)
        assert said == f"{arguments[-1]}: is the input too; write to another file\n"
    twice = ("-o", tmp_path / "o.parquet", "--unmatched", tmp_path / "." / "o.parquet")
    assert "name one file" in run("bind", rows, ids, "--key", "GlobalId", *twice, code=2)
    # A sublayer of the scene is read too.
    root = Sdf.Layer.CreateNew(str(tmp_path / "root.usda"))
    root.subLayerPaths = ["./ids.parquet"]
    root.Save()
    for source in (ids, tmp_path / "root.usda"):
        said = run("ids", source, "--id", "id", "-o", ids, code=1)
        assert said == f"{ids}: is the input too; write to another file\n"
    assert {file: file.read_bytes() for file in inputs} == inputs
    assert not (tmp_path / "o.parquet").exists()
