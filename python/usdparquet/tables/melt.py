"""Wide tables of times, with a column for each time, as long ones, with a row for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from usdparquet.tables.errors import TableFileError

FEWEST = 3
"""With fewer columns that are named by times, nothing is said of them."""
_SHOWN = 2
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?")


@dataclass(frozen=True)
class TimeColumns:
    """The columns of a table that are named by times."""

    names: list[str]
    times: pa.Array
    """Numbers, or timestamps, in the order of `names`."""

    def hint(self) -> str:
        """What to tell of them."""
        shown = ", ".join(f"'{name}'" for name in self.names[:_SHOWN])
        return (
            f"{len(self.names):,} columns are named by times ({shown}, …): --melt time makes a row "
            "of each, with a column 'time' and one of values, so that they become time samples"
        )


def find_time_columns(names: Sequence[str]) -> TimeColumns | None:
    """The columns of `names` that are named by times, or None if there is none."""
    numbers = [name for name in names if _NUMBER.fullmatch(name.strip())]
    dates = [name for name in names if _DATE.fullmatch(name.strip())]
    if len(dates) > len(numbers):
        texts = pa.array([name.strip() for name in dates])
        try:
            return TimeColumns(dates, texts.cast(pa.timestamp("us")))
        except pa.ArrowException:
            return None  # such as a 13th month
    if not numbers:
        return None
    whole = all("." not in name for name in numbers)
    values = [int(name) if whole else float(name) for name in numbers]
    return TimeColumns(numbers, pa.array(values, pa.int64() if whole else pa.float64()))


@dataclass(frozen=True)
class Melted:
    """A table with a row for each path and time, and one without a time for all other columns."""

    path: str
    columns: TimeColumns
    time: str
    """What to call the column of times."""
    value: str
    """What to call the column of values."""

    def schema(self, wide: pa.Schema) -> pa.Schema:
        """The columns of the long table; TableFileError if the values are of several kinds."""
        others = self._others(wide)
        for name in (self.time, self.value):
            if name in others or name == self.path:
                raise TableFileError(f"there is a column '{name}' already; melt to another name")
        return pa.schema(
            [
                wide.field(self.path),
                (self.time, self.columns.times.type),
                (self.value, self._value_type(wide)),
                *(wide.field(name) for name in others),
            ]
        )

    def batches(
        self, wide: pa.Schema, batches: Iterator[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        """The rows of the long table."""
        schema = self.schema(wide)
        others = self._others(wide)
        for batch in batches:
            path = batch[self.path]
            if others:
                cells = [path, *(pa.nulls(len(batch), schema.field(i).type) for i in (1, 2))]
                cells += [batch[name] for name in others]
                yield pa.RecordBatch.from_arrays(cells, schema=schema)
            nothing = [pa.nulls(len(batch), schema.field(name).type) for name in others]
            for name, time in zip(self.columns.names, self.columns.times, strict=True):
                times = pa.repeat(time, len(batch))
                values = batch[name].cast(schema.field(self.value).type)
                yield pa.RecordBatch.from_arrays([path, times, values, *nothing], schema=schema)

    def _others(self, wide: pa.Schema) -> list[str]:
        return [name for name in wide.names if name not in (self.path, *self.columns.names)]

    def _value_type(self, wide: pa.Schema) -> pa.DataType:
        kinds = [wide.field(name).type for name in self.columns.names]
        others = [kind for kind in kinds if kind != kinds[0]]
        if not others:
            return kinds[0]
        if all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds):
            return pa.float64()
        raise TableFileError(
            f"the columns that are named by times hold {kinds[0]} and {others[0]}, which are not "
            "one column of values"
        )
