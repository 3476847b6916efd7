"""`convert` packs what layers with format arguments are read from."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf, Usd
from typer.testing import CliRunner

import usdparquet
from usdparquet.cli import app


def convert(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["convert", *map(str, arguments)])
    return result.exit_code, result.stderr


def content(file: Path) -> dict[str, tuple[str, dict[str, object]]]:
    """The prims of a composed stage with the values of their attributes."""
    stage = Usd.Stage.Open(str(file))
    assert not stage.GetCompositionErrors()
    return {
        str(prim.GetPath()): (
            str(prim.GetTypeName()),
            {
                each.GetName(): [(time, each.Get(time)) for time in each.GetTimeSamples()]
                or each.Get()
                for each in prim.GetAttributes()
            },
        )
        for prim in stage.TraverseAll()
    }


def names(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as opened:
        return opened.namelist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "scene"
    (made / "a&b").mkdir(parents=True)
    (made / "more").mkdir()
    pq.write_table(pa.table({"k": ["x", "y"], "v": [1.5, 2.5]}), made / "t.parquet")
    ids = {"path": ["/A", "/B/C", "/D"], "id": ["y", "x", "y"]}
    pq.write_table(pa.table(ids), made / "a&b" / "ids.parquet")
    pq.write_table(pa.table({"path": ["/P"], "w": [7]}), made / "more" / "same.parquet")
    pq.write_table(pa.table({"path": ["/Q"], "u": [8]}), made / "same.parquet")
    return made


LIVE = "./t.parquet:SDF_FORMAT_ARGS:key=k&ids=./a%26b/ids.parquet"


def test_arguments_and_their_files_are_packed(folder: Path, tmp_path: Path) -> None:
    (folder / "more" / "in.usda").write_text(
        "#usda 1.0\n(\n subLayers = [@./same.parquet:SDF_FORMAT_ARGS:prefix=/X@]\n)\n"
        'def "E"\n{\n asset text = @./note.txt@\n}\n'
    )
    (folder / "more" / "note.txt").write_text("a note")
    scene, package = folder / "scene.usda", tmp_path / "out" / "p.usdz"
    package.parent.mkdir()
    scene.write_text(
        f"#usda 1.0\n(\n subLayers = [@{LIVE}@, @./more/in.usda@, @./same.parquet@]\n)\n"
        f'def "R" (references = @{LIVE}@</A>)\n{{\n}}\n'
        'def "S" (payload = @./more/same.parquet:SDF_FORMAT_ARGS:prefix=/Y@</Y/P>)\n{\n}\n'
    )
    expected = content(scene)
    assert expected["/A"][1] == {"k": "y", "v": 2.5}
    assert expected["/R"][1] == {"k": "y", "v": 2.5}
    assert (expected["/X/P"][1], expected["/S"][1]) == ({"w": 7}, {"w": 7})
    assert convert(scene, package) == (0, "")
    assert names(package) == [
        *("p.usdc", "t.parquet", "ids.parquet", "in.usda", "same.parquet", "note.txt"),
        "1_same.parquet",
    ]
    (folder).rename(tmp_path / "gone")  # the package needs nothing outside of it
    found = content(package)
    text = found["/E"][1].pop("text")
    assert text.resolvedPath == f"{package}[note.txt]"
    expected["/E"][1].pop("text")
    assert found == expected
    # And so again, out of the package.
    assert convert(package, tmp_path / "again.usdz") == (0, "")
    again = content(tmp_path / "again.usdz")
    again["/E"][1].pop("text")
    assert again == expected
    # A stage that was composed needs no arguments.
    assert convert(package, tmp_path / "flat.usdc", "--flatten") == (0, "")
    flat = content(tmp_path / "flat.usdc")
    flat["/E"][1].pop("text")
    assert flat == expected


def test_clips_are_packed(folder: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        table = {"path": ["/P"], "time": [float(number)], "w": [number * 10.0]}
        pq.write_table(pa.table(table), folder / f"c.{number}.parquet")
    manifest = Sdf.Layer.CreateNew(str(folder / "m.usda"))
    manifest.ImportFromString('#usda 1.0\nover "P"\n{\n double w\n}\n')
    manifest.Save()
    arguments = "SDF_FORMAT_ARGS:time=time&timeCodesPerSecond=24"
    scene, package = folder / "scene.usda", tmp_path / "p.usdz"
    scene.write_text(
        '#usda 1.0\ndef "P" (\n clips = {\n  dictionary default = {\n'
        f"   asset[] assetPaths = [@./c.1.parquet:{arguments}@, @./c.2.parquet:{arguments}@]\n"
        '   asset manifestAssetPath = @./m.usda@\n   string primPath = "/P"\n'
        "   double2[] active = [(1, 0), (2, 1)]\n   double2[] times = [(1, 1), (2, 2)]\n"
        "  }\n }\n)\n{\n double w\n}\n"
    )
    assert content(scene)["/P"][1] == {"w": [(1.0, 10.0), (2.0, 20.0)]}
    assert convert(scene, package) == (0, "")
    assert content(package) == content(scene)


def test_what_is_missing_is_told_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    scene, package = folder / "scene.usda", tmp_path / "p.usdz"
    scene.write_text(
        "#usda 1.0\n(\n subLayers = [@./more/same.parquet:SDF_FORMAT_ARGS:prefix=/X@]\n)\n"
        'def "A"\n{\n asset a = @./gone.txt@\n}\n'
    )
    assert convert(scene, package) == (
        1,
        f"{package}: could not write the package: there is no '{folder / 'gone.txt'}'\n",
    )
    assert list(tmp_path.iterdir()) == [folder]


def test_an_asset_path_that_cannot_be_changed_is_refused(folder: Path, tmp_path: Path) -> None:
    frame = pa.table({"path": ["/A"], "a": ["./note.txt"]})
    usdparquet.write_table(frame, folder / "a.parquet", types={"a": "asset"})
    (folder / "note.txt").write_text("x")
    scene, package = folder / "scene.usda", tmp_path / "p.usdz"
    scene.write_text("#usda 1.0\n(\n subLayers = [@./a.parquet:SDF_FORMAT_ARGS:prefix=/X@]\n)\n")
    assert convert(scene, package) == (
        1,
        f"{package}: could not write the package: @./a.parquet:SDF_FORMAT_ARGS:prefix=/X@ has the "
        "asset path @./note.txt@, which cannot be changed to its place in the package, since the "
        "layer is read with format arguments or by number; convert with --flatten\n",
    )
    assert list(tmp_path.iterdir()) == [folder]
    assert convert(scene, package, "--flatten") == (0, "")
    stage = Usd.Stage.Open(str(package))
    value = stage.GetAttributeAtPath("/X/A.a").Get()
    assert value.resolvedPath == f"{package}[0/note.txt]"
