"""Real samples in processes of their own, and inputs that have to make them fail."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from usdparquet.bench.case_files import write_case_files
from usdparquet.bench.checks import (
    Totals,
    WrongValuesError,
    check_totals,
    digest,
    expected_totals,
)
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.kernel_page_cache import cached_share, drop, warm
from usdparquet.bench.plan import BenchOptions
from usdparquet.bench.playback_files import Order, PlaybackFiles
from usdparquet.bench.process import BenchError, run_worker
from usdparquet.bench.protocol import Answer, Request, Step, StepAnswer
from usdparquet.bench.results import load_results
from usdparquet.bench.runner import BenchRun
from usdparquet.bench.scene_requests import RequestMaker
from usdparquet.bench.sessions import PLAYBACK_SESSION, SESSIONS, TYPE_SESSION, sessions_for
from usdparquet.bench.table import (
    MULTI_PROPERTIES,
    PROPERTIES,
    make_table,
    prim_path,
    prim_paths,
)
from usdparquet.bench.type_cases import TYPE_CASES
from usdparquet.bench.type_files import TypeFiles
from usdparquet.generate import Scene, SceneOptions, generate_scene

PRIMS = 120
CELLS = [
    (session.name, name)
    for session in SESSIONS.values()
    for name in ("usdc", "parquet_snappy", "parquet_zstd_indexed", "base")
    if session.applies_to(FORMATS[name])
]
LOAD = sessions_for(["initial_load"])[0]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    options = SceneOptions(PRIMS, "deep", row_group_size=50, seed=5)
    return generate_scene(options, tmp_path_factory.mktemp("scene"))


@pytest.fixture
def own_scene(scene: Scene, tmp_path: Path) -> Scene:
    """A copy that a test may damage."""
    shutil.copytree(scene.directory, tmp_path / "scene")
    return Scene(tmp_path / "scene", scene.options)


class Quiet:
    """A listener that keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.weight = 0.0

    def message(self, text: str) -> None:
        self.messages.append(text)

    def planned(self, weight: float) -> None:
        self.weight += weight

    def started(self, what: str) -> None:
        pass

    def finished(self, weight: float) -> None:
        self.weight -= weight


def test_table_is_the_same_for_the_same_seed() -> None:
    first, second, other = make_table(50, 1), make_table(50, 1), make_table(50, 2)
    for name in PROPERTIES:
        assert list(first.values(name)) == list(second.values(name))
        assert list(first.values(name)) != list(other.values(name))
        assert [first.value(name, row) for row in range(50)] == list(first.values(name))


def test_deep_paths_are_distinct_and_nested() -> None:
    paths = prim_paths(2_345, "deep")
    assert len(set(paths)) == len(paths)
    assert paths[0] == "/World/Zone_0/Level_0/Room_0/Component_0"
    assert paths[2_344] == "/World/Zone_2/Level_3/Room_4/Component_4"
    assert prim_path(7, "flat") == "/World/Prim_7"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_the_table(scene: Scene, name: str) -> None:
    from pxr import Usd

    stage = Usd.Stage.Open(str(scene.stage_file(name)))
    table = make_table(PRIMS, scene.options.seed)
    for row, path in enumerate(prim_paths(PRIMS, scene.options.hierarchy)):
        prim = stage.GetPrimAtPath(path)
        assert prim.GetTypeName() == "Xform"
        for property_name in PROPERTIES:
            attribute = prim.GetAttribute(property_name)
            if name == "base":
                assert not attribute
            else:
                assert attribute.Get() == table.value(property_name, row)


def test_the_property_layers_say_the_same_about_an_attribute(scene: Scene) -> None:
    from pxr import Sdf

    path = prim_path(3, scene.options.hierarchy)
    said = set()
    for name in FORMATS:
        if name != "base":
            layer = Sdf.Layer.FindOrOpen(str(scene.property_file(name)))
            prim = layer.GetPrimAtPath(path)
            specs = [layer.GetAttributeAtPath(f"{path}.{entry}") for entry in PROPERTIES]
            described = [(str(s.typeName), s.variability, s.custom, s.default) for s in specs]
            names = [entry.name for entry in prim.properties]
            said.add(repr((prim.specifier, prim.typeName, names, described)))
    assert len(said) == 1


