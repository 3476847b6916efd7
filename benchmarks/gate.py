"""Fails when a ratio to USDC falls behind the committed baseline by more than the noise.

    python gate.py baseline OUT.json RUN_FOLDER RUN_FOLDER ...     at least three runs
    python gate.py check BASELINE.json RUN_FOLDER ...              the median of the runs is judged

A run folder is what `run.sh` writes with BENCH_OUT: bench*.json and bench-stage*.json. `gate.sh`
makes the runs. A ratio is our figure over USDC's in the same run; lower is better. A
baseline knows the noise of each ratio from its runs: the check allows what 99 % of further runs
would stay within, and at least 5 %.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from ratios import TARGETS, USDC, number, table
from results import Results, load

from usdparquet.bench.environment import cpu_model
from usdparquet.bench.stats import student_t

FORMATS = ("parquet_zstd", "indexed_zstd")
SMALLEST_TOLERANCE = 0.05
MIN_RUNS = 3


@dataclass(frozen=True)
class Entry:
    """A ratio of the baseline: its median, and the spread of its logarithm between the runs."""

    ratio: float
    noise: float
    tolerance: float
    """By how much a run may be worse: 0.1 is a tenth."""


def load_run(folder: Path) -> Results:
    """The run in a folder, which must be the only one."""
    found = [path for path in sorted(folder.glob("bench*.json")) if "stage" not in path.name]
    if len(found) != 1:
        raise SystemExit(f"{folder}: one run is wanted, and there are {len(found)} bench*.json")
    suffix = found[0].name.removeprefix("bench")
    return load(found[0], folder / f"bench-stage{suffix}")


def ratios_of(run: Results) -> dict[str, float]:
    """Our figure over USDC's, for every figure that both have."""
    found = {}
    for figure in {target.figure.title: target.figure for target in TARGETS}.values():
        rival = figure.get(run, USDC)
        for name in FORMATS:
            own = figure.get(run, name)
            # A difference below the noise has no ratio.
            if own is not None and rival is not None and own > 0 and rival > 0:
                found[f"{figure.title}: {name}"] = own / rival
    return found


def make_entry(values: list[float]) -> Entry:
    """The baseline for one ratio, from several runs."""
    logs = [math.log(value) for value in values]
    noise = statistics.stdev(logs)
    factor = student_t(len(logs), confidence=99)
    allowed = math.expm1(factor * noise * math.sqrt(1 + 1 / len(logs)))
    return Entry(
        ratio=float(f"{statistics.median(values):.5g}"),
        noise=round(noise, 4),
        tolerance=round(max(SMALLEST_TOLERANCE, allowed), 4),
    )


def make_baseline(runs: list[Results]) -> dict[str, object]:
    """The content of baseline.json."""
    if len(runs) < MIN_RUNS:
        raise SystemExit(f"a baseline needs at least {MIN_RUNS} runs to know its noise")
    measured = [ratios_of(run) for run in runs]
    everywhere = [name for name in measured[0] if all(name in ratios for ratios in measured)]
    return {
        "schema": 1,
        "scene": runs[0].scene,
        "cpu": cpu_model(),
        "runs": len(runs),
        "ratios": {
            name: asdict(make_entry([ratios[name] for ratios in measured])) for name in everywhere
        },
    }


def judge(baseline: dict[str, Entry], runs: list[Results]) -> tuple[list[list[str]], list[str]]:
    """The lines of the table, and the ratios that fell behind."""
    measured = [ratios_of(run) for run in runs]
    lines, behind = [], []
    for name, entry in baseline.items():
        values = [ratios[name] for ratios in measured if name in ratios]
        now = statistics.median(values) if values else None
        limit = entry.ratio * (1 + entry.tolerance)
        # A figure that is no longer measured must not pass unseen.
        is_behind = now is None or now > limit
        if is_behind:
            behind.append(name)
        allowed = f"{100 * entry.tolerance:.0f} %"
        change = "-" if now is None else f"{100 * (now / entry.ratio - 1):+.0f} %"
        state = "not measured" if now is None else "BEHIND" if is_behind else "ok"
        lines.append([name, number(entry.ratio), number(now), change, allowed, state])
    return lines, behind


def check(path: Path, runs: list[Results]) -> int:
    """Print the table; 1 if a ratio fell behind, on the kind of machine of the baseline."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("schema") != 1:
        raise SystemExit(
            f"{path}: not a baseline of schema 1; make a new one with gate.sh --baseline"
        )
    if any(run.scene != content["scene"] for run in runs):
        raise SystemExit(
            f"{path}: the baseline is of {content['scene']}, a run is of another scene"
        )
    entries = {name: Entry(**entry) for name, entry in content["ratios"].items()}
    lines, behind = judge(entries, runs)
    print(f"\n### Ratios to USDC and the baseline, {content['scene']}, runs: {len(runs)}\n")
    print(table(("ratio", "baseline", "now", "change", "allowed", ""), lines))
    if not behind:
        return 0
    print(
        f"\n{len(behind)} of {len(lines)} ratios to USDC fell behind the baseline", file=sys.stderr
    )
    if cpu_model() != content["cpu"]:
        print(
            f"Not judged: the baseline is of another processor ({content['cpu']}). Make one here "
            "with gate.sh --baseline",
            file=sys.stderr,
        )
        return 0
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("baseline", "check"))
    parser.add_argument("baseline", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    options = parser.parse_args()
    runs = [load_run(folder) for folder in options.runs]
    if options.command == "check":
        return check(options.baseline, runs)
    content = make_baseline(runs)
    options.baseline.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"{options.baseline}: made of {len(runs)} runs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
