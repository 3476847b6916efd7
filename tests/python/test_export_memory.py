"""An export holds a part of the table at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "export_memory.py"


def test_memory_does_not_grow_with_the_table() -> None:
    options = ["--prims", "1500", "--columns", "1", "--elements", "100000", "--cache-mb", "8"]
    command = [sys.executable, str(PROGRAM), *options]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = json.loads(output)
    assert found["table"] == 600_000_000
    # A row group and what is encoded of it: 260 to 310 MB, as the threads meet. Holding the table
    # would be twice that.
    assert found["growth"] < 0.7 * found["table"], found
