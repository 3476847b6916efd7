"""Long tables: rows of one path are the time samples of its attributes, as in a USDC layer."""

from __future__ import annotations

import datetime
import itertools
import math
import random
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parquet_files import LAYOUTS
from pxr import Sdf, Tf, Usd
from time_scenes import LongTable, check_layers, check_stages, usd_layer, usdc_stage
from usd_values import canonical, collected_warnings, open_layer

QUERIES = [-100.0, -1.0, 0.0, 0.5, 1.0, 1.75, 2.0, 3.5, 4.0, 7.25, 11.0, 12.0, 1e9]


def table_of(rows: list[tuple[str, object]], seed: int = 0, nulls: float = 0.0) -> LongTable:
    """A table of these paths and times, with values that tell rows and columns apart."""
    numbers = random.Random(seed)
    count = len(rows)

    def cells(make) -> list[object]:
        made = [make(row) for row in range(count)]
        return [None if numbers.random() < nulls else cell for cell in made]

    return LongTable(
        [path for path, _ in rows],
        [time for _, time in rows],
        {
            "double": cells(lambda row: row + numbers.random()),
            "float": cells(lambda row: row / 4),
            "int": cells(lambda row: row * 3),
            "bool": cells(lambda row: row % 3 == 0),
            "string": cells(lambda row: f"row {row}"),
            "float3": cells(lambda row: [row, row / 2, -row]),
            "doubles": cells(lambda row: [row * 1.5] * (row % 4)),
        },
    )


def by_path(paths: list[str], times: list[object]) -> list[tuple[str, object]]:
    return list(itertools.product(paths, times))


def by_time(paths: list[str], times: list[object]) -> list[tuple[str, object]]:
    return [(path, time) for time in times for path in paths]


PATHS = [f"/World/Room_{i // 3}/Part_{i}" for i in range(7)] + ["/World"]
TIMES: list[object] = [float(time) for time in range(12)]

SCENES = {
    "by_path": table_of(by_path(PATHS, TIMES)),
    "by_time": table_of(by_time(PATHS, TIMES)),
    "by_path_with_defaults": table_of(by_path(PATHS, [None, *TIMES]), nulls=0.2),
    "by_time_with_defaults": table_of(by_time(PATHS, [*TIMES, None]), nulls=0.2),
    "falling": table_of(by_time(PATHS, TIMES[::-1]), nulls=0.1),
    "mostly_null": table_of(by_time(PATHS, TIMES), nulls=0.9),
    "all_null": table_of(by_time(PATHS, TIMES), nulls=1.0),
    "defaults_alone": table_of(by_path(PATHS, [None])),
    "one_time": table_of(by_path(PATHS, [2.0]), nulls=0.3),
    "no_rows": table_of([]),
}
_shuffled = list(range(len(PATHS) * len(TIMES)))
random.Random(5).shuffle(_shuffled)
SCENES["shuffled"] = SCENES["by_path"].in_order(_shuffled)
SCENES["missing_rows"] = SCENES["by_time"].in_order(
    row for row in range(len(_shuffled)) if random.Random(row).random() < 0.6
)
SCENES["missing_rows_shuffled"] = SCENES["by_path"].in_order(_shuffled[::2])
SCENES["some_without_times"] = LongTable(
    ["/A", "/B", "/A", "/C"], [None, 1.0, 2.0, None], {"int": [1, 2, 3, 4]}
)
SCENES["times_of_their_own"] = table_of(
    [(path, time + 0.125 * i) for i, path in enumerate(PATHS) for time in TIMES], nulls=0.2
)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", SCENES)
def test_a_layer_equals_one_authored_with_sdf(write, name: str, layout: str) -> None:
    table = SCENES[name]
    file = write(table.arrow(), layout=layout, rows_per_group=17, rows_per_page=5)
    check_layers(open_layer(file, time="frame"), usd_layer(table, table.times), QUERIES)


@pytest.mark.parametrize("name", SCENES)
def test_a_stage_interpolates_as_one_of_usdc(write, tmp_path: Path, name: str) -> None:
    table = SCENES[name]
    file = write(table.arrow(), rows_per_group=17, rows_per_page=5)
    root = Sdf.Layer.CreateAnonymous()
    root.subLayerPaths.append(Sdf.Layer.CreateIdentifier(str(file), {"time": "frame"}))
    theirs = usdc_stage(usd_layer(table, table.times), tmp_path / "same.usdc")
    check_stages(Usd.Stage.Open(root), theirs, QUERIES)


