"""Print the requirements that pyproject.toml states, one a line.

Usage: requirements.py GROUP...   with groups pip, build, run and the names of the extras and of the
                                dependency groups
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

pyproject = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
extras: dict[str, list[str]] = pyproject["project"]["optional-dependencies"]


def expanded(requirements: list[str]) -> list[str]:
    """The requirements, with what an extra of usdparquet stands for in its place."""
    found: list[str] = []
    for each in requirements:
        names = re.fullmatch(r"usdparquet\[(.+)\]", each)
        if names:
            found += [text for name in names[1].split(",") for text in expanded(extras[name])]
        else:
            found.append(each)
    return list(dict.fromkeys(found))


groups: dict[str, list[str]] = {
    "pip": ["pip>=26"],
    "build": [*pyproject["build-system"]["requires"], "cmake>=3.24", "ninja>=1.11"],
    "run": pyproject["project"]["dependencies"],
    **{name: expanded(requirements) for name, requirements in extras.items()},
    **pyproject["dependency-groups"],
}

if __name__ == "__main__":
    print("\n".join(requirement for group in sys.argv[1:] for requirement in groups[group]))
