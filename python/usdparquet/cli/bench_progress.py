"""The progress bar of a benchmark run, with the time left."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class ProgressListener:
    """Listens to a run and draws its progress on the console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
            # Drawing more often would disturb what is measured.
            refresh_per_second=1,
            # Samples differ in length; a long window keeps the estimate steady.
            speed_estimate_period=120,
        )
        self._task = self._progress.add_task("", total=None)
        self._weight = 0.0

    def __enter__(self) -> ProgressListener:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def message(self, text: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(text, highlight=False)

    def planned(self, weight: float) -> None:
        """Add work to the bar."""
        self._weight += weight
        self._progress.update(self._task, total=self._weight)

    def started(self, what: str) -> None:
        """Say what is being done."""
        self._progress.update(self._task, description=what)
        if not self._console.is_terminal and what.startswith("Writing"):
            self.message(what)

    def finished(self, weight: float) -> None:
        """Advance the bar."""
        self._progress.advance(self._task, weight)
