"""What small layers cost beside USDC's: bytes, exports, saves, openings, a process's first export.

    python benchmarks/small_layers.py [--folder FOLDER] [--rounds 300]

Both formats take turns in one process; figures are medians. A Parquet file is brought to the disk
before it takes its name, which USDC leaves to the system: how long that takes is measured in the
same rounds, by files of the same size in folders of their own, and subtracted ("without fsync").
When a process that runs Python loads the library of any plugin, OpenUSD imports all of its own
Python modules (TfDlopen). The first export is measured with and without that.
Prints one JSON object; microseconds, milliseconds for the first export, and bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pxr import Sdf

LAYERS = {
    "one prim": 'def Xform "A"\n{\n    double v = 1\n}\n',
    "two prims, a reference": 'def "A" (\n    references = </B>\n)\n{\n}\n\ndef "B"\n{\n}\n',
}
FORMATS = ("usdc", "parquet")

FIRST = """
import importlib, pkgutil, sys, time
import pxr
from pxr import Sdf
if sys.argv[3]:
    for module in pkgutil.iter_modules(pxr.__path__):
        importlib.import_module("pxr." + module.name)
layer = Sdf.Layer.CreateAnonymous(".usda")
layer.ImportFromString(sys.argv[1])
begin = time.perf_counter()
assert layer.Export(sys.argv[2])
print((time.perf_counter() - begin) * 1e3)
"""


def seconds(do: Callable[[], object]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin


def replace(folder: Path, data: bytes, is_synced: bool) -> None:
    """What a save does with files, but for their content."""
    hidden = Path(tempfile.mkdtemp(dir=folder))
    with (hidden / "file").open("wb") as file:
        file.write(data)
        file.flush()
        if is_synced:
            os.fsync(file.fileno())
    (hidden / "file").rename(folder / "file")
    hidden.rmdir()


def microseconds(times: list[float]) -> float:
    return round(statistics.median(times) * 1e6, 1)


def first_export(text: str, folder: Path, suffix: str, is_imported: str) -> float:
    """Milliseconds, the median of five processes."""
    arguments = ["#usda 1.0\n" + text, str(folder / f"f.{suffix}"), is_imported]
    found = [
        subprocess.run(
            [sys.executable, "-c", FIRST, *arguments], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(5)
    ]
    return round(statistics.median(map(float, found)), 1)


def measure(text: str, folder: Path, rounds: int) -> dict[str, Any]:
    source = Sdf.Layer.CreateAnonymous(".usda")
    assert source.ImportFromString("#usda 1.0\n" + text)
    files = {each: folder / f"layer.{each}" for each in FORMATS}
    for file in files.values():
        assert source.Export(str(file))
    layers = {each: Sdf.Layer.FindOrOpen(str(file)) for each, file in files.items()}
    data = files["parquet"].read_bytes()
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number in range(rounds):
        for each, layer in layers.items():
            copy = str(folder / f"copy.{each}")
            times["export", each].append(seconds(lambda copy=copy: source.Export(copy)))
            layer.GetPrimAtPath("/A").comment = str(number)
            times["save", each].append(seconds(layer.Save))
            times["open", each].append(seconds(lambda copy=copy: Sdf.Layer.OpenAsAnonymous(copy)))
        # By turns, as the second of two finds the folder in the processor's caches.
        order = (True, False) if number % 2 else (False, True)
        took = {synced: seconds(lambda to=synced: replace(folder, data, to)) for synced in order}
        times["fsync", ""].append(took[True] - took[False])
    fsync = microseconds(times["fsync", ""])
    result: dict[str, Any] = {"fsync": fsync}
    for what in ("export", "save", "open"):
        usdc, parquet = (microseconds(times[what, each]) for each in FORMATS)
        own = parquet if what == "open" else max(parquet - fsync, 0.0)
        result[what] = {
            "usdc": usdc,
            "parquet": parquet,
            "without fsync": round(own, 1),
            "ratio": round(own / usdc, 2),
        }
    for name, is_imported in (
        ("first export of a process, ms", ""),
        ("the same with all of OpenUSD's modules imported, ms", "1"),
    ):
        result[name] = {each: first_export(text, folder, each, is_imported) for each in FORMATS}
    result["bytes"] = {each: (folder / f"f.{each}").stat().st_size for each in FORMATS}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="where to write (a temporary folder)")
    parser.add_argument("--rounds", type=int, default=300)
    arguments = parser.parse_args()
    results = {}
    for name, text in LAYERS.items():
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            results[name] = measure(text, Path(folder), arguments.rounds)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
