"""Situations of lists, paths, metadata and schemas. See situations.py."""

from __future__ import annotations

from pxr import Sdf, Usd, UsdGeom, UsdShade, UsdUtils
from situations import World
from situations_content import DEFAULT, MODEL


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
    w.see_and_save(stage)


def list_ops_of_every_kind(w: World) -> None:
    """Each arc and list as explicit, and as prepended, appended and deleted."""
    stage = w.stage_over(
        """
        def "X" {}
        def "P" (
            prepend apiSchemas = ["A", "B"]
            references = </X>
        ) { rel r = [</A>, </B>, </C>]; }
        """,
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
    w.see_and_save(stage)


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
    stage = w.stage_over(
        MODEL,
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
    )
    w.say(
        *stage.TraverseAll(),
        *(f"{prim.IsModel()} {prim.IsHidden()}" for prim in stage.TraverseAll()),
    )
    stage.GetPrimAtPath("/Model/A").SetActive(True)
    stage.GetPrimAtPath("/Model/B").SetActive(False)
    stage.GetPrimAtPath("/Model").ClearActive()
    Usd.ModelAPI(stage.GetPrimAtPath("/Model")).SetKind("component")
    w.see_and_save(stage)


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
    w.see_and_save(stage)


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


SITUATIONS = [
    expression_variables,
    asset_paths,
    dependencies,
    relationships_and_connections,
    list_ops_of_every_kind,
    collections,
    schemas_and_fallbacks,
    purposes_and_bounds,
    inactive_hidden_and_kinds,
    primvars_and_shading,
    unknown_metadata,
]
