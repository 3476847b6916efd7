"""What a sound file gives, and how what a damaged one gives is compared with it.

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

import pyarrow.parquet as pq
import typer
from pxr import Sdf, Tf, UsdUtils

from usdparquet.cli import app
from usdparquet.cli.console import plain_errors
from usdparquet.cli.inspect import validate

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
    texts = [str(each) for each in arguments]
    return _ended(texts[0], lambda: COMMAND(texts, prog_name="usdparquet"))


def run_validate(file: Path, *, values: bool) -> int:
    """The exit code of `validate`, without what reading its arguments takes: five times as long."""

    def call() -> None:
        with plain_errors():
            validate(file, values=values)

    return _ended("validate", call)[0]


def _ended(name: str, call: Callable[[], object]) -> tuple[int, str]:
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
    code: object = 0
    with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
        try:
            call()
        except SystemExit as error:
            code = error.code or 0
        except typer.Exit as error:
            code = error.exit_code
        except Exception as error:
            raise WrongError(f"TRACEBACK of {name}: {error!r}") from error
    out, errors = (stream.buffer.getvalue().decode() for stream in streams)
    if code not in (0, 1):
        raise WrongError(f"EXIT CODE {code} of {name}: {errors[-200:]}")
    if code and not (out + errors).strip():
        raise WrongError(f"SILENT: {name} fails without a word")
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


class Errors:
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
    errors = Errors()

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
