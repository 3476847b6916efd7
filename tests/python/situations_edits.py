"""Situations of edits of a layer through Sdf. See situations.py."""

from __future__ import annotations

from pxr import Gf, Sdf, Usd, Vt
from situations import World
from situations_content import DEFAULT, MODEL, TABLE, VARIANTS


def batch_namespace_edits(w: World) -> None:
    layer = w.open(MODEL + TABLE)
    stage = Usd.Stage.Open(layer)
    edit = Sdf.BatchNamespaceEdit()
    edit.Add(Sdf.NamespaceEdit.Rename("/P0", "Zero"))
    edit.Add(Sdf.NamespaceEdit.Reparent("/Model/A", "/P1", 0))
    edit.Add(Sdf.NamespaceEdit.ReparentAndRename("/P2.a", "/P1", "renamed", -1))
    edit.Add(Sdf.NamespaceEdit.Reorder("/P3", 0))
    edit.Add(Sdf.NamespaceEdit.Remove("/Model/B"))
    w.say(layer.CanApply(edit))
    w.attempt(layer.Apply, edit)
    w.save(layer)
    for bad in (
        Sdf.NamespaceEdit.Rename("/None", "X"),
        Sdf.NamespaceEdit.Rename("/P1", "P3"),
        Sdf.NamespaceEdit.Rename("/P1", "not a name"),
        Sdf.NamespaceEdit.Reparent("/P1", "/P1/A", 0),
    ):
        edit = Sdf.BatchNamespaceEdit()
        edit.Add(bad)
        answer = layer.CanApply(edit)  # True, or False and why not
        details = () if answer is True else answer[1]
        w.say(answer is True, *(f"{detail.result} {detail.reason}" for detail in details))
        w.attempt(layer.Apply, edit)
    w.see(stage)


def names_and_orders(w: World) -> None:
    layer = w.open(TABLE)
    stage = Usd.Stage.Open(layer)
    layer.rootPrimOrder = ["P3", "None", "P1"]
    layer.GetPrimAtPath("/P0").propertyOrder = ["c", "a"]
    layer.GetPrimAtPath("/P0").nameChildrenOrder = ["y", "x"]
    w.say(layer.ApplyRootPrimOrder(["P0", "P1", "P2", "P3"]))
    w.say([prim.name for prim in layer.rootPrims], list(layer.rootPrims.keys()))
    w.say(stage.GetPrimAtPath("/P0").GetPropertyNames(), stage.GetPseudoRoot().GetChildrenNames())
    layer.GetPrimAtPath("/P1").name = "Renamed"
    w.attempt(setattr, layer.GetPrimAtPath("/P2"), "name", "Renamed")
    w.attempt(setattr, layer.GetPrimAtPath("/P2"), "name", "1 2")
    layer.GetAttributeAtPath("/P2.a").name = "z:a"
    stage.GetPseudoRoot().SetChildrenReorder(["Renamed"])
    del layer.rootPrims["P3"]
    w.see(stage)
    w.save(layer)


def unicode(w: World) -> None:
    layer = w.open(
        """
        def "Größe" (displayName = "日本 \\"x\\"")
        {
            string Länge = "a\\nb\\t☃ 🎉"
            token µ:π = "ü"
            asset a = @./ü/☃.png@
        }
        def "样式" { string Länge = ""; }
        """,
        '(\n    """ä\n"quoted"\n"""\n    defaultPrim = "样式"\n)\n',
        name="ü ☃",
    )
    Sdf.CreatePrimInLayer(layer, "/Größe/éé").SetInfo("comment", "ß" * 300)
    w.attempt(Sdf.CreatePrimInLayer, layer, "/a b")
    w.see(Usd.Stage.Open(layer))
    w.save(layer)


