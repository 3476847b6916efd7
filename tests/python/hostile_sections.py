"""Sections of usdparquet's own made to harm: whatever they claim, their checksums are right."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from embedded_sections import (
    INDEX,
    PAGES,
    RESIDUAL,
    TIMES,
    Section,
    digest,
    replace_residual,
    replace_section,
    residual_of,
    section_of,
    set_section,
)
from hostile_files import (
    exported,
    hostile,
    long_rows,
    long_table,
    optimized,
    optimized_rows,
)
from parquet_surgery import Surgery

NONE = 0xFFFFFFFF
WIDE = (1 << 31, NONE, NONE - 1)
Edit = Callable[[Section], object]


def section(name: str, key: str, edit: Edit) -> None:
    """A case: a sound file whose section of that key is edited."""
    is_long = key == TIMES
    build = long_table if is_long else optimized
    rows = long_rows if is_long else optimized_rows
    hostile(name, lambda: replace_section(build(), key, edit), rows)


def claim(prefix: str, key: str, claims: dict[str, tuple[int, ...]]) -> None:
    """Cases of one number in the header each."""
    for field, numbers in claims.items():
        for number in numbers:
            section(
                f"{prefix}_{field}_{number}",
                key,
                lambda s, field=field, number=number: s.claims.update({field: number}),
            )


def cell(prefix: str, key: str, table: int, row: int, column: int, *numbers: float) -> None:
    """Cases of one number of one table each."""
    for number in numbers:

        def edit(s: Section, number: float = number) -> None:
            s.tables[table][row][column] = number

        section(f"{prefix}_{number}", key, edit)


def padded(s: Section) -> None:
    s.padding = 4


def padded_claimed(s: Section) -> None:
    s.padding = 4
    s.claims["header_size"] = 196


# The path index: tables 0 buckets, 1 entries, 2 and 3 those of parents, 4 parents (row, depth,
# first run), 5 runs (first row, count). Parent 1 is /W with a run of 1000.

_BITS = (0, 1, 31, 32, 33, 63, 64, 65, 255, NONE)
claim(
    "index",
    INDEX,
    {
        "header_size": (0, 8, 191, 193, 196, 200, 1 << 20, NONE - 7, NONE),
        "total": (0, 191, 192, 1 << 32, (1 << 63) - 1, (1 << 64) - 1, (1 << 64) - 192),
        "rows": (0, 1, 999, 1001, NONE),
        "row_entries": (0, 1, 1 << 20, 1 << 29, 1 << 31, NONE),
        "row_id": _BITS,
        "row_bits": _BITS,
        "parents": (0, 1, 3, 1 << 28, NONE, NONE - 1),
        "runs": (0, 1, 3, 1 << 29, NONE),
        "parent_entries": (0, 1, 1 << 29, NONE),
        "parent_id": _BITS,
        "parent_bits": _BITS,
        "blocks": (0, 2, 1 << 30, NONE),
    },
)
section("index_padded", INDEX, padded)
section("index_padded_claimed", INDEX, padded_claimed)
for _parent in (0, 1):
    cell(f"index_parent_{_parent}_depth", INDEX, 4, _parent, 1, *WIDE, 2, 1000)
    cell(f"index_parent_{_parent}_row", INDEX, 4, _parent, 0, 1000, 1 << 31, NONE - 1)
    cell(f"index_parent_{_parent}_run", INDEX, 4, _parent, 2, 2, 3, *WIDE)
cell("index_parent_end", INDEX, 4, 2, 2, 0, 1, 3, *WIDE)
for _run in (0, 1):
    cell(f"index_run_{_run}_row", INDEX, 5, _run, 0, 999, 1000, *WIDE)
    cell(f"index_run_{_run}_count", INDEX, 5, _run, 1, 0, 1001, *WIDE)
for _bucket in (0, 1, 5, -1):
    cell(f"index_bucket_{_bucket}", INDEX, 0, _bucket, 0, 999, 1001, *WIDE)
for _bucket in (0, 1):
    cell(f"index_parent_bucket_{_bucket}", INDEX, 2, _bucket, 0, 3, *WIDE)


def _all_ids(table: int) -> Edit:
    """Entries whose ids are as large as their bits hold."""

    def edit(s: Section) -> None:
        bits = s.head["row_id" if table == 1 else "parent_id"]
        for entry in s.tables[table]:
            entry[0] |= (1 << bits) - 1

    return edit


def _runs(count: int, rows: int) -> Edit:
    """`count` runs of that many rows, all of them children of /W."""

    def edit(s: Section) -> None:
        s.tables[5][1:] = [[0, rows]] * count
        s.tables[4][2][2] = 1 + count

    return edit


def _runs_of_one(s: Section) -> None:
    """The sum of the runs wraps to the right one in 32 bits."""
    s.tables[5][1:] = [[0, 1 << 31], [0, 1 << 31], [0, 1000]]
    s.tables[4][2][2] = 4


def _parents(count: int) -> Edit:
    """`count` parents that share the runs of the first, by first runs that fall."""

    def edit(s: Section) -> None:
        s.tables[4][2:2] = [[NONE, 1, 1 + i % 2] for i in range(count)]

    return edit


def _own_child(s: Section) -> None:
    """The children of /W are found at the root's depth: each is /W again."""
    s.tables[4][1][1] = 0


