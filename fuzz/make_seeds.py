"""Make the seeds of the fuzzers: small files in `fuzz/seeds`, and inputs in `fuzz/corpus`.

    python fuzz/make_seeds.py

needs the installed package and pyarrow. The whole files in `seeds` are what the targets build on:
changing one changes what the inputs in `corpus` mean, so they are made once and kept, and made
anew only where a new layout is added. Inputs that are there already stay.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FUZZ = Path(__file__).resolve().parent
sys.path.insert(0, str(FUZZ.parent / "tests" / "python"))

from compact_thrift import write_struct  # noqa: E402
from embedded_sections import HEADER_SIZE, INDEX, PAGES, RESIDUAL, TIMES, locate  # noqa: E402
from parquet_surgery import Chunk, Meta, Surgery  # noqa: E402
from pxr import Sdf  # noqa: E402

import usdparquet  # noqa: E402

SEEDS = FUZZ / "seeds"
DATASETS = FUZZ / "datasets"
CORPUS = FUZZ / "corpus"
ROWS = 60
CODECS = ("none", "snappy", "gzip", "brotli", "zstd", "lz4")


def columns() -> dict[str, pa.Array]:
    """A column of every kind of storage, each with nulls."""
    n = range(ROWS)

    def thin(values: list[Any]) -> list[Any]:
        return [None if i % 7 == 3 else value for i, value in enumerate(values)]

    def typed(values: list[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(thin(values), kind)

    return {
        "flag": typed([i % 3 == 0 for i in n], pa.bool_()),
        "small": typed([i % 100 - 50 for i in n], pa.int8()),
        "word": typed([i * 1000 for i in n], pa.uint16()),
        "count": typed([i * i - 100 for i in n], pa.int32()),
        "large": typed([i * 10**12 for i in n], pa.int64()),
        "half": typed([i / 4 for i in n], pa.float16()),
        "single": typed([i / 3 for i in n], pa.float32()),
        "cost": typed([i / 7 for i in n], pa.float64()),
        "kind": typed([f"kind{i % 4}" for i in n], pa.string()),
        "note": typed([f"a note of prim {i}" for i in n], pa.string()),
        "blob": typed([bytes([i] * (i % 5)) for i in n], pa.binary()),
        "fixed": typed([bytes([i] * 16) for i in n], pa.binary(16)),
        "price": typed(list(n), pa.decimal128(9, 2)),
        "weight": typed(list(n), pa.decimal128(30, 5)),
        "day": typed([i * 400 for i in n], pa.date32()),
        "moment": typed([i * 10**9 for i in n], pa.timestamp("us", "UTC")),
        "clock": typed([i * 10**6 for i in n], pa.time64("us")),
        "size": typed([[i, i + 0.5, -i] for i in n], pa.list_(pa.float32(), 3)),
        "samples": typed([list(range(i % 5)) for i in n], pa.list_(pa.int32())),
        "names": typed([[f"n{k}" for k in range(i % 3)] for i in n], pa.list_(pa.string())),
        "points": typed(
            [[[float(i), float(k), 0.0] for k in range(i % 4)] for i in n],
            pa.list_(pa.list_(pa.float32(), 3)),
        ),
        "part": typed(
            [{"a": i, "b": f"b{i}"} for i in n],
            pa.struct([("a", pa.int32()), ("b", pa.string())]),
        ),
    }


def paths() -> pa.Array:
    return pa.array([f"/W/g{i // 10}/p{i}" for i in range(ROWS)])


# --- Whole files. --------------------------------------------------------------------------------

ENCODINGS = {
    "delta": {
        "count": "DELTA_BINARY_PACKED",
        "large": "DELTA_BINARY_PACKED",
        "kind": "DELTA_BYTE_ARRAY",
        "note": "DELTA_LENGTH_BYTE_ARRAY",
        "blob": "DELTA_BYTE_ARRAY",
        "fixed": "DELTA_BYTE_ARRAY",
        "flag": "RLE",
        "path": "DELTA_BYTE_ARRAY",
        "samples.list.element": "DELTA_BINARY_PACKED",
        "names.list.element": "DELTA_LENGTH_BYTE_ARRAY",
    },
    "split": {
        "half": "BYTE_STREAM_SPLIT",
        "single": "BYTE_STREAM_SPLIT",
        "cost": "BYTE_STREAM_SPLIT",
        "count": "BYTE_STREAM_SPLIT",
        "fixed": "BYTE_STREAM_SPLIT",
        "size.list.element": "BYTE_STREAM_SPLIT",
        "points.list.element.list.element": "BYTE_STREAM_SPLIT",
    },
}


def with_arrow(names: list[str], **options: Any) -> bytes:
    """A file of pyarrow's with some of the columns."""
    made = columns()
    table = pa.table({"path": paths()} | {name: made[name] for name in names})
    options.setdefault("use_dictionary", False)
    if (encoding := options.pop("encoding", None)) is not None:
        leaves = pq_leaves(table)
        options["column_encoding"] = {k: v for k, v in ENCODINGS[encoding].items() if k in leaves}
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, row_group_size=40, write_batch_size=8, max_rows_per_page=16, **options
    )
    return sink.getvalue().to_pybytes()


