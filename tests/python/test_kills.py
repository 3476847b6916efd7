"""Processes that are killed while they save: afterwards the file is the old or the new one."""

from __future__ import annotations

import os
import random
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest
import saver
from fault_scenarios import text_of

SIZE = 400
# 200 in all; USDPARQUET_KILLS is for each kind.
KILLS = int(os.environ.get("USDPARQUET_KILLS", "25"))


@pytest.mark.parametrize("kind", saver.KINDS)
def test_killed_at_random_moments(kind: str, tmp_path: Path, tally: list[str]) -> None:
    """And what a kill leaves does not pile up."""
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "scene.parquet"
    save = saver.KINDS[kind](file, SIZE)
    texts = []
    for version in (0, 1):
        begin = time.monotonic()
        save(version)
        duration = min(time.monotonic() - begin, 1.0)
        texts.append(text_of(file))
    assert texts[0] != texts[1]
    chance = random.Random(5)
    interrupted, found = 0, [texts[1]]
    saving = saver.Saver(kind, file, SIZE)
    for _ in range(KILLS):
        process = saving.start()
        time.sleep(chance.uniform(0.0, 3 * duration))
        os.kill(process, signal.SIGKILL)
        found.append(text_of(file))
        assert found[-1] in texts
        left = [entry.name for entry in folder.iterdir() if entry != file]
        assert len(left) <= 1, left
        interrupted += len(left)
    saving.close()
    save(0)
    assert text_of(file) == texts[0]
    assert list(folder.iterdir()) == [file]
    changes = sum(now != before for before, now in pairwise(found))
    assert interrupted + changes > 0, "each was killed before it wrote anything"
    tally.append(
        f"kills, {kind}: {KILLS}, of which {interrupted} left a part of a file; "
        f"{changes} times another version was found"
    )
