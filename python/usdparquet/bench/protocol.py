"""What the runner asks of a worker process, and what the worker answers: both plain JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from usdparquet.bench.checks import Totals

Read = tuple[str, str]
"""A prim path and a property name."""


@dataclass(frozen=True)
class Request:
    """One sample. Paths are absolute; everything that the worker has to know stands here."""

    test: str
    format: str
    stage_file: str
    property_file: str
    warmup_stage_file: str
    warmup_property_file: str
    reads: list[Read]
    """Reads of a point-read test, in order."""
    reads_digest: str
    properties: list[str]
    """Properties that a traversal reads."""
    totals: Totals
    spot_reads: list[Read]
    """Reads after the measurement, in every test, that must give `spot_digest`."""
    spot_digest: str

    def to_json(self) -> str:
        """The request as one JSON text."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> Request:
        """The request of a JSON text."""
        data = json.loads(text)
        data["totals"] = Totals(**data["totals"])
        for key in ("reads", "spot_reads"):
            data[key] = [(path, name) for path, name in data[key]]
        return Request(**data)


@dataclass(frozen=True)
class Series:
    """A table over time or passes, for charts."""

    columns: list[str]
    rows: list[list[float]]
    phases: list[tuple[str, float]] = field(default_factory=list)
    """Name and start (ms) of each phase of a timeline."""


@dataclass(frozen=True)
class Answer:
    """What a sample measured: values by metric, and what its first plugin load cost."""

    metrics: dict[str, float]
    operations: int
    """How many reads `time_ms` covers."""
    plugin_load: dict[str, float]
    baseline_mb: dict[str, float]
    """Anonymous and resident memory of the process before the scenario."""
    peak_was_reset: bool
    series: Series | None = None

    def to_json(self) -> str:
        """The answer as one line of JSON."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> Answer:
        """The answer of a JSON text."""
        data: dict[str, Any] = json.loads(text)
        if data.get("series") is not None:
            series = data["series"]
            series["phases"] = [(name, start) for name, start in series["phases"]]
            data["series"] = Series(**series)
        return Answer(**data)
