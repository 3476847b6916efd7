"""Tables of cells: whole for a program, and as wide as a terminal for its reader."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from usdparquet.cli.console import DASH, counted, say

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_GAP = "  "
_LINE = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
LEAST_TEXT = 12
"""A column of texts is not made narrower than this: another one is left out."""
_LEAST_SENTENCE = 20
_DIGITS = 6
"""Those of a number on a terminal."""


_NUMBER_AT_END = re.compile(r"[-+.\d][-+.\de]*$")
_NUMBER_GOES_ON = re.compile(r"[-+.\de]")


@dataclass
class Column:
    """A column of a table, with its cells from top to bottom."""

    title: str
    is_number: bool = False
    """Put to the right, and never cut."""
    is_sentence: bool = False
    """Broken between words rather than cut."""
    is_list: bool = False
    """Its cells are lists or structs, whose numbers are not cut."""
    cells: list[str] = field(default_factory=list)
    least: int = 0
    """How wide it has to be: texts that are numbers are not cut either."""


def is_for_reader() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout.isatty()


def print_table(columns: Sequence[Column]) -> None:
    """Print columns with as many cells each; on a terminal as wide as that.

    Long texts are cut there, paths in the middle, and columns that have no room are counted.
    """
    width = shutil.get_terminal_size().columns if is_for_reader() else None
    for line in table_lines(columns, width):
        say(line)


def table_lines(columns: Sequence[Column], width: int | None) -> list[str]:
    """The lines of a table, none wider than `width`."""
    shown = list(columns) if width is None else list(columns[: _fitting(columns, width)])
    widths = [_natural(column) for column in shown]
    if width is not None:
        widths = _narrowed(shown, widths, width)
    lines = _row(shown, widths, [column.title for column in shown])
    lines.append(_LINE * (sum(widths) + len(_GAP) * (len(widths) - 1)))
    for cells in zip(*(column.cells for column in shown), strict=True):
        lines += _row(shown, widths, cells)
    left_out = [column.title for column in columns[len(shown) :]]
    if left_out:
        more = f"{counted(len(left_out), 'more column')}: {', '.join(left_out)}"
        lines.append(cut(more, width or 0))
    return [line.rstrip() for line in lines]


def number_text(value: float | Decimal) -> str:
    """A number as a table shows it: on a terminal, rounded where it is long."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    is_exact = not isinstance(value, float) or float(text) == value
    if is_exact and (len(text) <= _DIGITS + 2 or not is_for_reader()):
        return text
    if not is_for_reader():
        return repr(value)
    return rounded(value)


def list_text(value: Any) -> str:
    """A list or struct as Python writes it, with numbers as a table shows them."""
    if isinstance(value, float | Decimal) and is_for_reader():
        return number_text(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(list_text, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {list_text(item)}" for key, item in value.items()) + "}"
    return str(value) if isinstance(value, Decimal) else repr(value)


def shortened(digits: str) -> str:
    """A whole number as a column of texts has room for it."""
    return digits if len(digits) <= LEAST_TEXT else f"{Decimal(digits):.{_DIGITS}g}"


def rounded(value: float | Decimal) -> str:
    """A number with six digits, or with all those before the point."""
    size = abs(float(value))
    is_plain = 10**_DIGITS - 0.5 <= size < 1e15
    return f"{value:.0f}" if is_plain else f"{value:.{_DIGITS}g}"


def cut(text: str, width: int) -> str:
    """A text no wider than `width`: without the middle if it is a path, else without the end."""
    if _width(text) <= width:
        return text
    room = max(width - 1, 0)
    if "/" not in text:
        return _beginning(text, room) + ELLIPSIS
    end = _beginning(text[::-1], (room + 1) // 2)[::-1]
    return _beginning(text, room - _width(end)) + ELLIPSIS + end


def cut_list(text: str, width: int) -> str:
    """A list no wider than `width`, without its end, which is not within a number."""
    if _width(text) <= width:
        return text
    shown = _beginning(text, max(width - 1, 0))
    number = _NUMBER_AT_END.search(shown)
    if number is not None and _NUMBER_GOES_ON.match(text[len(shown) :]):
        shown = shown[: number.start()]
    return shown + ELLIPSIS


def _fitting(columns: Sequence[Column], width: int) -> int:
    """How many columns have room; at least one."""
    used = -len(_GAP)
    for number, column in enumerate(columns):
        used += len(_GAP) + _least(column)
        if used > width:
            return max(number, 1)
    return len(columns)


def _least(column: Column) -> int:
    """How wide a column has to be."""
    if column.is_number:
        return max(_uncut(column), min(_width(column.title), LEAST_TEXT))
    least = min(_natural(column), _LEAST_SENTENCE if column.is_sentence else LEAST_TEXT)
    return max(least, _uncut(column))


def _uncut(column: Column) -> int:
    """How wide its numbers are."""
    if column.is_number:
        return max((_width(cell) for cell in column.cells), default=0)
    return column.least


def _natural(column: Column) -> int:
    return max(_width(text) for text in (column.title, *column.cells))


def _narrowed(columns: Sequence[Column], widths: list[int], width: int) -> list[int]:
    """Take from the widest columns until all fit."""
    widths = list(widths)
    least = [_least(column) for column in columns]
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while over > 0:
        able = [at for at, wide in enumerate(widths) if wide > least[at]]
        if not able:
            # A single column.
            return [
                max(min(wide, width), _uncut(column))
                for wide, column in zip(widths, columns, strict=True)
            ]
        widest = max(able, key=lambda at: widths[at])
        widths[widest] -= 1
        over -= 1
    return widths


def _row(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> list[str]:
    """The lines of a row: several where sentences are broken."""
    blocks = [
        _broken(cell, wide)
        if column.is_sentence
        else [(cut_list if column.is_list else cut)(cell, wide)]
        for column, wide, cell in zip(columns, widths, cells, strict=True)
    ]
    lines = []
    for at in range(max(len(block) for block in blocks)):
        parts = [
            _padded(block[at] if at < len(block) else "", wide, column.is_number)
            for column, wide, block in zip(columns, widths, blocks, strict=True)
        ]
        lines.append(_GAP.join(parts))
    return lines


def _broken(text: str, width: int) -> list[str]:
    """A sentence in lines, a word that is too long for one in pieces."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and _width(lines[-1]) + 1 + _width(word) > width:
            lines.append("")
        elif lines[-1]:
            lines[-1] += " "
        while _width(word) > width:
            piece = _beginning(word, width) or word[:1]
            lines[-1] += piece
            word = word[len(piece) :]
            lines.append("")
        lines[-1] += word
    return lines


def _padded(text: str, width: int, is_number: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if is_number else text + blanks


def _beginning(text: str, width: int) -> str:
    """As much of the start of a text as has room."""
    used = 0
    for at, character in enumerate(text):
        used += _width(character)
        if used > width:
            return text[:at]
    return text


def _width(text: str) -> int:
    """The places that a text takes in a terminal: a Chinese character takes two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def printable(text: str) -> str:
    """A text out of a file without what would move a terminal's cursor."""
    return "".join(character if character.isprintable() else "?" for character in text)


def cells_of(values: Iterable[str | None]) -> list[str]:
    """Texts as cells."""
    return [DASH if value is None else printable(value) for value in values]
