"""Situations of values: their types, samples, splines and blocks. See situations.py."""

from __future__ import annotations

from pxr import Gf, Sdf, Usd, Vt
from situations import World
from situations_content import MODEL, TABLE


def _type_names() -> list[Sdf.ValueTypeName]:
    found = (getattr(Sdf.ValueTypeNames, name) for name in dir(Sdf.ValueTypeNames))
    return [name for name in found if isinstance(name, Sdf.ValueTypeName)]


def time_codes_are_scaled(w: World) -> None:
    """Time codes as values, and layers of another rate."""
    content = """
def "P"
{
    timecode begin = 48
    timecode[] marks = [1, 2, 24]
    timecode t.timeSamples = {
        0: 10,
        48: 20,
    }
}
"""
    w.write("slow", content, "(timeCodesPerSecond = 24)")
    header = "(subLayers = [@./slow.EXT@ (offset = 1)]; timeCodesPerSecond = 48)"
    stage = w.stage("", header)
    w.see(stage)
    for name in ("begin", "marks", "t"):
        w.say(stage.GetAttributeAtPath(f"/P.{name}").Get(97))
    stage.SetTimeCodesPerSecond(12)
    w.see(stage)


def splines(w: World) -> None:
    stage = w.stage(
        """
def "P"
{
    double v.spline = {
        bezier,
        pre: linear,
        post: sloped(0.25),
        1: 5; pre (0.5, 0); post held,
        3: 7; post curve (1.0, 0.5),
        8: 2 & 3,
    }
    float q.spline = {
        hermite,
        loop: (1, 3, 2, 2, 4),
        1: 1,
        3: 4; post linear,
    }
}
"""
    )
    for name in ("v", "q"):
        attribute = stage.GetAttributeAtPath(f"/P.{name}")
        w.say([attribute.Get(time) for time in (-1, 1, 2, 4.5, 8, 20)], attribute.HasSpline())
    spline = stage.GetAttributeAtPath("/P.v").GetSpline()
    spline.RemoveKnot(3.0)
    stage.GetAttributeAtPath("/P.v").SetSpline(spline)
    w.save(stage.GetRootLayer())
    stage.GetAttributeAtPath("/P.v").Set(3.0, 4.0)  # samples hide the spline
    w.say(stage.GetAttributeAtPath("/P.v").GetResolveInfo(4.0).GetSource())
    w.save(stage.GetRootLayer())


def array_edits(w: World) -> None:
    stage = w.stage_over(
        """
        def "P"
        {
            int[] v = [1, 2, 3]
            int[] w = [5]
        }
        """,
        """
        over "P"
        {
            int[] v = edit [
                append 9;
                write 7 to [0];
            ]
        }
        """,
    )
    w.say(stage.GetAttributeAtPath("/P.v").Get(), stage.GetAttributeAtPath("/P.w").Get())
    w.see_and_save(stage)


def blocks(w: World) -> None:
    stage = w.stage_over(
        MODEL,
        """
        over "Model"
        {
            double height = None
            over "A"
            {
                double radius.timeSamples = {
                    1: None,
                    2: 4,
                }
            }
        }
        """,
    )
    w.say([stage.GetAttributeAtPath("/Model/A.radius").Get(t) for t in (0, 1, 1.5, 2)])
    w.say(stage.GetAttributeAtPath("/Model.height").Get(1))
    stage.GetAttributeAtPath("/Model/B.radius").Block()
    stage.GetAttributeAtPath("/Model.height").BlockAnimation()
    stage.GetPrimAtPath("/Model/A").GetRelationship("look").SetTargets([])
    w.see_and_save(stage)


