"""Conversions between USD layers and tables: what `usdparquet convert` does."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from usdparquet._dataset import check_not_in_dataset
from usdparquet._plugin import load_core
from usdparquet.identifiers.scene_ids import open_stage
from usdparquet.regular_file import check_regular_file, check_table_file, is_dataset
from usdparquet.tables.atomic_file import replaced_file, temporary_folder
from usdparquet.tables.csv_files import AS_FOUND, TextFormat
from usdparquet.tables.errors import OptionsError, kind_of_output
from usdparquet.tables.file_kinds import FileKind, kind_of
from usdparquet.tables.layers import (
    collected_warnings,
    content_of,
    export_layer,
    export_package,
    flattened_layer,
    layer_errors,
    open_layer,
    reduced_layer,
    relative_assets,
    replaced_layer,
)
from usdparquet.tables.packages import files_in, unpacked
from usdparquet.tables.patterns import PrimPatterns, PropertyPatterns
from usdparquet.tables.query import Query, chosen_paths
from usdparquet.tables.row_writers import open_writer
from usdparquet.tables.stage_table import stage_table
from usdparquet.tables.table_file import TableFile
from usdparquet.tables.table_part import TableChoice, TablePart, choose_part
from usdparquet.tables.table_writing import BY_IDS, write_by_ids, write_layer

_FLAT = (FileKind.CSV, FileKind.SHEET)
"""Those without structs."""


class ConvertError(ValueError):
    """A conversion that is not possible as asked for."""


@dataclass(frozen=True)
class ConvertOptions:
    """What to convert, and how."""

    path_column: str = ""
    """The column of a table with the prim paths; if not given, what the file says, else `path`."""
    key: str = ""
    """Of a table by ids, which needs no prim paths: the column with the ids."""
    time_column: str = ""
    """The column of a table with the times of the rows; if not given, what the file says."""
    properties: Sequence[str] | None = None
    """Patterns; all properties if not given."""
    prims: Sequence[str] | None = None
    """Patterns; all prims if not given."""
    where: str | None = None
    """A condition in SQL: of a table, which rows; of a layer, which prims of its stage."""
    columns: Sequence[str] | None = None
    """Of a table: the columns to write, `old=new` to rename one; `*` for all that are not named."""
    text: TextFormat = AS_FOUND
    """How a CSV file that is read is written."""
    flatten: bool = False
    """Compose the stage of a layer and convert the result."""
    layout: str | None = None
    """What a Parquet file is laid out for, ``size`` or ``access``."""
    compression: str | None = None
    """The codec if a Parquet file is written; None: one for each column."""

    melt: str = ""
    """Of a table whose columns are named by times: `time` or `time,value`, what to call the two
    columns of the long table that it becomes."""
    time_codes_per_second: float | None = None
    """Of a table with timestamps: the rate of their time codes."""

    @property
    def choice(self) -> TableChoice:
        """What to take of a table."""
        return TableChoice(
            self.prims, self.where, self.columns, self.properties, self.key, self.melt
        )

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out, or called otherwise."""
        is_chosen = any(each is not None for each in (self.properties, self.prims, self.where))
        return is_chosen or self.is_of_a_table

    @property
    def is_of_a_table(self) -> bool:
        """Whether something is asked for that only a table has."""
        is_changed = self.columns is not None or bool(self.melt) or bool(self.key)
        return is_changed or self.time_codes_per_second is not None


class Listener:
    """Is told how a conversion is getting on; this one ignores it."""

    def started(self, what: str) -> None:
        """A step begins."""

    def advanced(self, done: int, total: int) -> None:
        """So many rows of the step are done."""


@dataclass(frozen=True)
class Storage:
    """Where a Parquet file keeps what a layer holds."""

    columns: list[str]
    """All columns but those of the paths and the times."""
    column_properties: int
    """Properties that are cells of columns."""
    residual_properties: int
    """Properties that are in the residual."""
    residual_bytes: int
    """The size of the residual, which also holds whatever else does not fit a table."""


