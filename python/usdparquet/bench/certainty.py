"""Which samples would only confirm what the earlier rounds have shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from usdparquet.bench.plan import BenchOptions, Sample
from usdparquet.bench.protocol import Answer
from usdparquet.bench.stats import student_t, summarize


def uncertain(
    options: BenchOptions, samples: list[Sample], answer: Callable[[Sample], Answer | None]
) -> list[Sample]:
    """Those of a round whose times are not known well enough from the rounds before it."""
    if options.certain_within <= 0:
        return samples
    return [each for each in samples if not _is_certain(options, each, answer)]


def _is_certain(
    options: BenchOptions, sample: Sample, answer: Callable[[Sample], Answer | None]
) -> bool:
    times: dict[str, list[float]] = {}
    for run in range(sample.run):
        before = answer(replace(sample, run=run))
        for test, step in before.steps.items() if before else ():
            if (time := step.metrics.get("time_ms")) is not None:
                times.setdefault(test, []).append(time)
    return bool(times) and all(
        len(each) >= options.min_runs and _uncertainty(each) <= options.certain_within
        for each in times.values()
    )


def _uncertainty(times: Sequence[float]) -> float:
    """Half the width of the mean's interval of 95 % confidence, as a share of the mean."""
    known = summarize(times)
    if known.count < 2 or known.mean <= 0:
        return math.inf
    return student_t(known.count) * known.standard_error / known.mean
