"""The charts of the report as plotly figures; colours of text and grid are the page's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.results import Measurement, Results, SeriesEntry

# Okabe and Ito's palette: told apart with every common kind of colour blindness.
COLORS = {
    "usdc": "#D55E00",
    "parquet_none": "#56B4E9",
    "parquet_snappy": "#0072B2",
    "parquet_zstd": "#009E73",
    "base": "#8A8F98",
}


@dataclass(frozen=True)
class Chart:
    """A figure with its heading and what to read from it."""

    id: str
    title: str
    note: str
    figure: dict[str, Any]


@dataclass(frozen=True)
class _BarChart:
    id: str
    title: str
    note: str
    metric: str
    axis: str
    tests: tuple[tuple[str, str], ...]
    divisor: float = 1.0


_LOAD = (("layer_load", "Layer alone"), ("initial_load", "Whole stage"))
_TRAVERSAL = (
    ("single_property_traversal", "One property"),
    ("multi_property_traversal", "Six properties"),
)
_MEMORY = (
    ("initial_load", "Load"),
    ("single_property_traversal", "One property"),
    ("multi_property_traversal", "Six properties"),
)

_BAR_CHARTS = (
    _BarChart(
        "load",
        "Load",
        "Time to open the property layer alone, and the stage of property and base layer.",
        "time_ms",
        "ms",
        _LOAD,
    ),
    _BarChart(
        "traversal",
        "Traversal",
        "Time to read properties of every prim from Python. The bare stage shows what walking "
        "costs when there is nothing to read.",
        "time_ms",
        "ms",
        _TRAVERSAL,
    ),
    _BarChart(
        "random",
        "Random access",
        "Time for reads of random properties of random prims on an open stage.",
        "time_ms",
        "ms",
        (("random_access", "Random reads"),),
    ),
    _BarChart(
        "memory",
        "Memory",
        "Anonymous memory over the process's baseline after loading and after the traversals: "
        "base layer and property layer together.",
        "anonymous_mb",
        "MB",
        _MEMORY,
    ),
    _BarChart(
        "size",
        "File size",
        "The file of the property layer; for the bare stage, of the base layer.",
        "bytes",
        "MB",
        (("file_size", "File size"),),
        1e6,
    ),
)


def charts(results: Results, scale: int, hierarchy: str) -> list[Chart]:
    """All charts of one scene that have data."""
    made = [_bars(results, spec, scale, hierarchy) for spec in _BAR_CHARTS]
    made.append(_timeline(results, scale, hierarchy))
    return [chart for chart in made if chart is not None]


def _bars(results: Results, spec: _BarChart, scale: int, hierarchy: str) -> Chart | None:
    figure = go.Figure()
    for name, entry in FORMATS.items():
        found = [
            (label, results.find(test, name, spec.metric, scale, hierarchy))
            for test, label in spec.tests
        ]
        shown = [(label, measurement) for label, measurement in found if measurement is not None]
        if shown:
            labels = [label for label, _ in shown]
            measurements = [measurement for _, measurement in shown]
            figure.add_trace(_bar(name, entry.title, labels, measurements, spec))
    if not figure.data:
        return None
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        yaxis={"title": {"text": spec.axis}, "rangemode": "tozero"},
        xaxis={
            "categoryorder": "array",
            "categoryarray": [label for _, label in spec.tests],
            "showgrid": False,
        },
    )
    return _chart(spec.id, spec.title, spec.note, figure, scale, hierarchy)


def _bar(
    name: str, title: str, labels: list[str], measurements: list[Measurement], spec: _BarChart
) -> go.Bar:
    summaries = [measurement.summary for measurement in measurements]
    has_spread = any(summary.count > 1 for summary in summaries)
    return go.Bar(
        name=title,
        x=labels,
        y=[summary.mean / spec.divisor for summary in summaries],
        error_y={
            "type": "data",
            "array": [summary.std / spec.divisor for summary in summaries],
            "visible": has_spread,
            "thickness": 1.2,
            "width": 3,
        },
        customdata=[
            [summary.std, summary.min, summary.median, summary.max, summary.count]
            for summary in summaries
        ],
        marker={"color": COLORS[name]},
        hovertemplate=_hover(title, spec.axis, has_spread),
    )


def _hover(title: str, unit: str, has_spread: bool) -> str:
    head = f"<b>{title}</b><br>%{{x}}: %{{y:.4~g}} {unit}"
    if not has_spread:
        return head + "<extra></extra>"
    return (
        head + " ± %{customdata[0]:.2~g}<br>min %{customdata[1]:.4~g}, "
        "median %{customdata[2]:.4~g}, max %{customdata[3]:.4~g}"
        "<br>%{customdata[4]} runs<extra></extra>"
    )


def _timeline(results: Results, scale: int, hierarchy: str) -> Chart | None:
    """A line per format, with a mark where each phase begins."""
    figure = go.Figure()
    order = list(FORMATS)
    for entry in sorted(results.series, key=lambda entry: order.index(entry.format)):
        if (entry.test, entry.scale, entry.hierarchy) == ("memory_timeline", scale, hierarchy):
            _add_timeline(figure, entry)
    if not figure.data:
        return None
    figure.update_layout(
        xaxis={"title": {"text": "ms since the stage begins to open"}, "rangemode": "tozero"},
        yaxis={"title": {"text": "MB anonymous"}, "rangemode": "tozero"},
        hovermode="closest",
    )
    test = TESTS["memory_timeline"]
    return _chart("timeline", test.title, test.description, figure, scale, hierarchy)


def _add_timeline(figure: go.Figure, entry: SeriesEntry) -> None:
    rows = entry.series.rows
    if not rows:
        return
    title = FORMATS[entry.format].title
    line = {"color": COLORS[entry.format], "width": 2}
    figure.add_trace(
        go.Scatter(
            name=title,
            legendgroup=entry.format,
            x=[row[0] for row in rows],
            y=[row[1] for row in rows],
            mode="lines",
            line=line,
            hovertemplate=f"<b>{title}</b><br>%{{x:.0f}} ms: %{{y:.4~g}} MB<extra></extra>",
        )
    )
    starts = [(name, at) for name, at in entry.series.phases if name != "end"]
    figure.add_trace(
        go.Scatter(
            name=f"{title}, phases",
            legendgroup=entry.format,
            showlegend=False,
            x=[at for _, at in starts],
            y=[_value_at(rows, at) for _, at in starts],
            text=[name for name, _ in starts],
            mode="markers",
            marker={"color": COLORS[entry.format], "size": 8, "symbol": "diamond"},
            hovertemplate=f"<b>{title}</b><br>%{{text}} begins at %{{x:.0f}} ms<extra></extra>",
        )
    )


def _value_at(rows: list[list[float]], at: float) -> float:
    """The memory of the sample that is nearest in time."""
    return min(rows, key=lambda row: abs(row[0] - at))[1]


def _chart(
    chart_id: str, title: str, note: str, figure: go.Figure, scale: int, hierarchy: str
) -> Chart:
    # Plotly's own template would bring a theme of its own into both of the page's.
    figure.update_layout(template="none")
    data = figure.to_plotly_json()
    data["layout"].pop("template", None)
    return Chart(f"{chart_id}-{scale}-{hierarchy}", title, note, data)
