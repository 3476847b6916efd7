"""The ids of a scene's prims, and where it may have some."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._extras import require
from .id_text import id_text, narrowed

if TYPE_CHECKING:
    import pyarrow as pa

NAME = "name"
DISPLAY_NAME = "displayName"
_DICTIONARIES = {"customData:": "GetCustomDataByKey", "assetInfo:": "GetAssetInfoByKey"}
_SHOWN = 3
_STEP = 4096
Progress = Callable[[int], None]


@dataclass(frozen=True)
class IdCandidate:
    """Something that may be the id of a scene's prims."""

    id: str
    """What `ids` takes: an attribute, ``customData:key``, ``assetInfo:key`` and the like."""
    prims: int
    """How many prims have it."""
    distinct: int
    """How many different ones there are."""
    examples: list[str]
    """The first few."""


def ids(
    source: object,
    id: str,
    *,
    instances: bool = False,
    progress: Progress | None = None,
) -> pa.Table:
    """The ids of a scene's prims: a pyarrow Table of `path` and `id`, both texts.

    `source`: a Usd.Stage, an Sdf.Layer or the name of a file; the stage is composed with all
    payloads. Prims that are inactive or abstract have no ids.
    `id`: what holds the id: the name of an attribute, ``customData:key`` or ``assetInfo:key``
    (also ``key:inner``), ``displayName``, or ``name`` for the name of the prim itself.
    `instances`: also the prims inside instances, to which no layer can say anything; a third
    column, `instance`, tells them.
    `progress`: called now and then with the number of prims looked at.

    Asset paths are texts, as they are authored. Warns of prims with an id that is neither text nor
    number, which are left out. Raises ValueError if no prim has an id.
    """
    import pyarrow as pa

    stage = open_stage(source)
    reader = _reader(id)
    paths: list[str] = []
    texts: list[str] = []
    inside: list[bool] = []
    strange: list[str] = []
    is_only_inside = False
    for prim in _prims(stage, progress, instances=True):
        is_inside = prim.IsInstanceProxy()
        if is_inside and not instances:
            is_only_inside = is_only_inside or (not paths and _text_of(reader(prim)) is not None)
            continue
        value = reader(prim)
        try:
            text = id_text(value)
        except TypeError as error:
            if not is_inside:
                strange.append(f"'{id}' of <{prim.GetPath()}>: {error}")
            continue
        if text is not None:
            paths.append(str(prim.GetPath()))
            texts.append(text)
            inside.append(is_inside)
    if not paths:
        if strange:
            raise ValueError(f"{_name_of(stage)}: {strange[0]}")
        raise ValueError(_none_text(stage, id, is_only_inside=is_only_inside))
    if strange:
        more = f", and {len(strange) - 1:,} more" if len(strange) > 1 else ""
        warnings.warn(f"{_name_of(stage)}: left out: {strange[0]}{more}", stacklevel=2)
    columns: dict[str, pa.Array] = {"path": pa.array(paths), "id": pa.array(texts)}
    if instances:
        columns["instance"] = pa.array(inside)
    return pa.table(columns)


def id_candidates(source: object, *, progress: Progress | None = None) -> list[IdCandidate]:
    """What may be the ids of a scene's prims, for `ids`: what is a text or an integer at some prim.

    What is a fraction or a truth value at other prims counts there too, as for `ids`.
    Prims inside of instances are not counted: `ids` leaves them out.
    Attributes that belong to the schema of a prim, such as ``visibility``, are none.
    """
    stage = open_stage(source)
    found: dict[str, _Found] = {}
    builtin: dict[tuple[str, str], bool] = {}
    for prim in _prims(stage, progress, instances=False):
        for name, value in _values_of(prim, builtin):
            text = _text_of(value)
            if text is not None:
                found.setdefault(name, _Found()).add(text, is_likely=_is_likely(value))
    # What the scene says of its prims comes before what every prim has, the most telling first.
    likely = [name for name in found if found[name].is_likely]
    names = sorted(likely, key=lambda name: (_rank(name), -len(found[name].texts), name))
    return [found[name].candidate(name) for name in names]


def open_stage(source: Any) -> Any:
    """The stage of a stage, a layer or a file; ValueError if OpenUSD does not open it.

    MissingExtraError where OpenUSD is not installed.
    """
    require("pxr")
    from pxr import Tf, Usd

    if hasattr(source, "GetRootLayer"):
        return source
    if isinstance(source, str | os.PathLike):
        file = os.fspath(source)
        Path(file).stat()  # so that a file that is not there is a FileNotFoundError
        try:
            return Usd.Stage.Open(file)
        except Tf.ErrorException as error:
            texts = [getattr(item, "commentary", str(item)) for item in error.args]
            # The plugin says why, OpenUSD then that it was so.
            told = [text for text in texts if not text.startswith("Failed to open layer")] or texts
            text = "; ".join(dict.fromkeys(told)).replace(os.path.realpath(file), file)
            raise ValueError(text if file in text else f"{file}: {text}") from error
    if hasattr(source, "pseudoRoot"):
        return Usd.Stage.Open(source)
    raise TypeError(f"a stage, a layer or a file name is needed, not {type(source).__name__}")


