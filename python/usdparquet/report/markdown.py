"""A summary in Markdown, short enough for a pull request."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from usdparquet.bench.formats import FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Results
from usdparquet.bench.summary import Row, headline
from usdparquet.report.compare import Comparison, compare
from usdparquet.report.formatting import (
    DASH,
    TIMES_SIGN,
    TOO_SMALL,
    format_title,
    number,
    quantity,
    ratio,
    scene_title,
    spread,
)
from usdparquet.report.verdicts import SHOWN, Verdict, lead, remarks, verdicts
from usdparquet.tables.atomic_file import replaced_file

_SHOWN_CHANGES = 20


def render_markdown(results: Results, old: Results | None = None) -> str:
    """What the largest scene says, the findings, the headline of every scene, and changes."""
    environment = results.environment
    parts = ["## Parquet layers beside USDC"]
    summary = lead(results)
    if summary and summary.needs:
        needs = "; ".join(f"{side} needs less {savings}" for side, savings in summary.needs)
        parts.append(
            f"In the largest scene, {summary.prims} prims with 20 properties each, {needs}. "
            f"So use {summary.advice}."
        )
    parts.append(
        f"{environment.get('cpu', '?')}, {environment.get('usable_cores', '?')} cores, OpenUSD "
        f"{environment.get('versions', {}).get('usd-core', '?')}, "
        f"{str(environment.get('date', ''))[:10]}. Figures are means ± standard deviations; "
        f"{TIMES_SIGN} says how many times less than USDC that is (above 1 better, below 1 worse)."
    )
    if old:
        parts += _changes(compare(old, results))
    found = verdicts(results)
    if found:
        parts += ["### Findings", _verdict_table(found[:SHOWN])]
        more = [_verdict_table(found[SHOWN:])] if found[SHOWN:] else []
        more += ["\n".join(f"- {text}" for text in remarks(results))]
        folded = "\n\n".join(filter(None, more))
        parts.append(f"<details><summary>More findings</summary>\n\n{folded}\n\n</details>")
    for scale, hierarchy in results.scenes():
        parts.append(f"### {scene_title(scale, hierarchy)}")
        parts.append(_headline_table(headline(results, scale, hierarchy)))
    return "\n\n".join(parts) + "\n"


def write_markdown(results: Results, path: Path, old: Results | None = None) -> None:
    """Write the summary to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = render_markdown(results, old)
    with replaced_file(path) as file:
        file.write_text(text, encoding="utf-8")


def markdown_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; the first column is text, the others are figures."""
    cells = [_escaped(cell) for cell in head]
    lines = [_line(cells), _line(["---", *("---:" for _ in cells[1:])])]
    lines += [_line(_escaped(cell) for cell in row) for row in rows]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def _verdict_table(rows: list[Verdict]) -> str:
    return markdown_table(
        ("Over all scenes", "Ahead", "Parquet ahead in", "USDC ahead in", "No difference in"),
        (
            (row.use, row.ahead, *(text or DASH for text in (row.parquet, row.usdc, row.tie)))
            for row in rows
        ),
    )


def _headline_table(rows: list[Row]) -> str:
    shown = [name for name in FORMATS if any(name in row.values for row in rows)]
    return markdown_table(
        ["Lower is better", "Winner", *(format_title(name) for name in shown)],
        (
            [
                row.spec.title,
                TOO_SMALL.capitalize() if row.is_too_small else format_title(row.winner),
                *(_cell(row, name) for name in shown),
            ]
            for row in rows
        ),
    )


def _cell(row: Row, name: str) -> str:
    summary = row.values.get(name)
    if summary is None:
        return DASH
    text = f"{quantity(summary.mean, row.unit)} {spread(summary, row.unit)}".strip()
    if name == row.winner:
        text = f"**{text}**"
    if not row.can_tell(name):
        return f"{text} ({TOO_SMALL})"
    factor = row.ratio(name)
    return text if name == REFERENCE_FORMAT or factor is None else f"{text} ({ratio(factor)})"


def _changes(comparison: Comparison) -> list[str]:
    parts = [f"### Since {comparison.old_date[:10]}"]
    text = (
        f"{len(comparison.changes)} of {comparison.compared} Parquet measurements changed beyond "
        f"the noise. USDC and the bare stage, which no change here touches, moved by "
        f"{number(comparison.drift_percent)} % in the median and stayed within "
        f"{number(comparison.spread_percent)} %."
    )
    if comparison.differences:
        text += f" Also different: {'; '.join(comparison.differences)}."
    parts.append(text)
    if comparison.changes:
        parts.append(
            markdown_table(
                ("Measurement", "Before", "After", "Change"),
                (
                    (
                        f"{change.test}, {change.metric}, {change.format}, {change.scene}",
                        change.before,
                        change.after,
                        f"{change.percent:+.1f} %",
                    )
                    for change in comparison.changes[:_SHOWN_CHANGES]
                ),
            )
        )
        hidden = len(comparison.changes) - _SHOWN_CHANGES
        if hidden > 0:
            parts.append(f"And {hidden} more.")
    return parts
