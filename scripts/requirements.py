"""Print the requirements that pyproject.toml states, one a line.

Usage: requirements.py GROUP...   with groups build, run and the names of the extras
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

pyproject = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
groups = {
    "build": [*pyproject["build-system"]["requires"], "cmake>=3.24", "ninja>=1.11"],
    "run": pyproject["project"]["dependencies"],
    **pyproject["project"]["optional-dependencies"],
}
print("\n".join(requirement for group in sys.argv[1:] for requirement in groups[group]))
