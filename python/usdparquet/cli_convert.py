"""The command that converts between USD layers and tables: convert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from usdparquet.cli_errors import plain_errors
from usdparquet.cli_optimize import Compression
from usdparquet.convert import ConvertOptions, ConvertSummary, Listener, convert_file
from usdparquet.patterns import split_patterns

_SHOWN_COLUMNS = 12


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN", help="A .usd, .usda, .usdc, .usdz, .parquet, .csv or .arrow file."
        ),
    ],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="The file to write, of any of these.")
    ],
    prims: Annotated[
        str | None,
        typer.Option(help="Prims, separated by commas: /A/B, /A/* or, with all below it, /A/**."),
    ] = None,
    properties: Annotated[
        str | None, typer.Option(help="Properties, separated by commas; * for any characters.")
    ] = None,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Compose the stage of a layer first.")
    ] = False,
    path: Annotated[
        str, typer.Option("--path", help="Of a table: the column with the prim paths.")
    ] = "",
    time: Annotated[
        str, typer.Option("--time", help="Of a table: the column with the times of the rows.")
    ] = "",
    compression: Annotated[
        Compression, typer.Option(help="Codec of a Parquet file.")
    ] = Compression.ZSTD,
) -> None:
    """Convert between USD layers and tables, by the suffixes of the files.

    An existing OUT is replaced when the new one is complete.
    """
    errors = Console(stderr=True)
    with (
        plain_errors(),
        Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress,
    ):
        options = ConvertOptions(
            path_column=path,
            time_column=time,
            properties=split_patterns(properties),
            prims=split_patterns(prims),
            flatten=flatten,
            compression=compression.value,
        )
        done = convert_file(source, target, options, _Bar(progress))
    for note in done.notes:
        errors.print(note, markup=False, highlight=False, soft_wrap=True)
    console = Console()
    for line in describe(target, done):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Bar(Listener):
    """Draws the steps of a conversion."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def started(self, what: str) -> None:
        self._progress.reset(self._task, description=what, total=None)

    def advanced(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total)


def describe(target: Path, done: ConvertSummary) -> list[str]:
    """What was written, in one line, and in two more where it went in a Parquet file."""
    parts = [
        (done.prims, "prim"),
        (done.properties, "propert"),
        (done.rows, "row"),
        (done.columns, "column"),
        (done.bytes, "byte"),
    ]
    texts = [_count(number, word) for number, word in parts if number is not None]
    lines = [f"{target}: {', '.join(texts)}"]
    storage = done.storage
    if storage is not None:
        names = ", ".join(storage.columns[:_SHOWN_COLUMNS])
        more = ", …" if len(storage.columns) > _SHOWN_COLUMNS else ""
        held = _count(storage.column_properties, "propert")
        count = _count(len(storage.columns), "column")
        lines.append(f"{count} with {held}: {names}{more}")
        if storage.residual_bytes:
            held = _count(storage.residual_properties, "propert")
            lines.append(
                f"residual of {_count(storage.residual_bytes, 'byte')} with {held} and all else "
                "that is no table"
            )
    return lines


def _count(number: int, word: str) -> str:
    if word == "propert":
        return f"{number:,} {'property' if number == 1 else 'properties'}"
    return f"{number:,} {word}{'' if number == 1 else 's'}"
