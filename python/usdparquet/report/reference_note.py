"""The figures beside those that this comparison was first published with: two tables.

docs/benchmarks/reference-note.md is written by hand around them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from usdparquet.bench.formats import PARQUET_FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Results, ResultsError
from usdparquet.bench.stats import Summary, is_above_zero
from usdparquet.bench.summary import own_share
from usdparquet.report.formatting import (
    DASH,
    TOO_SMALL,
    count,
    format_title,
    quantity,
    ratio,
    spread,
)
from usdparquet.report.markdown import markdown_table
from usdparquet.tables.atomic_file import replaced_file

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
"""What is between these lines of a page is replaced."""
_SCENE = (10_000, "flat")
_WALK = "single_property_traversal"
_LARGE_FORMAT = "parquet_zstd_indexed"  # what `optimize` writes, measured at every scale
_LARGER = ((100_000, 467.0), (1_000_000, 4_600.0))
"""Numbers of prims, and the MB that the note predicts for USDC; for Parquet, about 0."""


@dataclass(frozen=True)
class Published:
    """A figure of the note and the measurement that corresponds to it."""

    title: str
    parquet: float
    usdc: float
    unit: str
    test: str
    metric: str


PUBLISHED = (
    Published("Initial load", 47, 856, "ms", "sublayer_insert", "time_ms"),
    Published("Traversal, one property", 83, 38, "ms", _WALK, "time_ms"),
    Published("Memory after it", 0.02, 46.75, "MB", _WALK, "anonymous_mb"),
    Published(
        "Memory after six properties", 0.0, 35.56, "MB", "multi_property_traversal", "anonymous_mb"
    ),
    Published("File size, zstd", 1_470_000, 3_280_000, "B", "file_size", "bytes"),
)


def reference_tables(results: Results) -> str:
    """Both tables as Markdown; `ResultsError` if the scene of the note was not measured."""
    if _SCENE not in results.scenes():
        raise ResultsError("the reference note is about 10,000 prims, flat: measure that first")
    head = ("", "Note: Parquet", "Note: USDC", "Ratio", "Here: Parquet", "Here: USDC", "Ratio")
    table = markdown_table((*head, "File"), (_row(results, entry) for entry in PUBLISHED))
    larger = markdown_table(
        (
            "After one property",
            "Note: USDC",
            "Note: Parquet",
            "Here: USDC",
            f"Here: {format_title(_LARGE_FORMAT)}",
        ),
        (
            (
                f"{count(scale)} prims",
                quantity(predicted, "MB"),
                "about 0",
                *(
                    _figure(own_share(results, _WALK, name, scale, "flat"), "MB")
                    for name in (REFERENCE_FORMAT, _LARGE_FORMAT)
                ),
            )
            for scale, predicted in _LARGER
        ),
    )
    return f"{table}\n\n{larger}"


def write_reference_tables(results: Results, path: Path) -> None:
    """Put the tables into the page at `path`, between its marks, or into a new page."""
    tables = f"{BEGIN}\n{reference_tables(results)}\n{END}"
    if path.exists():
        page = path.read_text(encoding="utf-8")
        before, begin, rest = page.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not begin or not end:
            raise ResultsError(f"{path}: has no lines '{BEGIN}' and '{END}' to put the tables in")
        tables = f"{before}{tables}{after}"
    else:
        tables += "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced_file(path) as file:
        file.write_text(tables, encoding="utf-8")


def _row(results: Results, entry: Published) -> tuple[str, ...]:
    name = _ours(results, entry)
    ours, usdc = (_measured(results, entry, each) for each in (name, REFERENCE_FORMAT))
    return (
        entry.title,
        quantity(entry.parquet, entry.unit),
        quantity(entry.usdc, entry.unit),
        ratio(entry.usdc / entry.parquet if entry.parquet > 0 else None),
        _figure(ours, entry.unit),
        _figure(usdc, entry.unit),
        ratio(usdc.mean / ours.mean if _is_told(ours) and _is_told(usdc) else None),
        format_title(name) if ours else DASH,
    )


def _ours(results: Results, entry: Published) -> str:
    """The note's own zstd file for sizes; otherwise the plain file that did worst here.

    The note's files are plain ones, and its Parquet figures are nearly the same for all three.
    """
    plain = [name for name in PARQUET_FORMATS if not name.endswith("_indexed")]
    measured = {name: _measured(results, entry, name) for name in plain}
    means = {name: found.mean for name, found in measured.items() if found}
    if entry.metric == "bytes" or not means:
        return "parquet_zstd"
    return max(means, key=means.__getitem__)


def _measured(results: Results, entry: Published, name: str) -> Summary | None:
    if entry.metric == "anonymous_mb":
        return own_share(results, entry.test, name, *_SCENE)
    found = results.find(entry.test, name, entry.metric, *_SCENE)
    return found.summary if found else None


def _is_told(summary: Summary | None) -> TypeGuard[Summary]:
    """Whether it was measured and can be told from zero; a file has one size."""
    return (
        summary is not None and summary.mean > 0 and (summary.count == 1 or is_above_zero(summary))
    )


def _figure(summary: Summary | None, unit: str) -> str:
    if summary is None:
        return DASH
    if not _is_told(summary):
        return TOO_SMALL
    return f"{quantity(summary.mean, unit)} {spread(summary, unit)}".strip()