def pq_leaves(table: pa.Table) -> set[str]:
    sink = pa.BufferOutputStream()
    pq.write_table(table.slice(0, 0), sink)
    schema = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return {schema.column(i).path for i in range(len(schema))}


def with_usdparquet(table: pa.Table, **options: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "table.parquet")
        usdparquet.write_table(table, file, rows_per_page=16, rows_per_group=40, **options)
        return file.read_bytes()


def exported(text: str) -> bytes:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    assert layer.ImportFromString("#usda 1.0\n" + text)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "layer.parquet")
        assert layer.Export(str(file))
        return file.read_bytes()


PRIM = """
    def Xform "p{i}" (
        customData = {{ int number = {i} }}
        kind = "component"
        references = @./other.usda@</A>
    )
    {{
        double cost = {i}.5
        string note = "prim {i}"
        float3[] points = [(0, {i}, 1), (2, 3, 4)]
        rel target = </W/p0>
        {samples}
    }}
"""


def layer_text(prims: int, samples: str = "", extra: str = "") -> str:
    inside = "".join(PRIM.format(i=i, samples=samples) for i in range(prims))
    return (
        f'(\n  defaultPrim = "W"\n  metersPerUnit = 0.01\n)\ndef Xform "W"\n{{{inside}{extra}\n}}\n'
    )


SAMPLES = "float speed.timeSamples = { 0: 1, 1: 2.5, 2: 4 }"
VARIANTS = """
    def "v" (
        variants = { string look = "red" }
        prepend variantSets = "look"
    )
    {
        variantSet "look" = {
            "red" {
                color3f c = (1, 0, 0)
            }
            "blue" {
                color3f c = (0, 0, 1)
            }
        }
    }
"""


def long_table() -> pa.Table:
    rows = [(f"/W/p{prim}", float(time)) for prim in range(12) for time in range(5)]
    return pa.table(
        {
            "path": [path for path, _ in rows],
            "frame": [time if i % 11 else None for i, (_, time) in enumerate(rows)],
            "height": [i / 3 for i in range(len(rows))],
            "name": [f"n{i % 5}" for i in range(len(rows))],
        }
    )


SCALARS = ["flag", "small", "word", "count", "large", "half", "single", "cost"]
TEXTS = ["kind", "note", "blob", "fixed", "price", "weight"]
TIMES_AND_LISTS = ["day", "moment", "clock", "size", "samples", "names", "points", "part"]


