"""How every command prints: lines, JSON, errors, counts, progress."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import typer

from usdparquet._extras import MissingExtraError, names_extra
from usdparquet._plugin import OtherArrowError
from usdparquet.cli import interrupts
from usdparquet.cli.streams import (
    STDOUT_NAME,
    drop,
    has_no_reader,
    named_errors,
    prepare_streams,
)
from usdparquet.regular_file import check_readable_file, is_dataset
from usdparquet.tables.errors import OptionsError

if TYPE_CHECKING:
    from rich.console import Console

DASH = "\N{EN DASH}"
"""What an empty cell shows."""
STDOUT = Path("-")
"""The name of a file to write that stands for the standard output."""
_USAGE = 2


@contextmanager
def plain_errors(code: int = 1) -> Iterator[None]:
    """Print bad input, and what the system refused, as one message on stderr; exit with `code`.

    Names of files are printed whatever bytes they have. Options that do not fit exit with 2.
    """
    prepare_streams()
    try:
        with names_extra():
            yield
    except (ValueError, OSError, MemoryError, MissingExtraError, OtherArrowError) as error:
        if isinstance(error, BrokenPipeError) and has_no_reader(sys.stdout):
            drop(sys.stdout)  # who reads the pipe has seen enough
            raise typer.Exit(0) from error
        if isinstance(error, OSError) and error.filename == STDOUT_NAME:
            drop(sys.stdout)  # what is still to come fails too, and says no more
        complain(_error_message(error))
        raise typer.Exit(_USAGE if isinstance(error, OptionsError) else code) from error
    except Exception as error:
        # OpenUSD's, which is not loaded for the sake of this question.
        tf = sys.modules.get("pxr.Tf")
        if tf is None or not isinstance(error, tf.ErrorException):
            raise
        texts = [getattr(item, "commentary", str(item)) for item in error.args]
        complain("; ".join(dict.fromkeys(texts)) or str(error))
        raise typer.Exit(code) from error


@contextmanager
def told_interrupts() -> Iterator[None]:
    """Say that Ctrl-C ended the block, and exit with 130."""
    try:
        yield
    except KeyboardInterrupt as error:
        say(str(error) or interrupts.FAREWELL, sys.stderr)
        interrupts.end_at_once()
        raise typer.Exit(interrupts.EXIT_CODE) from error


@contextmanager
def told_warnings() -> Iterator[None]:
    """Say what the package warns of in the block, on stderr."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        if warning.category is UserWarning:
            say(str(warning.message), sys.stderr)


def say(text: str, file: IO[str] | None = None) -> None:
    """Print a line, on stdout if not said otherwise.

    If the reader of a pipe has gone, that is no error, and the exit code stays what it would be.
    """
    stream = sys.stdout if file is None else file
    try:
        with named_errors() if stream is sys.stdout else nullcontext():
            print(text, file=stream, flush=True)
    except BrokenPipeError:
        drop(stream)


def print_json(value: object) -> None:
    """Print a value as JSON, in ASCII: it is the same in every locale."""
    from usdparquet.tables.row_writers import json_text, plain_value

    say(json_text(plain_value(value), ensure_ascii=True, indent=1))


def complain(text: str) -> None:
    """Print an error on stderr, in red on a terminal."""
    is_red = sys.stderr.isatty()
    say(typer.style(text, fg="red") if is_red else text, sys.stderr)


def check_inputs(*files: Path, datasets: bool = False) -> None:
    """The same words for every command if a file is missing, a folder or not readable: OSError.

    With `datasets`, the folder of one is as good as a file.
    """
    for file in files:
        if file == Path():  # what an empty text becomes
            raise ValueError("the name of a file to read is empty, or '.', which is this folder")
        if not (datasets and is_dataset(file)):
            check_readable_file(file)


def check_not_input(output: Path | None, *files: Path) -> None:
    """ValueError if a file to write is one of those that are read."""
    if output in (None, STDOUT) or not output.exists():
        return
    for file in files:
        if file.exists() and output.samefile(file):
            raise ValueError(f"{output}: is the input too; write to another file")


def check_no_layer(output: Path | None, stage: Any) -> None:
    """ValueError if a file to write is a layer of a stage."""
    paths = [layer.realPath for layer in stage.GetUsedLayers()]
    check_not_input(output, *(Path(path) for path in paths if path))


def check_output(file: Path) -> None:
    """OptionsError if `file` stands for the standard output, which a Parquet file is not for."""
    if file == STDOUT:
        raise OptionsError("a Parquet file is not written to the standard output: name a file")


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far the work of the block is; gives what to call with numbers of rows done and all.

    On stderr, and only on a terminal.
    """
    with steps() as step:
        step(title)
        yield lambda rows, total: step("", rows, total)


@contextmanager
def steps() -> Iterator[Callable[..., None]]:
    """As progress_bar, for work of several steps.

    Gives what to call with the title of a step (if it is empty, the step goes on), what is done of
    it and what there is to do.
    """
    if not sys.stderr.isatty():
        yield lambda title="", done=None, total=None: None
        return
    from rich.progress import Progress

    with Progress(transient=True, console=error_console()) as bar:
        task = bar.add_task("", total=None)

        def step(title: str = "", done: int | None = None, total: int | None = None) -> None:
            if title:
                bar.reset(task, description=title, total=None)
            # Before anything is done it only shows that there is work.
            bar.update(task, completed=done, total=total if done else None)

        yield step


def error_console() -> Console:
    """Where progress is drawn."""
    from rich.console import Console

    return Console(stderr=True)


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 row`, `1,200 rows`; `things` is the plural where it takes more than an `s`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def _error_message(error: Exception) -> str:
    """What a message says of an error."""
    if isinstance(error, OSError) and error.strerror:
        file = "" if error.filename is None else f"{_name(error.filename)}: "
        return file + error.strerror
    # What is an argument in Python is an option here.
    return re.sub(r"the argument '(\w+)'", r"--\1", str(error))


def _name(file: Any) -> str:
    return file.decode(errors="surrogateescape") if isinstance(file, bytes) else str(file)