def metadata_of_layers(w: World) -> None:
    layer = w.open(
        MODEL,
        """
        (
            "A comment"
            doc = "doc"
            upAxis = "Z"
            metersPerUnit = 0.01
        )
        """,
    )
    layer.startTimeCode, layer.endTimeCode = 1, 100
    layer.timeCodesPerSecond, layer.framesPerSecond = 30, 25
    layer.framePrecision = 5
    layer.owner, layer.sessionOwner, layer.hasOwnedSubLayers = "o", "s", True
    layer.customLayerData = {"a": 1, "d": {"x": Gf.Vec3f(1), "list": Vt.IntArray([1, 2])}}
    layer.colorConfiguration = Sdf.AssetPath("./ocio")
    layer.colorManagementSystem = "x"
    w.say(layer.HasStartTimeCode(), layer.HasDefaultPrim(), layer.HasOwner())
    w.save(layer)
    layer.ClearStartTimeCode()
    layer.ClearOwner()
    layer.ClearTimeCodesPerSecond()
    layer.ClearCustomLayerData()
    layer.ClearColorConfiguration()
    layer.comment = ""
    layer.documentation = ""
    layer.pseudoRoot.ClearInfo("metersPerUnit")
    w.attempt(layer.pseudoRoot.SetInfo, "specifier", Sdf.SpecifierDef)
    w.attempt(layer.pseudoRoot.SetInfo, "upAxis", 3)
    w.save(layer)


def metadata_of_specs(w: World) -> None:
    layer = w.open(MODEL)
    stage = Usd.Stage.Open(layer)
    prim, attribute = layer.GetPrimAtPath("/Model/A"), layer.GetAttributeAtPath("/Model/A.radius")
    for spec in (prim, attribute, layer.GetRelationshipAtPath("/Model/A.look")):
        spec.comment = "a comment\nof two lines"
        spec.documentation = "documentation"
        spec.displayName = "displayed"
        spec.hidden = True
        spec.customData = {"a": {"b": {"c": 1.5}}, "s": "x", "f": Sdf.AssetPath("x.png")}
        spec.SetInfoDictionaryValue("assetInfo", "identifier", Sdf.AssetPath("./id.usd"))
    attribute.displayGroup = "group"
    attribute.allowedTokens = ["x", "y"]
    attribute.colorSpace = "raw"
    attribute.custom = True
    prim.assetInfo = {"identifier": Sdf.AssetPath("./id.usd"), "name": "n", "version": "1"}
    prim.symmetryFunction, prim.prefix = "mirror", "L_"
    prim.suffix, prim.symmetricPeer = "_R", "B"
    prim.symmetryArguments = {"axis": 1}
    prim.instanceable = True
    prim.permission = Sdf.PermissionPrivate
    w.save(layer)
    w.say(sorted(attribute.ListInfoKeys()), sorted(prim.ListInfoKeys()))
    stage.GetAttributeAtPath("/Model/A.radius").SetCustomDataByKey("a:b:d", 2)
    stage.GetAttributeAtPath("/Model/A.radius").ClearCustomDataByKey("s")
    stage.GetPrimAtPath("/Model/A").SetAssetInfoByKey("version", "2")
    w.say(stage.GetPrimAtPath("/Model/A").GetAllMetadata())
    for key in sorted(prim.ListInfoKeys()):
        w.attempt(prim.ClearInfo, key)
    for key in sorted(attribute.ListInfoKeys()):
        w.attempt(attribute.ClearInfo, key)
    w.save(layer)


def dictionaries(w: World) -> None:
    layer = w.open("""
        def "P" (
            customData = {
                dictionary a = {
                    int x = 1
                    dictionary empty = {
                    }
                }
                string[] s = ["a"]
            }
        ) {}
        """)
    stage = Usd.Stage.Open(layer)
    prim = stage.GetPrimAtPath("/P")
    w.say(prim.GetCustomData(), prim.GetCustomDataByKey("a:x"), prim.HasCustomDataKey("a:y"))
    prim.SetCustomDataByKey("a:y", Vt.DoubleArray([1, 2]))
    prim.SetCustomDataByKey("new:deep", "x")
    prim.ClearCustomDataByKey("s")
    w.attempt(prim.SetCustomDataByKey, "bad", Usd.TimeCode(1))
    w.attempt(prim.SetCustomDataByKey, "path", Sdf.Path("/A"))
    w.say(layer.GetPrimAtPath("/P").customData)
    w.see(layer)


