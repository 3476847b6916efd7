"""`usdparquet optimize --time`: long tables in either order, with both indexes embedded."""

from __future__ import annotations

import datetime
import itertools
import math
import random
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pxr import Sdf
from test_time_samples import PATHS, QUERIES, SCENES, TIMES, by_path, by_time, table_of
from time_scenes import LongTable, check_layers, usd_layer
from typer.testing import CliRunner
from usd_values import collected_warnings, open_layer

import usdparquet
from usdparquet.cli import app


def optimize(source: Path, target: Path, *arguments: object) -> str:
    command = ["optimize", str(source), str(target), *(str(a) for a in arguments)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return result.output


SMALL = ("--rows-per-page", 7, "--rows-per-group", 20)


@pytest.mark.parametrize("order", ["path", "time", None])
@pytest.mark.parametrize("name", SCENES)
def test_the_layer_stays_the_same(write, name: str, order: str | None) -> None:
    table = SCENES[name]
    source = write(table.arrow())
    target = source.with_name("optimized.parquet")
    arguments = ["--order", order] if order else []
    optimize(source, target, "--time", "frame", *SMALL, *arguments)
    before = open_layer(source, time="frame")
    if name in ("missing_rows_shuffled", "some_without_times") and order == "time":
        # Children are in the order of their first rows, which is another then.
        rows = pq.read_table(target).to_pydict()
        columns = {kind: rows[kind] for kind in table.columns}
        before = usd_layer(LongTable(rows["path"], rows["frame"], columns), rows["frame"])
    # The file says itself which column holds the times.
    check_layers(open_layer(target), before, QUERIES)
    check_layers(open_layer(target, time="frame"), before, QUERIES)


@pytest.mark.parametrize("order", ["path", "time"])
def test_rows_are_in_that_order_and_all_there(write, order: str) -> None:
    table = SCENES["missing_rows_shuffled"]
    source = write(table.arrow())
    target = source.with_name("optimized.parquet")
    said = optimize(source, target, "--time", "frame", "--order", order, *SMALL)
    assert f"rows put in order of {order}" in said
    rows = pq.read_table(target)
    pairs = list(zip(rows["path"].to_pylist(), rows["frame"].to_pylist(), strict=True))
    assert sorted(pairs) == sorted(zip(table.paths, table.times, strict=True))
    if order == "time":
        assert [time for _, time in pairs] == sorted(time for _, time in pairs)
    else:
        starts = [pair for i, pair in enumerate(pairs) if i == 0 or pair[0] != pairs[i - 1][0]]
        assert len(starts) == len(set(table.paths))
        assert all(a[0] != b[0] or a[1] < b[1] for a, b in itertools.pairwise(pairs))


def test_defaults_come_first(write) -> None:
    table = table_of(by_time(["/A", "/B"], [2.0, None, 1.0]))
    source = write(table.arrow())
    for order, want in (("path", [None, 1, 2] * 2), ("time", [None, None, 1, 1, 2, 2])):
        optimize(source, source, "--time", "frame", "--order", order)
        assert pq.read_table(source)["frame"].to_pylist() == want


def test_an_order_that_is_there_is_kept(write) -> None:
    for rows, name in ((by_time(PATHS, TIMES), "time"), (by_path(PATHS, TIMES), "path")):
        source = write(table_of(rows).arrow(), name=name)
        target = source.with_name("optimized.parquet")
        optimize(source, target, "--time", "frame")
        # Written again without naming the column: the file says it.
        optimize(target, target)
        frames = pq.read_table(target)["frame"].to_pylist()
        assert (frames == sorted(frames)) == (name == "time")
        assert open_layer(target).ListAllTimeSamples() == TIMES
        Sdf.Layer.Reload(open_layer(target))


def test_every_reader_sees_the_same_rows(write) -> None:
    source = write(SCENES["by_path_with_defaults"].arrow())
    target = source.with_name("optimized.parquet")
    optimize(source, target, "--time", "frame", "--order", "time", *SMALL)
    keys = [("path", "ascending"), ("frame", "ascending")]
    assert pq.read_table(target).sort_by(keys).equals(pq.read_table(source).sort_by(keys))
    assert (
        polars.read_parquet(target)
        .sort("path", "frame")
        .equals(polars.read_parquet(source).sort("path", "frame"))
    )
    query = "select * from read_parquet('{}') order by path, frame"
    assert (
        duckdb.sql(query.format(target)).fetchall() == duckdb.sql(query.format(source)).fetchall()
    )


def test_opening_reads_neither_paths_nor_times(write) -> None:
    """Proved by damage: what is never read can't fail."""
    source = write(table_of(by_time(PATHS, [float(i) for i in range(300)])).arrow())
    target = source.with_name("optimized.parquet")
    optimize(source, target, "--time", "frame", "--compression", "none", *SMALL)
    content = bytearray(target.read_bytes())
    metadata = pq.read_metadata(target)
    for group in range(metadata.num_row_groups):
        for column in (0, 1):
            chunk = metadata.row_group(group).column(column)
            for at in range(chunk.data_page_offset, chunk.data_page_offset + 8):
                content[at] ^= 0xFF
    target.write_bytes(content)
    layer = open_layer(target)
    assert layer.GetNumTimeSamplesForPath("/World.int") == 300
    assert layer.QueryTimeSample("/World.int", 299.0) == 3 * (300 * len(PATHS) - 1)


def test_timestamps_keep_their_time_codes(write) -> None:
    noon = datetime.datetime(2024, 5, 1, 12)
    moments = [noon + datetime.timedelta(seconds=s) for s in (5, 0, 2.5)]
    times = pa.array(moments, pa.timestamp("us"))
    source = write({"path": ["/A"] * 3, "at": times, "v": [1, 2, 3]})
    target = source.with_name("optimized.parquet")
    optimize(source, target, "--time", "at")
    for arguments in (
        {},
        {"timeCodesPerSecond": "1"},
        {"start": "2024-05-01T11:59:59"},
        {"start": "2024-05-01T12:00:00", "timeCodesPerSecond": "30"},
    ):
        ours = open_layer(target, **arguments)
        theirs = open_layer(source, time="at", **arguments)
        assert ours.ListTimeSamplesForPath("/A.v") == theirs.ListTimeSamplesForPath("/A.v")
        assert ours.ExportToString() == theirs.ExportToString()


@pytest.mark.parametrize(
    "times",
    [
        pa.array([datetime.date(2024, 5, 1), datetime.date(2024, 5, 3)]),
        pa.array([datetime.date(2024, 5, 1), datetime.date(2024, 5, 3)], pa.date64()),
        pa.array([1714564800, 1714564805], pa.timestamp("s")),
        pa.array([1714564800_123456789, 1714564805_000000001], pa.timestamp("ns", "UTC")),
        pa.array(["1.25", "-2.50"]).cast(pa.decimal128(5, 2)),
        pa.array(["0.1", "123456789012345678.9"]).cast(pa.decimal128(30, 1)),
        pa.array(["0.1", "-7.3"]).cast(pa.decimal256(50, 1)),
        pa.array([0.1, -3.5], pa.float16()),
        pa.array([0.1, -0.0], pa.float32()),
        pa.array([3, 200], pa.uint8()),
        pa.array([3, 2**53], pa.uint64()),
        pa.array([7, 5, 7]).dictionary_encode()[:2],
    ],
    ids=lambda times: str(times.type),
)
def test_times_of_every_type_are_indexed_as_they_are_read(write, times: pa.Array) -> None:
    source = write({"path": ["/A", "/A"], "t": times, "v": [1, 2]})
    target = source.with_name("optimized.parquet")
    optimize(source, target, "--time", "t")
    assert open_layer(target).ExportToString() == open_layer(source, time="t").ExportToString()


BAD_TABLES = [
    ({"frame": [1.0, math.nan]}, "column 'frame', row 1: no time code can hold nan"),
    ({"frame": [math.inf, 2.0]}, "column 'frame', row 0: no time code can hold inf"),
    ({"frame": [1, 2**53 + 1]}, f"column 'frame', row 1: no time code can hold {2**53 + 1}"),
    ({"frame": ["a", "b"]}, "the time column 'frame' has type string"),
    ({"other": [1, 2]}, "the table has no column 'frame' with the times"),
]


@pytest.mark.parametrize(("columns", "message"), BAD_TABLES)
def test_bad_times_are_one_error_and_no_file(write, columns: dict, message: str) -> None:
    source = write({"path": ["/A", "/B"], **columns})
    target = source.with_name("optimized.parquet")
    command = ["optimize", str(source), str(target), "--time", "frame"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert message in result.output.replace("\n", " ")
    assert str(target) in result.output.replace("\n", "")
    assert sorted(file.name for file in target.parent.iterdir()) == [source.name]


def test_repeated_times_are_kept_and_told(write) -> None:
    source = write({"path": ["/A"] * 3, "frame": [1, 2, 1], "v": [1.0, 2.0, 3.0]})
    target = source.with_name("optimized.parquet")
    assert "1 row that repeats a path and time" in optimize(source, target, "--time", "frame")
    with collected_warnings() as warnings:
        layer = open_layer(target)
    assert layer.QueryTimeSample("/A.v", 1) == 3.0
    assert warnings == [
        f"{target}: column 'frame': 1 row repeats the path and the time of an earlier row; the "
        "later row wins: row 1 repeats row 0: '/A'"
    ]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["by_path_with_defaults", "missing_rows"]))
