"""Footers made to harm: rows, offsets, sizes, schemas, lists and page indexes that lie."""

from __future__ import annotations

import struct

import pyarrow as pa
from compact_thrift import List, Raw, Type, fields, varint, write_struct
from hostile_files import case, claimed, hostile, long_table, table, table_rows, written
from parquet_surgery import Chunk, Element, Footer, Group, Meta, Surgery

MAX = (1 << 31) - 1
FAR = (1 << 31, 1 << 32, (1 << 63) - 1, -1, -(1 << 63))
X = struct.pack("<10d", *(i + 0.5 for i in range(10)))


# Rows.

for _rows in (400_000_000, MAX, *FAR, 11, 9, 0):

    def _rows_claim(rows: int = _rows) -> bytes:
        file = written(write_page_index=True)
        file.set_rows(rows)
        return file.data()

    hostile(f"rows_{_rows}", _rows_claim)
for _rows in (10 + (1 << 32), *FAR):

    def _group_rows(rows: int = _rows) -> bytes:
        file = written()
        file.groups()[0].change(Group.NUM_ROWS, rows)
        return file.data()

    def _values(rows: int = _rows) -> bytes:
        file = written()
        file.meta("x").change(Meta.NUM_VALUES, rows)
        return file.data()

    hostile(f"group_rows_{_rows}", _group_rows)
    hostile(f"chunk_values_{_rows}", _values)


@case()
def group_rows_wrap() -> bytes:
    """Rows of row groups whose 64-bit sum is 10."""
    file = written(row_group_size=5)
    for group, rows in zip(file.groups(), ((1 << 63) - 1, -(1 << 63) + 11), strict=True):
        group.change(Group.NUM_ROWS, rows)
    return file.data()


@case()
def groups_repeated() -> bytes:
    """25,000 row groups of the same pages, with 2^31 - 1 rows together by their own count.

    Each costs a bulk read some 25 us; the layer a third of it.
    """
    file = written(table(1))
    group = write_struct(file.groups()[0])[:-1] + b"\x00"
    count = 25_000
    file.footer.change(Footer.ROW_GROUPS, List(Type.STRUCT, [file.groups()[0]], count))
    start = write_struct(file.footer)
    at = start.index(group)
    footer = start[:at] + group * count + start[at + len(group) :]
    return file.body + footer + struct.pack("<I", len(footer)) + b"PAR1"


# Offsets and sizes.

for _field in (Meta.DATA_PAGE, Meta.COMPRESSED, Meta.UNCOMPRESSED):
    for _number in (*FAR, (1 << 63) - 100, MAX, 0, 3):
        for _column in ("path", "x"):

            def _place(field: int = _field, n: int = _number, column: str = _column) -> bytes:
                file = written()
                file.meta(column).change(field, n)
                return file.data()

            hostile(f"{Meta(_field).name.lower()}_{_column}_{_number}", _place)
for _number in (*FAR, 0, 3):

    def _dictionary(n: int = _number) -> bytes:
        file = written(use_dictionary=True)
        file.meta("x").change(Meta.DICTIONARY_PAGE, n)
        return file.data()

    hostile(f"dictionary_page_{_number}", _dictionary)


@case()
def place_wraps() -> bytes:
    """Offset and size that add up to the right end in 64 bits."""
    file = written()
    meta = file.meta("x")
    end = meta[Meta.DATA_PAGE] + meta[Meta.COMPRESSED]
    meta.change(Meta.DATA_PAGE, -(1 << 62)).change(Meta.COMPRESSED, (1 << 62) + end)
    return file.data()


@case()
def chunk_over_footer() -> bytes:
    file = written()
    file.meta("x").change(Meta.DATA_PAGE, file.footer_start)
    return file.data()


for _length in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 12345678):
    hostile(
        f"footer_length_{_length}",
        lambda n=_length: written().data()[:-8] + struct.pack("<I", n) + b"PAR1",
    )

# Lists that claim to be longer than they are.


def _claim(number: int, count: int) -> bytes:
    file = written()
    if number == Footer.ENTRIES:
        file.set_entry("a", b"b")
    file.footer.change(number, claimed(file.footer[number], count))
    return file.data()


