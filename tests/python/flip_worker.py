"""Reads damaged copies of a file in all ways, and tells of each what came of it.

    python flip_worker.py JOBS.json

The file of jobs has the sound file, what the sound file has to give (`truth`, arguments of
`readings.truth_of`), a folder for this process alone, and `flips`: [number, offset, xor, ways]. For
each a line `number` is printed before, so that who reads this knows where a process died, and one
of JSON after: [number, {way: verdict}].
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from parquet_surgery import flipped
from reading_ways import QUICK, SLOW
from readings import WrongError, truth_of

ADDRESS_SPACE = 6 << 30  # so that a length that is taken at its word ends this process alone


def verdicts(file: Path, truth: object, ways: list[str]) -> dict[str, str]:
    found = {}
    for name in ways:
        try:
            found[name] = (QUICK | SLOW)[name](file, truth)
        except WrongError as error:
            found[name] = str(error)[:400]
        except Exception as error:
            found[name] = f"EXCEPTION {error!r}"[:400]
    return found


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    jobs = json.loads(Path(sys.argv[1]).read_text())
    folder = Path(jobs["folder"])
    folder.mkdir(exist_ok=True)
    sound = Path(jobs["file"])
    data = sound.read_bytes()
    truth = truth_of(sound, **jobs["truth"], folder=folder)
    for number, offset, xor, ways in jobs["flips"]:
        print(number, flush=True)
        file = folder / f"{number}.parquet"
        file.write_bytes(flipped(data, offset, bit=xor))
        found = verdicts(file, truth, ways)
        file.unlink()
        print(json.dumps([number, found]), flush=True)


if __name__ == "__main__":
    main()
