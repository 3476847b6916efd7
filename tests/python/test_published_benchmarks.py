"""What docs/benchmarks/ says follows from the results that lie beside it."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from usdparquet.bench.formats import FORMATS
from usdparquet.bench.merge import merge_results
from usdparquet.bench.results import Results, load_results
from usdparquet.report.markdown import render_markdown
from usdparquet.report.reference_note import BEGIN, END, reference_tables
from usdparquet.report.sections import raw_rows

FOLDER = Path(__file__).parents[2] / "docs" / "benchmarks"
FILES = [FOLDER / f"results{part}.json" for part in ("", "-types", "-large", "-million")]
AGAIN = "make published"
MEASURED_LARGE = ("usdc", "parquet_zstd_indexed")
PAGES = [FOLDER / "README.md", FOLDER.parents[1] / "README.md"]


@pytest.fixture(scope="module")
def published() -> Results:
    return merge_results([(path.name, load_results(path)) for path in FILES])


def test_every_scene_and_format_is_there(published: Results) -> None:
    scales = (1_000, 10_000, 100_000)
    assert published.scenes() == [
        *((scale, hierarchy) for scale in scales for hierarchy in ("flat", "deep")),
        (1_000_000, "flat"),
    ]
    for scale, hierarchy in published.scenes():
        for name in FORMATS:
            if scale < 100_000 or name in MEASURED_LARGE:
                found = published.find("initial_load", name, "time_ms", scale, hierarchy)
                assert found is not None
                assert found.summary.count >= (7 if scale < 1_000_000 else 3)
    assert published.refused == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_path_or_host_is_in_the_results(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r'"(?:/|~|[A-Za-z]:\\)[^"]*"', text) == []
    assert str(Path.home()) not in text
    assert f'"{socket.gethostname()}"' not in text


def test_the_pages_are_made_of_the_results(published: Results) -> None:
    summary = (FOLDER / "summary.md").read_text(encoding="utf-8")
    assert summary == render_markdown(published), f"make it again: {AGAIN}"
    note = (FOLDER / "reference-note.md").read_text(encoding="utf-8")
    tables = f"{BEGIN}\n{reference_tables(published)}\n{END}"
    assert tables in note, f"make it again: {AGAIN}"


def test_the_report_holds_the_results(published: Results) -> None:
    page = (FOLDER / "report.html").read_text(encoding="utf-8")
    raw = json.dumps(raw_rows(published), separators=(",", ":")).replace("<", "\\u003c")
    assert raw in page, f"make it again: {AGAIN}"


def _figures(text: str) -> set[str]:
    return set(re.findall(r"[-\d.,]+(?= (?:ms|MB|GB|s)\b)|[\d.,]+(?=\u00d7)", text))


@pytest.mark.parametrize("page", PAGES, ids=["benchmarks", "project"])
def test_the_figures_of_the_readmes_are_those_of_the_summary(page: Path) -> None:
    summary = (FOLDER / "summary.md").read_text(encoding="utf-8")
    text = page.read_text(encoding="utf-8")
    figures = _figures("\n".join(line for line in text.splitlines() if line.startswith("|")))
    assert len(figures) > 20
    assert figures - _figures(summary) == set()


def test_the_figures_of_the_reference_note_are_those_of_its_tables() -> None:
    summary = (FOLDER / "summary.md").read_text(encoding="utf-8")
    before, _, rest = (FOLDER / "reference-note.md").read_text(encoding="utf-8").partition(BEGIN)
    tables, _, after = rest.partition(END)
    figures = _figures(before + after)
    assert len(figures) > 6
    assert figures - _figures(tables) - _figures(summary) == set()
