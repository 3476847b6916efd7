"""Describes a Parquet file: how it is stored, and what it is as a layer.

The first comes from the file's footer, the second from the library that opens it for OpenUSD.
OpenUSD itself is not loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from usdparquet._plugin import load_core

if TYPE_CHECKING:
    import pyarrow.parquet as pq

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
    columns: list[ColumnDescription]
    problem: str | None
    """Why the file cannot be opened as a layer, if it cannot."""
    warnings: list[str]
    """What the layer leaves out."""


def describe_file(path: Path, path_column: str = PATH_COLUMN) -> FileDescription:
    """Describe a Parquet file; `InspectError` if it is not Parquet."""
    parquet = _open_parquet(path)
    metadata = parquet.metadata
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
    return FileDescription(
        file=path.name,
        bytes=path.stat().st_size,
        rows=metadata.num_rows,
        row_groups=metadata.num_row_groups,
        prims=layer["prims"],
        created_by=metadata.created_by or "",
        columns=[
            _describe_column(parquet, arrow_field, layer) for arrow_field in parquet.schema_arrow
        ],
        problem=problem,
        warnings=list(layer["warnings"]),
    )


def problems(description: FileDescription) -> list[str]:
    """Why a file is not a layer, or what the layer leaves out; empty if nothing is wrong."""
    if description.problem is not None:
        return [description.problem]
    return description.warnings


def value_problems(path: Path, path_column: str = PATH_COLUMN) -> list[str]:
    """A message for each column with damaged pages or with cells that no USD value can hold."""
    return list(load_core().check_values(str(path), path_column))


def _open_parquet(path: Path) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise InspectError(f"{path}: cannot be read as Parquet: {error}") from error


def _describe_column(
    parquet: pq.ParquetFile, arrow_field: Any, layer: dict[str, Any]
) -> ColumnDescription:
    name = arrow_field.name
    chunks = list(_chunks(parquet, name))
    return ColumnDescription(
        name=name,
        type=str(arrow_field.type),
        compression=sorted({chunk.compression for chunk in chunks}),
        encodings=sorted({encoding for chunk in chunks for encoding in chunk.encodings}),
        bytes=sum(chunk.total_compressed_size for chunk in chunks),
        uncompressed_bytes=sum(chunk.total_uncompressed_size for chunk in chunks),
        page_index=bool(chunks) and all(chunk.has_offset_index for chunk in chunks),
        is_path=name == layer["path_column"],
        properties=[
            PropertyDescription(
                entry["property"],
                "rel" if entry["role"] == "relationship" else entry["sdf_type"],
            )
            for entry in layer["columns"]
            if _is_or_in(entry["name"], name, ":") and entry["role"] != "metadata"
        ],
        metadata_fields=[
            entry["field"]
            for entry in layer["columns"]
            if entry["name"] == name and entry["role"] == "metadata"
        ],
        left_out=[
            entry["reason"] for entry in layer["left_out"] if _is_or_in(entry["name"], name, ":")
        ],
    )


def _chunks(parquet: pq.ParquetFile, name: str) -> Iterator[Any]:
    """The column chunks of a top-level column: one per row group and leaf."""
    metadata = parquet.metadata
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for index in range(row_group.num_columns):
            chunk = row_group.column(index)
            if _is_or_in(chunk.path_in_schema, name, "."):
                yield chunk


def _is_or_in(name: str, column: str, separator: str) -> bool:
    """Whether a name is that of a column or, after the separator, of a part of it."""
    return name == column or name.startswith(column + separator)
