"""The chart of playback: time samples, frame by frame."""

from __future__ import annotations

from usdparquet.bench.formats import FORMATS
from usdparquet.bench.playback_files import PLAYBACK_FRAMES
from usdparquet.bench.results import Results
from usdparquet.bench.stats import scaled
from usdparquet.report.figures import EVERYWHERE, Chart, Points, bar_figure

_ORDERS = {"playback_by_time": "Rows by time", "playback_by_path": "Rows by prim"}
_MEASURES = (
    ("Playback", "playback", "time_ms", "ms per frame", 1 / PLAYBACK_FRAMES),
    ("Load", "playback_load", "time_ms", "ms", 1.0),
    ("Memory", "playback", "anonymous_mb", "MB", 1.0),
    ("File size", "playback", "bytes", "MB", 1e-6),
)


def playback_chart(results: Results) -> Chart:
    """Bars for both orders of the rows of the Parquet table."""
    chart = Chart(
        "playback",
        "Playback of time samples",
        f"Two animated properties of every prim, read from Python in {PLAYBACK_FRAMES} frames. The "
        "Parquet file is a long table, with a row for each prim and frame, in the order of time or "
        "of prims; the USDC file is the same in both.",
        choice="Measure",
    )
    for title, test, metric, unit, factor in _MEASURES:
        bars: Points = {name: [] for name in FORMATS}
        for entry in results.measurements:
            if (entry.test, entry.metric) == (test, metric) and entry.variant in _ORDERS:
                summary = scaled(entry.summary, factor)
                bars[entry.format].append((_ORDERS[entry.variant], summary))
        chart.add(EVERYWHERE, title, bar_figure(bars, list(_ORDERS.values()), unit))
    return chart
