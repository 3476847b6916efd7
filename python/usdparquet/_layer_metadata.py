"""Checks the metadata of a layer and gives it the form that a file's footer has."""

from __future__ import annotations

import math
from collections.abc import Mapping

_TYPES = {
    "defaultPrim": "token",
    "upAxis": "token",
    "metersPerUnit": "double",
    "kilogramsPerUnit": "double",
    "timeCodesPerSecond": "double",
    "framesPerSecond": "double",
    "startTimeCode": "double",
    "endTimeCode": "double",
    "framePrecision": "int",
    "comment": "string",
    "documentation": "string",
}
_UP_AXES = ("Y", "Z")


def layer_fields(layer: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Each field as ``{type: value}``; ValueError if it is unknown or its value does not fit."""
    return {name: {_type(name): _value(name, value)} for name, value in layer.items()}


def _type(name: str) -> str:
    if name not in _TYPES:
        raise ValueError(f"layer metadata '{name}' is not known; there are {', '.join(_TYPES)}")
    return _TYPES[name]


def _value(name: str, value: object) -> object:
    kind = _type(name)
    if kind in ("token", "string"):
        if not isinstance(value, str):
            raise ValueError(f"layer metadata '{name}' is a text, not {value!r}")
        if name == "upAxis" and value not in _UP_AXES:
            raise ValueError(f"layer metadata 'upAxis' is 'Y' or 'Z', not {value!r}")
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "int" and not (is_number and isinstance(value, int)):
        raise ValueError(f"layer metadata '{name}' is a whole number, not {value!r}")
    if not is_number or not math.isfinite(value):  # type: ignore[arg-type]
        raise ValueError(f"layer metadata '{name}' is a number, not {value!r}")
    return value
