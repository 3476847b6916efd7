"""The rows of a table at the prims that have their ids."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._plugin import load_core
from ._rows import ROWS_AT_ONCE, Rows
from ._streams import CapsuleStream
from .identifiers.id_text import id_texts

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Numbers = np.ndarray[Any, Any]

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
    """Rows with a column of prim paths, and what became of those that were given."""

    schema: pa.Schema
    num_rows: int
    table: Callable[[], pa.RecordBatchReader]
    """The rows, to be read once, in the order of the prims."""
    unmatched: Callable[[], pa.RecordBatchReader]
    """The rows that are at no prim."""
    report: JoinReport


@dataclass(frozen=True)
class Key:
    """The column of a table with the ids, or a field within it."""

    name: str
    steps: tuple[int, ...]
    """The number of the column and of the fields in it."""

    def cells(self, batch: pa.RecordBatch) -> pa.Array:
        """Those of a batch of the column alone."""
        import pyarrow.compute as pc

        cells = batch.column(0)
        for step in self.steps[1:]:
            cells = pc.struct_field(cells, [step])
        return cells


@dataclass(frozen=True)
class _Prims:
    """The prims. Their paths and ids are read again where they are needed."""

    ids: Rows
    codes: Numbers
    """The number of the id of each; -1 without one, -2 for ids that no row has."""
    is_inside: Numbers
    """Whether each is inside of an instance."""

    def texts(self, name: str, numbers: Iterable[int]) -> list[str]:
        """The paths or ids of a few."""
        column = self.ids.schema.get_field_index(name)
        cells = _cells_at(self.ids, column, lambda batch: batch.column(0), numbers)
        return [str(text) for text in id_texts(cells, name).to_pylist()]


def join(
    rows: Rows,
    ids: Rows,
    *,
    key: Key,
    file: str | os.PathLike[str],
    time: str | None = None,
    keep: str | None = None,
    path: str = "path",
    memory: int | None = None,
) -> Joined:
    """Put the rows of a table at the prims with their ids.

    `ids` has the columns `path` and `id`, and may have `instance` (see `scene_ids.ids`); its rows
    give the order. One id on many prims: each of them has the row. `key` is the column with the
    ids, `path` the name of the column that the paths go to, `time` the one that makes several rows
    of an id samples. `keep` says which of several rows of one id (and time) counts: ``first`` or
    ``last``. `memory` is that of the writer of `file`: a part of it holds rows, or they are in
    memory anyway; others lie in a nameless file beside `file` while they are put in order. Besides,
    some 30 bytes a row and a prim are needed.

    Raises ValueError for a column that is not there, several rows of an id without `keep`, a path
    twice in `ids`, and if nothing matches.
    """
    import numpy as np
    import pyarrow as pa

    check_keep(keep)
    check_columns(rows.schema, time, path)
    codes = load_core().IdCodes()
    row_codes = _codes(codes.add, rows, key.steps[0], key.cells, key.name)
    prims = _prims_of(ids, codes)
    del codes
    _check_paths(ids)
    # By code, and for the codes -1 and -2, which ids have that are none: they stand at the end.
    num_codes = int(row_codes.max(initial=-1)) + 1
    has_prim = np.zeros(num_codes + 2, bool)
    for some in _portions(prims.codes):
        has_prim[prims.codes[some]] = True
    has_prim[num_codes:] = False

    is_bound = _taken(has_prim, row_codes)
    num_unknown = int(np.count_nonzero(row_codes >= 0) - np.count_nonzero(is_bound))
    bound, dropped = _kept(rows, row_codes, _where(is_bound), time, keep, key)
    del is_bound
    bound_codes = _taken(row_codes, bound)
    of_code = _counts(bound_codes, num_codes + 2)
    order = _by_codes(bound, bound_codes)
    del bound, bound_codes
    counts = _taken(of_code, prims.codes)
    takes = counts * ~prims.is_inside
    if not takes.any():
        raise ValueError(_nothing_text(key, rows, row_codes, prims, bool(counts.any())))
    # Where the rows of a prim begin in `order`, less where they begin in the result; modulo 2^32.
    starts = _taken(np.cumsum(of_code, dtype=np.uint32) - of_code, prims.codes)
    starts -= np.cumsum(takes, dtype=np.uint32) - takes
    row_of = np.empty(int(takes.sum(dtype=np.int64)), np.uint32)
    is_used = np.zeros(rows.num_rows, bool)
    done = 0
    for some in _portions(takes):
        places = np.repeat(starts[some], takes[some])
        places += np.arange(done, done + len(places), dtype=np.uint32)
        found = order[places]
        is_used[found] = True
        row_of[done : done + len(found)] = found
        done += len(found)
    del order, starts, of_code

    rowless = _where((counts == 0) & (prims.codes != -1) & ~prims.is_inside)
    in_instances = _where((counts > 0) & prims.is_inside)
    strange = _where(~has_prim[:num_codes])  # codes, which rise as their ids come
    few = [int(np.argmax(row_codes == code)) for code in strange[:SHOWN]]
    report = JoinReport(
        matched_rows=int(np.count_nonzero(is_used)),
        matched_prims=int(np.count_nonzero(takes)),
        rows_without_prim=num_unknown,
        unknown_ids=_key_texts(rows, key, few),
        rows_without_id=int(np.count_nonzero(row_codes < 0)),
        rows_dropped=dropped,
        prims_without_row=len(rowless),
        rowless_prims=list(
            zip(
                prims.texts("path", rowless[:SHOWN]),
                prims.texts("id", rowless[:SHOWN]),
                strict=True,
            )
        ),
        prims_in_instances=len(in_instances),
        instance_prims=prims.texts("path", in_instances[:SHOWN]),
    )
    takes = takes.astype(np.min_scalar_type(takes.max()), copy=False)
    field = pa.field(path, pa.large_string())
    schema = pa.schema([field, *rows.schema], rows.schema.metadata)
    count = len(row_of)
    numbers = [row_of.tobytes()]  # until they are used

    def joined() -> pa.RecordBatchReader:
        options = {} if memory is None else {"memory": memory}
        errors: list[Exception] = []
        stream = pa.RecordBatchReader.from_batches(rows.schema, _noted(rows, errors))
        try:
            capsule = load_core().rearrange(
                stream.__arrow_c_stream__(), numbers.pop(), file, is_held=rows.is_held, **options
            )
        except (ValueError, OSError) as raised:
            if errors:  # Arrow tells of it in other words
                raise errors[0] from raised
            raise
        given = pa.RecordBatchReader.from_stream(CapsuleStream(capsule))
        return pa.RecordBatchReader.from_batches(schema, _with_paths(given, schema, ids, takes))

    def unmatched() -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(rows.schema, _unused(rows, is_used))

    return Joined(schema, count, joined, unmatched, report)


def _noted(rows: Rows, errors: list[Exception]) -> Iterator[pa.RecordBatch]:
    """All rows; what ends them is an error to be told."""
    try:
        yield from rows.read(range(len(rows.schema)))
    except (ValueError, OSError) as error:
        errors.append(error)
        raise


def _unused(rows: Rows, is_used: Numbers) -> Iterator[pa.RecordBatch]:
    """The rows that are not used."""
    import pyarrow as pa

    done = 0
    for batch in rows.read(range(len(rows.schema))):
        yield batch.filter(pa.array(~is_used[done : done + batch.num_rows]))
        done += batch.num_rows


def _with_paths(
    given: pa.RecordBatchReader, schema: pa.Schema, ids: Rows, takes: Numbers
) -> Iterator[pa.RecordBatch]:
    """Batches with a column of paths in front: each prim's as often as `takes` says."""
    import pyarrow as pa

    paths = _repeated_paths(ids, takes)
    held = pa.chunked_array([], pa.large_string())
    for batch in given:
        while len(held) < batch.num_rows:
            held = pa.chunked_array([*held.chunks, next(paths)], pa.large_string())
        cells = held.slice(0, batch.num_rows)
        held = held.slice(batch.num_rows)
        one = cells.combine_chunks()
        yield pa.RecordBatch.from_arrays([one, *batch.columns], schema=schema)


