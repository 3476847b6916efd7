"""Time samples edited on an opened layer, as USDC and as Parquet.

    python edit_samples.py [--samples 1000,100000] [--runs 5] [--limit 3]

A layer of three attributes is written in both formats: two have so many samples, one has none.
Each sample of the benchmark is a process of its own, which opens the layer, sets, reads and erases
samples through a stage and through Sdf, and adds up what it read. Both formats have to give the
same sum. Prints a Markdown table of medians, in microseconds a call, and the ratios. The exit
status is 1 where a ratio is above the limit.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ratios import number, table

SEED = 1
CALLS = 500
"""Calls that are timed together, but for lists of all times."""
LISTS = 10


def write(folder: Path, count: int) -> list[Path]:
    """The layer in both formats."""
    from pxr import Sdf

    layer = Sdf.Layer.CreateAnonymous(".usda")
    for name in ("A", "B", "C"):
        prim = Sdf.PrimSpec(layer, name, Sdf.SpecifierDef)
        Sdf.AttributeSpec(prim, "v", Sdf.ValueTypeNames.Double).default = 1.0
    with Sdf.ChangeBlock():
        for frame in range(count):
            layer.SetTimeSample("/A.v", frame, frame * 0.25)
            layer.SetTimeSample("/B.v", frame, frame * 0.5)
    files = [folder / f"samples_{count}.{suffix}" for suffix in ("usdc", "parquet")]
    for file in files:
        layer.Export(str(file))
    return files


def edit(file: str, count: int) -> dict[str, object]:
    """Microseconds a call by operation, and the sum of what was read."""
    from pxr import Sdf, Usd

    layer = Sdf.Layer.FindOrOpen(file)
    stage = Usd.Stage.Open(layer)
    empty, opened = (stage.GetAttributeAtPath(path) for path in ("/C.v", "/A.v"))
    chosen = random.Random(SEED)
    times: dict[str, float] = {}
    total = 0.0

    def frames(calls: int = CALLS) -> list[float]:
        return [float(frame) for frame in chosen.sample(range(count), min(calls, count))]

    def timed(name: str, calls: list[float], f: Callable[[float], Any]) -> list[Any]:
        start = time.thread_time()
        answers = [f(call) for call in calls]
        times[name] = (time.thread_time() - start) / len(calls) * 1e6
        return answers

    timed("set, one behind the other", list(map(float, range(count))), lambda t: empty.Set(t, t))
    total += sum(timed("get, interpolated", frames(), lambda t: empty.Get(t + 0.5)))
    timed("first set on samples of the file", [0.5], lambda t: opened.Set(t, t))
    total += sum(timed("get, samples of the file", frames(), lambda t: opened.Get(t + 0.5)))
    timed("set again, at random", frames(), lambda t: opened.Set(-t, t))
    timed("set between, at random", frames(), lambda t: opened.Set(t, t + 0.25))
    bracket = layer.GetBracketingTimeSamplesForPath
    for found in timed("bracketing", frames(), lambda t: bracket("/A.v", t + 0.1)):
        total += sum(found[1:])
    for found in timed("list", frames(LISTS), lambda _: layer.ListTimeSamplesForPath("/A.v")):
        total += sum(found)
    timed("erase, at random", frames(), lambda t: layer.EraseTimeSample("/A.v", t))
    total += sum(timed("get, after that", frames(), lambda t: opened.Get(t + 0.4)))

    def edited_and_listed(t: float) -> float:
        layer.SetTimeSample("/C.v", t + 0.125, t)
        return sum(layer.ListAllTimeSamples()[:: count // 10])

    def edited_and_bracketed(t: float) -> float:
        layer.EraseTimeSample("/C.v", t)
        return sum(layer.GetBracketingTimeSamples(t + 0.06)[1:])

    total += sum(timed("set, list of the layer", frames(LISTS), edited_and_listed))
    total += sum(timed("erase, bracketing of the layer", frames(LISTS), edited_and_bracketed))
    whole = layer.GetAttributeAtPath("/A.v").GetInfo("timeSamples")
    total += sum(key * value for key, value in whole.items())
    return {"times": times, "total": total}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", default="1000,100000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--limit", type=float, default=3.0, help="the highest ratio")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(edit(options.one[0], int(options.one[1]))))
        return
    counts = [int(count) for count in options.samples.split(",")]
    columns: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for count in counts:
            totals = set()
            for file in write(Path(scratch), count):
                command = [sys.executable, __file__, "--one", str(file), str(count)]
                answers = [
                    json.loads(subprocess.check_output(command)) for _ in range(options.runs)
                ]
                totals |= {answer["total"] for answer in answers}
                columns.append(
                    {
                        name: statistics.median(answer["times"][name] for answer in answers)
                        for name in answers[0]["times"]
                    }
                )
            if len(totals) != 1:
                raise SystemExit(f"{count} samples: the formats differ: {sorted(totals)}")
    head = ["us a call"]
    for count in counts:
        head += [f"USDC, {count:,}", "Parquet", "ratio"]
    rows, worst = [], 0.0
    for name in columns[0]:
        row = [name]
        for theirs, ours in zip(columns[::2], columns[1::2], strict=True):
            ratio = ours[name] / theirs[name]
            worst = max(worst, ratio)
            row += [number(theirs[name]), number(ours[name]), number(ratio)]
        rows.append(row)
    print(table(head, rows))
    if worst > options.limit:
        raise SystemExit(f"short: the worst ratio is {worst:.2f}")


if __name__ == "__main__":
    main()
