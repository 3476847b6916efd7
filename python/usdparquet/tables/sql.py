"""SQL over tables that core reads.

DuckDB computes, and opens nothing: it gets Arrow streams of the columns that a statement names. A
statement is one SELECT over the table `t` and what it makes of it; DuckDB's own parser says so.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from usdparquet.tables.errors import TableFileError
from usdparquet.tables.interruptible import Interruptible
from usdparquet.tables.sql_names import SqlNames, quoted
from usdparquet.tables.sql_types import NoRows, SqlStream
from usdparquet.tables.table_file import TableFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLE = "t"
ROWS_PER_BATCH = 65_536
MAX_MEMORY = 2 << 30
"""Bytes that DuckDB takes at most; half of the machine's memory, if that is less."""
MAX_THREADS = 4
MAX_STATEMENT = 1 << 20
"""Characters of a statement."""
# Table functions that read nothing but their arguments.
_TABLE_FUNCTIONS = {"unnest", "range", "generate_series"}
_QUERY_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
# References to tables, beside those that are looked at one by one.
_TABLE_REFERENCES = {"EMPTY", "JOIN", "SUBQUERY", "EXPRESSION_LIST", "PIVOT", "SHOW_REF"}

# Of a parse, what is no name of a column; those that a statement gives are looked at where they are
# used.
_NO_COLUMNS = {
    "alias", "aliases", "class", "column_name_alias", "function_name", "kind", "name", "path",
    "table_name", "text", "type",
}  # fmt: skip


class SqlError(ValueError):
    """A statement or condition that cannot be read, or that does not fit the table."""


@dataclass(frozen=True)
class Statement:
    """A statement that was read and may be run."""

    text: str
    """With the names that DuckDB has for columns and fields."""
    columns: list[int]
    """The columns of the file that it may read."""


