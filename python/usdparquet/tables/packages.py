"""Packages of USD (.usdz): what they hold, and their files outside of them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from usdparquet.tables.atomic_file import temporary_folder
from usdparquet.tables.layers import LayerError


def files_in(package: Path) -> list[str]:
    """The names of the files in a package, the root layer first."""
    with zipfile.ZipFile(package) as opened:
        return opened.namelist()


@contextmanager
def unpacked(package: Path) -> Iterator[Path]:
    """The root layer of a package among its files, in a folder that is removed afterwards.

    LayerError if it is no package, or has files that would be elsewhere.
    """
    with temporary_folder() as folder:
        try:
            with zipfile.ZipFile(package) as opened:
                members = opened.infolist()
                for member in members:
                    place = PurePosixPath(member.filename)
                    if place.is_absolute() or ".." in place.parts:
                        raise LayerError(f"{package}: has a file '{place}', outside of it")
                    if member.compress_type != zipfile.ZIP_STORED:
                        raise LayerError(f"{package}: is no package, since '{place}' is compressed")
                if not members:
                    raise LayerError(f"{package}: is empty")
                opened.extractall(folder)
        except zipfile.BadZipFile as error:
            raise LayerError(f"{package}: is no package: {error}") from error
        yield folder / members[0].filename
