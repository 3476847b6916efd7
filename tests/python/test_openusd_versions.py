"""Plugins for further versions of OpenUSD, built with the headers of a tree (CONTRIBUTING.md)."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from cmake_runs import one_line, run_cmake
from pxr import Usd
from site_folders import package_folder, run_isolated
from stock_tree import make_stock_tree, make_stub_library, namespace_of

PROJECT = Path(__file__).parents[2]
USD = "{1}.{2}".format(*Usd.GetVersion())


class Build:
    """A build of the plugin alone, with a tree of headers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "build"
        self.tree = folder / "tree"
        make_stock_tree(self.tree, USD)

    def configure(self, library: Path, *options: str, folder: Path = PROJECT) -> tuple[int, str]:
        done = run_cmake(
            folder,
            *("-S", PROJECT, "-B", self.folder, "-G", "Ninja"),
            f"-DPython_EXECUTABLE={sys.executable}",
            "-DUSDPARQUET_BUILD_PYTHON=OFF",
            "-DUSDPARQUET_COMPILE_FOLDERS=OFF",
            "-DUSDPARQUET_USD_FROM_PYPI=OFF",
            f"-DUSDPARQUET_USD_SOURCE={self.tree}",
            f"-DUSDPARQUET_USD_LIBRARY={library}",
            *options,
        )
        return done.returncode, one_line(done.stdout + done.stderr)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    headers = version("pxr-sdf-dev")
    if headers != USD:
        pytest.skip(f"the headers that are installed are of OpenUSD {headers}, not {USD}")
    return Build(tmp_path_factory.mktemp("versions"))


@pytest.fixture(scope="module")
def libusd() -> Path:
    (library,) = (package_folder("pxr").parent / "usd_core.libs").glob("libusd_ms*")
    return library


def test_headers_of_another_version_are_refused(build: Build, tmp_path: Path) -> None:
    library = make_stub_library(tmp_path / "libusd_ms.so", "26.11")
    status, said = build.configure(library)
    assert status != 0
    assert (
        f"The headers in {build.tree} are of OpenUSD {USD}, {library} is OpenUSD 26.11: give the "
        "headers of 26.11, since a plugin built with others would read wrong values"
    ) in said


@pytest.mark.parametrize(
    ("library", "said"),
    [
        ("/nowhere/libusd_ms.so", "has to name the library with OpenUSD's Sdf that the plugin is"),
        (sys.executable, f"{sys.executable} does not show OpenUSD's Sdf: no plugin can use it"),
        ("", "names 1 trees with OpenUSD's headers, USDPARQUET_USD_LIBRARY 0 libraries"),
    ],
    ids=["nothing", "not_openusd", "none"],
)
def test_what_is_no_library_of_openusd_is_refused(build: Build, library: str, said: str) -> None:
    status, output = build.configure(Path(library) if library else "")
    assert status != 0
    assert said in output


def test_paths_are_of_the_folder_that_cmake_is_called_in(build: Build, tmp_path: Path) -> None:
    make_stub_library(tmp_path / "usd.so", "26.11")
    (tmp_path / "tree").symlink_to(build.tree)
    options = ("-DUSDPARQUET_USD_SOURCE=tree", "-DUSDPARQUET_USD_LIBRARY=usd.so")
    _, said = build.configure(Path("usd.so"), *options, folder=tmp_path)
    assert f"The headers in {tmp_path}/tree are of OpenUSD {USD}, {tmp_path}/usd.so is" in said


def test_an_application_that_renamed_openusd_has_a_folder_of_its_own(
    build: Build, tmp_path: Path
) -> None:
    status, said = build.configure(make_stub_library(tmp_path / "usd.so", USD, "pxrBlender"))
    assert status == 0, said
    assert f"-- OpenUSD {USD}-pxrBlender: the headers in {build.tree}, for {tmp_path}" in said
    assert f"#define PXR_INTERNAL_NS {namespace_of(USD, 'pxrBlender')}\n" in (
        (build.folder / "usd_headers" / "pxr" / "pxr.h").read_text()
    )


def test_the_plugin_compiles_with_the_headers_of_a_tree(build: Build, libusd: Path) -> None:
    status, said = build.configure(libusd)
    assert status == 0, said
    assert f"-- OpenUSD {USD}: the headers in {build.tree}, for {libusd}" in said
    unit = "CMakeFiles/usdparquet_plugin.dir/src/plugin/format/file_format.cc.o"
    done = run_cmake(PROJECT, "--build", build.folder, "--target", unit)
    assert done.returncode == 0, done.stdout
    # A virtual function of OpenUSD, in the namespace of the library.
    namespace = namespace_of(USD)
    base = f"_ZN{len(namespace)}{namespace}13SdfFileFormat"
    assert base.encode() in (build.folder / unit).read_bytes()


@pytest.mark.skipif(
    "USDPARQUET_TEST_TREE_BUILD" not in os.environ, reason="compiles core and plugin: minutes"
)
def test_the_plugin_of_a_tree_opens_a_layer(
    build: Build, libusd: Path, tmp_path: Path, write
) -> None:
    status, said = build.configure(libusd, "-DUSDPARQUET_COMPILE_FOLDERS=ON")
    assert status == 0, said
    done = run_cmake(PROJECT, "--build", build.folder)
    assert done.returncode == 0, done.stdout
    done = run_cmake(PROJECT, "--install", build.folder, "--prefix", tmp_path / "site")
    assert done.returncode == 0, done.stderr
    plugin = tmp_path / "site" / "usdparquet" / "plugin"
    assert [path.name for path in (plugin / "usd").iterdir()] == [USD]
    (tmp_path / "site" / "pyarrow").symlink_to(package_folder("pyarrow"))
    file = write({"path": ["/World/Part"], "cost": [2.5]})
    code = """
import sys
from pxr import Plug, Sdf
layer = Sdf.Layer.FindOrOpen(sys.argv[1])
print(layer.GetAttributeAtPath("/World/Part.cost").default)
print(Plug.Registry().GetPluginWithName("usdparquet").path)
"""
    said = run_isolated("-c", code, file, PXR_PLUGINPATH_NAME=str(plugin))
    assert said == f"2.5\n{plugin / 'libusdparquet.so'}\n"
