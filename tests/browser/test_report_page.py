"""The report in a real browser, opened from disk without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from usdparquet.bench.results import Results
from usdparquet.report import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TABS = {
    "overview": (),
    "load": ("load", "uncached", "row-groups"),
    "properties": ("first-read", "reads"),
    "traversal": ("traversal", "passes", "playback"),
    "random": ("random",),
    "memory": ("memory", "memory-prim", "growth", "timeline"),
    "size": ("size", "size-prim"),
    "scaling": ("scaling",),
    "types": ("types-types", "types-strings", "types-arrays", "types-columns"),
    "raw": (),
    "method": (),
}
PHONE, DESKTOP = 390, 1280


class Opened:
    """A page with everything that it complained about or tried to load."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def _console(self, message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            self.problems.append(str(getattr(message, "text", message)))


@pytest.fixture
def report(scaled_results: Results, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    write_report(scaled_results, path)
    return path


@pytest.fixture(params=[("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE), ("dark", PHONE)])
def opened(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Opened]:
    scheme, width = request.param
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, offline=True
    )
    result = Opened(context.new_page())
    result.page.goto(report.as_uri())
    yield result
    context.close()


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    opened_page = browser.new_page(viewport={"width": DESKTOP, "height": 900})
    opened_page.goto(report.as_uri())
    yield opened_page
    opened_page.close()


def _show(page: Page, tab: str) -> None:
    page.click(f"#tab-{tab}")
    assert page.locator(f"#panel-{tab}").is_visible()


def test_every_tab_shows_its_charts_without_a_complaint(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    width = page.viewport_size["width"] if page.viewport_size else 0
    for tab, charts in TABS.items():
        _show(page, tab)
        assert page.locator("[role=tabpanel]:visible").count() == 1
        shown = page.locator(f"#panel-{tab} [data-chart]:visible")
        names = [shown.nth(index).get_attribute("data-chart") for index in range(shown.count())]
        assert tuple(names) == charts
        for name in charts:
            chart = page.locator(f"#chart-{name}")
            chart.locator(".main-svg").first.wait_for()
            assert chart.locator(".point path, .js-line").count() > 0, name
            box = chart.bounding_box()
            assert box is not None
            assert box["height"] > 200
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
        picture = tmp_path / f"{tab}.png"
        page.screenshot(path=str(picture), full_page=True)
        assert picture.stat().st_size > 10_000
    assert opened.problems == []
    own = [url for url in opened.requests if not url.startswith(("file:", "data:", "blob:"))]
    assert own == []


def test_theme_follows_the_system_and_the_button(opened: Opened) -> None:
    page = opened.page
    _show(page, "load")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    theme = page.evaluate("document.documentElement.dataset.theme")
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert theme == ("dark" if dark else "light")
    page.click("#theme")
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after
    text = page.evaluate("getComputedStyle(document.body).color")
    label = "getComputedStyle(document.querySelector('#chart-load .xtick text')).fill"
    assert page.evaluate(label) == text


def test_arrow_keys_move_through_the_tabs(page: Page) -> None:
    page.focus("#tab-overview")
    for key, expected in (
        ("ArrowRight", "load"),
        ("End", "method"),
        ("ArrowRight", "overview"),
        ("ArrowLeft", "method"),
        ("Home", "overview"),
    ):
        page.keyboard.press(key)
        focused = page.evaluate("document.activeElement.id")
        assert focused == f"tab-{expected}"
        assert page.get_attribute(f"#tab-{expected}", "aria-selected") == "true"
        assert page.locator("[role=tab][tabindex='0']").count() == 1
        assert page.locator(f"#panel-{expected}").is_visible()


def test_the_choice_of_a_scene_changes_tables_and_charts(page: Page) -> None:
    assert page.locator("[data-scene='1000-flat'] .headline").is_visible()
    page.select_option("#scene", "100000-flat")
    assert page.locator("[data-scene='100000-flat'] .headline").is_visible()
    assert not page.locator("[data-scene='1000-flat'] .headline").is_visible()
    _show(page, "load")
    drawn = "document.getElementById('chart-load').data.find(t => t.name === 'USDC').y[0]"
    assert page.evaluate(drawn) == pytest.approx(32_000.0)
    # The timeline was measured in the small scene only, and the page says so.
    _show(page, "memory")
    assert not page.locator("#chart-timeline").is_visible()
    assert page.locator(".missing:visible").count() == 2
    page.select_option("#scene", "1000-flat")
    assert page.locator("#chart-timeline").is_visible()
    _show(page, "scaling")
    assert page.locator("#scene").is_disabled()


def test_the_choice_of_a_test_changes_the_memory_chart(page: Page) -> None:
    _show(page, "memory")
    first = "document.getElementById('chart-memory').data.find(t => t.name === 'USDC').y[0]"
    page.select_option("select[data-for='memory']", "Layer load")
    assert page.evaluate(first) == pytest.approx(60.0)
    page.select_option("select[data-for='memory']", "Initial load")
    assert page.evaluate(first) == pytest.approx(122.0)
    page.click("#theme")
    assert page.input_value("select[data-for='memory']") == "Initial load"
    assert page.evaluate(first) == pytest.approx(122.0)


def test_raw_table_filters_and_sorts(page: Page) -> None:
    _show(page, "raw")
    page.fill("#filter", "parquet_zstd_indexed initial_load 1000 time")
    shown = page.locator("#raw-table tbody tr")
    assert shown.count() == 3
    assert "initial_load" in shown.first.inner_text()
    assert page.inner_text("#shown").startswith("3 of ")

    page.fill("#filter", "file_size 100000")
    mean = page.locator("#raw-table th button", has_text="Mean")
    mean.click()
    ascending = page.locator("#raw-table tbody td:nth-child(5)").all_inner_texts()
    mean.click()
    descending = page.locator("#raw-table tbody td:nth-child(5)").all_inner_texts()
    assert ascending[0] == "base"
    assert descending[0] == "usdc"
    assert ascending == descending[::-1]


def test_csv_holds_the_rows_that_are_shown(page: Page) -> None:
    _show(page, "raw")
    page.fill("#filter", "file_size 1000 flat usdc bytes")
    with page.expect_download() as downloading:
        page.click("#csv")
    path = downloading.value.path()
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("Test,Prims,Hierarchy,Variant,Format,Metric,Unit,Mean")
    assert lines[1].startswith("file_size,1000,flat,,usdc,bytes,B,3187900")
    assert len(lines) == 1 + int(page.inner_text("#shown").split()[0])


def test_hovering_a_bar_shows_its_figures(page: Page) -> None:
    _show(page, "load")
    bar = page.locator("#chart-load .point path").first
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    hover = page.locator("#chart-load .hoverlayer")
    hover.locator("text", has_text="USDC").first.wait_for()
    text = hover.text_content() or ""
    assert "320" in text
    assert "5 runs" in text


def test_on_paper_every_part_is_there(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    for tab in TABS:
        assert page.locator(f"#panel-{tab}").is_visible() == (tab != "raw")
    assert page.locator("#chart-scaling .js-line").count() > 0
    assert not page.locator(".tabs").is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert not page.locator("#panel-load").is_visible()
