"""Figures over the samples of one measurement, and when two measurements differ."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

# Student's t, two-sided, by degrees of freedom from 1 on: a handful of runs says less about its
# noise than many do.
_STUDENT_T = {
    95: (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14),
    99: (63.66, 9.92, 5.84, 4.60, 4.03, 3.71, 3.50, 3.36, 3.25, 3.17, 3.11, 3.05, 3.01, 2.98),
}


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


def differ(first: Summary, second: Summary, confidence: int = 95) -> bool:
    """Whether the means lie further apart than their noise, with 95 or 99 % confidence.

    The degrees of freedom are those of the smaller measurement, which errs on the careful side.
    The noise of a single sample is not known, so single samples never differ.
    """
    count = min(first.count, second.count)
    noise = math.hypot(first.standard_error, second.standard_error)
    return count > 1 and abs(first.mean - second.mean) > student_t(count, confidence) * noise


def is_above_zero(summary: Summary, confidence: int = 95) -> bool:
    """Whether the mean lies further above zero than its noise; never for a single sample."""
    noise = summary.standard_error
    return summary.count > 1 and summary.mean > student_t(summary.count, confidence) * noise


def student_t(count: int, confidence: int = 95) -> float:
    """Student's t, two-sided with 95 or 99 %, for the mean of `count` samples, two or more."""
    quantiles = _STUDENT_T[confidence]
    return quantiles[min(count - 1, len(quantiles)) - 1]


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


def scaled(summary: Summary, factor: float) -> Summary:
    """The same in another unit."""
    figures = {name: value * factor for name, value in vars(summary).items() if name != "count"}
    return replace(summary, **figures)


@dataclass(frozen=True)
class PowerLaw:
    """`value = factor * scale ** slope`, fitted to points in logarithms."""

    slope: float
    factor: float
    deviation: float
    """The largest ratio between a point and the law; 1 where the law goes through all points."""
    points: int

    def at(self, scale: float) -> float:
        """The value at a scale."""
        return float(self.factor * scale**self.slope)


def fit_power_law(points: Sequence[tuple[float, float]]) -> PowerLaw | None:
    """The law through points of scale and value; None with one scale or a value <= 0."""
    if len({scale for scale, _ in points}) < 2 or any(value <= 0 for _, value in points):
        return None
    scales = [math.log(scale) for scale, _ in points]
    values = [math.log(value) for _, value in points]
    slope, intercept = statistics.linear_regression(scales, values)
    residuals = [
        abs(value - intercept - slope * scale) for scale, value in zip(scales, values, strict=True)
    ]
    return PowerLaw(slope, math.exp(intercept), math.exp(max(residuals)), len(points))
