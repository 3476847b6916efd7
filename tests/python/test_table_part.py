"""The table in an exported file: other readers, the command line and optimize."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow.parquet as pq
import pytest
from cli_runs import run
from pxr import Gf, Sdf
from round_trips import check_round_trip, columns_by_property, difference, text_layer
from value_strategies import ALL_TYPES, plain, plain_cell

NUMBERS = (0.5, -0.0, 1e-7, 65504.0, math.inf, math.nan)


def value_of(type_name: str, row: int) -> Any:
    """A value of an Sdf type, another one for each row."""
    if type_name.endswith("[]"):
        cls = type(Sdf.ValueTypeNames.Find(type_name).defaultValue)
        return cls([value_of(type_name[:-2], row + i) for i in range(row % 4)])
    if type_name in ("string", "token"):
        return ["", "ü", '"two\nlines"', "plain"][row % 4]
    if type_name == "asset":
        return Sdf.AssetPath(["a.usda", "", "ü b.png"][row % 3])
    if type_name == "pathExpression":
        return Sdf.PathExpression(["/a", "//b*", "/a - /b"][row % 3])
    if type_name == "bool":
        return row % 2 == 0
    if type_name in ("uchar", "int", "uint", "int64", "uint64"):
        return row % 200
    if type_name == "timecode":
        return Sdf.TimeCode(row / 3)
    number = NUMBERS[row % len(NUMBERS)]
    if type_name in ("half", "float", "double"):
        return number
    cls = type(Sdf.ValueTypeNames.Find(type_name).defaultValue)
    if type_name.startswith("quat"):
        vector = {"h": Gf.Vec3h, "f": Gf.Vec3f, "d": Gf.Vec3d}[cls.__name__[-1]]
        return cls(number, vector(1, 2, row))
    if cls.__name__.startswith("Matrix"):
        count = cls.dimension[0] ** 2
        return cls(*[number + i for i in range(count)])
    if cls.__name__.endswith("i"):
        return cls(*range(row, row + cls.dimension))
    return cls(*[number] * (cls.dimension - 1), row % 100)


def column_name(type_name: str) -> str:
    return "of_" + type_name.replace("[]", "_array")


ROWS = 40


@pytest.fixture(scope="module")
def every_type(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A layer with an attribute of every type on prims /World/p0 ..., every seventh without."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    with Sdf.ChangeBlock():
        layer.defaultPrim = "World"
        world = Sdf.PrimSpec(layer, "World", Sdf.SpecifierDef, "Xform")
        for row in range(ROWS):
            prim = Sdf.PrimSpec(world, f"p{row}", Sdf.SpecifierDef, "Mesh")
            prim.kind = "component"
            prim.SetInfo("apiSchemas", Sdf.TokenListOp.Create(prependedItems=["MyAPI"]))
            for number, name in enumerate(ALL_TYPES):
                if (row + number) % 7:
                    value_type = Sdf.ValueTypeNames.Find(name)
                    spec = Sdf.AttributeSpec(prim, column_name(name), value_type)
                    spec.default = value_of(name, row)
            relationship = Sdf.RelationshipSpec(prim, "material")
            relationship.targetPathList.explicitItems = ["/World/p0"]
            if row % 2:
                prim.customData = {"zero": Gf.Vec3d(-0.0, row, 0.0)}
    return check_round_trip(layer, tmp_path_factory.mktemp("types") / "types.parquet")


def expected(type_name: str) -> list[Any]:
    number = ALL_TYPES.index(type_name)
    has = [(row + number) % 7 != 0 for row in range(ROWS)]
    layer = Sdf.Layer.CreateAnonymous(".usda")
    prim = Sdf.PrimSpec(layer, "p", Sdf.SpecifierDef)
    spec = Sdf.AttributeSpec(prim, "x", Sdf.ValueTypeNames.Find(type_name))
    values = []
    for row in range(ROWS):
        spec.default = value_of(type_name, row)  # as Sdf stores it: a half is rounded
        values.append(plain(spec.default) if has[row] else None)
    return values


def read_pyarrow(file: Path) -> dict[str, list[Any]]:
    return pq.read_table(file).to_pydict()


def read_duckdb(file: Path) -> dict[str, list[Any]]:
    relation = duckdb.sql(f"SELECT * FROM '{file}'")
    rows = relation.fetchall()
    return {name: [row[i] for row in rows] for i, name in enumerate(relation.columns)}


def read_polars(file: Path) -> dict[str, list[Any]]:
    return polars.read_parquet(file).to_dict(as_series=False)


@pytest.mark.parametrize("read", [read_pyarrow, read_duckdb, read_polars])
def test_other_readers_find_the_values(
    every_type: Path, read: Callable[[Path], dict[str, list[Any]]]
) -> None:
    found = read(every_type)
    assert found["path"] == ["/World", *(f"/World/p{row}" for row in range(ROWS))]
    assert found["specifier"] == ["def"] * (ROWS + 1)
    assert found["typeName"] == ["Xform", *["Mesh"] * ROWS]
    assert found["kind"] == [None, *["component"] * ROWS]
    assert list(found["apiSchemas"][1]) == ["MyAPI"]
    assert list(found["material"][1]) == ["/World/p0"]
    for name in ALL_TYPES:
        cells = [plain_cell(cell) for cell in found[column_name(name)][1:]]
        assert cells == expected(name), name


def test_every_type_is_a_column(every_type: Path) -> None:
    columns = columns_by_property(every_type)
    assert {column_name(name) for name in ALL_TYPES} <= set(columns)


@pytest.mark.parametrize("read", [read_pyarrow, read_duckdb, read_polars])
def test_names_that_differ_in_case(
    tmp_path: Path, read: Callable[[Path], dict[str, list[Any]]]
) -> None:
    """Each keeps its values, though a reader that ignores case may call it otherwise."""
    prims = "".join(
        f'def "P{i}"\n{{\n    int size = {i}\n'
        f"    int Size = {i + 10}\n    int SIZE = {i + 20}\n}}\n"
        for i in range(3)
    )
    file = check_round_trip(text_layer(prims), tmp_path / "case.parquet")
    found = read(file)
    numbers = [values for values in found.values() if all(isinstance(v, int) for v in values)]
    assert sorted(numbers) == [[0, 1, 2], [10, 11, 12], [20, 21, 22]]


def test_validate_passes(every_type: Path) -> None:
    assert "no problems" in run("validate", every_type)


def test_inspect_says_what_columns_are(every_type: Path) -> None:
    description = json.loads(run("inspect", every_type, "--json"))
    columns = {column["name"]: column for column in description["columns"]}
    for name in ALL_TYPES:
        properties = columns[column_name(name)]["properties"]
        assert properties == [{"name": column_name(name), "type": name}]
    assert columns["material"]["properties"] == [{"name": "material", "type": "rel"}]
    assert columns["typeName"]["metadata_fields"] == ["typeName"]
    assert columns["apiSchemas"]["metadata_fields"] == ["apiSchemas"]


SAMPLES = "".join(
    f'def "P{i}"\n{{\n    double x.timeSamples = {{\n        1: {i},\n        2: -0,\n    }}\n}}\n'
    for i in range(3)
)


def test_a_layer_with_samples(tmp_path: Path) -> None:
    file = check_round_trip(text_layer(SAMPLES), tmp_path / "samples.parquet")
    assert "no problems" in run("validate", file)
    assert pq.read_table(file, columns=["path", "time", "x"]).to_pylist()[:3] == [
        {"path": "/P0", "time": None, "x": None},
        {"path": "/P0", "time": 1.0, "x": 0.0},
        {"path": "/P0", "time": 2.0, "x": -0.0},
    ]


@pytest.mark.parametrize("options", [[], ["--compression", "none", "--no-index"]])
def test_optimize_keeps_the_layer(every_type: Path, tmp_path: Path, options: list[str]) -> None:
    before = Sdf.Layer.OpenAsAnonymous(str(every_type)).ExportToString()
    output = tmp_path / "optimized.parquet"
    run("optimize", every_type, output, *options)
    after = Sdf.Layer.OpenAsAnonymous(str(output)).ExportToString()
    assert before == after, difference(before, after)
    assert "no problems" in run("validate", output)
    run("optimize", output, output)
    assert Sdf.Layer.OpenAsAnonymous(str(output)).ExportToString() == before


def test_optimize_keeps_samples(tmp_path: Path) -> None:
    file = check_round_trip(text_layer(SAMPLES), tmp_path / "samples.parquet")
    run("optimize", file, file)
    assert Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString() == (
        text_layer(SAMPLES).ExportToString()
    )