def _root_children(s: Section) -> None:
    """The children of the root are the rows of /W."""
    s.tables[5][0] = [0, 1000]


section("index_row_ids", INDEX, _all_ids(1))
section("index_parent_ids", INDEX, _all_ids(3))
section("index_runs_overlap", INDEX, _runs(1000, 1000))
section("index_runs_many", INDEX, _runs(500_000, 1))
section("index_runs_sum", INDEX, _runs(5000, 1 << 30))
section("index_runs_wrap", INDEX, _runs_of_one)
section("index_parents_many", INDEX, _parents(100_000))
section("index_own_child", INDEX, _own_child)
section("index_root_children", INDEX, _root_children)
section("index_no_root", INDEX, lambda s: s.tables[4].clear() or s.tables[4].append([NONE, 0, 0]))
section("index_entries_reversed", INDEX, lambda s: s.tables[1].reverse())
section("index_entries_equal", INDEX, lambda s: s.tables[1].__setitem__(slice(None), [[0]] * 1000))
section("index_buckets_reversed", INDEX, lambda s: s.tables[0].reverse())
section("index_version", INDEX, lambda s: setattr(s, "version", (1, 65535)))


def _invalid_rows(s: Section) -> None:
    s.tail = struct.pack("<II5I10I", *[NONE] * 17) + s.tail[68:]


section("index_invalid_rows", INDEX, _invalid_rows)

# The time index: tables 0 directory, 1 runs (first row, schedule), 2 schedules (first code, codes,
# first offset, base, stride, default), 3 time codes, 4 offsets.

claim(
    "times",
    TIMES,
    {
        "header_size": (0, 191, 196, NONE),
        "total": (0, (1 << 63) - 1, (1 << 64) - 1),
        "rows": (0, 19, 21, NONE),
        "shift": (0, 31, 32, 63, 255, NONE),
        "directory": (0, 1, 1 << 30, NONE),
        "runs": (0, 1 << 29, NONE),
        "schedules": (0, 1 << 28, NONE),
        "codes": (0, 1 << 29, NONE),
        "offsets": (1, 1 << 30, NONE),
        "blocks": (0, 1 << 30, NONE),
    },
)
for _entry in (0, 1, -1):
    cell(f"times_directory_{_entry}", TIMES, 0, _entry, 0, 1, 5, *WIDE)
cell("times_run_row", TIMES, 1, 0, 0, 1, 20, *WIDE)
cell("times_run_schedule", TIMES, 1, 0, 1, 1, *WIDE)
for _column, _name in enumerate(
    ("first_code", "codes", "first_offset", "base", "stride", "default")
):
    cell(f"times_schedule_{_name}", TIMES, 2, 0, _column, 1, 4, 17, 20, *WIDE)
