"""The column of a table that holds ids, by any name that it has in a layer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._join import Key
from ._plugin import load_core
from ._rows import Rows, file_rows

if TYPE_CHECKING:
    import pyarrow as pa

_SCHEMA_KEY = b"usdparquet:schema"


def key_column(schema: pa.Schema, key: str) -> Key:
    """The column called `key`, or else the field of a struct (`column:field`), or else what becomes
    the property of that name: as for the format argument `key`.

    ValueError if there is none, or if it may be several.
    """
    told = _entry(schema).get("columns", {})
    named: list[list[tuple[int, ...]]] = [[], [], []]
    for name, steps, is_leaf in _columns(schema):
        if name == key:
            named[0 if len(steps) == 1 else 1].append(steps)
        elif is_leaf:
            property_name = told.get(name, {}).get("property") or load_core().property_name(name)
            if property_name == key:
                named[2].append(steps)
    for found, what in zip(
        named, ("are named", "have the name", "become the property"), strict=True
    ):
        if len(found) > 1:
            raise ValueError(f"two columns {what} '{key}'; rename one")
        if found:
            return Key(key, found[0])
    names = ", ".join(f"'{name}'" for name in schema.names)
    raise ValueError(f"there is no column '{key}' with the ids (there are {names})")


def told_time(schema: pa.Schema) -> str | None:
    """The column of times that the table's metadata names, if it has it."""
    name: str | None = _entry(schema).get("time")
    return name if name in schema.names else None


def rows_of(file: str | os.PathLike[str]) -> Rows:
    """All columns of a Parquet file, with what the file says of them. They are verified.

    ValueError or OSError for what cannot be read.
    """
    core = load_core()
    text = core.open_row_groups(file).key_values().get(_SCHEMA_KEY)
    if text is None:
        return file_rows(os.fspath(file))
    core.check_schema_entry(text)
    return file_rows(os.fspath(file), rows_metadata(json.loads(text)))


def rows_metadata(entry: dict[str, Any]) -> dict[bytes, bytes]:
    """What a file says of its columns, as metadata of its rows that go to other paths."""
    kept = {name: told for name, told in entry.items() if name not in ("path", "exact")}
    return {_SCHEMA_KEY: json.dumps(kept).encode()} if kept else {}


def _entry(schema: pa.Schema) -> dict[str, Any]:
    """What the metadata of a table says of its columns (docs/file-format.md)."""
    text = (schema.metadata or {}).get(_SCHEMA_KEY)
    if text is None:
        return {}
    load_core().check_schema_entry(text)
    entry: dict[str, Any] = json.loads(text)
    return entry


def _columns(schema: pa.Schema) -> Iterator[tuple[str, tuple[int, ...], bool]]:
    """Columns and fields: the name, the number of the column and of the fields in it, and whether
    it is a leaf.
    """
    import pyarrow as pa

    stack: list[tuple[str, tuple[int, ...], pa.DataType]] = [
        (field.name, (number,), field.type) for number, field in enumerate(schema)
    ]
    while stack:
        name, steps, kind = stack.pop()
        is_struct = pa.types.is_struct(kind)
        yield name, steps, not is_struct
        if is_struct:
            fields = list(enumerate(kind))
            stack += [(f"{name}:{field.name}", (*steps, at), field.type) for at, field in fields]
