"""Columns of a composed stage: what OpenUSD says of many prims, as an Arrow table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._extras import require
from ._path_cells import is_path
from ._texts import check_text, hint_of, shown_cell

if TYPE_CHECKING:
    import pyarrow as pa

    from ._resolve_cells import CellType
    from ._resolving import Resolved, Rows

_MAX_SHOWN = 5
_FEW_PRIMS = 100
"""So many are asked one by one."""


def resolve_columns(
    stage: object,
    columns: Sequence[str],
    *,
    prims: Iterable[object] | None = None,
    under: object | None = None,
    types: Mapping[str, str] | None = None,
    time: object | None = None,
) -> pa.Table:
    """Columns of a composed stage, as a pyarrow Table with a row for each prim.

    The first column, `path`, holds the paths of the prims; the others, in the order of `columns`,
    what ``UsdAttribute.Get(time)`` says of each prim, and null where that is nothing. They equal
    what a loop over the prims would find, whatever layers and arcs the values come from. Where
    they can only come from one Parquet layer, its columns are read whole.

    `stage`: a Usd.Stage. It may not be edited by another thread meanwhile.
    `columns`: names of attributes; ``rel:NAME`` for the targets of a relationship; and of the prims
    themselves ``@type``, ``@kind``, ``@active``, ``@purpose``, ``@displayName``, ``@world`` (the
    world matrix, row by row), ``@position`` and ``@bounds`` (the world box of all but guides).
    `prims`: the prims of the rows, in that order: paths (texts or Sdf.Path) or Usd.Prims, such as
    ``stage.Traverse()``. If not given, all prims of the stage in the order of
    ``stage.TraverseAll()``, those in instances too. Of attributes alone it is the order in which
    OpenUSD composes them now; the stage keeps the one it had while a layer that only named prims is
    muted, removed or cleared.
    `under`: instead, a prim; the rows are this prim and all below it.
    `types`: the Sdf types that columns are to have, such as ``{"cost": "double"}``. Without it, a
    column has the type of its attributes; where prims differ, the wider number.
    `time`: a number, a Usd.TimeCode, or None for the default time.

    Raises ValueError for a column that no prim has (but for those in `types`), for a prim that is
    not there, and for values that have no type together; TypeError for arguments of another kind;
    MissingExtraError, which is an ImportError, if OpenUSD is not installed.
    """
    return resolve_counted(stage, columns, prims, under, types, time).table


def resolve_counted(
    stage: Any,
    columns: Sequence[str],
    prims: Iterable[object] | None = None,
    under: object | None = None,
    types: Mapping[str, str] | None = None,
    time: object | None = None,
) -> Resolved:
    """`resolve_columns`, and by which way the values came."""
    require("pxr")
    from pxr import Usd

    from ._resolve_prims import RELATIONSHIP
    from ._resolving import Resolving

    if not isinstance(stage, Usd.Stage) or not stage:
        raise TypeError(f"stage is {shown_cell(stage)}; a Usd.Stage that is open is needed")
    names = _checked_names(columns)
    kinds = _checked_types(types, names)
    code = _time_code(time)
    attributes = [name for name in names if not name.startswith(("@", RELATIONSHIP))]
    as_prims = len(attributes) < len(names)
    rows = _rows(stage, prims, under, attributes, code, as_prims)
    return Resolving(rows, kinds, code).run(names)


def _checked_names(columns: Sequence[str]) -> list[str]:
    from pxr import Sdf

    from ._resolve_prims import FACTS, RELATIONSHIP

    if isinstance(columns, str) or is_path(columns):
        raise TypeError(f"columns takes a list of names, not {columns!r} alone")
    names = list(columns)
    seen = {"path"}
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"columns takes names, which {name!r} is not")
        check_text(name, "the name of a column")
        if name in seen:
            why = "is that of the paths, which is always there" if name == "path" else "is twice"
            raise ValueError(f"the column '{name}' {why} in the answer")
        seen.add(name)
        if name.startswith("@"):
            if name not in FACTS:
                raise ValueError(f"prims have no '{name}'{hint_of(name, FACTS)}")
        elif not Sdf.Path.IsValidNamespacedIdentifier(name.removeprefix(RELATIONSHIP)):
            raise ValueError(f"columns has {name!r}, which is no name of a property")
    return names


def _checked_types(types: Mapping[str, str] | None, names: list[str]) -> dict[str, CellType]:
    from ._resolve_cells import cell_type
    from ._resolve_prims import RELATIONSHIP

    found: dict[str, CellType] = {}
    for name, sdf_type in (types or {}).items():
        if name not in names or name.startswith(("@", RELATIONSHIP)):
            raise ValueError(f"types has '{name}', which is no attribute among the columns")
        kind = cell_type(sdf_type) if isinstance(sdf_type, str) else None
        if kind is None:
            raise ValueError(f"types: {sdf_type!r} for '{name}' is no Sdf type with values")
        found[name] = kind
    return found


def _time_code(time: Any) -> Any:
    from pxr import Sdf, Usd

    if time is None:
        return Usd.TimeCode.Default()
    if isinstance(time, Usd.TimeCode):
        return time
    if isinstance(time, Sdf.TimeCode):
        time = time.GetValue()
    if isinstance(time, bool) or not hasattr(time, "__float__"):
        raise TypeError(
            f"time is {shown_cell(time)}; it takes a number, a Usd.TimeCode or None for the "
            "default time"
        )
    number = float(time)
    if not math.isfinite(number):
        raise ValueError(f"time is {number}, which is no time code; None is the default time")
    return Usd.TimeCode(number)


def _rows(
    stage: Any,
    prims: Iterable[object] | None,
    under: object | None,
    attributes: Sequence[str],
    time: Any,
    as_prims: bool,
) -> Rows:
    """The prims of the rows, with what can be known of their attributes at once.

    `as_prims`: whether more than these attributes is asked of them.
    """
    from pxr import Usd

    from ._resolve_stage import ChosenRows, rows_below
    from ._resolving import PrimRows, name_of

    if prims is not None:
        if under is not None:
            raise ValueError("prims and under cannot be given together")
        if isinstance(prims, str | Usd.Prim) or is_path(prims):
            raise TypeError(f"prims takes a list of prims, not {shown_cell(prims)} alone")
        chosen = _prims_of(stage, prims)
        if len(chosen) < _FEW_PRIMS:
            return PrimRows(stage, chosen)
        return ChosenRows(stage, chosen, attributes, time)
    top = stage.GetPseudoRoot() if under is None else _prim_at(stage, under)
    if top is None:
        raise ValueError(f"there is no prim <{under}> on {name_of(stage)}")
    return rows_below(stage, top, attributes, time, as_prims=as_prims)


def _prims_of(stage: Any, items: Iterable[object]) -> list[Any]:
    from pxr import Usd

    from ._resolving import name_of

    found: list[Any] = []
    missing: list[str] = []
    for item in items:
        prim = item if isinstance(item, Usd.Prim) else _prim_at(stage, item)
        if prim is None or not prim or prim.IsPseudoRoot():
            missing.append(f"<{item}>" if not isinstance(item, Usd.Prim) else str(item))
        elif prim.GetStage() != stage:
            raise ValueError(f"prims has <{prim.GetPath()}> of another stage")
        found.append(prim)
    if missing:
        dots = ", …" if len(missing) > _MAX_SHOWN else ""
        raise ValueError(
            f"{name_of(stage)} has not all of these prims; missing: "
            f"{', '.join(missing[:_MAX_SHOWN])}{dots} ({len(missing):,} of {len(found):,})"
        )
    return found


def _prim_at(stage: Any, item: Any) -> Any:
    """The prim at a path, given as a text, an Sdf.Path, a prim or an Arrow scalar; None if there
    is none.
    """
    from pxr import Sdf, Usd

    if isinstance(item, Usd.Prim):
        return item if item else None
    text = str(item.as_py() if hasattr(item, "as_py") else item)
    check_text(text, "a prim path")
    if not Sdf.Path.IsValidPathString(text) or not Sdf.Path(text).IsAbsoluteRootOrPrimPath():
        return None
    return stage.GetPrimAtPath(text) or None
