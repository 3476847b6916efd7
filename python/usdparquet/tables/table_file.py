"""Reads the tables of Parquet, CSV and Arrow files as streams."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset as ds

from usdparquet._plugin import load_core
from usdparquet.regular_file import check_regular_file
from usdparquet.tables.file_kinds import FileKind, kind_of
from usdparquet.tables.overwritten_file import OverwrittenFile
from usdparquet.tables.patterns import PatternError, PrimPatterns, PropertyPatterns
from usdparquet.tables.where import Column

SCHEMA_KEY = b"usdparquet:schema"
RESIDUAL_KEY = b"usdparquet:residual"
_ROWS_PER_BATCH = 65_536


class TableFileError(ValueError):
    """A file that is not a table, or that lacks what was asked for."""


@dataclass(frozen=True)
class _Part:
    """A column of the file, or a field of a struct column."""

    name: str
    property: str
    """The property that it becomes in a layer."""
    column: Column
    children: list[_Part]
    is_metadata: bool
    """Whether it holds prim metadata, such as `kind`."""


class TableFile:
    """A file as a table.

    `path_column` holds the prim paths; if not given, it is the one that the file names, else
    `path`. `time_column` holds the times of the rows; if neither given nor named, there is none.
    """

    def __init__(self, file: Path, path_column: str = "", time_column: str = "") -> None:
        self.file = file
        self.error: Exception | None = None
        """What ended a stream of `reader`: whoever reads that learns of it as Arrow tells it."""
        self._dataset = _open(file)
        schema = self._dataset.schema
        try:
            load_core().check_names(schema)
        except ValueError as error:
            raise TableFileError(f"{file}: {error}") from error
        storage = _storage(file)
        self._metadata: dict[bytes, bytes] = storage.get("key_values", {})
        if overwrites := storage.get("overwrites"):
            self._dataset = _overwritten(file, overwrites)
        footer = _footer(file, self._metadata)
        self.path_column: str = path_column or footer.get("path") or "path"
        self.time_column: str = time_column or footer.get("time") or ""
        repeated = [name for name, count in Counter(schema.names).items() if count > 1]
        if repeated:
            raise TableFileError(f"{file}: two columns are named '{repeated[0]}'")
        self._is_exact = bool(footer.get("exact"))
        self._described: dict[str, dict[str, Any]] = footer.get("columns", {})
        self._parts = [_part(field, (), self._described) for field in schema]

    @property
    def schema(self) -> pa.Schema:
        """The columns as they are stored."""
        return self._dataset.schema

    @property
    def is_more_than_a_table(self) -> bool:
        """Whether the file is a layer with more in it than its columns of properties."""
        return RESIDUAL_KEY in self._metadata or any(part.is_metadata for part in self._parts)

    def num_properties(self, name: str) -> int:
        """How many prims have the property of a column."""
        entry = self._described.get(name)
        unsaid = "no value" if self._is_exact and entry is not None else "no property"
        condition = None
        if (entry or {}).get("null", unsaid) == "no property":
            condition = self.columns()[name].expression.is_valid()
        if condition is not None:
            self._verify(self._names_in([condition]))
        if not self.time_column:
            return self._count(condition)
        paths = self.batches(self.choose([self.path_column]), condition)
        kind = self.schema.field(self.path_column).type
        texts = pa.chunked_array([batch.column(0) for batch in paths], kind)
        return int(pc.count_distinct(texts).as_py())

    def num_rows(self) -> int:
        """The number of rows in the file."""
        return self._count()

    def _count(self, condition: Any = None) -> int:
        try:
            return int(self._dataset.count_rows(filter=condition))
        except (pa.ArrowException, OSError) as error:
            raise TableFileError(f"{self.file}: {error}") from error

    def check_roles(self) -> None:
        """`TableFileError` if the column with the paths, or a named one with times, is missing."""
        roles = ((self.path_column, "prim paths", "path"), (self.time_column, "times", "time"))
        for column, what, option in roles:
            if column and column not in self.schema.names:
                names = ", ".join(f"'{name}'" for name in self.schema.names)
                raise TableFileError(
                    f"{self.file}: there is no column '{column}' with the {what}; "
                    f"--{option} names another one (there are {names})"
                )

    def columns(self) -> dict[str, Column]:
        """All that has a name: columns, fields (`column:field`) and properties."""
        found: dict[str, Column] = {}
        for part in self._all_parts():
            found.setdefault(part.name, part.column)
        for part in self._all_parts():
            if not part.is_metadata:
                found.setdefault(part.property, part.column)
        return found

    def stored_columns(self) -> dict[str, Column]:
        """All columns of the file, structs as they are."""
        return {part.name: part.column for part in self._parts}

    def choose(self, names: Sequence[str]) -> dict[str, Column]:
        """The columns, fields or properties of these names."""
        known = self.columns()
        for name in names:
            if name not in known:
                raise self._no_column(name)
        return {name: known[name] for name in names}

    def choose_matching(self, patterns: PropertyPatterns) -> dict[str, Column]:
        """The columns that match by name or property, and those of paths, times and metadata.

        A struct matches by its own name or by those of its fields.
        """
        chosen: dict[str, Column] = {}
        for part in self._parts:
            if part.is_metadata or part.name in (self.path_column, self.time_column):
                chosen[part.name] = part.column
            else:
                _choose_part(part, patterns, chosen)
        try:
            patterns.check_used(str(self.file))
        except PatternError as error:
            names = ", ".join(f"'{part.property}'" for part in self._leaves())
            raise TableFileError(f"{error} (there are {names})") from error
        return chosen

    def prim_filter(self, patterns: PrimPatterns) -> Any:
        """An expression that is true for rows of the chosen prims."""
        self.check_roles()
        field = self.schema.field(self.path_column)
        expression = pc.field(self.path_column)
        if pa.types.is_dictionary(field.type):
            expression = expression.cast(pa.string())
        return patterns.expression(expression)

    def batches(
        self, columns: Mapping[str, Column], condition: Any = None, *, few: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """The rows that meet `condition`, in file order.

        `few`: neither read nor verify far ahead of what is consumed.
        """
        expressions = {name: column.expression for name, column in columns.items()}
        names = self._names_in([*expressions.values(), *([] if condition is None else [condition])])
        ahead = {"batch_readahead": 1, "fragment_readahead": 1} if few else {}
        for source, row_group in self._parts_to_scan(condition, few=few):
            self._verify(names, row_group)
            scanner = source.scanner(
                columns=expressions, filter=condition, batch_size=_ROWS_PER_BATCH, **ahead
            )
            try:
                for batch in scanner.to_batches():
                    self._check_texts(columns, batch)
                    yield batch
            except (pa.ArrowException, OSError) as error:
                self._verify(names, row_group, checksums=True)
                raise TableFileError(f"{self.file}: {error}") from error

    def _check_texts(self, columns: Mapping[str, Column], batch: pa.RecordBatch) -> None:
        """`TableFileError`, with the row, if text of a batch is no UTF-8: Arrow does not look."""
        for (name, column), cells in zip(columns.items(), batch.columns, strict=True):
            if load_core().bad_text(cells) is None:
                continue
            first_row = 0
            for part in self._dataset.scanner(columns={"": column.expression}).to_batches():
                row = load_core().bad_text(part.column(0))
                if row is not None:
                    raise _bad_text(self.file, column.name or name, first_row + row)
                first_row += part.num_rows

    def _parts_to_scan(self, condition: Any, *, few: bool) -> Iterator[tuple[Any, int | None]]:
        """The file as a whole, or its row groups one by one, with their numbers."""
        if not few or kind_of(self.file) is not FileKind.PARQUET:
            yield self._dataset, None
            return
        for fragment in self._dataset.get_fragments():
            for part in fragment.split_by_row_group(condition, schema=self.schema):
                yield part, part.row_groups[0].id

    def _names_in(self, expressions: Sequence[Any]) -> list[str]:
        """The columns that expressions read, and perhaps some whose names are part of theirs."""
        text = " ".join(map(str, expressions))
        return sorted({name for name in self.schema.names if name in text})

    def _verify(
        self, names: Sequence[str], row_group: int | None = None, *, checksums: bool = False
    ) -> None:
        """`TableFileError` or OSError, with the row, if pages that are to be read are damaged.

        Arrow verifies checksums as it reads; core also finds what has none, and pages that do not
        add up to the row group. `checksums`: to say where Arrow found damage.
        """
        if kind_of(self.file) is not FileKind.PARQUET:
            return
        try:
            load_core().verify_columns(str(self.file), names, checksums, row_group)
        except ValueError as error:
            raise TableFileError(str(error)) from error

    def reader(self, columns: Mapping[str, Column], condition: Any = None) -> pa.RecordBatchReader:
        """The rows that meet `condition` as a stream, with what the file says of its columns."""
        kept = {key: text for key, text in self._metadata.items() if key == SCHEMA_KEY}
        fields = [(name, column.type) for name, column in columns.items()]
        schema = pa.schema(fields, metadata=kept)
        batches = self._noting_errors(self.batches(columns, condition))
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _noting_errors(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except (ValueError, OSError) as error:
            self.error = error
            raise

    def _all_parts(self) -> Iterator[_Part]:
        stack = list(reversed(self._parts))
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))

    def _leaves(self) -> Iterator[_Part]:
        return (part for part in self._all_parts() if not part.children)

    def _no_column(self, name: str) -> TableFileError:
        names = ", ".join(f"'{part.name}'" for part in self._parts)
        return TableFileError(f"{self.file}: there is no column '{name}' (there are {names})")


def _choose_part(part: _Part, patterns: PropertyPatterns, chosen: dict[str, Column]) -> None:
    if patterns.matches(part.name, part.property):
        chosen[part.name] = part.column
        return
    for child in part.children:
        _choose_part(child, patterns, chosen)


def _part(field: pa.Field, above: tuple[str, ...], described: dict[str, Any]) -> _Part:
    steps = (*above, field.name)
    name = ":".join(steps)
    children = list(field.type) if pa.types.is_struct(field.type) else []
    entry = described.get(name, {})
    return _Part(
        name,
        entry.get("property") or load_core().property_name(name),
        Column(pc.field(*steps), field.type, name),
        [_part(child, steps, described) for child in children],
        entry.get("role") == "metadata",
    )


def _storage(file: Path) -> dict[str, Any]:
    """What core says of the footer of a Parquet file; nothing of other files."""
    return load_core().storage(str(file)) if kind_of(file) is FileKind.PARQUET else {}


def _footer(file: Path, metadata: dict[bytes, bytes]) -> dict[str, Any]:
    """What a file says of its columns (docs/file-format.md)."""
    try:
        footer = json.loads(metadata.get(SCHEMA_KEY, b"{}"))
    except (ValueError, RecursionError) as error:
        raise TableFileError(f"{file}: '{SCHEMA_KEY.decode()}' is no JSON: {error}") from error
    return footer if isinstance(footer, dict) else {}


def flat_columns(columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns with structs taken apart into their fields (`column:field`)."""
    flat: dict[str, Column] = {}
    for name, column in columns.items():
        if not pa.types.is_struct(column.type):
            flat[name] = column
            continue
        fields = {
            f"{name}:{field.name}": Column(
                pc.struct_field(column.expression, [index]), field.type, f"{name}:{field.name}"
            )
            for index, field in enumerate(column.type)
        }
        flat.update(flat_columns(fields))
    return flat


