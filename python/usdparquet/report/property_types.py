"""The property types tab: time, memory and size by kind of property."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from usdparquet.bench.formats import FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Results
from usdparquet.bench.stats import Summary, scaled
from usdparquet.bench.summary import Row, RowSpec
from usdparquet.bench.type_cases import TYPE_CASES, Group, TypeCase
from usdparquet.report.figures import EVERYWHERE, Chart, Points, bar_figure, line_figure
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
    _Measure("Reading", "property_types", "time_ms", "µs per value", 1e3, per_read=True),
    _Measure("Load", "property_types_load", "time_ms", "ms", 1.0),
    _Measure("Memory after reading", "property_types", "anonymous_mb", "MB", 1.0),
    _Measure("File size", "property_types", "bytes", "bytes per value", 1.0, per_value=True),
)
_CHARTS: tuple[tuple[Group, str, str, str, str], ...] = (
    (
        "type",
        "types",
        "By type",
        "type",
        "Each type in a property layer of its own, read from Python with Usd.Attribute.Get on "
        "attributes that were looked up beforehand. The values are random, so no compression makes "
        "them much smaller.",
    ),
    ("string", "strings", "Strings by length", "letters", "The same for strings."),
    ("array", "arrays", "Arrays by length", "elements", "The same for arrays of doubles."),
    (
        "columns",
        "columns",
        "Number of columns",
        "columns",
        "The same for layers of few and of many properties of type double.",
    ),
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
    for group, chart_id, title, across, note in _CHARTS:
        chart = Chart(f"types-{chart_id}", title, note, choice="Measure")
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
    is_bars = across == "type" or len(cases) < 2
    points: Points = {
        name: [
            (case.title if is_bars else float(case.size), by_name[name])
            for case, by_name in values
            if name in by_name
        ]
        for name in FORMATS
    }
    if is_bars:
        return bar_figure(points, [case.title for case in cases], measure.unit)
    return line_figure(points, across, measure.unit, is_log=True)


def type_table(results: Results) -> dict[str, Row]:
    """Reading each kind that both sides were measured with, by its title."""
    rows = {}
    for case in TYPE_CASES.values():
        spec = RowSpec(case.name, case.title, _MEASURES[0].test, _MEASURES[0].metric)
        row = Row(spec, "µs", 1, _values(results, _MEASURES[0], case))
        if row.reference and row.best_parquet:
            rows[case.title] = row
    return rows


def type_rows(results: Results) -> list[TypeRow]:
    """Reading each kind: USDC, the best Parquet file, and who is ahead."""
    prims = {case.title: case.rows for case in TYPE_CASES.values()}
    return [
        TypeRow(
            title,
            count(prims[title]),
            f"{number(row.values[REFERENCE_FORMAT].mean)} µs",
            f"{number(row.values[best].mean)} µs",
            format_title(best),
            ratio(row.ratio(best)),
            format_title(row.winner),
            row.side,
        )
        for title, row in type_table(results).items()
        if (best := row.best_parquet)
    ]
