"""First and scattered reads on a stage just opened, of files in different layouts.

    python first_reads.py SCENE_FOLDER [--layouts "default;--for size"] [--runs 7]

SCENE_FOLDER is a scene from `usdparquet bench` or `usdparquet generate`. Its zstd file is optimized
once for each layout, which is options of `usdparquet optimize`. Each sample is a process of its
own, which first uses its format on the scene's small warm-up layer, then opens the stage over its
default base layer and reads, one after the other: one property of one prim; six properties of
another; 1,000 random properties of random prims, twice. Each time is by itself. The formats take
turns, and all values must be USDC's. Prints medians, those of USDC in the same run beside them.
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
STEPS = ("first value", "first six", "scattered", "again")


def read_once(base: str, layer: str, warm_base: str, warmup: str) -> dict[str, object]:
    """Open the stage of `layer` over `base`; the times of the steps in ms, and a hash."""
    from pxr import Sdf, Usd

    def opened(strong: str, weak: str) -> Usd.Stage:
        root = Sdf.Layer.CreateAnonymous(".usda")
        root.subLayerPaths[:] = [strong, weak]
        return Usd.Stage.Open(root)

    small = opened(warmup, warm_base)
    for prim in small.Traverse():
        for attribute in prim.GetAttributes():
            attribute.Get()
    stage = opened(layer, base)
    prims = [prim.GetPath() for prim in stage.Traverse() if prim.GetAuthoredAttributes()]
    names = sorted(a.GetName() for a in stage.GetPrimAtPath(prims[0]).GetAuthoredAttributes())
    chosen = random.Random(SEED)
    one, another = chosen.sample(prims, 2)
    scattered = [(chosen.choice(prims), chosen.choice(names)) for _ in range(READS)]
    steps = [[(one, names[0])], [(another, name) for name in names[1:7]], scattered, scattered]
    times, values = [], []
    for reads in steps:
        paths = [path.AppendProperty(name) for path, name in reads]
        start = time.perf_counter()
        found = [stage.GetAttributeAtPath(path).Get() for path in paths]
        times.append((time.perf_counter() - start) * 1e3)
        values += found
    if None in values:
        raise SystemExit(f"{layer}: a value is missing")
    return {"times": times, "hash": digest(values)}


def measure(folder: Path, layers: list[Path], warmups: list[Path], runs: int) -> list[list[float]]:
    """The median of each step over fresh processes, for each layer."""
    samples: list[list[list[float]]] = [[] for _ in layers]
    hashes = set()
    for _ in range(runs):
        for mine, layer, warmup in zip(samples, layers, warmups, strict=True):
            files = (folder / "base.usdc", layer, folder / "warmup" / "base.usdc", warmup)
            command = [sys.executable, __file__, "--one", *map(str, files)]
            answer = json.loads(subprocess.check_output(command))
            mine.append(answer["times"])
            hashes.add(answer["hash"])
    if len(hashes) != 1:
        raise SystemExit("the layers have different values")
    return [[statistics.median(step) for step in zip(*mine, strict=True)] for mine in samples]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--layouts", default="default;--rows-per-page 512;--compression none")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(read_once(*options.one)))
        return
    folder = options.folder.resolve()
    layouts = options.layouts.split(";")
    layers = [folder / "properties_usdc.usdc"]
    warmups = [folder / "warmup" / "properties_usdc.usdc"]
    with tempfile.TemporaryDirectory() as scratch:
        for i, layout in enumerate(layouts):
            words = [] if layout == "default" else layout.split()
            for files, kind in ((layers, "."), (warmups, "warmup")):
                files.append(Path(scratch) / f"{kind}{i}.parquet")
                source = folder / kind / "properties_parquet_zstd.parquet"
                command = ["usdparquet", "optimize", str(source), str(files[-1]), *words]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = measure(folder, layers, warmups, options.runs)
        sizes = [layer.stat().st_size / 1e6 for layer in layers]
    lines = []
    for name, times, size in zip(["USDC", *layouts], found, sizes, strict=True):
        cells = [number(value) for value in times]
        if name != "USDC":
            cells = [f"{number(a)} ({a / b:.2f})" for a, b in zip(times, found[0], strict=True)]
        lines.append([name, *cells, f"{size:.4g} ({size / sizes[0]:.3f})"])
    print(table(("file", *(f"{step} (ms)" for step in STEPS), "size (MB)"), lines))


if __name__ == "__main__":
    main()
