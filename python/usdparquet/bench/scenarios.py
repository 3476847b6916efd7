"""What is timed in a worker process. The loops are what a user of OpenUSD's Python would write."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from usdparquet.bench.catalog import Test
from usdparquet.bench.checks import Totals, check_digest, check_totals
from usdparquet.bench.memory import BYTES_PER_MB, process_memory
from usdparquet.bench.protocol import Read, Request, Series
from usdparquet.bench.table import PROPERTIES

WARM_REPEATS = 1_000
_IDLE_SECONDS = 0.15

# The prim path and the attribute name of each read, parsed before the clock starts.
PreparedRead = tuple[Any, str]


@dataclass
class Outcome:
    """Result of a scenario. `opened` keeps the stage or layer alive until memory is measured."""

    time_ms: float
    operations: int
    opened: Any
    totals: Totals | None = None
    values: list[object] | None = None
    series: Series | None = None

    def check(self, request: Request) -> None:
        """Compare what was read with what the table holds."""
        if self.totals is not None:
            check_totals(self.totals, request.totals, request.properties)
        if self.values is not None:
            check_digest(self.values, request.reads_digest, request.test)


def run_scenario(test: Test, request: Request) -> Outcome:
    """Run one test once and time it."""
    if test.scenario == "layer_load":
        return _layer_load(request)
    if test.scenario == "stage_load":
        return _stage_load(request)
    if test.scenario == "point_reads":
        return _point_reads(request, warm=test.name == "single_property_warm")
    if test.scenario == "traversal":
        return _traversal(request, test.passes)
    if test.scenario == "timeline":
        return _timeline(request)
    raise ValueError(f"{test.name}: not a test that runs in a worker")


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


def read_from_stage(stage: Any, reads: Sequence[Read]) -> list[object]:
    """The values of some properties; None where a prim does not have the property."""
    return _read(stage, _prepare(reads))


def read_from_layer(layer: Any, reads: Sequence[Read]) -> list[object]:
    """The same straight from a layer, without composition."""
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


def _stage_load(request: Request) -> Outcome:
    start = time.perf_counter()
    stage = open_stage(request.stage_file)
    return Outcome(_milliseconds(start), 1, stage)


def _layer_load(request: Request) -> Outcome:
    start = time.perf_counter()
    layer = open_layer(request.property_file)
    return Outcome(_milliseconds(start), 1, layer)


def _point_reads(request: Request, warm: bool) -> Outcome:
    stage = open_stage(request.stage_file)
    reads = _prepare(request.reads)
    if warm:
        _read(stage, reads[:1])
    start = time.perf_counter()
    values = _read(stage, reads)
    return Outcome(_milliseconds(start), len(reads), stage, values=values)


def _traversal(request: Request, passes: int) -> Outcome:
    stage = open_stage(request.stage_file)
    rows: list[list[float]] = []
    counts, sums = 0, [0.0] * len(request.properties)
    for number in range(1, passes + 1):
        start = time.perf_counter()
        totals = traverse(stage, request.properties)
        elapsed = _milliseconds(start)
        counts += totals.count
        sums = [old + new for old, new in zip(sums, totals.sums, strict=True)]
        anonymous = process_memory().anonymous / BYTES_PER_MB if passes > 1 else 0.0
        rows.append([float(number), elapsed, anonymous])
    series = Series(["pass", "time_ms", "anonymous_mb"], rows) if passes > 1 else None
    total_time = sum(row[1] for row in rows)
    return Outcome(total_time, passes, stage, totals=Totals(counts, sums), series=series)


def _timeline(request: Request) -> Outcome:
    """Go through the phases; the runner samples this process's memory from outside meanwhile."""
    phases = [("load", _clock_ms())]
    stage = open_stage(request.stage_file)
    phases.append(("traverse", _clock_ms()))
    start = time.perf_counter()
    totals = traverse(stage, request.properties)
    elapsed = _milliseconds(start)
    phases.append(("idle", _clock_ms()))
    time.sleep(_IDLE_SECONDS)
    phases.append(("close", _clock_ms()))
    del stage
    time.sleep(_IDLE_SECONDS)
    phases.append(("end", _clock_ms()))
    # The stage is gone, so the memory of this test is what closing it did not give back.
    return Outcome(elapsed, 1, None, totals=totals, series=Series([], [], phases))


def _milliseconds(start: float) -> float:
    return (time.perf_counter() - start) * 1e3


def _clock_ms() -> float:
    """The clock that the runner shares with its workers."""
    return time.monotonic() * 1e3
