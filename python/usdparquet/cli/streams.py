"""The standard streams: any encoding can take what is printed, and a closed pipe ends nothing."""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, BinaryIO, TextIO, cast

from usdparquet.tables.errors import OptionsError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

STDOUT_NAME = "standard output"
"""What errors call it."""
_STAND_INS = {
    "\N{EN DASH}": "-",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{BOX DRAWINGS LIGHT HORIZONTAL}": "-",
}
"""What an encoding without them gets; all else becomes a question mark."""
_HANDLER = "usdparquet.stand_ins"
_SURROGATES = range(0xDC80, 0xDD00)
"""Python's characters for the bytes of a name that is no text."""


def prepare_streams() -> None:
    """Let stdout and stderr take every text, whatever the locale is, and also if they are closed.

    Characters that the encoding lacks have a stand-in; names of files have their own bytes.
    """
    if sys.stdout is None:
        sys.stdout = _nowhere(1)
    if sys.stderr is None:
        sys.stderr = _nowhere(2)
    codecs.register_error(_HANDLER, _stand_ins)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _nowhere(descriptor: int) -> TextIO:
    """A stream for what nobody wants; it has the descriptor, so that no file gets it instead."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.fstat(descriptor)
    except OSError:
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
        nowhere = descriptor
    return open(nowhere, "w", encoding="utf-8", closefd=False)


def _stand_ins(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    encoded = b""
    for character in error.object[error.start : error.end]:
        if ord(character) in _SURROGATES:
            encoded += bytes([ord(character) - 0xDC00])
        else:
            encoded += _STAND_INS.get(character, "?").encode()
    return encoded, error.end


def drop(stream: IO[str]) -> None:
    """Let what is still printed to a stream go nowhere: its reader has gone."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def has_no_reader(stream: IO[str]) -> bool:
    """Whether a stream is a pipe or a socket whose other end is closed."""
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)  # errors are always told
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return False


@contextmanager
def named_errors() -> Iterator[None]:
    """Let an error of the system's say that the standard output could not be written."""
    try:
        yield
    except BrokenPipeError:
        raise  # is no failure: its reader has gone
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), STDOUT_NAME) from error


class _NamedOutput(io.RawIOBase):
    """The standard output, for bytes; its errors name it."""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return sys.stdout.buffer.fileno()

    def write(self, data: Buffer, /) -> int:
        with named_errors():
            return sys.stdout.buffer.write(data)

    def flush(self) -> None:
        with named_errors():
            sys.stdout.buffer.flush()


def binary_stdout(binary: str = "") -> BinaryIO:
    """The standard output, for bytes.

    `binary`: the name of a format that is no text: OptionsError if stdout is a terminal.
    """
    if binary and sys.stdout.isatty():
        raise OptionsError(f"{binary} is no text for a terminal: write it to a file, or to a pipe")
    return cast("BinaryIO", _NamedOutput())
