"""Situations of stages. See situations.py."""

from __future__ import annotations

from pxr import Ar, Sdf, Tf, Usd, UsdUtils
from situations import World
from situations_content import DEFAULT, MODEL, TABLE


def flattened_layer_stacks(w: World) -> None:
    w.write(
        "weak",
        MODEL,
        """
        (
            timeCodesPerSecond = 48
            customLayerData = {
                int a = 1
            }
        )
        """,
    )
    stage = w.stage(
        """
        over "Model"
        {
            reorder properties = ["x", "height"]
            int x = 1
        }
        """,
        "(subLayers = [@./weak.EXT@ (offset = 3)])",
    )
    flat = UsdUtils.FlattenLayerStack(stage)
    w.see(flat)
    w.attempt(flat.Export, w.name("flat"))
    with w.quiet():
        w.see(Sdf.Layer.OpenAsAnonymous(w.name("flat")))


def session_layers(w: World) -> None:
    root = w.open(MODEL, name="root")
    session = w.open('over "Model" { double height = 50; }', name="session")
    stage = Usd.Stage.Open(root, session)
    w.say(stage.GetAttributeAtPath("/Model.height").Get())
    stage.SetEditTarget(session)
    stage.GetAttributeAtPath("/Model/A.radius").Set(8.0)
    stage.GetSessionLayer().subLayerPaths.append(w.text("./root.EXT"))
    w.say(root.dirty, session.dirty)
    stage.Save()
    w.say(root.dirty, session.dirty)
    stage.SaveSessionLayers()
    w.say(root.dirty, session.dirty)
    w.see(session)


def edit_targets(w: World) -> None:
    stage = w.stage_over(MODEL, 'def "R" (references = @./weak.EXT@</Model>) {}')
    weak = Sdf.Layer.FindOrOpen(w.name("weak"))
    stage.SetEditTarget(weak)
    stage.GetAttributeAtPath("/Model/A.radius").Set(12.0)
    stage.OverridePrim("/Model/C").CreateAttribute("new", Sdf.ValueTypeNames.Token).Set("t")
    with Usd.EditContext(stage, stage.GetRootLayer()):
        stage.GetAttributeAtPath("/Model/A.radius").Set(13.0)
    node = stage.GetPrimAtPath("/R").GetPrimIndex().rootNode.children[0]
    stage.SetEditTarget(Usd.EditTarget(weak, node))
    stage.GetAttributeAtPath("/R/B.radius").Set(14.0)
    w.attempt(stage.DefinePrim, "/Elsewhere")
    w.see(stage)
    w.save(weak)
    w.save(stage.GetRootLayer())


def muted_layers(w: World) -> None:
    w.write("weak", MODEL, DEFAULT)
    stage = w.stage('def "R" (references = @./weak.EXT@) {}', "(subLayers = [@./weak.EXT@])")
    weak = Sdf.Layer.FindOrOpen(w.name("weak"))
    weak.GetAttributeAtPath("/Model/A.radius").default = 20.0
    stage.MuteLayer(weak.identifier)
    w.say(stage.GetMutedLayers(), stage.IsLayerMuted(weak.identifier))
    w.see(stage)
    stage.MuteAndUnmuteLayers([], [weak.identifier])
    w.see(stage)
    w.attempt(stage.MuteLayer, stage.GetRootLayer().identifier)
    Sdf.Layer.AddToMutedLayers(weak.identifier)
    w.see(weak)
    w.attempt(weak.SetPermissionToEdit, True)
    w.see(stage)
    Sdf.Layer.RemoveFromMutedLayers(weak.identifier)
    w.see(weak)


