"""All ways of using one file, in a process that may die: what they found, and what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pyarrow as pa
from pxr import Sdf, Tf
from typer.testing import CliRunner

import usdparquet
from usdparquet.cli import app

Values = dict[str, str]
# What a refused file may raise.
REFUSALS = (OSError, ValueError, KeyError, pa.ArrowException, NotImplementedError)


@dataclass
class Report:
    """What was seen of a file."""

    values: Values = field(default_factory=dict)
    """Field of a spec -> its value."""
    problems: list[str] = field(default_factory=list)
    """Errors and warnings that the readers gave."""
    findings: list[str] = field(default_factory=list)
    """What may not be."""


def values_of(layer: Sdf.Layer, problems: list[str]) -> Values:
    """Every field of every spec; what raises is a problem, and no value."""
    paths: list[Sdf.Path] = []
    found: Values = {}

    def attempt(name: str, read: Callable[[], object]) -> None:
        try:
            value = read()
        except Tf.ErrorException as error:
            problems.append(str(error))
            return
        except TypeError:
            value = "of a type that Python has not"
        if value is not None:
            text = repr(value)
            # Some of OpenUSD's classes show their address alone.
            found[name] = str(value) if " object at 0x" in text else text

    def visit(path: Sdf.Path) -> None:
        paths.append(path)

    attempt("/ walk", lambda: layer.Traverse("/", visit))
    for path in paths:
        spec = layer.GetObjectAtPath(path)
        if spec is None:
            found[f"{path}"] = "listed, but not there"
            continue
        if path.IsTargetPath():
            continue  # as the field of its property
        found[f"{path}"] = type(spec).__name__
        for key in sorted(spec.ListInfoKeys()):
            attempt(f"{path} {key}", lambda spec=spec, key=key: spec.GetInfo(key))
        if isinstance(spec, Sdf.AttributeSpec):
            for time in layer.ListTimeSamplesForPath(path):
                name = f"{path} @{time}"
                attempt(name, lambda path=path, time=time: layer.QueryTimeSample(path, time))
        if isinstance(spec, Sdf.PrimSpec):
            names = [child.name for child in spec.nameChildren]
            found[f"{path} children"] = repr(names)
    return found


class Probe:
    def __init__(self, file: Path, time: str, rng: Random) -> None:
        self.file = file
        self.arguments = {"time": time} if time else {}
        self.time = time
        self.rng = rng
        self.report = Report()

    def found(self, text: str) -> None:
        self.report.findings.append(text)

    def opened(self, file: Path) -> Sdf.Layer | None:
        """The layer; None if it is refused, which is a problem."""
        identifier = Sdf.Layer.CreateIdentifier(str(file), self.arguments)
        try:
            layer = Sdf.Layer.FindOrOpen(identifier)
        except Tf.ErrorException as error:
            self.report.problems.append(str(error))
            return None
        if layer is None:
            self.found("no layer, and no error")
        return layer

    def read_layer(self) -> None:
        if layer := self.opened(self.file):
            self.report.values = values_of(layer, self.report.problems)

    def read_columns(self) -> pa.Table | None:
        arguments = dict(self.arguments)
        try:
            return usdparquet.read_columns(self.file, **arguments)
        except REFUSALS as error:
            self._refused("read_columns", error)
        return None

    def read_rows(self) -> None:
        """The columns of a few prims, found by the index."""
        prims = [name for name in self.report.values if " " not in name and "." not in name]
        chosen = self.rng.sample(prims, min(3, len(prims)))
        try:
            usdparquet.read_columns(self.file, paths=chosen, missing="null", **self.arguments)
        except REFUSALS as error:
            self._refused("read_columns of rows", error)

    def _refused(self, who: str, error: Exception) -> None:
        if isinstance(error, UnicodeError) or not str(error).strip():
            self.found(f"{who}: {type(error).__name__}: {error}")
        self.report.problems.append(f"{who}: {error}")

    def command(self, *arguments: object) -> int:
        """The exit code of a command; anything but 0, 1 and 2 is a finding."""
        options = ["--time", self.time] if self.time and arguments[0] != "recover" else []
        result = CliRunner().invoke(app, [*map(str, arguments), *options])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            self.found(f"{arguments[0]}: {result.exception!r}")
        if result.exit_code not in (0, 1, 2):
            self.found(f"{arguments[0]}: exit code {result.exit_code}")
        if result.exit_code != 0:
            self.report.problems.append(f"{arguments[0]}: {result.output[-300:]}")
        return result.exit_code

    def validate(self) -> bool:
        return self.command("validate", "--values", self.file) == 0

    def copy(self, name: str) -> Path:
        return Path(shutil.copy(self.file, self.file.with_name(name)))

    def written(self, file: Path) -> Values | None:
        """The values of a file that was written.

        That it cannot be read is a finding, unless the file that it was made of cannot be either:
        what the footer says of columns is copied as it is.
        """
        problems: list[str] = []
        # Of another name: a layer of this one may be open.
        fresh = shutil.copy(file, file.with_name(f"fresh_{file.name}"))
        try:
            layer = Sdf.Layer.FindOrOpen(Sdf.Layer.CreateIdentifier(str(fresh), self.arguments))
        except Tf.ErrorException as error:
            if self.report.values:
                self.found(f"what was written does not open: {error}")
            return None
        values = values_of(layer, problems)
        if problems and self.report.values:
            self.found(f"what was written has errors: {problems[0]}")
        return values

    def optimize(self) -> Values | None:
        out = self.file.with_name("optimized.parquet")
        if self.command("optimize", self.file, out) != 0:
            return None
        return self.written(out)

    def recover(self) -> Values | None:
        out = self.file.with_name("recovered.parquet")
        if self.command("recover", self.file, out) == 2:
            return None
        return self.written(out) if not self.time else None

    def save(self, *, whole: bool) -> tuple[Values, Values] | None:
        """Edit and save a copy: what the layer had after the edit, and what the file has.

        None where the save is refused, or the layer was read with errors.
        """
        layer = self.opened(self.copy("saved.parquet"))
        if layer is None:
            return None
        problems: list[str] = []
        values_of(layer, problems)
        if whole:
            added = "/Added_by_probe"
            Sdf.PrimSpec(layer, added[1:], Sdf.SpecifierDef)
        elif not self._edit_a_cell(layer):
            return None
        before = values_of(layer, problems)
        try:
            is_saved = layer.Save()
        except Tf.ErrorException as error:
            self.report.problems.append(f"save: {error}")
            return None
        if not is_saved:
            self.found("not saved, and no error")
            return None
        if problems:
            return None
        after = self.written(Path(layer.realPath))
        return None if after is None else (before, after)

    def _edit_a_cell(self, layer: Sdf.Layer) -> bool:
        found: list[Sdf.AttributeSpec] = []

        def visit(path: Sdf.Path) -> None:
            spec = layer.GetAttributeAtPath(path)
            if spec and len(found) < 60 and str(spec.typeName) in ("double", "int", "string"):
                found.append(spec)

        try:
            layer.Traverse("/", visit)
            if not found:
                return False
            spec = self.rng.choice(found)
            spec.default = "edited" if str(spec.typeName) == "string" else 7
        except Tf.ErrorException as error:
            self.report.problems.append(f"edit: {error}")
            return False
        return True


def difference(expected: Values, found: Values) -> str:
    """The first few fields that differ; empty if none does."""
    keys = [
        key for key in sorted(expected.keys() | found.keys()) if expected.get(key) != found.get(key)
    ]
    texts = [f"{key}: {expected.get(key)} -> {found.get(key)}"[:160] for key in keys[:3]]
    return f"{len(keys)} fields, " + "; ".join(texts) if keys else ""


def without_empty(pair: tuple[Values, Values]) -> tuple[Values, Values]:
    """Both without the attributes that have no value in the first, and without lists of properties.

    Where the statistics of a chunk claim that no cell is null and a page has nulls, an attribute is
    there and has no value. Who saves writes the null, by which there is none.
    """
    before = pair[0]
    empty = {
        path
        for path, kind in before.items()
        if "." in path
        and kind == "AttributeSpec"
        and before.get(f"{path} default") in (None, "None")
        and f"{path} timeSamples" not in before
    }

    def kept(values: Values) -> Values:
        return {
            key: value
            for key, value in values.items()
            if key.split(" ")[0] not in empty and not key.endswith(" properties")
        }

    return kept(before), kept(pair[1])


def check_against(golden: Values, report: Report) -> None:
    """Whatever is there is right, and what is missing was said to be."""
    for key, value in report.values.items():
        # A prim whose specifier is lost is an over, as all that say nothing.
        is_lost = key.endswith(" specifier") and value == "Sdf.SpecifierOver" and report.problems
        if golden.get(key) != value and not is_lost and not _is_reduced(key):
            report.findings.append(f"wrong: {key}: {golden.get(key)} -> {value}"[:300])
            return
    lost = golden.keys() - report.values.keys()
    if lost and not report.problems:
        report.findings.append(f"lost without a word: {sorted(lost)[:3]} of {len(lost)}")


def _is_reduced(key: str) -> bool:
    """Lists of names and of samples, which damage makes shorter; what is in them is compared."""
    return key.endswith((" children", " properties", " primChildren", " timeSamples"))
