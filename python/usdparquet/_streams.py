"""Tables of other libraries as Arrow streams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._path_cells import with_path_texts
from ._texts import shown_cell
from ._usd_cells import advice_for

if TYPE_CHECKING:
    import pyarrow as pa

STREAM_METHOD = "__arrow_c_stream__"
_WAYS_OUT = {
    "Series": "its to_frame() is one",
    "LazyFrame": "its collect() is one",
    "dict": "pyarrow.table makes one of it",
    "list": "pyarrow.Table.from_pylist makes one of rows",
}
"""What to do with things that are nearly tables."""


class CapsuleStream:
    """Hands an `arrow_array_stream` capsule to pyarrow."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._capsule


@dataclass(frozen=True)
class TableStream:
    """A table of any library, ready to be read once."""

    capsule: object
    """An `arrow_array_stream`."""
    path: str
    """The column with the prim paths."""
    relationships: list[str]
    """Other columns whose cells were Sdf.Paths, or lists of them."""
    hint: str
    """What an error about the path column should say as well."""
    is_held: bool
    """Whether the rows are in memory, whatever is made of the stream."""


def arrow_stream(table: Any, path: str) -> TableStream:
    """The Arrow stream of any table whose prim paths are in the column `path`, or in its index.

    Takes pandas frames and whatever has an Arrow C stream (pyarrow tables and readers, polars
    frames, DuckDB relations). `TypeError` for anything else; `ValueError` if a column has no Arrow
    type, or if an index leaves open which column holds the paths.
    """
    relationships: list[str] = []
    hint = ""
    library = _library_of(table)
    if library == "pandas":
        from ._pandas_frames import pandas_table

        made = pandas_table(table, path)
        table, path, relationships, hint = made.table, made.path, made.relationships, made.hint
    elif library == "polars":
        _check_polars_types(table)
        table, relationships = _without_objects(table)
    elif hasattr(table, "to_reader") and not hasattr(table, STREAM_METHOD):
        table = table.to_reader()  # a scanner of pyarrow's
    is_held = library != "" or hasattr(table, "num_rows")  # readers do not know them
    # A class has the method too, but only its instances are tables.
    method: Callable[[], object] | None = getattr(table, STREAM_METHOD, None)
    kind = type(table).__name__
    if method is None or isinstance(table, type) or kind in ("Series", "ChunkedArray"):
        way_out = f" ({_WAYS_OUT[kind]})" if kind in _WAYS_OUT else ""
        raise TypeError(
            f"a table is needed, not {kind}{way_out}: a pyarrow Table or RecordBatchReader, "
            f"a pandas or polars DataFrame, or another object with {STREAM_METHOD}"
        )
    try:
        capsule = method()
    except UnicodeDecodeError as error:  # pyarrow reads the names, and text in cells is no matter
        raise ValueError("the name of a column is no valid UTF-8; rename it") from error
    return TableStream(
        capsule, path, [name for name in relationships if name != path], hint, is_held
    )


def as_table(table: Any, path: str) -> pa.Table:
    """Any table as a pyarrow Table without views; errors as of `arrow_stream`."""
    import pyarrow as pa

    if not isinstance(table, pa.Table):
        table = pa.table(CapsuleStream(arrow_stream(table, path).capsule))
    schema = without_views(table.schema)
    return table if schema.equals(table.schema) else table.cast(schema)


def without_views(schema: pa.Schema) -> pa.Schema:
    """A schema with large texts in place of views, which Arrow cannot put into another order."""
    import pyarrow as pa

    return pa.schema(
        [field.with_type(_without_views(field.type)) for field in schema], schema.metadata
    )


def _without_views(kind: pa.DataType) -> pa.DataType:
    """The type for one column, its lists and its structs."""
    import pyarrow as pa

    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_without_views(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_without_views(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_without_views(kind.value_type)))
    return kind


def _library_of(table: object) -> str:
    """`pandas` or `polars` if it is a frame of theirs; found out without importing them."""
    for base in type(table).__mro__:
        library = base.__module__.partition(".")[0]
        if base.__name__ == "DataFrame" and library in ("pandas", "polars"):
            return library
    return ""


def _check_polars_types(frame: Any) -> None:
    """ValueError for the first column with integers of 128 bits, which Arrow does not have."""

    def has_wide(kind: Any) -> bool:
        if str(kind) in ("Int128", "UInt128"):
            return True
        inner = getattr(kind, "inner", None)
        fields = getattr(kind, "fields", None) or ()
        return (inner is not None and has_wide(inner)) or any(has_wide(f.dtype) for f in fields)

    for name, kind in frame.schema.items():
        if has_wide(kind):
            raise ValueError(
                f"column '{name}' has polars' type {kind}, which Arrow does not have; cast it to "
                "Int64, or to Float64 where that is too small"
            )


def _without_objects(frame: Any) -> tuple[Any, list[str]]:
    """A polars frame with the texts of Sdf.Paths, which are Python objects to it.

    Also returns the names of the columns that held nothing else.
    """
    import polars

    relationships = []
    for name, kind in frame.schema.items():
        if kind != polars.Object:
            continue
        values = frame[name].to_list()
        cells = with_path_texts(values)
        if cells is None:
            row = next((row for row, value in enumerate(values) if value is not None), 0)
            cell = values[row] if values else None
            raise ValueError(
                f"column '{name}', row {row}: {shown_cell(cell)} is a Python object, which has no "
                f"Arrow type{advice_for(cell, name) or '; convert the column'}"
            )
        frame = frame.with_columns(polars.Series(name, cells.values, strict=False))
        if cells.are_paths:
            relationships.append(name)
    return frame, relationships
