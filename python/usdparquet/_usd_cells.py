"""Cells that are OpenUSD's values, which Arrow does not know. OpenUSD is not loaded."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_SCALARS = {"d": "double", "f": "float", "h": "half", "i": "int"}


class _Instead(NamedTuple):
    """What to give for a value of a class."""

    one: str
    several: str
    sdf_type: str


def _numbers(count: str, sdf_type: str) -> _Instead:
    return _Instead(f"a list of {count}", f"lists of {count}", sdf_type)


_NAMED = {
    "AssetPath": _Instead("a text", "texts", "asset"),
    "Token": _Instead("a text", "texts", "token"),
    "String": _Instead("a text", "texts", "string"),
    "TimeCode": _Instead("a number", "numbers", "timecode"),
    "Bool": _Instead("a truth value", "truth values", "bool"),
    **{
        name: _Instead("a number", "numbers", name.lower())
        for name in ("Int", "Int64", "UInt", "UInt64", "UChar", "Half", "Float", "Double")
    },
}


def advice_for(cell: Any, column: str) -> str:
    """What to give instead of a cell that is a value of OpenUSD or has one in it; else empty."""
    value = _usd_value(cell)
    if value is None:
        return ""
    name = type(value).__name__
    element = name.removesuffix("Array")
    instead = _instead_of(element)
    if instead is None:
        return "; give numbers, texts or lists of them instead"
    if element == name and value is cell:
        what, sdf_type = instead.one, instead.sdf_type
    else:
        what, sdf_type = f"a list of {instead.several}", f"{instead.sdf_type}[]"
    return f"; give {what} instead, with types={{{column!r}: {sdf_type!r}}}"


def _instead_of(name: str) -> _Instead | None:
    if vector := re.fullmatch(r"Vec([234])([dfhi])", name):
        return _numbers(f"{vector[1]} numbers", f"{_SCALARS[vector[2]]}{vector[1]}")
    if quaternion := re.fullmatch(r"Quat([dfh])", name):
        return _numbers("the numbers i, j, k, real", f"quat{quaternion[1]}")
    if matrix := re.fullmatch(r"Matrix([34])d", name):
        return _numbers(f"{int(matrix[1]) ** 2} numbers, row by row", f"matrix{matrix[1]}d")
    return _NAMED.get(name)


def _usd_value(cell: Any) -> Any:
    """The cell, or the first item in a list, that is a value of OpenUSD; None if there is none."""
    if type(cell).__module__.startswith("pxr."):
        return cell
    is_list = isinstance(cell, list | tuple | set) or type(cell).__name__ == "ndarray"
    if not is_list or getattr(cell, "ndim", 1) != 1:
        return None
    return next((item for item in cell if type(item).__module__.startswith("pxr.")), None)
