"""The commands optimize, diff and recover of datasets."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_dataset import as_text, hall, one_file, run, write_folder

import usdparquet
from usdparquet._dataset import MANIFEST

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.fixture
def years(tmp_path: Path) -> Path:
    """Parts of several years, columns and types, one of them empty; one path comes twice."""
    tables = {
        "year=2024/b.parquet": hall(2, n=pa.array([1, 2, 3, 4, 5], pa.int16())),
        "year=2024/c.parquet": hall(0).slice(0, 0),
        "year=2025/a.parquet": hall(1, n=pa.array([1, None, 3, 4, 5], pa.int32())),
        "year=2025/d.parquet": hall(2, 1).drop_columns(["kind"]),
    }
    return write_folder(tmp_path / "costs.parquet", tables)


def damage_column(file: Path, column: int = 1) -> None:
    """Write a part with checksums, one of which is wrong."""
    pq.write_table(pq.read_table(file), file, write_page_checksum=True, use_dictionary=False)
    chunk = pq.read_metadata(file).row_group(0).column(column)
    content = bytearray(file.read_bytes())
    content[chunk.data_page_offset + chunk.total_compressed_size - 3] ^= 0xFF
    file.write_bytes(content)


# --- optimize. -----------------------------------------------------------------------------------


@pytest.mark.parametrize("has_manifest", [False, True])
def test_optimize(tmp_path: Path, years: Path, has_manifest: bool) -> None:
    source = years
    if has_manifest:
        with pytest.warns(UserWarning, match="repeats"):
            usdparquet.dataset(years)
        source = years / MANIFEST
    code, output = run("optimize", source, tmp_path / "one.parquet")
    assert code == 0, output
    size = sum(file.stat().st_size for file in years.rglob("*.parquet"))
    assert f"one.parquet: 11 rows, {size:,} -> " in output
    assert "1 row that repeats a path, kept; as a layer the later one wins" in output
    assert as_text(tmp_path / "one.parquet") == as_text(years)
    rows = pq.read_table(tmp_path / "one.parquet")
    assert str(rows.schema.field("n").type) == str(rows.schema.field("year").type) == "int32"
    assert rows["year"].to_pylist() == [2024, 2025, *[2024] * 4, *[2025] * 5]


def test_optimize_outside_of_memory(tmp_path: Path) -> None:
    """The rows of parts that are not in order, of several row groups, with dictionaries."""
    count = 30_000
    names = [f"/World/Hall_{i % 7}/Wall_{i}" for i in range(count)]
    rows = pa.table(
        {
            "path": names[::-1],
            "wall": [i / 3 for i in range(count)],
            "text": pa.array([f"{i % 1000}" * 50 for i in range(count)]).dictionary_encode(),
        }
    )
    parts = {f"{n}.parquet": rows.slice(n * 10_000, 10_000) for n in range(3)}
    folder = write_folder(tmp_path / "d.parquet", parts, row_group_size=3_000)
    code, output = run("optimize", folder, tmp_path / "one.parquet", "--memory", 1, "--json")
    assert code == 0, output
    done = json.loads(output)
    assert set(done) == set(json.loads((SCHEMAS / "optimize.json").read_text())["properties"])
    assert (done["rows"], done["was_reordered"]) == (count, True)
    optimized = pq.read_table(tmp_path / "one.parquet")
    single = one_file(tmp_path, [rows])
    assert run("optimize", single, single)[0] == 0
    assert optimized.equals(pq.read_table(single))


def test_optimize_takes_the_columns_that_the_manifest_names(tmp_path: Path) -> None:
    def frames(frame: int) -> pa.Table:
        rows = {"prim": ["/A", "/B"], "path": ["x", "y"], "frame": [frame] * 2, "v": [frame, -1]}
        return pa.table(rows)

    tables = {f"{n}.parquet": frames(3 - n) for n in (1, 2)}
    folder = write_folder(tmp_path / "d.parquet", tables)
    usdparquet.dataset(folder, path="prim", time="frame")
    code, output = run("optimize", folder, tmp_path / "one.parquet")
    assert code == 0 and "rows put in order of path" in output, output
    assert as_text(tmp_path / "one.parquet") == as_text(folder)
    assert pq.read_table(tmp_path / "one.parquet")["v"].to_pylist() == [1, 2, -1, -1]


def test_a_dataset_is_not_written_over(tmp_path: Path, years: Path) -> None:
    before = {file: file.read_bytes() for file in years.rglob("*.parquet") if file.is_file()}
    for command in ("optimize", "convert"):
        code, output = run(command, years, years)
        assert code == 1 and "is a dataset, which is not written over: name another file" in output
        code, output = run(command, years, years / "all.parquet")
        assert code == 1 and "lies in the dataset that is read, and would be one of" in output
    with pytest.warns(UserWarning, match="repeats"):
        usdparquet.dataset([years], tmp_path / "all.parquet" / MANIFEST)
    part = years / "year=2025" / "a.parquet"
    code, output = run("optimize", tmp_path / "all.parquet", part)
    assert code == 1 and "is a file of the dataset that is read" in output
    assert {file: file.read_bytes() for file in before} == before


def test_optimize_names_the_part_that_is_damaged(tmp_path: Path, years: Path) -> None:
    damage_column(years / "year=2025" / "a.parquet")
    (tmp_path / "one.parquet").write_text("old")
    code, output = run("optimize", years, tmp_path / "one.parquet")
    assert code == 1
    assert f"{years}: year=2025/a.parquet: column 'wall', row group 0" in output
    assert (tmp_path / "one.parquet").read_text() == "old"


# --- diff. ---------------------------------------------------------------------------------------


def test_diff(tmp_path: Path) -> None:
    halls = {f"year={n}/0.parquet": hall(n) for n in (1, 2)}
    a = write_folder(tmp_path / "a.parquet", halls)
    changed = hall(2).slice(0, 4).set_column(1, "wall", pa.array([200.0, 0.5, 201.0, 201.5]))
    b = write_folder(tmp_path / "b.parquet", {**halls, "year=2/0.parquet": changed})
    usdparquet.dataset(b)
    expected = {
        "only_a": {"count": 1, "first": [["/World/Hall_2/Wall_4", None]]},
        "cells": {
            "wall": {
                "count": 1,
                "first": [{"path": "/World/Hall_2/Wall_1", "time": None, "a": 200.5, "b": 0.5}],
            }
        },
    }
    single = tmp_path / "b_alone.parquet"
    assert run("optimize", b, single)[0] == 0
    for other in (b, b / MANIFEST, single):
        code, output = run("diff", a, other, "--json")
        found = json.loads(output)
        assert code == 1
        assert {key: found[key] for key in expected} == expected
        assert (found["rows_a"], found["rows_b"], found["types"]) == (10, 9, {})
    code, output = run("diff", b, single)
    assert code == 0 and "the same, 9 rows" in output
    layer = tmp_path / "b.usda"
    layer.write_text(as_text(b))
    code, output = run("diff", layer, b)
    assert code == 0, output
    code, output = run("diff", a, layer, "--json")
    assert code == 1 and json.loads(output)["cells"] == expected["cells"]


def test_diff_of_a_folder_that_is_none(tmp_path: Path, years: Path) -> None:
    (tmp_path / "empty.parquet").mkdir()
    code, output = run("diff", years, tmp_path / "empty.parquet")
    assert code == 2 and "empty.parquet: the folder has no Parquet files" in output


def test_a_manifest_stands_for_its_dataset(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "d.parquet", {"0.parquet": hall(0)})
    usdparquet.dataset(folder)
    for command in (["inspect"], ["validate"], ["query"], ["query", "--paths"]):
        said = [run(command[0], source, *command[1:]) for source in (folder, folder / MANIFEST)]
        assert said[0] == said[1] and said[0][0] == 0, command
    assert run("convert", folder / MANIFEST, tmp_path / "one.usda")[0] == 0


# --- recover. ------------------------------------------------------------------------------------


def test_recover_says_which_file(tmp_path: Path, years: Path) -> None:
    target = tmp_path / "sound.parquet"
    code, output = run("recover", years, target)
    assert code == 2
    assert "is a dataset, whose files are recovered one by one, and none of them is" in output
    part = years / "year=2025" / "a.parquet"
    damage_column(part)
    code, output = run("recover", years, target)
    assert code == 2 and output.count("\n") == 1
    assert f"run 'usdparquet recover' on {part}, put what it writes in its place" in output
    assert f"({part}: column 'wall', row group 0" in output
    other = years / "year=2024" / "b.parquet"
    other.write_bytes(other.read_bytes()[:-10])
    code, output = run("recover", years, target)
    assert code == 2 and f"on {other}, {part}, put what it writes in their places" in output
    assert not target.exists()
    # It is as it says.
    assert run("recover", part, tmp_path / "new.parquet")[0] == 1
    (tmp_path / "new.parquet").replace(part)
    code, output = run("recover", years, target)
    assert code == 2 and f"on {other}, put" in output


def test_recover_tells_of_files_that_are_gone(tmp_path: Path, years: Path) -> None:
    usdparquet.dataset(years)
    (years / "year=2025" / "a.parquet").unlink()
    code, output = run("recover", years, tmp_path / "out.parquet")
    assert code == 2
    told = "none of them is damaged; the file 'year=2025/a.parquet' of its manifest is gone"
    assert told in output.replace("\n", "")
    (years / "year=2025" / "d.parquet").unlink()
    damage_column(years / "year=2024" / "b.parquet")
    code, output = run("recover", years, tmp_path / "out.parquet")
    assert code == 2
    told = "2 files of its manifest are gone, the first is 'year=2025/a.parquet'"
    assert told in output.replace("\n", "")
    assert "run 'usdparquet recover' on" in output


# --- Manifests that are none. --------------------------------------------------------------------


@pytest.mark.parametrize("name", [5, None, True, ["a.parquet"], {}, "", "a\0b", "\ud800.parquet"])
@pytest.mark.parametrize("command", ["optimize", "recover", "diff", "inspect", "validate", "query"])
def test_a_part_whose_file_is_no_name_is_refused(
    command: str, name: object, years: Path, tmp_path: Path
) -> None:
    """By one error that names the manifest; some commands find the files themselves."""
    (years / MANIFEST).write_text(json.dumps({"version": "1.0", "parts": [{"file": name}]}))
    arguments = {
        "optimize": [str(tmp_path / "out.parquet")],
        "recover": [str(tmp_path / "out.parquet")],
        "diff": [str(years)],
        "query": ["--where", "n > 1"],
    }
    code, output = run(command, years, *arguments.get(command, []))
    # What is no exit of the command has no output.
    assert code in (1, 2)
    told = output.replace("\n", "")
    starts = (f"{years}/{MANIFEST}: the 'file' of a part is ", f"{years}: the manifest can't be ")
    assert told.startswith(starts)
    assert told.endswith("'usdparquet dataset'")
    assert not (tmp_path / "out.parquet").exists()
