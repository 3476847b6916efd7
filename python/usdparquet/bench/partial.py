"""The samples taken so far, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from usdparquet.bench.plan import Sample
from usdparquet.bench.protocol import Answer


class PartialResults:
    """A file with one JSON line per finished sample, after a line that names the run.

    A file from a run with other options, versions or another machine is not continued: its samples
    could not be compared.
    """

    def __init__(self, path: Path, identity: dict[str, Any], fresh: bool = False) -> None:
        self._path = path
        self._head = json.dumps({"run": identity}, sort_keys=True)
        self._samples = {} if fresh else self._read()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written again even when it is continued: its last line may have been cut off.
        kept = [_line(*entry) for entry in self._samples.values()]
        path.write_text("".join([self._head + "\n", *kept]), encoding="utf-8")

    def answer(self, sample: Sample) -> Answer | None:
        """The answer to a sample that was taken before, or None."""
        found = self._samples.get(sample.key)
        return found[1] if found else None

    def add(self, sample: Sample, answer: Answer) -> None:
        """Keep a sample, on disk before this returns."""
        self._samples[sample.key] = (sample, answer)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(sample, answer))

    def samples(self) -> list[tuple[Sample, Answer]]:
        """All samples that were taken."""
        return list(self._samples.values())

    def delete(self) -> None:
        """Remove the file; the run is complete."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, tuple[Sample, Answer]]:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return {}
        if not lines or lines[0] != self._head:
            return {}
        samples = {}
        for line in lines[1:]:
            try:
                entry = json.loads(line)
            except ValueError:
                # Only the last line can be cut off; its sample is taken again.
                break
            sample = Sample(**entry["sample"])
            samples[sample.key] = (sample, Answer.from_dict(entry["answer"]))
        return samples


def _line(sample: Sample, answer: Answer) -> str:
    entry = {"sample": dataclasses.asdict(sample), "answer": dataclasses.asdict(answer)}
    return json.dumps(entry) + "\n"
