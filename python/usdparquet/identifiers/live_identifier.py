"""The identifier of a layer whose rows are joined with prims by ids when it is opened."""

from __future__ import annotations

import os
from pathlib import Path

_ESCAPED = '%&=@"\n\r\t'


def live_identifier(table: Path, ids: Path, key: str, *, time: str | None, start: Path) -> str:
    """The identifier of a layer, to be pasted into a layer that is in the folder `start`.

    `ids` is said from the folder of `table`, as the layer takes it.
    """
    values = {"ids": Path(os.path.relpath(ids, table.parent)).as_posix(), "key": key}
    if time is not None:
        values["time"] = time
    arguments = "&".join(f"{name}={escaped(value)}" for name, value in values.items())
    file = Path(os.path.relpath(table, start)).as_posix()
    return f"{file if file.startswith('../') else f'./{file}'}:SDF_FORMAT_ARGS:{arguments}"


def escaped(text: str) -> str:
    """`text` as the value of a format argument, which is percent-decoded."""
    return "".join(f"%{ord(letter):02X}" if letter in _ESCAPED else letter for letter in text)
