"""The charts of the scenes: which measurements each one shows. By tab of the report."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.results import Results
from usdparquet.bench.stats import scaled
from usdparquet.report.figures import Bars, Chart, bar_figure, line, scene_key

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


_BAR_CHARTS = (
    _BarChart(
        "load",
        "load",
        "Load",
        "Time to open the property layer alone, the stage of property and base layer, and to add "
        "the property layer to the stage of the base layer while that is open.",
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
        "The same stage with its files in the page cache of the system, and after they were "
        "dropped from it.",
        (
            ("initial_load", "Load, cached"),
            ("uncached_load", "Load, from disk"),
            ("multi_property_traversal", "Traversal, cached"),
            ("uncached_traversal", "Traversal, from disk"),
        ),
    ),
    _BarChart(
        "properties",
        "first-read",
        "The first read",
        "Microseconds a value on a stage that was just opened: one property, and six of one prim. "
        "Parquet decodes a page for each property here.",
        (
            ("single_property_cold", "One value"),
            ("multi_property", "Six of one prim"),
        ),
        unit="µs a value",
        factor=1e3,
        per_operation=True,
    ),
    _BarChart(
        "properties",
        "reads",
        "More reads",
        "Microseconds a value: the same value again, one property of up to 1,000 prims in order "
        "and at random, the first read included. Most of this is Python.",
        (
            ("single_property_warm", "Again"),
            ("single_property_sequential", "In order"),
            ("single_property_random", "At random"),
        ),
        unit="µs a value",
        factor=1e3,
        per_operation=True,
    ),
    _BarChart(
        "traversal",
        "traversal",
        "Traversal",
        "Time to read properties of every prim from Python, right after opening. The bare stage "
        "shows what walking costs when there is nothing to read.",
        (
            ("single_property_traversal", "One property"),
            ("multi_property_traversal", "Six properties"),
        ),
    ),
    _BarChart(
        "random",
        "random",
        "Random access",
        "Microseconds a read: random properties of random prims on an open stage, first touch "
        "included.",
        (("random_access", "Random reads"),),
        unit="µs a value",
        factor=1e3,
        per_operation=True,
    ),
    _BarChart(
        "size",
        "size",
        "File size",
        "The file of the property layer; for the bare stage, of the base layer.",
        (("file_size", "File size"),),
        metric="bytes",
        unit="MB",
        factor=1e-6,
    ),
    _BarChart(
        "size",
        "size-prim",
        "Bytes a prim",
        "The same divided by the number of prims: 20 properties and the path.",
        (("file_size", "Bytes a prim"),),
        metric="bytes",
        unit="bytes a prim",
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
    bars: Bars = {}
    for name in FORMATS:
        bars[name] = []
        for test, label in spec.tests:
            found = results.find(test, name, spec.metric, scale, hierarchy)
            if found is not None:
                factor = spec.factor / (found.operations if spec.per_operation else 1)
                factor /= scale if spec.per_prim else 1
                bars[name].append((label, scaled(found.summary, factor)))
    return bar_figure(bars, [label for _, label in spec.tests], spec.unit)


def _passes(results: Results) -> Chart:
    """Time of each of the ten traversals of a stage."""
    chart = Chart(
        "passes",
        "Repeated traversal",
        "Time of each of ten six-property traversals of the same stage, in the last run: the "
        "first one pays for what is read for the first time.",
    )
    for scale, hierarchy in results.scenes():
        figure = go.Figure()
        for name in FORMATS:
            rows = series_rows(results, "repeated_traversal", name, scale, hierarchy)
            if rows:
                figure.add_trace(pass_line(name, rows, 1, "ms"))
        figure.update_layout(
            xaxis={"title": {"text": "traversal"}, "dtick": 1},
            yaxis={"title": {"text": "ms"}, "rangemode": "tozero"},
        )
        chart.add(scene_key(scale, hierarchy), _ONLY, figure)
    return chart


def _row_groups(results: Results) -> Chart:
    """What the size of the row groups changes, where a run measured several."""
    chart = Chart(
        "row-groups",
        "Row groups",
        "The Parquet files with row groups of other sizes. Indexed files have the sizes of "
        "usdparquet optimize where the comparison is made.",
        choice="Measure",
    )
    sizes = {int(name.rpartition("_")[2]): name for name in results.variants("row_group_")}
    usual = results.plan.get("row_groups", [0])[0]
    measures = (
        ("Load", "initial_load", "time_ms", "ms", 1.0),
        ("Traversal, one property", "single_property_traversal", "time_ms", "ms", 1.0),
        ("Random access", "random_access", "time_ms", "ms", 1.0),
        ("Memory after the traversal", "single_property_traversal", "anonymous_mb", "MB", 1.0),
        ("File size", "file_size", "bytes", "MB", 1e-6),
    )
    for scale, hierarchy in results.scenes() if sizes else ():
        for title, test, metric, unit, factor in measures:
            figure = go.Figure()
            for name in FORMATS:
                points = []
                for size, variant in sorted([*sizes.items(), (usual, "")]):
                    found = results.find(test, name, metric, scale, hierarchy, variant)
                    if (
                        found
                        and FORMATS[name].is_parquet
                        and not (FORMATS[name].is_indexed and not variant)
                    ):
                        points.append((float(size), scaled(found.summary, factor)))
                if points:
                    figure.add_trace(line(name, points, unit, "rows a group"))
            figure.update_layout(
                xaxis={
                    "type": "log",
                    "dtick": 1,
                    "tickformat": ",d",
                    "title": {"text": "rows in a row group"},
                },
                yaxis={"title": {"text": unit}, "rangemode": "tozero"},
            )
            chart.add(scene_key(scale, hierarchy), title, figure)
    return chart


def series_rows(
    results: Results, test: str, name: str, scale: int, hierarchy: str
) -> list[list[float]]:
    """The rows of a series, or none."""
    for entry in results.series:
        if (entry.test, entry.format) == (test, name) and (entry.scale, entry.hierarchy) == (
            scale,
            hierarchy,
        ):
            return entry.series.rows
    return []


def pass_line(name: str, rows: list[list[float]], column: int, unit: str) -> go.Scatter:
    """A line over the passes of `repeated_traversal`."""
    from usdparquet.report.figures import COLORS, line_dash, symbol

    title = FORMATS[name].title
    return go.Scatter(
        name=title,
        meta=name,
        x=[row[0] for row in rows],
        y=[row[column] for row in rows],
        mode="lines+markers",
        line={"color": COLORS[name], "width": 2, "dash": line_dash(name)},
        marker={"size": 7, "symbol": symbol(name)},
        hovertemplate=f"<b>{title}</b><br>traversal %{{x}}: %{{y:.4~g}} {unit}<extra></extra>",
    )


def title_of(test: str) -> str:
    """The title of a test as people read it."""
    return TESTS[test].title if test in TESTS else test