def _repeated_paths(ids: Rows, takes: Numbers) -> Iterator[pa.Array]:
    import numpy as np
    import pyarrow as pa

    done = 0
    for batch in ids.read([ids.schema.get_field_index("path")]):
        counts = takes[done : done + batch.num_rows]
        done += batch.num_rows
        which = np.repeat(np.arange(len(counts)), counts)
        for begin in range(0, len(which), ROWS_AT_ONCE):
            some = pa.array(which[begin : begin + ROWS_AT_ONCE])
            yield batch.column(0).take(some).cast(pa.large_string())


def check_keep(keep: str | None) -> None:
    """ValueError for what `keep` cannot be."""
    if keep is not None and keep not in KEEP:
        raise ValueError(f"keep is {keep!r}; it can be 'first' or 'last'")


def check_columns(schema: pa.Schema, time: str | None, path: str) -> None:
    """ValueError if there is no column of times, or one for the paths already."""
    names = ", ".join(f"'{name}'" for name in schema.names)
    if time is not None and schema.names.count(time) != 1:
        problem = "two columns" if time in schema.names else "no column"
        verb = "are" if time in schema.names else "is"
        raise ValueError(f"there {verb} {problem} '{time}' with the times (there are {names})")
    if path in schema.names:
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


def _codes(
    number: Callable[[object], bytes],
    rows: Rows,
    column: int,
    cells: Callable[[pa.RecordBatch], pa.Array],
    name: str,
) -> Numbers:
    """The number that each id has. ValueError for a column that can hold none."""
    import numpy as np
    import pyarrow as pa

    codes = np.empty(rows.num_rows, np.int32)
    done = 0
    _numbered(number, cells(pa.RecordBatch.from_pylist([], pa.schema([rows.schema[column]]))), name)
    for batch in rows.read([column]):
        codes[done : done + batch.num_rows] = _numbered(number, cells(batch), name)
        done += batch.num_rows
    return codes


