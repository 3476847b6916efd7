"""How every command prints errors, counts and tables."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from usdparquet._extras import MissingExtraError, names_extra

DASH = "\N{EN DASH}"
"""What an empty cell shows."""
_WIDEST_LINE = 100_000


@contextmanager
def plain_errors(code: int = 1) -> Iterator[None]:
    """Print bad input, and what the system refused, as one message on stderr; exit with `code`.

    Names of files are printed whatever bytes they have.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")
    try:
        with names_extra():
            yield
    except BrokenPipeError:
        raise  # the reader of the pipe has seen enough; typer exits quietly
    except (ValueError, OSError, MemoryError, MissingExtraError) as error:
        _print(_error_message(error))
        raise typer.Exit(code) from error
    except Exception as error:
        # OpenUSD's, which is not loaded for the sake of this question.
        tf = sys.modules.get("pxr.Tf")
        if tf is None or not isinstance(error, tf.ErrorException):
            raise
        texts = [getattr(item, "commentary", str(item)) for item in error.args]
        _print("; ".join(dict.fromkeys(texts)) or str(error))
        raise typer.Exit(code) from error


def _print(text: str) -> None:
    Console(stderr=True).print(Text(text, style="red"), soft_wrap=True)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far the work of the block is; gives what to call with numbers of rows done and all.

    On stderr, and only on a terminal.
    """
    with Progress(transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)
        yield lambda rows, total: bar.update(task, completed=rows, total=total)


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 row`, `1,200 rows`; `things` is the plural where it takes more than an `s`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def cell_table() -> Table:
    """A table to add columns and rows to, without a frame."""
    return Table(box=box.SIMPLE, pad_edge=False, show_edge=False, collapse_padding=True)


def table_console() -> Console:
    """Where tables go: as wide as a terminal; for a program, a line a row, whatever it holds."""
    console = Console(emoji=False)
    return console if console.is_terminal else Console(width=_WIDEST_LINE, emoji=False)


def _error_message(error: Exception) -> str:
    """What a message says of an error."""
    if isinstance(error, OSError) and error.strerror:
        file = "" if error.filename is None else f"{error.filename}: "
        return file + error.strerror
    return str(error)
