"""Reads the colours of a column beside a column of one `float3` a prim, in order and warm.

    python benchmarks/colors.py BUILD_DIR [--prims 100000] [--runs 5] [--instructions]

Each run is a process of its own that opens the layer; the columns take turns. Prints the median
nanoseconds of a read, or with --instructions what a read takes under callgrind, where set-up
cancels and the machine need not be idle.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

import usdparquet

PASSES = 5
FEW, MORE = 2, 10
COLOR = "primvars:displayColor"


def write(folder: Path, prims: int) -> dict[str, tuple[str, str]]:
    """The layer and the property of each case."""
    numbers = np.arange(prims)
    values = numbers * 7919 % prims / prims
    points = np.stack([values + 0.25, values + 0.5, values + 0.75], axis=1).astype(np.float32)
    cells = pa.FixedSizeListArray.from_arrays(pa.array(points.reshape(-1)), 3)
    table = pa.table(
        {
            "path": [f"/World/P_{number}" for number in numbers],
            "number": pa.array(values.astype(np.float32)),
            "moment": pa.array(numbers, pa.timestamp("ms")),
            "text": pa.array([f"kind {number % 20}" for number in numbers]),
            "tint": pa.ListArray.from_arrays(pa.array(np.arange(prims + 1), pa.int32()), cells),
        }
    )
    file = folder / "table.parquet"
    usdparquet.write_table(table, file, types={"tint": "float3[]"})
    shown = {name: f"{file}:SDF_FORMAT_ARGS:color={name}" for name in ("number", "text", "moment")}
    return {
        "float3[]": (str(file), "tint"),
        **{f"colours of {name}": (layer, COLOR) for name, layer in shown.items()},
    }


def run(program: Path, case: tuple[str, str], prims: int, passes: int, *tool: str) -> str:
    plugin = program.parents[1] / "site/usdparquet/plugin"
    environment = os.environ | {"PXR_PLUGINPATH_NAME": str(plugin)}
    command = [*tool, str(program), *case, str(prims), str(passes)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{done.stderr}\nfailed: {' '.join(command)}")
    return done.stdout


def count(program: Path, case: tuple[str, str], prims: int, passes: int) -> int:
    """The instructions of a process."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "out")
        tool = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}")
        run(program, case, prims, passes, *tool)
        found = re.search(r"^(?:totals|summary): (\d+)", out.read_text(encoding="utf-8"), re.M)
        return int(found[1]) if found else sys.exit("callgrind wrote no total")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--prims", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    program = (options.build / "benchmarks" / "color_reads").resolve()
    with tempfile.TemporaryDirectory() as folder:
        cases = write(Path(folder), options.prims)
        costs: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(1 if options.instructions else options.runs):
            for name, case in cases.items():
                if options.instructions:
                    few, more = (count(program, case, options.prims, n) for n in (FEW, FEW + MORE))
                    costs[name].append((more - few) / (MORE * options.prims))
                else:
                    said = run(program, case, options.prims, PASSES).split()
                    costs[name].append(statistics.median(float(each) for each in said))
    unit = "instructions" if options.instructions else "ns"
    print(f"| read in order, warm | {unit} a value | ratio |\n|---|---|---|")
    first = statistics.median(costs["float3[]"])
    for name, each in costs.items():
        cost = statistics.median(each)
        print(f"| {name} | {cost:.0f} | {cost / first:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
