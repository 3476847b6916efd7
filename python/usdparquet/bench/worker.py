"""One sample in a process of its own: ``python -m usdparquet.bench.worker REQUEST.json``.

The answer is the last line of the standard output. Any check that fails ends the process with
exit code 1 and the reason on the standard error.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path
from typing import Any

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.checks import check_digest
from usdparquet.bench.formats import FORMATS, Format, WrongFormatError, check_magic
from usdparquet.bench.memory import (
    BYTES_PER_MB,
    peak_resident,
    process_memory,
    reset_peak_resident,
)
from usdparquet.bench.protocol import Answer, Request, Series
from usdparquet.bench.scenarios import (
    Outcome,
    open_layer,
    open_stage,
    read_from_layer,
    read_from_stage,
    run_scenario,
    traverse,
)
from usdparquet.bench.table import PROPERTIES


def measure(request: Request) -> Answer:
    """Measure one sample: first use, baseline, scenario, memory, then the checks."""
    test = TESTS[request.test]
    entry = FORMATS[request.format]
    check_magic(Path(request.property_file), entry)
    _register_if_needed(entry)
    plugin_load = _first_use(request)

    gc.collect()
    # A collection in the middle of a timed loop would be charged to the format.
    gc.disable()
    peak_was_reset = reset_peak_resident()
    baseline = process_memory()
    outcome = run_scenario(test, request)
    now = process_memory()
    peak = peak_resident()

    outcome.check(request)
    _check_source(outcome, request, entry)
    metrics = {
        "anonymous_mb": (now.anonymous - baseline.anonymous) / BYTES_PER_MB,
        "resident_mb": (now.resident - baseline.resident) / BYTES_PER_MB,
        "peak_resident_mb": (peak - baseline.resident) / BYTES_PER_MB,
    }
    if test.scenario != "timeline":
        # A timeline is sampled from outside while it runs, which costs it time.
        metrics["time_ms"] = outcome.time_ms
    baseline_mb = {
        "anonymous": baseline.anonymous / BYTES_PER_MB,
        "resident": baseline.resident / BYTES_PER_MB,
    }
    series = _over_baseline(outcome.series, baseline_mb["anonymous"])
    return Answer(metrics, outcome.operations, plugin_load, baseline_mb, peak_was_reset, series)


def _register_if_needed(entry: Format) -> None:
    """Only for installations where OpenUSD cannot find the plugin by itself."""
    from pxr import Sdf

    # Not FindByExtension: that would load the plugin here, before its cost is measured.
    if entry.extension not in Sdf.FileFormat.FindAllFileFormatExtensions():
        import usdparquet

        usdparquet.register()


def _first_use(request: Request) -> dict[str, float]:
    """Do once, on a scene of four prims, everything that a process pays only once."""
    before = process_memory()
    start = time.perf_counter()
    layer = open_layer(request.warmup_property_file)
    elapsed = (time.perf_counter() - start) * 1e3
    after = process_memory()
    del layer
    stage = open_stage(request.warmup_stage_file)
    traverse(stage, list(PROPERTIES))
    del stage
    # The first call imports what the later ones need.
    peak_resident()
    return {
        "time_ms": elapsed,
        "anonymous_mb": (after.anonymous - before.anonymous) / BYTES_PER_MB,
        "resident_mb": (after.resident - before.resident) / BYTES_PER_MB,
    }


def _check_source(outcome: Outcome, request: Request, entry: Format) -> None:
    """The values came from the file that is measured, through the format that it claims."""
    from pxr import Sdf

    opened: Any = outcome.opened
    if opened is None:
        opened = open_stage(request.stage_file)
    if isinstance(opened, Sdf.Layer):
        layers, values = [opened], read_from_layer(opened, request.spot_reads)
    else:
        layers, values = opened.GetUsedLayers(), read_from_stage(opened, request.spot_reads)
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
    check_digest(values, request.spot_digest, f"{request.test}, spot check")


def _over_baseline(series: Series | None, anonymous_mb: float) -> Series | None:
    """Memory columns of a series count from the baseline, like every other figure."""
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
        print(f"{request.test} of {request.format}: {error}", file=sys.stderr)
        return 1
    print(answer.to_json(), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
