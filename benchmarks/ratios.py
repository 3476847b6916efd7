"""Prints how the formats compare: the targets first, then every figure of every format.

    python ratios.py build/bench.json [--stage build/bench-stage.json] [--reference OTHER.json]

`--reference` is a run of fewer prims: opening an indexed file is compared with its own time there.
Both tables are Markdown, for docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from results import VALUE_KINDS, Results, load

PLAIN = ("parquet_none", "parquet_snappy", "parquet_zstd")
USDC = "usdc"
Getter = Callable[[Results, str], float | None]


@dataclass(frozen=True)
class Figure:
    """A figure that every format has a number for."""

    title: str
    unit: str
    get: Getter


@dataclass(frozen=True)
class Target:
    """A line of the table of targets."""

    figure: Figure
    limit: float
    is_speedup: bool = False
    """The limit is how many times faster, not the ratio to the rival."""
    rival: str = USDC
    is_plain: bool = False
    """Judged by the slowest plain file instead of the indexed one."""


def _mean(figure: str, details: tuple[str, ...], title: str) -> Figure:
    return Figure(title, "ns", lambda r, name: _times(1e9, r.mean_seconds(figure, details, name)))


def _one(figure: str, detail: str, title: str, unit: str = "ns") -> Figure:
    scale = {"ns": 1e9, "ms": 1e3}[unit]
    return Figure(title, unit, lambda r, name: _times(scale, r.seconds(figure, detail, name)))


def _memory(detail: str, counter: str, title: str) -> Figure:
    return Figure(title, "MB", lambda r, name: r.memory(detail, counter, name))


def _times(scale: float, value: float | None) -> float | None:
    return None if value is None else value * scale


OPEN = _one("open", "layer", "layer open", "ms")
WARM = _mean("warm", VALUE_KINDS, "value in order, warm, mean")
COLD = _mean("cold", VALUE_KINDS, "value in order, first touch, mean")
RANDOM = _mean("random", VALUE_KINDS, "value at random, mean")
THREADS = _mean("warm_2_threads", VALUE_KINDS, "value in order, two threads, mean")
SPEC = _mean("has_spec", ("prim", "attribute"), "HasSpec, mean of prim and attribute")
ANONYMOUS = _memory("20_properties", "anonymous_mb", "anonymous memory after 20 properties")
ANONYMOUS_4MB = _memory(
    "20_properties_4mb_budget", "anonymous_mb", "anonymous memory after 20, budget 4 MB"
)
SPARSE_FIRST = _one("sparse", "lists_first", "property list of a sparse table, first, a prim")
SPARSE_AGAIN = _one("sparse", "lists_again", "property list of a sparse table, again, a prim")
STAGE = Figure("stage open", "ms", lambda r, name: r.stages.get(name))
OVER_BARE = Figure("stage open over the bare stage", "ms", Results.stage_over_bare)
PLAYBACK = _one("playback", "query", "playback, a sample")
PLAYBACK_1MB = _one("playback", "query_1mb_budget", "playback, budget 1 MB, a sample")
BRACKET_1MB = _one("playback", "bracket_1mb_budget", "interpolated, budget 1 MB, a sample")
PLAYBACK_MEMORY = _memory(
    "playback_1mb_budget", "anonymous_mb", "anonymous memory after playback, budget 1 MB"
)
SIZE = Figure("file size", "MB", lambda r, name: _times(1e-6, r.sizes.get(name)))

TARGETS = (
    Target(OPEN, 500, is_speedup=True),
    Target(OPEN, 50, is_speedup=True, is_plain=True),
    Target(WARM, 0.6),
    Target(COLD, 0.8),
    Target(RANDOM, 1.0),
    Target(THREADS, 0.7),
    Target(SPEC, 1.5),
    Target(SPARSE_FIRST, 2.0),
    Target(SPARSE_AGAIN, 2.0),
    Target(ANONYMOUS, 1 / 75),
    Target(ANONYMOUS_4MB, 1 / 75),
    Target(OVER_BARE, 50, is_speedup=True),
    Target(STAGE, 1.1, rival="floor"),
    Target(SIZE, 0.4),
    Target(PLAYBACK, 1.0),
    Target(PLAYBACK_1MB, 1.0),
    Target(BRACKET_1MB, 1.0),
    Target(PLAYBACK_MEMORY, 1 / 10),
)
SCALE_LIMIT = 2.0

DETAILS = (
    OPEN,
    _one("open_wide", "footer", "1,000 columns x 1,000 row groups: footer by Arrow alone", "ms"),
    _one("open_wide", "layer", "1,000 columns x 1,000 row groups: layer open", "ms"),
    _one("has_spec", "prim", "HasSpec of a prim"),
    _one("has_spec", "attribute", "HasSpec of an attribute"),
    _one("has_field", "absent", "HasField of an absent field"),
    _one("children", "a_name", "children, a name"),
    _one("properties", "a_prim", "property list, a prim"),
    _one("sparse", "open", "500 columns of which a prim has 20: layer open", "ms"),
    SPARSE_FIRST,
    SPARSE_AGAIN,
    *(
        _one(figure, kind, f"{title}: {kind}")
        for figure, title in (
            ("cold", "in order, first touch"),
            ("warm", "in order, warm"),
            ("random", "at random"),
            ("warm_2_threads", "in order, two threads"),
            ("random_2_threads", "at random, two threads"),
        )
        for kind in (*VALUE_KINDS, "float3", "array")
    ),
    *(
        _one("traversal", number, f"20 properties prim by prim, {number} pass")
        for number in ("first", "second", "third")
    ),
    _memory("open", "anonymous_mb", "anonymous memory after the open"),
    _memory("open", "resident_mb", "resident memory after the open"),
    ANONYMOUS,
    _memory("20_properties", "resident_mb", "resident memory after 20 properties"),
    ANONYMOUS_4MB,
    _memory("6_properties", "anonymous_mb", "anonymous memory after 6 properties"),
    _memory("6_properties", "resident_mb", "resident memory after 6 properties"),
    STAGE,
    OVER_BARE,
    SIZE,
    _one("open", "playback", "playback layer open", "ms"),
    PLAYBACK,
    PLAYBACK_1MB,
    _one("playback", "bracket", "interpolated, a sample"),
    BRACKET_1MB,
    _memory("playback", "anonymous_mb", "anonymous memory after playback"),
    PLAYBACK_MEMORY,
)


def number(value: float | None) -> str:
    """Three significant digits; whole numbers from 100 on."""
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table with aligned columns."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    padded = ([cell.ljust(w) for cell, w in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("| " + " | ".join(line) + " |" for line in padded)


def slowest_plain(results: Results, figure: Figure) -> str:
    """The plain format with the worst number."""
    return max(PLAIN, key=lambda name: figure.get(results, name) or 0)


def judge(target: Target, results: Results, ours: str) -> list[str]:
    """One line of the table of targets."""
    name = slowest_plain(results, target.figure) if target.is_plain else ours
    figure = target.figure
    rival, own = figure.get(results, target.rival), figure.get(results, name)
    line = [f"{figure.title} ({figure.unit})", target.rival, number(rival), name, number(own)]
    return line + verdict(rival, own, target.limit, target.is_speedup)


def verdict(
    rival: float | None, own: float | None, limit: float, is_speedup: bool = False
) -> list[str]:
    """Ratio, target, and whether it is met."""
    text = f">= {limit:.0f}x" if is_speedup else f"<= {number(limit)}"
    if rival is None or own is None:
        return ["-", text, "not measured"]
    if is_speedup and own <= 0:
        # A difference of medians that is below their noise proves nothing.
        return ["-", text, "below the noise"]
    if is_speedup:
        ratio = rival / own
        return [f"{number(ratio)}x", text, "ok" if ratio >= limit else "short"]
    ratio = own / rival if rival > 0 else float("inf")
    return [number(ratio), text, "ok" if ratio <= limit else "short"]


def judge_scale(results: Results, reference: Results, ours: str) -> list[str]:
    """Opening must not grow with the rows."""
    own, other = OPEN.get(results, ours), OPEN.get(reference, ours)
    rival = f"itself at {reference.scene}"
    line = [f"{OPEN.title} ({OPEN.unit})", rival, number(other), ours, number(own)]
    return line + verdict(other, own, SCALE_LIMIT)


def print_targets(results: Results, reference: Results | None, ours: str) -> None:
    rows = [judge(target, results, ours) for target in TARGETS]
    if reference:
        rows.insert(1, judge_scale(results, reference, ours))
    print(f"\n### Targets, {results.scene}, medians\n")
    print(table(("figure", "rival", "its", "format", "ours", "ratio", "target", ""), rows))


def print_details(results: Results) -> None:
    rows = (
        [f"{figure.title} ({figure.unit})"]
        + [number(figure.get(results, name)) for name in results.formats]
        for figure in DETAILS
    )
    print(f"\n### All figures, {results.scene}, medians\n")
    print(table(("figure", *results.formats), rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench", type=Path)
    parser.add_argument("--stage", type=Path)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--ours", help="the format that is judged; indexed_zstd where it is there")
    options = parser.parse_args()
    results = load(options.bench, options.stage)
    reference = load(options.reference, None) if options.reference else None
    ours = options.ours or ("indexed_zstd" if "indexed_zstd" in results.formats else PLAIN[-1])
    print_details(results)
    print_targets(results, reference, ours)
    return 0


if __name__ == "__main__":
    sys.exit(main())
