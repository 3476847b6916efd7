"""Pages made to harm: counts, lengths and sizes that lie, under right checksums."""

from __future__ import annotations

import itertools
import struct

import pyarrow as pa
from compact_thrift import List, Raw, Type, varint, zigzag
from hostile_files import (
    DELTA,
    DELTA_BYTES,
    DELTA_LENGTH,
    RLE_DICTIONARY,
    case,
    dictionary_page,
    hostile,
    of_pages,
    page,
    page_v2,
    table,
    table_rows,
    written,
)
from parquet_surgery import Header, Meta, Page

MAX = (1 << 31) - 1
X = struct.pack("<10d", *(i + 0.5 for i in range(10)))
PATHS = b"".join(struct.pack("<I", 3) + f"/A{i}".encode() for i in range(10))
CODECS = ("snappy", "gzip", "zstd", "lz4", "brotli")


def texts(*lengths: int) -> bytes:
    return b"".join(struct.pack("<I", length & 0xFFFFFFFF) + b"/A" for length in lengths)


# Rows of pages that add up to more than a 32-bit sum can tell from 10.


@case()
def page_rows_wrap() -> bytes:
    body = b"\x01" + varint(1 << 21) + b"\x00"
    last = b"\x01" + varint(10 << 1) + b"\x00"
    file = written()
    pages = [dictionary_page(texts(2), 1)]
    pages += [page(body, 1 << 20, RLE_DICTIONARY)] * 4096 + [page(last, 10, RLE_DICTIONARY)]
    file.set_pages("path", pages, values=(1 << 32) + 10)
    return file.data()


@case()
def page_rows_wrap_v2() -> bytes:
    body = b"\x01" + varint(1 << 31) + b"\x00"
    pages = [dictionary_page(X[:8], 1)] + [page_v2(body, 1 << 30, RLE_DICTIONARY)] * 4
    return of_pages(
        "x", *pages, page_v2(b"\x01\x14\x00", 10, RLE_DICTIONARY), values=(1 << 32) + 10
    )


# Counts that no page of that size can hold. Of x, 10 values follow.

for _count in (250_000_000, MAX, -1, -(1 << 31), 11, 9, 0):
    hostile(f"page_values_{_count}", lambda n=_count: of_pages("x", page(X, n)))
    hostile(f"page_values_v2_{_count}", lambda n=_count: of_pages("x", page_v2(X, n)))
for _count in (250_000_000, -1):
    hostile(f"path_values_{_count}", lambda n=_count: of_pages("path", page(PATHS, n)))
for _count in (MAX, -1, 100_000_000):
    hostile(
        f"dictionary_values_{_count}",
        lambda n=_count: of_pages(
            "x", dictionary_page(X, n), page(b"\x01\x14\x00", 10, RLE_DICTIONARY)
        ),
    )
hostile("page_v2_rows", lambda: of_pages("x", page_v2(X, 10, rows=MAX)))
hostile("page_v2_rows_negative", lambda: of_pages("x", page_v2(X, 10, rows=-10)))
hostile("page_v2_nulls", lambda: of_pages("x", page_v2(X, 10, nulls=MAX)))
hostile("page_v2_nulls_negative", lambda: of_pages("x", page_v2(X, 10, nulls=-1)))

# Levels longer than their page.

for _levels in ((MAX, 0), (0, MAX), (1 << 30, 1 << 30), (MAX, MAX), (-1, 0), (0, -8), (81, 0)):
    hostile(
        f"page_v2_levels_{_levels[0]}_{_levels[1]}",
        lambda n=_levels: of_pages("x", page_v2(X, 10, levels=n)),
    )
for _length in (0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, len(X) + 1, 0):
    hostile(
        f"page_v1_levels_{_length}",
        lambda n=_length: of_pages(
            "x", page(struct.pack("<I", n) + b"\x14\x01" + X, 10), data=table(nullable=True)
        ),
    )


