"""How every command prints errors, counts and tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

DASH = "\N{EN DASH}"
"""What an empty cell shows."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Print bad input, and what the system refused, as one message on stderr; exit with 1."""
    try:
        yield
    except BrokenPipeError:
        raise  # the reader of the pipe has seen enough; typer exits quietly
    except (ValueError, OSError) as error:
        Console(stderr=True).print(Text(error_message(error), style="red"), soft_wrap=True)
        raise typer.Exit(1) from error


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 row`, `1,200 rows`; `things` is the plural where it takes more than an `s`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def cell_table() -> Table:
    """A table to add columns and rows to, without a frame."""
    return Table(box=box.SIMPLE, pad_edge=False, show_edge=False, collapse_padding=True)


def error_message(error: Exception) -> str:
    """What a message says of an error."""
    if isinstance(error, OSError) and error.strerror:
        file = "" if error.filename is None else f"{error.filename}: "
        return file + error.strerror
    return str(error)
