"""Saves a dataset in processes that end at one of their calls, for test_dataset_saving.py.

Usage: dataset_kill_worker.py FOLDER

For each call that a save makes a process is killed there. Writes a line of JSON for each: which one
it was, whether the old or the new dataset was found then, and what was left beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from faulty_calls import Fault, FaultyCalls
from pxr import Sdf

KINDS = ("open", "write", "sync", "rename", "close", "make folder", "remove")


def text_of(folder: Path) -> str:
    text: str = Sdf.Layer.OpenAsAnonymous(str(folder)).ExportToString()
    return text


def edit(folder: Path) -> Sdf.Layer:
    layer = Sdf.Layer.FindOrOpen(str(folder))
    layer.GetAttributeAtPath("/World/Hall_0/Wall_1.wall").default = -1.0
    world = layer.GetPrimAtPath("/World")
    del world.nameChildren["Hall_1"]
    new = Sdf.PrimSpec(layer.GetPrimAtPath("/World/Hall_2"), "New", Sdf.SpecifierOver)
    Sdf.AttributeSpec(new, "note", Sdf.ValueTypeNames.String).default = "new"
    return layer


def main(folder: Path) -> None:
    dataset, kept = folder / "costs.parquet", folder / "kept"
    shutil.copytree(dataset, kept)
    calls = FaultyCalls(folder)
    calls.find_libraries()

    def attempt(fault: Fault | None, number: int) -> dict[str, int]:
        """Save in another process, which may be killed; the calls that it made."""
        read, write = os.pipe()
        process = os.fork()
        if process == 0:
            layer = edit(dataset)
            calls.start(fault, number)
            layer.Save()
            counts = {kind: calls.count(kind) for kind in KINDS}
            os.write(write, json.dumps(counts).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            answer = pipe.read()
        os.waitpid(process, 0)
        return dict(json.loads(answer)) if answer else {}

    def restore() -> None:
        shutil.rmtree(dataset)
        shutil.copytree(kept, dataset)

    old = text_of(dataset)
    counts = attempt(None, -1)
    new = text_of(dataset)
    assert old != new
    counts = {}
    for kind in KINDS:  # counted one kind at a time
        restore()
        counts[kind] = attempt(Fault(kind, "once"), 1 << 60)[kind]
    for kind in KINDS:
        for number in range(counts[kind]):
            restore()
            survived = attempt(Fault(kind, "kill"), number)
            found = text_of(dataset)
            verdict = "old" if found == old else "new" if found == new else "mixed"
            left = sorted(
                str(path.relative_to(dataset))
                for path in dataset.rglob("*")
                if path.name.startswith(".") or path.name.endswith(".journal")
            )
            # The next save goes through, and removes what was left.
            attempt(None, -1) if verdict == "old" else None
            again = text_of(dataset) == new
            line = {"kind": kind, "number": number, "verdict": verdict, "again": again}
            print(json.dumps({**line, "killed": not survived, "left": left}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
