"""Saving the layer of a dataset: the files with edited rows are written anew, all or none."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import dataset_kill_worker
import faulty_calls
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf, Tf
from test_dataset import as_text, hall, write_folder
from usd_values import open_layer

import usdparquet
from usdparquet._dataset import MANIFEST


@pytest.fixture
def halls(tmp_path: Path) -> Path:
    folder = write_folder(
        tmp_path / "costs.parquet", {f"part-{n}.parquet": hall(n) for n in range(3)}
    )
    usdparquet.dataset(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_cells(halls: Path) -> None:
    before = contents(halls)
    layer = open_layer(halls)
    layer.GetAttributeAtPath("/World/Hall_1/Wall_2.wall").default = 7.5
    layer.GetAttributeAtPath("/World/Hall_1/Wall_0.kind").default = "new"
    expected = layer.ExportToString()
    assert layer.Save()
    assert not layer.dirty
    assert layer.ExportToString() == expected
    assert as_text(halls) == expected
    after = contents(halls)
    parts = [name for name in before if name.startswith("part-")]
    assert [name for name in parts if before[name] != after[name]] == ["part-1.parquet"]
    assert sorted(name.split(".")[0] for name in after) == [
        *("_usdparquet", "_usdparquet", "_usdparquet"),
        *("part-0", "part-1", "part-2"),
    ]
    assert pq.read_table(halls / "part-1.parquet")["wall"].to_pylist()[2] == 7.5


def test_several_saves_of_one_layer(halls: Path) -> None:
    layer = open_layer(halls)
    for number in (0, 2, 0):
        layer.GetAttributeAtPath(f"/World/Hall_{number}/Wall_4.wall").default += 1
        layer.Save()
    assert [row[0] for row in values(halls)] == [4.0, 102.0, 203.0]


def values(folder: Path) -> list[list[float]]:
    paths = [f"/World/Hall_{n}/Wall_4" for n in range(3)]
    table = usdparquet.read_columns(folder, ["wall"], paths)
    return [[value] for value in table["wall"].to_pylist()]


def test_removed_prims(halls: Path) -> None:
    layer = open_layer(halls)
    del layer.GetPrimAtPath("/World").nameChildren["Hall_1"]
    del layer.GetPrimAtPath("/World/Hall_2").nameChildren["Wall_3"]
    layer.GetAttributeAtPath("/World/Hall_2/Wall_4.wall").default = 0.25
    expected = layer.ExportToString()
    before = contents(halls)
    layer.Save()
    assert as_text(halls) == expected
    assert contents(halls)["part-0.parquet"] == before["part-0.parquet"]
    assert pq.read_table(halls / "part-1.parquet").num_rows == 0
    left = pq.read_table(halls / "part-2.parquet")["wall"].to_pylist()
    assert left == [200.0, 200.5, 201.0, 0.25]


@pytest.mark.parametrize(
    ("first", "second", "removed"),
    [
        # /D is there only because of the row that goes.
        (["/D/F"], ["/H/x"], "/D/F"),
        # /B is before /H because of the row that goes.
        (["/B/F", "/H/x"], ["/B/G"], "/B/F"),
        (["/B/F", "/H"], ["/B"], "/B/F"),
    ],
)
def test_a_prim_that_others_need_is_not_removed(
    tmp_path: Path, first: list[str], second: list[str], removed: str
) -> None:
    tables = [pa.table({"path": paths, "v": range(len(paths))}) for paths in (first, second)]
    folder = write_folder(tmp_path / "d.parquet", {"a.parquet": tables[0], "b.parquet": tables[1]})
    usdparquet.dataset(folder)
    before = contents(folder)
    layer = open_layer(folder)
    parent, _, name = removed.rpartition("/")
    del layer.GetPrimAtPath(parent).nameChildren[name]
    said = f"the prim {removed} can't be removed alone: a prim above it has no earlier row"
    with pytest.raises(Tf.ErrorException, match=said):
        layer.Save()
    assert contents(folder) == before
    layer.Reload(force=True)


def test_a_prim_that_others_do_not_need_is_removed(tmp_path: Path) -> None:
    paths = ["/B", "/B/F", "/H/x", "/H/y"]
    folder = write_folder(
        tmp_path / "d.parquet", {"a.parquet": pa.table({"path": paths, "v": range(4)})}
    )
    usdparquet.dataset(folder)
    layer = open_layer(folder)
    del layer.GetPrimAtPath("/B").nameChildren["F"]
    del layer.GetPrimAtPath("/H").nameChildren["y"]
    expected = layer.ExportToString()
    assert layer.Save()
    assert as_text(folder) == expected


def test_a_journal_waits_for_who_has_the_lock(halls: Path) -> None:
    manifest = json.loads((halls / MANIFEST).read_text())
    journal = halls / "_usdparquet.journal"
    journal.write_text(json.dumps({"version": manifest["version"], "parts": []}))
    holder = os.open(halls, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    with pytest.raises(Tf.ErrorException, match="another process is saving the dataset; try again"):
        Sdf.Layer.OpenAsAnonymous(str(halls))
    assert journal.exists()
    os.close(holder)
    assert Sdf.Layer.OpenAsAnonymous(str(halls))
    assert not journal.exists()


@pytest.mark.parametrize("name", ["{}/data.txt", "../data.txt", "other.parquet"])
def test_a_journal_renames_no_file_that_is_not_the_datasets(
    halls: Path, tmp_path: Path, name: str
) -> None:
    name = name.format(tmp_path)
    place = halls / name
    place.write_text("old")
    place.with_name(f".{place.name}.new").write_text("new")
    manifest = json.loads((halls / MANIFEST).read_text())
    journal = {"version": manifest["version"], "parts": [name]}
    (halls / "_usdparquet.journal").write_text(json.dumps(journal))
    with pytest.raises(Tf.ErrorException, match="which is no file of the dataset in its folder"):
        Sdf.Layer.OpenAsAnonymous(str(halls))
    assert place.read_text() == "old"


def test_rows_that_a_removed_prim_hid_do_not_come_back(tmp_path: Path) -> None:
    folder = write_folder(
        tmp_path / "d.parquet", {"0.parquet": hall(0), "1.parquet": hall(0).slice(1, 1)}
    )
    with pytest.warns(UserWarning, match="repeats"):
        usdparquet.dataset(folder)
    layer = open_layer(folder)
    del layer.GetPrimAtPath("/World/Hall_0").nameChildren["Wall_1"]
    layer.Save()
    assert not Sdf.Layer.OpenAsAnonymous(str(folder)).GetPrimAtPath("/World/Hall_0/Wall_1")


def test_partition_columns_are_not_edited(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "d.parquet", {"year=2024/0.parquet": hall(0)})
    usdparquet.dataset(folder)
    layer = open_layer(folder)
    before = contents(folder)
    layer.GetAttributeAtPath("/World/Hall_0/Wall_0.year").default = 2025
    with pytest.raises(Tf.ErrorException, match=r"year=2024/0\.parquet: column 'year' is none of"):
        layer.Save()
    assert contents(folder) == before
    layer.Reload(force=True)


def test_a_dataset_without_a_manifest_is_not_saved_over(tmp_path: Path, halls: Path) -> None:
    (halls / MANIFEST).unlink()
    layer = open_layer(halls)
    layer.GetAttributeAtPath("/World/Hall_0/Wall_2.wall").default = 5.0
    before = contents(halls)
    with pytest.raises(Tf.ErrorException, match="has no manifest, and is not saved over"):
        layer.Save()
    assert contents(halls) == before
    expected = layer.ExportToString()
    assert layer.Export(str(tmp_path / "single.parquet"))
    assert as_text(tmp_path / "single.parquet") == expected
    layer.Reload(force=True)


def note(layer: Sdf.Layer, path: str) -> None:
    """Add a property that no file has."""
    spec = Sdf.AttributeSpec(layer.GetPrimAtPath(path), "note", Sdf.ValueTypeNames.String)
    spec.default = "new"


def test_modes_stay(halls: Path) -> None:
    for number, mode in enumerate((0o640, 0o600, 0o660)):
        (halls / f"part-{number}.parquet").chmod(mode)
    (halls / MANIFEST).chmod(0o600)
    layer = open_layer(halls)
    layer.GetAttributeAtPath("/World/Hall_0/Wall_2.wall").default = 5.0
    note(layer, "/World/Hall_1/Wall_1")
    del layer.GetPrimAtPath("/World/Hall_2").nameChildren["Wall_3"]
    assert layer.Save()
    modes = [(halls / f"part-{number}.parquet").stat().st_mode & 0o777 for number in range(3)]
    assert modes == [0o640, 0o600, 0o660]
    assert (halls / MANIFEST).stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_saved_over(halls: Path, tmp_path: Path) -> None:
    (halls / "part-1.parquet").rename(tmp_path / "elsewhere.parquet")
    (halls / "part-1.parquet").symlink_to(tmp_path / "elsewhere.parquet")
    before = contents(tmp_path)
    layer = open_layer(halls)
    for edit in range(3):
        if edit == 0:
            layer.GetAttributeAtPath("/World/Hall_1/Wall_2.wall").default = 5.0
        elif edit == 1:
            note(layer, "/World/Hall_1/Wall_1")
        else:
            del layer.GetPrimAtPath("/World/Hall_1").nameChildren["Wall_3"]
        with pytest.raises(Tf.ErrorException, match=r"part-1\.parquet: it is a link to a file"):
            layer.Save()
        assert contents(tmp_path) == before
        layer.Reload(force=True)
    layer.GetAttributeAtPath("/World/Hall_0/Wall_2.wall").default = 5.0
    assert layer.Save()


def test_a_file_that_the_manifest_does_not_list(halls: Path) -> None:
    """The new dataset could not be opened: nothing is written."""
    layer = open_layer(halls)
    pq.write_table(hall(7), halls / "part-7.parquet")
    before = contents(halls)
    layer.GetAttributeAtPath("/World/Hall_0/Wall_2.wall").default = 5.0
    with pytest.raises(Tf.ErrorException, match="has outgrown its manifest"):
        layer.Save()
    assert contents(halls) == before
    (halls / "part-7.parquet").unlink()
    expected = layer.ExportToString()
    assert layer.Save()
    assert as_text(halls) == expected


def test_files_whose_cells_cannot_be_set_alone(tmp_path: Path) -> None:
    """Polars does not say how it encodes pages: such a file is written whole, with its types."""
    folder = tmp_path / "d.parquet"
    folder.mkdir()
    for number in range(2):
        table = hall(number, small=pa.array(range(5), pa.int8()))
        polars.from_arrow(table).write_parquet(folder / f"{number}.parquet")
    usdparquet.dataset(folder)
    before = contents(folder)
    layer = open_layer(folder)
    layer.GetAttributeAtPath("/World/Hall_1/Wall_2.wall").default = 5.0
    layer.GetAttributeAtPath("/World/Hall_1/Wall_3.kind").default = "new"
    expected = layer.ExportToString()
    assert layer.Save()
    assert layer.ExportToString() == as_text(folder) == expected
    assert contents(folder)["0.parquet"] == before["0.parquet"]
    assert pq.read_schema(folder / "1.parquet").field("small").type == pa.int8()


def test_a_value_that_the_type_of_the_file_cannot_hold(tmp_path: Path) -> None:
    tables = {
        f"{n}.parquet": hall(n, small=pa.array(range(5), kind))
        for n, kind in enumerate((pa.int16(), pa.int32()))
    }
    folder = write_folder(tmp_path / "d.parquet", tables)
    usdparquet.dataset(folder)
    layer = open_layer(folder)
    for number in range(5):
        layer.GetAttributeAtPath(f"/World/Hall_1/Wall_{number}.small").default = 70_000
    assert layer.Save()
    before = contents(folder)
    for number, value in ((1, 30_000), (3, 70_000), (4, 80_000)):
        layer.GetAttributeAtPath(f"/World/Hall_0/Wall_{number}.small").default = value
    said = r"0\.parquet: column 'small' \(int16\), row 3: the file's column can't hold the edited"
    with pytest.raises(Tf.ErrorException, match=said):
        layer.Save()
    note(layer, "/World/Hall_0/Wall_1")
    layer.GetAttributeAtPath("/World/Hall_0/Wall_3.small").default = 3
    with pytest.raises(Tf.ErrorException, match=r"'small' \(int16\), row 4: the file's column"):
        layer.Save()
    assert contents(folder) == before
    layer.Reload(force=True)


def test_what_a_killed_save_left_of_an_index_goes(halls: Path) -> None:
    left = halls / "._usdparquet.0123456789abcdef.index.tmp-abcdef"
    left.mkdir()
    (left / "table.parquet").write_text("part of one")
    layer = open_layer(halls)
    layer.GetAttributeAtPath("/World/Hall_0/Wall_2.wall").default = 5.0
    assert layer.Save()
    assert not left.exists()


def test_files_that_changed_meanwhile(halls: Path) -> None:
    layer = open_layer(halls)
    layer.GetAttributeAtPath("/World/Hall_0/Wall_2.wall").default = 5.0
    pq.write_table(hall(9), halls / "part-1.parquet")
    usdparquet.dataset(halls)
    with pytest.raises(Tf.ErrorException, match="changed after the layer was opened"):
        layer.Save()
    layer.Reload(force=True)


def test_a_journal_that_cannot_be_read(halls: Path) -> None:
    (halls / "_usdparquet.journal").write_text("{")
    with pytest.raises(Tf.ErrorException, match="a save was not finished, and its journal"):
        Sdf.Layer.OpenAsAnonymous(str(halls))


@pytest.mark.skipif(
    not faulty_calls.library().exists(),
    reason=f"{faulty_calls.library()} is not built (cmake --build build/wheel)",
)
def test_killed_at_each_step(halls: Path, tally: list[str]) -> None:
    """A save that ends at any of its calls leaves the old or the new dataset."""
    done = subprocess.run(
        [sys.executable, dataset_kill_worker.__file__, str(halls.parent)],
        env=faulty_calls.environment(),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    turns = [json.loads(line) for line in done.stdout.splitlines()]
    assert [turn for turn in turns if turn["verdict"] == "mixed" or not turn["again"]] == []
    assert all(turn["killed"] for turn in turns)
    outcomes = Counter(turn["verdict"] for turn in turns)
    assert set(outcomes) == {"old", "new"}
    # Who opens the dataset next finishes what has a journal.
    assert [turn for turn in turns if "_usdparquet.journal" in turn["left"]] == []
    tally.append(f"saves of a dataset killed: {len(turns)}: {dict(outcomes)}")
