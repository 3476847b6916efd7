"""The charts of the scenes, and which measurements each of them shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.results import Results
from usdparquet.bench.stats import scaled
from usdparquet.report.axes import fitting_unit, linear_axis
from usdparquet.report.figures import Chart, Points, bar_figure, line_figure, scene_key, series_line

_ONLY = ""


@dataclass(frozen=True)
class _BarChart:
    """Bars of one metric over several tests."""

    tab: str
    id: str
    title: str
    note: str
    tests: tuple[tuple[str, str], ...]
    metric: str = "time_ms"
    unit: str = "ms"
    factor: float = 1.0
    per_operation: bool = False
    per_prim: bool = False
    essential: str = ""
    """The test without which there is nothing to compare."""


_PER_VALUE: dict[str, Any] = {"unit": "µs per value", "factor": 1e3, "per_operation": True}
_BAR_CHARTS = (
    _BarChart(
        "load",
        "load",
        "Load",
        "Time to open the property layer alone, to open the whole stage, and to add the property "
        "layer to a stage of the base layer that is already open.",
        (
            ("layer_load", "Layer alone"),
            ("initial_load", "Whole stage"),
            ("sublayer_insert", "Added to a stage"),
        ),
    ),
    _BarChart(
        "load",
        "uncached",
        "From disk",
        "The same stage with its files in the page cache, where Linux keeps what was read lately, "
        "and after they were dropped from it.",
        (
            ("initial_load", "Load, cached"),
            ("uncached_load", "Load, from disk"),
            ("multi_property_traversal", "Traversal, cached"),
            ("uncached_traversal", "Traversal, from disk"),
        ),
        essential="uncached_load",
    ),
    _BarChart(
        "properties",
        "first-read",
        "The first read",
        "Time per value on a stage that was just opened: one property, and six of one prim. For "
        "each property, a Parquet layer decodes a page here, some thousand values of its column.",
        (
            ("single_property_cold", "One value"),
            ("multi_property", "Six of one prim"),
        ),
        **_PER_VALUE,
    ),
    _BarChart(
        "properties",
        "reads",
        "More reads",
        "Time per value: the same value again, and one property of up to 1,000 prims, in order and "
        "at random, first reads included. Most of this time is spent in Python.",
        (
            ("single_property_warm", "Again"),
            ("single_property_sequential", "In order"),
            ("single_property_random", "At random"),
        ),
        **_PER_VALUE,
    ),
    _BarChart(
        "traversal",
        "traversal",
        "Traversal",
        "A traversal walks the stage from Python and reads properties of every prim, here right "
        "after opening. The bare stage shows what the walk costs when there is nothing to read.",
        (
            ("single_property_traversal", "One property"),
            ("multi_property_traversal", "Six properties"),
        ),
    ),
    _BarChart(
        "random",
        "random",
        "Random access",
        "Time to read a value: random properties of random prims on an open stage, first reads "
        "included.",
        (("random_access", "Random reads"),),
        **_PER_VALUE,
    ),
    _BarChart(
        "size",
        "size",
        "File size",
        "The file of the property layer; for the bare stage, that of the base layer.",
        (("file_size", "File size"),),
        metric="bytes",
        unit="MB",
        factor=1e-6,
    ),
    _BarChart(
        "size",
        "size-prim",
        "Bytes per prim",
        "The same, divided by the number of prims, which have a path and 20 properties each.",
        (("file_size", "Bytes per prim"),),
        metric="bytes",
        unit="bytes per prim",
        per_prim=True,
    ),
)


def scene_charts(results: Results) -> dict[str, list[Chart]]:
    """The charts of scenes that have data, by tab."""
    tabs: dict[str, list[Chart]] = {}
    for spec in _BAR_CHARTS:
        chart = Chart(spec.id, spec.title, spec.note)
        for scale, hierarchy in results.scenes():
            figure = _bars(results, spec, scale, hierarchy)
            chart.add(scene_key(scale, hierarchy), _ONLY, figure)
        if chart.figures:
            tabs.setdefault(spec.tab, []).append(chart)
    for tab, chart in (("traversal", _passes(results)), ("load", _row_groups(results))):
        if chart.figures:
            tabs.setdefault(tab, []).append(chart)
    return tabs


def _bars(results: Results, spec: _BarChart, scale: int, hierarchy: str) -> go.Figure:
    bars: Points = {name: [] for name in FORMATS}
    place = (spec.metric, scale, hierarchy)
    tests = spec.tests
    if spec.essential and not results.by_format(spec.essential, *place):
        tests = ()
    for test, label in tests:
        for name, found in results.by_format(test, *place).items():
            factor = spec.factor / (found.operations if spec.per_operation else 1)
            factor /= scale if spec.per_prim else 1
            bars[name].append((label, scaled(found.summary, factor)))
    return bar_figure(bars, [label for _, label in spec.tests], spec.unit)


def _passes(results: Results) -> Chart:
    """Time of each of the ten traversals of a stage."""
    chart = Chart(
        "passes",
        "Repeated traversal",
        "Time of each of ten traversals that read six properties of every prim of the same stage, "
        "in the last run. The first pays for all that is read for the first time.",
    )
    add_passes(chart, results, 1, "ms")
    return chart


def add_passes(chart: Chart, results: Results, column: int, unit: str) -> None:
    """Add a figure for each scene: a column of `repeated_traversal` over its passes."""
    for scale, hierarchy in results.scenes():
        series = results.series_of("repeated_traversal", scale, hierarchy)
        heights = [row[column] for entry in series.values() for row in entry.rows]
        shown, factor = fitting_unit(unit, max(heights, default=0.0))
        figure = go.Figure()
        for name, entry in series.items():
            if entry.rows:
                rows = [[row[0], row[column] * factor] for row in entry.rows]
                hover = f"traversal %{{x}}: %{{y:,.4~r}} {shown}"
                figure.add_trace(series_line(name, rows, 1, hover, has_markers=True))
        figure.update_layout(
            xaxis={"title": {"text": "traversal"}, "dtick": 1}, yaxis=linear_axis(shown)
        )
        chart.add(scene_key(scale, hierarchy), _ONLY, figure)


def _row_groups(results: Results) -> Chart:
    """The effect of the size of the row groups, if a run measured several."""
    chart = Chart(
        "row-groups",
        "Row groups",
        "Parquet files with row groups, blocks of rows, of other sizes. Indexed files appear only "
        "at sizes that were asked for: otherwise usdparquet optimize chooses the size.",
        choice="Measure",
    )
    sizes = {int(name.rpartition("_")[2]): name for name in results.variants("row_group_")}
    usual = results.plan.get("row_groups", [0])[0]
    traversal = "single_property_traversal"
    measures = (
        ("Load", ("initial_load", "time_ms"), "ms", 1.0),
        ("Traversal, one property", (traversal, "time_ms"), "ms", 1.0),
        ("Random access", ("random_access", "time_ms"), "ms", 1.0),
        ("Memory after the traversal", (traversal, "anonymous_mb"), "MB", 1.0),
        ("File size", ("file_size", "bytes"), "MB", 1e-6),
    )
    for scene in results.scenes() if sizes else ():
        for title, measure, unit, factor in measures:
            lines: Points = {name: [] for name in FORMATS}
            for size, variant in sorted([*sizes.items(), (usual, "")]):
                for name, found in results.by_format(*measure, *scene, variant).items():
                    entry = FORMATS[name]
                    if entry.is_parquet and (variant or not entry.is_indexed):
                        lines[name].append((float(size), scaled(found.summary, factor)))
            # A single point compares nothing.
            lines = {name: points for name, points in lines.items() if len(points) > 1}
            figure = line_figure(lines, "rows in a row group", unit)
            chart.add(scene_key(*scene), title, figure)
    return chart


def title_of(test: str) -> str:
    """The title of a test as people read it."""
    return TESTS[test].title if test in TESTS else test
