"""Devices, pipes, sockets and folders are neither read nor written, and never waited for."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from parquet_files import Writer
from pxr import Sdf, Tf

import usdparquet

SECONDS = 60


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def device(path: Path) -> Path:
    path.symlink_to("/dev/null")
    return path


def linked_fifo(path: Path) -> Path:
    fifo(path.with_name("a_pipe"))
    path.symlink_to("a_pipe")
    return path


def bound_socket(path: Path) -> Path:
    # The name of a socket may not be long.
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        name = Path(short, "s")
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(str(name))
        name.rename(path)
    return path


KINDS: list[tuple[Callable[[Path], Path], str]] = [
    (fifo, "pipe"),
    (linked_fifo, "pipe"),
    (device, "device"),
    (bound_socket, "socket"),
    (folder, "folder"),
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind[0].__name__)
def special(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    make, kind = request.param
    path = make(tmp_path / "special.parquet")
    before = path.stat().st_mode
    yield path, f"this is a {kind}, not a file"
    assert stat.S_IFMT(path.stat().st_mode) == stat.S_IFMT(before)
    assert sorted(entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")) == []


def output(*command: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return done.returncode, done.stdout + done.stderr


# What a folder is told that could be a dataset.
NO_FILES = "the folder has no Parquet files"
READS = {
    "layer": "from pxr import Sdf; assert Sdf.Layer.FindOrOpen(sys.argv[1]) is None",
    "read_columns": "import usdparquet; usdparquet.read_columns(sys.argv[1])",
}


@pytest.mark.parametrize("how", READS)
def test_is_not_read(special: tuple[Path, str], how: str) -> None:
    path, reason = special
    reason = NO_FILES if path.is_dir() else reason
    code, told = output("-c", f"import sys; {READS[how]}", path)
    assert code in (0, 1)
    assert f"{path}: {reason}" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect",),
        ("validate",),
        ("query",),
        ("convert", "out.csv"),
        ("convert", "out.usda"),
        ("optimize", "out.parquet"),
    ],
    ids=" ".join,
)
def test_no_command_reads_it(
    special: tuple[Path, str], arguments: tuple[str, ...], tmp_path: Path
) -> None:
    path, reason = special
    reason = NO_FILES if path.is_dir() else reason
    rest = [tmp_path / name for name in arguments[1:]]
    code, told = output("-m", "usdparquet.cli", arguments[0], path, *rest)
    assert (code, [file.exists() for file in rest]) == (1, [False] * len(rest))
    assert reason in told


def test_is_not_written(special: tuple[Path, str], write: Writer) -> None:
    path, reason = special
    with pytest.raises(OSError, match=reason):
        usdparquet.write_table(pa.table({"path": ["/a"], "x": [1.0]}), path)
    layer = Sdf.Layer.CreateAnonymous(".usda")
    Sdf.PrimSpec(layer, "A", Sdf.SpecifierDef)
    with pytest.raises(Tf.ErrorException, match=reason):
        layer.Export(str(path))
    source = write({"path": ["/a"], "x": [1.0]}, name="source")
    for command in ("optimize", "convert"):
        code, told = output("-m", "usdparquet.cli", command, source, path)
        assert code == 1
        assert reason in told


def test_a_layer_whose_file_became_a_pipe_is_not_saved(write: Writer) -> None:
    file = write({"path": ["/a"], "x": [1.0]})
    layer = Sdf.Layer.FindOrOpen(str(file))
    layer.GetAttributeAtPath("/a.x").default = 2.0
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(Tf.ErrorException, match="this is a pipe, not a file"):
        layer.Save()
    assert layer.dirty
    assert stat.S_ISFIFO(file.stat().st_mode)
