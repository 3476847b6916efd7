"""Runs a benchmark: makes the scenes, starts one process per sample, collects the results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from usdparquet.bench.catalog import METRIC_UNITS, TESTS
from usdparquet.bench.environment import describe_environment
from usdparquet.bench.expectations import RequestMaker
from usdparquet.bench.formats import FORMATS, check_magic
from usdparquet.bench.guard import refusal
from usdparquet.bench.memory import available_memory
from usdparquet.bench.partial import PartialResults
from usdparquet.bench.plan import BenchOptions, Sample, plan_samples
from usdparquet.bench.protocol import Answer, Request
from usdparquet.bench.results import (
    Measurement,
    Refusal,
    Results,
    SeriesEntry,
    measurements_of,
    plan_entry,
)
from usdparquet.bench.timeline import MemorySampler, timeline_series
from usdparquet.generate import Scene, SceneOptions

_READ_CHUNK = 1 << 22


class BenchError(RuntimeError):
    """A benchmark that could not be carried out, or a sample that failed its checks."""


class Listener(Protocol):
    """Who is told how a run is getting on."""

    def message(self, text: str) -> None:
        """Something that the user should read."""

    def planned(self, weight: float) -> None:
        """More samples of this total weight are going to be taken."""

    def started(self, what: str) -> None:
        """A step begins."""

    def finished(self, weight: float) -> None:
        """Samples of this weight are done."""


class BenchRun:
    """One run of the benchmark into `directory`; `run` does it all."""

    def __init__(
        self, options: BenchOptions, directory: Path, listener: Listener, fresh: bool = False
    ) -> None:
        self._options = options
        self._directory = directory
        self._listener = listener
        self._environment = describe_environment()
        identity = {
            "options": options.to_dict(),
            "versions": self._environment["versions"],
            "cpu": self._environment["cpu"],
        }
        self._partial = PartialResults(directory / "results.partial.jsonl", identity, fresh)
        self._results = Results(self._environment, plan_entry(options))

    def run(self) -> Results:
        """Measure everything and write results.json."""
        started = time.monotonic()
        done = self._partial.samples()
        if done:
            self._listener.message(f"Continuing an interrupted run: {len(done)} samples are done")
        for options in self._options.scenes():
            self._run_scene(options)
        self._environment["load_average_end"] = [round(value, 2) for value in os.getloadavg()]
        self._environment["duration_seconds"] = round(time.monotonic() - started, 1)
        self._results.measurements += measurements_of(self._partial.samples())
        self._results.save(self._directory / "results.json")
        self._partial.delete()
        return self._results

    def _run_scene(self, options: SceneOptions) -> None:
        formats = self._formats_that_fit(options)
        if not formats:
            return
        scene = self._make_scene(options, formats)
        if "file_size" in self._options.tests:
            self._results.measurements += _file_sizes(scene, formats)
        _read_into_page_cache(scene, formats)
        samples = plan_samples(self._options, options, formats)
        self._listener.planned(sum(sample.weight for sample in samples))
        maker = RequestMaker(scene)
        for sample in samples:
            title = f"{TESTS[sample.test].title}, {FORMATS[sample.format].title}"
            self._listener.started(f"{options.prims:,} prims {options.hierarchy}: {title}")
            answer = self._partial.answer(sample)
            if answer is None:
                answer = run_worker(maker.request(sample.test, sample.format))
                self._partial.add(sample, answer)
            self._listener.finished(sample.weight)
        self._results.series += list(_last_series(self._partial, samples))

    def _formats_that_fit(self, options: SceneOptions) -> list[str]:
        free = available_memory()
        fitting = []
        for name in self._options.formats:
            reason = refusal(options.prims, name, free)
            if reason is None:
                fitting.append(name)
                continue
            self._listener.message(f"Not measured: {reason}")
            self._results.refused.append(Refusal(options.prims, options.hierarchy, name, reason))
        return fitting

    def _make_scene(self, options: SceneOptions, formats: list[str]) -> Scene:
        """Generate in another process: what that leaves in memory would be missing later."""
        self._listener.started(f"Writing the scene of {options.prims:,} prims, {options.hierarchy}")
        directory = self._directory / "scenes" / options.folder_name()
        request = {"options": asdict(options), "directory": str(directory), "formats": formats}
        done = subprocess.run(
            [sys.executable, "-m", "usdparquet.generate", json.dumps(request)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BenchError(f"The scene could not be written:\n{done.stderr.strip()}")
        scene = Scene(directory, options)
        for name in formats:
            check_magic(scene.property_file(name), FORMATS[name])
        return scene


def run_worker(request: Request) -> Answer:
    """Take one sample in a fresh process; `BenchError` if it fails or reads wrong values."""
    with tempfile.TemporaryDirectory(prefix="usdparquet-bench-") as folder:
        file = Path(folder) / "request.json"
        file.write_text(request.to_json(), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "usdparquet.bench.worker", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        is_timeline = TESTS[request.test].scenario == "timeline"
        sampler = MemorySampler(process.pid) if is_timeline else None
        try:
            output, errors = process.communicate()
        except BaseException:
            # An interrupted run must not leave a process behind that is still measuring.
            process.kill()
            process.wait()
            raise
        finally:
            rows = sampler.stop() if sampler else []
    lines = output.strip().splitlines()
    if process.returncode != 0 or not lines:
        reason = errors.strip() or f"the process ended with code {process.returncode}"
        raise BenchError(f"The sample {request.test} of {request.format} failed:\n{reason}")
    answer = Answer.from_json(lines[-1])
    if sampler:
        series = timeline_series(answer, rows)
        answer = Answer(**{**vars(answer), "series": series})
    return answer


def _file_sizes(scene: Scene, formats: list[str]) -> Iterator[Measurement]:
    options = scene.options
    for name in formats:
        size = float(scene.property_file(name).stat().st_size)
        head = ("file_size", options.prims, options.hierarchy, name)
        yield Measurement(*head, "bytes", METRIC_UNITS["bytes"], [size])


def _read_into_page_cache(scene: Scene, formats: list[str]) -> None:
    """The first sample must find the same warm files as the last."""
    for path in {scene.base_file, *(scene.property_file(name) for name in formats)}:
        with path.open("rb") as file:
            while file.read(_READ_CHUNK):
                pass


def _last_series(partial: PartialResults, samples: list[Sample]) -> Iterator[SeriesEntry]:
    """The series of each cell's last run; the earlier ones look alike and would swell the file."""
    last: dict[tuple[str, str], Sample] = {}
    for sample in samples:
        if not sample.is_warmup:
            last[sample.test, sample.format] = sample
    for sample in last.values():
        answer = partial.answer(sample)
        if answer is not None and answer.series is not None:
            yield SeriesEntry(
                sample.test, sample.prims, sample.hierarchy, sample.format, answer.series
            )
