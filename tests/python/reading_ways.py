"""Each way of reading and saving a file as a function with a verdict (readings.py says which)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pxr import Sdf
from readings import (
    EDITS,
    Errors,
    Truth,
    WrongError,
    compare_layer,
    opened,
    run,
    run_validate,
    warnings_of_usd,
)

import usdparquet


def read_layer(file: Path, truth: Truth) -> str:
    """Traverse, children, values, samples, text."""
    with warnings_of_usd() as warnings:
        layer = opened(file)
        if layer is None:
            return "refused"
        is_right = compare_layer(layer, truth.layer)
        del layer
    if len(warnings) > 1:
        raise WrongError(f"WARNINGS, not one: {warnings}")
    if not is_right:
        return "reported"
    return "right, warned" if warnings else "right"


def export_layer(file: Path, truth: Truth) -> str:
    """The text of a layer from which nothing was read before."""
    with warnings_of_usd():
        layer = opened(file)
        if layer is None:
            return "refused"
        errors = Errors()
        done, text = errors.call(layer.ExportToString)
        del layer
    if not done:
        return "reported"
    if text != truth.layer.text:
        raise WrongError(f"WRONG text: {text!r}")
    return "right"


def columns_verdict(read: Callable[[], pa.Table], rows: list[dict[str, Any]]) -> str:
    try:
        table = read()
    except (OSError, ValueError):
        return "refused"
    except Exception as error:
        raise WrongError(f"EXCEPTION {error!r}") from error
    try:
        found = table.to_pylist()
    except UnicodeDecodeError as error:
        raise WrongError(f"WRONG text: {error}") from error
    if found != rows:
        different = [i for i, row in enumerate(rows) if found[i : i + 1] != [row]]
        raise WrongError(
            f"WRONG rows: {len(found)} of {len(rows)}, other from row {different[:1]}: "
            f"{found[different[0] : different[0] + 1] if different else found[-1:]}"
        )
    return "right"


def read_all(file: Path, truth: Truth) -> str:
    return columns_verdict(lambda: usdparquet.read_columns(file), truth.rows)


def read_chosen(file: Path, truth: Truth) -> str:
    rows = [row for path in truth.chosen for row in truth.rows if row["path"] == path]
    return columns_verdict(lambda: usdparquet.read_columns(file, paths=truth.chosen), rows)


def read_under(file: Path, truth: Truth) -> str:
    rows = [row for row in truth.rows if f"{row['path']}/".startswith(f"{truth.under}/")]
    return columns_verdict(lambda: usdparquet.read_columns(file, under=truth.under), rows)


def validate(file: Path, truth: Truth) -> str:
    return "refused" if run_validate(file, values=False) else "right"


def validate_values(file: Path, truth: Truth) -> str:
    return "refused" if run_validate(file, values=True) else "right"


def optimize(file: Path, truth: Truth) -> str:
    out = file.with_name("optimized.parquet")
    out.unlink(missing_ok=True)
    before = file.read_bytes()
    code, _ = run("optimize", file, out)
    if file.read_bytes() != before:
        raise WrongError("CHANGED: optimize wrote to its source")
    if code:
        if out.exists():
            raise WrongError("LEFT: optimize refused, and there is a file")
        return "refused"
    try:
        rows = pq.read_table(out, page_checksum_verification=True).to_pylist()
    except UnicodeDecodeError:
        rows = []
    if rows != truth.rows:
        raise WrongError("SOUND FROM NOW ON: optimize wrote wrong rows")
    layer = opened(out)
    if layer is None or not compare_layer(layer, truth.layer):
        raise WrongError("DAMAGED: optimize wrote a layer with errors")
    return "right"


def convert_to_text(file: Path, truth: Truth) -> str:
    out = file.with_name("converted.usda")
    out.unlink(missing_ok=True)
    code, _ = run("convert", file, out)
    if code:
        return "refused"
    layer = Sdf.Layer.FindOrOpen(str(out))
    if layer.ExportToString() != truth.layer.text:
        raise WrongError(f"WRONG text converted: {layer.ExportToString()!r}")
    return "right"


def convert_to_csv(file: Path, truth: Truth) -> str:
    out = file.with_name("converted.csv")
    out.unlink(missing_ok=True)
    code, _ = run("convert", file, out)
    if code:
        return "refused"
    if out.read_bytes().decode(errors="replace") != truth.csv:
        raise WrongError(f"WRONG csv: {out.read_bytes()!r}")
    return "right"


def query(file: Path, truth: Truth) -> str:
    code, out = run("query", file, "--where", truth.where, "--format", "json")
    if code:
        return "refused"
    if json.loads(out) != truth.selected:
        raise WrongError(f"WRONG rows of a query: {out}")
    return "right"


def _save(name: str, file: Path, truth: Truth) -> str:
    """Edit a copy and save it: right, or refused with the old file and the edits kept."""
    copy = file.with_name(f"saved-{name}.parquet")
    copy.unlink(missing_ok=True)
    before = file.read_bytes()
    copy.write_bytes(before)
    with warnings_of_usd():
        layer = opened(copy)
        if layer is None:
            return "refused"
        errors = Errors()
        done, _ = errors.call(EDITS[name], layer, truth)
        edited = layer.dirty
        saved = errors.call(layer.Save) if done or edited else (False, False)
        if saved != (True, True):
            if copy.read_bytes() != before:
                raise WrongError("CHANGED: a save that failed changed the file")
            if edited and not layer.dirty:
                raise WrongError("CLEAN: a save that failed leaves the layer without its edits")
            if not errors.texts:
                raise WrongError("SILENT: a save failed without an error")
            return "refused"
        del layer
        layer = opened(copy)
        if layer is None or not compare_layer(layer, truth.edited[name]):
            raise WrongError("SAVED what is damaged, which is still noticed")
        del layer
    try:
        table = pq.read_table(copy, page_checksum_verification=True)
    except Exception as error:
        raise WrongError("SAVED pages that are damaged, which is still noticed") from error
    if name == "cell" and table.num_rows != len(truth.rows):
        raise WrongError(f"LOST rows: {table.num_rows} of {len(truth.rows)}")
    return "right"


def save_cell(file: Path, truth: Truth) -> str:
    return _save("cell", file, truth)


def save_prim(file: Path, truth: Truth) -> str:
    return _save("prim", file, truth)


Way = Callable[[Path, Truth], str]

# Ways that are quick, and those that take some 20 ms.
QUICK: dict[str, Way] = {
    "layer": read_layer,
    "export": export_layer,
    "read_columns": read_all,
    "read_columns paths": read_chosen,
    "read_columns under": read_under,
    "validate": validate,
    "validate --values": validate_values,
}
SLOW: dict[str, Way] = {
    "optimize": optimize,
    "save of a cell": save_cell,
    "save of a prim": save_prim,
    "convert to usda": convert_to_text,
    "convert to csv": convert_to_csv,
    "query": query,
    "read_columns again": read_all,
}
