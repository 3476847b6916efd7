"""Thrift's compact protocol as trees, in which anything can be changed and written again."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
INTEGERS = (BYTE, I16, I32, I64)


@dataclass
class Field:
    id: int
    type: int
    value: Any


@dataclass
class Struct:
    fields: list[Field] = field(default_factory=list)

    def find(self, id_: int) -> Field | None:
        return next((each for each in self.fields if each.id == id_), None)

    def get(self, id_: int, default: Any = None) -> Any:
        found = self.find(id_)
        return default if found is None else found.value

    def put(self, id_: int, type_: int, value: Any) -> None:
        found = self.find(id_)
        if found is not None:
            found.value = value
            return
        self.fields.append(Field(id_, type_, value))
        self.fields.sort(key=lambda each: each.id)

    def drop(self, id_: int) -> None:
        self.fields = [each for each in self.fields if each.id != id_]


@dataclass
class Sequence:
    """A list or a set."""

    type: int
    items: list[Any]


class Reader:
    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def zigzag(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def value(self, type_: int) -> Any:
        if type_ == BYTE:
            return struct.unpack("b", bytes([self.byte()]))[0]
        if type_ in INTEGERS:
            return self.zigzag()
        if type_ == DOUBLE:
            self.at += 8
            return struct.unpack_from("<d", self.data, self.at - 8)[0]
        if type_ == BINARY:
            size = self.varint()
            self.at += size
            return self.data[self.at - size : self.at]
        if type_ in (LIST, SET):
            head = self.byte()
            count = head >> 4 if head >> 4 < 15 else self.varint()
            inner = head & 15
            if inner in (TRUE, FALSE):
                return Sequence(inner, [self.byte() == TRUE for _ in range(count)])
            return Sequence(inner, [self.value(inner) for _ in range(count)])
        if type_ == STRUCT:
            return self.struct()
        raise ValueError(f"type {type_} is in no Parquet file")

    def struct(self) -> Struct:
        found = Struct()
        last = 0
        while head := self.byte():
            last = last + (head >> 4) if head >> 4 else self.zigzag()
            type_ = head & 15
            value = type_ == TRUE if type_ in (TRUE, FALSE) else self.value(type_)
            found.fields.append(Field(last, type_, value))
        return found


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value: int) -> bytes:
    value = (value + (1 << 63)) % (1 << 64) - (1 << 63)  # what does not fit is cut
    return varint((value << 1) ^ (value >> 63))


def coded(type_: int, value: Any) -> bytes:
    if type_ == BYTE:
        return bytes([value & 0xFF])
    if type_ in INTEGERS:
        return zigzag(value)
    if type_ == DOUBLE:
        return struct.pack("<d", value)
    if type_ == BINARY:
        return varint(len(value)) + value
    if type_ in (LIST, SET):
        size = len(value.items)
        head = bytes([size << 4 | value.type]) if size < 15 else bytes([0xF0 | value.type])
        if size >= 15:
            head += varint(size)
        if value.type in (TRUE, FALSE):
            return head + bytes(TRUE if item else FALSE for item in value.items)
        return head + b"".join(coded(value.type, item) for item in value.items)
    return coded_struct(value)


def coded_struct(value: Struct) -> bytes:
    out = bytearray()
    last = 0
    for each in value.fields:
        type_ = each.type
        if type_ in (TRUE, FALSE):
            type_ = TRUE if each.value else FALSE
        delta = each.id - last
        out += bytes([delta << 4 | type_]) if 0 < delta < 16 else bytes([type_]) + zigzag(each.id)
        last = each.id
        if type_ not in (TRUE, FALSE):
            out += coded(type_, each.value)
    out.append(0)
    return bytes(out)


def structs(value: Any) -> Iterator[Struct]:
    """All structures in a tree, the outermost first."""
    if isinstance(value, Struct):
        yield value
        for each in value.fields:
            yield from structs(each.value)
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from structs(item)


def sequences(value: Any) -> Iterator[Sequence]:
    """All lists in a tree."""
    if isinstance(value, Sequence):
        yield value
        for item in value.items:
            yield from sequences(item)
    elif isinstance(value, Struct):
        for each in value.fields:
            yield from sequences(each.value)
