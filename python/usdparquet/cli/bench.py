"""The commands of the benchmark: generate, bench, demo, report.

What measures and makes reports is imported where it is used: every command loads this module.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from usdparquet._extras import require
from usdparquet.bench.catalog import TESTS
from usdparquet.bench.defaults import (
    DEFAULT_BUDGET,
    DEFAULT_MIN_RUNS,
    DEFAULT_ROW_GROUP_SIZE,
    DEFAULT_SEED,
)
from usdparquet.bench.formats import FORMATS
from usdparquet.cli.console import (
    STDOUT,
    check_inputs,
    counted,
    error_console,
    print_json,
    say,
    steps,
)
from usdparquet.cli.options import Json
from usdparquet.tables.errors import OptionsError

if TYPE_CHECKING:
    from usdparquet.bench.plan import BenchOptions
    from usdparquet.bench.results import Results
    from usdparquet.bench.table import Hierarchy

_ALL_FORMATS = ",".join(FORMATS)
_ALL_TESTS = ",".join(TESTS)
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


class HierarchyName(StrEnum):
    """How deep prims lie."""

    FLAT = "flat"
    DEEP = "deep"


RowGroupSize = Annotated[
    int, typer.Option(min=1, metavar="N", help="Rows in each row group of the Parquet files.")
]
Seed = Annotated[
    int, typer.Option(metavar="N", help="Seed of the values and of the order of the samples.")
]
Prims = Annotated[int, typer.Option(min=1, metavar="N", help="Prims with properties.")]
Formats = Annotated[
    str,
    typer.Option(metavar="NAMES", help="Formats, separated by commas.", show_default="all"),
]
Runs = Annotated[int, typer.Option(min=1, metavar="N", help="Samples of each test.")]


def generate(
    prims: Prims = _DEMO_PRIMS,
    hierarchy: Annotated[HierarchyName, typer.Option(help="How deep prims lie.")] = (
        HierarchyName.FLAT
    ),
    formats: Formats = _ALL_FORMATS,
    row_group_size: RowGroupSize = DEFAULT_ROW_GROUP_SIZE,
    seed: Seed = DEFAULT_SEED,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write.", readable=False),
    ] = Path("scene"),
    as_json: Json = False,
) -> None:
    """Write the benchmark scene: a base layer, and 20 properties a prim in every format."""
    from usdparquet.generate import Scene, SceneOptions, generate_scene
    from usdparquet.tables.atomic_file import new_folder

    names = _known("--formats", formats, FORMATS)
    if not names:
        raise OptionsError(f"--formats names none; there are: {', '.join(FORMATS)}")
    options = SceneOptions(prims, _hierarchy(hierarchy), row_group_size, seed)
    with steps() as step:
        try:
            with new_folder(output) as folder:
                generate_scene(options, folder, names, lambda what: step(f"Writing: {what}"))
        except OSError as error:
            raise ValueError(f"The scene could not be written: {error}") from error
    scene = Scene(output, options)
    files = [
        {
            "format": name,
            "stage": scene.stage_file(name).name,
            "layer": scene.property_file(name).name,
            "bytes": scene.property_file(name).stat().st_size,
        }
        for name in names
    ]
    if as_json:
        found = {"folder": str(output), "prims": prims, "hierarchy": hierarchy.value}
        print_json({**found, "files": files})
        return
    say(f"{output}: {counted(prims, 'prim')}, {hierarchy.value}")
    _print_files(files)


def _print_files(files: list[dict[str, Any]]) -> None:
    from usdparquet.cli.tables import Column, print_table
    from usdparquet.report.formatting import quantity

    print_table(
        [
            Column("Stage", cells=[each["stage"] for each in files]),
            Column("Property layer", cells=[each["layer"] for each in files]),
            Column("Size", is_number=True, cells=[quantity(each["bytes"], "B") for each in files]),
        ]
    )


def bench(
    prims: Annotated[
        str, typer.Option(metavar="NUMBERS", help="Prims, separated by commas.")
    ] = "10000",
    hierarchy: Annotated[
        str, typer.Option(metavar="NAMES", help="flat, deep or both: flat,deep.")
    ] = "flat",
    formats: Formats = _ALL_FORMATS,
    tests: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Tests, separated by commas.", show_default="all"),
    ] = _ALL_TESTS,
    runs: Runs = 10,
    warmup: Annotated[
        int, typer.Option(min=0, metavar="N", help="Samples thrown away before.")
    ] = 1,
    row_groups: Annotated[
        str,
        typer.Option(
            metavar="NUMBERS",
            help="Rows in each row group, separated by commas; the first is compared.",
        ),
    ] = str(DEFAULT_ROW_GROUP_SIZE),
    budget: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="Seconds a format may take in a scene before it gets fewer samples.",
        ),
    ] = DEFAULT_BUDGET,
    min_runs: Annotated[
        int, typer.Option(min=1, metavar="N", help="Samples of each test whatever they take.")
    ] = DEFAULT_MIN_RUNS,
    seed: Seed = DEFAULT_SEED,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Folder for the scenes and results.json.",
            readable=False,
        ),
    ] = Path("benchmark"),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew instead of going on with a stopped run.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure Parquet layers beside USDC; a stopped run goes on where it was."""
    from usdparquet.bench.plan import BenchOptions

    numbers = _numbers("--prims", prims), _numbers("--row-groups", row_groups)
    try:
        options = BenchOptions(
            prims=numbers[0],
            hierarchies=tuple(_hierarchy(part) for part in _split(hierarchy)),
            formats=_known("--formats", formats, FORMATS),
            tests=_known("--tests", tests, TESTS),
            runs=runs,
            warmup=warmup,
            row_groups=numbers[1],
            budget=budget,
            min_runs=min(min_runs, runs),
            seed=seed,
        )
    except ValueError as error:
        raise OptionsError(str(error)) from error
    _measure(options, output, fresh=fresh, as_json=as_json)


