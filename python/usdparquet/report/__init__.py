"""The reports of a benchmark run, everything computed from its data: HTML in one file, Markdown."""

from usdparquet.report.markdown import render_markdown, write_markdown
from usdparquet.report.reference_note import write_reference_tables
from usdparquet.report.render import render_report, write_report

__all__ = [
    "render_markdown",
    "render_report",
    "write_markdown",
    "write_reference_tables",
    "write_report",
]
