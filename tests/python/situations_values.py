"""Situations of values and what gives them. See situations.py."""

from __future__ import annotations

from pxr import Gf, Sdf, Usd, UsdGeom, UsdShade, UsdUtils, Vt
from situations import World
from situations_content import DEFAULT, MODEL, TABLE

CLIPS = """
def "P" (
    clips = {
        dictionary default = {
            double2[] active = [(0, 0), (10, 1)]
            asset[] assetPaths = [@./clip1.EXT@, @./clip2.EXT@]
            asset manifestAssetPath = @./manifest.EXT@
            string primPath = "/Clip"
            double2[] times = [(0, 0), (10, 10), (10, 0), (20, 10)]
        }
    }
)
{
    double size
    double fixed = 3
}
"""


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


def value_clips(w: World) -> None:
    w.write("manifest", 'over "Clip" { double size; }')
    for number in (1, 2):
        samples = ", ".join(f"{t}: {t * number}" for t in range(0, 11, 2))
        w.write(
            f"clip{number}",
            f"""
            over "Clip"
            {{
                double size.timeSamples = {{ {samples} }}
            }}
            over "Other" {{ double size; }}
            """,
        )
    stage = w.stage(CLIPS)
    size = stage.GetAttributeAtPath("/P.size")
    w.say(size.GetTimeSamples(), [size.Get(time) for time in (0, 1, 3, 9.5, 10, 11, 15, 30)])
    w.say(size.GetResolveInfo(3).GetSource(), size.GetBracketingTimeSamples(3.5))
    clip = Sdf.Layer.FindOrOpen(w.name("clip2"))
    clip.SetTimeSample("/Clip.size", 5.0, 100.0)
    w.say(size.GetTimeSamples(), size.Get(15.0))
    w.see(stage)
    Usd.ClipsAPI(stage.GetPrimAtPath("/P")).SetClipActive([(0, 1)])
    w.say(size.Get(3.0))
    w.save(stage.GetRootLayer())


def template_clips(w: World) -> None:
    for frame in (1, 2, 3):
        w.write(
            f"c.{frame:03}",
            f"""
            over "C"
            {{
                float v.timeSamples = {{ {frame}: {frame * 5} }}
            }}
            """,
        )
    stage = w.stage(
        """
def "P" (
    clips = {
        dictionary default = {
            string primPath = "/C"
            string templateAssetPath = "./c.###.EXT"
            double templateStartTime = 1
            double templateEndTime = 3
            double templateStride = 1
        }
    }
)
{
    float v
}
"""
    )
    w.say([stage.GetAttributeAtPath("/P.v").Get(time) for time in (0.5, 1, 2, 2.5, 3)])
    clips = Usd.ClipsAPI(stage.GetPrimAtPath("/P"))
    w.say([path.path for path in clips.ComputeClipAssetPaths("default")])
    manifest = clips.GenerateClipManifest("default")
    w.say(manifest.ExportToString() if manifest else "no manifest")


def stitched_clips(w: World) -> None:
    """UsdUtils writes topology, manifest and root in the format itself."""
    files = [
        w.write(
            f"s{frame}",
            f"""
        def "C"
        {{
            float v.timeSamples = {{ {frame}: {frame} }}
        }}
        """,
            f"""
        (
            endTimeCode = {frame}
            startTimeCode = {frame}
        )
        """,
        )
        for frame in (1, 2, 3)
    ]
    with w.quiet():
        root = Sdf.Layer.CreateNew(w.name("stitched"))
    with w.quiet():  # told by several threads at once
        w.attempt(UsdUtils.StitchClips, root, files, "/C", 1.0, 3.0)
    for name in ("stitched", "stitched.topology", "stitched.manifest"):
        with w.quiet():
            found = Sdf.Layer.FindOrOpen(w.name(name))
        w.say(name, found.ExportToString() if found else "not there")


def stitched_layers(w: World) -> None:
    strong = w.open("""
        def "P"
        {
            int a = 1
            double s.timeSamples = { 1: 1 }
        }
        """)
    weak = w.open(
        MODEL
        + """
        over "P"
        {
            int a = 2
            double s.timeSamples = { 2: 2 }
        }
        """,
        name="weak",
    )
    w.attempt(UsdUtils.StitchLayers, strong, weak)
    w.save(strong)


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
    w.write(
        "weak",
        """
        def "P"
        {
            int[] v = [1, 2, 3]
            int[] w = [5]
        }
        """,
    )
    stage = w.stage(
        """
        over "P"
        {
            int[] v = edit [
                append 9;
                write 7 to [0];
            ]
        }
        """,
        "(subLayers = [@./weak.EXT@])",
    )
    w.say(stage.GetAttributeAtPath("/P.v").Get(), stage.GetAttributeAtPath("/P.w").Get())
    w.see(stage)
    w.save(stage.GetRootLayer())


