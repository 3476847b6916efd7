"""What is no regular file is neither read nor written."""

from __future__ import annotations

import errno
import stat
from pathlib import Path


def check_regular_file(path: Path) -> None:
    """Raise OSError if `path` leads to a device, a pipe, a socket or a folder.

    Nothing is opened, so that a pipe is not waited for. A path that leads to nothing is left to
    whoever opens it.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "this is a folder, not a file", str(path))
    if stat.S_ISFIFO(mode):
        kind = "pipe"
    elif stat.S_ISSOCK(mode):
        kind = "socket"
    else:
        kind = "device"
    raise OSError(errno.EINVAL, f"this is a {kind}, not a file", str(path))


def is_dataset(path: Path) -> bool:
    """Whether `path` leads to a folder that is named like a layer, and so is a dataset."""
    return path.suffix.lower() == ".parquet" and path.is_dir()


def check_table_file(path: Path) -> None:
    """As `check_regular_file`, but a dataset is as good as a file."""
    if not is_dataset(path):
        check_regular_file(path)


def check_readable_file(path: Path) -> None:
    """Raise OSError if `path` is no regular file, is not there, or may not be read."""
    check_regular_file(path)
    try:
        path.open("rb").close()
    except ValueError:  # a name with a zero byte, which whoever opens it tells of
        return
