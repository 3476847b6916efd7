"""write_layer: a DataFrame as a dataset, whole or not at all, whatever happens to tasks."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Usd
from pyspark.sql import DataFrame, SparkSession
from spark_datasets import leftovers, part_files, rows_of
from usd_values import check_property

import usdparquet
from usdparquet.spark import write_layer, writing
from usdparquet.spark.parts import PartError, PartWriter
from usdparquet.spark.staging import staged
from usdparquet.tables.file_description import describe_file

SCHEMA = (
    "path string, cost double, level int, note string, series array<double>, "
    "part struct<mass: double, name: string>, day date, `unit.price` float"
)


def some_rows(count: int, seed: int = 1) -> list[tuple[Any, ...]]:
    """Rows in no order, with nulls in every column but the path's."""
    chance = random.Random(seed)

    def or_null(value: Any) -> Any:
        return None if chance.random() < 0.2 else value

    rows = [
        (
            f"/World/Zone_{number % 7}{'_x' if number % 2 else ''}/Part_{number}",
            or_null(number / 3),
            or_null(number - 100),
            or_null(f"größe {number % 5}"),
            or_null([number * 0.5] * (number % 3)),
            or_null((number * 1.5, or_null(f"n{number % 3}"))),
            or_null(date(2024, 1, 1 + number % 28)),
            or_null(number * 0.25),
        )
        for number in range(count)
    ]
    chance.shuffle(rows)
    return rows


def as_dict(row: tuple[Any, ...]) -> dict[str, Any]:
    path, cost, level, note, series, part, day, price = row
    return {
        "path": path,
        "cost": cost,
        "level": level,
        "note": note,
        "series": series,
        "part": None if part is None else {"mass": part[0], "name": part[1]},
        "day": day,
        "unit.price": price,
    }


