"""Writes the benchmark scene: a base layer and the same property table in every format."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from usdparquet.bench.formats import BARE_FORMAT, FORMATS, Format
from usdparquet.bench.layer_files import (
    prim_spec,
    save_layer,
    stage_text,
    write_indexed_parquet,
    write_parquet,
)
from usdparquet.bench.table import (
    PROPERTIES,
    Hierarchy,
    PropertyTable,
    TextColumn,
    make_table,
    prim_paths,
)

if TYPE_CHECKING:
    import pyarrow as pa

GENERATOR_VERSION = 1
DEFAULT_ROW_GROUP_SIZE = 10_000
DEFAULT_SEED = 42

_WARMUP_PRIMS = 4
_MANIFEST = "scene.json"

Report = Callable[[str], None]


@dataclass(frozen=True)
class SceneOptions:
    """What a scene is made from; equal options give equal files."""

    prims: int
    hierarchy: Hierarchy = "flat"
    row_group_size: int = DEFAULT_ROW_GROUP_SIZE
    seed: int = DEFAULT_SEED

    def folder_name(self) -> str:
        """A folder name that differs where any option differs."""
        return f"{self.prims}-{self.hierarchy}-rg{self.row_group_size}-seed{self.seed}"


@dataclass(frozen=True)
class Scene:
    """The files of one scene on disk."""

    directory: Path
    options: SceneOptions

    @property
    def base_file(self) -> Path:
        """The layer that defines the prims."""
        return self.directory / "base.usdc"

    def property_file(self, name: str) -> Path:
        """The layer that is measured; for the bare stage this is the base layer itself."""
        if name == BARE_FORMAT:
            return self.base_file
        return self.directory / f"properties_{name}.{FORMATS[name].extension}"

    def stage_file(self, name: str) -> Path:
        """The stage that puts the property layer of this format over the base layer."""
        return self.directory / f"stage_{name}.usda"

    @property
    def warmup(self) -> Scene:
        """A scene of a few prims: opening it loads the plugins without touching the real one."""
        options = SceneOptions(_WARMUP_PRIMS, "flat", self.options.row_group_size, 0)
        return Scene(self.directory / "warmup", options)


def generate_scene(
    options: SceneOptions,
    directory: Path,
    formats: Iterable[str] = FORMATS,
    report: Report = lambda _: None,
) -> Scene:
    """Write the scene into `directory` and return it.

    Formats that are there already, made from the same options, are kept.
    """
    if options.prims < 1:
        raise ValueError(f"a scene needs at least one prim, not {options.prims}")
    if options.row_group_size < 1:
        raise ValueError(f"a row group needs at least one row, not {options.row_group_size}")
    scene = Scene(directory, options)
    done = _formats_done(scene)
    wanted = [FORMATS[name] for name in formats if name not in done]
    if wanted:
        _write_files(scene.warmup, wanted, lambda _: None)
        _write_files(scene, wanted, report)
        _write_manifest(scene, done | {entry.name for entry in wanted})
    return scene


def property_table_to_arrow(table: PropertyTable, paths: list[str]) -> pa.Table:
    """The Arrow table whose rows are the prims: `path`, then the properties."""
    import pyarrow as pa

    types = {"double": pa.float64(), "int": pa.int32(), "bool": pa.bool_(), "string": pa.string()}
    columns: dict[str, Any] = {"path": pa.array(paths, pa.string())}
    for name, column in table.columns.items():
        if isinstance(column, TextColumn):
            codes = pa.array(column.codes)
            columns[name] = pa.array(column.vocabulary, pa.string()).take(codes)
        else:
            columns[name] = pa.array(column, types[PROPERTIES[name]])
    return pa.table(columns)


def _write_files(scene: Scene, formats: list[Format], report: Report) -> None:
    scene.directory.mkdir(parents=True, exist_ok=True)
    options = scene.options
    paths = prim_paths(options.prims, options.hierarchy)
    table = make_table(options.prims, options.seed)
    if not scene.base_file.exists() or BARE_FORMAT in {entry.name for entry in formats}:
        report("base layer")
        _write_base(scene.base_file, paths)
        # Also the stage that property layers are inserted into.
        _write_stage(scene, FORMATS[BARE_FORMAT])
    arrow = None
    for entry in formats:
        if entry.has_properties:
            report(entry.title)
        target = scene.property_file(entry.name)
        if entry.is_parquet:
            arrow = arrow or property_table_to_arrow(table, paths)
            _write_parquet(target, arrow, entry, options.row_group_size)
        elif entry.has_properties:
            _write_usdc(target, table, paths)
        _write_stage(scene, entry)


def _write_parquet(target: Path, table: pa.Table, entry: Format, row_group_size: int) -> None:
    """A plain file, or as `usdparquet optimize` makes it: in its own row groups unless a size
    other than the plain files' default was asked for."""
    compression = str(entry.compression)
    if not entry.is_indexed:
        write_parquet(target, table, compression, row_group_size)
        return
    is_default = row_group_size == DEFAULT_ROW_GROUP_SIZE
    write_indexed_parquet(target, table, compression, None if is_default else row_group_size)