def whole_files() -> Iterator[tuple[str, bytes]]:
    """Every codec, encoding, page version and kind of file. About half have no checksums."""
    everything = list(columns())
    yield "types_none", with_arrow(everything, compression="none", write_page_index=True)
    for i, codec in enumerate(CODECS):
        parts = (SCALARS, TEXTS, TIMES_AND_LISTS)
        for k, names in enumerate(parts):
            if (i + k) % 2 and codec != "none":
                continue
            yield (
                f"{codec}_{k}",
                with_arrow(
                    names,
                    compression=codec,
                    data_page_version="1.0" if (i + k) % 4 else "2.0",
                    use_dictionary=k == 1,
                    write_page_index=i % 2 == 0,
                    write_page_checksum=k == 0,
                    write_statistics=i % 3 != 2,
                ),
            )
    for k, names in enumerate((SCALARS, TEXTS, TIMES_AND_LISTS)):
        for version in "12":
            yield (
                f"delta_{k}_v{version}",
                with_arrow(
                    names,
                    compression="none",
                    encoding="delta",
                    data_page_version=f"{version}.0",
                    write_page_index=version == "2",
                ),
            )
    for version in "12":
        yield (
            f"split_v{version}",
            with_arrow(
                ["half", "single", "cost", "count", "fixed", "size", "points"],
                compression="zstd" if version == "1" else "none",
                encoding="split",
                data_page_version=f"{version}.0",
                write_page_checksum=version == "1",
            ),
        )
    yield "dictionary", with_arrow(everything, compression="none", use_dictionary=True)
    yield "paths", paths_alone()
    made = columns()
    flat = pa.table({"path": paths()} | {name: made[name] for name in everything})
    yield (
        "flat",
        with_usdparquet(
            flat.select(["path", "cost", "note", "size", "samples", "flag"]), compression="none"
        ),
    )
    yield "flat_zstd", with_usdparquet(flat, strict=False)
    yield "long_path", with_usdparquet(long_table(), time="frame", order="path")
    yield "long_time", with_usdparquet(long_table(), time="frame", order="time", compression="none")
    yield "exported", exported(layer_text(6))
    yield "exported_long", exported(layer_text(4, SAMPLES))
    yield "exported_crate", exported(layer_text(5, SAMPLES, VARIANTS) + crate_text())


def crate_text() -> str:
    """More than fits into a packed residual."""
    notes = (hashlib.sha256(bytes([i])).hexdigest() for i in range(120))
    return "".join(
        f'def "c{i}" (\n customData = {{ string s = "{note}" }}\n) {{}}\n'
        for i, note in enumerate(notes)
    )


def paths_alone() -> bytes:
    """One column, in one row group, of a file without any checksum: pages_fuzzer adds another."""
    table = pa.table({"path": paths()})
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="none",
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,
    )
    return sink.getvalue().to_pybytes()


# --- Inputs of the other targets. ----------------------------------------------------------------


def schema_inputs() -> Iterator[bytes]:
    for name in ("exported", "exported_long", "exported_crate", "long_path"):
        entry = Surgery(SEEDS / f"{name}.parquet").entries().get("usdparquet:schema")
        if entry:
            yield entry
    yield json.dumps(
        {
            "version": "1.0",
            "path": "prim",
            "time": "frame",
            "exact": True,
            "layer": {
                "defaultPrim": {"token": "World"},
                "metersPerUnit": {"double": 0.01},
                "timeCodesPerSecond": {"double": 25},
                "subLayers": {"string[]": ["a.usda", "b\\u00e9.usda"]},
            },
            "columns": {
                "kind": {"role": "metadata", "field": "kind", "type": "token"},
                "cost": {
                    "role": "attribute",
                    "type": "double",
                    "custom": True,
                    "null": "no property",
                },
                "target": {"role": "relationship", "null": "no value", "variability": "varying"},
                "color": {
                    "property": "primvars:displayColor",
                    "type": "color3f[]",
                    "variability": "uniform",
                    "metadata": {
                        "interpolation": {"token": "constant"},
                        "hidden": {"bool": True},
                        "n": {"int": -3},
                        "m": {"int64": 1 << 40},
                        "f": {"float": 0.5},
                        "a": {"asset": "./x.png"},
                        "t": {"token[]": ["x", "y"]},
                    },
                },
            },
        }
    ).encode()


def footer_inputs() -> Iterator[bytes]:
    for number, name in enumerate(("types_none", "flat", "exported_long")):
        file = Surgery(SEEDS / f"{name}.parquet")
        for flags in (0, 0xE0):
            yield bytes([number | flags]) + write_struct(file.footer)


