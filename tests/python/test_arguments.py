"""Format arguments, in FindOrOpen and in a sublayer's asset path."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pxr import Sdf, Tf, Usd
from usd_values import collected_warnings, open_layer

TABLE = {
    "path": ["/A", "/B/C"],
    "where": ["/P", "/Q/R"],
    "cost": [1.5, None],
    "unit mass": [3.0, 4.0],
    "count": [7, 8],
}


def property_names(layer: Sdf.Layer, path: str) -> list[str]:
    return [spec.name for spec in layer.GetPrimAtPath(path).properties]


def paths_of(layer: Sdf.Layer) -> list[str]:
    found: list[str] = []
    layer.Traverse("/", lambda path: found.append(str(path)) if path.IsPrimPath() else None)
    return sorted(found)


def test_path_names_the_column(write) -> None:
    layer = open_layer(write(TABLE), path="where")
    assert paths_of(layer) == ["/P", "/Q", "/Q/R"]
    assert property_names(layer, "/P") == ["path", "cost", "unit_mass", "count"]
    assert layer.GetAttributeAtPath("/P.path").default == "/A"


def test_a_file_without_path_column_opens_by_argument(write) -> None:
    file = write({"id": ["/A", "/B"], "cost": [1.0, 2.0]})
    assert open_layer(file, path="id").GetAttributeAtPath("/B.cost").default == 2.0


def test_columns_are_chosen(write) -> None:
    layer = open_layer(write(TABLE), columns="cost,count")
    assert property_names(layer, "/A") == ["cost", "count"]
    assert property_names(layer, "/B/C") == ["count"]
    assert layer.GetAttributeAtPath("/B/C.count").default == 8
    assert not layer.GetAttributeAtPath("/A.unit_mass")


def test_nulls_are_declared(write) -> None:
    layer = open_layer(write(TABLE), nulls="declare")
    names = ["where", "cost", "unit_mass", "count"]
    assert property_names(layer, "/A") == names
    assert property_names(layer, "/B/C") == names
    cost = layer.GetAttributeAtPath("/B/C.cost")
    assert str(cost.typeName) == "double"
    assert "default" not in cost.ListInfoKeys()
    assert "default" in layer.GetAttributeAtPath("/A.cost").ListInfoKeys()


def test_columns_are_named_as_in_the_file(write) -> None:
    layer = open_layer(write(TABLE), columns="unit mass")
    assert property_names(layer, "/A") == ["unit_mass"]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ("part", ["part:cost", "part:size:x"]),
        ("part:cost", ["part:cost"]),
        ("part:size", ["part:size:x"]),
        (" part:size , count ", ["part:size:x", "count"]),
    ],
)
def test_structs_and_their_fields_are_chosen(write, chosen: str, names: list[str]) -> None:
    part = [{"cost": 1.0, "size": {"x": 2}}]
    layer = open_layer(write({"path": ["/A"], "part": part, "count": [3]}), columns=chosen)
    assert property_names(layer, "/A") == names


def test_prefix_roots_the_table(write) -> None:
    layer = open_layer(write(TABLE), prefix="/World/Tables")
    assert paths_of(layer) == [
        "/World",
        "/World/Tables",
        "/World/Tables/A",
        "/World/Tables/B",
        "/World/Tables/B/C",
    ]
    assert layer.GetPrimAtPath("/World/Tables").specifier == Sdf.SpecifierOver
    assert layer.GetAttributeAtPath("/World/Tables/A.cost").default == 1.5
    assert not layer.GetPrimAtPath("/A")


def test_arguments_together_in_a_sublayer_path(write) -> None:
    file = write(TABLE)
    root = Sdf.Layer.CreateAnonymous()
    arguments = {"path": "where", "prefix": "/World", "columns": "count,cost"}
    root.subLayerPaths.append(Sdf.Layer.CreateIdentifier(str(file), arguments))
    stage = Usd.Stage.Open(root)
    assert stage.GetPrimAtPath("/World/P").GetPropertyNames() == ["cost", "count"]
    assert stage.GetAttributeAtPath("/World/Q/R.count").Get() == 8


def test_arguments_written_by_hand(write) -> None:
    file = write(TABLE)
    root = Sdf.Layer.CreateAnonymous()
    root.subLayerPaths.append(f"{file}:SDF_FORMAT_ARGS:path=where&prefix=/W")
    assert Usd.Stage.Open(root).GetAttributeAtPath("/W/P.cost").Get() == 1.5


def test_one_file_with_different_arguments_is_different_layers(write) -> None:
    file = write(TABLE)
    plain, prefixed = open_layer(file), open_layer(file, prefix="/W")
    assert plain != prefixed
    assert plain.GetAttributeAtPath("/A.cost").default == 1.5
    assert prefixed.GetAttributeAtPath("/W/A.cost").default == 1.5
    assert open_layer(file, prefix="/W") == prefixed


def test_cache_mb_sets_the_budget(write) -> None:
    import usdparquet

    before = usdparquet.cache_stats()["budget"]
    try:
        layer = open_layer(write(TABLE), cache_mb="7")
        assert layer.GetAttributeAtPath("/A.cost").default == 1.5
        assert usdparquet.cache_stats()["budget"] == 7 << 20
    finally:
        usdparquet.set_cache_budget(before)


def test_an_unknown_argument_is_warned_of_once(write) -> None:
    file = write(TABLE)
    with collected_warnings() as warnings:
        layer = open_layer(file, colums="cost")
    assert layer.GetAttributeAtPath("/A.cost").default == 1.5
    assert len(warnings) == 1
    assert str(file) in warnings[0]
    assert "colums" in warnings[0]


BAD_ARGUMENTS = [
    ("path", "nowhere"),
    ("path", "cost"),
    ("columns", "cost,nothing"),
    ("columns", ","),
    ("prefix", "World"),
    ("prefix", "/A.b"),
    ("prefix", "/not valid"),
    ("prefix", "/A/"),
    ("cache_mb", "many"),
    ("cache_mb", "-1"),
    ("cache_mb", "64 MB"),
    ("cache_mb", "99999999999999999999"),
]


@pytest.mark.parametrize(("name", "value"), BAD_ARGUMENTS)
def test_a_bad_value_is_an_error(write, name: str, value: str) -> None:
    file = write(TABLE)
    with pytest.raises(Tf.ErrorException) as error:
        Sdf.Layer.FindOrOpen(str(file), args={name: value})
    assert len(error.value.args) == 1, error.value
    message = str(error.value)
    assert str(file) in message
    assert name in message
    assert value.split(",")[-1] in message


@pytest.mark.parametrize(
    ("arguments", "stored"),
    [
        ({}, "UNCOMPRESSED"),  # layers of less than 2 KiB
        ({"compression": "zstd"}, "ZSTD"),
        ({"compression": "snappy"}, "SNAPPY"),
        ({"compression": "none"}, "UNCOMPRESSED"),
    ],
)
def test_an_export_takes_a_codec(
    write, tmp_path: Path, arguments: dict[str, str], stored: str
) -> None:
    layer = open_layer(write(TABLE))
    target = tmp_path / "out.parquet"
    with collected_warnings() as warnings:
        assert layer.Export(str(target), args=arguments)
    assert warnings == []
    group = pq.read_metadata(target).row_group(0)
    codecs = {group.column(i).compression for i in range(group.num_columns)}
    assert codecs == {stored}
    assert open_layer(target).ExportToString() == layer.ExportToString()


def test_an_export_with_an_unknown_codec_writes_nothing(write, tmp_path: Path) -> None:
    layer = open_layer(write(TABLE))
    old = tmp_path / "old.parquet"
    old.write_bytes(b"old")
    for target in (old, tmp_path / "folder" / "new.parquet"):
        with pytest.raises(Tf.ErrorException) as error:
            layer.Export(str(target), args={"compression": "lzo"})
        assert [item.commentary for item in error.value.args] == [
            f"{target}: format argument compression='lzo' is none of none, lz4, snappy, zstd"
        ]
    assert old.read_bytes() == b"old"
    assert not (tmp_path / "folder").exists()
