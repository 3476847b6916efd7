"""Conversions between USD layers and tables: what `usdparquet convert` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from usdparquet._plugin import load_core
from usdparquet._write import write_table
from usdparquet.regular_file import check_regular_file
from usdparquet.tables.atomic_file import replaced_file
from usdparquet.tables.file_kinds import FileKind, kind_of
from usdparquet.tables.layers import (
    LayerError,
    collected_warnings,
    content_of,
    export_layer,
    export_package,
    flattened_layer,
    open_layer,
    reduced_layer,
    relative_assets,
)
from usdparquet.tables.patterns import PrimPatterns, PropertyPatterns
from usdparquet.tables.row_writers import open_writer
from usdparquet.tables.table_file import TableFile, flat_columns
from usdparquet.tables.where import Column


class ConvertError(ValueError):
    """A conversion that is not possible as asked for."""


@dataclass(frozen=True)
class ConvertOptions:
    """What to convert, and how."""

    path_column: str = ""
    """The column of a table with the prim paths; if not given, what the file says, else `path`."""
    time_column: str = ""
    """The column of a table with the times of the rows; if not given, what the file says."""
    properties: Sequence[str] | None = None
    """Patterns; all properties if not given."""
    prims: Sequence[str] | None = None
    """Patterns; all prims if not given."""
    flatten: bool = False
    """Compose the stage of a layer and convert the result."""
    compression: str = "zstd"
    """The codec if a Parquet file is written."""

    @property
    def is_filtered(self) -> bool:
        """Whether prims or properties are left out."""
        return self.properties is not None or self.prims is not None


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
    kinds = kind_of(source), kind_of(target)
    source.stat()  # so that a file that is not there is a FileNotFoundError
    check_regular_file(source)
    check_regular_file(target)
    if target.exists() and source.samefile(target):
        raise ConvertError(
            f"{target}: is the input too; write to another file (usdparquet optimize rewrites a "
            "Parquet file in place)"
        )
    if options.flatten and kinds[0] in (FileKind.CSV, FileKind.ARROW):
        raise ConvertError(f"{source}: is a table, which has no stage to flatten")
    job = _Job(source, target, options, listener or Listener())
    if kinds[0].is_usd or options.flatten:
        summary = _convert_layer(job)
    elif kinds[1].is_usd:
        summary = _convert_table_to_layer(job)
    elif kinds[1] is FileKind.PARQUET and _is_more_than_a_table(source):
        summary = _convert_layer(job)
    else:
        summary = _convert_table(job, target)
    return summary


def _is_more_than_a_table(file: Path) -> bool:
    return kind_of(file) is FileKind.PARQUET and TableFile(file).is_more_than_a_table


def _convert_table(job: _Job, target: Path) -> ConvertSummary:
    """Write the chosen part of a table as another table."""
    options, summary = job.options, ConvertSummary()
    table = TableFile(job.source, options.path_column, options.time_column)
    if table.is_more_than_a_table:
        summary.notes.append(
            f"{target}: has the table of {job.source.name} alone, without what else its layer holds"
        )
    columns, condition = _choose(table, options)
    if kind_of(target) is FileKind.PARQUET:
        job.listener.started(f"Writing {target.name}")
        try:
            done = write_table(
                table.reader(columns, condition),
                target,
                path=table.path_column,
                time=table.time_column or None,
                compression=options.compression,
                progress=job.listener.advanced,
            )
        except (ValueError, OSError) as error:
            if table.error is None:
                raise
            raise table.error from error
        summary.rows, summary.columns = done.rows, len(columns)
        summary.bytes = done.bytes
    else:
        _write_rows(job, table, columns, condition, summary)
    return summary


def _convert_table_to_layer(job: _Job) -> ConvertSummary:
    """Write a table as a USD layer; unless it is a whole Parquet file, it becomes one first."""
    is_whole = kind_of(job.source) is FileKind.PARQUET and not job.options.is_filtered
    if is_whole or _is_more_than_a_table(job.source):
        return _convert_layer(job)
    with TemporaryDirectory() as folder, collected_warnings() as warnings:
        between = Path(folder) / f"{job.source.stem}.parquet"
        _convert_table(job, between)
        layer = _opened(job, between, {})
        summary = _write_layer(job, layer, layer)
    summary.notes.extend(warnings)
    return summary


def _convert_layer(job: _Job) -> ConvertSummary:
    """Write a layer, or the composed stage of one."""
    options = job.options
    arguments: dict[str, str] = {}
    if kind_of(job.source) is FileKind.PARQUET:
        # A layer presents such cells without a value.
        bad_texts = [] if options.is_filtered else load_core().check_texts(str(job.source))
        if bad_texts:
            raise ConvertError(bad_texts[0])
        given = {"path": options.path_column, "time": options.time_column}
        arguments = {name: column for name, column in given.items() if column}
    with collected_warnings() as warnings:
        anchor = layer = _opened(job, job.source, arguments)
        if options.is_filtered:
            layer = reduced_layer(
                layer,
                None if options.prims is None else PrimPatterns(options.prims),
                None if options.properties is None else PropertyPatterns(options.properties),
            )
        summary = _write_layer(job, layer, anchor)
    summary.notes.extend(warnings)
    return summary


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
    if kind in (FileKind.CSV, FileKind.ARROW):
        _write_table_of_layer(job, layer, summary)
        return summary
    arguments = {"compression": job.options.compression} if kind is FileKind.PARQUET else {}
    with replaced_file(target) as temporary:
        try:
            if kind is FileKind.PACKAGE:
                export_package(layer, anchor, temporary, target.stem)
            else:
                export_layer(layer, temporary, arguments)
            # Before it takes its name, so that the old file stays whatever fails.
            if kind is FileKind.PARQUET:
                summary.storage = _storage(temporary, content.properties)
        except (ValueError, OSError, MemoryError) as error:
            if str(temporary) not in str(error):
                raise
            raise LayerError(str(error).replace(str(temporary), str(target))) from error
        summary.bytes = temporary.stat().st_size
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
    """Write the part of a layer that fits a table as CSV or Arrow."""
    properties = summary.properties or 0
    with TemporaryDirectory() as folder:
        between = Path(folder) / f"{job.source.stem}.parquet"
        export_layer(layer, between, {"compression": "none"})  # deleted at once
        storage = _storage(between, properties)
        table = TableFile(between)
        _write_rows(job, table, table.stored_columns(), None, summary)
    if storage.residual_bytes:
        summary.notes.append(
            f"{job.target}: a table has no place for {storage.residual_properties:,} of "
            f"{properties:,} properties, and for what else {job.source.name} holds"
        )


def _write_rows(
    job: _Job,
    table: TableFile,
    columns: dict[str, Column],
    condition: Any,
    summary: ConvertSummary,
) -> None:
    """Write rows to the target as CSV or Arrow."""
    kind = kind_of(job.target)
    if kind is FileKind.CSV:
        columns = flat_columns(columns)
    job.listener.started(f"Writing {job.target.name}")
    schema = pa.schema([(name, column.type) for name, column in columns.items()])
    done, total = 0, table.num_rows()
    with replaced_file(job.target) as temporary, temporary.open("wb") as sink:
        writer = open_writer(kind.value, sink, schema, stream=False)
        for batch in table.batches(columns, condition):
            writer.write(batch)
            done += batch.num_rows
            job.listener.advanced(done, total)
        writer.close()
        summary.bytes = sink.tell()
    summary.rows, summary.columns = done, len(columns)


def _choose(table: TableFile, options: ConvertOptions) -> tuple[dict[str, Column], Any]:
    """The columns and rows that the filters choose."""
    table.check_roles()
    if options.properties is None:
        columns = table.stored_columns()
    else:
        columns = table.choose_matching(PropertyPatterns(options.properties))
    if options.prims is None:
        return columns, None
    patterns = PrimPatterns(options.prims)
    condition = table.prim_filter(patterns)
    _check_prims(table, patterns, condition)
    return columns, condition


def _check_prims(table: TableFile, patterns: PrimPatterns, condition: Any) -> None:
    """`PatternError` if a pattern chooses no row."""
    for batch in table.batches(table.choose([table.path_column]), condition):
        for text in batch.column(0).to_pylist():
            if patterns.are_all_used:
                return
            patterns.matches(text)
    patterns.check_used(str(table.file))


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
