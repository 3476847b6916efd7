"""The Pythons of this machine, and environments of them with a wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import uv

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

import lock

ROOT = Path(__file__).parents[2]
VERSIONS = ("3.11", "3.12", "3.13")
OWN = "{}.{}".format(*sys.version_info)


def interpreter(version: str) -> str:
    """That of a version, 3.12 say, as it is on PATH or as pyenv has it; empty if there is none."""
    if version == OWN:
        return sys.executable
    found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for python in (shutil.which(f"python{version}"), *map(str, found)):
        if python and _is_version(python, version):
            return python
    return ""


def _is_version(python: str, version: str) -> bool:
    code = "import sys; print('{}.{}'.format(*sys.version_info))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() == version


class Environment:
    """A virtual environment that has nothing at first."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        _uv("venv", "--python", python, folder)

    def install(self, *requirements: str) -> None:
        """Installs packages with what they need, in the versions of requirements/build.txt."""
        pinned = ROOT / "requirements" / "build.txt"
        _uv("pip", "install", "--python", self.python, "-c", pinned, *requirements)

    def install_host(self, name: str) -> None:
        """Installs the package of requirements/hosts.txt alone, in place of another version."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(lock.locked("hosts")[name]) + "\n")
            file.flush()
            options = ("--no-deps", "--require-hashes", "-r", file.name)
            _uv("pip", "install", "--python", self.python, *options)

    def run(self, *arguments: object, **variables: str) -> str:
        """What its Python prints, in an all but empty environment.

        It must succeed and print nothing to standard error.
        """
        done = self.process(*arguments, **variables)
        assert done.stderr == "", done.stderr
        assert done.returncode == 0
        return done.stdout

    def process(self, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-I", *map(str, arguments)],
            env={"PATH": os.defpath, **variables},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _uv(*arguments: object) -> None:
    command = [uv.find_uv_bin(), *map(str, arguments), "-q", "--no-config", "--no-python-downloads"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
