"""The commands generate, bench, demo and report."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from usdparquet.bench.plan import BenchOptions
from usdparquet.bench.results import Results, load_results
from usdparquet.bench.summary import HEADLINE, headline
from usdparquet.cli import app
from usdparquet.cli.bench import demo_options
from usdparquet.cli.bench_headline import headline_parts

runner = CliRunner()


def _run(*arguments: str | Path, code: int = 0) -> str:
    result = runner.invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_help_lists_the_commands() -> None:
    text = _run("--help")
    for command in ("generate", "bench", "demo", "report"):
        assert command in text


def test_generate_writes_stages(tmp_path: Path) -> None:
    text = _run("generate", "--prims", "30", "--hierarchy", "deep", "-o", tmp_path / "scene")
    assert "stage_parquet_zstd.usda" in text
    assert (tmp_path / "scene" / "properties_usdc.usdc").exists()


def test_bench_writes_results_and_report(tmp_path: Path) -> None:
    text = _run(
        *("bench", "--prims", "30", "--formats", "usdc,base", "--tests", "initial_load,file_size"),
        *("--runs", "2", "--warmup", "0", "--row-groups", "30,10", "-o", tmp_path),
    )
    assert "30 prims x 20 properties, flat" in text
    assert "Initial load" in text
    assert load_results(tmp_path / "results.json").scenes() == [(30, "flat")]
    assert "Plotly" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_demo_shows_every_row_of_the_headline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usdparquet.cli.bench._DEMO_FORMATS", ("usdc", "parquet_zstd_indexed"))
    text = _run("demo", "--prims", "60", "--runs", "1", "-o", tmp_path)
    for expected in ("Traversal, 6 properties", "Memory after load", "File size", "Winner"):
        assert expected in text
    assert "report.html" in text
    results = load_results(tmp_path / "results.json")
    assert {row.spec.test for row in headline(results, 60, "flat")} == {
        row.test for row in HEADLINE
    }
    lines = (tmp_path / "results.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in lines


def test_demo_compares_all_plain_formats() -> None:
    options = demo_options(100, 5, 42)
    plain = {"parquet_none", "parquet_snappy", "parquet_zstd"}
    assert set(options.formats) == {"usdc", *plain, "parquet_zstd_indexed", "base"}
    assert {row.test for row in HEADLINE} <= set(options.tests)
    assert len(options.type_cases) < len(BenchOptions().type_cases)


def test_the_headline_fits_a_terminal(example_results: Results) -> None:
    from rich.console import Console

    console = Console(width=80, record=True)
    for part in headline_parts(example_results, 1_000, "flat", 80):
        console.print(part)
    text = console.export_text()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    # No figure is broken over two lines.
    words = " ".join(text.split())
    assert "Initial load (stage) ms 860 45.0 45.0 45.0 45.0 32.0 none" in words
    assert "19.1\u00d7 19.1\u00d7 19.1\u00d7 19.1\u00d7" in words
    assert "File size MB 3.19 1.80 1.61 1.47 1.16 0.086 indexed" in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bench", "--formats", "usdz"), "--formats: there is no 'usdz'"),
        (("bench", "--row-groups", "ten"), "--row-groups takes whole numbers"),
        (("bench", "--budget", "0"), "the budget must be more than 0 seconds"),
        (("bench", "--hierarchy", "round"), "unknown hierarchy 'round'"),
        (("generate", "--formats", "usdz"), "--formats: there is no 'usdz'"),
        (("generate", "--hierarchy", "round"), "'round' is not one of 'flat', 'deep'"),
    ],
)
def test_bad_arguments_end_with_one_message(arguments: tuple[str, ...], message: str) -> None:
    assert message in _run(*arguments, code=2)


def test_report_is_made_from_a_file(example_results: Results, tmp_path: Path) -> None:
    example_results.save(tmp_path / "results.json")
    _run("report", tmp_path / "results.json", "-o", tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size > 1_000_000


def test_report_writes_the_texts_that_were_asked_for(
    scaled_results: Results, tmp_path: Path
) -> None:
    results, old = tmp_path / "results.json", tmp_path / "old.json"
    scaled_results.save(results)
    scaled_results.save(old)
    text = _run(
        *("report", results, "--compare", old, "--markdown", tmp_path / "summary.md"),
        *("--reference-note", tmp_path / "note.md"),
    )
    assert "Summary:" in text
    assert "Note:" in text
    assert "0 of " in (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "| Initial load | 47.0 ms |" in (tmp_path / "note.md").read_text(encoding="utf-8")
    assert list(tmp_path.glob("*.html")) == []


def test_a_note_without_its_scene_is_refused(example_results: Results, tmp_path: Path) -> None:
    example_results.save(tmp_path / "results.json")
    arguments = ("report", tmp_path / "results.json", "--reference-note", tmp_path / "note.md")
    assert "10,000 prims, flat" in _run(*arguments, code=1)
