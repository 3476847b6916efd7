"""Situations of layers and their files. See situations.py."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pxr import Sdf, Usd
from situations import World
from situations_content import DEFAULT, MODEL, TABLE, VARIANTS


def duplicated_layers(w: World) -> None:
    """UsdUtils.FlattenLayerStack, TransferContent and Export make layers with the same content."""
    layer = w.open(VARIANTS + MODEL, DEFAULT)
    layer.GetAttributeAtPath("/Model/A.radius").default = 5.0
    with w.quiet():
        anonymous = Sdf.Layer.CreateAnonymous(f".{w.suffix}")
        new = Sdf.Layer.CreateNew(w.name("new"))
    anonymous.TransferContent(layer)
    w.see(anonymous)
    new.TransferContent(anonymous)
    w.save(new)
    layer.TransferContent(w.open(TABLE, name="table"))
    w.save(layer)
    w.attempt(layer.Export, w.name("exported"), "a comment")
    w.see(Sdf.Layer.FindOrOpen(w.name("exported")))


def imported_layers(w: World) -> None:
    layer = w.open(MODEL)
    stage = Usd.Stage.Open(layer)
    w.attempt(layer.Import, w.write("other", TABLE))
    w.see(stage)
    w.attempt(layer.Import, w.name("none"))
    w.attempt(
        layer.ImportFromString,
        """
        #usda 1.0
        def "S" { int x = 1; }
        """,
    )
    w.attempt(layer.ImportFromString, "no layer")
    w.see(stage)
    layer.comment = "edited"
    w.expect("saves imported text", w.can_save(layer), usdc=False, parquet=True)


def cleared_layers(w: World) -> None:
    layer = w.open(MODEL, DEFAULT)
    stage = Usd.Stage.Open(layer)
    layer.Clear()
    w.say(layer.empty, layer.dirty)
    w.see(stage)
    w.save(layer)
    stage.DefinePrim("/New")
    w.save(layer)


def anonymous_layers(w: World) -> None:
    layer = Sdf.Layer.CreateAnonymous(f"tag.{w.suffix}")
    w.say(layer.anonymous, layer.fileExtension == w.suffix, layer.GetDisplayName(), layer.empty)
    stage = Usd.Stage.Open(layer)
    stage.DefinePrim("/P", "Sphere").GetAttribute("radius").Set(3.0)
    w.say(layer.dirty)
    w.attempt(layer.Save)
    w.attempt(layer.Reload)
    w.attempt(layer.Export, w.name("exported"))
    w.say(layer.dirty, Path(w.name("exported")).exists())
    w.see(Sdf.Layer.FindOrOpen(w.name("exported")))


def new_layers(w: World) -> None:
    layer = Sdf.Layer.CreateNew(w.name("sub/folder/new"))
    w.say(layer.empty, layer.dirty, Path(w.name("sub/folder/new")).exists())
    w.attempt(Sdf.Layer.CreateNew, w.name("sub/folder/new"))
    Sdf.CreatePrimInLayer(layer, "/A/B")
    w.save(layer)
    stage = Usd.Stage.CreateNew(w.name("stage"))
    stage.DefinePrim("/X", "Xform")
    stage.SetDefaultPrim(stage.GetPrimAtPath("/X"))
    stage.Save()
    w.see(stage)
    memory = Usd.Stage.CreateInMemory(f"m.{w.suffix}")
    memory.DefinePrim("/Y")
    w.attempt(memory.Export, w.name("memory"))
    w.see(Sdf.Layer.FindOrOpen(w.name("memory")))


def detached_layers(w: World) -> None:
    """A layer whose data is copied to memory does without its file."""
    path = w.write("detached", VARIANTS + MODEL)
    Sdf.Layer.SetDetachedLayerRules(Sdf.Layer.DetachedLayerRules().IncludeAll())
    try:
        layer = Sdf.Layer.FindOrOpen(path)
        w.say(layer.IsDetached())
        layer.GetAttributeAtPath("/Model/A.radius").default = 6.0
        layer.SetTimeSample("/Model.height", 2.0, 2.0)
        w.save(layer)
        layer.Reload(force=True)
        w.see(layer)
    finally:
        w.attempt(Sdf.Layer.SetDetachedLayerRules, Sdf.Layer.DetachedLayerRules())


def reloads(w: World) -> None:
    layer = w.open(MODEL, DEFAULT)
    stage = Usd.Stage.Open(layer)
    w.say(layer.Reload(), layer.Reload(force=True))
    layer.GetAttributeAtPath("/Model/A.radius").default = 6.0
    Sdf.CreatePrimInLayer(layer, "/New")
    w.say(layer.dirty, layer.Reload(), layer.dirty)
    w.see(stage)
    w.write("other", TABLE)
    shutil.move(w.name("other"), w.name("layer"))
    w.attempt(layer.Reload, force=True)
    w.see(stage)
    w.write("other", MODEL)
    shutil.move(w.name("other"), w.name("layer"))
    os.utime(w.name("layer"), (2e9, 2e9))
    stage.Reload()
    w.see(stage)


def a_file_that_is_gone(w: World) -> None:
    layer = w.open(MODEL)
    Path(w.name("layer")).unlink()
    w.expect(
        "reload",
        w.error(layer.Reload, force=True),
        usdc="Failed to open asset 'FOLDER/layer.EXT'",
        parquet="FOLDER/layer.EXT: the file can't be opened",
    )
    w.see(layer)
    layer.GetAttributeAtPath("/Model/A.radius").default = 7.0
    w.expect("saves", w.can_save(layer), usdc=False, parquet=True)
    w.see(layer)


def saves_of_several(w: World) -> None:
    weak = w.open(MODEL, name="weak")
    stage = w.stage('over "Model" {}', "(subLayers = [@./weak.EXT@])")
    root = stage.GetRootLayer()
    stage.GetAttributeAtPath("/Model/A.radius").Set(3.0)
    weak.GetAttributeAtPath("/Model/B.radius").default = 4.0
    stage.GetSessionLayer().comment = "session"
    w.say(root.dirty, weak.dirty)
    w.attempt(stage.Save)
    w.say(root.dirty, weak.dirty, stage.GetSessionLayer().dirty)
    w.attempt(root.Save)
    w.attempt(root.Save, force=True)
    w.say(sorted(layer.identifier for layer in stage.GetUsedLayers() if not layer.anonymous))
    w.save(weak)
    w.save(root)


def saves_between_edits(w: World) -> None:
    layer = w.open(TABLE)
    stage = Usd.Stage.Open(layer)
    for i in range(4):
        layer.GetAttributeAtPath(f"/P{i}.a").default = 100.0 + i
        w.save(layer)
        layer.GetAttributeAtPath(f"/P{i}.b").default = "edited"
        layer.GetAttributeAtPath(f"/P{i}.c").ClearDefaultValue()
        w.save(layer)
        layer.GetPrimAtPath(f"/P{i}").comment = str(i)
    w.save(layer)
    w.see(stage)


def permissions(w: World) -> None:
    layer = w.open(MODEL)
    layer.SetPermissionToEdit(False)
    w.say(layer.permissionToEdit, layer.permissionToSave)
    w.attempt(setattr, layer.GetAttributeAtPath("/Model/A.radius"), "default", 2.0)
    w.attempt(layer.SetTimeSample, "/Model.height", 1.0, 1.0)
    w.attempt(layer.EraseTimeSample, "/Model.height", 1.0)
    w.attempt(Sdf.CreatePrimInLayer, layer, "/New")
    w.attempt(layer.Clear)
    w.attempt(layer.TransferContent, w.open(TABLE, name="other"))
    layer.SetPermissionToEdit(True)
    layer.SetPermissionToSave(False)
    layer.comment = "x"
    w.attempt(layer.Save)
    layer.SetPermissionToSave(True)
    w.save(layer)


def identifiers(w: World) -> None:
    layer = w.open(MODEL)
    w.say(layer.identifier, layer.realPath, layer.GetDisplayName(), layer.GetFileFormatArguments())
    w.say(layer.fileExtension == w.suffix, layer.GetFileFormat().formatId == w.suffix)
    layer.identifier = w.name("renamed")
    w.say(
        layer.identifier, Sdf.Layer.Find(w.name("layer")), bool(Sdf.Layer.Find(w.name("renamed")))
    )
    w.expect("saves under a new name", w.can_save(layer), usdc=False, parquet=True)
    w.attempt(setattr, layer, "identifier", "")
    w.attempt(setattr, layer, "identifier", f"{w.name('x')}:SDF_FORMAT_ARGS:a=b")
    w.say(Sdf.Layer.Find(w.name("none")), Sdf.Layer.FindOrOpen(layer.identifier) == layer)
    w.say(Sdf.Layer.FindRelativeToLayer(layer, w.text("./renamed.EXT")) == layer)


def files_that_do_not_open(w: World) -> None:
    """Sentences about broken files are each format's own: only that there is one counts."""
    for name, content in (("empty", b""), ("text", b"hello"), ("cut", None)):
        if content is None:
            content = Path(w.write("whole", MODEL)).read_bytes()[:40]
        Path(w.name(name)).write_bytes(content)
        try:
            w.say(name, Sdf.Layer.FindOrOpen(w.name(name)))
        except Exception as error:
            w.say(f"{name}: {type(error).__name__}")
    w.attempt(Sdf.Layer.FindOrOpen, w.name("none"))
    w.attempt(Usd.Stage.Open, w.name("none"))
    w.say(Usd.Stage.IsSupportedFile(w.name("none")), Sdf.Layer.IsIncludedByDetachedLayerRules("x"))