def connect() -> DuckDBPyConnection:
    """DuckDB in memory, which neither opens files nor loads extensions, whatever it is told."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "temp_directory": "",
            "memory_limit": f"{_memory_limit()}B",
            "threads": str(max(1, min(MAX_THREADS, os.cpu_count() or 1))),
        },
    )
    # The answer is the same wherever it is asked for.
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


def _memory_limit() -> int:
    return min(MAX_MEMORY, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)


class SqlTable:
    """A table file that SQL can be run over, as `t`: one statement each. For one thread."""

    def __init__(self, table: TableFile) -> None:
        self._table = table
        self._names = SqlNames(table)
        self._connection = connect()
        self._waited = Interruptible(self._connection)
        self.row = self._names.unused("row")
        """A column that `t` has as well: the number of the row in the file."""

    def expression(self, name: str) -> str:
        """The SQL for a column, field or property; TableFileError if there is none."""
        return self._names.expression(self._table.choose([name])[name])

    def statement(self, text: str) -> Statement:
        """Read a statement; `SqlError` if it is not one SELECT over `t`."""
        return self._read(text, text)

    def condition(self, text: str) -> Statement:
        """Read a condition, as `--where` takes it; `SqlError` if it is not one expression."""
        start = f"SELECT {quoted(self.row)} FROM {TABLE} WHERE "
        self._parse_condition(start, text)
        read = self._read(start + text, text)
        return Statement(read.text.removeprefix(start), read.columns)

    def names_in(self, text: str) -> list[str]:
        """The columns that a condition names, as it writes them, whether there are any.

        Not those that it gives a name to itself. `SqlError` as of `condition`.
        """
        nodes = list(_nodes(self._parse_condition(f"SELECT 1 FROM {TABLE} WHERE ", text)))
        _check(nodes)
        own = _own_names(nodes)
        tables = _references(nodes)
        found: dict[str, None] = {}
        for node in nodes:
            if node.get("class") == "COLUMN_REF":
                first, *others = node["column_names"]
                name = others[0] if others and first.casefold() in tables else first
                if name.casefold() not in own:
                    found[name] = None
        return list(found)

    def _parse_condition(self, start: str, text: str) -> Any:
        """DuckDB's parse of what a condition is behind `start`, a SELECT."""
        if not text.strip():
            raise SqlError("the condition is empty")
        where = self._parse(start + text, text)
        plain = self._parse(f"{start}true", text)
        condition = where["statements"][0]["node"].pop("where_clause", None)
        plain["statements"][0]["node"].pop("where_clause", None)
        for tree in (where, plain):
            tree["statements"][0].pop("named_param_map", None)
        if where != plain:
            raise SqlError(f"the condition '{text}' is not one condition")
        return condition

    def add(self, name: str, table: pa.Table) -> None:
        """Let what is composed here read another table, which no user's statement can name."""
        self._connection.register(name, table)

    def is_value(self, text: str, kind: str) -> bool:
        """Whether SQL makes a value of a type out of a text. `kind`: SQL's name of the type."""
        cast = f"SELECT TRY_CAST(?::VARCHAR AS {kind}) IS NOT NULL"
        return bool(self._connection.execute(cast, [text]).fetchall()[0][0])

    def run(
        self, statement: Statement, *, with_rows: bool = False
    ) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Run a statement; the rows are computed as they are consumed.

        `with_rows`: `t` has the column `row` as well. `SqlError` for what is wrong with the
        statement, and what TableFile raises.
        """
        # DuckDB says what is wrong with it, of all columns that there are, before any is read. A
        # column of a type that it does not know is no matter to statements that do not name it.
        everything = self._stream(self._names.numbers, with_rows)
        problem = self._problem_with(statement, NoRows(everything.schema))
        stream = self._stream(statement.columns, with_rows or not statement.columns)
        if problem is not None and self._problem_with(statement, stream) is not None:
            raise self._explained(problem) from problem
        self._connection.register(TABLE, stream)
        try:
            with self._errors(stream):
                relation = self._connection.sql(statement.text)
                reader = self._waited(lambda: relation.to_arrow_reader(ROWS_PER_BATCH))
        except BaseException:
            self._connection.close()
            raise
        return reader.schema, self._batches(reader, stream)

    def _problem_with(self, statement: Statement, table: object) -> Exception | None:
        """What DuckDB says is wrong with a statement over `table`, of which nothing is read."""
        import duckdb

        try:
            self._connection.register(TABLE, table)
            self._connection.sql(statement.text)
        except duckdb.Error as error:
            return error
        return None

    def _stream(self, columns: Sequence[int], with_rows: bool) -> SqlStream:
        return SqlStream(self._table, self._names, columns, self.row if with_rows else None)

    def _batches(self, reader: pa.RecordBatchReader, stream: SqlStream) -> Iterator[pa.RecordBatch]:
        batches = iter(reader)
        try:
            with self._errors(stream):
                while (batch := self._waited(lambda: next(batches, None))) is not None:
                    yield batch
        finally:
            # Its threads would stay until the garbage collector comes by.
            self._connection.close()

    @contextmanager
    def _errors(self, stream: SqlStream | None = None) -> Iterator[None]:
        """Raise what a stream raised, or DuckDB's errors as `SqlError`."""
        import duckdb

        try:
            yield
        except duckdb.InterruptException as error:
            raise KeyboardInterrupt from error
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raised = None if stream is None else stream.take_error()
            try:
                raise raised or self._explained(error) from error
            finally:
                del raised  # it knows this frame, and would keep it, and so the connection, alive

    def _explained(self, error: Exception) -> Exception:
        """A sentence for an error of DuckDB."""
        import duckdb

        said = str(error)
        if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory Error" in said:
            return SqlError(
                f"{self._table.file}: the query needs more than the {_memory_limit() >> 20:,} MiB "
                "that it may take; choose fewer columns or rows"
            )
        name = re.search(r'column (?:named )?"([^"\n]+)" not found|a column named "([^"]+)"', said)
        if name is not None:
            return self._table.no_column(name[1] or name[2])
        field = re.search(r'Could not find key "([^"\n]+)" in struct', said)
        if field is not None:
            return self._table.no_field(field[1])
        return SqlError(f"{self._table.file}: {reason_of(error)}")

    def _parse(self, text: str, shown: str) -> Any:
        """DuckDB's own parse of one SELECT."""
        if len(text) > MAX_STATEMENT:
            raise SqlError(f"the SQL has more than {MAX_STATEMENT:,} characters")
        import duckdb

        try:
            row = self._connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [text])
            tree = json.loads(row.fetchall()[0][0])
        except RecursionError as error:
            raise SqlError("the SQL is nested too deeply") from error
        except duckdb.Error as error:
            raise SqlError(f"'{shown}' cannot be read: {error}") from error
        if tree["error"]:
            if tree.get("error_type") == "not implemented":
                raise SqlError(
                    f"'{shown}' is no SELECT; one SELECT over the table '{TABLE}' is run"
                )
            raise SqlError(f"'{shown}' cannot be read: {tree['error_message']}")
        if len(tree["statements"]) != 1:
            raise SqlError(f"'{shown}' is not one statement")
        return tree

    def _read(self, text: str, shown: str) -> Statement:
        tree = self._parse(text, shown)
        nodes = list(_nodes(tree))
        _check(nodes)
        strings = {value.casefold() for node in nodes for value in _strings(node)}
        self._check_shared(nodes)
        references = _references(nodes)
        wants_all = any(
            node.get("class") == "STAR"
            or node.get("type") == "PIVOT"
            or node.get("ref_type") == "NATURAL"
            or _is_whole_row(node, references)
            for node in nodes
        )
        replaced, fields = self._with_names(text, nodes, _aliases(nodes), references)
        columns = self._names.numbers_of(strings) | fields
        return Statement(replaced, list(self._names.numbers) if wants_all else sorted(columns))

    def _check_shared(self, nodes: list[dict[str, Any]]) -> None:
        """TableFileError for a list of names, as of EXCLUDE, with one that several columns have."""
        for node in nodes:
            if node.get("class") == "COLUMN_REF":
                continue
            texts = _strings({key: node[key] for key in node if key not in _NO_COLUMNS})
            for text in texts:
                if self._names.is_shared(text) and text not in self._names.names:
                    raise TableFileError(self._names.shared_text(text))

    def _with_names(
        self,
        text: str,
        nodes: list[dict[str, Any]],
        aliases: set[str],
        references: set[str],
    ) -> tuple[str, set[int]]:
        """`text` with the names that DuckDB has for columns and fields, and their columns.

        These are fields and properties by their names (`"dim:width"`), and what differs by case
        alone. A name that the statement gives to something itself is not touched.
        """
        shown = {
            id(item)
            for node in nodes
            for item in node.get("select_list") or ()
            if not item["alias"]
        }
        data = text.encode()
        columns: set[int] = set()
        edits: list[tuple[int, int, str]] = []
        for node in nodes:
            if node.get("class") != "COLUMN_REF":
                continue
            begin, names = node["query_location"], node["column_names"]
            end = begin + node["query_location_length"]
            for at, name in enumerate(names):
                if at and names[at - 1].casefold() not in references:
                    break
                if name.casefold() in aliases:
                    if self._names.is_shared(name) and end <= len(data):
                        raise TableFileError(self._names.shared_text(name))
                    continue
                found = self._names.reached(names[at:])
                if found is None or not found.is_renamed:
                    continue
                columns.add(found.column)
                parts = [*map(quoted, names[:at]), found.sql]
                parts += map(quoted, names[at + found.names :])
                written = ".".join(parts)
                if id(node) in shown and found.is_other:
                    written += f" AS {quoted(names[-1])}"
                if end <= len(data):
                    edits.append((begin, end, written))
                break
        for begin, end, written in sorted(edits, reverse=True):
            data = data[:begin] + written.encode() + data[end:]
        return data.decode(), columns


