"""The memory figures of a sample beside those of others who look at the same process."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from usdparquet.bench.checks import digest
from usdparquet.bench.memory import BYTES_PER_MB, counted_memory, process_memory
from usdparquet.bench.protocol import Answer, Request
from usdparquet.bench.scene_requests import RequestMaker
from usdparquet.bench.sessions import SESSIONS
from usdparquet.generate import Scene, SceneOptions, generate_scene

# That of the demo: smaller scenes drown in what any process moves by.
PRIMS = 10_000
WITHIN = 0.1
# Measures below memray's tracker what the worker measures for itself.
_UNDER_MEMRAY = """
import os, sys
from pathlib import Path
import memray
from usdparquet.bench.protocol import Request
from usdparquet.bench.worker import measure
request = Request.from_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
with memray.Tracker(sys.argv[2]):
    answer = measure(request)
print(answer.to_json(), flush=True)
os._exit(0)
"""

# A child's largest size begins with that of the process it was forked from, which must be small.
_SMALL_PARENT = """
import os, sys
child = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Request]:
    """A request by format: load and traverse, as the demo does."""
    names = ("usdc", "parquet_zstd", "base")
    folder = tmp_path_factory.mktemp("scene")
    scene: Scene = generate_scene(SceneOptions(PRIMS), folder, names)
    maker = RequestMaker(scene)
    return {name: maker.request(SESSIONS["traversal"], name) for name in names}


def _nothing(request: Request) -> Request:
    """The same process without what is measured."""
    return dataclasses.replace(request, steps=[], spot_reads=[], spot_digest=digest([]))


def _last_line(output: str) -> Answer:
    return Answer.from_json(output.strip().splitlines()[-1])


def _peak_by_getrusage(request: Request, folder: Path) -> tuple[Answer, float]:
    """What the kernel tells a parent of its child: the largest resident size, in MB."""
    file = folder / "request.json"
    file.write_text(request.to_json(), encoding="utf-8")
    worker = [sys.executable, "-m", "usdparquet.bench.worker", str(file)]
    done = subprocess.run(
        [sys.executable, "-S", "-c", _SMALL_PARENT, *worker],
        capture_output=True,
        text=True,
        check=True,
    )
    return _last_line(done.stdout), int(done.stderr.splitlines()[-1]) * 1024 / 1e6


def _peak_by_time(request: Request, folder: Path) -> tuple[Answer, float]:
    """The same from /usr/bin/time -v."""
    program = shutil.which("time")
    if program is None:
        pytest.skip("GNU time is not installed (Debian: apt-get install time)")
    file = folder / "request.json"
    file.write_text(request.to_json(), encoding="utf-8")
    done = subprocess.run(
        [program, "-v", sys.executable, "-m", "usdparquet.bench.worker", str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr)
    assert found is not None
    return _last_line(done.stdout), int(found.group(1)) * 1024 / 1e6


def _heap_by_memray(request: Request, folder: Path) -> tuple[Answer, float]:
    """The most that was allocated at once while the worker measured, in MB."""
    memray = pytest.importorskip("memray", reason="memray is not installed")
    file, records = folder / "request.json", folder / "memray.bin"
    file.write_text(request.to_json(), encoding="utf-8")
    records.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", _UNDER_MEMRAY, str(file), str(records)],
        capture_output=True,
        text=True,
        check=True,
    )
    peak: int = memray.FileReader(str(records)).metadata.peak_memory
    return _last_line(done.stdout), peak / 1e6


@pytest.mark.parametrize("name", ["usdc", "parquet_zstd"])
@pytest.mark.parametrize("measure", [_peak_by_getrusage, _peak_by_time])
def test_peak_agrees_with_the_kernel(
    requests: dict[str, Request], tmp_path: Path, name: str, measure: object
) -> None:
    assert callable(measure)
    answer, whole = measure(requests[name], tmp_path)
    own = answer.steps["single_property_traversal"].metrics["peak_resident_mb"]
    assert answer.baseline_mb["resident"] + own == pytest.approx(whole, rel=WITHIN)


def test_peak_over_the_baseline_agrees_with_the_kernel(
    requests: dict[str, Request], tmp_path: Path
) -> None:
    answer, whole = _peak_by_getrusage(requests["usdc"], tmp_path)
    _, before = _peak_by_getrusage(_nothing(requests["usdc"]), tmp_path)
    own = answer.steps["single_property_traversal"].metrics["peak_resident_mb"]
    assert own == pytest.approx(whole - before, rel=WITHIN)


def test_share_of_the_layer_agrees_with_memray(
    requests: dict[str, Request], tmp_path: Path
) -> None:
    """Memray counts what is asked of the allocator, the worker the pages that it got for it."""
    test = "single_property_traversal"
    usdc, usdc_heap = _heap_by_memray(requests["usdc"], tmp_path)
    bare, bare_heap = _heap_by_memray(requests["base"], tmp_path)
    own = usdc.steps[test].metrics["anonymous_mb"] - bare.steps[test].metrics["anonymous_mb"]
    assert own == pytest.approx(usdc_heap - bare_heap, rel=WITHIN)


_HOLDS_MEMORY = """
import sys
held = bytearray(int(sys.argv[1]))
held[::4096] = b"x" * len(held[::4096])
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("megabytes", [20, 600])
def test_the_sampler_counts_the_same_at_no_cost(megabytes: int) -> None:
    arguments = [sys.executable, "-c", _HOLDS_MEMORY, str(megabytes * BYTES_PER_MB)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        counted, walked = counted_memory(process.pid), process_memory(process.pid)
        # Processor time of this thread, the kernel's part included: others do not disturb it.
        start = time.thread_time()
        for _ in range(50):
            counted_memory(process.pid)
        cost_ms = (time.thread_time() - start) / 50 * 1e3
        process.stdin.close()
    assert counted.anonymous == pytest.approx(walked.anonymous, abs=BYTES_PER_MB)
    assert counted.resident == pytest.approx(walked.resident, abs=BYTES_PER_MB)
    assert counted.anonymous > megabytes * BYTES_PER_MB
    # A hundred readings a second take less than a hundredth of a processor.
    assert cost_ms < 0.1
