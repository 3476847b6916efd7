"""What columns and fields are called in SQL, which does not tell names apart by case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from usdparquet.tables.columns import Column
from usdparquet.tables.errors import TableFileError
from usdparquet.tables.table_file import TableFile


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def unused_name(name: str, taken: set[str]) -> str:
    """`name`, or with a number behind it if `taken` has it; that has it from then on."""
    found, count = name, 0
    while found.casefold() in taken:
        count += 1
        found = f"{name}_{count}"
    taken.add(found.casefold())
    return found


def unique_names(names: Sequence[str], taken: set[str]) -> list[str]:
    """Names that SQL can tell apart, and which `taken` has from then on.

    Of those that differ by case alone the first one is as it is, the others get numbers.
    """
    found: list[str | None] = []
    for name in names:
        is_new = name.casefold() not in taken
        taken.add(name.casefold())
        found.append(name if is_new else None)
    return [
        unused_name(name, taken) if kept is None else kept
        for name, kept in zip(names, found, strict=True)
    ]


@dataclass(frozen=True)
class Reached:
    """What a dotted name in a statement stands for."""

    sql: str
    names: int
    """How many names of it, from the first on."""
    column: int
    """The number of the column of the file."""
    is_renamed: bool
    """Whether SQL has another name for it, and not just the same in other letters."""
    is_other: bool
    """Whether the first name is that of a field or property."""


class SqlNames:
    """The names of a table's columns and fields in SQL.

    They are those of the file, except that of those that differ by case alone all but the first get
    a number, and one without a name is called `column`.
    """

    def __init__(self, table: TableFile) -> None:
        self._table = table
        self._taken: set[str] = set()
        self.names = unique_names([name or "column" for name in table.schema.names], self._taken)
        """The name of each column."""
        self.numbers = range(len(self.names))
        self._known = table.columns()
        self._level = _Level(table.schema.names, self.names)

    def unused(self, name: str) -> str:
        """`name`, or with a number behind it if it is taken; taken from then on."""
        return unused_name(name, self._taken)

    def expression(self, column: Column) -> str:
        """The SQL for a column or field."""
        return ".".join(map(quoted, self._parts(column.steps)))

    def is_shared(self, name: str) -> bool:
        """Whether several columns have this name, but for the case of its letters."""
        return len(self._level.alike(name)) > 1

    def shared_text(self, name: str) -> str:
        """What to say of a name that several columns have, where it cannot be written so."""
        numbers = self._level.alike(name)
        names = " and ".join(f"'{self._level.names[number]}'" for number in numbers)
        sql = " and ".join(self.names[number] for number in numbers)
        return f"{self._table.file}: {names} are one name in SQL; write {sql} here"

    def reached(self, names: Sequence[str]) -> Reached | None:
        """What a name with dots stands for: a column, a field or property, or a field of those.

        None if there is none. TableFileError if it may be several, which differ by case alone.
        """
        number = self._found(self._level, names[0])
        is_other = number is None
        if number is not None:
            steps, kind = [number], self._table.schema.field(number).type
        else:
            column = self._known.get(names[0])
            if column is None:
                return None
            steps, kind = list(column.steps), column.type
        used = 1
        while used < len(names) and pa.types.is_struct(kind):
            step = self._found(_level_of(kind), names[used])
            if step is None:
                break
            steps.append(step)
            kind = kind.field(step).type
            used += 1
        parts = self._parts(steps)
        folded = [name.casefold() for name in names[:used]]
        return Reached(
            ".".join(map(quoted, parts)),
            used,
            steps[0],
            [part.casefold() for part in parts] != folded,
            is_other,
        )

    def numbers_of(self, strings: set[str]) -> set[int]:
        """The columns whose names are among `strings`, which have one case."""
        return {number for number, name in enumerate(self.names) if name.casefold() in strings}

    def _found(self, level: _Level, name: str) -> int | None:
        found = level.find(name)
        if len(found) > 1:
            names = " or ".join(f"'{level.names[number]}'" for number in found)
            raise TableFileError(
                f"{self._table.file}: '{name}' may be {names}, which differ by case alone: write "
                "the name as it is in the file"
            )
        return found[0] if found else None

    def _parts(self, steps: Sequence[int]) -> list[str]:
        parts = [self.names[steps[0]]]
        kind = self._table.schema.field(steps[0]).type
        for step in steps[1:]:
            parts.append(_level_of(kind).sql_names[step])
            kind = kind.field(step).type
        return parts


class _Level:
    """The columns of a table, or the fields of a struct."""

    def __init__(self, names: Sequence[str], sql_names: Sequence[str]) -> None:
        self.names = names
        self.sql_names = sql_names
        self._exact: dict[str, list[int]] = {}
        self._alike: dict[str, list[int]] = {}
        self._sql: dict[str, list[int]] = {}
        for at, (name, sql_name) in enumerate(zip(names, sql_names, strict=True)):
            self._exact.setdefault(name, []).append(at)
            self._alike.setdefault(name.casefold(), []).append(at)
            self._sql.setdefault(sql_name.casefold(), []).append(at)

    def alike(self, name: str) -> list[int]:
        """Where a name is, in any letters."""
        return self._alike.get(name.casefold(), [])

    def find(self, name: str) -> list[int]:
        """Where a name is: as it is written, else in other letters, else as SQL has it."""
        exact = self._exact.get(name, [])
        return exact or self.alike(name) or self._sql.get(name.casefold(), [])


def _level_of(kind: pa.StructType) -> _Level:
    names = [field.name for field in kind]
    return _Level(names, unique_names(names, set()))
