"""Arrow arrays whose text is no UTF-8, which their constructors would refuse."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

LATIN = "Größe".encode("latin-1")
"""A word that is text in another encoding."""


def texts(cells: Sequence[str | bytes | None], arrow: pa.DataType | None = None) -> pa.Array:
    """Cells of any bytes as a column of texts."""
    large = arrow is not None and pa.types.is_large_string(arrow)
    coded = [cell.encode() if isinstance(cell, str) else cell for cell in cells]
    array = pa.array(coded, pa.large_binary() if large else pa.binary())
    array = array.view(pa.large_string() if large else pa.string())
    if arrow is not None and pa.types.is_dictionary(arrow):
        coded = array.dictionary_encode()
        codes = coded.indices.cast(arrow.index_type)
        return pa.DictionaryArray.from_arrays(codes, coded.dictionary, safe=False)
    return array


def lists(cells: Sequence[Sequence[str | bytes] | None]) -> pa.Array:
    """Lists of texts of any bytes."""
    coded = [
        None if cell is None else [t.encode() if isinstance(t, str) else t for t in cell]
        for cell in cells
    ]
    array = pa.array(coded, pa.list_(pa.binary()))
    return pa.ListArray.from_arrays(
        array.offsets, array.values.view(pa.string()), mask=array.is_null()
    )


def field(cells: Sequence[str | bytes | None]) -> pa.Array:
    """Structs with one field `name`."""
    return pa.StructArray.from_arrays([texts(cells)], ["name"])


def named(names: Sequence[str | bytes], columns: Sequence[pa.Array]) -> pa.Table:
    """A table whose columns have names of any bytes."""
    schema = pa.schema([pa.field(n, c.type) for n, c in zip(names, columns, strict=True)])
    return pa.Table.from_arrays(list(columns), schema=schema)