@case()
def levels_run() -> bytes:
    """A run of 2^31 - 1 levels in a page of 10 values."""
    run = varint(MAX << 1) + b"\x01"
    body = struct.pack("<I", len(run)) + run + X
    return of_pages("x", page(body, 10), data=table(nullable=True))


@case()
def levels_run_v2() -> bytes:
    run = varint(((1 << 63) - 1) << 1) + b"\x01"
    body = page_v2(run + X, 10, levels=(len(run), 0))
    return of_pages("x", body, data=table(nullable=True))


# Sizes in the header that are not those of the page.

for _codec in ("none", *CODECS):
    for _size in (MAX, 1, 0, -1, 1 << 29):
        for _version in (page, page_v2):

            def _lie(codec: str = _codec, size: int = _size, make=_version) -> bytes:
                body = X
                if codec != "none":
                    body = pa.compress(X, "lz4_raw" if codec == "lz4" else codec, asbytes=True)
                return of_pages("x", make(body, 10, uncompressed=size), compression=codec)

            hostile(f"uncompressed_size_{_codec}_{_version.__name__}_{_size}", _lie)
for _size in (MAX, -1, -(1 << 31), 81):
    hostile(f"compressed_size_{_size}", lambda n=_size: of_pages("x", page(X, 10, compressed=n)))


def bomb(codec: str) -> bytes:
    """A page of 512 MB of zeros, of which 10 values are needed."""
    sink = pa.BufferOutputStream()
    size = 512 << 20
    if codec == "lz4":  # a block: a literal 0, then one copy of the byte before as often as needed
        tail = (size - 1 - 5 - 19) // 255
        rest = (size - 1 - 5 - 19) % 255
        body = b"\x1f\x00\x01\x00" + b"\xff" * tail + bytes([rest]) + b"\x50" + bytes(5)
    else:
        with pa.CompressedOutputStream(sink, codec) as stream:
            for _ in range(size >> 20):
                stream.write(bytes(1 << 20))
        body = sink.getvalue().to_pybytes()
    return of_pages("x", page(body, 10, uncompressed=size), compression=codec)


for _codec in ("gzip", "zstd", "lz4", "brotli"):
    hostile(f"bomb_{_codec}", lambda codec=_codec: bomb(codec))


@case()
def rows_of_many_pages() -> bytes:
    rows, count = 1 << 24, 4
    body = b"\x01" + varint(rows << 1) + b"\x00"
    file = written()
    for column, value in (("path", texts(2)), ("x", X[:8])):
        pages = [dictionary_page(value, 1)] + [page(body, rows, RLE_DICTIONARY)] * count
        file.set_pages(column, pages, values=rows * count)
    file.set_rows(rows * count)
    return file.data()


@case()
def rows_of_runs() -> bytes:
    """400 million rows, honestly, in runs of a few bytes."""
    rows = 400_000_000
    file = written()
    run = b"\x01" + varint(rows << 1) + b"\x00"
    for column, value in (("path", texts(2)), ("x", X[:8])):
        pages = [dictionary_page(value, 1), page(run, rows, RLE_DICTIONARY)]
        file.set_pages(column, pages, values=rows)
    file.set_rows(rows)
    return file.data()


# Indices that the dictionary does not have, and widths that no index has.

for _width, _bits in ((8, b"\x03\xff" * 8), (32, b"\x14\xff\xff\xff\xff"), (3, b"\x14\x07")):
    for _column, _value in (("x", X[:8]), ("path", texts(2))):
        hostile(
            f"dictionary_index_{_column}_{_width}",
            lambda width=_width, bits=_bits, column=_column, value=_value: of_pages(
                column,
                dictionary_page(value, 1),
                page(bytes([width]) + bits, 10, RLE_DICTIONARY),
            ),
        )
for _width in (33, 64, 255):
    hostile(
        f"index_width_{_width}",
        lambda n=_width: of_pages(
            "x",
            dictionary_page(X, 10),
            page(bytes([n]) + b"\x14" + bytes(40), 10, RLE_DICTIONARY),
        ),
    )
