"""Compares two tables, or a table and a layer, by path and time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from usdparquet.tables.diff_sides import CELL, PATH, ROW, TIME, Key, Side, open_sides
from usdparquet.tables.interruptible import Interruptible
from usdparquet.tables.sql import SqlError, connect, reason_of
from usdparquet.tables.sql_types import SqlStream

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DECIMAL = re.compile(r"decimal\(\d+, -?\d+\)")
_MOST_STEPS = 10**38 - 1
"""Units that two integers, or decimals in their last digit, can be told to be apart."""


@dataclass
class Change:
    """A cell that differs."""

    path: str
    time: object
    a: object
    b: object


@dataclass
class Part:
    """Differences of one kind: how many, and the first of them."""

    count: int = 0
    first: list[Any] = field(default_factory=list)


@dataclass
class Difference:
    """What is different between two files, `a` and `b`."""

    rows_a: int = 0
    rows_b: int = 0
    """Rows with a path; of those of one path and time, one counts."""
    only_a: Part = field(default_factory=Part)
    only_b: Part = field(default_factory=Part)
    """Rows that are only here or there: keys of path and time."""
    columns_only_a: list[str] = field(default_factory=list)
    columns_only_b: list[str] = field(default_factory=list)
    types: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Columns whose types differ, with both."""
    not_compared: list[str] = field(default_factory=list)
    """Those of them whose cells cannot be compared."""
    cells: dict[str, Part] = field(default_factory=dict)
    """Cells that differ, by column: `Change`s."""
    notes: list[str] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether there is no difference."""
        return not (
            self.only_a.count
            or self.only_b.count
            or self.columns_only_a
            or self.columns_only_b
            or self.types
            or self.cells
        )

    def as_json(self) -> dict[str, Any]:
        """For `--json`: see docs/cli.md."""
        return {"same": self.is_same, **asdict(self)}


@dataclass(frozen=True)
class DiffOptions:
    """How to compare."""

    path_column: str = ""
    time_column: str = ""
    tolerance: Decimal | float = 0.0
    """Numbers that differ by no more are equal."""
    limit: int | None = 10
    """How many differences of each kind to name; all if None."""


def diff_files(a: Path, b: Path, options: DiffOptions) -> Difference:
    """Compare two files.

    A column of each is held at a time, and for each row of both two numbers. ValueError or OSError
    for what cannot be read.
    """
    sides = open_sides((a, b), options.path_column, options.time_column)
    kinds = {side.time_kind for side in sides if side.time_kind}
    if len(kinds) > 1:
        raise ValueError(
            f"the times of {a} are {sides[0].time_kind}s, those of {b} {sides[1].time_kind}s"
        )
    for side in sides:
        side.time_kind = side.time_kind or next(iter(kinds), "number")
    return _Comparison({"a": a, "b": b}, sides, options).run()


class _Comparison:
    def __init__(
        self, files: dict[str, Path], sides: tuple[Side, Side], options: DiffOptions
    ) -> None:
        self._files = files
        self._sides = dict(zip(files, sides, strict=True))
        self._options = options
        given = options.tolerance  # a float is taken for the shortest decimal that stands for it
        self._tolerance = given if isinstance(given, Decimal) else Decimal(repr(given))
        self._connection: DuckDBPyConnection = connect()
        self._waited = Interruptible(self._connection)
        self._found = Difference()

    def run(self) -> Difference:
        found, a, b = self._found, self._sides["a"], self._sides["b"]
        found.rows_a, found.rows_b = self._match("a"), self._match("b")
        self._run(
            f"CREATE TABLE pairs AS SELECT a.{ROW} AS a, b.{ROW} AS b FROM keys_a a "
            f"FULL JOIN keys_b b ON a.{PATH} = b.{PATH} AND a.{TIME} IS NOT DISTINCT FROM b.{TIME}"
        )
        self._run("DROP TABLE keys_a")
        self._run("DROP TABLE keys_b")
        found.only_a, found.only_b = self._only("a", "b"), self._only("b", "a")
        found.columns_only_a = [name for name in a.columns if name not in b.columns]
        found.columns_only_b = [name for name in b.columns if name not in a.columns]
        for name, kind in a.columns.items():
            if name not in b.columns:
                continue
            other = b.columns[name]
            if _DECIMAL.sub("decimal", kind) != _DECIMAL.sub("decimal", other):
                found.types[name] = (kind, other)
            elif kind != other:
                found.notes.append(f"{name} is {kind} in {self._files['a']}, {other} in the other")
            self._compare(name)
        found.notes = list(dict.fromkeys([*a.notes, *b.notes, *found.notes]))
        return found

    def _match(self, side: str) -> int:
        """Put the rows of a side into a table; the last of those of one path and time counts."""
        source, select = self._sides[side].keys("source")
        with self._source("source", source):
            self._run(
                f"CREATE TABLE keys_{side} AS SELECT {PATH}, {TIME}, max({ROW}) AS {ROW}, "
                f"count(*) AS n FROM ({select}) WHERE {PATH} IS NOT NULL GROUP BY ALL",
                source,
            )
        rows, most = self._run(f"SELECT count(*), coalesce(max(n), 0) FROM keys_{side}")[0]
        if most > 1:
            self._found.notes.append(
                f"{self._files[side]}: of several rows with one path and time, the last one is "
                "compared"
            )
        return int(rows)

    def _only(self, here: str, there: str) -> Part:
        count = self._run(f"SELECT count(*) FROM pairs WHERE {there} IS NULL")[0][0]
        rows = self._run(
            f"SELECT {here} FROM pairs WHERE {there} IS NULL ORDER BY {here}{self._limit()}"
        )
        return Part(count, self._sides[here].keys_of([row for (row,) in rows]))

    def _compare(self, name: str) -> None:
        """Compare the cells of a column."""
        sources = {side: one.cells(name, f"source_{side}") for side, one in self._sides.items()}
        types = sources["a"][2], sources["b"][2]
        if not _are_comparable(*types):
            self._found.not_compared.append(name)
            return
        differs = _differs(f"a.{CELL}", f"b.{CELL}", types, self._tolerance)
        with (
            self._source("source_a", sources["a"][0]),
            self._source("source_b", sources["b"][0]),
        ):
            self._run(
                f"CREATE TABLE changes AS SELECT p.a AS {ROW}, a.{CELL} AS a, b.{CELL} AS b "
                f"FROM pairs p LEFT JOIN ({sources['a'][1]}) a ON a.{ROW} = p.a "
                f"LEFT JOIN ({sources['b'][1]}) b ON b.{ROW} = p.b "
                f"WHERE p.a IS NOT NULL AND p.b IS NOT NULL AND {differs}",
                sources["a"][0],
                sources["b"][0],
            )
        count = self._run("SELECT count(*) FROM changes")[0][0]
        if count:
            first = self._run(f"SELECT * FROM changes ORDER BY {ROW}{self._limit()}")
            keys: list[Key] = self._sides["a"].keys_of([row for row, _, _ in first])
            self._found.cells[name] = Part(
                count,
                [Change(*key, a, b) for key, (_, a, b) in zip(keys, first, strict=True)],
            )
        self._run("DROP TABLE changes")

    def _limit(self) -> str:
        return "" if self._options.limit is None else f" LIMIT {self._options.limit}"

    @contextmanager
    def _source(self, name: str, source: object) -> Iterator[None]:
        self._connection.register(name, source)
        yield
        self._connection.unregister(name)

    def _run(self, text: str, *sources: object) -> list[tuple[Any, ...]]:
        import duckdb

        try:
            return self._waited(lambda: self._connection.execute(text).fetchall())
        except duckdb.InterruptException as error:
            raise KeyboardInterrupt from error
        except duckdb.Error as error:
            for source in sources:
                told = source.take_error() if isinstance(source, SqlStream) else None
                if told is not None:
                    raise told from error
            if isinstance(error, duckdb.OutOfMemoryException):
                raise SqlError("the files take more memory to compare than there may be") from error
            raise SqlError(reason_of(error)) from error


def _are_comparable(a: pa.DataType, b: pa.DataType) -> bool:
    if a == b or pa.types.is_null(a) or pa.types.is_null(b):
        return True
    if _is_list(a) and _is_list(b):
        inner = a.value_type, b.value_type
        known = _is_number(inner[0]) or _kind(inner[0]) in ("text", "date", "bytes", "bool")
        return _are_comparable(*inner) and (known or _is_list(inner[0]))
    return _kind(a) == _kind(b)


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _kind(kind: pa.DataType) -> str:
    types = pa.types
    if _is_number(kind):
        return "number"
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return "text"
    if types.is_timestamp(kind):
        return "timestamp" if kind.tz is None else "timestamp with time zone"
    if types.is_date(kind):
        return "date"
    if types.is_time(kind):
        return "time"
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return "bytes"
    return str(kind)


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _differs(
    a: str, b: str, kinds: tuple[pa.DataType, pa.DataType], tolerance: Decimal, depth: int = 0
) -> str:
    """The SQL that is true where two cells differ; NaN equals NaN, and a null a null."""
    plain = f"({a} IS DISTINCT FROM {b})"
    if _is_number(kinds[0]) and _is_number(kinds[1]):
        if _are_of_one_kind(*kinds):
            if tolerance == 0:
                return plain
            return f"({plain} AND NOT coalesce({_are_near(a, b, kinds, tolerance)}, false))"
        # DuckDB would compare both as what cannot hold them.
        return (
            f"(CASE WHEN {a} IS NULL OR {b} IS NULL THEN {plain} "
            f"ELSE NOT {_are_near(a, b, kinds, tolerance)} END)"
        )
    if not (_is_list(kinds[0]) and _is_list(kinds[1])):
        return plain
    types = _held_as(*kinds), _held_as(*reversed(kinds))
    if kinds[0] != kinds[1]:
        a, b = f"({a}::{types[0]})", f"({b}::{types[1]})"
        plain = f"({a} IS DISTINCT FROM {b})"
    if types[0] == types[1] and tolerance == 0:
        return plain
    at = f"i{depth}"
    inner = (kinds[0].value_type, kinds[1].value_type)
    each = _differs(f"{a}[{at}]", f"{b}[{at}]", inner, tolerance, depth + 1)
    any_cell = f"list_bool_or(list_transform(range(1, len({a}) + 1), lambda {at}: {each}))"
    differ = (
        f"(CASE WHEN {a} IS NULL OR {b} IS NULL THEN ({a} IS NULL) <> ({b} IS NULL) "
        f"ELSE len({a}) <> len({b}) OR coalesce({any_cell}, false) END)"
    )
    return f"({plain} AND {differ})" if types[0] == types[1] else differ


def _are_of_one_kind(a: pa.DataType, b: pa.DataType) -> bool:
    """Whether DuckDB compares numbers of two types as they are."""
    types = pa.types
    are_integers = types.is_integer(a) and types.is_integer(b)
    return bool(a == b or are_integers or (types.is_floating(a) and types.is_floating(b)))


def _are_near(a: str, b: str, kinds: tuple[pa.DataType, pa.DataType], tolerance: Decimal) -> str:
    """The SQL that is true where two numbers differ by no more than the tolerance.

    Integers and decimals are compared exactly; with a floating-point number, decimals are doubles.
    """
    types = pa.types
    most = repr(float(tolerance))
    as_doubles = f"abs({a}::DOUBLE - {b}::DOUBLE) <= {most}"
    if types.is_integer(kinds[0]) and types.is_integer(kinds[1]):
        steps = min(int(tolerance), _MOST_STEPS)
        return f"abs({a}::HUGEINT - {b}::HUGEINT) <= {steps}::HUGEINT"
    if not any(types.is_floating(kind) for kind in kinds):
        scale = max(kind.scale for kind in kinds if types.is_decimal(kind))
        held = f"DECIMAL(38, {scale})"
        steps = min(int(tolerance.scaleb(scale)), _MOST_STEPS)
        exact = f"abs({a}::{held} - {b}::{held}) <= '{steps}e-{scale}'::{held}"
        return f"coalesce(TRY({exact}), {as_doubles})"  # what overflows is far apart
    if any(types.is_decimal(kind) for kind in kinds) or _are_of_one_kind(*kinds):
        return as_doubles
    integer, number = (a, b) if types.is_integer(kinds[0]) else (b, a)
    whole = f"trunc({number}::DOUBLE)"
    rest = f"({number}::DOUBLE - {whole})"
    steps_apart = f"({integer}::HUGEINT - TRY_CAST({whole} AS HUGEINT))"
    exact = f"abs({steps_apart}::DOUBLE - {rest}) <= {most}"
    return f"coalesce(TRY({exact}), {as_doubles})"


def _held_as(kind: pa.DataType, other: pa.DataType) -> str:
    """The SQL type that holds values of a type exactly; `other` is what they are compared with."""
    types = pa.types
    if _is_list(kind):
        return f"{_held_as(kind.value_type, other.value_type if _is_list(other) else other)}[]"
    if types.is_null(kind):
        return "INTEGER" if types.is_null(other) else _held_as(other, kind)
    if types.is_integer(kind):
        return "HUGEINT"
    if types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if types.is_floating(kind):
        return "DOUBLE"
    return {"text": "VARCHAR", "date": "DATE", "bytes": "BLOB"}.get(_kind(kind), "BOOLEAN")
