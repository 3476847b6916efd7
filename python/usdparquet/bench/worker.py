"""One sample in a process of its own: ``python -m usdparquet.bench.worker REQUEST.json``.

The answer is the last line of the standard output. Any check that fails ends the process with
exit code 1 and the reason on the standard error.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from usdparquet.bench.checks import check_digest
from usdparquet.bench.formats import FORMATS, Format, WrongFormatError, check_magic
from usdparquet.bench.memory import (
    BYTES_PER_MB,
    ProcessMemory,
    peak_resident,
    process_memory,
    reset_peak_resident,
)
from usdparquet.bench.protocol import Answer, Request, Series, Step, StepAnswer
from usdparquet.bench.scenarios import (
    Outcome,
    State,
    open_layer,
    open_stage,
    read_from_layer,
    read_from_stage,
    run_step,
)
from usdparquet.bench.sessions import session_named


@dataclass(frozen=True)
class _Reading:
    """Memory after a step, and the most that was resident during it."""

    memory: ProcessMemory
    peak: int


def measure(request: Request) -> Answer:
    """Measure one sample: first use, baseline, the steps with their memory, then the checks."""
    entry = FORMATS[request.format]
    check_magic(Path(request.property_file), entry)
    _register_if_needed(entry)
    plugin_load = _first_use(request)

    gc.collect()
    # A collection within a timed loop would count against the format.
    gc.disable()
    peak_was_reset = reset_peak_resident()
    baseline = process_memory()
    state = State()
    outcomes: list[Outcome] = []
    readings: list[_Reading] = []
    for step in request.steps:
        if readings:
            reset_peak_resident()
        outcomes.append(run_step(state, step, request))
        readings.append(_Reading(process_memory(), peak_resident()))

    for outcome in outcomes:
        outcome.check()
    if outcomes:
        _check_source(state, request, entry)
    is_cumulative = session_named(request.session).is_cumulative
    steps = {
        step.test: _answer(outcome, memory, baseline)
        for step, outcome, memory in zip(
            request.steps, outcomes, _memory(readings, baseline, is_cumulative), strict=True
        )
    }
    baseline_mb = {
        "anonymous": baseline.anonymous / BYTES_PER_MB,
        "resident": baseline.resident / BYTES_PER_MB,
    }
    return Answer(steps, plugin_load, baseline_mb, peak_was_reset)


def _memory(
    readings: list[_Reading], baseline: ProcessMemory, is_cumulative: bool
) -> list[dict[str, float]]:
    """Memory of each step over the baseline.

    The peak is the most since the baseline. Where a session is not cumulative, a step has the
    memory after the first step and what it added by itself.
    """
    found: list[dict[str, float]] = []
    if not readings:
        return found
    start = readings[0]
    before = ProcessMemory(baseline.anonymous, baseline.resident)
    highest = 0
    for number, reading in enumerate(readings):
        anonymous, resident = reading.memory.anonymous, reading.memory.resident
        highest = max(highest, reading.peak)
        peak = highest
        if not is_cumulative and number > 0:
            anonymous = start.memory.anonymous + anonymous - before.anonymous
            resident = start.memory.resident + resident - before.resident
            own = start.memory.resident + reading.peak - before.resident
            peak = max(start.peak, own)
        before = reading.memory
        found.append(
            {
                "anonymous_mb": (anonymous - baseline.anonymous) / BYTES_PER_MB,
                "resident_mb": (resident - baseline.resident) / BYTES_PER_MB,
                "peak_resident_mb": (peak - baseline.resident) / BYTES_PER_MB,
            }
        )
    return found


def _answer(outcome: Outcome, memory: dict[str, float], baseline: ProcessMemory) -> StepAnswer:
    metrics = dict(memory)
    if outcome.time_ms is not None:
        metrics["time_ms"] = outcome.time_ms
    series = _over_baseline(outcome.series, baseline.anonymous / BYTES_PER_MB)
    if series is not None and "pass" in series.columns:
        column = series.columns.index("anonymous_mb")
        metrics["growth_mb"] = series.rows[-1][column] - series.rows[0][column]
    return StepAnswer(metrics, outcome.operations, series)


def _register_if_needed(entry: Format) -> None:
    """Register the plugin, if OpenUSD has not found it by itself."""
    from pxr import Sdf

    # Not FindByExtension: that would load the plugin here, before its cost is measured.
    if entry.extension not in Sdf.FileFormat.FindAllFileFormatExtensions():
        import usdparquet

        usdparquet.register()


def _first_use(request: Request) -> dict[str, float]:
    """Do everything that a process pays for only once, on a scene of four prims."""
    before = process_memory()
    start = time.perf_counter()
    layer = open_layer(request.warmup_property_file)
    elapsed = (time.perf_counter() - start) * 1e3
    after = process_memory()
    del layer
    stage = open_stage(request.warmup_stage_file)
    for prim in stage.TraverseAll():
        for attribute in prim.GetAttributes():
            attribute.Get()
    _use_steps_once(stage, request.steps, request.warmup_property_file)
    del stage
    # The first call imports what the later ones need.
    peak_resident()
    return {
        "time_ms": elapsed,
        "anonymous_mb": (after.anonymous - before.anonymous) / BYTES_PER_MB,
        "resident_mb": (after.resident - before.resident) / BYTES_PER_MB,
    }


def _use_steps_once(stage: Any, steps: list[Step], property_file: str) -> None:
    """Call what the steps call: Python wraps it at the first call."""
    from pxr import Usd

    read_from_stage(stage, [("/World", "none")])
    stage.GetAttributeAtPath("/World.none")
    if any(step.test == "sublayer_insert" for step in steps):
        # The first change of a stage loads what all later ones use.
        changed = Usd.Stage.CreateInMemory()
        changed.GetRootLayer().subLayerPaths.insert(0, property_file)


def _check_source(state: State, request: Request, entry: Format) -> None:
    """The values came from the file that is measured, through the format that it claims."""
    from pxr import Sdf

    opened: Any = state.opened
    if opened is None:
        opened = open_stage(request.stage_file)
    if isinstance(opened, Sdf.Layer):
        layers, values = [opened], read_from_layer(opened, request.spot_reads)
    else:
        layers, values = (
            opened.GetUsedLayers(),
            read_from_stage(opened, request.spot_reads, request.spot_times),
        )
    wanted = Path(request.property_file).resolve()
    used = [layer for layer in layers if layer.realPath and Path(layer.realPath) == wanted]
    if not used:
        raise WrongFormatError(f"{wanted.name}: the stage does not use this layer")
    file_format = used[0].GetFileFormat().formatId
    if file_format != entry.file_format_id:
        raise WrongFormatError(
            f"{wanted.name}: measured as '{entry.name}', "
            f"but OpenUSD read it with the format '{file_format}'"
        )
    check_digest(values, request.spot_digest, f"{request.session}, spot check")


def _over_baseline(series: Series | None, anonymous_mb: float) -> Series | None:
    """The series with its memory counted from the baseline, like every other figure."""
    if series is None or "anonymous_mb" not in series.columns:
        return series
    column = series.columns.index("anonymous_mb")
    rows = [[*row[:column], row[column] - anonymous_mb, *row[column + 1 :]] for row in series.rows]
    return Series(series.columns, rows, series.phases)


def main(arguments: list[str]) -> int:
    """Entry point of the worker process."""
    if len(arguments) != 1:
        print("usage: python -m usdparquet.bench.worker REQUEST.json", file=sys.stderr)
        return 2
    request = Request.from_json(Path(arguments[0]).read_text(encoding="utf-8"))
    try:
        answer = measure(request)
    except Exception as error:  # any failure must reach the runner as one plain line
        print(f"{request.session} of {request.format}: {error}", file=sys.stderr)
        return 1
    print(answer.to_json(), flush=True)
    # Destroying a large stage takes longer than opening it, and is not measured.
    os._exit(0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
