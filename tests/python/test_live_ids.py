"""The format arguments `key` and `ids`: a table by ids, joined with prims when it is opened."""

from __future__ import annotations

import os
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pxr import Sdf, Tf, Usd, UsdUtils

import usdparquet
from usdparquet.identifiers.id_text import id_texts

IDS = pa.table({"path": ["/A", "/A/B", "/C/D", "/E", "/F"], "id": ["1", "2", "1", "4", None]})


def identifier(table: Path, ids: Path | str, key: str = "tag", **more: str) -> str:
    arguments = {"key": quote(key, safe=""), "ids": quote(str(ids), safe="/."), **more}
    return Sdf.Layer.CreateIdentifier(str(table), arguments)


def write(table: Path, columns: dict[str, Any]) -> None:
    """As a program does that replaces a file: beside it, then renamed."""
    beside = table.with_name("beside")
    pq.write_table(pa.table(columns), beside)
    beside.replace(table)


@pytest.fixture
def ids(tmp_path: Path) -> Path:
    file = tmp_path / "the ids & more.parquet"
    usdparquet.write_table(IDS, file)
    return file


def values(layer: Sdf.Layer, name: str = "v") -> dict[str, Any]:
    found = {}

    def visit(path: Sdf.Path) -> None:
        if path.IsPropertyPath() and path.name == name:
            found[str(path.GetPrimPath())] = layer.GetAttributeAtPath(path).default

    layer.Traverse(Sdf.Path.absoluteRootPath, visit)
    return found


def prims(layer: Sdf.Layer) -> list[str]:
    found = []
    layer.Traverse(
        Sdf.Path.absoluteRootPath,
        lambda path: found.append(str(path)) if path.IsPrimPath() else None,
    )
    return sorted(found)


def test_rows_are_at_the_prims_with_their_ids(tmp_path: Path, ids: Path) -> None:
    table = tmp_path / "t.parquet"
    write(table, {"tag": [4, 1, 9, None], "v": [4.5, 1.5, 9.5, 0.5], "path": ["x", "y", "z", ""]})
    layer = Sdf.Layer.FindOrOpen(identifier(table, ids))
    assert values(layer) == {"/A": 1.5, "/C/D": 1.5, "/E": 4.5}
    assert values(layer, "tag") == {"/A": 1, "/C/D": 1, "/E": 4}
    assert values(layer, "path") == {"/A": "y", "/C/D": "y", "/E": "x"}
    assert prims(layer) == ["/A", "/C", "/C/D", "/E"]


@pytest.mark.parametrize(
    "kind",
    [
        *(pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.float16(), pa.float32(), pa.float64(), pa.decimal32(9, 2), pa.decimal64(18, 1)),
        *(pa.decimal128(9, 0), pa.decimal128(9, 2), pa.decimal256(40, 1)),
        *(pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())),
        pa.dictionary(pa.int32(), pa.int64()),
    ],
    ids=str,
)
def test_keys_of_every_type_are_what_they_write(
    tmp_path: Path, ids: Path, kind: pa.DataType
) -> None:
    table = tmp_path / "t.parquet"
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_decimal(plain):
        keys = pa.array([Decimal(4), Decimal(1), None], plain)
    else:
        keys = pa.array(["4", "1", None]).cast(pa.float32() if plain == pa.float16() else plain)
        keys = keys.cast(plain)
    write(table, {"tag": keys if plain == kind else keys.dictionary_encode(), "v": [4.5, 1.5, 0]})
    layer = Sdf.Layer.FindOrOpen(identifier(table, ids))
    assert values(layer) == {"/A": 1.5, "/C/D": 1.5, "/E": 4.5}


@pytest.mark.parametrize(
    ("keys", "texts"),
    [
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([2**64 - 1, 0], pa.uint64()), ["18446744073709551615", "0"]),
        (pa.array([-(2**31), -1], pa.int32()), ["-2147483648", "-1"]),
        (pa.array([Decimal("12.50"), Decimal("-0.05")], pa.decimal128(9, 2)), ["12.5", "-0.05"]),
        (pa.array([Decimal("0.00"), Decimal("-12")], pa.decimal256(40, 2)), ["0", "-12"]),
        (pa.array([1.5, float("nan")]), ["1.5", "nan"]),
    ],
    ids=["bool", "uint64", "int32", "decimal", "wide decimal", "double"],
)
def test_what_a_key_writes(tmp_path: Path, keys: pa.Array, texts: list[str]) -> None:
    table, ids = tmp_path / "t.parquet", tmp_path / "i.parquet"
    write(table, {"tag": keys, "v": [1, 2]})
    write(ids, {"path": ["/A", "/B"], "id": texts})
    expected = {"/A": 1, "/B": 2} if "nan" not in texts else {"/A": 1}
    assert values(Sdf.Layer.FindOrOpen(identifier(table, ids))) == expected


