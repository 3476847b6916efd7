"""Reads the tables of Parquet, CSV and Arrow files as streams."""

from __future__ import annotations

import bisect
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from usdparquet._dataset import named_columns
from usdparquet._plugin import load_core
from usdparquet._rows import Rows
from usdparquet._texts import nearest_name, shown_names
from usdparquet.regular_file import check_table_file
from usdparquet.tables.columns import Column
from usdparquet.tables.csv_files import AS_FOUND, TextFormat, read_csv
from usdparquet.tables.errors import TableFileError, bad_text, no_column
from usdparquet.tables.file_kinds import FileKind, kind_of
from usdparquet.tables.patterns import PatternError, PropertyPatterns
from usdparquet.tables.sheet_files import read_sheet
from usdparquet.tables.table_sources import ArrowSource, MemorySource, ParquetSource, TableSource

SCHEMA_KEY = b"usdparquet:schema"
RESIDUAL_KEY = b"usdparquet:residual"
_ROWS_PER_BATCH = 65_536

RowNumbers = npt.NDArray[np.int64]


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

    `path_column` holds the prim paths; if not given, it is the one that the file or the manifest of
    a dataset names, else
    `path`. `time_column` holds the times of the rows; if neither given nor named, there is none.
    `text` says how a CSV file is written. `source`: the rows, if they are not in a file; `file` is
    then what messages call them.
    """

    def __init__(
        self,
        file: Path,
        path_column: str = "",
        time_column: str = "",
        text: TextFormat = AS_FOUND,
        *,
        source: TableSource | None = None,
    ) -> None:
        self.file = file
        self.notes: list[str] = []
        """What to tell of how the file was read."""
        self._source = source or _open(file, text, self.notes)
        self._metadata = self._source.metadata
        self.description: dict[str, Any] = _footer(file, self._metadata)
        """What the file says of its columns."""
        footer = self.description
        named = footer | named_columns(file)
        self.path_column: str = path_column or named.get("path") or "path"
        self.time_column: str = time_column or named.get("time") or ""
        repeated = [name for name, count in Counter(self.schema.names).items() if count > 1]
        if repeated:
            raise TableFileError(f"{file}: two columns are named '{repeated[0]}'")
        self._is_exact = bool(footer.get("exact"))
        self._described: dict[str, dict[str, Any]] = footer.get("columns", {})
        self._parts = [
            _part(field, "", (number,), self._described) for number, field in enumerate(self.schema)
        ]

    @property
    def schema(self) -> pa.Schema:
        """The columns as they are stored."""
        return self._source.schema

    @property
    def num_rows(self) -> int:
        """The number of rows in the file."""
        return self._source.first_rows[-1]

    @property
    def has_residual(self) -> bool:
        """Whether the file is a layer with properties that are no columns."""
        return RESIDUAL_KEY in self._metadata

    @property
    def is_more_than_a_table(self) -> bool:
        """Whether the file is a layer with more in it than its columns of properties."""
        return self.has_residual or any(part.is_metadata for part in self._parts)

    def num_properties(self, name: str) -> int:
        """How many prims have the property of a column."""
        entry = self._described.get(name)
        unsaid = "no value" if self._is_exact and entry is not None else "no property"
        by_value = (entry or {}).get("null", unsaid) == "no property"
        wanted = {"cell": self.columns()[name]}
        if self.time_column:
            wanted |= self.choose([self.path_column])
        elif not by_value:
            return self.num_rows
        count = 0
        paths: set[str] = set()
        for batch in self.batches(wanted):
            is_there = pc.is_valid(batch["cell"])
            if not self.time_column:
                count += pc.sum(is_there).as_py() or 0
                continue
            path = batch[self.path_column]
            paths.update(pc.unique(path.filter(is_there) if by_value else path).to_pylist())
        return len(paths - {None}) if self.time_column else count

    def check_roles(self, *, is_by_ids: bool = False) -> None:
        """`TableFileError` if the column with the paths, or a named one with times, is missing.

        `is_by_ids`: the rows have no paths.
        """
        if not is_by_ids and self.path_column not in self.schema.names:
            raise self.no_paths(self.schema.names)
        if self.time_column and self.time_column not in self.schema.names:
            raise TableFileError(
                f"{self.file}: there is no column '{self.time_column}' with the times; --time "
                f"names another one ({shown_names(self.schema.names)})"
            )

    def no_paths(self, names: Sequence[str], hint: str = "") -> TableFileError:
        """The error for a table with columns of these names, none of which holds the paths."""
        return TableFileError(
            f"{self.file}: there is no column '{self.path_column}' with the prim paths; --path "
            f"names another one{hint} ({shown_names(names)})"
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
                raise self.no_column(name)
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

    def batches(
        self, columns: Mapping[str, Column], rows: Iterable[RowNumbers] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The columns in file order, read as the batches are consumed.

        `rows`: the numbers of the rows to read, ascending, in any portions; all if not given.
        TableFileError or OSError, with the row, for what is damaged.
        """
        tops = sorted({column.steps[0] for column in columns.values()})
        schema = pa.schema([(name, column.type) for name, column in columns.items()])
        for group, chosen in self._groups(rows):
            try:
                table = self._source.read(group, tops)
            except TableFileError:
                raise
            except ValueError as error:
                raise TableFileError(str(error)) from error
            if chosen is not None and len(chosen) < table.num_rows:
                mask = np.zeros(table.num_rows, dtype=bool)
                mask[chosen] = True
                table = table.filter(pa.array(mask))
            done = 0
            for batch in table.to_batches(max_chunksize=_ROWS_PER_BATCH):
                cells = [
                    column.cells(batch.column(tops.index(column.steps[0])))
                    for column in columns.values()
                ]
                for column, array in zip(columns.values(), cells, strict=True):
                    bad = load_core().bad_text(array)
                    if bad is not None:  # which Arrow does not look for
                        at = done + bad if chosen is None else int(chosen[done + bad])
                        row = self._source.first_rows[group] + at
                        raise bad_text(self.file, column.name, row)
                yield pa.RecordBatch.from_arrays(cells, schema=schema)
                done += batch.num_rows

    def read(self, columns: Mapping[str, Column]) -> pa.Table:
        """The columns in all rows; errors as of `batches`."""
        schema = pa.schema([(name, column.type) for name, column in columns.items()])
        return pa.Table.from_batches(self.batches(columns), schema)

    def rows(self, metadata: dict[bytes, bytes] | None = None) -> Rows:
        """All rows, to be read several times; `metadata` is what to say of the columns."""
        stored = list(self.stored_columns().items())

        def read(columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
            return self.batches(dict(stored[column] for column in columns))

        is_held = isinstance(self._source, MemorySource)
        return Rows(self.schema.with_metadata(metadata), self.num_rows, is_held, read)

    def _groups(self, rows: Iterable[RowNumbers] | None) -> Iterator[tuple[int, RowNumbers | None]]:
        """The groups to read, with the rows within each; None for all."""
        first_rows = self._source.first_rows
        if rows is None:
            yield from ((group, None) for group in range(len(first_rows) - 1))
            return
        group, held = -1, list[RowNumbers]()
        for portion in rows:
            left = portion
            while len(left):
                here = bisect.bisect_right(first_rows, int(left[0])) - 1
                if here != group and held:
                    yield group, np.concatenate(held)
                    held = []
                group = here
                cut = int(np.searchsorted(left, first_rows[group + 1]))
                held.append(left[:cut] - first_rows[group])
                left = left[cut:]
        if held:
            yield group, np.concatenate(held)

    def no_column(self, name: str) -> TableFileError:
        """The error for a name that nothing has."""
        return TableFileError(no_column(self.file, name, self.schema.names, list(self.columns())))

    def no_field(self, name: str) -> TableFileError:
        """The error for a field that no struct has, by the names that fields have in SQL."""
        fields = [part.name.replace(":", ".") for part in self._all_parts() if ":" in part.name]
        ends = {field.rpartition(".")[2]: field for field in fields}
        near = nearest_name(name, list(ends))
        told = f"; the nearest is '{ends[near]}'" if near else f" ({shown_names(fields)})"
        return TableFileError(f"{self.file}: there is no field '{name}'{told}")

    def _all_parts(self) -> Iterator[_Part]:
        stack = list(reversed(self._parts))
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))

    def _leaves(self) -> Iterator[_Part]:
        return (part for part in self._all_parts() if not part.children)


