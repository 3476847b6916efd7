"""A large table that Spark makes, writes as a dataset and reads back: speed, memory and values.

    python spark_scale.py [--rows 10000000] [--columns 20] [--parts 64] [--cores 2]
                          [--memory 4g] [--reads 500] [--folder DIR]

Spark runs in local mode and generates the rows itself, in no order. They are written with
`usdparquet.spark.write_layer`; then OpenUSD opens the dataset as one layer, and values at random
are compared with those of the DataFrame. Prints a Markdown table; ends with 1 if a value differs.
Memory is that of all processes, Spark's included, as the kernel counts what is resident.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as fn

from usdparquet.bench.memory import counted_memory
from usdparquet.spark import write_layer

ZONES = 1000
READER = """
import json, sys, time
from pxr import Sdf
asked = json.load(sys.stdin)
start = time.perf_counter()
layer = Sdf.Layer.FindOrOpen(asked["target"])
opened = time.perf_counter()
values = [layer.GetAttributeAtPath(path).default for path in asked["paths"]]
read = time.perf_counter()
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([opened - start, read - opened, int(peak.split()[1]) * 1024, values]))
"""


@dataclass
class MemoryPeak:
    """The most memory that this process and all that it started had at once."""

    bytes: int = 0
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> MemoryPeak:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.5):
            self.bytes = max(self.bytes, sum(map(resident, family())))


def family() -> list[int]:
    """This process and those that it, or they, started."""
    parents = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(file.parent.name)] = int(file.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [int(Path("/proc/self").readlink().name)]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def resident(pid: int) -> int:
    try:
        return counted_memory(pid).resident
    except (OSError, ValueError):
        return 0


def cell(number: int) -> Column:
    """A column by its number: doubles, floats, integers and texts, every seventh cell null."""
    bits = fn.xxhash64("id", fn.lit(number))
    value = (
        bits / 2.0**40,
        (bits % 100_000).cast("float"),
        (bits % 1_000_000).cast("int"),
        fn.concat(fn.lit("type "), (bits % 50).cast("string")),
    )[number % 4]
    return fn.when(bits % 7 != 0, value).alias(f"c{number}")


def table(session: SparkSession, rows: int, columns: int, partitions: int) -> DataFrame:
    """Rows in no order: neighbours by number are in different zones."""
    path = fn.concat(
        fn.lit("/World/Zone_"), fn.col("id") % ZONES, fn.lit("/Part_"), fn.col("id").cast("string")
    )
    numbers = session.range(0, rows, 1, partitions)
    return numbers.select("id", path.alias("path"), *map(cell, range(columns)))


def check_reads(frame: DataFrame, target: Path, options: argparse.Namespace) -> list[Any]:
    """Seconds to open and to read, and bytes; SystemExit if a value is not the frame's."""
    chance = random.Random(1)
    numbers = chance.sample(range(options.rows), min(options.reads, options.rows))
    wanted = {}
    for row in frame.where(fn.col("id").isin(numbers)).collect():
        column = f"c{chance.randrange(options.columns)}"
        wanted[f"{row['path']}.{column}"] = row[column]
    paths = [path for path, value in wanted.items() if value is not None]
    asked = {"target": str(target), "paths": paths}
    done = subprocess.run(
        [sys.executable, "-c", READER], input=json.dumps(asked), capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    *figures, values = json.loads(done.stdout)
    for path, value in zip(paths, values, strict=True):
        if value != wanted[path]:
            raise SystemExit(f"{path} is {value!r}, but {wanted[path]!r} in the DataFrame")
    return [*figures, len(paths)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--parts", type=int, default=64)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--memory", default="4g", help="of Spark's Java process")
    parser.add_argument("--reads", type=int, default=500)
    parser.add_argument("--folder", help="where to write; removed in the end")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, MemoryPeak() as peak:
        session = (
            SparkSession.builder.master(f"local[{options.cores}]")
            .config("spark.driver.memory", options.memory)
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.local.dir", str(Path(folder, "local")))
            .getOrCreate()
        )
        frame = table(session, options.rows, options.columns, options.parts)
        target = Path(folder, "scale.parquet")
        start = time.perf_counter()
        done = write_layer(frame.drop("id"), target, parts=options.parts)
        seconds = time.perf_counter() - start
        if done.rows != options.rows:
            raise SystemExit(f"{done.rows} rows of {options.rows} were written")
        opened, read, reader_bytes, reads = check_reads(frame, target, options)
        session.stop()
    speed = options.rows / seconds / options.cores
    print(
        "| rows x columns | parts | bytes | seconds | rows a second a core | peak memory | open | "
        "value, cold | memory of the reader |\n|---|---|---|---|---|---|---|---|---|\n"
        f"| {options.rows:,} x {options.columns} | {done.parts} | {done.bytes:,} | {seconds:.0f} | "
        f"{speed:,.0f} | {peak.bytes / 1e9:.1f} GB | {opened * 1e3:.0f} ms | "
        f"{read / reads * 1e3:.2f} ms | {reader_bytes / 1e6:.0f} MB |"
    )


if __name__ == "__main__":
    main()
