"""What `make fuzz` keeps when it minimizes a corpus."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "fuzz"


def test_minimizing_keeps_the_inputs_of_past_crashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the corpus only what makes up the coverage is kept: a mended crash often adds nothing."""
    monkeypatch.setattr(sys, "path", [str(FUZZ), *sys.path])
    run = importlib.import_module("run")
    monkeypatch.setattr(run, "FUZZ", tmp_path)
    monkeypatch.setattr(run, "call", lambda command, *_: Path(command[-3], "new").write_text("n"))
    for name in ("corpus/file/old", "findings/file/crash"):
        tmp_path.joinpath(name).parent.mkdir(parents=True)
        tmp_path.joinpath(name).write_text("x")
    work = tmp_path / "build" / "work" / "file"
    work.mkdir(parents=True)
    assert run.minimize("file", tmp_path / "build") == 1
    assert sorted(str(each.relative_to(tmp_path)) for each in tmp_path.glob("*/file/*")) == [
        "corpus/file/new",
        "findings/file/crash",
    ]
    assert run.findings_of("file") == [str(tmp_path / "findings" / "file")]
    assert run.findings_of("pages") == []


def test_every_folder_of_findings_is_that_of_a_target() -> None:
    """Another one would be replayed by no test."""
    folders = [folder for folder in (FUZZ / "findings").iterdir() if any(folder.iterdir())]
    assert folders
    for folder in folders:
        assert (FUZZ / f"{folder.name}_fuzzer.cc").exists()
