"""Files made to harm: one clear error or right values, in bounded time and memory, never a signal.

Each file is opened in processes of its own with 4 GB of address space: as a layer (traversed,
values, samples, exported, flattened) and by `read_columns`, by `inspect`, and by
`validate --values`.
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import hostile_entries
import hostile_footers
import hostile_pages
import hostile_probe
import hostile_sections
import pytest
from hostile_files import CASES, Hostile, optimized, optimized_rows

# The processor time that any of them may take, of what `probe` takes for a sound file in the same
# run (some 0.07 s): machines differ. The slowest case takes twenty times as long; a second try is
# what a busy machine gets.
TIMES_SOUND = 60.0
MEGABYTES = 300.0  # more than a sound file
WORKERS = 2
COMMANDS: dict[str, Any] = {
    "probe": "probe",
    "inspect": ["inspect"],
    "validate": ["validate", "--values"],
}
MODULES = (hostile_pages, hostile_footers, hostile_entries, hostile_sections)


class Prober:
    """A process that forks one for each file (hostile_probe.py)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, hostile_probe.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._lock = threading.Lock()

    def open(self, file: Path, who: str, rows: Path | None) -> tuple[dict[str, Any], str]:
        assert self._process.stdin
        assert self._process.stdout
        output = file.with_suffix(f".{who}.txt")
        order = {
            "file": str(file),
            "command": COMMANDS[who],
            "rows": str(rows) if rows else None,
            "output": str(output),
        }
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            result = json.loads(self._process.stdout.readline())
        return result, output.read_text(errors="replace")

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def probers() -> Iterator[list[Prober]]:
    made = [Prober() for _ in range(WORKERS)]
    yield made
    for each in made:
        each.close()


class Base:
    """What opening the sound file takes: seconds of `probe`, and megabytes by command."""

    def __init__(self, prober: Prober, file: Path, rows: Path) -> None:
        self.megabytes: dict[str, float] = {}
        for who in COMMANDS:
            result, output = prober.open(file, who, rows)
            assert result["status"] == 0, output
            assert who != "probe" or output == "layer: read\ncolumns: read, read\n", output
            self.megabytes[who] = result["megabytes"]
        seconds = [prober.open(file, "probe", rows)[0]["seconds"] for _ in range(5)]
        self.seconds = statistics.median(seconds)


def failure(who: str, result: dict[str, Any], output: str, base: Base) -> str | None:
    """What is wrong with how a file was opened, or None."""
    status = result["status"]
    if status is None or status == -signal.SIGXCPU:
        return "HANGS"
    if status < 0:
        return f"SIGNAL {-status}"
    if "Traceback (most recent" in output:
        return f"TRACEBACK: {output.strip().splitlines()[-1][:200]}"
    if who == "probe":
        for line in output.splitlines():
            verdict = line.partition(": ")[2]
            if line.startswith(("layer: ", "columns: ")) and verdict.split(maxsplit=1)[0].isupper():
                return line
        if status or "columns: " not in output:
            return f"EXIT {status}: {output[-200:]}"
    elif status not in (0, 1):
        return f"EXIT {status}"
    elif not output.strip():
        return "SILENT"
    if result["seconds"] > TIMES_SOUND * base.seconds:
        return f"SLOW: {result['seconds'] / base.seconds:.1f} times a sound file's processor time"
    if (more := result["megabytes"] - base.megabytes[who]) > MEGABYTES:
        return f"LARGE: {more:.0f} MB more than a sound file"
    return None


def open_in_all_ways(each: Hostile, folder: Path, prober: Prober, base: Base) -> dict[str, str]:
    """The verdict of each way; that of a failure is in capitals."""
    try:
        data = each.build()
    except KeyError as error:
        return {"build": f"NO {error}"}
    file = folder / f"{each.name[:100]}.parquet"
    file.write_bytes(data)
    rows = None
    if each.rows is not None:
        rows = file.with_suffix(".json")
        rows.write_text(json.dumps(each.rows()))
    verdicts = {}
    for who in COMMANDS:
        result, output = prober.open(file, who, rows)
        wrong = failure(who, result, output, base)
        if wrong and wrong.startswith(("SLOW", "LARGE")):
            result, output = prober.open(file, who, rows)
            wrong = failure(who, result, output, base)
        if who == "probe":
            lines = output.splitlines()
            verdicts |= dict(
                line.split(": ", 1) for line in lines if line.startswith(("layer: ", "columns: "))
            )
        else:
            verdicts[who] = f"exit code {result['status']}"
        if wrong:
            verdicts[who] = wrong
    # What a crate file holds is known to OpenUSD alone, which validate does without.
    is_crate = each.name.startswith("residual_")
    is_refused = verdicts.get("layer") == "refused"
    if is_refused and not is_crate and verdicts.get("validate") == "exit code 0":
        verdicts["validate"] = "CONTENT with a file that does not open"
    file.unlink()
    return verdicts


@pytest.mark.slow
def test_hostile_files(
    probers: list[Prober], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = tmp_path / "sound.parquet"
    sound.write_bytes(optimized())
    rows = tmp_path / "sound.json"
    rows.write_text(json.dumps(optimized_rows()))
    base = Base(probers[0], sound, rows)

    cases = list(CASES.values())
    with ThreadPoolExecutor(WORKERS) as pool:
        parts = pool.map(
            lambda part: {
                each.name: open_in_all_ways(each, tmp_path, probers[part], base)
                for each in cases[part::WORKERS]
            },
            range(WORKERS),
        )
        found = {name: verdicts for part in parts for name, verdicts in part.items()}
    told = [
        f"{name}, {who}: {verdict}"
        for name, verdicts in sorted(found.items())
        for who, verdict in verdicts.items()
        if verdict.split(maxsplit=1)[0].rstrip(":").isupper()
    ]
    counts = Counter(
        (who, verdict) for verdicts in found.values() for who, verdict in verdicts.items()
    )
    with capsys.disabled():
        print(f"\n{len(cases)} files made to harm")
        for (who, verdict), count in sorted(counts.items()):
            if not verdict.split(maxsplit=1)[0].rstrip(":").isupper():
                print(f"  {who:10} {verdict:20} {count:5}")
    assert not told, f"{len(told)} failures\n" + "\n".join(told)
