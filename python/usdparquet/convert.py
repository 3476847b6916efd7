"""Conversions between USD layers and tables: what `usdparquet convert` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from usdparquet._plugin import load_core
from usdparquet._write import write_table
from usdparquet.atomic_file import replaced_file
from usdparquet.file_kinds import FileKind, kind_of
from usdparquet.patterns import PrimPatterns, PropertyPatterns
from usdparquet.regular_file import check_regular_file

if TYPE_CHECKING:
    from usdparquet.table_files import TableFile
    from usdparquet.where import Column


class ConvertError(ValueError):
    """A conversion that is not possible as asked for."""


@dataclass(frozen=True)
class ConvertOptions:
    """What to convert, and how."""

    path_column: str = ""
    """Of a table: the column with the prim paths; if not given, what the file says, else `path`."""
    time_column: str = ""
    """Of a table: the column with the times of the rows; if not given, what the file says."""
    properties: Sequence[str] | None = None
    """Patterns; all properties if not given."""
    prims: Sequence[str] | None = None
    """Patterns; all prims if not given."""
    flatten: bool = False
    """Of a layer: compose its stage and convert the result."""
    compression: str = "zstd"
    """Of a Parquet file."""


class Listener:
    """Hears how a conversion is getting on; this one ignores it."""

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
    """Of the residual, with all else that no table holds."""


@dataclass
class ConvertSummary:
    """What a conversion wrote."""

    bytes: int = 0
    rows: int | None = None
    columns: int | None = None
    prims: int | None = None
    properties: int | None = None
    storage: Storage | None = None
    """Of a layer that became a Parquet file."""
    notes: list[str] = field(default_factory=list)
    """What the user should know: warnings of OpenUSD, asset paths that moved."""


def convert_file(
    source: Path, target: Path, options: ConvertOptions, listener: Listener | None = None
) -> ConvertSummary:
    """Convert `source` to `target`, by their suffixes.

    `target` is replaced whole, or is what it was if anything fails: ValueError (and what derives
    from it) for what is wrong with the input or the request, OSError for what the system refused.
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
    job = _Job(target, options, listener or Listener())
    if kinds[0].is_usd or options.flatten:
        job.convert_layer(source)
    elif kinds[1].is_usd:
        job.convert_table_to_layer(source)
    elif kinds[1] is FileKind.PARQUET and job.is_layer(source):
        job.convert_layer(source)
    else:
        job.convert_table(source, target)
    job.summary.bytes = target.stat().st_size
    return job.summary


