"""The building example: what it prints is what its README says, and every value is at its prim."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pxr import Usd

EXAMPLE = Path(__file__).parents[2] / "examples" / "building"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("building")
    subprocess.run([sys.executable, EXAMPLE / "build.py", target], check=True, timeout=60)
    return target


@pytest.fixture(scope="module")
def printed(folder: Path) -> str:
    command = [sys.executable, EXAMPLE / "walk.py", folder]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert result.stderr == ""
    return result.stdout


def test_the_readme_shows_what_it_prints_and_the_script(printed: str) -> None:
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert re.search(r"```text\n(.*?)```", readme, re.DOTALL)[1] == printed
    script = (EXAMPLE / "walk.py").read_text(encoding="utf-8")
    assert script.endswith(re.search(r"```python\n(.*?)```", readme, re.DOTALL)[1])


def check_section(title: str, script: str, folder: Path) -> None:
    """The section of the README shows the script, and what it prints."""
    command = [sys.executable, EXAMPLE / script, folder]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert result.stderr == ""
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    section = readme.split(f"## {title}", 1)[1]
    assert re.search(r"```text\n(.*?)```", section, re.DOTALL)[1] == result.stdout
    shown = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    assert (EXAMPLE / script).read_text(encoding="utf-8").endswith(shown)


def test_the_readme_shows_the_live_join_and_the_heat_map(folder: Path, printed: str) -> None:
    check_section("Joined live", "live.py", folder)
    check_section("As a heat map", "heat_map.py", folder)
    flat = Usd.Stage.Open(str(folder / "heat.usdc"))
    rooms = [prim for prim in flat.Traverse() if prim.GetAttribute("temperature")]
    assert len(rooms) == 64
    for room in rooms:
        assert len(room.GetAttribute("primvars:displayColor").Get()) == 1


def test_ids_are_those_of_ifc(folder: Path) -> None:
    stage = Usd.Stage.Open(str(folder / "building.usda"))
    ids = [prim.GetAttribute("ifc:GlobalId").Get() for prim in stage.Traverse()]
    ids = [id for id in ids if id]
    assert len(set(ids)) == len(ids) == 256
    assert all(re.fullmatch(r"[0-3][0-9A-Za-z_$]{21}", id) for id in ids)


def test_every_value_is_at_its_prim(folder: Path, printed: str) -> None:
    stage = Usd.Stage.Open(str(folder / "building.usda"))
    stage.GetRootLayer().subLayerPaths.append("elements.parquet")
    by_id = {prim.GetAttribute("ifc:GlobalId").Get(): prim for prim in stage.Traverse()}
    changed = re.search(r"'path': '(.*?)'", printed)[1]
    matched = 0
    with (folder / "elements.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            prim = by_id.get(row["GlobalId"])
            if prim is None:
                continue
            matched += 1
            value = prim.GetAttribute("U_value").Get()
            expected = float(row["U_value"]) if row["U_value"] else None
            assert value == (0.24 if prim.GetPath() == changed else expected)
            assert prim.GetAttribute("cost").Get() == int(row["cost"])
    assert matched == 120