def _verifying() -> ds.ParquetFileFormat:
    """Parquet, with pages verified against their checksums."""
    options = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    return ds.ParquetFileFormat(default_fragment_scan_options=options)


def _open(file: Path) -> ds.Dataset:
    kind = kind_of(file)
    if kind.is_usd:
        raise TableFileError(f"{file}: is no table but a USD layer; convert it to .parquet first")
    file.stat()  # so that a file that is not there is a FileNotFoundError
    check_regular_file(file)
    try:
        if kind is FileKind.CSV:
            return ds.dataset(read_csv(file))
        return ds.dataset(file, format=_verifying() if kind is FileKind.PARQUET else "feather")
    except (pa.ArrowException, OSError) as error:
        raise TableFileError(f"{file}: cannot be read as {kind.value}: {error}") from error


def _bad_text(file: Path, column: str, row: int) -> TableFileError:
    """The error for text in a file that is no UTF-8."""
    advice = {
        FileKind.CSV: "save the file as UTF-8",
        FileKind.ARROW: "write the text as UTF-8, or the column as binary",
    }
    message = load_core().bad_text_message(column, row, advice.get(kind_of(file), ""))
    return TableFileError(f"{file}: {message}")


def _check_csv_texts(file: Path, table: pa.Table) -> None:
    """`TableFileError` if a CSV file has text that is no UTF-8, which Arrow takes for bytes."""
    try:
        names = table.schema.names
    except UnicodeDecodeError as error:
        raise TableFileError(
            f"{file}: the name of a column is no valid UTF-8; save the file as UTF-8"
        ) from error
    for name, cells in zip(names, table.columns, strict=True):
        if not pa.types.is_binary(cells.type):
            continue
        first_row = 0
        for chunk in cells.chunks:
            row = load_core().bad_text(chunk.view(pa.string()))
            if row is not None:
                raise _bad_text(file, name, first_row + row)
            first_row += len(chunk)