def a_weak_layer_that_is_gone(w: World) -> None:
    weak = w.write("weak", MODEL)
    stage = w.stage('over "Model" {}', "(subLayers = [@./weak.EXT@, @./never.EXT@])")
    w.see(stage)
    Path(weak).unlink()
    w.see(Usd.Stage.Open(w.name("root")))


def other_formats_into_and_out_of(w: World) -> None:
    layer = w.open(VARIANTS + MODEL, DEFAULT)
    for suffix in ("usda", "usdc", "usd"):
        target = str(w.folder / f"out.{suffix}")
        w.attempt(layer.Export, target)
        with w.quiet():
            back = Sdf.Layer.FindOrOpen(target)
        w.see(back)
        w.attempt(back.Export, w.name(f"from_{suffix}"))
        w.see(Sdf.Layer.FindOrOpen(w.name(f"from_{suffix}")))


def layers_that_expire(w: World) -> None:
    layer = w.open(MODEL)
    layer.comment = "never saved"
    prim = layer.GetPrimAtPath("/Model")
    del layer
    w.say(prim.expired, Sdf.Layer.Find(w.name("layer")))
    w.attempt(lambda: prim.name)
    w.see(Sdf.Layer.FindOrOpen(w.name("layer")))


def file_format_arguments(w: World) -> None:
    """Arguments that no format knows make another layer of the same file."""
    path = w.write("layer", MODEL)
    plain = Sdf.Layer.FindOrOpen(path)
    w.say(Sdf.Layer.CreateIdentifier(path, {"target": "x"}), plain.GetFileFormatArguments())
    with_target = Sdf.Layer.FindOrOpen(path, {"target": "usd"})
    w.say(with_target == plain, with_target.identifier)
    w.see(with_target)


