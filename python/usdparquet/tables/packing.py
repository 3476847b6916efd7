"""Packs layers that are read with format arguments, which OpenUSD's own packaging drops."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from usdparquet.identifiers.live_identifier import escaped
from usdparquet.tables.errors import TableFileError

_ARGUMENTS = ":SDF_FORMAT_ARGS:"
_FILES = ("ids",)
"""The format arguments that are names of files."""
# Tiles of a texture, or the numbers of value clips.
_NUMBERED = re.compile(r"<UDIM>|#+")


def uses_arguments(asset_paths: list[str]) -> bool:
    """Whether any of these files, or a layer that they refer to, is read with format arguments."""
    from pxr import Ar, UsdUtils

    pending = list(asset_paths)
    seen: set[str] = set()
    while pending:
        path = pending.pop()
        if _ARGUMENTS in path:
            return True
        file = str(Ar.GetResolver().Resolve(path)) if path else ""
        if file in seen or not _is_layer(file):
            continue
        seen.add(file)
        layer = _opened(file)
        found = [each for group in UsdUtils.ExtractExternalReferences(file) for each in group]
        pending.extend(_absolute(each, layer) for each in found)
    return False


class Packing:
    """The files of a package: all of them in its top folder, with the paths between them.

    What cannot be packed is in `missing`, or a TableFileError.
    """

    def __init__(self, folder: Path) -> None:
        """`folder`: where layers whose asset paths change are written."""
        self.files: dict[str, Path] = {}
        """By their names in the package, the root layer first."""
        self.missing: dict[str, None] = {}
        self._folder = folder
        self._names: dict[tuple[str, bool], str] = {}

    def add_layer(self, layer: Any, anchor: Any, name: str) -> None:
        """Add a layer that may be edited, whose asset paths start from `anchor`."""
        from pxr import UsdUtils

        file = self._folder / name
        self.files[name] = file
        UsdUtils.ModifyAssetPaths(layer, lambda path: self._packed(path, anchor))
        if not layer.Export(str(file)):
            raise TableFileError(f"OpenUSD could not write the layer '{name}'")

    def write(self, package: Path) -> None:
        """Write the package."""
        from pxr import Sdf

        writer = Sdf.ZipFileWriter.CreateNew(str(package))
        for name, file in self.files.items():
            if not writer.AddFile(str(file), name):
                raise TableFileError(f"{file}: cannot be added to the package")
        if not writer.Save():
            raise TableFileError(f"{package}: OpenUSD could not write the package")

    def _packed(self, path: str, anchor: Any) -> str:
        """What an asset path is in the package."""
        from pxr import Ar, Sdf

        if not path:
            return path
        whole, arguments = Sdf.Layer.SplitIdentifier(path)
        outer, inner = Ar.SplitPackageRelativePathOuter(whole)
        absolute = str(anchor.ComputeAbsolutePath(outer))
        name = self._placed(absolute, is_kept=bool(arguments))
        if name is None:
            return path
        packed = Ar.JoinPackageRelativePath(name, inner) if inner else name
        if not arguments:
            return packed
        if not inner:
            _check_no_assets(path, absolute, arguments)
        for key in _FILES:
            if arguments.get(key):
                table = Ar.GetResolver().Resolve(absolute)
                ids = Ar.GetResolver().CreateIdentifier(unquote(arguments[key]), table)
                placed = self._placed(str(ids), is_kept=True)
                arguments[key] = escaped(placed or "")
        return str(Sdf.Layer.CreateIdentifier(packed, arguments))

    def _placed(self, absolute: str, *, is_kept: bool) -> str | None:
        """The relative path of a file in the package, which gets it; None if it is missing.

        `is_kept`: as it is, even if it is a layer with asset paths.
        """
        from pxr import Ar

        file = str(Ar.GetResolver().Resolve(absolute))
        name = self._names.get((absolute, is_kept))
        if name is not None:
            return f"./{name}"
        if not Path(file).is_file() and _NUMBERED.search(Path(absolute).name):
            return self._placed_numbered(Path(absolute), is_kept)
        if not Path(file).is_file():
            self.missing[absolute] = None
            return None
        name = self._unused(Path(file).name)
        self._names[absolute, is_kept] = name
        self.files[name] = Path(file)
        if not is_kept and _is_layer(file):
            layer = _opened(file)
            copy = _copy_of(layer)
            if _asset_paths(copy):
                self.add_layer(copy, layer, name)
        return f"./{name}"

    def _placed_numbered(self, pattern: Path, is_kept: bool) -> str | None:
        """As `_placed`, of all files that a name with a place for numbers stands for."""
        matching = re.compile(
            "([0-9]+)".join(re.escape(part) for part in _NUMBERED.split(pattern.name))
        )
        found = pattern.parent.iterdir() if pattern.parent.is_dir() else ()
        files = sorted(file for file in found if matching.fullmatch(file.name))
        if not files:
            self.missing[str(pattern)] = None
            return None
        name = self._unused(pattern.name)
        prefix = name.removesuffix(pattern.name)
        self._names[str(pattern), is_kept] = name
        for file in files:
            if _is_layer(str(file)):
                _check_no_assets(str(file), str(file), {})
            self.files[prefix + file.name] = file
        return f"./{name}"

    def _unused(self, name: str) -> str:
        taken = {*self.files, *self._names.values()}
        number, unused = 0, name
        while unused in taken:
            number += 1
            unused = f"{number}_{name}"
        return unused


def _check_no_assets(path: str, file: str, arguments: dict[str, str]) -> None:
    """TableFileError if a layer that is packed as it is has asset paths of its own."""
    found = _asset_paths(_copy_of(_opened(file, arguments)))
    if found:
        raise TableFileError(
            f"@{path}@ has the asset path @{found[0]}@, which cannot be changed to its place in "
            "the package, since the layer is read with format arguments or by number; convert "
            "with --flatten"
        )


def _asset_paths(layer: Any) -> list[str]:
    """The asset paths of a layer that may be edited."""
    from pxr import UsdUtils

    found: list[str] = []

    def note(path: str) -> str:
        if path:
            found.append(path)
        return path

    UsdUtils.ModifyAssetPaths(layer, note)
    return found


def _copy_of(layer: Any) -> Any:
    from pxr import Sdf

    copy = Sdf.Layer.CreateAnonymous(".usdc")
    copy.TransferContent(layer)
    return copy


def _opened(file: str, arguments: dict[str, str] | None = None) -> Any:
    from pxr import Sdf

    layer = Sdf.Layer.FindOrOpen(file, args=arguments or {})
    if layer is None:
        raise TableFileError(f"{file}: OpenUSD does not open it as a layer")
    return layer


def _absolute(path: str, anchor: Any) -> str:
    """An asset path from where `anchor` is; one with arguments as it is."""
    return path if not path or _ARGUMENTS in path else str(anchor.ComputeAbsolutePath(path))


def _is_layer(file: str) -> bool:
    """Whether a file is a layer and no package."""
    from pxr import Sdf

    form = Sdf.FileFormat.FindByExtension(file) if file and Path(file).is_file() else None
    return form is not None and not form.IsPackage()
