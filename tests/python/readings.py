"""All ways of reading and saving a file, each with a verdict against what a sound one gives.

Verdicts:

- ``right``: the values of the sound file; ``right, warned`` if OpenUSD had a warning as well;
- ``refused``: an error, and nothing was read, or an output was not written;
- ``reported``: a layer opened and told of an error; what it gave beside that was right;
- anything else begins with a word in capital letters and is a failure.

Used in a process of its own (flip_worker.py), because damage may end the process that reads it.
"""

from __future__ import annotations

import gc
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from pxr import Sdf, Tf, UsdUtils

import usdparquet
from usdparquet.cli import app

COMMAND = typer.main.get_command(app)


class WrongError(Exception):
    """What was read is neither right nor refused; the message begins with a word in capitals."""


@dataclass
class Content:
    """What a layer holds: its text, children, attributes, and their samples."""

    text: str
    children: dict[str, list[str]]
    defaults: dict[str, str]
    samples: dict[str, dict[float, str]]


@dataclass
class Truth:
    """What the sound file gives; made by `truth_of`."""

    layer: Content
    rows: list[dict[str, Any]]
    csv: str
    chosen: list[str]  # prims whose rows are asked for
    under: str
    cell: str  # an attribute that a save of a cell changes
    value: object
    where: str
    selected: list[dict[str, Any]]
    edited: dict[str, Content] = field(default_factory=dict)


@contextmanager
def warnings_of_usd() -> Iterator[list[str]]:
    """The texts of the warnings that OpenUSD is given, complete when the block ends."""
    delegate = UsdUtils.CoalescingDiagnosticDelegate()
    found: list[str] = []
    try:
        yield found
    finally:
        found += [each.commentary for each in delegate.TakeUncoalescedDiagnostics()]
        del delegate


def run(*arguments: object) -> tuple[int, str]:
    """Exit code and standard output of a command, run in this process."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
    code: object = 0
    with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
        try:
            COMMAND([str(each) for each in arguments], prog_name="usdparquet")
        except SystemExit as error:
            code = error.code or 0
        except Exception as error:
            raise WrongError(f"TRACEBACK of {arguments[0]}: {error!r}") from error
    out, errors = (stream.buffer.getvalue().decode() for stream in streams)
    if code not in (0, 1):
        raise WrongError(f"EXIT CODE {code} of {arguments[0]}: {errors[-200:]}")
    if code and not (out + errors).strip():
        raise WrongError(f"SILENT: {arguments[0]} fails without a word")
    return int(code), out


def prims_of(layer: Sdf.Layer) -> list[str]:
    found: list[str] = []
    layer.Traverse("/", lambda path: found.append(str(path)) if path.IsPrimPath() else None)
    return sorted(found)


def content_of(layer: Sdf.Layer) -> Content:
    """All that a sound layer holds."""
    prims = prims_of(layer)
    children = {"/": [each.name for each in layer.rootPrims]}
    defaults, samples = {}, {}
    for prim in prims:
        spec = layer.GetPrimAtPath(prim)
        children[prim] = [each.name for each in spec.nameChildren]
        for attribute in spec.attributes:
            path = str(attribute.path)
            defaults[path] = repr(attribute.default)
            times = layer.ListTimeSamplesForPath(path)
            samples[path] = {time: repr(layer.QueryTimeSample(path, time)) for time in times}
    return Content(layer.ExportToString(), children, defaults, samples)


def truth_of(
    file: Path, chosen: list[str], under: str, cell: str, value: object, where: str, folder: Path
) -> Truth:
    """Read a sound file in all ways; the edited versions are written to `folder`."""
    layer = Sdf.Layer.FindOrOpen(str(file))
    content = content_of(layer)
    del layer
    rows = pq.read_table(file).to_pylist()
    code, selected = run("query", file, "--where", where, "--format", "json")
    assert code == 0
    assert run("convert", file, folder / "truth.csv")[0] == 0
    truth = Truth(
        content,
        rows,
        (folder / "truth.csv").read_text(),
        chosen,
        under,
        cell,
        value,
        where,
        json.loads(selected),
    )
    for name, edit in EDITS.items():
        copy = folder / f"truth-{name}.parquet"
        copy.write_bytes(file.read_bytes())
        layer = Sdf.Layer.FindOrOpen(str(copy))
        edit(layer, truth)
        assert layer.Save()
        del layer
        layer = Sdf.Layer.FindOrOpen(str(copy))
        truth.edited[name] = content_of(layer)
        del layer
    return truth


def _edit_cell(layer: Sdf.Layer, truth: Truth) -> None:
    layer.GetAttributeAtPath(truth.cell).default = truth.value


def _edit_prim(layer: Sdf.Layer, truth: Truth) -> None:
    Sdf.CreatePrimInLayer(layer, "/New")


EDITS = {"cell": _edit_cell, "prim": _edit_prim}


class _Errors:
    """Calls into OpenUSD, and the errors that they told of."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def call(self, function: Callable[..., Any], *arguments: Any) -> tuple[bool, Any]:
        try:
            return True, function(*arguments)
        except Tf.ErrorException as error:
            self.texts.append(str(error))
            return False, None


