"""Rows that a join reads several times, in memory or in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_ONCE = 65_536


@dataclass(frozen=True)
class Rows:
    """Rows that are read portion by portion, as often as needed."""

    schema: pa.Schema
    num_rows: int
    is_held: bool
    """Whether they are in memory anyway."""
    read: Callable[[Sequence[int]], Iterator[pa.RecordBatch]]
    """The columns of these numbers, rising, in all rows."""

    def select(self, numbers: Sequence[int]) -> Rows:
        """Some of the columns, in any order."""
        import pyarrow as pa

        schema = pa.schema([self.schema.field(number) for number in numbers])

        def read(columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
            chosen = [numbers[column] for column in columns]
            order = [sorted(chosen).index(number) for number in chosen]
            for batch in self.read(sorted(chosen)):
                yield batch.select(order)

        return Rows(schema, self.num_rows, self.is_held, read)


def held_rows(table: pa.Table) -> Rows:
    """Those of a table in memory."""
    return Rows(
        table.schema, table.num_rows, True, lambda columns: iter(table.select(columns).to_batches())
    )


def file_rows(file: str, metadata: dict[bytes, bytes] | None = None) -> Rows:
    """Those of a Parquet file, a row group at a time, verified.

    `metadata`: what to say of the columns. ValueError or OSError for what cannot be read.
    """
    import pyarrow as pa

    from ._plugin import load_core
    from ._streams import CapsuleStream

    core = load_core()
    groups = core.open_row_groups(file)
    schema = pa.table(CapsuleStream(groups.schema())).schema.with_metadata(metadata)
    first_rows = groups.first_rows()

    def read(columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
        for group, first_row in enumerate(first_rows[:-1]):
            table = pa.table(CapsuleStream(groups.read(group, list(columns))))
            for name, column in zip(table.column_names, table.columns, strict=True):
                done = first_row
                for chunk in column.chunks:
                    bad = core.bad_text(chunk)
                    if bad is not None:
                        message = core.bad_text_message(name, done + bad, "")
                        raise ValueError(f"{file}: {message}")
                    done += len(chunk)
            yield from table.to_batches(max_chunksize=ROWS_AT_ONCE)

    return Rows(schema, first_rows[-1], False, read)
