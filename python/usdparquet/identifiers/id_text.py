"""Ids as texts: the ones that write the same are the same, whatever their types."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def id_text(value: object) -> str | None:
    """The text of an id; None for what is no id: nothing, NaN, an empty text.

    A number without a fraction is written as an integer, so that a column of integers that a
    missing cell has turned into doubles still matches. TypeError for what is neither text nor
    number.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Decimal):
        if value.is_nan():
            return None
        whole = value.to_integral_value()
        return str(int(whole)) if whole == value else f"{value.normalize():f}"
    raise TypeError(f"{type(value).__name__} is no id; an id is a text or a number")


def narrowed(value: float, bits: int) -> float:
    """The double with the fewest digits that stands for a number of 32 or 16 bits: 0.1 for the
    float that is nearest to it."""
    import numpy as np

    if not math.isfinite(value) or value.is_integer():
        return value
    if bits == 32:
        return float(str(np.float32(value)))
    candidates = (float(f"{value:.{digits}e}") for digits in range(17))
    return next(number for number in candidates if np.float16(number) == np.float16(value))


def id_texts(cells: pa.ChunkedArray, column: str) -> pa.ChunkedArray:
    """The texts of a column of ids, as `large_string`; nulls for what is no id.

    ValueError if the type of the column can hold no ids.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pa.large_string()
    kind = cells.type
    if pa.types.is_dictionary(kind):
        cells, kind = cells.cast(kind.value_type), kind.value_type
    if _is_text(kind) or pa.types.is_integer(kind):
        texts = cells.cast(text)
    elif (
        pa.types.is_nested(kind)
        or pa.types.is_temporal(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    ):
        raise ValueError(f"column '{column}' has type {kind}; ids are texts or numbers")
    else:
        texts = _by_value(cells, column)
    return pc.if_else(pc.equal(texts, pa.scalar("", text)), pa.scalar(None, text), texts)


def _by_value(cells: pa.ChunkedArray, column: str) -> pa.ChunkedArray:
    """The texts of other types, each different value made a text once."""
    import pyarrow as pa

    bits = {pa.float32(): 32, pa.float16(): 16}.get(cells.type)
    chunks = []
    for chunk in cells.chunks:
        encoded = chunk.dictionary_encode()
        try:
            values = encoded.dictionary.to_pylist()
            if bits is not None:
                values = [None if value is None else narrowed(value, bits) for value in values]
            values = [id_text(value) for value in values]
        except TypeError as error:
            raise ValueError(
                f"column '{column}' has type {cells.type}; ids are texts or numbers"
            ) from error
        chunks.append(pa.array(values, pa.large_string()).take(encoded.indices))
    return pa.chunked_array(chunks, pa.large_string())


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