def namespace_editor(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    stage = w.stage(
        """
        def "R" (references = @./model.EXT@) { rel to = </R/A.radius>; }
        def "Own"
        {
            int x = 1
            def "Child" {}
        }
        def "T" { rel to = </Own/Child>; }
        """
    )
    editor = Usd.NamespaceEditor(stage)
    for f, args in (
        (editor.RenamePrim, (stage.GetPrimAtPath("/Own"), "Renamed")),
        (editor.MovePrimAtPath, ("/Renamed/Child", "/T/Child")),
        (editor.DeletePropertyAtPath, ("/Renamed.x",)),
        (editor.RenamePrim, (stage.GetPrimAtPath("/R/A"), "Moved")),
        (editor.MovePropertyAtPath, ("/R.to", "/T.moved")),
        (editor.DeletePrimAtPath, ("/R/B",)),
        (editor.DeletePrimAtPath, ("/None",)),
    ):
        w.say(f.__name__)
        w.attempt(f, *args)
        can = editor.CanApplyEdits()
        w.say(bool(can), getattr(can, "whyNot", ""))
        w.attempt(editor.ApplyEdits)
        w.see(stage.GetRootLayer())
    w.see_and_save(stage)


def change_processing(w: World) -> None:
    """What a layer's edit resyncs: significant and insignificant changes."""
    w.write("model", MODEL, DEFAULT)
    stage = w.stage('def "R" (references = @./model.EXT@) {}')
    model = Sdf.Layer.FindOrOpen(w.name("model"))
    model.GetPrimAtPath("/Model").typeName = "Scope"
    model.GetPrimAtPath("/Model").kind = "group"
    model.GetPrimAtPath("/Model/A").comment = "only text"
    model.GetAttributeAtPath("/Model.height").default = 5.0
    model.GetAttributeAtPath("/Model.height").documentation = "doc"
    model.SetTimeSample("/Model.height", 2.0, 4.0)
    model.GetRelationshipAtPath("/Model/A.look").targetPathList.explicitItems = ["/Model"]
    Sdf.CreatePrimInLayer(model, "/Model/New").specifier = Sdf.SpecifierDef
    Sdf.AttributeSpec(model.GetPrimAtPath("/Model"), "added", Sdf.ValueTypeNames.Int)
    with Sdf.ChangeBlock():
        model.GetAttributeAtPath("/Model/A.radius").default = 1.0
        del model.GetPrimAtPath("/Model").nameChildren["B"]
    model.comment = "layer"
    w.see(stage)


def change_blocks(w: World) -> None:
    layer = w.open(TABLE)
    stage = Usd.Stage.Open(layer)
    with Sdf.ChangeBlock():
        for i in range(4):
            layer.GetAttributeAtPath(f"/P{i}.a").default = 10.0 + i
        Sdf.CreatePrimInLayer(layer, "/P1/Deep/Deeper")
        del layer.rootPrims["P3"]
        with Sdf.ChangeBlock():
            layer.GetPrimAtPath("/P0").name = "First"
    w.see(stage)
    w.save(layer)


def exported_and_flattened_stages(w: World) -> None:
    w.write("model", MODEL, DEFAULT)
    stage = w.stage('def "R" (references = @./model.EXT@) {}')
    w.attempt(stage.Export, w.name("exported"), addSourceFileComment=False)
    w.attempt(stage.GetRootLayer().Export, w.name("root_only"))
    w.attempt(stage.Flatten(addSourceFileComment=False).Export, w.name("flat"))
    for name in ("exported", "root_only", "flat"):
        w.see(Sdf.Layer.FindOrOpen(w.name(name)))


def stage_caches(w: World) -> None:
    path = w.write("layer", MODEL)
    cache = UsdUtils.StageCache.Get()
    with Usd.StageCacheContext(cache):
        first, second = Usd.Stage.Open(path), Usd.Stage.Open(path)
        w.say(first == second, cache.Size())
    other = Usd.Stage.Open(path)
    w.say(other == first, other.GetRootLayer() == first.GetRootLayer())
    w.say(cache.EraseAll(first.GetRootLayer()))


def search_paths(w: World) -> None:
    """A layer is found by the resolver's search path, and its neighbours from there."""
    w.write("found/model", MODEL, DEFAULT)
    stage_text = 'def "R" (references = @model.EXT@) {}'
    context = Ar.DefaultResolverContext([str(w.folder / "found")])
    root = Sdf.Layer.FindOrOpen(w.write("root", stage_text))
    w.see(Usd.Stage.Open(root, context))
    w.see(Usd.Stage.Open(root))


def localized_assets(w: World) -> None:
    (w.folder / "map.png").write_bytes(b"png")
    w.write("model", MODEL, DEFAULT)
    root = w.write("root", 'def "R" (references = @./model.EXT@) {}')
    w.attempt(UsdUtils.LocalizeAsset, root, str(w.folder / "local"))
    w.say(*sorted(str(p.relative_to(w.folder)) for p in (w.folder / "local").rglob("*")))
    w.see(Usd.Stage.Open(str(w.folder / "local" / w.text("root.EXT"))))


def packages(w: World) -> None:
    (w.folder / "map.png").write_bytes(b"png")
    w.write("model", MODEL, DEFAULT)
    root = w.write("root", 'def "R" (references = @./model.EXT@) {}', '(defaultPrim = "R")')
    package = str(w.folder / "p.usdz")
    w.attempt(UsdUtils.CreateNewUsdzPackage, root, package)
    stage = Usd.Stage.Open(package)
    w.see(stage)
    w.say(stage.GetAttributeAtPath("/R/A.map").Get().resolvedPath)
    w.attempt(stage.GetRootLayer().Save)
    w.attempt(setattr, stage.GetRootLayer(), "comment", "x")
    w.say(stage.GetRootLayer().permissionToEdit, stage.GetRootLayer().permissionToSave)
    inner = Usd.Stage.CreateInMemory()
    inner.OverridePrim("/X").GetReferences().AddReference(f"{package}[{w.text('model.EXT')}]")
    w.see(inner)


def edits_in_listeners(w: World) -> None:
    """A listener that edits when it is told of a change."""
    layer = w.open(MODEL)
    stage = Usd.Stage.Open(layer)

    def copy(notice: Usd.Notice.ObjectsChanged, _: Usd.Stage) -> None:
        if any(path == "/Model/A.radius" for path in notice.GetChangedInfoOnlyPaths()):
            stage.GetAttributeAtPath("/Model/B.radius").Set(100.0)

    listener = Tf.Notice.Register(Usd.Notice.ObjectsChanged, copy, stage)
    stage.GetAttributeAtPath("/Model/A.radius").Set(50.0)
    listener.Revoke()
    w.save(layer)


def edits_while_saving(w: World) -> None:
    """A listener that edits when the layer is no longer dirty: that edit stays, and is dirty."""
    layer = w.open(MODEL)
    layer.comment = "first"
    done: list[bool] = []

    def edit(_: Sdf.Notice.LayerDirtinessChanged, sender: Sdf.Layer) -> None:
        if not done and sender == layer:
            done.append(True)
            layer.GetAttributeAtPath("/Model/B.radius").default = 77.0

    listener = Tf.Notice.RegisterGlobally(Sdf.Notice.LayerDirtinessChanged, edit)
    w.attempt(layer.Save)
    listener.Revoke()
    w.say(layer.dirty, layer.GetAttributeAtPath("/Model/B.radius").default)
    w.save(layer)


def prims_are_described(w: World) -> None:
    """What tools list of every object."""
    w.write("weak", MODEL, DEFAULT)
    stage = w.stage('over "Model" { double own = 1; }', "(subLayers = [@./weak.EXT@])")
    for prim in stage.TraverseAll():
        w.say(f"{prim} {prim.GetAllMetadata()} {prim.GetAllAuthoredMetadata()}")
        w.say(prim.GetDescription(), prim.GetPrimStack(), prim.HasAuthoredReferences())
        for item in prim.GetProperties():
            w.say(f"{item} {item.GetAllAuthoredMetadata()} {item.GetPropertyStack(1.0)}")
    w.say(stage.ResolveIdentifierToEditTarget(w.text("./weak.EXT")))
    w.say(
        stage.GetObjectAtPath("/Model.own"), stage.GetDefaultPrim(), stage.GetColorConfiguration()
    )


SITUATIONS = [
    flattened_layer_stacks,
    session_layers,
    edit_targets,
    muted_layers,
    namespace_editor,
    change_processing,
    change_blocks,
    exported_and_flattened_stages,
    stage_caches,
    search_paths,
    localized_assets,
    packages,
    edits_in_listeners,
    edits_while_saving,
    prims_are_described,
]
