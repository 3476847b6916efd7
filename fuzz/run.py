"""Run the fuzzers that `make fuzz` built, one after the other or several at a time.

    python fuzz/run.py --seconds 60 [--jobs 2] [--targets pages,file] [--build build/fuzz]

Each target goes on from `fuzz/corpus/<target>` and from what earlier runs left in the build folder.
Afterwards the corpus is minimized, `fuzz/log.json` is added to, and what crashed is named: the
inputs are in `<build>/crashes`, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus_choice import choose, read_control_file
from llvm_tools import llvm_tool

FUZZ = Path(__file__).resolve().parent
LOG = FUZZ / "log.json"
# What the tree keeps of each target's inputs.
CORPUS_BYTES = 120_000
CORPUS_FILES = 400
MAX_LENGTH = {"schema_json": 4096, "footer": 16384, "sections": 8192, "pages": 8192, "file": 1024}
# A page may decompress to 128 MiB and hold 2^25 values of 8 bytes: docs/limits.md. What has taken
# long counts if it takes long again: libFuzzer's clock also runs while others have the processor.
LIMITS = ["-timeout=25", "-report_slow_units=25", "-rss_limit_mb=3000", "-malloc_limit_mb=700"]
MAX_PROCESSOR_SECONDS = 10
MAX_SECONDS = 300
MAX_CRASHES = 20


@dataclass
class Run:
    """What one run of a target did."""

    executions: int = 0
    processor_seconds: float = 0
    coverage: int = 0
    features: int = 0
    crashes: list[Path] = field(default_factory=list)


def environment(build: Path) -> dict[str, str]:
    suppressions = FUZZ.parent / "tests" / "cpp" / "lsan.supp"
    return os.environ | {
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # Arrow's own hides errors from the sanitizer
        "ASAN_OPTIONS": "detect_leaks=1:malloc_context_size=4:quarantine_size_mb=32",
        "LSAN_OPTIONS": f"suppressions={suppressions}:print_suppressions=0",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "ASAN_SYMBOLIZER_PATH": llvm_tool("llvm-symbolizer", build),
        "TMPDIR": str(build),
    }


def call(command: list[str], build: Path, log: Path) -> tuple[str, float]:
    """Run a program to its end: what it printed, and the processor time that it took."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment(build))
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0  # waited for
    return log.read_text(errors="replace"), usage.ru_utime + usage.ru_stime


def is_real(artifact: Path, program: Path, build: Path) -> bool:
    """Whether an input still takes long, if that is what it was kept for; removes it if not."""
    if "-timeout-" not in artifact.name and "-slow-unit-" not in artifact.name:
        return True
    command = [str(program), f"-timeout={MAX_SECONDS}", *LIMITS[2:], str(artifact)]
    text, used = call(command, build, build / f"{artifact.name}.log")
    if used > MAX_PROCESSOR_SECONDS or "Executed" not in text:
        return True
    artifact.unlink()
    return False


def fuzz(target: str, build: Path, seconds: int) -> Run:
    run = Run()
    program = build / "fuzz" / f"{target}_fuzzer"
    work = build / "work" / target
    crashes = build / "crashes"
    work.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(exist_ok=True)
    before = set(crashes.iterdir())
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 1 and len(run.crashes) < MAX_CRASHES:
        command = [
            str(program),
            f"-max_total_time={max(1, int(left))}",
            f"-max_len={MAX_LENGTH.get(target, 4096)}",
            f"-artifact_prefix={crashes / target}-",
            "-print_final_stats=1",
            "-reload=0",
            "-entropic=0",  # counting rare features takes a quarter of the time, with so many
            *LIMITS,
            str(work),
            str(FUZZ / "corpus" / target),
            *findings_of(target),
        ]
        text, used = call(command, build, build / f"{target}.log")
        run.processor_seconds += used
        numbers = re.findall(r"^stat::number_of_executed_units: (\d+)", text, re.M)
        shown = re.findall(r"^#(\d+)\s.*?cov: (\d+) ft: (\d+)", text, re.M)
        if shown:
            run.coverage, run.features = int(shown[-1][1]), int(shown[-1][2])
        run.executions += int(numbers[-1]) if numbers else int(shown[-1][0]) if shown else 0
        found = set(crashes.iterdir()) - before
        mine = sorted(each for each in found if each.name.startswith(f"{target}-"))
        run.crashes = [
            each for each in mine if each in run.crashes or is_real(each, program, build)
        ]
        if not numbers and not shown and not mine:
            sys.stderr.write(text[-4000:])
            raise SystemExit(f"{program} does not run")
    return run


