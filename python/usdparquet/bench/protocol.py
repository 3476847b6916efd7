"""The runner's requests to a worker process and the worker's answers, as JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from usdparquet.bench.checks import Totals

Read = tuple[str, str]
"""A prim path and a property name."""


@dataclass(frozen=True)
class Step:
    """One test of a session, with the answers that it must give."""

    test: str
    reads: list[Read] = field(default_factory=list)
    """What a point-read test reads, in order."""
    reads_digest: str = ""
    properties: list[str] = field(default_factory=list)
    """The properties that a traversal reads."""
    totals: Totals | None = None
    prims: list[str] = field(default_factory=list)
    """The prims whose `properties` a test of whole columns reads."""
    times: list[float] = field(default_factory=list)
    """The time codes at which playback reads them."""


@dataclass(frozen=True)
class Request:
    """All that the worker needs to know about one sample. Paths are absolute."""

    session: str
    format: str
    stage_file: str
    base_stage_file: str
    property_file: str
    warmup_stage_file: str
    warmup_property_file: str
    steps: list[Step]
    spot_reads: list[Read]
    """What every session reads after the measurement; it must have `spot_digest`."""
    spot_digest: str
    spot_times: list[float] = field(default_factory=list)
    """The time code of each; empty for default values."""

    def to_json(self) -> str:
        """The request as JSON."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> Request:
        """The request in a JSON text."""
        data = json.loads(text)
        data["steps"] = [_step(entry) for entry in data["steps"]]
        data["spot_reads"] = _reads(data["spot_reads"])
        return Request(**data)


@dataclass(frozen=True)
class Series:
    """A table over time or passes, for charts."""

    columns: list[str]
    rows: list[list[float]]
    phases: list[tuple[str, float]] = field(default_factory=list)
    """Name and start (ms) of each phase of a timeline."""


@dataclass(frozen=True)
class StepAnswer:
    """What one test of a session measured: values by metric."""

    metrics: dict[str, float]
    operations: int
    """How many reads `time_ms` covers."""
    series: Series | None = None


@dataclass(frozen=True)
class Answer:
    """What a sample measured, and what its first plugin load cost."""

    steps: dict[str, StepAnswer]
    plugin_load: dict[str, float]
    baseline_mb: dict[str, float]
    """Anonymous and resident memory of the process before the first step."""
    peak_was_reset: bool
    seconds: float = 0.0
    """How long the process took, from its start to its end."""

    def to_json(self) -> str:
        """The answer as one line of JSON."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> Answer:
        """The answer in a JSON text."""
        return Answer.from_dict(json.loads(text))

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Answer:
        """The answer in JSON values."""
        steps = {test: _step_answer(entry) for test, entry in data["steps"].items()}
        return Answer(**{**data, "steps": steps})


def _reads(entries: list[list[str]]) -> list[Read]:
    return [(path, name) for path, name in entries]


def _step(entry: dict[str, Any]) -> Step:
    totals = Totals(**entry["totals"]) if entry["totals"] else None
    return Step(**{**entry, "reads": _reads(entry["reads"]), "totals": totals})


def _step_answer(entry: dict[str, Any]) -> StepAnswer:
    series = entry.get("series")
    if series is not None:
        phases = [(name, start) for name, start in series["phases"]]
        series = Series(series["columns"], series["rows"], phases)
    return StepAnswer(entry["metrics"], entry["operations"], series)
