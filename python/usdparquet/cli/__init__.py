"""The command line: ``usdparquet --help``.

Every command loads this module, and with it those of all others: they import what they use where
they use it.
"""

from __future__ import annotations

from typing import Annotated

import typer

from usdparquet.cli import (
    bench,
    bind,
    convert,
    dataset,
    diff,
    ids,
    inspect,
    optimize,
    query,
    recover,
    table,
)
from usdparquet.cli.commands import Command, CommandGroup
from usdparquet.cli.console import say

app = typer.Typer(
    name="usdparquet",
    cls=CommandGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain text fits every width and every terminal.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from usdparquet import __version__

        say(f"usdparquet {__version__}")
        raise typer.Exit


@app.callback()
def _usdparquet(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            help="Show the version and exit.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Apache Parquet files as OpenUSD layers: look into files, and compare them with USDC."""


for command in (
    *(inspect.inspect, inspect.validate),
    *(query.query, table.table, diff.diff, convert.convert, optimize.optimize, recover.recover),
    *(dataset.dataset, ids.ids, bind.bind),
    *(bench.generate, bench.bench, bench.demo, bench.report),
):
    app.command(cls=Command)(command)