def test_damage_of_the_index_is_told_and_never_wrong(seed: int, name: str) -> None:
    """Bytes of the indexes are changed: values are right or not there, never another's."""
    import tempfile

    numbers = random.Random(seed)
    table = SCENES[name]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "a.parquet"), Path(folder, "b.parquet")
        pq.write_table(table.arrow(), source)
        optimize(source, target, "--time", "frame", *SMALL)
        content = bytearray(target.read_bytes())
        begin, end = content.find(b"UPQINDEX"), content.rfind(b"UPQTIMES")
        assert 0 < begin < end
        for _ in range(numbers.randint(1, 3)):
            content[numbers.randrange(begin, min(end + 2000, len(content) - 3000))] ^= (
                1 << numbers.randrange(8)
            )
        target.write_bytes(content)
        theirs = usd_layer(table, table.times)
        with collected_warnings():
            try:
                layer = Sdf.Layer.FindOrOpen(str(target))
            except Exception:
                return
            for path in PATHS:
                for time in TIMES:
                    try:
                        got = layer.QueryTimeSample(f"{path}.int", time)
                    except Exception:
                        continue
                    if got is not None:
                        assert got == theirs.QueryTimeSample(f"{path}.int", time)


def test_the_index_is_small(write) -> None:
    source = write(table_of(by_time([f"/P_{i}" for i in range(500)], TIMES)).arrow())
    target = source.with_name("optimized.parquet")
    done = usdparquet._core.optimize(str(source), str(target), time_column="frame", order="time")
    assert done["order"] == "time"
    assert done["index_bytes"] < 500 * 10 + 1000
