"""The memory tab: by test, per prim, and over repeated traversals."""

from __future__ import annotations

from dataclasses import dataclass

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.results import Results
from usdparquet.bench.stats import Summary, is_above_zero, scaled
from usdparquet.bench.summary import own_share
from usdparquet.report.charts import add_passes, title_of
from usdparquet.report.figures import Chart, Points, bar_figure, scene_key
from usdparquet.report.formatting import DASH, TOO_SMALL, format_title, number, significance
from usdparquet.report.timeline import timeline_chart

_METRICS = {
    "anonymous_mb": "anonymous",
    "own": "anonymous, over the bare stage",
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
    """Empty like `level` if the share cannot be told from zero."""
    resident: str
    peak: str


def memory_charts(results: Results) -> list[Chart]:
    """The charts that have data."""
    charts = [_by_test(results), _per_prim(results), _growth(results), timeline_chart(results)]
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
            is_told = own is not None and is_above_zero(own)
            rows.append(
                MemoryRow(
                    title_of(test),
                    format_title(name),
                    number(found.summary.mean),
                    DASH if own is None else number(own.mean) if is_told else TOO_SMALL,
                    significance(own.mean) if own and is_told else "",
                    number(own.mean * 1e6 / scale) if own and is_told else "",
                    number(resident[name].summary.mean),
                    number(peak[name].summary.mean),
                )
            )
    return rows


def _by_test(results: Results) -> Chart:
    chart = Chart(
        "memory",
        "Memory by test",
        "How much more a process holds than before it opened the stage, its “baseline”. Anonymous "
        "memory is the program's own; resident memory includes mapped files; the peak is the most "
        "on the way. Over the bare stage is the property layer's own share, left out where it "
        "cannot be told from zero.",
        choice="Test",
    )
    for scale, hierarchy in results.scenes():
        for test in sorted(TESTS, key=lambda test: test != "multi_property_traversal"):
            bars: Points = {name: [] for name in FORMATS}
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
        return {name: share for name, share in shares.items() if share and is_above_zero(share)}
    found = results.by_format(test, metric, scale, hierarchy)
    return {name: entry.summary for name, entry in found.items()}


def _per_prim(results: Results) -> Chart:
    chart = Chart(
        "memory-prim",
        "Bytes per prim",
        "The property layer's own anonymous memory over the bare stage, divided by the number of "
        "prims, which have 20 properties each. Left out where it cannot be told from zero.",
    )
    tests = ("initial_load", "single_property_traversal", "multi_property_traversal")
    for scale, hierarchy in results.scenes():
        bars: Points = {name: [] for name in FORMATS}
        for test in tests:
            for name, own in _summaries(results, test, "own", scale, hierarchy).items():
                bars[name].append((title_of(test), scaled(own, 1e6 / scale)))
        figure = bar_figure(bars, [title_of(test) for test in tests], "bytes per prim")
        chart.add(scene_key(scale, hierarchy), "", figure)
    return chart


def _growth(results: Results) -> Chart:
    chart = Chart(
        "growth",
        "Growth over repeated traversals",
        "Anonymous memory over the baseline after each of ten traversals that read six properties "
        "of every prim of the same stage, in the last run. A leak would show as a steady rise.",
    )
    add_passes(chart, results, 2, "MB")
    return chart
