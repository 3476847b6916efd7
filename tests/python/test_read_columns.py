"""`read_columns`: the file's own values, of all rows or of chosen prims."""

from __future__ import annotations

import datetime
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arrow_cases import CASES, Case, cells
from parquet_files import LAYOUTS, Writer
from pxr import Sdf, Tf, Usd

import usdparquet

ROWS = 600


def shown(column: pa.ChunkedArray) -> list[str]:
    """Cells as texts, so that NaN equals NaN and -0.0 differs from 0.0."""
    return [repr(cell) for cell in column.cast(plain(column.type)).to_pylist()]


def plain(arrow: pa.DataType) -> pa.DataType:
    """A type whose cells Python holds: not times of nanoseconds."""
    if pa.types.is_timestamp(arrow) or pa.types.is_time64(arrow):
        return pa.int64()
    return arrow


def answer_type(arrow: pa.DataType) -> pa.DataType:
    return pa.large_string() if pa.types.is_string_view(arrow) else arrow


@pytest.mark.parametrize("layout", ["v1_snappy_dictionary_index", "v2_zstd_encoded"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_type(case: Case, layout: str, write: Writer) -> None:
    if pa.types.is_dictionary(case.arrow) and layout == "v2_zstd_encoded":
        pytest.skip("Arrow does not read dictionaries from DELTA_BYTE_ARRAY")
    paths = [f"/World/P{i}" for i in range(ROWS)]
    column = pa.array(cells(case, ROWS, null_from=300), case.arrow)
    file = write(pa.table({"path": paths, "x": column}), layout=layout)
    stored = pq.read_table(file)["x"]
    chance = random.Random(case.name)
    for count in (40, 400):  # few rows are read by page, many by row group
        rows = [chance.randrange(ROWS) for _ in range(count)]
        read = usdparquet.read_columns(file, ["x"], [paths[row] for row in rows])
        assert read.column_names == ["path", "x"]
        assert read["path"].to_pylist() == [paths[row] for row in rows]
        assert read["x"].type == answer_type(stored.type)
        everything = shown(stored)
        assert shown(read["x"]) == [everything[row] for row in rows]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(layout: str, write: Writer) -> None:
    paths = [f"/World/Zone_{i % 7}/P{i}" for i in range(ROWS)]
    table = pa.table(
        {
            "path": paths,
            "cost": [None if i % 9 == 0 else i / 3 for i in range(ROWS)],
            "material": [f"M{i % 5}" for i in range(ROWS)],
            "tags": [None if i % 4 == 0 else [f"t{k}" for k in range(i % 3)] for i in range(ROWS)],
        }
    )
    file = write(table, layout=layout)
    rows = random.Random(1).sample(range(ROWS), 50)
    read = usdparquet.read_columns(file, paths=[paths[row] for row in rows])
    assert read.to_pydict() == table.take(rows).to_pydict()


@pytest.fixture
def plain_file(write: Writer) -> Path:
    """A plain file whose rows are in no order; with ancestors without rows, and odd names."""
    return write(
        {
            "path": ["/A/B/D", "/X", "/A/B", "/A/C/E", "/A/B/D/F", "bad path", "/AB"],
            "Unit cost ($)": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
            "dim": [{"width": i, "part": {"name": f"n{i}"}} for i in range(6)] + [None],
            "raw": [b"0", b"1", b"2", b"3", b"4", b"5", b"6"],
        }
    )


def test_all_rows_and_all_columns(plain_file: Path) -> None:
    assert usdparquet.read_columns(plain_file).to_pydict() == pq.read_table(plain_file).to_pydict()


def test_columns_by_name_field_and_property(plain_file: Path) -> None:
    names = ["dim:width", "Unit_cost____", "dim:part:name", "raw", "Unit cost ($)"]
    for paths in (None, ["/X", "/AB"]):
        read = usdparquet.read_columns(plain_file, names, paths)
        assert read.column_names == ["path", *names]
        last = read.slice(read.num_rows - 1).to_pylist()[0]
        assert last == {
            "path": "/AB",
            "dim:width": None,
            "Unit_cost____": 7.0,
            "dim:part:name": None,
            "raw": b"6",
            "Unit cost ($)": 7.0,
        }
    assert usdparquet.read_columns(plain_file, ["path", "raw"]).column_names == ["path", "raw"]
    assert usdparquet.read_columns(plain_file, []).column_names == ["path"]


def test_rows_come_in_the_order_asked_for(plain_file: Path) -> None:
    asked = ["/X", "/A/B", "/X", Sdf.Path("/A/C/E")]
    read = usdparquet.read_columns(plain_file, ["dim:width"], asked)
    assert read.to_pydict() == {
        "path": ["/X", "/A/B", "/X", "/A/C/E"],
        "dim:width": [1, 2, 1, 3],
    }
    assert usdparquet.read_columns(plain_file, ["raw"], []).num_rows == 0
    column = pq.read_table(plain_file)["path"].slice(1, 2)
    assert usdparquet.read_columns(plain_file, ["raw"], column)["raw"].to_pylist() == [b"1", b"2"]


def test_prims_without_a_row(plain_file: Path) -> None:
    asked = ["/X", "/A", "/Nowhere", "bad path", "relative", "/A/B/D/F"]
    with pytest.raises(ValueError, match="4 paths have no row") as error:
        usdparquet.read_columns(plain_file, ["raw"], asked)
    assert str(error.value) == (
        f"{plain_file}: 4 paths have no row: '/A', '/Nowhere', 'bad path', 'relative'; "
        "missing='null' gives empty rows for them"
    )
    read = usdparquet.read_columns(plain_file, ["raw", "dim"], asked, missing="null")
    assert read["path"].to_pylist() == asked
    assert read["raw"].to_pylist() == [b"1", None, None, None, None, b"4"]
    assert [cell is None for cell in read["dim"].to_pylist()] == [False, *[True] * 4, False]


def test_a_subtree_in_namespace_order(plain_file: Path) -> None:
    def under(prim: object) -> list[Any]:
        return usdparquet.read_columns(plain_file, ["raw"], under=prim)["path"].to_pylist()

    assert under("/A") == ["/A/B", "/A/B/D", "/A/B/D/F", "/A/C/E"]
    assert under(Sdf.Path("/A/B/D")) == ["/A/B/D", "/A/B/D/F"]
    assert under("/X") == ["/X"]
    assert under("/") == ["/A/B", "/A/B/D", "/A/B/D/F", "/A/C/E", "/X", "/AB"]
    with pytest.raises(ValueError, match="column 'path' has no row for '/Q' or a prim below it"):
        under("/Q")


@pytest.mark.parametrize("is_optimized", [False, True])
def test_a_path_with_two_rows_has_the_last_one(is_optimized: bool, tmp_path: Path) -> None:
    file = tmp_path / "twice.parquet"
    table = pa.table({"path": ["/A", "/B", "/A"], "x": [1, 2, 3]})
    if is_optimized:
        usdparquet.write_table(table, file, strict=False)
    else:
        pq.write_table(table, file)
    assert usdparquet.read_columns(file, ["x"], ["/A", "/B"])["x"].to_pylist() == [3, 2]


def test_a_list_with_a_null_is_read_as_it_is(write: Writer) -> None:
    lists = [[1.0, None] if i == 7 else [float(i)] for i in range(ROWS)]
    file = write({"path": [f"/P{i}" for i in range(ROWS)], "x": lists})
    read = usdparquet.read_columns(file, ["x"], ["/P7", "/P500"])
    assert read["x"].to_pylist() == [[1.0, None], [500.0]]


def test_only_the_pages_with_the_rows_are_read(tmp_path: Path) -> None:
    rows = 50_000
    chance = random.Random(3)
    table = pa.table(
        {
            "path": [f"/World/P{i}" for i in range(rows)],
            "x": [chance.random() for _ in range(rows)],
        }
    )
    file = tmp_path / "large.parquet"
    usdparquet.write_table(table, file, rows_per_page=1000)
    before = usdparquet.cache_stats()["bytes_read"]
    read = usdparquet.read_columns(file, ["x"], ["/World/P41234"])
    assert read["x"].to_pylist() == [table["x"][41234].as_py()]
    taken = usdparquet.cache_stats()["bytes_read"] - before
    assert 0 < taken < file.stat().st_size / 20


def test_layers_and_stages_stand_for_their_file(plain_file: Path) -> None:
    layer = Sdf.Layer.FindOrOpen(str(plain_file))
    stage = Usd.Stage.Open(layer)
    for source in (layer, stage, str(plain_file)):
        assert usdparquet.read_columns(source, ["raw"], ["/X"])["raw"].to_pylist() == [b"1"]
    other = plain_file.with_name("other.parquet")
    pq.write_table(pa.table({"where": ["/A"], "x": [5]}), other)
    layer = Sdf.Layer.FindOrOpen(str(other), args={"path": "where"})
    assert usdparquet.read_columns(layer).to_pydict() == {"where": ["/A"], "x": [5]}
    rooted = Sdf.Layer.FindOrOpen(str(plain_file), args={"prefix": "/World"})
    with pytest.raises(ValueError, match="is rooted under /World"):
        usdparquet.read_columns(rooted)
    with pytest.raises(ValueError, match="the layer has no file"):
        usdparquet.read_columns(Sdf.Layer.CreateAnonymous())


def test_bad_requests(plain_file: Path, tmp_path: Path) -> None:
    read = usdparquet.read_columns
    with pytest.raises(ValueError, match=r"table\.parquet: there is no column or property 'cost'"):
        read(plain_file, ["cost"])
    with pytest.raises(ValueError, match="there is no column 'where' with the prim paths"):
        read(plain_file, path="where")
    with pytest.raises(ValueError, match="paths and under cannot be given together"):
        read(plain_file, paths=["/A"], under="/A")
    with pytest.raises(ValueError, match="missing is 'skip'"):
        read(plain_file, missing="skip")
    with pytest.raises(TypeError, match="columns takes a list"):
        read(plain_file, "raw")
    with pytest.raises(TypeError, match="a file name, a layer or a stage is needed, not int"):
        read(7)
    with pytest.raises(FileNotFoundError, match=r"nothing\.parquet"):
        read(tmp_path / "nothing.parquet")
    text = tmp_path / "text.parquet"
    text.write_text("no table")
    with pytest.raises(ValueError, match=r"text\.parquet: this is not a Parquet file"):
        read(text)


def test_damage_is_an_error_that_names_the_column(tmp_path: Path) -> None:
    file = tmp_path / "damaged.parquet"
    table = pa.table({"path": [f"/P{i}" for i in range(5000)], "x": [i / 7 for i in range(5000)]})
    usdparquet.write_table(table, file, rows_per_page=500)
    chunk = pq.ParquetFile(file).metadata.row_group(0).column(1)
    data = bytearray(file.read_bytes())
    data[chunk.data_page_offset + 200] ^= 0xFF
    file.write_bytes(data)
    with pytest.raises(OSError, match=r"damaged\.parquet: column 'x', row group 0, from row 0: "):
        usdparquet.read_columns(file, ["x"], ["/P3"])
    assert usdparquet.read_columns(file, ["x"], ["/P4000"])["x"].to_pylist() == [4000 / 7]


# Columns that would be in the way of a layer


@pytest.fixture
def clashing_file(write: Writer) -> Path:
    return write({"path": ["/A", "/B"], "cost ($)": [1, 2], "cost (€)": [3, 4], "area": [5, 6]})


@pytest.mark.parametrize("paths", [None, ["/B"]])
def test_columns_that_clash_are_in_nobodys_way(
    clashing_file: Path, paths: list[str] | None
) -> None:
    rows = slice(None) if paths is None else slice(1, None)
    read = usdparquet.read_columns(clashing_file, ["area"], paths)
    assert read.to_pydict() == {"path": ["/A", "/B"][rows], "area": [5, 6][rows]}
    read = usdparquet.read_columns(clashing_file, ["cost (€)", "cost ($)"], paths)
    assert read.column_names == ["path", "cost (€)", "cost ($)"]
    assert read["cost (€)"].to_pylist() == [3, 4][rows]
    # All columns have names of their own too.
    assert usdparquet.read_columns(clashing_file, paths=paths).num_columns == 4


def test_a_property_of_two_columns_is_not_guessed(clashing_file: Path) -> None:
    with pytest.raises(ValueError, match="both become") as error:
        usdparquet.read_columns(clashing_file, ["cost____"])
    assert str(error.value) == (
        f"{clashing_file}: columns 'cost ($)' and 'cost (€)' both become the property 'cost____'; "
        "ask for one by its own name"
    )


def test_what_the_footer_says_of_other_columns_is_in_nobodys_way(tmp_path: Path) -> None:
    file = tmp_path / "entry.parquet"
    said = '{"version": "1.0", "columns": {"x": {"type": "color3f"}}}'
    table = pa.table({"path": ["/A"], "x": ["text"], "y": [1]})
    pq.write_table(table.replace_schema_metadata({"usdparquet:schema": said}), file)
    assert usdparquet.read_columns(file, ["y"])["y"].to_pylist() == [1]
    layer = Sdf.Layer.FindOrOpen(str(file), args={"columns": "y"})
    assert layer.GetAttributeAtPath("/A.y").default == 1
    with pytest.raises(Tf.ErrorException, match="column 'x': the footer's"):
        Sdf.Layer.FindOrOpen(str(file))


def test_columns_and_fields_of_the_same_name(tmp_path: Path) -> None:
    file = tmp_path / "alike.parquet"
    struct = pa.struct([("b", pa.int64()), ("c", pa.int64()), ("d.e", pa.int64())])
    cells = [{"b": 1, "c": 2, "d.e": 3}, {"b": 4, "c": 5, "d.e": 6}]
    table = pa.Table.from_arrays(
        [
            pa.array([7, 8]),
            pa.array(cells, struct),
            pa.array(["/A", "/B"]),
            pa.array([9, 10]),
            pa.array([11, 12]),
            pa.array([b"x", b"y"]),
            pa.array([b"z", b"w"]),
        ],
        names=["a:b", "a", "path", "a.b", "", "twice", "twice"],
    )
    pq.write_table(table, file, row_group_size=1)
    asked = ["a.b", "a:c", "a:b", "a:d.e", "", "a"]
    for paths in (None, ["/A", "/B"]):
        read = usdparquet.read_columns(file, [*asked, "a:c"], paths)
        assert read.column_names == ["path", *asked]
        assert [read[name].to_pylist() for name in asked] == [
            [9, 10],
            [2, 5],
            [7, 8],
            [3, 6],
            [11, 12],
            cells,
        ]
        with pytest.raises(ValueError, match="two columns are named 'twice'"):
            usdparquet.read_columns(file, ["twice"], paths)
    read = usdparquet.read_columns(file)
    assert read.column_names == ["path", "a:b", "a", "a.b", "", "twice", "twice"]
    assert read.column(6).to_pylist() == [b"z", b"w"]


def test_thousands_of_columns(tmp_path: Path) -> None:
    file = tmp_path / "wide.parquet"
    names = [f"c.{i}" for i in range(10_000)]
    pq.write_table(pa.table({"path": ["/A"], **{name: [i] for i, name in enumerate(names)}}), file)
    read = usdparquet.read_columns(file, names[::-1], ["/A"])
    assert read.column_names == ["path", *names[::-1]]
    assert read.column(1).to_pylist() == [9_999]


# The times of a long table


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    file = tmp_path / "long.parquet"
    table = pa.table(
        {
            "x": [0.5, 1.5, 2.5, 3.5],
            "path": ["/A", "/A", "/B", "/A"],
            "frame": pa.array([None, 1, 1, 2], pa.int32()),
        }
    )
    usdparquet.write_table(table, file, time="frame")
    return file


def test_times_come_with_the_paths(long_file: Path) -> None:
    for columns in (None, ["x"], ["x", "frame"], ["frame", "path", "x"]):
        read = usdparquet.read_columns(long_file, columns, ["/A"])
        assert read.column_names == ["path", "frame", "x"]
        assert read.to_pydict() == {
            "path": ["/A"] * 3,
            "frame": [None, 1, 2],
            "x": [0.5, 1.5, 3.5],
        }
        assert read.schema.field("frame").type == pa.int32()
        assert usdparquet.read_columns(long_file, columns).column_names == read.column_names
    assert usdparquet.read_columns(long_file, []).column_names == ["path", "frame"]
    layer = Sdf.Layer.FindOrOpen(str(long_file))
    assert usdparquet.read_columns(layer, ["x"]).column_names == ["path", "frame", "x"]
    read = usdparquet.read_columns(long_file, ["x"], ["/B", "/No"], missing="null")
    assert read.to_pydict() == {"path": ["/B", "/No"], "frame": [1, None], "x": [2.5, None]}


def test_times_in_a_struct(write: Writer) -> None:
    file = write({"path": ["/A", "/A"], "at": [{"t": 2, "z": 0}, {"t": 1, "z": 1}], "x": [1, 2]})
    read = usdparquet.read_columns(file, ["x"], ["/A"], time="at:t")
    assert read.to_pydict() == {"path": ["/A", "/A"], "at:t": [1, 2], "x": [2, 1]}
    assert usdparquet.read_columns(file, ["x"]).column_names == ["path", "x"]


def test_a_range_of_times(tmp_path: Path) -> None:
    file = tmp_path / "long.parquet"
    columns = {"path": ["/A", "/A", "/A", "/B"], "frame": [None, 1.0, 2.0, 2.0], "x": [0, 1, 2, 3]}
    usdparquet.write_table(pa.table(columns), file, time="frame")

    def found(*times: object, **others: object) -> list[int]:
        return sorted(usdparquet.read_columns(file, ["x"], times=times, **others)["x"].to_pylist())

    assert found(1, 2) == [1, 2, 3]
    assert found(1.5, None) == [2, 3]
    assert found(None, 1) == [1]
    assert found(None, None) == [1, 2, 3]
    assert found(2, 2, paths=["/A"]) == [2]
    with pytest.raises(ValueError, match="'soon' is no time as the file has them"):
        found("soon", None)
    days = [datetime.datetime(2024, 5, day, tzinfo=datetime.UTC) for day in (1, 2, 3)]
    table = pa.table({"path": ["/A"] * 3, "t": days, "x": [1, 2, 3]})
    usdparquet.write_table(table, file, time="t")
    assert found(days[1], None) == [2, 3]
    assert found("2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z") == [1, 2]
    usdparquet.write_table(table.drop_columns("t").slice(0, 1), file)
    with pytest.raises(ValueError, match="has no column of times; time names it"):
        found(1, 2)