def a_prim_is_made_removed_and_made(w: World) -> None:
    layer = w.open(MODEL)
    stage = Usd.Stage.Open(layer)
    model = layer.GetPrimAtPath("/Model")
    del model.nameChildren["A"]
    w.say(model.expired, layer.GetPrimAtPath("/Model/A"))
    Sdf.PrimSpec(model, "A", Sdf.SpecifierOver)
    Sdf.AttributeSpec(
        layer.GetPrimAtPath("/Model/A"), "radius", Sdf.ValueTypeNames.Float
    ).default = 2.5
    w.see(stage)
    stage.RemovePrim("/Model")
    w.say(model.expired)
    w.attempt(stage.RemovePrim, "/Model")
    stage.DefinePrim("/Model/A/B", "Cube")
    w.see(stage)
    w.save(layer)


def properties_are_made_and_removed(w: World) -> None:
    layer = w.open(TABLE)
    stage = Usd.Stage.Open(layer)
    prim = stage.GetPrimAtPath("/P0")
    w.attempt(prim.CreateAttribute, "new:one", Sdf.ValueTypeNames.Matrix4d, custom=False)
    w.attempt(prim.CreateRelationship, "r")
    w.attempt(prim.CreateAttribute, "a", Sdf.ValueTypeNames.Int)
    w.attempt(prim.CreateAttribute, "no name", Sdf.ValueTypeNames.Int)
    w.attempt(prim.RemoveProperty, "b")
    w.attempt(prim.RemoveProperty, "none")
    prim.GetAttribute("a").SetTypeName(Sdf.ValueTypeNames.Int)
    prim.GetAttribute("c").SetVariability(Sdf.VariabilityUniform)
    prim.GetAttribute("c").Clear()
    prim.GetRelationship("r").SetTargets(["/P1.a"])
    w.say(prim.GetAuthoredPropertyNames(), prim.GetPropertiesInNamespace("new"))
    w.say([spec.name for spec in layer.GetPrimAtPath("/P0").properties])
    w.see(stage)
    w.save(layer)
    prim.GetRelationship("r").ClearTargets(removeSpec=True)
    w.save(layer)


def inert_specs_go(w: World) -> None:
    layer = w.open("""
        over "P"
        {
            over "Q" {}
            double x
        }
        def "D" {}
        """)
    w.say(layer.GetPrimAtPath("/P").isInert, layer.GetAttributeAtPath("/P.x").isInert)
    w.say(layer.GetPrimAtPath("/P").HasInfo("specifier"))
    layer.ScheduleRemoveIfInert(layer.GetPrimAtPath("/P/Q"))
    with Sdf.CleanupEnabler():
        layer.GetPrimAtPath("/P").comment = "x"
        layer.GetPrimAtPath("/P").ClearInfo("comment")
        layer.GetAttributeAtPath("/P.x").default = 1.0
        layer.GetAttributeAtPath("/P.x").ClearDefaultValue()
    layer.RemoveInertSceneDescription()
    w.see(layer)


def traversals(w: World) -> None:
    layer = w.open(VARIANTS + MODEL)
    seen: list[str] = []
    layer.Traverse("/", lambda path: seen.append(str(path)))
    w.say(*sorted(seen))
    w.say(layer.GetObjectAtPath("/Model/A.look[/Model/B]"), layer.GetObjectAtPath("/None"))
    w.say(layer.GetObjectAtPath("/P{look=red}{shade=dark}.dim"), layer.empty)
    w.say(list(layer.GetRelationshipAtPath("/Model/A.look").targetPathList.explicitItems))


def copied_specs(w: World) -> None:
    source = w.open(VARIANTS + MODEL, name="source")
    target = w.open(TABLE, name="target")
    for path, to in (
        ("/Model", "/Model"),
        ("/Model/A", "/P0"),
        ("/P", "/Copy"),
        ("/Model.height", "/P1.a"),
        ("/Model/A.look", "/P1.look"),
        ("/P{look=blue}OnlyBlue", "/P2/Inside"),
        ("/None", "/X"),
        ("/Model", "/Model.x"),
    ):
        w.attempt(Sdf.CopySpec, source, path, target, to)
    w.save(target)
    w.attempt(
        Sdf.CopySpec,
        source,
        "/Model",
        target,
        "/Only",
        lambda spec, field, *_: field not in ("default", "kind"),
        lambda key, *_: key == "properties",
    )
    w.attempt(Sdf.CopySpec, target, "/Model", target, "/Model/A/Own")
    w.save(target)


