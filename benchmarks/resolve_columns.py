"""Times `usdparquet.resolve_columns` beside a loop over `UsdAttribute.Get`.

Five columns of a scene of prims in zones, which a USDC layer defines. A Parquet layer below it has
the values (`base`); in a stronger USDC layer each prim has another value of each (`overridden`).
Both ways run in one process, one after the other, and are compared cell by cell.

    python benchmarks/resolve_columns.py DIR [--prims 1000000] [--cases base,overridden]

The memory is the growth of the process's peak while the columns are resolved, in sizes of the
table. Exits with 1 if a case misses its target.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ZONE = 1000
# At least so many times as fast as the loop, and at most so many sizes of the table.
TARGETS = {"base": (10, 2), "overridden": (4, 2)}
NAMES = ["cost", "count", "label", "tint", "mass"]
TYPES = {"count": "int", "tint": "color3f", "mass": "float"}


def cells(numbers: range, shift: int) -> dict[str, list[Any]]:
    """The values of prims, otherwise for another `shift`."""
    return {
        "cost": [n * 0.5 + shift for n in numbers],
        "count": [n % 1000 + shift for n in numbers],
        "label": [f"part {n % 5000 + shift}" for n in numbers],
        "tint": [(n % 7 * 0.125, 0.5, float(shift)) for n in numbers],
        "mass": [n % 128 + 0.25 + shift for n in numbers],
    }


def path_of(number: int) -> str:
    return f"/World/Zone_{number // ZONE}/Part_{number}"


def generate(folder: Path, prims: int, case: str) -> None:
    """Writes the layers and the stage of a case."""
    import pyarrow as pa
    from pxr import Gf, Sdf

    import usdparquet

    folder.mkdir(parents=True, exist_ok=True)
    values = cells(range(prims), 0)
    point = pa.list_(pa.float32(), 3)
    kinds = {"count": pa.int32(), "tint": point, "mass": pa.float32()}
    columns = {"path": pa.array([path_of(n) for n in range(prims)])}
    columns |= {name: pa.array(values[name], kinds.get(name)) for name in NAMES}
    usdparquet.write_table(pa.table(columns), folder / "base.parquet", types=TYPES)

    kinds_of_layers = {"scene": Sdf.SpecifierDef, "stronger": Sdf.SpecifierOver}
    above = ["stronger"] if case == "overridden" else []
    for name in ["scene", *above]:
        specifier = kinds_of_layers[name]
        layer = Sdf.Layer.CreateAnonymous(".usdc")
        with Sdf.ChangeBlock():
            other = cells(range(prims), 1) if name == "stronger" else {}
            for n in range(prims):
                prim = Sdf.CreatePrimInLayer(layer, path_of(n))
                prim.specifier = specifier
                for column, items in other.items():
                    kind = {"cost": "double", "label": "string"} | TYPES
                    attribute = Sdf.AttributeSpec(
                        prim, column, Sdf.ValueTypeNames.Find(kind[column])
                    )
                    is_tint = column == "tint"
                    attribute.default = Gf.Vec3f(*items[n]) if is_tint else items[n]
        layer.Export(str(folder / f"{name}.usdc"))
    root = Sdf.Layer.CreateAnonymous(".usda")
    root.subLayerPaths = [*(f"./{name}.usdc" for name in above), "./scene.usdc", "./base.parquet"]
    root.Export(str(folder / f"{case}.usda"))


def peak_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError("VmHWM")


def measure(file: Path) -> dict[str, float]:
    """Both ways, of one stage."""
    from pxr import Usd

    import usdparquet

    stage = Usd.Stage.Open(str(file))
    usdparquet.resolve_columns(stage, NAMES, under="/World/Zone_0")  # loads what is loaded once
    start = time.perf_counter()
    found: dict[str, list[Any]] = {name: [] for name in NAMES}
    for prim in stage.TraverseAll():
        for name in NAMES:
            found[name].append(prim.GetAttribute(name).Get())
    loop = time.perf_counter() - start

    Path("/proc/self/clear_refs").write_text("5")  # the peak is that of now
    before = peak_bytes()
    start = time.perf_counter()
    table = usdparquet.resolve_columns(stage, NAMES)
    columns = time.perf_counter() - start
    grown = peak_bytes() - before
    for name in NAMES:
        for got, wanted in zip(table[name].to_pylist(), found[name], strict=True):
            if got != (list(wanted) if name == "tint" and wanted is not None else wanted):
                sys.exit(f"{file.name}: '{name}' is {got}, and not {wanted}")
    return {
        "loop_s": loop,
        "columns_s": columns,
        "times": loop / columns,
        "peak_tables": grown / table.nbytes,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prims", type=int, default=1_000_000)
    parser.add_argument("--cases", default="base,overridden")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.folder)))
        return
    folder = options.folder / str(options.prims)
    missed: list[str] = []
    for case in options.cases.split(","):
        if not (folder / f"{case}.usda").exists():
            generate(folder, options.prims, case)
        command = [sys.executable, __file__, str(folder / f"{case}.usda"), "--child"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout)
        print(case, {name: round(value, 3) for name, value in found.items()})
        times, tables = TARGETS[case]
        if found["times"] < times or found["peak_tables"] > tables:
            missed.append(f"{case}: at least {times} times and at most {tables} tables are wanted")
    if missed:
        sys.exit("\n".join(missed))


if __name__ == "__main__":
    main()
