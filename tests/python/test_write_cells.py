"""Cells and texts that no Arrow table holds: one sentence with column and row, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow as pa
import pytest
from pxr import Gf, Sdf, Vt
from usd_values import open_layer

import usdparquet

PATHS = ["/A", "/B"]
LONE = "a\udcff"
"""A text with a lone surrogate: what Python makes of a byte that is no UTF-8."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "out.parquet"


def refused(table: Any, file: Path, **options: Any) -> str:
    with pytest.raises(ValueError) as error:
        usdparquet.write_table(table, file, **options)
    assert type(error.value) is ValueError
    assert not file.exists()
    return str(error.value)


def objects(*cells: Any) -> pandas.Series:
    return pandas.Series(list(cells), dtype=object)


# Lone surrogates


@pytest.mark.parametrize(
    "cell", [LONE, [LONE], {"a": LONE}, {LONE: 1}], ids=["text", "list", "dict", "key"]
)
def test_a_lone_surrogate_in_a_cell(cell: Any, file: Path) -> None:
    frame = pandas.DataFrame({"path": PATHS, "x": objects(None, cell)})
    assert refused(frame, file) == (
        f"{file}: column 'x', row 1: {cell!r} has text that is no valid UTF-8; correct it or make "
        "it null"
    )


def test_a_lone_surrogate_in_categories(file: Path) -> None:
    kind = pandas.CategoricalDtype(pandas.Index(["ok", LONE], dtype=object))
    cells = pandas.Categorical.from_codes([0, 1], dtype=kind)
    frame = pandas.DataFrame({"path": PATHS, "x": cells})
    assert "column 'x', row 1: 'a\\udcff' has text that is no valid UTF-8" in refused(frame, file)
    cells = pandas.Categorical.from_codes([0, 0], dtype=kind)
    frame = pandas.DataFrame({"path": PATHS, "x": cells})
    assert "column 'x', category 'a\\udcff' has text that is no valid" in refused(frame, file)


def test_a_lone_surrogate_in_paths(file: Path) -> None:
    said = "row 1: '/a\\udcff' has text that is no valid UTF-8; correct it or make it null"
    frame = pandas.DataFrame({"path": objects("/A", f"/{LONE}"), "x": [1, 2]})
    assert refused(frame, file) == f"{file}: column 'path', {said}"
    paths = pandas.Index(["/A", f"/{LONE}"], dtype=object)
    assert refused(pandas.DataFrame({"x": [1, 2]}, paths), file) == f"{file}: the index, {said}"
    named = paths.rename("prim")
    assert f"column 'prim', {said}" in refused(pandas.DataFrame({"x": [1, 2]}, named), file)


def test_a_lone_surrogate_in_names(file: Path) -> None:
    message = f"{file}: the name of a column is 'a\\udcff', which is no valid UTF-8"
    rows = [["/A", 1], ["/B", 2]]
    names = pandas.Index(["path", LONE], dtype=object)
    assert refused(pandas.DataFrame(rows, columns=names), file) == message
    index = pandas.Index([1, 2], name=LONE)
    assert refused(pandas.DataFrame({"path": PATHS}, index), file) == message


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"path": LONE}, "the argument 'path'"),
        ({"time": LONE}, "the argument 'time'"),
        ({"compression": LONE}, "the argument 'compression'"),
        ({"types": {LONE: "int"}}, "a text in the argument 'types'"),
        ({"types": {"x": LONE}}, "a text in the argument 'types'"),
        ({"metadata": {"key": LONE}}, "a text in the argument 'metadata'"),
        ({"layer": {"comment": LONE}}, "the argument 'layer'"),
    ],
)
def test_a_lone_surrogate_in_an_argument(options: dict[str, Any], what: str, file: Path) -> None:
    message = refused(pa.table({"path": PATHS, "x": [1, 2]}), file, **options)
    assert what in message
    assert "a\\udcff" in message
    assert "no valid UTF-8" in message


def test_a_lone_surrogate_in_what_is_read(file: Path) -> None:
    usdparquet.write_table(pa.table({"path": PATHS, "x": [1, 2]}), file)
    wanted: list[dict[str, Any]] = [
        {"columns": [LONE]},
        {"paths": [f"/{LONE}"]},
        {"under": f"/{LONE}"},
        {"path": LONE},
        {"time": LONE},
    ]
    for arguments in wanted:
        with pytest.raises(ValueError, match=r"a\\udcff', which is no valid UTF-8"):
            usdparquet.read_columns(file, **arguments)


# OpenUSD's values


