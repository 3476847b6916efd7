"""Describes a dataset: which files it has, and what it is as a layer. OpenUSD is not loaded."""

from __future__ import annotations

import time as clock
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from usdparquet._dataset import dataset_files
from usdparquet._plugin import load_core
from usdparquet.tables.file_description import InspectError, section_problems


@dataclass(frozen=True)
class DatasetColumn:
    """A column, or a field of one, and what it is in a layer."""

    name: str
    type: str
    role: str


@dataclass(frozen=True)
class DatasetDescription:
    """A folder of files as a layer."""

    path: str
    """As it was given."""
    files: int
    bytes: int
    rows: int
    prims: int
    """Prims that have a row."""
    has_manifest: bool
    has_index: bool
    seconds_to_open: float
    """How long opening it took, files and paths included where there is no manifest."""
    columns: list[DatasetColumn]
    problem: str | None
    """Why the folder cannot be opened as a layer, if it cannot."""
    warnings: list[str]

    @property
    def advice(self) -> str:
        """What a manifest would save; empty if there is one with an index."""
        if self.problem is not None or (self.has_manifest and self.has_index):
            return ""
        reads = "the paths" if self.has_manifest else "the footers and the paths"
        return (
            f"opening it reads {reads} of all {self.files:,} files, {self.seconds_to_open:.2f} "
            f"seconds here, which 'usdparquet dataset {self.path}' saves"
        )


def describe_dataset(
    path: Path, path_column: str = "", time_column: str = ""
) -> DatasetDescription:
    """Describe the dataset in a folder; `InspectError` if there is none."""
    core = load_core()
    try:
        dataset: dict[str, Any] = core.describe_dataset(path)
    except (ValueError, OSError) as error:
        raise InspectError(str(error)) from error
    layer: dict[str, Any] = {"columns": [], "left_out": [], "warnings": [], "prims": 0, "rows": 0}
    problem = None
    seconds = 0.0
    try:
        begin = clock.perf_counter()
        layer = core.describe(path, path_column, time_column)
        seconds = clock.perf_counter() - begin
    except (ValueError, OSError) as error:
        problem = str(error)
    return DatasetDescription(
        path=str(path),
        files=len(dataset["parts"]),
        bytes=sum(part["bytes"] for part in dataset["parts"]),
        rows=sum(part["rows"] for part in dataset["parts"]),
        prims=layer["prims"],
        has_manifest=dataset["has_manifest"],
        has_index=layer.get("has_embedded_index", False),
        seconds_to_open=seconds,
        columns=[
            *(
                DatasetColumn(each["name"], each["storage"], _role(each))
                for each in layer["columns"]
            ),
            *(
                DatasetColumn(each["name"], "", f"left out: {each['reason']}")
                for each in layer["left_out"]
            ),
        ],
        problem=problem,
        warnings=[*dataset["warnings"], *layer["warnings"]],
    )


def dataset_problems(
    path: Path,
    description: DatasetDescription,
    path_column: str = "",
    time_column: str = "",
    *,
    values: bool = False,
) -> list[str]:
    """A message for all that is wrong with a dataset; with `values`, of every page and cell."""
    if description.problem is not None:
        return [description.problem]
    core = load_core()
    dataset: dict[str, Any] = core.describe_dataset(path)
    found = [*description.warnings, *dataset["problems"]]
    for part in dataset["parts"]:
        found += section_problems(Path(part["file"]), [])
    if not values:
        return found
    # A damaged page is told once.
    damaged = core.check_parts(path)
    return [*found, *(damaged or core.check_values(path, path_column, time_column))]


def damaged_files(folder: Path) -> dict[Path, str]:
    """The files of a dataset that cannot be read, or have damaged pages, and a message for each.

    Every page of all files is decoded. ValueError if the manifest is none.
    """
    found = {}
    for file in dataset_files(folder).values():
        try:
            messages = load_core().check_pages(file)
        except (ValueError, OSError) as error:
            messages = [str(error)]
        if messages:
            found[file] = messages[0]
    return found


def _role(entry: dict[str, Any]) -> str:
    if entry["role"] == "metadata":
        return f"prim metadata {entry['field']}"
    kind = "rel" if entry["role"] == "relationship" else entry["sdf_type"]
    return f"{kind} {entry['property']}"
