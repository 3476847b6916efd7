"""What a manifest says of its files stays when others are saved, and no save leaves the folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cli_runs import run
from pxr import Sdf, Tf

import usdparquet
from usdparquet._dataset import MANIFEST


def write_parts(folder: Path, *files: str) -> Path:
    """A dataset with a prim in each file, `/P0` in the first; its manifest."""
    for i, name in enumerate(files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        usdparquet.write_table(pa.table({"path": [f"/P{i}"], "x": [float(i)]}), folder / name)
    usdparquet.dataset(folder)
    return folder / MANIFEST


def linked(place: Path) -> tuple[Path, Path]:
    """A folder with `a.parquet`, and a dataset beside it that has it by the link `sub`."""
    outside, folder = place / "outside", place / "set.parquet"
    folder.mkdir()
    write_parts(outside, "a.parquet")
    (folder / "sub").symlink_to(outside)
    usdparquet.dataset(folder)
    return outside, folder


def edit(manifest: Path, change: Callable[[dict[str, Any]], object]) -> None:
    told = json.loads(manifest.read_text())
    change(told)
    manifest.write_text(json.dumps(told))


def save_a_cell(folder: Path) -> Sdf.Layer:
    """Of `/P0`; raises if it is refused."""
    layer = Sdf.Layer.FindOrOpen(str(folder))
    layer.GetAttributeAtPath("/P0.x").default = 9.0
    assert layer.Save()
    assert not layer.dirty
    return layer


def _add_keys(told: dict[str, Any]) -> None:
    told["partitions"] = [{"name": "k", "type": "int"}]
    for number, part in enumerate(told["parts"]):
        part["keys"] = [str(number + 5)]


def _change_key(told: dict[str, Any]) -> None:
    told["parts"][0]["keys"] = ["7"]


def _change_type(told: dict[str, Any]) -> None:
    told["partitions"][0]["type"] = "string"


@pytest.mark.parametrize(
    ("files", "change", "keys"),
    [
        (["a.parquet", "b.parquet"], _add_keys, [5, 6]),
        (["k=1/a.parquet", "k=2/b.parquet"], _change_key, [7, 2]),
        (["k=1/a.parquet", "k=2/b.parquet"], _change_type, ["1", "2"]),
    ],
)
def test_partition_values_of_the_manifest_stay(
    files: list[str], change: Callable[[dict[str, Any]], None], keys: list[object], tmp_path: Path
) -> None:
    """A save took those of the folders' names instead: the column was gone, or another."""
    folder = tmp_path / "set.parquet"
    edit(write_parts(folder, *files), change)
    assert usdparquet.read_columns(folder)["k"].to_pylist() == keys
    layer = save_a_cell(folder)
    assert layer.GetAttributeAtPath("/P1.k").default == keys[1]
    saved = usdparquet.read_columns(folder)
    assert saved["k"].to_pylist() == keys
    assert saved["x"].to_pylist() == [9.0, 1.0]
    run("validate", "--values", folder)


