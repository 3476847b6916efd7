"""A dataset is made in a hidden folder beside its place, and takes its name when it is complete."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from usdparquet._dataset import MANIFEST, listed_files

SUFFIX = ".parquet"

_LOCK = "lock"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_NO_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


@dataclass(frozen=True)
class Staging:
    """Where a dataset is made."""

    target: Path
    """The folder that the dataset becomes."""
    attempts: Path
    """Where tasks write: a file for each attempt. It goes with all that is left in it, so that a
    task that is still running leaves nothing in the dataset."""
    dataset: Path
    """The folder that takes the name of the target."""

    def take(self, attempt: str, name: str) -> Path:
        """Make the file that an attempt has written a part of the dataset."""
        part = self.dataset / name
        (self.attempts / attempt).rename(part)
        return part

    def commit(self) -> None:
        """Give the dataset its name. What had it before is replaced in one step, where the file
        system can exchange two names; else it is moved away first."""
        _sync(self.dataset)
        if not os.path.lexists(self.target):
            self.dataset.rename(self.target)
        elif not _exchange(self.dataset, self.target):
            old = self.dataset.parent / "old"
            self.target.rename(old)
            try:
                self.dataset.rename(self.target)
            except OSError:
                old.rename(self.target)
                raise
        _sync(self.target.parent)


@contextmanager
def staged(target: str | os.PathLike[str]) -> Iterator[Staging]:
    """Yield the place to make the dataset `target` in; whatever is left there goes in the end.

    What killed drivers left is removed first. Raises ValueError for a name that no dataset can
    have, and for a folder with other things in it; OSError for what the system refuses.
    """
    place = _place_of(target)
    _check_replaceable(place)
    prefix = f".{place.name[:100]}.spark-"
    _remove_leftovers(place.parent, prefix)
    folder = place.parent / f"{prefix}{uuid.uuid4().hex[:12]}"
    folder.mkdir()
    lock = -1
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(lock, socket.gethostname().encode())
        made = Staging(place, folder / "attempts", folder / "dataset")
        made.attempts.mkdir()
        made.dataset.mkdir()
        yield made
    finally:
        _remove(folder)
        if lock >= 0:
            os.close(lock)


def _place_of(target: str | os.PathLike[str]) -> Path:
    """The folder that a target names, whole; ValueError if it can be none."""
    text = os.fspath(target)
    if "://" in text or text.startswith("file:"):
        raise ValueError(
            f"{text}: is a URL; a dataset is written to a folder that the driver and all "
            "executors mount under one name"
        )
    place = Path(text).absolute()
    if place.is_symlink():  # the link stays
        place = place.resolve()
    if place.suffix.lower() != SUFFIX:
        raise ValueError(
            f"{text}: the name of the folder has to end with {SUFFIX}, by which OpenUSD knows a "
            "layer"
        )
    return place


def _check_replaceable(place: Path) -> None:
    """ValueError for a folder that is not empty and no dataset either: it would be lost."""
    if not place.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place.parent))
    if not place.is_dir():
        return
    found = (place / MANIFEST).is_file()
    listed: set[Path] = set()
    with suppress(ValueError):  # a damaged manifest lists nothing
        listed = {Path(name) for name in listed_files(place)} if found else set()
    for folder, folders, files in os.walk(place):
        for name in files:
            if name.lower().endswith(SUFFIX):
                found = True
            elif name[0] not in "._" and Path(folder, name).relative_to(place) not in listed:
                raise _would_be_lost(place, Path(folder, name))
        for name in folders:
            # Such as the log of a table of Delta Lake.
            if name[0] in "._" and name != "_temporary":
                raise _would_be_lost(place, Path(folder, name))
        folders[:] = [name for name in folders if name != "_temporary"]
    if not found and any(place.iterdir()):
        raise ValueError(f"{place}: is a folder without a dataset; write to another folder")


def _would_be_lost(place: Path, other: Path) -> ValueError:
    return ValueError(
        f"{place}: has '{other.relative_to(place)}' in it, which is no part of a dataset and would "
        "be lost; write to another folder"
    )


def _remove_leftovers(parent: Path, prefix: str) -> None:
    """Remove what drivers of this machine left that are gone: nobody has their lock."""
    for folder in parent.glob(f"{escape(prefix)}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:
            continue
        try:
            # Elsewhere a lock may be known to its own machine alone.
            if os.read(lock, 256).decode(errors="replace") != socket.gethostname():
                continue
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(folder)
        except OSError:
            continue
        finally:
            os.close(lock)


def _remove(folder: Path) -> None:
    """Remove a folder, even where a task that has not heard of its end puts one more file in it."""
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(other))


def _sync(folder: Path) -> None:
    """Have a folder's entries on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
