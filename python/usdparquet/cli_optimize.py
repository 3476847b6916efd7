"""The command that writes a file anew in the layout that is quick to read: optimize."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from usdparquet._plugin import load_core


class Compression(StrEnum):
    """The codecs on offer."""

    ZSTD = "zstd"
    SNAPPY = "snappy"
    NONE = "none"


def optimize(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A Parquet file.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write; may be IN.")],
    path: Annotated[str, typer.Option("--path", help="The column with the prim paths.")] = "path",
    compression: Annotated[Compression, typer.Option(help="Codec.")] = Compression.ZSTD,
    level: Annotated[int | None, typer.Option(help="Compression level; the codec's own.")] = None,
    rows_per_page: Annotated[int, typer.Option(min=1, help="Rows in a page.")] = 8192,
    rows_per_group: Annotated[int, typer.Option(min=1, help="Rows in a row group.")] = 131072,
    index: Annotated[bool, typer.Option(help="Embed the path index.")] = True,
) -> None:
    """Write a file with rows in namespace order, small indexed pages and an embedded path index.

    It stays an ordinary Parquet file with the same rows and columns.
    """
    core = load_core()
    console = Console()
    before = source.stat().st_size if source.exists() else 0
    try:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(f"Writing {target.name}", total=None)
            done = core.optimize(
                str(source),
                str(target),
                path,
                compression.value,
                level,
                rows_per_page,
                rows_per_group,
                index,
                lambda rows, total: progress.update(task, completed=rows, total=total),
            )
    except RuntimeError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    order = "rows put in namespace order" if done["was_reordered"] else "rows in order already"
    console.print(
        f"{target}: {done['rows']:,} rows, {before:,} -> {done['bytes']:,} bytes "
        f"(index {done['index_bytes']:,}), {order}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    for count, what in (
        (done["invalid_paths"], "without a valid prim path, kept behind all others"),
        (done["duplicate_paths"], "that repeat a path, kept; as a layer the later one wins"),
    ):
        if count:
            console.print(f"{count:,} rows {what}", highlight=False, soft_wrap=True)