@dataclass
class ConvertSummary:
    """What a conversion wrote."""

    bytes: int = 0
    rows: int | None = None
    columns: int | None = None
    prims: int | None = None
    properties: int | None = None
    files: list[str] | None = None
    """Given for a package: the names of what it holds."""
    storage: Storage | None = None
    """Given for a layer that became a Parquet file."""
    notes: list[str] = field(default_factory=list)
    """What the user should know: warnings of OpenUSD, asset paths that moved."""


@dataclass(frozen=True)
class _Job:
    """One conversion, as it was asked for."""

    source: Path
    target: Path
    options: ConvertOptions
    listener: Listener


def convert_file(
    source: Path, target: Path, options: ConvertOptions, listener: Listener | None = None
) -> ConvertSummary:
    """Convert `source` to `target`, by their suffixes.

    `target` is replaced as a whole, or left as it was if anything fails. Raises ValueError for what
    is wrong with the input or the request, OSError for what the system refused.
    """
    if target.suffix.lower() == ".json":
        raise OptionsError(
            f"{target}: usdparquet query -o writes the rows of a table as .json, usdparquet table "
            "-o those of a scene"
        )
    kinds = kind_of(source), kind_of_output(target)
    source.stat()  # so that a file that is not there is a FileNotFoundError
    check_table_file(source)
    check_not_in_dataset(target, source)
    check_regular_file(target)
    if target.exists() and source.samefile(target):
        raise ConvertError(
            f"{target}: is the input too; write to another file (usdparquet optimize rewrites a "
            "Parquet file in place)"
        )
    if options.text != AS_FOUND and kinds[0] is not FileKind.CSV:
        raise OptionsError(f"{source}: --delimiter, --decimal and --encoding are for CSV files")
    if options.flatten and kinds[0] in (FileKind.CSV, FileKind.SHEET, FileKind.ARROW):
        raise OptionsError(f"{source}: is a table, which has no stage to flatten")
    if options.is_of_a_table and (kinds[0].is_usd or options.flatten):
        raise OptionsError(
            f"{source}: is a layer; --columns, --melt, --key and --time-codes-per-second are for "
            "tables (--where, --prims and --properties choose of a layer)"
        )
    if options.key and options.path_column:
        raise OptionsError("--path and --key exclude each other: rows have paths or ids")
    if options.key and kinds[1].is_usd:
        raise OptionsError(
            f"{target}: a layer has prim paths; usdparquet bind puts the rows of a table by ids at "
            "their prims"
        )
    if options.columns is not None and options.properties is not None:
        raise OptionsError("--columns and --properties both choose columns; give one of them")
    job = _Job(source, target, options, listener or Listener())
    if kinds[0].is_usd or options.flatten:
        summary = _convert_layer(job)
    elif kinds[1].is_usd:
        summary = _convert_table_to_layer(job)
    elif kinds[1] is FileKind.PARQUET and _is_converted_as_layer(job):
        summary = _convert_layer(job)
    else:
        summary = _convert_table(job, target)
    return summary


def _is_converted_as_layer(job: _Job) -> bool:
    """Whether the source is a layer with more in it than a table, all of which is wanted."""
    is_parquet = kind_of(job.source) is FileKind.PARQUET and not job.options.is_of_a_table
    return is_parquet and TableFile(job.source).is_more_than_a_table


def _convert_table(job: _Job, target: Path) -> ConvertSummary:
    """Write the chosen part of a table as another table."""
    options, summary = job.options, ConvertSummary()
    table = TableFile(job.source, options.path_column, options.time_column, options.text)
    summary.notes += table.notes
    if table.is_more_than_a_table:
        summary.notes.append(
            f"{target}: has the table of {job.source.name} alone, without what else its layer holds"
        )
    if not options.key and table.path_column not in table.schema.names:
        raise table.no_paths(table.schema.names, BY_IDS if job.target == target else "")
    part = choose_part(table, options.choice, flat=kind_of(target) in _FLAT)
    summary.notes += part.notes
    if kind_of(target) is not FileKind.PARQUET:
        _write_rows(job, part, summary)
        return summary
    job.listener.started(f"Writing {target.name}")
    rate = options.time_codes_per_second
    if options.key:
        written = write_by_ids(
            table,
            part.schema,
            part.batches,
            target,
            part.names.get(options.key, options.key),
            names=part.names,
            time=part.time,
            compression=options.compression,
            progress=job.listener.advanced,
        )
        summary.rows, summary.columns = written.rows, len(part.schema)
        summary.bytes = written.bytes
        summary.notes.append(written.note)
        return summary
    done = write_layer(
        table,
        part.schema,
        part.batches,
        target,
        names=part.names,
        time=part.time,
        layer=None if rate is None else {"timeCodesPerSecond": rate},
        layout=options.layout,
        compression=options.compression,
        progress=job.listener.advanced,
    )
    summary.rows, summary.columns = done.rows, len(part.schema)
    summary.bytes = done.bytes
    return summary


