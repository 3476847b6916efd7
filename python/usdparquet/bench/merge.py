"""Puts the results of several runs together, so that one report can show scales measured apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from usdparquet.bench.results import Results, ResultsError, position

# What must be equal before figures of two runs may share a table.
_MACHINE = ("cpu", "usable_cores", "system", "python", "cache_mb")
_PACKAGES = ("usdparquet", "usd-core", "pyarrow", "numpy")
# Options that list what was measured; the merged plan has those of all runs.
_LISTS = ("prims", "hierarchies", "formats", "tests")


def merge_results(runs: Sequence[tuple[str, Results]]) -> Results:
    """One `Results` of runs that measured different things on the same machine.

    `runs` are pairs of a name for messages, such as a file name, and results. `ResultsError` if the
    machine or the versions differ, or if two runs measured the same thing: their samples were not
    taken in turns, so they do not make one measurement.
    """
    (first_name, first), *others = runs
    if not others:
        return first
    merged = Results(dict(first.environment), dict(first.plan))
    owners: dict[tuple[object, ...], int] = {}
    for number, (name, run) in enumerate(runs):
        _require_same_machine(first_name, first, name, run)
        for entry in run.measurements:
            # By number, because one file may be given twice.
            owner = owners.setdefault(entry.key, number)
            if owner != number:
                raise ResultsError(
                    f"{runs[owner][0]} and {name} both measured {entry.test} of {entry.format} at "
                    f"{entry.scale:,} prims, {entry.hierarchy}; "
                    "compare them with --compare instead"
                )
        merged.measurements += run.measurements
        merged.series += run.series
        merged.refused += run.refused
        merged.reduced += run.reduced
        merged.parts += run.runs
    merged.measurements.sort(key=position)
    for option in _LISTS:
        values = [value for _, run in runs for value in run.plan.get(option, [])]
        merged.plan[option] = list(dict.fromkeys(values))
    return merged


def _require_same_machine(first_name: str, first: Results, name: str, run: Results) -> None:
    before, after = _identity(first.environment), _identity(run.environment)
    different = [
        f"{key}: {before.get(key)} and {after.get(key)}"
        for key in before
        if before.get(key) != after.get(key)
    ]
    if different:
        raise ResultsError(
            f"{first_name} and {name} do not belong into one report: {'; '.join(different)}"
        )


def _identity(environment: dict[str, Any]) -> dict[str, Any]:
    versions = environment.get("versions", {})
    machine = {key: environment.get(key) for key in _MACHINE}
    return machine | {name: versions.get(name) for name in _PACKAGES}
