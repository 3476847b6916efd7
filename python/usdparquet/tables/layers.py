"""Opens, composes, filters and writes USD layers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from usdparquet._texts import is_utf8
from usdparquet.tables.atomic_file import replaced_file, temporary_folder
from usdparquet.tables.errors import TableFileError
from usdparquet.tables.packing import Packing, uses_arguments
from usdparquet.tables.patterns import PrimPatterns, PropertyPatterns

_SHOWN_ERRORS = 4
_ADD_FAILED = re.compile(r"Failed to add file '(.+?)' to the package")


class LayerError(ValueError):
    """A layer that cannot be opened or written."""


@dataclass
class LayerContent:
    """How much a layer holds."""

    prims: int = 0
    properties: int = 0


@contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect OpenUSD's warnings instead of printing them; the list is filled after the block."""
    from pxr import UsdUtils

    delegate = UsdUtils.CoalescingDiagnosticDelegate()
    warnings: list[str] = []
    try:
        yield warnings
    finally:
        warnings.extend(item.commentary for item in delegate.TakeUncoalescedDiagnostics())
        del delegate


@contextmanager
def layer_errors(file: Path) -> Iterator[None]:
    """Raise OpenUSD's errors as `LayerError`."""
    from pxr import Tf

    try:
        yield
    except Tf.ErrorException as error:
        # A full disk is reported once for every write that fails.
        texts = list(dict.fromkeys(getattr(item, "commentary", str(item)) for item in error.args))
        text = "; ".join(texts[:_SHOWN_ERRORS]) or str(error)
        raise LayerError(text if str(file) in text else f"{file}: {text}") from error


def open_layer(file: Path, arguments: dict[str, str]) -> Any:
    """Open a layer with format arguments."""
    from pxr import Sdf

    file.stat()  # so that a file that is not there is a FileNotFoundError
    _check_name(file)
    with layer_errors(file):
        layer = Sdf.Layer.FindOrOpen(str(file), args=arguments)
    if layer is None:
        raise LayerError(f"{file}: OpenUSD does not open it as a layer")
    return layer


def open_unshared(file: Path, arguments: dict[str, str]) -> Any:
    """Open a layer that nobody else has, so that all of its warnings are raised anew."""
    from pxr import Sdf

    file.stat()
    _check_name(file)
    with layer_errors(file):
        layer = Sdf.Layer.OpenAsAnonymous(Sdf.Layer.CreateIdentifier(str(file), arguments))
    if layer is None:
        raise LayerError(f"{file}: OpenUSD does not open it as a layer")
    return layer


def flattened_layer(file: Path, arguments: dict[str, str]) -> Any:
    """Compose the stage of a file into one layer, with absolute asset paths."""
    from pxr import Usd

    layer = open_layer(file, arguments)
    with layer_errors(file):
        return Usd.Stage.Open(layer).Flatten(addSourceFileComment=False)


def reduced_layer(
    layer: Any,
    prims: PrimPatterns | None,
    properties: PropertyPatterns | None,
    *,
    is_every_prim_there: bool = True,
) -> Any:
    """A copy with the chosen prims and properties alone.

    The ancestors of chosen prims are kept, and of their properties those that place and show what
    is below. Prims and properties within a variant are matched by their paths without the variant.
    `is_every_prim_there`: PatternError for what chooses no prim.
    """
    from pxr import Sdf

    copy = Sdf.Layer.CreateAnonymous(".usdc")
    with layer_errors(_file_of(layer)):
        copy.TransferContent(layer)
    with Sdf.ChangeBlock():
        _reduce_children(copy.pseudoRoot, prims, properties)
    if prims is not None and is_every_prim_there:
        prims.check_used(str(layer.identifier))
    if properties is not None:
        properties.check_used(str(layer.identifier))
    return copy


def content_of(layer: Any) -> LayerContent:
    """Count the prims and properties of a layer, those of all variants included."""
    content = LayerContent()

    def count(path: Any) -> None:
        if path.IsPropertyPath():
            content.properties += 1
        elif path.IsPrimPath():
            content.prims += 1

    with layer_errors(_file_of(layer)):
        layer.Traverse(layer.pseudoRoot.path, count)
    return content


def _file_of(layer: Any) -> Path:
    return Path(layer.realPath or layer.identifier)


def _check_name(file: Path) -> None:
    if not is_utf8(str(file)):
        raise LayerError(
            f"{file}: OpenUSD takes only names of files that are valid UTF-8; rename it"
        )


def export_layer(layer: Any, file: Path, arguments: dict[str, str] | None = None) -> None:
    """Write a layer to a file, in the format of its suffix."""
    _check_name(file)
    with layer_errors(file):
        done = layer.Export(str(file), args=arguments or {})
    if not done:
        raise LayerError(f"{file}: OpenUSD could not write the layer")


