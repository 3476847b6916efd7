"""Columns of tables by ids, with the paths of the prims that have their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ._join import codes_of, spread
from ._plugin import load_core
from ._streams import CapsuleStream
from .identifiers.id_text import id_texts

if TYPE_CHECKING:
    import pyarrow as pa


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

    from ._read import read_columns

    cells, has_times = _read_rows(file, columns, time)
    if needs_times and not has_times:
        raise ValueError(f"{file}: has no column of times; time names it")
    prims = read_columns(ids, ["id"], paths, path="path", under=under, missing=missing)
    holder = cells if key in cells.schema.names else _read_rows(file, [key], time)[0]
    keys = id_texts(holder[key], key)

    known = keys.unique().drop_null()
    row_codes = codes_of(keys, known)
    prim_codes = codes_of(id_texts(prims["id"], "id"), known)
    rows = np.flatnonzero(row_codes >= 0)
    if has_times:
        by_time = cells.column(0).take(pa.array(rows)).combine_chunks()
        order = pc.array_sort_indices(by_time, null_placement="at_start").to_numpy()
        rows = rows[order]
    rows = rows[np.argsort(row_codes[rows], kind="stable")]
    first = np.searchsorted(row_codes[rows], prim_codes, "left")
    last = np.searchsorted(row_codes[rows], prim_codes, "right")
    if not has_times:
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
    which, places = spread(first, shown)
    at = np.minimum(places, max(len(rows) - 1, 0))
    row_of = pa.array(
        rows[at] if len(rows) else np.zeros(len(which), np.int64),
        mask=np.repeat(counts == 0, shown),
    )
    taken = cells.take(row_of)
    return taken.add_column(0, "path", prims["path"].take(pa.array(which)))


def _read_rows(file: str, columns: Sequence[str] | None, time: str | None) -> tuple[pa.Table, bool]:
    """Columns of all rows; the first one holds the times if the second answer says so."""
    import pyarrow as pa

    answer = load_core().read_rows(
        file,
        time_column=time or "",
        columns=None if columns is None else list(columns),
        has_paths=False,
    )
    return pa.table(CapsuleStream(answer["stream"])), bool(answer["has_times"])
