"""Edits of time samples do to a Parquet layer what they do to one of OpenUSD's own in memory."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pxr import Sdf, Tf, Ts, Usd, Vt
from round_trips import text_layer

# `/A` to `/C` share `v`, a column; `/A.only` is in the residual, and so is the block in `/C.v`'s
# place, where the declaration is another one.
CONTENT = """
def "A"
{
    double v = 1
    double v.timeSamples = {
        0: 0,
        1: 10,
        2: 20,
        5: 50,
    }
    float[] only.timeSamples = {
        1: [1, 2],
        2: None,
        3: [],
    }
}
def "B"
{
    double v.timeSamples = {
        1: 11,
        3: 13,
    }
}
def "C"
{
    double v = 3
    token t.timeSamples = {
        7: "seven",
    }
}
def "D"
{
    custom double v
}
"""
PATHS = ["/A.v", "/B.v", "/C.v", "/D.v", "/A.only", "/C.t"]
TIMES = [-3.5, 0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 100.0]
QUERIES = [-10.0, *TIMES, 1.25, 4.0, 1000.0]
VALUES: list[Any] = [
    2.5,
    -1.0,
    7,
    "text",
    Vt.FloatArray([1, 2]),
    Sdf.ValueBlock(),
    Sdf.AnimationBlock(),
    Sdf.Path("/A"),
]


def caught(f: Callable[[], object]) -> str:
    """The text of the error that `f` raises, or nothing."""
    try:
        f()
    except Tf.ErrorException as error:
        text = str([item.commentary for item in error.args])
        # Each kind of data words this for itself: SdfData quotes its source.
        return (
            "no spec"
            if "No spec at" in text
            else re.sub(r"<[^<>]*\.(usda|parquet)>", "<layer>", text)
        )
    except (RuntimeError, AttributeError) as error:  # the spec is gone
        return type(error).__name__
    return ""


class Twin:
    """A layer, the stage of it, and what both told."""

    def __init__(self, layer: Sdf.Layer) -> None:
        self.layer = layer
        self.stage = Usd.Stage.Open(layer)
        self.told: list[str] = []
        self.saved = layer.ExportToString()
        self.scratch = Sdf.Layer.CreateAnonymous(".usda")
        self._listener = Tf.Notice.Register(Usd.Notice.ObjectsChanged, self._listen, self.stage)

    def _listen(self, notice: Usd.Notice.ObjectsChanged, _: Usd.Stage) -> None:
        self.told.append(
            f"{notice.GetResyncedPaths()} {notice.GetChangedInfoOnlyPaths()} "
            f"{[notice.GetChangedFields(path) for path in notice.GetChangedInfoOnlyPaths()]}"
        )

    def save(self) -> None:
        if not self.layer.anonymous:
            self.layer.Save()
        self.saved = self.layer.ExportToString()

    def reload(self) -> None:
        """Drop what was edited since the last save."""
        if self.layer.anonymous:
            self.layer.ImportFromString(self.saved)
        else:
            self.layer.Reload(force=True)
        self.told.clear()

    def close(self) -> None:
        self._listener.Revoke()


def set_sample(twin: Twin, path: str, time: float, value: Any) -> None:
    twin.layer.SetTimeSample(path, time, value)


def set_through_stage(twin: Twin, path: str, time: float, value: Any) -> None:
    twin.stage.GetAttributeAtPath(path).Set(value, time)


def erase_sample(twin: Twin, path: str, time: float, _: Any) -> None:
    twin.layer.EraseTimeSample(path, time)


def clear_at_time(twin: Twin, path: str, time: float, _: Any) -> None:
    twin.stage.GetAttributeAtPath(path).ClearAtTime(time)


def clear_all(twin: Twin, path: str, _: float, __: Any) -> None:
    twin.layer.GetAttributeAtPath(path).ClearInfo("timeSamples")


def set_all(twin: Twin, path: str, time: float, _: Any) -> None:
    """The whole field at once, which Python can only copy."""
    source = text_layer(
        'def "A"\n{\n    double v.timeSamples = {\n        1: 1,\n        6: 6,\n    }\n}\n'
    )
    source.SetTimeSample("/A.v", time, 99.0)
    only_samples = lambda _, field, *__: field == "timeSamples"  # noqa: E731
    Sdf.CopySpec(source, "/A.v", twin.layer, path, only_samples, lambda *_: False)


def undone(twin: Twin, path: str, time: float, _: Any) -> None:
    """Edits, and the one that takes them back: the whole spec, as it was."""
    Sdf.CreatePrimInLayer(twin.scratch, "/Undo")
    Sdf.CopySpec(twin.layer, path, twin.scratch, "/Undo.x")
    twin.layer.EraseTimeSample(path, time)
    twin.layer.SetTimeSample(path, time + 0.25, twin.layer.GetAttributeAtPath(path).default)
    Sdf.CopySpec(twin.scratch, "/Undo.x", twin.layer, path)


def set_default(twin: Twin, path: str, _: float, value: Any) -> None:
    twin.layer.GetAttributeAtPath(path).default = value


def set_spline(twin: Twin, path: str, time: float, _: Any) -> None:
    spline = Ts.Spline()
    knot = Ts.Knot("double")
    knot.SetTime(time)
    knot.SetValue(4.0)
    spline.SetKnot(knot)
    twin.layer.GetAttributeAtPath(path).SetSpline(spline)


def copied(twin: Twin, path: str, time: float, value: Any) -> None:
    """Two specs share one map of samples then, of which one is edited."""
    Sdf.CreatePrimInLayer(twin.scratch, "/A")
    Sdf.CopySpec(twin.layer, path, twin.scratch, "/A.copy")
    twin.layer.EraseTimeSample(path, time)
    Sdf.CopySpec(twin.scratch, "/A.copy", twin.layer, "/D.copy")
    twin.layer.SetTimeSample("/D.copy", time, twin.layer.GetAttributeAtPath(path).default)


def renamed(twin: Twin, path: str, _: float, __: Any) -> None:
    edit, back = Sdf.BatchNamespaceEdit(), Sdf.BatchNamespaceEdit()
    edit.Add(path, "/B.moved")
    back.Add("/B.moved", path)
    twin.layer.Apply(edit)
    twin.layer.SetTimeSample("/B.moved", 9.0, twin.layer.GetAttributeAtPath("/B.moved").default)
    twin.layer.Apply(back)


def removed(twin: Twin, path: str, _: float, __: Any) -> None:
    attribute = twin.layer.GetAttributeAtPath(path)
    type_name = attribute.typeName
    owner, name = attribute.owner, attribute.name
    owner.RemoveProperty(attribute)
    Sdf.AttributeSpec(owner, name, type_name)


def in_a_block(twin: Twin, path: str, time: float, value: Any) -> None:
    with Sdf.ChangeBlock():
        twin.layer.SetTimeSample(path, time, Sdf.ValueBlock())
        twin.layer.SetTimeSample("/A.v", time, 5.0)
        twin.layer.EraseTimeSample("/A.v", 1.0)


def erase_every(twin: Twin, path: str, _: float, __: Any) -> None:
    for time in twin.layer.ListTimeSamplesForPath(path):
        twin.layer.EraseTimeSample(path, time)


def save(twin: Twin, *_: Any) -> None:
    twin.save()


def reload(twin: Twin, *_: Any) -> None:
    twin.reload()


EDITS = [
    set_sample,
    set_through_stage,
    erase_sample,
    clear_at_time,
    clear_all,
    set_all,
    undone,
    set_default,
    set_spline,
    copied,
    renamed,
    removed,
    in_a_block,
    erase_every,
    save,
    reload,
]
# Most edits are of single samples.
STEPS = st.tuples(
    st.one_of(st.sampled_from(EDITS[:4]), st.sampled_from(EDITS)),
    st.sampled_from(PATHS),
    st.sampled_from(TIMES),
    st.sampled_from(VALUES),
)


def answers(layer: Sdf.Layer, stage: Usd.Stage) -> list[str]:
    """What the layer says of its samples, a line each."""
    lines = [f"all: {layer.ListAllTimeSamples()}"]
    lines += [f"around {time}: {layer.GetBracketingTimeSamples(time)}" for time in QUERIES]
    for path in [*PATHS, "/D.copy", "/Z.none"]:
        lines.append(f"{path}: {layer.ListTimeSamplesForPath(path)}")
        lines.append(f"{layer.GetNumTimeSamplesForPath(path)} {bool(layer.GetObjectAtPath(path))}")
        attribute = stage.GetAttributeAtPath(path)
        for time in QUERIES:
            lines.append(
                f"at {time}: {layer.QueryTimeSample(path, time)}"
                f" {layer.GetBracketingTimeSamplesForPath(path, time)}"
                f" {attribute.Get(time) if attribute else None}"
            )
    return lines


def open_twins(folder: Path) -> tuple[Twin, Twin]:
    file = folder / "samples.parquet"
    assert text_layer(CONTENT).Export(str(file))
    return Twin(text_layer(CONTENT)), Twin(Sdf.Layer.FindOrOpen(str(file)))


def check(expected: Twin, ours: Twin) -> None:
    assert ours.layer.ExportToString() == expected.layer.ExportToString()
    assert answers(ours.layer, ours.stage) == answers(expected.layer, expected.stage)
    assert ours.told == expected.told


@given(steps=st.lists(STEPS, max_size=12), asks_between=st.booleans())
@settings(max_examples=150, deadline=None)
def test_random_edits(steps: list[Any], asks_between: bool) -> None:
    with TemporaryDirectory() as folder:
        expected, ours = open_twins(Path(folder))
        for f, path, time, value in steps:
            raised = [
                caught(lambda twin=twin, f=f, a=(path, time, value): f(twin, *a))
                for twin in (expected, ours)
            ]
            assert raised[0] == raised[1]
            if asks_between:
                check(expected, ours)
        check(expected, ours)
        ours.save()
        expected.save()
        check(expected, ours)
        reopened = Sdf.Layer.OpenAsAnonymous(ours.layer.identifier)
        assert reopened.ExportToString() == expected.layer.ExportToString()
        for twin in (expected, ours):
            twin.close()


@pytest.mark.parametrize("f", EDITS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("path", PATHS)
def test_each_edit(tmp_path: Path, f: Callable[..., None], path: str) -> None:
    expected, ours = open_twins(tmp_path)
    for time, value in itertools.product(
        (1.0, 1.5), (2.5, Vt.FloatArray(1), "x", Sdf.ValueBlock())
    ):
        raised = [
            caught(lambda twin=twin, a=(path, time, value): f(twin, *a))
            for twin in (expected, ours)
        ]
        assert raised[0] == raised[1]
        check(expected, ours)
    for twin in (expected, ours):
        twin.close()


def test_an_edited_sample_decodes_no_other(tmp_path: Path) -> None:
    """One edited sample does not bring the file's others into memory."""
    import usdparquet

    layer = text_layer('def "A"\n{\n    double[] v\n}\ndef "B"\n{\n    double[] v\n}\n')
    for path, time in itertools.product(("/A.v", "/B.v"), range(2000)):
        layer.SetTimeSample(path, time, [float(time)] * 100)
    file = tmp_path / "large.parquet"
    layer.Export(str(file), args={"for": "size"})  # a page holds a thousand of them
    opened = Sdf.Layer.FindOrOpen(str(file))
    before = usdparquet.cache_stats()
    opened.SetTimeSample("/A.v", 5.5, [1.0])
    opened.EraseTimeSample("/A.v", 7.0)
    assert opened.GetNumTimeSamplesForPath("/A.v") == 2000
    assert opened.GetBracketingTimeSamplesForPath("/A.v", 7.0) == (True, 6.0, 8.0)
    assert opened.QueryTimeSample("/A.v", 5.5) == [1.0]
    assert opened.QueryTimeSample("/A.v", 5.0) == [5.0] * 100
    assert usdparquet.cache_stats()["misses"] - before["misses"] <= 4


