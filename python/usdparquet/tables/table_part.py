"""The part of a table that is converted: its rows and columns, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from usdparquet.tables.columns import Column, flat_columns
from usdparquet.tables.errors import TableFileError
from usdparquet.tables.melt import FEWEST, Melted, find_time_columns
from usdparquet.tables.patterns import PropertyPatterns, split_list, unquoted
from usdparquet.tables.query import Query, chosen_rows
from usdparquet.tables.table_file import TableFile


@dataclass(frozen=True)
class TableChoice:
    """What to take of a table."""

    prims: Sequence[str] | None = None
    """Patterns."""
    where: str | None = None
    """A condition in SQL."""
    columns: Sequence[str] | None = None
    """Columns, `old=new` to rename one; `*` for all that are not named. Names may be in quotes."""
    properties: Sequence[str] | None = None
    """Patterns, instead of `columns`."""
    key: str = ""
    """Of a table by ids: the column with them. It needs no prim paths then."""
    melt: str = ""
    """`time` or `time,value`: the columns for what columns that are named by times hold."""


@dataclass
class TablePart:
    """The rows and columns that were chosen, read as they are consumed."""

    table: TableFile
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    names: dict[str, str]
    """What the columns of the file are called in `schema`."""
    time: str
    """The column of times; empty if there is none."""
    notes: list[str] = field(default_factory=list)


def choose_part(table: TableFile, choice: TableChoice, *, flat: bool) -> TablePart:
    """The rows and columns that are chosen; `flat` takes structs apart.

    TableFileError, SqlError or PatternError if the choice does not fit the table.
    """
    table.check_roles(is_by_ids=bool(choice.key))
    row = choice.key or table.path_column
    if choice.columns is not None:
        columns = _renamed(table, choice.columns, row)
    elif choice.properties is not None:
        columns = table.choose_matching(PropertyPatterns(choice.properties))
    else:
        columns = table.stored_columns()
    if flat:
        columns = flat_columns(columns)
    rows = chosen_rows(table, Query(prims=choice.prims, where=choice.where))
    names = {column.name: name for name, column in columns.items()}
    schema = pa.schema([(name, column.type) for name, column in columns.items()])
    time = names.get(table.time_column, "")
    part = TablePart(table, schema, table.batches(columns, rows), names, time)
    if choice.melt:
        if row not in names:
            raise table.no_column(row)
        return _melted(part, names[row], choice.melt)
    found = None if time else find_time_columns(schema.names)
    if found is not None and len(found.names) >= FEWEST:
        part.notes.append(f"{table.file}: {found.hint()}")
    return part


def _melted(part: TablePart, path: str, wanted: str) -> TablePart:
    file = part.table.file
    time, _, value = wanted.partition(",")
    columns = find_time_columns([name for name in part.schema.names if name != path])
    if columns is None:
        raise TableFileError(
            f"{file}: no column is named by a time, such as '1', '2.5' or '2024-05-01', to be "
            "melted"
        )
    if part.time:
        raise TableFileError(f"{file}: has a column of times, '{part.time}', and is long already")
    melted = Melted(path, columns, time, value or "value")
    try:
        schema = melted.schema(part.schema)
    except TableFileError as error:
        raise TableFileError(f"{file}: {error}") from error
    batches = melted.batches(part.schema, part.batches)
    return TablePart(part.table, schema, batches, part.names, time)


def _renamed(table: TableFile, wanted: Sequence[str], row: str) -> dict[str, Column]:
    """The columns of a list such as `cost,weight=mass,*`, with that of the times and `row`, which
    holds paths or ids."""
    pairs = [_pair(item) for item in wanted]
    chosen = table.choose([old for old, _ in pairs if old != "*"])
    roles = [name for name in (row, table.time_column) if name in table.stored_columns()]
    stored = [*roles, *(name for name in table.stored_columns() if name not in roles)]
    have_all = ("*", "") in pairs
    rest = [name for name in stored if name not in chosen and (have_all or name in roles)]
    columns = table.choose(rest)
    for old, new in pairs:
        if old == "*":
            continue
        if (new or old) in columns:
            raise TableFileError(f"{table.file}: two columns would be called '{new or old}'")
        columns[new or old] = chosen[old]
    return columns


def _pair(item: str) -> tuple[str, str]:
    """The name of a column and its new one, if it has one, of `old=new`."""
    old, *new = (unquoted(name) for name in split_list(item, "="))
    return old, "=".join(new)
