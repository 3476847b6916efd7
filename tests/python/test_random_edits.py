"""Random edits do to a Parquet layer what they do to the same as USDC: text, notices, errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pxr import Gf, Sdf, Tf, Usd, Vt
from round_trips import difference, text_layer
from situations_content import MODEL, TABLE, VARIANTS

PRIMS = ["/Model", "/Model/A", "/Model/B", "/P0", "/P1", "/P0/New", "/P", "/P{look=red}", "/X"]
PRIMS += ["/P{look=blue}OnlyBlue", "/P{look=red}{shade=dark}", "/Model/A/In"]
NAMES = ["a", "b", "c", "radius", "look", "height", "own", "x:y"]
TYPES = ["double", "float[]", "token", "string", "int", "asset", "color3f"]
VALUES: list[Any] = [
    1.5,
    7,
    "text",
    Vt.FloatArray([1, 2]),
    Gf.Vec3f(1, 2, 3),
    Sdf.ValueBlock(),
    Sdf.AssetPath("./x.png"),
    None,
]
FIELDS = ["comment", "documentation", "kind", "hidden", "customData", "displayName", "active"]


class Subject:
    """An opened layer with its stage, and what it told."""

    def __init__(self, file: Path) -> None:
        text_layer(MODEL + VARIANTS + TABLE).Export(str(file))
        self.layer = Sdf.Layer.FindOrOpen(str(file))
        self.stage = Usd.Stage.Open(self.layer)
        self.told: list[str] = []
        self._listener = Tf.Notice.Register(Usd.Notice.ObjectsChanged, self._listen, self.stage)

    def _listen(self, notice: Usd.Notice.ObjectsChanged, _: Usd.Stage) -> None:
        changed = notice.GetChangedInfoOnlyPaths()
        fields = [(str(path), sorted(notice.GetChangedFields(path))) for path in changed]
        self.told.append(f"{notice.GetResyncedPaths()} {fields}")

    def do(self, f: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            self.told.append(f"{f.__name__} {f(self, *arguments)}")
        except Tf.ErrorException as error:
            texts = str([item.commentary for item in error.args])
            # USDC quotes its source where a spec is not there.
            no_spec = "onexistent spec" in texts or "No spec at" in texts
            text = re.sub(r"[^ @<]*\.(usdc|parquet)", "LAYER", texts)
            self.told.append("no such spec" if no_spec else text)
        except (RuntimeError, AttributeError, TypeError, KeyError, IndexError) as error:
            self.told.append(type(error).__name__)

    def close(self) -> None:
        self._listener.Revoke()

    def prim(self, path: str) -> Sdf.PrimSpec:
        return self.layer.GetPrimAtPath(path)

    def property(self, path: str, name: str) -> Sdf.PropertySpec:
        return self.layer.GetPropertyAtPath(f"{path}.{name}")


def make_prim(s: Subject, path: str, _: str, value: Any, __: int) -> None:
    prim = Sdf.CreatePrimInLayer(s.layer, path)
    prim.specifier = Sdf.SpecifierDef if value is None else Sdf.SpecifierOver


def remove_prim(s: Subject, path: str, *_: Any) -> None:
    prim = s.prim(path)
    del prim.nameParent.nameChildren[prim.name]


def rename_prim(s: Subject, path: str, name: str, *_: Any) -> bool:
    edit = Sdf.BatchNamespaceEdit()
    edit.Add(Sdf.NamespaceEdit.Rename(path, name.replace(":", "_")))
    return s.layer.Apply(edit)


def move_prim(s: Subject, path: str, name: str, _: Any, number: int) -> bool:
    edit = Sdf.BatchNamespaceEdit()
    edit.Add(Sdf.NamespaceEdit.Reparent(path, PRIMS[number], number % 3 - 1))
    return s.layer.Apply(edit)


def make_attribute(s: Subject, path: str, name: str, _: Any, number: int) -> None:
    kind = Sdf.ValueTypeNames.Find(TYPES[number % len(TYPES)])
    Sdf.AttributeSpec(s.prim(path), name, kind, Sdf.VariabilityVarying, number % 2 == 0)


def make_relationship(s: Subject, path: str, name: str, _: Any, number: int) -> None:
    spec = Sdf.RelationshipSpec(s.prim(path), name, number % 2 == 0)
    spec.targetPathList.explicitItems = [PRIMS[number].replace("{look=red}", "")]


def remove_property(s: Subject, path: str, name: str, *_: Any) -> None:
    if spec := s.property(path, name):  # OpenUSD ends the process where there is none
        s.prim(path).RemoveProperty(spec)


def rename_property(s: Subject, path: str, name: str, _: Any, number: int) -> None:
    s.property(path, name).name = NAMES[number % len(NAMES)]


def set_default(s: Subject, path: str, name: str, value: Any, _: int) -> None:
    s.property(path, name).default = value


def set_through_stage(s: Subject, path: str, name: str, value: Any, _: int) -> bool:
    return s.stage.GetAttributeAtPath(f"{path}.{name}").Set(value)


def set_sample(s: Subject, path: str, name: str, value: Any, number: int) -> None:
    s.layer.SetTimeSample(f"{path}.{name}", float(number), value)


def edit_targets(s: Subject, path: str, name: str, _: Any, number: int) -> None:
    targets = s.property(path, name).targetPathList
    lists = (targets.prependedItems, targets.appendedItems, targets.deletedItems)
    lists[number % 3].append(f"/Target{number}")


def connect(s: Subject, path: str, name: str, _: Any, number: int) -> None:
    connections = s.property(path, name).connectionPathList
    if number % 4 == 0:
        connections.ClearEdits()
    else:
        connections.Prepend(f"/Target{number}.x")


def set_field(s: Subject, path: str, name: str, value: Any, number: int) -> None:
    spec = s.prim(path) if number % 2 else s.property(path, name)
    field = FIELDS[number % len(FIELDS)]
    values = {"hidden": True, "active": number > 5, "customData": {"n": number}}
    if value is None:
        spec.ClearInfo(field)
    else:
        spec.SetInfo(field, values.get(field, f"text {number}"))


def order(s: Subject, path: str, name: str, _: Any, number: int) -> None:
    if number % 2:
        s.prim(path).propertyOrder = [name, "c", "a"]
    else:
        s.prim(path).nameChildrenOrder = ["B", "A", name]


def add_arc(s: Subject, path: str, _: str, __: Any, number: int) -> None:
    prim = s.prim(path)
    lists = (prim.referenceList, prim.payloadList, prim.inheritPathList)
    items = (Sdf.Reference("", "/P1"), Sdf.Payload("", "/P2"), Sdf.Path("/P3"))
    lists[number % 3].Prepend(items[number % 3])


def select_variant(s: Subject, path: str, _: str, __: Any, number: int) -> None:
    s.prim(path).variantSelections["look"] = ("red", "blue", "")[number % 3]


def add_variant(s: Subject, path: str, name: str, _: Any, number: int) -> bool:
    return bool(Sdf.CreateVariantInLayer(s.layer, path, "look", f"v{number % 3}"))


def remove_variant_set(s: Subject, path: str, *_: Any) -> None:
    del s.prim(path).variantSets["look"]


def copy_spec(s: Subject, path: str, name: str, value: Any, number: int) -> bool:
    if not s.prim(str(Sdf.Path(PRIMS[number]).GetParentPath())):
        return False  # would make a spec that is in no list of children
    if value is None:
        return Sdf.CopySpec(s.layer, path, s.layer, PRIMS[number])
    return Sdf.CopySpec(s.layer, f"{path}.{name}", s.layer, f"{PRIMS[number]}.{name}")


def layer_field(s: Subject, _: str, name: str, value: Any, number: int) -> None:
    s.layer.comment = name
    s.layer.subLayerPaths[:] = [f"gone{number}.usda"] if value is None else []


def in_a_block(s: Subject, path: str, name: str, value: Any, number: int) -> None:
    with Sdf.ChangeBlock():
        set_field(s, path, name, value, number)
        Sdf.CreatePrimInLayer(s.layer, "/Block/Deep")
        set_default(s, path, name, value, number)


def save(s: Subject, *_: Any) -> str:
    return f"{s.layer.Save()} {s.layer.dirty}"


def reload(s: Subject, *_: Any) -> str:
    return f"{s.layer.Reload(force=True)} {s.layer.dirty}"


EDITS: list[Callable[..., Any]] = [
    make_prim,
    remove_prim,
    rename_prim,
    move_prim,
    make_attribute,
    make_relationship,
    remove_property,
    rename_property,
    set_default,
    set_through_stage,
    set_sample,
    edit_targets,
    connect,
    set_field,
    order,
    add_arc,
    select_variant,
    add_variant,
    remove_variant_set,
    copy_spec,
    layer_field,
    in_a_block,
    save,
    reload,
]
STEPS = st.tuples(
    st.sampled_from(EDITS),
    st.sampled_from(PRIMS),
    st.sampled_from(NAMES),
    st.sampled_from(VALUES),
    st.integers(0, len(PRIMS) - 1),
)


def flat(stage: Usd.Stage) -> str:
    return stage.Flatten(addSourceFileComment=False).ExportToString()


@given(steps=st.lists(STEPS, max_size=15))
@settings(max_examples=60, deadline=None)
def test_random_edits(steps: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        subjects = [Subject(Path(folder, f"layer.{suffix}")) for suffix in ("usdc", "parquet")]
        for f, *arguments in steps:
            for subject in subjects:
                subject.do(f, tuple(arguments))
            assert subjects[0].told == subjects[1].told
        for ending in (None, save, reload):
            for subject in subjects if ending else ():
                subject.do(ending, ())
            theirs, ours = (subject.layer.ExportToString() for subject in subjects)
            assert theirs == ours, difference(theirs, ours)
            assert flat(subjects[0].stage) == flat(subjects[1].stage)
            assert subjects[0].told == subjects[1].told
        for subject in subjects:
            subject.close()