SECTIONS = (
    ("flat", INDEX),
    ("flat", PAGES),
    ("long_path", INDEX),
    ("long_path", TIMES),
    ("long_time", TIMES),
    ("exported_long", TIMES),
)


def section_inputs() -> Iterator[bytes]:
    for number, (name, key) in enumerate(SECTIONS):
        data = (SEEDS / f"{name}.parquet").read_bytes()
        offset, length = locate(data, key)
        body = length - HEADER_SIZE
        sums = -(-body // (32768 + 4)) * 4
        for flags in (0, 16, 32 | 64, 128):
            yield bytes([number | flags]) + data[offset : offset + length - sums]


def page_inputs() -> Iterator[bytes]:
    """A column of pyarrow's in one row group, in every encoding that it may have."""
    for name, column in columns().items():
        for options in page_options(name, column.type):
            table = pa.table({"path": paths(), name: column})
            sink = pa.BufferOutputStream()
            pq.write_table(
                table,
                sink,
                store_schema=False,
                write_batch_size=8,
                max_rows_per_page=24,
                **({"compression": "none", "use_dictionary": False} | options),
            )
            yield from columns_of(Surgery(sink.getvalue().to_pybytes()))


def page_options(name: str, kind: pa.DataType) -> Iterator[dict[str, Any]]:
    index = name in ("names", "cost", "points")
    yield {"data_page_version": "1.0", "write_page_index": not index}
    yield {"data_page_version": "2.0", "write_page_index": index, "write_statistics": False}
    if name in ("kind", "samples", "count", "names", "fixed"):
        yield {"use_dictionary": True, "data_page_version": "1.0"}
    if name in ("note", "size"):
        yield {"compression": "snappy", "data_page_version": "2.0"}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({name: pa.array([], kind)}), sink)
    schema = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    leaf = schema.column(0)
    fitting = {
        "INT32": ("DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"),
        "INT64": ("DELTA_BINARY_PACKED",),
        "FLOAT": ("BYTE_STREAM_SPLIT",),
        "DOUBLE": ("BYTE_STREAM_SPLIT",),
        "BYTE_ARRAY": ("DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"),
        "FIXED_LEN_BYTE_ARRAY": ("BYTE_STREAM_SPLIT", "DELTA_BYTE_ARRAY"),
        "BOOLEAN": ("RLE",),
    }
    for encoding in fitting.get(leaf.physical_type, ()):
        yield {"column_encoding": {leaf.path: encoding}, "data_page_version": "2.0"}


def columns_of(file: Surgery) -> Iterator[bytes]:
    """The input of each column but the first."""
    elements = file.schema()[1:]
    for chunk in file.chunks()[1:]:
        meta = chunk[Chunk.META]
        path = [each.decode() for each in meta[Meta.PATH].items]
        chain = b"".join(write_struct(each) for each in chain_of(elements, path))
        start = min(meta.get(Meta.DICTIONARY_PAGE) or meta[Meta.DATA_PAGE], meta[Meta.DATA_PAGE])
        pages = file.body[start : start + meta[Meta.COMPRESSED]]
        name = ".".join(path)
        index = b""
        if Chunk.OFFSET_INDEX in chunk:
            read = file.offset_index(name)
            for place in read[1].items:
                place.change(1, place[1] - start)
            index = write_struct(read)
        meta.change(Meta.DATA_PAGE, meta[Meta.DATA_PAGE] - start)
        coded = write_struct(meta)
        yield struct.pack("<3H", len(chain), len(coded), len(index)) + chain + coded + index + pages


def chain_of(elements: list[Any], path: list[str]) -> list[Any]:
    """The elements from a column to the leaf of that path; groups have one child then."""
    found = []
    at = 0
    for depth, name in enumerate(path):
        while elements[at][4] != name.encode():
            at += 1
        element = elements[at]
        if depth + 1 < len(path):
            element.change(5, 1)
        found.append(element)
        at += 1
    return found