USD_CELLS: list[tuple[Any, str, str, Any]] = [
    (Gf.Vec3f(1, 2, 3), "a list of 3 numbers", "float3", [1, 2, 3]),
    (Gf.Vec2i(1, 2), "a list of 2 numbers", "int2", [1, 2]),
    (Gf.Vec4h(1, 2, 3, 4), "a list of 4 numbers", "half4", [1, 2, 3, 4]),
    (Gf.Quatf(4, 1, 2, 3), "a list of the numbers i, j, k, real", "quatf", [1, 2, 3, 4]),
    (Gf.Matrix4d(2), "a list of 16 numbers, row by row", "matrix4d", np.diag([2.0] * 4).ravel()),
    (Sdf.AssetPath("a.png"), "a text", "asset", "a.png"),
    (Sdf.TimeCode(5), "a number", "timecode", 5.0),
    (Vt.FloatArray([1, 2]), "a list of numbers", "float[]", [1.0, 2.0]),
    (Vt.TokenArray(["a"]), "a list of texts", "token[]", ["a"]),
    (Vt.Vec3fArray([Gf.Vec3f(1, 2, 3)]), "a list of lists of 3 numbers", "float3[]", [[1, 2, 3]]),
    ([Gf.Vec3f(1, 2, 3)], "a list of lists of 3 numbers", "float3[]", [[1, 2, 3]]),
]


@pytest.mark.parametrize(
    ("cell", "instead", "sdf_type", "given"), USD_CELLS, ids=[each[2] for each in USD_CELLS]
)
def test_a_value_of_openusd(cell: Any, instead: str, sdf_type: str, given: Any, file: Path) -> None:
    """The message says what to give instead, and that is the value."""
    message = refused(pandas.DataFrame({"path": PATHS, "x": objects(None, cell)}), file)
    assert message.startswith(f"{file}: column 'x', row 1: ")
    assert message.endswith(
        f" is no value that Arrow knows; give {instead} instead, with types={{'x': '{sdf_type}'}}"
    )
    frame = pandas.DataFrame({"path": PATHS, "x": objects(None, given)})
    usdparquet.write_table(frame, file, types={"x": sdf_type})
    layer = open_layer(file)
    spec = layer.GetAttributeAtPath("/B.x")
    assert str(spec.typeName) == sdf_type
    if not isinstance(cell, list):
        assert spec.default == cell


def test_other_values_of_openusd(file: Path) -> None:
    cell = Sdf.Reference("a.usd")
    message = refused(pandas.DataFrame({"path": PATHS, "x": objects(cell, None)}), file)
    assert message.endswith(
        " is no value that Arrow knows; give numbers, texts or lists of them instead"
    )


def test_polars_objects(file: Path) -> None:
    cells = polars.Series("x", [None, Gf.Vec3f(1, 2, 3)], dtype=polars.Object)
    assert refused(polars.DataFrame({"path": PATHS}).with_columns(cells), file) == (
        f"{file}: column 'x', row 1: Gf.Vec3f(1.0, 2.0, 3.0) is a Python object, which has no "
        "Arrow type; give a list of 3 numbers instead, with types={'x': 'float3'}"
    )


def test_arrays_of_paths_are_targets(file: Path) -> None:
    cells = objects(
        np.array([Sdf.Path("/B"), Sdf.Path("/C")], dtype=object), np.array([], dtype=object)
    )
    usdparquet.write_table(pandas.DataFrame({"path": PATHS, "x": cells}), file)
    layer = open_layer(file)
    assert list(layer.GetRelationshipAtPath("/A.x").targetPathList.explicitItems) == ["/B", "/C"]
    assert list(layer.GetRelationshipAtPath("/B.x").targetPathList.explicitItems) == []


# polars' types


WIDE = [polars.Int128] + ([polars.UInt128] if hasattr(polars, "UInt128") else [])


@pytest.mark.parametrize("wide", WIDE, ids=str)
@pytest.mark.parametrize("kind", ["cell", "list", "field"])
def test_integers_of_128_bits(kind: str, wide: Any, file: Path) -> None:
    one, dtype = {
        "cell": (1, wide),
        "list": ([1], polars.List(wide)),
        "field": ({"a": 1}, polars.Struct({"a": wide})),
    }[kind]
    frame = polars.DataFrame({"path": PATHS, "x": polars.Series([one, one], dtype=dtype)})
    message = refused(frame, file)
    assert message.startswith(f"{file}: column 'x' has polars' type ")
    assert message.endswith(
        "which Arrow does not have; cast it to Int64, or to Float64 where that is too small"
    )
    if kind == "cell":
        cast = frame.with_columns(polars.col("x").cast(polars.Int64))
        assert usdparquet.write_table(cast, file).rows == 2