def links_and_relative_paths(w: World) -> None:
    """One file under several names."""
    path = Path(w.write("folder/layer", MODEL))
    link = w.folder / path.name
    link.symlink_to(path)
    layer = Sdf.Layer.FindOrOpen(str(path))
    w.say(Sdf.Layer.FindOrOpen(str(path.parent / ".." / "folder" / path.name)) == layer)
    linked = Sdf.Layer.FindOrOpen(str(link))
    w.say(linked == layer, linked.realPath)
    linked.comment = "through the link"
    w.save(linked)
    w.say(link.is_symlink(), layer.Reload(), layer.comment)
    stage = w.stage("", "(subLayers = [@folder/layer.EXT@, @./folder/../layer.EXT@])")
    w.say(len(stage.GetUsedLayers()))


def several_are_reloaded(w: World) -> None:
    weak = w.open(MODEL, name="weak")
    stage = w.stage('over "Model" {}', "(subLayers = [@./weak.EXT@])")
    weak.GetAttributeAtPath("/Model/A.radius").default = 4.0
    stage.GetRootLayer().GetPrimAtPath("/Model").comment = "x"
    with w.quiet():  # in the order of addresses
        w.say(Sdf.Layer.ReloadLayers({weak, stage.GetRootLayer()}))
    w.see(stage)
    weak.GetAttributeAtPath("/Model/A.radius").default = 4.0
    with w.quiet():
        stage.Reload()
    w.see(stage)
    w.say(weak.dirty)


