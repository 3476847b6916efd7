"""Filters, sorts and limits the rows of a table file, or runs a statement over them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from usdparquet.tables.columns import Column, flat_columns
from usdparquet.tables.errors import OptionsError, TableFileError
from usdparquet.tables.patterns import PatternError, PrimPatterns
from usdparquet.tables.sql import TABLE, SqlTable, Statement
from usdparquet.tables.sql_names import quoted
from usdparquet.tables.sql_types import sql_type
from usdparquet.tables.table_file import RowNumbers, TableFile

_NAMED = "paths of prims"
"""A table of the paths that a query names, which may be more than a statement has room for. What
users write cannot name it.
"""
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Query:
    """Which part of a table file to show."""

    columns: Sequence[str] | None = None
    """Columns, fields or properties; all if not given."""
    prims: Sequence[str] | None = None
    """Patterns of prim paths."""
    where: str | None = None
    """A condition in SQL."""
    times: tuple[str, str] | None = None
    """The first and the last time of a long table, as texts; empty for an open end."""
    sort: Sequence[str] = ()
    """Columns to sort by; with `-` in front, the largest first. Nulls come last."""
    limit: int | None = None


@dataclass(frozen=True)
class QueryResult:
    """The rows, read from the file only as they are consumed."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def run_query(table: TableFile, query: Query, *, flat: bool = False) -> QueryResult:
    """The rows that a query chooses, with their values as they are in the file.

    `flat` splits structs into columns. Raises TableFileError, SqlError or PatternError if the query
    does not fit the file.
    """
    chosen = table.stored_columns() if query.columns is None else table.choose(query.columns)
    if flat:
        chosen = flat_columns(chosen)
    schema = pa.schema([(name, column.type) for name, column in chosen.items()])
    rows = chosen_rows(table, query)
    if not query.sort:
        return QueryResult(schema, table.batches(chosen, rows))
    order = np.concatenate([np.empty(0, np.int64), *(rows or ())])
    return QueryResult(schema, _in_order(table, chosen, order))


def run_statement(table: TableFile, text: str) -> QueryResult:
    """What a statement makes of the table `t`. Raises TableFileError or SqlError."""
    sql = SqlTable(table)
    return QueryResult(*sql.run(sql.statement(text)))


def summarize(table: TableFile, query: Query, text: str | None) -> QueryResult:
    """DuckDB's summary of the columns of a statement, or of a query."""
    sql = SqlTable(table)
    if text is not None:
        read = sql.statement(text)
        return QueryResult(*sql.run(Statement(f"SUMMARIZE {read.text}", read.columns)))
    names = [*(query.columns or table.stored_columns())]
    chosen = table.choose(names)
    listed = ", ".join(f"{sql.expression(name)} AS {quoted(name)}" for name in names)
    rest, columns = _clauses(table, sql, query)
    columns |= {column.steps[0] for column in chosen.values()}
    summary = Statement(f"SUMMARIZE SELECT {listed} FROM {TABLE}{rest}", sorted(columns))
    return QueryResult(*sql.run(summary, with_rows=True))


def chosen_rows(table: TableFile, query: Query) -> Iterator[RowNumbers] | None:
    """The numbers of the rows that a query chooses, in its order; None for all of them."""
    if not query.sort and query.prims is None and query.where is None and query.times is None:
        return None if query.limit is None else _first(table, query.limit)
    sql = SqlTable(table)
    rest, columns = _clauses(table, sql, query)
    statement = Statement(f"SELECT {quoted(sql.row)} FROM {TABLE}{rest}", sorted(columns))
    _, batches = sql.run(statement, with_rows=True)
    return (batch.column(0).to_numpy() for batch in batches)


def chosen_paths(table: TableFile, query: Query) -> Iterator[list[str]]:
    """The paths of the prims whose rows a query chooses, in its order and in portions.

    Each is there once, whatever rows of it are chosen. What is no prim path is left out, as in a
    layer. The limit is one of paths.
    """
    table.check_roles()
    name = table.path_column
    kind = table.choose([name])[name].type
    if not pa.types.is_string(sql_type(kind)) and not pa.types.is_large_string(sql_type(kind)):
        raise TableFileError(
            f"{table.file}: the path column '{name}' has type {kind}; it must hold texts"
        )
    left = query.limit
    every = replace(query, columns=[name], limit=None)
    seen: set[str] = set()
    for batch in run_query(table, every).batches:
        found = [
            path
            for path in dict.fromkeys(batch.column(0).to_pylist())
            if path is not None and path not in seen and _is_prim_path(path)
        ]
        seen.update(found)
        yield found[:left]
        if left is not None:
            left -= len(found)
            if left <= 0:
                return


def _is_prim_path(text: str) -> bool:
    # OpenUSD, which may not be there, takes Python's identifiers as names.
    return text.startswith("/") and all(name.isidentifier() for name in text[1:].split("/"))


def _first(table: TableFile, limit: int) -> Iterator[RowNumbers]:
    yield np.arange(min(limit, table.num_rows), dtype=np.int64)


