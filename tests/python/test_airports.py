"""The airports example: what it builds, what it prints, and every value of every airport."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
import vega_datasets
from pxr import Usd

EXAMPLE = Path(__file__).parents[2] / "examples" / "airports"
CSV = Path(vega_datasets.__file__).parent / "_data" / "airports.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("airports")
    subprocess.run([sys.executable, EXAMPLE / "build.py", target], check=True, timeout=60)
    return target


@pytest.fixture(scope="module")
def airports() -> list[dict[str, str]]:
    with CSV.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def path_of(airport: dict[str, str]) -> str:
    state = "Unknown" if airport["state"] == "NA" else airport["state"]
    code = airport["iata"]
    code = f"_{code}" if code[0].isdigit() else code
    return f"/Airports/{airport['country'].replace(' ', '_')}/{state}/{code}"


def test_every_value_of_every_airport(folder: Path, airports: list[dict[str, str]]) -> None:
    stage = Usd.Stage.Open(str(folder / "scene.usda"))
    assert len(airports) == 3376
    for airport in airports:
        prim = stage.GetPrimAtPath(path_of(airport))
        assert prim.GetTypeName() == "Xform"
        assert prim.IsDefined()
        for name, text in airport.items():
            value = prim.GetAttribute(name).Get()
            if name in ("latitude", "longitude"):
                assert value == float(text)
            else:
                assert value == (None if text == "NA" else text)


def test_there_is_no_prim_more(folder: Path, airports: list[dict[str, str]]) -> None:
    stage = Usd.Stage.Open(str(folder / "scene.usda"))
    rows = {str(prim.GetPath()) for prim in stage.Traverse() if prim.HasAttribute("iata")}
    assert rows == {path_of(airport) for airport in airports}
    assert not stage.GetCompositionErrors()
    assert all(prim.IsDefined() for prim in stage.TraverseAll())


def test_the_readme_shows_what_it_prints(folder: Path) -> None:
    command = [sys.executable, "-I", EXAMPLE / "read.py", folder]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert result.stderr == ""
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert re.search(r"```text\n(.*?)```", readme, re.DOTALL)[1] == result.stdout


def test_the_readme_shows_the_script(folder: Path) -> None:
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    script = (EXAMPLE / "read.py").read_text(encoding="utf-8")
    assert re.search(r"```python\n(.*?)```", readme, re.DOTALL)[1] in script
    scene = (folder / "scene.usda").read_text(encoding="utf-8")
    assert scene.startswith(re.search(r"```usda\n(.*?)```", readme, re.DOTALL)[1])


def test_read_knows_nothing_of_parquet() -> None:
    script = (EXAMPLE / "read.py").read_text(encoding="utf-8")
    code = script.split('"""', 2)[2]
    assert "parquet" not in code
    assert "pyarrow" not in code
