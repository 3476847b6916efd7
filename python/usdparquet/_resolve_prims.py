"""What OpenUSD says of prims beside the values of attributes: `@type`, `@world` and the like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

_POINT = pa.list_(pa.field("element", pa.float64(), nullable=False), 3)
_MATRIX = pa.list_(pa.field("element", pa.float64(), nullable=False), 16)
_BOX = pa.struct([pa.field("min", _POINT, nullable=False), pa.field("max", _POINT, nullable=False)])
TARGETS = pa.list_(pa.field("element", pa.string(), nullable=False))

RELATIONSHIP = "rel:"
"""What the columns of relationships begin with."""

Reader = Callable[[Any], Any]
"""From a prim to a cell; None is null."""


def _type(_: Any) -> Reader:
    return lambda prim: str(prim.GetTypeName()) or None


def _kind(_: Any) -> Reader:
    from pxr import Usd

    return lambda prim: Usd.ModelAPI(prim).GetKind() or None


def _active(_: Any) -> Reader:
    return lambda prim: prim.IsActive()


def _purpose(_: Any) -> Reader:
    from pxr import UsdGeom

    def read(prim: Any) -> str | None:
        imageable = UsdGeom.Imageable(prim)
        return imageable.ComputePurpose() if imageable else None

    return read


def _display_name(_: Any) -> Reader:
    return lambda prim: prim.GetDisplayName() or None


def _world(time: Any) -> Reader:
    from pxr import UsdGeom

    cache = UsdGeom.XformCache(time)
    return lambda prim: [number for row in cache.GetLocalToWorldTransform(prim) for number in row]


def _position(time: Any) -> Reader:
    from pxr import UsdGeom

    cache = UsdGeom.XformCache(time)
    return lambda prim: list(cache.GetLocalToWorldTransform(prim).ExtractTranslation())


def _bounds(time: Any) -> Reader:
    from pxr import UsdGeom

    tokens = UsdGeom.Tokens
    cache = UsdGeom.BBoxCache(time, [tokens.default_, tokens.render, tokens.proxy])

    def read(prim: Any) -> dict[str, list[float]] | None:
        box = cache.ComputeWorldBound(prim).ComputeAlignedRange()
        return None if box.IsEmpty() else {"min": list(box.GetMin()), "max": list(box.GetMax())}

    return read


_FACTS: dict[str, tuple[pa.DataType, Callable[[Any], Reader]]] = {
    "@type": (pa.string(), _type),
    "@kind": (pa.string(), _kind),
    "@active": (pa.bool_(), _active),
    "@purpose": (pa.string(), _purpose),
    "@displayName": (pa.string(), _display_name),
    "@world": (_MATRIX, _world),
    "@position": (_POINT, _position),
    "@bounds": (_BOX, _bounds),
}
FACTS = tuple(_FACTS)


def fact_column(name: str, prims: Sequence[Any], time: Any) -> pa.Array:
    """The column `name`, one of FACTS, of prims at a time."""
    kind, make = _FACTS[name]
    read = make(time)
    return pa.array([read(prim) for prim in prims], kind)


def target_column(name: str, prims: Sequence[Any]) -> tuple[pa.Array, bool]:
    """The targets of a relationship of prims, null where there is none; whether any prim has it."""
    cells: list[list[str] | None] = []
    has_any = False
    for prim in prims:
        relationship = prim.GetRelationship(name)
        is_there = relationship.IsDefined()
        has_any = has_any or is_there
        cells.append([str(path) for path in relationship.GetTargets()] if is_there else None)
    return pa.array(cells, TARGETS), has_any
