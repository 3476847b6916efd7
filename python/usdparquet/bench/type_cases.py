"""The kinds of properties that `property_types` measures: types, sizes and numbers of columns.

Each case is a table of its own whose columns are all of one kind, so that load, reads, memory and
file size are those of this kind. Numbers are random, strings random letters: the hard case for
every compressor.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Group = Literal["type", "string", "array", "columns"]

_LETTERS = np.frombuffer(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", np.uint8
)
_ROWS = 5_000


@dataclass(frozen=True)
class TypeCase:
    """One kind of property: `columns` columns over `rows` prims."""

    name: str
    title: str
    group: Group
    rows: int
    columns: int
    kind: str
    """`bool`, `int32`, … : a numpy type, or `string`."""
    shape: tuple[int, ...] = ()
    """The shape of one value: () for scalars, (3,) for vectors, (4, 4) for matrices."""
    sdf_type: str = ""
    size: int = 1
    """The number that grows within the group: letters, elements or columns."""
    in_demo: bool = False

    @property
    def is_array(self) -> bool:
        """Whether a value is an array of variable length, not a vector or matrix."""
        return self.group == "array"

    def column_names(self) -> list[str]:
        """The names of the properties."""
        return [f"value_{number}" for number in range(self.columns)]

    def values(self, column: int, seed: int) -> npt.NDArray[Any] | list[str]:
        """The values of one column, `rows` by `shape`; strings as a list."""
        random = np.random.default_rng([seed, zlib.crc32(self.name.encode()), column])
        if self.kind == "string":
            letters = _LETTERS[random.integers(0, len(_LETTERS), (self.rows, self.size))]
            return [row.tobytes().decode("ascii") for row in letters]
        shape = (self.rows, *self.shape)
        if self.kind == "bool":
            return random.random(shape) < 0.5
        if self.kind in ("int32", "int64"):
            info = np.iinfo(self.kind)
            return random.integers(info.min, info.max, shape, dtype=self.kind)
        return random.normal(0.0, 100.0, shape).astype(self.kind)


def _type(title: str, kind: str, shape: tuple[int, ...] = (), in_demo: bool = False) -> TypeCase:
    return TypeCase(f"type_{title}", title, "type", _ROWS, 1, kind, shape, title, in_demo=in_demo)


def _string(length: int, rows: int, in_demo: bool = False) -> TypeCase:
    title = f"string, {length:,} letters"
    return TypeCase(
        f"string_{length}", title, "string", rows, 1, "string", (), "string", length, in_demo
    )


def _array(length: int, rows: int, in_demo: bool = False) -> TypeCase:
    name, title = f"array_{length}", f"double[{length:,}]"
    shape = (length,)
    return TypeCase(name, title, "array", rows, 1, "float64", shape, "double[]", length, in_demo)


def _columns(count: int, in_demo: bool = False) -> TypeCase:
    title = f"{count:,} columns" if count > 1 else "1 column"
    return TypeCase(
        f"columns_{count}", title, "columns", 500, count, "float64", (), "double", count, in_demo
    )


TYPE_CASES: dict[str, TypeCase] = {
    case.name: case
    for case in (
        _type("bool", "bool"),
        _type("int", "int32"),
        _type("int64", "int64"),
        _type("half", "float16"),
        _type("float", "float32"),
        _type("double", "float64", in_demo=True),
        _type("float2", "float32", (2,)),
        _type("float3", "float32", (3,)),
        _type("double3", "float64", (3,)),
        _type("float4", "float32", (4,)),
        _type("matrix3d", "float64", (3, 3)),
        _type("matrix4d", "float64", (4, 4), in_demo=True),
        _string(10, _ROWS),
        _string(100, _ROWS, in_demo=True),
        _string(1_000, _ROWS),
        _string(10_000, 1_000),
        _array(10, _ROWS),
        _array(100, _ROWS),
        _array(1_000, 1_000, in_demo=True),
        _array(10_000, 200),
        _columns(1),
        _columns(10),
        _columns(100, in_demo=True),
        _columns(1_000),
    )
}