def test_a_prim_without_a_row_is_none_even_if_an_id_without_a_path_has_one(tmp_path: Path) -> None:
    table, ids = tmp_path / "t.parquet", tmp_path / "i.parquet"
    write(table, {"tag": ["2", "3"], "v": [2, 3]})
    write(ids, {"path": ["/A", None, "/C"], "id": ["1", "2", "3"]})
    layer = Sdf.Layer.FindOrOpen(identifier(table, ids))
    assert prims(layer) == ["/C"]
    assert values(layer) == {"/C": 3}


def test_prims_with_children_share_rows_too(tmp_path: Path) -> None:
    table, ids = tmp_path / "t.parquet", tmp_path / "i.parquet"
    write(table, {"tag": ["2", "1"], "v": [2, 1]})
    paths = ["/A", "/A/B", "/A/B/C", "/D", "/D/E"]
    write(ids, {"path": paths, "id": ["1", "2", "1", "2", "2"]})
    layer = Sdf.Layer.FindOrOpen(identifier(table, ids))
    expected = dict(zip(paths, [1, 2, 1, 2, 2], strict=True))
    for _ in range(2):  # by the index, then by what is remembered of it
        found = {path: layer.GetAttributeAtPath(f"{path}.v").default for path in paths}
        assert found == expected
    assert values(layer) == expected
    assert prims(layer) == paths
    assert not layer.GetPrimAtPath("/A/B/C").nameChildren


def test_relative_ids_start_from_the_layer(tmp_path: Path, ids: Path) -> None:
    (tmp_path / "sub").mkdir()
    table = tmp_path / "sub" / "t.parquet"
    write(table, {"tag": ["4"], "v": [4]})
    for name in (f"../{ids.name}", str(ids)):
        assert values(Sdf.Layer.FindOrOpen(identifier(table, name))) == {"/E": 4}
    root = tmp_path / "root.usda"
    reference = identifier(Path("./sub/t.parquet"), f"../{ids.name}")
    root.write_text(f'#usda 1.0\n( subLayers = [ @{reference}@ ] )\ndef "E" {{}}\n')
    stage = Usd.Stage.Open(str(root))
    assert stage.GetAttributeAtPath("/E.v").Get() == 4


def test_reload_shows_a_new_table_and_new_ids(tmp_path: Path, ids: Path) -> None:
    table = tmp_path / "t.parquet"
    write(table, {"tag": ["4"], "v": [4]})
    layer = Sdf.Layer.FindOrOpen(identifier(table, ids))
    assert layer.GetExternalAssetDependencies() == [str(ids)]
    assert values(layer) == {"/E": 4}
    write(table, {"tag": ["4", "2"], "v": [5, 2]})
    assert values(layer) == {"/E": 4}
    assert layer.Reload()
    assert values(layer) == {"/A/B": 2, "/E": 5}
    assert not layer.Reload()
    usdparquet.write_table(pa.table({"path": ["/New"], "id": ["2"]}), ids)
    os.utime(ids, (1, 1))
    assert layer.Reload()
    assert values(layer) == {"/New": 2}


def test_samples(tmp_path: Path, ids: Path) -> None:
    table = tmp_path / "t.parquet"
    write(
        table,
        {"tag": ["1", "4", "1", "1", "9"], "t": [2, 1, 1, None, 1], "v": [12, 41, 11, 10, 90]},
    )
    layer = Sdf.Layer.FindOrOpen(identifier(table, ids, time="t"))
    for path, samples in (("/A.v", {1: 11, 2: 12}), ("/C/D.v", {1: 11, 2: 12}), ("/E.v", {1: 41})):
        assert layer.ListTimeSamplesForPath(path) == list(samples)
        assert {time: layer.QueryTimeSample(path, time) for time in samples} == samples
    assert layer.GetAttributeAtPath("/C/D.v").default == 10
    assert layer.ListAllTimeSamples() == [1, 2]
    assert prims(layer) == ["/A", "/C", "/C/D", "/E"]


