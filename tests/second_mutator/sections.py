"""The sections of docs/file-format.md: headers, tables, block checksums, and their entries."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Any

import xxhash

INDEX, TIMES, PAGES = "usdparquet:index", "usdparquet:times", "usdparquet:pages"
RESIDUAL, SCHEMA, SEAL = "usdparquet:residual", "usdparquet:schema", "usdparquet:footer"
HEADER_SIZE = 192
BLOCK_SIZE = 32 << 10

# Field -> (offset, letter of struct), as the document's tables of the headers have them.
HEADERS: dict[str, dict[str, tuple[int, str]]] = {
    INDEX: {
        "major": (8, "H"),
        "minor": (10, "H"),
        "header_size": (12, "I"),
        "total_size": (16, "Q"),
        "seed": (24, "Q"),
        "fingerprint": (32, "Q"),
        "rows": (40, "I"),
        "row_entries": (44, "I"),
        "row_id_bits": (48, "I"),
        "row_bucket_bits": (52, "I"),
        "parents": (56, "I"),
        "runs": (60, "I"),
        "parent_entries": (64, "I"),
        "parent_id_bits": (68, "I"),
        "parent_bucket_bits": (72, "I"),
        "blocks": (76, "I"),
        "blocks_checksum": (80, "Q"),
        "rows_without_path": (88, "I"),
        "rows_that_repeat": (92, "I"),
        **{f"without_path_{i}": (96 + 4 * i, "I") for i in range(5)},
        **{f"repetition_{i}": (116 + 4 * i, "I") for i in range(10)},
    },
    TIMES: {
        "major": (8, "H"),
        "minor": (10, "H"),
        "header_size": (12, "I"),
        "total_size": (16, "Q"),
        "fingerprint": (24, "Q"),
        "rows": (32, "I"),
        "shift": (36, "I"),
        "directory": (40, "I"),
        "runs": (44, "I"),
        "schedules": (48, "I"),
        "codes": (52, "I"),
        "offsets": (56, "I"),
        "blocks": (60, "I"),
        "blocks_checksum": (64, "Q"),
        "first_code": (72, "d"),
        "last_code": (80, "d"),
        "codes_per_second": (88, "d"),
        "start": (96, "q"),
        "start_nanoseconds": (104, "I"),
        "rows_that_repeat": (108, "I"),
        **{f"repetition_{i}": (112 + 4 * i, "I") for i in range(10)},
    },
    PAGES: {
        "major": (8, "H"),
        "minor": (10, "H"),
        "header_size": (12, "I"),
        "total_size": (16, "Q"),
        "fingerprint": (24, "Q"),
        "rows": (32, "I"),
        "groups": (36, "I"),
        "leaves": (40, "I"),
        "chunks": (44, "I"),
        "pages": (48, "I"),
        "blocks": (52, "I"),
        "blocks_checksum": (56, "Q"),
    },
}
MAGICS = {INDEX: b"UPQINDEX", TIMES: b"UPQTIMES", PAGES: b"UPQPAGES"}
# The parts of the body: the letters of an item, and how many there are by the header.
PARTS: dict[str, list[tuple[str, str]]] = {
    INDEX: [
        ("I", "(1 << row_bucket_bits) + 1"),
        ("Q", "row_entries"),
        ("I", "(1 << parent_bucket_bits) + 1"),
        ("Q", "parent_entries"),
        ("III", "parents + 1"),
        ("II", "runs"),
    ],
    TIMES: [
        ("I", "directory"),
        ("II", "runs"),
        ("IIIIII", "schedules"),
        ("d", "codes"),
        ("I", "offsets"),
    ],
    PAGES: [("qqIIII", "chunks"), ("qIIII", "pages")],
}


def digest(data: bytes, seed: int = 0) -> int:
    return xxhash.xxh3_64_intdigest(data, seed=seed)


def fitting(letter: str, number: Any) -> Any:
    """The number cut to what the letter's type holds."""
    if letter == "d":
        return float(number)
    bits = struct.calcsize(letter) * 8
    number = int(number) % (1 << bits)
    return number - (1 << bits) if letter in "qi" and number >> (bits - 1) else number


