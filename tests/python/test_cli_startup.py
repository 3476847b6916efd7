"""The commands load only what they need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# What makes reports and measures.
HEAVY = {"jinja2", "plotly", "psutil", "usdparquet.report", "usdparquet.bench.runner"}
PROGRAM = """
import sys
from usdparquet.cli import app
app(sys.argv[1:], standalone_mode=False)
print("loaded:", *sorted(sys.modules), file=sys.stderr)
"""


def modules_after(*arguments: object) -> set[str]:
    """The modules that are loaded when a command has run in a fresh process."""
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    last = done.stderr.splitlines()[-1].split()
    assert last[0] == "loaded:"
    return set(last[1:])


@pytest.mark.parametrize(
    "command", ["inspect", "validate", "query", "convert", "optimize", "recover"]
)
def test_commands_on_files_do_not_load_the_report(command: str, write, tmp_path: Path) -> None:
    file = write({"path": ["/A", "/B"], "cost": [1.0, 2.0]})
    targets = {"convert": ["out.usda"], "optimize": ["out.parquet"], "recover": ["out.parquet"]}
    arguments = [tmp_path / name for name in targets.get(command, [])]
    loaded = modules_after(command, file, *arguments)
    assert loaded & HEAVY == set()
    assert all(path.is_file() for path in arguments)


def test_only_convert_loads_openusd(write) -> None:
    file = write({"path": ["/A", "/B"], "cost": [1.0, 2.0]})
    assert "pxr" not in modules_after("query", file)
    assert "pxr" in modules_after("convert", file, file.with_name("out.usda"))


def test_report_loads_what_makes_reports(example_results, tmp_path: Path) -> None:
    example_results.save(tmp_path / "results.json")
    loaded = modules_after("report", tmp_path / "results.json", "-o", tmp_path / "page.html")
    assert loaded.issuperset({"jinja2", "plotly", "usdparquet.report"})
