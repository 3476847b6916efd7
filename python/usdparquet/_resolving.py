"""Resolves columns of chosen prims: as much as possible at once, the rest prim by prim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from ._resolve_cells import CellType, array_of, cell_type, common_type, scattered
from ._resolve_prims import RELATIONSHIP, fact_column, target_column
from ._texts import hint_of, shown_cell

_MAX_PRIMS_LOOKED_AT = 10_000
_BAD_CELL = (TypeError, ValueError, OverflowError, pa.ArrowException)


@dataclass
class Counts:
    """How many values of attributes came by which way."""

    whole: int = 0
    """By columns of Parquet layers, taken whole."""
    single: int = 0
    """From a layer, one by one, but not through OpenUSD's objects."""
    asked: int = 0
    """Attributes of prims that `UsdAttribute.Get` was asked for, whether they have a value."""


@dataclass(frozen=True)
class Resolved:
    """What was found."""

    table: pa.Table
    counts: Counts


@dataclass(frozen=True)
class Known:
    """What is known of a column before OpenUSD is asked."""

    cells: pa.Array
    """The values, null where there is none and where OpenUSD is to be asked."""
    asked: np.ndarray[Any, Any]
    """The rows to ask OpenUSD for, ascending."""
    whole: int
    single: int

    @property
    def has_values(self) -> bool:
        """Whether any value is known."""
        return bool(self.cells.null_count < len(self.cells))

    def first_row(self) -> int:
        """The first row with a value. REQUIRES: has_values."""
        return int(np.argmax(self.cells.is_valid().to_numpy(zero_copy_only=False)))


class Rows(Protocol):
    """The prims of the rows."""

    stage: Any

    def paths(self) -> pa.Array:
        """Their paths."""

    def prims(self) -> Sequence[Any]:
        """The Usd.Prims."""

    def prim(self, row: int) -> Any:
        """The Usd.Prim of a row."""

    def known(self, name: str) -> Known | None:
        """What is known of the values of an attribute; None is nothing."""


class PrimRows:
    """Prims of which nothing is known."""

    def __init__(self, stage: Any, prims: Sequence[Any]) -> None:
        self.stage = stage
        self._prims = prims
        self._paths = pa.array([str(prim.GetPath()) for prim in prims], pa.string())

    def paths(self) -> pa.Array:
        """As Rows."""
        return self._paths

    def prims(self) -> Sequence[Any]:
        """As Rows."""
        return self._prims

    def prim(self, row: int) -> Any:
        """As Rows."""
        return self._prims[row]

    def known(self, name: str) -> Known | None:
        """As Rows."""
        return None


def name_of(stage: Any) -> str:
    """What messages call a stage."""
    return f"the stage of {stage.GetRootLayer().identifier}"


