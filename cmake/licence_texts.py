"""Write the licences of what is compiled into the libraries to a folder.

Usage: python licence_texts.py FOLDER

The texts are those of the packages that the build uses; docs/licences.md says what is of which.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

# The file here -> the package, and the file of it.
TEXTS = {
    "arrow.txt": ("pyarrow", "licenses/LICENSE.txt"),
    "arrow-notice.txt": ("pyarrow", "licenses/NOTICE.txt"),
    "nanobind.txt": ("nanobind", "licenses/LICENSE"),
    "nlohmann-json.txt": ("nlohmann-json", "licenses/LICENSE"),
    "openusd.txt": ("pxr-sdf-dev", "licenses/LICENSE.txt"),
    "openusd-notice.txt": ("pxr-sdf-dev", "licenses/NOTICE.txt"),
    "robin-map.txt": ("nanobind", "tsl/robin_map.h"),
}


def text_of(package: str, ending: str) -> str:
    """A file of an installed package; of a header its first comment."""
    for file in metadata.files(package) or []:
        if str(file).endswith(ending):
            text = Path(str(file.locate())).read_text("utf-8")
            break
    else:
        sys.exit(f"usdparquet: the package {package} has no {ending}; reinstall it")
    if not ending.endswith(".h"):
        return text
    comment = text[: text.index("*/")]
    return re.sub(r"^(/\*\*| \* ?)", "", comment, flags=re.MULTILINE).strip() + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, place in TEXTS.items():
        folder.joinpath(name).write_text(text_of(*place), "utf-8")