@contextmanager
def replaced_layer(target: Path) -> Iterator[Path]:
    """As `replaced_file`; errors name `target` and not the file that is written."""
    with replaced_file(target) as temporary:
        try:
            yield temporary
        except (ValueError, OSError, MemoryError) as error:
            if str(temporary) not in str(error):
                raise
            raise LayerError(str(error).replace(str(temporary), str(target))) from error


def export_package(layer: Any, anchor: Any, file: Path, name: str) -> None:
    """Write a layer, with all files that it refers to, as a .usdz package.

    `anchor`: the layer that relative asset paths start from. `name`: the root layer's, without its
    suffix.
    """
    from pxr import Sdf, UsdUtils

    _check_name(file)

    found: list[str] = []

    def absolute(path: str) -> str:
        found.append(str(anchor.ComputeAbsolutePath(path)) if path else path)
        return found[-1]

    with temporary_folder() as folder, layer_errors(file), collected_warnings() as warnings:
        copy = Sdf.Layer.CreateAnonymous(".usdc")
        copy.TransferContent(layer)
        UsdUtils.ModifyAssetPaths(copy, absolute)
        if uses_arguments(found):
            _pack(layer, anchor, file, Packing(folder), name)
            return
        root = folder / f"{name}.usdc"
        try:
            export_layer(copy, root)
        except LayerError as error:
            raise LayerError(str(error).replace(str(root), str(file))) from error
        done = UsdUtils.CreateNewUsdzPackage(str(root), str(file))
    if not done:
        # OpenUSD tells of each such file several times, by names that it has for itself.
        missing = dict.fromkeys(_ADD_FAILED.findall("\n".join(warnings)))
        reason = _missing_text(list(missing)) if missing else "; ".join(warnings)
        raise LayerError(f"{file}: OpenUSD could not write the package: {reason}")


def _pack(layer: Any, anchor: Any, file: Path, packing: Packing, name: str) -> None:
    """Write a package of layers that are read with format arguments, which stay."""
    from pxr import Sdf

    copy = Sdf.Layer.CreateAnonymous(".usdc")
    copy.TransferContent(layer)
    try:
        packing.add_layer(copy, anchor, f"{name}.usdc")
        if packing.missing:
            raise TableFileError(_missing_text(list(packing.missing)))
        packing.write(file)
    except TableFileError as error:
        raise LayerError(f"{file}: could not write the package: {error}") from error


def _missing_text(files: list[str]) -> str:
    names = ", ".join(f"'{name}'" for name in files[:_SHOWN_ERRORS])
    return f"there is no {names}{', …' if len(files) > _SHOWN_ERRORS else ''}"


def relative_assets(layer: Any) -> list[str]:
    """The asset paths of a layer that start from the folder of its file."""
    from pxr import Sdf, UsdUtils

    found: list[str] = []

    def note(path: str) -> str:
        is_elsewhere = not path or Path(path).is_absolute() or "://" in path
        if not is_elsewhere and path not in found:
            found.append(path)
        return path

    copy = layer
    if not layer.anonymous:  # the function below edits the layer, even to look at it
        copy = Sdf.Layer.CreateAnonymous(".usdc")
        copy.TransferContent(layer)
    UsdUtils.ModifyAssetPaths(copy, note)
    return found


def _reduce_children(
    parent: Any, prims: PrimPatterns | None, properties: PropertyPatterns | None
) -> bool:
    """Reduce the children of a prim, root or variant; returns whether any is left."""
    dropped = []
    is_any_left = False
    for child in list(parent.nameChildren):
        if _reduce_prim(child, prims, properties):
            is_any_left = True
        else:
            dropped.append(child.name)
    for name in dropped:
        del parent.nameChildren[name]
    return is_any_left


def _reduce_prim(
    prim: Any, prims: PrimPatterns | None, properties: PropertyPatterns | None
) -> bool:
    """Reduce a prim and all below it; returns whether any of them is chosen."""
    path = str(prim.path.StripAllVariantSelections())
    is_chosen = prims is None or prims.matches(path)
    is_left = _reduce_children(prim, prims, properties)
    bodies = [prim]
    for variants in prim.variantSets:
        for variant in variants.variants:
            bodies.append(variant.primSpec)
            is_left = _reduce_children(variant.primSpec, prims, properties) or is_left
    for body in bodies:
        for entry in list(body.properties):
            is_wanted = is_chosen or (is_left and _acts_below(entry.name))
            if not is_wanted or not (properties is None or properties.matches(entry.name)):
                body.RemoveProperty(entry)
    return is_chosen or is_left


def _acts_below(name: str) -> bool:
    """Whether a property of a prim says where the prims below it are, or whether they are shown."""
    return name.startswith("xformOp:") or name in ("xformOpOrder", "visibility", "purpose")