def test_scenes_are_kept_and_completed(tmp_path: Path) -> None:
    options = SceneOptions(20)
    generate_scene(options, tmp_path, ["usdc"])
    usdc = Scene(tmp_path, options).property_file("usdc")
    written = usdc.stat().st_mtime_ns
    scene = generate_scene(options, tmp_path, ["usdc", "parquet_none"])
    assert usdc.stat().st_mtime_ns == written
    assert scene.property_file("parquet_none").exists()
    usdc.write_bytes(b"cut off")
    generate_scene(options, tmp_path, ["usdc"])
    assert usdc.read_bytes().startswith(b"PXR-USDC")


@pytest.mark.parametrize(("session", "name"), CELLS)
def test_every_session_runs_and_passes_its_checks(scene: Scene, session: str, name: str) -> None:
    answer = run_worker(RequestMaker(scene).request(SESSIONS[session], name))
    assert tuple(answer.steps) == SESSIONS[session].tests
    assert answer.plugin_load["time_ms"] > 0
    assert answer.seconds > 0
    for test, step in answer.steps.items():
        assert {"anonymous_mb", "resident_mb", "peak_resident_mb"} <= set(step.metrics)
        if test != "memory_timeline":
            assert step.metrics["time_ms"] > 0


def test_a_timeline_has_its_phases(scene: Scene) -> None:
    answer = run_worker(RequestMaker(scene).request(SESSIONS["timeline"], "usdc"))
    series = answer.steps["memory_timeline"].series
    assert series is not None
    assert [phase for phase, _ in series.phases] == ["load", "traverse", "idle", "close", "end"]
    assert len(series.rows) > 10
    assert "time_ms" not in answer.steps["memory_timeline"].metrics


def test_repeated_traversals_count_from_the_first(scene: Scene) -> None:
    answer = run_worker(RequestMaker(scene).request(SESSIONS["multi_traversal"], "parquet_none"))
    first, all_ten = answer.steps["multi_property_traversal"], answer.steps["repeated_traversal"]
    assert all_ten.series is not None
    assert [row[0] for row in all_ten.series.rows] == [float(number) for number in range(1, 11)]
    assert all_ten.series.rows[0][1] == first.metrics["time_ms"]
    assert all_ten.operations == 10
    grown = all_ten.series.rows[-1][2] - all_ten.series.rows[0][2]
    assert all_ten.metrics["growth_mb"] == pytest.approx(grown)


def test_point_reads_of_one_process_share_no_column_and_no_prim(scene: Scene) -> None:
    request = RequestMaker(scene).request(SESSIONS["point_reads"], "usdc")
    tests = ("single_property_cold", "multi_property", "single_property_sequential")
    steps = {step.test: step for step in request.steps}
    assert steps["single_property_warm"].reads == steps["single_property_cold"].reads * 1_000
    prims: set[str] = set()
    names: set[str] = set()
    for test in (*tests, "single_property_random"):
        own_prims = {prim for prim, _ in steps[test].reads}
        own_names = {name for _, name in steps[test].reads}
        assert own_prims
        assert not own_prims & prims
        assert not own_names & names
        prims |= own_prims
        names |= own_names


def test_only_the_wanted_tests_of_a_session_are_run() -> None:
    assert sessions_for(["initial_load"])[0].tests == ("initial_load",)
    warm_only = sessions_for(["single_property_warm"])
    assert [entry.name for entry in warm_only] == ["point_reads"]
    assert warm_only[0].tests[-1] == "single_property_warm"
    assert "multi_property" not in warm_only[0].tests
    assert sessions_for(["file_size"]) == []


