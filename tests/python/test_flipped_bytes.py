"""Every byte of two small files flipped in turn, and what each way of reading then gives.

The files together have every kind of section: a layer with time samples and a residual, and a table
of several row groups and pages. A byte is XORed with one bit, which goes round, and every 32nd
byte with 0xFF as well. Each damaged file is read as a layer (children, values, samples, text), by
`read_columns` (all rows, chosen paths, a subtree) and by `validate` with and without `--values`.
One of the slower ways (optimize, saves, convert, query) goes round from byte to byte; all of them
are used on every byte if USDPARQUET_FLIP_ALL is set.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flip_worker
import pyarrow as pa
import pytest
from parquet_surgery import SEAL, Surgery, regions
from pxr import Sdf
from reading_ways import QUICK, SLOW

import usdparquet

HANG = 60  # seconds for one damaged file, which takes 0.05 on an idle machine
WORKERS = 2

# Where a damage loses nothing: an index is built anew, and nobody needs Parquet's page index.
REBUILT = ("path index", "time index", "page locations", "page index", "gap")
# What `validate` has to find, and what it has to find with --values.
FOUND = ("footer", "magic", "path index", "time index", "residual")
FOUND_WITH_VALUES = (*FOUND, "page", "page header", "page locations")
VALIDATIONS = ("validate", "validate --values")

LAYER = """#usda 1.0
(
    doc = "flipped"
    metersPerUnit = 0.01
)

def Xform "W" (
    customData = {
        int a = 1
    }
)
{
%s
    def Scope "S"
    {
        rel proxy = </W/p1>
    }
}
"""


@dataclass
class Base:
    """A sound file, and what it is asked for."""

    file: Path
    truth: dict[str, Any]


def layer_file(folder: Path) -> Base:
    prims = "".join(
        f'    def Xform "p{i}"\n    {{\n        double x = {i}.5\n'
        f'        string s = "name{i % 3}"\n'
        f"        float h.timeSamples = {{ {', '.join(f'{t}: {10 * i + t}' for t in range(3))} }}\n"
        "    }\n"
        for i in range(12)
    )
    layer = Sdf.Layer.CreateAnonymous(".usda")
    assert layer.ImportFromString(LAYER % prims)
    file = folder / "layer.parquet"
    assert layer.Export(str(file))
    asked = {
        "chosen": ["/W/p11", "/W/p2"],
        "under": "/W/p1",
        "cell": "/W/p5.x",
        "value": -5.0,
        "where": "x > 6 or h > 60",
    }
    return Base(file, asked)


def table_file(folder: Path) -> Base:
    rows = 40
    table = pa.table(
        {
            "path": [f"/W/g{i // 20}/p{i}" for i in range(rows)],
            "x": pa.array([i * 0.25 if i % 5 else None for i in range(rows)], pa.float64()),
            "n": pa.array(range(rows), pa.int32()),
            "s": [f"text {i % 7}" for i in range(rows)],
            "tags": [[i, i + 1][: i % 3] for i in range(rows)],
        }
    )
    file = folder / "table.parquet"
    usdparquet.write_table(table, file, rows_per_page=10, rows_per_group=20)
    asked = {
        "chosen": ["/W/g1/p39", "/W/g0/p3"],
        "under": "/W/g1",
        "cell": "/W/g0/p6.x",
        "value": -6.0,
        "where": "x > 6 and s != 'text 3'",
    }
    return Base(file, asked)


FILES = {"layer": layer_file, "table": table_file}
_BOTH = ("page", "page header", "path index", "page locations", "page index", "footer")
KINDS = {"layer": (*_BOTH, "time index", "residual"), "table": _BOTH}


def flips(size: int) -> Iterator[list[Any]]:
    """Number, offset, XOR and ways of each damaged file."""
    slow = list(SLOW)
    number = 0
    for offset in range(size):
        for xor in (1 << offset % 8, *([0xFF] if offset % 32 == 3 else [])):
            more = slow if os.environ.get("USDPARQUET_FLIP_ALL") else [slow[number % len(slow)]]
            yield [number, offset, xor, [*QUICK, *more]]
            number += 1


def lines_of(process: subprocess.Popen[str]) -> queue.Queue[str | None]:
    found: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            found.put(line)
        found.put(None)

    threading.Thread(target=read, daemon=True).start()
    return found


def run_worker(base: Base, jobs: list[list[Any]], folder: Path) -> dict[int, dict[str, str]]:
    """The verdicts of all jobs; a process that dies or hangs is replaced, and that is a verdict."""
    done: dict[int, dict[str, str]] = {}
    while len(done) < len(jobs):
        left = [job for job in jobs if job[0] not in done]
        order = folder.with_suffix(".json")
        order.write_text(
            json.dumps(
                {
                    "file": str(base.file),
                    "truth": base.truth,
                    "folder": str(folder),
                    "flips": left,
                }
            )
        )
        process = subprocess.Popen(
            [sys.executable, flip_worker.__file__, str(order)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PXR_WORK_THREAD_LIMIT": "2"},
        )
        errors: list[str] = []
        drain = threading.Thread(target=lambda p=process, e=errors: e.append(p.stderr.read()))
        drain.start()
        lines = lines_of(process)
        current = None
        while True:
            try:
                line = lines.get(timeout=HANG)
            except queue.Empty:
                process.kill()
                process.wait()
                assert current is not None, "the worker does not start"
                done[current] = {"process": f"HANG of more than {HANG} s"}
                break
            if line is None:
                code = process.wait()
                drain.join()
                if code:
                    text = errors[0][-300:] if errors else ""
                    assert current is not None, f"the worker does not start: {text}"
                    done[current] = {"process": f"SIGNAL or exit code {code}: {text}"}
                break
            if line.startswith("["):
                number, found = json.loads(line)
                done[number] = found
                current = None
            elif line.strip().isdigit():
                current = int(line)
    return done


def near_seal(base: bytes) -> range:
    """Offsets of the footer's own digest, whose flipped letters may make a reader ignore it."""
    file = Surgery(base)
    entry = file.entries()[SEAL]
    at = base.index(entry, file.footer_start)
    return range(at - len(SEAL) - 8, at + len(entry) + 2)


