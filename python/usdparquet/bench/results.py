"""results.json: how it is built from samples, written and read back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from usdparquet.bench.catalog import METRIC_UNITS, PLUGIN_LOAD, TESTS
from usdparquet.bench.formats import FORMATS
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
    """How many reads `time_ms` covers."""
    variant: str = ""
    """The row groups or kind of property; empty for the scenes of the comparison."""

    @property
    def summary(self) -> Summary:
        """Statistics of the samples."""
        return summarize(self.samples)

    @property
    def key(self) -> tuple[str, str, str, int, str, str]:
        """What was measured: equal for the same figure of two runs."""
        place = (self.scale, self.hierarchy, self.variant)
        return (self.test, self.format, self.metric, *place)

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


@dataclass(frozen=True)
class Reduction:
    """A format that was sampled fewer times than asked for, because it took long."""

    scale: int
    hierarchy: str
    variant: str
    format: str
    runs: int
    asked: int
    seconds_a_run: float


@dataclass
class Results:
    """Everything that a run measured."""

    environment: dict[str, Any]
    plan: dict[str, Any]
    measurements: list[Measurement] = field(default_factory=list)
    series: list[SeriesEntry] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    reduced: list[Reduction] = field(default_factory=list)
    parts: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    """Environment and plan of each run, where several were merged (`merge`); not written."""

    @property
    def runs(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Environment and plan of each run that is in here."""
        return self.parts or [(self.environment, self.plan)]

    def find(
        self,
        test: str,
        format_name: str,
        metric: str,
        scale: int,
        hierarchy: str,
        variant: str = "",
    ) -> Measurement | None:
        """One measurement, or None if it was not taken."""
        wanted = (test, format_name, metric, scale, hierarchy, variant)
        for entry in self.measurements:
            if entry.test == test and entry.format == format_name and entry.key == wanted:
                return entry
        return None

    def by_format(
        self, test: str, metric: str, scale: int, hierarchy: str, variant: str = ""
    ) -> dict[str, Measurement]:
        """The measurement of each format that has one, in the order of `FORMATS`."""
        place = (metric, scale, hierarchy, variant)
        found = {name: self.find(test, name, *place) for name in FORMATS}
        return {name: entry for name, entry in found.items() if entry is not None}

    def series_of(self, test: str, scale: int, hierarchy: str) -> dict[str, Series]:
        """The series of each format that has one, in the order of `FORMATS`."""
        found = {
            entry.format: entry.series
            for entry in self.series
            if (entry.test, entry.scale, entry.hierarchy) == (test, scale, hierarchy)
        }
        return {name: found[name] for name in FORMATS if name in found}

    def scenes(self) -> list[tuple[int, str]]:
        """Scale and hierarchy of the scenes of the comparison, small ones and flat ones first."""
        found = {(entry.scale, entry.hierarchy) for entry in self.measurements if not entry.variant}
        return sorted(found, key=lambda scene: (scene[0], scene[1] != "flat"))

    def variants(self, prefix: str) -> list[str]:
        """The variants whose names begin with `prefix`, in the order of their measurement."""
        names = dict.fromkeys(entry.variant for entry in self.measurements)
        return [name for name in names if name.startswith(prefix)]

    def save(self, path: Path) -> None:
        """Write results.json; a reader never sees half a file."""
        content = {
            "schema": SCHEMA,
            "environment": self.environment,
            "plan": self.plan,
            "measurements": [entry.to_dict() for entry in self.measurements],
            "series": [_flatten_series(entry) for entry in self.series],
            "refused": [asdict(entry) for entry in self.refused],
            "reduced": [asdict(entry) for entry in self.reduced],
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
            reduced=[Reduction(**entry) for entry in data.get("reduced", [])],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"{path}: an entry is not as the schema says ({error!r})") from error


def measurements_of(
    samples: Iterable[tuple[Sample, Answer]], tests: Collection[str]
) -> list[Measurement]:
    """Group the answers of all samples, warm-up runs left out, into measurements of `tests`."""
    groups: dict[tuple[str, str, str, int, str, str], list[float]] = {}
    operations: dict[tuple[str, str, str, int, str, str], int] = {}
    for sample, answer in samples:
        if sample.is_warmup:
            continue
        place = (sample.prims, sample.hierarchy, sample.variant)
        for test, step in answer.steps.items():
            if test not in tests:
                continue
            for metric, value in step.metrics.items():
                key = (test, sample.format, metric, *place)
                groups.setdefault(key, []).append(rounded(value))
                operations[key] = step.operations if metric == "time_ms" else 1
        if "initial_load" in answer.steps:
            for metric, value in answer.plugin_load.items():
                key = (PLUGIN_LOAD, sample.format, metric, *place)
                groups.setdefault(key, []).append(rounded(value))
    measurements = []
    for group, values in groups.items():
        test, name, metric, scale, hierarchy, variant = group
        head = (test, scale, hierarchy, name, metric, METRIC_UNITS[metric])
        measurements.append(Measurement(*head, values, operations.get(group, 1), variant))
    return sorted(measurements, key=position)


def position(entry: Measurement) -> tuple[object, ...]:
    """Sorts measurements: scenes first, in the order of the catalog within them."""
    names = [*TESTS, PLUGIN_LOAD]
    return (
        bool(entry.variant),
        entry.variant,
        entry.scale,
        entry.hierarchy != "flat",
        names.index(entry.test),
        list(METRIC_UNITS).index(entry.metric),
        list(FORMATS).index(entry.format),
    )


def rounded(value: float) -> float:
    """Six significant digits: more than the clock can tell."""
    return float(f"{value:.6g}")


def plan_entry(options: BenchOptions) -> dict[str, Any]:
    """The plan as results.json records it."""
    return options.to_dict() | {
        "page_cache": "warm, and cold in the tests uncached_*",
        "order": "shuffled every round by the seed",
    }


def _measurement(entry: dict[str, Any]) -> Measurement:
    if not entry["samples"]:
        raise ValueError("a measurement without samples")
    names = [field.name for field in fields(Measurement) if field.default is MISSING]
    optional = {key: entry[key] for key in ("operations", "variant") if key in entry}
    return Measurement(**{name: entry[name] for name in names}, **optional)


def _flatten_series(entry: SeriesEntry) -> dict[str, Any]:
    data = asdict(entry)
    series: dict[str, Any] = data.pop("series")
    return data | series


def _series(entry: dict[str, Any]) -> SeriesEntry:
    phases = [(name, start) for name, start in entry["phases"]]
    series = Series(entry["columns"], entry["rows"], phases)
    return SeriesEntry(entry["test"], entry["scale"], entry["hierarchy"], entry["format"], series)
