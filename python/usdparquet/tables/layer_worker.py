"""A process that turns USD layers into Parquet tables, one after the other.

It is told of them on standard input, a line of JSON each, and answers with a line on standard
output. A file that OpenUSD does not survive ends this process alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from usdparquet._write import write_table
from usdparquet.tables.atomic_file import temporary_folder
from usdparquet.tables.file_kinds import kind_of
from usdparquet.tables.layers import collected_warnings, export_layer, flattened_layer, open_layer
from usdparquet.tables.table_file import SCHEMA_KEY, TableFile

SCENE_FIELDS = (
    "upAxis",
    "metersPerUnit",
    "kilogramsPerUnit",
    "timeCodesPerSecond",
    "framesPerSecond",
)
"""The metadata of a layer by which its values are understood, and which all parts have to share."""


@contextmanager
def exported_table(source: Path, *, flatten: bool) -> Iterator[TableFile]:
    """The table of a USD layer, or of its composed stage, with a column for each property."""
    with temporary_folder() as folder, collected_warnings():
        layer = (flattened_layer if flatten else open_layer)(source, {})
        file = folder / "layer.parquet"
        export_layer(layer, file, {"compression": "none", "rare": "columns"})  # deleted at once
        yield TableFile(file)


def table_of_layer(
    source: Path,
    target: Path,
    *,
    flatten: bool,
    samples: bool,
    layout: str | None,
    compression: str | None,
    layer: dict[str, Any],
) -> dict[str, Any]:
    """Write the table of a USD layer to a Parquet file: its prims and their properties.

    `samples`: whether the table has a column of times, and the time samples in its rows.
    `layer`: further metadata of the layer, as the entry `usdparquet:schema` has it. Returns the
    keys `path` and `time` (the columns with them), `rows`, `bytes`, `columns` (for each what it
    holds, in words), `scene` (its SCENE_FIELDS) and `is_whole`: whether the layer had nothing else.
    Raises ValueError and OSError for what cannot be read.
    """
    if not kind_of(source).is_usd:
        raise ValueError(f"{source}: is no USD layer")
    with exported_table(source, flatten=flatten) as found:
        rows = found.read(found.stored_columns())
        entry = dict(found.description)
        scene = {
            name: told for name, told in entry.get("layer", {}).items() if name in SCENE_FIELDS
        }
        # In a dataset a null may also stand for a column that the file does not have.
        columns = {
            name: {key: told for key, told in each.items() if key != "null"}
            for name, each in entry.get("columns", {}).items()
        }
        entry = {key: told for key, told in entry.items() if key != "exact"}
        entry |= {"layer": scene | layer, "columns": columns}
        time = found.time_column
        if samples and not time:
            time = next(name for name in ("time", "time_") if name not in rows.schema.names)
            rows = rows.append_column(time, pa.nulls(len(rows), pa.float64()))
            entry["time"] = time
        elif time and not samples:
            rows = rows.filter(rows[time].is_null()).drop_columns([time])
            del entry["time"]
            time = ""
        rows = rows.replace_schema_metadata({SCHEMA_KEY: json.dumps(entry).encode()})
        done = write_table(
            rows,
            target,
            path=found.path_column,
            time=time or None,
            order="path" if time else None,
            layout=layout,
            compression=compression,
        )
    return {
        "path": found.path_column,
        "time": time,
        "rows": done.rows,
        "bytes": done.bytes,
        "columns": {
            field.name: _described(field.type, columns.get(field.name, {})) for field in rows.schema
        },
        "scene": scene,
        "is_whole": not found.has_residual and (samples or not found.time_column),
    }


def _described(kind: object, entry: dict[str, Any]) -> str:
    """What a column holds: two columns of one name go together if this is the same."""
    role = entry.get("role", "attribute")
    if role == "metadata":
        return f"the field {entry['field']} of prims"
    if role == "relationship":
        return "a relationship"
    name = f" {entry['property']}" if "property" in entry else ""
    return f"an attribute{name} of type {entry.get('type', kind)}"


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def main() -> None:
    """Answer each line of standard input: a dict as `table_of_layer` returns, or `problem`."""
    # OpenUSD's plugins may print.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        source, target = Path(asked.pop("source")), Path(asked.pop("target"))
        try:
            answer = table_of_layer(source, target, **asked)
        except (ValueError, OSError, MemoryError) as error:
            answer = {"problem": _sentence(error).replace(str(target), str(source))}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