def time_samples(w: World) -> None:
    layer = w.open(MODEL)
    path = "/Model.height"
    layer.SetTimeSample(path, 3.0, 4.0)
    layer.SetTimeSample(path, 1.0, Sdf.ValueBlock())
    layer.EraseTimeSample(path, 5.0)
    layer.EraseTimeSample(path, 77.0)
    w.attempt(layer.EraseTimeSample, "/None.x", 1.0)
    w.attempt(layer.SetTimeSample, "/None.x", 1.0, 1.0)
    w.attempt(layer.SetTimeSample, "/Model/A.look", 1.0, 1.0)
    w.say(layer.ListAllTimeSamples(), layer.GetBracketingTimeSamples(2.0))
    w.say(layer.QueryTimeSample(path, 1.0), layer.GetNumTimeSamplesForPath(path))
    w.save(layer)
    for time in layer.ListTimeSamplesForPath(path):
        layer.EraseTimeSample(path, time)
    w.say(layer.GetAttributeAtPath(path).HasInfo("timeSamples"))
    w.save(layer)


def values_of_every_type(w: World) -> None:
    """Set on two prims, so that they make columns, and changed after."""
    layer = w.open("")
    names = sorted({str(name) for name in map(str, _type_names()) if not name.startswith("opaque")})
    with Sdf.ChangeBlock():
        prims = [Sdf.PrimSpec(layer, name, Sdf.SpecifierDef) for name in ("P", "Q")]
        for number, name in enumerate(names):
            kind = Sdf.ValueTypeNames.Find(name)
            for prim in prims:
                spec = Sdf.AttributeSpec(prim, f"a{number}", kind)
                w.attempt(setattr, spec, "default", kind.defaultValue)
    w.save(layer)
    for number in range(len(names)):
        spec = layer.GetAttributeAtPath(f"/P.a{number}")
        w.say(spec.typeName, spec.default, spec.HasDefaultValue())
        w.attempt(spec.ClearDefaultValue)
    w.save(layer)


def values_of_wrong_types(w: World) -> None:
    layer = w.open(TABLE)
    stage = Usd.Stage.Open(layer)
    attribute = layer.GetAttributeAtPath("/P0.a")
    for value in ("text", 7, True, [1.0], Gf.Vec3d(1), None, Sdf.ValueBlock(), 1e400, b"x"):
        w.say(repr(value))
        w.attempt(setattr, attribute, "default", value)
        w.attempt(stage.GetAttributeAtPath("/P1.a").Set, value)
        w.attempt(layer.SetTimeSample, "/P2.a", 1.0, value)
    w.attempt(attribute.SetInfo, "hidden", "text")
    w.attempt(attribute.SetInfo, "noSuchField", 1)
    w.attempt(setattr, layer.GetPrimAtPath("/P0"), "typeName", "no type")
    w.save(layer)


def special_numbers(w: World) -> None:
    layer = w.open(
        "".join(
            f"""
        def "P{i}"
        {{
            double d = nan
            float f = -inf
            half h = inf
            double3 v = (nan, -0, inf)
        }}
        """
            for i in range(2)
        )
    )
    layer.GetAttributeAtPath("/P0.d").default = -0.0
    layer.GetAttributeAtPath("/P1.d").default = 5e-324
    layer.GetAttributeAtPath("/P1.f").default = 1e300
    layer.SetTimeSample("/P1.d", -1e300, float("nan"))
    layer.SetTimeSample("/P1.d", -0.0, 1.0)
    layer.SetTimeSample("/P1.d", 0.0, 2.0)
    w.say(layer.GetAttributeAtPath("/P1.f").default, layer.ListAllTimeSamples())
    w.save(layer)


def long_and_empty_values(w: World) -> None:
    layer = w.open(
        "".join(
            f"""
        def "P{i}"
        {{
            string s = ""
            token t = ""
            int[] v = []
            asset a = @@
        }}
        """
            for i in range(3)
        )
    )
    layer.GetAttributeAtPath("/P0.s").default = "x" * 100_000
    layer.GetAttributeAtPath("/P1.v").default = Vt.IntArray(range(50_000))
    layer.GetAttributeAtPath("/P2.s").default = "a\"\\'\r\n\t"
    w.save(layer)


