"""A few files of the second mutator, on every run (docs/testing.md)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

MUTATOR = Path(__file__).parents[1] / "second_mutator"


def test_a_few_files_bring_no_finding() -> None:
    """How many are run depends on the machine; which ones does not."""
    command = [sys.executable, MUTATOR, "--seed", "2", "--executions", "30", "--seconds", "60"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    found = re.search(r"^(\d+) executions of 27 files .*\n0 findings$", result.stdout, re.MULTILINE)
    assert found, result.stdout
    assert int(found[1]) >= 1