def residual_inputs() -> Iterator[bytes]:
    """Packed residuals of layers with all kinds of fields and values."""
    for text in (layer_text(2), layer_text(1, SAMPLES), layer_text(1, SAMPLES, VARIANTS), VALUES):
        data = exported(text)
        if b"format=packed" in Surgery(data).entries()["usdparquet:residual"]:
            offset, length = locate(data, RESIDUAL)
            yield data[offset : offset + length]


VALUES = """(
    customLayerData = {
        bool b = 1
        uchar u = 3
        int64 i = -5
        half h = 0.5
        float[] f = [1, 2]
        double3 d = (1, 2, 3)
        quatf q = (1, 0, 0, 0)
        matrix2d m = ((1, 0), (0, 1))
        string[] s = ["a", "b"]
        asset a = @x.png@
        timecode t = 4
        dictionary inner = {
            token k = "v"
        }
    }
    subLayers = [ @./a.usda@ (offset = 1; scale = 2) ]
)
over "A" (
    delete references = @./b.usda@</B> (offset = 3)
    payload = @./c.usda@</C>
    inherits = </Base>
    prepend apiSchemas = ["X", "Y"]
    permission = private
    hidden = true
)
{
    rel r = [</A>, </B.x>]
    double x.connect = </A.y>
    color3f y = None
    token[] z.timeSamples = { 1: ["a"], 2: None }
    custom uniform string[] texts = ["a", "b"] ( doc = "text" )
}
"""


def recipes() -> Iterator[bytes]:
    """For the target `file`: each seed as it is, with checksums kept and not, and every action."""
    for number in range(len(list(SEEDS.glob("*.parquet")))):
        for flags in (0xFE, 0xFF):
            yield bytes([number, flags])


def parts_of(table: pa.Table, folder: Path, names: list[str]) -> None:
    each = table.num_rows // len(names)
    for i, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        rows = table.slice(i * each, each)
        if i == 1 and "=" in name:
            rows = rows.drop_columns(["note"])
        pq.write_table(rows, folder / name, compression="none", row_group_size=8)


def datasets() -> None:
    """Folders of a few small files: by themselves, by values in their names, of a long table."""
    flat = pa.table({"path": paths()} | {name: columns()[name] for name in ("cost", "note", "day")})
    parts_of(flat, DATASETS / "flat", ["a.parquet", "b.parquet", "c.parquet"])
    names = ["year=2024/a.parquet", "year=2025/a.parquet", "year=__HIVE_DEFAULT_PARTITION__/b.c"]
    parts_of(flat, DATASETS / "keys", names)
    parts_of(long_table(), DATASETS / "long", ["a.parquet", "b.parquet"])
    usdparquet.dataset(DATASETS / "flat")
    usdparquet.dataset(DATASETS / "keys", index=False)
    usdparquet.dataset(DATASETS / "long", time="frame")


def dataset_inputs() -> Iterator[bytes]:
    """Which folder and which of its files, then that file."""
    for number, folder in enumerate(sorted(DATASETS.iterdir())):
        for kind, name in enumerate(("_usdparquet.json", "_usdparquet.parts")):
            yield bytes([number, kind]) + (folder / name).read_bytes()
        files = json.loads((folder / "_usdparquet.json").read_text())["parts"]
        for names in ([files[0]["file"]], [each["file"] for each in files], ["../outside"], [""]):
            journal = {"version": "1.0", "parts": names}
            yield bytes([number, 2]) + json.dumps(journal).encode()


def keep(target: str, inputs: Iterator[bytes]) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def main() -> None:
    SEEDS.mkdir(exist_ok=True)
    for name, data in whole_files():
        if not (SEEDS / f"{name}.parquet").exists():
            (SEEDS / f"{name}.parquet").write_bytes(data)
    if not DATASETS.exists():
        datasets()
    keep("dataset", dataset_inputs())
    keep("schema_json", schema_inputs())
    keep("footer", footer_inputs())
    keep("sections", section_inputs())
    keep("pages", page_inputs())
    keep("residual", residual_inputs())
    keep("file", recipes())


if __name__ == "__main__":
    main()
