"""The scaling tab: measures over the number of prims, with fitted slopes and predictions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import plotly.graph_objects as go

from usdparquet.bench.formats import FORMATS
from usdparquet.bench.results import Results
from usdparquet.bench.stats import PowerLaw, Summary, fit_power_law, scaled
from usdparquet.bench.summary import HEADLINE, RowSpec, headline
from usdparquet.report.figures import COLORS, EVERYWHERE, Chart, Points, line_figure
from usdparquet.report.formatting import count, format_title, number, quantity


@dataclass(frozen=True)
class Fit:
    """A measure of a format over the scales of one hierarchy."""

    measure: str
    hierarchy: str
    format: str
    law: PowerLaw
    points: tuple[tuple[int, Summary], ...]
    unit: str
    next_scale: int

    @property
    def predicted(self) -> float:
        """The value at the next power of ten, in `unit`."""
        return self.law.at(self.next_scale)


@dataclass(frozen=True)
class FitRow:
    """A line of the table of slopes."""

    measure: str
    hierarchy: str
    format: str
    slope: str
    deviation: str
    at_largest: str
    next_scale: str
    predicted: str


def fits(results: Results) -> list[Fit]:
    """Every headline measure that was taken at two or more scales."""
    found = []
    rows = {
        (scale, hierarchy): {row.spec.key: row for row in headline(results, scale, hierarchy)}
        for scale, hierarchy in results.scenes()
    }
    for spec in HEADLINE:
        for hierarchy in dict.fromkeys(place[1] for place in rows):
            for name in FORMATS:
                points = [
                    (scale, row.values[name], row.unit)
                    for (scale, kind), by_key in rows.items()
                    if kind == hierarchy and (row := by_key.get(spec.key)) and row.can_tell(name)
                ]
                fit = _fit(spec, hierarchy, name, points)
                if fit:
                    found.append(fit)
    return found


def _fit(
    spec: RowSpec, hierarchy: str, name: str, points: list[tuple[int, Summary, str]]
) -> Fit | None:
    law = fit_power_law([(scale, summary.mean) for scale, summary, _ in points])
    if law is None:
        return None
    largest = max(scale for scale, _, _ in points)
    next_scale = int(10 ** (math.floor(math.log10(largest) + 1e-9) + 1))
    measured = tuple((scale, summary) for scale, summary, _ in points)
    return Fit(spec.title, hierarchy, name, law, measured, points[0][2], next_scale)


def scaling_chart(results: Results) -> Chart:
    """Logarithmic lines by measure and hierarchy, with a dotted line to the prediction."""
    chart = Chart(
        "scaling",
        "Over the number of prims",
        "Where the figures span a factor of ten or more, both axes are logarithmic. Dotted lines "
        "lead to what the slopes below predict for the next power of ten.",
        choice="Measure",
        is_wide=True,
    )
    groups: dict[tuple[str, str], list[Fit]] = {}
    for fit in fits(results):
        groups.setdefault((fit.measure, fit.hierarchy), []).append(fit)
    for (measure, hierarchy), entries in groups.items():
        unit, factor = ("MB", 1e-6) if entries[0].unit == "B" else (entries[0].unit, 1.0)
        points: Points = {
            fit.format: [(float(at), scaled(summary, factor)) for at, summary in fit.points]
            for fit in entries
        }
        figure = line_figure(points, "prims", unit, is_log=True)
        for fit in entries:
            figure.add_trace(_prediction(fit, unit, factor))
        chart.add(EVERYWHERE, f"{measure}, {hierarchy}", figure)
    return chart


def _prediction(fit: Fit, unit: str, factor: float) -> go.Scatter:
    title = FORMATS[fit.format].title
    start = fit.points[-1][0]
    return go.Scatter(
        name=f"{title}, predicted",
        meta=fit.format,
        x=[start, fit.next_scale],
        y=[fit.law.at(start) * factor, fit.predicted * factor],
        mode="lines+markers",
        line={"color": COLORS[fit.format], "width": 1.5, "dash": "dot"},
        marker={"size": [0, 9], "symbol": "circle-open"},
        hovertemplate=f"<b>{title}</b><br>predicted at %{{x:,}} prims: "
        f"{quantity(fit.predicted * factor, unit)}<extra></extra>",
    )


def fit_rows(results: Results) -> list[FitRow]:
    """The table of slopes."""
    return [
        FitRow(
            fit.measure,
            fit.hierarchy,
            format_title(fit.format),
            f"{fit.law.slope:.2f}",
            f"{number((fit.law.deviation - 1) * 100)} %" if fit.law.points > 2 else "two points",
            f"{quantity(fit.points[-1][1].mean, fit.unit)} at {count(fit.points[-1][0])}",
            count(fit.next_scale),
            quantity(fit.predicted, fit.unit),
        )
        for fit in fits(results)
    ]