def _numbered(number: Callable[[object], bytes], cells: pa.Array, name: str) -> Numbers:
    """The same of some cells."""
    import numpy as np
    import pyarrow as pa

    stream = pa.table({"": cells}).__arrow_c_stream__()
    try:
        return np.frombuffer(number(stream), np.int32)
    except ValueError as error:
        raise ValueError(f"column '{name}' {error}") from error


def _prims_of(ids: Rows, codes: Any) -> _Prims:
    """The prims, with the numbers that `codes` has for their ids."""
    import numpy as np

    schema = ids.schema
    check_ids(schema.names)
    found = _codes(
        codes.find, ids, schema.get_field_index("id"), lambda batch: batch.column(0), "id"
    )
    inside = np.zeros(ids.num_rows, bool)
    if "instance" in schema.names:
        done = 0
        for batch in ids.read([schema.get_field_index("instance")]):
            cells = batch.column(0).fill_null(False).to_numpy(zero_copy_only=False)
            inside[done : done + batch.num_rows] = cells
            done += batch.num_rows
    return _Prims(ids, found, inside)


def _check_paths(ids: Rows) -> None:
    """ValueError for a prim without a path, and for one that is there twice."""
    import numpy as np

    column = ids.schema.get_field_index("path")
    codes = load_core().IdCodes()
    row = 0
    different = 0
    for batch in ids.read([column]):
        cells = batch.column(0)
        if cells.null_count:
            row += int(np.argmax(cells.is_null().to_numpy(zero_copy_only=False)))
            raise ValueError(f"the ids, row {row}: the path is null; leave the row out")
        numbers = _numbered(codes.add, cells, "path")
        has_number = np.flatnonzero(numbers >= 0)
        numbers = numbers[has_number]
        # Those of new texts go on from those before.
        is_known = numbers != np.arange(different, different + len(numbers))
        if is_known.any():
            at = int(np.argmax(is_known))
            first = next(
                begin + int(np.argmax(same))
                for begin, same in _same_as(numbers[at], codes, ids, column)
                if same.any()
            )
            second = int(has_number[at])
            raise ValueError(
                f"the ids, rows {first} and {row + second}: '{cells[second]}' is there twice; "
                "a prim has one id"
            )
        different += len(numbers)
        row += len(cells)


def _same_as(number: int, codes: Any, rows: Rows, column: int) -> Iterator[tuple[int, Numbers]]:
    """Which cells have this number, portion by portion; and the first row of each."""
    row = 0
    for batch in rows.read([column]):
        yield row, _numbered(codes.find, batch.column(0), "path") == number
        row += batch.num_rows


def _portions(numbers: Numbers) -> Iterator[slice]:
    """Stretches of a long array. What numpy makes of each is small, such as int64 for an index."""
    for begin in range(0, len(numbers), ROWS_AT_ONCE):
        yield slice(begin, begin + ROWS_AT_ONCE)


def _taken(values: Numbers, numbers: Numbers) -> Numbers:
    """`values[numbers]`."""
    import numpy as np

    taken = np.empty(len(numbers), values.dtype)
    for some in _portions(numbers):
        taken[some] = values[numbers[some]]
    return taken


def _where(mask: Numbers) -> Numbers:
    """The numbers of the places that are true."""
    import numpy as np

    places = np.empty(int(np.count_nonzero(mask)), np.uint32)
    done = 0
    for some in _portions(mask):
        found = np.flatnonzero(mask[some])
        places[done : done + len(found)] = found + some.start
        done += len(found)
    return places


