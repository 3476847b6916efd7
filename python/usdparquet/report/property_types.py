"""The property types tab: time, memory and size by kind of property."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from usdparquet.bench.formats import FORMATS
from usdparquet.bench.results import Results
from usdparquet.bench.stats import Summary, scaled
from usdparquet.bench.summary import Row, RowSpec
from usdparquet.bench.type_cases import TYPE_CASES, Group, TypeCase
from usdparquet.report.figures import EVERYWHERE, Bars, Chart, bar_figure, line, log_axes
from usdparquet.report.formatting import count, format_title, number, ratio


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
    """A kind of property: USDC and the best Parquet file."""

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
        for measure in _MEASURES:
            chart.add(EVERYWHERE, measure.title, _figure(results, measure, cases, across))
        if chart.figures:
            charts.append(chart)
    return charts


def _values(results: Results, measure: _Measure, case: TypeCase) -> dict[str, Summary]:
    """The figures of a case by format."""
    found = results.by_format(measure.test, measure.metric, case.rows, "flat", case.name)
    cells = case.rows * case.columns if measure.per_value else 1
    return {
        name: scaled(
            entry.summary, measure.factor / (entry.operations if measure.per_read else cells)
        )
        for name, entry in found.items()
    }


def _figure(results: Results, measure: _Measure, cases: list[TypeCase], across: str) -> go.Figure:
    """Bars for the group `type` and for a single case, since a line needs two points."""
    values = [(case, _values(results, measure, case)) for case in cases]
    if across == "type" or len(cases) < 2:
        bars: Bars = {
            name: [(case.title, by_name[name]) for case, by_name in values if name in by_name]
            for name in FORMATS
        }
        return bar_figure(bars, [case.title for case in cases], measure.unit)
    figure = go.Figure()
    for name in FORMATS:
        points = [(float(case.size), by_name[name]) for case, by_name in values if name in by_name]
        if points:
            figure.add_trace(line(name, points, measure.unit, across))
    log_axes(figure, across, measure.unit)
    return figure


def type_rows(results: Results) -> list[TypeRow]:
    """Reading each kind: USDC, the best Parquet file, and who is ahead."""
    rows = []
    for case in TYPE_CASES.values():
        spec = RowSpec(case.name, case.title, _MEASURES[0].test, _MEASURES[0].metric)
        row = Row(spec, "µs", 1, _values(results, _MEASURES[0], case))
        best, usdc = row.best_parquet, row.reference
        if usdc is None or best is None:
            continue
        rows.append(
            TypeRow(
                case.title,
                count(case.rows),
                f"{number(usdc.mean)} µs",
                f"{number(row.values[best].mean)} µs",
                format_title(best),
                ratio(row.ratio(best)),
                format_title(row.winner),
                row.side,
            )
        )
    return rows
