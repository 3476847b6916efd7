"""Reads of a few layers while many are open: what the others cost.

    python many_layers.py [--layers 10,250] [--prims 20000] [--runs 5]

All layers are the same table. Each sample is a process of its own, which opens so many layers and
reads a value of three of them again and again. Prints a Markdown table with the time of a read,
the pages that were decoded again, and the ratio to the first number of layers.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROUNDS = 1000


def read_once(files: list[str]) -> dict[str, float]:
    """Microseconds a read, and pages decoded meanwhile."""
    from pxr import Sdf

    import usdparquet

    layers = [Sdf.Layer.FindOrOpen(file) for file in files]
    attributes = [
        layer.GetAttributeAtPath("/W/p5.x")
        for layer in (layers[0], layers[-1], layers[len(layers) // 2])
    ]
    if any(attribute.default != 5 for attribute in attributes):
        raise SystemExit("a value is wrong")
    before = usdparquet.cache_stats()["misses"]
    start = time.perf_counter()
    for _ in range(ROUNDS):
        for attribute in attributes:
            _ = attribute.default
    seconds = time.perf_counter() - start
    misses = usdparquet.cache_stats()["misses"] - before
    return {"time": seconds / (3 * ROUNDS) * 1e6, "misses": misses}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", default="10,250")
    parser.add_argument("--prims", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(read_once(options.one)))
        return
    counts = [int(count) for count in options.layers.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "0.parquet")
        rows = range(options.prims)
        pq.write_table(
            pa.table({"path": [f"/W/p{i}" for i in rows], "x": [float(i) for i in rows]}), first
        )
        files = [first]
        for number in range(1, max(counts)):
            files.append(Path(folder, f"{number}.parquet"))
            shutil.copyfile(first, files[-1])
        print("| layers | us a read | times the first | pages decoded again |")
        print("|---|---|---|---|")
        base = 0.0
        for count in counts:
            command = [sys.executable, __file__, "--one", *map(str, files[:count])]
            answers = [json.loads(subprocess.check_output(command)) for _ in range(options.runs)]
            median = statistics.median(answer["time"] for answer in answers)
            misses = max(answer["misses"] for answer in answers)
            base = base or median
            print(f"| {count} | {median:.2f} | {median / base:.2f} | {misses:.0f} |", flush=True)


if __name__ == "__main__":
    main()