def test_questions_of_the_layer_after_edits(tmp_path: Path) -> None:
    """The last sample at a time may be that of any attribute."""
    _, ours = open_twins(tmp_path)
    layer = ours.layer
    assert layer.ListAllTimeSamples() == [0.0, 1.0, 2.0, 3.0, 5.0, 7.0]
    layer.EraseTimeSample("/A.v", 1.0)  # /B.v and /A.only have it too
    assert layer.ListAllTimeSamples() == [0.0, 1.0, 2.0, 3.0, 5.0, 7.0]
    layer.EraseTimeSample("/B.v", 1.0)
    assert layer.GetBracketingTimeSamples(0.75) == (True, 0.0, 1.0)
    layer.EraseTimeSample("/A.only", 1.0)
    assert layer.GetBracketingTimeSamples(0.75) == (True, 0.0, 2.0)
    layer.GetAttributeAtPath("/A.only").ClearInfo("timeSamples")
    layer.GetPrimAtPath("/B").RemoveProperty(layer.GetAttributeAtPath("/B.v"))
    assert layer.ListAllTimeSamples() == [0.0, 2.0, 5.0, 7.0]
    layer.SetTimeSample("/D.v", 6.0, 1.0)
    layer.SetTimeSample("/D.v", 6.0, 2.0)
    assert layer.ListAllTimeSamples() == [0.0, 2.0, 5.0, 6.0, 7.0]
    layer.EraseTimeSample("/D.v", 6.0)
    assert layer.ListAllTimeSamples() == [0.0, 2.0, 5.0, 7.0]
    del layer.rootPrims["C"]
    assert layer.ListAllTimeSamples() == [0.0, 2.0, 5.0]
    layer.Reload(force=True)
    assert layer.ListAllTimeSamples() == [0.0, 1.0, 2.0, 3.0, 5.0, 7.0]


def test_many_samples(tmp_path: Path) -> None:
    """Every call is answered in time that does not grow with the samples: this ends."""
    _, ours = open_twins(tmp_path)
    attribute = ours.stage.GetAttributeAtPath("/C.v")
    count = 30_000
    for time in range(count, 0, -1):
        attribute.Set(float(time), time)
    for time in range(1, count, 7):
        assert attribute.Get(time + 0.5) == time + 0.5
        ours.layer.EraseTimeSample("/C.v", time)
        assert ours.layer.GetBracketingTimeSamples(time)[0]
    assert attribute.GetNumTimeSamples() == count - len(range(1, count, 7))
