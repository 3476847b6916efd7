"""The HTML report of a benchmark run: one file, no network, everything computed from the data."""

from usdparquet.report.render import render_report, write_report

__all__ = ["render_report", "write_report"]
