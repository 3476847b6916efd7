"""The command convert, between USD layers and tables."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from usdparquet._dataset import table_named
from usdparquet.cli.console import STDOUT, check_inputs, counted, print_json, say, steps
from usdparquet.cli.options import (
    CompressionOption,
    IdColumn,
    Json,
    LayoutOption,
    Prims,
    prim_patterns,
)
from usdparquet.cli.streams import binary_stdout
from usdparquet.tables.errors import OptionsError

if TYPE_CHECKING:
    from usdparquet.tables.convert import ConvertSummary

_SHOWN_COLUMNS = 12
_HIGHEST_RATE = 1e9
_TABS = {"tab": "\t", "\\t": "\t"}
_PROPERTY = ("property", "properties")


class StreamFormat(StrEnum):
    """What can be written to the standard output."""

    USDA = "usda"
    CSV = "csv"
    TSV = "tsv"
    ARROW = "arrow"


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="A .usd, .usda, .usdc, .usdz, .parquet, .csv, .tsv, .xlsx or .arrow file.",
            readable=False,
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="The file to write, of any of these; - for the standard output.",
            readable=False,
        ),
    ],
    prims: Prims = None,
    properties: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Properties, separated by commas; * for any characters."
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(metavar="SQL", help="A condition in SQL, such as: cost > 10."),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="For a table: columns, separated by commas; old=new renames one, * is the rest.",
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
            metavar="RATE",
            help="For a table with timestamps: 24 if not given; 1/60 for a time code a minute.",
        ),
    ] = "",
    delimiter: Annotated[
        str,
        typer.Option(metavar="TEXT", help="For CSV: what separates cells; found out if not given."),
    ] = "",
    decimal: Annotated[
        str,
        typer.Option(
            metavar="SIGN", help="For CSV: the decimal sign, . or ,; found out if not given."
        ),
    ] = "",
    encoding: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="For CSV: its encoding, such as cp1252; UTF-8 if not given."
        ),
    ] = "",
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Compose the stage of a layer first.")
    ] = False,
    path: Annotated[
        str,
        typer.Option(
            "--path", metavar="COLUMN", help="For a table: the column with the prim paths."
        ),
    ] = "",
    time: Annotated[
        str,
        typer.Option(
            "--time", metavar="COLUMN", help="For a table: the column with the times of the rows."
        ),
    ] = "",
    key: IdColumn = "",
    layout: LayoutOption = None,
    compression: CompressionOption = None,
    stream_format: Annotated[
        StreamFormat | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="What to write to the standard output: usda, csv, tsv or arrow.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Convert between USD layers and tables, by the suffixes of the files.

    An existing OUT is replaced when the new one is complete.
    """
    from usdparquet.tables.convert import ConvertOptions, Listener, convert_file
    from usdparquet.tables.csv_files import TextFormat
    from usdparquet.tables.patterns import split_items, split_patterns

    class Bar(Listener):
        """Draws the steps of a conversion."""

        def __init__(self, step: Callable[..., None]) -> None:
            self._step = step

        def started(self, what: str) -> None:
            self._step(what)

        def advanced(self, done: int, total: int) -> None:
            self._step("", done, total)

    options = ConvertOptions(
        path_column=path,
        time_column=time,
        key=key,
        properties=split_patterns(properties),
        prims=prim_patterns(prims),
        where=where,
        melt=melt,
        time_codes_per_second=_rate(rate),
        text=TextFormat(_TABS.get(delimiter, delimiter), decimal, encoding),
        columns=split_items(columns),
        flatten=flatten,
        layout=None if layout is None else layout.value,
        compression=None if compression is None else compression.value,
    )
    source = table_named(source)
    check_inputs(source, datasets=True)
    with _written(target, stream_format, as_json) as file:
        with steps() as step:
            done = convert_file(source, file, options, Bar(step))
        if as_json:
            print_json({"input": str(source), "output": str(target), **asdict(done)})
            return
        for note in done.notes:
            say(note.replace(str(file), str(target)), sys.stderr)
        if target != STDOUT:
            for line in _described(target, done):
                say(line)


@contextmanager
def _written(target: Path, shape: StreamFormat | None, as_json: bool) -> Iterator[Path]:
    """The file to write; if it stands for the standard output, it is copied there afterwards."""
    if target != STDOUT:
        if shape is not None:
            raise OptionsError("--format is for the standard output: the suffix of OUT says it")
        yield target
        return
    if shape is None:
        raise OptionsError(
            "--format says what to write to the standard output: usda, csv, tsv, arrow"
        )
    if as_json:
        raise OptionsError("--json and the converted file cannot both be the standard output")
    from usdparquet.tables.atomic_file import temporary_folder

    sink = binary_stdout(shape.value if shape is StreamFormat.ARROW else "")
    with temporary_folder() as folder:
        file = folder / f"stdout.{shape.value}"
        yield file
        if shape is StreamFormat.ARROW:
            import pyarrow as pa

            with pa.ipc.open_file(file) as read, pa.ipc.new_stream(sink, read.schema) as stream:
                for number in range(read.num_record_batches):
                    stream.write_batch(read.get_batch(number))
        else:
            with file.open("rb") as written:
                shutil.copyfileobj(written, sink)
        sink.flush()


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
