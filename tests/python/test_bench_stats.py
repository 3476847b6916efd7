"""Statistics, the plan, the memory guard and the headline."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from usdparquet.bench.certainty import uncertain
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.memory_guard import predicted_bytes, refusal
from usdparquet.bench.partial import PartialResults
from usdparquet.bench.plan import (
    BenchOptions,
    Sample,
    case_samples,
    round_samples,
    scene_blocks,
    warmup_samples,
)
from usdparquet.bench.protocol import Answer, Series, StepAnswer
from usdparquet.bench.results import Results, ResultsError, load_results, measurements_of
from usdparquet.bench.sessions import TYPE_SESSION
from usdparquet.bench.stats import differ, difference, fit_power_law, is_above_zero, summarize
from usdparquet.bench.summary import TIE, headline


def test_summary_of_samples() -> None:
    summary = summarize([1.0, 2.0, 3.0, 6.0])
    assert summary.mean == 3.0
    assert summary.median == 2.5
    assert (summary.min, summary.max, summary.count) == (1.0, 6.0, 4)
    assert summary.std == pytest.approx(2.1602, abs=1e-4)  # of a sample: n - 1


def test_summary_of_one_sample_has_no_spread() -> None:
    assert summarize([5.0]).std == 0.0


def test_summary_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no samples"):
        summarize([])


def test_means_differ_only_beyond_their_noise() -> None:
    quiet_low, quiet_high = summarize([1.0, 1.01, 0.99]), summarize([1.2, 1.21, 1.19])
    noisy_low, noisy_high = summarize([0.5, 1.0, 1.5]), summarize([0.7, 1.2, 1.7])
    assert differ(quiet_low, quiet_high)
    assert not differ(noisy_low, noisy_high)


def test_few_samples_need_a_larger_difference() -> None:
    two, many = [1.0, 1.1], [1.0, 1.1] * 5
    assert not differ(summarize(two), summarize([value + 0.2 for value in two]))
    assert differ(summarize(many), summarize([value + 0.2 for value in many]))
    assert not differ(summarize([1.0]), summarize([100.0]))


def test_above_zero_only_beyond_the_noise() -> None:
    assert is_above_zero(summarize([1.0, 1.1, 0.9]))
    assert not is_above_zero(summarize([0.2, 0.5, -0.1]))
    assert not is_above_zero(summarize([-1.0, -1.1, -0.9]))
    assert not is_above_zero(summarize([5.0]))


def test_difference_adds_the_spreads() -> None:
    result = difference(summarize([9.0, 11.0]), summarize([3.0, 5.0]))
    assert result.mean == 6.0
    assert result.std == pytest.approx(2.0)


def test_more_confidence_needs_a_larger_difference() -> None:
    low, high = summarize([1.0, 1.1, 1.2]), summarize([1.45, 1.55, 1.65])
    assert differ(low, high)
    assert not differ(low, high, confidence=99)


def test_power_law_goes_through_its_points() -> None:
    law = fit_power_law([(10, 5.0), (100, 50.0), (1_000, 500.0)])
    assert law is not None
    assert law.slope == pytest.approx(1.0)
    assert law.at(10_000) == pytest.approx(5_000.0)
    assert law.deviation == pytest.approx(1.0)
    assert law.points == 3
    off = fit_power_law([(10, 5.0), (100, 60.0), (1_000, 500.0)])
    assert off is not None
    assert off.deviation > 1.1


@pytest.mark.parametrize(
    "points", [[], [(10, 1.0)], [(10, 1.0), (10, 2.0)], [(10, 0.0), (20, 1.0)]]
)
def test_no_power_law_without_two_positive_points(points: list[tuple[float, float]]) -> None:
    assert fit_power_law(points) is None


def test_a_round_holds_every_session_once_in_a_repeatable_order() -> None:
    options = BenchOptions(prims=(100,), tests=("initial_load", "layer_load", "random_access"))
    block = scene_blocks(options)[0]
    # The bare stage has no property layer to load.
    cells = {(name, session.name) for name in FORMATS for session in block.sessions}
    cells.remove(("base", "layer"))
    orders = set()
    for run in range(3):
        samples = round_samples(options, block, FORMATS, run)
        assert samples == round_samples(options, block, FORMATS, run)
        taken = [(sample.format, sample.session) for sample in samples]
        assert len(taken) == len(cells)
        assert set(taken) == cells
        orders.add(tuple(taken))
    assert len(orders) == 3
    other = dataclasses.replace(options, seed=7)
    assert round_samples(other, block, FORMATS, 0) != round_samples(options, block, FORMATS, 0)


def test_a_format_that_drops_out_leaves_the_order_of_the_others() -> None:
    options = BenchOptions(prims=(100,))
    block = scene_blocks(options)[0]
    every = round_samples(options, block, FORMATS, 1)
    without = round_samples(options, block, [name for name in FORMATS if name != "usdc"], 1)
    assert without == [sample for sample in every if sample.format != "usdc"]


def test_series_and_cold_loads_are_in_few_rounds() -> None:
    options = BenchOptions(prims=(100,))
    block = scene_blocks(options)[0]
    runs: dict[str, int] = {}
    for run in range(options.runs):
        for sample in round_samples(options, block, ["usdc"], run):
            runs[sample.session] = runs.get(sample.session, 0) + 1
    assert runs["timeline"] == 1
    assert runs["uncached"] == 5
    assert runs["traversal"] == options.runs


def test_warm_up_is_one_process_a_format() -> None:
    options = BenchOptions(prims=(100,), warmup=2)
    samples = warmup_samples(options, scene_blocks(options)[0], ("usdc", "base"))
    assert [(sample.format, sample.run) for sample in samples] == [
        ("usdc", -2),
        ("base", -2),
        ("usdc", -1),
        ("base", -1),
    ]
    assert all(sample.is_warmup for sample in samples)


def test_other_row_groups_are_scenes_of_their_own() -> None:
    options = BenchOptions(prims=(100, 10), hierarchies=("flat", "deep"), row_groups=(50, 5))
    blocks = scene_blocks(options)
    assert [(block.scene.prims, block.scene.hierarchy, block.variant) for block in blocks] == [
        (prims, hierarchy, variant)
        for prims in (10, 100)
        for hierarchy in ("flat", "deep")
        for variant in ("", "row_group_5")
    ]
    assert "usdc" not in blocks[1].formats


def test_cases_are_shuffled_anew_in_every_round() -> None:
    options = BenchOptions()
    cases = [(f"case_{number}", number) for number in range(5)]
    rounds = [case_samples(options, TYPE_SESSION, cases, ("usdc", "base"), run) for run in (0, 1)]
    assert rounds[0] != [dataclasses.replace(sample, run=0) for sample in rounds[1]]
    for samples in rounds:
        found = {((sample.variant, sample.prims), sample.format) for sample in samples}
        assert found == {(case, name) for case in cases for name in ("usdc", "base")}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"formats": ("usdz",)}, "unknown format 'usdz'; there are: usdc"),
        ({"tests": ("speed",)}, "unknown test 'speed'"),
        ({"tests": ()}, "no test to measure"),
        ({"prims": (0,)}, "at least 1"),
        ({"runs": 0}, "at least one run"),
        ({"row_groups": (0,)}, "at least one row"),
        ({"budget": 0.0}, "more than 0 seconds"),
        ({"type_cases": ("type_quad",)}, "unknown kind of property 'type_quad'"),
    ],
)
def test_bad_options_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(BenchOptions(), **changes)


def test_a_format_that_does_not_fit_is_refused_with_both_figures() -> None:
    assert refusal(10_000, "usdc", 24_000_000_000) is None
    reason = refusal(1_000_000, "usdc", 10_000_000_000)
    assert reason is not None
    assert "usdc at 1,000,000 prims" in reason
    assert "9.0 GB" in reason
    assert predicted_bytes(1_000_000, "parquet_zstd") < predicted_bytes(1_000_000, "usdc")


def _answer(time_ms: float) -> Answer:
    series = Series(["pass"], [[1.0]], [("load", 0.0)])
    step = StepAnswer({"time_ms": time_ms, "anonymous_mb": 1.0}, 1, series)
    return Answer(
        steps={"initial_load": step, "random_access": StepAnswer({"time_ms": 2.0}, 40)},
        plugin_load={"time_ms": 9.0},
        baseline_mb={"anonymous": 20.0, "resident": 40.0},
        peak_was_reset=True,
        seconds=1.5,
    )


def _sample(run: int) -> Sample:
    return Sample(100, "flat", "", "usdc", "random_access", run)


def test_warmup_runs_are_not_kept() -> None:
    samples = [(_sample(run), _answer(10.0 + run)) for run in (-1, 0, 1)]
    found = measurements_of(samples, ("initial_load", "random_access"))
    by_name = {(entry.test, entry.metric): entry for entry in found}
    assert by_name["initial_load", "time_ms"].samples == [10.0, 11.0]
    assert by_name["plugin_load", "time_ms"].samples == [9.0, 9.0]
    assert by_name["random_access", "time_ms"].operations == 40
    only = measurements_of(samples, ("random_access",))
    assert {entry.test for entry in only} == {"random_access", "plugin_load"}


def test_partial_results_continue_the_same_run_only(tmp_path: Path) -> None:
    path = tmp_path / "partial.jsonl"
    sample = _sample(0)
    PartialResults(path, {"run": 1}).add(sample, _answer(5.0))

    assert PartialResults(path, {"run": 1}).answer(sample) == _answer(5.0)
    assert PartialResults(path, {"run": 2}).answer(sample) is None


def test_partial_results_survive_a_line_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "partial.jsonl"
    first, second = _sample(0), _sample(1)
    partial = PartialResults(path, {})
    partial.add(first, _answer(5.0))
    partial.add(second, _answer(6.0))
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")

    continued = PartialResults(path, {})
    assert continued.answer(first) == _answer(5.0)
    assert continued.answer(second) is None
    continued.add(second, _answer(7.0))
    assert PartialResults(path, {}).answer(second) == _answer(7.0)


def test_fresh_forgets_what_was_done(tmp_path: Path) -> None:
    path = tmp_path / "partial.jsonl"
    sample = _sample(0)
    PartialResults(path, {}).add(sample, _answer(5.0))
    assert PartialResults(path, {}, fresh=True).answer(sample) is None


def test_results_are_read_back_as_written(example_results: Results, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    example_results.save(path)
    assert load_results(path) == example_results
    entry = json.loads(path.read_text(encoding="utf-8"))["measurements"][0]
    names = "test scale hierarchy format metric unit samples mean std min max median"
    assert set(names.split()) <= set(entry)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", "not a results file"),
        ('{"schema": 2}', "not a results file of schema 1"),
        ('{"schema": 1, "environment": {}, "measurements": [{}]}', "not as the schema says"),
    ],
)
def test_a_bad_results_file_is_named(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ResultsError, match=message) as caught:
        load_results(path)
    assert "bad.json" in str(caught.value)


def test_headline_finds_ratios_and_winners(example_results: Results) -> None:
    rows = {row.spec.key: row for row in headline(example_results, 1_000, "flat")}
    assert rows["initial_load"].ratio("parquet_zstd") == pytest.approx(860 / 45)
    assert rows["initial_load"].ratio("usdc") is None
    assert rows["initial_load"].ratio("base") is None
    assert rows["file_size"].winner == "parquet_zstd_indexed"
    assert rows["multi_traversal"].winner == "usdc"
    assert rows["traversal"].winner == TIE
    # What the layer adds to the bare stage: 123.0 - 9.6 against 13.0 - 9.6.
    assert rows["layer_memory"].values["usdc"].mean == pytest.approx(113.4)
    assert "base" not in rows["layer_memory"].values


def test_a_share_that_cannot_be_told_from_zero_wins_nothing(example_results: Results) -> None:
    # A hair over the bare stage's 9.6 MB with ten times that as noise, below it, and well over it.
    shares = {
        "parquet_none": [9.61, 9.71, 9.51],
        "parquet_snappy": [9.0, 9.0, 9.0],
        "parquet_zstd": [30.0, 30.1, 29.9],
        "parquet_zstd_indexed": [40.0, 40.1, 39.9],
    }
    for entry in example_results.measurements:
        if (entry.test, entry.metric) == ("multi_property_traversal", "anonymous_mb"):
            entry.samples[:] = shares.get(entry.format, entry.samples)
    row = {row.spec.key: row for row in headline(example_results, 1_000, "flat")}["layer_memory"]
    assert row.ratio("parquet_none") is None
    assert row.ratio("parquet_snappy") is None
    assert row.ratio("parquet_zstd") == pytest.approx(113.4 / 20.4)
    assert row.winner == row.best_parquet == "parquet_zstd"

    for entry in example_results.measurements:
        if (entry.test, entry.metric) == ("multi_property_traversal", "anonymous_mb"):
            is_parquet = entry.format.startswith("parquet")
            entry.samples[:] = shares["parquet_snappy"] if is_parquet else entry.samples
    row = {row.spec.key: row for row in headline(example_results, 1_000, "flat")}["layer_memory"]
    assert (row.winner, row.best_parquet, row.side) == (None, None, "neutral")
    assert row.is_too_small


def test_what_is_certain_is_not_repeated() -> None:
    # Of three rounds: the load is known within 1.5 %, the traversal within 9 %.
    times = {"load": [100.0, 101.0, 100.5], "traversal": [50.0, 52.0, 53.0]}
    options = BenchOptions(certain_within=0.05)

    def answer(sample: Sample) -> Answer | None:
        if sample.format == "base" or sample.run >= 3:
            return None
        tests = ("load", "traversal") if sample.session == "traversal" else ("load",)
        steps = {test: StepAnswer({"time_ms": times[test][sample.run]}, 1) for test in tests}
        return Answer(steps, {}, {}, True)

    def kept(run: int, options: BenchOptions = options) -> list[tuple[str, str]]:
        samples = [
            Sample(1000, "flat", "", name, session, run)
            for name in ("usdc", "base")
            for session in ("layer", "traversal")
        ]
        return [(each.format, each.session) for each in uncertain(options, samples, answer)]

    unknown = [("base", "layer"), ("base", "traversal")]
    every = [("usdc", "layer"), ("usdc", "traversal"), *unknown]
    assert kept(2) == every  # two samples are fewer than the least number of runs
    assert kept(3) == [("usdc", "traversal"), *unknown]
    assert kept(3, dataclasses.replace(options, certain_within=0.2)) == unknown
    assert kept(3, dataclasses.replace(options, certain_within=0.0)) == every