def layers_of_nothing_but(w: World) -> None:
    """Layers with metadata only, with sublayers only, and empty ones."""
    for name, header in (
        ("empty", ""),
        ("comment", '("only a comment")'),
        ("arcs", "(subLayers = [@./empty.EXT@])"),
        ("metadata", '(customLayerData = { string a = "b" })'),
    ):
        layer = w.open("", header, name=name)
        w.say(layer.empty, layer.dirty)
        layer.documentation = "added"
        w.save(layer)
        w.attempt(layer.Export, w.name(f"{name}_2"))
        w.see(Sdf.Layer.FindOrOpen(w.name(f"{name}_2")))


def layers_without_files(w: World) -> None:
    """Sdf.Layer.New makes a layer that is written when it is saved."""
    layer = Sdf.Layer.New(Sdf.FileFormat.FindByExtension(w.suffix), w.name("new"))
    w.say(layer.identifier, layer.dirty, Path(w.name("new")).exists())
    Sdf.CreatePrimInLayer(layer, "/A").SetInfo("comment", "x")
    w.save(layer)
    w.attempt(layer.Reload, force=True)
    w.see(layer)
    w.attempt(Sdf.Layer.New, Sdf.FileFormat.FindByExtension(w.suffix), "x.unknown")


def content_goes_between_formats(w: World) -> None:
    text = Sdf.Layer.CreateAnonymous(".usda")
    with w.quiet():
        text.ImportFromString("#usda 1.0\n" + MODEL)
    layer = w.open(VARIANTS)
    stage = Usd.Stage.Open(layer)
    layer.TransferContent(text)
    w.see(stage)
    w.save(layer)
    layer.GetPrimAtPath("/Model").comment = "x"
    text.TransferContent(layer)
    w.see(text)
    stage.GetRootLayer().TransferContent(w.open(VARIANTS, name="other"))
    w.see(stage)
    layer.Reload(force=True)
    w.see(stage)


SITUATIONS = [
    duplicated_layers,
    imported_layers,
    cleared_layers,
    anonymous_layers,
    new_layers,
    detached_layers,
    reloads,
    a_file_that_is_gone,
    saves_of_several,
    saves_between_edits,
    permissions,
    identifiers,
    files_that_do_not_open,
    a_weak_layer_that_is_gone,
    other_formats_into_and_out_of,
    layers_that_expire,
    file_format_arguments,
    links_and_relative_paths,
    several_are_reloaded,
    layers_of_nothing_but,
    layers_without_files,
    content_goes_between_formats,
]
