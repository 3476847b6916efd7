"""The commands of the benchmark: generate, bench, demo, report.

What measures and makes reports is imported where it is used: every command loads this module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from usdparquet._extras import require
from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.merge import merge_results
from usdparquet.bench.plan import DEFAULT_BUDGET, DEFAULT_MIN_RUNS, BenchOptions
from usdparquet.bench.results import load_results
from usdparquet.bench.table import HIERARCHIES, Hierarchy
from usdparquet.bench.type_cases import TYPE_CASES
from usdparquet.cli.bench_progress import ProgressListener
from usdparquet.generate import (
    DEFAULT_ROW_GROUP_SIZE,
    DEFAULT_SEED,
    SceneOptions,
    generate_scene,
)

_DEMO_PRIMS = 10_000
_DEMO_RUNS = 5
_DEMO_TYPE_RUNS = 3
_DEMO_CERTAIN_WITHIN = 0.05
# The formats that say most within a few minutes; `bench` measures all of them.
_DEMO_FORMATS = ("usdc", "parquet_none", "parquet_snappy", "parquet_zstd", "parquet_zstd_indexed")
_NOT_IN_DEMO = (
    "sublayer_insert",
    "uncached_load",
    "uncached_traversal",
    "playback_load",
    "playback",
)

RowGroupSize = Annotated[
    int, typer.Option(min=1, help="Rows in each row group of the Parquet files.")
]
Seed = Annotated[int, typer.Option(help="Seed of the values and of the order of the samples.")]


def generate(
    prims: Annotated[int, typer.Option(min=1, help="Prims with properties.")] = _DEMO_PRIMS,
    hierarchy: Annotated[str, typer.Option(help="flat or deep.")] = "flat",
    formats: Annotated[str, typer.Option(help="Formats, separated by commas.")] = ",".join(FORMATS),
    row_group_size: RowGroupSize = DEFAULT_ROW_GROUP_SIZE,
    seed: Seed = DEFAULT_SEED,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")] = Path(
        "scene"
    ),
) -> None:
    """Write the benchmark scene: a base layer, and 20 properties a prim in every format."""
    from usdparquet.report.formatting import quantity

    options = SceneOptions(prims, _hierarchy(hierarchy), row_group_size, seed)
    console = Console()
    names = _split(formats)
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise ValueError(f"Unknown format '{', '.join(unknown)}'; there are: {', '.join(FORMATS)}")
    with console.status("Writing") as status:
        try:
            scene = generate_scene(
                options, output, names, lambda what: status.update(f"Writing: {what}")
            )
        except OSError as error:
            raise ValueError(f"The scene could not be written: {error}") from error
    table = Table(
        "Stage", "Property layer", "Size", title=f"{output}: {prims:,} prims, {hierarchy}"
    )
    table.columns[2].justify = "right"
    for name in names:
        layer = scene.property_file(name)
        size = quantity(layer.stat().st_size, "B")
        table.add_row(scene.stage_file(name).name, layer.name, size)
    console.print(table)


def bench(
    prims: Annotated[str, typer.Option(help="Prims, separated by commas.")] = "10000",
    hierarchy: Annotated[str, typer.Option(help="flat, deep or both: flat,deep.")] = "flat",
    formats: Annotated[str, typer.Option(help="Formats, separated by commas.")] = ",".join(FORMATS),
    tests: Annotated[str, typer.Option(help="Tests, separated by commas.")] = ",".join(TESTS),
    runs: Annotated[int, typer.Option(min=1, help="Samples of each test.")] = 10,
    warmup: Annotated[int, typer.Option(min=0, help="Samples thrown away before.")] = 1,
    row_groups: Annotated[
        str,
        typer.Option(help="Rows in each row group, separated by commas; the first is compared."),
    ] = str(DEFAULT_ROW_GROUP_SIZE),
    budget: Annotated[
        float,
        typer.Option(help="Seconds a format may take in a scene before it gets fewer samples."),
    ] = DEFAULT_BUDGET,
    min_runs: Annotated[
        int, typer.Option(min=1, help="Samples of each test whatever they take.")
    ] = DEFAULT_MIN_RUNS,
    seed: Seed = DEFAULT_SEED,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the scenes and results.json.")
    ] = Path("benchmark"),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew instead of going on with a stopped run.")
    ] = False,
) -> None:
    """Measure Parquet layers beside USDC; a stopped run goes on where it was."""
    options = BenchOptions(
        prims=_numbers("--prims", prims),
        hierarchies=tuple(_hierarchy(part) for part in _split(hierarchy)),
        formats=_split(formats),
        tests=_split(tests),
        runs=runs,
        warmup=warmup,
        row_groups=_numbers("--row-groups", row_groups),
        budget=budget,
        min_runs=min(min_runs, runs),
        seed=seed,
    )
    _measure(options, output, fresh)


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the scene, results and report.")
    ] = Path("demo"),
    prims: Annotated[int, typer.Option(min=1, help="Prims of the scene.")] = _DEMO_PRIMS,
    runs: Annotated[int, typer.Option(min=1, help="Samples of each test.")] = _DEMO_RUNS,
    seed: Seed = DEFAULT_SEED,
) -> None:
    """Compare Parquet with USDC on a scene of 10,000 prims x 20 properties, in a few minutes."""
    _measure(demo_options(prims, runs, seed), output, fresh=False)


def demo_options(prims: int, runs: int, seed: int) -> BenchOptions:
    """What `demo` measures."""
    return BenchOptions(
        prims=(prims,),
        formats=(*_DEMO_FORMATS, "base"),
        tests=tuple(name for name in TESTS if name not in _NOT_IN_DEMO),
        runs=runs,
        min_runs=min(DEFAULT_MIN_RUNS, runs),
        certain_within=_DEMO_CERTAIN_WITHIN,
        type_cases=tuple(name for name, case in TYPE_CASES.items() if case.in_demo),
        type_runs=min(_DEMO_TYPE_RUNS, runs),
        seed=seed,
    )


def report(
    results: Annotated[
        list[Path],
        typer.Argument(help="The results.json of bench or demo; several make one report."),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="HTML file to write [report.html].")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="An older results.json: show what changed since.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write a summary in Markdown, for pull requests.")
    ] = None,
    reference_note: Annotated[
        Path | None,
        typer.Option(help="Put tables beside the published note's figures into this page."),
    ] = None,
) -> None:
    """Make the HTML report of a results file, or the texts that were asked for instead."""
    from usdparquet.report import write_markdown, write_reference_tables, write_report

    measured = merge_results([(str(path), load_results(path)) for path in results])
    old = load_results(compare) if compare else None
    if markdown:
        write_markdown(measured, markdown, old)
        typer.echo(f"Summary: {markdown}")
    if reference_note:
        write_reference_tables(measured, reference_note)
        typer.echo(f"Note: {reference_note}")
    if output or not (markdown or reference_note):
        output = output or Path("report.html")
        write_report(measured, output, old)
        typer.echo(f"Report: {output}")


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _numbers(option: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part.replace("_", "")) for part in _split(text))
    except ValueError as error:
        raise ValueError(
            f"{option} takes whole numbers separated by commas, not '{text}'"
        ) from error


def _hierarchy(text: str) -> Hierarchy:
    for known in HIERARCHIES:
        if text == known:
            return known
    raise typer.BadParameter(f"unknown hierarchy '{text}'; there are: {', '.join(HIERARCHIES)}")


def _measure(options: BenchOptions, directory: Path, fresh: bool) -> None:
    """Run a benchmark, write the results and the report, print the headline."""
    require("pxr", "jinja2", "plotly")  # before anything is measured
    from usdparquet.bench.process import BenchError
    from usdparquet.bench.runner import BenchRun
    from usdparquet.cli.bench_headline import print_headline
    from usdparquet.report import write_report

    console = Console()
    results_file, report_file = directory / "results.json", directory / "report.html"
    try:
        with ProgressListener(console) as listener:
            results = BenchRun(options, directory, listener, fresh).run()
        write_report(results, report_file)
    except BenchError as error:
        raise ValueError(str(error)) from error
    except KeyboardInterrupt as error:
        raise ValueError("Stopped. The same command goes on from here.") from error
    print_headline(results, console)
    typer.echo(f"Results: {results_file}")
    typer.echo(f"Report:  {report_file}")
