"""Reads CSV files: DuckDB finds out how they are written, and the types of their columns."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from usdparquet.tables.atomic_file import temporary_folder
from usdparquet.tables.errors import TableFileError
from usdparquet.tables.grouped_numbers import Grouped, grouped_numbers
from usdparquet.tables.guessed_dates import guessed_dates
from usdparquet.tables.interruptible import Interruptible

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DELIMITERS = (",", ";", "\t", "|")
_DECIMALS = (".", ",")
# In columns that otherwise hold numbers, dates or truth values.
_NULLS = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null",
]  # fmt: skip
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PORTION = 1 << 20
_LONGEST_ROW = 2_000_000
"""Bytes; DuckDB's own limit."""
_SHOWN = 200
_UNLIKE = re.compile(r'Error when converting column "(.*)"\. Could not convert')


@dataclass(frozen=True)
class TextFormat:
    """How a text file is written, where that is not to be found out."""

    delimiter: str = ""
    decimal: str = ""
    encoding: str = ""
    """A name that Python knows; if not given, UTF-8 or what the mark at the start says."""


AS_FOUND = TextFormat()
"""To be found out."""


def read_csv(file: Path, given: TextFormat, notes: list[str] | None = None) -> pa.Table:
    """A CSV file with types inferred from all its rows.

    An empty cell is a null, two quotes are an empty text. In columns that otherwise hold numbers,
    dates or truth values, `NA`, `NaN`, `null` and the like are nulls too; in others they are texts.
    Numbers may have signs between thousands; `notes` takes what to tell of such columns.
    """
    if len(given.delimiter) > 1:
        raise TableFileError(f"the delimiter '{given.delimiter}' is not one character")
    if given.decimal not in ("", *_DECIMALS):
        raise TableFileError(f"the decimal sign '{given.decimal}' is neither '.' nor ','")
    with _utf8_file(file, given.encoding) as text, _only(text) as connection:
        reader = _Reader(connection, file, text, given)
        try:
            return reader.table([] if notes is None else notes)
        except _duckdb_errors() as error:
            said = str(reader.error_with_line() or error).replace(str(text), str(file))
            raise TableFileError(f"{file}: {_reason(said)}") from error


def _reason(said: str) -> str:
    """What is wrong with a file, out of what DuckDB says of it."""
    place = re.search(r"Error on Line: (\d+)", said)
    if place is not None and re.search(r"^Maximum line size of", said, re.MULTILINE):
        return (
            f"the row in line {int(place[1]):,} has more than {_LONGEST_ROW:,} bytes, which a row "
            "of a CSV file may have at most; look for a double quote that does not end, or give "
            "the table as a .parquet or .arrow file"
        )
    if place is not None and "unterminated quote" in said:
        return (
            f"cannot be read as csv: the row in line {int(place[1]):,} has a double quote that "
            "does not end; end it, or write two for one that is text"
        )
    counts = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", said)
    if place is not None and counts is not None:
        return (
            f"cannot be read as csv: the row in line {int(place[1]):,} has {int(counts[2]):,} "
            f"cell{'' if counts[2] == '1' else 's'}, the first line names {int(counts[1]):,} "
            f"column{'' if counts[1] == '1' else 's'}; give the row as many cells, put a text "
            "with what separates them in double quotes, or say what does (convert --delimiter)"
        )
    lines = [line.strip() for line in said.split("Possible")[0].splitlines()]
    lines = [line if len(line) <= _SHOWN else line[:_SHOWN] + "…" for line in lines[:4] if line]
    return "cannot be read as csv: " + "; ".join(lines).replace("Invalid Input Error: ", "")


