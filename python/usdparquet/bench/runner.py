"""Runs a benchmark: makes the files, takes the samples round by round, collects the results."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from usdparquet.bench.case_files import CaseFiles, write_case_files
from usdparquet.bench.catalog import METRIC_UNITS, TESTS
from usdparquet.bench.certainty import uncertain
from usdparquet.bench.environment import describe_environment
from usdparquet.bench.formats import BARE_FORMAT, FORMATS, check_magic
from usdparquet.bench.kernel_page_cache import drop, warm
from usdparquet.bench.memory import available_memory
from usdparquet.bench.memory_guard import refusal
from usdparquet.bench.partial import PartialResults
from usdparquet.bench.plan import (
    BenchOptions,
    Sample,
    SceneBlock,
    case_samples,
    round_samples,
    scene_blocks,
    session_of,
    warmup_samples,
)
from usdparquet.bench.playback_files import PLAYBACK_FORMATS, playback_files
from usdparquet.bench.process import BenchError, run_worker
from usdparquet.bench.protocol import Request
from usdparquet.bench.results import (
    Measurement,
    Refusal,
    Results,
    SeriesEntry,
    measurements_of,
    plan_entry,
)
from usdparquet.bench.scene_requests import RequestMaker
from usdparquet.bench.sessions import PLAYBACK_SESSION, TYPE_SESSION, Session
from usdparquet.bench.time_budget import TimeBudget, expected_weight
from usdparquet.bench.type_cases import TYPE_CASES
from usdparquet.bench.type_files import TypeFiles
from usdparquet.generate import Scene, generate_scene

__all__ = ["BenchError", "BenchRun", "Listener"]


class Listener(Protocol):
    """Hears about the progress of a run."""

    def message(self, text: str) -> None:
        """Something that the user should read."""

    def planned(self, weight: float) -> None:
        """Samples of this total weight were added to the plan; taken off it, if it is negative."""

    def started(self, what: str) -> None:
        """A step begins."""

    def finished(self, weight: float) -> None:
        """Samples of this weight are done."""


# The program of a process that calls a function with the arguments on its standard input.
_CALL = "import pickle, sys; call, arguments = pickle.load(sys.stdin.buffer); call(*arguments)"


class BenchRun:
    """One run of the benchmark, which writes into `directory`."""

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
        self._keeps_cache = False

    def run(self) -> Results:
        """Measure everything and write results.json."""
        started = time.monotonic()
        done = self._partial.samples()
        if done:
            self._listener.message(f"Continuing an interrupted run: {len(done)} samples are done")
        blocks = scene_blocks(self._options)
        self._listener.planned(sum(expected_weight(self._options, block) for block in blocks))
        for block in blocks:
            self._run_scene(block)
        if self._options.measures(TYPE_SESSION):
            self._run_types()
        if self._options.measures(PLAYBACK_SESSION):
            self._run_playback()
        self._environment["load_average_end"] = [round(value, 2) for value in os.getloadavg()]
        self._environment["duration_seconds"] = round(time.monotonic() - started, 1)
        self._results.measurements += measurements_of(self._partial.samples(), self._options.tests)
        self._results.save(self._directory / "results.json")
        self._partial.delete()
        return self._results

    def _run_scene(self, block: SceneBlock) -> None:
        planned = expected_weight(self._options, block)
        formats = self._formats_that_fit(block)
        is_empty = not block.sessions and "file_size" not in self._options.tests
        if not formats or is_empty:
            self._listener.planned(-planned)
            return
        scene = self._make_scene(block, formats)
        if "file_size" in self._options.tests:
            place = (block.scene.prims, block.scene.hierarchy)
            sizes = _sizes("file_size", scene, *place, formats, block.variant)
            self._results.measurements += sizes
        files = {name: _files(scene, name) for name in formats}
        warm(path for paths in files.values() for path in paths)
        maker = RequestMaker(scene)
        options = self._options

        def rounds(run: int, left: list[str]) -> list[Sample]:
            return round_samples(options, block, left, run)

        def request(sample: Sample) -> Request:
            return maker.request(session_of(sample, block), sample.format)

        samples = warmup_samples(options, block, formats)
        warmed = sum(self._take(sample, request, files[sample.format], block) for sample in samples)
        budget = TimeBudget(
            options, block.scene.prims, block.scene.hierarchy, block.variant, block.runs
        )
        taken = self._rounds(budget, formats, rounds, request, files, block)
        self._listener.planned(warmed + taken - planned)

    def _run_types(self) -> None:
        seed = self._options.seed
        directory = self._directory / "scenes" / f"types-seed{seed}"
        files = [TypeFiles(directory, seed, TYPE_CASES[name]) for name in self._options.type_cases]
        formats = [name for name in self._options.formats if name != BARE_FORMAT]
        self._write("Writing the kinds of properties", write_case_files, files, formats)
        self._run_cases(TYPE_SESSION, files, formats)

    def _run_playback(self) -> None:
        seed = self._options.seed
        files = playback_files(self._directory / "scenes" / f"playback-seed{seed}", seed)
        formats = [name for name in self._options.formats if name in PLAYBACK_FORMATS]
        if formats:
            self._write("Writing time samples", write_case_files, files, formats)
            self._run_cases(PLAYBACK_SESSION, files, formats)

    def _run_cases(self, session: Session, files: Sequence[CaseFiles], formats: list[str]) -> None:
        """Measure small scenes outside the comparison; each is a variant."""
        for entry in files:
            sizes = _sizes(session.tests[-1], entry, entry.scale, "flat", formats, entry.variant)
            self._results.measurements += sizes
            warm(entry.property_file(name) for name in formats)
        by_variant = {entry.variant: entry for entry in files}
        cases = [(entry.variant, entry.scale) for entry in files]
        runs = min(self._options.runs, self._options.type_runs)

        def rounds(run: int, left: list[str]) -> list[Sample]:
            samples = case_samples(self._options, session, cases, left, run)
            if run == 0:
                self._listener.planned(runs * sum(sample.weight for sample in samples))
            return samples

        def request(sample: Sample) -> Request:
            return by_variant[sample.variant].request(session, sample.format)

        # A round takes a hundred processes and more, so the budget is for each case.
        budget = TimeBudget(self._options, 0, "flat", session.name, runs, factor=len(files))
        self._rounds(budget, formats, rounds, request, {})

    def _rounds(
        self,
        budget: TimeBudget,
        formats: list[str],
        rounds: Callable[[int, list[str]], list[Sample]],
        request: Callable[[Sample], Request],
        files: dict[str, list[Path]],
        block: SceneBlock | None = None,
    ) -> float:
        """Take rounds until all are done or the formats have used up their budget."""
        left = list(formats)
        weight = 0.0
        every: list[Sample] = []
        for run in range(budget.runs):
            for name in budget.exhausted(left, run):
                left.remove(name)
                self._results.reduced.append(budget.reduction(name, run))
            samples = uncertain(self._options, rounds(run, left), self._partial.answer)
            for sample in samples:
                weight += self._take(sample, request, files.get(sample.format, []), block)
                answer = self._partial.answer(sample)
                budget.spend(sample.format, answer.seconds if answer else 0.0)
            every += samples
        self._results.series += list(_last_series(self._partial, every))
        return weight

    def _take(
        self,
        sample: Sample,
        request: Callable[[Sample], Request],
        files: list[Path],
        block: SceneBlock | None,
    ) -> float:
        """Take one sample, unless it was taken before the run was interrupted."""
        session = session_of(sample, block)
        if session.is_uncached and self._keeps_cache:
            return 0.0
        title = f"{TESTS[session.tests[-1]].title}, {FORMATS[sample.format].title}"
        kind = f" {sample.variant}" if sample.variant else ""
        self._listener.started(f"{sample.prims:,} prims {sample.hierarchy}{kind}: {title}")
        if self._partial.answer(sample) is None:
            if session.is_uncached and not drop(files):
                self._keeps_cache = True
                self._results.plan["page_cache"] = "warm; this machine does not let it be dropped"
                self._listener.message("The page cache cannot be dropped here: no cold loads")
                warm(files)
                return 0.0
            self._partial.add(sample, run_worker(request(sample)))
            if session.is_uncached:
                warm(files)
        self._listener.finished(sample.weight)
        return sample.weight

    def _formats_that_fit(self, block: SceneBlock) -> list[str]:
        free = available_memory()
        fitting = []
        options = block.scene
        for name in block.formats:
            reason = refusal(options.prims, name, free)
            if reason is None:
                fitting.append(name)
                continue
            self._listener.message(f"Not measured: {reason}")
            self._results.refused.append(Refusal(options.prims, options.hierarchy, name, reason))
        return fitting

    def _make_scene(self, block: SceneBlock, formats: list[str]) -> Scene:
        options = block.scene
        what = f"Writing the scene of {options.prims:,} prims, {options.hierarchy}"
        if block.variant:
            what += f", row groups of {options.row_group_size:,}"
        directory = self._directory / "scenes" / options.folder_name()
        self._write(what, generate_scene, options, directory, formats)
        scene = Scene(directory, options)
        for name in formats:
            check_magic(scene.property_file(name), FORMATS[name])
        return scene

    def _write(self, what: str, write: Callable[..., object], *arguments: object) -> None:
        """Write files in another process, so that the runner does not keep that memory."""
        self._listener.started(what)
        done = subprocess.run(
            [sys.executable, "-c", _CALL],
            input=pickle.dumps((write, arguments)),
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            raise BenchError(f"The files could not be written:\n{done.stderr.decode().strip()}")


def _files(scene: Scene, name: str) -> list[Path]:
    """What opening the stage of a format reads."""
    files = [scene.base_file, scene.property_file(name), scene.stage_file(name)]
    return list(dict.fromkeys(files))


def _sizes(
    test: str,
    files: Scene | CaseFiles,
    scale: int,
    hierarchy: str,
    formats: list[str],
    variant: str,
) -> Iterator[Measurement]:
    for name in formats:
        size = float(files.property_file(name).stat().st_size)
        head = (test, scale, hierarchy, name, "bytes", METRIC_UNITS["bytes"])
        yield Measurement(*head, [size], variant=variant)


def _last_series(partial: PartialResults, samples: list[Sample]) -> Iterator[SeriesEntry]:
    """The series of the last run only: the earlier ones look alike and would swell the file."""
    last: dict[tuple[str, str, str], SeriesEntry] = {}
    for sample in samples:
        answer = partial.answer(sample)
        for test, step in answer.steps.items() if answer and not sample.variant else ():
            if step.series is not None:
                place = (sample.prims, sample.hierarchy, sample.format)
                last[test, sample.session, sample.format] = SeriesEntry(test, *place, step.series)
    yield from last.values()
