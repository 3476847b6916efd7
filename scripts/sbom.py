"""The bill of materials of a wheel: what of others is compiled into its libraries.

Usage: sbom.py   prints it, CycloneDX 1.6 as JSON

A wheel has it as `.dist-info/sboms/usdparquet.cdx.json` (PEP 770). Versions are those of the
packages of this environment, which the build used. docs/licences.md lists the same for people.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
FORMAT = "1.6"
NUMBERS = re.compile(r"#\s*define \w+_VERSION_(?:MAJOR|MINOR|PATCH|RELEASE)\s+(\d+)")


@dataclass(frozen=True)
class Part:
    """Something that is compiled in."""

    name: str
    package: str
    """The package that it is taken from."""
    licence: str
    """An SPDX expression, or the name of a licence that has none."""
    within: str = ""
    """The file of the package that tells the version, where that is not the package's own."""

    def version(self) -> str:
        """That of what is installed."""
        if not self.within:
            return metadata.version(self.package)
        file = Path(str(metadata.distribution(self.package).locate_file(self.within)))
        return ".".join(NUMBERS.findall(file.read_text("utf-8"))[:3])


CORE, BINDINGS = "libusdparquet_core.so", "_core"
PLUGIN, RESOLVE = "libusdparquet_usd.so", "libusdparquet_resolve.so"
TOST = "Tomorrow Open Source Technology License 1.0"
# Each with the libraries that it is in.
PARTS = {
    Part("nanobind", "nanobind", "BSD-3-Clause"): (BINDINGS,),
    Part(
        "robin-map",
        "nanobind",
        "MIT",
        within="nanobind/ext/robin_map/include/tsl/robin_growth_policy.h",
    ): (BINDINGS,),
    Part("nlohmann-json", "nlohmann-json", "MIT"): (CORE,),
    Part("Arrow's headers", "pyarrow", "Apache-2.0"): (CORE, BINDINGS, PLUGIN, RESOLVE),
    Part(
        "xxHash",
        "pyarrow",
        "BSD-2-Clause",
        within="pyarrow/include/arrow/vendored/xxhash/xxhash.h",
    ): (CORE,),
    Part("OpenUSD's headers", "pxr-sdf-dev", TOST): (PLUGIN, RESOLVE),
}


def _component(part: Part, libraries: tuple[str, ...]) -> dict[str, object]:
    version = part.version()
    package = f"pkg:pypi/{part.package}@{metadata.version(part.package)}"
    own = "" if not part.within else f"#{part.within}"
    licence = {"name": part.licence} if part.licence == TOST else {"id": part.licence}
    return {
        "type": "library",
        "bom-ref": f"{part.name}@{version}",
        "name": part.name,
        "version": version,
        "scope": "required",
        "licenses": [{"license": licence}],
        "purl": f"{package}{own}",
        "properties": [{"name": "usdparquet:in", "value": each} for each in libraries],
    }


def bill(version: str) -> str:
    """The bill of usdparquet's wheels of a version; the same text for the same packages."""
    own = f"usdparquet@{version}"
    components = [_component(part, libraries) for part, libraries in PARTS.items()]
    text = json.dumps(components)
    found = {
        "$schema": f"http://cyclonedx.org/schema/bom-{FORMAT}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": FORMAT,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, own + text)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": own,
                "name": "usdparquet",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "purl": f"pkg:pypi/{own}",
            }
        },
        "components": components,
        "dependencies": [
            {"ref": own, "dependsOn": [each["bom-ref"] for each in components]},
        ],
    }
    return json.dumps(found, indent=2) + "\n"


if __name__ == "__main__":
    print(bill(metadata.version("usdparquet")), end="")