class _Reader:
    """One file, read by a connection that can read nothing else."""

    def __init__(
        self, connection: DuckDBPyConnection, file: Path, text: Path, given: TextFormat
    ) -> None:
        self._connection = connection
        self._waited = Interruptible(connection)
        self._file, self._text = file, str(text)
        self._delimiter = given.delimiter or self._found_delimiter(text, file)
        self._names = self._header(text, file)
        self._decimal = given.decimal

    def table(self, notes: list[str]) -> pa.Table:
        """All rows; `notes` takes what to tell of them."""
        decimals: Sequence[str] = self._decimal or _DECIMALS
        self._decimal = self._decimal or self._found_decimal()
        if self._decimal == ",":  # "." may just be no matter
            decimals = ","
        table = self._read_typed()
        kinds = [field.type for field in table.schema]
        texts = [i for i, kind in enumerate(kinds) if pa.types.is_string(kind)]
        dates = [i for i, kind in enumerate(kinds) if pa.types.is_temporal(kind)]
        if texts or dates:
            # There, what elsewhere says that there is no number is a text as any other.
            plain = self._read([""], ", all_varchar = true")
            for index in dates:
                guessed = guessed_dates(plain.column(index), table.column(index))
                if guessed is not None:
                    column = self._names[index]
                    notes.append(f"{self._file}: column '{column}' {guessed}")
            for index in texts:
                cells, kind = plain.column(index), pa.string()
                found = grouped_numbers(cells, decimals, _NULLS)
                if found is not None:
                    notes.append(f"{self._file}: {_told(self._names[index], found)}")
                    if found.numbers is not None:
                        cells, kind = found.numbers, pa.float64()
                table = table.set_column(index, table.schema.field(index).with_type(kind), cells)
        if len(self._names) != table.num_columns:
            raise TableFileError(f"{self._file}: its first line does not name its columns")
        return table.rename_columns(self._names)

    def error_with_line(self) -> Exception | None:
        """What DuckDB says of the file once it is told all that it failed to find out."""
        columns = ", ".join(f"{_sql(name)}: 'VARCHAR'" for name in self._names)
        try:
            self._read([""], f", auto_detect = false, columns = {{{columns}}}")
        except _duckdb_errors() as error:
            return error
        return None

    def _read_typed(self) -> pa.Table:
        """The table with the types that DuckDB finds; columns with cells of others are texts.

        It has one way in which dates are written for a file, and finds no other for a column.
        """
        texts: list[str] = []
        while True:
            types = ", ".join(f"{_sql(name)}: 'VARCHAR'" for name in texts)
            try:
                return self._read(_NULLS, f", types = {{{types}}}" if texts else "")
            except _duckdb_errors() as error:
                found = _UNLIKE.search(str(error))
                if found is None or found[1] in texts:
                    raise
                texts.append(found[1])

    def _read(self, nulls: list[str], more: str = "") -> pa.Table:
        arguments = (
            f"delim = {_sql(self._delimiter)}, quote = '\"', escape = '\"', header = true, "
            f"skip = 0, comment = '', decimal_separator = {_sql(self._decimal or '.')}, "
            "sample_size = -1, "
            f"nullstr = [{', '.join(map(_sql, nulls))}], allow_quoted_nulls = false"
        )
        text = f"SELECT * FROM read_csv({_sql(self._text)}, {arguments}{more})"
        return self._waited(lambda: self._connection.sql(text).to_arrow_table())

    def _sniffed(self, more: str) -> dict[str, Any]:
        text = f"SELECT * FROM sniff_csv({_sql(self._text)}, header = true{more})"
        found: dict[str, Any] = self._connection.sql(text).to_arrow_table().to_pylist()[0]
        return found

    def _found_delimiter(self, text: Path, file: Path) -> str:
        """What DuckDB finds, if the first line has it; else what the first line has most of."""
        if file.suffix.lower() == ".tsv":
            return "\t"
        with text.open(encoding="utf-8", newline="") as lines:
            first = lines.readline()
        import duckdb

        try:
            found = str(self._sniffed("")["Delimiter"])
        except duckdb.Error:
            found = ""
        if len(found) == 1 and found in first:
            return found
        most = max(_DELIMITERS, key=first.count)
        return most if most in first else ","

    def _found_decimal(self) -> str:
        """The decimal sign by which more columns hold numbers; a point if that is no matter."""
        if self._delimiter == ",":
            return "."
        counts = []
        for decimal in _DECIMALS:
            nulls = ", ".join(map(_sql, _NULLS))
            found = self._sniffed(
                f", delim = {_sql(self._delimiter)}, quote = '\"', escape = '\"', "
                f"decimal_separator = {_sql(decimal)}, sample_size = -1, nullstr = [{nulls}]"
            )
            counts.append(sum(one["type"] in ("BIGINT", "DOUBLE") for one in found["Columns"]))
        return _DECIMALS[counts[1] > counts[0]]

    def _header(self, text: Path, file: Path) -> list[str]:
        """The names of the columns as they are, which DuckDB would make different."""
        with text.open(encoding="utf-8", newline="") as lines:
            try:
                names = next(csv.reader(lines, delimiter=self._delimiter), [])
            except csv.Error as error:
                raise TableFileError(f"{file}: cannot be read as csv: {error}") from error
        repeated = [name for name, count in Counter(names).items() if count > 1]
        if repeated:
            raise TableFileError(f"{file}: two columns are named '{repeated[0]}'")
        if not names:
            raise TableFileError(f"{file}: cannot be read as csv: it has no first line with names")
        return names


def _told(column: str, found: Grouped) -> str:
    """What to tell of a column of numbers with signs between thousands."""
    if found.numbers is None:
        return (
            f"column '{column}' is text: '{found.example}' may be a number with '{found.sign}' "
            "between thousands, and may be something else"
        )
    return (
        f"column '{column}' is read as numbers with '{found.sign}' between thousands, such as "
        f"'{found.example}'"
    )


@contextmanager
def _only(file: Path) -> Iterator[DuckDBPyConnection]:
    """A connection that can read one file, and is told nothing but what is written here."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "temp_directory": "",
        },
    )
    try:
        connection.execute(f"SET allowed_paths = [{_sql(str(file))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


@contextmanager
def _utf8_file(file: Path, encoding: str) -> Iterator[Path]:
    """The file, or a copy of it in UTF-8."""
    with file.open("rb") as data:
        start = data.read(4)
    if not encoding:
        encoding = next((name for mark, name in _MARKS.items() if start.startswith(mark)), "utf-8")
    try:
        is_utf8 = codecs.lookup(encoding).name == "utf-8"
    except LookupError as error:
        raise TableFileError(f"there is no encoding '{encoding}'") from error
    if is_utf8:
        for _ in _decoded(file, encoding):
            pass
        yield file.absolute()
        return
    with temporary_folder() as folder:
        copy = folder / "text.csv"
        with copy.open("w", encoding="utf-8", newline="") as out:
            for text in _decoded(file, encoding):
                out.write(text)
        yield copy


def _decoded(file: Path, encoding: str) -> Iterator[str]:
    """The text of a file in portions; TableFileError, with the line, where it is none."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with file.open("rb") as data:
        while True:
            portion = data.read(_PORTION)
            try:
                text = decoder.decode(portion, final=not portion)
            except UnicodeDecodeError as error:
                line += bytes(error.object[: error.start]).count(b"\n")
                what = "UTF-8" if encoding.startswith("utf-8") else encoding
                raise TableFileError(
                    f"{file}: line {line:,} is text that is no valid {what}; save the file as "
                    "UTF-8, or say what it is (convert --encoding cp1252)"
                ) from error
            line += text.count("\n")
            yield text
            if not portion:
                return


def _duckdb_errors() -> type[Exception]:
    import duckdb

    found: type[Exception] = duckdb.Error
    return found


def _sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
