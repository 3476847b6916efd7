"""Memory over time: the lines, a strip of the phases, and what the sampling itself cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import plotly.graph_objects as go

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.protocol import Series
from usdparquet.bench.results import Results
from usdparquet.bench.stats import student_t
from usdparquet.report.axes import fitting_unit, linear_axis
from usdparquet.report.figures import Chart, scene_key, series_line
from usdparquet.report.formatting import format_title, quantity, ratio

_TEST = "memory_timeline"
# Apart from each other in both themes and with every kind of colour blindness; black on light and
# white on dark.
_PHASES = {
    "load": ("#3b5b92", "#ffffff"),
    "traverse": ("#a9c4e6", "#000000"),
    "idle": ("#e8d08a", "#000000"),
    "close": ("#b9b3b0", "#000000"),
}


@dataclass(frozen=True)
class SamplingCost:
    """How long opening took while memory was sampled, and otherwise."""

    format: str
    sampled: str
    otherwise: str
    longer: str
    is_slower: bool
    """Whether that is beyond the noise."""


def timeline_chart(results: Results) -> Chart:
    """Lines of memory by format, above a bar of phases for each of them."""
    chart = Chart(
        "timeline",
        TESTS[_TEST].title,
        "Memory over the baseline, read every 10 ms from another process while a stage is opened "
        "(“load”), six properties of every prim are read (“traverse”), nothing happens (“idle”) "
        "and the stage is closed (“close”). The bars below the lines are these phases, in this "
        "order, for each format. Reading the memory may slow the process down; the table below "
        "says by how much.",
        choice="Memory",
        is_wide=True,
        is_tall=True,
    )
    for scale, hierarchy in results.scenes():
        timelines = {
            name: series
            for name, series in results.series_of(_TEST, scale, hierarchy).items()
            if series.rows
        }
        for column, title in ((1, "anonymous"), (2, "resident")):
            chart.add(scene_key(scale, hierarchy), title, _figure(timelines, column))
    return chart


def _figure(timelines: dict[str, Series], column: int) -> go.Figure:
    rows = [row for series in timelines.values() for row in series.rows]
    time_unit, time_factor = fitting_unit("ms", max((row[0] for row in rows), default=0.0))
    unit, factor = fitting_unit("MB", max((row[column] for row in rows), default=0.0))
    figure = go.Figure()
    for name, series in timelines.items():
        points = [[row[0] * time_factor, row[column] * factor] for row in series.rows]
        hover = f"%{{x:,.4~r}} {time_unit}: %{{y:,.4~r}} {unit}"
        figure.add_trace(series_line(name, points, 1, hover))
    for name, series in timelines.items():
        for phase, start, end in _spans(series):
            if phase in _PHASES:
                figure.add_trace(_phase(name, phase, start, end - start, time_unit, time_factor))
    # A strip of a line for each format, below the lines, over the same times.
    strip = min(0.5, 0.08 + 0.045 * len(timelines))
    figure.update_layout(
        barmode="stack",
        bargap=0.2,
        xaxis=linear_axis(time_unit) | {"anchor": "y2"},
        yaxis=linear_axis(unit) | {"domain": [strip + 0.06, 1]},
        yaxis2={"domain": [0, strip], "autorange": "reversed", "showgrid": False},
        uniformtext={"mode": "hide", "minsize": 10},
        hovermode="closest",
    )
    return figure


def _spans(series: Series) -> list[tuple[str, float, float]]:
    """Name, start and end of each phase, in ms."""
    ends = [start for _, start in series.phases[1:]]
    pairs = zip(series.phases, ends, strict=False)
    return [(name, start, end) for (name, start), end in pairs]


def _phase(name: str, phase: str, start: float, length: float, unit: str, factor: float) -> go.Bar:
    color, text_color = _PHASES[phase]
    return go.Bar(
        name=phase,
        meta=name,
        x=[length * factor],
        base=[start * factor],
        y=[FORMATS[name].short_title],
        orientation="h",
        yaxis="y2",
        text=[phase],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": text_color},
        marker={"color": color},
        hovertemplate=f"<b>{FORMATS[name].title}</b><br>{phase}: {quantity(length, 'ms')}"
        "<extra></extra>",
    )


def sampling_costs(results: Results, scale: int, hierarchy: str) -> list[SamplingCost]:
    """The load within the timeline of each format beside the loads that nobody watched."""
    found = []
    for name, series in results.series_of(_TEST, scale, hierarchy).items():
        load = results.find("initial_load", name, "time_ms", scale, hierarchy)
        times = [end - start for phase, start, end in _spans(series) if phase == "load"]
        if load is None or not times or load.summary.mean <= 0:
            continue
        usual, sampled = load.summary, times[0]
        noise = math.inf
        if usual.count > 1:
            noise = student_t(usual.count) * usual.std * math.sqrt(1 + 1 / usual.count)
        found.append(
            SamplingCost(
                format_title(name),
                quantity(sampled, "ms"),
                quantity(usual.mean, "ms"),
                ratio(sampled / usual.mean),
                sampled - usual.mean > noise,
            )
        )
    return found
