"""Puts a results file into the page template."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.results import Results
from usdparquet.report.charts import scene_charts
from usdparquet.report.compare import Comparison, compare
from usdparquet.report.figures import COLORS, Chart
from usdparquet.report.formatting import format_title
from usdparquet.report.memory import memory_charts
from usdparquet.report.playback import playback_chart
from usdparquet.report.property_types import type_charts, type_rows
from usdparquet.report.scaling import fit_rows, scaling_chart
from usdparquet.report.sections import (
    RAW_COLUMNS,
    machine_rows,
    plugin_load_rows,
    raw_rows,
    run_rows,
    scene_sections,
)
from usdparquet.report.verdicts import SHOWN, lead, remarks, verdicts
from usdparquet.tables.atomic_file import replaced_file


@dataclass(frozen=True)
class Tab:
    """A tab of the page; `empty` is the test to run if there is nothing to show."""

    id: str
    title: str
    charts: list[Chart]
    empty: str = ""
    has_scenes: bool = True
    """Whether its content depends on the scene that is chosen."""


def render_report(results: Results, old: Results | None = None) -> str:
    """The report as a single HTML page that needs no other file."""
    environment = Environment(
        loader=PackageLoader("usdparquet.report", "templates"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["format_title"] = format_title
    tabs = _tabs(results)
    charts = [chart for tab in tabs for chart in tab.charts]
    found = verdicts(results)
    tested = {entry.test for entry in results.measurements}
    comparison: Comparison | None = compare(old, results) if old else None
    return environment.get_template("report.html.j2").render(
        results=results,
        tabs=tabs,
        scenes=scene_sections(results),
        lead=lead(results),
        verdicts=found[:SHOWN],
        more_verdicts=found[SHOWN:],
        remarks=remarks(results),
        comparison=comparison,
        figures=_script_json({chart.id: chart.figures for chart in charts}),
        raw=_script_json(raw_rows(results)),
        raw_columns=RAW_COLUMNS,
        machine=machine_rows(results),
        runs=run_rows(results),
        plugin_load=plugin_load_rows(results),
        fits=fit_rows(results),
        types=type_rows(results),
        formats=_legend(results),
        tests=[test for test in TESTS.values() if test.name in tested],
        style=_source(environment, "style.css"),
        script=_source(environment, "report.js"),
        table_script=_source(environment, "table.js"),
        plotly=Markup(get_plotlyjs()),  # trusted text of an installed package
    )


def write_report(results: Results, path: Path, old: Results | None = None) -> None:
    """Write the report to `path`, with what changed since `old` if that is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = render_report(results, old)
    with replaced_file(path) as file:
        file.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class LegendEntry:
    """A format in the legend of all charts."""

    name: str
    title: str
    color: str
    is_indexed: bool


def _legend(results: Results) -> list[LegendEntry]:
    measured = {entry.format for entry in results.measurements}
    return [
        LegendEntry(name, entry.title, COLORS[name], entry.is_indexed)
        for name, entry in FORMATS.items()
        if name in measured
    ]


def _tabs(results: Results) -> list[Tab]:
    by_scene = scene_charts(results)
    scaling, playback = scaling_chart(results), playback_chart(results)
    if playback.figures:
        by_scene.setdefault("traversal", []).append(playback)
    return [
        Tab("overview", "Overview", []),
        Tab("load", "Load", by_scene.get("load", []), "initial_load"),
        Tab("properties", "Properties", by_scene.get("properties", []), "single_property_cold"),
        Tab("traversal", "Traversal", by_scene.get("traversal", []), "multi_property_traversal"),
        Tab("random", "Random access", by_scene.get("random", []), "random_access"),
        Tab("memory", "Memory", memory_charts(results), "multi_property_traversal"),
        Tab("size", "File size", by_scene.get("size", []), "file_size"),
        Tab("scaling", "Scaling", [scaling] if scaling.figures else [], "", has_scenes=False),
        Tab("types", "Property types", type_charts(results), "property_types", has_scenes=False),
        Tab("raw", "Raw data", [], has_scenes=False),
        Tab("method", "Method and machine", [], has_scenes=False),
    ]


def _source(environment: Environment, name: str) -> Markup:
    """A style sheet or script of this package, as it is."""
    assert environment.loader is not None
    text, _, _ = environment.loader.get_source(environment, name)
    return Markup(text)


def _script_json(value: Any) -> Markup:
    """JSON for a script element: nothing in it can end the element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))
