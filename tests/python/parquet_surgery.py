"""A Parquet file taken apart and put together again, with right checksums and offsets.

Written from the Parquet format's `parquet.thrift` and docs/file-format.md alone: the tests damage
files with it in ways that no writer would. `Surgery` holds a file; what is changed in its `footer`,
or appended to its `body`, is in the bytes that `Surgery.data` returns. The parts that are
usdparquet's own are in embedded_sections.py.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import xxhash
from compact_thrift import List, Struct, Type, read_struct, write_struct

MAGIC = b"PAR1"
SEAL = "usdparquet:footer"


class Footer(IntEnum):
    """Fields of FileMetaData."""

    VERSION = 1
    SCHEMA = 2
    NUM_ROWS = 3
    ROW_GROUPS = 4
    ENTRIES = 5
    CREATED_BY = 6


class Element(IntEnum):
    """Fields of SchemaElement."""

    TYPE = 1
    TYPE_LENGTH = 2
    REPETITION = 3
    NAME = 4
    NUM_CHILDREN = 5
    CONVERTED_TYPE = 6
    LOGICAL_TYPE = 10


class Group(IntEnum):
    """Fields of RowGroup."""

    COLUMNS = 1
    BYTES = 2
    NUM_ROWS = 3
    FILE_OFFSET = 5
    COMPRESSED_BYTES = 6


class Chunk(IntEnum):
    """Fields of ColumnChunk."""

    FILE_OFFSET = 2
    META = 3
    OFFSET_INDEX = 4
    OFFSET_INDEX_BYTES = 5
    COLUMN_INDEX = 6
    COLUMN_INDEX_BYTES = 7


class Meta(IntEnum):
    """Fields of ColumnMetaData."""

    TYPE = 1
    ENCODINGS = 2
    PATH = 3
    CODEC = 4
    NUM_VALUES = 5
    UNCOMPRESSED = 6
    COMPRESSED = 7
    DATA_PAGE = 9
    DICTIONARY_PAGE = 11
    STATISTICS = 12
    ENCODING_STATS = 13
    SIZE_STATISTICS = 16


class Header(IntEnum):
    """Fields of PageHeader."""

    TYPE = 1
    UNCOMPRESSED = 2
    COMPRESSED = 3
    CRC = 4
    DATA = 5
    DICTIONARY = 7
    DATA_V2 = 8


class Data(IntEnum):
    """Fields of DataPageHeader; those of DictionaryPageHeader are the first two."""

    NUM_VALUES = 1
    ENCODING = 2
    DEFINITION_ENCODING = 3
    REPETITION_ENCODING = 4


class DataV2(IntEnum):
    """Fields of DataPageHeaderV2."""

    NUM_VALUES = 1
    NUM_NULLS = 2
    NUM_ROWS = 3
    ENCODING = 4
    DEFINITION_BYTES = 5
    REPETITION_BYTES = 6
    IS_COMPRESSED = 7


@dataclass
class Page:
    """A page: its place in the file that it was read from, its header, and its body."""

    offset: int
    header: Struct
    body: bytes
    header_size: int

    @property
    def is_dictionary(self) -> bool:
        return Header.DICTIONARY in self.header

    @property
    def counts(self) -> Struct:
        """The header of the page's kind, which holds the number of values."""
        for kind in (Header.DATA, Header.DATA_V2, Header.DICTIONARY):
            if kind in self.header:
                return self.header[kind]
        raise ValueError("a page of no known kind")

    @property
    def size(self) -> int:
        return self.header_size + len(self.body)

    def with_body(self, body: bytes, uncompressed: int | None = None) -> Page:
        """Change the body and the sizes in the header, and return the page."""
        self.body = body
        self.header.change(Header.COMPRESSED, len(body))
        self.header.change(Header.UNCOMPRESSED, len(body) if uncompressed is None else uncompressed)
        return self

    def coded(self) -> bytes:
        """Header and body; a checksum in the header is made right first."""
        if Header.CRC in self.header:
            crc = zlib.crc32(self.body)
            self.header.change(Header.CRC, crc - (1 << 32) if crc >= 1 << 31 else crc)
        return write_struct(self.header) + self.body


