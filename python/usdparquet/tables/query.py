"""Filters, sorts and limits the rows of a table file, holding no more than is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from usdparquet.tables.patterns import PrimPatterns
from usdparquet.tables.table_file import TableFile, TableFileError, flat_columns
from usdparquet.tables.where import Column, parse_where

# How many rows beyond its limit a sorted query gathers before it drops the last ones.
_SORT_SLACK = 65_536


@dataclass(frozen=True)
class Query:
    """Which part of a table file to show."""

    columns: Sequence[str] | None = None
    """Columns, fields or properties; all if not given."""
    prims: Sequence[str] | None = None
    """Patterns of prim paths."""
    where: str | None = None
    sort: Sequence[str] = ()
    """Columns to sort by; with `-` in front, the largest first. Nulls come last."""
    limit: int | None = None


@dataclass(frozen=True)
class QueryResult:
    """The rows, read from the file only as they are consumed."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def run_query(
    file: Path, query: Query, path_column: str = "", *, flat: bool = False
) -> QueryResult:
    """Run a query; `flat` splits structs into columns.

    Raises TableFileError, WhereError or PatternError if the query does not fit the file.
    """
    table = TableFile(file, path_column)
    chosen = table.stored_columns() if query.columns is None else table.choose(query.columns)
    if flat:
        chosen = flat_columns(chosen)
    condition = _condition(table, query)
    order = [(name.removeprefix("-"), _direction(name)) for name in query.sort]
    keys = _sort_keys(table, [name for name, _ in order])
    schema = pa.schema([(name, column.type) for name, column in chosen.items()])
    if not order:
        few = query.limit is not None
        batches = _first(table.batches(chosen, condition, few=few), query.limit)
        return QueryResult(schema, batches)
    # The columns to sort by are read along, under names that no column has.
    mark = "sort key "
    while any(name.startswith(mark) for name in chosen):
        mark += "*"
    hidden = {f"{mark}{name}": column for name, column in keys.items()}
    read = table.batches(chosen | hidden, condition)
    by = [(f"{mark}{name}", direction) for name, direction in order]
    return QueryResult(schema, _sorted(read, by, schema.names, query.limit))


def _condition(table: TableFile, query: Query) -> Any:
    by_prim = None if query.prims is None else table.prim_filter(PrimPatterns(query.prims))
    if query.where is None:
        return by_prim
    by_cells = parse_where(query.where, table.columns())
    return by_cells if by_prim is None else by_prim & by_cells


def _direction(name: str) -> str:
    return "descending" if name.startswith("-") else "ascending"


def _sort_keys(table: TableFile, names: Sequence[str]) -> dict[str, Column]:
    keys = table.choose(names)
    for name, column in keys.items():
        if pa.types.is_nested(column.type):
            raise TableFileError(
                f"{table.file}: column '{name}' is {column.type}, which has no order to sort by"
            )
    return keys


def _first(batches: Iterator[pa.RecordBatch], limit: int | None) -> Iterator[pa.RecordBatch]:
    left = limit
    for batch in batches:
        if left is None:
            yield batch
            continue
        taken = batch.slice(0, left)
        if taken.num_rows:
            yield taken
        left -= taken.num_rows
        if left <= 0:
            return


def _sorted(
    batches: Iterator[pa.RecordBatch],
    by: list[tuple[str, str]],
    names: Sequence[str],
    limit: int | None,
) -> Iterator[pa.RecordBatch]:
    """The rows in order; with a limit, little more than that is held."""
    held: list[pa.Table] = []
    rows = 0
    for batch in batches:
        held.append(pa.table(batch))
        rows += batch.num_rows
        if limit is not None and rows > limit + _SORT_SLACK:
            held = [pa.concat_tables(held).sort_by(by).slice(0, limit).combine_chunks()]
            rows = held[0].num_rows
    if held:
        yield from pa.concat_tables(held).sort_by(by).slice(0, limit).select(names).to_batches()
