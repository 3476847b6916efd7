"""Reads CSV files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from usdparquet._plugin import load_core
from usdparquet.tables.errors import TableFileError


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
                message = load_core().bad_text_message(
                    name, first_row + row, "save the file as UTF-8"
                )
                raise TableFileError(f"{file}: {message}")
            first_row += len(chunk)


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