for _count in (MAX, 0xFFFFFFFF, 1 << 24, 1 << 63):
    for _number in (Footer.SCHEMA, Footer.ROW_GROUPS, Footer.ENTRIES):
        hostile(
            f"list_{_number.name.lower()}_{_count}",
            lambda n=_number, count=_count: _claim(n, count),
        )

    def _columns(count: int = _count) -> bytes:
        file = written()
        group = file.groups()[0]
        group.change(Group.COLUMNS, claimed(group[Group.COLUMNS], count))
        return file.data()

    def _encodings(count: int = _count) -> bytes:
        file = written()
        file.meta("x").change(Meta.ENCODINGS, List(Type.I32, [0], count))
        return file.data()

    def _locations(count: int = _count) -> bytes:
        file = written(write_page_index=True)
        index = file.offset_index("x")
        index.change(1, claimed(index[1], count))
        file.set_offset_index("x", index)
        return file.data()

    hostile(f"list_columns_{_count}", _columns)
    hostile(f"list_encodings_{_count}", _encodings)
    hostile(f"list_page_locations_{_count}", _locations)


def _unknown(value: bytes, kind: Type) -> bytes:
    file = written()
    file.footer.put(99, kind, Raw(value))
    return file.data()


hostile("footer_nested", lambda: _unknown(b"\x1c" * 1_000_000 + bytes(1_000_001), Type.STRUCT))
hostile("footer_nested_lists", lambda: _unknown(b"\x19" * 1_000_000 + b"\x01", Type.LIST))
hostile("footer_flags", lambda: _unknown(b"\xf1" + varint(MAX), Type.LIST))
hostile("footer_map", lambda: _unknown(varint(MAX) + b"\x11", Type.MAP))

# Offset indexes: offset, size with header, first row.


def _location(edit: object) -> bytes:
    file = written(table(1000), write_page_index=True, data_page_size=800, write_batch_size=50)
    index = file.offset_index("x")
    edit(index[1].items)  # type: ignore[operator]
    file.set_offset_index("x", index)
    return file.data()


def _rows_1000() -> list[dict[str, object]]:
    return table(1000).to_pylist()


for _name, _field, _number in (
    *((f"offset_{n}", 1, n) for n in (*FAR, 0, 4)),
    *((f"size_{n}", 2, n) for n in (MAX, -1, 0, 1, -(1 << 31))),
    *((f"row_{n}", 3, n) for n in (*FAR, 0, 999, 1000, (1 << 32) + 1)),
):
    hostile(
        f"location_{_name}",
        lambda field=_field, n=_number: _location(lambda items: items[1].change(field, n)),
    )
hostile("locations_none", lambda: _location(lambda items: items.clear()))
hostile("locations_reversed", lambda: _location(lambda items: items.reverse()))
hostile("locations_repeated", lambda: _location(lambda items: items.extend(items[-1:] * 100_000)))
for _number in FAR:

    def _index_place(n: int = _number) -> bytes:
        file = written(write_page_index=True)
        file.chunk("x").change(Chunk.OFFSET_INDEX, n)
        return file.data()

    hostile(f"offset_index_{_number}", _index_place)
for _number in (MAX, -1, 0):

    def _index_size(n: int = _number) -> bytes:
        file = written(write_page_index=True)
        file.chunk("x").change(Chunk.OFFSET_INDEX_BYTES, n)
        return file.data()

    hostile(f"offset_index_bytes_{_number}", _index_size)

# Schemas.


def _element(number: int, kind: Type, value: object) -> bytes:
    file = written()
    file.schema()[2].put(number, kind, value)
    return file.data()


for _count in (MAX, -1, 3, 1, 0):

    def _children(n: int = _count) -> bytes:
        file = written()
        file.schema()[0].change(Element.NUM_CHILDREN, n)
        return file.data()

    hostile(f"schema_children_{_count}", _children)
    hostile(
        f"leaf_children_{_count}",
        lambda n=_count: _element(Element.NUM_CHILDREN, Type.I32, n),
    )
