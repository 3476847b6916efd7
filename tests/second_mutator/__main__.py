"""Make files by docs/file-format.md, change them, use them in every way, and say what went wrong.

Usage: python tests/second_mutator [--seconds 60] [--seed 1] [--first 0] [--executions N]
                                   [--keep FOLDER]

Half of the changes are of bytes as they lie, half of parts whose checksums are made right. A case
is told by its seed and number alone: `--seed 1 --first 17 --executions 1` runs number 17 again.
Each runs in a process of its own, with limits of processor time and memory. Exit code 1: findings.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random

import mutations
import probe
import seeds

CPU_SECONDS = 10
WALL_SECONDS = 180  # a busy machine gets little of a processor
MEMORY = 3 << 30  # of addresses, libraries included
RESIDENT_KIB = 900 << 10

Outcome = dict[str, object]


def in_child(work: Callable[[], Outcome]) -> Outcome:
    """What `work` returns in a process of its own, or how that process ended."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(WALL_SECONDS)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            result = work()
        except BaseException as error:  # nothing else may come out of what is tried
            result = {"findings": [f"{type(error).__name__}: {error}"[:500]]}
        result["resident"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with os.fdopen(write_end, "w") as pipe:
            json.dump(result, pipe)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name
        return {"findings": [f"ended by {name}"], "problems": [], "values": {}}
    result = json.loads(text)
    if result["resident"] > RESIDENT_KIB:
        result["findings"].append(f"took {result['resident'] >> 10} MiB")
    return result


def golden(seed: seeds.Seed, folder: Path) -> Outcome:
    file = folder / "golden.parquet"
    file.write_bytes(seed.data)

    def work() -> Outcome:
        it = probe.Probe(file, seed.time, Random(0))
        it.read_layer()
        if not it.validate():
            it.found("does not validate")
        return asdict(it.report)

    result = in_child(work)
    assert not result["findings"] and not result["problems"], (seed.name, result)
    return result


def use(file: Path, seed: seeds.Seed, right: probe.Values, kinds: set[str], rng: Random) -> Outcome:
    """One case, in the child: `kinds` is empty where bytes were changed as they lie."""
    it = probe.Probe(file, seed.time, rng)
    it.read_layer()
    if not kinds and seed.is_covered:
        probe.check_against(right, it.report)
    way = rng.randrange(7)
    pair = None
    # What is changed beside the values changes none of them.
    is_beside = kinds <= {"index"} and bool(kinds)
    if way == 0:
        it.read_columns()
        it.read_rows()
    elif way in (1, 2):
        is_sound = it.validate()
        is_same = not probe.difference(right, it.report.values)
        if is_sound and not is_same and (is_beside or (not kinds and seed.is_covered)):
            it.found("validate --values finds nothing")
    elif way == 3:
        values = it.optimize()
        if values is not None and is_beside and not seed.time:
            pair = (right, values)
    elif way == 4:
        it.recover()
    else:
        pair = it.save(whole=way == 6)
        # Who reads may believe these; who saves goes by the columns. What was changed as it lies,
        # where no checksum tells, `validate` has to tell.
        is_told = not kinds and not seed.is_covered and pair is not None and not it.validate()
        if is_told or kinds & {"index", "key_pages", "locations", "page_index"}:
            pair = None
        if pair is not None and "pages" in kinds:
            pair = probe.without_empty(pair)
    if pair is not None and (text := probe.difference(*pair)):
        it.found(f"way {way} changes {text}")
    return asdict(it.report)


def run(options: argparse.Namespace, folder: Path) -> int:
    # The zygote uses no OpenUSD and no Arrow threads: what is forked from it starts them itself.
    made = in_files(folder)
    right = {seed.name: golden(seed, folder) for seed in made}
    started = time.monotonic()
    counts: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    number = options.first
    while number - options.first < options.executions:
        if time.monotonic() - started > options.seconds:
            break
        rng = Random(f"{options.seed}:{number}")
        seed = rng.choice(made)
        kinds: set[str] = set()
        if rng.random() < 0.5:
            data, done, kinds = mutations.under_right_checksums(rng, seed.data)
        else:
            data, text = mutations.raw(rng, seed.data)
            done = [text]
        if data == seed.data:
            number += 1
            continue
        case = folder / "case"
        shutil.rmtree(case, ignore_errors=True)
        case.mkdir()
        file = case / "it.parquet"
        file.write_bytes(data)
        values: probe.Values = right[seed.name]["values"]  # type: ignore[assignment]
        result = in_child(lambda: use(file, seed, values, kinds, rng))  # noqa: B023
        for kind in kinds or {"raw"}:
            counts[kind] += 1
        counts["refused or told" if result["problems"] else "read without a word"] += 1
        for text in result["findings"]:
            print(f"{options.seed}:{number} {seed.name}: {'; '.join(done)}\n    {text}", flush=True)
            findings[text[:40]] += 1
        if result["findings"] and options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, options.keep / f"{options.seed}-{number}-{seed.name}.parquet")
        number += 1
    total = counts["refused or told"] + counts["read without a word"]
    kinds_text = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
    print(f"{total} executions of {len(made)} files ({kinds_text}), next is {number}")
    print(f"{sum(findings.values())} findings")
    return 1 if findings else 0


def in_files(folder: Path) -> list[seeds.Seed]:
    """The seeds, made in a child, so that this process stays one that can be forked."""
    place = folder / "seeds"
    place.mkdir()

    def work() -> Outcome:
        listed = []
        for number, seed in enumerate(seeds.make(place)):
            file = place / f"{number}.seed"
            file.write_bytes(seed.data)
            listed.append([seed.name, str(file), seed.is_covered, seed.time])
        return {"seeds": listed, "findings": []}

    result = in_child(work)
    assert not result["findings"], result
    listed: list[list[str]] = result["seeds"]  # type: ignore[assignment]
    return [
        seeds.Seed(name, Path(file).read_bytes(), bool(covered), time_column)
        for name, file, covered, time_column in listed
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--executions", type=int, default=1 << 30)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of read_columns: they are no errors
    with tempfile.TemporaryDirectory() as folder:
        return run(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
