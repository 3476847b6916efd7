"""Columns that folders name, and what else has the same name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf, Tf
from test_dataset import as_text, error_of, run, write_folder
from usd_values import open_layer

import usdparquet
from usdparquet._dataset import MANIFEST
from usdparquet.tables.table_file import TableFile

ABSOLUTE = "path=" + quote("/X", safe="")


def walls(**columns: object) -> pa.Table:
    return pa.table({"path": ["/A", "/B"], **columns, "cost": [1.0, 2.0]})


def with_partitions(folder: Path, *partitions: str) -> Path:
    """The same dataset with a manifest that somebody edited: columns of folders without folders."""
    usdparquet.dataset(folder)
    told = json.loads((folder / MANIFEST).read_text())
    told["partitions"] = [{"name": name, "type": "string"} for name in partitions]
    for part in told["parts"]:
        part["keys"] = ["x"] * len(partitions)
    (folder / MANIFEST).write_text(json.dumps(told))
    return folder


READERS: dict[str, Callable[[Path], object]] = {
    "layer": lambda folder: Sdf.Layer.OpenAsAnonymous(str(folder)),
    "read_columns": usdparquet.read_columns,
    "rows": lambda folder: usdparquet.read_columns(folder, ["cost"], paths=["/A"]),
    "table": TableFile,
    "find_prims": lambda folder: usdparquet.find_prims(folder, "cost > 1"),
}


def refusals(folder: Path) -> dict[str, str]:
    """What each reader of a dataset that cannot be says of it."""
    told = {}
    for name, read in READERS.items():
        with pytest.raises((ValueError, Tf.ErrorException)) as caught:
            read(folder)
        told[name] = str(caught.value)
    for name in ("inspect", "validate"):
        code, told[name] = run(name, folder)
        assert code != 0, name
    code, told["optimize"] = run("optimize", folder, folder.parent / "out.parquet")
    assert code != 0 and not (folder.parent / "out.parquet").exists()
    return told


HIDDEN = {
    "a text": "path=x/0.parquet",
    "a path": f"{ABSOLUTE}/0.parquet",
    "a null": "path=__HIVE_DEFAULT_PARTITION__/0.parquet",
}


@pytest.mark.parametrize("file", HIDDEN.values(), ids=HIDDEN)
def test_folders_that_name_the_column_of_paths(tmp_path: Path, file: str) -> None:
    """They hid it: a removed prim was said to be saved, and came back."""
    folder = write_folder(tmp_path / "d.parquet", {file: walls()})
    wanted = f"d.parquet: the folder of '{file}', or the manifest, gives it a column 'path'"
    for name, told in refusals(folder).items():
        assert wanted in told, name
    for index in (True, False):
        with pytest.raises(
            ValueError, match="the name of the column with the prim paths"
        ) as caught:
            usdparquet.dataset(folder, index=index)
        assert str(caught.value).startswith(f"{folder / MANIFEST}: ") and file in str(caught.value)
        assert not (folder / MANIFEST).exists()


def test_paths_in_the_names_of_folders_alone(tmp_path: Path) -> None:
    """Of such a dataset nothing could be saved."""
    table = walls().drop_columns(["path"])
    folder = write_folder(tmp_path / "d.parquet", {f"{ABSOLUTE}/0.parquet": table})
    assert "gives it a column 'path'" in error_of(folder)
    with pytest.raises(ValueError, match="gives it a column 'path'"):
        usdparquet.dataset(folder, index=False)
    assert "gives it a column 'path'" in run("optimize", folder, tmp_path / "out.parquet")[1]
    # As a table that is no layer it can be read.
    code, output = run("query", folder, "SELECT path, cost FROM t", "--json")
    assert code == 0 and json.loads(output)[1] == {"path": "/X", "cost": 2.0}


def test_the_column_of_paths_may_have_another_name(tmp_path: Path) -> None:
    table = walls().rename_columns(["prim", "cost"])
    folder = write_folder(tmp_path / "d.parquet", {"path=x/0.parquet": table})
    layer = open_layer(folder, path="prim")
    assert layer.GetAttributeAtPath("/A.path").default == "x"
    assert "gives it a column 'path'" in error_of(folder)
    usdparquet.dataset(folder, path="prim")
    layer = open_layer(folder)
    layer.GetAttributeAtPath("/B.cost").default = 7.0
    assert layer.Save()
    found = Sdf.Layer.OpenAsAnonymous(str(folder))
    assert found.GetAttributeAtPath("/B.cost").default == 7.0
    assert found.GetAttributeAtPath("/B.path").default == "x"
    wrong = write_folder(tmp_path / "e.parquet", {"prim=x/0.parquet": table})
    with pytest.raises(ValueError, match="gives it a column 'prim'"):
        usdparquet.dataset(wrong, path="prim")
    with pytest.raises(Tf.ErrorException, match="gives it a column 'prim'"):
        open_layer(wrong, path="prim")


def test_a_manifest_that_names_the_column_of_paths_again(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "d.parquet", {"0.parquet": walls()})
    with_partitions(folder, "path")
    for name, told in refusals(folder).items():
        assert (
            "d.parquet: the folder of '0.parquet', or the manifest, gives it a column 'path'"
            in told
        ), name
        assert "usdparquet dataset" in told, name


@pytest.mark.parametrize("type_", [pa.int32(), pa.float64()], ids=str)
def test_folders_that_name_the_column_of_times(tmp_path: Path, type_: pa.DataType) -> None:
    """Which of the two has the times is for nobody to guess."""
    table = walls(frame=pa.array([1, 2], type_))
    folder = write_folder(tmp_path / "d.parquet", {"frame=3/0.parquet": table})
    wanted = (
        "the folder of 'frame=3/0.parquet', or the manifest, gives it a column 'frame', "
        "which would hide"
    )
    for index in (True, False):
        with pytest.raises(ValueError, match=wanted):
            usdparquet.dataset(folder, time="frame", index=index)
    with pytest.raises(ValueError, match=wanted):
        usdparquet.read_columns(folder, time="frame")
    with pytest.raises(Tf.ErrorException, match=wanted):
        open_layer(folder, time="frame")
    assert wanted in run("inspect", folder, "--time", "frame")[1]
    assert wanted in run("validate", folder, "--time", "frame")[1]


def test_a_column_of_a_folder_counts(tmp_path: Path) -> None:
    """Also for tables that are joined by ids, which are never saved over."""
    ids = tmp_path / "ids.parquet"
    pq.write_table(pa.table({"path": ["/A", "/B"], "id": ["x", "y"]}), ids)
    table = pa.table({"key": ["y"], "year": [1], "cost": [5.0]})
    folder = write_folder(tmp_path / "d.parquet", {"key=x/year=2024/0.parquet": table})
    layer = open_layer(folder, key="key", ids="ids.parquet")
    assert layer.GetAttributeAtPath("/A.cost").default == 5.0
    assert layer.GetAttributeAtPath("/A.year").default == 2024
    assert not layer.GetAttributeAtPath("/B.cost")


@pytest.mark.parametrize("value", ["1", "2"])
def test_two_folders_with_one_key(tmp_path: Path, value: str) -> None:
    file = f"a=1/b=1/a={value}/0.parquet"
    folder = write_folder(tmp_path / "d.parquet", {file: walls()})
    wanted = f"the folders of '{file}' name the column 'a' twice; rename one of them"
    for name, told in refusals(folder).items():
        assert f"d.parquet: {wanted}" in told, name
    with pytest.raises(ValueError, match=wanted):
        usdparquet.dataset(folder)
    plain = write_folder(tmp_path / "e.parquet", {"a=1/0.parquet": walls()})
    assert "int a = 1" in as_text(plain)


def test_a_manifest_with_one_partition_column_twice(tmp_path: Path) -> None:
    """It gave a KeyError without the name of the file."""
    folder = write_folder(tmp_path / "d.parquet", {"0.parquet": walls()})
    with_partitions(folder, "a", "b", "a")
    wanted = "d.parquet: the manifest can't be read: two of its partition columns are named 'a'"
    for name, told in refusals(folder).items():
        assert wanted in told, name
