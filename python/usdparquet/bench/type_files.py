"""Writes the file of one kind of property in every format, and the requests to measure it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from usdparquet.bench.checks import digest
from usdparquet.bench.formats import FORMATS, Format
from usdparquet.bench.layer_files import (
    prim_spec,
    save_layer,
    stage_text,
    write_indexed_parquet,
    write_parquet,
)
from usdparquet.bench.protocol import Request, Step
from usdparquet.bench.sessions import Session
from usdparquet.bench.table import sample_rows
from usdparquet.bench.type_cases import TYPE_CASES, TypeCase

if TYPE_CHECKING:
    import pyarrow as pa

_SPOT_READS = 100
_WARMUP_ROWS = 4


@dataclass(frozen=True)
class TypeFiles:
    """The files of one case on disk; each stage has the property layer alone."""

    directory: Path
    case: TypeCase
    seed: int

    @property
    def variant(self) -> str:
        """What this is called in the results."""
        return self.case.name

    @property
    def scale(self) -> int:
        """The number of prims."""
        return self.case.rows

    def request(self, session: Session, name: str) -> Request:
        """The request for one sample."""
        return type_request(self, session, name)

    def property_file(self, name: str) -> Path:
        """The layer that is measured."""
        return self.directory / f"{self.case.name}_{name}.{FORMATS[name].extension}"

    def stage_file(self, name: str) -> Path:
        """The stage over it."""
        return self.directory / f"{self.case.name}_{name}.usda"

    @property
    def warmup(self) -> TypeFiles:
        """The same with a few rows, which loads what a process loads once."""
        rows = min(_WARMUP_ROWS, self.case.rows)
        case = TypeCase(**{**vars(self.case), "rows": rows})
        return TypeFiles(self.directory / "warmup", case, self.seed + 1)


def write_type_files(files: TypeFiles, formats: Iterable[str]) -> None:
    """Write what is not there yet."""
    for target in (files.warmup, files):
        target.directory.mkdir(parents=True, exist_ok=True)
        table = None
        for name in formats:
            # The stage is written last: where it is, the layer is whole.
            if target.stage_file(name).exists():
                continue
            entry = FORMATS[name]
            if entry.is_parquet:
                table = table or _arrow_table(target)
                _write_parquet(target.property_file(name), table, entry)
            else:
                _write_usdc(target.property_file(name), target)
            text = stage_text([target.property_file(name).name])
            target.stage_file(name).write_text(text, encoding="utf-8")


def type_request(files: TypeFiles, session: Session, format_name: str) -> Request:
    """The request for one sample of a case."""
    case, warmup = files.case, files.warmup
    paths, names = case.prim_paths(), case.column_names()
    spot, spot_digest = _spot_check(files)
    reads = Step("property_types", properties=names, prims=paths)
    return Request(
        session=session.name,
        format=format_name,
        stage_file=str(files.stage_file(format_name).resolve()),
        base_stage_file="",
        property_file=str(files.property_file(format_name).resolve()),
        warmup_stage_file=str(warmup.stage_file(format_name).resolve()),
        warmup_property_file=str(warmup.property_file(format_name).resolve()),
        steps=[reads if test == reads.test else Step(test) for test in session.tests],
        spot_reads=[(paths[row], names[column]) for row, column in spot],
        spot_digest=spot_digest,
    )


@cache
def _spot_check(files: TypeFiles) -> tuple[list[tuple[int, int]], str]:
    """Row and column of the values that are compared, and their digest."""
    case = files.case
    rows = sample_rows(case.rows, _SPOT_READS, files.seed)
    chosen = sample_rows(case.columns, min(case.columns, 5), files.seed)
    cells = [(row, chosen[number % len(chosen)]) for number, row in enumerate(rows)]
    columns = {column: case.values(column, files.seed) for column in chosen}
    return cells, digest(_plain(columns[column][row]) for row, column in cells)


def _plain(value: Any) -> object:
    """A numpy scalar as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _arrow_table(files: TypeFiles) -> pa.Table:
    import pyarrow as pa

    case = files.case
    columns: dict[str, Any] = {"path": pa.array(case.prim_paths(), pa.string())}
    for number, name in enumerate(case.column_names()):
        values = case.values(number, files.seed)
        if isinstance(values, list):
            columns[name] = pa.array(values, pa.string())
        elif not case.shape:
            columns[name] = pa.array(values)
        else:
            flat = pa.array(values.reshape(-1))
            length = int(np.prod(case.shape))
            if case.is_array:
                offsets = pa.array(np.arange(case.rows + 1, dtype=np.int32) * length)
                columns[name] = pa.ListArray.from_arrays(offsets, flat)
            else:
                columns[name] = pa.FixedSizeListArray.from_arrays(flat, length)
    return pa.table(columns)


def _write_parquet(target: Path, table: pa.Table, entry: Format) -> None:
    if entry.is_indexed:
        write_indexed_parquet(target, table, str(entry.compression))
    else:
        write_parquet(target, table, str(entry.compression))


def _write_usdc(target: Path, files: TypeFiles) -> None:
    from pxr import Sdf

    case = files.case
    target.unlink(missing_ok=True)
    layer = Sdf.Layer.CreateNew(str(target))
    sdf_type = Sdf.ValueTypeNames.Find(case.sdf_type)
    names = case.column_names()
    columns = [case.values(number, files.seed) for number in range(case.columns)]
    with Sdf.ChangeBlock():
        prims: dict[str, Any] = {}
        for row, path in enumerate(case.prim_paths()):
            prim = prim_spec(layer, path, prims, Sdf.SpecifierOver, "")
            for name, values in zip(names, columns, strict=True):
                attribute = Sdf.AttributeSpec(prim, name, sdf_type, Sdf.VariabilityVarying, False)
                attribute.default = _usd_value(case, values[row])
    save_layer(layer)


def _usd_value(case: TypeCase, value: Any) -> Any:
    from pxr import Gf, Vt

    if case.is_array:
        return Vt.DoubleArray.FromNumpy(np.ascontiguousarray(value))
    if not case.shape:
        return _plain(value)
    numbers = [float(number) for number in value.reshape(-1)]
    if len(case.shape) == 2:
        matrix = Gf.Matrix4d if case.shape[0] == 4 else Gf.Matrix3d
        return matrix(*numbers)
    suffix = "f" if case.kind == "float32" else "d"
    return getattr(Gf, f"Vec{case.shape[0]}{suffix}")(*numbers)


def _main(arguments: list[str]) -> None:
    """Write the cases that one JSON argument describes: how a program does it in a process."""
    request = json.loads(arguments[0])
    for name in request["cases"]:
        files = TypeFiles(Path(request["directory"]), TYPE_CASES[name], request["seed"])
        write_type_files(files, request["formats"])


if __name__ == "__main__":
    _main(sys.argv[1:])
