"""The headline of a benchmark, for a terminal."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from usdparquet.bench.formats import FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Results
from usdparquet.bench.summary import Row, headline
from usdparquet.bench.table import PROPERTIES
from usdparquet.cli.console import counted, say
from usdparquet.report.formatting import DASH, TIMES_SIGN, number, ratio

# The terminal has room for one indexed file; the report shows all.
_NOT_PRINTED = ("parquet_none_indexed", "parquet_snappy_indexed")
_LEAST_WIDTH = 80
_WIDE = 1_000


def print_headline(results: Results) -> None:
    """Print the headline of every scene, and where fewer samples were taken than asked for."""
    width = shutil.get_terminal_size().columns
    if not sys.stdout.isatty():
        width = max(width, _LEAST_WIDTH)
    text = io.StringIO()
    console = Console(file=text, width=width, force_terminal=sys.stdout.isatty(), highlight=False)
    for scale, hierarchy in results.scenes():
        for part in headline_parts(results, scale, hierarchy, width):
            console.print(part)
    console.print(
        f"{TIMES_SIGN} = times less than USDC; above 1 better, below 1 worse. "
        "none, snappy, zstd: Parquet; idx: indexed by usdparquet optimize",
        style="dim",
    )
    for entry in results.reduced:
        place = (
            f"{counted(entry.scale, 'prim')} {entry.hierarchy}" if entry.scale else "property types"
        )
        console.print(
            f"{FORMATS[entry.format].title}, {place}: {entry.runs} of {entry.asked} runs, "
            f"{entry.seconds_a_run:.0f} s each",
            style="dim",
        )
    for line in text.getvalue().splitlines():
        say(line)


def headline_parts(results: Results, scale: int, hierarchy: str, width: int) -> list[Table | str]:
    """The headline of one scene for a terminal: a table, and what it has no room for."""
    rows = headline(results, scale, hierarchy)
    names = [
        name
        for name in FORMATS
        if name not in _NOT_PRINTED and any(name in row.values for row in rows)
    ]
    measure = Console(file=io.StringIO(), width=_WIDE).measure
    for shown in range(len(names), 0, -1):
        table = headline_table(results, scale, hierarchy, names[:shown])
        if measure(table).minimum <= width:
            break
    left_out = [FORMATS[name].short_title for name in names[shown:]]
    if not left_out:
        return [table]
    return [table, f"{counted(len(left_out), 'more format')}: {', '.join(left_out)}"]


def headline_table(results: Results, scale: int, hierarchy: str, names: Sequence[str]) -> Table:
    """The headline of one scene with columns for some formats."""
    rows = headline(results, scale, hierarchy)
    table = Table(
        box=None,
        pad_edge=False,
        show_edge=False,
        padding=(0, 0, 0, 1),
        title=f"{counted(scale, 'prim')} x {len(PROPERTIES)} properties, {hierarchy}",
        title_justify="left",
    )
    # Narrow enough for 80 columns: this is what `make demo` shows in any terminal. The titles are
    # broken where even one format has no room.
    table.add_column("\nLower is better")
    table.add_column("\n", no_wrap=True)
    for name in names:
        first, _, second = FORMATS[name].short_title.partition(" ")
        head = f"{first}\n{second}" if second else f"\n{first}"
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("\nWinner", no_wrap=True, min_width=8)
    for row in rows:
        unit, factor = ("MB", 1e-6) if row.unit == "B" else (row.unit, 1.0)
        cells = [_headline_cell(row, name, factor) for name in names]
        winner = FORMATS[row.winner].short_title if row.winner in FORMATS else row.winner or DASH
        table.add_row(row.spec.title, unit, *cells, winner)
    return table


def _headline_cell(row: Row, name: str, factor: float) -> str:
    summary = row.values.get(name)
    if summary is None:
        return DASH
    text = number(summary.mean * factor)
    if name == row.winner:
        text = f"[bold]{text}[/bold]"
    times = row.ratio(name)
    return text if name == REFERENCE_FORMAT or times is None else f"{text}\n{ratio(times)}"
