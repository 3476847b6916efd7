"""Calls of DuckDB that Ctrl-C ends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
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
        self._thread = ThreadPoolExecutor(1)

    def __call__(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises; KeyboardInterrupt once the connection has stopped."""
        future = self._thread.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            self._connection.interrupt()
            wait([future])
            raise