def _overwritten(file: Path, overwrites: Sequence[tuple[int, bytes]]) -> ds.Dataset:
    """A Parquet file with the statistics that it has, but can't have, out of Arrow's sight."""
    source = pa.PythonFile(OverwrittenFile(file, overwrites), mode="r")
    fragment = _verifying().make_fragment(source)
    return ds.FileSystemDataset([fragment], fragment.physical_schema, fragment.format)


def read_csv(file: Path) -> pa.Table:
    """A CSV file in UTF-8 with types inferred from all its rows.

    An empty cell is a null, two quotes are an empty text. In columns that otherwise hold numbers,
    dates or truth values, `NA`, `NaN`, `null` and the like are nulls too; in others they are texts.
    """
    options = pyarrow.csv.ConvertOptions(
        null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    table = pyarrow.csv.read_csv(file, convert_options=options)
    _check_csv_texts(file, table)
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    if texts:
        again = pyarrow.csv.read_csv(
            file, convert_options=pyarrow.csv.ConvertOptions(include_columns=texts)
        )
        for field in again.schema:
            if not (pa.types.is_string(field.type) or pa.types.is_null(field.type)):
                index = table.schema.get_field_index(field.name)
                table = table.set_column(index, field, again[field.name])
    for index, field in enumerate(table.schema):
        if pa.types.is_null(field.type):  # nothing to infer a type from
            table = table.set_column(index, field.name, table[field.name].cast(pa.string()))
    return table
