"""`write_table` of data frames as people have them: OpenUSD's paths, indexes, odd dtypes."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf, Usd
from usd_values import collected_warnings, open_layer

import usdparquet

PATHS = ["/World", "/World/A", "/World/B"]
SDF_PATHS = [Sdf.Path(path) for path in PATHS]


def written(table: object, file: Path, **options: Any) -> dict[str, list[Any]]:
    """The columns of the file that a table becomes."""
    usdparquet.write_table(table, file, **options)
    with collected_warnings() as warnings:
        open_layer(file)
    assert warnings == []
    return pq.read_table(file).to_pydict()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "out.parquet"


# OpenUSD's paths


def test_the_paths_of_a_stage(file: Path) -> None:
    stage = Usd.Stage.CreateInMemory()
    stage.DefinePrim("/World/A")
    frame = pandas.DataFrame(
        {"path": [prim.GetPath() for prim in stage.Traverse()], "cost": [1.0, 2.0]}
    )
    assert written(frame, file) == {"path": ["/World", "/World/A"], "cost": [1.0, 2.0]}
    layer = Sdf.Layer.FindOrOpen(str(file))
    assert layer.GetAttributeAtPath("/World/A.cost").default == 2.0


@pytest.mark.parametrize(
    "cells",
    [
        SDF_PATHS,
        [*SDF_PATHS[:2], "/World/B"],
        pandas.Categorical(SDF_PATHS),
        numpy.array(SDF_PATHS, dtype=object),
    ],
    ids=["paths", "paths and texts", "categories", "numpy"],
)
def test_a_path_column_of_sdf_paths(cells: Any, file: Path) -> None:
    frame = pandas.DataFrame({"x": [1, 2, 3], "path": cells}, index=[5, 5, 7])
    assert written(frame, file)["path"] == PATHS


def test_an_empty_sdf_path_is_no_path(file: Path) -> None:
    frame = pandas.DataFrame({"path": [SDF_PATHS[0], Sdf.Path()], "x": [1, 2]})
    with pytest.raises(ValueError, match="column 'path', row 1: the path is null"):
        usdparquet.write_table(frame, file)


def test_other_paths_are_relationships(file: Path) -> None:
    parent = [None, Sdf.Path("/World"), Sdf.Path("/World.x")]
    parts = [SDF_PATHS[1:], [], None]
    frame = pandas.DataFrame({"path": PATHS, "parent": parent, "parts": parts})
    assert written(frame, file)["parent"] == [None, "/World", "/World.x"]
    layer = Sdf.Layer.FindOrOpen(str(file))
    targets = layer.GetRelationshipAtPath("/World/B.parent").targetPathList.explicitItems
    assert list(targets) == [Sdf.Path("/World.x")]
    targets = layer.GetRelationshipAtPath("/World.parts").targetPathList.explicitItems
    assert list(targets) == SDF_PATHS[1:]
    # As text, if that is what is wanted.
    written(frame[["path", "parent"]], file, types={"parent": "string"})
    layer.Reload(force=True)
    assert layer.GetAttributeAtPath("/World/A.parent").default == "/World"


def test_relationships_of_texts(file: Path) -> None:
    table = pa.table({"path": PATHS, "to": [["/World/A"], [], ["/World", "/World.x"]]})
    usdparquet.write_table(table, file, types={"to": "rel"})
    layer = Sdf.Layer.FindOrOpen(str(file))
    targets = layer.GetRelationshipAtPath("/World/B.to").targetPathList.explicitItems
    assert [str(target) for target in targets] == ["/World", "/World.x"]
    bad = pa.table({"path": PATHS, "to": ["/World", None, "A"]})
    with pytest.raises(ValueError, match="column 'to', row 2: 'A' is no absolute path"):
        usdparquet.write_table(bad, file, types={"to": "rel"})
    numbers = pa.table({"path": PATHS, "to": [1, 2, 3]})
    with pytest.raises(ValueError, match="column 'to' has type int64; a relationship has texts"):
        usdparquet.write_table(numbers, file, types={"to": "rel"})
    with pytest.raises(ValueError, match="argument 'types' names 'too'"):
        usdparquet.write_table(bad, file, types={"too": "rel"})


def test_a_relative_path_is_no_target(file: Path) -> None:
    frame = pandas.DataFrame({"path": PATHS, "to": [Sdf.Path("A"), None, None]})
    with pytest.raises(ValueError, match="column 'to', row 0: 'A' is no absolute path"):
        usdparquet.write_table(frame, file)


def test_polars_with_sdf_paths(file: Path) -> None:
    frame = polars.DataFrame({"path": SDF_PATHS, "to": [None, *SDF_PATHS[:2]], "x": [1, 2, 3]})
    assert frame.schema["path"] == polars.Object
    assert written(frame, file) == {"path": PATHS, "to": [None, *PATHS[:2]], "x": [1, 2, 3]}
    layer = Sdf.Layer.FindOrOpen(str(file))
    assert layer.GetRelationshipAtPath("/World/A.to")
    other = polars.DataFrame({"path": PATHS, "x": [object(), None, None]})
    with pytest.raises(ValueError, match=r"column 'x', row 0: <obj.* is a Python object, which"):
        usdparquet.write_table(other, file)


# The index of a pandas frame


@pytest.mark.parametrize("cells", [PATHS, SDF_PATHS], ids=["texts", "paths"])
@pytest.mark.parametrize("path", ["path", "where"])
def test_an_index_without_a_name(cells: list[Any], path: str, file: Path) -> None:
    frame = pandas.DataFrame({"cost": [1, 2, 3]}, index=cells)
    assert written(frame, file, path=path) == {path: PATHS, "cost": [1, 2, 3]}


@pytest.mark.parametrize("cells", [PATHS, SDF_PATHS], ids=["texts", "paths"])
def test_an_index_of_another_name(cells: list[Any], file: Path) -> None:
    frame = pandas.DataFrame({"cost": [1, 2, 3]}, index=pandas.Index(cells, name="prim"))
    assert written(frame, file) == {"prim": PATHS, "cost": [1, 2, 3]}
    layer = Sdf.Layer.FindOrOpen(str(file))
    assert layer.GetAttributeAtPath("/World/A.cost").default == 2
    assert usdparquet.read_columns(file).column_names == ["prim", "cost"]
    with pytest.raises(ValueError, match=r"no column 'where'.*index 'prim' holds paths"):
        usdparquet.write_table(frame, file, path="where")
    assert written(frame, file, path="prim")["prim"] == PATHS


def test_an_index_of_categories(file: Path) -> None:
    frame = pandas.DataFrame({"cost": [1, 2, 3]}, index=pandas.CategoricalIndex(PATHS))
    assert written(frame, file)["path"] == PATHS


def test_levels_of_an_index(file: Path) -> None:
    rows = pandas.MultiIndex.from_tuples([("/A", 1), ("/A", 2)], names=["prim", "frame"])
    frame = pandas.DataFrame({"x": [0.5, 1.5]}, index=rows)
    assert written(frame, file, time="frame") == {
        "prim": ["/A", "/A"],
        "frame": [1, 2],
        "x": [0.5, 1.5],
    }
    frame.index.names = [None, "frame"]
    assert list(written(frame, file, time="frame")) == ["path", "frame", "x"]
    frame.index.names = [None, None]
    with pytest.raises(ValueError, match=r"level number 0 of the frame's index holds paths, but"):
        usdparquet.write_table(frame, file)


def test_which_level_holds_the_paths_is_not_guessed(file: Path) -> None:
    rows = pandas.MultiIndex.from_arrays([PATHS, PATHS], names=["from", "to"])
    frame = pandas.DataFrame({"x": [1, 2, 3]}, index=rows)
    with pytest.raises(ValueError, match=r"several levels .* hold paths: 'from', 'to'; name one"):
        usdparquet.write_table(frame, file)
    assert written(frame, file, path="to")["to"] == PATHS


def test_a_column_counts_more_than_the_index(file: Path) -> None:
    frame = pandas.DataFrame({"path": PATHS[::-1], "x": [1, 2, 3]}, index=PATHS)
    assert written(frame, file) == {"path": [PATHS[0], *PATHS[:0:-1]], "x": [3, 1, 2]}
    frame["path"] = ["C:\\a", "C:\\b", "C:\\c"]
    with pytest.raises(ValueError, match=r"row 0: .*; the frame's index holds prim paths"):
        usdparquet.write_table(frame, file)


@pytest.mark.parametrize("index", [["a", "b", "c"], [1, 2, 3], ["/A", "b", None]])
def test_an_index_without_paths_numbers_rows(index: list[Any], file: Path) -> None:
    frame = pandas.DataFrame({"cost": [1, 2, 3]}, index=index)
    with pytest.raises(ValueError, match="there is no column 'path' with the prim paths"):
        usdparquet.write_table(frame, file)


def test_an_index_and_a_column_of_one_name(file: Path) -> None:
    frame = pandas.DataFrame({"path": PATHS}, index=pandas.Index(PATHS, name="path"))
    with pytest.raises(ValueError, match="'path' is the name of a column and of the frame's index"):
        usdparquet.write_table(frame, file)


# dtypes


def test_sparse_columns(file: Path) -> None:
    nan = float("nan")
    frame = pandas.DataFrame(
        {
            "path": PATHS,
            "a": pandas.arrays.SparseArray([nan, 2.5, nan]),
            "b": pandas.arrays.SparseArray([0, 0, 3]),
            "c": pandas.arrays.SparseArray([True, False, False]),
            "d": pandas.arrays.SparseArray(["x", None, None], fill_value=None),
        }
    )
    assert written(frame, file) == {
        "path": PATHS,
        "a": [None, 2.5, None],
        "b": [0, 0, 3],
        "c": [True, False, False],
        "d": ["x", None, None],
    }


def test_nullable_and_arrow_dtypes(file: Path) -> None:
    frame = pandas.DataFrame(
        {
            "path": pandas.array(PATHS, "string"),
            "count": pandas.array([1, None, 3], "Int32"),
            "is_on": pandas.array([True, None, False], "boolean"),
            "share": pandas.array([0.5, None, 1.5], "Float64"),
            "kind": pandas.Categorical(["a", None, "b"]),
            "size": pandas.array([[1.0, 2.0], None, []], pandas.ArrowDtype(pa.list_(pa.float64()))),
            "at": pandas.to_datetime(["2024-05-01", None, "2024-05-02"]),
        }
    )
    read = written(frame, file)
    assert read["count"] == [1, None, 3]
    assert read["is_on"] == [True, None, False]
    assert read["share"] == [0.5, None, 1.5]
    assert read["kind"] == ["a", None, "b"]
    assert read["size"] == [[1.0, 2.0], None, []]
    assert read["at"][0] == datetime.datetime(2024, 5, 1)


def test_columns_of_several_levels_are_namespaces(file: Path) -> None:
    frame = pandas.DataFrame({("path", ""): PATHS, ("cost", "low"): [1, 2, 3], ("cost", "m.x"): 0})
    assert list(written(frame, file)) == ["path", "cost:low", "cost:m.x"]
    layer = Sdf.Layer.FindOrOpen(str(file))
    assert layer.GetAttributeAtPath("/World/A.cost:low").default == 2


def test_columns_with_odd_names(file: Path) -> None:
    frame = pandas.DataFrame({"path": PATHS, "a.b": 1, "": 2, "größe": 3, 4: 5})
    assert list(written(frame, file)) == ["path", "a.b", "", "größe", "4"]
    frame["4"] = 6
    with pytest.raises(ValueError, match="two columns are named '4'"):
        usdparquet.write_table(frame, file)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([1, "a", 2.0], "column 'x', row 1: 'a' does not fit the column"),
        ([1 << 70, 1, 2], "column 'x', row 0"),
        ([1 + 2j, 0, 0], "column 'x', row 0"),
        ([object(), None, None], "column 'x', row 0"),
        ([{"a": 1}, 2, None], "column 'x', row 1: 2 does not fit"),
        (pandas.interval_range(0, 3), "column 'x'"),
        (pandas.period_range("2024", periods=3), "column 'x'"),
        (pandas.to_timedelta([1, 2, 3]), "column 'x'"),
    ],
    ids=["mixed", "huge", "complex", "object", "dict", "interval", "period", "timedelta"],
)
def test_cells_without_a_place_are_named(cells: Any, reason: str, file: Path) -> None:
    frame = pandas.DataFrame({"path": PATHS, "x": cells})
    with pytest.raises(ValueError, match=reason) as error:
        usdparquet.write_table(frame, file)
    assert str(error.value).startswith(f"{file}: column 'x'")
    assert not file.exists()


def test_an_empty_frame(file: Path) -> None:
    frame = pandas.DataFrame({"path": PATHS, "x": [1, 2, 3]})[:0]
    assert written(frame, file) == {"path": [], "x": []}


def test_polars_categories(file: Path) -> None:
    """polars has them as dictionaries of views, of which Arrow casts none."""
    frame = polars.DataFrame(
        {
            "path": polars.Series(PATHS, dtype=polars.Categorical),
            "x": polars.Series(["b", None, "a"], dtype=polars.Enum(["a", "b"])),
            "y": polars.Series([["b"], None, []], dtype=polars.List(polars.Categorical)),
            "z": [{"k": "a"}, {"k": None}, {"k": "b"}],
        },
        schema_overrides={"z": polars.Struct({"k": polars.Categorical})},
    )
    assert written(frame[1:], file) == {
        "path": PATHS[1:],
        "x": [None, "a"],
        "y": [None, []],
        "z": [{"k": None}, {"k": "b"}],
    }
    assert written(frame, file)["y"] == [["b"], None, []]


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (pandas.Series([1], index=["/A"], name="x"), r"not Series \(its to_frame\(\) is one\)"),
        (polars.Series([1]), r"not Series \(its to_frame\(\) is one\)"),
        (polars.LazyFrame({"path": ["/A"]}), r"not LazyFrame \(its collect\(\) is one\)"),
        ({"path": ["/A"]}, r"not dict \(pyarrow.table makes one of it\)"),
        (pa.chunked_array([["/A"]]), "not ChunkedArray"),
    ],
)
def test_what_is_nearly_a_table(thing: object, message: str, file: Path) -> None:
    with pytest.raises(TypeError, match=message):
        usdparquet.write_table(thing, file)


def test_a_frame_of_nothing(file: Path) -> None:
    with pytest.raises(ValueError, match=r"no column 'path' .* \(the table has no columns\)"):
        usdparquet.write_table(pandas.DataFrame(), file)