@dataclass
class _Found:
    prims: int = 0
    # In the order in which they were met.
    texts: dict[str, None] = field(default_factory=dict)
    # Whether some prim has a text or an integer; measures and switches are seldom ids.
    is_likely: bool = False

    def add(self, text: str, *, is_likely: bool) -> None:
        self.prims += 1
        self.is_likely = self.is_likely or is_likely
        self.texts[text] = None

    def candidate(self, name: str) -> IdCandidate:
        examples = [text for text, _ in zip(self.texts, range(_SHOWN), strict=False)]
        return IdCandidate(name, self.prims, len(self.texts), examples)


def _prims(stage: Any, progress: Progress | None, *, instances: bool) -> Iterator[Any]:
    """The prims that can have ids, with `instances` those inside instances too."""
    from pxr import Usd

    predicate = Usd.PrimIsActive & ~Usd.PrimIsAbstract
    if instances:
        predicate = Usd.TraverseInstanceProxies(predicate)
    for number, prim in enumerate(Usd.PrimRange.Stage(stage, predicate)):
        if progress is not None and number % _STEP == 0:
            progress(number)
        yield prim


def _reader(name: str) -> Callable[[Any], object]:
    """What reads the id of a prim."""
    from pxr import Sdf, Usd

    if name == NAME:
        return lambda prim: prim.GetName()
    if name == DISPLAY_NAME:
        return lambda prim: prim.GetDisplayName()
    for prefix, method in _DICTIONARIES.items():
        if name.startswith(prefix):
            key = name.removeprefix(prefix)
            return lambda prim: _plain(getattr(prim, method)(key), "")
    if not Sdf.Path.IsValidNamespacedIdentifier(name):
        raise ValueError(
            f"'{name}' is no id: give the name of an attribute, customData:key, assetInfo:key, "
            "displayName or name"
        )
    # Ids that are only sampled count too: their first value.
    earliest = Usd.TimeCode.EarliestTime()

    def attribute(prim: Any) -> object:
        found = prim.GetAttribute(name)
        if not found or not found.HasAuthoredValue():
            return None
        return _plain(found.Get(earliest), str(found.GetTypeName()))

    return attribute


def _plain(value: Any, kind: str) -> Any:
    """A value of OpenUSD as Python has it, of the type `kind`; empty if that is not known.

    A float that is one of 32 or 16 bits gets the fewest digits that stand for it.
    """
    if type(value).__name__ == "AssetPath":
        return value.path
    if type(value).__name__ == "TimeCode":
        return value.GetValue()
    if isinstance(value, float) and kind != "double":
        import numpy as np

        if kind == "half":
            return narrowed(value, 16)
        with np.errstate(over="ignore"):
            return narrowed(value, 32) if float(np.float32(value)) == value else value
    return value


def _text_of(value: object) -> str | None:
    """The text of an id; None for what is none."""
    try:
        return id_text(value)
    except TypeError:
        return None


def _is_likely(value: object) -> bool:
    """Whether a value is of a kind that ids usually are."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def _values_of(prim: Any, builtin: dict[tuple[str, str], bool]) -> Iterator[tuple[str, object]]:
    """By name, the values of a prim that may be its id."""
    from pxr import Usd

    kind = prim.GetTypeName()
    for attribute in prim.GetAuthoredAttributes():
        name = attribute.GetName()
        is_builtin = builtin.get((kind, name))
        if is_builtin is None:
            is_builtin = bool(prim.GetPrimDefinition().GetSchemaPropertySpec(name))
            builtin[(kind, name)] = is_builtin
        if is_builtin:
            continue
        value = attribute.Get(Usd.TimeCode.EarliestTime())
        yield name, _plain(value, str(attribute.GetTypeName()))
    for key, value in _entries("", prim.GetCustomData()):
        if prim.HasAuthoredCustomDataKey(key):  # schemas have some too
            yield f"customData:{key}", value
    for key, value in _entries("", prim.GetAssetInfo()):
        yield f"assetInfo:{key}", value
    yield DISPLAY_NAME, prim.GetDisplayName()
    yield NAME, prim.GetName()


def _entries(above: str, values: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """The values of a dictionary, with their keys as `key:inner`."""
    for key, authored in values.items():
        name, value = f"{above}{key}", _plain(authored, "")
        if isinstance(value, dict):
            yield from _entries(f"{name}:", value)
        else:
            yield name, value


def _rank(name: str) -> int:
    ranks = {DISPLAY_NAME: 3, NAME: 4}
    dictionaries = {"customData": 1, "assetInfo": 2}
    return ranks.get(name) or dictionaries.get(name.partition(":")[0], 0)


def _none_text(stage: Any, name: str, *, is_only_inside: bool) -> str:
    """What is wrong if no prim has an id, with what there is instead."""
    if is_only_inside:
        return (
            f"{_name_of(stage)}: only prims inside of instances have '{name}', to which no layer "
            "can give values; take an id of the instances, or of their prototypes' sources"
        )
    others = [each.id for each in id_candidates(stage) if each.id != name]
    has = f" (they have {', '.join(others[:10])})" if others else ""
    return f"{_name_of(stage)}: no prim has '{name}'{has}"


def _name_of(stage: Any) -> str:
    layer = stage.GetRootLayer()
    return str(layer.realPath or layer.identifier)
