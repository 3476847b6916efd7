"""What is done while calls fail, and what may come of it.

A scenario starts from the files that `give` made, in a folder of its own. `act` is done while one
call fails; `verdict` then tells what came of it: "right"; "refused", with an error, the old file
and nothing beside it; or "dirty", where the new file is there and the layer is not called saved.
All else is an AssertionError.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from pxr import Sdf

import usdparquet
from usdparquet._plugin import load_core
from usdparquet.tables.convert import ConvertOptions, convert_file
from usdparquet.tables.file_description import describe_file
from usdparquet.tables.query import Query, run_query
from usdparquet.tables.table_file import TableFile

PRIMS = 300
# What a MemoryError says.
NO_MEMORY = ("there is not enough memory", "std::bad_alloc")


def table() -> pa.Table:
    """Three row groups of several pages, larger than what a writer holds in memory."""
    chance = random.Random(7)
    return pa.table(
        {
            "path": [f"/World/p{i:03}" for i in range(PRIMS)],
            "x": [chance.random() for _ in range(PRIMS)],
            "name": [chance.randbytes(150).hex() for _ in range(PRIMS)],
            "few": [f"kind {i % 5}" if i % 7 else None for i in range(PRIMS)],
        }
    )


def write_plain(file: Path) -> None:
    """A table without an index."""
    import pyarrow.parquet as pq

    pq.write_table(table(), file, row_group_size=100, data_page_size=4096, write_batch_size=20)


def unordered() -> pa.Table:
    """The same rows at prims of other parents each, so that they have to be put in order."""
    paths = pa.array([f"/World/zone{i % 7}/p{i:03}" for i in range(PRIMS)])
    return table().set_column(0, "path", paths)


def write_unordered(file: Path) -> None:
    """These in a file."""
    import pyarrow.parquet as pq

    pq.write_table(unordered(), file, row_group_size=100)


def write_indexed(file: Path) -> None:
    """A table with its index, in small pages."""
    usdparquet.write_table(table(), file, rows_per_page=25, rows_per_group=100)


def write_long(file: Path) -> None:
    """A long table: 30 prims at ten times."""
    rows = table().drop_columns(["path"])
    paths = pa.array([f"/World/p{i // 10:02}" for i in range(PRIMS)])
    frames = pa.array([float(i % 10) for i in range(PRIMS)])
    long = rows.add_column(0, "frame", [frames]).add_column(0, "path", [paths])
    usdparquet.write_table(long, file, time="frame", rows_per_page=25, rows_per_group=100)


def scene(version: int = 0) -> Sdf.Layer:
    """A layer of columns, and a little that no column holds."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    cells = table().to_pydict()
    with Sdf.ChangeBlock():
        layer.comment = f"version {version}"
        world = Sdf.PrimSpec(layer, "World", Sdf.SpecifierDef)
        for i, path in enumerate(cells["path"]):
            prim = Sdf.PrimSpec(world, path.rpartition("/")[2], Sdf.SpecifierDef)
            Sdf.AttributeSpec(prim, "x", Sdf.ValueTypeNames.Double).default = cells["x"][i]
            name = Sdf.AttributeSpec(prim, "name", Sdf.ValueTypeNames.String)
            name.default = f"{version} {cells['name'][i]}"
            if i % 50 == 0:
                prim.customData = {"row": i, "version": version}
    return layer


def large_scene(version: int = 0) -> Sdf.Layer:
    """The same with much that no column holds: its residual is a crate file."""
    layer = scene(version)
    for prim in layer.GetPrimAtPath("/World").nameChildren:
        prim.customData = {"noise": prim.attributes["name"].default}
    return layer


def sampled_scene(version: int = 0) -> Sdf.Layer:
    """The same with time samples, which become a long table."""
    layer = scene(version)
    for prim in list(layer.GetPrimAtPath("/World").nameChildren)[:60]:
        speed = Sdf.AttributeSpec(prim, "speed", Sdf.ValueTypeNames.Float)
        for at in range(3):
            layer.SetTimeSample(speed.path, float(at), float(at + version))
    return layer