NUMBERS = [
    (pa.int8(), 3),
    (pa.int16(), -300),
    (pa.int32(), 70000),
    (pa.int64(), 1 << 53),
    (pa.int64(), -(1 << 53)),
    (pa.uint8(), 200),
    (pa.uint16(), 60000),
    (pa.uint32(), 4_000_000_000),
    (pa.uint64(), 1 << 53),
    (pa.float16(), 1.5),
    (pa.float32(), 0.25),
    (pa.float64(), 0.1),
    (pa.float64(), -0.0),
    (pa.float64(), 1e300),
]


@pytest.mark.parametrize(("time_type", "time"), NUMBERS, ids=lambda v: str(v))
def test_numbers_are_time_codes(write, time_type: pa.DataType, time: float) -> None:
    table = {"path": ["/A", "/A"], "t": pa.array([time, 1], time_type), "v": [1.0, 2.0]}
    layer = open_layer(write(table), time="t")
    assert layer.ListTimeSamplesForPath("/A.v") == sorted({float(time), 1.0})
    assert layer.QueryTimeSample("/A.v", float(time)) == 1.0
    assert not layer.GetAttributeAtPath("/A.t")


@pytest.mark.parametrize("digits", [5, 18, 30, 60])
def test_decimals_are_time_codes(write, digits: int) -> None:
    make = pa.decimal128 if digits <= 38 else pa.decimal256
    times = pa.array(["1.25", None, "-3.50"]).cast(make(digits, 2))
    layer = open_layer(write({"path": ["/A"] * 3, "t": times, "v": [1, 2, 3]}), time="t")
    assert layer.ListTimeSamplesForPath("/A.v") == [-3.5, 1.25]
    assert layer.GetAttributeAtPath("/A.v").default == 2


