"""requirements/ pins what pyproject.toml asks for, with hashes."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

import lock

NAMES = [each.name for each in lock.LOCKS]


def test_the_lock_covers_what_is_asked_for() -> None:
    assert lock.problems() == [], "run `make lock`"


@pytest.mark.parametrize("name", NAMES)
def test_every_package_has_a_version_and_hashes(name: str) -> None:
    found = lock.locked(name)
    assert found
    for texts in found.values():
        for text in texts:
            first, *rest = text.split("\n")
            assert re.fullmatch(r"[\w.-]+==[\w.]+( ; .+)? \\", first), first
            assert rest, first
            for line in rest:
                assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line


@pytest.mark.parametrize("each", lock.LOCKS, ids=lambda each: each.name)
def test_what_the_packages_need_is_pinned_too(each: lock.Lock) -> None:
    """As far as they are installed; pip itself refuses the rest."""
    pinned = lock.locked(each.name)
    for other in each.after:
        pinned |= lock.locked(other)
    for name in pinned if each.with_dependencies else ():
        try:
            needed = map(Requirement, metadata.requires(name) or [])
        except metadata.PackageNotFoundError:
            continue
        for requirement in needed:
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                assert lock.normalized(requirement.name) in pinned, f"{name} needs {requirement}"


@pytest.mark.parametrize(
    ("version", "specifiers", "fits"),
    [
        ("26.8", "==26.8", True),
        ("26.8.0", "==26.8", True),
        ("26.11", "==26.8", False),
        ("26.0.1", "==26.0.*", True),
        ("26.1.0", "==26.0.*", False),
        ("3.1.6", ">=3.1", True),
        ("3.0.9", ">=3.1", False),
        ("10.0", ">=9", True),
        ("13", ">=13,<14", True),
        ("14.0", ">=13,<14", False),
        ("1.0", "", True),
    ],
)
def test_specifiers(version: str, specifiers: str, fits: bool) -> None:
    assert lock._fits(version, specifiers) == fits


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lock.groups, "run", [*lock.groups["run"], "nowhere>=2", "numpy<1"])
    first, second = lock.problems()
    assert first == "nowhere>=2 is asked for; requirements/build.txt does not pin it"
    assert second.startswith("numpy<1 is asked for; requirements/build.txt pins ")
