"""The LLVM tools that belong to the compiler which the fuzzers were built with."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path


def llvm_tool(name: str, build: Path) -> str:
    """`llvm-cov`, say, of the clang of a build folder: formats of others differ by version."""
    cache = (build / "CMakeCache.txt").read_text(encoding="utf-8")
    compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.+)$", cache, re.MULTILINE)
    if compiler is None:
        raise SystemExit(f"{build} has no compiler in its CMakeCache.txt: run make fuzz")
    command = [compiler[1], f"-print-prog-name={name}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    path = answer.stdout.strip()
    if shutil.which(path) is None:
        raise SystemExit(f"{name} of {compiler[1]} was not found (Debian: apt-get install llvm-19)")
    return path