class Surgery:
    """A Parquet file whose parts can be changed."""

    def __init__(self, data: bytes | Path) -> None:
        if isinstance(data, Path):
            data = data.read_bytes()
        (size,) = struct.unpack("<I", data[-8:-4])
        self.original = data
        self.footer_start = len(data) - 8 - size
        self.body = data[: self.footer_start]
        self.footer, _ = read_struct(data, self.footer_start)

    # What the footer says.

    def groups(self) -> list[Struct]:
        return self.footer[Footer.ROW_GROUPS].items

    def schema(self) -> list[Struct]:
        return self.footer[Footer.SCHEMA].items

    def chunks(self, group: int = 0) -> list[Struct]:
        return self.groups()[group][Group.COLUMNS].items

    def chunk(self, name: str, group: int = 0) -> Struct:
        """The chunk of the column of that name (`struct.field` for fields)."""
        for chunk in self.chunks(group):
            if b".".join(chunk[Chunk.META][Meta.PATH].items).decode() == name:
                return chunk
        raise KeyError(name)

    def meta(self, name: str, group: int = 0) -> Struct:
        return self.chunk(name, group)[Chunk.META]

    def entries(self) -> dict[str, bytes]:
        """Key-value metadata."""
        found = self.footer.get(Footer.ENTRIES)
        return {} if found is None else {e[1].decode(): e.get(2, b"") for e in found.items}

    def set_entry(self, key: str, value: bytes) -> None:
        entries = self.entries()
        entries[key] = value
        self.set_entries(entries.items())

    def set_entries(self, entries: Iterable[tuple[str, bytes]]) -> None:
        items = [
            Struct({1: (Type.BINARY, key.encode()), 2: (Type.BINARY, value)})
            for key, value in entries
        ]
        self.footer.put(Footer.ENTRIES, Type.LIST, List(Type.STRUCT, items))

    def set_rows(self, rows: int, group_rows: int | None = None, group: int = 0) -> None:
        """Claim a number of rows of the file, and of one row group."""
        self.footer.change(Footer.NUM_ROWS, rows)
        self.groups()[group].change(Group.NUM_ROWS, rows if group_rows is None else group_rows)

    # Pages.

    def pages(self, name: str, group: int = 0) -> list[Page]:
        """The pages of a chunk, found by their headers."""
        meta = self.meta(name, group)
        at = meta.get(Meta.DICTIONARY_PAGE) or meta[Meta.DATA_PAGE]
        at = min(at, meta[Meta.DATA_PAGE])
        end = at + meta[Meta.COMPRESSED]
        found = []
        while at < end:
            header, body = read_struct(self.body, at)
            size = header[Header.COMPRESSED]
            found.append(Page(at, header, self.body[body : body + size], body - at))
            at = body + size
        return found

    def set_pages(
        self, name: str, pages: Iterable[Page | bytes], group: int = 0, values: int | None = None
    ) -> None:
        """Put these pages behind everything else as the chunk's; its page index goes.

        `values`: the number of values that the chunk then claims to have.
        """
        pages = list(pages)
        coded = [page if isinstance(page, bytes) else page.coded() for page in pages]
        start = len(self.body)
        self.body += b"".join(coded)
        chunk = self.chunk(name, group)
        meta = chunk[Chunk.META]
        if isinstance(pages[0], Page) and pages[0].is_dictionary:
            meta.put(Meta.DICTIONARY_PAGE, Type.I64, start)
            meta.change(Meta.DATA_PAGE, start + len(coded[0]))
        else:
            meta.drop(Meta.DICTIONARY_PAGE)
            meta.change(Meta.DATA_PAGE, start)
        for number in (Meta.COMPRESSED, Meta.UNCOMPRESSED):
            meta.change(number, len(self.body) - start)
        if values is not None:
            meta.change(Meta.NUM_VALUES, values)
        self.drop_page_index(name, group)

    def drop_page_index(self, name: str, group: int = 0) -> None:
        chunk = self.chunk(name, group)
        for number in (
            Chunk.OFFSET_INDEX,
            Chunk.OFFSET_INDEX_BYTES,
            Chunk.COLUMN_INDEX,
            Chunk.COLUMN_INDEX_BYTES,
        ):
            chunk.drop(number)

    def offset_index(self, name: str, group: int = 0) -> Struct:
        """Its field 1 is the list of page locations: 1 offset, 2 size with header, 3 first row."""
        return read_struct(self.body, self.chunk(name, group)[Chunk.OFFSET_INDEX])[0]

    def set_offset_index(self, name: str, index: Struct | bytes, group: int = 0) -> None:
        """Put the offset index behind everything else."""
        coded = index if isinstance(index, bytes) else write_struct(index)
        chunk = self.chunk(name, group)
        chunk.put(Chunk.OFFSET_INDEX, Type.I64, len(self.body))
        chunk.put(Chunk.OFFSET_INDEX_BYTES, Type.I32, len(coded))
        self.body += coded

    # The file.

    def data(self, seal_version: bytes = b"1.0", seal_end: bytes = b"") -> bytes:
        """The file's bytes, with the footer's own digest made right if it has one.

        The entry of the digest may be of another version, with more behind it.
        """
        entries = self.entries()
        if SEAL not in entries:
            footer = write_struct(self.footer)
        else:
            text = b"version=%b offset=%%020d length=%%010d checksum=%%016x%b"
            text %= (seal_version, seal_end)
            self.set_entry(SEAL, text % (0, 0, 0))
            length = len(write_struct(self.footer))
            self.set_entry(SEAL, text % (len(self.body), length, 0))
            digest = xxhash.xxh3_64_intdigest(write_struct(self.footer))
            self.set_entry(SEAL, text % (len(self.body), length, digest))
            footer = write_struct(self.footer)
        return self.body + footer + struct.pack("<I", len(footer)) + MAGIC