def test_edits_stay_in_memory_and_export_binds(tmp_path: Path, ids: Path) -> None:
    table = tmp_path / "t.parquet"
    write(table, {"tag": ["4", "1"], "v": [4, 1]})
    before = table.read_bytes()
    layer = Sdf.Layer.FindOrOpen(identifier(table, ids))
    layer.GetAttributeAtPath("/C/D.v").default = 7
    assert values(layer) == {"/A": 1, "/C/D": 7, "/E": 4}
    with pytest.raises(Tf.ErrorException) as info:
        layer.Save()
    assert (
        f"{table}: the layer can't be saved to its own file: the file is a table of ids that "
        "others share, and has no row a prim; export the layer to another file"
    ) in str(info.value)
    assert layer.dirty
    assert table.read_bytes() == before
    assert layer.Export(str(tmp_path / "bound.parquet"))
    bound = Sdf.Layer.FindOrOpen(str(tmp_path / "bound.parquet"))
    assert bound.ExportToString() == layer.ExportToString()


def test_in_a_package(tmp_path: Path, ids: Path) -> None:
    table = tmp_path / "t.parquet"
    write(table, {"tag": ["4"], "v": [4]})
    root = tmp_path / "root.usda"
    reference = identifier(Path("./data/t.parquet"), "ids/i.parquet")
    root.write_text(f'#usda 1.0\n( subLayers = [ @{reference}@ ] )\ndef "E" {{}}\n')
    package = tmp_path / "all.usdz"
    with Sdf.ZipFileWriter.CreateNew(str(package)) as writer:
        writer.AddFile(str(root), "root.usda")
        writer.AddFile(str(table), "data/t.parquet")
        writer.AddFile(str(ids), "data/ids/i.parquet")
    stage = Usd.Stage.Open(str(package))
    assert not stage.GetCompositionErrors()
    assert stage.GetAttributeAtPath("/E.v").Get() == 4


def test_read_columns_of_what_is_joined(tmp_path: Path, ids: Path) -> None:
    table = tmp_path / "t.parquet"
    write(table, {"tag": ["4", "1", "9", "4"], "v": [4, 1, 9, 5]})
    layer = Sdf.Layer.FindOrOpen(identifier(table, ids))
    expected = {"path": ["/A", "/C/D", "/E"], "v": [1, 1, 5]}
    for read in (
        usdparquet.read_columns(layer, ["v"]),
        usdparquet.read_columns(table, ["v"], key="tag", ids=ids),
    ):
        assert read.to_pydict() == expected
    options = {"key": "tag", "ids": ids}
    read = usdparquet.read_columns(table, None, ["/E", "/A"], **options)
    assert read.to_pydict() == {"path": ["/E", "/A"], "tag": ["4", "1"], "v": [5, 1]}
    read = usdparquet.read_columns(table, ["v"], under="/C", **options)
    assert read.to_pydict() == {"path": ["/C/D"], "v": [1]}
    read = usdparquet.read_columns(table, ["v"], ["/A/B", "/E", "/Z"], missing="null", **options)
    assert read.to_pydict() == {"path": ["/A/B", "/E", "/Z"], "v": [None, 5, None]}
    with pytest.raises(ValueError, match=r"t\.parquet: 1 paths? ha[sv]e? no row: '/A/B'"):
        usdparquet.read_columns(table, ["v"], ["/A/B", "/E"], **options)
    with pytest.raises(ValueError, match="key is given without ids"):
        usdparquet.read_columns(table, ["v"], key="tag")
    with pytest.raises(ValueError, match="path and key cannot be given together"):
        usdparquet.read_columns(table, ["v"], path="tag", **options)


def test_read_columns_of_samples(tmp_path: Path, ids: Path) -> None:
    table = tmp_path / "t.parquet"
    write(table, {"tag": ["1", "4", "1", "1"], "t": [2, 1, 1, None], "v": [12, 41, 11, 10]})
    read = usdparquet.read_columns(table, ["v"], ["/C/D", "/E"], key="tag", ids=ids, time="t")
    assert read.to_pydict() == {
        "path": ["/C/D", "/C/D", "/C/D", "/E"],
        "t": [None, 1, 2, 1],
        "v": [10, 11, 12, 41],
    }


def warnings_of(name: str) -> list[str]:
    delegate = UsdUtils.CoalescingDiagnosticDelegate()
    layer = Sdf.Layer.FindOrOpen(name)
    assert layer
    return [each.commentary for each in delegate.TakeUncoalescedDiagnostics()]


