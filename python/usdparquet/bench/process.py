"""Takes one sample in a process of its own."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.protocol import Answer, Request
from usdparquet.bench.timeline import MemorySampler, timeline_series


class BenchError(RuntimeError):
    """A benchmark that could not be carried out, or a sample that failed its checks."""


def run_worker(request: Request) -> Answer:
    """Take one sample in a fresh process; `BenchError` if it fails or reads wrong values."""
    started = time.monotonic()
    timelines = [step.test for step in request.steps if TESTS[step.test].scenario == "timeline"]
    with tempfile.TemporaryDirectory(prefix="usdparquet-bench-") as folder:
        file = Path(folder) / "request.json"
        file.write_text(request.to_json(), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "usdparquet.bench.worker", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        sampler = MemorySampler(process.pid) if timelines else None
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
        raise BenchError(f"The sample {request.session} of {request.format} failed:\n{reason}")
    answer = Answer.from_json(lines[-1])
    steps = dict(answer.steps)
    for test in timelines:
        series = timeline_series(steps[test].series, answer.baseline_mb, rows)
        steps[test] = dataclasses.replace(steps[test], series=series)
    seconds = round(time.monotonic() - started, 3)
    return dataclasses.replace(answer, steps=steps, seconds=seconds)
