"""What a worker process times: loops as users of OpenUSD's Python write them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from usdparquet.bench.catalog import PASSES, TESTS, Scenario
from usdparquet.bench.checks import Totals, WrongValuesError, check_digest, check_totals
from usdparquet.bench.memory import BYTES_PER_MB, process_memory
from usdparquet.bench.protocol import Read, Request, Series, Step
from usdparquet.bench.table import PROPERTIES

_IDLE_SECONDS = 0.15

# The prim path and the attribute name of each read, parsed before the clock starts.
PreparedRead = tuple[Any, str]


@dataclass
class State:
    """What a step leaves for the next ones. `opened` keeps the stage or layer alive."""

    opened: Any = None
    passes: list[list[float]] = field(default_factory=list)
    """Number, time (ms) and anonymous memory (MB) of each six-property traversal so far."""


@dataclass
class Outcome:
    """The result of one step, which is checked after the last step."""

    step: Step
    time_ms: float | None
    operations: int
    totals: Totals | None = None
    values: list[object] | None = None
    missing: int = 0
    """How many values were not there."""
    series: Series | None = None

    def check(self) -> None:
        """Compare what was read with what the table holds."""
        if self.totals is not None and self.step.totals is not None:
            check_totals(self.totals, self.step.totals, self.step.properties)
        if self.values is not None:
            check_digest(self.values, self.step.reads_digest, self.step.test)
        if self.missing:
            raise WrongValuesError(f"{self.missing} values were not there")


def run_step(state: State, step: Step, request: Request) -> Outcome:
    """Run one test once and time it."""
    return _SCENARIOS[TESTS[step.test].scenario](state, step, request)


def open_stage(path: str) -> Any:
    """Open a stage; a failure is raised, never None."""
    from pxr import Usd

    stage = Usd.Stage.Open(path)
    if not stage:
        raise RuntimeError(f"{path}: OpenUSD did not open the stage")
    return stage


def open_layer(path: str) -> Any:
    """Open a layer; a failure is raised, never None."""
    from pxr import Sdf

    layer = Sdf.Layer.FindOrOpen(path)
    if not layer:
        raise RuntimeError(f"{path}: OpenUSD did not open the layer")
    return layer


def read_from_stage(stage: Any, reads: Sequence[Read], times: Sequence[float] = ()) -> list[object]:
    """The values of some properties; None where a prim does not have the property."""
    if times:
        found = [stage.GetAttributeAtPath(f"{path}.{name}") for path, name in reads]
        return [
            attribute.Get(time) if attribute else None
            for attribute, time in zip(found, times, strict=True)
        ]
    return _read(stage, _prepare(reads))


def read_from_layer(layer: Any, reads: Sequence[Read]) -> list[object]:
    """The same, read from a layer without composition."""
    specs = [layer.GetAttributeAtPath(f"{path}.{name}") for path, name in reads]
    return [spec.default if spec else None for spec in specs]


def traverse(stage: Any, names: Sequence[str]) -> Totals:
    """Walk the whole stage and read the properties `names` of every prim that has them."""
    if len(names) == 1 and PROPERTIES[names[0]] != "string":
        return _traverse_one(stage, names[0])
    return _traverse_many(stage, names)


def _traverse_one(stage: Any, name: str) -> Totals:
    count = 0
    total = 0.0
    for prim in stage.Traverse():
        attribute = prim.GetAttribute(name)
        if attribute:
            total += attribute.Get()
            count += 1
    return Totals(count, [total])


def _traverse_many(stage: Any, names: Sequence[str]) -> Totals:
    columns = [(index, name, PROPERTIES[name] == "string") for index, name in enumerate(names)]
    count = 0
    sums = [0.0] * len(names)
    for prim in stage.Traverse():
        for index, name, is_text in columns:
            attribute = prim.GetAttribute(name)
            if attribute:
                value = attribute.Get()
                sums[index] += len(value) if is_text else value
                count += 1
    return Totals(count, sums)


def _prepare(reads: Sequence[Read]) -> list[PreparedRead]:
    from pxr import Sdf

    return [(Sdf.Path(path), name) for path, name in reads]


def _read(stage: Any, reads: Sequence[PreparedRead]) -> list[object]:
    values: list[object] = []
    for path, name in reads:
        attribute = stage.GetPrimAtPath(path).GetAttribute(name)
        values.append(attribute.Get() if attribute else None)
    return values


def _stage_load(state: State, step: Step, request: Request) -> Outcome:
    start = time.perf_counter()
    state.opened = open_stage(request.stage_file)
    return Outcome(step, _milliseconds(start), 1)


def _layer_load(state: State, step: Step, request: Request) -> Outcome:
    start = time.perf_counter()
    state.opened = open_layer(request.property_file)
    return Outcome(step, _milliseconds(start), 1)


def _sublayer_insert(state: State, step: Step, request: Request) -> Outcome:
    """The base stage is opened before the clock starts; its memory counts."""
    state.opened = open_stage(request.base_stage_file)
    start = time.perf_counter()
    state.opened.GetRootLayer().subLayerPaths.insert(0, request.property_file)
    return Outcome(step, _milliseconds(start), 1)


def _point_reads(state: State, step: Step, _request: Request) -> Outcome:
    reads = _prepare(step.reads)
    start = time.perf_counter()
    values = _read(state.opened, reads)
    return Outcome(step, _milliseconds(start), len(reads), values=values)


def _traversal(state: State, step: Step, _request: Request) -> Outcome:
    passes = PASSES if step.test == "repeated_traversal" else 1
    # The ten passes of `repeated_traversal` include the traversal before it, if there was one.
    first = len(state.passes)
    counts, sums = 0, [0.0] * len(step.properties)
    for number in range(first + 1, max(passes, first + 1) + 1):
        start = time.perf_counter()
        totals = traverse(state.opened, step.properties)
        elapsed = _milliseconds(start)
        counts += totals.count
        sums = [old + new for old, new in zip(sums, totals.sums, strict=True)]
        anonymous = process_memory().anonymous / BYTES_PER_MB
        state.passes.append([float(number), elapsed, anonymous])
    result = Totals(counts, sums)
    if passes == 1:
        return Outcome(step, state.passes[-1][1], 1, totals=result)
    series = Series(["pass", "time_ms", "anonymous_mb"], list(state.passes))
    total_time = sum(row[1] for row in state.passes)
    return Outcome(step, total_time, len(state.passes), totals=result, series=series)


def _timeline(_state: State, step: Step, request: Request) -> Outcome:
    """Go through the phases, while the runner samples the memory of this process."""
    phases = [("load", _clock_ms())]
    stage = open_stage(request.stage_file)
    phases.append(("traverse", _clock_ms()))
    totals = traverse(stage, step.properties)
    phases.append(("idle", _clock_ms()))
    time.sleep(_IDLE_SECONDS)
    phases.append(("close", _clock_ms()))
    del stage
    time.sleep(_IDLE_SECONDS)
    phases.append(("end", _clock_ms()))
    # The stage is closed, so the memory of this test is what was not given back. There is no time,
    # because being sampled slows the process down.
    return Outcome(step, None, 1, totals=totals, series=Series([], [], phases))


def _column_reads(state: State, step: Step, _request: Request) -> Outcome:
    """Read every value of every prim; the attributes are looked up before the clock starts."""
    attributes = _attributes(state, step)
    missing = 0
    start = time.perf_counter()
    for attribute in attributes:
        if attribute.Get() is None:
            missing += 1
    return Outcome(step, _milliseconds(start), len(attributes), missing=missing)


def _playback(state: State, step: Step, _request: Request) -> Outcome:
    """Read all attributes at one time code, then at the next."""
    from pxr import Usd

    attributes = _attributes(state, step)
    codes = [Usd.TimeCode(frame) for frame in step.times]
    missing = 0
    start = time.perf_counter()
    for code in codes:
        for attribute in attributes:
            if attribute.Get(code) is None:
                missing += 1
    elapsed = _milliseconds(start)
    return Outcome(step, elapsed, len(attributes) * len(codes), missing=missing)


_SCENARIOS: dict[Scenario, Callable[[State, Step, Request], Outcome]] = {
    "layer_load": _layer_load,
    "stage_load": _stage_load,
    "sublayer_insert": _sublayer_insert,
    "point_reads": _point_reads,
    "traversal": _traversal,
    "timeline": _timeline,
    "column_reads": _column_reads,
    "playback": _playback,
}


def _attributes(state: State, step: Step) -> list[Any]:
    return [
        state.opened.GetAttributeAtPath(f"{prim}.{name}")
        for prim in step.prims
        for name in step.properties
    ]


def _milliseconds(start: float) -> float:
    return (time.perf_counter() - start) * 1e3


def _clock_ms() -> float:
    """The clock that the runner shares with its workers."""
    return time.monotonic() * 1e3