def write_dataset(folder: Path) -> None:
    """The table in two files with a manifest."""
    for number, rows in enumerate((table().slice(0, 200), table().slice(200))):
        part = folder / f"half{number}" / "part.parquet"
        part.parent.mkdir(parents=True)
        usdparquet.write_table(rows, part, rows_per_page=25, rows_per_group=100)
    usdparquet.dataset(folder)


def edit_cells(layer: Sdf.Layer) -> None:
    """Edits that are saved as a patch of the file."""
    layer.GetAttributeAtPath("/World/p007.x").default = -1.5
    layer.GetAttributeAtPath("/World/p250.name").default = "another"


def edit_parts(layer: Sdf.Layer) -> None:
    """Edits of two files of a dataset: cells and a prim."""
    edit_cells(layer)
    prim = Sdf.PrimSpec(layer.GetPrimAtPath("/World"), "q", Sdf.SpecifierDef)
    Sdf.AttributeSpec(prim, "x", Sdf.ValueTypeNames.Double).default = 7.0
    del layer.GetPrimAtPath("/World").nameChildren["p100"]


def edit_all(layer: Sdf.Layer) -> None:
    """Edits for which the file is written anew."""
    edit_cells(layer)
    layer.comment = "edited"
    Sdf.PrimSpec(layer, "Made", Sdf.SpecifierDef).customData = {"made": True}
    del layer.GetPrimAtPath("/World").nameChildren["p100"]


def edit_samples(layer: Sdf.Layer) -> None:
    """Edits of time samples."""
    for number in range(20, 25):
        layer.SetTimeSample(f"/World/p{number:03}.speed", 1.5, float(number))
    layer.EraseTimeSample("/World/p030.speed", 2.0)


def edit_nothing_but_all(layer: Sdf.Layer) -> None:
    """Gives an empty layer all of a scene."""
    layer.TransferContent(scene(1))


def text_of(file: Path) -> str:
    """The text of the layer that a reader finds."""
    layer = Sdf.Layer.OpenAsAnonymous(str(file))
    assert layer, f"{file} does not open"
    return str(layer.ExportToString())