NOON = datetime.datetime(2024, 5, 1, 12)
SECONDS = [0.0, 0.5, 1.0, 3600.0, 86400.0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("rate", [None, "24", "30", "23.976"])
def test_timestamps(write, unit: str, zone: str | None, rate: str | None) -> None:
    seconds = [second for second in SECONDS if unit != "s" or second.is_integer()]
    moments = [NOON + datetime.timedelta(seconds=second) for second in seconds]
    times = pa.array([*moments, None], pa.timestamp(unit, zone))
    values = [float(i) for i in range(len(times))]
    file = write({"path": ["/A"] * len(times), "at": times, "v": values})
    arguments = {"time": "at"} | ({"timeCodesPerSecond": rate} if rate else {})
    layer = open_layer(file, **arguments)
    per_second = float(rate or 24)
    got = layer.ListTimeSamplesForPath("/A.v")
    assert got == pytest.approx([second * per_second for second in seconds], rel=1e-15)
    if per_second.is_integer():
        assert got == [second * per_second for second in seconds]
    assert [layer.QueryTimeSample("/A.v", time) for time in got] == values[:-1]
    assert layer.GetAttributeAtPath("/A.v").default == values[-1]
    assert layer.HasTimeCodesPerSecond() == (rate is not None)
    assert layer.timeCodesPerSecond == per_second
    assert (layer.startTimeCode, layer.endTimeCode) == (got[0], got[-1])


STARTS = [
    ("2024-05-01T12:00:00", NOON),
    ("2024-05-01 12:00", NOON),
    ("2024-05-01", datetime.datetime(2024, 5, 1)),
    ("2024-05-01T11:59:59.75Z", NOON - datetime.timedelta(seconds=0.25)),
    ("2024-05-01T11:59:59.999998000", NOON - datetime.timedelta(microseconds=2)),
    ("2024-05-01T14:00:00+02:00", NOON),
    ("2024-05-01T12:00:10", NOON + datetime.timedelta(seconds=10)),
    ("0001-01-01", datetime.datetime(1, 1, 1)),
    ("9999-12-31T23:59:59", datetime.datetime(9999, 12, 31, 23, 59, 59)),
]


@pytest.mark.parametrize(("start", "moment"), STARTS)
def test_start_is_time_code_zero(write, start: str, moment: datetime.datetime) -> None:
    times = pa.array([NOON], pa.timestamp("us"))
    file = write({"path": ["/A"], "at": times, "v": [1.0]})
    layer = open_layer(file, time="at", start=start, timeCodesPerSecond="1000")
    assert layer.ListTimeSamplesForPath("/A.v") == [(NOON - moment).total_seconds() * 1000]


def test_dates(write) -> None:
    days = pa.array([datetime.date(2024, 5, 3), datetime.date(2024, 5, 1), None])
    for date_type in (pa.date32(), pa.date64()):
        file = write({"path": ["/A"] * 3, "day": days.cast(date_type), "v": [1, 2, 3]})
        layer = open_layer(file, time="day", timeCodesPerSecond="1")
        assert layer.ListTimeSamplesForPath("/A.v") == [0, 2 * 86400]


def test_int96_timestamps(tmp_path: Path) -> None:
    times = pa.array([NOON, NOON + datetime.timedelta(seconds=2)], pa.timestamp("ns"))
    file = tmp_path / "int96.parquet"
    table = pa.table({"path": ["/A", "/A"], "at": times, "v": [1, 2]})
    pq.write_table(table, file, use_deprecated_int96_timestamps=True)
    layer = open_layer(file, time="at", start="2024-05-01T11:59:59")
    assert layer.ListTimeSamplesForPath("/A.v") == [24, 72]


def test_whole_frames_of_long_recordings_are_whole_numbers(write) -> None:
    step = 10**9 * 125  # 125 s, far apart, so that doubles of nanoseconds would round
    ticks = [1_700_000_000_123_456_789 + i * step for i in range(0, 4_000_000, 40_009)]
    times = pa.array(ticks, pa.int64()).cast(pa.timestamp("ns"))
    file = write({"path": ["/A"] * len(ticks), "at": times, "v": list(range(len(ticks)))})
    layer = open_layer(file, time="at", timeCodesPerSecond="24")
    assert layer.ListTimeSamplesForPath("/A.v") == [
        (tick - ticks[0]) // 10**9 * 24 for tick in ticks
    ]


def test_the_field_of_a_struct_can_be_the_time(write) -> None:
    when = [{"frame": 1.0, "camera": "a"}, {"frame": 2.0, "camera": "b"}]
    layer = open_layer(write({"path": ["/A", "/A"], "when": when, "v": [1, 2]}), time="when:frame")
    assert layer.ListTimeSamplesForPath("/A.v") == [1, 2]
    assert layer.QueryTimeSample("/A.when:camera", 2) == "b"


def test_time_with_the_other_arguments(write) -> None:
    table = {
        "prim": ["/A", "/A"],
        "t": [1, 2],
        "v": [1.0, 2.0],
        "w": [3.0, 4.0],
    }
    layer = open_layer(write(table), path="prim", time="t", columns="w,t", prefix="/World")
    assert [spec.name for spec in layer.GetPrimAtPath("/World/A").properties] == ["w"]
    assert layer.QueryTimeSample("/World/A.w", 2) == 4.0
    assert layer.endTimeCode == 2


def test_without_the_argument_time_is_a_column(write) -> None:
    with collected_warnings() as warnings:
        layer = open_layer(write({"path": ["/A", "/A"], "frame": [1, 2]}))
    assert "repeats the path" in warnings[0]
    assert layer.GetAttributeAtPath("/A.frame").default == 2
    assert not layer.ListAllTimeSamples()
    assert not layer.HasStartTimeCode()


def test_layers_of_other_rates_are_scaled_by_the_stage(write) -> None:
    file = write({"path": ["/A", "/A"], "frame": [0, 30], "v": [0.0, 30.0]})
    root = Sdf.Layer.CreateAnonymous()
    root.timeCodesPerSecond = 60
    arguments = {"time": "frame", "timeCodesPerSecond": "30"}
    root.subLayerPaths.append(Sdf.Layer.CreateIdentifier(str(file), arguments))
    stage = Usd.Stage.Open(root)
    attribute = stage.GetAttributeAtPath("/A.v")
    assert attribute.GetTimeSamples() == [0, 60]
    assert attribute.Get(30) == 15.0


def test_nothing_but_the_footer_is_read_for_types_and_times(write) -> None:
    import usdparquet

    table = SCENES["by_time"]
    layer = open_layer(write(table.arrow(), rows_per_group=17, rows_per_page=5), time="frame")
    before = usdparquet.cache_stats()["misses"]
    for path in PATHS:
        assert len(layer.ListTimeSamplesForPath(f"{path}.double")) == len(TIMES)
        assert layer.GetNumTimeSamplesForPath(f"{path}.int") == len(TIMES)
        assert layer.GetBracketingTimeSamplesForPath(f"{path}.string", 1.5) == (True, 1, 2)
    assert layer.ListAllTimeSamples() == TIMES
    assert usdparquet.cache_stats()["misses"] == before


def edit(layer: Sdf.Layer) -> None:
    layer.SetTimeSample("/World.double", 3.25, 7.5)
    layer.EraseTimeSample("/World.double", 4)
    layer.GetAttributeAtPath("/World.int").default = -1
    layer.GetAttributeAtPath("/World/Room_0/Part_1.string").ClearInfo("timeSamples")
    del layer.GetPrimAtPath("/World/Room_1").nameChildren["Part_4"]


def test_edits_over_a_long_table(write) -> None:
    table = SCENES["by_time_with_defaults"]
    layer = open_layer(file := write(table.arrow()), time="frame")
    theirs = usd_layer(table, table.times)
    for each in (layer, theirs):
        edit(each)
    assert layer.ExportToString() == theirs.ExportToString()
    assert layer.ListAllTimeSamples() == theirs.ListAllTimeSamples()
    assert layer.GetBracketingTimeSamplesForPath("/World.double", 3.5) == (True, 3.25, 5)
    assert layer.GetPreviousTimeSampleForPath("/World.double", 3.25) == (True, 3)
    edited = layer.ExportToString()
    layer.Reload()
    assert layer.ExportToString() == usd_layer(table, table.times).ExportToString()
    edit(layer)
    layer.Save()
    assert layer.ExportToString() == edited
    layer.Reload(force=True)
    assert layer.ExportToString() == edited
    # Saved with both indexes.
    keys = pq.read_metadata(file).metadata
    assert {b"usdparquet:index", b"usdparquet:times"} <= set(keys)


def test_the_later_of_two_rows_of_one_time_wins(write) -> None:
    table = {
        "path": ["/A", "/A", "/B", "/A", "/A", "/A"],
        "frame": [1.0, None, 1.0, 1.0, None, 2.0],
        "v": pa.array([1.0, 2.0, 3.0, None, 5.0, 6.0]),
    }
    with collected_warnings() as warnings:
        layer = open_layer(file := write(table), time="frame")
    assert layer.ListTimeSamplesForPath("/A.v") == [2.0]
    assert layer.GetAttributeAtPath("/A.v").default == 5.0
    assert layer.ListTimeSamplesForPath("/B.v") == [1.0]
    assert warnings == [
        f"{file}: column 'frame': 2 rows repeat the path and the time of an earlier row; the later "
        "row wins: row 3 repeats row 0: '/A', row 4 repeats row 1: '/A'"
    ]


def test_many_repeated_times_are_counted(write) -> None:
    rows = by_time(PATHS, [1.0, 1.0, 2.0, 1.0])
    with collected_warnings() as warnings:
        layer = open_layer(write(table_of(rows).arrow()), time="frame")
    assert layer.QueryTimeSample("/World.int", 1.0) == 3 * (len(rows) - 1)
    assert len(warnings) == 1
    assert f"{2 * len(PATHS)} rows repeat the path and the time" in warnings[0]
    assert "row 8 repeats row 0: '/World/Room_0/Part_0', row 9 repeats row 1" in warnings[0]
    assert warnings[0].endswith(", …")


@pytest.mark.parametrize(
    ("times", "shown"),
    [
        (pa.array([1.0, math.nan, -math.inf, 2.0]), "row 1: nan, row 2: -inf"),
        (pa.array([1, 2**53 + 1, -(2**63), 2]), f"row 1: {2**53 + 1}, row 2: {-(2**63)}"),
        (pa.array([1, 2**64 - 1, 2**53 + 1, 2], pa.uint64()), f"row 1: {2**64 - 1}, row 2"),
    ],
)
def test_times_that_are_none_are_left_out(write, times: pa.Array, shown: str) -> None:
    file = write({"path": ["/A", "/A", "/B", "/A"], "frame": times, "v": [1, 2, 3, 4]})
    with collected_warnings() as warnings:
        layer = open_layer(file, time="frame")
    assert layer.ListTimeSamplesForPath("/A.v") == [1.0, 2.0]
    # Its prim is there, as that of any row is, but none of its cells.
    assert layer.GetPrimAtPath("/B")
    assert not layer.GetAttributeAtPath("/B.v")
    assert layer.GetNumTimeSamplesForPath("/B.v") == 0
    assert len(warnings) == 1
    assert warnings[0].startswith(
        f"{file}: column 'frame': 2 rows have a time that no time code can hold and are left out: "
    )
    assert shown in warnings[0]


def test_rows_without_a_path_are_left_out(write) -> None:
    table = {"path": ["/A", None, "B", "/A"], "frame": [1, 2, 3, 4], "v": [1, 2, 3, 4]}
    with collected_warnings() as warnings:
        layer = open_layer(write(table), time="frame")
    assert layer.ListAllTimeSamples() == [1, 4]
    assert layer.endTimeCode == 4
    assert len(warnings) == 1
    assert "2 rows have no valid absolute prim path" in warnings[0]


BAD_ARGUMENTS = [
    ({"time": "when"}, "there is no column 'when' with the times"),
    ({"time": ""}, "'time' names no column"),
    ({"time": "path"}, "can't hold both the prim paths and the times"),
    ({"time": "name"}, "the time column 'name' has type string"),
    ({"time": "flag"}, "the time column 'flag' has type bool"),
    ({"time": "clock"}, "the time column 'clock' has type time32[ms]"),
    ({"time": "pair"}, "the time column 'pair' has type fixed_size_list"),
    ({"time": "photo"}, "the time column 'photo' can't be read: type binary has no Sdf type"),
    ({"time": "frame", "start": "2024-05-01"}, "'start' is for dates and timestamps"),
    ({"time": "at", "start": "yesterday"}, "start='yesterday' is no ISO 8601 timestamp"),
    ({"start": "2024-05-01"}, "'start' needs a time column"),
    ({"time": "at", "timeCodesPerSecond": "fast"}, "timeCodesPerSecond='fast' is no number"),
    ({"time": "at", "timeCodesPerSecond": "0"}, "timeCodesPerSecond='0' is no number above 0"),
    ({"time": "at", "timeCodesPerSecond": "nan"}, "timeCodesPerSecond='nan' is no number"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_ARGUMENTS)
def test_bad_arguments(write, arguments: dict[str, str], message: str) -> None:
    table = {
        "path": ["/A"],
        "frame": [1],
        "name": ["one"],
        "flag": [True],
        "clock": pa.array([1], pa.time32("ms")),
        "pair": pa.array([[1.0, 2.0]], pa.list_(pa.float64(), 2)),
        "photo": [b"x"],
        "at": pa.array([NOON], pa.timestamp("us")),
    }
    file = write(table)
    with pytest.raises(Tf.ErrorException) as error:
        Sdf.Layer.FindOrOpen(str(file), args=arguments)
    assert len(error.value.args) == 1
    assert str(file) in str(error.value)
    assert message in str(error.value)


def test_threads_agree_under_a_small_budget(write) -> None:
    import usdparquet

    table = table_of(by_time(PATHS, [float(i) for i in range(400)]), nulls=0.1)
    file = write(table.arrow(), rows_per_group=700, rows_per_page=50)
    layer = open_layer(file, time="frame")
    theirs = usd_layer(table, table.times)
    attributes = [Sdf.Path(f"{path}.{name}") for path in PATHS for name in table.columns]
    before = usdparquet.cache_stats()["budget"]
    usdparquet.set_cache_budget(20_000)
    failures: list[object] = []

    def read(seed: int) -> None:
        numbers = random.Random(seed)
        for _ in range(1500):
            path = numbers.choice(attributes)
            time = numbers.randrange(-2, 804) / 2
            got = (
                layer.GetBracketingTimeSamplesForPath(path, time),
                canonical(layer.QueryTimeSample(path, time)),
            )
            want = (
                theirs.GetBracketingTimeSamplesForPath(path, time),
                canonical(theirs.QueryTimeSample(path, time)),
            )
            if got != want:
                failures.append((path, time, got, want))

    try:
        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        usdparquet.set_cache_budget(before)
    assert not failures


SOME_TIMES = st.one_of(
    st.none(),
    st.integers(-3, 6).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.1, 0.2, 0.30000000000000004, 1e-300]),
)
SOME_PATHS = st.sampled_from(["/A", "/A/B", "/C/D/E", "/C", "/F"])


@st.composite
def long_tables(draw) -> LongTable:
    rows = draw(st.lists(st.tuples(SOME_PATHS, SOME_TIMES), max_size=40))
    table = table_of(rows, draw(st.integers(0, 5)), draw(st.sampled_from([0.0, 0.3, 0.95])))
    names = draw(st.lists(st.sampled_from(sorted(table.columns)), unique=True, max_size=3))
    table.columns = {name: table.columns[name] for name in names}
    return table


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    long_tables(),
    st.integers(1, 12),
    st.integers(1, 5),
    st.booleans(),
    st.lists(st.floats(allow_nan=False), max_size=5),
)
def test_any_long_table(
    table: LongTable, per_group: int, per_page: int, has_index: bool, queries: list[float]
) -> None:
    with TemporaryDirectory() as folder, collected_warnings():
        file = Path(folder, "table.parquet")
        pq.write_table(
            table.arrow(),
            file,
            row_group_size=per_group,
            max_rows_per_page=per_page,
            write_batch_size=per_page,
            write_page_index=has_index,
            write_statistics=has_index,
        )
        check_layers(
            open_layer(file, time="frame"),
            usd_layer(table, table.times),
            [*queries, 0.0, 0.15, 2.0, 2.5],
        )