def _convert_table_to_layer(job: _Job) -> ConvertSummary:
    """Write a table as a USD layer; unless it is a whole Parquet file, it becomes one first."""
    is_whole = kind_of(job.source) is FileKind.PARQUET and not job.options.is_filtered
    if is_whole or _is_converted_as_layer(job):
        return _convert_layer(job)
    with temporary_folder() as folder, collected_warnings() as warnings:
        between = folder / f"{job.source.stem}.parquet"
        notes = _convert_table(job, between).notes
        layer = _opened(job, between, {})
        summary = _write_layer(job, layer, layer)
    summary.notes += [note.replace(str(between), str(job.target)) for note in notes]
    summary.notes.extend(warnings)
    return summary


def _convert_layer(job: _Job) -> ConvertSummary:
    """Write a layer, or the composed stage of one."""
    options = job.options
    arguments: dict[str, str] = {}
    if kind_of(job.source) is FileKind.PARQUET:
        # A layer presents such cells without a value.
        bad_texts = [] if options.is_filtered else _bad_texts(job.source)
        if bad_texts:
            raise ConvertError(bad_texts[0])
        given = {"path": options.path_column, "time": options.time_column}
        arguments = {name: column for name, column in given.items() if column}
    # A package would take in the package that it is made of, whole.
    kinds = kind_of(job.source), kind_of(job.target)
    is_repacked = kinds == (FileKind.PACKAGE, FileKind.PACKAGE)
    with (
        unpacked(job.source) if is_repacked else nullcontext(job.source) as file,
        collected_warnings() as warnings,
    ):
        anchor = layer = _opened(job, file, arguments)
        if options.is_filtered:
            chosen = _chosen_prims(job, file)
            layer = reduced_layer(
                layer,
                PrimPatterns(chosen) if chosen is not None else None,
                None if options.properties is None else PropertyPatterns(options.properties),
                is_every_prim_there=options.where is None,
            )
        summary = _write_layer(job, layer, anchor)
        is_layer = kind_of(job.target) not in (*_FLAT, FileKind.ARROW)
        if options.is_filtered and is_layer and layer.subLayerPaths:
            shown = ", ".join(f"@{path}@" for path in layer.subLayerPaths)
            summary.notes.append(
                f"{job.target}: keeps its sublayers, and with them all that they say of other "
                f"prims: {shown}; --flatten writes the chosen part of the composed scene"
            )
    summary.notes.extend(warnings)
    return summary


def _chosen_prims(job: _Job, file: Path) -> Sequence[str] | None:
    """The patterns of the prims to take; with a condition, their paths. None for all."""
    options = job.options
    if options.where is None:
        return options.prims
    job.listener.started("Choosing prims")
    query = Query(prims=options.prims, where=options.where)
    if kind_of(file) is FileKind.PARQUET and not options.flatten:
        table = TableFile(file, options.path_column, options.time_column)
        return [path for portion in chosen_paths(table, query) for path in portion]
    with layer_errors(file):
        stage = open_stage(file)
        try:
            found = stage_table(stage, str(job.source), [], query)
        except ValueError as error:
            text, sign, _ = str(error).partition("; types={")
            if not sign:
                raise
            raise ConvertError(f"{text}; name another attribute") from error
    paths: list[str] = found["path"].to_pylist()
    return paths


def _opened(job: _Job, file: Path, arguments: dict[str, str]) -> Any:
    """The layer of a file, or its composed stage as a layer."""
    job.listener.started(f"Reading {file.name}")
    return (flattened_layer if job.options.flatten else open_layer)(file, arguments)


