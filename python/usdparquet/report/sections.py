"""The tables of the report as plain values, so that the templates only lay them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from usdparquet.bench.catalog import PLUGIN_LOAD, TESTS
from usdparquet.bench.formats import BARE_FORMAT, FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Results
from usdparquet.bench.summary import TIE, Row, headline
from usdparquet.report.charts import Chart, charts
from usdparquet.report.findings import Finding, findings
from usdparquet.report.formatting import DASH, count, format_title, number, quantity, ratio, spread

# What the figure at the top of a card compares, by headline row.
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
class MemoryRow:
    """Memory of one format after one test."""

    test: str
    format: str
    anonymous: str
    over_bare: str
    per_prim: str
    resident: str
    peak: str


@dataclass(frozen=True)
class SceneSection:
    """Everything that the report says about one scene."""

    id: str
    title: str
    cards: list[Card]
    columns: list[str]
    rows: list[HeadlineRow]
    findings: list[Finding]
    charts: list[Chart]
    memory: list[MemoryRow]


def scene_sections(results: Results) -> list[SceneSection]:
    """A section per scene, small scenes first."""
    return [_scene_section(results, scale, hierarchy) for scale, hierarchy in results.scenes()]


def raw_rows(results: Results) -> list[dict[str, Any]]:
    """Every measurement as the raw data table shows it; `sort` values are plain numbers."""
    rows = []
    for entry in results.measurements:
        summary = entry.summary
        title = TESTS[entry.test].name if entry.test in TESTS else entry.test
        figures = {
            name: {"text": number(value), "sort": value}
            for name, value in (
                ("mean", summary.mean),
                ("std", summary.std),
                ("min", summary.min),
                ("median", summary.median),
                ("max", summary.max),
            )
        }
        rows.append(
            {
                "test": title,
                "scale": entry.scale,
                "hierarchy": entry.hierarchy,
                "format": entry.format,
                "metric": entry.metric,
                "unit": entry.unit,
                "runs": summary.count,
                **figures,
            }
        )
    return rows


def machine_rows(results: Results) -> list[tuple[str, str]]:
    """The machine and the versions, as name and value."""
    environment = results.environment
    versions = environment.get("versions", {})
    rows = [
        ("Date", environment.get("date")),
        ("Processor", environment.get("cpu")),
        ("Cores", environment.get("usable_cores")),
        ("Memory", _gigabytes(environment.get("memory_total_bytes"))),
        ("Free at the start", _gigabytes(environment.get("memory_available_bytes"))),
        ("Load average, start", _numbers(environment.get("load_average_start"))),
        ("Load average, end", _numbers(environment.get("load_average_end"))),
        ("Frequency governor", environment.get("governor")),
        ("System", environment.get("system")),
        ("Python", environment.get("python")),
        *[(name, version) for name, version in versions.items()],
        ("Page cache budget", environment.get("cache_mb")),
        ("Duration", _seconds(environment.get("duration_seconds"))),
    ]
    return [(name, str(value)) for name, value in rows if value is not None]


def _scene_section(results: Results, scale: int, hierarchy: str) -> SceneSection:
    rows = headline(results, scale, hierarchy)
    present = [name for name in FORMATS if any(name in row.values for row in rows)]
    return SceneSection(
        id=f"scene-{scale}-{hierarchy}",
        title=f"{count(scale)} prims, {hierarchy}",
        cards=[card for card in (_card(row) for row in rows) if card is not None],
        columns=[format_title(name) for name in present],
        rows=[_headline_row(row, present) for row in rows],
        findings=findings(results, scale, hierarchy),
        charts=charts(results, scale, hierarchy),
        memory=_memory_rows(results, scale, hierarchy),
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
        return Card(title, DASH, "no ratio", detail, _side(winner))
    if factor < 1:
        return Card(title, ratio(1 / factor), worse, detail, _side(winner))
    return Card(title, ratio(factor), better, detail, _side(winner))


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
    return HeadlineRow(title, cells, format_title(row.winner), _side(row.winner))


def _side(winner: str | None) -> str:
    if winner is None or winner == TIE:
        return "neutral"
    return "usdc" if winner == REFERENCE_FORMAT else "parquet"


def _memory_rows(results: Results, scale: int, hierarchy: str) -> list[MemoryRow]:
    rows = []
    for test in TESTS.values():
        for name in FORMATS:
            found = {
                metric: results.find(test.name, name, metric, scale, hierarchy)
                for metric in ("anonymous_mb", "resident_mb", "peak_resident_mb")
            }
            means = {metric: entry.summary.mean for metric, entry in found.items() if entry}
            if len(means) < len(found):
                continue
            bare = results.find(test.name, BARE_FORMAT, "anonymous_mb", scale, hierarchy)
            over_bare = DASH
            if bare is not None and name != BARE_FORMAT:
                over_bare = number(means["anonymous_mb"] - bare.summary.mean)
            rows.append(
                MemoryRow(
                    test.title,
                    format_title(name),
                    number(means["anonymous_mb"]),
                    over_bare,
                    count(round(means["anonymous_mb"] * 1e6 / scale)),
                    number(means["resident_mb"]),
                    number(means["peak_resident_mb"]),
                )
            )
    return rows


def plugin_load_rows(results: Results) -> list[tuple[str, str, str]]:
    """Format, time and anonymous memory of the first use of each format in a process."""
    rows = []
    for scale, hierarchy in results.scenes()[:1]:
        for name in FORMATS:
            time = results.find(PLUGIN_LOAD, name, "time_ms", scale, hierarchy)
            memory = results.find(PLUGIN_LOAD, name, "anonymous_mb", scale, hierarchy)
            if time is not None and memory is not None:
                rows.append(
                    (
                        format_title(name),
                        quantity(time.summary.mean, "ms"),
                        quantity(memory.summary.mean, "MB"),
                    )
                )
    return rows


def _gigabytes(value: float | None) -> str | None:
    return None if value is None else f"{value / 1e9:.1f} GB"


def _numbers(values: list[float] | None) -> str | None:
    return None if values is None else ", ".join(f"{value:.2f}" for value in values)


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:.0f} s"