def failure(kind: str, way: str, verdict: str, is_near_seal: bool) -> str | None:
    """What is wrong with a verdict, or None."""
    if verdict.split(maxsplit=1)[0].isupper():
        return verdict
    if way in VALIDATIONS:
        wanted = FOUND if way == "validate" else FOUND_WITH_VALUES
        if kind in wanted and verdict == "right" and not is_near_seal:
            return "NOT FOUND"
        return None
    if kind in REBUILT and not verdict.startswith("right"):
        return f"NOT REBUILT: {verdict}"
    return None


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_every_byte(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = FILES[name](tmp_path)
    data = base.file.read_bytes()
    kinds = {i: kind for begin, end, kind in regions(data) for i in range(begin, end)}
    jobs = list(flips(len(data)))
    with ThreadPoolExecutor(WORKERS) as pool:
        parts = pool.map(
            lambda part: run_worker(base, jobs[part::WORKERS], tmp_path / f"worker{part}"),
            range(WORKERS),
        )
        verdicts = {number: found for part in parts for number, found in part.items()}
    seal = near_seal(data) if SEAL in Surgery(data).entries() else range(0)
    counts: Counter[tuple[str, str]] = Counter()
    failures: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], str] = {}
    for number, offset, xor, _ in jobs:
        kind = kinds[offset]
        for way, verdict in verdicts[number].items():
            wrong = failure(kind, way, verdict, offset in seal)
            counts[kind, "FAILED" if wrong else verdict] += 1
            if wrong:
                key = (kind, way, wrong.split(":")[0].split(" of ")[0].split("(")[0])
                failures[key] += 1
                examples.setdefault(key, f"byte {offset} ^ {xor:#04x}: {wrong}")
    with capsys.disabled():
        print(f"\n{name}: {len(jobs):,} damaged files of {len(data):,} bytes")
        for (kind, verdict), count in sorted(counts.items()):
            print(f"  {kind:15} {verdict:14} {count:7,}")
    told = [
        f"{kind}, {way}, {what}: {count}, {examples[kind, way, what]}"
        for (kind, way, what), count in sorted(failures.items())
    ]
    told += [f"the file has no {kind}" for kind in KINDS[name] if kind not in kinds.values()]
    assert not told, "\n".join(told)
