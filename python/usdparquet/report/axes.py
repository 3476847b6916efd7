"""Units and ticks of the charts: every tick says its unit, in a size that fits the figures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

# The units of a family and how many of the smallest each is.
_FAMILIES = (
    {"µs": 1.0, "ms": 1e3, "s": 1e6},
    {"bytes": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9},
)
_LOG_FROM = 10.0
"""Figures that span less than this factor are easier to read on a linear axis."""
_DECADES_FROM = 1_000.0
_PER = " per "

Axis = dict[str, Any]


def fitting_unit(unit: str, peak: float) -> tuple[str, float]:
    """The unit for figures of up to `peak`, and what to multiply them with.

    `unit` may go on with what it is counted by: `µs per value`.
    """
    name, per, counted = unit.partition(_PER)
    family = next((family for family in _FAMILIES if name in family), None)
    if family is None:
        return unit, 1.0
    peak *= family[name]
    fits = [other for other, size in family.items() if size <= peak] or list(family)[:1]
    return f"{fits[-1]}{per}{counted}", family[name] / family[fits[-1]]


def linear_axis(unit: str) -> Axis:
    """An axis from zero."""
    name, _, counted = unit.partition(_PER)
    axis: Axis = {"rangemode": "tozero", "tickformat": ",", "ticksuffix": f" {name}"}
    return axis | _title(f"per {counted}" if counted else "")


def log_axis(values: Iterable[float], unit: str) -> Axis:
    """A logarithmic axis for positive values; a linear one if they are close together."""
    known = [value for value in values if value > 0]
    low, high = min(known, default=1.0), max(known, default=1.0)
    if high / low < _LOG_FROM:
        return linear_axis(unit)
    # Far beyond the values, so that there are ticks wherever the reader moves to.
    powers = range(math.floor(math.log10(low)) - 3, math.ceil(math.log10(high)) + 4)
    steps = (1,) if high / low >= _DECADES_FROM else (1, 2, 5)
    ticks = [step * 10.0**power for power in powers for step in steps]
    counted = unit.partition(_PER)[2]
    axis: Axis = {
        "type": "log",
        "tickvals": ticks,
        "ticktext": [tick_text(tick, unit) for tick in ticks],
    }
    return axis | _title(f"per {counted}" if counted else "")


def count_axis(across: str) -> Axis:
    """A logarithmic axis of numbers of things, with a tick at each power of ten."""
    ticks = [10**power for power in range(10)]
    texts = [f"{tick:,}" for tick in ticks]
    return {"type": "log", "tickvals": ticks, "ticktext": texts} | _title(across)


def tick_text(value: float, unit: str) -> str:
    """A tick of a logarithmic axis, in the unit that suits it: `10 ms`, `1,000 s`."""
    shown, factor = fitting_unit(unit, value * (1 + 1e-9))
    return f"{value * factor:,.10g} {shown.partition(_PER)[0]}"


def _title(text: str) -> Axis:
    return {"title": {"text": text, "standoff": 10}} if text else {}