class _Job:
    """One conversion."""

    def __init__(self, target: Path, options: ConvertOptions, listener: Listener) -> None:
        self.target = target
        self.options = options
        self.listener = listener
        self.summary = ConvertSummary()

    @property
    def is_filtered(self) -> bool:
        return self.options.properties is not None or self.options.prims is not None

    def is_layer(self, source: Path) -> bool:
        """Whether a file is more than the table in it."""
        from usdparquet.table_files import TableFile

        return kind_of(source) is FileKind.PARQUET and TableFile(source).is_more_than_a_table

    def convert_table(self, source: Path, target: Path) -> None:
        """From a table to a table, which the summary describes."""
        from usdparquet.table_files import TableFile

        table = TableFile(source, self.options.path_column, self.options.time_column)
        if table.is_more_than_a_table:
            self.summary.notes.append(
                f"{target}: has the table of {source.name} alone, without what else its layer holds"
            )
        columns, condition = self._choose(table)
        kind = kind_of(target)
        if kind is FileKind.PARQUET:
            self.listener.started(f"Writing {target.name}")
            done = write_table(
                table.reader(columns, condition),
                target,
                path=table.path_column,
                time=table.time_column or None,
                compression=self.options.compression,
                progress=self.listener.advanced,
            )
            self.summary.rows, self.summary.columns = done.rows, len(columns)
            return
        self._write_rows(table, columns, condition, target, table.num_rows())

    def convert_table_to_layer(self, source: Path) -> None:
        """From a table to a USD layer: by way of a Parquet file, unless all of one is taken."""
        is_whole = kind_of(source) is FileKind.PARQUET and not self.is_filtered
        if is_whole or self.is_layer(source):
            self.convert_layer(source)
            return
        with TemporaryDirectory() as folder, self._noted_warnings():
            between = Path(folder) / f"{source.stem}.parquet"
            self.convert_table(source, between)
            layer = self._opened(between, {})
            self._write_layer(layer, layer, source)

    def convert_layer(self, source: Path) -> None:
        """From a layer, or the stage of one."""
        from usdparquet.layer_files import flattened_layer, reduced_layer

        arguments: dict[str, str] = {}
        if kind_of(source) is FileKind.PARQUET:
            given = {"path": self.options.path_column, "time": self.options.time_column}
            arguments = {name: column for name, column in given.items() if column}
        with self._noted_warnings():
            if self.options.flatten:
                self.listener.started(f"Reading {source.name}")
                layer = flattened_layer(source, arguments)
            else:
                layer = self._opened(source, arguments)
            anchor = layer
            if self.is_filtered:
                prims, properties = self.options.prims, self.options.properties
                layer = reduced_layer(
                    layer,
                    None if prims is None else PrimPatterns(prims),
                    None if properties is None else PropertyPatterns(properties),
                )
            self._write_layer(layer, anchor, source)

    def _opened(self, source: Path, arguments: dict[str, str]) -> Any:
        from usdparquet.layer_files import open_layer

        self.listener.started(f"Reading {source.name}")
        return open_layer(source, arguments)

    def _write_layer(self, layer: Any, anchor: Any, source: Path) -> None:
        """Write a layer as what the target's suffix says."""
        from usdparquet.layer_files import (
            LayerError,
            content_of,
            export_layer,
            export_package,
            relative_assets,
        )

        kind = kind_of(self.target)
        self.listener.started(f"Writing {self.target.name}")
        content = content_of(layer)
        self.summary.prims, self.summary.properties = content.prims, content.properties
        self.summary.rows = self.summary.columns = None
        if kind in (FileKind.CSV, FileKind.ARROW):
            with TemporaryDirectory() as folder:
                between = Path(folder) / f"{source.stem}.parquet"
                export_layer(layer, between)
                storage = _storage(between, content.properties)
                self.convert_rows(between)
            if storage.residual_bytes:
                self.summary.notes.append(
                    f"{self.target}: a table has no place for {storage.residual_properties:,} of "
                    f"{content.properties:,} properties, and for what else {source.name} holds"
                )
            return
        with replaced_file(self.target) as temporary:
            try:
                if kind is FileKind.PACKAGE:
                    export_package(layer, anchor, temporary, self.target.stem)
                    return
                export_layer(layer, temporary)
                if kind is FileKind.PARQUET:
                    self._recompress(temporary)
            except (LayerError, RuntimeError) as error:
                text = str(error).replace(str(temporary), str(self.target))
                raise LayerError(text) from error
        if kind is FileKind.PARQUET:
            self.summary.storage = _storage(self.target, content.properties)
        is_moved = self.target.parent.resolve() != source.parent.resolve()
        if kind_of(source) is FileKind.PACKAGE or (is_moved and kind_of(source).is_usd):
            self._note_assets(relative_assets(layer))

    def _note_assets(self, assets: list[str]) -> None:
        if assets and not self.options.flatten:
            count = "1 relative asset path" if len(assets) == 1 else f"{len(assets):,} such paths"
            self.summary.notes.append(
                f"{self.target}: asset paths are kept as they are, and now start from another "
                f"folder: {count}, @{assets[0]}@"
            )

    def _recompress(self, file: Path) -> None:
        """Give a Parquet file, written with zstd, the codec that was asked for."""
        if self.options.compression != "zstd":
            name = str(file)
            load_core().optimize(name, name, compression=self.options.compression)

    def convert_rows(self, source: Path) -> None:
        """Write all rows of a table as CSV or Arrow."""
        from usdparquet.table_files import TableFile

        table = TableFile(source)
        known = table.columns()
        columns = {name: known[name] for name in table.schema.names}
        self._write_rows(table, columns, None, self.target, table.num_rows())

    def _write_rows(
        self,
        table: TableFile,
        columns: dict[str, Column],
        condition: Any,
        target: Path,
        rows: int,
    ) -> None:
        """Write rows as CSV or Arrow."""
        import pyarrow as pa

        from usdparquet.table_output import open_writer

        kind = kind_of(target)
        if kind is FileKind.CSV:
            columns = table.flat_columns(columns)
        self.listener.started(f"Writing {target.name}")
        schema = pa.schema([(name, column.type) for name, column in columns.items()])
        done = 0
        with replaced_file(target) as temporary, temporary.open("wb") as sink:
            writer = open_writer(kind.value, sink, schema, stream=False)
            for batch in table.batches(columns, condition):
                writer.write(batch)
                done += batch.num_rows
                self.listener.advanced(done, rows)
            writer.close()
        self.summary.rows, self.summary.columns = done, len(columns)

    def _choose(self, table: TableFile) -> tuple[dict[str, Column], Any]:
        """The columns and rows that the filters choose."""
        table.check_roles()
        if self.options.properties is None:
            known = table.columns()
            columns = {name: known[name] for name in table.schema.names}
        else:
            columns = table.choose_matching(PropertyPatterns(self.options.properties))
        if self.options.prims is None:
            return columns, None
        patterns = PrimPatterns(self.options.prims)
        condition = table.prim_filter(patterns)
        _check_prims(table, patterns, condition)
        return columns, condition

    @contextmanager
    def _noted_warnings(self) -> Iterator[None]:
        from usdparquet.layer_files import collected_warnings

        with collected_warnings() as warnings:
            yield
        self.summary.notes.extend(warnings.texts)


def _check_prims(table: TableFile, patterns: PrimPatterns, condition: Any) -> None:
    """`PatternError` if a pattern chooses no row."""
    path = {table.path_column: table.columns()[table.path_column]}
    for batch in table.batches(path, condition):
        for text in batch.column(0).to_pylist():
            if patterns.are_all_used:
                return
            patterns.matches(text)
    patterns.check_used(str(table.file))


def _storage(file: Path, properties: int) -> Storage:
    """What of a layer with so many properties became columns."""
    from usdparquet.table_files import TableFile

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
