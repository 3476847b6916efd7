"""How figures are written, in the printed table and in the report alike."""

from __future__ import annotations

from usdparquet.bench.formats import FORMATS
from usdparquet.bench.stats import Summary
from usdparquet.bench.summary import TIE

# Escapes, because in most fonts these look like other characters.
DASH = "\u2013"
TIMES_SIGN = "\u00d7"
TOO_SMALL = "too small to tell"
"""Stands for a share that cannot be told from zero."""

_LARGER_UNITS = {"ms": "s", "MB": "GB"}


def number(value: float) -> str:
    """Three significant digits, and whole numbers above a thousand."""
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 1:
        return f"{value:.2f}"
    if size >= 0.0005:
        return f"{value:.3f}"
    return "0" if size < 1e-9 else f"{value:.1g}"


def quantity(value: float, unit: str) -> str:
    """A figure with its unit; bytes are shown as MB, long times in seconds, much as GB."""
    shown, factor = _shown_unit(value, unit)
    return f"{number(value * factor)} {shown}"


def spread(summary: Summary, unit: str) -> str:
    """The standard deviation to put after a mean, in its unit; empty for a single sample."""
    if summary.count < 2:
        return ""
    shown, factor = _shown_unit(summary.mean, unit)
    return f"± {number(summary.std * factor)} {shown}"


def _shown_unit(value: float, unit: str) -> tuple[str, float]:
    """The unit to show a figure in, and what to multiply it with."""
    if unit == "B":
        return "MB", 1e-6
    if unit in _LARGER_UNITS and abs(value) >= 10_000:
        return _LARGER_UNITS[unit], 1e-3
    return unit, 1.0


def ratio(value: float | None) -> str:
    """How many times less than USDC, as `12.3x`; a dash where there is no such figure."""
    return DASH if value is None else f"{number(value)}{TIMES_SIGN}"


def ratio_range(values: list[float]) -> str:
    """The span of some ratios: `5.37 to 11.3x`."""
    low, high = number(min(values)), ratio(max(values))
    return high if high.startswith(low) else f"{low} to {high}"


def format_title(name: str | None) -> str:
    """The name of a format, or of an undecided comparison, as people read it."""
    if name is None:
        return DASH
    if name == TIE:
        return "No difference"
    return FORMATS[name].title if name in FORMATS else name


def count(value: int) -> str:
    """A number of things with thousands separators."""
    return f"{value:,}"


def significance(megabytes: float) -> str:
    """How much memory that is: Minimal < 0.1 MB, Low < 10, Medium < 100, else High."""
    for limit, level in ((0.1, "Minimal"), (10.0, "Low"), (100.0, "Medium")):
        if megabytes < limit:
            return level
    return "High"


def scene_title(scale: int, hierarchy: str) -> str:
    """A scene as people read it."""
    return f"{count(scale)} prims, {hierarchy}"


def listed(items: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