def _choose_part(part: _Part, patterns: PropertyPatterns, chosen: dict[str, Column]) -> None:
    if patterns.matches(part.name, part.property):
        chosen[part.name] = part.column
        return
    for child in part.children:
        _choose_part(child, patterns, chosen)


def _part(field: pa.Field, above: str, steps: tuple[int, ...], described: dict[str, Any]) -> _Part:
    name = f"{above}:{field.name}" if above else field.name
    children = list(field.type) if pa.types.is_struct(field.type) else []
    entry = described.get(name, {})
    return _Part(
        name,
        entry.get("property") or load_core().property_name(name),
        Column(steps, field.type, name),
        [_part(child, name, (*steps, at), described) for at, child in enumerate(children)],
        entry.get("role") == "metadata",
    )


def _footer(file: Path, metadata: dict[bytes, bytes]) -> dict[str, Any]:
    """What a file says of its columns (docs/file-format.md)."""
    text = metadata.get(SCHEMA_KEY)
    if text is None:
        return {}
    try:
        load_core().check_schema_entry(text)
    except ValueError as error:
        raise TableFileError(f"{file}: {error}") from error
    footer: dict[str, Any] = json.loads(text)
    return footer


def _open(file: Path, text: TextFormat, notes: list[str]) -> TableSource:
    kind = kind_of(file)
    if kind.is_usd:
        raise TableFileError(
            f"{file}: is no table but a USD layer; 'usdparquet table' reads columns of its stage"
        )
    file.stat()  # so that a file that is not there is a FileNotFoundError
    check_table_file(file)
    if kind is FileKind.PARQUET:
        return ParquetSource(file)
    if kind is FileKind.CSV:
        return MemorySource(read_csv(file, text, notes))
    if kind is FileKind.SHEET:
        return MemorySource(read_sheet(file))
    try:
        return ArrowSource(file)
    except (pa.ArrowException, OSError) as error:
        raise TableFileError(f"{file}: cannot be read as arrow: {error}") from error
    except ValueError as error:  # core's, of a name that is no text
        raise TableFileError(f"{file}: {error}") from error
