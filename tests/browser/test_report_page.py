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

CHARTS = ("load", "traversal", "random", "memory", "size", "timeline")
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
def report(example_results: Results, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    write_report(example_results, path)
    return path


@pytest.fixture(params=[("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE), ("dark", PHONE)])
def opened(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Opened]:
    scheme, width = request.param
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, offline=True
    )
    result = Opened(context.new_page())
    result.page.goto(report.as_uri())
    result.page.wait_for_selector(f"#{CHARTS[-1]}-1000-flat .main-svg")
    yield result
    context.close()


def test_page_shows_every_chart_without_a_complaint(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    for name in CHARTS:
        chart = page.locator(f"#{name}-1000-flat")
        assert chart.locator(".main-svg").count() >= 1
        marks = chart.locator(".point path, .js-line")
        assert marks.count() > 0, name
        box = chart.bounding_box()
        assert box is not None
        assert box["height"] > 200
    assert page.locator("#load-1000-flat .errorbar").count() > 0
    assert opened.problems == []
    own = [url for url in opened.requests if not url.startswith(("file:", "data:", "blob:"))]
    assert own == []
    picture = tmp_path / "page.png"
    page.screenshot(path=str(picture), full_page=True)
    assert picture.stat().st_size > 20_000


def test_page_is_not_wider_than_the_window(opened: Opened) -> None:
    width = opened.page.evaluate("document.documentElement.scrollWidth")
    viewport = opened.page.viewport_size
    assert viewport is not None
    assert width <= viewport["width"]


def test_theme_follows_the_system_and_the_button(opened: Opened) -> None:
    page = opened.page
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    theme = page.evaluate("document.documentElement.dataset.theme")
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert theme == ("dark" if dark else "light")
    page.click("#theme")
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after
    text = page.evaluate("getComputedStyle(document.body).color")
    label = "getComputedStyle(document.querySelector('#load-1000-flat .xtick text')).fill"
    assert page.evaluate(label) == text


def test_raw_table_filters_and_sorts(opened: Opened) -> None:
    page = opened.page
    page.fill("#filter", "zstd initial_load time")
    shown = page.locator("#raw-table tbody tr:visible")
    assert shown.count() == 1
    assert "initial_load" in shown.first.inner_text()
    assert page.inner_text("#shown").startswith("1 of ")

    page.fill("#filter", "file_size")
    mean = page.locator("#raw-table th button", has_text="Mean")
    mean.click()
    ascending = page.locator("#raw-table tbody tr:visible td:nth-child(4)").all_inner_texts()
    mean.click()
    descending = page.locator("#raw-table tbody tr:visible td:nth-child(4)").all_inner_texts()
    assert ascending[0] == "base"
    assert descending[0] == "usdc"
    assert ascending == descending[::-1]


def test_hovering_a_bar_shows_its_figures(browser: Browser, report: Path) -> None:
    page = browser.new_page(viewport={"width": DESKTOP, "height": 900})
    page.goto(report.as_uri())
    bar = page.locator("#load-1000-flat .point path").first
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    hover = page.locator("#load-1000-flat .hoverlayer")
    hover.locator("text", has_text="USDC").first.wait_for()
    text = hover.text_content() or ""
    assert "320" in text
    assert "5 runs" in text
    page.close()
