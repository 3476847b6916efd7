"""Calls of DuckDB that Ctrl-C ends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

T = TypeVar("T")

_PATIENCE = 0.05
"""Seconds from one look to the next: a signal need not wake who waits (another library's handler
may have the system go on with the wait), and an interruption before a query begins is lost."""


class Interruptible:
    """Calls functions that keep a connection busy in another thread.

    Python acts on a signal only between its own steps, and a query is one step.
    """

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection

    def __call__(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises; KeyboardInterrupt once the connection has stopped."""
        answer: Future[T] = Future()
        # A daemon, so that a second Ctrl-C while it ends does not wait for it.
        thread = Thread(target=_answer, args=(answer, work), daemon=True)
        try:
            try:
                thread.start()
            except RuntimeError:  # the system has no more threads: Ctrl-C waits, then
                return work()
            # Not of the thread: one whose join was interrupted passes for ended in Python 3.11.
            while not answer.done():
                wait([answer], _PATIENCE)
            return answer.result()
        except KeyboardInterrupt:
            while not answer.done():
                self._connection.interrupt()
                wait([answer], _PATIENCE)
            raise
        finally:
            del answer  # an error in it knows this frame: neither is to keep the other alive


def _answer(answer: Future[T], work: Callable[[], T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:
        answer.set_exception(error)
    finally:
        del answer, work  # see above
