"""Throw-away site-packages folders, made of links to what is installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def link_tree(source: Path, target: Path) -> None:
    """Copy a folder, by hard links where the file system has them."""

    def link(from_file: str, to_file: str) -> None:
        try:
            os.link(from_file, to_file)
        except OSError:
            shutil.copy2(from_file, to_file)

    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(source, target, copy_function=link, ignore=ignored)


def package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec and spec.origin
    return Path(spec.origin).parent


def link_usd(site: Path) -> None:
    """Put usd-core into a folder, with usdparquet's plugInfo.json if that is installed."""
    pxr = package_folder("pxr")
    link_tree(pxr, site / "pxr")
    link_tree(pxr.parent / "usd_core.libs", site / "usd_core.libs")


def remove_plug_info(site: Path) -> None:
    """Let OpenUSD no longer find usdparquet by itself."""
    shutil.rmtree(site / "pxr" / "pluginfo" / "usdparquet")


def link_usdparquet(site: Path) -> None:
    package = package_folder("usdparquet")
    if not (package / "plugin" / "libusdparquet.so").is_file():
        pytest.skip("an editable installation has its parts in two folders")
    link_tree(package, site / "usdparquet")
    (metadata,) = package.parent.glob("usdparquet-*.dist-info")
    link_tree(metadata, site / metadata.name)


def link_arrow(site: Path) -> None:
    site.mkdir(exist_ok=True)
    for name in ("pyarrow", "numpy"):
        (site / name).symlink_to(package_folder(name))
    for libraries in package_folder("numpy").parent.glob("numpy.libs"):
        (site / libraries.name).symlink_to(libraries)


def run_with(sites: list[Path], code: str, *arguments: object, **environment: str) -> str:
    """What `code` prints in a fresh interpreter that has only these site-packages folders.

    It must succeed and print nothing to standard error.
    """
    code = f"import sys\nsys.path[:0] = {[str(site) for site in sites]!r}\n{code}"
    return run_isolated("-S", "-c", code, *arguments, **environment)


def run_isolated(*arguments: object, **environment: str) -> str:
    """What a fresh isolated interpreter prints, in an all but empty environment.

    It must succeed and print nothing to standard error.
    """
    result = subprocess.run(
        [sys.executable, "-I", *map(str, arguments)],
        env={"PATH": os.defpath, **environment},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.stderr == "", result.stderr
    assert result.returncode == 0
    return result.stdout