@pytest.mark.parametrize("name", ["type_half", "type_matrix4d", "string_100", "array_10"])
@pytest.mark.parametrize("format_name", ["usdc", "parquet_snappy", "parquet_none_indexed"])
def test_kinds_of_properties_are_read_and_checked(
    tmp_path: Path, name: str, format_name: str
) -> None:
    case = dataclasses.replace(TYPE_CASES[name], rows=20)
    files = TypeFiles(tmp_path, 3, case)
    write_case_files([files], [format_name])
    request = files.request(TYPE_SESSION, format_name)
    answer = run_worker(request)
    assert answer.steps["property_types"].operations == 20
    assert answer.steps["property_types_load"].metrics["time_ms"] > 0

    other = TypeFiles(tmp_path / "other", 4, case)
    write_case_files([other], [format_name])
    shutil.copy(other.property_file(format_name), files.property_file(format_name))
    with pytest.raises(BenchError, match="not those of the table"):
        run_worker(request)


@pytest.mark.parametrize("order", ["by_time", "by_path"])
@pytest.mark.parametrize("format_name", ["usdc", "parquet_zstd", "parquet_zstd_indexed"])
def test_playback_is_read_and_checked(tmp_path: Path, order: Order, format_name: str) -> None:
    files = PlaybackFiles(tmp_path, 3, order, prims=6, frames=5)
    write_case_files([files], [format_name])
    answer = run_worker(files.request(PLAYBACK_SESSION, format_name))
    assert answer.steps["playback"].operations == 6 * 5 * 2
    assert answer.steps["playback_load"].metrics["time_ms"] > 0

    other = PlaybackFiles(tmp_path / "other", 4, order, prims=6, frames=5)
    write_case_files([other], [format_name])
    shutil.copy(other.property_file(format_name), files.property_file(format_name))
    with pytest.raises(BenchError, match="not those of the table"):
        run_worker(files.request(PLAYBACK_SESSION, format_name))


def test_time_samples_are_the_same_in_every_format(tmp_path: Path) -> None:
    from pxr import Usd

    said = set()
    for order in ("by_time", "by_path"):
        files = PlaybackFiles(tmp_path, 3, order, prims=4, frames=3)
        names = ("usdc", "parquet_none", "parquet_zstd_indexed")
        write_case_files([files], names)
        for name in names:
            stage = Usd.Stage.Open(str(files.stage_file(name)))
            attributes = [
                stage.GetAttributeAtPath(f"{path}.{attribute}")
                for path in files.prim_paths()
                for attribute in ("value", "position")
            ]
            samples = [
                (
                    str(entry.GetTypeName()),
                    [(time, entry.Get(time)) for time in entry.GetTimeSamples()],
                )
                for entry in attributes
            ]
            assert all(len(times) == 3 for _, times in samples)
            said.add(repr(samples))
    assert len(said) == 1


def test_every_kind_has_the_type_that_it_names(tmp_path: Path) -> None:
    from pxr import Sdf

    for case in TYPE_CASES.values():
        files = TypeFiles(tmp_path, 3, dataclasses.replace(case, rows=2))
        write_case_files([files], ["usdc", "parquet_zstd"])
        said = set()
        for name in ("usdc", "parquet_zstd"):
            layer = Sdf.Layer.FindOrOpen(str(files.property_file(name)))
            spec = layer.GetAttributeAtPath("/World/Prim_1.value_0")
            said.add((str(spec.typeName), str(spec.default)))
        assert len(said) == 1, case.name
        assert {entry[0] for entry in said} == {case.sdf_type}


def test_a_file_can_be_dropped_from_the_page_cache(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(4 << 20))
    warm([path])
    assert cached_share(path) == 1.0
    if not drop([path]):
        pytest.skip("this file system keeps its files in the page cache")
    assert cached_share(path) < 0.05


