"""Scattered reads on a stage just opened, with pages of different numbers of rows.

    python scattered_reads.py SCENE_FOLDER [--rows 512,2048,12288] [--runs 5]

SCENE_FOLDER is a flat scene from `usdparquet bench` or `usdparquet generate`. Its zstd file is
optimized once for each number of rows per page. Each sample is a process of its own, which opens
the stage and reads 1,000 random properties of random prims, twice. The values must be USDC's.
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
from pathlib import Path

from ratios import number, table

from usdparquet.bench.checks import digest

READS = 1_000
SEED = 1


def read_once(base: str, layer: str) -> dict[str, object]:
    """Open the stage of `layer` over `base`; the times of two passes in ms, and a hash."""
    from pxr import Sdf, Usd

    root = Sdf.Layer.CreateAnonymous(".usda")
    root.subLayerPaths[:] = [layer, base]
    stage = Usd.Stage.Open(root)
    prims = [prim.GetPath() for prim in stage.GetPrimAtPath("/World").GetChildren()]
    properties = [
        attribute.GetName()
        for attribute in stage.GetPrimAtPath(prims[0]).GetAttributes()
        if attribute.IsAuthored()
    ]
    chosen = random.Random(SEED)
    reads = [(chosen.choice(prims), chosen.choice(sorted(properties))) for _ in range(READS)]
    times, values = [], []
    for _ in range(2):
        start = time.perf_counter()
        values = [stage.GetPrimAtPath(path).GetAttribute(name).Get() for path, name in reads]
        times.append((time.perf_counter() - start) * 1e3)
    if None in values:
        raise SystemExit(f"{layer}: a value is missing")
    return {"times": times, "hash": digest(values)}


def measure(base: Path, layer: Path, runs: int, expected: str | None) -> tuple[list[float], str]:
    """Medians of both passes over fresh processes, and the hash of what was read."""
    command = [sys.executable, __file__, str(base), "--one", str(layer)]
    answers = [json.loads(subprocess.check_output(command)) for _ in range(runs)]
    found = {answer["hash"] for answer in answers} | ({expected} if expected else set())
    if len(found) != 1:
        raise SystemExit(f"{layer}: other values than USDC's")
    passes = zip(*(answer["times"] for answer in answers), strict=True)
    return [statistics.median(times) for times in passes], found.pop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", default="512,2048,12288")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(read_once(str(options.folder), options.one)))
        return
    folder = options.folder.resolve()
    base, usdc = folder / "base.usdc", folder / "properties_usdc.usdc"
    times, expected = measure(base, usdc, options.runs, None)
    lines = [["USDC", *(number(value) for value in times), number(usdc.stat().st_size / 1e6)]]
    with tempfile.TemporaryDirectory() as scratch:
        for rows in options.rows.split(","):
            file = Path(scratch) / f"{rows}.parquet"
            source = folder / "properties_parquet_zstd.parquet"
            command = ["usdparquet", "optimize", str(source), str(file), "--rows-per-page", rows]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times, _ = measure(base, file, options.runs, expected)
            size = number(file.stat().st_size / 1e6)
            lines.append([f"{int(rows):,} rows a page", *(number(value) for value in times), size])
    print(table(("file", "first pass (ms)", "second pass (ms)", "size (MB)"), lines))


if __name__ == "__main__":
    main()
