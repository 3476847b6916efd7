"""Options that several commands share."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from usdparquet.tables.errors import OptionsError


class Compression(StrEnum):
    """The codecs to choose from."""

    ZSTD = "zstd"
    LZ4 = "lz4"
    SNAPPY = "snappy"
    NONE = "none"


In = Annotated[Path, typer.Argument(metavar="IN", help="A Parquet file.", readable=False)]
InOrDataset = Annotated[
    Path,
    typer.Argument(
        metavar="IN", help="A Parquet file, or the folder of a dataset.", readable=False
    ),
]
CompressionOption = Annotated[
    Compression | None,
    typer.Option(help="Codec of all columns; if not given, one is chosen for each."),
]


class Layout(StrEnum):
    """What a file may be laid out for."""

    SIZE = "size"
    ACCESS = "access"


LayoutOption = Annotated[
    Layout | None,
    typer.Option(
        "--for", help="Make the file small, or quick to read; if not given, both within reason."
    ),
]
PathColumn = Annotated[
    str, typer.Option("--path", metavar="COLUMN", help="The column with the prim paths.")
]
TimeColumn = Annotated[
    str,
    typer.Option(
        "--time", metavar="COLUMN", help="The column with the times of the rows, of a long table."
    ),
]
Prims = Annotated[
    str | None,
    typer.Option(
        metavar="PATHS",
        help="Prims, separated by commas: /A/B, /A/* or, with all below it, /A/**. @FILE has one a "
        "line, - reads them from the standard input.",
    ),
]
Sort = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES",
        help="Columns to sort by, separated by commas; -name for the largest first.",
    ),
]
IdColumn = Annotated[
    str,
    typer.Option(
        metavar="COLUMN",
        help="For a Parquet file that is written as a table by ids, without prim paths: the "
        "column with the ids.",
    ),
]
Memory = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="MIB",
        help="MiB of rows to hold while they are put in order; 512 if not given.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def prim_patterns(text: str | None) -> list[str] | None:
    """The patterns that --prims gives: of a list, or of the lines of a file."""
    from usdparquet.regular_file import check_regular_file
    from usdparquet.tables.patterns import PatternError, PrimPatterns, split_patterns

    if text is None or (text != "-" and not text.startswith("@")):
        patterns = split_patterns(text)
        try:
            PrimPatterns(patterns or ())
        except PatternError as error:
            raise OptionsError(str(error)) from error
        return patterns
    file = text.removeprefix("@")
    if file == "-":
        name, data = "the standard input", b"" if sys.stdin is None else sys.stdin.buffer.read()
    else:
        check_regular_file(Path(file))
        name, data = file, Path(file).read_bytes()
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PatternError(f"{name}: line {line:,} is text that is no valid UTF-8") from error
    found = [line.strip() for line in lines if line.strip()]
    if not found:
        raise PatternError(f"{name}: names no prims")
    return found
