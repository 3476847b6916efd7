"""What OpenUSD finds wrong with the layer of a Parquet file: what only it can judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from usdparquet._extras import is_installed
from usdparquet._plugin import load_core
from usdparquet._read import read_columns
from usdparquet.tables.layers import collected_warnings, layer_errors, open_unshared

if TYPE_CHECKING:
    from pathlib import Path

    from usdparquet.tables.file_description import FileDescription

_SCHEMA_KEY = b"usdparquet:schema"


def layer_problems(
    path: Path,
    description: FileDescription,
    path_column: str,
    time_column: str,
    told: list[str],
    *,
    values: bool,
) -> list[str]:
    """Warnings of the layer that `told` does not have, and with `values` those of its cells.

    Of a file without an entry `usdparquet:schema` OpenUSD has nothing to judge, and is not loaded;
    where it is not installed, nothing is found.
    """
    if description.problem is not None or not is_installed("pxr"):
        return []
    if _SCHEMA_KEY not in load_core().storage(path)["key_values"]:
        return []
    from pxr import Ar

    given = {"path": path_column, "time": time_column}
    arguments = {name: column for name, column in given.items() if column}
    error = ""
    with collected_warnings() as warnings:
        try:
            layer = open_unshared(path, arguments)
            if values:
                _read_paths(layer, path, description, path_column, time_column)
        except (ValueError, OSError) as raised:
            error = str(raised)
    resolved = Ar.GetResolver().Resolve(str(path)).GetPathString()
    found = [text.replace(resolved, str(path)) for text in warnings]
    found = [text for text in found if text not in told]
    # What is damaged was told in other words.
    return [*found, error] if error and not told and not found else found


def _read_paths(
    layer: Any, path: Path, description: FileDescription, path_column: str, time_column: str
) -> None:
    """Read all targets of relationships and all path expressions."""
    shown = [entry for column in description.columns for entry in column.properties]
    names = [
        entry.name
        for entry in shown
        if entry.type == "rel" or entry.type.startswith("pathExpression")
    ]
    if not names:
        return
    from pxr import Sdf

    table = read_columns(path, [], path=path_column or None, time=time_column or None)
    has_times = table.num_columns > 1
    with layer_errors(path):
        for prim in table.column(0).unique().to_pylist():
            if prim is None or not Sdf.Path.IsValidPathString(prim):
                continue
            for name in names:
                spec = layer.GetPropertyAtPath(f"{prim}.{name}")
                if spec is None:
                    continue
                spec.ListInfoKeys()
                if has_times:
                    layer.ListTimeSamplesForPath(spec.path)