def flipped(data: bytes, *places: int, bit: int = 16) -> bytes:
    """The bytes with those of `bit` flipped at some places."""
    damaged = bytearray(data)
    for place in places:
        damaged[place] ^= bit
    return bytes(damaged)


def seal_of(data: bytes) -> tuple[int, int, int] | None:
    """Offset, length and checksum in the footer's own entry; None if there is none."""
    text = Surgery(data).entries().get(SEAL)
    if text is None:
        return None
    match = re.fullmatch(
        rb"version=1\.0 offset=(\d{20}) length=(\d{10}) checksum=([0-9a-f]{16})", text
    )
    assert match, text
    return int(match[1]), int(match[2]), int(match[3], 16)


def regions(data: bytes) -> list[tuple[int, int, str]]:
    """What the bytes of a file are, as (begin, end, kind), without a gap.

    Kinds: magic, page, page header, path index, time index, page locations, residual, page index
    (Parquet's offset and column indexes), footer, gap.
    """
    file = Surgery(data)
    found: list[tuple[int, int, str]] = [(0, 4, "magic"), (file.footer_start, len(data), "footer")]
    for group in range(len(file.groups())):
        for chunk in file.chunks(group):
            name = b".".join(chunk[Chunk.META][Meta.PATH].items).decode()
            for page in file.pages(name, group):
                body = page.offset + page.header_size
                found.append((page.offset, body, "page header"))
                found.append((body, body + len(page.body), "page"))
            for offset, size in (
                (Chunk.OFFSET_INDEX, Chunk.OFFSET_INDEX_BYTES),
                (Chunk.COLUMN_INDEX, Chunk.COLUMN_INDEX_BYTES),
            ):
                if offset in chunk:
                    found.append((chunk[offset], chunk[offset] + chunk[size], "page index"))
    for key, kind in SECTION_KINDS.items():
        if key in file.entries():
            offset, length = locate(data, key)
            found.append((offset, offset + length, kind))
    found = sorted(each for each in found if each[0] < each[1])
    whole: list[tuple[int, int, str]] = []
    at = 0
    for begin, end, kind in found:
        assert begin >= at, f"{kind} at {begin} overlaps what ends at {at}"
        if begin > at:
            whole.append((at, begin, "gap"))
        whole.append((begin, end, kind))
        at = end
    assert at == len(data)
    return whole


SECTION_KINDS = {
    "usdparquet:index": "path index",
    "usdparquet:times": "time index",
    "usdparquet:pages": "page locations",
    "usdparquet:residual": "residual",
}


def locate(data: bytes, key: str) -> tuple[int, int]:
    """Offset and length that a locator entry of the footer names."""
    text: Any = Surgery(data).entries()[key]
    match = re.search(rb"offset=(\d+) length=(\d+)", text)
    assert match, text
    return int(match[1]), int(match[2])


def has_entry(data: bytes, key: str) -> bool:
    return key in Surgery(data).entries()
