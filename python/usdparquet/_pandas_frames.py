"""pandas frames as Arrow tables: their index, and cells that Arrow does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas
import pyarrow as pa

from ._path_cells import is_path, with_path_texts
from ._texts import check_text, is_utf8, shown_cell
from ._usd_cells import advice_for

DEFAULT_PATH = "path"


@dataclass(frozen=True)
class PandasTable:
    """A frame as an Arrow table."""

    table: pa.Table
    path: str
    """The column with the prim paths."""
    relationships: list[str]
    """Columns whose cells were Sdf.Paths, or lists of them."""
    hint: str
    """What an error about the path column should say as well: that the index holds paths too."""


def pandas_table(frame: Any, path: str) -> PandasTable:
    """A frame as an Arrow table.

    The named levels of the index become columns. A level that holds prim paths is the path column
    where no column is called `path`; else an index without a name merely numbers the rows.
    ValueError where that is not clear, or where a cell has no Arrow type, with its row.
    """
    frame = _with_flat_names(frame)
    for name in (*frame.columns, *frame.index.names):
        check_text(name, "the name of a column")
    hint = _index_hint(frame, path)
    try:
        frame, path = _with_index_columns(frame, path)
    except UnicodeEncodeError as error:
        raise _index_error(frame, error) from error
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ValueError(f"two columns are named '{twice[0]}'; rename one")
    frame, relationships = _with_plain_cells(frame)
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError) as error:
        raise _cell_error(frame, error) from error
    return PandasTable(table, path, relationships, hint)


def _index_hint(frame: Any, path: str) -> str:
    if path not in frame.columns or not any(map(holds_paths, _levels(frame))):
        return ""
    return (
        f"; the frame's index holds prim paths: it is used if no column is called '{path}', or if "
        "the argument 'path' names it"
    )


def holds_paths(level: Any) -> bool:
    """Whether an index, or a level of one, holds prim paths and nothing else."""
    if isinstance(level.dtype, pandas.CategoricalDtype):
        level = level.categories
    if not (pandas.api.types.is_object_dtype(level.dtype) or _is_text(level.dtype)):
        return False
    cells = level.dropna()
    return len(cells) > 0 and all(
        is_path(cell) or (isinstance(cell, str) and cell.startswith("/")) for cell in cells
    )


def _is_text(dtype: Any) -> bool:
    return bool(pandas.api.types.is_string_dtype(dtype))


def _levels(frame: Any) -> list[Any]:
    return [frame.index.get_level_values(level) for level in range(frame.index.nlevels)]


def _with_flat_names(frame: Any) -> Any:
    """Columns of several levels under one name each: the levels are namespaces of properties."""
    if not isinstance(frame.columns, pandas.MultiIndex):
        return frame
    names = [":".join(str(part) for part in parts if part != "") for parts in frame.columns]
    return frame.set_axis(names, axis="columns")


def _with_index_columns(frame: Any, path: str) -> tuple[Any, str]:
    """The frame with the columns that its index has, and the name of the path column."""
    names = [None if name is None else str(name) for name in frame.index.names]
    if path not in frame.columns and path not in names:
        names, path = _find_paths(_levels(frame), names, path)
    named = [name for name in names if name is not None]
    if not named:
        return frame, path
    taken = [name for name in named if name in frame.columns]
    if taken:
        raise ValueError(
            f"'{taken[0]}' is the name of a column and of the frame's index; rename one"
        )
    frame = frame.set_axis(frame.index.set_names(names), axis="index")
    return frame.reset_index(level=named), path


def _find_paths(
    levels: list[Any], names: list[str | None], path: str
) -> tuple[list[str | None], str]:
    """The names of the index's levels and of the path column, where no column is called that."""
    holding = [number for number, level in enumerate(levels) if holds_paths(level)]
    if not holding:
        return names, path
    shown = [f"'{name}'" if (name := names[n]) is not None else f"number {n}" for n in holding]
    missing = f"there is no column '{path}' with the prim paths"
    if len(holding) > 1:
        raise ValueError(
            f"{missing}, and several levels of the frame's index hold paths: {', '.join(shown)}; "
            "name one with the argument 'path'"
        )
    name = names[holding[0]]
    if name is not None:
        if path == DEFAULT_PATH:
            return names, name  # the file says so
        raise ValueError(
            f"{missing}; the frame's index {shown[0]} holds paths: name it with the argument 'path'"
        )
    if len(levels) > 1 and None in names[: holding[0]] + names[holding[0] + 1 :]:
        raise ValueError(
            f"{missing}; level {shown[0]} of the frame's index holds paths, but levels without a "
            "name are no columns: name them with frame.index.names"
        )
    return [path if number == holding[0] else old for number, old in enumerate(names)], path