class Scenario:
    """Something that is done in a folder."""

    def __init__(self, folder: Path) -> None:
        self.given = folder / "given"
        self.work = folder / "work"
        self.given.mkdir(parents=True)

    def give(self) -> None:
        """Make the files to start from, and find out what is right."""
        raise NotImplementedError

    def start(self) -> None:
        """Put the files in their place."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.given, self.work)

    def act(self) -> None:
        """What a call fails in; raises where it is refused."""
        raise NotImplementedError

    def verdict(self, errors: list[str]) -> str:
        """What came of it."""
        raise NotImplementedError

    def check_names(self, errors: list[str], file: Path) -> None:
        """Assert that the error is one that names the file, unless there is no memory for that."""
        if len(errors) == 1 and errors[0] in NO_MEMORY:
            return
        ours = [text for text in errors if str(file) in text or text.startswith(file.name)]
        assert ours, f"no error names the file: {errors}"
        # That values can't be read is one, and that they are not saved then is another.
        assert len(ours) == 1 or "not written, because values of" in ours[-1], ours

    def check_folder(self) -> None:
        """Assert that nothing else was left."""
        names = sorted(entry.name for entry in self.work.iterdir())
        assert names == sorted(entry.name for entry in self.given.iterdir()), names


class EditScenario(Scenario):
    """A layer of `name` is opened and edited, and then saved."""

    def __init__(self, folder: Path, name: str, edit: Callable[[Sdf.Layer], None]) -> None:
        super().__init__(folder)
        self.source, self.file = self.given / name, self.work / name
        self._edit = edit
        self._old = self._expected = ""
        self.layer: Sdf.Layer | None = None

    def give(self) -> None:
        self._write(self.source)
        layer = Sdf.Layer.OpenAsAnonymous(str(self.source))
        self._old = layer.ExportToString()
        self._edit(layer)
        self._expected = layer.ExportToString()

    def _write(self, file: Path) -> None:
        """Make what is there before the edit."""
        raise NotImplementedError

    def start(self) -> None:
        self.layer = None
        super().start()
        self.layer = Sdf.Layer.FindOrOpen(str(self.file))
        self._edit(self.layer)

    def act(self) -> None:
        assert self.layer
        assert self.layer.Save()


class SaveScenario(EditScenario):
    """An edited layer is saved to its file."""

    def __init__(
        self,
        folder: Path,
        make: Callable[[], Sdf.Layer],
        edit: Callable[[Sdf.Layer], None],
    ) -> None:
        super().__init__(folder, "scene.parquet", edit)
        self._make = make

    def _write(self, file: Path) -> None:
        assert self._make().Export(str(file))

    def verdict(self, errors: list[str]) -> str:
        assert self.layer
        old = self.source.read_bytes()
        if not errors:
            assert text_of(self.file) == self._expected
            assert self.layer.ExportToString() == self._expected
            assert not self.layer.dirty
            return "right"
        self.check_names(errors, self.file)
        is_old = self.file.read_bytes() == old
        assert is_old or text_of(self.file) == self._expected
        assert self.layer.dirty
        self._check_next_save(old)
        return "refused" if is_old else "dirty"

    def _check_next_save(self, old: bytes) -> None:
        """Where all works again, the layer is saved, or a value that could not be read is told."""
        assert self.layer
        try:
            assert self.layer.Save()
        except Exception as error:
            assert "not written, because values of" in str(error), error
            assert self.file.read_bytes() == old
            assert self.layer.dirty
            return
        assert text_of(self.file) == self._expected
        assert self.layer.ExportToString() == self._expected
        assert not self.layer.dirty


class DatasetScenario(EditScenario):
    """An edited dataset of two files is saved."""

    def __init__(self, folder: Path, edit: Callable[[Sdf.Layer], None]) -> None:
        super().__init__(folder, "set.parquet", edit)
        self._left: set[str] = set()

    def _write(self, file: Path) -> None:
        write_dataset(file)

    def verdict(self, errors: list[str]) -> str:
        assert self.layer
        assert self.layer.ExportToString() == self._expected
        old, new = files_of(self.source), files_of(self.file)
        self._left = set()
        if not errors:
            assert text_of(self.file) == self._expected
            assert not self.layer.dirty
            return "right"
        self.check_names(errors, self.file)
        assert self.layer.dirty
        if text_of(self.file) == self._expected:
            return "dirty"
        assert old == {name: new[name] for name in old}
        self._left = new.keys() - old.keys()
        assert text_of(self.file) == self._old
        assert self.layer.Save()
        assert text_of(self.file) == self._expected
        assert not self.layer.dirty
        return "refused"

    def check_folder(self) -> None:
        super().check_folder()
        assert not self._left


def files_of(folder: Path) -> dict[str, bytes]:
    """The bytes of all files below a folder."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


class ExportScenario(Scenario):
    """A layer is exported over a file."""

    def __init__(self, folder: Path, make: Callable[[int], Sdf.Layer], *, is_file: bool) -> None:
        super().__init__(folder)
        self._make, self._is_file = make, is_file
        self._expected = ""
        self._layer: Sdf.Layer | None = None

    def give(self) -> None:
        write_indexed(self.given / "out.parquet")
        self._layer = self._make(0)
        self._expected = self._layer.ExportToString()
        if self._is_file:  # read while it is written
            assert self._layer.Export(str(self.given / "source.parquet"))
            self._expected = text_of(self.given / "source.parquet")

    def start(self) -> None:
        super().start()
        if self._is_file:
            self._layer = Sdf.Layer.OpenAsAnonymous(str(self.work / "source.parquet"))

    def act(self) -> None:
        assert self._layer
        assert self._layer.Export(str(self.work / "out.parquet"))

    def verdict(self, errors: list[str]) -> str:
        assert self._layer
        out = self.work / "out.parquet"
        if not errors:
            assert text_of(out) == self._expected
            return "right"
        self.check_names(errors, out)
        assert out.read_bytes() == (self.given / "out.parquet").read_bytes()
        if not self._is_file:
            assert self._layer.ExportToString() == self._expected
        return "refused"


