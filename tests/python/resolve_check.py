"""Compares the columns of a stage with what a loop over its prims finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from pxr import Tf, Usd, UsdGeom
from value_strategies import plain, plain_cell

from usdparquet._resolve import resolve_counted
from usdparquet._resolving import Counts

EVERY_PRIM = Usd.TraverseInstanceProxies(Usd.PrimAllPrimsPredicate)
DEFAULT = Usd.TimeCode.Default()


@dataclass
class Seen:
    """What was compared so far."""

    stages: int = 0
    cells: int = 0
    whole: int = 0
    single: int = 0
    asked: int = 0

    def add(self, counts: Counts) -> None:
        self.whole += counts.whole
        self.single += counts.single
        self.asked += counts.asked


def prims_of(stage: Usd.Stage) -> list[Usd.Prim]:
    """All prims, in order, those in instances too."""
    return list(Usd.PrimRange(stage.GetPseudoRoot(), EVERY_PRIM))[1:]


def types_of(prims: Iterable[Usd.Prim]) -> dict[str, set[str]]:
    """The types of the attributes of all prims, by name."""
    types: dict[str, set[str]] = {}
    for prim in prims:
        for attribute in prim.GetAttributes():
            types.setdefault(attribute.GetName(), set()).add(str(attribute.GetTypeName()))
    return types


def check_stage(stage: Usd.Stage, seen: Seen, times: Sequence[Any] = (None, 0.0, 2.5)) -> None:
    """Every attribute of every prim at these times, and each column of the prims themselves."""
    prims = prims_of(stage)
    paths = [str(prim.GetPath()) for prim in prims]
    types = types_of(prims)
    types.pop("path", None)  # the answer has no place for an attribute called so
    mixed = [name for name in types if not _is_one_column(stage, name)]
    names = [name for name in types if name not in mixed]
    for name in mixed:
        assert len(types[name]) > 1
    for time in times:
        found = resolve_counted(stage, names, time=time)
        assert found.table.column_names == ["path", *names]
        assert found.table["path"].to_pylist() == paths
        code = DEFAULT if time is None else Usd.TimeCode(time)
        for name in names:
            values = [plain(prim.GetAttribute(name).Get(code)) for prim in prims]
            if len(types[name]) > 1:  # numbers of several types
                values = [plain_number(value) for value in values]
                cells = [plain_number(plain_cell(c)) for c in found.table[name].to_pylist()]
            else:
                cells = [plain_cell(cell) for cell in found.table[name].to_pylist()]
            assert cells == values, (name, time)
            seen.cells += len(cells)
        seen.add(found.counts)
    seen.stages += 1


def plain_number(value: Any) -> Any:
    """Numbers of several types, in the form of `plain`, as ones of one type."""
    if isinstance(value, list):
        return [plain_number(item) for item in value]
    return value if value is None or isinstance(value, bool) else repr(float(value))


def _is_one_column(stage: Usd.Stage, name: str) -> bool:
    """Whether the prims' attributes of that name have types that fit in a column."""
    try:
        resolve_counted(stage, [name])
    except ValueError as error:
        assert "room for together" in str(error)
        return False
    return True


def _relationships_of(prims: Sequence[Usd.Prim]) -> list[str]:
    """The names of all relationships, but for those that are attributes to some layer: OpenUSD
    raises an error then, whoever asks.
    """

    def is_sound(name: str) -> bool:
        try:
            for prim in prims:
                prim.GetRelationship(name).GetTargets()
        except Tf.ErrorException:
            return False
        return True

    names = sorted({each.GetName() for prim in prims for each in prim.GetRelationships()})
    return [name for name in names if is_sound(name)]


def check_prims(stage: Usd.Stage, time: float | None = None) -> None:
    """The columns of the prims themselves, and of their relationships."""
    prims = prims_of(stage)
    code = DEFAULT if time is None else Usd.TimeCode(time)
    relationships = _relationships_of(prims)
    facts = ["@type", "@kind", "@active", "@purpose", "@displayName", "@world", "@position"]
    names = [*facts, "@bounds", *(f"rel:{name}" for name in relationships)]
    table = resolve_counted(stage, names, time=time).table
    for row, prim in zip(table.to_pylist(), prims, strict=True):
        assert row["path"] == str(prim.GetPath())
        assert row["@type"] == (prim.GetTypeName() or None)
        assert row["@kind"] == (Usd.ModelAPI(prim).GetKind() or None)
        assert row["@active"] == prim.IsActive()
        imageable = UsdGeom.Imageable(prim)
        assert row["@purpose"] == (imageable.ComputePurpose() if imageable else None)
        assert row["@displayName"] == (prim.GetDisplayName() or None)
        world = UsdGeom.XformCache(code).GetLocalToWorldTransform(prim)
        assert row["@world"] == [number for line in world for number in line]
        assert row["@position"] == list(world.ExtractTranslation())
        if imageable:
            box = imageable.ComputeWorldBound(code, "default", "render", "proxy")
            extent = box.ComputeAlignedRange()
            if extent.IsEmpty():
                assert row["@bounds"] is None
            else:
                assert row["@bounds"]["min"] == pytest.approx(list(extent.GetMin()))
                assert row["@bounds"]["max"] == pytest.approx(list(extent.GetMax()))
        for name in relationships:
            relationship = prim.GetRelationship(name)
            targets = [str(path) for path in relationship.GetTargets()]
            assert row[f"rel:{name}"] == (targets if relationship.IsDefined() else None)