def _counts(codes: Numbers, size: int) -> Numbers:
    """How often each code below `size` is there."""
    import numpy as np

    counts = np.zeros(size, np.uint32)
    for some in _portions(codes):
        np.add.at(counts, codes[some], np.uint32(1))
    return counts


def _by_codes(rows: Numbers, codes: Numbers) -> Numbers:
    """Rows, which rise, in the order of their codes."""
    import numpy as np

    if not (codes[1:] < codes[:-1]).any():  # as where each code has one row
        return rows
    keys = codes.astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= rows
    keys.sort()
    return keys.astype(np.uint32)


def _cells_at(
    rows: Rows,
    column: int,
    cells: Callable[[pa.RecordBatch], pa.Array],
    numbers: Iterable[int],
) -> pa.ChunkedArray:
    """The cells in a few rows."""
    import pyarrow as pa

    wanted = {int(number) for number in numbers}
    found: dict[int, pa.Array] = {}
    empty = cells(pa.RecordBatch.from_pylist([], pa.schema([rows.schema.field(column)])))
    done = 0
    for batch in rows.read([column]) if wanted else ():
        for number in [each for each in wanted if done <= each < done + batch.num_rows]:
            found[number] = cells(batch.slice(number - done, 1))
        done += batch.num_rows
        if len(found) == len(wanted):
            break
    return pa.chunked_array([found[int(number)] for number in numbers], empty.type)


def _key_texts(rows: Rows, key: Key, numbers: Iterable[int]) -> list[str]:
    """The ids in a few rows."""
    cells = _cells_at(rows, key.steps[0], key.cells, numbers)
    return [str(text) for text in id_texts(cells, key.name).to_pylist()]


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
    table: Rows,
    codes: Numbers,
    rows: Numbers,
    time: str | None,
    keep: str | None,
    key: Key,
) -> tuple[Numbers, int]:
    """Of `rows` the ones that count, and how many do not."""
    import numpy as np
    import pyarrow as pa

    of_rows = _taken(codes, rows)
    if keep is None:
        # With times, the writer refuses one that comes twice.
        if time is None and _counts(of_rows, int(of_rows.max(initial=-1)) + 1).max(initial=0) > 1:
            raise ValueError(_several_text(table, codes, rows, key))
        return rows, 0
    if time is not None:
        column = table.schema.get_field_index(time)
        kind = table.schema.field(column).type
        cells = [batch.column(0) for batch in table.read([column])]
        times = pa.chunked_array(cells, kind).take(pa.array(rows)).combine_chunks()
        if not pa.types.is_dictionary(times.type):
            times = times.dictionary_encode()
        of_times = times.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        of_rows = of_rows.astype(np.int64) * (len(times.dictionary) + 1) + of_times + 1
    if keep == "last":
        _, places = np.unique(of_rows[::-1], return_index=True)
        places = len(rows) - 1 - places
    else:
        _, places = np.unique(of_rows, return_index=True)
    return np.sort(rows[places]), len(rows) - len(places)


def _several_text(table: Rows, codes: Numbers, rows: Numbers, key: Key) -> str:
    import numpy as np

    of_rows = codes[rows]
    several = np.flatnonzero(np.bincount(of_rows) > 1)
    examples = []
    for code in several[:SHOWN]:
        where = rows[of_rows == code]
        shown = ", ".join(str(row) for row in where[:SHOWN])
        dots = ", …" if len(where) > SHOWN else ""
        text = _key_texts(table, key, where[:1])[0]
        examples.append(f"'{text}' in rows {shown}{dots}")
    return several_text(key.name, examples, len(several))


def several_text(key: str, examples: Sequence[str], count: int) -> str:
    """What to say of `count` ids that are in several rows, where `examples` says of the first."""
    dots = "; …" if count > len(examples) else ""
    what = "1 id is" if count == 1 else f"{count:,} ids are"
    return (
        f"column '{key}': {what} in several rows: {'; '.join(examples)}{dots}; the argument "
        "'keep' takes the first or the last one, the argument 'time' names the column of times "
        "that makes them samples"
    )


def _nothing_text(
    key: Key, rows: Rows, row_codes: Numbers, prims: _Prims, is_in_instances: bool
) -> str:
    import numpy as np

    table_ids = _key_texts(rows, key, np.flatnonzero(row_codes >= 0)[:SHOWN])
    prim_ids = prims.texts("id", np.flatnonzero(prims.codes != -1)[:SHOWN])
    return nothing_text(key.name, table_ids, prim_ids, is_in_instances)


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
