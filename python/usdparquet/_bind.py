"""A table by ids as a layer."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._join import Joined, join
from ._key_column import key_column, rows_of, told_time
from ._read import read_columns
from ._rows import Rows, file_rows, held_rows
from ._streams import as_table
from ._write import WriteSummary, write_table
from .identifiers.scene_ids import id_candidates, ids

if TYPE_CHECKING:
    import pyarrow as pa

_PARQUET = ".parquet"
_ID_COLUMNS = ("path", "id")
HELD_IDS = 1_000_000
"""How many ids of a file are read at once."""


def bind(
    table: object,
    scene: object,
    file: str | os.PathLike[str],
    *,
    key: str,
    id: str | None = None,
    **options: Any,
) -> WriteSummary:
    """Write the rows of a table as a layer, each at the prims that have its id.

    `table`: a pyarrow Table, a pandas or polars frame and the like, as `write_table` takes, or the
    name of a Parquet file.
    `scene`: a Usd.Stage, an Sdf.Layer or the file of a scene, with `id`; or a table, or a Parquet
    file, of ids (`path` and `id`), without.
    `key`: the column of `table` with the ids, or a field of a struct (``column:field``), or what
    becomes the property of that name. It stays a column of the layer.
    `id`: what holds the prims' ids, as `ids` takes it.
    `options`: what `write_table` takes besides, such as `time` and `keep`.

    An id that several prims have gives each of them the row. Numbers and texts that write the same
    id match; null and empty ids match nothing. The summary's `join` says what matched. Raises
    ValueError as `write_table` does, for several rows of an id, for a path that is twice in the
    ids, and if no row matches.
    """
    if isinstance(table, str | os.PathLike):
        source = Path(table)
        if source.suffix.lower() != _PARQUET:
            raise ValueError(f"{source}: is no .parquet file; give what it holds as a table")
        source.stat()  # so that a file that is not there is a FileNotFoundError
        table = rows_of(source)
    ids_of = scene if id is None and _is_parquet(scene) else prim_ids(scene, id)
    return write_table(table, file, key=key, ids=ids_of, **options)


def bound_table(
    table: object,
    scene: object,
    *,
    key: str,
    id: str | None = None,
    path: str = "path",
    time: str | None = None,
    keep: str | None = None,
    file: str | os.PathLike[str],
    memory: int | None = None,
) -> Joined:
    """The rows of a table at prims, as `bind` writes them to `file`."""
    rows = table if isinstance(table, Rows) else held_rows(as_table(table, key))
    column = key_column(rows.schema, key)
    time = time or told_time(rows.schema)
    ids_of = _id_rows(scene, id)
    return join(rows, ids_of, key=column, file=file, time=time, keep=keep, path=path, memory=memory)


def prim_ids(scene: Any, id: str | None = None) -> pa.Table:
    """The ids of a scene, those inside instances marked; or a table of ids as it is.

    ValueError if `id` is needed, which names what there is, or if a file of ids is none.
    """
    if id is not None:
        return ids(scene, id, instances=True)
    if isinstance(scene, str | os.PathLike):
        if _is_parquet(scene):
            return read_columns(scene, ["id"], path="path")
        raise ValueError(_which_id(scene, str(scene)))
    if hasattr(scene, "GetRootLayer") or hasattr(scene, "pseudoRoot"):
        raise ValueError(_which_id(scene, "the scene"))
    return as_table(scene, "path")


def _id_rows(scene: object, id: str | None) -> Rows:
    """The same as rows. A large file of ids is not held."""
    if id is None and _is_parquet(scene):
        rows = file_rows(str(scene))
        names = rows.schema.names
        if rows.num_rows > HELD_IDS and all(names.count(name) == 1 for name in _ID_COLUMNS):
            return rows.select([names.index(name) for name in _ID_COLUMNS])
    return held_rows(prim_ids(scene, id))


def _is_parquet(scene: object) -> bool:
    return (
        isinstance(scene, str | os.PathLike) and Path(os.fspath(scene)).suffix.lower() == _PARQUET
    )


def _which_id(scene: object, name: str) -> str:
    found = ", ".join(
        f"{each.id} ({each.prims:,} prim{'' if each.prims == 1 else 's'})"
        for each in id_candidates(scene)[:10]
    )
    return (
        f"{name}: the argument 'id' has to say what holds the ids of its prims; it has "
        f"{found or 'none'}"
    )