class ReadScenario(Scenario):
    """A layer is opened, and each of its values is asked for."""

    def __init__(self, folder: Path, write: Callable[[Path], None]) -> None:
        super().__init__(folder)
        self._write = write
        self._expected: dict[str, Any] = {}
        self._found: dict[str, Any] = {}
        self._is_open = False
        self._text = ""
        self._layer: Sdf.Layer | None = None

    def give(self) -> None:
        file = self.given / "scene.parquet"
        self._write(file)
        layer = Sdf.Layer.OpenAsAnonymous(str(file))
        self._text = layer.ExportToString()
        self._paths: list[Sdf.Path] = []
        layer.Traverse(Sdf.Path.absoluteRootPath, self._paths.append)
        for path in self._paths:
            self._read(layer, path)
        self._expected = self._found

    def start(self) -> None:
        super().start()
        self._found = {}
        self._is_open = False
        self._layer = None

    def act(self) -> None:
        layer = Sdf.Layer.OpenAsAnonymous(str(self.work / "scene.parquet"))
        self._is_open = True
        self._layer = layer  # its parts are not read when it goes
        failures: list[Exception] = []
        listed: list[Sdf.Path] = []
        try:
            layer.Traverse(Sdf.Path.absoluteRootPath, listed.append)
        except Exception as error:
            failures.append(error)
        assert set(listed) == set(self._paths) if not failures else set(listed) <= set(self._paths)
        for path in self._paths:
            try:
                self._read(layer, path)
            except Exception as error:
                failures.append(error)
        if failures:
            raise ExceptionGroup("reading", failures)

    def _read(self, layer: Sdf.Layer, path: Sdf.Path) -> None:
        """Through functions that OpenUSD has for specs that may be gone."""
        if path.IsPropertyPath():
            spec = layer.GetAttributeAtPath(path)
            if not spec:
                return
            times = layer.ListTimeSamplesForPath(path)
            samples = {at: layer.QueryTimeSample(path, at) for at in times}
            self._found[str(path)] = spec.default, samples
        else:
            prim = layer.GetPrimAtPath(path)
            if prim:
                self._found[str(path)] = prim.GetInfo("customData"), {}

    def verdict(self, errors: list[str]) -> str:
        file = self.work / "scene.parquet"
        if errors:
            self.check_errors(errors, file)
        else:
            assert self._is_open
            assert self._found.keys() == self._expected.keys()
        for path, (value, samples) in self._found.items():
            right, right_samples = self._expected[path]
            assert value == right or (errors and not value), path
            is_part = errors and samples.keys() <= right_samples.keys()
            assert samples.keys() == right_samples.keys() or is_part, path
            for at, sample in samples.items():
                assert sample == right_samples[at] or (errors and sample is None), (path, at)
        self._layer = None
        assert text_of(file) == self._text  # nothing is remembered of it
        return "refused" if errors else "right"

    def check_errors(self, errors: list[str], file: Path) -> None:
        """Each column has an error of its own, so there may be several; all name the file."""
        # Where OpenUSD asks for one value, or does not tell which file it could not find.
        unnamed = ["A Parquet layer can't be read or edited: ", "A Parquet file can't be opened: "]
        if any(text == "MemoryError" for text in errors):
            assert not self._is_open  # OpenUSD made the layer, which can't be refused
            return
        for text in errors:
            assert str(file) in text or text.startswith(tuple(unnamed)), errors
        assert len(set(errors)) == len(errors), errors


