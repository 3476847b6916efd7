"""usdparquet's own parts of a file taken apart and put together again (docs/file-format.md).

`Section` holds a path index, a time index or the page locations. Whatever is changed in it, the
checksums of what it becomes are right: those of its blocks, of its header, and in the footer's
entry. `Section.claims` replaces numbers of the header that follow from the tables.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import xxhash
from parquet_surgery import Chunk, Group, Meta, Page, Surgery, locate

HEADER_SIZE = 192
BLOCK = 32768

INDEX = "usdparquet:index"
TIMES = "usdparquet:times"
PAGES = "usdparquet:pages"
RESIDUAL = "usdparquet:residual"


@dataclass(frozen=True)
class Form:
    """How a kind of section is laid out."""

    magic: bytes
    head: str  # struct's letters, behind magic and versions
    names: tuple[str, ...]
    items: tuple[str, ...]  # struct's letters of an item of each table
    counts: Callable[[dict[str, Any]], tuple[int, ...]]


FORMS = {
    INDEX: Form(
        b"UPQINDEX",
        "IQQQIIIIIIIIIIQ",
        (
            "header_size",
            "total",
            "seed",
            "fingerprint",
            "rows",
            "row_entries",
            "row_id",
            "row_bits",
            "parents",
            "runs",
            "parent_entries",
            "parent_id",
            "parent_bits",
            "blocks",
            "blocks_sum",
        ),
        ("I", "Q", "I", "Q", "III", "II"),
        lambda head: (
            (1 << head["row_bits"]) + 1,
            head["row_entries"],
            (1 << head["parent_bits"]) + 1,
            head["parent_entries"],
            head["parents"] + 1,
            head["runs"],
        ),
    ),
    TIMES: Form(
        b"UPQTIMES",
        "IQQIIIIIIIIQ",
        (
            "header_size",
            "total",
            "fingerprint",
            "rows",
            "shift",
            "directory",
            "runs",
            "schedules",
            "codes",
            "offsets",
            "blocks",
            "blocks_sum",
        ),
        ("I", "II", "IIIIII", "d", "I"),
        lambda head: tuple(
            head[name] for name in ("directory", "runs", "schedules", "codes", "offsets")
        ),
    ),
    PAGES: Form(
        b"UPQPAGES",
        "IQQIIIIIIQ",
        (
            "header_size",
            "total",
            "fingerprint",
            "rows",
            "groups",
            "leaves",
            "chunks",
            "pages",
            "blocks",
            "blocks_sum",
        ),
        ("qqIIII", "qIIII"),
        lambda head: (head["chunks"], head["pages"]),
    ),
}

# Numbers in the header that are the lengths of tables, in the tables' order.
_LENGTHS = {
    INDEX: {"row_entries": 1, "parent_entries": 3, "runs": 5},
    TIMES: {"directory": 0, "runs": 1, "schedules": 2, "codes": 3, "offsets": 4},
    PAGES: {"chunks": 0, "pages": 1},
}


@dataclass
class Section:
    """A section: the numbers of its header, the rest of the header, and its tables."""

    key: str
    head: dict[str, Any]
    tail: bytes
    tables: list[list[list[Any]]]
    version: tuple[int, int] = (1, 0)
    claims: dict[str, Any] = field(default_factory=dict)
    padding: int = 0  # bytes of zeros behind the header

    def coded(self) -> tuple[bytes, int]:
        """The section's bytes and the header's checksum."""
        form = FORMS[self.key]
        head = dict(self.head)
        for name, table in _LENGTHS[self.key].items():
            head[name] = len(self.tables[table])
        if self.key == INDEX:
            head["parents"] = len(self.tables[4]) - 1
        body = b""
        for table, item in zip(self.tables, form.items, strict=True):
            coded = b"".join(struct.pack("<" + item, *row) for row in table)
            body += coded + bytes(-len(coded) % 8)
        sums = b"".join(
            struct.pack("<I", digest(body[at : at + BLOCK]) & 0xFFFFFFFF)
            for at in range(0, len(body), BLOCK)
        )
        head["blocks"], head["blocks_sum"] = len(sums) // 4, digest(sums)
        head["total"] = HEADER_SIZE + self.padding + len(body) + len(sums)
        head |= self.claims
        start = struct.pack("<8sHH", form.magic, *self.version)
        start += struct.pack("<" + form.head, *(head[name] for name in form.names)) + self.tail
        checksum = digest(start)
        start += struct.pack("<Q", checksum)
        return start + bytes(self.padding) + body + sums, checksum


def digest(data: bytes, seed: int = 0) -> int:
    return xxhash.xxh3_64_intdigest(data, seed=seed)


def parse(key: str, blob: bytes) -> Section:
    """Take a section apart."""
    form = FORMS[key]
    magic, major, minor = struct.unpack_from("<8sHH", blob)
    assert magic == form.magic, magic
    head = dict(zip(form.names, struct.unpack_from("<" + form.head, blob, 12), strict=True))
    tail = blob[12 + struct.calcsize("<" + form.head) : HEADER_SIZE - 8]
    at, tables = head["header_size"], []
    for count, item in zip(form.counts(head), form.items, strict=True):
        width = struct.calcsize("<" + item)
        rows = [list(struct.unpack_from("<" + item, blob, at + i * width)) for i in range(count)]
        tables.append(rows)
        at += (count * width + 7) // 8 * 8
    return Section(key, head, tail, tables, (major, minor))


def section_of(data: bytes, key: str) -> Section:
    """The section of a file, taken apart."""
    offset, length = locate(data, key)
    return parse(key, data[offset : offset + length])


def set_section(file: Surgery, key: str, blob: bytes, checksum: int, **locator: int) -> None:
    """Put a section's bytes behind the file's and say so in the footer.

    `locator`: other numbers to claim there: offset, length.
    """
    file.body += bytes(-len(file.body) % 64)
    place = {"offset": len(file.body), "length": len(blob)} | locator
    # A residual keeps the form that the file says.
    said = file.entries().get(RESIDUAL, b"") if key == RESIDUAL else b""
    extra = b"format=packed " if b"format=packed" in said else b"format=usdc " if said else b""
    file.body += blob
    text = b"version=1.0 %soffset=%d length=%d checksum=%016x"
    file.set_entry(key, text % (extra, place["offset"], place["length"], checksum))


def replace_section(data: bytes, key: str, edit: Callable[[Section], object]) -> bytes:
    """The file with its section edited, and everything else as it was."""
    section = section_of(data, key)
    edit(section)
    file = Surgery(data)
    set_section(file, key, *section.coded())
    return file.data()


def residual_of(data: bytes) -> bytes:
    offset, length = locate(data, RESIDUAL)
    return data[offset : offset + length]


def replace_residual(data: bytes, blob: bytes) -> bytes:
    """The file with other bytes as its residual, and the checksum of these."""
    file = Surgery(data)
    set_section(file, RESIDUAL, blob, digest(blob))
    return file.data()


def fingerprint(file: Surgery, columns: list[str]) -> int:
    """The fingerprint of the chunks of the path column, and of the time column behind it."""
    value = 0
    for name in columns:
        for number, group in enumerate(file.groups()):
            meta = file.meta(name, number)
            numbers = (group[Group.NUM_ROWS], meta[Meta.DATA_PAGE], meta[Meta.COMPRESSED])
            value = digest(struct.pack("<3q", *numbers), seed=value)
    return value


def expected_locations(data: bytes) -> tuple[list[list[int]], list[list[int]]]:
    """The tables of chunks and pages that belong in the file's page locations.

    First rows are taken from the offset indexes, which the file must have; pages without rows
    must not be in it.
    """
    file = Surgery(data)
    chunks: list[list[int]] = []
    pages: list[list[int]] = []
    for group in range(len(file.groups())):
        for chunk in file.chunks(group):
            meta = chunk[Chunk.META]
            name = b".".join(meta[Meta.PATH].items).decode()
            found = file.pages(name, group)
            rows = {entry[1]: entry[3] for entry in file.offset_index(name, group)[1].items}
            has_dictionary = found[0].is_dictionary
            begin, size = found[0].offset, meta[Meta.COMPRESSED]
            chunks.append([begin, size, len(pages), len(found), int(has_dictionary), 0])
            pages.extend(_location(file, page, rows.get(page.offset, 0)) for page in found)
    return chunks, pages


def _location(file: Surgery, page: Page, first_row: int) -> list[int]:
    header = file.body[page.offset : page.offset + page.header_size]
    checksum = digest(header) & 0xFFFFFFFF
    return [page.offset, page.size, first_row, page.header_size, checksum]
