"""What is changed in a file: bytes as they lie, or parts of it under checksums that are right."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

import compact
from compact import Sequence, Struct
from parquet import File, Page
from sections import INDEX, PAGES, SCHEMA, TIMES, Section

EDGES = (0, 1, 2, 7, 15, 127, 128, 255, 1000, 65535, 65536, 1 << 20)
EDGES += tuple(edge + d for edge in (1 << 31, 1 << 32, 1 << 63) for d in (-1, 0))


def odd_number(rng: Random, number: int) -> int:
    """A number near the one that is there, or one at which types end."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(EDGES) * rng.choice((1, 1, -1))
    if kind == 1:
        return number + rng.choice((-1, 1))
    if kind == 2:
        return number ^ 1 << rng.randrange(40)
    if kind == 3:
        return number * rng.choice((2, 3, 16, 1000))
    if kind == 4:
        return number // 2
    return rng.randrange(max(2, abs(number) * 2 + 2))


def odd_bytes(rng: Random, data: bytes) -> bytes:
    """Bytes with a few changes: bits, runs, insertions, cuts and copies."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(out) + 1)
        size = rng.choice((1, 1, 2, 4, 8, 40))
        kind = rng.randrange(7)
        if kind <= 1 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            out[at : at + size] = rng.randbytes(len(out[at : at + size]))
        elif kind == 3:
            out[at : at + size] = bytes([rng.choice((0, 255, 128))]) * len(out[at : at + size])
        elif kind == 4:
            out[at:at] = rng.randbytes(size)
        elif kind == 5:
            del out[at : at + size]
        elif kind == 6 and out:
            source = rng.randrange(len(out))
            out[at : at + size] = out[source : source + size]
    return bytes(out)


# Bytes as they lie.


def raw(rng: Random, data: bytes) -> tuple[bytes, str]:
    kind = rng.randrange(8)
    if kind == 0:
        cut = rng.randrange(len(data))
        return data[:cut], f"cut at {cut}"
    if kind == 1:
        at, size = rng.randrange(len(data)), rng.choice((16, 512, 4096))
        zeros = bytes(len(data[at : at + size]))
        return data[:at] + zeros + data[at + size :], f"{size} zeros at {at}"
    if kind == 2:
        return odd_bytes(rng, data), "runs of bytes"
    if kind == 3:  # near the end, where the footer is
        at = len(data) - rng.randrange(1, min(2000, len(data)))
    else:
        at = rng.randrange(len(data))
    bit = 1 << rng.randrange(8)
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :], f"bit {bit} of byte {at}"


# Trees of Thrift.


def change_tree(rng: Random, tree: Struct) -> str:
    """One change somewhere in a tree."""
    if rng.random() < 0.2 and (lists := [each for each in compact.sequences(tree) if each.items]):
        return _change_list(rng, rng.choice(lists))
    inner = [each for each in compact.structs(tree) if each.fields]
    if not inner:
        return "nothing: an empty tree"
    where = rng.choice(inner)
    field = rng.choice(where.fields)
    before = field.value
    kind = rng.randrange(10)
    if kind == 0:
        where.fields.remove(field)
        return f"field {field.id} dropped"
    if kind == 1:
        field.id = rng.choice((1, 2, 3, 4, 5, 9, 11, 100, -3, 32767))
        return f"a field gets the number {field.id}"
    if field.type in compact.INTEGERS:
        field.value = odd_number(rng, before)
    elif field.type in (compact.TRUE, compact.FALSE):
        field.value = not before
    elif field.type == compact.DOUBLE:
        field.value = rng.choice((0.0, -1.0, float("nan"), float("inf"), 1e300))
    elif field.type == compact.BINARY:
        field.value = odd_bytes(rng, before)
    elif isinstance(before, Sequence):
        return _change_list(rng, before)
    else:
        return change_tree(rng, before)
    return f"field {field.id}: {str(before)[:40]} -> {str(field.value)[:40]}"


def _change_list(rng: Random, found: Sequence) -> str:
    items = found.items
    if not items:
        return "nothing: an empty list"
    at, other = rng.randrange(len(items)), rng.randrange(len(items))
    kind = rng.randrange(6)
    if kind == 0:
        del items[at]
    elif kind == 1:
        items.insert(other, items[at])
    elif kind == 2:
        items[at], items[other] = items[other], items[at]
    elif kind == 3:
        items.extend(items[at : at + 1] * rng.choice((1, 20, 500)))
    elif kind == 4:
        items.clear()
    elif found.type in compact.INTEGERS:
        items[at] = odd_number(rng, items[at])
    elif found.type == compact.BINARY:
        items[at] = odd_bytes(rng, items[at])
    else:
        items[at] = items[other]
    return f"a list of {len(items)}: change {kind} at {at}"


# Pages.


def pages(rng: Random, file: File) -> str:
    chunk = rng.choice([each for each in file.chunks() if each.pages])
    at = rng.randrange(len(chunk.pages))
    page = chunk.pages[at]
    where = f"{chunk.name} page {at}: "
    codec = chunk.meta.get(4)
    kind = rng.randrange(12)
    if kind <= 3:
        page.coded()
        page.keeps_header = True
        return where + change_tree(rng, page.header)
    if kind <= 7:
        plain = page.plain(codec)
        if plain is None:
            return where + "nothing: its codec is none of the document's"
        sizes = page.header.get(2)
        page.set_plain(odd_bytes(rng, plain), codec)
        if rng.random() < 0.2:
            page.header.put(2, compact.I32, sizes)
        return where + "decompressed bytes"
    if kind == 8:
        page.body = odd_bytes(rng, page.body)
        return where + "stored bytes"
    if kind == 9:
        chunk.pages.remove(page)
        return where + "removed"
    if kind == 10:
        chunk.pages.insert(rng.randrange(len(chunk.pages) + 1), Page(page.header, page.body))
        return where + "twice"
    other = rng.choice([each for each in file.chunks() if each.pages])
    chunk.pages[at] = rng.choice(other.pages)
    return where + f"is one of {other.name}"


# Sections.


def section_numbers(rng: Random, section: Section) -> str:
    """Numbers of a section's tables and header."""
    parts = [number for number, rows in enumerate(section.parts) if rows]
    kind = rng.randrange(8)
    if kind == 0 or not parts:
        name = rng.choice(list(section.header))
        section.is_recounted = rng.random() < 0.3
        before = section.header[name]
        section.header[name] = odd_number(rng, int(before))
        return f"{name}: {before} -> {section.header[name]}"
    part = rng.choice(parts)
    rows = section.parts[part]
    at, other = rng.randrange(len(rows)), rng.randrange(len(rows))
    if kind == 1:
        del rows[at]
        section.is_recounted = rng.random() < 0.5
        return f"part {part}: item {at} removed"
    if kind == 2:
        rows.insert(other, list(rows[at]))
        section.is_recounted = rng.random() < 0.5
        return f"part {part}: item {at} twice"
    if kind == 3:
        rows[at], rows[other] = rows[other], rows[at]
        return f"part {part}: items {at} and {other} change places"
    column = rng.randrange(len(rows[at]))
    before = rows[at][column]
    if isinstance(before, float):
        edges = (before + 1, -before, float("nan"), float("inf"), 1e300, 0.0)
        rows[at][column] = rng.choice(edges)
    elif kind == 4:
        rows[at][column] = rng.choice(rows)[column]
    else:
        rows[at][column] = odd_number(rng, before)
    return f"part {part}, item {at}, number {column}: {before} -> {rows[at][column]}"


