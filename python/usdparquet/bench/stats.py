"""Figures over the samples of one measurement, and when two measurements differ."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Student's t for 95 %, two-sided, by degrees of freedom from 1 on: a handful of runs says less
# about its noise than many do.
_STUDENT_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14)


@dataclass(frozen=True)
class Summary:
    """Mean, spread and middle of some samples; `std` is the sample standard deviation."""

    mean: float
    std: float
    min: float
    max: float
    median: float
    count: int

    @property
    def standard_error(self) -> float:
        """The uncertainty of the mean."""
        return self.std / math.sqrt(self.count)


def summarize(samples: Sequence[float]) -> Summary:
    """The summary of at least one sample; the spread of a single one is 0."""
    if not samples:
        raise ValueError("no samples to summarize")
    return Summary(
        mean=statistics.fmean(samples),
        std=statistics.stdev(samples) if len(samples) > 1 else 0.0,
        min=min(samples),
        max=max(samples),
        median=statistics.median(samples),
        count=len(samples),
    )


def differ(first: Summary, second: Summary) -> bool:
    """Whether the means lie further apart than their noise, with 95 % confidence.

    The degrees of freedom are those of the smaller measurement, which errs on the careful side. Of
    single samples no noise is known, so they never differ.
    """
    freedom = min(first.count, second.count) - 1
    if freedom < 1:
        return False
    factor = _STUDENT_T[min(freedom, len(_STUDENT_T)) - 1]
    noise = math.hypot(first.standard_error, second.standard_error)
    return abs(first.mean - second.mean) > factor * noise


def difference(first: Summary, second: Summary) -> Summary:
    """`first` minus `second` as independent measurements: the spreads add up."""
    return Summary(
        mean=first.mean - second.mean,
        std=math.hypot(first.std, second.std),
        min=first.min - second.max,
        max=first.max - second.min,
        median=first.median - second.median,
        count=min(first.count, second.count),
    )
