"""The command line: ``usdparquet --help``."""

from __future__ import annotations

import typer

from usdparquet.cli import bench, bind, convert, diff, ids, inspect, optimize, query, recover
from usdparquet.cli.console import plain_errors

app = typer.Typer(
    name="usdparquet",
    help="Apache Parquet files as OpenUSD layers: look into files, and compare them with USDC.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for command in (
    *(bench.generate, bench.bench, bench.demo, bench.report),
    *(inspect.inspect, inspect.validate),
    *(optimize.optimize, convert.convert, query.query, diff.diff, recover.recover),
    *(ids.ids, bind.bind),
):
    app.command()(plain_errors()(command))
