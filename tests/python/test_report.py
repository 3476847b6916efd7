"""The report's content, without a browser."""

from __future__ import annotations

import json
import re

import pytest

from usdparquet.bench.results import Results
from usdparquet.report import render_report
from usdparquet.report.charts import charts
from usdparquet.report.findings import findings
from usdparquet.report.formatting import number, quantity, ratio, times


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
    assert "USDC is ahead in 1 of 9 rows: traversal, 6 properties." in texts
    assert "Loading the plugin costs a process 84.0 ms once" in texts
    assert "Not measured: an example of what was left out." in texts
    slower = [side for text, side in found.items() if "slower" in text]
    assert slower == ["usdc"]


def test_findings_change_sides_with_the_figures(example_results: Results) -> None:
    for entry in example_results.measurements:
        if entry.test == "initial_load" and entry.metric == "time_ms" and entry.format == "usdc":
            entry.samples[:] = [value / 100 for value in entry.samples]
    texts = "\n".join(finding.text for finding in findings(example_results, 1_000, "flat"))
    assert "8.60 ms with USDC: Parquet is 5.23 times slower." in texts


def test_findings_without_usdc_compare_nothing(example_results: Results) -> None:
    kept = [entry for entry in example_results.measurements if entry.format != "usdc"]
    example_results.measurements[:] = kept
    texts = "\n".join(finding.text for finding in findings(example_results, 1_000, "flat"))
    assert "USDC" not in texts


def test_charts_hold_the_means_with_error_bars(example_results: Results) -> None:
    by_id = {chart.id: chart.figure for chart in charts(example_results, 1_000, "flat")}
    assert set(by_id) == {
        f"{name}-1000-flat"
        for name in ("load", "traversal", "random", "memory", "size", "timeline")
    }
    load = {trace["name"]: trace for trace in by_id["load-1000-flat"]["data"]}
    assert list(load["USDC"]["y"]) == pytest.approx([320.0, 860.0])
    assert load["USDC"]["error_y"]["visible"]
    assert list(load["Bare stage"]["x"]) == ["Whole stage"]
    size = by_id["size-1000-flat"]["data"][0]
    assert not size["error_y"]["visible"]


def test_page_is_complete_and_loads_nothing(example_results: Results) -> None:
    page = render_report(example_results)
    without_plotly = re.sub(r"/\*\*\s*\* plotly\.js.*?</script>", "", page, flags=re.DOTALL)
    assert len(without_plotly) < 200_000
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
