"""How much memory it takes to export a layer that is read lazily from a Parquet file.

    python benchmarks/export_memory.py --prims 1000000 --columns 20
    python benchmarks/export_memory.py --prims 2000 --columns 1 --elements 100000

Writes a table, opens it as a layer in a process of its own and exports that to another Parquet file
(or to the format of --to), while this process samples the anonymous memory of the other. Prints one
JSON object; bytes, and seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from usdparquet.bench.memory import BYTES_PER_MB, process_memory
from usdparquet.bench.timeline import MemorySampler

EXPORT = """
import sys
from pxr import Sdf
layer = Sdf.Layer.FindOrOpen(sys.argv[1], {"cache_mb": sys.argv[3]})
print("opened", flush=True)
sys.stdin.readline()
assert layer.Export(sys.argv[2])
print("exported", flush=True)
sys.stdin.readline()
"""


def write_table(file: Path, prims: int, columns: int, elements: int) -> int:
    """Write the table group by group; returns the bytes of its values."""
    cell = pa.list_(pa.float32()) if elements else pa.float64()
    names = [f"c{column}" for column in range(columns)]
    schema = pa.schema([("path", pa.string()), *((name, cell) for name in names)])
    group = max(1, min(100_000, 4_000_000 // max(elements, 1)))
    random = np.random.default_rng(1)
    with pq.ParquetWriter(file, schema, write_page_index=True) as writer:
        for first in range(0, prims, group):
            rows = min(group, prims - first)
            numbers = range(first, first + rows)
            data = [pa.array([f"/World/Zone_{i // 1000}/Prim_{i}" for i in numbers])]
            for column in range(columns):
                if elements:
                    # One number a row: what is measured is memory, not the codec.
                    values = np.repeat(np.arange(rows, dtype=np.float32) + column, elements)
                    offsets = np.arange(rows + 1, dtype=np.int32) * elements
                    data.append(pa.ListArray.from_arrays(pa.array(offsets), pa.array(values)))
                else:
                    data.append(pa.array(random.random(rows)))
            writer.write_table(pa.Table.from_arrays(data, schema=schema), max(1, group // 10))
    return prims * columns * (elements * 4 if elements else 8)


def measure(source: Path, target: Path, cache_mb: int) -> dict[str, float]:
    """Export `source` to `target` in a process of its own."""
    command = [sys.executable, "-c", EXPORT, str(source), str(target), str(cache_mb)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdin
        assert child.stdout
        assert child.stdout.readline() == "opened\n"
        opened = process_memory(child.pid).anonymous
        sampler = MemorySampler(child.pid)
        start = time.monotonic()
        child.stdin.write("export\n")
        child.stdin.flush()
        if child.stdout.readline() != "exported\n":
            raise RuntimeError("the export failed")
        seconds = time.monotonic() - start
        samples = [round(anonymous * BYTES_PER_MB) for _, anonymous, _ in sampler.stop()]
        peak = max(opened, *samples, process_memory(child.pid).anonymous)
    return {"opened": opened, "peak": peak, "growth": peak - opened, "seconds": round(seconds, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prims", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--elements", type=int, default=0, help="in each cell; 0: a number")
    parser.add_argument("--cache-mb", type=int, default=64)
    parser.add_argument("--to", choices=("parquet", "usdc"), default="parquet")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source.parquet"), Path(folder, f"target.{options.to}")
        table = write_table(source, options.prims, options.columns, options.elements)
        found = measure(source, target, options.cache_mb)
        size = target.stat().st_size
    print(json.dumps({"table": table, "file": size, **found}))


if __name__ == "__main__":
    main()
