"""What columns and fields are called in SQL, which does not tell names apart by case."""

from __future__ import annotations

from usdparquet.tables.columns import Column
from usdparquet.tables.table_file import TableFile


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


class SqlNames:
    """The names of a table's columns in SQL.

    They are those of the file, except that of two that differ by case alone the second gets a
    number, and one without a name is called `column`.
    """

    def __init__(self, table: TableFile) -> None:
        self._table = table
        self._taken: set[str] = set()
        self.names = [self.unused(name or "column") for name in table.schema.names]
        """The name of each column."""
        self.numbers = range(len(self.names))
        self._known = table.columns()
        self._columns = {name.casefold() for name in self.names}

    def unused(self, name: str) -> str:
        """`name`, or with a number behind it if it is taken; taken from then on."""
        found, count = name, 0
        while found.casefold() in self._taken:
            count += 1
            found = f"{name}_{count}"
        self._taken.add(found.casefold())
        return found

    def expression(self, column: Column) -> str:
        """The SQL for a column or field."""
        parts = [self.names[column.steps[0]]]
        kind = self._table.schema.field(column.steps[0]).type
        for step in column.steps[1:]:
            parts.append(kind.field(step).name)
            kind = kind.field(step).type
        return ".".join(map(quoted, parts))

    def other(self, name: str) -> Column | None:
        """The column for a name that SQL does not know: that of a field or property."""
        return None if name.casefold() in self._columns else self._known.get(name)

    def numbers_of(self, strings: set[str]) -> set[int]:
        """The columns whose names are among `strings`, which have one case."""
        return {number for number, name in enumerate(self.names) if name.casefold() in strings}
