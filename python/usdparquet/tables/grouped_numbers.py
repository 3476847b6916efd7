"""Numbers that are written with signs between thousands, such as 1.234,25 and 1,234.25."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_GROUP_SIGNS = (".", ",", "'", "\N{RIGHT SINGLE QUOTATION MARK}", " ", "\xa0", "\u202f")
_FIRST = 100
"""Cells that are looked at before all are: most columns of texts are told apart by them."""


@dataclass(frozen=True)
class Grouped:
    """What a column of texts turned out to be."""

    numbers: pa.ChunkedArray | None
    """None if it may be something else as well: no cell has a decimal sign besides."""
    sign: str
    """The one between thousands."""
    example: str


def grouped_numbers(
    cells: pa.ChunkedArray, decimals: Sequence[str], nulls: Sequence[str]
) -> Grouped | None:
    """The numbers of a column of texts, all of which are some, and some of which have groups.

    `decimals`: the decimal signs that there may be. `nulls`: texts that stand for no number. None
    if the column is not of such numbers.
    """
    known = pc.drop_null(cells)
    known = known.filter(pc.invert(pc.is_in(known, pa.array(nulls, known.type))))
    for decimal in decimals:
        for sign in _GROUP_SIGNS:
            if sign != decimal:
                found = _grouped(cells, known, decimal, sign)
                if found is not None:
                    return found
    return None


def _grouped(
    cells: pa.ChunkedArray, known: pa.ChunkedArray, decimal: str, sign: str
) -> Grouped | None:
    point = rf"\x{{{ord(decimal):x}}}"
    groups = rf"[+-]?[1-9]\d{{0,2}}(\x{{{ord(sign):x}}}\d{{3}})+"
    numbers = rf"^({groups}|[+-]?\d+)({point}\d+)?$"
    for part in (known[:_FIRST], known):
        if not pc.all(pc.match_substring_regex(part, numbers)).as_py():
            return None
    for is_sure, pattern in ((True, rf"^{groups}{point}\d+$"), (False, rf"^{groups}$")):
        examples = known.filter(pc.match_substring_regex(known, pattern))
        if len(examples):
            example = str(examples[0].as_py())
            return Grouped(
                _numbers(cells, known, decimal, sign) if is_sure else None, sign, example
            )
    return None


def _numbers(
    cells: pa.ChunkedArray, known: pa.ChunkedArray, decimal: str, sign: str
) -> pa.ChunkedArray:
    is_number = pc.is_in(cells, known.unique())
    texts = pc.if_else(is_number, cells, pa.scalar(None, cells.type))
    texts = pc.replace_substring(pc.replace_substring(texts, sign, ""), decimal, ".")
    return pc.replace_substring_regex(texts, r"^\+", "").cast(pa.float64())
