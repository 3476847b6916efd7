"""What changed between two runs beyond their noise."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from usdparquet.bench.formats import BARE_FORMAT, FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Measurement, Results
from usdparquet.bench.stats import differ
from usdparquet.report.formatting import quantity, spread

# Formats that this package has no part in: if they change, the machine did.
_CONTROLS = (REFERENCE_FORMAT, BARE_FORMAT)
_SMALLEST_SHARE = 0.05
_SMALLEST_MB = 0.1


@dataclass(frozen=True)
class Change:
    """A measurement that changed."""

    test: str
    scene: str
    format: str
    metric: str
    before: str
    after: str
    percent: float

    @property
    def is_better(self) -> bool:
        """Lower is better in every metric."""
        return self.percent < 0


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side."""

    old_date: str
    changes: list[Change]
    compared: int
    drift_percent: float
    """The median change of the times of USDC and the bare stage."""
    spread_percent: float
    """The noise between the runs: nine of ten of those times changed by less, either way."""
    differences: list[str]
    """What else was different: versions, processor, options."""


def compare(old: Results, new: Results) -> Comparison:
    """Compare every measurement that both runs have.

    A change counts if the samples differ with 99 % confidence and it is larger than what the
    control formats, which cannot have changed, moved by between the runs.
    """
    before = {entry.key: entry for entry in old.measurements}
    pairs = [(before[entry.key], entry) for entry in new.measurements if entry.key in before]
    drift, between = _control(pairs)
    changes = [
        change
        for first, second in pairs
        if second.format not in _CONTROLS and (change := _change(first, second, between))
    ]
    changes.sort(key=lambda change: -abs(change.percent))
    return Comparison(
        old_date=str(old.environment.get("date", "")),
        changes=changes,
        compared=sum(1 for _, second in pairs if second.format not in _CONTROLS),
        drift_percent=100 * math.expm1(drift),
        spread_percent=100 * math.expm1(between),
        differences=_differences(old, new),
    )


def _control(pairs: list[tuple[Measurement, Measurement]]) -> tuple[float, float]:
    """Drift and noise of the times of the control formats, as logarithms of ratios."""
    moves = [
        math.log(second.summary.mean / first.summary.mean)
        for first, second in pairs
        if second.format in _CONTROLS
        and second.metric == "time_ms"
        and first.summary.mean > 0
        and second.summary.mean > 0
    ]
    if not moves:
        return 0.0, math.log1p(_SMALLEST_SHARE)
    sizes = sorted(abs(move) for move in moves)
    within = sizes[min(len(sizes) - 1, math.ceil(0.9 * len(sizes)) - 1)]
    return statistics.median(moves), max(within, math.log1p(_SMALLEST_SHARE))


def _change(first: Measurement, second: Measurement, between: float) -> Change | None:
    old, new = first.summary, second.summary
    is_exact = second.metric == "bytes"
    if old.mean == new.mean or not (is_exact or differ(old, new, confidence=99)):
        return None
    if second.unit == "MB" and abs(new.mean - old.mean) < _SMALLEST_MB:
        return None
    if old.mean <= 0 or new.mean <= 0:
        # A change from or to nothing has no ratio.
        return None
    move = math.log(new.mean / old.mean)
    if not is_exact and abs(move) <= between:
        return None
    scene = f"{second.scale:,} {second.hierarchy}"
    if second.variant:
        scene += f", {second.variant}"
    return Change(
        test=second.test,
        scene=scene,
        format=FORMATS[second.format].title if second.format in FORMATS else second.format,
        metric=second.metric,
        before=f"{quantity(old.mean, first.unit)} {spread(old, first.unit)}".strip(),
        after=f"{quantity(new.mean, second.unit)} {spread(new, second.unit)}".strip(),
        percent=100 * (new.mean / old.mean - 1),
    )


def _differences(old: Results, new: Results) -> list[str]:
    found = []
    for name in ("cpu", "usable_cores", "system", "python", "governor", "cache_mb"):
        before, after = old.environment.get(name), new.environment.get(name)
        if before != after:
            found.append(f"{name}: {before} → {after}")
    versions = (old.environment.get("versions", {}), new.environment.get("versions", {}))
    for name in sorted({*versions[0], *versions[1]}):
        before, after = versions[0].get(name), versions[1].get(name)
        if before != after:
            found.append(f"{name}: {before} → {after}")
    return found
