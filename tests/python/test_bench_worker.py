"""Real samples in processes of their own, and inputs that have to make them fail."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.checks import (
    Totals,
    WrongValuesError,
    check_totals,
    digest,
    expected_totals,
)
from usdparquet.bench.expectations import RequestMaker
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.plan import BenchOptions
from usdparquet.bench.results import load_results
from usdparquet.bench.runner import BenchError, BenchRun, run_worker
from usdparquet.bench.table import (
    MULTI_PROPERTIES,
    PROPERTIES,
    make_table,
    prim_path,
    prim_paths,
)
from usdparquet.generate import Scene, SceneOptions, generate_scene

PRIMS = 120
CELLS = [
    (test.name, name)
    for test in TESTS.values()
    for name in ("usdc", "parquet_snappy", "base")
    if test.scenario != "file_size" and test.applies_to(FORMATS[name])
]


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


@pytest.mark.parametrize(("test", "name"), CELLS)
def test_every_test_runs_and_passes_its_checks(scene: Scene, test: str, name: str) -> None:
    answer = run_worker(RequestMaker(scene).request(test, name))
    assert {"anonymous_mb", "resident_mb", "peak_resident_mb"} <= set(answer.metrics)
    if test == "memory_timeline":
        assert answer.series is not None
        assert [phase for phase, _ in answer.series.phases] == [
            "load",
            "traverse",
            "idle",
            "close",
            "end",
        ]
        assert len(answer.series.rows) > 10
    else:
        assert answer.metrics["time_ms"] > 0
    assert answer.plugin_load["time_ms"] > 0


def test_parquet_posing_as_usdc_fails(own_scene: Scene) -> None:
    request = RequestMaker(own_scene).request("initial_load", "usdc")
    shutil.copy(own_scene.property_file("parquet_none"), own_scene.property_file("usdc"))
    with pytest.raises(BenchError, match=r"measured as 'usdc', but it starts with b'PAR1"):
        run_worker(request)


def test_usdc_posing_as_parquet_fails(own_scene: Scene) -> None:
    request = RequestMaker(own_scene).request("initial_load", "parquet_none")
    shutil.copy(own_scene.property_file("usdc"), own_scene.property_file("parquet_none"))
    with pytest.raises(BenchError, match=r"measured as 'parquet_none', but it starts with"):
        run_worker(request)


def test_a_stage_that_uses_another_layer_fails(own_scene: Scene) -> None:
    request = RequestMaker(own_scene).request("initial_load", "parquet_none")
    stage = own_scene.stage_file("parquet_none")
    text = stage.read_text(encoding="utf-8")
    other = text.replace("properties_parquet_none.parquet", "properties_usdc.usdc")
    stage.write_text(other, encoding="utf-8")
    with pytest.raises(BenchError, match="the stage does not use this layer"):
        run_worker(request)


@pytest.mark.parametrize("name", ["usdc", "parquet_zstd"])
@pytest.mark.parametrize("test", ["layer_load", "initial_load", "random_access"])
def test_other_values_fail(own_scene: Scene, tmp_path: Path, name: str, test: str) -> None:
    request = RequestMaker(own_scene).request(test, name)
    options = dataclasses.replace(own_scene.options, seed=6)
    other = generate_scene(options, tmp_path / "other", [name])
    shutil.copy(other.property_file(name), own_scene.property_file(name))
    with pytest.raises(BenchError, match="not those of the table"):
        run_worker(request)


def test_a_traversal_that_misses_values_fails(own_scene: Scene) -> None:
    request = RequestMaker(own_scene).request("single_property_traversal", "usdc")
    totals = Totals(request.totals.count + 1, request.totals.sums)
    with pytest.raises(BenchError, match=f"read {PRIMS} values instead of {PRIMS + 1}"):
        run_worker(dataclasses.replace(request, totals=totals))


def test_totals_tell_one_wrong_value_from_rounding() -> None:
    table = make_table(1_000, 3)
    expected = expected_totals(table, MULTI_PROPERTIES)
    rounded = [total * (1 + 1e-13) for total in expected.sums]
    check_totals(Totals(expected.count, rounded), expected, MULTI_PROPERTIES)
    wrong = [expected.sums[0] + 1.0, *expected.sums[1:]]
    with pytest.raises(WrongValuesError, match="'cost' add up to"):
        check_totals(Totals(expected.count, wrong), expected, MULTI_PROPERTIES)


def test_digest_tells_types_and_order_apart() -> None:
    cases: list[list[object]] = [[1], [1.0], [True], ["1"], [None], [1, 2], [2, 1], ["12"], []]
    assert len({digest(case) for case in cases}) == len(cases)


def test_a_run_writes_results_and_goes_on_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = BenchOptions(
        prims=(40,), formats=("usdc", "base"), tests=("file_size", "initial_load"), runs=2, warmup=0
    )
    calls = []

    def stop_at_third(request: object) -> object:
        calls.append(request)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run_worker(request)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr("usdparquet.bench.runner.run_worker", stop_at_third)
        with pytest.raises(KeyboardInterrupt):
            BenchRun(options, tmp_path, Quiet()).run()
    assert not (tmp_path / "results.json").exists()

    listener = Quiet()
    monkeypatch.setattr(
        "usdparquet.bench.runner.run_worker",
        lambda request: calls.append(request) or run_worker(request),
    )
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


def test_peak_agrees_with_the_kernel(scene: Scene) -> None:
    """Baseline plus peak is what the kernel counts for the whole process, which is never less."""
    answer = run_worker(RequestMaker(scene).request("initial_load", "usdc"))
    assert answer.metrics["peak_resident_mb"] >= answer.metrics["resident_mb"] - 0.5
    assert answer.metrics["resident_mb"] >= answer.metrics["anonymous_mb"] - 0.5
    assert answer.baseline_mb["resident"] > answer.baseline_mb["anonymous"] > 0
