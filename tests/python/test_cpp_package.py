"""C++ programs outside of the project build with what is installed and run (docs/cpp.md)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from cmake_runs import one_line, run_cmake
from test_documents import blocks

import usdparquet

SOURCES = Path(__file__).parents[2] / "src"
MARK = "/// Part of the C++ interface, which is installed (docs/cpp.md)."


def configure(folder: Path, *options: object) -> subprocess.CompletedProcess[str]:
    """Configures the example of docs/cpp.md in a folder, with Ninja."""
    example = dict(blocks("cpp.md"))
    (folder / "CMakeLists.txt").write_text(example["cmake"])
    (folder / "costs.cc").write_text(example["cpp"])
    found = f"-Dusdparquet_DIR={usdparquet.cmake_dir()}"
    return run_cmake(folder, "-S", ".", "-B", "build", "-G", "Ninja", found, *options)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example, configured."""
    folder = tmp_path_factory.mktemp("costs")
    done = configure(folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_example_of_the_document_builds_and_runs(example: Path) -> None:
    done = run_cmake(example, "--build", "build")
    assert done.returncode == 0, done.stdout
    done = subprocess.run(
        [example / "build" / "costs"], cwd=example, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == dict(blocks("cpp.md"))["text"]
    # What it wrote is a layer.
    read = usdparquet.read_columns(example / "costs.parquet")
    assert read.to_pydict() == {
        "path": ["/World/Wall_1", "/World/Wall_2", "/World/Door"],
        "cost": [120.5, 75.0, 80.0],
    }
    assert str(read.schema.field("cost").type) == "float"


def test_a_missing_arrow_is_said(example: Path) -> None:
    done = configure(example, "-Dusdparquet_PYARROW_DIR=/nowhere")
    assert done.returncode != 0
    said = r"of pyarrow [\d.]+, and /nowhere has no libarrow\.so\.\d+: pip install"
    assert re.search(said, one_line(done.stderr))


def test_what_is_installed_is_what_says_so() -> None:
    """And it includes nothing else of the project."""
    include = usdparquet.cmake_dir().parent / "include" / "usdparquet"
    marked = {
        str(path.relative_to(SOURCES / "core")): path.read_text()
        for path in (SOURCES / "core").rglob("*.h")
        if MARK in path.read_text()
    }
    installed = {str(path.relative_to(include)): path.read_text() for path in include.rglob("*.*")}
    assert installed == {
        name: text.replace('#include "core/', '#include "usdparquet/')
        for name, text in marked.items()
    }
    for name, text in marked.items():
        included = set(re.findall(r'#include "core/(.*)"', text))
        assert included <= set(marked), f"{name} includes what is not public"
    # The table of the document names them all.
    documented = (Path(__file__).parents[2] / "docs" / "cpp.md").read_text()
    assert set(re.findall(r"`usdparquet/([\w/]+\.h)`", documented)) == set(marked)
