"""Datasets: a folder of Parquet files, or any list of them, as one layer."""

from __future__ import annotations

import glob
import json
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._plugin import load_core
from .regular_file import check_readable_file, is_dataset

MANIFEST = "_usdparquet.json"
"""The name of the manifest in the folder of a dataset."""

FileName = str | os.PathLike[str]


@dataclass(frozen=True)
class DatasetSummary:
    """What `dataset` or `write_manifest` wrote."""

    parts: int
    rows: int
    prims: int
    """Prims with a row; 0 without an index."""
    manifest_bytes: int
    index_bytes: int


def dataset(
    paths: FileName | Iterable[FileName],
    manifest: FileName | None = None,
    *,
    path: str = "",
    time: str = "",
    index: bool = True,
) -> DatasetSummary:
    """Write the manifest of a dataset: its files, and an index of all of them together.

    `paths`: a folder, whose files are the dataset's, or files, folders and glob patterns (`*`,
    `**`) in the order of the rows. Files whose name, or the name of a folder below the given one
    or that a pattern finds, begins with `.` or `_` do not count.
    `manifest`: the file to write, ``FOLDER/_usdparquet.json``; the dataset is then the layer
    ``FOLDER``. It may be left out for a single folder. Files elsewhere are named from there on.
    `path`, `time`: the columns with the prim paths and the times, if the files do not name them.
    `index`: whether to index the paths; without it they are read when the layer is opened.

    Raises ValueError or OSError, with the file's name, for files that are no dataset. Warns as
    opening the layer would.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    folders = [Path(each) for each in given if Path(each).is_dir()]
    if manifest is None:
        if len(given) != 1 or not folders:
            raise ValueError("manifest is needed where paths are not a single folder")
        manifest = folders[0] / MANIFEST
    target = Path(manifest)
    if target.name != MANIFEST:
        raise ValueError(f"{target}: the name of a manifest is {MANIFEST}, in the dataset's folder")
    covers = len(given) == 1 and bool(folders) and folders[0].resolve() == target.parent.resolve()
    # A folder is named as its manifest names it, also where it was given by a link.
    files = [file for each in ([target.parent] if covers else given) for file in _files_of(each)]
    for file in files:
        check_readable_file(Path(file))
    return _write(target, files, [], covers, path, time, index)


def describe_part(file: FileName, *, path: str = "") -> str:
    """Describe one Parquet file for `write_manifest`, as JSON.

    To be called where the file lies, right after it was written; it may be moved afterwards, but
    not changed. Reads its footer and the column of paths, `path`. docs/file-format.md describes
    the JSON. Raises ValueError or OSError for a file that a dataset cannot have.
    """
    text: str = load_core().describe_part(file, path_column=path)
    return text


def write_manifest(
    manifest: FileName,
    files: Sequence[FileName],
    descriptions: Sequence[str | None] = (),
    *,
    covers_folder: bool = True,
    path: str = "",
    time: str = "",
    index: bool = True,
) -> DatasetSummary:
    """Write the manifest of `files`, in the order of their rows, from their descriptions.

    `files` are named as this process finds them, and lie beside the manifest or elsewhere.
    `descriptions` are those that `describe_part` gave, one for each file; None for a file that is
    to be read here. With `index`, the columns of paths and times of all files are read; without,
    no file that is described is opened.
    `covers_folder`: whether they are all files of the manifest's folder, so that another one that
    appears there is an error that says to write the manifest again.
    """
    return _write(Path(manifest), list(files), list(descriptions), covers_folder, path, time, index)


def _write(
    target: Path,
    files: Sequence[FileName],
    descriptions: Sequence[str | None],
    covers_folder: bool,
    path: str,
    time: str,
    index: bool,
) -> DatasetSummary:
    done = load_core().write_manifest(
        target,
        [os.fspath(file) for file in files],
        descriptions=list(descriptions),
        covers_folder=covers_folder,
        path_column=path,
        time_column=time,
        has_index=index,
    )
    for warning in done.pop("warnings"):
        warnings.warn(warning, stacklevel=3)
    return DatasetSummary(**done)


def table_named(path: Path) -> Path:
    """The folder of a dataset, if `path` is its manifest; any other path as it is."""
    return path.parent if path.name == MANIFEST and is_dataset(path.parent) else path


def check_not_in_dataset(target: Path, source: Path) -> None:
    """ValueError if a file to write is the dataset that is read, or one of its files."""
    if not is_dataset(source):
        return
    if target.is_dir() and target.samefile(source):
        raise ValueError(
            f"{source}: is a dataset, which is not written over: name another file to write, or "
            f"write each of its files anew and then run 'usdparquet dataset {source}'"
        )
    if source.resolve() in target.resolve().parents:
        raise ValueError(
            f"{target}: lies in the dataset that is read, and would be one of its files; write to "
            "another folder"
        )
    if target.exists() and any(target.samefile(file) for file in dataset_files(source).values()):
        raise ValueError(f"{target}: is a file of the dataset that is read; write to another file")


def dataset_files(folder: Path) -> dict[str, Path]:
    """The files of a dataset that are there, by their names from its folder on.

    ValueError if its manifest is none, or if there is no manifest and no file.
    """
    has_manifest = (folder / MANIFEST).exists()
    names = listed_files(folder) if has_manifest else _names_in(folder)
    return {name: folder / name for name in names if (folder / name).exists()}


def missing_files(folder: Path) -> list[str]:
    """The files of a dataset's manifest that are not there; none without one."""
    if not (folder / MANIFEST).exists():
        return []
    return [name for name in listed_files(folder) if not (folder / name).exists()]


