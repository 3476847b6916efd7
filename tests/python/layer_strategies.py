"""Hypothesis strategies for whole layers: whatever Sdf's specs can say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from pxr import Gf, Sdf, Ts, Vt
from value_strategies import (
    ALL_TYPES,
    ASSETS,
    SCALAR_TYPES,
    TEXTS,
    VALUELESS_TYPES,
    floats,
    values,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]

# Some are names of the writer's own columns, differ in case only, or end as a renamed column does.
PRIM_NAMES = st.sampled_from(["A", "a", "B", "_", "x1", "Größe", "日本", "path", "World", "A_"])
PROPERTY_NAMES = st.sampled_from(
    [
        *("a", "A", "b", "path", "path_", "Path", "specifier", "kind", "typeName", "time"),
        *("active", "apiSchemas", "size", "Größe", "日本", "xformOp:translate", "a:b", "A:b"),
        *("a:b:c", "primvars:st:indices", "default", "element", "comment", "__"),
    ]
)
PRIM_PATHS = st.sampled_from(["/A", "/A/B", "/Größe", "/x1/path", "/World/A/a"]).map(Sdf.Path)
PROPERTY_PATHS = st.sampled_from(["/A.a", "/A/B.a:b", "/x1.Größe", "/A.rel"]).map(Sdf.Path)
TOKENS = st.one_of(st.sampled_from(["a", "b", "Mesh", "my api", "ü"]), TEXTS)
IDENTIFIERS = st.sampled_from(["a", "b", "Mesh", "Xform", "MyAPI", "CollectionAPI:x", "ü"])
# Times are kept apart: two that differ less than text shows would be one.
TIMES = st.sampled_from([-1e6, -2.5, -1.0, -0.0, 0.0, 0.25, 1.0, 2.0, 24.0, 1e9, float("inf")])


def _dictionary_leaves() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.booleans(),
        st.integers(-(2**31), 2**31 - 1),
        floats(64),
        TEXTS,
        ASSETS,
        st.sampled_from(SCALAR_TYPES[14:]).flatmap(values),
        st.sampled_from(["int[]", "token[]", "string[]", "double3[]", "asset[]"]).flatmap(values),
    )


_KEYS = st.sampled_from(["a", "b", "1a", "x y", "ns:key", "ü", "", '"q"'])
DICTIONARIES = st.recursive(
    st.dictionaries(_KEYS, _dictionary_leaves(), max_size=3),
    lambda inner: st.dictionaries(_KEYS, st.one_of(inner, _dictionary_leaves()), max_size=3),
    max_leaves=6,
)
OFFSETS = st.builds(
    Sdf.LayerOffset,
    st.sampled_from([0.0, 1.5, -10.0]),
    st.sampled_from([1.0, 2.0, 0.5]),
)
REFERENCES = st.builds(
    Sdf.Reference,
    st.sampled_from(["", "a.usda", "dir/ü.usd"]),
    st.one_of(st.just(Sdf.Path()), PRIM_PATHS),
    OFFSETS,
    st.one_of(st.just({}), DICTIONARIES),
)
PAYLOADS = st.builds(
    Sdf.Payload,
    st.sampled_from(["", "a.usda", "dir/ü.usd"]),
    st.one_of(st.just(Sdf.Path()), PRIM_PATHS),
    OFFSETS,
)
_ITEMS: dict[type, st.SearchStrategy[Any]] = {
    Sdf.ReferenceListOp: REFERENCES,
    Sdf.PayloadListOp: PAYLOADS,
    Sdf.PathListOp: PRIM_PATHS,
    Sdf.TokenListOp: IDENTIFIERS,
    Sdf.StringListOp: TEXTS,
    Sdf.IntListOp: st.integers(-3, 3),
}


@st.composite
def list_ops(draw: Draw, cls: type) -> Any:
    """A list op of any kind: explicit (also empty), or several of the others."""
    items = st.lists(_ITEMS[cls], max_size=3, unique_by=str)
    op = cls()
    if draw(st.booleans()) and draw(st.booleans()):
        op.explicitItems = draw(items)
        return op
    for kind in ("prependedItems", "appendedItems", "deletedItems", "orderedItems"):
        if draw(st.booleans()):
            setattr(op, kind, draw(items))
    return op


@dataclass
class Declaration:
    """An attribute that several prims may share."""

    name: str
    type_name: str
    variability: Sdf.Variability
    custom: bool
    metadata: dict[str, Any]


_ATTRIBUTE_METADATA = st.fixed_dictionaries(
    {},
    optional={
        "displayName": TEXTS,
        "documentation": TEXTS,
        "comment": TEXTS,
        "displayGroup": st.sampled_from(["", "group"]),
        "hidden": st.booleans(),
        "colorSpace": st.sampled_from(["auto", "raw"]),
        "allowedTokens": st.lists(TOKENS, max_size=2).map(Vt.TokenArray),
        "customData": DICTIONARIES,
        "interpolation": st.sampled_from(["vertex", "constant"]),
        "elementSize": st.integers(1, 3),
    },
)
_NO_METADATA: st.SearchStrategy[dict[str, Any]] = st.just({})
VARIABILITIES = st.sampled_from(
    [Sdf.VariabilityVarying, Sdf.VariabilityVarying, Sdf.VariabilityUniform]
)
DECLARATIONS = st.builds(
    Declaration,
    name=PROPERTY_NAMES,
    type_name=st.sampled_from(ALL_TYPES),
    variability=VARIABILITIES,
    custom=st.booleans(),
    metadata=st.one_of(_NO_METADATA, _NO_METADATA, _ATTRIBUTE_METADATA),
)


def declare(prim: Sdf.PrimSpec, declaration: Declaration) -> Sdf.AttributeSpec:
    """Create the attribute on a prim."""
    value_type = Sdf.ValueTypeNames.Find(declaration.type_name)
    attribute = Sdf.AttributeSpec(
        prim, declaration.name, value_type, declaration.variability, declaration.custom
    )
    for key, value in declaration.metadata.items():
        attribute.SetInfo(key, value)
    return attribute


def _spline() -> Ts.Spline:
    spline = Ts.Spline()
    for time, value in ((1.0, 2.0), (3.5, -1.0)):
        knot = Ts.Knot("double")
        knot.SetTime(time)
        knot.SetValue(value)
        spline.SetKnot(knot)
    return spline


def _fill_attribute(draw: Draw, layer: Sdf.Layer, attribute: Sdf.AttributeSpec, kind: str) -> None:
    type_name = str(attribute.typeName)
    if kind == "block":
        attribute.default = draw(st.sampled_from([Sdf.ValueBlock(), Sdf.AnimationBlock()]))
    elif kind == "array edit" and type_name == "int[]":
        edit = Vt.IntArrayEditBuilder()
        edit.Append(draw(st.integers(0, 9)))
        attribute.default = edit.FinalizeAndReset()
    elif type_name not in VALUELESS_TYPES and kind != "none":
        attribute.default = draw(values(type_name))
    if kind == "samples" and type_name not in VALUELESS_TYPES:
        for time in draw(st.lists(TIMES, max_size=3, unique=True)):  # 0.0 is -0.0, so not both
            sample = Sdf.ValueBlock() if draw(st.integers(0, 9)) == 0 else draw(values(type_name))
            layer.SetTimeSample(attribute.path, time, sample)
    if kind == "connection":
        _fill_paths(draw, attribute.connectionPathList)
    if kind == "spline" and type_name == "double":
        attribute.SetSpline(_spline())


def _fill_paths(draw: Draw, editor: Any) -> None:
    paths = st.lists(PROPERTY_PATHS, max_size=3, unique=True)
    if draw(st.integers(0, 2)) == 0:
        found = draw(paths)
        if found:
            editor.explicitItems[:] = found
        else:
            editor.ClearEditsAndMakeExplicit()
        return
    for kind in ("prependedItems", "appendedItems", "deletedItems", "orderedItems"):
        if draw(st.booleans()):
            for path in draw(paths):
                getattr(editor, kind).append(path)


ATTRIBUTE_KINDS = st.sampled_from(
    [
        *["value"] * 8,
        *["samples"] * 4,
        *("none", "none", "block", "samples", "connection", "spline", "array edit", "other type"),
    ]
)


def _add_properties(
    draw: Draw, layer: Sdf.Layer, prim: Sdf.PrimSpec, declarations: list[Declaration]
) -> None:
    for declaration in draw(st.permutations(declarations))[: draw(st.integers(0, 4))]:
        kind = draw(ATTRIBUTE_KINDS)
        if kind == "other type":
            other = draw(st.sampled_from([*ALL_TYPES, *VALUELESS_TYPES]))
            declaration = Declaration(declaration.name, other, Sdf.VariabilityVarying, True, {})
        _fill_attribute(draw, layer, declare(prim, declaration), kind)
    if draw(st.integers(0, 2)) == 0:
        taken = {spec.name for spec in prim.properties}
        name = draw(PROPERTY_NAMES)
        if name not in taken:
            relationship = Sdf.RelationshipSpec(prim, name, draw(st.booleans()))
            _fill_paths(draw, relationship.targetPathList)


_PRIM_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(["component", "", "my kind"]),
    "active": st.booleans(),
    "instanceable": st.booleans(),
    "hidden": st.booleans(),
    "displayName": TEXTS,
    "documentation": TEXTS,
    "comment": TEXTS,
    "customData": DICTIONARIES,
    "assetInfo": DICTIONARIES,
    "apiSchemas": st.one_of(
        st.just(Sdf.TokenListOp.Create(prependedItems=["MyAPI"])), list_ops(Sdf.TokenListOp)
    ),
    "references": list_ops(Sdf.ReferenceListOp),
    "payload": list_ops(Sdf.PayloadListOp),
    "inheritPaths": list_ops(Sdf.PathListOp),
    "specializes": list_ops(Sdf.PathListOp),
}


def _fill_prim(
    draw: Draw, layer: Sdf.Layer, prim: Sdf.PrimSpec, declarations: list[Declaration], depth: int
) -> None:
    for key in draw(st.lists(st.sampled_from(list(_PRIM_FIELDS)), max_size=2, unique=True)):
        prim.SetInfo(key, draw(_PRIM_FIELDS[key]))
    _add_properties(draw, layer, prim, declarations)
    if draw(st.integers(0, 7)) == 0:
        prim.propertyOrder = draw(st.lists(PROPERTY_NAMES, max_size=3, unique=True))
    if depth < 2 and draw(st.integers(0, 5)) == 0:
        _add_variants(draw, layer, prim, declarations, depth)
    if draw(st.integers(0, 7)) == 0:
        prim.variantSelections["shading"] = draw(st.sampled_from(["red", "", "blue"]))


def _add_variants(
    draw: Draw, layer: Sdf.Layer, prim: Sdf.PrimSpec, declarations: list[Declaration], depth: int
) -> None:
    for name in draw(st.lists(st.sampled_from(["shading", "lod"]), max_size=2, unique=True)):
        variant_set = Sdf.VariantSetSpec(prim, name)
        prim.variantSetNameList.Append(name)
        for variant_name in draw(st.lists(st.sampled_from(["red", "1"]), max_size=2, unique=True)):
            inner = Sdf.VariantSpec(variant_set, variant_name).primSpec
            _fill_prim(draw, layer, inner, declarations, depth + 1)
            if draw(st.booleans()):
                child = Sdf.PrimSpec(inner, draw(PRIM_NAMES), Sdf.SpecifierDef, "Scope")
                _fill_prim(draw, layer, child, declarations, 2)


SPECIFIERS = st.sampled_from([Sdf.SpecifierDef, Sdf.SpecifierOver, Sdf.SpecifierClass])
_LAYER_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "defaultPrim": st.sampled_from(["A", "World", ""]),
    "comment": TEXTS,
    "documentation": TEXTS,
    "startTimeCode": floats(64),
    "endTimeCode": floats(64),
    "timeCodesPerSecond": st.sampled_from([24.0, 30.0, 23.976]),
    "framesPerSecond": st.sampled_from([24.0, 60.0]),
    "customLayerData": DICTIONARIES,
    "upAxis": st.sampled_from(["Y", "Z"]),
    "metersPerUnit": st.sampled_from([1.0, 0.01, 1e-9]),
    "kilogramsPerUnit": st.sampled_from([1.0, 0.5]),
    "colorConfiguration": ASSETS,
    "colorManagementSystem": st.sampled_from(["ocio", ""]),
    "expressionVariables": st.dictionaries(
        st.sampled_from(["A", "B"]), st.one_of(st.booleans(), TEXTS, st.integers(0, 9)), max_size=2
    ),
    "owner": TEXTS,
    "sessionOwner": TEXTS,
}


def _fill_root(draw: Draw, layer: Sdf.Layer) -> None:
    root = layer.pseudoRoot
    for key in draw(st.lists(st.sampled_from(list(_LAYER_FIELDS)), max_size=3, unique=True)):
        root.SetInfo(key, draw(_LAYER_FIELDS[key]))
    if draw(st.integers(0, 5)) == 0:
        layer.subLayerPaths[:] = ["a.usda", "dir/ü.parquet", "b.usdc"][: draw(st.integers(0, 3))]
        for index in range(len(layer.subLayerPaths)):
            layer.subLayerOffsets[index] = draw(OFFSETS)
    if draw(st.integers(0, 7)) == 0:
        layer.relocates = [("/A/B", "/A/Moved"), ("/A/C", Sdf.Path())][: draw(st.integers(0, 2))]
    if draw(st.integers(0, 5)) == 0:
        layer.rootPrimOrder = draw(st.lists(PRIM_NAMES, max_size=3, unique=True))


@st.composite
def layers(draw: Draw, max_prims: int = 7) -> Sdf.Layer:
    """A layer with a little of everything; several prims share attributes."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    with Sdf.ChangeBlock():
        _fill_root(draw, layer)
        unique = st.lists(DECLARATIONS, min_size=1, max_size=5, unique_by=lambda one: one.name)
        declarations = draw(unique)
        prims: list[Sdf.PrimSpec] = []
        for _ in range(draw(st.integers(0, max_prims))):
            parent = draw(st.sampled_from([layer.pseudoRoot, *prims]))
            name = draw(PRIM_NAMES)
            if layer.GetPrimAtPath(parent.path.AppendChild(name)):
                continue
            type_name = draw(st.sampled_from(["", "Xform", "Mesh", "Größe"]))
            prim = Sdf.PrimSpec(parent, name, draw(SPECIFIERS), type_name)
            _fill_prim(draw, layer, prim, declarations, 0)
            prims.append(prim)
            if draw(st.integers(0, 7)) == 0:
                prim.nameChildrenOrder = draw(st.lists(PRIM_NAMES, max_size=3, unique=True))
    return layer


