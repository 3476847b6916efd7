"""What applications do with layers gives the same texts, notices and errors in both formats.

The situations are in `situations_*.py`. Each format, USDC and Parquet, has a process of its own,
which goes through all of them in the same order. Where the formats are meant to differ, the
situation says what each does.
"""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys

import pytest
import situations
from situation_table import SITUATIONS

NAMES = [situation.__name__ for situation in SITUATIONS]
FORMATS = ("usdc", "parquet")

# OpenUSD composes in parallel, and the instance that it comes to first is the one whose changes
# concern the prototype too: with one thread it is always the same one, in either format.
ENVIRONMENT = {**os.environ, "PXR_WORK_THREAD_LIMIT": "1"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[str]]]:
    """By format and situation, what was seen."""
    folder = tmp_path_factory.mktemp("situations")
    found: dict[str, dict[str, list[str]]] = {}
    for suffix in FORMATS:
        command = [sys.executable, situations.__file__, suffix, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        found[suffix] = {answer["name"]: answer["said"] for answer in answers}
        assert done.returncode == 0, f"{suffix}, after {list(found[suffix])[-1:]}: {done.stderr}"
    return found


def test_there_are_many() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_a_situation(seen: dict[str, dict[str, list[str]]], name: str) -> None:
    theirs, ours = ("\n".join(seen[suffix][name]).splitlines() for suffix in FORMATS)
    assert theirs, "nothing was seen"
    assert not [line for line in theirs if line.startswith("exception: ")]
    difference = difflib.unified_diff(theirs, ours, *FORMATS, lineterm="", n=2)
    assert theirs == ours, "\n".join(difference)
