"""Describes a Parquet file: how it is stored, and what it is as a layer.

The first comes from the file's footer, the second from the library that opens it for OpenUSD.
OpenUSD itself is not loaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from usdparquet._plugin import load_core
from usdparquet.regular_file import check_regular_file

PATH_COLUMN = ""
"""The default: the column that the file names, else `path`."""
TIME_COLUMN = ""
"""The default: the column that the file names, else none."""


class InspectError(ValueError):
    """A file that cannot be read as Parquet at all."""


@dataclass(frozen=True)
class PropertyDescription:
    """One property that a column becomes; the type of a relationship is `rel`."""

    name: str
    type: str


@dataclass(frozen=True)
class ColumnDescription:
    """One top-level column: how it is stored, and what it is in a layer."""

    name: str
    type: str
    compression: list[str]
    encodings: list[str]
    bytes: int
    uncompressed_bytes: int
    page_index: bool
    problem: str
    """What the footer says of it that cannot be understood; empty if nothing."""
    is_path: bool
    is_time: bool
    """Whether it holds the times of a long table, or one of its fields does."""
    properties: list[PropertyDescription]
    metadata_fields: list[str]
    """The prim metadata that it holds, such as `kind`."""
    left_out: list[str]
    """Why the column, or any of its fields, has no place in a layer."""

    @property
    def role(self) -> str:
        """What the column is in a layer, in words."""
        if self.is_path:
            return "prim path"
        times = ["times"] if self.is_time else []
        shown = [f"{entry.type} {entry.name}" for entry in self.properties]
        fields = [f"prim metadata {name}" for name in self.metadata_fields]
        left_out = [f"left out: {reason}" for reason in self.left_out]
        return ", ".join([*times, *shown, *fields, *left_out])


@dataclass(frozen=True)
class FileDescription:
    """A file and its columns."""

    file: str
    path: str
    """As it was given."""
    bytes: int
    rows: int
    row_groups: int
    prims: int
    """Prims that have a row."""
    created_by: str
    sealed: bool
    """Whether the footer has a checksum, which is right."""
    page_locations: bool
    """Whether the file lists its pages with the checksums of their headers."""
    columns: list[ColumnDescription]
    problem: str | None
    """Why the file cannot be opened as a layer, if it cannot."""
    warnings: list[str]
    """What the layer leaves out."""


def describe_file(
    path: Path, path_column: str = PATH_COLUMN, time_column: str = TIME_COLUMN
) -> FileDescription:
    """Describe a Parquet file; `InspectError` if it is not Parquet."""
    try:
        check_regular_file(path)
    except OSError as error:
        raise InspectError(f"{path}: {error.strerror}") from error
    try:
        storage = load_core().storage(path)
    except (ValueError, OSError) as error:
        raise InspectError(str(error)) from error
    layer: dict[str, Any] = {"columns": [], "left_out": [], "warnings": [], "prims": 0}
    problem = None
    try:
        layer = load_core().describe(path, path_column, time_column)
    except (ValueError, OSError) as error:
        problem = str(error)
    presented = _by_column(layer["columns"])
    left_out = _by_column(layer["left_out"])
    return FileDescription(
        file=path.name,
        path=str(path),
        bytes=path.stat().st_size,
        rows=storage["rows"],
        row_groups=storage["row_groups"],
        prims=layer["prims"],
        created_by=storage["created_by"],
        sealed=storage["sealed"],
        page_locations=storage["page_locations"],
        columns=[
            _describe_column(
                column,
                presented[number],
                left_out[number],
                is_path=number == layer.get("path"),
                is_time=number == layer.get("time"),
            )
            for number, column in enumerate(storage["columns"])
        ],
        problem=problem,
        warnings=list(layer["warnings"]),
    )


def problems(description: FileDescription) -> list[str]:
    """Why a file is not a layer, or what the layer leaves out; empty if nothing is wrong."""
    found = [] if description.problem is None else [description.problem]
    damaged = [column.problem for column in description.columns if column.problem]
    return [*found, *(f"{description.path}: {text}" for text in damaged), *description.warnings]


def section_problems(path: Path, told: list[str]) -> list[str]:
    """A message for each damaged section: the indexes and the residual, every byte of them.

    Those that a message of `told` names already are left out.
    """
    try:
        damaged = load_core().check_sections(path)
    except (ValueError, OSError) as error:
        return [] if told else [str(error)]
    return [
        message
        for name, message in damaged.items()
        if not any(message in text or f"the embedded {name}" in text for text in told)
    ]


def value_problems(
    path: Path, path_column: str = PATH_COLUMN, time_column: str = TIME_COLUMN
) -> list[str]:
    """A message for each chunk with damaged pages and each column with cells USD cannot hold."""
    return list(load_core().check_values(path, path_column, time_column))


def _by_column(entries: Iterable[dict[str, Any]]) -> defaultdict[int, list[dict[str, Any]]]:
    """What the layer says of each column of the file, by its number, and of the fields below it.

    Not by name: a column may be called what a field of another one is, or what another one is.
    """
    grouped: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        grouped[entry["column"]].append(entry)
    return grouped


def _describe_column(
    storage: dict[str, Any],
    presented: list[dict[str, Any]],
    left_out: list[dict[str, Any]],
    *,
    is_path: bool,
    is_time: bool,
) -> ColumnDescription:
    return ColumnDescription(
        **storage,
        is_path=is_path,
        is_time=is_time,
        properties=[
            PropertyDescription(
                entry["property"],
                "rel" if entry["role"] == "relationship" else entry["sdf_type"],
            )
            for entry in presented
            if entry["role"] != "metadata"
        ],
        metadata_fields=[entry["field"] for entry in presented if entry["role"] == "metadata"],
        left_out=[entry["reason"] for entry in left_out],
    )
