"""The rows of a table at the prims that have their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .id_text import id_texts

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

KEEP = ("first", "last")
SHOWN = 5
"""How many ids or prims a report names."""


@dataclass(frozen=True)
class JoinReport:
    """What a join matched, and what it did not. Lists hold the first few."""

    matched_rows: int
    """Rows that are at one prim or more."""
    matched_prims: int
    """Prims with a row."""
    rows_without_prim: int
    """Rows whose id no prim has."""
    unknown_ids: list[str]
    """Their ids, each once."""
    rows_without_id: int
    """Rows whose id is null or empty."""
    rows_dropped: int
    """Rows that another one of the same id stands for, as `keep` says."""
    prims_without_row: int
    """Prims whose id is in no row."""
    rowless_prims: list[tuple[str, str]]
    """Their paths and ids."""
    prims_in_instances: int
    """Prims that have a row, but are inside of instances, so that no layer can give them values."""
    instance_prims: list[str]
    """Their paths."""

    @property
    def is_complete(self) -> bool:
        """Whether every row is at a prim that takes it, and every prim with an id has a row."""
        return not (
            self.rows_without_prim
            or self.rows_without_id
            or self.rows_dropped
            or self.prims_without_row
            or self.prims_in_instances
        )


@dataclass(frozen=True)
class Joined:
    """A table with a column of prim paths, and what became of its rows."""

    table: pa.Table
    unmatched: pa.Table
    """The rows that are at no prim."""
    report: JoinReport


def join(
    table: pa.Table,
    ids: pa.Table,
    *,
    key: str,
    time: str | None = None,
    keep: str | None = None,
    path: str = "path",
    keys: pa.ChunkedArray | None = None,
) -> Joined:
    """Put the rows of a table at the prims with their ids.

    `ids` has the columns `path` and `id`, and may have `instance` (see `scene_ids.ids`); its rows
    give the order. One id on many prims: each of them has the row. `key` names the column of
    `table` with the ids, `path` the column that the paths go to, `time` the one that makes several
    rows of an id samples. `keep` says which of several rows of one id (and time) counts: ``first``
    or ``last``. `keys`: the cells of `key`, where it is no column of `table` itself.

    Raises ValueError for a column that is not there, several rows of an id without `keep`, a path
    twice in `ids`, and if nothing matches.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    check_keep(keep)
    check_columns(table, key if keys is None else None, time, path)
    paths, prim_texts, is_inside = _prims_of(ids)
    keys = id_texts(table[key] if keys is None else keys, key)
    known = keys.unique().drop_null()
    row_codes = codes_of(keys, known)
    prim_codes = codes_of(prim_texts, known)

    is_bound = np.isin(row_codes, prim_codes[prim_codes >= 0])
    rows = np.flatnonzero(is_bound)
    rows, dropped = _kept(table, keys, row_codes, rows, time, keep, key)
    order = rows[np.argsort(row_codes[rows], kind="stable")]
    sorted_codes = row_codes[order]
    first = np.searchsorted(sorted_codes, prim_codes, "left")
    last = np.searchsorted(sorted_codes, prim_codes, "right")
    counts = last - first
    takes = counts * ~is_inside
    if not takes.any():
        raise ValueError(nothing_text(key, _few(keys), _few(prim_texts), bool(counts.any())))

    prims, places = spread(first, takes)
    row_of = order[places]
    joined = table.take(pa.array(row_of))
    joined = joined.add_column(0, path, paths.take(pa.array(prims)))

    is_strange = ~is_bound & (row_codes >= 0)
    rowless = np.flatnonzero((counts == 0) & ~is_inside)
    in_instances = np.flatnonzero((counts > 0) & is_inside)
    report = JoinReport(
        matched_rows=len(np.unique(row_of)),
        matched_prims=int(np.count_nonzero(takes)),
        rows_without_prim=int(np.count_nonzero(is_strange)),
        unknown_ids=_few(keys.filter(pa.array(is_strange)).unique()),
        rows_without_id=int(np.count_nonzero(row_codes < 0)),
        rows_dropped=dropped,
        prims_without_row=len(rowless),
        rowless_prims=list(
            zip(
                _few(paths.take(pa.array(rowless))),
                _few(prim_texts.take(pa.array(rowless))),
                strict=True,
            )
        ),
        prims_in_instances=len(in_instances),
        instance_prims=_few(paths.take(pa.array(in_instances))),
    )
    unmatched = table.filter(pc.invert(pa.array(np.isin(np.arange(len(table)), row_of))))
    return Joined(joined, unmatched, report)


def check_keep(keep: str | None) -> None:
    """ValueError for what `keep` cannot be."""
    if keep is not None and keep not in KEEP:
        raise ValueError(f"keep is {keep!r}; it can be 'first' or 'last'")


def check_columns(table: pa.Table, key: str | None, time: str | None, path: str) -> None:
    """ValueError if the table lacks a column of ids or of times, or has one for the paths."""
    names = ", ".join(f"'{name}'" for name in table.schema.names)
    for name, what in ((key, "ids"), (time, "times")):
        if name is not None and table.schema.names.count(name) != 1:
            problem = "two columns" if name in table.schema.names else "no column"
            verb = "are" if name in table.schema.names else "is"
            raise ValueError(f"there {verb} {problem} '{name}' with the {what} (there are {names})")
    if path in table.schema.names:
        raise ValueError(
            f"the table has a column '{path}' already, where the prims' paths are to go; name "
            "another one for them with the argument 'path', or rename it"
        )


