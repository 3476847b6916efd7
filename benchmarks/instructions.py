"""Counts the instructions and page faults of reads, under callgrind.

    python instructions.py BUILD_DIR [--prims 10000] [--formats usdc,parquet_zstd,...]
                           [--what reads,touches,children]

reads: instructions of a warm read, by format and kind of value. touches: the first value of a
column that a layer just opened reads, part by part. children: a name of a list of children, when it
is listed for the first, the second and any later time.

A process does the same FEW times, and another one FEW + MORE times; the difference of what they
took, divided by the number of reads, is the price of a read: all set-up cancels. Page faults are
counted without callgrind. The machine need not be idle. Prints Markdown tables, for
docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from generate import Scene
from results import VALUE_KINDS

from usdparquet._plugin import load_core

FORMATS = "usdc,parquet_zstd,indexed_zstd,floor"
FEW, MORE = 2, 20
FRESH = 5  # the same of layers that are opened anew
COLUMNS = 20
# As `usdparquet optimize` writes them for something; made of the table of PLAIN.
PLAIN = "parquet_zstd"
LAYOUTS = ("access", "size")
TOUCHED = ("indexed_zstd", *LAYOUTS)

# What a first touch calls, none of which calls another.
PARTS = {
    "where the pages are": "usdparquet::ColumnReader::LocateOrReport(",
    "the bytes, and the checksum of the header": "usdparquet::ReadPageBytes(",
    "the header": "usdparquet::PageWalk::Next(",
    "the checksum of the body": "usdparquet::CheckPageBody(",
    "decompression": "usdparquet::DecompressPage(",
    "levels": "usdparquet::DecodeLevels(",
    "the dictionary": "usdparquet::DenseValues::DecodeDictionary(",
}


class Profile:
    """What callgrind wrote of one process, or the difference of two."""

    def __init__(self, text: str) -> None:
        names: dict[str, str] = {}

        def name_of(reference: str) -> str:
            number, _, name = reference.partition(" ")
            if name:
                names[number] = name
            return names[number]

        self.total = 0
        self.costs: dict[tuple[str, str], float] = defaultdict(float)  # inclusive, by caller
        caller = callee = ""
        for line in text.splitlines():
            key, _, value = line.partition("=")
            if key == "fn":
                caller, callee = name_of(value), ""
            elif key == "cfn":
                callee = name_of(value)
            elif line and callee and (line[0].isdigit() or line[0] in "+-*"):
                self.costs[caller, callee] += int(line.split()[1])
                callee = ""
            elif total := re.match(r"(?:totals|summary): (\d+)", line):
                self.total = int(total[1])

    def __sub__(self, other: Profile) -> Profile:
        result = Profile("")
        result.total = self.total - other.total
        for edge, cost in self.costs.items():
            result.costs[edge] = cost - other.costs.get(edge, 0)
        return result

    def cost(self, callee: str, caller: str = "") -> float:
        """The instructions of all calls of a function, or of those that `caller` makes."""
        return sum(
            cost
            for (by, name), cost in self.costs.items()
            if name.startswith(callee) and by.startswith(caller) and not by.startswith(callee)
        )


class Program:
    """layer_benchmarks, over the files of a scene."""

    def __init__(self, build: Path, data: Path) -> None:
        self.path = build / "benchmarks" / "layer_benchmarks"
        self.data = data
        folder = build.resolve()
        plugins = f"{folder}/site/usdparquet/plugin:{folder}/benchmarks/floor"
        # What the program wants, so that it does not start itself again.
        self.environment = os.environ | {
            "PXR_PLUGINPATH_NAME": plugins,
            "PXR_WORK_THREAD_LIMIT": "1",
        }

    def run(self, name: str, kind: str, passes: int, fresh: bool, *tool: str) -> str:
        arguments = ["--data", str(self.data), "--read", name, "--kind", kind]
        arguments += ["--passes", str(passes), *(["--fresh"] if fresh else [])]
        done = subprocess.run(
            [*tool, str(self.path), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"{done.stderr}\nfailed: {name}, {kind}")
        return done.stdout

    def profile(self, name: str, kind: str, passes: int, fresh: bool = False) -> Profile:
        """What a process takes that reads so many times."""
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch, "callgrind.out")
            options = ("--collect-atstart=no", "--toggle-collect=*MeasuredPass*")
            tool = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *options)
            self.run(name, kind, passes, fresh, *tool)
            found = Profile(out.read_text(encoding="utf-8"))
            return found if found.total else sys.exit(f"no total for {name}, {kind}")

    def more(self, name: str, kind: str, few: int, more: int, fresh: bool = False) -> Profile:
        """What `more` passes behind `few` take."""
        return self.profile(name, kind, few + more, fresh) - self.profile(name, kind, few, fresh)

    def faults(self, name: str, kind: str, few: int, more: int) -> int:
        """The page faults of `more` passes over fresh layers, behind `few`."""
        counts = [
            json.loads(self.run(name, kind, passes, True))["page_faults"]
            for passes in (few, few + more)
        ]
        return int(counts[1] - counts[0])


def print_table(head: list[str], rows: list[list[str]]) -> None:
    for line in (head, ["---"] * len(head), *rows):
        print("|", " | ".join(line), "|")
    print(flush=True)


def reads(program: Program, formats: list[str], prims: int) -> None:
    """Instructions of a warm read."""
    rows = []
    for kind in VALUE_KINDS:
        totals = (program.more(name, kind, FEW, MORE).total for name in formats)
        rows.append([kind, *(f"{total / (MORE * prims):.0f}" for total in totals)])
    print_table(["instructions a read, in order, warm", *formats], rows)


def touches(program: Program, formats: list[str]) -> None:
    """The first value of a column, in the middle of a table just opened: 20 columns of one prim."""
    reads_more = FRESH * COLUMNS
    found = {name: program.more(name, "touch", FEW, FRESH, fresh=True) for name in formats}
    rows = []
    for part, function in PARTS.items():
        costs = [each.cost(function) for each in found.values()]
        rows.append([part, *(f"{cost / reads_more:,.0f}" for cost in costs)])
    totals = [profile.total / reads_more for profile in found.values()]
    shown = [sum(float(row[i + 1].replace(",", "")) for row in rows) for i in range(len(found))]
    others = (f"{total - part:,.0f}" for total, part in zip(totals, shown, strict=True))
    rows.append(["values, the look-up, the cache, the rest", *others])
    rows.append(["instructions together", *(f"{total:,.0f}" for total in totals)])
    faults = (program.faults(name, "touch", FEW, MORE) / (MORE * COLUMNS) for name in formats)
    rows.append(["page faults", *(f"{count:.2f}" for count in faults)])
    print_table(["first value of a column", *formats], rows)


def children(program: Program, formats: list[str], prims: int) -> None:
    """A name of a list of children."""
    rows = []
    for when, few, more, fresh in (
        ("first time", FEW, FRESH, True),
        ("second time", 1, 1, False),
        ("third time and later", FEW, MORE, False),
    ):
        totals = (program.more(name, "children", few, more, fresh).total for name in formats)
        rows.append([when, *(f"{total / (more * prims):.0f}" for total in totals)])
    print_table(["instructions a name of a child", *formats], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--prims", type=int, default=10_000)
    parser.add_argument("--formats", default=FORMATS)
    parser.add_argument("--what", default="reads,touches,children")
    options = parser.parse_args()
    data = options.build / "bench-instructions" / str(options.prims)
    formats, what = options.formats.split(","), options.what.split(",")
    scene = Scene(data, options.prims, "flat")
    scene.prepare()
    for name in dict.fromkeys([*formats, TOUCHED[0], PLAIN]):
        scene.write_table("table", name)
    if "touches" in what:
        for name in LAYOUTS:
            target = data / f"table_{name}.parquet"
            load_core().optimize(str(scene.file("table", PLAIN)), str(target), layout=name)
    program = Program(options.build, data)
    if "reads" in what:
        reads(program, formats, options.prims)
    if "touches" in what:
        touches(program, list(TOUCHED))
    if "children" in what:
        children(program, formats, options.prims)
    return 0


if __name__ == "__main__":
    sys.exit(main())
