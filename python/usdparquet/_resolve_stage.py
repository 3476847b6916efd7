"""Prims of a stage with what the plugin resolves of their attributes, all at once."""

from __future__ import annotations

import ctypes
import functools
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ._plugin import PLUGIN_NAME, plugin_dir
from ._resolve_cells import cell_type
from ._resolving import Known, PrimRows, Rows

# UsdParquetFound in src/plugin/resolve/stage_columns.h.
_WHOLE, _SINGLE, _ASK = 1, 2, 3
_PLUGIN = "libusdparquet_usd.so"
_LIBRARY = "libusdparquet_resolve.so"
_INSTANCE_NAME = "__INSTANCE_NAME__"
# Of the structs of Arrow's C data interface.
_ARRAY_SIZE, _SCHEMA_SIZE = 80, 72


class _Found(NamedTuple):
    """What the plugin found of an attribute."""

    cells: pa.Array
    ways: np.ndarray[Any, Any]
    """How each was found."""


class ChosenRows(PrimRows):
    """Chosen prims, in any order."""

    def __init__(self, stage: Any, prims: Sequence[Any], names: Sequence[str], time: Any) -> None:
        super().__init__(stage, prims)
        # Of prims in instances, the cache has only those of the prototype's source.
        paths = [
            "" if prim.IsInstanceProxy() or prim.IsInPrototype() else str(prim.GetPath())
            for prim in prims
        ]
        batch = _resolve(stage, names, time, paths=paths)
        self._known = {} if batch is None else _known(names, _columns(batch))

    def known(self, name: str) -> Known | None:
        """As Rows. What it gives is let go of."""
        return self._known.pop(name, None)


class StageRows:
    """A prim and all below it in the order in which OpenUSD composes them, those in instances too.

    The stage's own order is another one where a layer that only named prims was muted, removed or
    cleared: the stage keeps the order that it had.
    """

    def __init__(self, stage: Any, names: Sequence[str], time: Any, batch: pa.RecordBatch) -> None:
        self.stage = stage
        self._paths = batch.column(0)
        self._prims: Sequence[Any] | None = None
        columns = _columns(batch)
        instances = np.flatnonzero(batch.column(1).to_numpy(zero_copy_only=False))
        if len(instances):
            columns = self._add_instances(instances, names, time, columns)
        self._known = _known(names, columns)

    def _add_instances(
        self,
        instances: np.ndarray[Any, Any],
        names: Sequence[str],
        time: Any,
        columns: list[_Found],
    ) -> list[_Found]:
        """Puts the prims in instances behind these. They have the values of the prototype, which is
        made of the prims of one of its instances.
        """
        starts: dict[str, int] = {}
        suffixes: dict[str, list[str]] = {}
        sources: list[str] = []
        paths: list[str] = []
        origins = [np.arange(len(self._paths))]
        counts = []
        for row in instances.tolist():
            instance = self.prim(row)
            prototype = instance.GetPrototype()
            root = str(prototype.GetPath())
            if root not in starts:
                inside = prims_below(prototype)[1:]
                starts[root] = len(self._paths) + len(sources)
                suffixes[root] = [str(prim.GetPath())[len(root) :] for prim in inside]
                sources += [
                    "" if prim.IsInstanceProxy() else str(prim._GetSourcePrimIndex().rootNode.path)
                    for prim in inside
                ]
            paths += [f"{instance.GetPath()}{suffix}" for suffix in suffixes[root]]
            counts.append(len(suffixes[root]))
            origins.append(starts[root] + np.arange(counts[-1]))
        behind = np.concatenate([origins[0], np.repeat(instances, counts)])
        order = np.argsort(behind, kind="stable")
        every_path = pa.concat_arrays([self._paths, pa.array(paths, pa.string())])
        self._paths = every_path.take(pa.array(order))
        batch = _resolve(self.stage, names, time, paths=sources)
        unknown = _Found(pa.nulls(len(sources)), np.full(len(sources), _ASK, np.uint8))
        inside_columns = [unknown] * len(names) if batch is None else _columns(batch)
        rows = np.concatenate(origins)[order]
        return [
            _taken(column, inside, rows)
            for column, inside in zip(columns, inside_columns, strict=True)
        ]

    def paths(self) -> pa.Array:
        """As Rows."""
        return self._paths

    def take_prims(self, prims: Sequence[Any]) -> bool:
        """Has these as the prims of the rows if they are just those; returns whether."""
        if not self._paths.equals(pa.array([str(prim.GetPath()) for prim in prims], pa.string())):
            return False
        self._prims = prims
        return True

    def prims(self) -> Sequence[Any]:
        """As Rows."""
        if self._prims is None:
            self._prims = [self.prim(row) for row in range(len(self._paths))]
        return self._prims

    def prim(self, row: int) -> Any:
        """As Rows."""
        if self._prims is not None:
            return self._prims[row]
        return self.stage.GetPrimAtPath(self._paths[row].as_py())

    def known(self, name: str) -> Known | None:
        """As Rows. What it gives is let go of."""
        return self._known.pop(name, None)


