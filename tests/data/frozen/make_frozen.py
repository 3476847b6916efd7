"""Write the files that are frozen, with the usdparquet that is installed.

Usage: make_frozen.py OUT [NAME...]

OUT is a new folder, such as one named after the version. Every run writes the same bytes. With
names, only the files and datasets of these names are written.
"""

from __future__ import annotations

import datetime
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from pxr import Gf, Sdf, Vt
from typer.testing import CliRunner

TESTS = Path(__file__).parents[2] / "python"
sys.path.insert(0, str(TESTS))

import test_roundtrip_cases  # noqa: E402
from arrow_cases import CASES, Case, cells  # noqa: E402
from frozen_files import RULES, read_table, rule_rows  # noqa: E402
from parquet_files import write_parquet  # noqa: E402
from round_trips import (  # noqa: E402
    check_round_trip,
    make_large,
    residual_format,
    text_layer,
)
from test_saving import many_types  # noqa: E402
from test_table_part import column_name, value_of  # noqa: E402
from test_time_samples import PATHS, by_path, by_time, table_of  # noqa: E402
from usd_values import collected_warnings, open_layer  # noqa: E402
from value_strategies import ALL_TYPES  # noqa: E402

import usdparquet  # noqa: E402
from usdparquet.cli import app  # noqa: E402
from usdparquet.tables.file_description import FileDescription, describe_file  # noqa: E402

# Pages and row groups of a few rows: what is found in the wrong one would show.
SMALL = ("--rows-per-page", "7", "--rows-per-group", "20")

FILES: dict[str, Callable[[Path], object]] = {}
DATASETS: dict[str, Callable[[Path], str]] = {}


