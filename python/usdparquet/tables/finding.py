"""From a condition to the prims that fulfil it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from usdparquet._extras import names_extra, require
from usdparquet._path_cells import is_path
from usdparquet._texts import check_text, shown_cell
from usdparquet.tables.file_kinds import kind_of
from usdparquet.tables.query import Query, chosen_paths
from usdparquet.tables.table_file import TableFile


def find_prims(
    source: object,
    where: str,
    *,
    under: object | None = None,
    path: str | None = None,
    time: Any = None,
    types: Mapping[str, str] | None = None,
) -> list[str]:
    """The paths of the prims for which a condition in SQL is true, such as ``"cost > 80"``.

    `source`: the file of a table (Parquet, Arrow, CSV or a workbook), whose rows are looked at; or
    a Usd.Stage, or the file of another layer, of which the composed values are.
    `where`: as of ``usdparquet query --where``. It names columns of the table, or what
    `resolve_columns` takes of a stage. Names that are no words are in double quotes:
    ``"@type" = 'Mesh'``, ``"primvars:displayColor"[1][1] > 0.5``.
    `under`: a prim; only it and those below it are looked at.
    `path`: of a table, the column with the prim paths, if the file does not say and it is not
    ``path``.
    `time`: of a stage, the time of the values: a number, a Usd.TimeCode or None for the default.
    `types`: of a stage, the Sdf types that attributes of the condition are to have, as of
    `resolve_columns`: needed where no column has room for those that they have.

    Each path is there once, in the order of the rows, or of the stage. Rows without a prim path are
    left out. Raises ValueError for a condition that cannot be read or names what is not there, and
    for what is no table or layer; OSError for a file that cannot be read. Needs the extra ``cli``.
    """
    require("duckdb")
    if not isinstance(where, str):
        raise TypeError(f"where takes a condition in SQL, which {shown_cell(where)} is not")
    check_text(where, "the condition")
    below = _prim_path(under)
    with names_extra():
        if not isinstance(source, str | os.PathLike):
            return _on_stage(source, where, below, path, time, types)
        file = Path(os.fspath(source))
        if not kind_of(file).is_usd:
            if types is not None:
                raise ValueError("types is for stages; the columns of a table have theirs")
            return _in_table(file, where, below, path, time)
        from usdparquet.identifiers.scene_ids import open_stage

        return _on_stage(open_stage(file), where, below, path, time, types, str(file))


def _on_stage(
    stage: Any,
    where: str,
    under: str | None,
    path: str | None,
    time: Any,
    types: Mapping[str, str] | None,
    name: str | None = None,
) -> list[str]:
    from usdparquet.tables.stage_table import stage_table

    if not hasattr(stage, "GetRootLayer"):
        raise TypeError(
            f"source is {shown_cell(stage)}; a file name or a Usd.Stage that is open is needed"
        )
    if path is not None:
        raise ValueError("path is for tables; a stage has no column with the paths")
    name = name or stage.GetRootLayer().identifier
    query = Query(where=where)
    found = stage_table(stage, name, [], query, under=under, time=time, types=types)
    paths: list[str] = found["path"].to_pylist()
    return paths


def _in_table(
    file: Path, where: str, under: str | None, path: str | None, time: object
) -> list[str]:
    if time is not None:
        raise ValueError("time is for stages; the times of a table are a column for the condition")
    prims = None if under in (None, "/") else [f"{under}/**"]
    query = Query(where=where, prims=prims)
    return [each for part in chosen_paths(TableFile(file, path or ""), query) for each in part]


def _prim_path(under: Any) -> str | None:
    """The text of a path, a text, an Sdf.Path or a prim."""
    if under is None:
        return None
    text = under if isinstance(under, str) else None
    if is_path(under):
        text = str(under)
    elif hasattr(under, "GetPath"):
        text = str(under.GetPath())
    if text is None:
        raise TypeError(f"under is {shown_cell(under)}; it takes the path of a prim")
    if not text.startswith("/") or "*" in text:
        raise ValueError(f"under is '{text}', which is no absolute prim path")
    return text
