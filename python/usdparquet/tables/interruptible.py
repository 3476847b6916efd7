"""Calls of DuckDB that Ctrl-C ends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

T = TypeVar("T")


class Interruptible:
    """Calls functions that keep a connection busy in another thread.

    Python acts on a signal only between its own steps, and a query is one step.
    """

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection

    def __call__(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises; KeyboardInterrupt once the connection has stopped."""
        # A thread a call: one that is kept would stay until the garbage collector comes by.
        with ThreadPoolExecutor(1) as thread:
            try:
                future = thread.submit(work)
            except RuntimeError:  # the system has no more threads: Ctrl-C waits, then
                return work()
            try:
                return future.result()
            except KeyboardInterrupt:
                self._connection.interrupt()
                raise  # when the thread has ended
