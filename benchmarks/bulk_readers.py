"""Whole columns of a file in its default layout, read by everybody, beside the same for size.

    python bulk_readers.py SCENE_FOLDER [--runs 9]

SCENE_FOLDER is a scene from `usdparquet bench` or `usdparquet generate`. Its zstd file is optimized
in each layout of `usdparquet optimize`; the files take turns, in one process. Prints medians in ms,
and beside those of the other layouts their ratio to the one for size, which is how every file was
written before columns had a layout each.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars
import pyarrow.parquet as pq
from ratios import number, table

import usdparquet
from usdparquet.bench.table import PROPERTIES

SIX = list(PROPERTIES)[:6]
PATHS = 1_000
SEED = 1
LAYOUTS = ("size", "default", "access")


def readers(paths: list[str]) -> dict[str, Callable[[str], object]]:
    """What each does with a file, by its name."""
    names = ", ".join(f"sum({name})" for name in SIX)
    return {
        "read_columns, all rows, six columns": lambda file: usdparquet.read_columns(
            file, columns=SIX
        ),
        f"read_columns, {PATHS:,} paths, six columns": lambda file: usdparquet.read_columns(
            file, columns=SIX, paths=paths
        ),
        "pyarrow, six columns": lambda file: pq.read_table(file, columns=SIX),
        "DuckDB, sums of six columns": lambda file: duckdb.sql(
            f"select {names} from read_parquet('{file}')"
        ).fetchall(),
        "Polars, six columns": lambda file: polars.read_parquet(file, columns=SIX),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    source = options.folder / "properties_parquet_zstd.parquet"
    all_paths = pq.read_table(source, columns=["path"])["path"].to_pylist()
    paths = random.Random(SEED).sample(all_paths, min(PATHS, len(all_paths)))
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        files = {name: str(Path(scratch) / f"{name}.parquet") for name in LAYOUTS}
        for name, file in files.items():
            words = [] if name == "default" else ["--for", name]
            command = ["usdparquet", "optimize", str(source), file, *words]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for what, read in readers(paths).items():
            times: dict[str, list[float]] = {name: [] for name in files}
            for run in range(options.runs + 1):
                for name, file in files.items():
                    start = time.perf_counter()
                    read(file)
                    if run > 0:  # the first is a warm-up
                        times[name].append((time.perf_counter() - start) * 1e3)
            medians = {name: statistics.median(each) for name, each in times.items()}
            least = medians["size"]
            cells = [f"{number(each)} ({each / least:.2f})" for each in medians.values()]
            lines.append([what, *cells])
    print(table(("ms (ratio to the file for size)", *LAYOUTS), lines))


if __name__ == "__main__":
    main()
