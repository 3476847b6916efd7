"""The seeded property table that every format of the benchmark holds.

The doubles have full random precision. That is the hard case for every compressor, so file sizes
here are an upper bound for measured or rounded data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

Hierarchy = Literal["flat", "deep"]
Kind = Literal["double", "int", "bool", "string"]
Value = float | int | bool | str

HIERARCHIES: tuple[Hierarchy, ...] = get_args(Hierarchy)

PROPERTIES: dict[str, Kind] = {
    "cost": "double",
    "carbon_A1": "double",
    "carbon_A2": "double",
    "carbon_A3": "double",
    "carbon_A4": "double",
    "carbon_A5": "double",
    "weight": "double",
    "temperature": "double",
    "pressure": "double",
    "velocity_x": "double",
    "velocity_y": "double",
    "velocity_z": "double",
    "stress": "double",
    "strain": "double",
    "efficiency": "double",
    "lifespan": "int",
    "is_active": "bool",
    "supplier_id": "string",
    "material_code": "string",
    "install_date": "string",
}
"""Name and kind of each property, in the order of the columns."""

SINGLE_PROPERTY = "cost"
MULTI_PROPERTIES = ("cost", "carbon_A1", "lifespan", "is_active", "supplier_id", "material_code")
"""The six properties of the multi-property tests: two doubles, an int, a bool, two strings."""

_SUBSTANCES = ("STEEL", "CONC", "GLASS", "ALU", "TIMBER", "BRICK", "GYPSUM", "COPPER")
SUPPLIERS = [f"SUP-{number:05d}" for number in range(500)]
MATERIALS = [f"{name}-{grade:03d}" for name in _SUBSTANCES for grade in range(5)]
DATES: list[str] = np.datetime_as_string(
    np.arange(np.datetime64("2010-01-01"), np.datetime64("2025-01-01"))
).tolist()
"""What the strings of the last three properties are taken from."""

_COMPONENTS_PER_ROOM = 10
_ROOMS_PER_LEVEL = 10
_LEVELS_PER_ZONE = 10


@dataclass(frozen=True)
class TextColumn:
    """Strings as codes into a short vocabulary, so that no row needs a Python object."""

    codes: npt.NDArray[np.int32]
    vocabulary: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)


Column = npt.NDArray[Any] | TextColumn


@dataclass(frozen=True)
class PropertyTable:
    """`rows` prims and their properties; row `i` belongs to the i-th path of `prim_path`."""

    rows: int
    columns: dict[str, Column]

    def value(self, name: str, row: int) -> Value:
        """One cell as the Python value that `Usd.Attribute.Get` has to return."""
        column = self.columns[name]
        if isinstance(column, TextColumn):
            return column.vocabulary[int(column.codes[row])]
        return cast(Value, column[row].item())

    def values(self, name: str) -> Iterator[Value]:
        """All cells of one column, in row order."""
        column = self.columns[name]
        if isinstance(column, TextColumn):
            vocabulary = column.vocabulary
            return (vocabulary[code] for code in column.codes.tolist())
        return iter(column.tolist())


def make_table(rows: int, seed: int) -> PropertyTable:
    """The table for `rows` prims; the same arguments give the same values on every machine."""
    random = np.random.default_rng(seed)
    columns: dict[str, Column] = {
        "cost": random.lognormal(6.0, 1.2, rows),
        "carbon_A1": random.gamma(2.0, 40.0, rows),
        "carbon_A2": random.gamma(2.0, 4.0, rows),
        "carbon_A3": random.gamma(2.0, 15.0, rows),
        "carbon_A4": random.gamma(2.0, 3.0, rows),
        "carbon_A5": random.gamma(2.0, 5.0, rows),
        "weight": random.lognormal(4.0, 1.0, rows),
        "temperature": random.normal(21.0, 4.0, rows),
        "pressure": random.normal(101.325, 0.8, rows),
        "velocity_x": random.normal(0.0, 1.5, rows),
        "velocity_y": random.normal(0.0, 1.5, rows),
        "velocity_z": random.normal(0.0, 0.3, rows),
        "stress": random.gamma(3.0, 25.0, rows),
        "strain": random.gamma(3.0, 0.0004, rows),
        "efficiency": random.beta(8.0, 2.0, rows),
        "lifespan": random.integers(5, 101, rows, dtype=np.int32),
        "is_active": random.random(rows) < 0.85,
        "supplier_id": _text(random, rows, SUPPLIERS),
        "material_code": _text(random, rows, MATERIALS),
        "install_date": _text(random, rows, DATES),
    }
    return PropertyTable(rows, columns)


def prim_path(row: int, hierarchy: Hierarchy) -> str:
    """The prim path of one row."""
    if hierarchy == "flat":
        return f"/World/Prim_{row}"
    room, component = divmod(row, _COMPONENTS_PER_ROOM)
    level, room = divmod(room, _ROOMS_PER_LEVEL)
    zone, level = divmod(level, _LEVELS_PER_ZONE)
    return f"/World/Zone_{zone}/Level_{level}/Room_{room}/Component_{component}"


def prim_paths(rows: int, hierarchy: Hierarchy) -> list[str]:
    """The prim path of every row, in row order."""
    return [prim_path(row, hierarchy) for row in range(rows)]


def sample_rows(rows: int, count: int, seed: int) -> list[int]:
    """`count` distinct rows in random order (all of them if there are fewer)."""
    random = np.random.default_rng(seed)
    return cast(list[int], random.permutation(rows)[:count].tolist())


def _text(random: np.random.Generator, rows: int, vocabulary: Sequence[str]) -> TextColumn:
    codes = random.integers(0, len(vocabulary), rows, dtype=np.int32)
    return TextColumn(codes, tuple(vocabulary))
