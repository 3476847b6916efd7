"""The errors of tables, and what they say."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from usdparquet._plugin import load_core
from usdparquet.tables.file_kinds import FileKind, kind_of

_MAX_SHOWN_NAMES = 20


class OptionsError(ValueError):
    """What was asked for does not go together, whatever is in the files."""


class TableFileError(ValueError):
    """A file that is not a table, or that lacks what was asked for."""


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
    known = [*columns, *others]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7) or [
        one for one in known if one.casefold() == name.casefold()
    ]
    if near:
        return f"{file}: there is no column '{name}'; the nearest is '{near[0]}'"
    return f"{file}: there is no column '{name}' ({shown_names(columns)})"


def shown_names(names: Sequence[str]) -> str:
    """`there are 'a', 'b'`, of at most 20 names."""
    shown = ", ".join(f"'{name}'" for name in names[:_MAX_SHOWN_NAMES])
    return f"there are {shown}{', …' if len(names) > _MAX_SHOWN_NAMES else ''}"