def frozen(make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Have `make` write the file of its name."""
    FILES[make.__name__] = make
    return make


def frozen_dataset(make: Callable[[Path], str]) -> Callable[[Path], str]:
    """Have `make` write the dataset of its name; it returns the attribute that is edited."""
    DATASETS[make.__name__] = make
    return make


def command(*arguments: object) -> int:
    """Run the command line; its exit code."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments]).exit_code


def optimize(table: pa.Table, file: Path, *options: str) -> None:
    """`usdparquet optimize` of a table that pyarrow wrote.

    The layer has to stay the same, but for the order of children if rows are put in order of time.
    """
    arguments = {"time": "frame"} if "--time" in options else {}
    is_by_time = "time" in options
    with tempfile.TemporaryDirectory() as folder:
        source = write_parquet(table, Path(folder, "source.parquet"))
        code = command("optimize", source, file, *options)
        assert code == 0, f"{file}: optimize ends with {code}"
        texts = (open_layer(each, **arguments).ExportToString() for each in (source, file))
        before, after = (sorted(text.split("\n")) if is_by_time else text for text in texts)
        assert before == after, file


def export(layer: Sdf.Layer, file: Path) -> None:
    check_round_trip(layer, file)


def shuffled(items: list, seed: int) -> list:
    random.Random(seed).shuffle(items)
    return items


# Tables without times.


FEW_COLUMNS = ["path", "cost", "supplier", "size"]


def flat_table(rows: int = 9) -> pa.Table:
    numbers = shuffled(list(range(rows)), 1)

    def of(make: Callable[[int], object], gap: int, type_: pa.DataType) -> pa.Array:
        return pa.array([None if i % gap == 1 else make(i) for i in numbers], type_)

    return pa.table(
        {
            "path": [f"/World/Wall_{i}" for i in numbers],
            "cost": of(lambda i: i / 3 if i % 9 else -0.0, 5, pa.float64()),
            "supplier": of(lambda i: ("Ada", "Bo", "", "Größe")[i % 4], 7, pa.string()),
            "code": of(lambda i: f"W-{i * 7919 % 1000:04d}", rows, pa.string()),
            "count": of(lambda i: i * 10**10 - 3, 4, pa.int64()),
            "is_active": of(lambda i: i % 3 == 0, 6, pa.bool_()),
            "size": of(lambda i: [i / 7, 0.2, -0.0], 8, pa.list_(pa.float32(), 3)),
            "tags": of(lambda i: ["a", "ü"][: i % 3], 9, pa.list_(pa.string())),
        }
    )


@frozen
def optimized_flat_zstd(file: Path) -> None:
    optimize(flat_table(), file)


@frozen
def optimized_flat_snappy(file: Path) -> None:
    optimize(flat_table().select(FEW_COLUMNS), file, "--compression", "snappy", *SMALL)


@frozen
def optimized_flat_none(file: Path) -> None:
    optimize(flat_table().select(FEW_COLUMNS), file, "--compression", "none", *SMALL)


@frozen
def optimized_without_index(file: Path) -> None:
    optimize(flat_table().select(FEW_COLUMNS), file, "--no-index", *SMALL)


@frozen
def optimized_deep(file: Path) -> None:
    """Long paths, names of other scripts, and parents with and without a row."""
    chain = [f"L{i}" for i in range(12)]
    paths = ["/" + "/".join(chain[: i + 1]) for i in range(0, 12, 3)]
    paths += [f"/Werk/Größe_{i % 5}/日本_{i % 3}/p{i}" for i in range(14)]
    paths += ["/Werk", "/Werk/Größe_0", "/Werk/Größe_1/日本_1", "/Alone", "/L0/L1/Other/Leaf"]
    shuffled(paths, 2)
    depth = pa.array([path.count("/") for path in paths], pa.int32())
    optimize(pa.table({"path": paths, "depth": depth}), file, *SMALL)


@frozen
def optimized_left_out(file: Path) -> None:
    """Rows, columns and cells that a layer has no place for, more of each than are told."""
    odd = [None, "", "/", "Relative/B", "/A b", "/A.x", "/A{v=a}B", "/9", "/A//B", "/A/"]
    good = [f"/World/P{i}" for i in range(16)]
    paths = [*odd[:5], *good, *good[:6:-2], *odd[5:], "/World/P15", "/World"]
    rows = len(paths)

    def of(cell: object, type_: pa.DataType) -> pa.Array:
        return pa.array([cell if i % 3 else None for i in range(rows)], type_)

    pairs = pa.list_(pa.struct([("a", pa.int32())]))
    optimize(
        pa.table(
            {
                "path": paths,
                "row": pa.array(range(rows), pa.int32()),
                "photo": of(b"\x00\xff", pa.binary()),
                "Unit cost ($)": of(1.25, pa.float64()),
                "2024": of("year", pa.string()),
                "span": of(5, pa.duration("ms")),
                "pairs": of([{"a": 1}], pairs),
                "series": pa.array([[1.0, None if i % 10 == 9 else i / 2] for i in range(rows)]),
                "day": pa.array([19844 + i % 4 * 3_000_000 for i in range(rows)], pa.date32()),
            }
        ),
        file,
        *SMALL,
    )


def few_cells(case: Case) -> list[object]:
    """A value, a null and another value, neither of them long."""
    short = [cell for cell in cells(case, 100, 100) if len(str(cell)) < 300 and cell is not None]
    return [short[0], None, next(cell for cell in short[1:] if str(cell) != str(short[0]))]


@frozen
def optimized_types(file: Path) -> None:
    """Every Arrow type that becomes a property."""
    columns = {case.name: pa.array(few_cells(case), case.arrow) for case in CASES}
    optimize(pa.table({"path": ["/T/p0", "/T/p1", "/T/p2"], **columns}), file)


@frozen
def optimized_null_meanings(file: Path) -> None:
    """Columns whose entries say what a null is, and one whose entry says nothing."""
    columns: dict[str, object] = {
        "no_value": {"null": "no value"},
        "no_property": {"null": "no property"},
    }
    numbers = [None if i % 3 else i / 4 for i in range(12)]
    cells = dict.fromkeys((*columns, "x"), numbers)
    table = pa.table({"path": [f"/World/P{i}" for i in range(12)], **cells})
    entry = json.dumps({"version": "1.0", "columns": columns})
    optimize(table.replace_schema_metadata({"usdparquet:schema": entry}), file, *SMALL)


@frozen
def path_index_blocks(file: Path) -> None:
    """A path index of more than 32 KiB."""
    paths, numbers = zip(*RULES["path_index_blocks"], strict=True)
    table = pa.table({"path": paths, "x": pa.array(numbers, pa.int32())})
    optimize(table, file, "--rows-per-page", "512", "--rows-per-group", "3000")


# Long tables.


LONG_COLUMNS = ["path", "frame", "double", "string", "float3"]


def long_rows(times: list[object], default: object = None) -> list[tuple[str, object]]:
    """Prims of one schedule, of others, with and without defaults, and some of one row."""
    rows = [
        (path, time)
        for i, (path, time) in enumerate(by_time(PATHS, [default, *times]))
        if path not in PATHS[4:6] or i % 3
    ]
    return [*rows, ("/Late", times[-1]), ("/Default/Only", default)]


@frozen
def long_numbers_by_path(file: Path) -> None:
    table = table_of(long_rows([-1.5, 0.1, 1e6]), seed=3, nulls=0.2)
    optimize(table.arrow().select(LONG_COLUMNS), file, "--time", "frame", "--order", "path", *SMALL)


@frozen
def long_numbers_by_time(file: Path) -> None:
    table = table_of(long_rows([-1.5, 0.1, 1e6]), seed=3, nulls=0.2)
    optimize(table.arrow().select(LONG_COLUMNS), file, "--time", "frame", "--order", "time", *SMALL)


MOMENTS = [
    datetime.datetime(2024, 5, 1, 12, 0, second, micro, datetime.UTC)
    for second, micro in ((0, 0), (2, 1), (59, 999_999))
]


def long_moments() -> pa.Table:
    table = table_of(long_rows(list(MOMENTS)), seed=4, nulls=0.1)
    table.time_type = pa.timestamp("us", "UTC")
    return table.arrow().select(["path", "frame", "double"])


@frozen
def long_timestamps_by_path(file: Path) -> None:
    optimize(long_moments(), file, "--time", "frame", "--order", "path", *SMALL)


@frozen
def long_timestamps_by_time(file: Path) -> None:
    optimize(long_moments(), file, "--time", "frame", "--order", "time", *SMALL)


@frozen
def long_own_times(file: Path) -> None:
    """No two prims with the same times; whole numbers as times."""
    rows = [(path, 10 * time + i) for i, path in enumerate(PATHS) for time in range(4)]
    table = table_of(rows)
    table.time_type = pa.int32()
    optimize(table.arrow().select(["path", "frame", "int"]), file, "--time", "frame")


@frozen
def long_left_out(file: Path) -> None:
    """Rows that repeat a path and a time, or have no prim path."""
    rows = by_path([f"/A{i}" for i in range(8)], [None, 1, 2])
    rows += [("/A3", 1), ("/A4", None), ("/A3", 1), *[(f"/A{i}", 2) for i in range(4, 8)]]
    rows += [(None, 1), ("no path", 2), ("/A.x", None)]
    table = table_of(rows).arrow().select(["path", "frame", "int", "string"])
    optimize(table, file, "--time", "frame", "--order", "path", *SMALL)


# write_table.


@frozen
def written_table(file: Path) -> None:
    rows = range(6)
    numbers = [i / 3 for i in rows]
    table = pa.table(
        {
            "prim": [f"/World/P{i}" for i in rows],
            "tint": [None if i == 4 else [x, -0.0, 1.0] for i, x in enumerate(numbers)],
            "look": ["wood", "", None] * 2,
            "plan": ["plan.png", None] * 3,
            "turn": [[0.0, x, 0.0, 1.0] for x in numbers],
            "place": [[x] * 15 + [1.0] for x in numbers],
            "ratio": numbers,
            "points": [[[x, x, x]] * (i % 3) for i, x in enumerate(numbers)],
            "at": numbers,
        }
    )
    usdparquet.write_table(
        table,
        file,
        path="prim",
        types={
            "tint": "color3f",
            "look": "token",
            "plan": "asset",
            "turn": "quatf",
            "place": "matrix4d",
            "ratio": "half",
            "points": "point3f[]",
            "at": "timecode",
        },
        layer={
            "defaultPrim": "World",
            "upAxis": "Z",
            "metersPerUnit": 0.01,
            "comment": "Größe",
            "framePrecision": 4,
        },
        metadata={"made by": "usdparquet"},
        rows_per_page=2,
    )


@frozen
def written_table_not_strict(file: Path) -> None:
    paths = ["/A", "/B", "/C", "nowhere", "/D", "/C", None]
    table = pa.table({"path": paths, "x": range(7), "raw": [b"a"] * 7})
    usdparquet.write_table(table, file, strict=False, compression="none", rows_per_page=2)


@frozen
def written_long_table(file: Path) -> None:
    table = table_of(by_time(PATHS[:3], [None, 1, 2, 3]), nulls=0.2)
    table.time_type = pa.int64()
    usdparquet.write_table(
        table.arrow().select(["path", "frame", "double", "string"]),
        file,
        time="frame",
        order="time",
        layer={"timeCodesPerSecond": 25.0},
        compression="snappy",
        rows_per_page=4,
    )


# Layers that OpenUSD exports.


def export_case(name: str) -> Callable[[Path], None]:
    return lambda file: export(text_layer(test_roundtrip_cases.CASES[name]), file)


for _name in test_roundtrip_cases.CASES:
    FILES["exported_" + _name.replace(" ", "_")] = export_case(_name)


@frozen
def exported_types(file: Path) -> None:
    """Every Sdf type with a column, and relationships; every prim is without some of them."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    with Sdf.ChangeBlock():
        for row in range(3):
            prim = Sdf.CreatePrimInLayer(layer, f"/World/p{row}")
            for number, name in enumerate(ALL_TYPES):
                if (row + number) % 4:
                    type_name = Sdf.ValueTypeNames.Find(name)
                    spec = Sdf.AttributeSpec(prim, column_name(name), type_name)
                    spec.default = value_of(name, row)
            material = Sdf.RelationshipSpec(prim, "material")
            material.targetPathList.explicitItems = ["/World/p0"]
            if row > 0:
                members = Sdf.RelationshipSpec(prim, "members", False)
                members.targetPathList.explicitItems = ["/World/p1", "/World/p2.x"][:row]
    export(layer, file)


@frozen
def exported_declarations(file: Path) -> None:
    """Metadata of prims and properties in columns; both meanings of a null; no residual."""
    text = """(
    "A comment"
    defaultPrim = "P0"
    metersPerUnit = 0.01
    upAxis = "Z"
)
"""
    for i in range(5):
        fields = [
            ("", 'kind = "component"')[i % 2],
            ("", "active = false", "active = true")[i % 3],
            ("", "instanceable = true")[i % 2],
            ("", "hidden = true", "")[i % 3],
            f'displayName = "Teil {i}"',
            ("", 'doc = "two\\nlines"')[i % 2],
            ("", f'"comment {i}"')[i % 2],
            ('prepend apiSchemas = ["A", "B:c"]', "")[i % 2],
        ]
        properties = [
            f"custom double path = {i / 3}",
            f"int kind{f' = {i}' if i % 2 else ''}",
            f"float often = {i}" if i % 3 != 1 else "",
            f'uniform token uniform_token = "t{i}"',
            f"color3f[] primvars:displayColor = [({i}, -0, 1)] (\n"
            '        interpolation = "constant"\n    )',
            f"double2 documented = (-0, {i}) (\n"
            '        doc = "of every prim"\n        displayName = "D"\n    )',
        ]
        lines = "".join(f"    {line}\n" for line in fields if line)
        body = "".join(f"    {line}\n" for line in properties if line)
        kind = ("def", "over", "class")[i % 3] + ("", " Mesh", " Xform")[i % 3 and i % 2]
        text += f'{kind} "P{i}" (\n{lines})\n{{\n{body}}}\n'
    export(text_layer(text), file)


@frozen
def exported_time_samples(file: Path) -> None:
    """Samples in columns, with and without defaults."""
    prims = []
    for i in range(4):
        times = [t for t in (-1.5, 0, 0.1, 24) if (i + t) % 3 != 1]
        samples = "".join(f"        {t}: {t * i - 1},\n" for t in times)
        vectors = "".join(f"        {t}: (-0, {t}, {i}),\n" for t in times[:2])
        prims.append(
            f'def "P{i}"\n{{\n    double x = {i}\n    double x.timeSamples = {{\n{samples}    }}\n'
            f"    float3 v.timeSamples = {{\n{vectors}    }}\n"
            f'    string label = "never {i}"\n    token held.timeSamples = {{\n'
            f'        1: "a",\n        2: "b{i}",\n    }}\n}}\n'
        )
    export(text_layer("(\n    startTimeCode = 0\n)\n" + "".join(prims)), file)


@frozen
def exported_negative_zeros(file: Path) -> None:
    """What a crate file cannot keep lies in the residual in another form."""
    layer = text_layer("".join(f'def "P{i}"\n{{\n    double x = {i}\n}}\n' for i in range(3)))
    zeros = [0.0, -0.0] * 8
    values = {
        "vector": Gf.Vec3f(*zeros[1:4]),
        "half_vector": Gf.Vec2h(*zeros[1:3]),
        "matrix": Gf.Matrix4d(*zeros),
        "time": Sdf.TimeCode(-0.0),
        "quaternion": Gf.Quatf(-0.0, Gf.Vec3f(0.0, -0.0, 1.0)),
        "inner": {"unit": Gf.Vec2d(-0.0, 1.0)},
    }
    layer.GetPrimAtPath("/P1").customData = values
    layer.customLayerData = {"vector": Gf.Vec4d(*zeros[:4])}
    prim = layer.GetPrimAtPath("/P2")
    # One prim has it: no column, so that the residual holds it.
    for name, value in (("double3", Gf.Vec3d(*zeros[1:4])), ("float[]", zeros[:3])):
        spec = Sdf.AttributeSpec(prim, column_name(name), Sdf.ValueTypeNames.Find(name))
        spec.default = value
    export(layer, file)


ODD_FIELDS = """(
    customLayerData = {
        dictionary inner = {
            double3 vector = (-0, 1, 2)
            uchar[] bytes = [0, 255]
        }
    }
    subLayers = [
        @./other.usda@ (offset = 1; scale = 2),
        @./b.usda@
    ]
)

def "Arcs" (
    prepend apiSchemas = ["A", "B:c"]
    delete inherits = </Class>
    append references = [@r.usda@</R> (offset = 3; customData = { int i = 1 }), </Class>]
    payload = @p.usda@</P> (scale = 2)
    add specializes = </Class>
    permission = private
    variants = {
        string look = "wood"
    }
    append variantSets = "look"
)
{
    reorder nameChildren = ["B", "A"]
    custom rel targets = [</Class>, </Arcs.x>]
    append rel more = </Class.y>
    double x = None
    double x.connect = </Class.y>
    uniform token held.timeSamples = {
        -0.5: "a",
        1: None,
        2: "a",
    }
    variantSet "look" = {
        "wood" {
            double grain = 0.1
        }
    }
    def "B"
    {
    }
    def "A"
    {
    }
}

class "Class"
{
    double y
}
"""


def odd_layer(types: Iterable[str]) -> Sdf.Layer:
    """A layer of what no column takes: all kinds of fields, and a prim with a value of each type.

    No other prim has these attributes, so that the residual holds them.
    """
    layer = text_layer(ODD_FIELDS)
    prim = Sdf.CreatePrimInLayer(layer, "/Types")
    for number, name in enumerate(types):
        spec = Sdf.AttributeSpec(prim, column_name(name), Sdf.ValueTypeNames.Find(name))
        spec.default = value_of(name, number % 3 + 1)
    prim.customData = {"time": Sdf.TimeCode(-0.0)}
    return layer


@frozen
def exported_packed_residual(file: Path) -> None:
    """Each type of C++ once, so that it stays small enough to be packed."""
    classes = {Sdf.ValueTypeNames.Find(name).cppTypeName: name for name in reversed(ALL_TYPES)}
    types = [name for name in classes.values() if "pathExpression" not in name]
    export(odd_layer(types), file)
    assert residual_format(file) == "packed"


@frozen
def exported_crate_residual(file: Path) -> None:
    """Every type, and what a crate file keeps in another form."""
    layer = odd_layer(ALL_TYPES)
    make_large(layer)
    zeros = [0.0, -0.0] * 8
    layer.GetPrimAtPath("/Class").customData = {
        "vector": Gf.Vec3f(*zeros[1:4]),
        "matrix": Gf.Matrix4d(*zeros),
        "quaternion": Gf.Quatf(-0.0, Gf.Vec3f(0.0, -0.0, 1.0)),
        "array": Vt.DoubleArray(zeros[:3]),
    }
    export(layer, file)
    assert residual_format(file) == "usdc"


# Saved cells.


def save_cells(file: Path, edits: dict[str, object]) -> None:
    """Save edited default values, for which a file is patched, not written anew."""
    before = file.read_bytes()
    layer = open_layer(file, nulls="declare")  # cells that are null are edited too
    for path, value in edits.items():
        layer.GetAttributeAtPath(path).default = value
    assert layer.Save(), file
    assert file.read_bytes()[: len(before) // 4] == before[: len(before) // 4]


EDITS: dict[str, object] = {
    "/World/Prim_0.required": -1.5,
    "/World/Prim_1.small": 7,
    "/World/Prim_2.price": 9.75,
    "/World/Prim_4.day": "2025-12-31",
    "/World/Prim_5.at": "2025-12-31T23:59:59Z",
    "/World/Prim_3.name": "Größe",
    "/World/Prim_6.code": "new",
    "/World/Prim_7.size": Gf.Vec3f(7, 8, -0.0),
    "/World/Prim_8.series": [],
}


@frozen
def saved_cells_foreign(file: Path) -> None:
    write_parquet(many_types().slice(0, 9), file, rows_per_group=9, rows_per_page=2)
    save_cells(file, EDITS)


@frozen
def saved_cells_optimized(file: Path) -> None:
    optimize(many_types().slice(0, 9), file, "--compression", "none", *SMALL)
    save_cells(file, EDITS)
    save_cells(file, {"/World/Prim_8.required": 2.5})


@frozen
def saved_cells_beside_lists(file: Path) -> None:
    """Without an offset index nothing says which rows a page of lists holds."""
    table = many_types().slice(0, 9).select(["path", "required", "series"])
    write_parquet(table, file, rows_per_group=9, rows_per_page=2, write_page_index=False)
    save_cells(file, {"/World/Prim_3.required": -1.5})


@frozen
def saved_cells_exported(file: Path) -> None:
    prims = "".join(
        f'def Xform "P{i}" (\n    customData = {{\n        int i = {i}\n    }}\n)\n'
        f"{{\n    custom double x = {i}\n    color3f c = ({i}, 0, -0)\n}}\n"
        for i in range(9)
    )
    export(text_layer(prims), file)
    save_cells(file, {"/P7.x": 0.25, "/P3.c": Gf.Vec3f(-0.0, 1, 2)})


# Datasets. Their files lie in folders of them, whose times a manifest does not note.


@frozen_dataset
def dataset_of_folders(folder: Path) -> str:
    """Columns that folders name; files of two writers, with a type that differs, without a column
    and without rows."""
    table = flat_table(12)
    level = pa.array([None if i == 7 else i * 3000 for i in range(12)], pa.int32())
    table = table.append_column("level", level)
    narrow = table.slice(4, 4).drop_columns(["tags"])
    at = narrow.schema.get_field_index("level")
    narrow = narrow.set_column(at, "level", narrow["level"].cast(pa.int16()))
    parts = {
        "year=2024/kind=a%20b/0.parquet": table.slice(0, 4),
        "year=2024/kind=__HIVE_DEFAULT_PARTITION__/1.parquet": narrow,
        "year=2025/kind=Gr%C3%B6%C3%9Fe/0.parquet": table.slice(8),
        "year=2025/kind=Gr%C3%B6%C3%9Fe/none.parquet": table.slice(0, 0),
    }
    for name, rows in parts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if rows is narrow:
            usdparquet.write_table(rows, file, rows_per_page=2)
        else:
            write_parquet(rows, file, rows_per_group=3, rows_per_page=2)
    usdparquet.dataset(folder)
    return "/World/Wall_3.cost"


@frozen_dataset
def dataset_of_times(folder: Path) -> str:
    """A long table without such columns, which is opened by the cache of its manifest."""
    table = table_of(by_time(PATHS[:4], [None, 1, 2, 3]), seed=5, nulls=0.2)
    rows = table.arrow().select(LONG_COLUMNS)
    (folder / "parts").mkdir(parents=True)
    for number, begin in enumerate((0, 5, 11)):
        part = rows.slice(begin, (5, 6, rows.num_rows)[number])
        write_parquet(part, folder / "parts" / f"{number}.parquet", rows_per_page=2)
    usdparquet.dataset(folder, time="frame")
    return ""


def editable_attribute(layer: Sdf.Layer, description: FileDescription) -> str:
    """The first attribute with a number or a text in a column of such; empty if there is none."""
    properties = {
        entry.name
        for column in description.columns
        if column.type in ("double", "float", "int32", "int64", "string")
        for entry in column.properties
    }
    found: list[str] = []

    def visit(path: Sdf.Path) -> None:
        spec = layer.GetAttributeAtPath(path)
        if spec and spec.name in properties and type(spec.default) in (int, float, str):
            found.append(str(path))

    layer.Traverse("/", visit)
    return found[0] if found else ""


def write_texts(file: Path, layer: Sdf.Layer) -> None:
    """The layer's text, and the one with declared nulls where it is another."""
    text = layer.ExportToString()
    file.with_suffix(".usda").write_text(text, "utf-8")
    declared = open_layer(file, nulls="declare").ExportToString()
    if declared != text:
        file.with_suffix(".declared.usda").write_text(declared, "utf-8")


def write_package(folder: Path) -> None:
    """A package with a table, both in it and beneath its scene."""
    with tempfile.TemporaryDirectory() as inner:
        table, scene = Path(inner, "table.parquet"), Path(inner, "scene.usda")
        optimize(flat_table().select(FEW_COLUMNS), table, *SMALL)
        scene.write_text(
            '#usda 1.0\n(\n    subLayers = [@./table.parquet@]\n)\ndef Xform "World" {}\n', "utf-8"
        )
        for file in (table, scene):
            os.utime(file, (1_700_000_000, 1_700_000_000))  # a package holds the files' times
        file = folder / "package.usdz"
        writer = Sdf.ZipFileWriter.CreateNew(str(file))
        writer.AddFile(str(scene), "scene.usda")
        writer.AddFile(str(table), "table.parquet")
        assert writer.Save()
    text = Sdf.Layer.OpenAsAnonymous(f"{file}[table.parquet]").ExportToString()
    file.with_suffix(".usda").write_text(text, "utf-8")


def write_file(file: Path, make: Callable[[Path], object]) -> None:
    with collected_warnings():
        make(file)
        layer = Sdf.Layer.OpenAsAnonymous(str(file))
        if file.stem not in RULES:
            write_texts(file, layer)
    edit = editable_attribute(layer, describe_file(file))
    table = read_table(file, command("validate", file), edit)
    if file.stem in RULES:
        assert table.rows == rule_rows(file.stem)
        table = replace(table, rows=[])
    file.with_suffix(".json").write_text(table.text(), "utf-8")


def write_dataset(folder: Path, make: Callable[[Path], str]) -> None:
    edit = make(folder)
    write_texts(folder, Sdf.Layer.OpenAsAnonymous(str(folder)))
    table = read_table(folder, command("validate", folder), edit)
    folder.with_suffix(".json").write_text(table.text(), "utf-8")


def main(folder: Path, names: Sequence[str]) -> None:
    folder.mkdir(parents=True)
    for name, make in FILES.items():
        if not names or name in names:
            write_file(folder / f"{name}.parquet", make)
    for name, make_dataset in DATASETS.items():
        if not names or name in names:
            write_dataset(folder / f"{name}.parquet", make_dataset)
    if not names:
        write_package(folder)


if __name__ == "__main__":
    if len(sys.argv) < 2 or not {*sys.argv[2:]} <= {*FILES, *DATASETS}:
        sys.exit(__doc__)
    os.environ["TZ"] = "UTC"  # a package holds times of the zone that it is written in
    time.tzset()
    main(Path(sys.argv[1]), sys.argv[2:])
