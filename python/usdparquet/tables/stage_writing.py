"""A table of a stage in files: flat for CSV and sheets, with its types for a Parquet layer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from usdparquet._resolve_cells import cell_type
from usdparquet._resolve_prims import RELATIONSHIP
from usdparquet._write import WriteSummary, write_table
from usdparquet.tables.errors import OutputError
from usdparquet.tables.table_file import SCHEMA_KEY

_AXES = "xyzw"
_METADATA = {
    "@type": ("typeName", "token"),
    "@kind": ("kind", "token"),
    "@active": ("active", "bool"),
    "@displayName": ("displayName", "string"),
}
"""The fields of prims that columns are, with their types."""
_NO_COLUMN = "pathExpression"


def flattened(table: pa.Table) -> pa.Table:
    """A table with a column for each number of vectors, matrices and boxes.

    They are called `name:x` to `name:w`, or by the place in a matrix, `name:0` to `name:15`; the
    corners of a box are `name:min:x` and so on. OutputError if two columns would have one name.
    """
    columns: list[tuple[str, pa.ChunkedArray]] = []
    for name in table.column_names:
        columns += _flat(name, table[name])
    for name, count in Counter(name for name, _ in columns).items():
        if count > 1:
            raise OutputError(f"two columns would be called '{name}'; leave one out")
    return pa.table([cells for _, cells in columns], names=[name for name, _ in columns])


def _flat(name: str, cells: pa.ChunkedArray) -> list[tuple[str, pa.ChunkedArray]]:
    if pa.types.is_struct(cells.type):
        parts = [(field.name, pc.struct_field(cells, [field.name])) for field in cells.type]
    elif pa.types.is_fixed_size_list(cells.type):
        size = cells.type.list_size
        names = _AXES if size <= len(_AXES) else [str(number) for number in range(size)]
        parts = [(names[number], pc.list_element(cells, number)) for number in range(size)]
    else:
        return [(name, cells)]
    return [each for inner, part in parts for each in _flat(f"{name}:{inner}", part)]


def write_stage_layer(
    stage: Any, table: pa.Table, file: Path, progress: Callable[[int, int], None] | None = None
) -> WriteSummary:
    """Write a table of a stage as a Parquet layer that says the same of the prims.

    Attributes have the types that they have on the stage; `rel:NAME` is the relationship, and what
    is a field of prims is that: types, kinds, whether they are active, and their names for users.
    """
    entries = {name: _entry(stage, table, name) for name in table.column_names[1:]}
    entry = {"version": "1.0", "columns": {name: told for name, told in entries.items() if told}}
    metadata = {SCHEMA_KEY: json.dumps(entry).encode()}
    return write_table(table.replace_schema_metadata(metadata), file, progress=progress)


def _entry(stage: Any, table: pa.Table, name: str) -> dict[str, str]:
    """What the footer says of a column; nothing if there is nothing to say."""
    if name in _METADATA:
        field, kind = _METADATA[name]
        return {"role": "metadata", "field": field, "type": kind}
    if name.startswith(RELATIONSHIP):
        return {"role": "relationship", "property": name.removeprefix(RELATIONSHIP)}
    if name.startswith("@"):
        return {}
    valid = np.flatnonzero(table[name].is_valid().to_numpy())
    if not len(valid):
        return {}
    prim = stage.GetPrimAtPath(table["path"][int(valid[0])].as_py())
    sdf_type = str(prim.GetAttribute(name).GetTypeName())
    cells = cell_type(sdf_type)
    is_same = cells is not None and cells.arrow == table.schema.field(name).type
    return {"type": sdf_type} if is_same and sdf_type != _NO_COLUMN else {}
