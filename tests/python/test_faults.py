"""Calls of the system fail, one by one, at every point of what usdparquet does.

What may come of it is in fault_scenarios.py; the calls are those of tests/cpp/faulty.
USDPARQUET_FAULTS=0 has every call fail; another number, so many of each kind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fault_worker
import faulty_calls
import pytest
from fault_scenarios import READS, SCENARIOS, WRITES

POINTS = int(os.environ.get("USDPARQUET_FAULTS", "3"))
TIMEOUT = 600 if POINTS else 4 * 3600

Turns = dict[str, list[dict[str, Any]]]

pytestmark = pytest.mark.skipif(
    not faulty_calls.library().exists() and os.environ.get("CI") != "true",
    reason=f"{faulty_calls.library()} is not built (cmake --build build/wheel)",
)

# A process each; what is mapped can't fail with an errno.
GROUPS: list[tuple[list[str], dict[str, str]]] = [
    (list(READS), {"USDPARQUET_USE_PREAD": "1"}),
    ([name for name in WRITES if "save" in name], {}),
    ([name for name in WRITES if "save" not in name and "crate file" not in name], {}),
    (["export, crate file"], {"PXR_AR_DISABLE_PLUGIN_URI_RESOLVERS": "1"}),
]


def run_group(names: list[str], folder: Path, settings: dict[str, str]) -> Turns:
    """What came of each turn, by scenario. A process that ends is a turn, and the next goes on."""
    found: Turns = defaultdict(list)
    while names:
        command = [sys.executable, fault_worker.__file__, str(folder / str(len(names)))]
        done = subprocess.run(
            [*command, str(POINTS), *names],
            env={**faulty_calls.environment(), **settings},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert lines, done.stderr
        for line in lines:
            if "problem" in line:
                found[line["scenario"]].append(line)
        last = lines[-1]
        if done.returncode == 0 and last.get("done"):
            break
        problem = f"the process ended, {done.returncode}: {done.stderr[-2000:]}"
        found[last["scenario"]].append({**last, "failed": 1, "verdict": "", "problem": problem})
        names = names[names.index(last["scenario"]) + 1 :]
    return found


@pytest.fixture(scope="module")
def turns(tmp_path_factory: pytest.TempPathFactory) -> Turns:
    """What came of all scenarios."""
    folder = tmp_path_factory.mktemp("faults")
    with ThreadPoolExecutor(2) as pool:
        groups = [
            pool.submit(run_group, names, folder / str(number), settings)
            for number, (names, settings) in enumerate(GROUPS)
        ]
        return {name: found for group in groups for name, found in group.result().items()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_fault_is_right_refused_or_dirty(name: str, turns: Turns, tally: list[str]) -> None:
    """No turn may have a problem; what came of them is told."""
    failed = [turn for turn in turns[name] if turn["failed"]]
    assert [turn for turn in failed if turn["problem"]] == []
    assert failed
    outcomes = Counter(turn["verdict"] for turn in failed)
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(outcomes.items()))
    tally.append(f"faults, {name}: {len(failed)} injected: {told}")


def test_all_faults(turns: Turns, tally: list[str]) -> None:
    """Each kind of fault is met somewhere."""
    failed = [turn for found in turns.values() for turn in found if turn["failed"]]
    assert {turn["fault"] for turn in failed} == {str(fault) for fault in faulty_calls.FAULTS}
    tally.append(f"faults: {len(failed)} injected in all")
