"""The command line: ``usdparquet --help``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import FORMATS, REFERENCE_FORMAT
from usdparquet.bench.plan import BenchOptions
from usdparquet.bench.results import Results, ResultsError, load_results
from usdparquet.bench.runner import BenchError, BenchRun
from usdparquet.bench.summary import Row, headline
from usdparquet.bench.table import HIERARCHIES, PROPERTIES, Hierarchy
from usdparquet.cli_convert import convert
from usdparquet.cli_files import register_file_commands
from usdparquet.cli_optimize import optimize
from usdparquet.cli_query import query
from usdparquet.generate import (
    DEFAULT_ROW_GROUP_SIZE,
    DEFAULT_SEED,
    SceneOptions,
    generate_scene,
)
from usdparquet.progress import ProgressListener
from usdparquet.report import write_report
from usdparquet.report.formatting import DASH, TIMES_SIGN, quantity, ratio

app = typer.Typer(
    name="usdparquet",
    help="Apache Parquet files as OpenUSD layers: look into files, and compare them with USDC.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_DEMO_PRIMS = 10_000
_DEMO_RUNS = 5

RowGroupSize = Annotated[
    int, typer.Option(min=1, help="Rows in each row group of the Parquet files.")
]
Seed = Annotated[int, typer.Option(help="Seed of the values and of the order of the samples.")]


def _fail(message: str) -> typer.Exit:
    """Say what is wrong on the standard error; the caller raises what this returns."""
    Console(stderr=True).print(message, style="red", markup=False, highlight=False)
    return typer.Exit(1)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _hierarchy(text: str) -> Hierarchy:
    for known in HIERARCHIES:
        if text == known:
            return known
    raise typer.BadParameter(f"unknown hierarchy '{text}'; there are: {', '.join(HIERARCHIES)}")


@app.command()
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
    options = SceneOptions(prims, _hierarchy(hierarchy), row_group_size, seed)
    console = Console()
    names = _split(formats)
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise _fail(f"Unknown format '{', '.join(unknown)}'; there are: {', '.join(FORMATS)}")
    with console.status("Writing") as status:
        try:
            scene = generate_scene(
                options, output, names, lambda what: status.update(f"Writing: {what}")
            )
        except OSError as error:
            raise _fail(f"The scene could not be written: {error}") from error
    table = Table(
        "Stage", "Property layer", "Size", title=f"{output}: {prims:,} prims, {hierarchy}"
    )
    table.columns[2].justify = "right"
    for name in names:
        layer = scene.property_file(name)
        size = quantity(layer.stat().st_size, "B")
        table.add_row(scene.stage_file(name).name, layer.name, size)
    console.print(table)


@app.command()
def bench(
    prims: Annotated[str, typer.Option(help="Prims, separated by commas.")] = "10000",
    hierarchy: Annotated[str, typer.Option(help="flat, deep or both: flat,deep.")] = "flat",
    formats: Annotated[str, typer.Option(help="Formats, separated by commas.")] = ",".join(FORMATS),
    tests: Annotated[str, typer.Option(help="Tests, separated by commas.")] = ",".join(TESTS),
    runs: Annotated[int, typer.Option(min=1, help="Samples of each test.")] = 10,
    warmup: Annotated[int, typer.Option(min=0, help="Samples thrown away before.")] = 1,
    row_group_size: RowGroupSize = DEFAULT_ROW_GROUP_SIZE,
    seed: Seed = DEFAULT_SEED,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the scenes and results.json.")
    ] = Path("benchmark"),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew instead of going on with a stopped run.")
    ] = False,
) -> None:
    """Measure Parquet layers beside USDC; a stopped run goes on where it was."""
    try:
        scales = tuple(int(part.replace("_", "")) for part in _split(prims))
    except ValueError as error:
        raise _fail(f"--prims takes whole numbers separated by commas, not '{prims}'") from error
    try:
        options = BenchOptions(
            prims=scales,
            hierarchies=tuple(_hierarchy(part) for part in _split(hierarchy)),
            formats=_split(formats),
            tests=_split(tests),
            runs=runs,
            warmup=warmup,
            row_group_size=row_group_size,
            seed=seed,
        )
    except ValueError as error:
        raise _fail(str(error)) from error
    _measure(options, output, fresh)


@app.command()
def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the scene, results and report.")
    ] = Path("demo"),
    prims: Annotated[int, typer.Option(min=1, help="Prims of the scene.")] = _DEMO_PRIMS,
    runs: Annotated[int, typer.Option(min=1, help="Samples of each test.")] = _DEMO_RUNS,
    seed: Seed = DEFAULT_SEED,
) -> None:
    """Compare Parquet with USDC on a scene of 10,000 prims x 20 properties, in a few minutes."""
    tests = tuple(test.name for test in TESTS.values() if test.in_demo)
    options = BenchOptions(prims=(prims,), tests=tests, runs=runs, seed=seed)
    _measure(options, output, fresh=False)


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="A results.json of bench or demo.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML file to write.")] = Path(
        "report.html"
    ),
) -> None:
    """Make the HTML report of a results file."""
    try:
        write_report(load_results(results), output)
    except (ResultsError, OSError) as error:
        raise _fail(str(error)) from error
    Console().print(f"Report: {output}", highlight=False)


def _measure(options: BenchOptions, directory: Path, fresh: bool) -> None:
    """Run a benchmark, write the results and the report, print the headline."""
    console = Console()
    results_file, report_file = directory / "results.json", directory / "report.html"
    try:
        with ProgressListener(console) as listener:
            results = BenchRun(options, directory, listener, fresh).run()
        write_report(results, report_file)
    except (BenchError, OSError) as error:
        raise _fail(str(error)) from error
    except KeyboardInterrupt as error:
        raise _fail("Stopped. The same command goes on from here.") from error
    for scale, hierarchy in results.scenes():
        console.print(_headline_table(results, scale, hierarchy))
    meaning = f"{TIMES_SIGN} = times less than USDC; above 1 better, below 1 worse"
    console.print(meaning, style="dim", highlight=False)
    console.print(f"Results: {results_file}", highlight=False, soft_wrap=True)
    console.print(f"Report:  {report_file}", highlight=False, soft_wrap=True)


def _headline_table(results: Results, scale: int, hierarchy: str) -> Table:
    rows = headline(results, scale, hierarchy)
    shown = [name for name in FORMATS if any(name in row.values for row in rows)]
    table = Table(
        box=box.SIMPLE,
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
        title=f"{scale:,} prims x {len(PROPERTIES)} properties, {hierarchy}",
        title_justify="left",
    )
    # Narrow enough for 80 columns: this is what `make demo` shows in any terminal.
    table.add_column("\nLower is better", no_wrap=True)
    for name in shown:
        above = "Parquet" if FORMATS[name].compression else ""
        table.add_column(f"{above}\n{FORMATS[name].short_title}", justify="right", overflow="fold")
    table.add_column("\nWinner", no_wrap=True, min_width=6)
    for row in rows:
        cells = [_headline_cell(row, name) for name in shown]
        winner = FORMATS[row.winner].short_title if row.winner in FORMATS else row.winner or DASH
        table.add_row(row.spec.title, *cells, winner)
    return table


def _headline_cell(row: Row, name: str) -> str:
    summary = row.values.get(name)
    if summary is None:
        return DASH
    text = quantity(summary.mean, row.unit)
    if name == row.winner:
        text = f"[bold]{text}[/bold]"
    factor = row.ratio(name)
    return text if name == REFERENCE_FORMAT or factor is None else f"{text}\n{ratio(factor)}"


register_file_commands(app)
app.command()(optimize)
app.command()(convert)
app.command()(query)

if __name__ == "__main__":
    app()
