"""Time exporting one layer as USDC and as Parquet, and saving one edited value, in one run.

Usage: export.py LAYER [RUNS]

LAYER is any layer, such as build/bench-data/100000-flat/table_usdc.usdc of `make bench`. It is
copied into memory first, so that both exports read the same; the formats take turns. Medians and
their ratio are printed. What was written is read back: the process fails if an attribute of every
hundredth prim differs, or the edited value does.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pxr import Sdf

from usdparquet.bench.memory import peak_resident, process_memory, reset_peak_resident

FORMATS = ("usdc", "parquet")


def timed(action: Callable[[], bool]) -> float:
    begin = time.perf_counter()
    if not action():
        sys.exit("FAILED: the layer was not written")
    return time.perf_counter() - begin


def attributes(layer: Sdf.Layer) -> list[Sdf.Path]:
    """The attributes of every hundredth prim."""
    prims: list[Sdf.Path] = []
    layer.Traverse("/", lambda path: prims.append(path) if path.IsPrimPath() else None)
    return [spec.path for path in prims[::100] for spec in layer.GetPrimAtPath(path).attributes]


def check(layer: Sdf.Layer, file: Path, paths: list[Sdf.Path]) -> None:
    read = Sdf.Layer.OpenAsAnonymous(str(file))
    for path in paths:
        spec = read.GetAttributeAtPath(path)
        if spec is None or spec.default != layer.GetAttributeAtPath(path).default:
            sys.exit(f"FAILED: {file} does not hold {path}")


def edit_and_save(file: Path, path: Sdf.Path, value: object) -> float:
    layer = Sdf.Layer.FindOrOpen(str(file))
    layer.GetAttributeAtPath(path).default = value
    return timed(layer.Save)


def main() -> None:
    source = Sdf.Layer.FindOrOpen(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    layer = Sdf.Layer.CreateAnonymous(".usda")
    layer.TransferContent(source)
    del source
    paths = attributes(layer)
    edited = next(p for p in paths if isinstance(layer.GetAttributeAtPath(p).default, float))
    exports: dict[str, list[float]] = {name: [] for name in FORMATS}
    saves: dict[str, list[float]] = {name: [] for name in FORMATS}
    gains: dict[str, list[float]] = {name: [] for name in FORMATS}
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs):
            for name in FORMATS:
                file = Path(folder, f"layer{run}.{name}")
                before = process_memory().resident
                can_tell = reset_peak_resident()
                exports[name].append(timed(lambda file=file: layer.Export(str(file))))
                if can_tell:
                    gains[name].append((peak_resident() - before) / 1e6)
                check(layer, file, paths)
                saves[name].append(edit_and_save(file, edited, run + 0.5))
                size = file.stat().st_size
                read = Sdf.Layer.OpenAsAnonymous(str(file))
                value = read.GetAttributeAtPath(edited).default
                if value != run + 0.5:
                    sys.exit(f"FAILED: {file} holds {value} after saving {run + 0.5}")
                file.unlink()
                print(f"{name}: {exports[name][-1]:.2f} s, {size:,} bytes", file=sys.stderr)
    for title, unit, samples in (
        ("export", "s", exports),
        ("saving one edited value", "s", saves),
        ("peak resident over the start of the export", "MB", gains),
    ):
        if not all(samples.values()):
            continue
        usdc, parquet = (statistics.median(samples[name]) for name in FORMATS)
        print(f"{title}: usdc {usdc:.3g} {unit}, parquet {parquet:.3g} {unit},", end=" ")
        print(f"ratio {parquet / usdc:.3g}")


if __name__ == "__main__":
    main()
