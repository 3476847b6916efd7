"""What a table's cells look like through OpenUSD: comparison helpers for the tests.

Values are compared in a canonical form: numbers as they are (a float as its `repr`, so that NaN
equals NaN and -0.0 differs from 0.0), vectors, matrices and arrays as nested tuples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pxr import Sdf, Usd, UsdUtils

# An attribute that is there without a value, where a test lists values.
NO_VALUE = object()


def canonical(value: Any) -> Any:
    """Return a form of `value` that can be compared with ==."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return repr(value)
    # A Gf vector or matrix has __getitem__ alone, which is enough to iterate over it.
    return tuple(canonical(item) for item in value)


def python_type(type_name: str) -> type:
    """The Python type in which pxr hands out values of an Sdf type."""
    return type(Sdf.ValueTypeNames.Find(type_name).defaultValue)


def check_property(
    stage: Usd.Stage,
    paths: Iterable[str],
    name: str,
    type_name: str,
    expected: Iterable[object],
) -> None:
    """Assert type, authored state and value of property `name` for every row.

    `expected` holds the USD value of each row, None where there is to be no such attribute, and
    NO_VALUE where it is to have no value. The same is asserted of the stage and of its root layer.
    """
    layer = stage.GetRootLayer()
    value_type = python_type(type_name)
    for row, (path, want) in enumerate(zip(paths, expected, strict=True)):
        where = f"row {row}, <{path}.{name}>"
        prim = stage.GetPrimAtPath(path)
        attribute = prim.GetAttribute(name)
        if want is None:
            assert not prim.HasProperty(name), where
            assert layer.GetPropertyAtPath(f"{path}.{name}") is None, where
            continue
        want = None if want is NO_VALUE else want
        assert attribute, f"{where}: no such attribute"
        assert str(attribute.GetTypeName()) == type_name, where
        assert attribute.GetVariability() == Sdf.VariabilityVarying, where
        assert not attribute.IsCustom(), where
        got = attribute.Get()
        assert canonical(got) == canonical(want), where
        assert attribute.HasAuthoredValue() == (want is not None), where
        assert attribute.GetNumTimeSamples() == 0, where
        if want is not None:
            assert type(got) is value_type, where
            assert canonical(attribute.Get(24.0)) == canonical(want), where
        spec = layer.GetAttributeAtPath(attribute.GetPath())
        assert str(spec.typeName) == type_name, where
        assert spec.HasDefaultValue() == (want is not None), where
        assert canonical(spec.default) == canonical(want), where


def values(layer: Sdf.Layer, paths: Iterable[str], name: str) -> list[object]:
    """The canonical defaults of property `name` at `paths` in `layer`, None where there is none."""
    specs = [layer.GetAttributeAtPath(f"{path}.{name}") for path in paths]
    return [canonical(spec.default) if spec else None for spec in specs]


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect the texts of warnings raised in the block, instead of printing them."""
    delegate = UsdUtils.CoalescingDiagnosticDelegate()
    texts: list[str] = []
    try:
        yield texts
    finally:
        texts.extend(item.commentary for item in delegate.TakeUncoalescedDiagnostics())
        del delegate


def open_layer(file: object, **arguments: str) -> Sdf.Layer:
    """Open `file` as a layer with format arguments, past any layer opened before."""
    layer = Sdf.Layer.FindOrOpen(str(file), args=arguments)
    assert layer, f"{file} did not open"
    return layer