def test_warnings(tmp_path: Path, ids: Path) -> None:
    table = tmp_path / "t.parquet"
    write(table, {"tag": ["4", "1", "4", "8", "8"], "v": [1, 2, 3, 4, 5]})
    assert warnings_of(identifier(table, ids)) == [
        f"{table}: column 'tag': 2 rows repeat the id of an earlier row; the later row wins: "
        "row 2 repeats row 0: '4', row 4 repeats row 3: '8'"
    ]
    write(table, {"tag": ["w"], "v": [1]})
    assert warnings_of(identifier(table, ids, nulls="declare")) == [
        f"{table}: no row has the id of a prim: column 'tag' has no text in common with the "
        f"column 'id' of {ids}"
    ]
    long = tmp_path / "long.parquet"
    write(long, {"tag": ["4", "4"], "t": [1, 1], "v": [1, 2]})
    assert warnings_of(identifier(long, ids, time="t")) == [
        f"{long}: column 't': 1 row repeats the id and the time of an earlier row; the later row "
        "wins: row 1 repeats row 0: '4'"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("key=tag", "TABLE: format argument 'key' needs 'ids', a Parquet file with the paths and "
         "the ids of prims"),
        ("ids=i.parquet", "TABLE: format argument 'ids' needs 'key', the column with the ids of "
         "the rows"),
        ("key=tag&ids=none.parquet", "TABLE: the file 'none.parquet', which the format argument "
         "'ids' names, is not found"),
        ("key=tag&ids=50%.parquet", "TABLE: format argument ids='50%.parquet' has a '%' that "
         "encodes no character; write %25 for it"),
        ("key=tag&ids=i.parquet&path=tag", "TABLE: format arguments 'path' and 'key' exclude each "
         "other: rows have paths or ids"),
        ("key=Tag&ids=i.parquet", "TABLE: there is no column or property 'Tag' (the file has "
         "'tag', 'v', 'w', 'day')"),
        ("key=w&ids=i.parquet", "TABLE: column 'w' has type list<element: int64>; ids are "
         "texts or numbers"),
        ("key=day&ids=i.parquet", "TABLE: column 'day' has type date32[day]; ids are texts or "
         "numbers"),
        ("key=tag&ids=no_id.parquet", "FOLDER/no_id.parquet: there is no column 'id' with the ids "
         "of prims; 'usdparquet ids' writes such a file"),
        ("key=tag&ids=no_path.parquet", "FOLDER/no_path.parquet: there is no column 'path' with "
         "the paths of prims; 'usdparquet ids' writes such a file"),
        ("key=tag&ids=twice.parquet", "FOLDER/twice.parquet: column 'path': rows 0 and 2 both have "
         "'/A'; a prim has one id: leave one of them out"),
        ("key=tag&ids=bad.parquet", "FOLDER/bad.parquet: this is not a Parquet file (it does not "
         "start with 'PAR1')"),
    ],
)  # fmt: skip
def test_errors(tmp_path: Path, arguments: str, message: str) -> None:
    table = tmp_path / "t.parquet"
    write(table, {"tag": ["4"], "v": [1], "w": [[1]], "day": pa.array([1], pa.date32())})
    write(tmp_path / "i.parquet", {"path": ["/A"], "id": ["4"]})
    write(tmp_path / "no_id.parquet", {"path": ["/A"]})
    write(tmp_path / "no_path.parquet", {"id": ["4"]})
    write(tmp_path / "twice.parquet", {"path": ["/A", "/B", "/A"], "id": ["4", "5", "6"]})
    (tmp_path / "bad.parquet").write_bytes(b"no Parquet file")
    with pytest.raises(Tf.ErrorException) as info:
        Sdf.Layer.FindOrOpen(f"{table}:SDF_FORMAT_ARGS:{arguments}")
    said = info.value.args[0].commentary.replace(str(table), "TABLE")
    said = said.removeprefix("TABLE: ") if message.startswith("FOLDER") else said
    assert said.replace(str(tmp_path), "FOLDER") == message


def test_damaged_ids_are_told(tmp_path: Path, ids: Path) -> None:
    """A flipped bit in a page of the ids opens nothing, one in its index loses nothing."""
    table = tmp_path / "t.parquet"
    write(table, {"tag": ["4"], "v": [1]})
    sound = ids.read_bytes()
    chunk = pq.ParquetFile(ids).metadata.row_group(0).column(1)
    at = chunk.data_page_offset + chunk.total_compressed_size - 1
    ids.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
    with pytest.raises(Tf.ErrorException, match=r"column 'id'.*damaged"):
        Sdf.Layer.FindOrOpen(identifier(table, ids))