def _clauses(table: TableFile, sql: SqlTable, query: Query) -> tuple[str, set[int]]:
    """The SQL behind FROM, and the columns that it reads."""
    columns: set[int] = set()
    conditions = []
    if query.prims is not None:
        conditions.append(_prim_condition(table, sql, PrimPatterns(query.prims)))
        columns.add(table.schema.get_field_index(table.path_column))
    if query.where is not None:
        where = sql.condition(query.where)
        conditions.append(where.text)
        columns |= set(where.columns)
    if query.times is not None:
        conditions.append(_time_condition(table, sql, query.times))
        columns.add(table.choose([table.time_column])[table.time_column].steps[0])
    text = " WHERE " + " AND ".join(f"(\n{one}\n)" for one in conditions) if conditions else ""
    keys = []
    for name in query.sort:
        bare = name.removeprefix("-")
        columns.add(table.choose([bare])[bare].steps[0])
        keys.append(f"{sql.expression(bare)} {'ASC' if bare == name else 'DESC'} NULLS LAST")
    # A subquery is a join, whose rows DuckDB gives in any order.
    if keys or "select" in text.casefold():
        text += " ORDER BY " + ", ".join([*keys, quoted(sql.row)])
    if query.limit is not None:
        text += f" LIMIT {query.limit}"
    return text, columns


def _prim_condition(table: TableFile, sql: SqlTable, patterns: PrimPatterns) -> str:
    """The SQL that is true for the chosen prims; `PatternError` if a pattern chooses none."""
    table.check_roles()
    path = f"{sql.expression(table.path_column)}::VARCHAR"
    conditions = patterns.conditions(path)
    column = table.schema.get_field_index(table.path_column)
    if conditions:
        answers = ", ".join(
            f"coalesce(bool_or({one}), false) AS p{number}" for number, one in enumerate(conditions)
        )
        statement = Statement(f"SELECT {answers} FROM {TABLE}", [column])
        used = next(SqlTable(table).run(statement)[1]).to_pylist()[0].values()
        for pattern, is_used in zip(patterns.wildcards, used, strict=True):
            if not is_used:
                raise PatternError(f"{table.file} has no prim '{pattern}'")
    if patterns.paths:
        named = pa.table({"path": pa.array(list(patterns.paths), pa.string())})
        other = SqlTable(table)
        other.add(_NAMED, named)
        rest = Statement(
            f"SELECT path FROM {quoted(_NAMED)} WHERE path NOT IN "
            f"(SELECT {path} FROM {TABLE} WHERE {path} IS NOT NULL) LIMIT 1",
            [column],
        )
        for batch in other.run(rest)[1]:
            for text in batch.column(0).to_pylist():
                raise PatternError(f"{table.file} has no prim '{text}'")
        sql.add(_NAMED, named)
        conditions.append(f"{path} IN (SELECT path FROM {quoted(_NAMED)})")
    return " OR ".join(conditions)


def _time_condition(table: TableFile, sql: SqlTable, times: tuple[str, str]) -> str:
    """The SQL that is true for rows with a time within a range."""
    if not table.time_column:
        raise TableFileError(f"{table.file}: has no column of times; --time names it")
    table.check_roles()
    column = sql.expression(table.time_column)
    conditions = [f"{column} IS NOT NULL"]
    for text, compare in zip(times, (">=", "<="), strict=True):
        if text:
            _check_time(table, sql, text)
            # A number as a text would be made one of the column's type, which may have no halves.
            literal = text if _NUMBER.fullmatch(text) else "'" + text.replace("'", "''") + "'"
            conditions.append(f"{column} {compare} {literal}")
    return " AND ".join(conditions)


def _check_time(table: TableFile, sql: SqlTable, text: str) -> None:
    """OptionsError if a text is no time of the table's."""
    kind = table.schema.field(table.time_column).type
    types = pa.types
    if types.is_timestamp(kind) or types.is_date(kind):
        has_zone = types.is_timestamp(kind) and kind.tz is not None
        is_time = sql.is_value(text, "TIMESTAMPTZ" if has_zone else "TIMESTAMP")
        example = "2024-05-01 or 2024-05-01 12:30"
    elif types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        is_time, example = sql.is_value(text, "DOUBLE"), "10 or 0.5"
    else:
        return
    if not is_time:
        raise OptionsError(
            f"--times: '{text}' is no time such as {example}; the times are in column "
            f"'{table.time_column}' of type {kind}"
        )


def _in_order(
    table: TableFile, columns: dict[str, Column], order: RowNumbers
) -> Iterator[pa.RecordBatch]:
    """The rows of these numbers in their order; they are held."""
    rows = np.sort(order)
    held = pa.Table.from_batches(
        table.batches(columns, [rows]),
        pa.schema([(name, column.type) for name, column in columns.items()]),
    )
    yield from held.take(pa.array(np.searchsorted(rows, order))).to_batches()


def limited(result: QueryResult, limit: int | None) -> QueryResult:
    """The first rows of a result."""
    if limit is None:
        return result

    def batches() -> Iterator[pa.RecordBatch]:
        left = limit
        for batch in result.batches:
            yield batch.slice(0, left)
            left -= batch.num_rows
            if left <= 0:
                return

    return QueryResult(result.schema, batches() if limit else itertools.chain())
