"""Columns of a table, and fields of struct columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Column:
    """A column of a table, or a field of a struct column."""

    steps: tuple[int, ...]
    """The number of the column, then of the field in it, and so on."""
    type: pa.DataType
    name: str
    """What messages call it: `column` or `column:field`."""

    def cells(self, column: pa.Array) -> pa.Array:
        """The cells, out of those of the column of the table that it is in."""
        for step in self.steps[1:]:
            column = pc.struct_field(column, [step])
        return column


def flat_columns(columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns with structs taken apart into their fields (`column:field`)."""
    flat: dict[str, Column] = {}
    for name, column in columns.items():
        if not pa.types.is_struct(column.type):
            flat[name] = column
            continue
        fields = {
            f"{name}:{field.name}": Column(
                (*column.steps, index), field.type, f"{column.name}:{field.name}"
            )
            for index, field in enumerate(column.type)
        }
        flat.update(flat_columns(fields))
    return flat
