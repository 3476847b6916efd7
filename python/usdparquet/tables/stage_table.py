"""Columns of the prims of a composed stage that a condition chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from usdparquet._resolve import resolve_columns
from usdparquet.tables.query import Query, chosen_rows
from usdparquet.tables.sql import SqlTable
from usdparquet.tables.table_file import TableFile
from usdparquet.tables.table_sources import MemorySource

_PATH = "path"


def stage_table(
    stage: Any,
    name: str,
    columns: Sequence[str],
    query: Query,
    *,
    under: str | None = None,
    time: float | None = None,
    types: Mapping[str, str] | None = None,
) -> pa.Table:
    """The paths and these columns of a stage's prims, as `resolve_columns` gives them.

    `name`: what messages call the stage. `query`: which prims, by their paths and by the values of
    these or of other columns; it chooses no columns and no times. `types`: the Sdf types that
    columns, or what the condition names, are to have. Raises ValueError for what is not
    there, and SqlError for a condition that is none.
    """
    from usdparquet._resolve_prims import FACTS

    names = [*_named(name, query), *(key.removeprefix("-") for key in query.sort)]
    is_all = replace(query, sort=(), limit=None) == Query(columns=query.columns)
    # What OpenUSD computes of each prim is for the chosen ones.
    early = [each for each in columns if is_all or each not in FACTS or each in names]
    early += [each for each in dict.fromkeys(names) if each not in (*columns, _PATH)]
    found = _resolved(stage, early, under=under, time=time, types=types)
    rows = chosen_rows(TableFile(Path(name), source=MemorySource(found)), query)
    if rows is not None:
        found = found.take(pa.array(np.concatenate([np.empty(0, np.int64), *rows])))
    late = [each for each in columns if each not in early]
    if late:
        facts = resolve_columns(stage, late, prims=found[_PATH].to_pylist(), time=time)
        for each in late:
            found = found.append_column(each, facts[each])
    return found.select([_PATH, *columns])


def _named(name: str, query: Query) -> list[str]:
    """The columns that the condition of a query names."""
    if query.where is None:
        return []
    none = pa.table({_PATH: pa.array([], pa.string())})
    return SqlTable(TableFile(Path(name), source=MemorySource(none))).names_in(query.where)


def _resolved(stage: Any, columns: Sequence[str], **options: Any) -> pa.Table:
    """`resolve_columns`, with a hint where SQL took the sign off a name."""
    from usdparquet._resolve_prims import FACTS

    try:
        return resolve_columns(stage, columns, **options)
    except ValueError as error:
        for each in columns:
            if f"@{each}" in FACTS and f"has the attribute '{each}'" in str(error):
                raise ValueError(
                    f'{error}; what the prim itself has is in double quotes: "@{each}"'
                ) from error
        raise
