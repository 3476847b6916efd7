"""The undamaged files: tables of pyarrow, what `optimize` makes of them, layers, saved cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from parquet import File
from pxr import Gf, Sdf
from typer.testing import CliRunner

from usdparquet.cli import app

ROWS = 44


@dataclass(frozen=True)
class Seed:
    name: str
    data: bytes
    is_covered: bool
    """Whether every byte that matters lies under a checksum."""
    time: str = ""
    """The column of times that a reader has to name."""


def table() -> pa.Table:
    def of(make: Callable[[int], object], gap: int, type_: pa.DataType) -> pa.Array:
        return pa.array([None if i % gap == 1 else make(i) for i in range(ROWS)], type_)

    paths = [f"/World/Hall_{i % 3}/Wall_{i}" for i in range(ROWS - 2)] + ["/World", "/World/Hall_1"]
    part = [{"width": i / 2, "name": f"n{i % 4}"} if i % 6 else None for i in range(ROWS)]
    return pa.table(
        {
            "path": paths,
            "cost": of(lambda i: i / 3, 5, pa.float64()),
            "count": of(lambda i: i * 1000 - 7, ROWS + 2, pa.int32()),
            "big": of(lambda i: i**9, 9, pa.int64()),
            "supplier": of(lambda i: ("Ada", "Bo", "", "Größe")[i % 4], 7, pa.string()),
            "code": of(lambda i: f"W-{i * 7919 % 1000:04d}", ROWS + 2, pa.string()),
            "is_active": of(lambda i: i % 3 == 0, 6, pa.bool_()),
            "size": of(lambda i: [i / 7, 0.2, -0.0], 8, pa.list_(pa.float32(), 3)),
            "tags": of(lambda i: ["a", "ü"][: i % 3], 9, pa.list_(pa.string())),
            "series": of(lambda i: [k / 2 for k in range(i % 5)], 4, pa.list_(pa.float64())),
            "half": of(lambda i: i / 8, 11, pa.float16()),
            "price": of(lambda i: Decimal(f"{i}.25"), 10, pa.decimal128(9, 2)),
            "day": of(lambda i: 19000 + i, 12, pa.date32()),
            "part": pa.array(part, pa.struct([("width", pa.float64()), ("name", pa.string())])),
        }
    )


def long_table() -> pa.Table:
    rows = [(f"/P{i}", time) for time in (None, 0.0, 1.5, 4.0) for i in range(12) if (i + 1) % 7]
    paths, times = zip(*rows, strict=True)
    return pa.table(
        {
            "path": paths,
            "frame": pa.array(times, pa.float64()),
            "x": pa.array([None if i % 5 == 2 else i / 4 for i in range(len(rows))]),
            "label": pa.array([None if i % 4 else f"l{i % 3}" for i in range(len(rows))]),
            "v": pa.array([[i, 0.5, -0.0] for i in range(len(rows))], pa.list_(pa.float32(), 3)),
        }
    )


def layer(size: int) -> Sdf.Layer:
    """Columns, metadata, and a residual of about `size` bytes."""
    made = Sdf.Layer.CreateAnonymous(".usda")
    with Sdf.ChangeBlock():
        for i in range(20):
            prim = Sdf.CreatePrimInLayer(made, f"/World/P{i}")
            prim.specifier = Sdf.SpecifierDef
            prim.typeName = ("Xform", "Mesh")[i % 2]
            for name, type_, value in (
                ("x", Sdf.ValueTypeNames.Double, i / 3),
                ("c", Sdf.ValueTypeNames.Color3f, Gf.Vec3f(i, 0, -0.0)),
                ("label", Sdf.ValueTypeNames.Token, f"t{i % 3}"),
            ):
                if (i + len(name)) % 5:
                    Sdf.AttributeSpec(prim, name, type_).default = value
            if i % 4 == 0:
                prim.customData = {"i": i, "inner": {"v": Gf.Vec2d(i, -0.0), "s": "text"}}
            if i % 5 == 0:
                Sdf.RelationshipSpec(prim, "to").targetPathList.explicitItems = ["/World/P1"]
        odd = Sdf.CreatePrimInLayer(made, "/World/Odd")
        odd.referenceList.prependedItems = [Sdf.Reference("a.usda", "/A", Sdf.LayerOffset(1, 2))]
        odd.inheritPathList.explicitItems = ["/World/P2"]
        variants = Sdf.VariantSetSpec(odd, "look")
        Sdf.VariantSpec(variants, "wood")
        odd.variantSelections["look"] = "wood"
        odd.customData = {"text": "".join(chr(97 + i * i % 26) for i in range(size))}
    samples = Sdf.AttributeSpec(odd, "moving", Sdf.ValueTypeNames.Float)
    made.SetTimeSample(samples.path, 1.0, 0.5)
    made.SetTimeSample(samples.path, 2.0, Sdf.ValueBlock())
    made.defaultPrim = "World"
    return made


def moving_layer() -> Sdf.Layer:
    made = Sdf.Layer.CreateAnonymous(".usda")
    for i in range(10):
        prim = Sdf.CreatePrimInLayer(made, f"/P{i}")
        spec = Sdf.AttributeSpec(prim, "x", Sdf.ValueTypeNames.Double)
        spec.default = i / 3
        for time in (0.0, 0.5, 2.0)[: 1 + i % 3]:
            made.SetTimeSample(spec.path, time, i + time)
    return made


def command(*arguments: object) -> None:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output


FOREIGN: dict[str, dict[str, object]] = {
    "plain": {"compression": "none", "use_dictionary": False},
    "snappy": {"compression": "snappy", "write_page_index": True, "write_page_checksum": True},
    "zstd_v2": {"compression": "zstd", "data_page_version": "2.0", "write_page_checksum": True},
    "gzip_v2": {"compression": "gzip", "data_page_version": "2.0", "write_page_index": True},
    "lz4": {"compression": "lz4", "dictionary_pagesize_limit": 32},
    "brotli": {"compression": "brotli", "store_schema": False},
    "delta": {
        "compression": "none",
        "use_dictionary": False,
        "data_page_version": "2.0",
        "column_encoding": {
            "path": "DELTA_BYTE_ARRAY",
            "cost": "BYTE_STREAM_SPLIT",
            "count": "DELTA_BINARY_PACKED",
            "big": "DELTA_BINARY_PACKED",
            "supplier": "DELTA_LENGTH_BYTE_ARRAY",
            "code": "DELTA_BYTE_ARRAY",
            "is_active": "RLE",
        },
    },
}
SMALL = ("--rows-per-page", "7", "--rows-per-group", "20")


def make(folder: Path) -> list[Seed]:
    """All seeds; each that has checksums comes once without them."""
    found: list[Seed] = []

    def take(name: str, file: Path, *, covered: bool, time: str = "") -> None:
        data = file.read_bytes()
        found.append(Seed(name, data, covered, time))
        stripped = File(data)
        stripped.strip_checksums()
        bare = stripped.coded()
        if bare != data:
            found.append(Seed(f"{name}_bare", bare, False, time))

    for name, options in FOREIGN.items():
        file = folder / f"{name}.parquet"
        written = table() if name != "delta" else table().select(list(range(7)))
        sizes = {"row_group_size": 20, "max_rows_per_page": 7, "write_batch_size": 7}
        pq.write_table(written, file, **sizes, **options)
        take(name, file, covered=False)
    long = folder / "long.parquet"
    pq.write_table(long_table(), long, row_group_size=20, max_rows_per_page=7, write_batch_size=7)
    take("long", long, covered=False, time="frame")
    for codec in ("none", "zstd"):
        out = folder / f"optimized_{codec}.parquet"
        command("optimize", folder / "snappy.parquet", out, "--compression", codec, *SMALL)
        take(out.stem, out, covered=True)
    for order in ("path", "time"):
        out = folder / f"long_by_{order}.parquet"
        command("optimize", long, out, "--time", "frame", "--order", order, *SMALL)
        take(out.stem, out, covered=True)
    for name, made in (
        ("packed", layer(100)),
        ("crate", layer(9000)),
        ("samples", moving_layer()),
    ):
        out = folder / f"exported_{name}.parquet"
        assert made.Export(str(out))
        take(out.stem, out, covered=True)
    saved = folder / "saved.parquet"
    saved.write_bytes((folder / "snappy.parquet").read_bytes())
    opened = Sdf.Layer.FindOrOpen(str(saved))
    opened.GetAttributeAtPath("/World/Hall_0/Wall_3.cost").default = 9.5
    assert opened.Save()
    # Chunks of pyarrow's, copied: their pages have checksums, as has all else.
    take("saved", saved, covered=True)
    return found