cell("times_code", TIMES, 3, 1, 0, float("nan"), float("inf"), -1.0, 1e308)
section("times_none", TIMES, lambda s: [table.clear() for table in s.tables])


def _offsets(*offsets: int) -> Edit:
    def edit(s: Section) -> None:
        s.tables[4][:] = [[offset] for offset in offsets]
        s.tables[2][0][2] = 0

    return edit


section("times_offsets_beyond", TIMES, _offsets(0, 1, 2, 20))
section("times_offsets_wrap", TIMES, _offsets(0, NONE, NONE - 1, 3))
section("times_offsets_short", TIMES, _offsets(0, 1))
section("times_range", TIMES, lambda s: setattr(s, "tail", struct.pack("<dd", 9, 1) + s.tail[16:]))
section(
    "times_nan",
    TIMES,
    lambda s: setattr(s, "tail", struct.pack("<3d", *[float("nan")] * 3) + s.tail[24:]),
)

# Locators.


def located(key: str, build: Callable[[], bytes], **place: int) -> Callable[[], bytes]:
    def make() -> bytes:
        data = build()
        file = Surgery(data)
        if key == RESIDUAL:
            blob = residual_of(data)
            set_section(file, key, blob, digest(blob), **place)
        else:
            set_section(file, key, *section_of(data, key).coded(), **place)
        return file.data()

    return make


for _key, _build, _rows in (
    (INDEX, optimized, optimized_rows),
    (TIMES, long_table, long_rows),
    (PAGES, optimized, optimized_rows),
    (RESIDUAL, exported, None),
):
    for _place in ("offset", "length"):
        for _number in (0, 1, 7, 191, 1 << 31, 1 << 32, (1 << 63) - 1, (1 << 64) - 1, 10**30):
            hostile(
                f"locator_{_key.split(':')[1]}_{_place}_{_number}",
                located(_key, _build, **{_place: _number}),
                _rows,
            )


def _locator(key: str, text: bytes) -> Callable[[], bytes]:
    def make() -> bytes:
        file = Surgery(exported() if key == RESIDUAL else optimized())
        file.set_entry(key, text)
        return file.data()

    return make


for _key in (INDEX, PAGES, RESIDUAL, "usdparquet:footer"):
    for _name, _text in {
        "empty": b"",
        "negative": b"version=1.0 format=usdc offset=-1 length=-1 checksum=0",
        "long": b"version=1.0 " + b"a=" * 5_000_000,
        "twice": b"version=1.0 offset=0 offset=4 length=9 length=9 checksum=00",
        "bytes": b"\xff\x00\n" * 100,
    }.items():
        hostile(f"locator_text_{_key.split(':')[1]}_{_name}", _locator(_key, _text))


# The residual: crate files that are none, or that lie.


def residual(name: str, edit: Callable[[bytes], bytes]) -> None:
    def make() -> bytes:
        data = exported(is_large=True)
        return replace_residual(data, edit(residual_of(data)))

    hostile(f"residual_{name}", make)


def _toc(blob: bytes) -> int:
    """Offset of the crate file's table of contents, which byte 16 has."""
    (at,) = struct.unpack_from("<q", blob, 16)
    return int(at)


def _put(blob: bytes, at: int, form: str, *numbers: int) -> bytes:
    changed = bytearray(blob)
    struct.pack_into(form, changed, at, *numbers)
    return bytes(changed)


