"""A summary in Markdown, short enough for a pull request."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from usdparquet.bench.formats import FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Results
from usdparquet.bench.summary import Row, headline
from usdparquet.report.compare import Comparison, compare
from usdparquet.report.findings import findings
from usdparquet.report.formatting import (
    DASH,
    TIMES_SIGN,
    format_title,
    number,
    quantity,
    ratio,
    scene_title,
    spread,
)
from usdparquet.report.recommend import recommendations

_SHOWN_CHANGES = 20


def render_markdown(results: Results, old: Results | None = None) -> str:
    """Headline tables and findings of every scene, and what changed since `old`."""
    environment = results.environment
    parts = [
        "## Parquet layers beside USDC",
        f"{environment.get('cpu', '?')}, {environment.get('usable_cores', '?')} cores, OpenUSD "
        f"{environment.get('versions', {}).get('usd-core', '?')}, "
        f"{str(environment.get('date', ''))[:10]}. Means ± standard deviations; {TIMES_SIGN} = "
        f"times less than USDC (above 1 better, below 1 worse).",
    ]
    if old:
        parts += _changes(compare(old, results))
    said = [entry.text for entry in recommendations(results)]
    if said:
        parts += ["### When which", "\n".join(f"- {text}" for text in said)]
    for scale, hierarchy in results.scenes():
        parts.append(f"### {scene_title(scale, hierarchy)}")
        parts.append(_headline_table(headline(results, scale, hierarchy)))
        texts = [entry.text for entry in findings(results, scale, hierarchy)]
        listed = "\n".join(f"- {text}" for text in texts)
        parts.append(f"<details><summary>Findings</summary>\n\n{listed}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def write_markdown(results: Results, path: Path, old: Results | None = None) -> None:
    """Write the summary to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_markdown(results, old), encoding="utf-8")


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


def _headline_table(rows: list[Row]) -> str:
    shown = [name for name in FORMATS if any(name in row.values for row in rows)]
    head = ["Lower is better", *(format_title(name) for name in shown), "Winner"]
    return markdown_table(
        head,
        (
            [row.spec.title, *(_cell(row, name) for name in shown), format_title(row.winner)]
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
