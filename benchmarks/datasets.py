"""A dataset of many small files beside one file with the same rows.

    python datasets.py [--parts 1000] [--rows 1000] [--runs 5]

Both are opened through SdfLayer, and read at random once all pages are in memory. Each sample is a
process of its own; the fastest of the runs counts. Prints a Markdown table with the ratios, and
ends with exit code 1 if one is beyond its limit: opening with a manifest 2 times a file's time,
random reads 1.3 times, 64 files open, opening without a manifest a second.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa

READS = 200_000
LIMITS = {"open": 2.0, "read": 1.3, "files": 64, "plain": 1.0}


def rows_of(part: int, rows: int) -> pa.Table:
    """Rows of 20 properties below one prim."""
    numbers = range(part * rows, (part + 1) * rows)
    columns: dict[str, object] = {"path": [f"/World/Zone_{part:05}/Item_{n}" for n in numbers]}
    for number in range(20):
        columns[f"value_{number}"] = [n * 1.5 + number for n in numbers]
    return pa.table(columns)


def write(folder: Path, parts: int, rows: int) -> None:
    """The file, the dataset with a manifest, and the one without."""
    import usdparquet

    tables = [rows_of(part, rows) for part in range(parts)]
    single = folder / "single.parquet"
    usdparquet.write_table(pa.concat_tables(tables), single, compression="snappy")
    for name in ("listed.parquet", "plain.parquet"):
        (folder / name).mkdir()
    for part, table in enumerate(tables):
        file = folder / "listed.parquet" / f"part-{part:05}.parquet"
        usdparquet.write_table(table, file, compression="snappy")
        os.link(file, folder / "plain.parquet" / file.name)
    usdparquet.dataset(folder / "listed.parquet")


def sample(file: str, parts: int, rows: int, reads: int) -> dict[str, float]:
    """Seconds to open the layer, microseconds a warm random read, and the files that are open."""
    from pxr import Sdf

    import usdparquet

    warm_up = Path(file).parent / "warm_up.parquet"
    usdparquet.write_table(rows_of(0, 4), warm_up)
    Sdf.Layer.FindOrOpen(str(warm_up)).GetAttributeAtPath("/World/Zone_00000/Item_1.value_3")
    usdparquet.set_cache_budget(1 << 30)
    begin = time.perf_counter()
    layer = Sdf.Layer.FindOrOpen(file)
    found: dict[str, float] = {"open": time.perf_counter() - begin}
    if not reads:
        return found
    chance = random.Random(1)
    specs, wanted = [], []
    for _ in range(2000):
        row, column = chance.randrange(parts * rows), chance.randrange(20)
        path = f"/World/Zone_{row // rows:05}/Item_{row}.value_{column}"
        specs.append(layer.GetAttributeAtPath(path))
        wanted.append(row * 1.5 + column)
    if [spec.default for spec in specs] != wanted:
        raise SystemExit("a value is wrong")
    begin = time.perf_counter()
    for _ in range(reads // len(specs)):
        for spec in specs:
            _ = spec.default
    found["read"] = (time.perf_counter() - begin) / reads * 1e6
    names = [str(link.resolve()) for link in Path("/proc/self/fd").iterdir()]
    found["files"] = sum(name.startswith(file) for name in names)
    return found


def fastest(file: Path, options: argparse.Namespace, reads: int) -> dict[str, float]:
    """The best of the runs, quantity by quantity."""
    samples = []
    for _ in range(options.runs):
        command = [sys.executable, __file__, "--one", str(file), "--reads", str(reads)]
        command += ["--parts", str(options.parts), "--rows", str(options.rows)]
        samples.append(json.loads(subprocess.check_output(command)))
    return {name: min(each[name] for each in samples) for name in samples[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--reads", type=int, default=READS, help=argparse.SUPPRESS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(sample(options.one, options.parts, options.rows, options.reads)))
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), options.parts, options.rows)
        single = fastest(Path(folder, "single.parquet"), options, options.reads)
        listed = fastest(Path(folder, "listed.parquet"), options, options.reads)
        plain = fastest(Path(folder, "plain.parquet"), options, 0)
    measured = {
        "open": listed["open"] / single["open"],
        "read": listed["read"] / single["read"],
        "files": listed["files"],
        "plain": plain["open"],
    }
    print("| | one file | dataset | | at most |\n|---|---|---|---|---|")
    for name, what, unit, scale in (("open", "open", "ms", 1e3), ("read", "random read", "µs", 1)):
        print(
            f"| {what} | {single[name] * scale:.2f} {unit} | {listed[name] * scale:.2f} {unit} | "
            f"{measured[name]:.2f}x | {LIMITS[name]}x |"
        )
    print(f"| files open | | {listed['files']:.0f} | | {LIMITS['files']} |")
    print(f"| open without a manifest | | {plain['open'] * 1e3:.0f} ms | | {LIMITS['plain']} s |")
    beyond = [name for name, limit in LIMITS.items() if measured[name] > limit]
    if beyond:
        raise SystemExit(f"beyond the limit: {', '.join(beyond)}")


if __name__ == "__main__":
    main()
