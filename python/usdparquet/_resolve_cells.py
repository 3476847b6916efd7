"""OpenUSD's values as Arrow columns."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# The C++ types of scalars, as Tf calls them.
_SCALARS: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "unsigned char": pa.uint8(),
    "int": pa.int32(),
    "unsigned int": pa.uint32(),
    "long": pa.int64(),
    "unsigned long": pa.uint64(),
    "pxr_half::half": pa.float16(),
    "float": pa.float32(),
    "double": pa.float64(),
}
_TEXTS: dict[str, Callable[[Any], str]] = {
    "string": str,
    "TfToken": str,
    "SdfAssetPath": lambda value: str(value.path),
    "SdfPathExpression": lambda value: str(value.GetText()),
}
_COMPONENTS = {"h": pa.float16(), "f": pa.float32(), "d": pa.float64(), "i": pa.int32()}


class CellType(NamedTuple):
    """How values of an Sdf type are cells."""

    scalar: pa.DataType
    """Of one number or text."""
    size: int
    """How many of them a tuple has; 1: it is none."""
    is_array: bool
    flat: Callable[[Any], Any]
    """The numbers of one value that is no array; of a scalar the value itself."""
    text: Callable[[Any], str] | None
    """The text of a value, where it is one."""

    @property
    def arrow(self) -> pa.DataType:
        """The type of the column."""
        one = self.scalar
        if self.size > 1:
            one = pa.list_(pa.field("element", one, nullable=False), self.size)
        return pa.list_(pa.field("element", one, nullable=False)) if self.is_array else one


@functools.cache
def cell_type(sdf_type: str) -> CellType | None:
    """How values of an Sdf type, such as `color3f[]`, are cells; None if it has no values."""
    from pxr import Sdf

    name = Sdf.ValueTypeNames.Find(sdf_type).type.typeName
    is_array = name.startswith("VtArray<")
    if is_array:
        name = name[len("VtArray<") : -1]
    if name in _SCALARS:
        return CellType(_SCALARS[name], 1, is_array, _itself, None)
    if name in _TEXTS:
        return CellType(pa.string(), 1, is_array, _itself, _TEXTS[name])
    if name in ("GfTimeCode", "SdfTimeCode"):
        return CellType(pa.float64(), 1, is_array, _time_code, None)
    if vector := re.fullmatch(r"GfVec([234])([hfdi])", name):
        return CellType(_COMPONENTS[vector[2]], int(vector[1]), is_array, tuple, None)
    if matrix := re.fullmatch(r"GfMatrix([234])d", name):
        return CellType(pa.float64(), int(matrix[1]) ** 2, is_array, _matrix, None)
    if quaternion := re.fullmatch(r"GfQuat([hfd])", name):
        return CellType(_COMPONENTS[quaternion[1]], 4, is_array, _quaternion, None)
    return None


def _itself(value: Any) -> Any:
    return value


def _time_code(value: Any) -> float:
    return float(value.GetValue() if hasattr(value, "GetValue") else value)


def _matrix(value: Any) -> list[float]:
    return [number for row in value for number in row]


def _quaternion(value: Any) -> tuple[float, ...]:
    return (*value.imaginary, value.real)


def array_of(values: Sequence[Any], kind: CellType) -> pa.Array:
    """An Arrow array of values of one Sdf type; None is null. Raises what Python or Arrow raise
    where a value is of another type.
    """
    if not kind.is_array:
        return _items(values, kind)
    mask = np.array([value is None for value in values], bool)
    parts: list[Any] = [() if value is None else value for value in values]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    offsets = np.concatenate([[0], ends])
    if len(ends) and ends[-1] > np.iinfo(np.int32).max:
        raise ValueError("the arrays have more than 2^31 elements together")
    items = _elements([part for part in parts if len(part)], kind)
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), items, type=kind.arrow, mask=pa.array(mask)
    )


def _elements(arrays: list[Any], kind: CellType) -> pa.Array:
    """The elements of all arrays, one behind the other."""
    has_buffer = kind.text is None and kind.flat is not _time_code
    if not has_buffer or not arrays:
        return _items([item for array in arrays for item in array], kind)
    whole = np.concatenate([np.asarray(array).reshape(-1) for array in arrays])
    return _tuples(pa.array(whole, kind.scalar), kind, None)


def _items(values: Sequence[Any], kind: CellType) -> pa.Array:
    """Values that are no arrays."""
    if kind.text is not None:
        return pa.array([None if v is None else kind.text(v) for v in values], kind.scalar)
    if kind.size == 1:
        numbers = [None if value is None else kind.flat(value) for value in values]
        if pa.types.is_float16(kind.scalar):
            return pa.array([None if n is None else np.float16(n) for n in numbers], kind.scalar)
        return pa.array(numbers, kind.scalar)
    nothing = (0,) * kind.size
    flat = [n for value in values for n in (nothing if value is None else kind.flat(value))]
    whole = pa.array(np.array(flat, kind.scalar.to_pandas_dtype()), kind.scalar)
    mask = np.array([value is None for value in values], bool)
    return _tuples(whole, kind, pa.array(mask) if mask.any() else None)


def _tuples(numbers: pa.Array, kind: CellType, mask: pa.Array | None) -> pa.Array:
    if kind.size == 1:
        return numbers
    one = kind._replace(is_array=False).arrow
    return pa.FixedSizeListArray.from_arrays(numbers, type=one, mask=mask)


def common_type(kinds: Sequence[pa.DataType]) -> pa.DataType | None:
    """The type that columns of several types have together: the wider number; None if none has
    room for all.
    """
    first, *others = kinds
    for other in others:
        wider = _wider(first, other)
        if wider is None:
            return None
        first = wider
    return first


def _wider(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    if a == b:
        return a
    if pa.types.is_list(a) and pa.types.is_list(b):
        inner = _wider(a.value_type, b.value_type)
        return None if inner is None else pa.list_(a.value_field.with_type(inner))
    if pa.types.is_fixed_size_list(a) and pa.types.is_fixed_size_list(b):
        inner = _wider(a.value_type, b.value_type) if a.list_size == b.list_size else None
        return None if inner is None else pa.list_(a.value_field.with_type(inner), a.list_size)
    if _is_number(a) and _is_number(b):
        return pa.from_numpy_dtype(
            np.promote_types(a.to_pandas_dtype(), b.to_pandas_dtype())  # a wider one than both
        )
    return None


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def scattered(parts: Sequence[tuple[np.ndarray[Any, Any], pa.Array]], length: int) -> pa.Array:
    """An array of `length` cells: those of each part at its rows, null elsewhere. All parts are of
    one type, and no row is in two.
    """
    places = np.full(length, -1, np.int64)
    start = 0
    for rows, cells in parts:
        places[rows] = np.arange(start, start + len(cells))
        start += len(cells)
    cells = pa.concat_arrays([cells for _, cells in parts])
    if len(cells) == length and np.array_equal(places, np.arange(length)):
        return cells
    return pc.take(cells, pa.array(places, mask=places < 0))
