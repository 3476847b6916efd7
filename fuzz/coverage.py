"""The line coverage of src/core by the corpus of each fuzz target, and of all together.

    python fuzz/coverage.py [--build build/fuzz-coverage] [--files] [--html FOLDER]

The programs are those of `make fuzz-coverage`. `build/fuzz/work`, where a longer run has left its
inputs, counts too. `--files` lists each file of src/core with what no target reaches.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from llvm_tools import llvm_tool

FUZZ = Path(__file__).resolve().parent
ROOT = FUZZ.parent
LOG = FUZZ / "log.json"
CORE = Path("site", "usdparquet", "libusdparquet_core.so")


def profile(target: str, build: Path) -> Path:
    """Run the target on its corpus; the merged profile."""
    raw, merged = build / f"{target}.profraw", build / f"{target}.profdata"
    folders = [FUZZ / "corpus" / target, ROOT / "build" / "fuzz" / "work" / target]
    command = [str(build / "fuzz" / f"{target}_fuzzer"), "-runs=0", "-timeout=100"]
    command += [str(folder) for folder in folders if folder.is_dir()]
    with (build / f"{target}.log").open("wb") as log:
        environment = os.environ | {"LLVM_PROFILE_FILE": str(raw)}
        subprocess.run(command, env=environment, stdout=log, stderr=log, check=True)
    subprocess.run(
        [llvm_tool("llvm-profdata", build), "merge", "-sparse", raw, "-o", merged], check=True
    )
    return merged


def covered(merged: Path, build: Path) -> dict[str, tuple[int, int]]:
    """Lines of each file of src/core, those reached first."""
    command = [llvm_tool("llvm-cov", build), "export", "-summary-only", f"-instr-profile={merged}"]
    command += [str(build / CORE)]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    found = {}
    for file in json.loads(text)["data"][0]["files"]:
        name = (build / file["filename"]).resolve()
        if name.is_relative_to(ROOT / "src" / "core"):
            lines = file["summary"]["lines"]
            found[str(name.relative_to(ROOT))] = (lines["covered"], lines["count"])
    return found


def share(files: dict[str, tuple[int, int]]) -> float:
    return 100 * sum(hit for hit, _ in files.values()) / sum(count for _, count in files.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "fuzz-coverage")
    parser.add_argument("--files", action="store_true", help="list every file")
    parser.add_argument("--html", type=Path, help="write the lines as pages to that folder")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    programs = (build / "fuzz").glob("*_fuzzer")
    targets = sorted(program.name.removesuffix("_fuzzer") for program in programs)
    log = json.loads(LOG.read_text()) if LOG.exists() else {}
    profiles = []
    for target in targets:
        profiles.append(profile(target, build))
        lines = covered(profiles[-1], build)
        print(f"{target:14}{share(lines):6.1f} % of the lines of src/core")
        if target in log:
            log[target]["lines_of_core_percent"] = round(share(lines), 1)
    everything = build / "all.profdata"
    merge = [
        llvm_tool("llvm-profdata", build),
        "merge",
        "-sparse",
        *map(str, profiles),
        "-o",
        str(everything),
    ]
    subprocess.run(merge, check=True)
    lines = covered(everything, build)
    print(f"{'all':14}{share(lines):6.1f} %")
    if log:
        LOG.write_text(json.dumps(log, indent=2) + "\n")
    if arguments.files:
        for name, (hit, count) in sorted(lines.items()):
            print(f"{hit:6} of {count:5}  {name}")
    if arguments.html:
        command = [
            llvm_tool("llvm-cov", build),
            "show",
            "-format=html",
            f"-output-dir={arguments.html}",
        ]
        command += [f"-instr-profile={everything}", str(build / CORE)]
        subprocess.run([*command, str(ROOT / "src" / "core")], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