def prims_below(top: Any) -> list[Any]:
    """The prim `top` and all below it, those in instances too; the pseudo-root is none."""
    from pxr import Usd

    every = Usd.TraverseInstanceProxies(Usd.PrimAllPrimsPredicate)
    prims = list(Usd.PrimRange(top, every))
    return prims[1:] if top.IsPseudoRoot() else prims


def rows_below(stage: Any, top: Any, names: Sequence[str], time: Any, *, as_prims: bool) -> Rows:
    """The rows of a prim and all below it, with what can be known of attributes at a time.

    If they are asked for `as_prims`, their order is the stage's own in any case.
    """
    from pxr import Usd

    has_all = stage.GetPopulationMask() == Usd.StagePopulationMask.All()
    if has_all and not (top.IsInstanceProxy() or top.IsInPrototype()):
        batch = _resolve(stage, names, time, top=str(top.GetPath()))
        if batch is not None:
            rows = StageRows(stage, names, time, batch)
            if not as_prims:
                return rows
            prims = prims_below(top)
            return rows if rows.take_prims(prims) else ChosenRows(stage, prims, names, time)
    return PrimRows(stage, prims_below(top))


def _resolve(
    stage: Any,
    names: Sequence[str],
    time: Any,
    *,
    top: str = "/",
    paths: Sequence[str] | None = None,
) -> pa.RecordBatch | None:
    """What the plugin finds; None if it can't."""
    library = _library()
    if library is None:
        return None
    python_cache = stage._GetPcpCache()
    cache = library.cache_of(python_cache, stage.GetRootLayer().identifier.encode())
    if not cache:
        return None
    array = ctypes.create_string_buffer(_ARRAY_SIZE)
    schema = ctypes.create_string_buffer(_SCHEMA_SIZE)
    message = library.resolve(
        cache,
        top.encode(),
        None if paths is None else _texts(paths),
        len(paths or ()),
        _texts(names),
        bytes(bool(schema_types(name)) for name in names),
        len(names),
        time.IsDefault(),
        ctypes.addressof(array),
        ctypes.addressof(schema),
    )
    if message is not None:
        return None
    return pa.RecordBatch._import_from_c(ctypes.addressof(array), ctypes.addressof(schema))


def _texts(texts: Sequence[str]) -> Any:
    return (ctypes.c_char_p * len(texts))(*(text.encode() for text in texts))


class _Library:
    """The functions of src/plugin/resolve/exports.cc, beside a plugin that is loaded."""

    def __init__(self, file: str) -> None:
        mode = os.RTLD_NOW
        # This one is called with Python's lock held, as it touches an object of Python's.
        self.cache_of: Any = ctypes.PyDLL(file, mode).usdparquet_cache_of
        self.cache_of.argtypes = [ctypes.py_object, ctypes.c_char_p]
        self.cache_of.restype = ctypes.c_void_p
        self.resolve: Any = ctypes.CDLL(file, mode).usdparquet_resolve
        texts = ctypes.POINTER(ctypes.c_char_p)
        self.resolve.argtypes = [
            *(ctypes.c_void_p, ctypes.c_char_p),
            *(texts, ctypes.c_size_t),
            *(texts, ctypes.c_char_p, ctypes.c_size_t),
            *(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p),
        ]
        self.resolve.restype = ctypes.c_char_p


