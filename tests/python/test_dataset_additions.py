"""Saving the layer of a dataset with new prims, properties and time samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pxr import Sdf, Tf, Usd
from test_dataset import as_text, hall, write_folder
from test_dataset_saving import contents
from usd_values import collected_warnings, open_layer

import usdparquet
from usdparquet._dataset import MANIFEST

DOUBLE, STRING = Sdf.ValueTypeNames.Double, Sdf.ValueTypeNames.String


@pytest.fixture(params=["index", "no index"])
def halls(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = write_folder(
        tmp_path / "costs.parquet", {f"part-{n}.parquet": hall(n) for n in range(3)}
    )
    usdparquet.dataset(folder, index=request.param == "index")
    return folder


def changed(before: dict[str, bytes], folder: Path) -> list[str]:
    after = contents(folder)
    assert not [name for name in after if name.startswith(".")]
    return sorted(name for name in after if name.startswith("part") and before[name] != after[name])


def saved(layer: Sdf.Layer, folder: Path) -> None:
    """Save; the files give the very layer that was edited, but for the order of properties."""
    expected = flat(layer)
    assert layer.Save()
    assert not layer.dirty
    assert flat(layer) == flat(Sdf.Layer.OpenAsAnonymous(str(folder))) == expected
    (folder / MANIFEST).rename(folder / "_kept")  # without it the files say the same
    assert flat(Sdf.Layer.OpenAsAnonymous(str(folder))) == expected
    (folder / "_kept").rename(folder / MANIFEST)


def flat(layer: Sdf.Layer) -> list[tuple[str, Any]]:
    """All that a layer says, prims in their order."""
    found: list[tuple[str, Any]] = []

    def visit(prim: Sdf.PrimSpec) -> None:
        fields = {
            key: str(prim.GetInfo(key))
            for key in ("specifier", "typeName", "kind", "active")
            if prim.HasInfo(key)
        }
        found.append((str(prim.path), fields))
        for spec in sorted(prim.properties, key=lambda spec: spec.name):
            said = [spec.custom, str(getattr(spec, "typeName", "rel")), str(spec.variability)]
            if isinstance(spec, Sdf.RelationshipSpec):
                said.append(str(spec.targetPathList))
            else:
                said.append(spec.default)
                times = layer.ListTimeSamplesForPath(spec.path)
                said.append([(time, layer.QueryTimeSample(spec.path, time)) for time in times])
            found.append((str(spec.path), said))
        for child in prim.nameChildren:
            visit(child)

    for prim in layer.rootPrims:
        visit(prim)
    return found


def attribute(layer: Sdf.Layer, path: str, kind: Any, value: Any, **options: Any) -> None:
    prim, _, name = path.rpartition(".")
    spec = Sdf.AttributeSpec(layer.GetPrimAtPath(prim), name, kind, **options)
    spec.default = value


def test_a_new_property(halls: Path) -> None:
    before = contents(halls)
    layer = open_layer(halls)
    attribute(layer, "/World/Hall_1/Wall_2.note", STRING, "new")
    attribute(layer, "/World/Hall_1/Wall_4.note", STRING, "too")
    saved(layer, halls)
    assert changed(before, halls) == ["part-1.parquet"]
    table = usdparquet.read_columns(halls, ["note"], under="/World/Hall_1")
    assert table["note"].to_pylist() == [None, None, "new", None, "too"]
    assert "note" not in pq.read_schema(halls / "part-0.parquet").names
    # Once more, in another file; and in the one that has it.
    attribute(layer, "/World/Hall_0/Wall_0.note", STRING, "third")
    attribute(layer, "/World/Hall_1/Wall_0.note", STRING, "fourth")
    layer.GetAttributeAtPath("/World/Hall_1/Wall_2.note").default = "newer"
    saved(layer, halls)
    assert changed(before, halls) == ["part-0.parquet", "part-1.parquet"]


def test_the_properties_of_a_stage(halls: Path) -> None:
    stage = Usd.Stage.Open(str(halls))
    prim = stage.GetPrimAtPath("/World/Hall_2/Wall_0")
    prim.CreateAttribute("size:tint", Sdf.ValueTypeNames.Color3f).Set((1, 0.5, 0))
    prim.CreateAttribute("rank", Sdf.ValueTypeNames.Int, variability=Sdf.VariabilityUniform).Set(7)
    prim.CreateRelationship("next").SetTargets(["/World/Hall_2/Wall_1", "/World/Hall_0"])
    prim.GetAttribute("wall").Set(0.5)
    saved(stage.GetRootLayer(), halls)
    again = Usd.Stage.Open(Sdf.Layer.OpenAsAnonymous(str(halls)))
    wall = again.GetPrimAtPath("/World/Hall_2/Wall_0")
    assert wall.GetAttribute("size:tint").Get() == (1, 0.5, 0)
    assert wall.GetAttribute("rank").GetVariability() == Sdf.VariabilityUniform
    assert [str(path) for path in wall.GetRelationship("next").GetTargets()] == [
        "/World/Hall_2/Wall_1",
        "/World/Hall_0",
    ]


def test_values_that_are_not_their_own_equals(halls: Path) -> None:
    layer = open_layer(halls)
    nan, path = float("nan"), "/World/Hall_1/Wall_2"
    types = Sdf.ValueTypeNames
    for name, kind, value in (
        ("one", DOUBLE, nan),
        ("tuple", types.Float3, (1, nan, -0.0)),
        ("list", types.HalfArray, [nan, 2.5]),
    ):
        attribute(layer, f"{path}.{name}", kind, value)
    layer.GetAttributeAtPath("/World/Hall_1/Wall_1.wall").default = nan
    expected = layer.ExportToString()
    assert "nan" in expected
    assert layer.Save()
    assert as_text(halls) == expected


def test_content_that_is_replaced_is_not_saved(halls: Path) -> None:
    layer = open_layer(halls)
    before = contents(halls)
    layer.Clear()
    said = "this is a folder, which is not written over by a new layer, or by one whose content"
    with pytest.raises(Tf.ErrorException, match=said):
        layer.Save()
    with pytest.raises(Tf.ErrorException):
        Sdf.Layer.CreateNew(str(halls))
    assert contents(halls) == before
    layer.Reload(force=True)


def test_new_prims(halls: Path) -> None:
    before = contents(halls)
    layer = open_layer(halls)
    for parent in ("/World/Hall_1", "/World/Hall_0/Wall_3", "/World"):
        Sdf.PrimSpec(layer.GetPrimAtPath(parent), "New", Sdf.SpecifierOver)
    attribute(layer, "/World/Hall_1/New.wall", DOUBLE, 8.5)
    attribute(layer, "/World/Hall_1/New.note", STRING, "x")
    # Two deep, of which the upper one has no property.
    deep = Sdf.PrimSpec(layer.GetPrimAtPath("/World/New"), "Deep", Sdf.SpecifierOver)
    attribute(layer, f"{deep.path}.kind", STRING, "d")
    saved(layer, halls)
    # After all of its siblings.
    assert changed(before, halls) == ["part-0.parquet", "part-1.parquet", "part-2.parquet"]
    paths = [pq.read_table(halls / f"part-{n}.parquet")["path"].to_pylist() for n in range(3)]
    assert [path for part in paths for path in part if "New" in path] == [
        "/World/Hall_0/Wall_3/New",
        "/World/Hall_1/New",
        "/World/New/Deep",
    ]
    part = json.loads((halls / MANIFEST).read_text())["parts"][1]
    assert (part["first"], part["last"]) == ("/World/Hall_1/New", "/World/Hall_1/Wall_4")


def test_prims_with_types_and_new_roots(halls: Path) -> None:
    stage = Usd.Stage.Open(str(halls))
    stage.DefinePrim("/Site/Crane", "Xform").SetMetadata("kind", "component")
    stage.GetPrimAtPath("/World/Hall_0/Wall_1").SetActive(False)
    saved(stage.GetRootLayer(), halls)
    layer = Sdf.Layer.OpenAsAnonymous(str(halls))
    assert layer.GetPrimAtPath("/Site/Crane").typeName == "Xform"
    assert layer.GetPrimAtPath("/Site").specifier == Sdf.SpecifierDef
    assert [spec.name for spec in layer.rootPrims] == ["World", "Site"]


def test_all_kinds_of_edits_at_once(halls: Path) -> None:
    layer = open_layer(halls)
    del layer.GetPrimAtPath("/World/Hall_0").nameChildren["Wall_4"]
    del layer.GetPrimAtPath("/World").nameChildren["Hall_1"]
    layer.GetAttributeAtPath("/World/Hall_0/Wall_0.wall").default = -1.0
    attribute(layer, "/World/Hall_0/Wall_1.kind", STRING, "was null")
    attribute(layer, "/World/Hall_0/Wall_1.note", STRING, "new")
    Sdf.PrimSpec(layer.GetPrimAtPath("/World/Hall_0"), "Wall_9", Sdf.SpecifierOver)
    attribute(layer, "/World/Hall_0/Wall_9.wall", DOUBLE, 9.0)
    saved(layer, halls)


def test_a_column_that_only_other_files_have(tmp_path: Path) -> None:
    tables = {
        "part-0.parquet": hall(0),
        "part-1.parquet": hall(1).drop_columns(["wall", "size"]),
        "part-2.parquet": hall(2, part=[{"mass": 1.5, "name": "x"}] * 5),
    }
    folder = write_folder(tmp_path / "d.parquet", tables)
    usdparquet.dataset(folder)
    before = contents(folder)
    layer = open_layer(folder)
    attribute(layer, "/World/Hall_1/Wall_2.wall", DOUBLE, 5.0)
    attribute(layer, "/World/Hall_1/Wall_3.size", Sdf.ValueTypeNames.Float3, (1, 2, 3))
    saved(layer, folder)
    assert changed(before, folder) == ["part-1.parquet"]
    types = [pq.read_schema(folder / f"part-{n}.parquet").field("size").type for n in range(2)]
    assert types[0] == types[1]


def test_a_column_of_nothing_but_nulls(tmp_path: Path) -> None:
    tables = {
        "part-0.parquet": hall(0, note=["x"] * 5),
        "part-1.parquet": hall(1, note=pa.nulls(5)),
    }
    folder = write_folder(tmp_path / "d.parquet", tables)
    usdparquet.dataset(folder)
    layer = open_layer(folder)
    attribute(layer, "/World/Hall_1/Wall_2.note", STRING, "y")
    saved(layer, folder)
    assert pq.read_table(folder / "part-1.parquet")["note"].to_pylist() == [
        None,
        None,
        "y",
        None,
        None,
    ]


def test_files_that_are_whole_layers(tmp_path: Path) -> None:
    """Which keep the order of properties, and types and kinds of prims."""
    folder = tmp_path / "d.parquet"
    folder.mkdir()
    for number in range(2):
        stage = Usd.Stage.CreateInMemory()
        for name in ("a", "b"):
            prim = stage.DefinePrim(f"/Hall_{number}/{name}", "Xform")
            prim.CreateAttribute("cost", DOUBLE).Set(number + 0.5)
        assert stage.GetRootLayer().Export(str(folder / f"part-{number}.parquet"))
    usdparquet.dataset(folder)
    before = contents(folder)
    stage = Usd.Stage.Open(str(folder))
    stage.GetPrimAtPath("/Hall_0/b").CreateAttribute("note", STRING).Set("x")
    door = stage.DefinePrim("/Hall_0/door", "Cube")
    door.CreateAttribute("cost", DOUBLE).Set(7.0)
    saved(stage.GetRootLayer(), folder)
    assert changed(before, folder) == ["part-0.parquet"]


@pytest.fixture
def cranes(tmp_path: Path) -> Path:
    """A long table, whose files have a frame each."""

    def frames(frame: int) -> pa.Table:
        rows = {"path": ["/A/x", "/A/y"], "frame": [frame] * 2, "v": [frame * 1.0, frame * 2.0]}
        return pa.table(rows)

    folder = write_folder(
        tmp_path / "d.parquet", {f"part-{n}.parquet": frames(n) for n in range(3)}
    )
    usdparquet.dataset(folder, time="frame")
    return folder


def test_new_samples(cranes: Path) -> None:
    before = contents(cranes)
    layer = open_layer(cranes)
    layer.SetTimeSample("/A/x.v", 7, 70.0)
    layer.SetTimeSample("/A/x.v", 2, 20.0)  # which there was
    attribute(layer, "/A/y.w", STRING, None)
    layer.SetTimeSample("/A/y.w", 1, "one")
    layer.SetTimeSample("/A/y.w", 9, "nine")
    layer.GetAttributeAtPath("/A/y.v").default = -1.0
    expected = flat(layer)
    assert layer.Save()
    assert flat(layer) == flat(Sdf.Layer.OpenAsAnonymous(str(cranes))) == expected
    assert changed(before, cranes) == [f"part-{n}.parquet" for n in range(3)]
    assert layer.ListTimeSamplesForPath("/A/x.v") == [0, 1, 2, 7]
    assert [layer.QueryTimeSample("/A/x.v", time) for time in (1, 2, 7)] == [1.0, 20.0, 70.0]
    assert pq.read_schema(cranes / "part-0.parquet").field("frame").type == pa.int64()


def put_first(layer: Sdf.Layer, path: str) -> None:
    new = Sdf.PrimSpec(layer, "Moved", Sdf.SpecifierOver)
    layer.GetPrimAtPath(path).nameChildren.insert(0, new)


def replace(parent: Sdf.PrimSpec, name: str) -> None:
    del parent.nameChildren[name]
    Sdf.PrimSpec(parent, name, Sdf.SpecifierOver)


PRIMS = ["/World", "/World/Hall_1", "/World/Hall_0/Wall_1", "/World/Hall_2/Wall_3", "/World/New"]
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("prim"), st.sampled_from(PRIMS), st.sampled_from(["New", "Wall_9"])),
        st.tuples(
            st.just("value"), st.sampled_from(PRIMS), st.sampled_from(["wall", "note", "rank"])
        ),
        st.tuples(st.just("sample"), st.sampled_from(PRIMS), st.sampled_from(["wall", "note"])),
        st.tuples(st.just("remove"), st.sampled_from(PRIMS[1:]), st.just("")),
        st.tuples(st.just("save"), st.just(""), st.just("")),
    ),
    max_size=10,
)
KINDS = {"wall": DOUBLE, "note": STRING, "rank": Sdf.ValueTypeNames.Int}


def apply(layer: Sdf.Layer, edit: tuple[str, str, str], number: int) -> None:
    kind, path, name = edit
    prim = layer.GetPrimAtPath(path)
    if prim is None:
        return
    value = {"wall": number + 0.5, "note": f"note {number}", "rank": number}.get(name)
    if kind == "prim" and name not in prim.nameChildren:
        Sdf.PrimSpec(prim, name, [Sdf.SpecifierOver, Sdf.SpecifierDef][number % 2])
    elif kind == "remove":
        del prim.nameParent.nameChildren[prim.name]
    elif kind in ("value", "sample"):
        spec = layer.GetAttributeAtPath(f"{path}.{name}")
        spec = spec or Sdf.AttributeSpec(prim, name, KINDS[name])
        if kind == "value":
            spec.default = value
        else:
            layer.SetTimeSample(spec.path, number // 2, value)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=EDITS, is_long=st.booleans())
def test_any_edits_are_saved_or_refused(tmp_path: Path, edits: list[Any], is_long: bool) -> None:
    """What was saved is what was edited, and what was refused has changed nothing."""
    frames = {"frame": [0, 1, 1, 2, 3]} if is_long else {}
    # OpenUSD may still have the layer of the folder before.
    folder = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
    write_folder(folder, {f"part-{n}.parquet": hall(n, **frames) for n in range(3)})
    usdparquet.dataset(folder, time="frame" if is_long else "")
    layer = open_layer(folder)
    for number, edit in enumerate([*edits, ("save", "", "")]):
        if edit[0] != "save":
            apply(layer, edit, number)
            continue
        before, expected = contents(folder), flat(layer)
        try:
            saved_now = layer.Save()
        except Tf.ErrorException as error:
            assert "export the layer to another file" in str(error)
            assert contents(folder) == before and flat(layer) == expected
            layer.Reload(force=True)
        else:
            assert saved_now
            assert flat(Sdf.Layer.OpenAsAnonymous(str(folder))) == expected


REFUSED = {
    "another type": (
        lambda layer: attribute(layer, "/World/Hall_1/Wall_1.kind", DOUBLE, 1.0),
        "a new property 'kind' is a double, but the one that the dataset has is a string",
    ),
    "custom": (
        lambda layer: attribute(
            layer, "/World/Hall_1/Wall_1.kind", STRING, "x", declaresCustom=True
        ),
        "'kind' is a custom string, but the one that the dataset has is a string",
    ),
    "no value": (
        lambda layer: attribute(layer, "/World/Hall_1/Wall_1.note", STRING, None),
        "/World/Hall_1/Wall_1.note can't be saved in the files of a dataset: no column can hold",
    ),
    "reference": (
        lambda layer: layer.GetPrimAtPath("/World/Hall_1").referenceList.Prepend(
            Sdf.Reference("x.usda")
        ),
        "no column can hold 'references'",
    ),
    "metadata of the layer": (
        lambda layer: setattr(layer, "defaultPrim", "World"),
        "'defaultPrim' is metadata of the layer",
    ),
    "order": (
        lambda layer: put_first(layer, "/World"),
        "prims of a dataset can't be put into another order",
    ),
    "samples": (
        lambda layer: layer.SetTimeSample("/World/Hall_1/Wall_1.wall", 1, 2.0),
        "it has time samples, and the dataset no column of times",
    ),
    "metadata of a property": (
        lambda layer: setattr(
            layer.GetAttributeAtPath("/World/Hall_1/Wall_1.wall"), "documentation", "x"
        ),
        "'documentation' was changed or cleared",
    ),
    "another prim in the place of one": (
        lambda layer: replace(layer.GetPrimAtPath("/World"), "Hall_2"),
        "it takes the place of another prim",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_files_of_a_dataset_cannot_say_is_refused(tmp_path: Path, name: str) -> None:
    folder = write_folder(tmp_path / "d.parquet", {f"part-{n}.parquet": hall(n) for n in (1, 2)})
    usdparquet.dataset(folder)
    before = contents(folder)
    edit, said = REFUSED[name]
    layer = open_layer(folder)
    edit(layer)  # type: ignore[no-untyped-call]
    with pytest.raises(Tf.ErrorException) as raised:
        layer.Save()
    message = " ".join(str(raised.value).split())
    assert said in message
    assert "export the layer to another file (alone in a folder, 'usdparquet dataset'" in message
    assert contents(folder) == before
    assert layer.dirty
    layer.Reload(force=True)


def test_rows_of_a_partition_are_not_added(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "d.parquet", {"year=2024/0.parquet": hall(0)})
    usdparquet.dataset(folder)
    layer = open_layer(folder)
    before = contents(folder)
    Sdf.PrimSpec(layer.GetPrimAtPath("/World/Hall_0"), "New", Sdf.SpecifierOver)
    with pytest.raises(Tf.ErrorException, match="would get the value of a folder's name as well"):
        layer.Save()
    assert contents(folder) == before
    layer.Reload(force=True)
    # Properties of prims that are there are.
    attribute(layer, "/World/Hall_0/Wall_1.note", STRING, "x")
    saved(layer, folder)


def test_times_that_are_no_numbers(tmp_path: Path) -> None:
    rows = pa.table(
        {"path": ["/A", "/A"], "at": pa.array([0, 1000], pa.timestamp("ms")), "v": [1.0, 2.0]}
    )
    folder = write_folder(tmp_path / "d.parquet", {"a.parquet": rows})
    usdparquet.dataset(folder, time="at")
    layer = open_layer(folder)
    before = contents(folder)
    layer.SetTimeSample("/A.v", 12.0, 1.5)
    with pytest.raises(Tf.ErrorException, match="column 'at' of type timestamp"):
        layer.Save()
    assert contents(folder) == before
    layer.Reload(force=True)


def test_of_a_doubled_path_the_row_that_counts_is_set(tmp_path: Path) -> None:
    folder = write_folder(
        tmp_path / "d.parquet", {"part-0.parquet": hall(0), "part-1.parquet": hall(0).slice(1, 1)}
    )
    with pytest.warns(UserWarning, match="repeats"):
        usdparquet.dataset(folder)
    before = contents(folder)
    with collected_warnings():
        layer = open_layer(folder)
        attribute(layer, "/World/Hall_0/Wall_1.note", STRING, "x")
        saved(layer, folder)
    assert changed(before, folder) == ["part-1.parquet"]
    with collected_warnings():
        assert 'string note = "x"' in as_text(folder)
