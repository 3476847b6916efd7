"""Folders are floors: each uses only what is below it (docs/architecture.md).

The same goes for src, by the includes, and for the Python package, by the imports.
"""

import ast
import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"

# From the ground up. Folders of one floor do not include each other.
FLOORS = [
    # The selector stands by itself: it is loaded where neither Arrow nor the right OpenUSD is.
    {"selector", "core/util"},
    {"core/sections", "core/schema"},
    {"core/pages"},
    {"core/index"},
    {"core/table"},
    {"core/dataset"},
    {"core/check", "core/color", "core/write"},
    {"core/recover"},
    {"bindings", "plugin/values"},
    {"plugin/read"},
    {"plugin/edit", "plugin/write"},
    {"plugin/format"},
    {"plugin/resolve"},
]
FLOOR_OF = {folder: number for number, floor in enumerate(FLOORS) for folder in floor}
FILES = sorted(path for path in SOURCES.rglob("*") if path.suffix in {".cc", ".h"})


def part_of(folder: str) -> str:
    """The folder of src that ``folder`` is in: core, plugin, bindings or selector."""
    return folder.split("/")[0]


def forbidden_includes(folder: str, text: str) -> list[str]:
    """The includes of a file of ``folder`` that it may not have."""
    forbidden = []
    for included in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.MULTILINE):
        if included.startswith("pxr/"):
            if not folder.startswith("plugin/"):
                forbidden.append(included)
        elif included.startswith(("arrow/", "parquet/")):
            if folder == "selector":
                forbidden.append(included)
        elif included.startswith(("core/", "plugin/", "bindings/", "selector/")):
            other = str(Path(included).parent)
            # Plugin and bindings stand side by side on core: neither is the floor of the other.
            is_open = part_of(other) in {"core", part_of(folder)}
            if other != folder and not (is_open and FLOOR_OF[other] < FLOOR_OF[folder]):
                forbidden.append(included)
        elif included == "Python.h" or included.startswith(("pybind11/", "nanobind/")):
            if folder != "bindings":
                forbidden.append(included)
        else:
            # A file of the project is named from src on, so that its floor can be read.
            here = SOURCES / folder / included
            if here.is_file():
                forbidden.append(included)
    return forbidden


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCES)))
def test_includes_only_what_is_below(path):
    folder = str(path.parent.relative_to(SOURCES))
    assert folder in FLOOR_OF, f"{folder} is on no floor"
    assert forbidden_includes(folder, path.read_text()) == []


@pytest.mark.parametrize(
    ("folder", "include"),
    [
        ("core/util", "core/pages/page.h"),
        ("core/sections", "core/schema/schema.h"),
        ("core/index", "core/table/table.h"),
        ("core/check", "core/write/table_writer.h"),
        ("core/write", "core/recover/recover_file.h"),
        ("core/table", "plugin/read/source.h"),
        ("plugin/read", "plugin/edit/layer_data.h"),
        ("plugin/edit", "plugin/write/export_plan.h"),
        ("bindings", "pxr/usd/sdf/path.h"),
        ("core/table", "Python.h"),
        ("plugin/read", "bindings/bindings.h"),
        ("plugin/format", "bindings/bindings.h"),
        ("core/check", "bindings/bindings.h"),
        ("bindings", "plugin/values/value_types.h"),
        ("bindings", "plugin/format/file_format.h"),
        ("core/write", "plugin/values/value_types.h"),
        ("plugin/values", "pybind11/pybind11.h"),
        ("core/util", "nanobind/nanobind.h"),
        ("selector", "core/util/export.h"),
        ("selector", "arrow/status.h"),
        ("selector", "pxr/pxr.h"),
        ("plugin/format", "selector/process.h"),
        ("core/table", "selector/process.h"),
    ],
)
def test_upward_include_is_found(folder, include):
    assert forbidden_includes(folder, f'#include "{include}"\n') == [include]