def relationship_targets_as_specs(w: World) -> None:
    layer = w.open(MODEL)
    look = layer.GetRelationshipAtPath("/Model/A.look")
    look.targetPathList.prependedItems.append("/Model")
    look.targetPathList.explicitItems = ["/Model/B", "/Model/A.radius"]
    look.targetPathList.Remove("/Model/B")
    w.say(list(look.targetPathList.explicitItems), layer.GetObjectAtPath("/Model/A.look[/Model/B]"))
    look.ReplaceTargetPath("/Model/A.radius", "/Model/C.x")
    look.RemoveTargetPath("/Model/C.x")
    radius = layer.GetAttributeAtPath("/Model/B.radius")
    radius.connectionPathList.explicitItems = []
    radius.connectionPathList.Append("/Model/A.radius")
    w.say(layer.GetObjectAtPath("/Model/B.radius[/Model/A.radius]"))
    w.save(layer)
    look.targetPathList.ClearEdits()
    radius.connectionPathList.ClearEditsAndMakeExplicit()
    w.save(layer)


def list_editor_proxies(w: World) -> None:
    layer = w.open("""
        def "P" (
            prepend references = [@./a.EXT@, </X> (offset = 2)]
            inherits = </C>
            variants = {
                string v = "x"
            }
        ) {}
        def "X" {}
        """)
    prim = layer.GetPrimAtPath("/P")
    prim.referenceList.Add(Sdf.Reference("", "/X", customData={"a": 1}))
    prim.referenceList.Remove(Sdf.Reference(w.text("./a.EXT")))
    prim.referenceList.ReplaceItemEdits(
        Sdf.Reference("", "/X", Sdf.LayerOffset(2)), Sdf.Reference("", "/X")
    )
    prim.payloadList.Append(Sdf.Payload("", "/X"))
    prim.inheritPathList.ClearEdits()
    prim.specializesList.Prepend("/X")
    prim.variantSetNameList.Append("v")
    prim.variantSelections["v"] = "y"
    prim.variantSelections["w"] = ""
    w.say(prim.referenceList, dict(prim.variantSelections), prim.hasReferences, prim.hasPayloads)
    w.save(layer)
    prim.referenceList.ClearEditsAndMakeExplicit()
    prim.payloadList.ClearEdits()
    w.attempt(prim.variantSelections.__delitem__, "v")
    w.save(layer)


def sublayer_lists(w: World) -> None:
    w.write("a", 'def "A"\n{\n}\n')
    w.write("b", 'def "B"\n{\n}\n')
    stage = w.stage("", "(subLayers = [@./a.EXT@])")
    layer = stage.GetRootLayer()
    layer.subLayerPaths.append(w.text("./b.EXT"))
    layer.subLayerOffsets[1] = Sdf.LayerOffset(5, 2)
    w.see(stage)
    w.attempt(layer.subLayerPaths.append, w.text("./a.EXT"))
    w.attempt(layer.subLayerPaths.append, "")
    layer.subLayerPaths.insert(0, w.text("./gone.EXT"))
    w.see(stage)
    w.save(layer)
    del layer.subLayerPaths[:]
    w.save(layer)
    w.see(stage)


def handles_outlive_saves(w: World) -> None:
    """Specs that a script holds go on after the layer was saved or reloaded."""
    layer = w.open(MODEL + VARIANTS)
    prim, attribute = layer.GetPrimAtPath("/Model/A"), layer.GetAttributeAtPath("/Model/A.radius")
    variant = layer.GetPrimAtPath("/P{look=red}")
    attribute.default = 5.0
    w.save(layer)
    w.say(prim.expired, attribute.expired, variant.expired, attribute.default)
    variant.comment = "variant"
    prim.typeName = "Cube"
    w.save(layer)
    layer.Reload(force=True)
    w.say(prim.expired, attribute.expired, variant.expired, attribute.default, prim.typeName)
    prim.name = "Renamed"
    w.say(prim.path, attribute.path, attribute.default)
    prim.nameParent.name = "Top"
    w.say(prim.path, attribute.path, attribute.default)
    w.save(layer)