hostile(
    "index_run_literal",
    lambda: of_pages(
        "x",
        dictionary_page(X, 10),
        page(b"\x04" + varint((MAX << 1) | 1) + bytes(8), 10, RLE_DICTIONARY),
    ),
)
hostile("no_dictionary", lambda: of_pages("x", page(b"\x01\x14\x00", 10, RLE_DICTIONARY)))
hostile("two_dictionaries", lambda: of_pages("x", *[dictionary_page(X, 10)] * 3, page(X, 10)))
hostile("only_dictionary", lambda: of_pages("x", dictionary_page(X, 10)))

# Texts longer than their page.

for _length in (-1, 0x7FFFFFFF, 1 << 31, len(PATHS), 1 << 24):
    for _column in ("path", "s"):

        def _texts(column: str = _column, length: int = _length) -> bytes:
            data = table().append_column(pa.field("s", pa.string(), False), pa.array(["/A"] * 10))
            return of_pages(column, page(texts(*[2] * 9, length), 10), data=data)

        hostile(f"text_length_{_column}_{_length}", _texts)

# Delta encodings: block size, miniblocks, count, first value, then blocks.

INTS = pa.table({"path": table()["path"], "x": pa.array(range(10), pa.int64())}).cast(
    pa.schema([pa.field("path", pa.string(), False), pa.field("x", pa.int64(), False)])
)


def delta(block: int, miniblocks: int, count: int, first: int = 0, rest: bytes = b"") -> bytes:
    return varint(block) + varint(miniblocks) + varint(count) + zigzag(first) + rest


for _name, _body in {
    "block": delta(1 << 31, 1, 10, 0, bytes(80)),
    "block_wraps": delta((1 << 63) + 128, 4, 10, 0, bytes(80)),
    "block_0": delta(0, 4, 10, 0, bytes(80)),
    "block_odd": delta(129, 4, 10, 0, bytes(80)),
    "miniblocks": delta(1 << 31, 1 << 26, 10, 0, bytes(80)),
    "miniblocks_0": delta(128, 0, 10, 0, bytes(80)),
    "miniblocks_wrap": delta(128, 1 << 32, 10, 0, bytes(80)),
    "count": delta(128, 4, (1 << 32) + 10, 0, bytes(80)),
    "count_31": delta(128, 4, MAX, 0, bytes(80)),
    "count_0": delta(128, 4, 0, 0, bytes(80)),
    "width": delta(128, 4, 10, 0, zigzag(0) + b"\xff\xff\xff\xff" + bytes(80)),
    "width_65": delta(128, 4, 10, 0, zigzag(0) + b"\x41\x41\x41\x41" + bytes(800)),
    "endless": b"\xff" * 80,
    "empty": b"",
}.items():
    hostile(f"delta_{_name}", lambda body=_body: of_pages("x", page(body, 10, DELTA), data=INTS))


def lengths(*values: int) -> bytes:
    """Numbers as a delta encoding with 64 bits a difference."""
    steps = [b - a for a, b in itertools.pairwise(values)]
    packed = b"".join(struct.pack("<i", step) for step in steps) + bytes(4 * (32 - len(steps)))
    return delta(128, 4, len(values), values[0], zigzag(0) + b"\x20\x00\x00\x00" + packed)


for _name, _values in {
    "negative": [3] * 9 + [-3],
    "beyond": [3] * 9 + [MAX - 30],
    "sum_wraps": [1 << 30] * 10,
    "short": [3] * 9,
}.items():
    hostile(
        f"text_lengths_{_name}",
        lambda values=_values: of_pages(
            "path", page(lengths(*values) + b"/A1" * 10, 10, DELTA_LENGTH)
        ),
    )