# Whoever brings the project to another system or processor reads these, and no other file.
OF_THE_SYSTEM = {
    "bindings/interrupting.cc": {"poll.h", "pthread.h", "unistd.h"},
    "core/util/crc32.cc": {"immintrin.h"},
    "core/util/system_calls.cc": {"fcntl.h", "sys/file.h", "sys/mman.h", "sys/stat.h", "unistd.h"},
    "plugin/resolve/python_cache.cc": {"dlfcn.h"},
    "selector/process.cc": {"dirent.h", "dlfcn.h", "link.h"},
}


def test_calls_of_the_system_are_in_one_file_each():
    found = {}
    for path in FILES:
        headers = set(re.findall(r"^#include <([\w/]+\.h)>", path.read_text(), re.MULTILINE))
        ours = r"(arrow|parquet|pxr|nanobind)/|Python\.h"
        own = {name for name in headers if not re.match(ours, name)}
        if own:
            found[str(path.relative_to(SOURCES))] = own
    assert found == OF_THE_SYSTEM


def test_every_folder_says_what_it_is_for():
    for folder in FLOOR_OF:
        readme = (SOURCES / folder / "README.md").read_text().strip()
        assert readme.count(". ") == 0 and readme.endswith("."), f"{folder}: one sentence"


PACKAGE = Path(__file__).parents[2] / "python" / "usdparquet"
# The modules of the package itself are the ground floor, but for the writer of benchmark scenes;
# what ids are, and how they are matched, knows nothing of files and lies below, and so does what
# says which extra brings a package. The front of the package names what is public, wherever it is.
PYTHON_FLOORS = {
    "_extras": -2,
    "identifiers": -1,
    "": 0,
    "tables": 1,
    "__init__": 2,
    "bench": 1,
    "generate": 1,
    "report": 2,
    "spark": 2,
    "cli": 3,
    "_command": 4,
    "__main__": 5,
}
NEIGHBOURS = {("bench", "generate"), ("generate", "bench")}
MODULES = sorted(PACKAGE.rglob("*.py"))


def python_folder(parts: tuple[str, ...]) -> str:
    """The folder of a module, or its own name if it is a floor, from its parts in the package."""
    if parts[-1:] == ("__main__",):  # what `python -m` starts, of a folder too
        return "__main__"
    return parts[0] if parts and parts[0] in PYTHON_FLOORS else ""


def forbidden_imports(module: tuple[str, ...], text: str) -> list[str]:
    """The imports of a module that it may not have; ``module`` is its place in the package."""
    here = python_folder(module)
    forbidden = []
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ["usdparquet", *module[: len(module) - node.level]] if node.level else []
            base += node.module.split(".") if node.module else []
            names = [".".join([*base, alias.name]) for alias in node.names]
        for name in names:
            package, *inside = name.split(".")
            there = python_folder(tuple(inside))
            if package != "usdparquet" or there == here or (here, there) in NEIGHBOURS:
                continue
            if not PYTHON_FLOORS[there] < PYTHON_FLOORS[here]:
                forbidden.append(name)
    return forbidden


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_what_is_below(path):
    module = path.relative_to(PACKAGE).with_suffix("").parts
    assert len(module) == 1 or module[0] in PYTHON_FLOORS, f"{module[0]} is on no floor"
    assert forbidden_imports(module, path.read_text()) == []


@pytest.mark.parametrize(
    ("module", "line", "name"),
    [
        (("tables", "query"), "from usdparquet.cli.console import DASH", "cli.console.DASH"),
        (("tables", "query"), "import usdparquet.bench.stats", "bench.stats"),
        (("bench", "stats"), "from usdparquet import report", "report"),
        (("report", "charts"), "def f():\n    from ..cli import app", "cli.app"),
        (("_read",), "from .tables.where import Column", "tables.where.Column"),
    ],
)
def test_upward_import_is_found(module, line, name):
    assert forbidden_imports(module, f"{line}\n") == [f"usdparquet.{name}"]
