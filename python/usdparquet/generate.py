"""Writes the benchmark scene: a base layer and the same property table in every format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from usdparquet.bench.defaults import DEFAULT_ROW_GROUP_SIZE, DEFAULT_SEED
from usdparquet.bench.formats import BARE_FORMAT, FORMATS, Format
from usdparquet.bench.layer_files import write_base, write_parquet, write_stage, write_usdc
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
        """A folder name that no other options have."""
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
        """The layer that is measured; for the bare stage, the base layer."""
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
    size = options.row_group_size
    # Indexed files have row groups of their own, unless a size other than the default is asked for.
    layout = {} if size == DEFAULT_ROW_GROUP_SIZE else {"rows_per_group": size}
    paths = prim_paths(options.prims, options.hierarchy)
    table = property_table_to_arrow(make_table(options.prims, options.seed), paths)
    if not scene.base_file.exists() or BARE_FORMAT in {entry.name for entry in formats}:
        report("base layer")
        write_base(scene.base_file, paths)
        # Also the stage that property layers are inserted into.
        write_stage(scene.stage_file(BARE_FORMAT), [scene.base_file.name])
    for entry in formats:
        if not entry.has_properties:
            continue
        report(entry.title)
        target = scene.property_file(entry.name)
        if entry.is_parquet:
            write_parquet(target, table, entry, size, **layout)
        else:
            write_usdc(target, table, PROPERTIES)
        write_stage(scene.stage_file(entry.name), [target.name, scene.base_file.name])


def _manifest_head(options: SceneOptions) -> dict[str, Any]:
    return {"generator": GENERATOR_VERSION, **asdict(options)}


def _write_manifest(scene: Scene, formats: set[str]) -> None:
    """Written last, so that a scene whose writing was interrupted is made again."""
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
