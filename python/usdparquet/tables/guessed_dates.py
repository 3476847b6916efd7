"""Dates that may be of another order of day, month and year, such as 02/03/2024."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_PARTS = r"^\s*(?P<a>\d{1,2})\D(?P<b>\d{1,2})\D(?P<c>\d{4}|\d{2})(?:\D|$)"
_ORDERS = (("day", "month", "year"), ("month", "day", "year"), ("year", "month", "day"))


def guessed_dates(texts: pa.ChunkedArray, dates: pa.ChunkedArray) -> str | None:
    """What to tell of a column whose dates were read in one of several ways.

    `texts`: the cells as they are written, all in one way. `dates`: what they were read as, dates
    or timestamps. None if there is one way alone, or all ways give the same.
    """
    is_read = pc.is_valid(dates)
    texts, dates = texts.filter(is_read), dates.filter(is_read)
    if not len(texts) or not pc.match_substring_regex(texts[:1], _PARTS)[0].as_py():
        return None  # most begin with a year of four digits
    found = pc.extract_regex(texts, _PARTS)
    parts = [pc.struct_field(found, name) for name in "abc"]
    has_long_years = len(parts[2][0].as_py()) == 4
    parts = [part.cast(pa.int32()) for part in parts]
    ways = [
        way
        for order in (_ORDERS[:2] if has_long_years else _ORDERS)
        for way in [dict(zip(order, parts, strict=True))]
        if pc.max(way["month"]).as_py() <= 12 and pc.max(way["day"]).as_py() <= 31
    ]
    row = pc.index(pc.not_equal(parts[0], parts[1]), True).as_py()
    if row < 0 and not has_long_years:
        row = pc.index(pc.not_equal(parts[0], parts[2]), True).as_py()
    if row < 0 or len(ways) < 2:
        return None
    date = dates[row].as_py()
    used = next(
        (
            way
            for way in ways
            if (way["day"][row].as_py(), way["month"][row].as_py()) == (date.day, date.month)
        ),
        ("dates",),  # a time zone may have changed the day
    )
    return (
        f"is read as {'/'.join(used)}, '{texts[row]}' as {date:%Y-%m-%d}; if that is wrong, write "
        "its dates as year-month-day"
    )