def findings_of(target: str) -> list[str]:
    """The folder of what was found and mended, which is never minimized; empty if there is none."""
    folder = FUZZ / "findings" / target
    return [str(folder)] if folder.is_dir() else []


def minimize(target: str, build: Path) -> int:
    """Keep the inputs that make up the coverage; returns how many are new in the tree.

    The build folder keeps all of these, the tree those that there is room for. All others are
    removed from the corpus, those of past crashes too: these are in `findings`.
    """
    corpus, work = FUZZ / "corpus" / target, build / "work" / target
    merged, control = build / "merged" / target, build / f"{target}-merge.txt"
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    control.unlink(missing_ok=True)
    program = build / "fuzz" / f"{target}_fuzzer"
    command = [str(program), "-set_cover_merge=1", f"-merge_control_file={control}", *LIMITS]
    command += [f"-max_len={MAX_LENGTH.get(target, 4096)}", str(merged), str(corpus), str(work)]
    call(command, build, build / f"{target}-merge.log")
    names = {file.name for file in merged.iterdir()}  # of their bytes
    if not names:
        return 0
    inputs = {each.file.name: each for each in read_control_file(control)}
    cover = [each for name, each in inputs.items() if name in names]
    kept = choose(cover, CORPUS_BYTES, CORPUS_FILES)
    old = {file.name for file in corpus.iterdir()}
    new = {each.file.name for each in kept}
    for name in old - new:
        (corpus / name).unlink()
    for name in new - old:
        shutil.copy(merged / name, corpus / name)
    shutil.rmtree(work)
    shutil.move(merged, work)
    return len(new - old)


def add_to_log(runs: dict[str, Run], new: dict[str, int], build: Path) -> None:
    with (build / "log.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs may end at the same time
        update_log(runs, new)


def update_log(runs: dict[str, Run], new: dict[str, int]) -> None:
    log: dict[str, dict[str, Any]] = json.loads(LOG.read_text()) if LOG.exists() else {}
    for target, run in sorted(runs.items()):
        entry = log.setdefault(
            target,
            {"executions": 0, "processor_seconds": 0, "new_units": 0, "coverage": 0, "features": 0},
        )
        entry["executions"] += run.executions
        entry["processor_seconds"] = round(entry["processor_seconds"] + run.processor_seconds)
        entry["new_units"] += new.get(target, 0)
        entry["coverage"] = max(entry["coverage"], run.coverage)
        entry["features"] = max(entry["features"], run.features)
    LOG.write_text(json.dumps(dict(sorted(log.items())), indent=2) + "\n")


def report(runs: dict[str, Run]) -> None:
    log = json.loads(LOG.read_text())
    print(f"{'target':14}{'executions':>14}{'cpu s':>10}{'coverage':>10}{'features':>10}")
    for target, entry in log.items():
        print(
            f"{target:14}{entry['executions']:14,}{entry['processor_seconds']:10,}"
            f"{entry['coverage']:10,}{entry['features']:10,}"
        )
    hours = sum(entry["processor_seconds"] for entry in log.values()) / 3600
    print(f"{hours:.2f} hours of processor time in all runs")
    for target, run in runs.items():
        for crash in run.crashes:
            print(f"{target}: {crash}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets at the same time")
    parser.add_argument("--targets", default="", help="with commas; all if not given")
    parser.add_argument("--build", type=Path, default=FUZZ.parent / "build" / "fuzz")
    parser.add_argument("--no-merge", action="store_true", help="leave the corpus in the tree")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    known = sorted(each.name.removesuffix("_fuzzer") for each in (build / "fuzz").glob("*_fuzzer"))
    targets = arguments.targets.split(",") if arguments.targets else known
    for target in targets:
        (FUZZ / "corpus" / target).mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        done = pool.map(lambda target: fuzz(target, build, arguments.seconds), targets)
        runs = dict(zip(targets, done, strict=True))
    new: dict[str, int] = {}
    if not arguments.no_merge:
        new = {target: minimize(target, build) for target in targets}
    add_to_log(runs, new, build)
    report(runs)
    return 1 if any(run.crashes for run in runs.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