for _kind in (0, 1, 2, 3, 4, 6, 7, 8, -1):
    hostile(f"type_of_schema_{_kind}", lambda n=_kind: _element(Element.TYPE, Type.I32, n))
for _length in (MAX, -1, 0, 1 << 30):

    def _fixed(n: int = _length) -> bytes:
        data = table().set_column(1, "x", pa.array([b"12345678"] * 10, pa.binary(8)))
        file = written(data)
        file.schema()[2].change(Element.TYPE_LENGTH, n)
        return file.data()

    hostile(f"fixed_length_{_length}", _fixed)


@case()
def schema_deep() -> bytes:
    """A column in 5,000 groups."""
    file = written()
    names = [f"g{i}".encode() for i in range(5000)]
    group = lambda name: fields(  # noqa: E731
        (Element.REPETITION, Type.I32, 0), (Element.NAME, Type.BINARY, name), (5, Type.I32, 1)
    )
    elements = file.schema()
    elements[2:2] = [group(name) for name in names]
    file.meta("x").change(Meta.PATH, List(Type.BINARY, [*names, b"x"]))
    return file.data()


@case()
def schema_deep_lists() -> bytes:
    """A list in 40,000 lists: levels of 17 bits."""
    file = written()
    elements = file.schema()
    names = [b"l"] * 40_000
    group = fields(
        (Element.REPETITION, Type.I32, 2), (Element.NAME, Type.BINARY, b"l"), (5, Type.I32, 1)
    )
    elements[2:2] = [group] * len(names)
    file.meta("x").change(Meta.PATH, List(Type.BINARY, [*names, b"x"]))
    return file.data()


@case()
def schema_wide() -> bytes:
    """100,000 columns that share one page."""
    file = written()
    leaf, chunk = file.schema()[2], file.chunks()[1]
    names = [f"c{i}".encode() for i in range(100_000)]
    file.schema()[0].change(Element.NUM_CHILDREN, len(names) + 1)
    file.schema()[2:] = [
        fields(*((n, *leaf.fields[n]) for n in (1, 3)), (4, Type.BINARY, name)) for name in names
    ]
    chunks = file.chunks()
    chunks[1:] = [
        fields(
            (Chunk.FILE_OFFSET, Type.I64, 0),
            (
                Chunk.META,
                Type.STRUCT,
                fields(
                    *(
                        (n, *(item if n != Meta.PATH else (item[0], List(Type.BINARY, [name]))))
                        for n, item in chunk[Chunk.META].fields.items()
                    )
                ),
            ),
        )
        for name in names
    ]
    return file.data()


# Statistics of the wrong length.

for _name, _value in {
    "min": fields((5, Type.BINARY, b"abc"), (6, Type.BINARY, b"")),
    "old": fields((1, Type.BINARY, b"a" * 100), (2, Type.BINARY, b"")),
    "distinct": fields((4, Type.I64, -1)),
}.items():

    def _statistics(value: object = _value) -> bytes:
        file = written()
        file.meta("x").put(Meta.STATISTICS, Type.STRUCT, value)
        return file.data()

    hostile(f"statistics_{_name}", _statistics, table_rows)


def _sizes(number: int, items: list[int]) -> bytes:
    data = {"path": [f"/W/p{i}" for i in range(10)], "x": [[float(i)] for i in range(10)]}
    file = written(pa.table(data))
    sizes = fields((number, Type.LIST, List(Type.I64, items)))
    file.meta("x.list.element").put(Meta.SIZE_STATISTICS, Type.STRUCT, sizes)
    return file.data()


for _number in (2, 3):
    for _items in ([1, 2, 3, 4, 5], [], [-1, -1], [(1 << 63) - 1] * 4):
        hostile(
            f"size_statistics_{_number}_{len(_items)}",
            lambda n=_number, items=_items: _sizes(n, items),
        )


@case()
def size_statistics_of_samples() -> bytes:
    """In a column with time samples, which are counted by them."""
    file = Surgery(long_table())
    sizes = fields((3, Type.LIST, List(Type.I64, [1, 2, 3, 4, 5])))
    file.meta("h").put(Meta.SIZE_STATISTICS, Type.STRUCT, sizes)
    return file.data()
