"""What the cases of hostile files share: the list of cases, and sound files to start from."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from compact_thrift import List, Struct, Type, fields
from parquet_surgery import Data, DataV2, Header, Page, Surgery
from pxr import Sdf
from round_trips import make_large

import usdparquet

Rows = list[dict[str, Any]]

PLAIN, RLE, DELTA, DELTA_LENGTH, DELTA_BYTES, RLE_DICTIONARY = 0, 3, 5, 6, 7, 8


@dataclass(frozen=True)
class Hostile:
    """A file made to harm, and the rows that a reader may give of it (None: any)."""

    name: str
    build: Callable[[], bytes]
    rows: Callable[[], Rows] | None


CASES: dict[str, Hostile] = {}


def hostile(name: str, build: Callable[[], bytes], rows: Callable[[], Rows] | None = None) -> None:
    """Add a case."""
    assert name not in CASES, name
    CASES[name] = Hostile(name, build, rows)


def case(rows: Callable[[], Rows] | None = None) -> Callable[..., Callable[[], bytes]]:
    """Make a case of a function, under the function's name."""

    def add(build: Callable[[], bytes]) -> Callable[[], bytes]:
        hostile(build.__name__, build, rows)
        return build

    return add


def table(rows: int = 10, nullable: bool = False) -> pa.Table:
    """Columns path and x, both without nulls."""
    schema = pa.schema(
        [
            pa.field("path", pa.string(), nullable=nullable),
            pa.field("x", pa.float64(), nullable=nullable),
        ]
    )
    return pa.table(
        {"path": [f"/A{i}" for i in range(rows)], "x": [i + 0.5 for i in range(rows)]},
        schema=schema,
    )


def table_rows() -> Rows:
    return table().to_pylist()


def written(data: pa.Table | None = None, **how: object) -> Surgery:
    """A table as pyarrow writes it: uncompressed, plain, without page index if not told."""
    options: dict[str, object] = {
        "compression": "none",
        "use_dictionary": False,
        "write_statistics": False,
        "store_schema": False,
    }
    sink = pa.BufferOutputStream()
    pq.write_table(table() if data is None else data, sink, **(options | how))
    return Surgery(sink.getvalue().to_pybytes())


def optimized(rows: int = 1000) -> bytes:
    """A flat table with all of usdparquet's sections but the time index and the residual."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "table.parquet")
        data = {"path": [f"/W/p{i}" for i in range(rows)], "x": [i + 0.5 for i in range(rows)]}
        usdparquet.write_table(pa.table(data), file, rows_per_page=100)
        return file.read_bytes()


def optimized_rows() -> Rows:
    return [{"path": f"/W/p{i}", "x": i + 0.5} for i in range(1000)]


def long_table() -> bytes:
    """A table with times, sorted by path, with a time index; five prims at four times."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "table.parquet")
        data = {
            "path": [f"/W/p{i // 4}" for i in range(20)],
            "t": [float(i % 4) for i in range(20)],
            "h": [float(i) for i in range(20)],
        }
        usdparquet.write_table(pa.table(data), file, time="t", order="path")
        return file.read_bytes()


def long_rows() -> Rows:
    return [{"path": f"/W/p{i // 4}", "t": float(i % 4), "h": float(i)} for i in range(20)]


def exported(is_large: bool = False) -> bytes:
    """A layer with a residual; a large one is a crate file."""
    prims = "".join(
        f'def Xform "p{i}" (\n  customData = {{\n int a = {i}\n }}\n)\n{{\n double x = {i}.5\n}}\n'
        for i in range(10)
    )
    layer = Sdf.Layer.CreateAnonymous(".usda")
    assert layer.ImportFromString(f"#usda 1.0\n{prims}")
    if is_large:
        make_large(layer)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "layer.parquet")
        assert layer.Export(str(file))
        return file.read_bytes()


def page(
    body: bytes,
    values: int,
    encoding: int = PLAIN,
    uncompressed: int | None = None,
    compressed: int | None = None,
) -> Page:
    """A data page of version 1."""
    counts = fields(
        (Data.NUM_VALUES, Type.I32, values),
        (Data.ENCODING, Type.I32, encoding),
        (Data.DEFINITION_ENCODING, Type.I32, RLE),
        (Data.REPETITION_ENCODING, Type.I32, RLE),
    )
    return _page(0, (Header.DATA, counts), body, uncompressed, compressed)


def page_v2(
    body: bytes,
    values: int,
    encoding: int = PLAIN,
    rows: int | None = None,
    nulls: int = 0,
    levels: tuple[int, int] = (0, 0),
    uncompressed: int | None = None,
    compressed: int | None = None,
) -> Page:
    """A data page of version 2; `levels`: bytes of definition and of repetition levels."""
    counts = fields(
        (DataV2.NUM_VALUES, Type.I32, values),
        (DataV2.NUM_NULLS, Type.I32, nulls),
        (DataV2.NUM_ROWS, Type.I32, values if rows is None else rows),
        (DataV2.ENCODING, Type.I32, encoding),
        (DataV2.DEFINITION_BYTES, Type.I32, levels[0]),
        (DataV2.REPETITION_BYTES, Type.I32, levels[1]),
    )
    return _page(3, (Header.DATA_V2, counts), body, uncompressed, compressed)


def dictionary_page(body: bytes, values: int) -> Page:
    counts = fields((Data.NUM_VALUES, Type.I32, values), (Data.ENCODING, Type.I32, PLAIN))
    return _page(2, (Header.DICTIONARY, counts), body, None, None)


def _page(
    kind: int,
    counts: tuple[int, Struct],
    body: bytes,
    uncompressed: int | None,
    compressed: int | None,
) -> Page:
    header = fields(
        (Header.TYPE, Type.I32, kind),
        (Header.UNCOMPRESSED, Type.I32, len(body) if uncompressed is None else uncompressed),
        (Header.COMPRESSED, Type.I32, len(body) if compressed is None else compressed),
        (Header.CRC, Type.I32, 0),
        (counts[0], Type.STRUCT, counts[1]),
    )
    return Page(0, header, body, 0)


def of_pages(
    column: str,
    *pages: Page | bytes,
    data: pa.Table | None = None,
    values: int | None = None,
    **how: object,
) -> bytes:
    """A sound file but for the pages of one column."""
    file = written(data, **how)
    file.set_pages(column, pages, values=values)
    return file.data()


def claimed(items: List, count: int) -> List:
    """The list, which claims to have `count` items."""
    return List(items.item, items.items, count)