@pytest.fixture(scope="module")
def frame(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(some_rows(600), SCHEMA)


def test_rows_are_those_of_the_frame_in_namespace_order(frame: DataFrame, tmp_path: Path) -> None:
    target = tmp_path / "costs.parquet"
    done = write_layer(frame, target, parts=3)
    assert rows_of(target) == [as_dict(row) for row in sorted(some_rows(600))]
    parts = part_files(target)
    assert (done.rows, done.parts, done.join) == (600, 3, None)
    assert done.bytes == sum(part.stat().st_size for part in parts)
    assert leftovers(tmp_path) == []
    for part in parts:
        told = describe_file(part)
        assert (told.problem, told.page_locations, told.sealed) == (None, True, True)


def test_the_layer_has_the_values_of_the_frame(frame: DataFrame, tmp_path: Path) -> None:
    target = tmp_path / "costs.parquet"
    write_layer(frame, target, parts=4, types={"series": "double[]", "note": "token"})
    assert (target / "_usdparquet.json").is_file()
    stage = Usd.Stage.Open(str(target))
    rows = [as_dict(row) for row in random.Random(9).sample(some_rows(600), 200)]
    paths = [row["path"] for row in rows]
    types = {"cost": "double", "level": "int", "note": "token", "series": "double[]"}
    for name, sdf in types.items():
        check_property(stage, paths, name, sdf, [row[name] for row in rows])
    masses = [row["part"] and row["part"]["mass"] for row in rows]
    check_property(stage, paths, "part:mass", "double", masses)
    check_property(stage, paths, "unit_price", "float", [row["unit.price"] for row in rows])
    found = usdparquet.read_columns(target, ["cost"], paths)
    assert found["cost"].to_pylist() == [row["cost"] for row in rows]
    zones = {str(child.GetPath()) for child in stage.GetPrimAtPath("/World").GetAllChildren()}
    assert zones == {path.rpartition("/")[0] for path in (row[0] for row in some_rows(600))}


def test_order_of_bytes_is_namespace_order(tmp_path: Path) -> None:
    # What Spark sorts by: the writer in C++ has nothing to put in another place.
    chance = random.Random(3)
    names = ["A", "A0", "A_", "Aa", "AZ", "_", "é", "Z"]
    paths = {"/" + "/".join(chance.choices(names, k=chance.randint(1, 4))) for _ in range(300)} | {
        "/A",
        "/A/B",
        "/A0",
        "/A_x",
        "/A/B/C",
    }
    ordered = sorted(paths, key=str.encode)
    table = pa.table({"path": ordered, "x": range(len(ordered))})
    assert not usdparquet.write_table(table, tmp_path / "order.parquet").was_reordered
    assert ordered.index("/A/B") < ordered.index("/A0") < ordered.index("/A_x")


def test_a_dataset_takes_the_place_of_another(frame: DataFrame, tmp_path: Path) -> None:
    target = tmp_path / "costs.parquet"
    write_layer(frame.limit(50), target, parts=3)
    held = (target / "part-00000.parquet").open("rb")
    write_layer(frame.where("cost is not null"), target, parts=2)
    assert len(part_files(target)) == 2
    assert rows_of(target) == [as_dict(row) for row in sorted(some_rows(600)) if row[1] is not None]
    assert held.read(4) == b"PAR1"  # whoever has the old one open goes on reading it
    held.close()
    assert leftovers(tmp_path) == []


def test_a_file_is_replaced_and_a_link_stays(frame: DataFrame, tmp_path: Path) -> None:
    file, link = tmp_path / "costs.parquet", tmp_path / "link.parquet"
    usdparquet.write_table(pa.table({"path": ["/A"], "x": [1]}), file)
    link.symlink_to(file)
    write_layer(frame, link, parts=1)
    assert link.is_symlink()
    assert len(rows_of(file)) == 600


def test_without_the_exchange_of_names(
    frame: DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usdparquet.spark.staging._exchange", lambda one, other: False)
    target = tmp_path / "costs.parquet"
    for count in (40, 60):
        write_layer(frame.limit(count), target, parts=1)
        assert len(rows_of(target)) == count
    assert leftovers(tmp_path) == []


def test_an_empty_frame_has_its_columns(frame: DataFrame, tmp_path: Path) -> None:
    target = tmp_path / "costs.parquet"
    done = write_layer(frame.where("false"), target)
    assert (done.rows, done.parts) == (0, 1)
    (part,) = part_files(target)
    assert usdparquet.read_columns(part).schema.names == frame.columns
    assert list(Usd.Stage.Open(str(target)).Traverse()) == []


def test_long_tables(spark: SparkSession, tmp_path: Path) -> None:
    rows = [(f"/R/s{prim}", None, None) for prim in range(20)]
    rows += [
        (f"/R/s{prim}", float(time), prim * time if time % 3 else None)
        for prim in range(20)
        for time in range(8)
    ]
    random.Random(2).shuffle(rows)
    frame = spark.createDataFrame(rows, "path string, frame double, heat long")
    target = tmp_path / "heat.parquet"
    done = write_layer(frame, target, time="frame", parts=2)
    assert (done.rows, done.parts) == (180, 2)
    wanted = sorted(rows, key=lambda row: (row[0], -1 if row[1] is None else row[1]))
    assert [tuple(row.values()) for row in rows_of(target)] == wanted
    stage = Usd.Stage.Open(str(target))
    heat = stage.GetAttributeAtPath("/R/s7.heat")
    assert heat.GetTimeSamples() == [1.0, 2.0, 4.0, 5.0, 7.0]
    assert [heat.Get(time) for time in (4, 7)] == [28, 49]
    write_layer(frame, target, time="frame", order="time", parts=1)
    times = [row["frame"] for row in pq.read_table(part_files(target)[0]).to_pylist()]
    assert times == sorted(times, key=lambda time: -1 if time is None else time)


def test_rows_by_ids(spark: SparkSession, tmp_path: Path) -> None:
    ids = tmp_path / "ids.parquet"
    prims = {"path": [f"/H/w{number}" for number in range(6)], "id": [f"{n}" for n in range(6)]}
    usdparquet.write_table(pa.table(prims), ids)
    frame = spark.createDataFrame(
        [(number, number * 2.0) for number in range(2, 9)], "k int, x double"
    )
    target = tmp_path / "bound.parquet"
    done = write_layer(frame, target, key="k", ids=ids)
    assert [tuple(row.values()) for row in rows_of(target)] == [
        (f"/H/w{number}", number, number * 2.0) for number in range(2, 6)
    ]
    assert done.join is not None
    assert (done.join.matched_rows, done.join.unknown_ids) == (4, ["6", "7", "8"])
    assert done.join.rowless_prims == [("/H/w0", "0"), ("/H/w1", "1")]


BAD_CELLS = {
    "if(level = 5, null, path)": "column 'path': the path is null; every row needs the path of its",
    "if(level = 5, '/World/a b', path)": "column 'path': '/World/a b' is no absolute prim path: ",
    "if(level = 5, 'World', path)": "column 'path': 'World' is no absolute prim path: it does not",
    "if(level in (5, 6), '/World/A', path)": "column 'path': '/World/A' is the path of several "
    "rows; a prim has one row: leave the others out (dropDuplicates), or name the column of their "
    "times with the argument 'time'",
}


@pytest.mark.parametrize("path", BAD_CELLS)
def test_bad_paths(frame: DataFrame, tmp_path: Path, path: str) -> None:
    target = tmp_path / "costs.parquet"
    bad = frame.selectExpr(f"{path} as path", "cost", "level")
    with pytest.raises(ValueError) as raised:
        write_layer(bad, target, parts=3)
    assert str(raised.value).startswith(f"{target}: {BAD_CELLS[path]}")
    assert list(tmp_path.iterdir()) == []


def test_bad_cells_are_named_by_their_paths(spark: SparkSession, tmp_path: Path) -> None:
    frame = spark.createDataFrame(
        [("/B", [1.0, None]), ("/A", [1.0])], "path string, x array<double>"
    )
    with pytest.raises(ValueError, match=r"t\.parquet: column 'x', at '/B': the cell has a null"):
        write_layer(frame, tmp_path / "t.parquet")
    rows = [("/A", 1.0, 1), ("/A", 1.0, 2), ("/A", float("nan"), 3)]
    times = spark.createDataFrame(rows, "path string, t double, x int")
    with pytest.raises(ValueError, match=r"column 't': '/A' has several rows of one time; leave"):
        write_layer(times.where("x < 3"), tmp_path / "t.parquet", time="t")
    with pytest.raises(ValueError, match=r"column 't', at '/A': no time code can hold nan"):
        write_layer(times.where("x > 1"), tmp_path / "t.parquet", time="t")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("t.parquet", {"path": "prim"}, "t.parquet: there is no column 'prim' with the prim paths"),
        ("t.parquet", {"time": "at"}, "t.parquet: there is no column 'at' with the times"),
        ("t.parquet", {"types": {"note": "color3f"}}, "t.parquet: column 'note' has type string"),
        ("t.parquet", {"types": {"mass": "half"}}, "argument 'types' names 'mass', which is no"),
        ("t.parquet", {"layer": {"upAxis": "X"}}, "layer metadata 'upAxis' is 'Y' or 'Z'"),
        ("t.parquet", {"parts": 0}, "parts is 0; a dataset needs at least one"),
        ("t.parquet", {"key": "k"}, "key is for tables by id, which take both key and ids"),
        ("t.parquet", {"keep": "last"}, "keep is for tables by id, which take both key and ids"),
        ("t.parquet", {"compression": "lzma"}, "lzma"),
        ("costs", {}, "the name of the folder has to end with .parquet, by which OpenUSD knows"),
        ("s3://bucket/t.parquet", {}, "is a URL; a dataset is written to a folder that the driver"),
    ],
)
def test_bad_arguments(
    frame: DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    options: dict[str, Any],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as raised:
        write_layer(frame, name, **options)
    assert told in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_bad_targets(frame: DataFrame, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_layer(frame, tmp_path / "nowhere" / "t.parquet")
    target = tmp_path / "t.parquet"
    target.mkdir()
    (target / ".config").write_text("x")
    with pytest.raises(ValueError, match=r"is a folder without a dataset; write to another"):
        write_layer(frame, target)
    (target / "part.parquet").write_text("x")
    (target / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match=r"has 'notes\.txt' in it, which is no part of a dataset"):
        write_layer(frame, target)
    assert (target / "notes.txt").read_text() == "x"
    # Beside a manifest too.
    target = tmp_path / "made.parquet"
    write_layer(frame, target)
    (target / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match=r"has 'notes\.txt' in it, which is no part of a dataset"):
        write_layer(frame, target)
    assert (target / "notes.txt").read_text() == "x"
    (target / "notes.txt").unlink()
    (target / "_delta_log").mkdir()
    with pytest.raises(ValueError, match=r"has '_delta_log' in it"):
        write_layer(frame, target)
    (target / "_delta_log").rmdir()
    (target / "_temporary").mkdir()
    (target / "_usdparquet.json").write_text("damaged")
    write_layer(frame, target)
    assert leftovers(tmp_path) == []


def test_a_task_that_dies_is_tried_again(
    frame: DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks, target = tmp_path / "marks", tmp_path / "costs.parquet"
    marks.mkdir()

    class Dying(PartWriter):
        """The first attempt at each part ends when the part is written, or in the middle."""

        def write_part(self, table: pa.Table, number: int, attempt: str) -> dict[str, Any]:
            done = PartWriter.write_part(self, table, number, attempt)
            try:
                (marks / str(number)).touch(exist_ok=False)
            except FileExistsError:
                return done
            if number == 0:
                os._exit(9)
            raise PartError("the disk is full")

    monkeypatch.setattr(writing, "PartWriter", Dying)
    done = write_layer(frame, target, parts=3)
    assert sorted(mark.name for mark in marks.iterdir()) == ["0", "1", "2"]
    assert (done.rows, done.parts) == (600, 3)
    assert rows_of(target) == [as_dict(row) for row in sorted(some_rows(600))]
    assert leftovers(tmp_path) == []


def test_attempts_at_one_part_count_once(
    frame: DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "costs.parquet"

    class Twice(PartWriter):
        """What speculative execution does: each part is written by two attempts."""

        def write_part(self, table: pa.Table, number: int, attempt: str) -> dict[str, Any]:
            PartWriter.write_part(self, table.slice(1), number, f"other-{attempt}")
            return PartWriter.write_part(self, table, number, attempt)

    monkeypatch.setattr(writing, "PartWriter", Twice)
    write_layer(frame, target, parts=2)
    assert len(list(target.glob("**/*.parquet"))) == 2
    assert rows_of(target) == [as_dict(row) for row in sorted(some_rows(600))]
    assert leftovers(tmp_path) == []


def test_a_task_that_ends_too_late_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "costs.parquet"
    options = {"path": "path"}
    table = pa.table({"path": ["/A"], "x": [1]})
    with staged(target) as staging:
        writer = PartWriter(str(target), str(staging.attempts), ["path", "x"], options)
        row = writer.write_part(table, 0, "one.parquet")
        writing.assemble(staging, str(target), [row], path="path", time=None)
        staging.commit()
    with pytest.raises(PartError, match=r"costs\.parquet: can't write into the folder: No such"):
        writer.write_part(table, 0, "two.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["costs.parquet"]
    assert len(part_files(target)) == 1


def test_what_the_system_refuses_is_an_oserror(
    frame: DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "costs.parquet"
    write_layer(frame.limit(10), target, parts=1)

    class Full(PartWriter):
        def write_part(self, table: pa.Table, number: int, attempt: str) -> dict[str, Any]:
            raise PartError(f"{self.target}: No space left on device")

    monkeypatch.setattr(writing, "PartWriter", Full)
    with pytest.raises(OSError, match=r"^.*costs\.parquet: No space left on device$"):
        write_layer(frame, target, parts=2)
    assert len(rows_of(target)) == 10
    assert leftovers(tmp_path) == []


def test_a_part_that_the_driver_does_not_see(
    frame: DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere(PartWriter):
        def write_part(self, table: pa.Table, number: int, attempt: str) -> dict[str, Any]:
            done = PartWriter.write_part(self, table, number, attempt)
            Path(self.attempts, attempt).unlink()
            return done

    monkeypatch.setattr(writing, "PartWriter", Elsewhere)
    with pytest.raises(OSError, match="the driver does not see the part that a task has written"):
        write_layer(frame, tmp_path / "costs.parquet", parts=1)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from spark_session import new_session
from usdparquet.spark import staging, write_layer

def killed(self):
    print(sorted(path.suffix for path in self.dataset.iterdir()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

session = new_session(Path(sys.argv[1]))
staging.Staging.commit = killed
frame = session.range(100).selectExpr("concat('/W/p', id) as path", "id as x")
write_layer(frame, sys.argv[2], parts=2)
"""


def test_a_driver_killed_before_the_commit(frame: DataFrame, tmp_path: Path) -> None:
    folder, target = tmp_path / "out", tmp_path / "out" / "costs.parquet"
    folder.mkdir()
    write_layer(frame.limit(30), target, parts=1)
    before = rows_of(target)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(target)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    assert done.stdout.count(".parquet") == 2
    assert rows_of(target) == before
    assert [path.name for path in folder.glob("*") if path.name[0] != "."] == ["costs.parquet"]
    assert len(leftovers(folder)) == 1
    # The next one to write there removes what is left, but not what another driver is at.
    with staged(target) as other:
        write_layer(frame, target, parts=1)
        assert leftovers(folder) == [other.attempts.parent.name]
    assert len(rows_of(target)) == 600
    assert leftovers(folder) == []
