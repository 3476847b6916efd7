"""The tables of the report as plain values, so that the templates only lay them out."""

from __future__ import annotations

from dataclasses import dataclass

from usdparquet.bench.catalog import PLUGIN_LOAD
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.results import Results, rounded
from usdparquet.bench.summary import TIE, Row, headline
from usdparquet.report.figures import scene_key
from usdparquet.report.findings import Finding, findings
from usdparquet.report.formatting import (
    DASH,
    count,
    format_title,
    quantity,
    ratio,
    scene_title,
    spread,
)
from usdparquet.report.memory import MemoryRow, memory_rows

# The title of a card and the words for its figure, by headline row.
_CARDS = {
    "initial_load": ("Load", "faster", "slower"),
    "multi_traversal": ("Traversal", "faster", "slower"),
    "memory": ("Memory", "less", "more"),
    "file_size": ("File size", "smaller", "larger"),
}


@dataclass(frozen=True)
class Card:
    """One large figure: the best Parquet file against USDC."""

    title: str
    figure: str
    word: str
    detail: str
    side: str


@dataclass(frozen=True)
class Cell:
    """A figure of the headline table."""

    value: str
    spread: str
    ratio: str
    wins: bool


@dataclass(frozen=True)
class HeadlineRow:
    """A row of the headline table; `cells` follow the columns, None where nothing was measured."""

    title: str
    cells: list[Cell | None]
    winner: str
    side: str


@dataclass(frozen=True)
class SceneSection:
    """What the report says about one scene, apart from charts."""

    id: str
    title: str
    cards: list[Card]
    columns: list[str]
    rows: list[HeadlineRow]
    findings: list[Finding]
    memory: list[MemoryRow]


def scene_sections(results: Results) -> list[SceneSection]:
    """A section per scene, small scenes first."""
    return [_scene_section(results, scale, hierarchy) for scale, hierarchy in results.scenes()]


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
        cards=[card for card in (_card(row) for row in rows) if card is not None],
        columns=[format_title(name) for name in present],
        rows=[_headline_row(row, present) for row in rows],
        findings=findings(results, scale, hierarchy),
        memory=memory_rows(results, scale, hierarchy),
    )


def _card(row: Row) -> Card | None:
    labels, best, winner = _CARDS.get(row.spec.key), row.best_parquet, row.winner
    if labels is None or best is None or winner is None or row.reference is None:
        return None
    title, better, worse = labels
    factor = row.ratio(best)
    ours, theirs = row.values[best].mean, row.reference.mean
    detail = (
        f"{quantity(ours, row.unit)} with {format_title(best)}, "
        f"{quantity(theirs, row.unit)} with USDC"
    )
    if winner == TIE:
        return Card(title, "≈", "no difference", detail, "neutral")
    if factor is None:
        return Card(title, DASH, "no ratio", detail, row.side)
    if factor < 1:
        return Card(title, ratio(1 / factor), worse, detail, row.side)
    return Card(title, ratio(factor), better, detail, row.side)


def _headline_row(row: Row, columns: list[str]) -> HeadlineRow:
    cells: list[Cell | None] = []
    for name in columns:
        summary = row.values.get(name)
        if summary is None:
            cells.append(None)
            continue
        factor = row.ratio(name)
        cells.append(
            Cell(
                quantity(summary.mean, row.unit),
                spread(summary, row.unit),
                ratio(factor) if factor is not None else "",
                name == row.winner,
            )
        )
    title = row.spec.title
    if row.operations > 1:
        title = f"{title}, {count(row.operations)} reads"
    return HeadlineRow(title, cells, format_title(row.winner), row.side)


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