@pytest.mark.parametrize("name", ["./a.parquet", ".//a.parquet", "b/../a.parquet"])
def test_one_file_by_two_spellings(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "set.parquet"
    manifest = write_parts(folder, "a.parquet", "b/b.parquet")
    edit(manifest, lambda told: told["parts"].append(told["parts"][0] | {"file": name}))
    for read in (Sdf.Layer.FindOrOpen, usdparquet.read_columns):
        with pytest.raises((Tf.ErrorException, ValueError), match=r"it lists '.*' twice"):
            read(str(folder))
    assert "twice" in run("validate", folder, code=1)


@pytest.mark.parametrize("name", ["sub/a.parquet", "../set.parquet/a.parquet"])
def test_one_file_by_a_link(name: str, tmp_path: Path) -> None:
    """It was replaced, and the save then refused: the dataset did not open again."""
    folder = tmp_path / "set.parquet"
    manifest = write_parts(folder, "a.parquet", "b.parquet")
    (folder / "sub").symlink_to(".")

    def add(told: dict[str, Any]) -> None:
        told["parts"].append(told["parts"][0] | {"file": name})
        told["covers_folder"] = False
        del told["index"]

    edit(manifest, add)
    before = {file: (folder / file).read_bytes() for file in ("a.parquet", MANIFEST)}
    with pytest.raises(Tf.ErrorException, match=r"lists a file twice, as 'a.parquet'"):
        save_a_cell(folder)
    assert {file: (folder / file).read_bytes() for file in before} == before
    assert len(usdparquet.read_columns(folder)) == 3
    assert "are one file" in " ".join(run("validate", folder, code=1).split())


def test_a_save_through_a_linked_folder(tmp_path: Path) -> None:
    outside, folder = linked(tmp_path)
    before = (outside / "a.parquet").read_bytes()
    with pytest.raises(Tf.ErrorException, match=r"sub/a.parquet: it lies outside"):
        save_a_cell(folder)
    assert (outside / "a.parquet").read_bytes() == before
    assert usdparquet.read_columns(folder)["x"].to_pylist() == [0.0]


def test_a_journal_through_a_linked_folder(tmp_path: Path) -> None:
    """To open a folder that somebody sent renamed files outside of it."""
    outside, folder = linked(tmp_path)
    (outside / ".a.parquet.new").write_text("new")
    journal = {"version": "1.0", "parts": ["sub/a.parquet"]}
    (folder / "_usdparquet.journal").write_text(json.dumps(journal))
    with pytest.raises(Tf.ErrorException, match="which is no file of the dataset in its folder"):
        Sdf.Layer.FindOrOpen(str(folder))
    assert (outside / ".a.parquet.new").read_text() == "new"
    assert usdparquet.read_columns(outside / "a.parquet")["x"].to_pylist() == [0.0]


def test_a_prim_is_not_removed_with_columns_that_are_not_shown(tmp_path: Path) -> None:
    """As of a single file: its row has cells that nobody saw."""
    folder = tmp_path / "set.parquet"
    write_parts(folder, "a.parquet", "b.parquet")
    layer = Sdf.Layer.FindOrOpen(str(folder), {"columns": "x"})
    del layer.rootPrims["P0"]
    with pytest.raises(Tf.ErrorException, match="can't be removed with the format argument 'col"):
        layer.Save()
    assert layer.dirty
    assert usdparquet.read_columns(folder)["path"].to_pylist() == ["/P0", "/P1"]


MANIFESTS = {
    "deep": b"[" * 100_000,
    "UTF-16": b"\xff\xfe{\x00}\x00",
    "cut off": b"{",
    "without parts": b'{"parts": 3}',
}


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
@pytest.mark.parametrize("command", ["optimize", "convert", "recover"])
def test_a_manifest_that_is_none(command: str, manifest: bytes, tmp_path: Path) -> None:
    """Each command says so in a sentence, which names it."""
    folder = tmp_path / "set.parquet"
    write_parts(folder, "a.parquet").write_bytes(manifest)
    for name in ["out.parquet"] + ["out.csv"] * (command == "convert"):
        code = 2 if command == "recover" else 1  # as for whatever is no file to recover
        text = " ".join(run(command, folder, tmp_path / name, code=code).split())
        assert "set.parquet" in text
        assert "manifest" in text
        assert not (tmp_path / name).exists()


def test_a_manifest_with_a_byte_order_mark(tmp_path: Path) -> None:
    folder, out = tmp_path / "set.parquet", tmp_path / "out.parquet"
    manifest = write_parts(folder, "a.parquet", "b.parquet")
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes())
    run("optimize", folder, out)
    assert usdparquet.read_columns(out)["x"].to_pylist() == [0.0, 1.0]
    told = run("recover", folder, tmp_path / "recovered.parquet", code=2)
    assert "none of them is damaged" in " ".join(told.split())
