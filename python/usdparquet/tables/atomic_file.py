"""Replaces a file as a whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

from usdparquet._plugin import load_core
from usdparquet.regular_file import check_regular_file

# The mode of a new file, before the process's umask is applied.
_FILE_MODE = 0o666


@contextmanager
def replaced_file(target: Path) -> Iterator[Path]:
    """Yield a file to write to, which replaces `target` when the block ends without an error.

    It is in the same folder and has the same suffix. If the block raises, it is removed and
    `target` is left as it was.
    """
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    check_regular_file(target)
    try:
        # A symbolic link stays: the file that it points to is replaced.
        final = target.resolve(strict=True) if target.is_symlink() else target
        handle, name = tempfile.mkstemp(
            prefix=f".{final.stem[:100]}.", suffix=final.suffix, dir=final.parent
        )
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    temporary = Path(name)
    is_finished = False
    # OpenUSD makes files of the same stem beside it.
    begin = str(temporary.absolute()).removesuffix(final.suffix)
    load_core().add_temporary(begin)
    try:
        os.close(handle)
        yield temporary
        _finish(temporary, final)
        is_finished = True
    except OSError as error:
        if error.errno is None or error.filename not in (None, name):
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(target)) from error
    finally:
        if not is_finished:
            _remove(temporary, Path(begin).name)
        load_core().forget_temporary(begin)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a folder to fill, which becomes `target` when the block ends without an error.

    If `target` is there already, it is that.
    """
    if target.exists():
        yield target
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(target) as folder:
        yield folder
        mask = os.umask(0)
        os.umask(mask)
        folder.chmod(0o777 & ~mask)
        folder.rename(target)


@contextmanager
def temporary_folder(beside: Path | None = None) -> Iterator[Path]:
    """Yield an empty folder, which is removed however the block or the process ends.

    It is in the folder of `beside`, if that is given.
    """
    prefix = None if beside is None else f".{beside.name[:100]}."
    place = None if beside is None else beside.parent
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place) as folder:
        load_core().add_temporary(str(Path(folder).absolute()))
        try:
            yield Path(folder)
        finally:
            load_core().forget_temporary(str(Path(folder).absolute()))


def _remove(temporary: Path, begin: str) -> None:
    """Remove what was written, and what a writer made beside it: OpenUSD leaves a file there.

    `begin`: the name of the file without its suffix.
    """
    with suppress(OSError):
        temporary.unlink(missing_ok=True)
    with suppress(OSError):
        for left in temporary.parent.glob(f"{escape(begin)}.*"):
            left.unlink(missing_ok=True)


def _finish(temporary: Path, final: Path) -> None:
    try:
        mode = final.stat().st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        mode = _FILE_MODE & ~mask
    temporary.chmod(mode)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(final)