def interpolated_values(w: World) -> None:
    """What each type gives between two samples, held and linear."""
    stage = w.stage(
        """
        def "P"
        {
            bool b.timeSamples = { 1: false, 3: true }
            double d.timeSamples = { 1: 1, 3: 2 }
            float3 f.timeSamples = { 1: (0, 0, 0), 3: (1, 2, 3) }
            half h.timeSamples = { 1: 0, 3: 1 }
            int i.timeSamples = { 1: 1, 3: 9 }
            quatf q.timeSamples = { 1: (1, 0, 0, 0), 3: (0, 1, 0, 0) }
            matrix2d m.timeSamples = { 1: ((1, 0), (0, 1)), 3: ((3, 0), (0, 3)) }
            float[] same.timeSamples = { 1: [1, 2], 3: [3, 4] }
            float[] other.timeSamples = { 1: [1, 2], 3: [3] }
            string s.timeSamples = { 1: "a", 3: "b" }
            token t.timeSamples = { 1: "a", 3: "b" }
            asset a.timeSamples = { 1: @a@, 3: @b@ }
            color3f[] c.timeSamples = { 1: [(0, 0, 0)], 3: [(1, 1, 1)] }
        }
        """
    )
    for kind in (Usd.InterpolationTypeLinear, Usd.InterpolationTypeHeld):
        stage.SetInterpolationType(kind)
        for attribute in stage.GetPrimAtPath("/P").GetAttributes():
            w.say(attribute.GetName(), [attribute.Get(time) for time in (0, 1, 1.5, 3, 4)])
    attributes = stage.GetPrimAtPath("/P").GetAttributes()
    w.say(Usd.Attribute.GetUnionedTimeSamples(attributes))
    query = Usd.AttributeQuery(stage.GetAttributeAtPath("/P.d"))
    w.say(query.GetTimeSamplesInInterval(Gf.Interval(2, 5)), query.ValueMightBeTimeVarying())
    w.say(query.GetBracketingTimeSamples(2.5), query.GetNumTimeSamples())
    w.say(stage.GetStartTimeCode(), stage.HasAuthoredTimeCodeRange())


def declarations(w: World) -> None:
    """One name as uniform, custom, of other types and as a relationship."""
    layer = w.open(
        """
        def "A"
        {
            uniform token x = "t"
            custom double y = 1
            rel z = </A>
            opaque o
            group g
        }
        def "B"
        {
            token x = "t"
            double y = 2
            custom rel z = </B>
            opaque o
            group g
        }
        def "C"
        {
            custom uniform token x
            float y = 3
            double z = 4
            custom opaque o
        }
        def "D"
        {
            varying rel z
            uniform token x = "u" (allowedTokens = ["t", "u"])
        }
        """
    )
    stage = Usd.Stage.Open(layer)
    for prim in stage.Traverse():
        for item in prim.GetAuthoredProperties():
            w.say(f"{item} {item.IsCustom()} {type(item).__name__}")
        for attribute in prim.GetAuthoredAttributes():
            w.say(f"{attribute.GetTypeName()} {attribute.GetVariability()} {attribute.Get()}")
    stage.GetPrimAtPath("/A").GetAttribute("y").SetCustom(False)
    layer.GetAttributeAtPath("/B.y").SetInfo("typeName", "float")
    layer.GetRelationshipAtPath("/B.z").custom = False
    stage.GetAttributeAtPath("/C.x").Set("new", 3.0)
    w.attempt(stage.GetPrimAtPath("/C").CreateRelationship, "y")
    w.see(stage)
    w.save(layer)


SITUATIONS = [
    time_codes_are_scaled,
    splines,
    array_edits,
    blocks,
    time_samples,
    values_of_every_type,
    values_of_wrong_types,
    special_numbers,
    long_and_empty_values,
    interpolated_values,
    declarations,
]
