"""The tables of the report as plain values, so that the templates only lay them out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from usdparquet.bench.catalog import PLUGIN_LOAD
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.results import Results, rounded
from usdparquet.bench.summary import TIE, Row, headline
from usdparquet.report.figures import scene_key
from usdparquet.report.formatting import (
    TOO_SMALL,
    count,
    format_title,
    quantity,
    ratio,
    scene_title,
    spread,
)
from usdparquet.report.memory import MemoryRow, memory_rows
from usdparquet.report.timeline import SamplingCost, sampling_costs

# What the rows of the headline are, in words that need no knowledge of OpenUSD.
_EXPLAINED = {
    "layer_load": "opening the file of properties alone",
    "initial_load": "opening the whole scene",
    "traversal": "reading one property of every prim",
    "multi_traversal": "reading six properties of every prim",
    "first_value": "the first property that is read after opening",
    "first_prim": "six properties of one prim, read for the first time",
    "random_access": "up to 1,000 random properties of random prims",
    "load_memory": "of the process, after opening the scene",
    "memory": "of the process, after reading six properties of every prim",
    "layer_memory": "the same, less what a scene without properties takes",
    "file_size": "of the properties alone",
}


@dataclass(frozen=True)
class PictureRow:
    """A bar of the picture: how many times less the side that is ahead needs."""

    title: str
    explained: str
    side: str
    text: str
    percent: float
    """The length of the bar on a logarithmic scale, 100 for the longest."""


@dataclass(frozen=True)
class Cell:
    """A figure of the headline table."""

    value: str
    spread: str
    ratio: str
    wins: bool
    is_told: bool
    """Whether the figure can be told from zero."""


@dataclass(frozen=True)
class HeadlineRow:
    """A row of the headline table; `cells` follow the columns, None where nothing was measured."""

    title: str
    explained: str
    cells: list[Cell | None]
    winner: str
    side: str


@dataclass(frozen=True)
class SceneSection:
    """What the report says about one scene, apart from charts."""

    id: str
    title: str
    picture: list[PictureRow]
    columns: list[str]
    rows: list[HeadlineRow]
    memory: list[MemoryRow]
    sampling: list[SamplingCost]


def scene_sections(results: Results) -> list[SceneSection]:
    """A section per scene, the largest first."""
    scenes = sorted(results.scenes(), key=lambda scene: (-scene[0], scene[1] != "flat"))
    return [_scene_section(results, *scene) for scene in scenes]


RAW_COLUMNS = (
    ("Test", True),
    ("Prims", False),
    ("Hierarchy", True),
    ("Variant", True),
    ("Format", True),
    ("Metric", True),
    ("Unit", True),
    ("Mean", False),
    ("Std", False),
    ("Min", False),
    ("Median", False),
    ("Max", False),
    ("Runs", False),
)
"""Headings of the raw data and whether they are text."""


def raw_rows(results: Results) -> list[list[str | float]]:
    """Every measurement as the raw data table and its CSV file show it."""
    rows: list[list[str | float]] = []
    for entry in results.measurements:
        summary = entry.summary
        figures = (summary.mean, summary.std, summary.min, summary.median, summary.max)
        rows.append(
            [
                *(entry.test, entry.scale, entry.hierarchy, entry.variant),
                *(entry.format, entry.metric, entry.unit),
                *(rounded(value) for value in figures),
                summary.count,
            ]
        )
    return rows


def machine_rows(results: Results) -> list[tuple[str, str]]:
    """The machine and the versions, as name and value."""
    environment = results.environment
    versions = environment.get("versions", {})
    rows = [
        ("Processor", environment.get("cpu")),
        ("Cores", environment.get("usable_cores")),
        ("Memory", _gigabytes(environment.get("memory_total_bytes"))),
        ("Frequency governor", environment.get("governor")),
        ("Virtual machine", _yes_no(environment.get("virtual_machine"))),
        ("Transparent huge pages", environment.get("transparent_huge_pages")),
        ("System", environment.get("system")),
        ("Python", environment.get("python")),
        *[(name, version) for name, version in versions.items()],
        ("Byte budget of Parquet layers, MiB", environment.get("cache_mb")),
    ]
    return [(name, str(value)) for name, value in rows if value is not None]


def run_rows(results: Results) -> list[list[tuple[str, str]]]:
    """The date, plan and load of each run, as name and value."""
    return [
        [
            (name, str(value))
            for name, value in (
                ("Date", environment.get("date")),
                ("Prims", ", ".join(count(prims) for prims in plan.get("prims", [])) or None),
                ("Hierarchy", ", ".join(plan.get("hierarchies", [])) or None),
                ("Rounds", plan.get("runs")),
                ("Page cache", plan.get("page_cache")),
                ("Memory free at the start", _gigabytes(environment.get("memory_available_bytes"))),
                ("Load average, start", _numbers(environment.get("load_average_start"))),
                ("Load average, end", _numbers(environment.get("load_average_end"))),
                ("Duration", _seconds(environment.get("duration_seconds"))),
            )
            if value is not None
        ]
        for environment, plan in results.runs
    ]


def _scene_section(results: Results, scale: int, hierarchy: str) -> SceneSection:
    rows = headline(results, scale, hierarchy)
    present = [name for name in FORMATS if any(name in row.values for row in rows)]
    return SceneSection(
        id=scene_key(scale, hierarchy),
        title=scene_title(scale, hierarchy),
        picture=_picture(rows),
        columns=[format_title(name) for name in present],
        rows=[_headline_row(row, present) for row in rows],
        memory=memory_rows(results, scale, hierarchy),
        sampling=sampling_costs(results, scale, hierarchy),
    )


def _picture(rows: list[Row]) -> list[PictureRow]:
    """A bar for each row that was measured on both sides."""
    rows = [row for row in rows if row.winner is not None or row.is_too_small]
    ratios = [row.ratio(row.best_parquet) if row.best_parquet else None for row in rows]
    longest = max((abs(math.log(factor)) for factor in ratios if factor), default=0.0)
    found = []
    for row, factor in zip(rows, ratios, strict=True):
        text, percent = TOO_SMALL, 0.0
        if row.winner == TIE:
            text = "no difference"
        elif factor is not None:
            text = ratio(max(factor, 1 / factor))
            percent = round(100 * abs(math.log(factor)) / longest, 1) if longest else 0.0
        explained = _EXPLAINED[row.spec.key]
        found.append(PictureRow(row.spec.title, explained, row.side, text, percent))
    return found


def _headline_row(row: Row, columns: list[str]) -> HeadlineRow:
    cells: list[Cell | None] = []
    for name in columns:
        summary = row.values.get(name)
        if summary is None:
            cells.append(None)
            continue
        factor = row.ratio(name)
        text = ratio(factor) if factor is not None else ""
        if not row.can_tell(name):
            text = TOO_SMALL
        value, deviation = quantity(summary.mean, row.unit), spread(summary, row.unit)
        cells.append(Cell(value, deviation, text, name == row.winner, row.can_tell(name)))
    explained = _EXPLAINED[row.spec.key]
    winner = TOO_SMALL.capitalize() if row.is_too_small else format_title(row.winner)
    return HeadlineRow(row.spec.title, explained, cells, winner, row.side)


def plugin_load_rows(results: Results) -> list[tuple[str, str, str]]:
    """Format, time and anonymous memory of the first use of each format in a process."""
    rows = []
    for scene in results.scenes()[:1]:
        memories = results.by_format(PLUGIN_LOAD, "anonymous_mb", *scene)
        for name, time in results.by_format(PLUGIN_LOAD, "time_ms", *scene).items():
            if name in memories:
                cost = quantity(time.summary.mean, "ms")
                memory = quantity(memories[name].summary.mean, "MB")
                rows.append((format_title(name), cost, memory))
    return rows


def _gigabytes(value: float | None) -> str | None:
    return None if value is None else f"{value / 1e9:.1f} GB"


def _numbers(values: list[float] | None) -> str | None:
    return None if values is None else ", ".join(f"{value:.2f}" for value in values)


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:.0f} s"


def _yes_no(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"
