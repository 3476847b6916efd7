"""Situations of composition arcs. See situations.py."""

from __future__ import annotations

from pxr import Sdf, Usd
from situations import World
from situations_content import DEFAULT, MODEL, VARIANTS

RELOCATED = """
(
    relocates = {
        </R/A>: </R/Moved>,
        </R/B>: <>
    }
)
"""


def sublayers(w: World) -> None:
    """Strong and weak sublayers, one in another."""
    w.write(
        "weakest",
        """
        def "P"
        {
            int a = 1
            int b = 1
            int c = 1
        }
        """,
    )
    w.write("weak", 'over "P" { int b = 2; }', "(subLayers = [@./weakest.EXT@])")
    w.write("strong", 'over "P" { int c = 3; }')
    stage = w.stage("", "(subLayers = [@./strong.EXT@, @./weak.EXT@])")
    w.see(stage)
    w.say([layer.identifier for layer in stage.GetLayerStack(includeSessionLayers=False)])
    w.say([spec.path for spec in stage.GetAttributeAtPath("/P.b").GetPropertyStack()])


def layer_offsets(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    stage = w.stage(
        'def "R" (references = @./model.EXT@ (offset = 10; scale = 2)) {}',
        "(subLayers = [@./model.EXT@ (offset = -5)])",
    )
    w.see(stage)
    for path in ("/Model.height", "/R.height"):
        attribute = stage.GetAttributeAtPath(path)
        w.say(attribute.GetTimeSamples(), [attribute.Get(time) for time in (-4, 0, 12, 20)])
        stage.GetAttributeAtPath(path).Set(7.0, 15.0)
    w.see(stage.GetRootLayer())


def edits_through_an_offset(w: World) -> None:
    w.write("weak", MODEL)
    stage = w.stage("", "(subLayers = [@./weak.EXT@ (offset = 100; scale = 0.5)])")
    weak = stage.GetLayerStack()[-1]
    stage.SetEditTarget(stage.GetEditTargetForLocalLayer(weak))
    stage.GetAttributeAtPath("/Model.height").Set(3.5, 101.0)
    w.say(weak.ListTimeSamplesForPath("/Model.height"))
    stage.GetAttributeAtPath("/Model.height").ClearAtTime(102.5)
    w.save(weak)


def references_and_default_prims(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    w.write("bare", MODEL)
    stage = w.stage(
        """
def "Default" (references = @./model.EXT@) {}
def "Named" (references = @./model.EXT@</Model/A>) {}
def "None" (references = @./bare.EXT@) {}
def "Missing" (references = [@./nothing.EXT@, @./model.EXT@</Nowhere>]) {}
"""
    )
    w.see(stage)
    w.say(stage.GetPrimAtPath("/Named").GetRelationship("look").GetTargets())
    w.say([str(ref) for ref in stage.GetPrimAtPath("/Missing").GetPrimStack()])
    layer = Sdf.Layer.FindOrOpen(w.name("bare"))
    layer.defaultPrim = "Model"
    w.see(stage)
    layer.defaultPrim = "/Model/B"
    w.see(stage)
    layer.ClearDefaultPrim()
    w.see(stage)


def subroot_references(w: World) -> None:
    w.write("model", MODEL)
    w.see(
        w.stage(
            """
        def "P"
        {
            def "Q" (prepend references = @./model.EXT@</Model/A>) { double radius = 5; }
        }
        """
        )
    )


def internal_references(w: World) -> None:
    stage = w.stage(
        """
        class "_C"
        {
            int a = 1
            rel to = </_C/X>
            def "X" {}
        }
        def "P" (references = </_C>) {}
        def "Q" (prepend references = </P/X>) {}
        """
    )
    w.see(stage)
    stage.GetRootLayer().GetAttributeAtPath("/_C.a").default = 2
    w.see(stage)
    stage.GetPrimAtPath("/P").GetReferences().AddInternalReference("/Q")
    w.see(stage)


def cyclic_references(w: World) -> None:
    w.write("a", 'def "A" (references = @./b.EXT@</B>) {}')
    w.write("b", 'def "B" (references = @./a.EXT@</A>) {}')
    w.see(w.stage('def "P" (references = @./a.EXT@</A>) {}'))


def payloads_and_load_rules(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    content = "\n".join(f'def "{name}" (payload = @./model.EXT@) {{}}' for name in ("P", "Q", "R"))
    stage = w.stage(content, load=Usd.Stage.LoadNone)
    w.see(stage)
    w.say(sorted(map(str, stage.FindLoadable())))
    stage.Load("/P")
    w.see(stage)
    rules = Usd.StageLoadRules.LoadNone()
    rules.AddRule("/Q", Usd.StageLoadRules.AllRule)
    rules.AddRule("/R", Usd.StageLoadRules.OnlyRule)
    stage.SetLoadRules(rules)
    w.see(stage)
    w.say(sorted(map(str, stage.GetLoadSet())))
    stage.Unload()
    w.say([prim.IsLoaded() for prim in stage.GetPseudoRoot().GetChildren()])


def payload_lists(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    stage = w.stage('def "P"\n{\n}\n')
    prim = stage.GetPrimAtPath("/P")
    payloads = prim.GetPayloads()
    payloads.AddPayload(w.text("./model.EXT"), "/Model/A", Sdf.LayerOffset(1, 2))
    payloads.AddInternalPayload("/P2", position=Usd.ListPositionBackOfAppendList)
    payloads.RemovePayload(Sdf.Payload(w.text("./other.EXT")))
    w.see(stage.GetRootLayer())
    w.see(stage)
    payloads.SetPayloads([])
    w.see(stage.GetRootLayer())
    payloads.ClearPayloads()
    w.save(stage.GetRootLayer())


def population_masks(w: World) -> None:
    path = w.write("model", MODEL)
    mask = Usd.StagePopulationMask(["/Model/B"])
    stage = Usd.Stage.OpenMasked(Sdf.Layer.FindOrOpen(path), mask)
    w.see(stage)
    stage.ExpandPopulationMask()
    w.say(stage.GetPopulationMask().GetPaths())
    stage.SetPopulationMask(Usd.StagePopulationMask(["/Model/A", "/None"]))
    w.see(stage)


def instances(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    content = "\n".join(
        f"""
        def "{name}" (
            instanceable = true
            references = @./model.EXT@
        ) {{}}
        """
        for name in ("P", "Q")
    )
    stage = w.stage(content)
    w.say(
        *(f"{prim} {prim.IsInstance()}" for prim in stage.Traverse(Usd.TraverseInstanceProxies()))
    )
    w.say(len(stage.GetPrototypes()), stage.GetAttributeAtPath("/Q/B.radius").Get())
    w.attempt(stage.GetAttributeAtPath("/Q/B.radius").Set, 5.0)
    stage.GetPrimAtPath("/P").SetInstanceable(False)
    w.say(len(stage.GetPrototypes()))
    w.attempt(stage.GetAttributeAtPath("/P/B.radius").Set, 5.0)
    w.see(stage)


def nested_instances(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    w.write(
        "group",
        """
        def "G"
        {
            def "M1" (
                instanceable = true
                references = @./model.EXT@
            ) {}
            def "M2" (
                instanceable = true
                references = @./model.EXT@
            ) {}
        }
        """,
        '(defaultPrim = "G")',
    )
    content = "\n".join(
        f"""
        def "{name}" (
            instanceable = true
            references = @./group.EXT@
        ) {{}}
        """
        for name in ("X", "Y")
    )
    stage = w.stage(content)
    w.say(*(f"{p} {p.GetTypeName()}" for p in stage.Traverse(Usd.TraverseInstanceProxies())))
    w.say(len(stage.GetPrototypes()))
    stage.GetPrimAtPath("/X").SetInstanceable(False)
    w.say(len(stage.GetPrototypes()), *stage.Traverse(Usd.TraverseInstanceProxies()))


def variants(w: World) -> None:
    stage = w.stage(VARIANTS)
    w.see(stage)
    sets = stage.GetPrimAtPath("/P").GetVariantSets()
    w.say(sets.GetNames(), sets.GetAllVariantSelections())
    for name, choice in (("look", "blue"), ("size", "big"), ("look", "none"), ("look", "red")):
        w.say(sets.GetVariantSet(name).GetVariantNames())
        w.attempt(sets.SetSelection, name, choice)
        w.see(stage)
    sets.GetVariantSet("look").ClearVariantSelection()
    w.see_and_save(stage)


def variant_fallbacks(w: World) -> None:
    path = w.write("layer", VARIANTS.replace('string look = "red"', 'string other = "x"'))
    before = Usd.Stage.GetGlobalVariantFallbacks()
    Usd.Stage.SetGlobalVariantFallbacks({"look": ["none", "blue"], "size": ["big"]})
    try:
        w.see(Usd.Stage.Open(path))
    finally:
        Usd.Stage.SetGlobalVariantFallbacks(before)


def edits_inside_variants(w: World) -> None:
    stage = w.stage(VARIANTS)
    look = stage.GetPrimAtPath("/P").GetVariantSet("look")
    w.attempt(look.AddVariant, "green")
    look.SetVariantSelection("green")
    with look.GetVariantEditContext():
        stage.GetAttributeAtPath("/P.own").Set(7)
        stage.DefinePrim("/P/Green", "Scope")
    w.see(stage)
    layer = stage.GetRootLayer()
    w.attempt(Sdf.CopySpec, layer, "/P{look=green}", layer, "/P{look=red}{shade=light}Copy")
    w.save(layer)
    layer.GetPrimAtPath("/P").RemoveProperty(layer.GetAttributeAtPath("/P.own"))
    del layer.GetPrimAtPath("/P").variantSets["size"]
    w.save(layer)
    w.see(stage)


def inherits(w: World) -> None:
    w.write(
        "model",
        """
        class "_Class"
        {
            int a = 1
            int b = 1
        }
        def "M" (inherits = </_Class>) { int b = 2; }
        """,
    )
    stage = w.stage(
        """
        over "_Class" { int a = 10; }
        def "R" (references = @./model.EXT@</M>) {}
        """
    )
    w.see(stage)
    stage.GetPrimAtPath("/R").GetInherits().AddInherit("/_Other")
    stage.CreateClassPrim("/_Other").CreateAttribute("c", Sdf.ValueTypeNames.Int).Set(3)
    w.see_and_save(stage)


def specializes(w: World) -> None:
    w.write(
        "model",
        """
        def "Metal"
        {
            float rough = 0.5
            float shine = 1
        }
        def "Rusty" (specializes = </Metal>) { float rough = 0.9; }
        """,
    )
    stage = w.stage('over "Metal" { float shine = 2; }', "(subLayers = [@./model.EXT@])")
    w.see(stage)
    stage.GetAttributeAtPath("/Metal.rough").Set(0.25)
    w.say(stage.GetAttributeAtPath("/Rusty.rough").Get())
    stage.GetPrimAtPath("/Rusty").GetSpecializes().SetSpecializes(["/None"])
    w.see(stage)


def relocates(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    stage = w.stage(
        """
        def "R" (references = @./model.EXT@)
        {
            over "Moved" { int extra = 1; }
        }
        """,
        RELOCATED,
    )
    w.see(stage)
    w.say(stage.GetPrimAtPath("/R/Moved").GetRelationship("look").GetTargets())
    layer = stage.GetRootLayer()
    w.say(layer.relocates)
    layer.relocates = [("/R/B", "/R/Second")]
    w.see(stage)
    w.save(layer)
    layer.ClearRelocates()
    w.see(stage)


def bad_relocates(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    header = """
        (
            relocates = {
                </R/A>: </Other/A>,
                </R>: </Q>
            }
        )
        """
    w.see(w.stage('def "R" (references = @./model.EXT@) {}', header))


def sublayers_that_can_not_be(w: World) -> None:
    """Cycles, the same layer twice, and offsets that scale to nothing."""
    w.write("a", "", "(subLayers = [@./b.EXT@])")
    w.write("b", 'def "B" {}', "(subLayers = [@./a.EXT@, @./root.EXT@])")
    w.see(w.stage("", "(subLayers = [@./a.EXT@, @./a.EXT@, @./c.EXT@ (scale = 0)])"))
    w.write("c", MODEL)
    w.see(w.stage("", "(subLayers = [@./c.EXT@ (scale = -1)])", name="negative"))


def edits_under_instances(w: World) -> None:
    """An edit of a model's layer changes its prototype."""
    w.write("model", MODEL, DEFAULT)
    content = "\n".join(
        f'def "{name}" (instanceable = true; references = @./model.EXT@) {{}}' for name in "PQ"
    )
    stage = w.stage(content)
    model = Sdf.Layer.FindOrOpen(w.name("model"))
    model.GetAttributeAtPath("/Model/B.radius").default = 30.0
    Sdf.CreatePrimInLayer(model, "/Model/C").specifier = Sdf.SpecifierDef
    w.say(*(f"{p}" for p in stage.Traverse(Usd.TraverseInstanceProxies())))
    w.say(stage.GetAttributeAtPath("/Q/B.radius").Get())
    model.GetPrimAtPath("/Model").name = "Other"
    w.say(*(f"{p}" for p in stage.Traverse(Usd.TraverseInstanceProxies())))
    w.save(model)


def composition_queries(w: World) -> None:
    w.write("model", MODEL + VARIANTS, DEFAULT)
    stage = w.stage(
        """
        class "_C" { int c = 1; }
        def "R" (
            inherits = </_C>
            payload = @./model.EXT@</P>
            references = @./model.EXT@
            specializes = </_C>
        ) {}
        """
    )
    for arc in Usd.PrimCompositionQuery(stage.GetPrimAtPath("/R")).GetCompositionArcs():
        w.say(f"{arc.GetArcType()} {arc.GetTargetPrimPath()} {arc.HasSpecs()}")
        w.say(arc.GetIntroducingLayer(), arc.GetIntroducingPrimPath(), arc.GetTargetLayer())
    for spec in stage.GetPrimAtPath("/R").GetPrimStackWithLayerOffsets():
        w.say(spec)


def ancestors_without_opinions(w: World) -> None:
    """Prims that are there only because of their children."""
    stage = w.stage_over(
        MODEL,
        """
        over "Model"
        {
            over "A"
            {
                over "X"
                {
                    def "Y" { int y = 1; }
                }
            }
            over "Empty" {}
        }
        class "K" {}
        """,
    )
    w.see(stage)
    layer = stage.GetRootLayer()
    del layer.GetPrimAtPath("/Model/A/X").nameChildren["Y"]
    w.save(layer)
    layer.GetPrimAtPath("/Model/A").specifier = Sdf.SpecifierDef
    layer.GetPrimAtPath("/Model/Empty").typeName = "Scope"
    w.save(layer)
    w.see(stage)


SITUATIONS = [
    sublayers,
    layer_offsets,
    edits_through_an_offset,
    references_and_default_prims,
    subroot_references,
    internal_references,
    cyclic_references,
    payloads_and_load_rules,
    payload_lists,
    population_masks,
    instances,
    nested_instances,
    variants,
    variant_fallbacks,
    edits_inside_variants,
    inherits,
    specializes,
    relocates,
    bad_relocates,
    sublayers_that_can_not_be,
    edits_under_instances,
    composition_queries,
    ancestors_without_opinions,
]
