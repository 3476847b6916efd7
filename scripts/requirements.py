"""Print the requirements that pyproject.toml states, one a line.

Usage: requirements.py GROUP...   with groups pip, build, run and the names of the extras
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

pyproject = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
groups: dict[str, list[str]] = {
    "pip": ["pip>=26"],
    "build": [*pyproject["build-system"]["requires"], "cmake>=3.24", "ninja>=1.11"],
    "run": pyproject["project"]["dependencies"],
    **pyproject["project"]["optional-dependencies"],
}

if __name__ == "__main__":
    print("\n".join(requirement for group in sys.argv[1:] for requirement in groups[group]))