def reason_of(error: Exception) -> str:
    """What an error of DuckDB says, in one line."""
    # The other lines show the place in the text, or list functions.
    first = str(error).strip().split("\n")[0]
    return re.sub(r"^(arrow_scan: |[\w ]{1,40} Error: )+", "", first)


def _references(nodes: list[dict[str, Any]]) -> set[str]:
    """What tables are called in a statement, in one case."""
    tables = [node for node in nodes if "sample" in node and "alias" in node]
    names = {node.get(key) or "" for node in tables for key in ("alias", "table_name")}
    return {TABLE, *(name.casefold() for name in names if name)}


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects of a parse."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield node
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def _strings(node: dict[str, Any]) -> Iterator[str]:
    for value in node.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, str))


def _aliases(nodes: list[dict[str, Any]]) -> set[str]:
    """The names that a statement gives to something itself, in small letters."""
    return {
        value.casefold()
        for node in nodes
        for key in ("alias", "aliases", "column_name_alias")
        for value in ([node[key]] if isinstance(node.get(key), str) else node.get(key) or ())
        if isinstance(value, str)
    }


def _own_names(nodes: list[dict[str, Any]]) -> set[str]:
    """As `_aliases`, with the parameters of functions without a name."""
    own = _aliases(nodes)
    for node in nodes:
        if node.get("class") == "LAMBDA":
            for inner in _nodes(node["lhs"]):
                own.update(name.casefold() for name in inner.get("column_names") or ())
    return own


def _is_whole_row(node: dict[str, Any], references: set[str]) -> bool:
    names = node.get("column_names") if node.get("class") == "COLUMN_REF" else None
    return bool(names) and len(names) == 1 and names[0].casefold() in references  # type: ignore[arg-type,index]


def _check(nodes: list[dict[str, Any]]) -> None:
    """`SqlError` if a statement reads anything but `t`, or does anything but read."""
    made = {
        entry["key"].casefold()
        for node in nodes
        if isinstance(node.get("cte_map"), dict)
        for entry in node["cte_map"]["map"]
    }
    for node in nodes:
        kind = node.get("type")
        if "modifiers" in node and "cte_map" in node and kind not in _QUERY_NODES:
            raise SqlError(f"a statement reads and does not write; '{kind}' cannot be run")
        if node.get("named_param_map"):
            raise SqlError("a parameter has no value here; write the value itself")
        if "sample" not in node or "alias" not in node:
            continue
        if kind == "BASE_TABLE":
            name = node["table_name"]
            is_plain = not node["schema_name"] and not node["catalog_name"]
            if not is_plain or name.casefold() not in made | {TABLE}:
                raise SqlError(f"there is no table '{name}'; the table of the file is '{TABLE}'")
        elif kind == "TABLE_FUNCTION":
            name = node["function"]["function_name"]
            if name.casefold() not in _TABLE_FUNCTIONS:
                raise SqlError(f"'{name}' is no table; the table of the file is '{TABLE}'")
        elif kind == "SHOW_REF" and node["query"] is None:
            raise SqlError(f"there is one table here, '{TABLE}': DESCRIBE {TABLE} shows it")
        elif kind not in _TABLE_REFERENCES:
            raise SqlError(f"'{kind}' cannot be run here")
