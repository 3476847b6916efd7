"""`bind` and `write_table(key=, ids=)`: rows at the prims that have their ids."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pxr import Sdf, Usd

import usdparquet
from usdparquet.identifiers.id_text import id_text, id_texts

IDS = pa.table({"path": ["/A", "/B", "/C", "/D"], "id": ["1", "2", "1", "4"]})


def values(file: Path, name: str) -> dict[str, Any]:
    """By path, the values of an attribute."""
    layer = Sdf.Layer.FindOrOpen(str(file))
    found = {}

    def visit(path: Sdf.Path) -> None:
        if path.IsPropertyPath() and path.name == name:
            found[str(path.GetPrimPath())] = layer.GetAttributeAtPath(path).default

    layer.Traverse(Sdf.Path.absoluteRootPath, visit)
    return found


@pytest.mark.parametrize("library", ["pyarrow", "pandas", "polars", "duckdb"])
def test_a_row_is_at_every_prim_with_its_id(tmp_path: Path, library: str) -> None:
    columns = {"key": ["1", "4", "9", None, ""], "cost": [1.5, 4.5, 9.5, 0.0, 0.0]}
    arrow = pa.table(columns)
    table = {
        "pyarrow": lambda: arrow,
        "pandas": lambda: pandas.DataFrame(columns),
        "polars": lambda: polars.DataFrame(columns),
        "duckdb": lambda: duckdb.from_arrow(arrow),
    }[library]()
    done = usdparquet.write_table(table, tmp_path / "out.parquet", key="key", ids=IDS)
    assert values(tmp_path / "out.parquet", "cost") == {"/A": 1.5, "/C": 1.5, "/D": 4.5}
    assert values(tmp_path / "out.parquet", "key") == {"/A": "1", "/C": "1", "/D": "4"}
    assert done.rows == 3
    assert done.join == usdparquet.JoinReport(
        matched_rows=2,
        matched_prims=3,
        rows_without_prim=1,
        unknown_ids=["9"],
        rows_without_id=2,
        rows_dropped=0,
        prims_without_row=1,
        rowless_prims=[("/B", "2")],
        prims_in_instances=0,
        instance_prims=[],
    )
    assert not done.join.is_complete


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", None),
        ("0x12", "0x12"),
        (" 12", " 12"),
        (12, "12"),
        (-(2**63), "-9223372036854775808"),
        (2**64 - 1, "18446744073709551615"),
        (12.0, "12"),
        (-0.0, "0"),
        (12.5, "12.5"),
        (1e22, "10000000000000000000000"),
        (float("nan"), None),
        (float("inf"), "inf"),
        (True, "true"),
        (Decimal("12.00"), "12"),
        (Decimal("12.50"), "12.5"),
    ],
)
def test_what_an_id_writes(value: object, text: str | None) -> None:
    assert id_text(value) == text
    if value is not None:
        kind = pa.uint64() if value == 2**64 - 1 else None
        assert id_texts(pa.chunked_array([pa.array([value], kind)]), "x").to_pylist() == [text]


@pytest.mark.parametrize(
    "kind",
    [
        *(pa.int8(), pa.uint16(), pa.int64(), pa.uint64(), pa.float16(), pa.float32()),
        *(pa.float64(), pa.decimal128(9, 0), pa.decimal128(9, 2), pa.decimal256(40, 1)),
        *(pa.string(), pa.large_string(), pa.string_view()),
        *(pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.int64())),
    ],
    ids=str,
)
def test_numbers_and_texts_that_write_the_same_match(tmp_path: Path, kind: pa.DataType) -> None:
    keys = pa.array(["4", "1"]).cast(pa.int64())
    if pa.types.is_dictionary(kind):
        keys = keys.cast(kind.value_type).dictionary_encode().cast(kind)
    elif kind == pa.float16():
        keys = keys.cast(pa.float32()).cast(kind)
    elif kind == pa.string_view():
        keys = keys.cast(pa.string()).cast(kind)
    elif pa.types.is_decimal(kind):
        keys = pa.array([Decimal(4), Decimal(1)], kind)
    else:
        keys = keys.cast(kind)
    table = pa.table({"key": keys, "cost": [4.0, 1.0]})
    done = usdparquet.write_table(table, tmp_path / "o.parquet", key="key", ids=IDS)
    assert values(tmp_path / "o.parquet", "cost") == {"/A": 1.0, "/C": 1.0, "/D": 4.0}
    assert done.join is not None
    assert done.join.matched_rows == 2


def test_several_rows_of_an_id(tmp_path: Path) -> None:
    table = pa.table({"key": [1, 1, 4, 9, 9], "v": [1, 2, 3, 4, 5]})
    file = tmp_path / "o.parquet"
    with pytest.raises(ValueError) as info:
        usdparquet.write_table(table, file, key="key", ids=IDS)
    assert str(info.value) == (
        f"{file}: column 'key': 1 id is in several rows: '1' in rows 0, 1; the "
        "argument 'keep' takes the first or the last one, the argument 'time' names the column of "
        "times that makes them samples"
    )
    assert not file.exists()
    for keep, value in (("first", 1), ("last", 2)):
        done = usdparquet.write_table(table, file, key="key", ids=IDS, keep=keep)
        assert values(file, "v") == {"/A": value, "/C": value, "/D": 3}
        assert done.join is not None
        assert (done.join.rows_dropped, done.join.rows_without_prim) == (1, 2)
    with pytest.raises(ValueError, match=r"keep is 'any'; it can be 'first' or 'last'"):
        usdparquet.write_table(table, file, key="key", ids=IDS, keep="any")


def test_rows_with_times_are_samples(tmp_path: Path) -> None:
    table = pa.table(
        {"key": ["1", "1", "4", "1", "1"], "t": [2, 1, 1, None, 2], "v": [20, 10, 40, 0, 21]}
    )
    file = tmp_path / "o.parquet"
    with pytest.raises(ValueError, match="time"):
        usdparquet.write_table(table, file, key="key", ids=IDS, time="t")
    usdparquet.write_table(table, file, key="key", ids=IDS, time="t", keep="last")
    layer = Sdf.Layer.FindOrOpen(str(file))
    for path, samples in (("/A.v", {1: 10, 2: 21}), ("/C.v", {1: 10, 2: 21}), ("/D.v", {1: 40})):
        assert layer.ListTimeSamplesForPath(path) == list(samples)
        assert {time: layer.QueryTimeSample(path, time) for time in samples} == samples
    assert layer.GetAttributeAtPath("/C.v").default == 0
    usdparquet.write_table(table, file, key="key", ids=IDS, time="t", keep="first")
    layer.Reload()
    assert layer.QueryTimeSample("/A.v", 2) == 20


@pytest.mark.parametrize(
    ("table", "ids", "options", "message"),
    [
        ({"k": ["7"]}, IDS, {}, "column 'k': no row has the id of a prim; the table has '7', the "
         "prims have '1', '2', '1', '4'"),
        ({"k": [None]}, IDS, {}, "column 'k': no row has the id of a prim; the table has none, the "
         "prims have '1', '2', '1', '4'"),
        ({"x": ["1"]}, IDS, {}, "there is no column 'k' with the ids (there are 'x')"),
        ({"k": ["1"]}, IDS, {"time": "t"}, "there is no column 't' with the times (there are 'k')"),
        ({"k": ["1"], "path": ["/A"]}, IDS, {}, "the table has a column 'path' already, where the "
         "prims' paths are to go; name another one for them with the argument 'path', or rename "
         "it"),
        ({"k": [["1"]]}, IDS, {}, "column 'k' has type list<item: string>; ids are texts or "
         "numbers"),
        ({"k": [datetime.date(2024, 5, 1)]}, IDS, {}, "column 'k' has type date32[day]; ids are "
         "texts or numbers"),
        ({"k": [b"1"]}, IDS, {}, "column 'k' has type binary; ids are texts or numbers"),
        ({"k": ["1"]}, IDS.drop_columns("id"), {}, "the ids need one column 'id' (there are "
         "'path')"),
        ({"k": ["1"]}, IDS.drop_columns("path"), {}, "the ids need one column 'path' (there are "
         "'id')"),
        ({"k": ["1"]}, pa.table({"path": ["/A", "/B", "/A"], "id": ["1", "2", "3"]}), {},
         "the ids, rows 0 and 2: '/A' is there twice; a prim has one id"),
        ({"k": ["1"]}, pa.table({"path": ["", "/A", "", "/B", "/B"], "id": list("12345")}), {},
         "the ids, rows 3 and 4: '/B' is there twice; a prim has one id"),
        ({"k": ["1"]}, pa.table({"path": ["/A", None], "id": ["1", "2"]}), {},
         "the ids, row 1: the path is null; leave the row out"),
    ],
)  # fmt: skip
def test_errors(
    tmp_path: Path, table: Any, ids: pa.Table, options: dict[str, str], message: str
) -> None:
    file = tmp_path / "o.parquet"
    with pytest.raises(ValueError) as info:
        usdparquet.write_table(pa.table(table), file, key="k", ids=ids, **options)
    assert str(info.value) == f"{file}: {message}"
    assert not file.exists()


def test_key_and_ids_go_together(tmp_path: Path) -> None:
    for options in ({"key": "k"}, {"ids": IDS}, {"keep": "first"}):
        with pytest.raises(ValueError, match=r"is for tables by id, which take both key and ids"):
            usdparquet.write_table(pa.table({"k": ["1"]}), tmp_path / "o.parquet", **options)


def test_another_name_for_the_paths(tmp_path: Path) -> None:
    table = pa.table({"k": ["1"], "path": ["a road"]})
    file = tmp_path / "o.parquet"
    usdparquet.write_table(table, file, key="k", ids=IDS, path="prim")
    assert values(file, "path") == {"/A": "a road", "/C": "a road"}


def test_a_file_of_ids(tmp_path: Path) -> None:
    ids = tmp_path / "the ids & more.parquet"
    usdparquet.write_table(IDS, ids)
    file = tmp_path / "o.parquet"
    usdparquet.bind(pa.table({"k": ["4"], "v": [1]}), ids, file, key="k")
    assert values(file, "v") == {"/D": 1}
    usdparquet.write_table(IDS.drop_columns("id"), ids)
    with pytest.raises(ValueError, match="no column or property 'id'"):
        usdparquet.bind(pa.table({"k": ["4"]}), ids, file, key="k")


def test_prims_inside_instances(tmp_path: Path) -> None:
    stage = Usd.Stage.CreateInMemory()
    for name in "xy":
        stage.DefinePrim(f"/Kit/{name}").SetCustomDataByKey("tag", name)
    copy = stage.DefinePrim("/Copy")
    copy.GetReferences().AddInternalReference("/Kit")
    copy.SetInstanceable(True)
    table = pa.table({"k": ["x"], "v": [1]})
    done = usdparquet.bind(table, stage, tmp_path / "o.parquet", key="k", id="customData:tag")
    assert done.join is not None
    assert (done.join.prims_in_instances, done.join.instance_prims) == (1, ["/Copy/x"])
    assert values(tmp_path / "o.parquet", "v") == {"/Kit/x": 1}

    with pytest.raises(ValueError, match="'id' has to say what holds the ids of its prims; it has"):
        usdparquet.bind(table, stage, tmp_path / "o.parquet", key="k")
    lone = Usd.Stage.CreateInMemory()
    lone.DefinePrim("/A")
    with pytest.raises(ValueError, match=r"it has name \(1 prim\)$"):
        usdparquet.bind(table, lone, tmp_path / "o.parquet", key="k")


# Names, ids and cells with odd letters among them.
_LETTERS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=4
)
_NUMBERS = st.integers(-3, 12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    ids=st.lists(st.one_of(st.none(), _LETTERS, _NUMBERS), min_size=1, max_size=12),
    keys=st.lists(st.one_of(st.none(), _LETTERS), max_size=12, unique=True),
    numbers=st.lists(st.one_of(st.none(), _NUMBERS), max_size=12, unique=True),
    depth=st.integers(0, 3),
)
def test_it_is_the_join_that_duckdb_makes(
    tmp_path_factory: pytest.TempPathFactory,
    ids: list[str | int | None],
    keys: list[str | None],
    numbers: list[int | None],
    depth: int,
) -> None:
    """Ids that are shared, missing and odd, against tables of texts and of numbers."""
    folder = tmp_path_factory.mktemp("a & b")
    stage = Usd.Stage.CreateNew(str(folder / "scene.usda"))
    above = "/".join(["", *"abc"[:depth]])
    for number, id in enumerate(ids):
        prim = stage.DefinePrim(f"{above}/prim_{number}")
        if id is not None:
            kind = Sdf.ValueTypeNames.String if isinstance(id, str) else Sdf.ValueTypeNames.Int64
            prim.CreateAttribute("tag", kind).Set(id)
    stage.Save()
    scene = pa.table(
        {
            "path": [f"{above}/prim_{number}" for number in range(len(ids))],
            "id": pa.array([None if id is None else str(id) for id in ids], pa.string()),
        }
    )
    for column, kind in ((keys, pa.string()), (numbers, pa.float64())):
        table = pa.table({"key": pa.array(column, kind), "v": pa.array(range(len(column)))})
        with duckdb.connect() as connection:
            connection.register("scene", scene)
            connection.register("cells", table)
            as_text = "key" if kind == pa.string() else "cast(cast(key as bigint) as varchar)"
            rows = connection.execute(
                f"select path, v from scene join cells on {as_text} = id where id <> ''"
            ).fetchall()
        file = folder / "out & more.parquet"
        if not rows:
            with pytest.raises(ValueError, match=r"no row has the id|no prim has 'tag'"):
                usdparquet.bind(table, stage, file, key="key", id="tag")
            continue
        done = usdparquet.bind(table, stage, file, key="key", id="tag")
        assert values(file, "v") == dict(rows)
        assert done.join is not None
        assert done.join.matched_prims == len(rows)
        assert done.join.matched_rows == len({value for _, value in rows})
        file.unlink()
