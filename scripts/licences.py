"""Put the licences of the packages that are installed with usdparquet into docs/licences.md.

Usage: licences.py            writes the table anew
       licences.py --check    ends with 1 if it is not what the packages say

They are those that pyproject.toml asks for at run time, by itself and by its extras, and what they
need in turn, as far as this environment's Python and system need them.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from requirements import groups

DOCUMENT = Path(__file__).parents[1] / "docs" / "licences.md"
BEGIN, END = "<!-- by scripts/licences.py -->\n", "<!-- end -->\n"
# Groups that only who works on usdparquet installs.
OWN_GROUPS = (
    "all",
    "pip",
    "build",
    "test",
    "test-assets",
    "lint",
    "coverage",
    "lock",
    "wheel",
    "hosts",
)
# What classifiers and the older field call what SPDX calls otherwise.
NAMES = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "LicenseRef-TOST-1.0": "Tomorrow Open Source Technology License 1.0",
}


def licence(package: str) -> str:
    """What the package's metadata says, the exact field first."""
    about = metadata.metadata(package)
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier", [])
        if text.startswith("License :: ")
    ]
    stated = about.get("License-Expression") or about.get("License", "")
    if not stated or "\n" in stated.strip():
        stated = " AND ".join(NAMES.get(each, each) for each in classifiers)
    if not stated:
        sys.exit(f"the metadata of {package} name no licence")
    return NAMES.get(stated.strip(), stated.strip())


def needed() -> dict[str, str]:
    """Name -> who asks for it first, of all packages that are installed with usdparquet."""
    found: dict[str, str] = {}
    todo = [
        (Requirement(text), "usdparquet" if group == "run" else f"usdparquet[{group}]")
        for group, texts in groups.items()
        if group not in OWN_GROUPS
        for text in texts
    ]
    while todo:
        requirement, asker = todo.pop(0)
        name = canonicalize_name(requirement.name)
        extras = ["", *requirement.extras]
        if name in found or name == "usdparquet":
            continue
        found[name] = asker
        for text in metadata.requires(name) or []:
            each = Requirement(text)
            if each.marker is None or any(each.marker.evaluate({"extra": it}) for it in extras):
                todo.append((each, name))
    return found


def table() -> str:
    lines = ["| package | licence | for |\n", "|---|---|---|\n"]
    lines += [f"| {name} | {licence(name)} | {by} |\n" for name, by in sorted(needed().items())]
    return "".join(lines)


def document() -> str:
    """The document with the table of today."""
    text = DOCUMENT.read_text("utf-8")
    return re.sub(f"(?<={BEGIN}).*?(?={END})", lambda _: table(), text, flags=re.DOTALL)


if __name__ == "__main__":
    if sys.argv[1:] != ["--check"]:
        DOCUMENT.write_text(document(), "utf-8")
    elif document() != DOCUMENT.read_text("utf-8"):
        sys.exit("docs/licences.md is not what the packages say: run scripts/licences.py")
