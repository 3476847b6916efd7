"""Bars and lines as plotly figures, one look for all; the page adds text and grid colours.

`meta` of every trace is its format: the page has one legend for all charts, which shows and hides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from usdparquet.bench.formats import FORMATS
from usdparquet.bench.stats import Summary

Figure = dict[str, Any]

EVERYWHERE = "*"
"""The scene of a chart that does not belong to a single scene."""

# Okabe and Ito's palette: told apart with every common kind of colour blindness. Indexed files have
# the colour of the plain ones, hatched or dashed.
_USDC, _NONE, _SNAPPY, _ZSTD, _BARE = "#D55E00", "#56B4E9", "#0072B2", "#009E73", "#8A8F98"
COLORS = {
    "usdc": _USDC,
    "parquet_none": _NONE,
    "parquet_snappy": _SNAPPY,
    "parquet_zstd": _ZSTD,
    "parquet_none_indexed": _NONE,
    "parquet_snappy_indexed": _SNAPPY,
    "parquet_zstd_indexed": _ZSTD,
    "base": _BARE,
}
_SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "square-open",
    "diamond-open",
    "cross",
    "x",
)


@dataclass
class Chart:
    """A chart with its heading and what to read from it.

    `figures` are by scene (`EVERYWHERE` for one that is not of a scene) and by option; where there
    is more than one option, the page offers the choice under `choice`.
    """

    id: str
    title: str
    note: str
    figures: dict[str, dict[str, Figure]] = field(default_factory=dict)
    choice: str = ""
    is_wide: bool = False

    def add(self, scene: str, option: str, figure: go.Figure) -> None:
        """Add a figure, unless it has nothing to show."""
        if figure.data:
            self.figures.setdefault(scene, {})[option] = _plain(figure)


def scene_key(scale: int, hierarchy: str) -> str:
    """The name of a scene in ids and in scripts."""
    return f"{scale}-{hierarchy}"


Bars = dict[str, list[tuple[str, Summary]]]
"""The labels and heights of the bars, by format."""


def bar_figure(bars: Bars, order: Sequence[str], unit: str) -> go.Figure:
    """Groups of bars in `order`, one colour a format, with standard deviations."""
    figure = go.Figure()
    for name, entries in bars.items():
        if entries:
            figure.add_trace(_bar(name, entries, unit))
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        yaxis={"title": {"text": unit}, "rangemode": "tozero"},
        xaxis={
            "categoryorder": "array",
            "categoryarray": [_broken(label) for label in order],
            "showgrid": False,
        },
    )
    return figure


def _bar(name: str, entries: list[tuple[str, Summary]], unit: str) -> go.Bar:
    entry = FORMATS[name]
    summaries = [summary for _, summary in entries]
    has_spread = any(summary.count > 1 for summary in summaries)
    marker: dict[str, Any] = {"color": COLORS[name]}
    if entry.is_indexed:
        marker["pattern"] = {"shape": "/", "fillmode": "overlay", "size": 6, "solidity": 0.35}
    return go.Bar(
        name=entry.title,
        meta=name,
        x=[_broken(label) for label, _ in entries],
        y=[summary.mean for summary in summaries],
        error_y=_error(summaries),
        customdata=_hover_data(summaries),
        marker=marker,
        hovertemplate=_hover(entry.title, unit, has_spread),
    )


def line(
    name: str, points: Sequence[tuple[float, Summary]], unit: str, across: str, dash: str = ""
) -> go.Scatter:
    """A line of one format through measured points, with standard deviations."""
    entry = FORMATS[name]
    summaries = [summary for _, summary in points]
    has_spread = any(summary.count > 1 for summary in summaries)
    hover = _hover(entry.title, unit, has_spread).replace("%{x}", f"%{{x:,}} {across}")
    return go.Scatter(
        name=entry.title,
        meta=name,
        x=[at for at, _ in points],
        y=[summary.mean for summary in summaries],
        error_y=_error(summaries),
        customdata=_hover_data(summaries),
        mode="lines+markers",
        line={"color": COLORS[name], "width": 2, "dash": dash or line_dash(name)},
        marker={"size": 8, "symbol": symbol(name)},
        hovertemplate=hover,
    )


def series_line(
    name: str, rows: list[list[float]], column: int, hover: str, has_markers: bool = False
) -> go.Scatter:
    """A column of a series over its first column, without deviations."""
    title = FORMATS[name].title
    markers = {"size": 7, "symbol": symbol(name)}
    return go.Scatter(
        name=title,
        meta=name,
        x=[row[0] for row in rows],
        y=[row[column] for row in rows],
        mode="lines+markers" if has_markers else "lines",
        line={"color": COLORS[name], "width": 2, "dash": line_dash(name)},
        marker=markers if has_markers else None,
        hovertemplate=f"<b>{title}</b><br>{hover}<extra></extra>",
    )


def line_dash(name: str) -> str:
    """Indexed files are dashed."""
    return "dash" if FORMATS[name].is_indexed else "solid"


def symbol(name: str) -> str:
    """A marker of its own for each format: colours are not the only difference."""
    return _SYMBOLS[list(FORMATS).index(name)]


def log_axes(figure: go.Figure, across: str, unit: str) -> None:
    """Both axes logarithmic; the lower one has grid lines at powers of ten only."""
    figure.update_layout(
        xaxis={"type": "log", "dtick": 1, "title": {"text": across}, "tickformat": ",d"},
        yaxis={"type": "log", "nticks": 8, "title": {"text": unit}, "tickformat": "~g"},
    )


def _broken(label: str) -> str:
    """Break a label at a comma: labels that do not fit are rotated and hard to read."""
    return label.replace(", ", ",<br>")


def _error(summaries: list[Summary]) -> dict[str, Any]:
    return {
        "type": "data",
        "array": [summary.std for summary in summaries],
        "visible": any(summary.count > 1 for summary in summaries),
        "thickness": 1.2,
        "width": 3,
    }


def _hover_data(summaries: list[Summary]) -> list[list[float]]:
    return [
        [_short(value) for value in (entry.std, entry.min, entry.median, entry.max)] + [entry.count]
        for entry in summaries
    ]


def _hover(title: str, unit: str, has_spread: bool) -> str:
    head = f"<b>{title}</b><br>%{{x}}: %{{y:.4~g}} {unit}"
    if not has_spread:
        return head + "<extra></extra>"
    return (
        head + " ± %{customdata[0]:.2~g}<br>min %{customdata[1]:.4~g}, "
        "median %{customdata[2]:.4~g}, max %{customdata[3]:.4~g}"
        "<br>%{customdata[4]} runs<extra></extra>"
    )


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _plain(figure: go.Figure) -> Figure:
    # Plotly's own template would get in the way of the page's themes.
    figure.update_layout(template="none")
    data: Figure = figure.to_plotly_json()
    data["layout"].pop("template", None)
    return data
