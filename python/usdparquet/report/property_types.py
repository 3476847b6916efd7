"""The tab of property types: time, memory and size by kind of property."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from usdparquet.bench.formats import FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Measurement, Results
from usdparquet.bench.stats import differ, scaled
from usdparquet.bench.summary import TIE
from usdparquet.bench.type_cases import TYPE_CASES, Group, TypeCase
from usdparquet.report.figures import EVERYWHERE, Bars, Chart, bar_figure, line, log_axes
from usdparquet.report.formatting import DASH, format_title, number, ratio


@dataclass(frozen=True)
class _Measure:
    title: str
    test: str
    metric: str
    unit: str
    factor: float
    per_read: bool = False
    per_value: bool = False


_MEASURES = (
    _Measure("Reading", "property_types", "time_ms", "µs a value", 1e3, per_read=True),
    _Measure("Load", "property_types_load", "time_ms", "ms", 1.0),
    _Measure("Memory after reading", "property_types", "anonymous_mb", "MB", 1.0),
    _Measure("File size", "property_types", "bytes", "bytes a value", 1.0, per_value=True),
)
_CHARTS: tuple[tuple[Group, str, str, str], ...] = (
    ("type", "types", "By type", "type"),
    ("string", "strings", "Strings by length", "letters"),
    ("array", "arrays", "Arrays of doubles by length", "elements"),
    ("columns", "columns", "Columns of doubles", "columns"),
)
_NOTE = (
    "Stages over a layer that holds this kind of property only, read with Usd.Attribute.Get; the "
    "attributes are looked up before. Random content, which no compressor makes much smaller."
)


@dataclass(frozen=True)
class TypeRow:
    """A kind of property, the best Parquet file beside USDC."""

    title: str
    rows: str
    usdc: str
    parquet: str
    best: str
    ratio: str
    winner: str
    side: str


def type_charts(results: Results) -> list[Chart]:
    """A chart for each group of kinds that was measured."""
    charts = []
    measured = set(results.variants(""))
    for group, chart_id, title, across in _CHARTS:
        chart = Chart(f"types-{chart_id}", title, _NOTE, choice="Measure")
        chart.is_wide = group == "type"
        cases = [
            case for case in TYPE_CASES.values() if case.group == group and case.name in measured
        ]
        # A line needs two points.
        make = _bars if group == "type" or len(cases) < 2 else _lines
        for measure in _MEASURES:
            chart.add(EVERYWHERE, measure.title, make(results, measure, cases, across))
        if chart.figures:
            charts.append(chart)
    return charts


def _value(results: Results, measure: _Measure, case: TypeCase, name: str) -> Measurement | None:
    return results.find(measure.test, name, measure.metric, case.rows, "flat", case.name)


def _factor(measure: _Measure, case: TypeCase, found: Measurement) -> float:
    if measure.per_read:
        return measure.factor / found.operations
    return measure.factor / (case.rows * case.columns) if measure.per_value else measure.factor


def _bars(results: Results, measure: _Measure, cases: list[TypeCase], across: str) -> go.Figure:
    bars: Bars = {name: [] for name in FORMATS}
    for case in cases:
        for name in FORMATS:
            found = _value(results, measure, case, name)
            if found:
                summary = scaled(found.summary, _factor(measure, case, found))
                bars[name].append((case.title, summary))
    return bar_figure(bars, [case.title for case in cases], measure.unit)


def _lines(results: Results, measure: _Measure, cases: list[TypeCase], across: str) -> go.Figure:
    figure = go.Figure()
    for name in FORMATS:
        points = []
        for case in cases:
            found = _value(results, measure, case, name)
            if found:
                summary = scaled(found.summary, _factor(measure, case, found))
                points.append((float(case.size), summary))
        if points:
            figure.add_trace(line(name, points, measure.unit, across))
    log_axes(figure, across, measure.unit)
    return figure


def type_rows(results: Results) -> list[TypeRow]:
    """Reading each kind: USDC, the best Parquet file, and who is ahead."""
    rows = []
    for case in TYPE_CASES.values():
        values = {}
        for name in FORMATS:
            found = _value(results, _MEASURES[0], case, name)
            if found:
                values[name] = scaled(found.summary, 1e3 / found.operations)
        usdc = values.pop(REFERENCE_FORMAT, None)
        best = min(values, key=lambda name: values[name].mean, default=None)
        if usdc is None or best is None:
            continue
        winner = TIE
        if differ(usdc, values[best]):
            winner = best if values[best].mean < usdc.mean else REFERENCE_FORMAT
        sides = {TIE: "neutral", REFERENCE_FORMAT: "usdc"}
        rows.append(
            TypeRow(
                case.title,
                f"{case.rows:,}",
                f"{number(usdc.mean)} µs",
                f"{number(values[best].mean)} µs",
                format_title(best),
                ratio(usdc.mean / values[best].mean) if values[best].mean > 0 else DASH,
                format_title(winner),
                sides.get(winner, "parquet"),
            )
        )
    return rows
