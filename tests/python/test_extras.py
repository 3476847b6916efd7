"""What a bare installation can do, and what it says where the package of an extra is missing.

Packages are hidden from processes that are started here, and from theirs, as if they were not
installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from usdparquet._extras import EXTRAS

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
# All that is not Python's own, but for what usdparquet requires.
BARE = "all but numpy,pyarrow,usdparquet"
HIDE = """
import os, sys, types
from importlib.abc import MetaPathFinder

names = os.environ["HIDDEN"].removeprefix("all but ").split(",")
but = os.environ["HIDDEN"].startswith("all but ")


def is_hidden(name):
    top = name.partition(".")[0]
    if but:
        known = top in sys.stdlib_module_names or top.startswith("_sysconfigdata")
        return not known and top not in names
    return top in names


class Hides(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if is_hidden(name):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


if is_hidden("pxr"):
    # The folder is there all the same, with usdparquet's plugInfo.json.
    pxr = sys.modules["pxr"] = types.ModuleType("pxr")
    pxr.__path__ = []
sys.meta_path.insert(0, Hides())
"""
COMMAND = "from usdparquet._command import main; main()"


@pytest.fixture
def run(tmp_path: Path):
    """Run a program in a process that does not see packages, with its arguments."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(HIDE, "utf-8")

    def runner(hidden: str, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(site), "HIDDEN": hidden},
            capture_output=True,
            text=True,
            check=False,
        )

    return runner


def test_a_bare_installation_has_the_functions(run) -> None:
    program = """
import pyarrow as pa, usdparquet
rows = pa.table({"path": ["/A", "/B"], "cost": [1.5, 2.5]})
print(usdparquet.write_table(rows, "table.parquet").rows)
print(usdparquet.read_columns("table.parquet", ["cost"], ["/B"]).to_pydict())
ids = pa.table({"path": ["/A", "/B"], "id": ["a", "b"]})
keyed = pa.table({"key": ["b", "a"], "mass": [7, 8]})
print(usdparquet.bind(keyed, ids, "bound.parquet", key="key").join.matched_prims)
print(usdparquet.read_columns("bound.parquet", ["mass"]).to_pydict())
usdparquet.write_table(ids, "ids.parquet")
pa.parquet.write_table(keyed, "keyed.parquet")
joined = usdparquet.read_columns("keyed.parquet", ["mass"], key="key", ids="ids.parquet")
print(joined.to_pydict())
print(usdparquet.plugin_dir().name, sorted(usdparquet.cache_stats())[:1])
"""
    done = run(BARE, program)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "2",
        "{'path': ['/B'], 'cost': [2.5]}",
        "2",
        "{'path': ['/A', '/B'], 'mass': [8, 7]}",
        "{'path': ['/A', '/B'], 'mass': [8, 7]}",
        "plugin ['budget']",
    ]


@pytest.mark.parametrize(
    "call",
    [
        "ids('s.usda', 'name')",
        "id_candidates('s.usda')",
        "register()",
        "resolve_columns(None, ['cost'])",
    ],
)
def test_functions_that_need_openusd_say_so(run, call: str) -> None:
    program = f"""
import usdparquet
try:
    usdparquet.{call}
except ImportError as error:
    print(error)
"""
    done = run(BARE, program)
    told = "OpenUSD is not installed: pip install 'usdparquet[usd]' brings it\n"
    assert (done.stdout, done.stderr) == (told, "")


@pytest.mark.parametrize(
    ("hidden", "source", "told"),
    [(BARE, "table.parquet", ("duckdb", "cli")), ("pxr", "scene.usda", ("OpenUSD", "usd"))],
)
def test_find_prims_says_what_it_needs(
    run, tmp_path: Path, hidden: str, source: str, told: tuple[str, str]
) -> None:
    (tmp_path / "scene.usda").write_text("#usda 1.0\n", "utf-8")
    program = f"""
import usdparquet
try:
    usdparquet.find_prims({source!r}, "cost > 1")
except ImportError as error:
    print(error)
"""
    done = run(hidden, program)
    sentence = f"{told[0]} is not installed: pip install 'usdparquet[{told[1]}]' brings it\n"
    assert (done.stdout, done.stderr) == (sentence, "")


def test_the_command_without_its_packages_says_so(run) -> None:
    done = run(BARE, COMMAND, "inspect", "table.parquet")
    told = "usdparquet: typer is not installed: pip install 'usdparquet[cli]' brings it\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)


@pytest.mark.parametrize(
    ("hidden", "arguments", "told"),
    [
        ("pxr", ("convert", "table.parquet", "out.usda"), ("OpenUSD", "usd")),
        ("pxr", ("diff", "table.parquet", "scene.usda"), ("OpenUSD", "usd")),
        ("pxr", ("ids", "scene.usda"), ("OpenUSD", "usd")),
        ("pxr", ("table", "scene.usda", "--columns", "x"), ("OpenUSD", "usd")),
        (
            "pxr",
            ("query", "table.parquet", "--collection", "/A.collection:a", "-o", "a.usda"),
            ("OpenUSD", "usd"),
        ),
        ("pxr", ("bench",), ("OpenUSD", "usd")),
        ("duckdb", ("query", "table.parquet", "SELECT 1 FROM t"), ("duckdb", "cli")),
        ("python_calamine", ("convert", "book.xlsx", "out.csv"), ("python_calamine", "cli")),
        ("xlsxwriter", ("convert", "table.parquet", "out.xlsx"), ("xlsxwriter", "cli")),
        ("plotly", ("demo",), ("plotly", "bench")),
        ("jinja2", ("report", "results.json"), ("jinja2", "bench")),
    ],
)
def test_commands_say_which_extra_to_install(
    run, write, tmp_path: Path, hidden: str, arguments: tuple[str, ...], told: tuple[str, str]
) -> None:
    write({"path": ["/A", "/B"], "cost": [1.0, 2.0]})
    (tmp_path / "scene.usda").write_text("#usda 1.0\n", "utf-8")
    (tmp_path / "book.xlsx").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "results.json").write_text("{}", "utf-8")
    before = sorted(tmp_path.iterdir())
    done = run(hidden, COMMAND, *arguments)
    sentence = f"{told[0]} is not installed: pip install 'usdparquet[{told[1]}]' brings it\n"
    code = 2 if arguments[0] == "diff" else 1
    assert (done.returncode, done.stdout, done.stderr) == (code, "", sentence)
    assert sorted(tmp_path.iterdir()) == before


def test_tables_are_queried_and_inspected_without_openusd(run, write) -> None:
    file = write({"path": ["/A", "/B"], "cost": [1.0, 2.0]})
    done = run(
        "pxr", COMMAND, "query", file, "SELECT sum(cost) AS total FROM t", "--format", "json"
    )
    assert (json.loads(done.stdout), done.stderr) == ([{"total": 3.0}], "")
    done = run("pxr", COMMAND, "inspect", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cost" in done.stdout


def test_every_package_of_an_extra_is_known() -> None:
    modules = {"usd-core": "pxr", "python-calamine": "python_calamine"}
    extras = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["optional-dependencies"]
    found = {
        modules.get(package, package): name
        for name in ("usd", "cli", "bench", "spark")
        for package in (text.partition("=")[0].rstrip("><") for text in extras[name])
        if not package.startswith("usdparquet")
    }
    assert found == EXTRAS
