"""docs/licences.md says what ships, and the wheel brings the texts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import usdparquet

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

import licences

ROOT = Path(__file__).parents[2]
PACKAGE = Path(usdparquet.__file__).parent
TEXT = licences.DOCUMENT.read_text("utf-8")


def test_the_table_is_what_the_packages_say() -> None:
    assert licences.document() == TEXT, "run `python scripts/licences.py`"


def test_the_wheel_holds_no_other_library() -> None:
    kinds = {"", ".py", ".pyi", ".typed", ".json", ".so", ".j2", ".css", ".js", ".txt"}
    kinds |= {".h", ".cmake"}
    files = [file for file in PACKAGE.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    assert {file.suffix for file in files} <= kinds
    libraries = {
        re.sub(r"\.(cpython-[^.]*|abi3)", ".*", file.name) for file in files if ".so" in file.name
    }
    assert libraries == {
        "_core.*.so",
        "libusdparquet.so",
        "libusdparquet_core.so",
        "libusdparquet_resolve.so",
        "libusdparquet_usd.so",
    }
    for name in libraries:
        assert f"`{name}`" in TEXT


def test_the_libraries_are_linked_to_what_is_listed() -> None:
    linked: set[str] = set()
    for file in PACKAGE.rglob("*.so"):
        dynamic = subprocess.run(
            ["readelf", "-d", file], capture_output=True, text=True, check=True
        )
        linked |= set(re.findall(r"\(NEEDED\).*\[([^\]]+?)\.so", dynamic.stdout))
    linked = {name.removesuffix("-x86-64").removesuffix("-aarch64") for name in linked}
    linked -= {"libusdparquet_core", "libusdparquet_usd"}
    assert linked >= {"libarrow", "libparquet", "libstdc++"}
    for name in linked:
        assert f"`{name}`" in TEXT, name


def test_the_wheel_brings_the_texts(tmp_path: Path) -> None:
    script = ROOT / "cmake" / "licence_texts.py"
    subprocess.run([sys.executable, script, tmp_path], check=True)
    wanted = {file.name: file.read_text("utf-8") for file in tmp_path.iterdir()}
    folder = PACKAGE / "licences"
    assert {file.name: file.read_text("utf-8") for file in folder.iterdir()} == wanted
    assert set(re.findall(r"`([\w-]+\.txt)`", TEXT)) == set(wanted)
    for name, part in {
        "arrow.txt": "xxHash Library",
        "nanobind.txt": "Redistributions in binary form must reproduce",
        "nlohmann-json.txt": "The above copyright notice and this permission notice",
        "openusd.txt": "TOMORROW OPEN SOURCE TECHNOLOGY LICENSE 1.0",
        "robin-map.txt": "The above copyright notice and this permission notice",
    }.items():
        assert part in wanted[name], name