def test_parquet_posing_as_usdc_fails(own_scene: Scene) -> None:
    request = RequestMaker(own_scene).request(LOAD, "usdc")
    shutil.copy(own_scene.property_file("parquet_none"), own_scene.property_file("usdc"))
    with pytest.raises(BenchError, match=r"measured as 'usdc', but it starts with b'PAR1"):
        run_worker(request)


def test_usdc_posing_as_parquet_fails(own_scene: Scene) -> None:
    request = RequestMaker(own_scene).request(LOAD, "parquet_none")
    shutil.copy(own_scene.property_file("usdc"), own_scene.property_file("parquet_none"))
    with pytest.raises(BenchError, match=r"measured as 'parquet_none', but it starts with"):
        run_worker(request)


def test_a_stage_that_uses_another_layer_fails(own_scene: Scene) -> None:
    request = RequestMaker(own_scene).request(LOAD, "parquet_none")
    stage = own_scene.stage_file("parquet_none")
    text = stage.read_text(encoding="utf-8")
    other = text.replace("properties_parquet_none.parquet", "properties_usdc.usdc")
    stage.write_text(other, encoding="utf-8")
    with pytest.raises(BenchError, match="the stage does not use this layer"):
        run_worker(request)


@pytest.mark.parametrize("name", ["usdc", "parquet_zstd"])
@pytest.mark.parametrize("session", ["layer", "insert", "random_access"])
def test_other_values_fail(own_scene: Scene, tmp_path: Path, name: str, session: str) -> None:
    request = RequestMaker(own_scene).request(SESSIONS[session], name)
    options = dataclasses.replace(own_scene.options, seed=6)
    other = generate_scene(options, tmp_path / "other", [name])
    shutil.copy(other.property_file(name), own_scene.property_file(name))
    with pytest.raises(BenchError, match="not those of the table"):
        run_worker(request)


def test_a_traversal_that_misses_values_fails(own_scene: Scene) -> None:
    request = RequestMaker(own_scene).request(SESSIONS["traversal"], "usdc")
    load, walk = request.steps
    assert walk.totals is not None
    more = dataclasses.replace(walk, totals=Totals(walk.totals.count + 1, walk.totals.sums))
    with pytest.raises(BenchError, match=f"read {PRIMS} values instead of {PRIMS + 1}"):
        run_worker(dataclasses.replace(request, steps=[load, more]))


def test_totals_tell_one_wrong_value_from_rounding() -> None:
    table = make_table(1_000, 3)
    expected = expected_totals(table, MULTI_PROPERTIES)
    rounded = [total * (1 + 1e-13) for total in expected.sums]
    check_totals(Totals(expected.count, rounded), expected, MULTI_PROPERTIES)
    wrong = [expected.sums[0] + 1.0, *expected.sums[1:]]
    with pytest.raises(WrongValuesError, match="'cost' add up to"):
        check_totals(Totals(expected.count, wrong), expected, MULTI_PROPERTIES)


def test_digest_tells_types_and_order_apart() -> None:
    cases: list[list[object]] = [
        *([1], [1.0], [True], ["1"], [None], [1, 2], [2, 1], ["12"], []),
        *([(1.0, 2.0)], [(2.0, 1.0)], [((1.0, 2.0),)], [(1.0,), (2.0,)]),
    ]
    assert len({digest(case) for case in cases}) == len(cases)


