"""Columns of a layer's file as Arrow tables, without OpenUSD."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._path_cells import is_path
from ._plugin import load_core
from ._streams import CapsuleStream
from ._texts import check_text

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = ("error", "null")


def read_columns(
    source: object,
    columns: Sequence[str] | None = None,
    paths: Iterable[object] | None = None,
    *,
    path: str | None = None,
    key: str | None = None,
    ids: object | None = None,
    time: str | None = None,
    under: object | None = None,
    times: tuple[object, object] | None = None,
    missing: str = "error",
) -> pa.Table:
    """Read columns of a Parquet layer into a pyarrow Table, for all rows or for chosen prims.

    The first column holds the paths, and the second the times, if the file has them; the others are
    those of `columns`, with their types and names in the file. With `paths` or `under` the rows are
    found through the path index, and only the pages that hold them are read where that pays.
    OpenUSD is not loaded.

    `source`: a file name, or an open Sdf.Layer or Usd.Stage (its root layer), whose file is read.
    `columns`: names of columns, of struct fields (``column:field``) or of properties; all columns
    if not given. Whether two of them would become one property of a layer is no matter.
    `paths`: prim paths (texts or Sdf.Path); the rows are in this order. If a path has several rows,
    the last one counts, as in the layer.
    `under`: a prim path; the rows of this prim and of all prims below it, in namespace order.
    `path`: the column with the prim paths; if not given, the one that the layer was opened with,
    else the one that the file names, else ``path``.
    `key`, `ids`: for a table that knows ids instead of paths: the column with the ids, and a
    Parquet file with the `path` and the `id` of prims; if not given, what the layer was
    opened with. The rows are those of the prims that have one, in the order of `ids`; the whole
    table is read.
    `time`: the column with the times, if the rows of one path are its time samples and the file
    does not say so. All rows of a path are then read: the one without a time first, then by time.
    `times`: of a table with times, the first and the last one of the rows to read; None for an open
    end. Rows without a time are left out. Numbers, datetimes or, for timestamps, ISO 8601 texts.
    `missing`: what to do about `paths` without a row: ``"error"``, or ``"null"`` for a row of
    nulls.

    Raises ValueError for a column or a prim that is not there and for text that is no UTF-8,
    OSError for a file that cannot be read. Warns where the file's index is damaged, which loses
    nothing.
    """
    if missing not in MISSING:
        raise ValueError(f"missing is {missing!r}; it can be 'error' or 'null'")
    if paths is not None and under is not None:
        raise ValueError("paths and under cannot be given together")
    for name, value in (("columns", columns), ("paths", paths)):
        if isinstance(value, str) or is_path(value):
            raise TypeError(f"{name} takes a list of names, not {value!r} alone")
    for name in columns or ():
        if not isinstance(name, str):
            raise TypeError(f"columns takes names, which {name!r} is not")
        check_text(name, "the name of a column")
    for name, text in (("path", path), ("time", time)):
        check_text(text, f"the argument '{name}'")
    file, arguments = _file_of(source)
    if (key is None) != (ids is None):
        given, other = ("key", "ids") if ids is None else ("ids", "key")
        raise ValueError(f"{given} is given without {other}")
    from ._joined_columns import key_and_ids, read_joined

    joined = (key, ids) if key is not None else key_and_ids(arguments, file)
    if joined is not None:
        if path is not None:
            raise ValueError("path and key cannot be given together")
        table = read_joined(
            file,
            columns,
            paths,
            key=str(joined[0]),
            ids=joined[1],
            time=time or arguments.get("time"),
            under=under,
            missing=missing,
            needs_times=times is not None,
        )
        return table if times is None else _within(table, file, times)
    core = load_core()
    Path(file).stat()  # so that a file that is not there is a FileNotFoundError
    answer = core.read_rows(
        file,
        path_column=path or arguments.get("path", ""),
        time_column=time or arguments.get("time", ""),
        columns=None if columns is None else list(columns),
        paths=None if paths is None else [_path_text(item) for item in paths],
        under=None if under is None else _path_text(under),
    )
    for warning in answer["warnings"]:
        warnings.warn(warning, stacklevel=2)
    if times is not None and not answer["has_times"]:
        raise ValueError(f"{file}: has no column of times; time names it")
    if missing == "error" and answer["num_missing"]:
        raise ValueError(_missing_text(file, answer["missing"], answer["num_missing"]))
    import pyarrow as pa

    table = pa.table(CapsuleStream(answer["stream"]))
    return table if times is None else _within(table, file, times)


def _within(table: pa.Table, file: str, times: tuple[object, object]) -> pa.Table:
    """The rows whose times, in the second column, are from the first to the last of `times`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = table.column(1)
    chosen = pc.is_valid(cells)
    for end, compare in zip(times, (pc.greater_equal, pc.less_equal), strict=True):
        if end is None:
            continue
        try:
            limit = pa.scalar(end)
            if not pa.types.is_integer(limit.type) and not pa.types.is_floating(limit.type):
                limit = limit.cast(cells.type)
            chosen = pc.and_(chosen, compare(cells, limit))
        except (pa.ArrowException, NotImplementedError) as error:
            raise ValueError(f"{file}: {end!r} is no time as the file has them: {error}") from error
    return table.filter(chosen)


def _path_text(item: object) -> str:
    """A path given as a text, an Sdf.Path or an Arrow scalar."""
    as_py = getattr(item, "as_py", None)
    text = str(as_py() if as_py else item)
    check_text(text, "a prim path")
    return text


def _file_of(source: Any) -> tuple[str, dict[str, str]]:
    """The file behind a file name, a layer or a stage, and the layer's format arguments."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source), {}
    layer = source.GetRootLayer() if hasattr(source, "GetRootLayer") else source
    file = getattr(layer, "realPath", None)
    if file is None:
        raise TypeError(f"a file name, a layer or a stage is needed, not {type(source).__name__}")
    if not file:
        raise ValueError(f"{layer.identifier}: the layer has no file")
    if layer.dirty:
        raise ValueError(f"{file}: the layer has edits that are not in its file; save it first")
    arguments = dict(layer.GetFileFormatArguments())
    if arguments.get("prefix"):
        raise ValueError(
            f"{file}: the layer is rooted under {arguments['prefix']}; give the file's name, and "
            "paths as they are in the file"
        )
    return str(file), arguments


def _missing_text(file: str, shown: list[str], count: int) -> str:
    names = ", ".join(f"'{name}'" for name in shown)
    dots = ", …" if count > len(shown) else ""
    what = "1 path has no row" if count == 1 else f"{count:,} paths have no row"
    return f"{file}: {what}: {names}{dots}; missing='null' gives empty rows for them"