def _with_plain_cells(frame: Any) -> tuple[Any, list[str]]:
    """The frame without sparse columns and Sdf.Paths, and the names of columns of such paths."""
    changed: dict[Any, Any] = {}
    relationships = []
    for number, name in enumerate(frame.columns):
        cells = frame.iloc[:, number]
        if isinstance(cells.dtype, pandas.SparseDtype):
            changed[name] = cells = cells.sparse.to_dense()
        if isinstance(cells.dtype, pandas.CategoricalDtype):
            if not any(is_path(category) for category in cells.cat.categories):
                continue
            cells = cells.astype(object)
        elif not pandas.api.types.is_object_dtype(cells.dtype):
            continue
        plain = with_path_texts(cells.to_list())
        if plain is None:
            continue
        changed[name] = pandas.Series(plain.values, index=frame.index, dtype=object)
        if plain.are_paths:
            relationships.append(str(name))
    if changed:
        frame = frame.copy(deep=False)
    for name, cells in changed.items():
        frame[name] = cells
    return frame, relationships


def _index_error(frame: Any, error: Exception) -> ValueError:
    """Names the first text of an index that pandas itself makes no column of."""
    for name, level in zip(frame.index.names, _levels(frame), strict=True):
        for row, cell in enumerate(level):
            if isinstance(cell, str) and not is_utf8(cell):
                what = "the index" if name is None else f"column '{name}'"
                return ValueError(f"{what}, row {row}: {_problem(str(name), cell, error)}")
    return ValueError(str(error))


def _problem(column: str, cell: Any, reason: Exception) -> str:
    """What is wrong with a cell that does not fit its column, and what to do."""
    shown = shown_cell(cell)
    if isinstance(reason, UnicodeEncodeError):
        return f"{shown} has text that is no valid UTF-8; correct it or make it null"
    if advice := advice_for(cell, column):
        return f"{shown} is no value that Arrow knows{advice}"
    return f"{shown} does not fit the column: {' '.join(str(reason).split())}"


def _cell_error(frame: Any, error: Exception) -> ValueError:
    """Names the first cell that keeps a frame from becoming a table."""

    def fails(cells: Any) -> Exception | None:
        try:
            pa.array(cells, from_pandas=True)
        except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError) as reason:
            return reason
        return None

    for number, name in enumerate(frame.columns):
        cells = frame.iloc[:, number]
        if fails(cells) is None:
            continue
        if isinstance(cells.dtype, pandas.CategoricalDtype):
            categories = cells.cat.categories
            cells = cells.astype(object)
            if fails(cells) is None:  # it is one that no cell has
                unused = next(each for each in categories if fails([each]))
                return ValueError(f"column '{name}', category {_problem(str(name), unused, error)}")
        good, bad = 0, len(cells)  # the first `good` cells share a type, the first `bad` do not
        while bad - good > 1:
            middle = (good + bad) // 2
            if fails(cells.iloc[:middle]) is None:
                good = middle
            else:
                bad = middle
        reason = fails(cells.iloc[:bad]) or error
        problem = _problem(str(name), cells.iloc[good], reason)
        return ValueError(f"column '{name}', row {good}: {problem}")
    return ValueError(str(error))
