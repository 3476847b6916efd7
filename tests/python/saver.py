"""A process that saves a file again and again, for the tests that kill it.

Usage: saver.py KIND FOLDER SIZE

For each line that it reads, it starts a process that saves for ever, and waits until somebody kills
it. That one writes its id when it has saved once: the first save of a process takes longer than all
others, and who is killed in what comes before has written nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pyarrow as pa
from pxr import Sdf

import usdparquet
from usdparquet._plugin import load_core

# Saves the file in version 0 or 1.
Save = Callable[[int], object]


def content(version: int, size: int) -> Sdf.Layer:
    """Version 0 or 1 of a layer with a table of `size` rows and a residual."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    with Sdf.ChangeBlock():
        layer.comment = f"version {version}"
        layer.subLayerPaths.append(f"sub{version}.usda")
        world = Sdf.PrimSpec(layer, "World", Sdf.SpecifierDef)
        for i in range(size + version * 10):
            prim = Sdf.PrimSpec(world, f"p{i}", Sdf.SpecifierOver)
            Sdf.AttributeSpec(prim, "cost", Sdf.ValueTypeNames.Double).default = i / 3 + version
            Sdf.AttributeSpec(prim, "name", Sdf.ValueTypeNames.String).default = f"{i} {version}"
            if i % 10 == 0:
                prim.customData = {"version": version, "row": i}
    return layer


def large_content(version: int, size: int) -> Sdf.Layer:
    """The same with more than a packed residual holds."""
    layer = content(version, size)
    for prim in layer.GetPrimAtPath("/World").nameChildren:
        prim.customData = {"version": version, "text": prim.name * 20}
    return layer


def sampled_content(version: int, size: int) -> Sdf.Layer:
    """The same with time samples."""
    layer = content(version, size)
    for prim in list(layer.GetPrimAtPath("/World").nameChildren)[:20]:
        speed = Sdf.AttributeSpec(prim, "speed", Sdf.ValueTypeNames.Float)
        for at in range(3 + version):
            layer.SetTimeSample(speed.path, float(at), float(at + version))
    return layer


def _saving(make: Callable[[int, int], Sdf.Layer], file: Path, size: int) -> Save:
    """A layer of that file gets the content of the versions."""
    versions = [make(version, size) for version in (0, 1)]
    if not file.exists():
        versions[0].Export(str(file))
    layer = Sdf.Layer.FindOrOpen(str(file))

    def save(version: int) -> None:
        layer.TransferContent(versions[version])
        layer.Save()

    return save


def _saving_cells(file: Path, size: int) -> Save:
    if not file.exists():
        content(0, size).Export(str(file))
    layer = Sdf.Layer.FindOrOpen(str(file))

    def save(version: int) -> None:
        for name in ("p3", f"p{size - 3}"):
            layer.GetAttributeAtPath(f"/World/{name}.cost").default = -1.0 - version
        layer.Save()

    return save


def _exporting(file: Path, size: int) -> Save:
    versions = [content(version, size) for version in (0, 1)]
    return lambda version: versions[version].Export(str(file))


def _writing(file: Path, size: int) -> Save:
    def rows(version: int) -> pa.Table:
        paths = [f"/World/p{i:05}" for i in range(size)]
        return pa.table({"path": paths, "x": [float(i + version) for i in range(size)]})

    versions = [rows(version) for version in (0, 1)]
    return lambda version: usdparquet.write_table(versions[version], file, rows_per_page=50)


def _rewriting(name: str, file: Path, size: int) -> Save:
    """`optimize` or `recover` write a file from others."""
    sources = [file.parent.parent / f"source{version}.parquet" for version in (0, 1)]
    for version, source in enumerate(sources):
        if not source.exists():
            large_content(version, size).Export(str(source))
    function = getattr(load_core(), name)
    return lambda version: function(str(sources[version]), str(file))


KINDS: dict[str, Callable[[Path, int], Save]] = {
    "save": lambda file, size: _saving(content, file, size),
    "save of cells": _saving_cells,
    "save, crate residual": lambda file, size: _saving(large_content, file, size),
    "save of samples": lambda file, size: _saving(sampled_content, file, size),
    "export": _exporting,
    "write_table": _writing,
    "optimize": lambda file, size: _rewriting("optimize", file, size),
    "recover": lambda file, size: _rewriting("recover", file, size),
}


class Saver:
    """A process that starts processes that save a file alternately in two versions."""

    def __init__(self, kind: str, file: Path, size: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, kind, str(file), str(size)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PXR_WORK_THREAD_LIMIT": "1"},
        )

    def start(self) -> int:
        """Start saving; returns the id of the process to kill, which has saved once."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("save\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def main(kind: str, file: Path, size: int) -> None:
    """Start a process a line; forked, as Python and OpenUSD take long to start."""
    save = KINDS[kind](file, size)
    for turn, _ in enumerate(sys.stdin):
        process = os.fork()
        if process == 0:
            for number in count(turn):
                save(number % 2)
                if number == turn:
                    print(os.getpid(), flush=True)
        _, status = os.waitpid(process, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            return  # it ended by itself: whoever waits for its id gets none


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