def check_ids(columns: Sequence[str]) -> None:
    """ValueError if a table of ids with these columns lacks one."""
    for name in ("path", "id"):
        if columns.count(name) != 1:
            names = ", ".join(f"'{each}'" for each in columns)
            raise ValueError(f"the ids need one column '{name}' (there are {names})")


def _prims_of(ids: pa.Table) -> tuple[pa.ChunkedArray, pa.ChunkedArray, Any]:
    """Of prims with an id the paths, the ids' texts, and whether they are inside instances."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    check_ids(ids.schema.names)
    paths = ids["path"].cast(pa.large_string())
    texts = id_texts(ids["id"], "id")
    if paths.null_count:
        row = pc.index(paths.is_null(), True).as_py()
        raise ValueError(f"the ids, row {row}: the path is null; leave the row out")
    counted = paths.value_counts()
    twice = counted.filter(pc.greater(counted.field("counts"), 1))
    if len(twice):
        name = twice.field("values")[0].as_py()
        rows = np.flatnonzero(pc.equal(paths, name).to_numpy())[:2]
        raise ValueError(
            f"the ids, rows {rows[0]} and {rows[1]}: '{name}' is there twice; a prim has one id"
        )
    has_id = texts.is_valid()
    inside = np.zeros(len(paths), bool)
    if "instance" in ids.schema.names:
        inside = np.asarray(pc.fill_null(ids["instance"], False).to_numpy(), bool)
    return paths.filter(has_id), texts.filter(has_id), inside[has_id.to_numpy()]


def spread(
    first: np.ndarray[Any, Any], counts: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Ranges one behind the other: the number of its range, and the place in it, for each item."""
    import numpy as np

    which = np.repeat(np.arange(len(counts)), counts)
    offsets = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return which, np.repeat(first, counts) + offsets


def codes_of(texts: pa.ChunkedArray, known: pa.Array) -> np.ndarray[Any, Any]:
    """The position of each text in `known`; -1 for a null and for what is not in it."""
    import numpy as np
    import pyarrow.compute as pc

    codes = pc.fill_null(pc.index_in(texts, value_set=known, skip_nulls=True), -1)
    return np.asarray(codes.to_numpy())


def _kept(
    table: pa.Table,
    keys: pa.ChunkedArray,
    codes: np.ndarray[Any, Any],
    rows: np.ndarray[Any, Any],
    time: str | None,
    keep: str | None,
    key: str,
) -> tuple[np.ndarray[Any, Any], int]:
    """Of `rows` the ones that count, and how many do not."""
    import numpy as np
    import pyarrow as pa

    of_rows = codes[rows]
    if time is not None:
        if keep is None:
            return rows, 0  # the writer refuses a time that comes twice
        times = table[time].take(pa.array(rows)).combine_chunks().dictionary_encode()
        of_times = times.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        of_rows = of_rows.astype(np.int64) * (len(times.dictionary) + 1) + of_times + 1
    if keep == "last":
        _, places = np.unique(of_rows[::-1], return_index=True)
        places = len(rows) - 1 - places
    else:
        _, places = np.unique(of_rows, return_index=True)
    if keep is None and len(places) < len(rows):
        raise ValueError(_several_text(keys, codes, rows, key))
    return np.sort(rows[places]), len(rows) - len(places)


def _several_text(
    keys: pa.ChunkedArray, codes: np.ndarray[Any, Any], rows: np.ndarray[Any, Any], key: str
) -> str:
    import numpy as np

    values, counts = np.unique(codes[rows], return_counts=True)
    several = values[counts > 1]
    examples = []
    for code in several[:SHOWN]:
        where = rows[codes[rows] == code]
        shown = ", ".join(str(row) for row in where[:SHOWN])
        dots = ", …" if len(where) > SHOWN else ""
        examples.append(f"'{keys[int(where[0])].as_py()}' in rows {shown}{dots}")
    return several_text(key, examples, len(several))


def several_text(key: str, examples: Sequence[str], count: int) -> str:
    """What to say of `count` ids that are in several rows, where `examples` says of the first."""
    dots = "; …" if count > len(examples) else ""
    what = "1 id is" if count == 1 else f"{count:,} ids are"
    return (
        f"column '{key}': {what} in several rows: {'; '.join(examples)}{dots}; the argument "
        "'keep' takes the first or the last one, the argument 'time' names the column of times "
        "that makes them samples"
    )


def nothing_text(
    key: str, keys: Sequence[str], prim_ids: Sequence[str], is_in_instances: bool
) -> str:
    """What to say where no row is at a prim; `keys` and `prim_ids` are the first few ids."""
    if is_in_instances:
        return (
            f"column '{key}': all prims with these ids are inside of instances, to which no layer "
            "can give values; bind to the ids of the instances or of their prototypes' sources"
        )

    def shown(texts: Sequence[str]) -> str:
        return ", ".join(f"'{text}'" for text in texts) or "none"

    return (
        f"column '{key}': no row has the id of a prim; the table has {shown(keys)}, "
        f"the prims have {shown(prim_ids)}"
    )


def _few(texts: pa.ChunkedArray | pa.Array) -> list[str]:
    """The first few that are not null."""
    return [str(text) for text in texts.drop_null()[:SHOWN].to_pylist()]
