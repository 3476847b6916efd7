"""Cells that are OpenUSD's paths, as texts. OpenUSD is not loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PathCells:
    """Cells without Sdf.Paths."""

    values: list[Any]
    are_paths: bool
    """Whether every cell was a path, a list of paths, or nothing."""


def is_path(value: object) -> bool:
    """Whether it is an Sdf.Path. Without OpenUSD there are none."""
    sdf = sys.modules.get("pxr.Sdf")
    return sdf is not None and isinstance(value, sdf.Path)


def _items(cell: object) -> Sequence[Any] | None:
    """The items of a list, a tuple or a numpy array of one dimension; None for all else."""
    if isinstance(cell, list | tuple):
        return cell
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(cell, numpy.ndarray) and cell.dtype == object:
        return list(cell) if cell.ndim == 1 else None
    return None


def with_path_texts(cells: Sequence[Any]) -> PathCells | None:
    """The cells with texts for paths, also in lists; an empty path is nothing.

    None if no cell has a path in it.
    """
    sdf = sys.modules.get("pxr.Sdf")
    if sdf is None:
        return None
    path = sdf.Path

    def has_paths(cell: Any) -> bool:
        if isinstance(cell, path):
            return True
        return any(isinstance(item, path) for item in _items(cell) or ())

    def text(cell: Any) -> Any:
        if isinstance(cell, path):
            return None if cell.isEmpty else str(cell)
        items = _items(cell)
        return cell if items is None else [text(item) for item in items]

    kinds = [has_paths(cell) for cell in cells]
    if not any(kinds):
        return None
    others = (cell for cell, has in zip(cells, kinds, strict=True) if not has)
    are_paths = all(_is_nothing(cell) for cell in others) and all(
        isinstance(item, path)
        for cell, has in zip(cells, kinds, strict=True)
        if has
        for item in _items(cell) or ()
    )
    return PathCells([text(cell) for cell in cells], are_paths)


def _is_nothing(cell: Any) -> bool:
    """Whether a cell is a null of any library, or an empty list."""
    items = _items(cell)
    if cell is None or (items is not None and len(items) == 0):
        return True
    if isinstance(cell, float):
        return cell != cell
    return type(cell).__name__ in ("NAType", "NaTType")
