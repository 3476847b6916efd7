"""Writes the files of both benchmarks: property layers in every format, base layers and stages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from usdparquet.bench.formats import Format

if TYPE_CHECKING:
    import pyarrow as pa

# How many rows of a table become Python objects at a time.
_ROWS_AT_A_TIME = 10_000


def write_parquet(
    target: Path,
    table: pa.Table,
    entry: Format,
    row_group_size: int | None = None,
    **layout: Any,
) -> None:
    """Write a table with pyarrow's defaults, because that is what people's files look like.

    For an indexed format, write it as `usdparquet optimize` does, with the options `layout`;
    `row_group_size` does not matter then.
    """
    import pyarrow.parquet as pq

    from usdparquet._plugin import load_core

    if not entry.is_indexed:
        pq.write_table(table, target, compression=entry.compression, row_group_size=row_group_size)
        return
    plain = target.with_name(f"plain_{target.name}")
    try:
        pq.write_table(table, plain, compression="none")
        load_core().optimize(str(plain), str(target), compression=entry.codec_asked, **layout)
    finally:
        plain.unlink(missing_ok=True)


def write_usdc(target: Path, table: pa.Table, types: Mapping[str, str]) -> None:
    """Write the attributes that the table has as a Parquet layer, on `over` prims.

    `types` has the names and USD types of the attributes; the prims are in the column `path`.
    """
    from pxr import Sdf

    columns = [(name, Sdf.ValueTypeNames.Find(kind)) for name, kind in types.items()]

    def add_attributes(prim: Any, row: Sequence[Any]) -> None:
        for (name, sdf_type), value in zip(columns, row, strict=True):
            attribute = Sdf.AttributeSpec(prim, name, sdf_type, Sdf.VariabilityVarying, False)
            attribute.default = value

    def rows() -> Iterable[tuple[str, Sequence[Any]]]:
        for batch in table.to_batches(_ROWS_AT_A_TIME):
            values = [_usd_values(batch[name], sdf_type) for name, sdf_type in columns]
            for path, *row in zip(batch["path"].to_pylist(), *values, strict=True):
                yield path, row

    _write_prims(target, rows(), Sdf.SpecifierOver, "", add_attributes)


def write_base(target: Path, paths: Iterable[str]) -> None:
    """Write the layer that defines the prims."""
    from pxr import Sdf

    rows = ((path, ()) for path in paths)
    _write_prims(target, rows, Sdf.SpecifierDef, "Xform", lambda _prim, _row: None)


def long_table(
    paths: Sequence[str],
    samples: Mapping[str, npt.NDArray[Any]],
    by_time: bool,
    frame_type: str = "float64",
) -> pa.Table:
    """A table with the columns `path`, `frame` and those in `samples`, ordered by time or path.

    `samples` are arrays of prims by frames; vectors have a third dimension.
    """
    import pyarrow as pa

    def rows(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return (values.swapaxes(0, 1) if by_time else values).ravel()

    prim, frame = np.indices((len(paths), next(iter(samples.values())).shape[1]))
    columns = {
        "path": pa.array(paths, pa.string()).take(pa.array(rows(prim))),
        "frame": pa.array(rows(frame).astype(frame_type)),
    }
    for name, values in samples.items():
        columns[name] = pa.array(rows(values))
        if values.ndim > 2:
            columns[name] = pa.FixedSizeListArray.from_arrays(columns[name], values.shape[2])
    return pa.table(columns)


def write_time_samples(
    target: Path,
    paths: Sequence[str],
    samples: Mapping[str, npt.NDArray[Any]],
    types: Mapping[str, str],
) -> None:
    """Write the time samples that `long_table` with the same arguments has as Parquet."""
    from pxr import Sdf

    columns = [(name, Sdf.ValueTypeNames.Find(types[name])) for name in samples]

    def add_attributes(prim: Any, row: Sequence[npt.NDArray[Any]]) -> None:
        for (name, sdf_type), values in zip(columns, row, strict=True):
            attribute = Sdf.AttributeSpec(prim, name, sdf_type, Sdf.VariabilityVarying, False)
            path = attribute.path
            vector = sdf_type.type.pythonClass
            for frame, value in enumerate(values.tolist()):
                prim.layer.SetTimeSample(path, frame, vector(*value) if vector else value)

    rows = zip(paths, zip(*samples.values(), strict=True), strict=True)
    _write_prims(target, rows, Sdf.SpecifierOver, "", add_attributes)


def write_stage(target: Path, layers: Sequence[str]) -> None:
    """Write a stage over sublayers, strongest first, as text; relative names keep it movable."""
    listed = ",\n".join(f"        @./{name}@" for name in layers)
    text = f'#usda 1.0\n(\n    defaultPrim = "World"\n    subLayers = [\n{listed}\n    ]\n)\n'
    target.write_text(text, encoding="utf-8")


def _usd_values(column: Any, sdf_type: Any) -> Iterable[Any]:
    """The values of an Arrow column as OpenUSD's Python has them."""
    made = sdf_type.type.pythonClass
    if made is None:
        return column.to_pylist()  # type: ignore[no-any-return]
    if sdf_type.isArray:
        return (made.FromNumpy(value.values.to_numpy()) for value in column)
    return (made(*value) for value in column.to_pylist())


def _write_prims(
    target: Path,
    rows: Iterable[tuple[str, Any]],
    specifier: Any,
    type_name: str,
    add_attributes: Callable[[Any, Any], None],
) -> None:
    """Write a layer with a prim for each path in `rows`, and its ancestors."""
    from pxr import Sdf

    # Always a new file: a layer that is open already would keep what it held.
    target.unlink(missing_ok=True)
    layer = Sdf.Layer.CreateNew(str(target))
    ancestors: dict[str, Any] = {"": layer}
    # One change block for everything: without it every attribute sends its own notice.
    with Sdf.ChangeBlock():
        for path, row in rows:
            add_attributes(_new_prim(ancestors, path, specifier, type_name), row)
        if specifier == Sdf.SpecifierDef:
            layer.defaultPrim = "World"
    if not layer.Save():
        raise OSError(f"{layer.identifier}: OpenUSD could not save the layer")


def _new_prim(ancestors: dict[str, Any], path: str, specifier: Any, type_name: str) -> Any:
    """Make the prim, and the ancestors that are not made yet, below the layer under ``""``."""
    from pxr import Sdf

    # Not a closure that calls itself: that would keep the layer open until a garbage collection.
    parent, _, name = path.rpartition("/")
    if parent not in ancestors:
        ancestors[parent] = _new_prim(ancestors, parent, specifier, type_name)
    return Sdf.PrimSpec(ancestors[parent], name, specifier, type_name)
