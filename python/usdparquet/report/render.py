"""Puts a results file into the page template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.results import Results
from usdparquet.report.sections import (
    machine_rows,
    plugin_load_rows,
    raw_rows,
    scene_sections,
)


def render_report(results: Results) -> str:
    """The report as one HTML text that needs nothing else."""
    environment = Environment(
        loader=PackageLoader("usdparquet.report", "templates"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scenes = scene_sections(results)
    figures = {chart.id: chart.figure for scene in scenes for chart in scene.charts}
    tested = {entry.test for entry in results.measurements}
    return environment.get_template("report.html.j2").render(
        results=results,
        scenes=scenes,
        figures=_script_json(figures),
        raw=raw_rows(results),
        machine=machine_rows(results),
        plugin_load=plugin_load_rows(results),
        tests=[test for test in TESTS.values() if test.name in tested],
        style=_source(environment, "style.css"),
        script=_source(environment, "report.js"),
        plotly=Markup(get_plotlyjs()),  # trusted text of an installed package
    )


def write_report(results: Results, path: Path) -> None:
    """Write the report to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_report(results), encoding="utf-8")


def _source(environment: Environment, name: str) -> Markup:
    """A style sheet or script of this package, as it is."""
    assert environment.loader is not None
    text, _, _ = environment.loader.get_source(environment, name)
    return Markup(text)


def _script_json(value: Any) -> Markup:
    """JSON for a script element: nothing in it can end the element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))