class FunctionScenario(Scenario):
    """A function reads `in.parquet`, and may write a file."""

    def __init__(
        self,
        folder: Path,
        write: Callable[[Path], None],
        function: Callable[[Path, Path], Any],
        output: str = "",
    ) -> None:
        super().__init__(folder)
        self._write, self._function, self._output = write, function, output
        self._answer: Any = None
        self._expected: Any = None

    def give(self) -> None:
        self._write(self.given / "in.parquet")
        if self._output:
            (self.given / self._output).write_bytes(b"old")
        self.start()
        self.act()
        self._expected = self._answer, self._content()

    def _content(self) -> str | bytes:
        out = self.work / self._output
        if not self._output:
            return ""
        is_layer = out.suffix in (".parquet", ".usda", ".usdc")
        return text_of(out) if is_layer else out.read_bytes()

    def act(self) -> None:
        self._answer = None
        self._answer = self._function(self.work / "in.parquet", self.work / self._output)

    def verdict(self, errors: list[str]) -> str:
        if not errors:
            content = self._content()
            if isinstance(self._answer, dict) and self._answer.get("is_complete") is False:
                return self._check_losses(str(content))
            assert self._answer == self._expected[0], f"{self._answer} != {self._expected[0]}"
            assert content == self._expected[1]
            return "right"
        out = self.work / self._output
        self.check_names(
            errors, out if self._output and out.name in errors[0] else self.work / "in.parquet"
        )
        assert len(errors) == 1, errors
        if self._output:
            assert out.read_bytes() == b"old"
        return "refused"

    def _check_losses(self, content: str) -> str:
        """What `recover` says that it lost: all else is right."""
        right = set(str(self._expected[1]).splitlines())
        assert set(content.splitlines()) <= right
        assert (
            self._answer["lost_cells"]
            or self._answer["lost_rows"]
            or any(self._answer[f"{part}_problem"] for part in ("residual", "schema", "footer"))
        )
        return "told"


def _read_all(file: Path, _: Path) -> Any:
    return usdparquet.read_columns(file).to_pydict()


def _read_some(file: Path, _: Path) -> Any:
    names = ["/World/p003", "/World/p170", "/World/p299"]
    return usdparquet.read_columns(file, ["x", "few"], names).to_pydict()


def _query(file: Path, _: Path) -> Any:
    result = run_query(TableFile(file), Query(where="x > 0.5", columns=["path", "x"]))
    return [row for batch in result.batches for row in batch.to_pylist()]


def _validate(file: Path, _: Path) -> Any:
    problems = load_core().check_values(str(file))
    problems += load_core().check_sections(str(file)).values()
    if problems:
        raise ValueError("\n".join(problems))


def _inspect(file: Path, _: Path) -> Any:
    description = describe_file(file)
    told = [*filter(None, [description.problem]), *description.warnings]
    if told:
        raise ValueError("\n".join(told))
    return description


def _write_table(_: Path, out: Path) -> Any:
    return usdparquet.write_table(table(), out, rows_per_page=25, rows_per_group=100)


def _optimize(file: Path, out: Path) -> Any:
    return load_core().optimize(str(file), str(out), rows_per_page=25, rows_per_group=100)


def _optimize_long(file: Path, out: Path) -> Any:
    return load_core().optimize(str(file), str(out), time_column="frame", order="time")


_ORDER = random.Random(8).sample(range(PRIMS), PRIMS)
# Of 100,000 bytes of rows: most of them lie in temporary files while they are put in order.
_LITTLE: dict[str, Any] = {"memory": 40_000, "rows_per_page": 25, "rows_per_group": 100}


def _write_stream(_: Path, out: Path) -> Any:
    return usdparquet.write_table(unordered().to_reader(max_chunksize=30), out, **_LITTLE)


def _optimize_outside(file: Path, out: Path) -> Any:
    return load_core().optimize(str(file), str(out), **_LITTLE)


def _bind_outside(file: Path, out: Path) -> Any:
    ids = pa.table({"path": table()["path"], "id": unordered()["name"].take(_ORDER)})
    return usdparquet.bind(file, ids, out, key="name", path="prim", **_LITTLE)


