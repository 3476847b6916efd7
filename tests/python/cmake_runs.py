"""CMake, as the tests run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def run_cmake(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs CMake in a folder, with the tools of this Python's environment or of the system."""
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    cmake = shutil.which("cmake", path=tools)
    assert cmake, "cmake was not found"
    return subprocess.run(
        [cmake, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PATH": tools},
        capture_output=True,
        text=True,
        check=False,
    )


def one_line(text: str) -> str:
    """What CMake said, without the line breaks that it puts into sentences."""
    return " ".join(text.split())
