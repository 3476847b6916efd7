"""What `make fuzz` keeps when it minimizes a corpus."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

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


def test_the_lines_of_every_target_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each by its own corpus; what LLVM's tools would say of it is made up here."""
    monkeypatch.setattr(sys, "path", [str(FUZZ), *sys.path])
    # Another module is called `coverage` too.
    spec = importlib.util.spec_from_file_location("fuzz_coverage", FUZZ / "coverage.py")
    assert spec is not None and spec.loader is not None
    coverage = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(coverage)
    targets = sorted(each.name.removesuffix("_fuzzer.cc") for each in FUZZ.glob("*_fuzzer.cc"))
    assert "dataset" in targets
    (tmp_path / "fuzz").mkdir()
    for target in targets:
        (tmp_path / "fuzz" / f"{target}_fuzzer").touch()
    commands: list[list[str]] = []

    def run(command: list[object], **_: object) -> SimpleNamespace:
        commands.append([str(each) for each in command])
        merged = next((each for each in commands[-1] if each.startswith("-instr-profile=")), "")
        hit = targets.index(Path(merged).stem) + 1 if Path(merged).stem in targets else 99
        core = FUZZ.parent / "src" / "core"
        lines = {"lines": {"covered": hit, "count": 100}}
        files = [{"filename": str(core / "a.cc"), "summary": lines}]
        return SimpleNamespace(stdout=json.dumps({"data": [{"files": files}]}))

    monkeypatch.setattr(coverage, "subprocess", SimpleNamespace(run=run, PIPE=None))
    monkeypatch.setattr(coverage, "llvm_tool", lambda name, _: name)
    monkeypatch.setattr(coverage, "LOG", tmp_path / "log.json")
    (tmp_path / "log.json").write_text(json.dumps({target: {} for target in targets}))
    monkeypatch.setattr(sys, "argv", ["coverage.py", "--build", str(tmp_path)])
    assert coverage.main() == 0
    assert json.loads((tmp_path / "log.json").read_text()) == {
        target: {"lines_of_core_percent": number} for number, target in enumerate(targets, 1)
    }
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in shown] == [
        *([target, f"{number}.0"] for number, target in enumerate(targets, 1)),
        ["all", "99.0"],
    ]
    for target in targets:
        program = str(tmp_path / "fuzz" / f"{target}_fuzzer")
        [command] = [each for each in commands if each[0] == program]
        assert str(FUZZ / "corpus" / target) in command
    [merge] = [each for each in commands if each[-1] == str(tmp_path / "all.profdata")]
    assert [Path(each).stem for each in merge[3:-2]] == targets
