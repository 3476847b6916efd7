"""Replaces a file as a whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

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
            _remove(temporary)


def _remove(temporary: Path) -> None:
    """Remove what was written, and what a writer made beside it: OpenUSD leaves a file there."""
    with suppress(OSError):
        temporary.unlink(missing_ok=True)
    with suppress(OSError):
        for left in temporary.parent.glob(f"{escape(temporary.stem)}.*"):
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