def test_a_run_writes_results_and_goes_on_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = BenchOptions(
        prims=(40,),
        formats=("usdc", "base"),
        tests=("file_size", "initial_load"),
        runs=2,
        min_runs=2,
        warmup=0,
    )
    calls: list[Request] = []

    def stop_at_third(request: Request) -> Answer:
        calls.append(request)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run_worker(request)

    with monkeypatch.context() as patch:
        patch.setattr("usdparquet.bench.runner.run_worker", stop_at_third)
        with pytest.raises(KeyboardInterrupt):
            BenchRun(options, tmp_path, Quiet()).run()
    assert not (tmp_path / "results.json").exists()

    def count(request: Request) -> Answer:
        calls.append(request)
        return run_worker(request)

    listener = Quiet()
    monkeypatch.setattr("usdparquet.bench.runner.run_worker", count)
    results = BenchRun(options, tmp_path, listener).run()
    assert listener.messages == ["Continuing an interrupted run: 2 samples are done"]
    assert listener.weight == pytest.approx(0.0)
    assert len(calls) == 3 + 2
    assert load_results(tmp_path / "results.json") == results
    assert list(tmp_path.glob("*.jsonl")) == []
    for name in options.formats:
        found = results.find("initial_load", name, "time_ms", 40, "flat")
        assert found is not None
        assert len(found.samples) == 2
    assert str(tmp_path) not in (tmp_path / "results.json").read_text(encoding="utf-8")


def test_a_run_that_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usdparquet.bench.runner.available_memory", lambda: 100_000_000)
    listener = Quiet()
    options = BenchOptions(prims=(40,), formats=("usdc",), tests=("initial_load",), runs=1)
    results = BenchRun(options, tmp_path, listener).run()
    assert results.measurements == []
    assert results.refused[0].format == "usdc"
    assert listener.messages[0].startswith("Not measured: usdc at 40 prims needs about")


def test_a_format_that_takes_too_long_gets_fewer_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The samples are answered by hand here: how long they take is what is tested."""

    def answer(request: Request) -> Answer:
        steps = {step.test: _step_answer(step) for step in request.steps}
        seconds = 40.0 if request.format == "usdc" else 1.0
        return Answer(steps, {"time_ms": 1.0}, {"anonymous": 1.0, "resident": 1.0}, True, seconds)

    monkeypatch.setattr("usdparquet.bench.runner.run_worker", answer)
    options = BenchOptions(
        prims=(40,), formats=("usdc", "base"), tests=("initial_load",), runs=6, budget=100.0
    )
    results = BenchRun(options, tmp_path, Quiet()).run()
    runs = {
        name: len(found.samples)
        for name in options.formats
        if (found := results.find("initial_load", name, "time_ms", 40, "flat"))
    }
    assert runs == {"usdc": 3, "base": 6}
    assert [dataclasses.astuple(entry) for entry in results.reduced] == [
        (40, "flat", "", "usdc", 3, 6, 40.0)
    ]


def test_row_groups_are_measured_beside_the_comparison(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    options = BenchOptions(
        prims=(40,),
        formats=("usdc", "parquet_none"),
        tests=("file_size", "single_property_traversal"),
        runs=1,
        min_runs=1,
        warmup=0,
        row_groups=(40, 10),
    )
    results = BenchRun(options, tmp_path, Quiet()).run()
    assert results.scenes() == [(40, "flat")]
    assert results.variants("row_group_") == ["row_group_10"]
    place = ("parquet_none", "time_ms", 40, "flat")
    assert results.find("single_property_traversal", *place) is not None
    assert results.find("single_property_traversal", *place, "row_group_10") is not None
    usdc = ("usdc", "time_ms", 40, "flat")
    assert results.find("single_property_traversal", *usdc, "row_group_10") is None
    groups = {
        pq.ParquetFile(path).num_row_groups
        for path in tmp_path.glob("scenes/*/properties_*.parquet")
    }
    assert groups == {1, 4}


def test_memory_is_ordered_as_it_must_be(scene: Scene) -> None:
    answer = run_worker(RequestMaker(scene).request(SESSIONS["traversal"], "usdc"))
    for step in answer.steps.values():
        assert step.metrics["peak_resident_mb"] >= step.metrics["resident_mb"] - 0.5
        assert step.metrics["resident_mb"] >= step.metrics["anonymous_mb"] - 0.5
    assert answer.baseline_mb["resident"] > answer.baseline_mb["anonymous"] > 0


def _step_answer(step: Step) -> StepAnswer:
    return StepAnswer({"time_ms": 1.0, "anonymous_mb": 1.0}, 1)