def compare_layer(layer: Sdf.Layer, truth: Content) -> bool:
    """Whether all of a layer is right; False where it told of an error instead.

    A value may be missing when the layer has told of an error, never be another. What is listed
    as a child has to have a spec.
    """
    errors = _Errors()

    def missing(what: str) -> None:
        if not errors.texts:
            raise WrongError(f"LOST without an error: {what}")

    for prim, names in truth.children.items():
        done, spec = errors.call(
            lambda prim=prim: layer.pseudoRoot if prim == "/" else layer.GetPrimAtPath(prim)
        )
        if not done:
            continue
        if not spec:
            missing(prim)
            continue
        done, found = errors.call(lambda spec=spec: list(spec.nameChildren.keys()))
        if done and found != names:
            if set(found) - set(names):
                raise WrongError(f"INVENTED children of {prim}: {found}")
            missing(f"children of {prim}: {found}, not {names}")
        for name in found or []:
            path = f"{prim.rstrip('/')}/{name}"
            done, child = errors.call(layer.GetPrimAtPath, path)
            if done and not child:
                raise WrongError(f"CHILD WITHOUT A SPEC: {path}")
    for path, value in truth.defaults.items():
        done, spec = errors.call(layer.GetAttributeAtPath, path)
        if not done:
            continue
        if not spec:
            missing(path)
            continue
        done, found = errors.call(lambda spec=spec: repr(spec.default))
        if done and found != value:
            if found != "None":
                raise WrongError(f"WRONG value of {path}: {found}, not {value}")
            missing(path)
        done, times = errors.call(layer.ListTimeSamplesForPath, path)
        samples = truth.samples[path]
        if done and list(times) != sorted(samples):
            if set(times) - set(samples):
                raise WrongError(f"WRONG times of {path}: {times}, not {sorted(samples)}")
            missing(f"times of {path}")
        for time, value in samples.items():
            done, found = errors.call(
                lambda path=path, time=time: repr(layer.QueryTimeSample(path, time))
            )
            if done and found != value:
                if found != "None":
                    raise WrongError(f"WRONG sample of {path} at {time}: {found}, not {value}")
                missing(f"sample of {path} at {time}")
    done, text = errors.call(layer.ExportToString)
    if done and not errors.texts and text != truth.text:
        raise WrongError(f"WRONG text: {text!r}")
    return not errors.texts


def opened(file: Path) -> Sdf.Layer | None:
    """The layer, or None where it is refused with an error."""
    gc.collect(0)
    assert Sdf.Layer.Find(str(file)) is None
    try:
        layer = Sdf.Layer.FindOrOpen(str(file))
    except Tf.ErrorException:
        return None
    if not layer:
        raise WrongError("SILENT: the layer does not open, and there is no error")
    return layer


def save(layer: Sdf.Layer) -> str | None:
    """Save, and return the error, or None where it was saved."""
    try:
        assert layer.Save(), "a save failed without an error"
    except Tf.ErrorException as error:
        return str(error)
    return None


def read_layer(file: Path, truth: Truth) -> str:
    """Traverse, children, values, samples, text."""
    with warnings_of_usd() as warnings:
        layer = opened(file)
        if layer is None:
            return "refused"
        is_right = compare_layer(layer, truth.layer)
        # Again, by a text alone first: errors and values must not depend on the order of reads.
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
        errors = _Errors()
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
    return "refused" if run("validate", file)[0] else "right"


def validate_values(file: Path, truth: Truth) -> str:
    return "refused" if run("validate", "--values", file)[0] else "right"


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
        errors = _Errors()
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