@dataclass
class Table:
    """A layer that is a table at heart, and what its columns are to be."""

    layer: Sdf.Layer
    declarations: list[Declaration]
    cells: dict[str, list[Any]]
    """Name -> values by prim, None where a prim has none."""


@st.composite
def tables(draw: Draw) -> Table:
    """Prims `/World/p0` ... that share every attribute, each with at least two values."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    declarations = draw(
        st.lists(DECLARATIONS, min_size=1, max_size=5, unique_by=lambda one: one.name)
    )
    for declaration in declarations:
        declaration.metadata.pop("customData", None)  # no column has dictionaries
    count = draw(st.integers(2, 6))
    cells: dict[str, list[Any]] = {one.name: [] for one in declarations}
    with Sdf.ChangeBlock():
        world = Sdf.PrimSpec(layer, "World", Sdf.SpecifierDef)
        for number in range(count):
            prim = Sdf.PrimSpec(world, f"p{number}", Sdf.SpecifierOver)
            for declaration in declarations:
                has_value = number < 2 or draw(st.booleans())
                value = draw(values(declaration.type_name)) if has_value else None
                if has_value:
                    attribute = declare(prim, declaration)
                    attribute.default = value
                    value = attribute.default  # Sdf makes path expressions absolute
                cells[declaration.name].append(value)
    return Table(layer, declarations, cells)


assert Gf  # the value classes are registered by it
