"""Layers to Parquet and back, for the tests of fidelity."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pxr import Sdf


def through(layer: Sdf.Layer, file: Path) -> str:
    """The text of what a reader finds after `layer` was exported to `file`."""
    assert layer.Export(str(file))
    reopened = Sdf.Layer.OpenAsAnonymous(str(file))
    assert reopened, f"{file} does not open"
    return reopened.ExportToString()


def difference(expected: str, found: str) -> str:
    """A short unified diff; empty where both are the same."""
    lines = difflib.unified_diff(
        expected.splitlines(), found.splitlines(), "the layer", "read back", lineterm="", n=2
    )
    return "\n".join(line[:200] for _, line in zip(range(60), lines, strict=False))


def check_round_trip(layer: Sdf.Layer, file: Path) -> Path:
    """Assert that `layer` comes back from `file` with the identical text; returns `file`."""
    expected = layer.ExportToString()
    found = through(layer, file)
    assert expected == found, difference(expected, found)
    return file


def text_layer(text: str) -> Sdf.Layer:
    """A layer of OpenUSD's own with the content of `text`, without the header line."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    assert layer.ImportFromString("#usda 1.0\n" + text)
    return layer


def make_large(layer: Sdf.Layer) -> None:
    """Give the layer what a packed residual has no room for, so that it becomes a crate file."""
    prim = Sdf.PrimSpec(layer, "Large", Sdf.SpecifierDef)
    prim.customData = {"large": "".join(chr(97 + number * number % 26) for number in range(9000))}


def residual_format(file: Path) -> str:
    """`packed` or `usdc`; empty where there is none."""
    locator = pq.read_metadata(file).metadata.get(b"usdparquet:residual", b"")
    return locator.decode().partition("format=")[2].partition(" ")[0]


def footer(file: Path) -> dict[str, Any]:
    """What the file says of its columns and its layer."""
    return json.loads(pq.read_metadata(file).metadata[b"usdparquet:schema"])


def columns_by_property(file: Path) -> dict[str, str]:
    """Property name -> column name of the attributes that are columns."""
    return {
        entry.get("property", name): name
        for name, entry in footer(file).get("columns", {}).items()
        if entry["role"] == "attribute"
    }
