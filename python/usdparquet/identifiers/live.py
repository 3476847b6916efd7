"""Layers whose rows are joined with prims by ids when they are opened: as texts, and as tables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .._read import read_columns
from .id_text import id_texts

if TYPE_CHECKING:
    import pyarrow as pa

_ESCAPED = '%&=@"\n\r\t'


def live_identifier(table: Path, ids: Path, key: str, *, time: str | None, start: Path) -> str:
    """The identifier of a layer, to be pasted into a layer that is in the folder `start`.

    `ids` is said from the folder of `table`, as the layer takes it.
    """
    values = {"ids": Path(os.path.relpath(ids, table.parent)).as_posix(), "key": key}
    if time is not None:
        values["time"] = time
    arguments = "&".join(f"{name}={_escaped(value)}" for name, value in values.items())
    file = Path(os.path.relpath(table, start)).as_posix()
    return f"{file if file.startswith('../') else f'./{file}'}:SDF_FORMAT_ARGS:{arguments}"


def _escaped(text: str) -> str:
    return "".join(f"%{ord(letter):02X}" if letter in _ESCAPED else letter for letter in text)


def key_and_ids(arguments: dict[str, str], file: str) -> tuple[str, str] | None:
    """What the format arguments of a layer in `file` say, decoded; nothing if it has paths."""
    key, ids = (unquote(arguments.get(name, "")) for name in ("key", "ids"))
    if not key:
        return None
    return key, str(Path(file).parent / ids)


def read_joined(
    file: str,
    columns: Sequence[str] | None,
    paths: Iterable[object] | None,
    *,
    key: str,
    ids: object,
    time: str | None,
    under: object | None,
    missing: str,
    needs_times: bool,
) -> pa.Table:
    """Columns of a table by ids, with the paths of the prims that have its rows.

    The rows are in the order of `ids`, or in that of `paths`; see `read_columns`.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from ..tables.table_file import TableFile

    source = TableFile(Path(file), time_column=time or "")
    names = list(source.stored_columns()) if columns is None else list(columns)
    times = [source.time_column] if source.time_column else []
    if needs_times and not times:
        raise ValueError(f"{file}: has no column of times; time names it")
    wanted = source.choose(list(dict.fromkeys([*times, *names])))
    prims = read_columns(ids, ["id"], paths, path="path", under=under, missing=missing)
    cells = source.read(wanted)
    keys = id_texts(source.read(source.choose([key]))[key], key)

    known = keys.unique().drop_null()
    row_codes = _codes(keys, known)
    prim_codes = _codes(id_texts(prims["id"], "id"), known)
    rows = np.flatnonzero(row_codes >= 0)
    if times:
        by_time = cells[times[0]].take(pa.array(rows)).combine_chunks()
        order = pc.array_sort_indices(by_time, null_placement="at_start").to_numpy()
        rows = rows[order]
    rows = rows[np.argsort(row_codes[rows], kind="stable")]
    first = np.searchsorted(row_codes[rows], prim_codes, "left")
    last = np.searchsorted(row_codes[rows], prim_codes, "right")
    if not times:
        first = np.maximum(first, last - 1)  # the later row counts
    counts = last - first
    lonely = np.flatnonzero(counts == 0)
    if paths is not None and len(lonely):
        if missing == "error":
            names_of = prims["path"].take(pa.array(lonely[:5])).to_pylist()
            raise ValueError(
                f"{file}: {len(lonely):,} paths have no row: "
                + ", ".join(f"'{name}'" for name in names_of)
                + "; missing='null' gives empty rows for them"
            )
        shown = np.maximum(counts, 1)
    else:
        shown = counts
    which = np.repeat(np.arange(len(counts)), shown)
    offsets = np.arange(len(which)) - np.repeat(np.cumsum(shown) - shown, shown)
    at = np.minimum(np.repeat(first, shown) + offsets, max(len(rows) - 1, 0))
    row_of = pa.array(
        rows[at] if len(rows) else np.zeros(len(which), np.int64),
        mask=np.repeat(counts == 0, shown),
    )
    taken = cells.take(row_of)
    return taken.add_column(0, "path", prims["path"].take(pa.array(which)))


def _codes(texts: pa.ChunkedArray, known: pa.Array) -> Any:
    import numpy as np
    import pyarrow.compute as pc

    codes = pc.fill_null(pc.index_in(texts, value_set=known, skip_nulls=True), -1)
    return np.asarray(codes.to_numpy())
