"""Counts the instructions of a warm read, by format and kind of value, under callgrind.

    python instructions.py BUILD_DIR [--prims 10000] [--formats usdc,parquet_zstd,...]

A process reads a column of every prim, in order, twice, and another one FEW + MORE times; the
difference of their instructions, divided by the reads, is the price of a read: all set-up cancels.
The machine need not be idle. Prints a Markdown table, for docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from generate import Scene
from results import VALUE_KINDS

FORMATS = "usdc,parquet_zstd,indexed_zstd,floor"
FEW, MORE = 2, 20


def count(program: Path, data: Path, name: str, kind: str, passes: int) -> int:
    """The instructions of a process that reads the column `passes` times."""
    folder = program.parent.resolve()
    environment = os.environ | {
        # The value that the program wants, so that it does not start itself again.
        "PXR_PLUGINPATH_NAME": f"{folder.parent / 'plugin'}:{folder / 'floor'}",
        "PXR_WORK_THREAD_LIMIT": "1",
    }
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "callgrind.out")
        tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
        arguments = ["--data", data, "--read", name, "--kind", kind, "--passes", str(passes)]
        done = subprocess.run(
            [*tool, program, *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"{done.stderr}\nfailed: {name}, {kind}")
        totals = re.search(r"^(?:totals|summary): (\d+)", out.read_text(encoding="utf-8"), re.M)
        if totals is None:
            sys.exit(f"callgrind wrote no total for {name}, {kind}")
        return int(totals[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--prims", type=int, default=10_000)
    parser.add_argument("--formats", default=FORMATS)
    options = parser.parse_args()
    program = options.build / "benchmarks" / "layer_benchmarks"
    data = options.build / "bench-instructions" / str(options.prims)
    formats = options.formats.split(",")
    scene = Scene(data, options.prims, "flat")
    scene.prepare()
    for name in formats:
        scene.write_table("table", name)
    print("| instructions a read, in order, warm |", *(f"{name} |" for name in formats))
    print("|---|" + "---|" * len(formats))
    for kind in VALUE_KINDS:
        cells = []
        for name in formats:
            few, more = (count(program, data, name, kind, n) for n in (FEW, FEW + MORE))
            cells.append(f"{(more - few) / (MORE * options.prims):.0f}")
        print(f"| {kind} |", *(f"{cell} |" for cell in cells), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
