"""Bars and lines as plotly figures, one look for all; the page adds text and grid colours.

`meta` of every trace is its format: the page has one legend for all charts, which shows and hides.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from usdparquet.bench.formats import FORMATS
from usdparquet.bench.stats import Summary, scaled
from usdparquet.report.axes import count_axis, fitting_unit, linear_axis, log_axis
from usdparquet.report.formatting import quantity, spread

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
    is_tall: bool = False

    def add(self, scene: str, option: str, figure: go.Figure) -> None:
        """Add a figure, unless it has nothing to show."""
        if figure.data:
            self.figures.setdefault(scene, {})[option] = _plain(figure)


def scene_key(scale: int, hierarchy: str) -> str:
    """The name of a scene in ids and in scripts."""
    return f"{scale}-{hierarchy}"


Points = dict[str, list[tuple[Any, Summary]]]
"""The labels and heights of the bars, or the points of the lines, by format."""


def in_fitting_unit(points: Points, unit: str) -> tuple[Points, str]:
    """The same in the unit that suits the largest of them."""
    peak = max((entry.mean for each in points.values() for _, entry in each), default=0.0)
    shown, factor = fitting_unit(unit, peak)
    converted = {
        name: [(at, scaled(entry, factor)) for at, entry in each] for name, each in points.items()
    }
    return converted, shown


def bar_figure(bars: Points, order: Sequence[str], unit: str) -> go.Figure:
    """Groups of bars in `order`, one colour a format, with standard deviations."""
    bars, unit = in_fitting_unit(bars, unit)
    drawn = {label for entries in bars.values() for label, _ in entries}
    figure = go.Figure()
    for name, entries in bars.items():
        if entries:
            figure.add_trace(_bar(name, entries, unit))
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        yaxis=linear_axis(unit),
        xaxis={
            "categoryorder": "array",
            "categoryarray": [_broken(label) for label in order if label in drawn],
            "showgrid": False,
        },
    )
    return figure


def line_figure(points: Points, across: str, unit: str, is_log: bool = False) -> go.Figure:
    """Lines over numbers of things, one a format; `is_log` if the values may span decades."""
    if not is_log:
        points, unit = in_fitting_unit(points, unit)
    figure = go.Figure()
    for name, entries in points.items():
        if entries:
            figure.add_trace(_line(name, entries, unit, across))
    heights = [entry.mean for each in points.values() for _, entry in each]
    axis = log_axis(heights, unit) if is_log else linear_axis(unit)
    figure.update_layout(xaxis=count_axis(across), yaxis=axis)
    return figure


def _bar(name: str, entries: list[tuple[str, Summary]], unit: str) -> go.Bar:
    entry = FORMATS[name]
    summaries = [summary for _, summary in entries]
    marker: dict[str, Any] = {"color": COLORS[name]}
    if entry.is_indexed:
        marker["pattern"] = {"shape": "/", "fillmode": "overlay", "size": 6, "solidity": 0.35}
    return go.Bar(
        name=entry.title,
        meta=name,
        x=[_broken(label) for label, _ in entries],
        y=[summary.mean for summary in summaries],
        error_y=_error(summaries),
        customdata=_hover_texts(summaries, unit),
        marker=marker,
        hovertemplate=f"<b>{entry.title}</b><br>%{{x}}: %{{customdata}}<extra></extra>",
    )


def _line(name: str, points: Sequence[tuple[float, Summary]], unit: str, across: str) -> go.Scatter:
    """A line of one format through measured points, with standard deviations."""
    entry = FORMATS[name]
    summaries = [summary for _, summary in points]
    return go.Scatter(
        name=entry.title,
        meta=name,
        x=[at for at, _ in points],
        y=[summary.mean for summary in summaries],
        error_y=_error(summaries),
        customdata=_hover_texts(summaries, unit),
        mode="lines+markers",
        line={"color": COLORS[name], "width": 2, "dash": line_dash(name)},
        marker={"size": 8, "symbol": symbol(name)},
        hovertemplate=f"<b>{entry.title}</b><br>%{{x:,}} {across}: %{{customdata}}<extra></extra>",
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


def _broken(label: str) -> str:
    """A label in lines of a few words, which fit below a group of bars."""
    parts = label.replace(", ", ",\n").splitlines()
    return "<br>".join(line for part in parts for line in textwrap.wrap(part, 14))


def _error(summaries: list[Summary]) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [summary.std for summary in summaries],
        # Nothing that is measured is below zero.
        "arrayminus": [min(summary.std, max(summary.mean, 0)) for summary in summaries],
        "visible": any(summary.count > 1 for summary in summaries),
        "thickness": 1.2,
        "width": 3,
    }


def _hover_texts(summaries: list[Summary], unit: str) -> list[str]:
    texts = []
    for entry in summaries:
        text = f"{quantity(entry.mean, unit)} {spread(entry, unit)}".strip()
        if entry.count > 1:
            low, middle, high = (
                quantity(value, unit) for value in (entry.min, entry.median, entry.max)
            )
            text += f"<br>{low} to {high}, median {middle}<br>{entry.count} runs"
        texts.append(text)
    return texts


def _plain(figure: go.Figure) -> Figure:
    # Plotly's own template would get in the way of the page's themes.
    figure.update_layout(template="none")
    data: Figure = figure.to_plotly_json()
    data["layout"].pop("template", None)
    return data
