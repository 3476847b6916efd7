"""The errors of tables, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from usdparquet._plugin import load_core
from usdparquet._texts import nearest_name, shown_names
from usdparquet.tables.file_kinds import FileKind, FileKindError, kind_of


class OptionsError(ValueError):
    """What was asked for does not go together, whatever is in the files."""


class TableFileError(ValueError):
    """A file that is not a table, or that lacks what was asked for."""


class OutputError(ValueError):
    """What the format of a file cannot hold."""


def kind_of_output(
    file: Path, what: str = "", kinds: Sequence[FileKind] = tuple(FileKind)
) -> FileKind:
    """The kind of a file to write, out of `kinds`; OptionsError if its suffix is of no such kind.

    `what`: what the error says of what is written, and how to write it.
    """
    try:
        kind = kind_of(file)
    except FileKindError as error:
        raise OptionsError(str(error)) from error
    if kind not in kinds:
        raise OptionsError(f"{file}: {what}")
    return kind


def bad_text(file: Path, column: str, row: int) -> TableFileError:
    """The error for text in a file that is no UTF-8."""
    advice = {
        FileKind.ARROW: "write the text as UTF-8, or the column as binary",
    }
    message = load_core().bad_text_message(column, row, advice.get(kind_of(file), ""))
    return TableFileError(f"{file}: {message}")


def no_column(file: Path, name: str, columns: Sequence[str], others: Sequence[str]) -> str:
    """What to say of a column that is not there: the nearest name, or those that there are.

    `others`: further names that would do, of properties and of fields.
    """
    near = nearest_name(name, [*columns, *others])
    if near is not None:
        return f"{file}: there is no column '{name}'; the nearest is '{near}'"
    return f"{file}: there is no column '{name}' ({shown_names(columns)})"
