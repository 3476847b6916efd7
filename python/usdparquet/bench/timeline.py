"""Samples the memory of another process over time."""

from __future__ import annotations

import threading
import time

from usdparquet.bench.memory import BYTES_PER_MB, counted_memory
from usdparquet.bench.protocol import Series

_INTERVAL_SECONDS = 0.01
COLUMNS = ["time_ms", "anonymous_mb", "resident_mb"]


class MemorySampler:
    """Reads the memory of `pid` every 10 ms from a thread, until `stop`.

    From outside, because a thread in the measured process would wait for Python's lock whenever
    OpenUSD holds it, which is when the memory grows. A reading takes some microseconds however
    much memory there is, and the process never waits for it.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._rows: list[list[float]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> list[list[float]]:
        """Stop; returns rows of monotonic time (ms), anonymous and resident memory (MB)."""
        self._stopped.set()
        self._thread.join()
        return self._rows

    def _sample(self) -> None:
        while not self._stopped.is_set():
            try:
                memory = counted_memory(self._pid)
            except (OSError, ValueError):
                return  # the process has ended
            if not memory.resident:
                return  # only its exit code is left
            row = [memory.anonymous / BYTES_PER_MB, memory.resident / BYTES_PER_MB]
            self._rows.append([time.monotonic() * 1e3, *row])
            self._stopped.wait(_INTERVAL_SECONDS)


def timeline_series(
    marked: Series | None, baseline_mb: dict[str, float], rows: list[list[float]]
) -> Series:
    """The rows between the first and the last phase, less the baseline of the worker."""
    phases = marked.phases if marked else []
    if not phases:
        raise ValueError("a timeline needs the phases of its worker")
    start, end = phases[0][1], phases[-1][1]
    anonymous, resident = baseline_mb["anonymous"], baseline_mb["resident"]
    kept = [
        [round(time_ms - start, 2), round(anon - anonymous, 4), round(res - resident, 4)]
        for time_ms, anon, res in rows
        if start <= time_ms <= end
    ]
    marks = [(name, round(at - start, 2)) for name, at in phases]
    return Series(list(COLUMNS), kept, marks)
