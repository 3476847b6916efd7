"""What `make fuzz` keeps when it minimizes a corpus, and what `make fuzz-coverage` counts."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

FUZZ = Path(__file__).parents[2] / "fuzz"


@pytest.fixture(name="load")
def the_scripts(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    monkeypatch.setattr(sys, "path", [str(FUZZ), *sys.path])

    def load(name: str) -> ModuleType:
        # Another module is called `coverage` too.
        spec = importlib.util.spec_from_file_location(f"fuzz_{name}", FUZZ / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(name="build")
def a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder with one target and a core of nine lines, four of which wait for `ab`."""
    compiler = shutil.which("clang++-19")
    if compiler is None:
        pytest.skip("needs clang (scripts/setup.sh fuzz)")
    monkeypatch.setenv("LLVM_PROFILE_FILE", str(tmp_path / "default.profraw"))
    core = tmp_path / "src" / "core"
    core.mkdir(parents=True)
    (core / "core.cc").write_text(CORE)
    (tmp_path / "fuzz.cc").write_text(TARGET)
    build = tmp_path / "build"
    library = build / "site" / "usdparquet" / "libusdparquet_core.so"
    for folder in (build / "fuzz", library.parent):
        folder.mkdir(parents=True)
    (build / "CMakeCache.txt").write_text(f"CMAKE_CXX_COMPILER:STRING={compiler}\n")
    options = ["-g", "-fsanitize=fuzzer-no-link", "-fprofile-instr-generate", "-fcoverage-mapping"]
    subprocess.run(
        [compiler, *options, "-fPIC", "-shared", "-o", library, core / "core.cc"], check=True
    )
    program = build / "fuzz" / "small_fuzzer"
    options += ["-fsanitize=fuzzer", f"-Wl,-rpath,{library.parent}"]
    subprocess.run([compiler, *options, "-o", program, tmp_path / "fuzz.cc", library], check=True)
    return build


CORE = """\
#include <cstddef>
extern "C" int Core(const unsigned char* data, std::size_t size) {
  int found = 0;
  if (size > 1 && data[0] == 'a' && data[1] == 'b') {
    found += 1;
    found += 2;
    found += 3;
  }
  return found;
}
"""
TARGET = """\
#include <cstddef>
#include <cstdint>
extern "C" int Core(const unsigned char* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)Core(data, size);
  return 0;
}
"""


def put(file: Path, data: bytes) -> None:
    """Into the folder `file`, as libFuzzer names it."""
    file.mkdir(parents=True, exist_ok=True)
    (file / hashlib.sha1(data).hexdigest()).write_bytes(data)


def test_minimizing_keeps_what_reaches_more(
    build: Path, load: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the corpus only what makes up the coverage is kept; a mended crash often adds nothing."""
    root = build.parent
    run = load("run")
    monkeypatch.setattr(run, "FUZZ", root)
    monkeypatch.setattr(run, "CORPUS_BYTES", 9)
    for data in (b"", b"x", b"y", b"ax"):
        put(root / "corpus" / "small", data)
    put(root / "findings" / "small", b"crash")
    put(build / "work" / "small", b"abcdef")
    put(build / "work" / "small", b"abcdef, but longer")
    assert run.minimize("small", build) == 1
    kept = {file.read_bytes() for file in (root / "corpus" / "small").iterdir()}
    assert b"abcdef" in kept and sum(map(len, kept)) <= 9
    assert b"abcdef" in {file.read_bytes() for file in (build / "work" / "small").iterdir()}
    assert [file.read_bytes() for file in (root / "findings" / "small").iterdir()] == [b"crash"]
    assert run.findings_of("small") == [str(root / "findings" / "small")]
    assert run.findings_of("pages") == []


def test_every_folder_of_findings_is_that_of_a_target() -> None:
    """Another one would be replayed by no test."""
    folders = [folder for folder in (FUZZ / "findings").iterdir() if any(folder.iterdir())]
    assert folders
    for folder in folders:
        assert (FUZZ / f"{folder.name}_fuzzer.cc").exists()


@pytest.mark.parametrize(("inputs", "lines"), [([b"x"], 5), ([b"x", b"ab"], 9)])
def test_the_lines_that_a_target_reaches_are_counted(
    inputs: list[bytes],
    lines: int,
    build: Path,
    load: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = build.parent
    coverage = load("coverage")
    for data in inputs:
        put(root / "corpus" / "small", data)
    (root / "log.json").write_text('{"small": {}, "other": {"coverage": 1}}')
    monkeypatch.setattr(coverage, "FUZZ", root)
    monkeypatch.setattr(coverage, "ROOT", root)
    monkeypatch.setattr(coverage, "LOG", root / "log.json")
    monkeypatch.setattr(sys, "argv", ["coverage.py", "--build", str(build), "--files"])
    assert coverage.main() == 0
    percent = round(100 * lines / 9, 1)
    assert json.loads((root / "log.json").read_text()) == {
        "small": {"lines_of_core_percent": percent},
        "other": {"coverage": 1},
    }
    assert [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()] == [
        f"small {percent} % of the lines of src/core",
        f"all {percent} %",
        f"{lines} of 9 src/core/core.cc",
    ]


def test_core_is_counted_where_it_is_built(load: Callable[[str], ModuleType]) -> None:
    """The tree's own build puts it there too."""
    built = [cache.parent for cache in (FUZZ.parent / "build").glob("*/CMakeCache.txt")]
    if not built:
        pytest.skip("needs a build folder")
    core = load("coverage").CORE
    assert any((folder / core).exists() for folder in built)
