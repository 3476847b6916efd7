"""Times `Usd.Stage.Open` of the stages that generate.py wrote.

In Python, because the headers on PyPI end with Sdf. Each sample is a fresh process that has loaded
pxr and the format's plugin before, and checks a value of the last prim afterwards.

    python stage_open.py DIR OUT.json --plugin-path PATH [--samples 5] [--formats usdc,floor]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

BARE = "bare"
FLOOR = "floor"


def stage_formats(folder: Path) -> list[str]:
    """The stages whose property file is there; the bare stage first."""
    found = [path.stem.removeprefix("table_") for path in sorted(folder.glob("table_*.*"))]
    return [BARE, *(name for name in found if (folder / f"stage_{name}.usda").exists())]


def sample(folder: Path, name: str, plugin_path: str) -> float:
    """Milliseconds of one open in a process of its own."""
    command = [sys.executable, __file__, str(folder), "-", "--child", name]
    environment = os.environ | {"PXR_PLUGINPATH_NAME": plugin_path}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(json.loads(done.stdout.splitlines()[-1])["ms"])


def measure(
    folder: Path, names: list[str], plugin_path: str, samples: int
) -> dict[str, list[float]]:
    """Samples of every stage, in turns: what disturbs the machine then hits all formats alike."""
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(samples):
        print(f"stage open: sample {turn + 1} of {samples}", flush=True)
        for name in names:
            times[name].append(sample(folder, name, plugin_path))
    return times


def open_once(folder: Path, name: str) -> float:
    """What a child does: load, open, check."""
    from pxr import Sdf, Usd

    for warm_up in folder.glob(f"warmup_{name}.*"):
        layer = Sdf.Layer.FindOrOpen(str(warm_up))
        warm_stage = Usd.Stage.Open(layer)
        del layer, warm_stage
    Usd.Stage.CreateInMemory()
    start = time.perf_counter()
    stage = Usd.Stage.Open(str(folder / f"stage_{name}.usda"))
    milliseconds = (time.perf_counter() - start) * 1e3
    check(stage, folder, name)
    # End without destroying the stage, which takes longer than opening it.
    print(json.dumps({"format": name, "ms": milliseconds}), flush=True)
    os._exit(0)


def check(stage: object, folder: Path, name: str) -> None:
    """The last prim is there, and its value is the one that was written."""
    scene = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
    prim = stage.GetPrimAtPath(scene["last_prim"])  # type: ignore[attr-defined]
    if not prim or prim.GetTypeName() != "Xform":
        raise SystemExit(f"{name}: the stage has no prim {scene['last_prim']}")
    if name == BARE:
        return
    value = prim.GetAttribute("cost").Get()
    # The floor computes its values from another key; see floor/floor_data.h.
    if value is None or (name != FLOOR and value != scene["last_cost"]):
        raise SystemExit(f"{name}: {scene['last_prim']}.cost is {value}, not {scene['last_cost']}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--plugin-path", default=os.environ.get("PXR_PLUGINPATH_NAME", ""))
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--formats", help="a list with commas; by default all in the folder")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        open_once(options.folder, options.child)
    names = stage_formats(options.folder)
    if options.formats:
        names = [name for name in names if name in {BARE, *options.formats.split(",")}]
    try:
        times = measure(options.folder, names, options.plugin_path, options.samples)
    except subprocess.CalledProcessError as error:
        print(f"stage open FAILED: {error}", file=sys.stderr)
        return 1
    result = {"folder": str(options.folder), "unit": "ms", "samples": times}
    options.out.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