def demo(
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Folder for the scene, results and report.",
            readable=False,
        ),
    ] = Path("demo"),
    prims: Prims = _DEMO_PRIMS,
    runs: Runs = _DEMO_RUNS,
    seed: Seed = DEFAULT_SEED,
    as_json: Json = False,
) -> None:
    """Compare Parquet with USDC on a scene of 10,000 prims x 20 properties, in a few minutes."""
    _measure(demo_options(prims, runs, seed), output, fresh=False, as_json=as_json)


def demo_options(prims: int, runs: int, seed: int) -> BenchOptions:
    """What `demo` measures."""
    from usdparquet.bench.plan import BenchOptions
    from usdparquet.bench.type_cases import TYPE_CASES

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
        typer.Argument(
            metavar="RESULTS",
            help="The results.json of bench or demo; several make one report.",
            readable=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="HTML file to write; - for the standard output. [default: report.html]",
            readable=False,
        ),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="RESULTS",
            help="An older results.json: show what changed since.",
            readable=False,
        ),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="Write a summary in Markdown, for pull requests; - for the standard output.",
            readable=False,
        ),
    ] = None,
    reference_note: Annotated[
        Path | None,
        typer.Option(
            metavar="PAGE",
            help="Put tables beside the published note's figures into this page.",
            readable=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the HTML report of a results file, or the texts that were asked for instead."""
    if [output, markdown].count(STDOUT) + as_json > 1:
        raise OptionsError("only one thing can be the standard output")
    if reference_note == STDOUT:
        raise OptionsError("--reference-note is a page with places for its tables: name a file")
    check_inputs(*results, *([compare] if compare else []))
    from usdparquet.bench.merge import merge_results
    from usdparquet.bench.results import load_results
    from usdparquet.report import (
        render_markdown,
        render_report,
        write_markdown,
        write_reference_tables,
        write_report,
    )

    measured = merge_results([(str(path), load_results(path)) for path in results])
    old = load_results(compare) if compare else None
    if output is None and not (markdown or reference_note):
        output = Path("report.html")
    written = {"report": output, "summary": markdown, "note": reference_note}
    if markdown == STDOUT:
        say(render_markdown(measured, old))
    elif markdown:
        write_markdown(measured, markdown, old)
    if reference_note:
        write_reference_tables(measured, reference_note)
    if output == STDOUT:
        say(render_report(measured, old))
    elif output:
        write_report(measured, output, old)
    if as_json:
        print_json({name: str(file) if file else None for name, file in written.items()})
    elif STDOUT not in (output, markdown):
        for name, file in written.items():
            if file:
                say(f"{name.capitalize()}: {file}")


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _known(option: str, text: str, known: Collection[str]) -> tuple[str, ...]:
    names = _split(text)
    for name in names:
        if name not in known:
            raise OptionsError(f"{option}: there is no '{name}'; there are: {', '.join(known)}")
    return names


def _numbers(option: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part.replace("_", "")) for part in _split(text))
    except ValueError as error:
        raise OptionsError(
            f"{option} takes whole numbers separated by commas, not '{text}'"
        ) from error


def _hierarchy(text: str) -> Hierarchy:
    from usdparquet.bench.table import HIERARCHIES

    for known in HIERARCHIES:
        if text == known:
            return known
    raise OptionsError(f"unknown hierarchy '{text}'; there are: {', '.join(HIERARCHIES)}")


def _measure(options: BenchOptions, directory: Path, *, fresh: bool, as_json: bool) -> None:
    """Run a benchmark, write the results and the report, print the headline."""
    require("pxr", "jinja2", "plotly")  # before anything is measured
    from usdparquet.bench.process import BenchError
    from usdparquet.bench.runner import BenchRun
    from usdparquet.cli.bench_headline import print_headline
    from usdparquet.cli.bench_progress import ProgressListener
    from usdparquet.report import write_report

    results_file, report_file = directory / "results.json", directory / "report.html"
    try:
        with ProgressListener(error_console()) as listener:
            results = BenchRun(options, directory, listener, fresh).run()
        write_report(results, report_file)
    except BenchError as error:
        raise ValueError(str(error)) from error
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt("interrupted; the same command goes on from here") from error
    if as_json:
        files = {"results": str(results_file), "report": str(report_file)}
        print_json({**files, "scenes": _scenes(results)})
        return
    print_headline(results)
    say(f"Results: {results_file}")
    say(f"Report:  {report_file}")


def _scenes(results: Results) -> list[dict[str, Any]]:
    """The headline of each scene, for --json."""
    from usdparquet.bench.summary import headline

    return [
        {
            "prims": scale,
            "hierarchy": hierarchy,
            "headline": [
                {
                    "title": row.spec.title,
                    "test": row.spec.test,
                    "unit": row.unit,
                    "winner": row.winner,
                    "formats": {
                        name: {"mean": value.mean, "times_less": row.ratio(name)}
                        for name, value in row.values.items()
                    },
                }
                for row in headline(results, scale, hierarchy)
            ],
        }
        for scale, hierarchy in results.scenes()
    ]