def many_edits_and_saves(w: World) -> None:
    """Of all that a layer has, one kind of thing between two saves."""
    layer = w.open(VARIANTS + MODEL, DEFAULT)
    for edit in (
        lambda: layer.GetAttributeAtPath("/Model/A.radius").SetInfo("documentation", "d"),
        lambda: setattr(layer.GetAttributeAtPath("/P{look=red}.tint"), "default", (1, 1, 1)),
        lambda: layer.GetPrimAtPath("/P").variantSelections.update({"look": "blue"}),
        lambda: layer.SetTimeSample("/Model.height", 9.0, 9.0),
        lambda: layer.EraseTimeSample("/Model.height", 1.0),
        lambda: setattr(layer.GetPrimAtPath("/Model/B"), "active", False),
        lambda: layer.GetPrimAtPath("/Model/B").ClearActive(),
        lambda: layer.subLayerPaths.append("weak.usda"),
        lambda: layer.GetPrimAtPath("/Model").referenceList.Prepend(Sdf.Reference("", "/P")),
        lambda: layer.GetPrimAtPath("/Model").referenceList.ClearEdits(),
        lambda: layer.GetPrimAtPath("/P").variantSets["look"].variants["red"],
        lambda: setattr(layer, "relocates", [("/Model/A", "/Model/Z")]),
        lambda: setattr(layer.GetAttributeAtPath("/Model/A.map"), "default", Sdf.ValueBlock()),
        lambda: layer.GetPrimAtPath("/Model").nameChildren.clear(),
        lambda: layer.Clear(),
    ):
        w.attempt(edit)
        w.save(layer)


def specs_made_without_stages(w: World) -> None:
    layer = w.open("")
    for path in ("/A/B/C", "/A{v=x}D", "/A{v=x}{w=y}E", "/A.b", "not a path", "/"):
        w.attempt(Sdf.CreatePrimInLayer, layer, path)
    for path in ("/A.one:two", "/A{v=x}D.x", "/New/Deep.y"):
        kind = Sdf.ValueTypeNames.Float
        w.attempt(Sdf.JustCreatePrimAttributeInLayer, layer, path, kind)
    w.attempt(Sdf.CreateVariantInLayer, layer, "/A/B", "set", "choice")
    w.attempt(Sdf.RelationshipSpec, layer.GetPrimAtPath("/A"), "r", False)
    w.attempt(Sdf.AttributeSpec, layer.GetPrimAtPath("/A"), "r", Sdf.ValueTypeNames.Int)
    w.attempt(Sdf.PrimSpec, layer, "A", Sdf.SpecifierDef)
    w.attempt(Sdf.PrimSpec, layer, "1", Sdf.SpecifierDef)
    w.attempt(Sdf.VariantSetSpec, layer.GetPrimAtPath("/A"), "v")
    w.save(layer)


def a_thousand_prims(w: World) -> None:
    """Changes that touch many prims, and few."""
    with w.quiet():
        layer = w.open("")
        with Sdf.ChangeBlock():
            for i in range(1000):
                prim = Sdf.PrimSpec(layer, f"p{i}", Sdf.SpecifierDef, "Scope")
                Sdf.AttributeSpec(prim, "v", Sdf.ValueTypeNames.Double).default = float(i)
                if i % 3 == 0:
                    Sdf.AttributeSpec(prim, "w", Sdf.ValueTypeNames.Token).default = f"t{i}"
    w.save(layer)
    with Sdf.ChangeBlock():
        for i in range(0, 1000, 7):
            layer.GetPrimAtPath(f"/p{i}").name = f"renamed{i}"
        for i in range(1, 1000, 7):
            layer.GetAttributeAtPath(f"/p{i}.v").default = -1.0
        for i in range(2, 1000, 7):
            del layer.rootPrims[f"p{i}"]
    w.save(layer)
    layer.rootPrims[0].name = "Last"
    w.save(layer)


SITUATIONS = [
    batch_namespace_edits,
    names_and_orders,
    unicode,
    metadata_of_layers,
    metadata_of_specs,
    dictionaries,
    a_prim_is_made_removed_and_made,
    properties_are_made_and_removed,
    inert_specs_go,
    traversals,
    copied_specs,
    relationship_targets_as_specs,
    list_editor_proxies,
    sublayer_lists,
    handles_outlive_saves,
    many_edits_and_saves,
    specs_made_without_stages,
    a_thousand_prims,
]