def _write_base(target: Path, paths: list[str]) -> None:
    from pxr import Sdf

    # Always a new file: a layer that is open already would keep what it held.
    target.unlink(missing_ok=True)
    layer = Sdf.Layer.CreateNew(str(target))
    with Sdf.ChangeBlock():
        prims: dict[str, Any] = {}
        for path in paths:
            prim_spec(layer, path, prims, Sdf.SpecifierDef, "Xform")
        layer.defaultPrim = "World"
    save_layer(layer)


def _write_usdc(target: Path, table: PropertyTable, paths: list[str]) -> None:
    """The properties as attributes of `over` prims, exactly what the Parquet layer presents."""
    from pxr import Sdf

    types = {
        "double": Sdf.ValueTypeNames.Double,
        "int": Sdf.ValueTypeNames.Int,
        "bool": Sdf.ValueTypeNames.Bool,
        "string": Sdf.ValueTypeNames.String,
    }
    names = list(PROPERTIES)
    sdf_types = [types[kind] for kind in PROPERTIES.values()]
    target.unlink(missing_ok=True)
    layer = Sdf.Layer.CreateNew(str(target))
    make_attribute, varying = Sdf.AttributeSpec, Sdf.VariabilityVarying
    rows = zip(*(table.values(name) for name in names), strict=True)
    # One change block for everything: without it every attribute sends its own notice.
    with Sdf.ChangeBlock():
        prims: dict[str, Any] = {}
        for path, row in zip(paths, rows, strict=True):
            prim = prim_spec(layer, path, prims, Sdf.SpecifierOver, "")
            for name, sdf_type, value in zip(names, sdf_types, row, strict=True):
                make_attribute(prim, name, sdf_type, varying, False).default = value
    save_layer(layer)


def _write_stage(scene: Scene, entry: Format) -> None:
    layers = [scene.base_file.name]
    if entry.has_properties:
        layers.insert(0, scene.property_file(entry.name).name)
    scene.stage_file(entry.name).write_text(stage_text(layers), encoding="utf-8")


def _manifest_head(options: SceneOptions) -> dict[str, Any]:
    return {"generator": GENERATOR_VERSION, **asdict(options)}


def _write_manifest(scene: Scene, formats: set[str]) -> None:
    """Written last: a scene whose writing was interrupted has no entry and is made again."""
    content = _manifest_head(scene.options) | {
        "formats": sorted(formats),
        "bytes": {name: scene.property_file(name).stat().st_size for name in sorted(formats)},
    }
    (scene.directory / _MANIFEST).write_text(json.dumps(content, indent=1), encoding="utf-8")


def _formats_done(scene: Scene) -> set[str]:
    try:
        manifest = json.loads((scene.directory / _MANIFEST).read_text(encoding="utf-8"))
        head = {key: manifest[key] for key in _manifest_head(scene.options)}
        if head != _manifest_head(scene.options):
            return set()
        return {
            name
            for name, size in manifest["bytes"].items()
            if scene.stage_file(name).exists() and scene.property_file(name).stat().st_size == size
        }
    except (OSError, ValueError, KeyError):
        return set()


def _main(arguments: list[str]) -> None:
    """Write the scene that one JSON argument describes: how a program makes it in a process."""
    request = json.loads(arguments[0])
    directory = Path(request["directory"])
    generate_scene(SceneOptions(**request["options"]), directory, request["formats"])


if __name__ == "__main__":
    _main(sys.argv[1:])
