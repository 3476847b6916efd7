"""Entries of the footer, names and paths made to harm: JSON, the Arrow schema, long texts."""

from __future__ import annotations

import json
import struct

import pyarrow as pa
from compact_thrift import List, Type
from hostile_files import case, hostile, page, table_rows, written
from parquet_surgery import Element, Footer, Meta, Surgery


def with_schema(text: str | bytes) -> bytes:
    """A sound table with that text as what the footer says of its columns."""
    file = written()
    file.set_entry("usdparquet:schema", text if isinstance(text, bytes) else text.encode())
    return file.data()


def with_column(column: dict[str, object]) -> bytes:
    return with_schema(json.dumps({"version": "1.0", "columns": {"x": column}}))


_JSON = {
    "deep": '{"version":"1.0","layer":' + "[" * 100_000 + "]" * 100_000 + "}",
    "deep_objects": '{"version":"1.0","layer":' + '{"a":' * 100_000 + "1" + "}" * 100_001,
    "deep_unknown": '{"version":"1.0","other":' + "[" * 1_000_000 + "]" * 1_000_000 + "}",
    "deep_open": '{"version":"1.0","layer":' + "[" * 1_000_000,
    "columns": json.dumps({"version": "1.0", "columns": {f"c{i}": {} for i in range(100_000)}}),
    "duplicates": '{"version":"1.0",' + '"path":"path",' * 100_000 + '"exact":false}',
    "duplicate_columns": '{"version":"1.0","columns":{' + '"x":{},' * 100_000 + '"x":{}}}',
    "number": '{"version":"1.0","layer":{"metersPerUnit":{"double":1e999999999}}}',
    "digits": '{"version":"1.0","layer":{"metersPerUnit":{"double":%s}}}' % ("9" * 1_000_000),
    "integer": '{"version":"1.0","layer":{"framePrecision":{"int":99999999999999999999}}}',
    "version": '{"version":"%s"}' % ("1." * 1_000_000),
    "text": '{"version":"1.0","layer":{"comment":{"string":"%s"}}}' % ("a" * 10_000_000),
    "escapes": '{"version":"1.0","layer":{"comment":{"string":"%s"}}}' % ("\\ud800" * 10_000),
    "path_name": '{"version":"1.0","path":"%s"}' % ("p" * 10_000_000),
    "layer_names": '{"version":"1.0","layer":{"no name":{"int":1},"":{"int":1},"a/b":{"int":1}}}',
    "layer_children": '{"version":"1.0","layer":{"primChildren":{"token[]":["Evil"]}}}',
    "layer_names_many": json.dumps(
        {"version": "1.0", "layer": {f"n{i}": {"int": i} for i in range(50_000)}}
    ),
    "not_text": b'{"version":"1.0","path":"\xff\xfe"}',
    "nothing": "",
    "null": "null",
    "kinds": '{"version":1,"layer":[],"columns":[],"path":1,"exact":"no"}',
}
for _name, _text in _JSON.items():
    hostile(f"json_{_name}", lambda text=_text: with_schema(text))
for _name, _property in {
    "spaces": "a b",
    "empty": "",
    "path": "/Evil.x",
    "up": "../x",
    "namespace": ":::",
    "long": "p" * 1_000_000,
    "namespaces": ":".join(["a"] * 100_000),
    "nul": "a\x00b",
    "variant": "{v=a}x",
}.items():
    _column = {"role": "attribute", "property": _property}
    hostile(
        f"property_{_name}",
        lambda column=_column: with_column(column),
    )
for _name, _column in {
    "metadata_names": {"metadata": {"no name": {"int": 1}, "": {"int": 2}, "a.b": {"token": "c"}}},
    "metadata_fields": {"metadata": {"default": {"double": 9.0}, "timeSamples": {"int": 1}}},
    "field": {"role": "metadata", "field": "primChildren", "type": "token[]"},
    "field_name": {"role": "metadata", "field": "no name", "type": "double"},
    "type": {"type": "string"},
    "type_name": {"type": "a" * 1_000_000},
    "role": {"role": "relationship"},
}.items():
    hostile(
        f"column_{_name}",
        lambda column=_column: with_column(column),
    )


def _arrow_schema(value: bytes) -> bytes:
    file = written()
    file.set_entry("ARROW:schema", value)
    return file.data()


@case()
def names_not_text() -> bytes:
    """A column, its chunk and the writer with names that are no UTF-8."""
    file = written()
    file.schema()[2].change(Element.NAME, b"\xff\xfex")
    file.meta("x").change(Meta.PATH, List(Type.BINARY, [b"\xff\xfex"]))
    file.footer.put(Footer.CREATED_BY, Type.BINARY, b"\xff\xfe\x00")
    return file.data()


@case()
def path_name_not_text() -> bytes:
    file = written()
    file.schema()[1].change(Element.NAME, b"path\xff")
    file.meta("path").change(Meta.PATH, List(Type.BINARY, [b"path\xff"]))
    return file.data()


hostile("arrow_schema_garbage", lambda: _arrow_schema(b"/////" * 1000))
hostile("arrow_schema_letters", lambda: _arrow_schema(b"\xff\x00!" * 1000))
hostile("arrow_schema_length", lambda: _arrow_schema(b"/////////3///38AAAA="))
hostile("entries_many", lambda: _entries([(f"k{i}", b"v") for i in range(200_000)]), table_rows)
hostile("entries_same", lambda: _entries([("usdparquet:schema", b"{}")] * 100_000))
hostile("entries_long", lambda: _entries([("k", bytes(20_000_000))]), table_rows)


def _entries(items: list[tuple[str, bytes]]) -> bytes:
    file = written()
    file.set_entries(items)
    return file.data()


# Paths.


def _paths(paths: list[str]) -> bytes:
    x = pa.array([float(i) for i in range(len(paths))])
    return written(pa.table({"path": paths, "x": x}), compression="zstd").data()


hostile("path_elements", lambda: _paths(["/a" * 100_000, "/B"]))
hostile("path_long", lambda: _paths(["/" + "a" * 10_000_000, "/B"]))
hostile("path_slashes", lambda: _paths(["/" * 10_000_000, "/B"]))
hostile("path_letters", lambda: _paths(["/\u00e4" * 50_000, "/a\u0000b", "/B"]))
hostile("path_stairs", lambda: _paths(["/a" * (i + 1) for i in range(3000)]))
hostile("path_parents", lambda: _paths([f"/a{i}" + "/b" * 500 for i in range(20)]))
hostile("path_properties", lambda: _paths(["/A.x", "/A{v=a}B", "/..", "/A/../B", "//A", "/A/"]))


@case()
def path_names_escaped() -> bytes:
    """Pages of the path column whose texts are no UTF-8."""
    bad = b"".join(struct.pack("<I", 4) + b"/A\xff\xfe" for _ in range(10))
    file: Surgery = written()
    file.set_pages("path", [page(bad, 10)])
    return file.data()
