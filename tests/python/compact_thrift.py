"""Thrift's compact protocol without a schema: metadata of Parquet files to structs, and back.

A struct keeps the types and the order of what was read, so that what is written back unchanged has
the same bytes. What a correct writer would not write can be written all the same: a list's claimed
count (`List.claimed`), and any bytes in the place of a value (`Raw`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Type(IntEnum):
    """Types as the protocol numbers them."""

    TRUE = 1
    FALSE = 2
    I8 = 3
    I16 = 4
    I32 = 5
    I64 = 6
    DOUBLE = 7
    BINARY = 8
    LIST = 9
    SET = 10
    MAP = 11
    STRUCT = 12


_BOOLEANS = (Type.TRUE, Type.FALSE)


@dataclass(frozen=True)
class Raw:
    """Bytes that are written as they are, whatever the type of the value says."""

    data: bytes


@dataclass
class List:
    """A list or set; `claimed` is the count to write where it is not that of the items."""

    item: Type
    items: list[Any]
    claimed: int | None = None


@dataclass
class Map:
    """A map, as pairs in the order of the file."""

    key: Type
    value: Type
    pairs: list[tuple[Any, Any]]


@dataclass
class Struct:
    """A struct: fields by their ids, in the order of the file."""

    fields: dict[int, tuple[Type, Any]] = field(default_factory=dict)

    def __contains__(self, number: int) -> bool:
        return number in self.fields

    def __getitem__(self, number: int) -> Any:
        return self.fields[number][1]

    def get(self, number: int, default: Any = None) -> Any:
        return self.fields[number][1] if number in self.fields else default

    def put(self, number: int, kind: Type, value: Any) -> Struct:
        """Set a field, and return the struct; a new field goes where its id belongs."""
        is_new = number not in self.fields
        self.fields[number] = (kind, value)
        if is_new:
            self.fields = dict(sorted(self.fields.items()))
        return self

    def change(self, number: int, value: Any) -> Struct:
        """Give a field that is there another value."""
        self.fields[number] = (self.fields[number][0], value)
        return self

    def drop(self, number: int) -> None:
        self.fields.pop(number, None)


def fields(*items: tuple[int, Type, Any]) -> Struct:
    """A struct of (id, type, value)."""
    return Struct({number: (kind, value) for number, kind, value in items})


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def byte(self) -> int:
        value = self.data[self.at]
        self.at += 1
        return value

    def take(self, count: int) -> bytes:
        value = bytes(self.data[self.at : self.at + count])
        if len(value) != count:
            raise IndexError("the bytes end inside a value")
        self.at += count
        return value

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def signed(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def value(self, kind: Type) -> Any:
        if kind in (Type.I16, Type.I32, Type.I64):
            return self.signed()
        if kind in (Type.I8, *_BOOLEANS):
            return self.byte()
        if kind is Type.DOUBLE:
            return struct.unpack("<d", self.take(8))[0]
        if kind is Type.BINARY:
            return self.take(self.varint())
        if kind in (Type.LIST, Type.SET):
            head = self.byte()
            count = self.varint() if head >> 4 == 15 else head >> 4
            item = Type(head & 15 or Type.STRUCT)  # fastparquet gives an empty list no type
            return List(item, [self.value(item) for _ in range(count)])
        if kind is Type.MAP:
            count = self.varint()
            head = self.byte() if count else 0x11
            key, item = Type(head >> 4), Type(head & 15)
            return Map(key, item, [(self.value(key), self.value(item)) for _ in range(count)])
        return self.struct()

    def struct(self) -> Struct:
        found: dict[int, tuple[Type, Any]] = {}
        last = 0
        while head := self.byte():
            kind = Type(head & 15)
            last = last + (head >> 4) if head >> 4 else self.signed()
            found[last] = (kind, kind is Type.TRUE if kind in _BOOLEANS else self.value(kind))
        return Struct(found)


def read_struct(data: bytes, at: int = 0) -> tuple[Struct, int]:
    """The struct at that place, and where it ends."""
    reader = _Reader(data, at)
    found = reader.struct()
    return found, reader.at


def varint(value: int) -> bytes:
    """An unsigned number of up to 64 bits."""
    value &= (1 << 64) - 1
    coded = bytearray()
    while value > 127:
        coded.append(value & 127 | 128)
        value >>= 7
    coded.append(value)
    return bytes(coded)


def zigzag(value: int) -> bytes:
    """A signed number."""
    return varint((value << 1) ^ (value >> 63))


def _write_list(value: List) -> bytes:
    count = len(value.items) if value.claimed is None else value.claimed
    head = bytes([count << 4 | value.item]) if 0 <= count < 15 else bytes([0xF0 | value.item])
    if not 0 <= count < 15:
        head += varint(count)
    if value.item in _BOOLEANS:
        return head + bytes(value.items)
    return head + b"".join(_write(value.item, item) for item in value.items)


def _write_map(value: Map) -> bytes:
    if not value.pairs:
        return varint(0)
    pairs = (_write(value.key, key) + _write(value.value, item) for key, item in value.pairs)
    return varint(len(value.pairs)) + bytes([value.key << 4 | value.value]) + b"".join(pairs)


_WRITERS: dict[Type, Callable[[Any], bytes]] = {
    Type.I8: lambda value: bytes([value & 255]),
    Type.I16: zigzag,
    Type.I32: zigzag,
    Type.I64: zigzag,
    Type.DOUBLE: lambda value: struct.pack("<d", value),
    Type.BINARY: lambda value: varint(len(value)) + value,
    Type.LIST: _write_list,
    Type.SET: _write_list,
    Type.MAP: _write_map,
    Type.STRUCT: lambda value: write_struct(value),
}


def _write(kind: Type, value: Any) -> bytes:
    return value.data if isinstance(value, Raw) else _WRITERS[kind](value)


def write_struct(value: Struct) -> bytes:
    """The struct's bytes."""
    coded = bytearray()
    last = 0
    for number, (kind, item) in value.fields.items():
        shown = kind
        if kind in _BOOLEANS and not isinstance(item, Raw):
            shown = Type.TRUE if item else Type.FALSE
        if 0 < number - last < 16:
            coded.append((number - last) << 4 | shown)
        else:
            coded.append(shown)
            coded += zigzag(number)
        last = number
        if kind not in _BOOLEANS or isinstance(item, Raw):
            coded += _write(kind, item)
    coded.append(0)
    return bytes(coded)