def index(rng: Random, file: File) -> str | None:
    keys = [key for key in (INDEX, TIMES) if key in file.sections]
    if not keys:
        return None
    key = rng.choice(keys)
    return f"{key}: {section_numbers(rng, file.sections[key])}"


def locations(rng: Random, file: File) -> str | None:
    if PAGES not in file.sections:
        return None
    return f"{PAGES}: {section_numbers(rng, file.sections[PAGES])}"


def page_index(rng: Random, file: File) -> str | None:
    """Offset and column indexes, which lie under no checksum."""
    found = [
        (chunk, tree)
        for chunk in file.chunks()
        for tree in (chunk.offset_index, chunk.column_index)
        if tree is not None
    ]
    if not found:
        return None
    chunk, tree = rng.choice(found)
    return f"page index of {chunk.name}: {change_tree(rng, tree)}"


def residual(rng: Random, file: File) -> str | None:
    if file.residual is None:
        return None
    blob, form = file.residual
    if form == "usdc" and rng.random() < 0.9:
        return None  # OpenUSD's own reader of crate files is not what is tried here
    if rng.random() < 0.3:
        at = rng.randrange(len(blob))  # a number of the packed form: a byte, or more
        number = compact.varint(rng.choice(EDGES))
        blob = blob[:at] + number + blob[at + 1 :]
    else:
        blob = odd_bytes(rng, blob)
    if rng.random() < 0.03:
        form = rng.choice(("usdc", "packed", "usda"))
    file.residual = blob, form
    return f"residual of {len(blob)} bytes, {form}"


