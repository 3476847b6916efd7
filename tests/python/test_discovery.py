"""After installation nothing has to be configured, imported or set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from site_folders import (
    link_arrow,
    link_usd,
    link_usdparquet,
    remove_plug_info,
    run_isolated,
    run_with,
)

SCENE = """#usda 1.0
(
    subLayers = [@./table.parquet@]
)

def Xform "World"
{
    def Cube "Part"
    {
    }
}
"""


@pytest.fixture
def scene(write, tmp_path: Path) -> Path:
    write({"path": ["/World/Part", "/World/Other"], "cost": [2.5, None], "note": ["ok", None]})
    file = tmp_path / "scene.usda"
    file.write_text(SCENE, encoding="utf-8")
    return file


def run(code: str, *arguments: object, **environment: str) -> str:
    """What `code` prints, in a fresh isolated interpreter with an all but empty environment.

    It must succeed and print nothing to standard error.
    """
    return run_isolated("-c", code, *arguments, **environment)


def test_pxr_alone_opens_parquet(scene: Path) -> None:
    code = """
import sys
from pxr import Usd
stage = Usd.Stage.Open(sys.argv[1])
part = stage.GetPrimAtPath("/World/Part")
print(part.GetAttribute("cost").Get(), part.GetAttribute("note").Get(), part.GetTypeName())
print(bool(stage.GetAttributeAtPath("/World/Other.cost")))
print("usdparquet" in sys.modules, "pyarrow" in sys.modules)
"""
    assert run(code, scene) == "2.5 ok Cube\nFalse\nFalse False\n"


def test_the_one_line_of_the_readme(scene: Path) -> None:
    code = f"from pxr import Usd; s = Usd.Stage.Open({str(scene)!r})"
    assert run(code) == ""


def test_a_table_is_opened_by_itself(scene: Path) -> None:
    code = """
import sys
from pxr import Sdf
layer = Sdf.Layer.FindOrOpen(sys.argv[1])
print(layer.GetAttributeAtPath("/World/Part.cost").default)
"""
    assert run(code, scene.with_name("table.parquet")) == "2.5\n"


@pytest.mark.parametrize("order", ["pyarrow, pxr", "pxr, pyarrow", "usdparquet, pxr"])
def test_the_order_of_imports_does_not_matter(scene: Path, order: str) -> None:
    """pyarrow and the plugin share one Arrow; usdparquet's module and the plugin one core."""
    imports = "".join(
        "from pxr import Usd\n" if name == "pxr" else f"import {name}\n"
        for name in order.split(", ")
    )
    code = f"""
import sys
{imports}
import pyarrow.parquet as pq
from pathlib import Path
stage = Usd.Stage.Open(sys.argv[1])
print(stage.GetAttributeAtPath("/World/Part.cost").Get())
print(pq.read_table(Path(sys.argv[1]).with_name("table.parquet")).num_rows)
"""
    assert run(code, scene) == "2.5\n2\n"


def test_the_package_does_not_load_openusd() -> None:
    code = """
import sys, usdparquet
print(usdparquet.__version__)
assert isinstance(usdparquet.cache_stats(), dict)
assert not any(name.split(".")[0] == "pxr" for name in sys.modules)
with open("/proc/self/maps") as maps:
    assert "libusd_ms" not in maps.read()
"""
    assert run(code).strip()


def test_register_may_be_called_where_it_is_not_needed(scene: Path) -> None:
    code = """
import sys, usdparquet
usdparquet.register()
usdparquet.register()
from pxr import Usd
stage = Usd.Stage.Open(sys.argv[1])
print(stage.GetAttributeAtPath("/World/Part.cost").Get())
"""
    assert run(code, scene) == "2.5\n"


def test_plugin_dir_is_a_plugin_path() -> None:
    import usdparquet

    description = json.loads(
        "".join(
            line
            for line in (Path(usdparquet.plugin_dir()) / "plugInfo.json").read_text().splitlines()
            if not line.strip().startswith("#")
        )
    )
    (plugin,) = description["Plugins"]
    library = Path(usdparquet.plugin_dir(), plugin["Root"], plugin["LibraryPath"]).resolve()
    assert library.is_file()


@pytest.fixture
def split_folders(tmp_path: Path) -> list[Path]:
    """OpenUSD, pyarrow and usdparquet each in a folder of its own."""
    usd, arrow, own = folders = [tmp_path / name for name in ("usd", "arrow", "own")]
    link_usd(usd)
    remove_plug_info(usd)
    link_usdparquet(own)
    link_arrow(arrow)
    return folders


def test_the_command_opens_layers_where_openusd_does_not_find_the_plugin(
    scene: Path, tmp_path: Path
) -> None:
    site = tmp_path / "usd"
    link_usd(site)
    remove_plug_info(site)
    done = subprocess.run(
        [*(sys.executable, "-m", "usdparquet", "table"), scene, "--columns=cost", "--format=json"],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert json.loads(done.stdout) == [
        {"path": "/World", "cost": None},
        {"path": "/World/Part", "cost": 2.5},
        {"path": "/World/Other", "cost": None},
    ]


@pytest.mark.parametrize("how", ["register", "PXR_PLUGINPATH_NAME"])
def test_split_site_packages(scene: Path, split_folders: list[Path], how: str) -> None:
    code = f"""
import pxr
assert pxr.__file__.startswith({str(split_folders[0])!r})
if {how!r} == "register":
    import usdparquet
    assert usdparquet.__file__.startswith({str(split_folders[2])!r})
    usdparquet.register()
else:
    import pyarrow.parquet
from pxr import Usd
stage = Usd.Stage.Open(sys.argv[1])
print(stage.GetAttributeAtPath("/World/Part.cost").Get())
"""
    plugin = str(split_folders[2] / "usdparquet" / "plugin")
    environment = {} if how == "register" else {how: plugin}
    assert run_with(split_folders, code, scene, **environment) == "2.5\n"


@pytest.mark.parametrize(
    ("value", "budget"), [("16", 16 << 20), ("0.5", 1 << 19), (None, 64 << 20)]
)
def test_the_budget_comes_from_the_environment(value: str | None, budget: int) -> None:
    environment = {} if value is None else {"USDPARQUET_CACHE_MB": value}
    assert (
        run("import usdparquet; print(usdparquet.cache_stats()['budget'])", **environment)
        == f"{budget}\n"
    )


def test_errors_and_warnings_go_through_openusd_only(tmp_path: Path, write) -> None:
    """With a delegate that takes the diagnostics nothing is printed, whatever is wrong."""
    write({"path": ["/A", "bad", "/A"], "cost": [1.0, 2.0, 3.0], "raw": [b"x", b"y", b"z"]})
    (tmp_path / "empty.parquet").touch()
    code = """
import sys
from pathlib import Path
from pxr import Sdf, Tf, UsdUtils
delegate = UsdUtils.CoalescingDiagnosticDelegate()
folder = Path(sys.argv[1])
layer = Sdf.Layer.FindOrOpen(str(folder / "table.parquet"), args={"nonsense": "1"})
assert layer.GetAttributeAtPath("/A.cost").default == 3.0
try:
    Sdf.Layer.FindOrOpen(str(folder / "empty.parquet"))
except Tf.ErrorException:
    pass
else:
    raise AssertionError("opened")
print(len(delegate.TakeUncoalescedDiagnostics()))
"""
    assert run(code, tmp_path) == "4\n"
