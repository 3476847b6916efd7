"""results.json: how it is built from samples, written and read back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from usdparquet.bench.catalog import METRIC_UNITS, PLUGIN_LOAD
from usdparquet.bench.plan import BenchOptions, Sample
from usdparquet.bench.protocol import Answer, Series
from usdparquet.bench.stats import Summary, summarize

SCHEMA = 1


class ResultsError(ValueError):
    """A results file that cannot be used."""


@dataclass(frozen=True)
class Measurement:
    """One metric of one test: its samples and their statistics."""

    test: str
    scale: int
    hierarchy: str
    format: str
    metric: str
    unit: str
    samples: list[float]
    operations: int = 1
    """How many reads a `time_ms` covers."""

    @property
    def summary(self) -> Summary:
        """Statistics of the samples."""
        return summarize(self.samples)

    def to_dict(self) -> dict[str, Any]:
        """The entry of results.json."""
        statistics = asdict(self.summary)
        statistics.pop("count")
        return asdict(self) | statistics


@dataclass(frozen=True)
class SeriesEntry:
    """A series of one test, as charts show it."""

    test: str
    scale: int
    hierarchy: str
    format: str
    series: Series


@dataclass(frozen=True)
class Refusal:
    """A format that was not measured at a scale, and why."""

    scale: int
    hierarchy: str
    format: str
    reason: str


@dataclass
class Results:
    """Everything that a run measured."""

    environment: dict[str, Any]
    plan: dict[str, Any]
    measurements: list[Measurement] = field(default_factory=list)
    series: list[SeriesEntry] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def find(
        self, test: str, format_name: str, metric: str, scale: int, hierarchy: str
    ) -> Measurement | None:
        """One measurement, or None if it was not taken."""
        wanted = (test, format_name, metric, scale, hierarchy)
        for entry in self.measurements:
            if (entry.test, entry.format, entry.metric, entry.scale, entry.hierarchy) == wanted:
                return entry
        return None

    def scenes(self) -> list[tuple[int, str]]:
        """Scale and hierarchy of every scene that has measurements, small ones first."""
        return sorted({(entry.scale, entry.hierarchy) for entry in self.measurements})

    def save(self, path: Path) -> None:
        """Write results.json; a reader never sees half a file."""
        content = {
            "schema": SCHEMA,
            "environment": self.environment,
            "plan": self.plan,
            "measurements": [entry.to_dict() for entry in self.measurements],
            "series": [_flatten_series(entry) for entry in self.series],
            "refused": [asdict(entry) for entry in self.refused],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".new")
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        unfinished.replace(path)


def load_results(path: Path) -> Results:
    """Read results.json; `ResultsError` says what is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ResultsError(f"{path}: not JSON ({error})") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ResultsError(f"{path}: not a results file of schema {SCHEMA}")
    try:
        return Results(
            environment=data["environment"],
            plan=data.get("plan", {}),
            measurements=[_measurement(entry) for entry in data["measurements"]],
            series=[_series(entry) for entry in data.get("series", [])],
            refused=[Refusal(**entry) for entry in data.get("refused", [])],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"{path}: an entry is not as the schema says ({error!r})") from error


def measurements_of(samples: Iterable[tuple[Sample, Answer]]) -> list[Measurement]:
    """Group the answers of all samples, warm-up runs left out, into measurements."""
    groups: dict[tuple[str, int, str, str, str], list[float]] = {}
    operations: dict[tuple[str, int, str, str, str], int] = {}
    for sample, answer in samples:
        if sample.is_warmup:
            continue
        for metric, value in answer.metrics.items():
            key = (sample.test, sample.prims, sample.hierarchy, sample.format, metric)
            groups.setdefault(key, []).append(value)
            operations[key] = answer.operations if metric == "time_ms" else 1
        if sample.test == "initial_load":
            for metric, value in answer.plugin_load.items():
                key = (PLUGIN_LOAD, sample.prims, sample.hierarchy, sample.format, metric)
                groups.setdefault(key, []).append(value)
    return [
        Measurement(*key, METRIC_UNITS[key[-1]], values, operations.get(key, 1))
        for key, values in sorted(groups.items())
    ]


def plan_entry(options: BenchOptions) -> dict[str, Any]:
    """The plan as results.json records it."""
    return options.to_dict() | {"page_cache": "warm", "order": "shuffled every round by the seed"}


def _measurement(entry: dict[str, Any]) -> Measurement:
    if not entry["samples"]:
        raise ValueError("a measurement without samples")
    return Measurement(
        test=entry["test"],
        scale=entry["scale"],
        hierarchy=entry["hierarchy"],
        format=entry["format"],
        metric=entry["metric"],
        unit=entry["unit"],
        samples=entry["samples"],
        operations=entry.get("operations", 1),
    )


def _flatten_series(entry: SeriesEntry) -> dict[str, Any]:
    data = asdict(entry)
    series: dict[str, Any] = data.pop("series")
    return data | series


def _series(entry: dict[str, Any]) -> SeriesEntry:
    phases = [(name, start) for name, start in entry["phases"]]
    series = Series(entry["columns"], entry["rows"], phases)
    return SeriesEntry(entry["test"], entry["scale"], entry["hierarchy"], entry["format"], series)
