"""How commands say what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the command with one message on the standard error, and exit code 1, on bad input."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever reads the pipe has enough; typer ends quietly
    except (ValueError, OSError) as error:
        console = Console(stderr=True)
        console.print(_text(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
