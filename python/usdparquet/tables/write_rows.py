"""Writes a table as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from usdparquet.tables.atomic_file import replaced_file
from usdparquet.tables.errors import kind_of_output
from usdparquet.tables.file_kinds import FileKind
from usdparquet.tables.row_writers import open_writer
from usdparquet.tables.table_writing import row_groups

if TYPE_CHECKING:
    import pyarrow as pa


def check_table_output(output: Path) -> FileKind:
    """The kind of a file that a table is to be written to; OptionsError for other files."""
    return kind_of_output(
        output,
        "this is a table: write a .parquet, .csv or .arrow file",
        (FileKind.PARQUET, FileKind.CSV, FileKind.ARROW),
    )


def write_rows(rows: pa.RecordBatchReader, output: Path) -> None:
    """Write rows as a CSV, Arrow or Parquet file, as a whole or not at all.

    No prim paths are needed: a Parquet file is an ordinary one, with checksums.
    """
    kind = check_table_output(output)
    with replaced_file(output) as file:
        if kind is FileKind.PARQUET:
            options = {"compression": "zstd", "write_page_checksum": True}
            with pq.ParquetWriter(file, rows.schema, **options) as parquet:
                for group in row_groups(rows):
                    parquet.write_table(group, row_group_size=group.num_rows)
            return
        with file.open("wb") as sink:
            name = "tsv" if output.suffix.lower() == ".tsv" else kind.value
            writer = open_writer(name, sink, rows.schema, stream=False)
            for batch in rows:
                writer.write(batch)
            writer.close()
