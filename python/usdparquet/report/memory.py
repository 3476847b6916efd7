"""The memory tab: by test, per prim, over repeated traversals, and over time."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.protocol import Series
from usdparquet.bench.results import Results
from usdparquet.bench.stats import Summary, scaled
from usdparquet.bench.summary import own_share
from usdparquet.report.charts import add_passes, title_of
from usdparquet.report.figures import (
    COLORS,
    Bars,
    Chart,
    bar_figure,
    scene_key,
    series_line,
    symbol,
)
from usdparquet.report.formatting import DASH, count, format_title, number, significance

_METRICS = {
    "anonymous_mb": "anonymous",
    "own": "anonymous, over bare stage",
    "resident_mb": "resident",
    "peak_resident_mb": "peak resident",
}


@dataclass(frozen=True)
class MemoryRow:
    """Memory of one format after one test."""

    test: str
    format: str
    anonymous: str
    over_bare: str
    level: str
    per_prim: str
    resident: str
    peak: str


def memory_charts(results: Results) -> list[Chart]:
    """The charts that have data."""
    charts = [_by_test(results), _per_prim(results), _growth(results), _timeline(results)]
    return [chart for chart in charts if chart.figures]


def memory_rows(results: Results, scale: int, hierarchy: str) -> list[MemoryRow]:
    """Every test with memory, in the order of the catalog."""
    rows = []
    for test in TESTS:
        anonymous, resident, peak = (
            results.by_format(test, metric, scale, hierarchy)
            for metric in ("anonymous_mb", "resident_mb", "peak_resident_mb")
        )
        for name, found in anonymous.items():
            if name not in resident or name not in peak:
                continue
            own = own_share(results, test, name, scale, hierarchy)
            rows.append(
                MemoryRow(
                    title_of(test),
                    format_title(name),
                    number(found.summary.mean),
                    DASH if own is None else number(own.mean),
                    "" if own is None else significance(own.mean),
                    DASH if own is None else count(round(own.mean * 1e6 / scale)),
                    number(resident[name].summary.mean),
                    number(peak[name].summary.mean),
                )
            )
    return rows


def _by_test(results: Results) -> Chart:
    chart = Chart(
        "memory",
        "Memory by test",
        "MB over the baseline of the process, which is taken before any stage exists: base layer "
        "and property layer together; over the bare stage, the property layer's own share.",
        choice="Test",
    )
    for scale, hierarchy in results.scenes():
        for test in sorted(TESTS, key=lambda test: test != "multi_property_traversal"):
            bars: Bars = {name: [] for name in FORMATS}
            for metric, label in _METRICS.items():
                for name, summary in _summaries(results, test, metric, scale, hierarchy).items():
                    bars[name].append((label, summary))
            figure = bar_figure(bars, list(_METRICS.values()), "MB")
            chart.add(scene_key(scale, hierarchy), title_of(test), figure)
    return chart


def _summaries(
    results: Results, test: str, metric: str, scale: int, hierarchy: str
) -> dict[str, Summary]:
    if metric == "own":
        shares = {name: own_share(results, test, name, scale, hierarchy) for name in FORMATS}
        return {name: share for name, share in shares.items() if share is not None}
    found = results.by_format(test, metric, scale, hierarchy)
    return {name: entry.summary for name, entry in found.items()}


def _per_prim(results: Results) -> Chart:
    chart = Chart(
        "memory-prim",
        "Bytes a prim",
        "The property layer's own anonymous memory over the bare stage, divided by the number of "
        "prims (20 properties each).",
    )
    tests = ("initial_load", "single_property_traversal", "multi_property_traversal")
    for scale, hierarchy in results.scenes():
        bars: Bars = {name: [] for name in FORMATS}
        for test in tests:
            for name, own in _summaries(results, test, "own", scale, hierarchy).items():
                bars[name].append((title_of(test), scaled(own, 1e6 / scale)))
        figure = bar_figure(bars, [title_of(test) for test in tests], "bytes a prim")
        chart.add(scene_key(scale, hierarchy), "", figure)
    return chart


def _growth(results: Results) -> Chart:
    chart = Chart(
        "growth",
        "Growth over repeated traversals",
        "Anonymous memory over the baseline after each of ten six-property traversals of the same "
        "stage, in the last run. A leak would rise to the end.",
    )
    add_passes(chart, results, 2, "MB", "MB anonymous")
    return chart


def _timeline(results: Results) -> Chart:
    chart = Chart(
        "timeline",
        TESTS["memory_timeline"].title,
        "Sampled every 10 ms from another process, over the baseline. The marks are the beginnings "
        "of the phases: load, traverse (six properties), idle, close.",
        choice="Memory",
    )
    for scale, hierarchy in results.scenes():
        timelines = results.series_of("memory_timeline", scale, hierarchy)
        for column, title in ((1, "anonymous"), (2, "resident")):
            figure = go.Figure()
            for name, series in timelines.items():
                _add_timeline(figure, name, series, column)
            figure.update_layout(
                xaxis={"title": {"text": "ms since the stage begins to open"}},
                yaxis={"title": {"text": f"MB {title}"}, "rangemode": "tozero"},
                hovermode="closest",
            )
            chart.add(scene_key(scale, hierarchy), title, figure)
    return chart


def _add_timeline(figure: go.Figure, name: str, series: Series, column: int) -> None:
    rows, title = series.rows, FORMATS[name].title
    if not rows:
        return
    figure.add_trace(series_line(name, rows, column, "%{x:.0f} ms: %{y:.4~g} MB"))
    starts = [(phase, at) for phase, at in series.phases if phase != "end"]
    figure.add_trace(
        go.Scatter(
            name=f"{title}, phases",
            meta=name,
            x=[at for _, at in starts],
            y=[_value_at(rows, at, column) for _, at in starts],
            text=[phase for phase, _ in starts],
            mode="markers",
            marker={"color": COLORS[name], "size": 9, "symbol": symbol(name)},
            hovertemplate=f"<b>{title}</b><br>%{{text}} begins at %{{x:.0f}} ms<extra></extra>",
        )
    )


def _value_at(rows: list[list[float]], at: float, column: int) -> float:
    """The memory of the sample that is nearest in time."""
    return min(rows, key=lambda row: abs(row[0] - at))[column]