for _name, _values in {
    "beyond": [0, 2, 2, 2, 200, 2, 2, 2, 2, 2],
    "first": [2] * 10,
    "negative": [0, 2, 2, 2, -1, 2, 2, 2, 2, 2],
    "huge": [0, 2, 2, 2, MAX - 3, 2, 2, 2, 2, 2],
    "many": [0] + [2] * 19,
}.items():
    hostile(
        f"prefix_{_name}",
        lambda values=_values: of_pages(
            "path",
            page(lengths(*values) + lengths(*[3] * 10) + b"/A1" * 10, 10, DELTA_BYTES),
        ),
    )


@case()
def prefix_grows() -> bytes:
    """Each text repeats the one before and adds a letter: 50,000 rows would be 1.2 GB of text."""
    rows = 50_000
    blocks = (rows + 126) // 128
    prefixes = delta(128, 4, rows, 0, (zigzag(1) + bytes(4)) * blocks)
    suffixes = delta(128, 4, rows, 1, (zigzag(0) + bytes(4)) * blocks)
    data = pa.table({"path": ["/A"] * rows, "s": ["a"] * rows}).cast(
        pa.schema([pa.field("path", pa.string(), False), pa.field("s", pa.string(), False)])
    )
    return of_pages("s", page(prefixes + suffixes + b"a" * rows, rows, DELTA_BYTES), data=data)


# Headers that are none.


def _header(change: object, number: int = 99) -> bytes:
    """Pages of x with something else in the header."""
    made = page(X, 10)
    made.header.put(number, *change)  # type: ignore[misc]
    return of_pages("x", made)


hostile("page_type", lambda: _header((Type.I32, 77), Header.TYPE))
hostile("page_type_index", lambda: _header((Type.I32, 1), Header.TYPE))
hostile("page_type_v2", lambda: _header((Type.I32, 3), Header.TYPE))
hostile("page_encoding", lambda: of_pages("x", page(X, 10, 99)))
hostile("page_encoding_negative", lambda: of_pages("x", page(X, 10, -1)))
hostile("page_encoding_of_others", lambda: of_pages("x", page(X, 10, DELTA_BYTES)))
hostile("header_text", lambda: _header((Type.BINARY, Raw(varint(MAX) + b"a"))))
hostile("header_list", lambda: _header((Type.LIST, List(Type.STRUCT, [], MAX))))
hostile("header_list_of_flags", lambda: _header((Type.LIST, List(Type.TRUE, [], MAX))))
hostile("header_map", lambda: _header((Type.MAP, Raw(varint(MAX) + b"\x11"))))
hostile("header_nested", lambda: _header((Type.STRUCT, Raw(b"\x1c" * 500_000 + bytes(500_001)))))
hostile("header_nested_lists", lambda: _header((Type.LIST, Raw(b"\x19" * 500_000 + b"\x01"))))
hostile("header_endless", lambda: of_pages("x", b"\x15" + b"\xff" * 1000 + page(X, 10).coded()))


@case(table_rows)
def header_padded() -> bytes:
    """A header of 2 MB, whose text of a field that nobody knows is skipped."""
    made = page(X, 10)
    made.header.put(99, Type.BINARY, bytes(2 << 20))
    return of_pages("x", made)


@case(table_rows)
def empty_pages() -> bytes:
    """100,000 pages without a value before the one with values."""
    return of_pages("x", page(b"", 0).coded() * 100_000 + page(X, 10).coded())


@case()
def pages_without_end() -> bytes:
    """A chunk that claims to be as long as the file is, beyond its pages."""
    file = written()
    file.set_pages("x", [page(X[:40], 5)])
    file.meta("x").change(Meta.COMPRESSED, len(file.body))
    return file.data()


@case(table_rows)
def statistics_of_page() -> bytes:
    made: Page = page(X, 10)
    counts = made.header[Header.DATA]
    counts.put(5, Type.STRUCT, Raw(b"\x18" + varint(3) + b"abc" + b"\x18" + varint(0) + b"\x00"))
    return of_pages("x", made)
