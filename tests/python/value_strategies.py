"""Hypothesis strategies for values of every Sdf type, with the odd ones among them."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import strategies as st
from pxr import Gf, Sdf, Vt

SCALAR_TYPES = (
    *("bool", "uchar", "int", "uint", "int64", "uint64", "half", "float", "double", "timecode"),
    *("string", "token", "asset", "pathExpression"),
    *(f"{scalar}{size}" for scalar in ("int", "half", "float", "double") for size in (2, 3, 4)),
    *(f"{role}3{kind}" for role in ("point", "vector", "normal", "color") for kind in "hfd"),
    *(f"color4{kind}" for kind in "hfd"),
    *(f"texCoord{size}{kind}" for size in (2, 3) for kind in "hfd"),
    *(f"quat{kind}" for kind in "hfd"),
    *("matrix2d", "matrix3d", "matrix4d", "frame4d"),
)
ALL_TYPES = (*SCALAR_TYPES, *(f"{name}[]" for name in SCALAR_TYPES))
# Can be declared, but have no values.
VALUELESS_TYPES = ("opaque", "group")

_WIDTHS = {"h": 16, "f": 32, "d": 64}
_INTEGERS = {
    "uchar": (0, 255),
    "int": (-(2**31), 2**31 - 1),
    "uint": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


def floats(width: int) -> st.SearchStrategy[float]:
    """Floats of a width, NaN, infinities, -0.0 and subnormals more often than by chance."""
    smallest = {16: 2.0**-24, 32: 2.0**-149, 64: 5e-324}[width]
    odd = st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf"), -float("inf"), -smallest])
    third = struct.unpack("f", struct.pack("f", 1 / 3))[0] if width == 32 else 1 / 3
    if width == 16:
        third = 0.33325195
    return st.one_of(odd, st.just(third), st.floats(width=width), st.integers(-3, 3).map(float))


# NUL is left out: OpenUSD's own text format ends a string there.
_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
_ODD_TEXTS = (
    "",
    "plain",
    " ",
    '"',
    "'",
    "\"\"\"'''",
    "back\\slash \\n",
    "two\nlines",
    "\r\n",
    "tab\t",
    "\x01\x1f\x7f",
    "Größe 日本 🏗",
    "\u2028\ufeff\u0301",
    "@asset@ </Path> #comment",
    "long" * 600,
)
TEXTS = st.one_of(st.sampled_from(_ODD_TEXTS), st.text(_CHARACTERS, max_size=8))
# Asset paths have no control characters; those with @ are written with three of them.
ASSETS = st.one_of(
    st.sampled_from(["", "a.usda", "./dir/ü b.png", "tex.<UDIM>.exr", "x@y", "p.usdz[in/a.usda]"]),
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=6).map(
        lambda text: text.replace("@", "")
    ),
).map(Sdf.AssetPath)
# No relative ones: Sdf makes them absolute, and can't parse what it made of a name beyond ASCII.
EXPRESSIONS = st.sampled_from(
    [
        "",
        "/a",
        "//",
        "/a//b*",
        "/a /b",
        "/a - /b & /c//",
        "//{isa:Mesh}",
        "%/a:set + %:other",
        "%_ /more",
    ]
).map(Sdf.PathExpression)


def _components(type_name: str) -> tuple[type, st.SearchStrategy[float], int]:
    """The Gf class of a tuple type, the strategy of its components and their number."""
    cls = type(Sdf.ValueTypeNames.Find(type_name).defaultValue)
    kind = cls.__name__[-1]
    if type_name.startswith("quat"):
        return cls, floats(_WIDTHS[kind]), 4
    if cls.__name__.startswith("Matrix"):
        return cls, floats(64), cls.dimension[0] ** 2
    if kind == "i":
        return cls, st.integers(*_INTEGERS["int"]), cls.dimension
    return cls, floats(_WIDTHS[kind]), cls.dimension


def _scalars(type_name: str) -> st.SearchStrategy[Any]:
    if type_name == "bool":
        return st.booleans()
    if type_name in _INTEGERS:
        low, high = _INTEGERS[type_name]
        return st.one_of(st.sampled_from([low, 0, high]), st.integers(low, high))
    if type_name in ("half", "float", "double"):
        return floats({"half": 16, "float": 32, "double": 64}[type_name])
    if type_name == "timecode":
        return floats(64).map(Sdf.TimeCode)
    if type_name in ("string", "token"):
        return TEXTS
    if type_name == "asset":
        return ASSETS
    if type_name == "pathExpression":
        return EXPRESSIONS
    cls, component, count = _components(type_name)
    numbers = st.one_of(
        st.lists(component, min_size=count, max_size=count),
        component.map(lambda number: [number] * count),
    )
    if type_name.startswith("quat"):
        vector = {"h": Gf.Vec3h, "f": Gf.Vec3f, "d": Gf.Vec3d}[cls.__name__[-1]]
        return numbers.map(lambda four: cls(four[0], vector(*four[1:])))
    return numbers.map(lambda items: cls(*items))


def _array_class(type_name: str) -> type:
    return type(Sdf.ValueTypeNames.Find(f"{type_name}[]").defaultValue)


# Built once: a strategy is costly to make.
_SCALARS = {name: _scalars(name) for name in SCALAR_TYPES}
# Crate files compress arrays from 16 elements on.
_SIZES = st.sampled_from([0, 1, 2, 3, 20])


def values(type_name: str) -> st.SearchStrategy[Any]:
    """Values of an Sdf type by its name."""
    if not type_name.endswith("[]"):
        return _SCALARS[type_name]
    element = type_name[:-2]
    cls = _array_class(element)

    def fill(size: int) -> st.SearchStrategy[Any]:
        few = st.lists(_SCALARS[element], min_size=min(size, 3), max_size=min(size, 3))
        return few.map(lambda items: cls([items[i % len(items)] for i in range(size)]))

    return _SIZES.flatmap(fill)


def plain(value: Any) -> Any:
    """What pyarrow gives for a cell with an Sdf value; floats as their `repr`."""
    if isinstance(value, float):
        return repr(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Sdf.AssetPath):
        return value.path
    if isinstance(value, Sdf.PathExpression):
        return value.GetText()
    if isinstance(value, Sdf.TimeCode):
        return repr(value.GetValue())
    if isinstance(value, Gf.Quath | Gf.Quatf | Gf.Quatd):
        return [*(repr(float(x)) for x in value.GetImaginary()), repr(float(value.GetReal()))]
    if type(value).__name__.startswith("Matrix") and not type(value).__name__.endswith("Array"):
        size = value.dimension[0]
        return [repr(value[i][j]) for i in range(size) for j in range(size)]
    return [plain(item) for item in value]


def plain_cell(cell: Any) -> Any:
    """A cell as pyarrow gives it, in the form of `plain`."""
    if isinstance(cell, list | tuple):
        return [plain_cell(item) for item in cell]
    if cell is None or isinstance(cell, bool | int | str):
        return cell
    return repr(float(cell))


assert Vt  # the array classes above are registered by it
