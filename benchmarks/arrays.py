"""Read all arrays of a stage just opened, in fresh processes, beside USDC.

    usdparquet bench --prims 1000 --formats usdc,parquet_zstd_indexed --tests property_types \\
        --output build/types
    python benchmarks/arrays.py build/types [another such folder ...] [--runs 15]

Each run is a process that opens the stage and reads every array twice; the files take turns, USDC
of the first folder among them. Printed are the medians of both passes in ms, and the ratios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

CASES = ("array_100", "array_1000", "array_10000")
READER = """
import json, sys, time
from pxr import Usd
import usdparquet

stage = Usd.Stage.Open(sys.argv[1])
attributes = [each for prim in stage.TraverseAll() for each in prim.GetAttributes()]
assert attributes, sys.argv[1]
passes = []
for _ in range(2):
    begin = time.perf_counter()
    for attribute in attributes:
        attribute.Get()
    passes.append(1000 * (time.perf_counter() - begin))
print(json.dumps(passes))
"""


def measure(stages: list[Path], runs: int) -> list[list[float]]:
    """The medians of both passes, in ms, for each stage."""
    passes: list[list[list[float]]] = [[] for _ in stages]
    for _ in range(runs):
        for number, stage in enumerate(stages):
            command = [sys.executable, "-c", READER, str(stage)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            passes[number].append(json.loads(out))
    return [[statistics.median(column) for column in zip(*each, strict=True)] for each in passes]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    for case in CASES:
        stages = [
            next(folder.glob(f"scenes/types-*/{case}_{kind}.usda"))
            for folder, kind in [
                (arguments.folders[0], "usdc"),
                *((folder, "parquet_zstd_indexed") for folder in arguments.folders),
            ]
        ]
        found = measure(stages, arguments.runs)
        print(case)
        for stage, (first, second) in zip(stages, found, strict=True):
            ratios = f"{first / found[0][0]:5.2f} {second / found[0][1]:5.2f}"
            print(f"  {first:8.3f} {second:8.3f}  {ratios}  {stage}")


if __name__ == "__main__":
    main()
