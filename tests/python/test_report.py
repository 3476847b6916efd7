"""The report's content, without a browser."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from usdparquet.bench.results import Results, ResultsError, load_results
from usdparquet.bench.stats import summarize
from usdparquet.bench.summary import own_share
from usdparquet.report import render_report, write_markdown
from usdparquet.report.axes import count_axis, fitting_unit, log_axis, tick_text
from usdparquet.report.charts import scene_charts
from usdparquet.report.compare import compare
from usdparquet.report.figures import COLORS, Chart
from usdparquet.report.formatting import (
    listed,
    number,
    quantity,
    ratio,
    ratio_range,
    significance,
    spread,
)
from usdparquet.report.markdown import render_markdown
from usdparquet.report.memory import memory_charts, memory_rows
from usdparquet.report.playback import playback_chart
from usdparquet.report.property_types import type_charts, type_rows
from usdparquet.report.reference_note import reference_tables, write_reference_tables
from usdparquet.report.scaling import fit_rows, fits, scaling_chart
from usdparquet.report.sections import scene_sections
from usdparquet.report.timeline import sampling_costs
from usdparquet.report.verdicts import SHOWN, Verdict, lead, remarks, verdicts


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
    assert quantity(12_119, "MB") == "12.1 GB"
    assert spread(summarize([26_000, 28_000]), "ms") == "± 1.41 s"
    assert ratio_range([1.04, 1.642]) == "1.04 to 1.64\u00d7"
    assert ratio_range([1.07]) == "1.07\u00d7"


@pytest.mark.parametrize(
    ("unit", "peak", "shown", "factor"),
    [
        ("ms", 70_592, "s", 1e-3),
        ("ms", 860, "ms", 1.0),
        ("ms", 0.4, "µs", 1e3),
        ("MB", 12_119, "GB", 1e-3),
        ("µs per value", 3_000, "ms per value", 1e-3),
        ("bytes per prim", 12_300, "kB per prim", 1e-3),
        ("ms", 0, "µs", 1e3),
    ],
)
def test_charts_are_in_the_unit_of_their_figures(
    unit: str, peak: float, shown: str, factor: float
) -> None:
    assert fitting_unit(unit, peak) == (shown, pytest.approx(factor))


def test_ticks_of_logarithmic_axes_say_their_unit() -> None:
    assert [tick_text(value, "ms") for value in (0.01, 1, 10, 1e3, 1e6)] == [
        *("10 µs", "1 ms", "10 ms", "1 s", "1,000 s"),
    ]
    assert tick_text(1_000, "MB") == "1 GB"
    axis = log_axis([0.34, 27_200.0], "ms")
    assert (axis["type"], len(axis["tickvals"])) == ("log", len(axis["ticktext"]))
    assert {"1 ms", "100 s"} <= set(axis["ticktext"])
    # Close figures are on a linear axis, where a tick at each power of ten would be none.
    assert log_axis([0.9, 1.4], "µs per value")["ticksuffix"] == " µs"
    assert "5 µs" in log_axis([0.9, 20.0], "µs per value")["ticktext"]
    assert "1,000,000" in count_axis("prims")["ticktext"]


def _verdicts(results: Results) -> dict[str, Verdict]:
    return {row.use: row for row in verdicts(results)}


def test_verdicts_follow_the_figures(scaled_results: Results) -> None:
    found = _verdicts(scaled_results)
    load = found["Opening the stage"]
    assert (load.ahead, load.side) == ("Parquet", "parquet")
    assert load.parquet == "all 3 scenes, 19.1 to 191\u00d7"
    assert (load.usdc, load.tie) == ("", "")
    walk = found["Reading six properties of every prim"]
    assert (walk.parquet, walk.usdc) == (
        "2 of 3 scenes, 2.57 to 8.12\u00d7",
        "1 of 3 scenes, 1.23\u00d7",
    )
    assert walk.ahead == "mostly Parquet"
    assert found["Reading one property of every prim"].tie == "1 of 3 scenes"
    assert found["Reading one kind of property"].usdc.startswith("4 of 24 kinds")


def test_verdicts_change_sides_with_the_figures(scaled_results: Results) -> None:
    for entry in scaled_results.measurements:
        if entry.format == "usdc":
            entry.samples[:] = [value / 1e4 for value in entry.samples]
    for row in verdicts(scaled_results):
        assert (row.side, row.parquet) == ("usdc", ""), row.use


def _share_at(results: Results, scale: int, samples: list[float]) -> None:
    """Give the process with any Parquet layer this memory; the bare stage has 9.6 MB."""
    for entry in results.measurements:
        is_own = (entry.test, entry.metric) == ("multi_property_traversal", "anonymous_mb")
        if is_own and entry.scale == scale and entry.format.startswith("parquet"):
            entry.samples[:] = samples


@pytest.mark.parametrize("samples", [[9.61, 9.71, 9.51], [9.0, 9.1, 8.9]], ids=["noise", "below"])
def test_a_share_that_cannot_be_told_from_zero_counts_nowhere(
    scaled_results: Results, samples: list[float]
) -> None:
    assert _verdicts(scaled_results)["Memory of the property layer alone"].parquet.startswith(
        "all 3 scenes"
    )
    _share_at(scaled_results, 1_000, samples)
    found = _verdicts(scaled_results)["Memory of the property layer alone"]
    assert found.parquet.startswith("all 2 scenes, ")
    section = next(one for one in scene_sections(scaled_results) if one.id == "1000-flat")
    row = next(row for row in section.rows if row.title == "Memory, layer alone")
    assert (row.winner, row.side) == ("Too small to tell", "neutral")
    cells = [cell for cell in row.cells if cell]
    assert not any(cell.wins for cell in cells)
    assert {cell.ratio for cell in cells if not cell.is_told} == {"too small to tell"}
    bar = next(bar for bar in section.picture if bar.title == "Memory, layer alone")
    assert (bar.side, bar.text, bar.percent) == ("neutral", "too small to tell", 0.0)
    for memory in section.memory:
        if (memory.test, memory.format) == ("Traversal, six properties", "Parquet zstd"):
            assert (memory.over_bare, memory.level, memory.per_prim) == (
                "too small to tell",
                "",
                "",
            )
    charts = {chart.id: chart for chart in memory_charts(scaled_results)}
    drawn = charts["memory-prim"].figures["1000-flat"][""]["data"]
    walks = {trace["meta"] for trace in drawn if "Traversal,<br>six properties" in trace["x"]}
    assert walks == {"usdc"}
    text = render_markdown(scaled_results)
    assert "| Memory, layer alone | Too small to tell |" in text
    # Nor is a law fitted to it.
    law = next(fit for fit in fits(scaled_results) if fit.measure == "Memory, layer alone")
    assert law.format == "usdc"
    parquet = [fit for fit in fits(scaled_results) if fit.measure == law.measure][1:]
    assert {tuple(scale for scale, _ in fit.points) for fit in parquet} == {(10_000, 100_000)}


def test_without_usdc_nothing_is_compared(example_results: Results) -> None:
    kept = [entry for entry in example_results.measurements if entry.format != "usdc"]
    example_results.measurements[:] = kept
    assert verdicts(example_results) == []
    summary = lead(example_results)
    assert summary is not None
    assert summary.needs == []
    assert scene_sections(example_results)[0].picture == []


def test_the_lead_speaks_of_the_largest_scene(scaled_results: Results) -> None:
    summary = lead(scaled_results)
    assert summary is not None
    assert summary.prims == "100,000"
    assert [side for side, _ in summary.needs] == ["Parquet"]
    assert "time to open the scene (191\u00d7), memory (" in summary.needs[0][1]
    assert summary.advice.startswith("Parquet where scenes are opened often, memory is short")
    _changed(scaled_results, "random_access", "usdc", "time_ms", 0.001, scale=100_000)
    summary = lead(scaled_results)
    assert summary is not None
    assert summary.needs[1][0] == "USDC"
    assert "and USDC where a scene stays open" in summary.advice
    assert scene_sections(scaled_results)[0].id == "100000-flat"


def test_remarks_say_what_the_table_cannot(example_results: Results) -> None:
    texts = "\n".join(remarks(example_results))
    # 860 - 45 ms sooner, 160 - 130 ms longer.
    assert "USDC is ahead from 28 such readings on" in texts
    assert "66.0 ms is the walk through the stage in Python" in texts
    assert "A process pays up to 84.0 ms once" in texts
    assert "adds at most 0.200 MB of memory" in texts


def test_results_without_a_scene_render(example_results: Results) -> None:
    kept = [entry for entry in example_results.measurements if entry.variant]
    example_results.measurements[:] = [entry for entry in kept if entry.test.startswith("property")]
    assert lead(example_results) is None
    assert remarks(example_results) == []
    assert "Property types" in render_report(example_results)


def test_sampling_says_what_it_cost(example_results: Results) -> None:
    for entry in example_results.series:
        if entry.test == "memory_timeline" and entry.format == "usdc":
            entry.series.phases[:] = [("load", 0.0), ("traverse", 1_720.0), ("end", 2_000.0)]
    found = {row.format: row for row in sampling_costs(example_results, 1_000, "flat")}
    usdc = found["USDC"]
    assert (usdc.sampled, usdc.otherwise, usdc.longer) == ("1,720 ms", "860 ms", "2.00\u00d7")
    assert usdc.is_slower
    # 40 ms, where the bare stage takes 32.0 +- 0.7 ms.
    assert found["Bare stage"].longer == "1.25\u00d7"
    assert found["Bare stage"].is_slower
    page = render_report(example_results)
    assert "<td>2.00\u00d7</td><td>1,720 ms</td>" in page


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
    large = charts["load"].figures["100000-flat"][""]
    drawn = next(trace for trace in large["data"] if trace["meta"] == "usdc")
    assert list(drawn["y"]) == pytest.approx([32.0, 86.0, 82.0])
    assert large["layout"]["yaxis"]["ticksuffix"] == " s"
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


def _changed(
    results: Results, test: str, name: str, metric: str, factor: float, scale: int = 1_000
) -> None:
    for entry in results.measurements:
        if (entry.test, entry.format, entry.metric, entry.scale) == (test, name, metric, scale):
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
    assert "| 860 ms \u00b1 19.2 ms |" in text
    assert "(19.1\u00d7)" in text
    assert text.index("So use Parquet where") < text.index("### Findings")
    shown = text[text.index("### Findings") : text.index("<details>")]
    assert len(re.findall(r"^\| ", shown, flags=re.MULTILINE)) == 2 + SHOWN
    assert "| Opening the stage | Parquet | 19.1\u00d7 |" in shown


def test_reference_tables_hold_what_was_measured(scaled_results: Results) -> None:
    text = reference_tables(scaled_results)
    assert (
        "| Initial load | 47.0 ms | 856 ms | 18.2\u00d7 | 37.9 ms \u00b1 0.849 ms | 8,200 ms"
        in text
    )
    assert "| 100,000 prims | 467 MB | about 0 | 12.2 GB" in text
    assert "| 1,000,000 prims | 4,600 MB | about 0 | \u2013 | \u2013 |" in text
    _share_at(scaled_results, 10_000, [0.1, 0.1, 0.1])
    text = reference_tables(scaled_results)
    assert re.search(r"six properties \|.*\| too small to tell \| [\d,]+ MB .*\| \u2013 \|", text)


def test_reference_tables_are_put_between_the_marks_of_a_page(
    scaled_results: Results, tmp_path: Path
) -> None:
    page = tmp_path / "note.md"
    page.write_text(
        "# By hand\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nmore\n", encoding="utf-8"
    )
    write_reference_tables(scaled_results, page)
    tables = reference_tables(scaled_results)
    assert page.read_text(encoding="utf-8") == (
        f"# By hand\n<!-- figures: begin -->\n{tables}\n<!-- figures: end -->\nmore\n"
    )
    page.write_text("# By hand\n", encoding="utf-8")
    with pytest.raises(ResultsError, match="has no lines '<!-- figures: begin -->'"):
        write_reference_tables(scaled_results, page)
    assert page.read_text(encoding="utf-8") == "# By hand\n"


def test_reference_tables_need_their_scene(example_results: Results) -> None:
    with pytest.raises(ResultsError, match="10,000 prims, flat"):
        reference_tables(example_results)


def test_lists_read_as_sentences() -> None:
    assert [listed(list("abc")[:count]) for count in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_page_is_complete_and_loads_nothing(example_results: Results) -> None:
    page = render_report(example_results)
    without_plotly = re.sub(r"/\*\*\s*\* plotly\.js.*?</script>", "", page, flags=re.DOTALL)
    assert len(without_plotly) < 400_000
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", without_plotly)
    assert "@import" not in without_plotly
    assert "Example CPU &lt;1&gt;" in page
    assert "19.1\u00d7" in page


def test_embedded_json_cannot_end_its_script(example_results: Results) -> None:
    first = example_results.measurements[0]
    example_results.measurements[0] = dataclasses.replace(first, variant="</script><b>")
    page = render_report(example_results)
    found = re.search(r'id="raw-rows">(.*?)</script>', page, flags=re.DOTALL)
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
