"""The medians of what layer_benchmarks and stage_open.py measured."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VALUE_KINDS = ("double", "int", "bool", "string")


@dataclass
class Results:
    """The medians of one run. A figure that was not measured is None."""

    context: dict[str, Any]
    medians: dict[tuple[str, str, str, str], float]
    """By figure, detail, format and counter; times in seconds, memory in MB."""
    stages: dict[str, float] = field(default_factory=dict)
    """Milliseconds by format."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes of the table by format."""

    @property
    def scene(self) -> str:
        return f"{int(self.context['prims']):,} prims, {self.context['hierarchy']}"

    @property
    def formats(self) -> list[str]:
        return list(dict.fromkeys(key[2] for key in self.medians))

    def seconds(self, figure: str, detail: str, name: str) -> float | None:
        """The seconds that an item takes."""
        return self.medians.get((figure, detail, name, "per_item"))

    def mean_seconds(self, figure: str, details: tuple[str, ...], name: str) -> float | None:
        """The mean over several details; None unless all were measured."""
        found = [self.seconds(figure, detail, name) for detail in details]
        known = [value for value in found if value is not None]
        return statistics.fmean(known) if len(known) == len(found) else None

    def memory(self, detail: str, counter: str, name: str) -> float | None:
        """The memory of a layer in MB."""
        return self.medians.get(("memory", detail, name, counter))

    def stage_over_bare(self, name: str) -> float | None:
        """Milliseconds that the layer adds to opening the stage."""
        if name not in self.stages or "bare" not in self.stages:
            return None
        return self.stages[name] - self.stages["bare"]


def load(bench: Path, stage: Path | None) -> Results:
    """The results in google-benchmark's JSON and in stage_open.py's, if there is one."""
    content = json.loads(bench.read_text(encoding="utf-8"))
    results = Results(content["context"], _medians(content["benchmarks"]))
    for table in Path(results.context["data"]).glob("table_*.*"):
        results.sizes[table.stem.removeprefix("table_")] = table.stat().st_size
    if stage and stage.exists():
        samples = json.loads(stage.read_text(encoding="utf-8"))["samples"]
        results.stages = {name: statistics.median(times) for name, times in samples.items()}
    return results


def _medians(entries: list[dict[str, Any]]) -> dict[tuple[str, str, str, str], float]:
    """The medians that were reported, or else those of the single runs."""
    single_runs: dict[tuple[str, str, str, str], list[float]] = defaultdict(list)
    medians: dict[tuple[str, str, str, str], float] = {}
    for entry in entries:
        if entry.get("error_occurred"):
            continue
        figure, detail, name = entry["run_name"].split("/")[:3]
        for counter in ("per_item", "anonymous_mb", "resident_mb"):
            if counter not in entry:
                continue
            key = (figure, detail, name, counter)
            if entry.get("aggregate_name") == "median":
                medians[key] = entry[counter]
            elif entry["run_type"] == "iteration":
                single_runs[key].append(entry[counter])
    return {key: statistics.median(runs) for key, runs in single_runs.items()} | medians
