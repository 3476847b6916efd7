"""Where the rows of a table come from: a Parquet file, an Arrow file, or memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from usdparquet._plugin import load_core
from usdparquet._streams import CapsuleStream, without_views
from usdparquet.tables.errors import TableFileError


class TableSource(Protocol):
    """Rows in groups, each of which is read whole. May be read from several threads."""

    schema: pa.Schema
    metadata: dict[bytes, bytes]
    """What a Parquet file says of itself."""
    first_rows: Sequence[int]
    """The first row of each group, then the number of all rows."""

    def read(self, group: int, columns: Sequence[int]) -> pa.Table:
        """The columns of these numbers, ascending, in one group. Text may be no UTF-8.

        ValueError or OSError, with the file's name, for what is damaged.
        """


class ParquetSource:
    """A Parquet file, whose row groups core reads and verifies."""

    def __init__(self, file: Path) -> None:
        self._groups = load_core().open_row_groups(str(file))
        self.schema = pa.table(CapsuleStream(self._groups.schema())).schema
        self.metadata = self._groups.key_values()
        self.first_rows: Sequence[int] = self._groups.first_rows()
        self._lock = threading.Lock()

    def read(self, group: int, columns: Sequence[int]) -> pa.Table:
        """See TableSource."""
        with self._lock:
            return pa.table(CapsuleStream(self._groups.read(group, list(columns))))


class MemorySource:
    """A table in memory."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self.schema = table.schema
        self.metadata: dict[bytes, bytes] = {}
        self.first_rows: Sequence[int] = (0, table.num_rows)

    def read(self, group: int, columns: Sequence[int]) -> pa.Table:
        """See TableSource."""
        return self._table.select(list(columns))


class ArrowSource:
    """An Arrow file (IPC), read by record batch."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with pa.ipc.open_file(file) as reader:
            load_core().check_names(reader.schema)
            self.schema = without_views(reader.schema)
            count = reader.num_record_batches
        self.metadata: dict[bytes, bytes] = {}
        # Arrow tells the rows of a batch once it has read one of its columns.
        rows = [0]
        with self._reader([0]) as reader:
            for number in range(count if self.schema.names else 0):
                rows.append(rows[-1] + reader.get_batch(number).num_rows)
        self.first_rows: Sequence[int] = rows

    def read(self, group: int, columns: Sequence[int]) -> pa.Table:
        """See TableSource."""
        try:
            with self._reader(columns) as reader:
                batch = reader.get_batch(group)
                batch.validate()
        except (pa.ArrowException, OSError) as error:
            raise TableFileError(f"{self._file}: {error}") from error
        table = pa.table(batch)
        return table.cast(without_views(table.schema))

    def _reader(self, columns: Sequence[int]) -> pa.ipc.RecordBatchFileReader:
        options = pa.ipc.IpcReadOptions(included_fields=list(columns))
        return pa.ipc.open_file(self._file, options=options)
