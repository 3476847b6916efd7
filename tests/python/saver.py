"""A process that saves a layer again and again, for the tests of safety.

Usage: saver.py FILE SIZE

For each line that it reads, it starts a process that saves for ever, writes that one's id, and
waits until somebody kills it.
"""

from __future__ import annotations

import os
import sys
from itertools import count

from pxr import Sdf


def content(version: int, size: int) -> Sdf.Layer:
    """Version 0 or 1 of a layer with a table of `size` rows, time samples and a residual."""
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


def save_for_ever(file: str, versions: list[Sdf.Layer]) -> None:
    """Save the two versions alternately."""
    layer = Sdf.Layer.FindOrOpen(file)
    for turn in count():
        layer.TransferContent(versions[turn % 2])
        layer.Save()


def main(file: str, size: int) -> None:
    """Start a process a line; forked, as Python and OpenUSD take long to start."""
    versions = [content(version, size) for version in (0, 1)]
    Sdf.FileFormat.FindByExtension("parquet")  # loads the plugin
    for _ in sys.stdin:
        process = os.fork()
        if process == 0:
            save_for_ever(file, versions)
        print(process, flush=True)
        os.waitpid(process, 0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
