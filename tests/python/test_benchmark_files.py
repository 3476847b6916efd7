"""The files of `make bench`: every format holds the values that layer_benchmarks computes."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
FORMATS = ["usdc", "parquet_zstd", "indexed_zstd"]
PRIMS = 12
MASK = (1 << 64) - 1


def _fraction(key: int, column: int, part: int = 0) -> float:
    """As Mix and Fraction of values.h do it."""
    z = (key * 64 + column + (part << 48) + 0x9E3779B97F4A7C15) & MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return ((z ^ (z >> 31)) >> 11) * 2.0**-53


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        generate = importlib.import_module("generate")
    folder = tmp_path_factory.mktemp("scene")
    generate.Scene(folder, PRIMS, "deep").write([*FORMATS, "floor"])
    return folder


@pytest.mark.parametrize("name", FORMATS)
def test_values_are_the_formula(folder: Path, name: str) -> None:
    from pxr import Gf, Sdf

    table, shapes, playback = (
        next(folder.glob(f"{kind}_{name}.*")) for kind in ("table", "shapes", "playback")
    )
    arguments = {} if name == "usdc" else {"time": "frame"}
    layers = [Sdf.Layer.FindOrOpen(str(table)), Sdf.Layer.FindOrOpen(str(shapes))]
    played = Sdf.Layer.FindOrOpen(str(playback), arguments)
    for row in range(PRIMS):
        prim = f"/World/Zone_0/Level_0/Room_{row // 10}/Component_{row % 10}"
        values = {
            spec.name: spec.default
            for layer in layers
            for spec in layer.GetPrimAtPath(prim).attributes
        }
        assert values["cost"] == 10 + 4990 * _fraction(row, 0)
        assert values["lifespan"] == int(5 + 96 * _fraction(row, 15))
        assert values["is_active"] is (_fraction(row, 16) < 0.85)
        assert values["supplier_id"] == f"SUP-{int(500 * _fraction(row, 17)):05d}"
        date = int(5040 * _fraction(row, 19))
        day = f"{2010 + date // 336}-{1 + date // 28 % 12:02d}-{1 + date % 28:02d}"
        assert values["install_date"] == day
        assert values["extent_size"] == Gf.Vec3f(*(10 * _fraction(row, 20, i) for i in range(3)))
        assert 4 <= len(values["samples"]) <= 12
        last = len(values["samples"]) - 1
        assert values["samples"][last] == pytest.approx(100 * _fraction(row, 21, last), rel=1e-6)
        sample = played.QueryTimeSample(f"{prim}.pressure", 239)
        assert sample == 99 + 5 * _fraction(row * 1000 + 239, 8)


def test_the_scene_is_described_for_the_program(folder: Path) -> None:
    text = (folder / "scene.json").read_text(encoding="utf-8")
    assert text.startswith('{"version": 2, "prims": 12, "hierarchy": "deep"')
    assert json.loads(text)["last_prim"] == "/World/Zone_0/Level_0/Room_1/Component_1"
    assert (folder / "table_floor.benchfloor").read_text() == "deep 12 0\n"
    assert (folder / "shapes_floor.benchfloor").read_text() == "deep 12 20\n"
    stage = (folder / "stage_indexed_zstd.usda").read_text()
    assert "@./table_indexed_zstd.parquet@,\n        @./base.usdc@" in stage
