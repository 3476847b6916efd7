"""OpenUSD's headers from PyPI as a tree in the layout of an installed OpenUSD."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from pathlib import Path

_USD = {"ar", "pcp", "sdf"}
_PACKAGES = re.compile(r'(#\s*include\s*[<"]pxr/)([a-z]+)/(pxr\.h)?')
_NAMES = re.compile(
    r"\b(?:[A-Z]+_((?:INTERNAL_)?NS|NAMESPACE_(?:(?:OPEN|CLOSE)_SCOPE|USING_DIRECTIVE))"
    r"|ARCH_(VERSION))\b"
)
# One package says it in another header too.
_NAMESPACE = re.compile(r"^#define PXR_INTERNAL_NS .*\n", re.MULTILINE)
_PXR_H = """#define PXR_MAJOR_VERSION 0
#define PXR_MINOR_VERSION {}
#define PXR_PATCH_VERSION {}
"""


def _place(package: str) -> str:
    if package in _USD:
        return f"usd/{package}"
    return f"external/{package}" if package == "boost" else f"base/{package}"


def make_stock_tree(tree: Path, version: str, packages: Path | None = None) -> None:
    """Copies the headers of the pxr-*-dev packages, and says that they are of `version`."""
    site = packages or Path(sysconfig.get_path("purelib"))
    for package in site.glob("pxr-*/include/pxr/*"):
        for header in package.rglob("*.*"):
            if header.relative_to(package) == Path("pxr.h"):
                continue
            text = _PACKAGES.sub(_stock_include, header.read_text(encoding="utf-8"))
            text = _NAMESPACE.sub("", _NAMES.sub(r"PXR_\1\2", text))
            place = tree / "include" / "pxr" / _place(package.name) / header.relative_to(package)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    (tree / "include" / "pxr" / "pxr.h").write_text(_PXR_H.format(*version.split(".")))


def _stock_include(match: re.Match[str]) -> str:
    return f"{match[1]}pxr.h" if match[3] else f"{match[1]}{_place(match[2])}/"


_STUB = """
namespace {0} {{
class TfToken;
struct SdfFileFormat {{ static void FindById(const TfToken&); }};
void SdfFileFormat::FindById(const TfToken&) {{}}
struct TfPyLock {{ TfPyLock(); }};
TfPyLock::TfPyLock() {{}}
}}
"""


def namespace_of(version: str, name: str = "pxrInternal") -> str:
    """OpenUSD's namespace; one with another name writes versions as Blender does."""
    minor, patch = version.split(".")
    numbers = f"0_{minor}_{patch}" if name == "pxrInternal" else f"{minor}_{int(patch):02}"
    return f"{name}_v{numbers}__pxrReserved__"


def make_stub_library(file: Path, version: str, name: str = "pxrInternal") -> Path:
    """A library that shows an OpenUSD of this version and name, and has nothing of it."""
    command = [os.environ.get("CXX", "c++"), "-shared", "-fPIC", "-x", "c++", "-", "-o", file]
    subprocess.run(command, input=_STUB.format(namespace_of(version, name)), text=True, check=True)
    return file
