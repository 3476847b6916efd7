"""The chart of playback: time samples, frame by frame."""

from __future__ import annotations

from usdparquet.bench.formats import FORMATS
from usdparquet.bench.playback_files import PLAYBACK_FRAMES
from usdparquet.bench.results import Results
from usdparquet.bench.stats import scaled
from usdparquet.report.figures import EVERYWHERE, Bars, Chart, bar_figure

_ORDERS = {"playback_by_time": "Rows by time", "playback_by_path": "Rows by path"}
_MEASURES = (
    ("Playback", "playback", "time_ms", "ms a frame", 1 / PLAYBACK_FRAMES),
    ("Load", "playback_load", "time_ms", "ms", 1.0),
    ("Memory", "playback", "anonymous_mb", "MB", 1.0),
    ("File size", "playback", "bytes", "MB", 1e-6),
)


def playback_chart(results: Results) -> Chart:
    """Bars for both orders of the rows of the Parquet table."""
    chart = Chart(
        "playback",
        "Playback of time samples",
        f"Two animated attributes of every prim, {PLAYBACK_FRAMES} frames one after the other, "
        "from Python. As Parquet a long table whose rows are in order of time or of path; USDC "
        "knows no such difference.",
        choice="Measure",
    )
    for title, test, metric, unit, factor in _MEASURES:
        bars: Bars = {name: [] for name in FORMATS}
        for entry in results.measurements:
            if (entry.test, entry.metric) == (test, metric) and entry.variant in _ORDERS:
                summary = scaled(entry.summary, factor)
                bars[entry.format].append((_ORDERS[entry.variant], summary))
        chart.add(EVERYWHERE, title, bar_figure(bars, list(_ORDERS.values()), unit))
    return chart
