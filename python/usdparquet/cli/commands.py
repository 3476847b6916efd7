"""What all commands have in common: the width of their help, their errors, Ctrl-C."""

from __future__ import annotations

import functools
import re
import shutil
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from usdparquet.cli import interrupts
from usdparquet.cli.console import plain_errors, told_interrupts

_WIDEST_HELP = 100
_NARROW = 60
_OPTION_COLUMN = 30
_NARROW_OPTION_COLUMN = 8
"""Where a terminal is narrow, an option has a line of its own above what it means."""
# What Typer says of options in the words of the library that checks them.
_PLAIN = (
    (r"^Value error, ", ""),
    (r"^Input should be a valid integer\b.*", "that is no whole number"),
    (r"^Input should be a valid number\b.*", "that is no number"),
    (r"^Input should be greater than or equal to (.+)", r"it has to be at least \1"),
    (r"^Input should be less than or equal to (.+)", r"it may be at most \1"),
    (r"^Input should be ", "it has to be "),
)


class _FittingHelp:
    """A mixin: help is as wide as the terminal."""

    def get_help(self, ctx: Any) -> str:
        """The text of --help."""
        formatter = ctx.make_formatter()
        formatter.width = min(shutil.get_terminal_size().columns, _WIDEST_HELP)
        wide = _OPTION_COLUMN if formatter.width >= _NARROW else _NARROW_OPTION_COLUMN
        formatter.write_dl = functools.partial(formatter.write_dl, col_max=wide)
        self.format_help(ctx, formatter)  # type: ignore[attr-defined]
        text: str = formatter.getvalue()
        return text.rstrip("\n")


class Command(_FittingHelp, TyperCommand):
    """One command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read its options."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            for pattern, plain in _PLAIN:
                error.message = re.sub(pattern, plain, error.message)
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run it."""
        interrupts.watch()
        return super().invoke(ctx)


class CommandGroup(_FittingHelp, TyperGroup):
    """All of them."""

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        """Run one."""
        with told_interrupts():
            return self.main(*arguments, **more)

    def make_context(self, *arguments: Any, **more: Any) -> Any:
        """Read the options; --help and --version are shown here."""
        with told_interrupts(), plain_errors():
            return super().make_context(*arguments, **more)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands, each with its first sentence, whole."""
        rows = []
        for name in self.list_commands(ctx):
            first, _, _ = (self.commands[name].help or "").partition("\n\n")
            rows.append((name, " ".join(first.split())))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        with told_interrupts(), plain_errors():
            return super().invoke(ctx)