class Resolving:
    """Resolves columns of the same rows, at one time."""

    def __init__(self, rows: Rows, kinds: Mapping[str, CellType], time: Any) -> None:
        self._rows = rows
        self._kinds = kinds
        self._time = time
        self._counts = Counts()

    def run(self, names: Iterable[str]) -> Resolved:
        """The table of the columns called `names`. Raises ValueError as `resolve_columns` does."""
        columns = {"path": self._rows.paths()}
        for name in names:
            columns[name] = self._column(name)
        return Resolved(pa.table(columns), self._counts)

    def _column(self, name: str) -> pa.Array:
        if name.startswith("@"):
            return fact_column(name, self._rows.prims(), self._time)
        if name.startswith(RELATIONSHIP):
            inner = name.removeprefix(RELATIONSHIP)
            column, has_any = target_column(inner, self._rows.prims())
            if not has_any:
                raise ValueError(self._nothing_text("relationship", inner))
            return column
        return self._attribute(name)

    def _attribute(self, name: str) -> pa.Array:
        known = self._rows.known(name)
        wanted = self._kinds.get(name)
        values, types = self._ask(name, None if known is None else known.asked)
        if known is not None and not (known.has_values or values or wanted):
            known = None  # the type is then that of the attributes, which have no value
            values, types = self._ask(name, None)
        if known is not None:
            self._counts.whole += known.whole
            self._counts.single += known.single
        if wanted is not None:
            target = wanted.arrow
        else:
            has_values = values or (known is not None and known.has_values)
            counted = {each: types[each] for each in values} if has_values else types
            target = self._type_of(name, known, counted)
        parts = [
            (np.array(at, np.int64), self._cells(name, at, cells, sdf_type, target))
            for sdf_type, (at, cells) in values.items()
        ]
        return self._merged(name, known, parts, target)

    def _ask(
        self, name: str, asked: np.ndarray[Any, Any] | None
    ) -> tuple[dict[str, tuple[list[int], list[Any]]], dict[str, int]]:
        """By Sdf type, the rows with values and the values; and the types of all attributes, each
        with a row that has it. Asks OpenUSD for these rows, or for all.
        """
        rows = np.arange(len(self._rows.paths())) if asked is None else asked
        self._counts.asked += len(rows)
        values: dict[str, tuple[list[int], list[Any]]] = {}
        types: dict[str, int] = {}
        for row in rows.tolist():
            attribute = self._rows.prim(row).GetAttribute(name)
            if not attribute.IsDefined():
                continue
            sdf_type = str(attribute.GetTypeName())
            types.setdefault(sdf_type, row)
            value = attribute.Get(self._time)
            if value is not None:
                at, cells = values.setdefault(sdf_type, ([], []))
                at.append(row)
                cells.append(value)
        return values, types

    def _type_of(self, name: str, known: Known | None, types: Mapping[str, int]) -> pa.DataType:
        """The type of a column of what is known and of attributes of Sdf types, each with a row."""
        kinds = {each: kind.arrow for each in types if (kind := cell_type(each)) is not None}
        places = dict(types)
        if known is not None and known.has_values:
            places[str(known.cells.type)] = known.first_row()
            kinds[str(known.cells.type)] = known.cells.type
        if not places:
            raise ValueError(self._nothing_text("attribute", name))
        if not kinds:
            return pa.null()
        common = common_type(list(kinds.values()))
        if common is None:
            shown = ", ".join(f"{each} at <{self._path(row)}>" for each, row in places.items())
            raise ValueError(
                f"'{name}' has types that no column has room for together: {shown}; "
                f"types={{'{name}': …}} says which one to convert to"
            )
        return common

    def _cells(
        self, name: str, rows: Sequence[int], values: Sequence[Any], sdf_type: str, to: pa.DataType
    ) -> pa.Array:
        """Values of attributes of one type as cells of another. ValueError names the first that has
        no place there.
        """
        kind = cell_type(sdf_type)
        if kind is None:
            raise ValueError(
                f"'{name}' of <{self._path(rows[0])}> is of no type with cells: {sdf_type}"
            )
        try:
            return _as(array_of(values, kind), to)
        except _BAD_CELL as error:
            for row, value in zip(rows, values, strict=True):
                try:
                    _as(array_of([value], kind), to)
                except _BAD_CELL:
                    raise ValueError(
                        f"'{name}' of <{self._path(row)}> is {shown_cell(value)}, which is no "
                        f"{to} without a loss; types={{'{name}': …}} says another type"
                    ) from error
            raise

    def _merged(
        self,
        name: str,
        known: Known | None,
        parts: list[tuple[np.ndarray[Any, Any], pa.Array]],
        to: pa.DataType,
    ) -> pa.Array:
        length = len(self._rows.paths())
        if known is None or not known.has_values:
            return scattered(parts, length) if parts else pa.nulls(length, to)
        cells = self._converted(name, known.cells, to)
        if not parts:
            return cells
        rest = np.ones(length, bool)
        for at, _ in parts:
            rest[at] = False
        rows = np.flatnonzero(rest)
        return scattered([(rows, cells.take(pa.array(rows))), *parts], length)

    def _converted(self, name: str, cells: pa.Array, to: pa.DataType) -> pa.Array:
        try:
            return _as(cells, to)
        except _BAD_CELL as error:
            for row in range(len(cells)):
                try:
                    _as(cells.slice(row, 1), to)
                except _BAD_CELL:
                    raise ValueError(
                        f"'{name}' of <{self._path(row)}> is {shown_cell(cells[row].as_py())}, "
                        f"which is no {to} without a loss; types={{'{name}': …}} says another type"
                    ) from error
            raise

    def _path(self, row: int) -> str:
        return str(self._rows.paths()[row])

    def _nothing_text(self, what: str, name: str) -> str:
        """That no prim has a property, with the nearest name of the first prims' properties."""
        names: dict[str, None] = {}
        for row in range(min(len(self._rows.paths()), _MAX_PRIMS_LOOKED_AT)):
            prim = self._rows.prim(row)
            properties = prim.GetAttributes() if what == "attribute" else prim.GetRelationships()
            names.update(dict.fromkeys(each.GetName() for each in properties))
        return (
            f"no prim of these on {name_of(self._rows.stage)} has the {what} '{name}'"
            f"{hint_of(name, list(names))}"
        )


def _as(cells: pa.Array, to: pa.DataType) -> pa.Array:
    return cells if cells.type == to else cells.cast(to)
