"""The report's content, without a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from usdparquet.bench.results import Results, ResultsError, load_results
from usdparquet.bench.summary import headline, own_share
from usdparquet.report import render_report, write_markdown
from usdparquet.report.charts import scene_charts
from usdparquet.report.compare import compare
from usdparquet.report.figures import COLORS, Chart
from usdparquet.report.findings import findings
from usdparquet.report.formatting import listed, number, quantity, ratio, significance, times
from usdparquet.report.markdown import render_markdown
from usdparquet.report.memory import memory_charts, memory_rows
from usdparquet.report.playback import playback_chart
from usdparquet.report.property_types import type_charts, type_rows
from usdparquet.report.recommend import recommendations
from usdparquet.report.reference_note import render_reference_note
from usdparquet.report.scaling import fit_rows, fits, scaling_chart


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.00012, "0.0001"),
        (0.0314, "0.031"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (123.4, "123"),
        (12_345.6, "12,346"),
        (-3.2, "-3.20"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_quantities_use_readable_units() -> None:
    assert quantity(1_474_390, "B") == "1.47 MB"
    assert quantity(12_500, "ms") == "12.5 s"
    assert quantity(45, "ms") == "45.0 ms"
    assert ratio(None) == "\u2013"
    assert times(1.04) == "4.00 %"
    assert times(3) == "3.00 times"


def test_findings_follow_the_figures(example_results: Results) -> None:
    found = {finding.text: finding.side for finding in findings(example_results, 1_000, "flat")}
    texts = "\n".join(found)
    assert "Opening the stage takes 45.0 ms" in texts
    assert "Parquet is 19.1 times faster." in texts
    assert "160 ms with Parquet uncompressed and 130 ms with USDC: Parquet is 1.23 times" in texts
    assert "no difference beyond the noise" in texts
    assert (
        "USDC is ahead of the best Parquet file in 3 of the 11 rows: traversal, 6 properties, "
        "first value, first 6 values of a prim."
    ) in texts
    assert "some of the Parquet files" not in texts
    assert "Loading the plugin costs a process 84.0 ms once" in texts
    assert "Not measured: an example of what was left out." in texts
    assert "Sampled fewer times than the 10 that were asked for" in texts
    assert "takes long: USDC 5 (31.5 s a round)." in texts
    assert "Nine more traversals of the same stage add less than 0.500 MB" in texts
    assert "From disk, with nothing in the page cache, the stage opens in 60.0 ms" in texts
    slower = [side for text, side in found.items() if "slower" in text]
    assert slower == ["usdc"] * 3


def test_a_row_that_only_some_parquet_files_win_is_named(example_results: Results) -> None:
    _changed(example_results, "random_access", "parquet_snappy", "time_ms", 2.0)
    _changed(example_results, "file_size", "parquet_none", "bytes", 2.0)
    found = {finding.text: finding.side for finding in findings(example_results, 1_000, "flat")}
    (text,) = [text for text in found if "some of the Parquet files" in text]
    assert text.endswith("It is ahead of some of the Parquet files in: random access, file size.")
    assert found[text] == "usdc"


def test_findings_change_sides_with_the_figures(example_results: Results) -> None:
    for entry in example_results.measurements:
        if entry.test == "initial_load" and entry.metric == "time_ms" and entry.format == "usdc":
            entry.samples[:] = [value / 100 for value in entry.samples]
    texts = "\n".join(finding.text for finding in findings(example_results, 1_000, "flat"))
    assert "8.60 ms with USDC: Parquet is 5.23 times slower." in texts


def test_a_share_within_the_noise_has_no_ratio(example_results: Results) -> None:
    for entry in example_results.measurements:
        if (entry.test, entry.metric) == ("multi_property_traversal", "anonymous_mb"):
            is_parquet = entry.format.startswith("parquet")
            # A hair over the bare stage's 9.6 MB, with ten times that as noise.
            entry.samples[:] = [9.61, 9.71, 9.51] if is_parquet else entry.samples
    (row,) = [row for row in headline(example_results, 1_000, "flat") if row.spec.over_bare_stage]
    assert row.best_parquet is not None
    assert row.ratio(row.best_parquet) is None
    texts = "\n".join(finding.text for finding in findings(example_results, 1_000, "flat"))
    assert "The property layer itself holds 113 MB with USDC. With Parquet" in texts
    assert "takes no more than the bare stage, beyond the noise" in texts


def test_a_share_below_nothing_is_not_recommended_as_a_figure(example_results: Results) -> None:
    for entry in example_results.measurements:
        if (entry.test, entry.metric) == ("multi_property_traversal", "anonymous_mb"):
            is_parquet = entry.format.startswith("parquet")
            entry.samples[:] = [9.0, 9.1, 8.9] if is_parquet else entry.samples
    texts = "\n".join(entry.text for entry in recommendations(example_results))
    assert "USDC layer, less than what composing the stage varies by for a Parquet layer" in texts


def test_findings_without_usdc_compare_nothing(example_results: Results) -> None:
    kept = [entry for entry in example_results.measurements if entry.format != "usdc"]
    example_results.measurements[:] = kept
    example_results.reduced.clear()
    texts = "\n".join(finding.text for finding in findings(example_results, 1_000, "flat"))
    assert "USDC" not in texts


def _by_id(results: Results) -> dict[str, Chart]:
    charts = [chart for tab in scene_charts(results).values() for chart in tab]
    charts += [*memory_charts(results), scaling_chart(results), *type_charts(results)]
    charts.append(playback_chart(results))
    return {chart.id: chart for chart in charts}


def test_charts_hold_the_means_with_error_bars(scaled_results: Results) -> None:
    charts = _by_id(scaled_results)
    load = {trace["meta"]: trace for trace in charts["load"].figures["1000-flat"][""]["data"]}
    assert list(load["usdc"]["y"]) == pytest.approx([320.0, 860.0, 820.0])
    assert load["usdc"]["error_y"]["visible"]
    assert list(load["base"]["x"]) == ["Whole stage"]
    size = charts["size"].figures["1000-flat"][""]["data"][0]
    assert not size["error_y"]["visible"]
    reads = charts["reads"].figures["1000-flat"][""]["data"][0]
    assert list(reads["y"]) == pytest.approx([2.8, 3.0, 3.1])  # microseconds a value
    assert set(charts["load"].figures) == {"1000-flat", "10000-flat", "100000-flat"}
    frames = charts["playback"].figures["*"]["Playback"]["data"][0]
    assert list(frames["y"]) == pytest.approx([9.05, 9.05])  # ms a frame
    # The timeline was taken in one scene.
    assert set(charts["timeline"].figures) == {"1000-flat"}


def test_every_trace_says_its_format(scaled_results: Results) -> None:
    for chart in _by_id(scaled_results).values():
        for options in chart.figures.values():
            for figure in options.values():
                assert figure["data"]
                assert {trace["meta"] for trace in figure["data"]} <= set(COLORS)


def test_memory_can_be_chosen_by_test(scaled_results: Results) -> None:
    options = _by_id(scaled_results)["memory"].figures["1000-flat"]
    assert set(options) >= {"Layer load", "Initial load", "Traversal, six properties"}
    usdc = next(trace for trace in options["Initial load"]["data"] if trace["meta"] == "usdc")
    assert list(usdc["y"]) == pytest.approx([122.0, 112.5, 126.0, 130.0])


def test_memory_rows_hold_the_layers_share_and_its_significance(example_results: Results) -> None:
    rows = {(row.test, row.format): row for row in memory_rows(example_results, 1_000, "flat")}
    usdc = rows["Initial load", "USDC"]
    assert (usdc.anonymous, usdc.over_bare, usdc.level) == ("122", "112", "High")
    assert usdc.per_prim == "112,500"
    assert rows["Initial load", "Parquet zstd"].level == "Low"
    assert rows["Layer load", "Parquet zstd"].level == "Minimal"
    assert rows["Initial load", "Bare stage"].level == ""


@pytest.mark.parametrize(
    ("megabytes", "level"),
    [
        (-0.2, "Minimal"),
        (0.09, "Minimal"),
        (0.1, "Low"),
        (10, "Medium"),
        (99, "Medium"),
        (100, "High"),
    ],
)
def test_significance_has_four_levels(megabytes: float, level: str) -> None:
    assert significance(megabytes) == level


def test_share_falls_back_to_the_load_of_the_bare_stage(example_results: Results) -> None:
    kept = [
        entry
        for entry in example_results.measurements
        if (entry.test, entry.format) != ("multi_property_traversal", "base")
    ]
    example_results.measurements[:] = kept
    share = own_share(example_results, "multi_property_traversal", "usdc", 1_000, "flat")
    assert share is not None
    assert share.mean == pytest.approx(123.0 - 9.5)


def test_scaling_finds_the_slopes(scaled_results: Results) -> None:
    found = {(fit.measure, fit.format): fit for fit in fits(scaled_results)}
    usdc = found["Initial load (stage)", "usdc"]
    assert usdc.law.slope == pytest.approx(1.0)
    assert usdc.next_scale == 1_000_000
    assert usdc.predicted == pytest.approx(860_000.0)
    assert found["Initial load (stage)", "parquet_zstd"].law.slope == pytest.approx(0.5)
    row = next(row for row in fit_rows(scaled_results) if row.format == "USDC")
    assert (row.slope, row.next_scale) == ("1.00", "1,000,000")


def test_one_scale_has_no_slope(example_results: Results) -> None:
    assert fits(example_results) == []
    assert scaling_chart(example_results).figures == {}
    assert "Scaling needs two numbers of prims" in render_report(example_results)


def test_type_rows_name_who_reads_faster(example_results: Results) -> None:
    rows = {row.title: row for row in type_rows(example_results)}
    assert rows["bool"].side == "parquet"
    assert (rows["bool"].usdc, rows["bool"].parquet) == ("9.00 µs", "8.00 µs")
    assert rows["string, 100 letters"].side == "usdc"


def test_recommendations_follow_the_figures(scaled_results: Results) -> None:
    found = {entry.text: entry.side for entry in recommendations(scaled_results)}
    texts = "\n".join(found)
    assert "Parquet where stages are opened often: needs 19.1 to 191 times less" in texts
    assert "in all 3 scenes" in texts
    assert (
        "USDC where several properties of every prim are read from Python: needs 1.23 times less "
        "at 1,000 prims, flat." in texts
    )
    # 860 - 45 ms sooner, 160 - 130 ms longer.
    assert "traversed more than 28 times at 1,000 prims, flat" in texts
    assert "USDC for reading string, 10 letters; string, 100 letters" in texts
    for text, side in found.items():
        assert side == {"P": "parquet", "U": "usdc"}.get(text[0], "neutral")


def test_recommendations_change_sides_with_the_figures(scaled_results: Results) -> None:
    for entry in scaled_results.measurements:
        if entry.format == "usdc":
            entry.samples[:] = [value / 1e4 for value in entry.samples]
    for entry in recommendations(scaled_results):
        assert entry.side != "parquet"


def _changed(results: Results, test: str, name: str, metric: str, factor: float) -> None:
    for entry in results.measurements:
        if (entry.test, entry.format, entry.metric, entry.scale) == (test, name, metric, 1_000):
            entry.samples[:] = [value * factor for value in entry.samples]


def test_comparison_shows_what_changed_beyond_the_noise(
    example_results: Results, tmp_path: Path
) -> None:
    path = tmp_path / "old.json"
    example_results.save(path)
    old = load_results(path)
    assert compare(old, example_results).changes == []

    _changed(example_results, "initial_load", "parquet_zstd", "time_ms", 2.0)
    _changed(example_results, "layer_load", "parquet_zstd", "time_ms", 1.04)  # within 5 %
    _changed(example_results, "file_size", "parquet_none", "bytes", 0.99)
    example_results.environment["versions"]["usdparquet"] = "0.2.0"
    found = compare(old, example_results)
    assert [(change.test, change.format, round(change.percent)) for change in found.changes] == [
        ("initial_load", "Parquet zstd", 100),
        ("file_size", "Parquet uncompressed", -1),
    ]
    assert [change.is_better for change in found.changes] == [False, True]
    assert found.differences == ["usdparquet: 0.1.0 \u2192 0.2.0"]
    page = render_report(example_results, old)
    assert "Since 2025-01-02" in page
    assert "+100.0 %" in page
    text = render_markdown(example_results, old)
    assert "2 of " in text
    assert "| initial_load, time_ms, Parquet zstd, 1,000 flat |" in text


def test_a_slower_machine_is_no_change(example_results: Results, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    example_results.save(path)
    for entry in example_results.measurements:
        if entry.metric == "time_ms":
            entry.samples[:] = [value * 1.3 for value in entry.samples]
    found = compare(load_results(path), example_results)
    assert found.drift_percent == pytest.approx(30.0)
    assert found.changes == []


def test_markdown_has_the_headline_and_the_findings(
    example_results: Results, tmp_path: Path
) -> None:
    path = tmp_path / "folder" / "summary.md"
    write_markdown(example_results, path)
    text = path.read_text(encoding="utf-8")
    assert "### 1,000 prims, flat" in text
    assert "| Initial load (stage) | 860 ms \u00b1 19.2 ms |" in text
    assert "(19.1\u00d7)" in text
    assert "- USDC is ahead of the best Parquet file in 3 of the 11 rows" in text


def test_reference_note_says_what_was_measured(scaled_results: Results) -> None:
    text = render_reference_note(scaled_results)
    assert (
        "| Initial load | 47.0 ms | 856 ms | 18.2\u00d7 | 37.9 ms \u00b1 0.849 ms | 8,200 ms"
        in text
    )
    assert "USDC takes 9.58 times more than in the note" in text
    assert "the memory comes with the open, not with the traversal" in text
    assert "| 100,000 prims | 467 MB | about 0 | 12,204 MB" in text
    assert "| 1,000,000 prims | 4,600 MB | about 0 |" in text
    assert "predicted" in text


def test_reference_note_needs_its_scene(example_results: Results) -> None:
    with pytest.raises(ResultsError, match="10,000 prims, flat"):
        render_reference_note(example_results)


def test_lists_read_as_sentences() -> None:
    assert [listed(list("abc")[:count]) for count in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert listed(["a", "b, x", "c"]) == "a; b, x; and c"


def test_page_is_complete_and_loads_nothing(example_results: Results) -> None:
    page = render_report(example_results)
    without_plotly = re.sub(r"/\*\*\s*\* plotly\.js.*?</script>", "", page, flags=re.DOTALL)
    assert len(without_plotly) < 400_000
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", without_plotly)
    assert "@import" not in without_plotly
    assert "Example CPU &lt;1&gt;" in page
    assert "19.1\u00d7" in page


def test_embedded_json_cannot_end_its_script(example_results: Results) -> None:
    series = example_results.series[0].series
    series.phases[0] = ("</script><b>", 0.0)
    page = render_report(example_results)
    found = re.search(r'id="figures">(.*?)</script>', page, flags=re.DOTALL)
    assert found is not None
    assert "</script><b>" in str(json.loads(found.group(1)))


def test_a_report_of_few_tests_renders(example_results: Results) -> None:
    kept = [entry for entry in example_results.measurements if entry.test == "file_size"]
    example_results.measurements[:] = kept
    example_results.series.clear()
    page = render_report(example_results)
    assert "File size" in page
    assert "Traversal, 6 properties" not in page
    assert "Not measured in this run" in page
