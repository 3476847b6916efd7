"""The command optimize, which rewrites a file in the layout that is quick to read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from usdparquet._dataset import check_not_in_dataset, dataset_files, table_named
from usdparquet.cli.console import (
    check_inputs,
    check_output,
    counted,
    print_json,
    progress_bar,
    say,
)
from usdparquet.cli.options import (
    CompressionOption,
    InOrDataset,
    Json,
    LayoutOption,
    Memory,
    PathColumn,
    TimeColumn,
)
from usdparquet.regular_file import is_dataset


class RowOrder(StrEnum):
    """How the rows of a long table may be sorted."""

    PATH = "path"
    TIME = "time"


def optimize(
    source: InOrDataset,
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="The file to write; may be IN.", readable=False)
    ],
    path: PathColumn = "",
    layout: LayoutOption = None,
    compression: CompressionOption = None,
    level: Annotated[
        int | None, typer.Option(metavar="N", help="Compression level; of Zstandard 15.")
    ] = None,
    rows_per_page: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Rows in a page; 1,024 if not given.")
    ] = None,
    rows_per_group: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Rows in a row group; 131,072 if not given."),
    ] = None,
    index: Annotated[bool, typer.Option(help="Embed the path index.")] = True,
    time: TimeColumn = "",
    order: Annotated[
        RowOrder | None,
        typer.Option(help="Rows of a long table; by time where they are, else by path."),
    ] = None,
    memory: Memory = None,
    as_json: Json = False,
) -> None:
    """Write a file with rows in namespace order, small indexed pages and an embedded path index.

    It is an ordinary Parquet file with the same rows and columns. Of a dataset, it has those of all
    its files.
    """
    from usdparquet._plugin import load_core

    source = table_named(source)
    check_inputs(source, datasets=True)
    check_output(target)
    check_not_in_dataset(target, source)
    files = dataset_files(source).values() if is_dataset(source) else [source]
    before = sum(file.stat().st_size for file in files)
    sizes = {
        "rows_per_page": rows_per_page,
        "rows_per_group": rows_per_group,
        "memory": None if memory is None else memory << 20,
    }
    with progress_bar(f"Writing {target.name}") as progress:
        done = load_core().optimize(
            source,
            target,
            path_column=path,
            layout=None if layout is None else layout.value,
            compression=None if compression is None else compression.value,
            level=level,
            has_index=index,
            time_column=time,
            order=order.value if order else None,
            progress=progress,
            **{name: size for name, size in sizes.items() if size is not None},
        )
    if as_json:
        print_json({"input": str(source), "output": str(target), "bytes_before": before, **done})
        return
    name = f"order of {done['order']}" if done["order"] else "namespace order"
    moved = f"rows put in {name}" if done["was_reordered"] else "rows in order already"
    say(
        f"{target}: {counted(done['rows'], 'row')}, {before:,} -> {done['bytes']:,} bytes "
        f"(index {done['index_bytes']:,}), {moved}"
    )
    if done["invalid_paths"]:
        say(
            f"{counted(done['invalid_paths'], 'row')} without a valid prim path, "
            "kept behind all others"
        )
    if done["duplicate_paths"]:
        time_too = " and time" if done["order"] else ""
        repeat = "row that repeats" if done["duplicate_paths"] == 1 else "rows that repeat"
        say(
            f"{done['duplicate_paths']:,} {repeat} a path{time_too}, kept; "
            "as a layer the later one wins"
        )
    if done["timed_cells"]:
        say(
            f"{counted(done['timed_cells'], 'cell')} of relationships or prim metadata in rows "
            "with a time, kept; a layer does not show them"
        )
