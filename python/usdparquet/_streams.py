"""Tables of other libraries as Arrow streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

STREAM_METHOD = "__arrow_c_stream__"


def arrow_stream(table: object) -> object:
    """The `arrow_array_stream` capsule of any table.

    Takes pandas frames and whatever has an Arrow C stream (pyarrow tables and readers, polars
    frames, DuckDB relations). `TypeError` for anything else; `ValueError` if a pandas column has no
    Arrow type.
    """
    if _is_pandas(table):
        table = _from_pandas(table)
    # A class has the method too, but only its instances are tables.
    method: Callable[[], object] | None = getattr(table, STREAM_METHOD, None)
    if method is None or isinstance(table, type):
        raise TypeError(
            f"a table is needed, not {type(table).__name__}: a pyarrow Table or RecordBatchReader, "
            f"a pandas or polars DataFrame, or another object with {STREAM_METHOD}"
        )
    return method()


def _is_pandas(table: object) -> bool:
    """Whether it is a pandas frame; found out without importing pandas."""
    names = {f"{base.__module__.partition('.')[0]}.{base.__name__}" for base in type(table).__mro__}
    return "pandas.DataFrame" in names


def _from_pandas(frame: Any) -> Any:
    """A pandas frame as an Arrow table; the named levels of its index become columns.

    An index without a name merely numbers the rows.
    """
    import pyarrow as pa

    named = [name for name in frame.index.names if name is not None]
    if named:
        taken = [str(name) for name in named if name in frame.columns]
        if taken:
            raise ValueError(
                f"'{taken[0]}' is the name of a column and of the frame's index; rename one"
            )
        frame = frame.reset_index(level=named)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ValueError(f"two columns are named '{twice[0]}'; rename one")
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, OverflowError) as error:
        raise _pandas_error(frame, error) from error


def _pandas_error(frame: Any, error: Exception) -> ValueError:
    """Names the first cell that keeps a frame from becoming a table."""
    import pyarrow as pa

    def fails(cells: Any) -> Exception | None:
        try:
            pa.array(cells, from_pandas=True)
        except (pa.ArrowException, OverflowError) as reason:
            return reason
        return None

    for name in frame.columns:
        cells = frame[name]
        if fails(cells) is None:
            continue
        good, bad = 0, len(cells)  # the first `good` cells share a type, the first `bad` do not
        while bad - good > 1:
            middle = (good + bad) // 2
            if fails(cells.iloc[:middle]) is None:
                good = middle
            else:
                bad = middle
        reason = fails(cells.iloc[:bad])
        cell = repr(cells.iloc[good])
        shown = cell if len(cell) <= 80 else cell[:79] + "…"
        return ValueError(f"column '{name}', row {good}: {shown} does not fit the column: {reason}")
    return ValueError(str(error))
