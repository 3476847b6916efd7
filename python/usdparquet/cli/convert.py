"""The command convert, between USD layers and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from usdparquet.cli.console import counted
from usdparquet.cli.options import Compression, Prims
from usdparquet.tables.convert import ConvertOptions, ConvertSummary, Listener, convert_file
from usdparquet.tables.csv_files import TextFormat
from usdparquet.tables.patterns import split_patterns

_SHOWN_COLUMNS = 12
_HIGHEST_RATE = 1e9
_TABS = {"tab": "\t", "\\t": "\t"}
_PROPERTY = ("property", "properties")


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="A .usd, .usda, .usdc, .usdz, .parquet, .csv, .tsv, .xlsx or .arrow file.",
        ),
    ],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="The file to write, of any of these but .xlsx.")
    ],
    prims: Prims = None,
    properties: Annotated[
        str | None, typer.Option(help="Properties, separated by commas; * for any characters.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(help="For a table: a condition in SQL, such as: cost > 10."),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            help="For a table: columns, separated by commas; old=new renames one, * is the rest."
        ),
    ] = None,
    melt: Annotated[
        str,
        typer.Option(
            help="For a table with a column for each time: make a row of each. The name of the "
            "column of times, and with a comma that of the values.",
            metavar="TIME[,VALUE]",
        ),
    ] = "",
    rate: Annotated[
        str,
        typer.Option(
            "--time-codes-per-second",
            help="For a table with timestamps: 24 if not given; 1/60 for a time code a minute.",
        ),
    ] = "",
    delimiter: Annotated[
        str, typer.Option(help="For CSV: what separates cells; found out if not given.")
    ] = "",
    decimal: Annotated[
        str, typer.Option(help="For CSV: the decimal sign, . or ,; found out if not given.")
    ] = "",
    encoding: Annotated[
        str, typer.Option(help="For CSV: its encoding, such as cp1252; UTF-8 if not given.")
    ] = "",
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Compose the stage of a layer first.")
    ] = False,
    path: Annotated[
        str, typer.Option("--path", help="For a table: the column with the prim paths.")
    ] = "",
    time: Annotated[
        str, typer.Option("--time", help="For a table: the column with the times of the rows.")
    ] = "",
    compression: Annotated[
        Compression, typer.Option(help="Codec of a Parquet file.")
    ] = Compression.ZSTD,
) -> None:
    """Convert between USD layers and tables, by the suffixes of the files.

    An existing OUT is replaced when the new one is complete.
    """
    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        options = ConvertOptions(
            path_column=path,
            time_column=time,
            properties=split_patterns(properties),
            prims=split_patterns(prims),
            where=where,
            melt=melt,
            time_codes_per_second=_rate(rate),
            text=TextFormat(
                {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter), decimal, encoding
            ),
            columns=split_patterns(columns),
            flatten=flatten,
            compression=compression.value,
        )
        done = convert_file(source, target, options, _Bar(progress))
    for note in done.notes:
        typer.echo(note, err=True)
    for line in _described(target, done):
        typer.echo(line)


def _rate(text: str) -> float | None:
    """A number above 0, or a fraction."""
    if not text:
        return None
    over, _, under = text.partition("/")
    try:
        rate = float(over) / float(under or 1)
    except (ValueError, ZeroDivisionError):
        rate = 0.0
    if not 0 < rate <= _HIGHEST_RATE:
        raise typer.BadParameter(
            f"'{text}' is no number above 0, such as 24 or 1/60",
            param_hint="--time-codes-per-second",
        )
    return rate


class _Bar(Listener):
    """Draws the steps of a conversion."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def started(self, what: str) -> None:
        self._progress.reset(self._task, description=what, total=None)

    def advanced(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total)


def _described(target: Path, done: ConvertSummary) -> list[str]:
    """What was written: one line, and one or two more on how a Parquet file holds a layer."""
    parts = [
        (done.prims, "prim", "prims"),
        (done.properties, *_PROPERTY),
        (done.rows, "row", "rows"),
        (done.columns, "column", "columns"),
        (done.bytes, "byte", "bytes"),
    ]
    texts = [counted(number, one, many) for number, one, many in parts if number is not None]
    lines = [f"{target}: {', '.join(texts)}"]
    if done.files is not None:
        names = ", ".join(done.files[:_SHOWN_COLUMNS])
        more = ", …" if len(done.files) > _SHOWN_COLUMNS else ""
        lines.append(f"{counted(len(done.files), 'file')}: {names}{more}")
    storage = done.storage
    if storage is not None:
        names = ", ".join(storage.columns[:_SHOWN_COLUMNS])
        more = ", …" if len(storage.columns) > _SHOWN_COLUMNS else ""
        held = counted(storage.column_properties, *_PROPERTY)
        lines.append(f"{counted(len(storage.columns), 'column')} with {held}: {names}{more}")
        if storage.residual_bytes:
            held = counted(storage.residual_properties, *_PROPERTY)
            lines.append(
                f"residual of {counted(storage.residual_bytes, 'byte')} with {held} and all else "
                "that is no table"
            )
    return lines
