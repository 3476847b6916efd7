"""Writes a table as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from usdparquet.tables.atomic_file import replaced_file
from usdparquet.tables.file_kinds import FileKind, FileKindError, kind_of
from usdparquet.tables.row_writers import open_writer

if TYPE_CHECKING:
    import pyarrow as pa


def write_rows(table: pa.Table, output: Path) -> None:
    """Write a table as a CSV, Arrow or Parquet file, as a whole or not at all.

    No prim paths are needed: a Parquet file is an ordinary one, with checksums.
    """
    kind = kind_of(output)
    if kind.is_usd:
        raise FileKindError(f"{output}: this is a table: write a .parquet, .csv or .arrow file")
    with replaced_file(output) as file:
        if kind is FileKind.PARQUET:
            pq.write_table(table, file, compression="zstd", write_page_checksum=True)
            return
        with file.open("wb") as sink:
            writer = open_writer(kind.value, sink, table.schema, stream=False)
            for batch in table.to_batches():
                writer.write(batch)
            writer.close()
