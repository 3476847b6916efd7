"""Pin the packages that the Makefile installs, with their hashes, in requirements/.

Usage: lock.py            writes the files anew; needs uv (`make lock` brings it)
       lock.py --upgrade  takes the newest versions that pyproject.toml allows
       lock.py --check    ends with 1 and says why if pyproject.toml asks for what is not pinned

Each file holds what its group needs and the files of `Lock.after` do not hold: pip takes them
together. The versions are those of one resolution of all groups, for every Python from 3.11 on, but
for those that are apart.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from requirements import groups

FOLDER = Path(__file__).parents[1] / "requirements"
HEAD = "# Made by `make lock`; what is asked for is in pyproject.toml.\n"


@dataclass(frozen=True)
class Lock:
    """A file of pinned packages."""

    name: str
    groups: tuple[str, ...]
    after: tuple[str, ...] = ()
    """The files that are installed together with it."""
    with_dependencies: bool = True
    is_apart: bool = False
    """Whether its versions are its own: it is never installed together with others."""


LOCKS = (
    Lock("pip", ("pip",)),
    Lock("build", ("build", "run", "bench")),
    Lock("test", ("test",), ("build",)),
    Lock("test-assets", ("test-assets",), with_dependencies=False),
    Lock("lint", ("lint",), ("build",)),
    Lock("coverage", ("coverage",), ("build",)),
    Lock("wheel", ("wheel",), ("build",)),
    Lock("hosts", ("hosts",), with_dependencies=False, is_apart=True),
)


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(lock: Lock) -> list[str]:
    """What pyproject.toml asks for."""
    return [requirement for group in lock.groups for requirement in groups[group]]


def entries(text: str) -> dict[str, list[str]]:
    """Name -> its lines with versions and hashes; a package may have one version a Python."""
    found: dict[str, list[str]] = {}
    for entry in re.split(r"\n(?=\S)", text):
        if match := re.match(r"([\w.-]+)==", entry):
            lines = [line for line in entry.split("\n") if line and "#" not in line]
            found.setdefault(normalized(match[1]), []).append("\n".join(lines))
    return found


def text_of(lock: Lock) -> str:
    """Its file in requirements/; empty if there is none yet."""
    file = FOLDER / f"{lock.name}.txt"
    return file.read_text() if file.exists() else ""


def locked(name: str) -> dict[str, list[str]]:
    """The entries of a file in requirements/."""
    return entries(text_of(next(lock for lock in LOCKS if lock.name == name)))


def resolved(requirements: list[str], *options: object, known: str = "") -> dict[str, list[str]]:
    """What uv pins for the requirements; versions in `known` are kept where they fit."""
    with tempfile.TemporaryDirectory() as folder:
        asked, out = Path(folder, "asked.in"), Path(folder, "out.txt")
        asked.write_text("\n".join(requirements) + "\n")
        out.write_text(known)
        command = "uv pip compile --quiet --universal --python-version 3.11 --generate-hashes"
        arguments = ["--no-annotate", *options, asked, "-o", out]
        subprocess.run([*command.split(), *map(str, arguments)], check=True)
        return entries(out.read_text())


def write(upgrade: bool) -> None:
    together = [lock for lock in LOCKS if not lock.is_apart]
    # Each package once: what one group needs may narrow what another gets.
    everything = resolved(
        [each for lock in together for each in wanted(lock)],
        known="" if upgrade else "".join(map(text_of, together)),
    )
    FOLDER.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(text for texts in everything.values() for text in texts))
        constraints.flush()
        for lock in together:
            asked = [each for other in LOCKS if other.name in lock.after for each in wanted(other)]
            options = [] if lock.with_dependencies else ["--no-deps"]
            found = resolved([*asked, *wanted(lock)], "-c", constraints.name, *options)
            held = {name for other in lock.after for name in locked(other)}
            names = [name for name in sorted(found) if name not in held]
            save(lock, [text for name in names for text in everything[name]])
    for lock in LOCKS:
        if lock.is_apart:
            options = [] if lock.with_dependencies else ["--no-deps"]
            own = resolved(wanted(lock), *options, known="" if upgrade else text_of(lock))
            save(lock, [text for name in sorted(own) for text in own[name]])


def save(lock: Lock, texts: list[str]) -> None:
    (FOLDER / f"{lock.name}.txt").write_text(HEAD + "\n".join(texts) + "\n")


def problems() -> list[str]:
    """What pyproject.toml asks for and requirements/ does not pin so, a sentence each."""
    found = []
    for lock in LOCKS:
        pinned = locked(lock.name)
        for other in lock.after:
            pinned |= locked(other)
        for requirement in wanted(lock):
            match = re.match(r"([\w.-]+)\s*(.*)", requirement)
            assert match, requirement
            texts = pinned.get(normalized(match[1]), [])
            versions = [text.partition("==")[2].split()[0] for text in texts]
            if not versions or not all(_fits(version, match[2]) for version in versions):
                has = f"pins {', '.join(versions)}" if versions else "does not pin it"
                found.append(f"{requirement} is asked for; requirements/{lock.name}.txt {has}")
    return found


def _fits(version: str, specifiers: str) -> bool:
    """Whether a version is in the few kinds of specifiers that pyproject.toml uses."""
    for specifier in filter(None, (each.strip() for each in specifiers.split(","))):
        match = re.fullmatch(r"(==|>=|<)([\d.]+?)(\.\*)?", specifier)
        if match is None:
            raise ValueError(f"lock.py does not know the specifier {specifier!r}")
        bound = _numbers(match[2])
        numbers = _numbers(version)
        if match[3]:
            numbers = numbers[: len(bound)]
        width = max(len(numbers), len(bound))
        numbers += [0] * (width - len(numbers))
        bound += [0] * (width - len(bound))
        fits = {"==": numbers == bound, ">=": numbers >= bound, "<": numbers < bound}
        if not fits[match[1]]:
            return False
    return True


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if found := problems():
            sys.exit("\n".join([*found, "Run `make lock`"]))
    else:
        write(upgrade="--upgrade" in sys.argv[1:])
