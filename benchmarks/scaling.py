"""How files, reads and writes grow with the number of rows; prints docs/scaling.md's table.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --rows 10000 100000 --json

Of each number of rows a table with a path and five columns is written, shuffled, as are one by ids
and the ids of its prims (those of sorting_memory.py). They are put in order by `optimize` and
`bind`, and the result is opened as a layer in a process of its own: after a warm-up on another
file, the layer is opened, 1,000 prims are looked up at random, and one value of each is read twice.
The median of three processes counts. The export through OpenUSD, to another Parquet file, goes up
to --export rows. Codec: snappy.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sorting_memory import write_tables

import usdparquet
from usdparquet._plugin import load_core

PROCESSES = 3
SAMPLES = 1000

READ = """
import json, random, sys, time
from pxr import Sdf
small, file, rows, target, SAMPLES = sys.argv[1:]
rows, SAMPLES = int(rows), int(SAMPLES)
def prims(count):
    chance = random.Random(3)
    numbers = [chance.randrange(count) for _ in range(SAMPLES)]
    return [f"/World/Zone_{i // 1000}/Prim_{i}" for i in numbers]
def read(file, paths):
    times = {}
    clock = time.perf_counter
    attributes = [Sdf.Path(path + ".cost") for path in paths]
    begin = clock()
    layer = Sdf.Layer.FindOrOpen(file)
    times["open"] = clock() - begin
    begin = clock()
    found = [layer.GetPrimAtPath(path) for path in paths]
    times["lookup"] = (clock() - begin) / len(paths)
    assert all(found)
    for name in ("cold", "warm"):
        begin = clock()
        values = [layer.GetAttributeAtPath(path).default for path in attributes]
        times[name] = (clock() - begin) / len(paths)
        assert None not in values
    return layer, times
warm, _ = read(small, prims(1000))
layer, times = read(file, prims(rows))
if target:
    begin = time.perf_counter()
    assert layer.Export(target)
    times["export"] = time.perf_counter() - begin
print(json.dumps(times))
"""


def timed(work: Any, *arguments: object, **options: object) -> float:
    """The seconds that a call takes."""
    start = time.perf_counter()
    work(*arguments, **options)
    return time.perf_counter() - start


def measure_reads(small: Path, file: Path, rows: int, target: Path | None) -> dict[str, float]:
    """The medians of what processes of their own measure."""
    runs = []
    for number in range(PROCESSES):
        export = str(target) if target and number == 0 else ""
        command = [
            sys.executable,
            "-c",
            READ,
            str(small),
            str(file),
            str(rows),
            export,
            str(SAMPLES),
        ]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        runs.append(json.loads(output))
    names = ("open", "lookup", "cold", "warm")
    found = {name: statistics.median(run[name] for run in runs) for name in names}
    return found | {name: value for name, value in runs[0].items() if name not in found}


def measure(folder: Path, small: Path, rows: int, has_export: bool) -> dict[str, float]:
    """All figures of one number of rows."""
    files = write_tables(folder, rows)
    target = folder / "ordered.parquet"
    core = load_core()
    written: dict[str, Any] = {}
    seconds = timed(
        lambda: written.update(core.optimize(files["optimize"][0], target, compression="snappy"))
    )
    found: dict[str, float] = {
        "rows": rows,
        "file": written["bytes"],
        "index": written["index_bytes"],
        "optimize": seconds,
    }
    bound = folder / "bound.parquet"
    source, ids = files["bind"]
    found["bind"] = timed(usdparquet.bind, source, ids, bound, key="tag", compression="snappy")
    for file in (*files["optimize"], source, bound):
        file.unlink(missing_ok=True)
    exported = folder / "exported.parquet"
    found |= measure_reads(small, target, rows, exported if has_export else None)
    target.unlink()
    exported.unlink(missing_ok=True)
    return found


def table(results: list[dict[str, float]]) -> str:
    """The results as Markdown."""
    rows: list[tuple[str, str, float, str]] = [
        ("file", "bytes a row", 0, "file"),
        ("index", "bytes a row", 0, "index"),
        ("open", "ms", 1e3, "open"),
        ("lookup of a prim", "µs", 1e6, "lookup"),
        ("a value, cold", "µs", 1e6, "cold"),
        ("a value, warm", "µs", 1e6, "warm"),
        ("`optimize`", "µs a row", -1e6, "optimize"),
        ("`bind`", "µs a row", -1e6, "bind"),
        ("export by OpenUSD", "µs a row", -1e6, "export"),
    ]
    counts = [f"{int(result['rows']):,}" for result in results]
    lines = [
        "| | unit | " + " | ".join(counts) + " |",
        "|---|---|" + "---:|" * len(counts),
    ]
    for name, unit, factor, key in rows:
        cells = []
        for result in results:
            if key not in result:
                cells.append("")
                continue
            value = result[key] * (abs(factor) or 1)
            cells.append(f"{value / result['rows'] if factor <= 0 else value:,.1f}")
        lines.append(f"| {name} | {unit} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    scales = [10_000, 100_000, 1_000_000, 10_000_000]
    parser.add_argument("--rows", nargs="+", type=int, default=scales)
    parser.add_argument("--export", type=int, default=1_000_000, help="rows that are exported")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        plain, _ = write_tables(folder, 1000)["optimize"]
        small = folder / "small.parquet"
        load_core().optimize(plain, small, compression="snappy")
        for rows in options.rows:
            results.append(measure(folder, small, rows, rows <= options.export))
            print(f"{rows:,} rows done", file=sys.stderr)
    print(json.dumps(results) if options.json else table(results))


if __name__ == "__main__":
    main()