def listed_files(folder: Path) -> list[str]:
    """The files of a manifest by their names from its folder on; ValueError if it is none."""
    told = _read_manifest(folder)
    try:
        names = [part["file"] for part in told["parts"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{folder / MANIFEST}: is no manifest") from error
    for name in names:
        if not _is_file_name(name):
            raise ValueError(
                f"{folder / MANIFEST}: the 'file' of a part is {json.dumps(name)[:100]}, which is "
                "no name of a file; write the manifest again with 'usdparquet dataset'"
            )
    return names


def _is_file_name(name: Any) -> bool:
    """Whether a manifest can list it: JSON may hold halves of characters, which no UTF-8 has."""
    if not isinstance(name, str) or not name or "\0" in name:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in name)


def named_columns(folder: Path) -> dict[str, str]:
    """The columns with the paths and the times, `path` and `time`, that a manifest names."""
    try:
        told = _read_manifest(folder)
    except (OSError, ValueError):  # whoever opens the dataset says what is wrong
        return {}
    found = told if isinstance(told, dict) else {}
    return {key: found[key] for key in ("path", "time") if isinstance(found.get(key), str)}


def _read_manifest(folder: Path) -> Any:
    """The JSON of a manifest; ValueError, which names it, if it is none."""
    try:
        return json.loads((folder / MANIFEST).read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        why = "lists within lists" if isinstance(error, RecursionError) else str(error)
        raise ValueError(
            f"{folder / MANIFEST}: the manifest can't be read: {why}; write it again with "
            "'usdparquet dataset'"
        ) from error


def _names_in(folder: Path) -> list[str]:
    """The names of all files of a folder; ValueError if there are none."""
    names: list[str] = load_core().folder_files(folder)
    if not names:
        raise ValueError(
            f"{folder}: the folder has no Parquet files (names that begin with '.' or '_' do not "
            "count)"
        )
    return names


def _files_of(given: FileName) -> list[str]:
    """The files that a name stands for: those of a folder, those of a pattern, or itself."""
    path = Path(given)
    if path.is_dir():
        return [str(path / name) for name in _names_in(path)]
    if path.exists() or not glob.has_magic(str(path)):
        return [str(path)]
    found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - absolute patterns too
    fixed = [glob.has_magic(part) for part in path.parts].index(True)
    shown = [
        each
        for each in found
        if not any(part.startswith((".", "_")) for part in Path(each).parts[fixed:])
    ]
    if not shown:
        raise FileNotFoundError(f"{path}: no file is called so")
    return [file for each in shown for file in _files_of(each)]