@dataclass
class Section:
    key: str
    header: dict[str, Any]
    parts: list[list[list[Any]]]
    reserved: bytes
    is_recounted: bool = True
    """Whether sizes and counts in the header are made those of the parts."""

    @staticmethod
    def parse(key: str, data: bytes) -> Section:
        names = HEADERS[key]
        assert data[:8] == MAGICS[key]
        header = {
            name: struct.unpack_from("<" + at[1], data, at[0])[0] for name, at in names.items()
        }
        assert header["header_size"] == HEADER_SIZE
        assert digest(data[:184]) == struct.unpack_from("<Q", data, 184)[0]
        parts, at = [], HEADER_SIZE
        for letters, count in PARTS[key]:
            size = struct.calcsize("<" + letters)
            number = eval(count, {}, header)  # a formula of this file
            rows = [
                list(struct.unpack_from("<" + letters, data, at + i * size)) for i in range(number)
            ]
            parts.append(rows)
            at += -(-number * size // 8) * 8
        end = max(offset + struct.calcsize(letter) for offset, letter in names.values())
        return Section(key, header, parts, data[end:184])

    def coded(self) -> bytes:
        """The section's bytes, with all checksums made right."""
        body = bytearray()
        for (letters, _), rows in zip(PARTS[self.key], self.parts, strict=True):
            for row in rows:
                fitted = [fitting(letter, item) for letter, item in zip(letters, row, strict=True)]
                body += struct.pack("<" + letters, *fitted)
            body += bytes(-len(body) % 8)
        blocks = [body[at : at + BLOCK_SIZE] for at in range(0, len(body), BLOCK_SIZE)]
        checksums = b"".join(struct.pack("<I", digest(bytes(b)) & 0xFFFFFFFF) for b in blocks)
        if self.is_recounted:
            self.header["blocks"] = len(blocks)
            self.header["total_size"] = HEADER_SIZE + len(body) + len(checksums)
            counts = {
                count: rows for (_, count), rows in zip(PARTS[self.key], self.parts, strict=True)
            }
            for name in self.header.keys() & counts.keys():
                self.header[name] = len(counts[name])
            if "parents + 1" in counts:
                self.header["parents"] = len(counts["parents + 1"]) - 1
        self.header["blocks_checksum"] = digest(checksums)
        head = bytearray(HEADER_SIZE)
        head[:8] = MAGICS[self.key]
        for name, (at, letter) in HEADERS[self.key].items():
            struct.pack_into("<" + letter, head, at, fitting(letter, self.header[name]))
        head[184 - len(self.reserved) : 184] = self.reserved
        struct.pack_into("<Q", head, 184, digest(bytes(head[:184])))
        return bytes(head) + bytes(body) + checksums


def checksum_of(section: bytes) -> int:
    """The header's own, which the entry repeats."""
    return struct.unpack_from("<Q", section, 184)[0]


def entry(offset: int, length: int, checksum: int, form: str = "", fixed: bool = False) -> bytes:
    """A footer entry that says where bytes are."""
    place = (
        f"offset={offset:020d} length={length:010d}"
        if fixed
        else f"offset={offset} length={length}"
    )
    kind = f"format={form} " if form else ""
    return f"version=1.0 {kind}{place} checksum={checksum:016x}".encode()


def place(text: bytes) -> tuple[int, int, int, str]:
    """Offset, length, checksum and form of an entry."""
    found = re.fullmatch(
        rb"version=1\.0 (?:format=(\w+) )?offset=(\d+) length=(\d+) checksum=([0-9a-f]{16})", text
    )
    assert found, text
    return int(found[2]), int(found[3]), int(found[4], 16), (found[1] or b"").decode()
