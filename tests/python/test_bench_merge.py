"""Several results files in one report."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest

from usdparquet.bench.merge import merge_results
from usdparquet.bench.results import Results, ResultsError
from usdparquet.report import render_report
from usdparquet.report.scaling import fits


def _split(results: Results, largest: int) -> tuple[Results, Results]:
    """The results below `largest` prims, and those of it, as two runs would have measured them."""
    small, large = deepcopy(results), deepcopy(results)
    small.measurements = [entry for entry in results.measurements if entry.scale < largest]
    large.measurements = [entry for entry in results.measurements if entry.scale >= largest]
    large.series, large.refused, large.reduced = [], [], []
    small.plan |= {"prims": [1_000, 10_000], "hierarchies": ["flat"]}
    large.plan |= {"prims": [largest], "hierarchies": ["flat"], "runs": 3}
    large.environment |= {"date": "2025-01-03T03:04:05+00:00", "duration_seconds": 99.0}
    return small, large


def test_runs_of_other_scales_make_one_report(scaled_results: Results) -> None:
    small, large = _split(scaled_results, 100_000)
    merged = merge_results([("small.json", small), ("large.json", large)])
    assert {entry.key: entry.samples for entry in merged.measurements} == {
        entry.key: entry.samples for entry in scaled_results.measurements
    }
    assert merged.scenes() == [(1_000, "flat"), (10_000, "flat"), (100_000, "flat")]
    assert merged.plan["prims"] == [1_000, 10_000, 100_000]
    assert {fit.points[-1][0] for fit in fits(merged)} == {100_000}
    page = render_report(merged)
    assert "Run 1 of 2" in page
    assert "Run 2 of 2" in page
    assert f"a run has {small.plan['runs']} or 3 rounds" in page
    assert "2025-01-02T03:04:05" in page
    assert "2025-01-03T03:04:05" in page


def test_one_run_stays_as_it_is(example_results: Results) -> None:
    assert merge_results([("results.json", example_results)]) is example_results
    page = render_report(example_results)
    assert "<h3>Run</h3>" in page
    assert "a run has 5 rounds" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda run: run.environment.update(cpu="Another"),
            r"small.json and large.json do not belong .*: cpu: Example CPU <1> and Another$",
        ),
        (
            lambda run: run.environment.update(versions={"usdparquet": "0.2.0"}),
            r"usdparquet: 0.1.0 and 0.2.0; usd-core: 26.8 and None",
        ),
    ],
)
def test_runs_of_other_machines_or_versions_are_refused(
    scaled_results: Results, change: Callable[[Results], None], message: str
) -> None:
    small, large = _split(scaled_results, 100_000)
    change(large)
    with pytest.raises(ResultsError, match=message):
        merge_results([("small.json", small), ("large.json", large)])


def test_the_same_measurement_twice_is_refused(example_results: Results) -> None:
    runs = [("a.json", example_results), ("b.json", deepcopy(example_results))]
    with pytest.raises(ResultsError, match=r"a.json and b.json both measured .* at 1,000 prims"):
        merge_results(runs)


def test_one_file_given_twice_is_refused(example_results: Results) -> None:
    with pytest.raises(ResultsError, match=r"a.json and a.json both measured"):
        merge_results([("a.json", example_results)] * 2)
