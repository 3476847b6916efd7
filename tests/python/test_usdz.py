"""A Parquet file inside a .usdz package, read in place."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from parquet_files import LAYOUTS
from pxr import Sdf, Usd, UsdUtils
from usd_values import check_property, values

PATHS = [f"/World/Part_{row}" for row in range(400)]
TABLE = {
    "path": PATHS,
    "cost": [None if row % 3 == 0 else row * 0.5 for row in range(400)],
    "name": [None if row % 7 == 0 else f"part {row}" for row in range(400)],
    "spot": pa.array([[row, 1, 2] for row in range(400)], type=pa.list_(pa.float32(), 3)),
}
SCENE = '#usda 1.0\n(\n    subLayers = [@./table.parquet@]\n)\ndef Xform "World" {}\n'


@pytest.fixture
def scene(write, tmp_path: Path) -> Path:
    write(TABLE)
    file = tmp_path / "scene.usda"
    file.write_text(SCENE, encoding="utf-8")
    return file


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_package_reads_like_the_files_in_it(write, scene: Path, tmp_path: Path, layout) -> None:
    file = write(TABLE, layout=layout)
    package = tmp_path / f"{layout}.usdz"
    writer = Sdf.ZipFileWriter.CreateNew(str(package))
    writer.AddFile(str(scene), "scene.usda")
    writer.AddFile(str(file), "table.parquet")
    writer.Save()
    file.unlink()
    stage = Usd.Stage.Open(str(package))
    assert [layer.GetDisplayName() for layer in stage.GetUsedLayers(False)]
    for row, path in enumerate(PATHS):
        prim = stage.GetPrimAtPath(path)
        for name in ("cost", "name"):
            assert prim.GetAttribute(name).Get() == TABLE[name][row]
        assert tuple(prim.GetAttribute("spot").Get()) == (row, 1, 2)


def test_usd_packs_a_scene_with_its_table(scene: Path, tmp_path: Path) -> None:
    package = tmp_path / "packed.usdz"
    assert UsdUtils.CreateNewUsdzPackage(str(scene), str(package))
    assert "table.parquet" in Sdf.ZipFile.Open(str(package)).GetFileNames()
    stage = Usd.Stage.Open(str(package))
    assert stage.GetAttributeAtPath("/World/Part_5.cost").Get() == 2.5


def test_the_table_of_a_package_can_be_opened_by_itself(scene: Path, tmp_path: Path) -> None:
    package = tmp_path / "packed.usdz"
    assert UsdUtils.CreateNewUsdzPackage(str(scene), str(package))
    layer = Sdf.Layer.FindOrOpen(f"{package}[table.parquet]")
    assert len(values(layer, PATHS, "name")) == 400
    check_property(Usd.Stage.Open(layer), PATHS, "cost", "double", TABLE["cost"])
