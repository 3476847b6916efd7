"""How many runs a format gets: all that were asked for, unless they take too long."""

from __future__ import annotations

from usdparquet.bench.formats import FORMATS
from usdparquet.bench.plan import BenchOptions, SceneBlock, round_samples, warmup_samples
from usdparquet.bench.results import Reduction


class TimeBudget:
    """The time that each format has taken in one scene.

    A format stops when another run would take it over the budget, but not before the smallest
    number of runs. What it took is counted from the samples, also over an interruption.
    """

    def __init__(
        self,
        options: BenchOptions,
        prims: int,
        hierarchy: str,
        variant: str,
        runs: int,
        factor: int = 1,
    ) -> None:
        self.runs = runs
        self._seconds = options.budget * factor
        self._min_runs = options.min_runs
        self._place = (prims, hierarchy, variant)
        self._spent: dict[str, float] = {}

    def spend(self, name: str, seconds: float) -> None:
        """Count one sample."""
        self._spent[name] = self._spent.get(name, 0.0) + seconds

    def exhausted(self, formats: list[str], run: int) -> list[str]:
        """The formats that stop before run number `run`, counted from 0."""
        if run < self._min_runs:
            return []
        return [
            name for name in formats if self._spent.get(name, 0.0) * (run + 1) / run > self._seconds
        ]

    def reduction(self, name: str, runs: int) -> Reduction:
        """What the results record about a format that was stopped after `runs`."""
        seconds = round(self._spent[name] / runs, 1)
        return Reduction(*self._place, name, runs, self.runs, seconds)


def expected_weight(options: BenchOptions, block: SceneBlock) -> float:
    """Roughly the seconds that a scene will take."""
    total = sum(sample.weight for sample in warmup_samples(options, block, block.formats))
    for name in FORMATS:
        if name not in block.formats:
            continue
        # Only the first rounds have series and cold loads.
        first = sum(sample.weight for sample in round_samples(options, block, [name], 0))
        if first == 0:
            continue
        runs = max(options.min_runs, min(block.runs, int(options.budget / first)))
        total += sum(
            sample.weight
            for run in range(min(runs, block.runs))
            for sample in round_samples(options, block, [name], run)
        )
    return total