def blocks(w: World) -> None:
    w.write("weak", MODEL)
    stage = w.stage(
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
        "(subLayers = [@./weak.EXT@])",
    )
    w.say([stage.GetAttributeAtPath("/Model/A.radius").Get(t) for t in (0, 1, 1.5, 2)])
    w.say(stage.GetAttributeAtPath("/Model.height").Get(1))
    stage.GetAttributeAtPath("/Model/B.radius").Block()
    stage.GetAttributeAtPath("/Model.height").BlockAnimation()
    stage.GetPrimAtPath("/Model/A").GetRelationship("look").SetTargets([])
    w.see(stage)
    w.save(stage.GetRootLayer())


def expression_variables(w: World) -> None:
    w.write("red", 'def "P" { string color = "red"; }', '(defaultPrim = "P")')
    w.write("blue", 'def "P" { string color = "blue"; }', '(defaultPrim = "P")')
    stage = w.stage(
        """
        def "R" (references = @`"./${COLOR}.EXT"`@)
        {
            asset map = @`if(${BIG}, "big.png", "small.png")`@
        }
        def "V" (
            variants = {
                string look = "`\\"${COLOR}\\"`"
            }
            prepend variantSets = "look"
        )
        {
            variantSet "look" = {
                "blue" {
                    int x = 1
                }
                "red" {
                    int x = 2
                }
            }
        }
        """,
        """
        (
            expressionVariables = {
                bool BIG = true
                string COLOR = "red"
            }
        )
        """,
    )
    w.see(stage)
    w.say(stage.GetAttributeAtPath("/R.map").Get().evaluatedPath)
    layer = stage.GetRootLayer()
    layer.expressionVariables = {"COLOR": "blue", "BIG": False}
    w.see(stage)
    w.say(stage.GetAttributeAtPath("/R.map").Get().evaluatedPath)
    layer.ClearExpressionVariables()
    w.see(stage)
    w.save(layer)


def asset_paths(w: World) -> None:
    for name in ("map.png", "sub/map.png", "üñí.png"):
        file = w.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"x")
    w.write(
        "sub/model",
        """
        def "M"
        {
            asset a = @./map.png@
            asset[] list = [@map.png@, @../üñí.png@]
            asset none = @@
            asset gone = @./gone.png@
        }
        """,
    )
    stage = w.stage('def "R" (references = @./sub/model.EXT@</M>) { asset own = @./map.png@; }')
    for name in ("a", "none", "gone", "own"):
        value = stage.GetAttributeAtPath(f"/R.{name}").Get()
        w.say(value.authoredPath, value.path, value.resolvedPath)
    w.say([path.resolvedPath for path in stage.GetAttributeAtPath("/R.list").Get()])
    layer = Sdf.Layer.FindOrOpen(w.name("sub/model"))
    w.say(layer.ComputeAbsolutePath("./map.png"), sorted(layer.GetExternalReferences()))
    UsdUtils.ModifyAssetPaths(layer, lambda path: path.replace("map", "new"))
    w.see(layer)
    w.see(stage)