# The footer.


def footer(rng: Random, file: File) -> str:
    return f"footer: {change_tree(rng, file.footer)}"


def schema_of_columns(rng: Random, file: File) -> str:
    """The part of the footer that says what columns are."""
    tree = rng.choice(file.footer.get(2).items)
    return f"schema element {tree.get(4)!r}: {change_tree(rng, tree)}"


def entry(rng: Random, file: File) -> str | None:
    found = file.entries()
    if not found:
        return None
    key = rng.choice(list(found))
    file.set_entry(key, odd_bytes(rng, found[key]))
    return f"entry {key}"


JSON_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1 << 63, 0.5, "", "x", "double", "token[]", "color3f", "matrix4d"),
    *("metadata", "relationship", "attribute", "no value", "apiSchemas", "specifier", "2.0"),
    *([], {}, [[]], {"double": 1}, {"token[]": ["a"]}, {"null": None}),
)


def description(rng: Random, file: File) -> str | None:
    """The JSON of usdparquet:schema."""
    text = file.entries().get(SCHEMA)
    if text is None:
        names = sorted({chunk.name.replace(".", ":") for chunk in file.chunks()})
        columns = {
            name: {"type": rng.choice(("double", "token", "color3f[]", "half", "asset"))}
            for name in rng.sample(names, 2)
        }
        text = json.dumps({"version": "1.0", "columns": columns}).encode()
    try:
        tree = json.loads(text)
    except ValueError:  # by a change before
        return None
    inner = [each for each in _objects(tree) if each]
    where = rng.choice(inner)
    key = rng.choice(list(where) if isinstance(where, dict) else range(len(where)))
    kind = rng.randrange(4)
    if kind == 0:
        del where[key]
    elif kind == 1 and isinstance(where, dict):
        where[rng.choice(("type", "role", "field", "property", "path", "time", "x"))] = where[key]
    elif kind == 2:
        where[key] = rng.choice([each for each in _objects(tree) if each is not where] or [0])
    else:
        where[key] = rng.choice(JSON_VALUES)
    try:
        changed = json.dumps(tree)
    except ValueError:  # an object in itself
        return None
    file.set_entry(SCHEMA, changed.encode())
    return f"{SCHEMA}: {key}: change {kind}"


def _objects(tree: Any) -> list[Any]:
    found = [tree]
    if isinstance(tree, dict | list):
        for value in tree.values() if isinstance(tree, dict) else tree:
            if isinstance(value, dict | list):
                found += _objects(value)
    return found


Change = Callable[[Random, File], str | None]
BEFORE_LAYOUT: tuple[Change, ...] = (pages, residual)
OF_SECTIONS: tuple[Change, ...] = (index, locations, page_index)
OF_THE_FOOTER: tuple[Change, ...] = (footer, schema_of_columns, entry, description)
# How often each is taken.
WEIGHTS = {pages: 8, residual: 3, index: 5, locations: 3, page_index: 2, footer: 4}
WEIGHTS |= {schema_of_columns: 2, entry: 2, description: 3}


def under_right_checksums(rng: Random, data: bytes) -> tuple[bytes, list[str], set[str]]:
    """The file with a few parts changed, what was done, and the kinds of it."""
    file = File(data)
    count = rng.choice((1, 1, 1, 1, 2, 3))
    chosen = rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)
    done: list[str] = []
    kinds: set[str] = set()

    def apply(stage: tuple[Change, ...]) -> None:
        for change in chosen:
            if change in stage and (text := change(rng, file)):
                done.append(text)
                is_key = text.startswith(("path page", "frame page"))
                kinds.add("key_pages" if is_key else change.__name__)

    apply(BEFORE_LAYOUT)
    try:
        coded = file.coded(lambda _: apply(OF_SECTIONS), lambda _: apply(OF_THE_FOOTER))
    except (struct.error, OverflowError, AttributeError, TypeError) as error:
        # A change has left something that cannot be written as Parquet at all.
        return data, [f"nothing: {error}"], set()
    return coded, done, kinds
