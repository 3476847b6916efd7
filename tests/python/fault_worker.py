"""A process whose calls fail, for test_faults.py.

Usage: fault_worker.py FOLDER POINTS SCENARIO ...

Does each scenario again and again. In each turn another call fails: POINTS of each kind in even
steps (0: all), and four times as many allocations. Writes a line of JSON before and after each
turn.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fault_scenarios import SCENARIOS, Scenario
from faulty_calls import FAULTS, Fault, FaultyCalls
from pxr import Tf


def errors_of(error: BaseException) -> list[str]:
    """The texts of what was raised."""
    if isinstance(error, BaseExceptionGroup):
        return [text for part in error.exceptions for text in errors_of(part)]
    if isinstance(error, Tf.ErrorException):
        return [item.commentary for item in error.args]
    return [str(error) or type(error).__name__]


def attempt(scenario: Scenario, calls: FaultyCalls, fault: Fault | None, number: int) -> Any:
    """One turn: how many calls failed, the errors and the verdict."""
    scenario.start()
    errors: list[str] = []
    calls.start(fault, number)
    try:
        scenario.act()
    except Exception as error:
        failed = calls.stop()
        errors = errors_of(error)
    else:
        failed = calls.stop()
    verdict = scenario.verdict(errors)
    if not fault or fault.kind != "remove":
        scenario.check_folder()
    return failed, errors, verdict


def steps(count: int, points: int) -> list[int]:
    """`points` of `count` numbers in even steps, with the first and the last."""
    if points == 0 or count <= points:
        return list(range(count))
    return sorted({round(i * (count - 1) / (points - 1)) for i in range(points)})


def say(**entries: object) -> None:
    print(json.dumps(entries), flush=True)


def run(name: str, folder: Path, points: int) -> None:
    """One scenario, with each fault."""
    scenario, calls = SCENARIOS[name](folder), FaultyCalls(folder)
    scenario.give()
    calls.find_libraries()
    assert attempt(scenario, calls, None, -1)[2] == "right"
    for fault in FAULTS:
        smallest = SMALLEST.get(name, 1 << 60)
        if (name, fault.kind) in OPENUSD_ALONE or 0 < fault.smallest < smallest:
            continue
        # Counts only: no call has that number.
        never = Fault(fault.kind, "once", 0, fault.smallest)
        assert attempt(scenario, calls, never, 1 << 60)[2] == "right"
        count = calls.count(fault.kind)
        for number in steps(count, 4 * points if fault.smallest else points):
            place = {"scenario": name, "fault": str(fault), "number": number, "of": count}
            say(**place, begins=True)
            failed, errors, verdict, problem = 1, [], "", ""
            try:
                failed, errors, verdict = attempt(scenario, calls, fault, number)
                is_harmless = str(fault) in HARMLESS and name not in OPENUSD_WRITES
                if failed and is_harmless and verdict != "right":
                    problem = "must be right"
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            say(**place, failed=failed, errors=errors, verdict=verdict, problem=problem)


def main(folder: Path, points: int, names: list[str]) -> None:
    for number, name in enumerate(names):
        say(scenario=name, begins=True)
        run(name, folder / str(number), points)
    say(done=True)


# Where allocations fail: of any size, or large ones.
LARGE_ONLY = ("read_columns", "query", "validate")
SMALLEST = dict.fromkeys(LARGE_ONLY, 4096)
# Not where columns are written: Arrow's dictionary encoder looks for ever for a place in its table
# if that could not grow.
SMALLEST.update({name: 1 for name in SCENARIOS if name.startswith("layer")})
# OpenUSD maps a file with a crate in it once more, and its CrateFile::_MmapAsset adds an offset to
# the address before it looks whether there is one: the process ends.
CRATES = [name for name in SCENARIOS if "crate" in name or name == "convert to Parquet"]
# Its writer says that a write succeeded which failed; only a file that is cut is found out.
OPENUSD_ALONE = {(name, kind) for name in CRATES for kind in ("map", "write")}
# OpenUSD's own writer of crate files gives up where a call was interrupted or did a part.
OPENUSD_WRITES = {"convert to USDC", "convert to Parquet", "save, crate residual"}
OPENUSD_WRITES |= {"export, crate residual", "export, crate file"}
# What a program goes on after.
HARMLESS = {str(fault) for fault in FAULTS if fault.how == "short" or "EINTR" in str(fault)}

if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