def test_many_threads_read_what_was_joined(tmp_path: Path, ids: Path) -> None:
    rows, texts = 20_000, 7_000
    prims = [f"/P/_{i}" for i in range(rows)]
    usdparquet.write_table(
        pa.table({"path": prims, "id": [str(i % texts) for i in range(rows)]}), ids
    )
    table = tmp_path / "t.parquet"
    mixed = [(i * 13) % texts for i in range(texts)]
    write(table, {"tag": mixed, "v": mixed})
    layer = Sdf.Layer.FindOrOpen(identifier(table, ids))
    wrong: list[int] = []

    def read(start: int) -> None:
        wrong.extend(
            i
            for i in range(start, rows, 8)
            if layer.GetAttributeAtPath(f"/P/_{i}.v").default != i % texts
        )

    threads = [threading.Thread(target=read, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


_LETTERS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=3
)
_KEYS = st.one_of(
    st.lists(st.one_of(st.none(), _LETTERS, st.integers(0, 9).map(str)), max_size=12),
    st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=12),
    st.lists(st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.5, float("nan"), 9.0])), max_size=9),
)


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64(), pa.null()], ids=str)
def test_texts_of_numbers_are_those_of_bind(kind: pa.DataType, tmp_path: Path) -> None:
    """Each number is at the prim whose id is its text, and only there."""
    if pa.types.is_null(kind):
        keys, texts = pa.nulls(3), ["", "null", "None"]
    else:
        bits = kind.bit_width
        number, whole = np.dtype(f"f{bits // 8}"), np.dtype(f"u{bits // 8}")
        some = np.random.default_rng(bits).integers(0, 2**bits, 1 << 13, np.uint64)
        patterns = np.arange(1 << 15) if bits == 16 else some  # all without a sign
        told = np.array([0.1, 1e-4, 1e-5, 0.7, 2.5], number)
        numbers = np.concatenate([patterns.astype(whole).view(number), told])
        keys = pa.array(np.unique(numbers[np.isfinite(numbers)]))
        texts = id_texts(pa.chunked_array([keys]), "x").to_pylist()
        assert {"0.1", "0.0001", "1e-05", "0.7", "2.5"} <= set(texts)
        assert len(set(texts)) == len(texts)
    table, ids = tmp_path / "t.parquet", tmp_path / "i.parquet"
    write(table, {"tag": keys, "v": range(len(keys))})
    write(ids, {"path": [f"/P{i}" for i in range(len(texts))], "id": texts})
    layer = Sdf.Layer.FindOrOpen(identifier(table, ids.name))
    found = values(layer)
    expected = {} if pa.types.is_null(kind) else {f"/P{i}": i for i in range(len(texts))}
    assert found == expected


_NAMES = st.sampled_from(["/A", "/A/B", "/A/B/C", "/A/D", "/E", "/E/A", "/F/G/H", "/F", "/Ä"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    paths=st.lists(_NAMES, min_size=1, max_size=9, unique=True),
    data=st.data(),
    name=st.sampled_from(["i.parquet", "a & b.parquet", "50%=x.parquet"]),
)
def test_live_is_what_is_bound(
    tmp_path_factory: pytest.TempPathFactory, paths: list[str], data: st.DataObject, name: str
) -> None:
    folder = tmp_path_factory.mktemp("live & more")
    ids = data.draw(
        st.lists(
            st.one_of(st.none(), _LETTERS, st.integers(0, 9).map(str)),
            min_size=len(paths),
            max_size=len(paths),
        )
    )
    keys = data.draw(_KEYS)
    prims_ids = pa.table({"path": paths, "id": pa.array(ids, pa.string())})
    pq.write_table(prims_ids, folder / name)
    table = pa.table({"a key": pa.array(keys), "v": range(len(keys))})
    if pa.types.is_null(table["a key"].type):
        table = table.set_column(0, "a key", table["a key"].cast(pa.string()))
    pq.write_table(table, folder / "t.parquet")
    layer = Sdf.Layer.FindOrOpen(identifier(folder / "t.parquet", name, "a key"))
    try:
        usdparquet.write_table(
            table, folder / "bound.parquet", key="a key", ids=prims_ids, keep="last"
        )
    except ValueError as error:
        assert "no row has the id of a prim" in str(error)
        assert values(layer) == {}
        return
    bound = Sdf.Layer.FindOrOpen(str(folder / "bound.parquet"))
    assert values(layer) == values(bound)
    assert sorted(prims(layer)) == sorted(prims(bound))
