"""What the writers of benchmark files share: Parquet files, prim specs, stages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def write_parquet(
    target: Path, table: pa.Table, compression: str, row_group_size: int | None = None
) -> None:
    """A plain file: pyarrow's defaults, because that is what people's files look like."""
    import pyarrow.parquet as pq

    pq.write_table(table, target, compression=compression, row_group_size=row_group_size)


def write_indexed_parquet(
    target: Path, table: pa.Table, compression: str, row_group_size: int | None = None
) -> None:
    """The same rows as `usdparquet optimize` writes them."""
    from usdparquet._plugin import load_core

    plain = target.with_name(f"plain_{target.name}")
    write_parquet(plain, table, "none")
    layout = {} if row_group_size is None else {"rows_per_group": row_group_size}
    try:
        load_core().optimize(str(plain), str(target), compression=compression, **layout)
    finally:
        plain.unlink(missing_ok=True)


def prim_spec(layer: Any, path: str, prims: dict[str, Any], specifier: Any, type_name: str) -> Any:
    """The spec at `path`, made with its ancestors; `prims` remembers the ancestors."""
    from pxr import Sdf

    parent_path, _, name = path.rpartition("/")
    if not parent_path:
        parent: Any = layer
    elif parent_path in prims:
        parent = prims[parent_path]
    else:
        parent = prim_spec(layer, parent_path, prims, specifier, type_name)
        prims[parent_path] = parent
    return Sdf.PrimSpec(parent, name, specifier, type_name)


def save_layer(layer: Any) -> None:
    """Save; a failure is raised."""
    if not layer.Save():
        raise OSError(f"{layer.identifier}: OpenUSD could not save the layer")


def stage_text(layers: Sequence[str]) -> str:
    """A stage over sublayers, strongest first, as plain text; relative names keep it movable."""
    listed = ",\n".join(f"        @./{name}@" for name in layers)
    return f'#usda 1.0\n(\n    defaultPrim = "World"\n    subLayers = [\n{listed}\n    ]\n)\n'