residual("empty", lambda blob: b"")
residual("garbage", lambda blob: random.Random(3).randbytes(5000))
residual("usda", lambda blob: b'#usda 1.0\ndef "Evil" {}\n')
residual("half", lambda blob: blob[: len(blob) // 2])
residual("head", lambda blob: blob[:88])
residual("head_garbage", lambda blob: blob[:88] + random.Random(4).randbytes(2000))
for _number in (0, -1, (1 << 63) - 1, 1 << 40, 88):
    residual(f"toc_{_number}", lambda blob, n=_number: _put(blob, 16, "<q", n))
for _number in (1 << 62, -1, 1 << 31):
    residual(f"toc_count_{_number}", lambda blob, n=_number: _put(blob, _toc(blob), "<q", n))
for _number in (-1, (1 << 63) - 1, 1 << 40):
    # A section is 16 bytes of name, its start and its size.
    residual(f"section_start_{_number}", lambda b, n=_number: _put(b, _toc(b) + 24, "<q", n))
    residual(f"section_size_{_number}", lambda b, n=_number: _put(b, _toc(b) + 32, "<q", n))


# Small residuals are packed: numbers, texts and values one behind the other.


def packed(name: str, edit: Callable[[bytes], bytes]) -> None:
    def make() -> bytes:
        data = exported()
        return replace_residual(data, edit(residual_of(data)))

    hostile(f"residual_packed_{name}", make)


_HUGE = b"\xff" * 9 + b"\x01"
packed("garbage", lambda blob: random.Random(5).randbytes(8000))
packed("half", lambda blob: blob[: len(blob) // 2])
packed("longer", lambda blob: blob + bytes(100))
packed("specs", lambda blob: _HUGE + blob[1:])
packed("endless_number", lambda blob: b"\xff" * 8000)
# One spec of type prim at a path, with one field `typeName` that is a value.
_FIELD = b"\x01\x00\x02/A\x06\x01\x03"
packed("unknown_type", lambda blob: _FIELD + b"\x7f")
packed("huge_array", lambda blob: _FIELD + b"\x11" + _HUGE)
_REPEATED = b"\x15\xf0\x2e\x00\x80\x10" + b"a" * 2048 + b"\x11" * 5999
packed("huge_texts", lambda blob: _FIELD + _REPEATED)
# A dictionary in a dictionary in a dictionary: `dictionary`, one entry, its key.
packed("deep", lambda blob: _FIELD + b"\x51\x01\x02" * 2600)
packed("path_in_paths", lambda blob: b"\x01\x00\xc0\x3e" + b"/A.r[" * 1600)


# Page locations: tables 0 chunks (begin, size, first page, pages, flags, reserved), 1 pages
# (offset, size, first row, bytes of the header, its checksum).

claim(
    "pages",
    PAGES,
    {
        "header_size": (0, 191, 196, NONE),
        "total": (0, (1 << 63) - 1, (1 << 64) - 1),
        "rows": (0, 999, NONE),
        "groups": (0, 2, NONE),
        "leaves": (0, 1, 3, NONE),
        "chunks": (0, 1, 3, 1 << 27, NONE),
        "pages": (0, 1, 1 << 27, NONE),
        "blocks": (0, 1 << 30, NONE),
    },
)
for _column, _name, _numbers in (
    (0, "begin", (0, 5, -1, 1 << 31, (1 << 63) - 1, -(1 << 63))),
    (1, "size", (0, 1, -1, 1 << 31, (1 << 63) - 1)),
    (2, "first_page", (0, 1, 1000, *WIDE)),
    (3, "num_pages", (0, 1, 9, 11, 1000, *WIDE)),
    (4, "flags", (1, 2, NONE)),
    (5, "reserved", (1, NONE)),
):
    cell(f"pages_chunk_{_name}", PAGES, 0, 1, _column, *_numbers)
for _row in (0, -2, -1):
    for _column, _name, _numbers in (
        (0, "offset", (0, 4, -1, 1 << 31, (1 << 63) - 1, -(1 << 63))),
        (1, "size", (0, 1, 20, 1 << 20, *WIDE)),
        (2, "row", (1, 850, 999, 1000, *WIDE)),
        (3, "header", (0, 1, 10, 1000, *WIDE)),
        (4, "checksum", (0, NONE)),
    ):
        cell(f"pages_page_{_row}_{_name}", PAGES, 1, _row, _column, *_numbers)
section("pages_reversed", PAGES, lambda s: s.tables[1].reverse())
section("pages_none", PAGES, lambda s: s.tables[1].clear())
section("pages_repeated", PAGES, lambda s: s.tables[1].extend(s.tables[1][-1:] * 100_000))
section("pages_swapped", PAGES, lambda s: s.tables[0].reverse())
