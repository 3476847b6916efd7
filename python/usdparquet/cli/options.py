"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Compression(StrEnum):
    """The codecs to choose from."""

    ZSTD = "zstd"
    SNAPPY = "snappy"
    NONE = "none"


In = Annotated[Path, typer.Argument(metavar="IN", help="A Parquet file.", readable=False)]
CompressionOption = Annotated[Compression, typer.Option(help="Codec.")]
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
        help="Prims, separated by commas: /A/B, /A/* or, with all below it, /A/**.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
