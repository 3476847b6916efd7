"""A Parquet file taken into its parts, and laid out again with every offset and checksum right."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa
from compact import BINARY, I32, I64, LIST, STRUCT, Field, Reader, Sequence, Struct, coded_struct
from sections import (
    INDEX,
    PAGES,
    RESIDUAL,
    SCHEMA,
    SEAL,
    TIMES,
    Section,
    checksum_of,
    digest,
    entry,
    place,
)

# Numbers of parquet.thrift.
CODECS = {1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}
DATA_PAGE, INDEX_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2 = range(4)


@dataclass
class Page:
    header: Struct
    body: bytes
    keeps_header: bool = False
    """Whether sizes and the checksum in the header stay as they are."""

    @property
    def kind(self) -> int:
        return self.header.get(1, 0)

    def levels_size(self) -> int:
        """Bytes of levels before the compressed part, in pages of version 2."""
        of_v2 = self.header.get(8)
        return of_v2.get(5, 0) + of_v2.get(6, 0) if of_v2 else 0

    def plain(self, codec: int) -> bytes | None:
        """The decompressed body; None where it cannot be told."""
        size = self.header.get(2, 0)
        of_v2 = self.header.get(8)
        if codec == 0 or (of_v2 and of_v2.get(7) is False):
            return self.body
        if codec not in CODECS:
            return None
        levels = self.levels_size()
        inner = self.body[levels:]
        if size == levels:
            return self.body[:levels]
        plain = pa.decompress(inner, size - levels, CODECS[codec], asbytes=True)
        return self.body[:levels] + plain

    def set_plain(self, plain: bytes, codec: int) -> None:
        of_v2 = self.header.get(8)
        self.header.put(2, I32, len(plain))
        if codec == 0 or (of_v2 and of_v2.get(7) is False):
            self.body = plain
            return
        levels = min(self.levels_size(), len(plain))
        inner = plain[levels:]
        packed = pa.compress(inner, CODECS[codec], asbytes=True) if inner else b""
        self.body = plain[:levels] + packed

    def coded(self) -> tuple[bytes, bytes]:
        if not self.keeps_header:
            self.header.put(3, I32, len(self.body))
            if self.header.find(4):
                crc = zlib.crc32(self.body)
                self.header.put(4, I32, crc - (1 << 32) if crc >> 31 else crc)
        return coded_struct(self.header), self.body


@dataclass
class Chunk:
    tree: Struct
    pages: list[Page]
    offset_index: Struct | None = None
    column_index: Struct | None = None
    rows_of_pages: list[int] = field(default_factory=list)
    """First rows, as the page locations or the offset index have them; empty if neither does."""

    @property
    def meta(self) -> Struct:
        return self.tree.get(3)

    @property
    def name(self) -> str:
        return b".".join(self.meta.get(3).items).decode("utf-8", "replace")


class File:
    def __init__(self, data: bytes) -> None:
        assert data[:4] == data[-4:] == b"PAR1"
        (size,) = struct.unpack_from("<I", data, len(data) - 8)
        self.footer = Reader(data, len(data) - 8 - size).struct()
        self.groups = [
            [self._chunk(data, tree) for tree in group.get(1).items]
            for group in self.footer.get(4).items
        ]
        entries = self.entries()
        self.sections: dict[str, Section] = {}
        self.residual: tuple[bytes, str] | None = None
        for key in (INDEX, TIMES, PAGES):
            if key in entries:
                offset, length, checksum, _ = place(entries[key])
                blob = data[offset : offset + length]
                assert checksum_of(blob) == checksum
                self.sections[key] = Section.parse(key, blob)
        if RESIDUAL in entries:
            offset, length, checksum, form = place(entries[RESIDUAL])
            blob = data[offset : offset + length]
            assert digest(blob) == checksum
            self.residual = blob, form
        self._take_first_rows()

    @staticmethod
    def _chunk(data: bytes, tree: Struct) -> Chunk:
        meta = tree.get(3)
        starts = [meta.get(9), meta.get(11)]
        at = min(start for start in starts if start)
        end = at + meta.get(7)
        pages = []
        while at < end:
            reader = Reader(data, at)
            header = reader.struct()
            at = reader.at + header.get(3)
            pages.append(Page(header, data[reader.at : at]))
        chunk = Chunk(tree, pages)
        if tree.get(4):
            chunk.offset_index = Reader(data, tree.get(4)).struct()
        if tree.get(6):
            chunk.column_index = Reader(data, tree.get(6)).struct()
        return chunk

    def _take_first_rows(self) -> None:
        if PAGES not in self.sections:
            return
        chunks, pages = self.sections[PAGES].parts
        for chunk, (_, _, first, count, _, _) in zip(self.chunks(), chunks, strict=True):
            chunk.rows_of_pages = [row for _, _, row, _, _ in pages[first : first + count]]

    def chunks(self) -> list[Chunk]:
        return [chunk for group in self.groups for chunk in group]

    def entries(self) -> dict[str, bytes]:
        found = self.footer.get(5)
        if not found:
            return {}
        # A key that was changed before need not be UTF-8.
        named = ((each.get(1, b"").decode(errors="replace"), each) for each in found.items)
        return {key: each.get(2, b"") for key, each in named}

    def set_entry(self, key: str, value: bytes) -> None:
        if self.footer.find(5) is None:
            self.footer.put(5, LIST, Sequence(STRUCT, []))
        items = self.footer.get(5).items
        for each in items:
            if each.get(1) == key.encode():
                each.put(2, BINARY, value)
                return
        items.append(Struct([Field(1, BINARY, key.encode()), Field(2, BINARY, value)]))

    def drop_entry(self, key: str) -> None:
        if items := self.footer.get(5):
            items.items = [each for each in items.items if each.get(1) != key.encode()]

    def strip_checksums(self) -> None:
        """Leave only what files of other writers have: no checksum of pages, headers or footer."""
        self.drop_entry(SEAL)
        self.drop_entry(PAGES)
        self.sections.pop(PAGES, None)
        for chunk in self.chunks():
            for page in chunk.pages:
                page.header.drop(4)

    # Laying out.

    def coded(
        self,
        edit_sections: Callable[[File], object] = lambda _: None,
        edit_footer: Callable[[File], object] = lambda _: None,
    ) -> bytes:
        """The file's bytes; each edit comes when what it edits is right but for its checksums."""
        out = bytearray(b"PAR1")
        locations = [self._put_pages(out, chunk) for chunk in self.chunks()]
        if PAGES in self.sections:
            self._make_locations(locations)
        fingerprint = self._fingerprint()
        for section in self.sections.values():
            section.header["fingerprint"] = fingerprint
        edit_sections(self)
        for key in (INDEX, TIMES):
            if key in self.sections:
                self._put_section(out, key, fixed=False)
        if self.residual is not None:
            blob, form = self.residual
            out += bytes(-len(out) % 64)
            self.set_entry(RESIDUAL, entry(len(out), len(blob), digest(blob), form))
            out += blob
        for chunk in self.chunks():
            for index, at, size in (
                (chunk.column_index, 6, 7),
                (chunk.offset_index, 4, 5),
            ):
                if index is not None:
                    coded = coded_struct(index)
                    chunk.tree.put(at, I64, len(out))
                    chunk.tree.put(size, I32, len(coded))
                    out += coded
        if PAGES in self.sections:
            self._put_section(out, PAGES, fixed=True)
        edit_footer(self)
        return bytes(out) + self._sealed_footer(len(out))

    def _put_pages(self, out: bytearray, chunk: Chunk) -> list[tuple[int, bytes, bytes]]:
        begin = len(out)
        found = []
        for page in chunk.pages:
            header, body = page.coded()
            found.append((len(out), header, body))
            out += header + body
        meta = chunk.meta
        data_pages = [
            at for page, (at, _, _) in zip(chunk.pages, found, strict=True) if page.kind != 2
        ]
        if chunk.pages and chunk.pages[0].kind == DICTIONARY_PAGE:
            meta.put(11, I64, begin)
        else:
            meta.drop(11)
        meta.put(9, I64, data_pages[0] if data_pages else begin)
        meta.put(7, I64, len(out) - begin)
        if chunk.offset_index is not None:
            listed = chunk.offset_index.get(1).items
            places = [
                (at, len(header) + len(body))
                for page, (at, header, body) in zip(chunk.pages, found, strict=True)
                if page.kind != DICTIONARY_PAGE
            ]
            for item, (at, size) in zip(listed, places, strict=False):
                item.put(1, I64, at)
                item.put(2, I32, size)
        return found

    def _make_locations(self, locations: list[list[tuple[int, bytes, bytes]]]) -> None:
        chunks: list[list[int]] = []
        pages: list[list[int]] = []
        for chunk, found in zip(self.chunks(), locations, strict=True):
            rows = chunk.rows_of_pages
            begin = found[0][0] if found else 0
            has_dictionary = bool(chunk.pages) and chunk.pages[0].kind == DICTIONARY_PAGE
            listed = found[: len(rows)]
            size = sum(len(header) + len(body) for _, header, body in found)
            flags = int(has_dictionary and bool(listed))
            chunks.append([begin, size, len(pages), len(listed), flags, 0])
            pages += [
                [at, len(head) + len(body), row, len(head), digest(head) & 0xFFFFFFFF]
                for (at, head, body), row in zip(listed, rows, strict=False)
            ]
        self.sections[PAGES].parts = [chunks, pages]

    def _fingerprint(self) -> int:
        schema = json.loads(self.entries().get(SCHEMA, b"{}"))
        names = [schema.get("path", "path")]
        if TIMES in self.sections:
            names.append(schema.get("time", ""))
        value = 0
        for name in names:
            for tree, group in zip(self.footer.get(4).items, self.groups, strict=True):
                for chunk in group:
                    if chunk.name == name:
                        numbers = (tree.get(3), chunk.meta.get(9), chunk.meta.get(7))
                        value = digest(struct.pack("<3q", *numbers), seed=value)
        return value

    def _put_section(self, out: bytearray, key: str, *, fixed: bool) -> None:
        blob = self.sections[key].coded()
        out += bytes(-len(out) % 64)
        self.set_entry(key, entry(len(out), len(blob), checksum_of(blob), fixed=fixed))
        out += blob

    def _sealed_footer(self, offset: int) -> bytes:
        if SEAL in self.entries():
            self.set_entry(SEAL, entry(0, 0, 0, fixed=True))
            length = len(coded_struct(self.footer))
            self.set_entry(SEAL, entry(offset, length, 0, fixed=True))
            checksum = digest(coded_struct(self.footer))
            self.set_entry(SEAL, entry(offset, length, checksum, fixed=True))
        footer = coded_struct(self.footer)
        return footer + struct.pack("<I", len(footer)) + b"PAR1"
