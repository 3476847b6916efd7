"""The folders of src are floors: each includes only what is below it (docs/architecture.md)."""

import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"

# From the ground up. Folders of one floor do not include each other.
FLOORS = [
    {"core/util"},
    {"core/sections", "core/schema"},
    {"core/pages"},
    {"core/index"},
    {"core/table"},
    {"core/check", "core/write"},
    {"bindings", "plugin/values"},
    {"plugin/read"},
    {"plugin/edit", "plugin/write"},
    {"plugin/format"},
]
FLOOR_OF = {folder: number for number, floor in enumerate(FLOORS) for folder in floor}
FILES = sorted(path for path in SOURCES.rglob("*") if path.suffix in {".cc", ".h"})


def forbidden_includes(folder: str, text: str) -> list[str]:
    """The includes of a file of ``folder`` that it may not have."""
    forbidden = []
    for included in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.MULTILINE):
        if included.startswith("pxr/"):
            if not folder.startswith("plugin/"):
                forbidden.append(included)
        elif included.startswith(("core/", "plugin/", "bindings/")):
            other = str(Path(included).parent)
            if other != folder and not FLOOR_OF[other] < FLOOR_OF[folder]:
                forbidden.append(included)
        elif included in {"Python.h"} or included.startswith("nanobind/"):
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
        ("core/table", "plugin/read/source.h"),
        ("plugin/read", "plugin/edit/layer_data.h"),
        ("plugin/edit", "plugin/write/export_plan.h"),
        ("bindings", "pxr/usd/sdf/path.h"),
        ("core/table", "Python.h"),
    ],
)
def test_upward_include_is_found(folder, include):
    assert forbidden_includes(folder, f'#include "{include}"\n') == [include]


def test_every_folder_says_what_it_is_for():
    for folder in FLOOR_OF:
        readme = (SOURCES / folder / "README.md").read_text().strip()
        assert readme.count(". ") == 0 and readme.endswith("."), f"{folder}: one sentence"
