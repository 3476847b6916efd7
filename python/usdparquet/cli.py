"""The command line: ``usdparquet --help``."""

from __future__ import annotations

import typer

from usdparquet.cli_bench import register_bench_commands
from usdparquet.cli_convert import convert
from usdparquet.cli_files import register_file_commands
from usdparquet.cli_optimize import optimize
from usdparquet.cli_query import query

app = typer.Typer(
    name="usdparquet",
    help="Apache Parquet files as OpenUSD layers: look into files, and compare them with USDC.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

register_bench_commands(app)
register_file_commands(app)
app.command()(optimize)
app.command()(convert)
app.command()(query)

if __name__ == "__main__":
    app()
