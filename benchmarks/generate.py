"""Writes the files that layer_benchmarks reads, and prints the formats that it wrote.

    python generate.py FOLDER [--prims 100000] [--hierarchy flat] [--formats usdc,floor]

What is there from an earlier run over the same scene stays, but for the indexed files: their writer
is under test. Every value is a formula of its row and column, the same as in values.h: the
benchmarks check what they read against that.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pxr import Sdf

from usdparquet import write_table as write_id_table
from usdparquet.bench.formats import FORMATS, Format
from usdparquet.bench.layer_files import (
    long_table,
    write_base,
    write_parquet,
    write_stage,
    write_time_samples,
    write_usdc,
)
from usdparquet.bench.table import DATES, HIERARCHIES, MATERIALS, PROPERTIES, SUPPLIERS, prim_paths

LAYERS: dict[str, Format | None] = {
    **{name: FORMATS[name] for name in ("usdc", "parquet_none", "parquet_snappy", "parquet_zstd")},
    "indexed_none": FORMATS["parquet_none_indexed"],
    "indexed_zstd": FORMATS["parquet_zstd_indexed"],
    "floor": None,
    "joined_zstd": FORMATS["parquet_zstd"],
    "shuffled_zstd": FORMATS["parquet_zstd"],
    "joined_shuffled_zstd": FORMATS["parquet_zstd"],
}
"""The formats by their names in the benchmarks. The floor is a line of text. Joined ones have ids
in place of paths, and shuffled ones the same rows in another order: a table and the one that it is
compared with have their rows in the same order. Both are only made when they are asked for."""
JOINED = ("joined_zstd", "joined_shuffled_zstd")
SHUFFLED = ("shuffled_zstd", "joined_shuffled_zstd")
DEFAULT = ",".join(name for name in LAYERS if name not in {*JOINED, *SHUFFLED})

# Counted up whenever the files of the same scene become different ones; formats.cc has it too.
VERSION = 2
FIRST_PRIMS = {"table": None, "shapes": 10_000, "warmup": 4, "playback": 10_000}
ROW_GROUP_SIZE = 10_000
FRAMES = 240
WIDE_COLUMNS, WIDE_ROW_GROUPS = 999, 1_000
# A row of the sparse table has one of the property sets; sparse_benchmarks.cc has the same numbers.
SPARSE_PRIMS, SPARSE_SETS, SPARSE_SET_SIZE = 100_000, 25, 20
SPARSE_FORMATS = ("usdc", "parquet_zstd", "indexed_none", "indexed_zstd")

SHAPES = {"extent_size": "float3", "samples": "float[]"}
ANIMATED = dict.fromkeys(("temperature", "pressure", "velocity_x"), "double")
COLUMNS = [*PROPERTIES, *SHAPES]
# Numbers are uniform in these ranges; True has the probability of the upper end.
RANGES = (
    *((10, 5000), (0, 300), (0, 30), (0, 110), (0, 22), (0, 40), (5, 600), (10, 32), (99, 104)),
    *((-4, 4), (-4, 4), (-1, 1), (0, 200), (0, 0.003), (0.5, 1), (5, 101), (0, 0.85)),
    *((0, 500), (0, 40), (0, 5040), (0, 10), (0, 100)),
)
WORDS = {
    "supplier_id": SUPPLIERS,
    "material_code": MATERIALS,
    # Months of 28 days.
    "install_date": [date for date in DATES if int(date[-2:]) <= 28],
}


def mix(keys: np.ndarray, column: int, part: int | np.ndarray = 0) -> np.ndarray:
    """splitmix64 of cells; `part` tells the elements of one value apart."""
    z = keys.astype(np.uint64) * np.uint64(64) + np.uint64(column)
    z += (np.atleast_1d(part).astype(np.uint64) << np.uint64(48)) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def fractions(bits: np.ndarray) -> np.ndarray:
    """Uniform in [0, 1)."""
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def doubles(keys: np.ndarray, name: str) -> np.ndarray:
    low, high = RANGES[COLUMNS.index(name)]
    return low + (high - low) * fractions(mix(keys, COLUMNS.index(name)))


def floats(keys: np.ndarray, name: str, part: np.ndarray) -> pa.Array:
    column = COLUMNS.index(name)
    return pa.array((RANGES[column][1] * fractions(mix(keys, column, part))).astype(np.float32))


def column(name: str, rows: int) -> pa.Array:
    """A column of the tables."""
    keys = np.arange(rows)
    if name in WORDS:
        return pa.array(WORDS[name]).take(pa.array(doubles(keys, name).astype(np.int32)))
    if name == "extent_size":
        values = floats(np.repeat(keys, 3), name, np.tile(np.arange(3), rows))
        return pa.FixedSizeListArray.from_arrays(values, 3)
    if name == "samples":
        sizes = 4 + (mix(keys, COLUMNS.index(name), 0xFFFF) % np.uint64(9)).astype(np.int32)
        ends = np.cumsum(sizes, dtype=np.int32)
        parts = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
        values = floats(np.repeat(keys, sizes), name, parts)
        return pa.ListArray.from_arrays(pa.array(np.concatenate(([0], ends)), pa.int32()), values)
    if PROPERTIES[name] == "bool":
        number = COLUMNS.index(name)
        return pa.array(fractions(mix(keys, number)) < RANGES[number][1])
    numbers = doubles(keys, name)
    return pa.array(numbers.astype(np.int32) if PROPERTIES[name] == "int" else numbers)


class Scene:
    """The files of a folder."""

    def __init__(self, folder: Path, prims: int, hierarchy: str) -> None:
        self.folder = folder
        self.paths = prim_paths(prims, hierarchy)
        self.hierarchy = hierarchy
        last = np.array([prims - 1])
        self.marker = json.dumps(
            {
                "version": VERSION,
                "prims": prims,
                "hierarchy": hierarchy,
                "last_prim": self.paths[-1],
                "last_cost": float(doubles(last, "cost")[0]),
            }
        )

    def prepare(self) -> None:
        """Make the folder, without the files of another scene."""
        self.folder.mkdir(parents=True, exist_ok=True)
        marker = self.folder / "scene.json"
        if not marker.exists() or marker.read_text(encoding="utf-8") != self.marker:
            kinds = ("stage_", "table_", "shapes_", "warmup_", "playback_", "wide_", "sparse_")
            for kind in ("base", *kinds):
                for file in self.folder.glob(f"{kind}*.*"):
                    file.unlink()
            marker.write_text(self.marker, encoding="utf-8")

    def write(self, formats: list[str]) -> None:
        """Write what is not there yet."""
        self.prepare()
        base = self.folder / "base.usdc"
        self.write_once(base, lambda file: write_base(file, self.paths))
        write_stage(self.folder / "stage_bare.usda", [base.name])
        for name in formats:
            for kind in ("warmup", "shapes", "table"):
                self.write_table(kind, name)
            if name not in {"floor", *JOINED, *SHUFFLED}:
                for kind in ("playback_warmup", "playback"):
                    self.write_playback(kind, name)
            write_stage(self.folder / f"stage_{name}.usda", [self.asset("table", name), base.name])
        for name in formats:
            if name in SPARSE_FORMATS:
                self.write_sparse(name)
        if "parquet_none" in formats:
            self.write_once(self.file("wide", "parquet_none"), write_wide)

    def file(self, kind: str, name: str) -> Path:
        entry = LAYERS[name]
        return self.folder / f"{kind}_{name}.{entry.extension if entry else 'benchfloor'}"

    def asset(self, kind: str, name: str) -> str:
        """As a layer names the file; formats.cc does the same."""
        file = self.file(kind, name).name
        return f"{file}:SDF_FORMAT_ARGS:ids=ids_{kind}.parquet&key=key" if name in JOINED else file

    def first(self, kind: str) -> list[str]:
        """The prims of a kind of file."""
        return self.paths[: FIRST_PRIMS[kind.removeprefix("playback_")]]

    def write_table(self, kind: str, name: str) -> None:
        paths, entry = self.first(kind), LAYERS[name]
        types = SHAPES if kind == "shapes" else PROPERTIES

        def write(target: Path) -> None:
            if entry is None:
                line = f"{self.hierarchy} {len(paths)} {COLUMNS.index(next(iter(types)))}\n"
                target.write_text(line, encoding="ascii")
                return
            columns = {each: column(each, len(paths)) for each in types}
            table = pa.table({"path": pa.array(paths), **columns})
            if name in JOINED:
                ids = pa.array([f"{row * 2654435761 % 2**32:022x}" for row in range(len(paths))])
                table = table.set_column(0, "key", ids)
                write_ids(self.folder / f"ids_{kind}.parquet", paths, ids)
            if name in SHUFFLED:
                table = table.take(np.random.default_rng(42).permutation(len(paths)))
            if entry.is_parquet:
                write_parquet(target, table, entry, ROW_GROUP_SIZE)
            else:
                write_usdc(target, table, types)

        self.write_once(self.file(kind, name), write, entry)

    def write_playback(self, kind: str, name: str) -> None:
        paths, entry = self.first(kind), LAYERS[name]
        assert entry is not None

        def write(target: Path) -> None:
            prims, frames = np.indices((len(paths), FRAMES))
            samples = {each: doubles(prims * 1000 + frames, each) for each in ANIMATED}
            if not entry.is_parquet:
                write_time_samples(target, paths, samples, ANIMATED)
                return
            table = long_table(paths, samples, by_time=True, frame_type="int32")
            order = {"time_column": "frame", "order": "time"} if entry.is_indexed else {}
            write_parquet(target, table, entry, ROW_GROUP_SIZE, **order)

        self.write_once(self.file(kind, name), write, entry)

    def write_sparse(self, name: str) -> None:
        entry, rows = LAYERS[name], min(len(self.paths), SPARSE_PRIMS)
        assert entry is not None

        def write(target: Path) -> None:
            if entry.is_parquet:
                write_parquet(target, sparse_table(rows), entry, ROW_GROUP_SIZE)
                return
            # What the layer of the same table says, attribute by attribute.
            between = target.with_suffix(".parquet")
            pq.write_table(sparse_table(rows), between)
            Sdf.Layer.OpenAsAnonymous(str(between)).Export(str(target))
            between.unlink()

        self.write_once(self.file("sparse", name), write, entry)

    def write_once(
        self, target: Path, write: Callable[[Path], Any], entry: Format | None = None
    ) -> None:
        """Write under another name first, so that a file that is there is complete."""
        if target.exists() and not (entry and entry.is_indexed):
            return
        print(f"writing {target}", file=sys.stderr)
        unfinished = target.with_name(f"unfinished_{target.name}")
        write(unfinished)
        unfinished.replace(target)


def write_ids(target: Path, paths: list[str], ids: pa.Array) -> None:
    """The paths and ids of prims, as `usdparquet ids` writes them."""
    write_id_table(pa.table({"path": pa.array(paths), "id": ids}), target)


def sparse_table(rows: int) -> pa.Table:
    """A table of property sets, of which each row has one: all other cells are null."""
    numbers = np.arange(rows, dtype=np.uint64)
    sets = (numbers * np.uint64(2654435761) % np.uint64(2**32) >> np.uint64(16)) % np.uint64(
        SPARSE_SETS
    )
    columns = {"path": pa.array([f"/World/P_{row}" for row in range(rows)])}
    for one in range(SPARSE_SETS):
        is_null = sets != one
        for number in range(SPARSE_SET_SIZE):
            cells = fractions(mix(numbers, number, one))
            columns[f"set_{one}:value_{number}"] = pa.array(cells, mask=is_null)
    return pa.table(columns)


def write_wide(target: Path) -> None:
    """A row of doubles in each row group, and the paths."""
    rows = np.arange(WIDE_ROW_GROUPS)
    columns = {f"c{number}": pa.array(rows * 1000.0 + number) for number in range(WIDE_COLUMNS)}
    table = pa.table({"path": [f"/P{row}" for row in rows], **columns})
    layout = {"row_group_size": 1, "use_dictionary": False, "write_page_index": True}
    pq.write_table(table, target, compression="none", **layout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prims", type=int, default=100_000)
    parser.add_argument("--hierarchy", choices=HIERARCHIES, default="flat")
    parser.add_argument("--formats", default=DEFAULT, help="a list with commas")
    options = parser.parse_args()
    formats = options.formats.split(",")
    unknown = [name for name in formats if name not in LAYERS]
    if unknown:
        parser.error(f"there is no format '{unknown[0]}'; there are: {', '.join(LAYERS)}")
    Scene(options.folder, options.prims, options.hierarchy).write(formats)
    print(",".join(formats))


if __name__ == "__main__":
    main()