def _write_layer(job: _Job, layer: Any, anchor: Any) -> ConvertSummary:
    """Write a layer, whose asset paths start from `anchor`, as what the target's suffix says."""
    target, kind = job.target, kind_of(job.target)
    job.listener.started(f"Writing {target.name}")
    content = content_of(layer)
    summary = ConvertSummary(prims=content.prims, properties=content.properties)
    if kind in (*_FLAT, FileKind.ARROW):
        _write_table_of_layer(job, layer, summary)
        return summary
    wanted = {"for": job.options.layout, "compression": job.options.compression}
    if kind is not FileKind.PARQUET:
        wanted = {}
    arguments = {name: text for name, text in wanted.items() if text is not None}
    with replaced_layer(target) as temporary:
        if kind is FileKind.PACKAGE:
            export_package(layer, anchor, temporary, target.stem)
        else:
            export_layer(layer, temporary, arguments)
        # Before it takes its name, so that the old file stays whatever fails.
        if kind is FileKind.PARQUET:
            summary.storage = _storage(temporary, content.properties)
        summary.bytes = temporary.stat().st_size
    if kind is FileKind.PACKAGE:
        summary.files = files_in(target)
    source_kind = kind_of(job.source)
    is_moved = target.parent.resolve() != job.source.parent.resolve()
    keeps_assets = kind is not FileKind.PACKAGE and not job.options.flatten
    if keeps_assets and (source_kind is FileKind.PACKAGE or (is_moved and source_kind.is_usd)):
        assets = relative_assets(layer)
        if assets:
            count = "1 relative asset path" if len(assets) == 1 else f"{len(assets):,} such paths"
            summary.notes.append(
                f"{target}: asset paths are kept as they are, and now start from another "
                f"folder: {count}, @{assets[0]}@"
            )
    return summary


def _write_table_of_layer(job: _Job, layer: Any, summary: ConvertSummary) -> None:
    """Write the part of a layer that fits a table as CSV, Arrow or a workbook."""
    properties = summary.properties or 0
    with temporary_folder() as folder:
        between = folder / f"{job.source.stem}.parquet"
        export_layer(layer, between, {"compression": "none"})  # deleted at once
        storage = _storage(between, properties)
        table = TableFile(between)
        part = choose_part(table, TableChoice(), flat=kind_of(job.target) in _FLAT)
        _write_rows(job, part, summary)
    if storage.residual_bytes:
        summary.notes.append(
            f"{job.target}: a table has no place for {storage.residual_properties:,} of "
            f"{properties:,} properties, and for what else {job.source.name} holds"
        )


def _write_rows(job: _Job, part: TablePart, summary: ConvertSummary) -> None:
    """Write rows to the target as CSV, Arrow or a workbook."""
    job.listener.started(f"Writing {job.target.name}")
    done = 0
    with replaced_file(job.target) as temporary, temporary.open("wb") as sink:
        is_tsv = job.target.suffix.lower() == ".tsv"
        kind = "tsv" if is_tsv else kind_of(job.target).value
        writer = open_writer(kind, sink, part.schema, stream=False, source=job.source)
        for batch in part.batches:
            writer.write(batch)
            done += batch.num_rows
            job.listener.advanced(done, max(done, part.table.num_rows))
        writer.close()
        summary.bytes = sink.tell()
    summary.rows, summary.columns = done, len(part.schema)


def _bad_texts(source: Path) -> list[str]:
    """A message for each column of a file, or of the files of a dataset, with bad text."""
    core = load_core()
    files = [source]
    if is_dataset(source):
        files = [Path(part["file"]) for part in core.describe_dataset(source)["parts"]]
    return [message for file in files for message in core.check_texts(file)]


def _storage(file: Path, properties: int) -> Storage:
    """Where a Parquet file keeps a layer that has `properties` properties."""
    described = load_core().describe(str(file))
    table = TableFile(file)
    in_columns = sum(
        table.num_properties(entry["name"])
        for entry in described["columns"]
        if entry["role"] != "metadata"
    )
    roles = (table.path_column, table.time_column)
    names = [name for name in table.schema.names if name not in roles]
    return Storage(names, in_columns, properties - in_columns, described["residual_bytes"])