def dependencies(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    root = w.write(
        "root",
        """
        def "R" (
            payload = @./model.EXT@
            references = @./gone.EXT@
        ) {}
        """,
        "(subLayers = [@./model.EXT@])",
    )
    layers, assets, unresolved = UsdUtils.ComputeAllDependencies(root)
    w.say(sorted(layer.identifier for layer in layers), sorted(assets), sorted(unresolved))
    w.say(UsdUtils.ExtractExternalReferences(root))
    layer = Sdf.Layer.FindOrOpen(root)
    w.say(sorted(layer.GetCompositionAssetDependencies()))
    w.attempt(layer.UpdateCompositionAssetDependency, w.text("./gone.EXT"), w.text("./model.EXT"))
    w.save(layer)


def relationships_and_connections(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    stage = w.stage('def "R" (references = @./model.EXT@) {}')
    look = stage.GetPrimAtPath("/R/A").GetRelationship("look")
    w.say(look.GetTargets(), look.GetForwardedTargets())
    look.AddTarget("/R/B.radius")
    look.RemoveTarget("/R/B")
    w.say(look.GetTargets())
    radius = stage.GetAttributeAtPath("/R/B.radius")
    w.say(radius.GetConnections(), radius.HasAuthoredConnections())
    radius.AddConnection("/R/A.radius", Usd.ListPositionFrontOfAppendList)
    radius.SetConnections(["/R.height", "/Nowhere.x"])
    w.say(radius.GetConnections())
    w.say(*sorted(stage.GetPrimAtPath("/R").FindAllAttributeConnectionPaths()))
    w.attempt(look.AddTarget, "/R{a=b}C")
    w.see(stage)
    w.save(stage.GetRootLayer())


def list_ops_of_every_kind(w: World) -> None:
    """Each arc and list as explicit, and as prepended, appended and deleted."""
    w.write(
        "weak",
        """
        def "X" {}
        def "P" (
            prepend apiSchemas = ["A", "B"]
            references = </X>
        ) { rel r = [</A>, </B>, </C>]; }
        """,
    )
    stage = w.stage(
        """
over "P" (
    append apiSchemas = ["C"]
    delete apiSchemas = ["A"]
    prepend references = </X>
    append payload = </X>
    delete inherits = </X>
    add specializes = </X>
    append variantSets = ["v"]
)
{
    append rel r = </D>
    delete rel r = </A>
    reorder rel r = [</C>, </B>]
    prepend rel r = </E>
    double c
    prepend double c.connect = </P.d>
    append double c.connect = </P.e>
    delete double c.connect = </P.f>
}
def "Explicit" (
    apiSchemas = None
    references = None
    payload = None
    inherits = None
    specializes = None
)
{
    rel none = None
    rel empty
    double c.connect = None
}
""",
        "(subLayers = [@./weak.EXT@])",
    )
    w.see(stage.GetRootLayer())
    w.see(stage)
    w.say(stage.GetPrimAtPath("/P").GetRelationship("r").GetTargets())
    w.save(stage.GetRootLayer())


def collections(w: World) -> None:
    stage = w.stage(MODEL)
    collection = Usd.CollectionAPI.Apply(stage.GetPrimAtPath("/Model"), "lights")
    collection.IncludePath("/Model")
    collection.ExcludePath("/Model/B")
    w.say(
        sorted(
            map(str, collection.ComputeIncludedPaths(collection.ComputeMembershipQuery(), stage))
        )
    )
    collection.GetMembershipExpressionAttr().Set(Sdf.PathExpression("/Model//B{isa:Sphere} + /X"))
    w.see(stage.GetRootLayer())
    w.save(stage.GetRootLayer())
    w.say(collection.GetMembershipExpressionAttr().Get())
    collection.ResetCollection()
    collection.BlockCollection()
    w.see(stage)


def schemas_and_fallbacks(w: World) -> None:
    stage = w.stage("""
        def Sphere "S" (prepend apiSchemas = ["CollectionAPI:x", "NoSuchAPI"]) {}
        def NoSuchType "N" {}
        """)
    sphere = UsdGeom.Sphere(stage.GetPrimAtPath("/S"))
    w.say(sphere.GetRadiusAttr().Get(), sphere.GetRadiusAttr().HasAuthoredValue())
    w.say(sorted(stage.GetPrimAtPath("/S").GetPropertyNames()))
    w.say(stage.GetPrimAtPath("/S").GetAppliedSchemas(), stage.GetPrimAtPath("/N").GetTypeName())
    sphere.GetRadiusAttr().Set(4.0)
    sphere.GetRadiusAttr().Clear()
    w.attempt(
        UsdGeom.PrimvarsAPI(sphere).CreatePrimvar, "displayColor", Sdf.ValueTypeNames.Color3fArray
    )
    w.attempt(stage.GetPrimAtPath("/S").ApplyAPI, UsdGeom.MotionAPI)
    w.attempt(stage.GetPrimAtPath("/S").RemoveAPI, Usd.CollectionAPI, "x")
    w.see(stage)
    w.save(stage.GetRootLayer())


def purposes_and_bounds(w: World) -> None:
    stage = w.stage(
        """
        def Xform "X" (kind = "group")
        {
            token visibility.timeSamples = {
                1: "inherited",
                2: "invisible",
            }
            double3 xformOp:translate.timeSamples = {
                1: (0, 0, 0),
                3: (4, 0, 0),
            }
            uniform token[] xformOpOrder = ["xformOp:translate"]
            def Sphere "R"
            {
                uniform token purpose = "render"
                float3[] extent = [(-1, -1, -1), (1, 1, 1)]
            }
            def Sphere "P"
            {
                uniform token purpose = "proxy"
                float3[] extent = [(-2, -2, -2), (2, 2, 2)]
            }
        }
        """
    )
    for time in (1, 2, 2.5):
        cache = UsdGeom.BBoxCache(time, [UsdGeom.Tokens.default_, UsdGeom.Tokens.render])
        w.say(cache.ComputeWorldBound(stage.GetPrimAtPath("/X")))
        w.say(UsdGeom.XformCache(time).GetLocalToWorldTransform(stage.GetPrimAtPath("/X/R")))
        w.say(UsdGeom.Imageable(stage.GetPrimAtPath("/X/R")).ComputeVisibility(time))
    w.say(UsdGeom.Imageable(stage.GetPrimAtPath("/X/P")).ComputePurpose())


def inactive_hidden_and_kinds(w: World) -> None:
    w.write("weak", MODEL)
    stage = w.stage(
        """
        over "Model" (
            hidden = true
            kind = "assembly"
        )
        {
            over "A" (active = false) {}
            over "B" (
                displayName = "Bé"
                hidden = false
            )
            {
                double radius (
                    hidden = true
                )
            }
        }
        """,
        "(subLayers = [@./weak.EXT@])",
    )
    w.say(
        *stage.TraverseAll(),
        *(f"{prim.IsModel()} {prim.IsHidden()}" for prim in stage.TraverseAll()),
    )
    stage.GetPrimAtPath("/Model/A").SetActive(True)
    stage.GetPrimAtPath("/Model/B").SetActive(False)
    stage.GetPrimAtPath("/Model").ClearActive()
    Usd.ModelAPI(stage.GetPrimAtPath("/Model")).SetKind("component")
    w.see(stage)
    w.save(stage.GetRootLayer())


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


def primvars_and_shading(w: World) -> None:
    stage = w.stage(
        """
        def Mesh "M" (prepend apiSchemas = ["MaterialBindingAPI"])
        {
            color3f[] primvars:displayColor = [(1, 0, 0), (0, 1, 0)] (
                elementSize = 1
                interpolation = "vertex"
            )
            int[] primvars:displayColor:indices = [0, 1, 1]
            rel material:binding = </Mat>
        }
        def Material "Mat"
        {
            token outputs:surface.connect = </Mat/S.outputs:surface>
            def Shader "S"
            {
                uniform token info:id = "UsdPreviewSurface"
                color3f inputs:diffuseColor = (0.5, 0.5, 0.5)
                float inputs:roughness.connect = </Mat/T.outputs:r>
                token outputs:surface
            }
            def Shader "T"
            {
                uniform token info:id = "UsdUVTexture"
                asset inputs:file = @./t.png@ (colorSpace = "sRGB")
                float outputs:r
            }
        }
        """
    )
    primvar = UsdGeom.PrimvarsAPI(stage.GetPrimAtPath("/M")).GetPrimvar("displayColor")
    w.say(primvar.ComputeFlattened(), primvar.GetInterpolation(), primvar.GetIndices())
    primvar.SetIndices([1, 0, 0], 2.0)
    primvar.BlockIndices()
    material, _ = UsdShade.MaterialBindingAPI(stage.GetPrimAtPath("/M")).ComputeBoundMaterial()
    w.say(material.GetPath(), *material.ComputeSurfaceSource())
    shader = UsdShade.Shader(stage.GetPrimAtPath("/Mat/S"))
    w.say(shader.GetInput("roughness").GetConnectedSources())
    shader.GetInput("roughness").DisconnectSource()
    shader.GetInput("roughness").Set(0.25)
    w.see(stage)
    w.save(stage.GetRootLayer())


def unknown_metadata(w: World) -> None:
    """Fields that no schema knows are kept as text."""
    layer = w.open(
        """
        def "P" (
            someText = "x"
            someNumber = 3.5
            someDict = {
                int a = 1
            }
            someList = [1, 2]
        )
        {
            double v = 1 (onAttribute = "y")
            rel r (onRelationship = "z")
        }
        def "Q" (prepend someOp = ["a", "b"])
        {
            double v = 2 (onAttribute = "y")
        }
        """,
        '(\n    onLayer = "w"\n)',
    )
    w.see(layer)
    for key in ("someText", "someNumber", "someDict", "someList"):
        w.attempt(lambda key=key: w.say(layer.GetPrimAtPath("/P").GetInfo(key)))
    w.say(sorted(layer.GetPrimAtPath("/P").ListInfoKeys()))
    layer.GetPrimAtPath("/P").comment = "x"
    w.save(layer)


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
    value_clips,
    template_clips,
    stitched_clips,
    stitched_layers,
    splines,
    array_edits,
    blocks,
    expression_variables,
    asset_paths,
    dependencies,
    relationships_and_connections,
    list_ops_of_every_kind,
    collections,
    schemas_and_fallbacks,
    purposes_and_bounds,
    inactive_hidden_and_kinds,
    time_samples,
    values_of_every_type,
    values_of_wrong_types,
    special_numbers,
    long_and_empty_values,
    interpolated_values,
    primvars_and_shading,
    unknown_metadata,
    declarations,
]
