"""Tell CMake where installed Python packages keep headers and libraries.

Usage: python python_packages.py TOPIC...   with topics arrow, usd, tbb, nanobind, json

Prints `KEY=VALUE` lines; a list is separated by semicolons.  Packages are found through their
metadata, so this works alike in a virtual environment and in pip's isolated build environment.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path


def fail(message: str) -> None:
    sys.exit(f"usdparquet: {message}\n(interpreter: {sys.executable})")


def distribution(name: str, install: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        fail(f"the Python package {name} is not installed: pip install '{install}'")
        raise


def located(dist: metadata.Distribution, path: str) -> Path:
    return Path(str(dist.locate_file(path))).resolve()


def emit(key: str, *values: object) -> None:
    print(f"{key}={';'.join(str(value) for value in values)}")


def arrow() -> None:
    distribution("pyarrow", "pyarrow==26.0.*")
    import pyarrow

    suffix = f"so.{pyarrow.cpp_build_info.so_version}"
    folders = [Path(folder) for folder in pyarrow.get_library_dirs()]

    def library(name: str) -> Path:
        for folder in folders:
            if (folder / f"{name}.{suffix}").is_file():
                return (folder / f"{name}.{suffix}").resolve()
        fail(f"pyarrow {pyarrow.__version__} has no {name}.{suffix} in {folders}")
        raise FileNotFoundError(name)

    emit("ARROW_VERSION", pyarrow.cpp_build_info.version)
    emit("ARROW_INCLUDE_DIR", Path(pyarrow.get_include()).resolve())
    emit("ARROW_LIBRARY", library("libarrow"))
    emit("PARQUET_LIBRARY", library("libparquet"))


def usd_libraries(version: str) -> dict[str, Path]:
    """The libraries of usd-core, which programs are linked to; none where it is not installed."""
    try:
        core = metadata.distribution("usd-core")
    except metadata.PackageNotFoundError:
        return {}
    if core.version != version:
        fail(f"usd-core {core.version} and the headers of pxr-sdf-dev {version} differ")
    found = {
        Path(str(file)).name.split("-")[0]: located(core, str(file))
        for file in core.files or []
        if Path(str(file)).parent.name == "usd_core.libs"
    }
    for name in ("libusd_ms", "libtbb"):
        if name not in found:
            fail(f"usd-core {core.version} holds no usd_core.libs/{name}-*.so")
    return found


def usd() -> None:
    sdf = distribution("pxr-sdf-dev", "pxr-sdf-dev==26.8")
    libraries = usd_libraries(sdf.version)

    # pxr-sdf-dev pulls in one package a library, each laid out as pxr-<name>/include/pxr/<name>.
    packages: dict[str, Path] = {}
    for dist in metadata.distributions():
        name = (dist.metadata["Name"] or "").lower().replace("_", "-")
        if name.startswith("pxr-") and name.endswith("-dev") and dist.version == sdf.version:
            include = located(dist, name.removesuffix("-dev")) / "include"
            if include.is_dir():
                packages[name.removeprefix("pxr-").removesuffix("-dev")] = include
    if "sdf" not in packages:
        fail("the headers of pxr-sdf-dev are incomplete; reinstall them")

    # Not for the plugin, which knows Sdf alone.
    pcp = packages.pop("pcp", None)
    if pcp is None:
        fail(f"the headers of Pcp are not installed: pip install 'pxr-pcp-dev=={sdf.version}'")

    emit("USD_VERSION", sdf.version)
    emit("USD_LIBRARY_FILE", libraries.get("libusd_ms", ""))
    emit("USD_TBB_LIBRARY", libraries.get("libtbb", ""))
    emit("USD_PACKAGES", *sorted(packages))
    emit("USD_INCLUDE_DIRS", *(packages[name] for name in sorted(packages)))
    emit("USD_PCP_INCLUDE_DIR", pcp)


def tbb() -> None:
    headers = located(distribution("pxr-tbb-dev", "pxr-tbb-dev"), "TBB/include")
    if not headers.is_dir():
        fail("the headers of pxr-tbb-dev are incomplete; reinstall them")
    emit("USD_TBB_INCLUDE_DIR", headers)


def nanobind() -> None:
    distribution("nanobind", "nanobind")
    import nanobind

    emit("NANOBIND_CMAKE_DIR", nanobind.cmake_dir())


def json() -> None:
    package = located(distribution("nlohmann-json", "nlohmann-json"), "nlohmann_json/include")
    if not (package / "nlohmann" / "json.hpp").is_file():
        fail(f"the package nlohmann-json has no nlohmann/json.hpp in {package}; reinstall it")
    emit("JSON_INCLUDE_DIR", package)


if __name__ == "__main__":
    topics = {"arrow": arrow, "usd": usd, "tbb": tbb, "nanobind": nanobind, "json": json}
    for topic in sys.argv[1:]:
        topics[topic]()
