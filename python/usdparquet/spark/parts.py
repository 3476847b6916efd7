"""One part of a dataset, written by a task."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from usdparquet._dataset import describe_part
from usdparquet._write import write_table

if TYPE_CHECKING:
    import pyarrow as pa

RESULT = (
    "number int, attempt string, rows long, bytes long, description string, told string, "
    "problem string"
)
"""The columns of what a task returns: a row, unless it had no rows to write."""
_FAILED = "failed"
_ROW = re.compile(r"^(column '.*?', )row (\d+): ", re.DOTALL)
_SAME_PATH = re.compile(r" is the path of row \d+ already; a prim has one row( \(and .*\))?$")
_SAME_TIME = re.compile(
    r" has this time in row \d+ already; a prim has one row a time( \(and .*\))?$"
)
Batches = Iterator["pa.RecordBatch"]


class PartError(OSError):
    """A part that the system did not let a task write. Spark tries the task again."""


@dataclass(frozen=True)
class PartWriter:
    """Writes the rows of a task; goes to the workers."""

    target: str
    """What messages call the dataset."""
    attempts: str
    """The folder to write to."""
    columns: list[str]
    """The names of the columns, in order."""
    options: dict[str, Any]
    """What `write_table` takes."""

    def function(self) -> Callable[[Batches], Batches]:
        """What `mapInArrow` takes."""

        def write(batches: Batches) -> Batches:
            return self.write(batches)

        return write

    def write(self, batches: Batches) -> Batches:
        """Write the rows, and yield what was written, in the columns of RESULT."""
        import pyarrow as pa
        from pyspark import TaskContext

        held = [batch for batch in batches if batch.num_rows]
        if not held or Path(self.attempts, _FAILED).exists():
            return
        context = TaskContext.get()
        number = context.partitionId() if context is not None else 0
        # Of attempts at the same part, also such as run at once, each has its own file.
        attempt = f"{number:05d}-{uuid.uuid4().hex}.parquet"
        table = pa.Table.from_batches(held).rename_columns(self.columns)
        held.clear()
        yield result(self.write_part(table, number, attempt))

    def write_part(self, table: pa.Table, number: int, attempt: str) -> dict[str, Any]:
        """Write a table as the attempt at a part: a row of RESULT, which says what is wrong."""
        file = Path(self.attempts, attempt)
        done: dict[str, Any] = {"number": number, "attempt": attempt, "problem": None}
        try:
            written = write_table(table, file, **self.options)
        except ValueError as error:
            # It is the same in every attempt, so that there is no use in having Spark try again.
            Path(self.attempts, _FAILED).touch()
            return done | {"problem": self._sentence(str(error), str(file), table)}
        except OSError as error:
            text = str(error).removeprefix(f"{file}: ")
            raise PartError(f"{self.target}: {text}") from error
        text = describe_part(file, path=self.options["path"])
        return done | {"rows": written.rows, "bytes": written.bytes, "description": text}

    def _sentence(self, text: str, file: str, table: pa.Table) -> str:
        """A message of `write_table` for a part: rows are named by their paths, not by numbers."""
        text = text.removeprefix(f"{file}: ").replace(file, self.target)
        path = self.options["path"]
        found = _ROW.match(text)
        if found is not None:
            place = table[path][int(found[2])].as_py() if path in self.columns else None
            rest = text[found.end() :]
            is_path = found[1] == f"column '{path}', " or place is None
            if _SAME_PATH.search(rest):
                rest = _SAME_PATH.sub(
                    " is the path of several rows; a prim has one row: leave the others out "
                    "(dropDuplicates), or name the column of their times with the argument 'time'",
                    rest,
                )
            if _SAME_TIME.search(rest):
                rest = _SAME_TIME.sub(
                    " has several rows of one time; leave all but one out (dropDuplicates)", rest
                )
                is_path = True
            place = "" if is_path else f", at '{place}'"
            text = f"{found[1].removesuffix(', ')}{place}: {rest}"
        return f"{self.target}: {text}"


def part_name(number: int) -> str:
    """What part number `number` is called in its dataset."""
    return f"part-{number:05d}.parquet"


def result(row: dict[str, Any]) -> pa.RecordBatch:
    """A row of RESULT; what `row` does not say is null."""
    import pyarrow as pa

    schema = pa.schema(
        {
            "number": pa.int32(),
            "attempt": pa.string(),
            "rows": pa.int64(),
            "bytes": pa.int64(),
            "description": pa.string(),
            "told": pa.string(),
            "problem": pa.string(),
        }
    )
    return pa.RecordBatch.from_pylist([row], schema)