def _recover(file: Path, out: Path) -> Any:
    return load_core().recover(str(file), str(out))


def _convert(file: Path, out: Path) -> Any:
    return convert_file(file, out, ConvertOptions()).rows


def _export_large(file: Path) -> None:
    assert large_scene().Export(str(file))


def _export_small(file: Path) -> None:
    assert scene().Export(str(file))


def _export_sampled(file: Path) -> None:
    assert sampled_scene().Export(str(file))


READS: dict[str, Callable[[Path], Scenario]] = {
    "layer, plain": lambda f: ReadScenario(f, write_plain),
    "layer, indexed": lambda f: ReadScenario(f, write_indexed),
    "layer, long": lambda f: ReadScenario(f, write_long),
    "layer, packed residual": lambda f: ReadScenario(f, _export_small),
    "layer, crate residual": lambda f: ReadScenario(f, _export_large),
    "layer, dataset": lambda f: ReadScenario(f, write_dataset),
    "read_columns": lambda f: FunctionScenario(f, write_plain, _read_all),
    "read_columns, some": lambda f: FunctionScenario(f, write_indexed, _read_some),
    "query": lambda f: FunctionScenario(f, write_indexed, _query),
    "validate": lambda f: FunctionScenario(f, write_long, _validate),
    "inspect": lambda f: FunctionScenario(f, write_indexed, _inspect),
}
WRITES: dict[str, Callable[[Path], Scenario]] = {
    "save of cells": lambda f: SaveScenario(f, scene, edit_cells),
    "save of all": lambda f: SaveScenario(f, scene, edit_all),
    "save, crate residual": lambda f: SaveScenario(f, large_scene, edit_all),
    "save of samples": lambda f: SaveScenario(f, sampled_scene, edit_samples),
    "first save": lambda f: SaveScenario(
        f, lambda: Sdf.Layer.CreateAnonymous(".usda"), edit_nothing_but_all
    ),
    "save of a dataset's cells": lambda f: DatasetScenario(f, edit_cells),
    "save of a dataset": lambda f: DatasetScenario(f, edit_parts),
    "export": lambda f: ExportScenario(f, scene, is_file=False),
    "export, crate residual": lambda f: ExportScenario(f, large_scene, is_file=True),
    # Where OpenUSD knows no scheme of plugins, it writes a file of its own beside ours.
    "export, crate file": lambda f: ExportScenario(f, large_scene, is_file=False),
    "export, long": lambda f: ExportScenario(f, sampled_scene, is_file=True),
    "write_table": lambda f: FunctionScenario(f, write_plain, _write_table, "out.parquet"),
    "optimize": lambda f: FunctionScenario(f, write_plain, _optimize, "out.parquet"),
    "optimize, long": lambda f: FunctionScenario(f, write_long, _optimize_long, "out.parquet"),
    "write_table, outside of memory": lambda f: FunctionScenario(
        f, write_unordered, _write_stream, "out.parquet"
    ),
    "optimize, outside of memory": lambda f: FunctionScenario(
        f, write_unordered, _optimize_outside, "out.parquet"
    ),
    "bind, outside of memory": lambda f: FunctionScenario(
        f, write_unordered, _bind_outside, "out.parquet"
    ),
    "optimize, crate residual": lambda f: FunctionScenario(
        f, _export_large, _optimize, "out.parquet"
    ),
    "recover": lambda f: FunctionScenario(f, write_indexed, _recover, "out.parquet"),
    "recover, crate residual": lambda f: FunctionScenario(
        f, _export_large, _recover, "out.parquet"
    ),
    "convert to CSV": lambda f: FunctionScenario(f, write_indexed, _convert, "out.csv"),
    "convert to Parquet": lambda f: FunctionScenario(f, _export_large, _convert, "out.parquet"),
    "convert to USDC": lambda f: FunctionScenario(f, _export_sampled, _convert, "out.usdc"),
}
SCENARIOS = READS | WRITES