@functools.cache
def _library() -> _Library | None:
    """The plugin for the OpenUSD of the process; None if there is none."""
    from pxr import Plug, Usd

    plugin = Plug.Registry().GetPluginWithName(PLUGIN_NAME)
    if plugin is None or not plugin.Load():
        return None
    version = ".".join(map(str, Usd.GetVersion()[1:]))
    # 26.8, or 26.8-NAME where an application gave its OpenUSD's namespace another name.
    for folder in sorted((plugin_dir() / "usd").glob(f"{version}*")):
        if folder.name.partition("-")[0] == version and _is_loaded(folder / _PLUGIN):
            try:
                return _Library(str(folder / _LIBRARY))
            except OSError:
                return None
    return None


def _is_loaded(library: Path) -> bool:
    try:
        ctypes.CDLL(str(library), os.RTLD_NOLOAD)
    except OSError:
        return False
    return True


def _columns(batch: pa.RecordBatch) -> list[_Found]:
    columns = batch.columns[2:]
    return [
        _Found(cells, ways.to_numpy())
        for cells, ways in zip(columns[::2], columns[1::2], strict=True)
    ]


def _taken(first: _Found, second: _Found, rows: np.ndarray[Any, Any]) -> _Found:
    """The cells of two columns, one behind the other, at these rows."""
    cells, more, ways = first.cells, second.cells, second.ways
    if pa.types.is_null(cells.type):
        cells = pa.nulls(len(cells), more.type)
    if more.type != cells.type:
        if not pa.types.is_null(more.type):  # which type the column has is for all to tell
            ways = np.full(len(ways), _ASK, np.uint8)
        more = pa.nulls(len(more), cells.type)
    return _Found(
        pa.concat_arrays([cells, more]).take(pa.array(rows)),
        np.concatenate([first.ways, ways])[rows],
    )


def _known(names: Sequence[str], columns: Sequence[_Found]) -> dict[str, Known]:
    """What was found, by attribute; without those of which all has to be asked for."""
    known: dict[str, Known] = {}
    for name, (cells, ways) in zip(names, columns, strict=True):
        # What a schema says of the type counts; a layer's value may be of another one.
        if not pa.types.is_null(cells.type) and schema_types(name) - {cells.type}:
            continue
        # np.bincount would make 64-bit numbers of them.
        whole, single = (int(np.count_nonzero(ways == way)) for way in (_WHOLE, _SINGLE))
        asked = np.flatnonzero(ways == _ASK)
        known[name] = Known(cells, asked, whole, single)
    return known


@functools.cache
def _all_schema_types() -> dict[str, frozenset[pa.DataType]]:
    """The types of the columns of all attributes that schemas have, by name."""
    from pxr import Tf, Usd

    registry = Usd.SchemaRegistry()
    found: dict[str, set[pa.DataType]] = {}
    for schema in Tf.Type.FindByName("UsdSchemaBase").GetAllDerivedTypes():
        name = registry.GetSchemaTypeName(schema)
        definition = registry.FindConcretePrimDefinition(
            name
        ) or registry.FindAppliedAPIPrimDefinition(name)
        for each in definition.GetPropertyNames() if definition else ():
            spec = definition.GetSchemaAttributeSpec(each)
            kind = cell_type(str(spec.typeName)) if spec else None
            if kind is not None:
                found.setdefault(each, set()).add(kind.arrow)
    return {name: frozenset(kinds) for name, kinds in found.items()}


@functools.cache
def schema_types(name: str) -> frozenset[pa.DataType]:
    """The types of the columns of schemas' attributes of that name, which may have fallbacks;
    empty if no schema has one.
    """
    types: set[pa.DataType] = set()
    for each, kinds in _all_schema_types().items():
        pattern = re.escape(each).replace(_INSTANCE_NAME, ".+")
        if each == name or (_INSTANCE_NAME in each and re.fullmatch(pattern, name)):
            types |= kinds
    return frozenset(types)
