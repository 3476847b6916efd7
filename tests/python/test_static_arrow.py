"""A static Arrow within the plugin (`USDPARQUET_ARROW_STATIC`): how it is linked.

No package brings a static Arrow. What CMake would find of one, and of an OpenUSD SDK, are files of
this test, and nothing of the plugin is compiled.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "Arrow": """set(Arrow_VERSION 26.0.1)
add_library(Arrow::arrow_static STATIC IMPORTED)
set_target_properties(Arrow::arrow_static PROPERTIES IMPORTED_LOCATION "@/libarrow.a")
""",
    "Parquet": """add_library(Parquet::parquet_static STATIC IMPORTED)
set_target_properties(Parquet::parquet_static PROPERTIES IMPORTED_LOCATION "@/libparquet.a")
""",
    "nlohmann_json": "add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED)\n",
    "pxr": """set(PXR_VERSION 2608)
set(PXR_MINOR_VERSION 26)
set(PXR_PATCH_VERSION 8)
add_library(usd_ms INTERFACE IMPORTED)
""",
}
STATIC = ("STOCK_USD=ON", "ARROW_FROM_PYARROW=OFF", "ARROW_STATIC=ON")


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


def configure(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    for name, text in PACKAGES.items():
        (folder / f"{name}Config.cmake").write_text(text.replace("@", str(folder)))
    return run(
        *("cmake", "-S", ROOT, "-B", folder / "build", "-G", "Ninja"),
        *(f"-D{name}_DIR={folder}" for name in PACKAGES),
        *(f"-DUSDPARQUET_{option}" for option in options),
    )


def test_one_library_holds_arrow_and_core(tmp_path: Path) -> None:
    done = configure(tmp_path, *STATIC)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "build" / "build.ninja").read_text()
    (link,) = (
        part
        for part in text.split("\n\n")
        if "build site/usdparquet/plugin/usd/26.8/libusdparquet_usd.so:" in part
    )
    for wanted in (
        *(tmp_path / "libarrow.a", tmp_path / "libparquet.a", "libusdparquet_core.a"),
        *("-Wl,--exclude-libs,ALL", f"-Wl,--version-script={ROOT}/cmake/hidden_arrow.map"),
    ):
        assert str(wanted) in link
    assert "libusdparquet_core.so" not in text
    assert "libusdparquet_resolve.so" not in text


@pytest.mark.parametrize("left_out", STATIC[:2])
def test_it_is_for_a_stock_sdk(tmp_path: Path, left_out: str) -> None:
    done = configure(tmp_path, *(option for option in STATIC if option != left_out))
    assert done.returncode != 0
    assert "USDPARQUET_ARROW_STATIC is for the plugin of a stock SDK alone" in done.stderr


def test_nothing_of_arrow_is_seen_outside(tmp_path: Path) -> None:
    """Nor what templates and inline functions of Arrow leave in the plugin's own objects."""
    sources = {
        "arrow": "namespace arrow { int Answer() { return 42; } }",
        "plugin": """namespace arrow {
int Answer();
template <typename T> struct __attribute__((visibility("default"))) Result {
  virtual ~Result() { Answer(); }
};
}
namespace pxr { template <typename T> __attribute__((visibility("default"))) T& Shared() {
  static T value; return value;
} }
int Use() { return arrow::Answer() + pxr::Shared<int>() + sizeof(*new arrow::Result<int>); }
""",
    }
    for name, text in sources.items():
        (tmp_path / f"{name}.cc").write_text(text)
        built = run("c++", "-fPIC", "-c", tmp_path / f"{name}.cc", "-o", tmp_path / f"{name}.o")
        assert built.returncode == 0, built.stderr
    run("ar", "rc", tmp_path / "libarrow.a", tmp_path / "arrow.o")
    library = tmp_path / "plugin.so"
    linked = run(
        *("c++", "-shared", "-o", library, tmp_path / "plugin.o", tmp_path / "libarrow.a"),
        *("-Wl,--exclude-libs,ALL", f"-Wl,--version-script={ROOT}/cmake/hidden_arrow.map"),
    )
    assert linked.returncode == 0, linked.stderr
    seen = run("nm", "-DC", "--defined-only", library).stdout
    assert "arrow" not in seen
    assert "pxr::Shared<int>" in seen
    assert "Use()" in seen
