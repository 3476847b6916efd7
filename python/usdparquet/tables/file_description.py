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
    is_path: bool
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
        shown = [f"{entry.type} {entry.name}" for entry in self.properties]
        fields = [f"prim metadata {name}" for name in self.metadata_fields]
        return ", ".join([*shown, *fields, *(f"left out: {reason}" for reason in self.left_out)])


@dataclass(frozen=True)
class FileDescription:
    """A file and its columns."""

    file: str
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


def describe_file(path: Path, path_column: str = PATH_COLUMN) -> FileDescription:
    """Describe a Parquet file; `InspectError` if it is not Parquet."""
    try:
        check_regular_file(path)
    except OSError as error:
        raise InspectError(f"{path}: {error.strerror}") from error
    try:
        storage = load_core().storage(str(path))
    except (ValueError, OSError) as error:
        reason = str(error).removeprefix(f"{path}: ")
        raise InspectError(f"{path}: cannot be read as Parquet: {reason}") from error
    layer: dict[str, Any] = {
        "columns": [],
        "left_out": [],
        "warnings": [],
        "prims": 0,
        "path_column": "path",
    }
    problem = None
    try:
        layer = load_core().describe(str(path), path_column)
    except (ValueError, OSError) as error:
        problem = str(error)
    names = {column["name"] for column in storage["columns"]}
    presented = _by_column(layer["columns"], names)
    left_out = _by_column(layer["left_out"], names)
    return FileDescription(
        file=path.name,
        bytes=path.stat().st_size,
        rows=storage["rows"],
        row_groups=storage["row_groups"],
        prims=layer["prims"],
        created_by=storage["created_by"],
        sealed=storage["sealed"],
        page_locations=storage["page_locations"],
        columns=[
            _describe_column(
                column, layer["path_column"], presented[column["name"]], left_out[column["name"]]
            )
            for column in storage["columns"]
        ],
        problem=problem,
        warnings=list(layer["warnings"]),
    )


def problems(description: FileDescription) -> list[str]:
    """Why a file is not a layer, or what the layer leaves out; empty if nothing is wrong."""
    if description.problem is not None:
        return [description.problem]
    return description.warnings


def section_problems(path: Path, told: list[str]) -> list[str]:
    """A message for each damaged section: the indexes and the residual, every byte of them.

    Those that a message of `told` names already are left out.
    """
    try:
        damaged = load_core().check_sections(str(path))
    except (ValueError, OSError) as error:
        return [] if told else [str(error)]
    return [
        message
        for name, message in damaged.items()
        if not any(message in text or f"the embedded {name}" in text for text in told)
    ]


def value_problems(path: Path, path_column: str = PATH_COLUMN) -> list[str]:
    """A message for each chunk with damaged pages and each column with cells USD cannot hold."""
    return list(load_core().check_values(str(path), path_column))


def _by_column(
    entries: Iterable[dict[str, Any]], names: set[str]
) -> defaultdict[str, list[dict[str, Any]]]:
    """What the layer says of each top-level column and of the fields below it."""
    grouped: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        steps = entry["name"].split(":")
        for end in range(1, len(steps) + 1):
            name = ":".join(steps[:end])
            if name in names:
                grouped[name].append(entry)
    return grouped


def _describe_column(
    storage: dict[str, Any],
    path_column: str,
    presented: list[dict[str, Any]],
    left_out: list[dict[str, Any]],
) -> ColumnDescription:
    name = storage["name"]
    return ColumnDescription(
        **storage,
        is_path=name == path_column,
        properties=[
            PropertyDescription(
                entry["property"],
                "rel" if entry["role"] == "relationship" else entry["sdf_type"],
            )
            for entry in presented
            if entry["role"] != "metadata"
        ],
        metadata_fields=[
            entry["field"]
            for entry in presented
            if entry["name"] == name and entry["role"] == "metadata"
        ],
        left_out=[entry["reason"] for entry in left_out],
    )
