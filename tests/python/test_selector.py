"""A plugin that cannot load leaves all else alone, and says why when a Parquet file is opened."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pxr import Sdf, Usd, UsdUtils
from site_folders import (
    link_arrow,
    link_tree,
    link_usd,
    link_usdparquet,
    package_folder,
    remove_plug_info,
    run_isolated,
    run_with,
)
from stock_tree import make_stub_library

import usdparquet

USD = "{1}.{2}".format(*Usd.GetVersion())
SO_VERSION = int(pa.cpp_build_info.so_version)
ARROW = f"{SO_VERSION // 100}.{SO_VERSION % 100}"
WAYS = ["site-packages", "PXR_PLUGINPATH_NAME"]

# Prints what it finds: in layers of all other kinds, in a Parquet file, then in the others again.
WORK = """
import json
from pathlib import Path
from pxr import Sdf, Tf, Usd, UsdUtils

folder = Path(sys.argv[1])


def open_others():
    found = []
    for name in ("scene.usda", "scene.usdc", "scene.usdz"):
        stage = Usd.Stage.Open(str(folder / name))
        found += [
            [str(each.GetPath()), str(each.Get())]
            for prim in stage.Traverse()
            for each in prim.GetAttributes()
        ]
        found.append(stage.GetRootLayer().ExportToString())
    return found


def errors_of(call):
    try:
        return repr(call())
    except Tf.ErrorException as errors:
        return [error.commentary for error in errors.args]


print(json.dumps(open_others()))
if len(sys.argv) == 2:
    sys.exit()
table = folder / "table.parquet"
before = table.read_bytes()
found = {
    "open": errors_of(lambda: Sdf.Layer.FindOrOpen(str(table))),
    "again": errors_of(lambda: Sdf.Layer.FindOrOpen(str(table))),
    "create": errors_of(lambda: Sdf.Layer.CreateNew(str(folder / "new.parquet"))),
}
delegate = UsdUtils.CoalescingDiagnosticDelegate()
stage = Usd.Stage.Open(str(folder / "with_table.usda"))
found["told"] = [each.commentary for each in delegate.TakeUncoalescedDiagnostics()]
found["part"] = stage.GetAttributeAtPath("/World/Part.size").Get()
del delegate
layer = Sdf.Layer.FindOrOpen(str(folder / "scene.usda"))
found["export"] = errors_of(lambda: layer.Export(str(table)))
del layer, stage
found["kept"] = table.read_bytes() == before and not (folder / "new.parquet").exists()
print(json.dumps(found))
print(json.dumps(open_others()))
"""


def install(usd: str) -> str:
    packages = f"usd-core=={usd} 'pyarrow=={ARROW}.*'"
    return f"pip install {packages}, or install a usdparquet for what is here"


PART = '#usda 1.0\n(\n    defaultPrim = "Part"\n)\ndef Cube "Part"\n{\n    double size = 3\n}\n'
SCENE = """#usda 1.0
(
    {}
)
def Xform "World"
{{
    def "Part" (
        references = @./part.usdc@
    )
    {{
    }}
}}
"""


@pytest.fixture
def scenes(write, tmp_path: Path) -> Path:
    """A folder with a scene in each format, a table, and a scene that has it as a sublayer."""
    write({"path": ["/World/Part"], "cost": [2.5]})
    for name, text in {
        "part.usda": PART,
        "scene.usda": SCENE.format("metersPerUnit = 1"),
        "with_table.usda": SCENE.format("subLayers = [@./table.parquet@]"),
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("part", "scene"):
        layer = Sdf.Layer.FindOrOpen(str(tmp_path / f"{name}.usda"))
        assert layer.Export(str(tmp_path / f"{name}.usdc"))
    assert UsdUtils.CreateNewUsdzPackage(str(tmp_path / "scene.usdc"), str(tmp_path / "scene.usdz"))
    return tmp_path


class Site:
    """OpenUSD, Arrow and usdparquet in throw-away folders, to be damaged."""

    def __init__(self, folder: Path, way: str) -> None:
        self.usd = folder / "usd"
        self.own = self.usd if way == "site-packages" else folder / "own"
        self.environment: dict[str, str] = {}
        link_usd(self.usd)
        if way != "site-packages":
            remove_plug_info(self.usd)
            self.environment[way] = str(self.own / "usdparquet" / "plugin")
        link_usdparquet(self.own)
        link_arrow(self.own)

    @property
    def plugin(self) -> Path:
        return self.own / "usdparquet" / "plugin"

    @property
    def library(self) -> Path:
        return self.plugin / "usd" / USD / "libusdparquet_usd.so"

    def through_plugin(self, library: Path) -> str:
        """How the loader names a library of Arrow, which it finds from the plugin."""
        return f"{self.library.parent}/../../../../pyarrow/{library.name}"

    def run(self, *arguments: object) -> list[object]:
        sites = list(dict.fromkeys([self.usd, self.own]))
        output = run_with(sites, WORK, *arguments, **self.environment)
        return [json.loads(line) for line in output.splitlines()]

    def sentence(self, rest: str, supported: str = USD, arrow: str = "") -> str:
        """What is to be said, from the file of Arrow's library on."""
        (libusd,) = (self.usd / "usd_core.libs").glob("libusd_ms*")
        if not arrow:
            file = (self.own / "pyarrow" / f"libarrow.so.{SO_VERSION}").resolve()
            arrow = f"Arrow {ARROW} ({file})"
        return (
            f"usdparquet {usdparquet.__version__} opens Parquet layers with OpenUSD {supported} "
            f"and Arrow {ARROW}, but finds OpenUSD {USD} ({libusd}) and {arrow}{rest}"
        )


def without_library(site: Site) -> str:
    site.library.unlink()
    return site.sentence(
        f" and cannot load its library ({site.library}: cannot open shared object file: No such "
        "file or directory): install usdparquet anew"
    )


def with_damaged_library(site: Site) -> str:
    site.library.unlink()  # it is a link
    site.library.write_bytes(bytes(4096))
    return site.sentence(
        f" and cannot load its library ({site.library}: invalid ELF header): install "
        "usdparquet anew"
    )


def without_core(site: Site) -> str:
    core = "libusdparquet_core.so"
    (site.own / "usdparquet" / core).unlink()
    return site.sentence(
        f" and cannot load its library ({core}: cannot open shared object file: No such file or "
        "directory): install usdparquet anew"
    )


def for_another_usd(site: Site) -> str:
    site.library.parent.rename(site.plugin / "usd" / "26.7")
    return site.sentence(f": {install('26.7')}", supported="26.7")


def for_two_other_usds(site: Site) -> str:
    link_tree(site.library.parent, site.plugin / "usd" / "26.10")
    site.library.parent.rename(site.plugin / "usd" / "26.9")
    return site.sentence(f": {install('26.10')}", supported="26.9 or 26.10")


def for_no_usd(site: Site) -> str:
    shutil.rmtree(site.plugin / "usd")
    return site.sentence(": install usdparquet anew", supported="of no version")


def without_arrow(site: Site) -> str:
    (site.own / "pyarrow").unlink()
    return site.sentence(
        f": {install(USD)}",
        arrow=f"no Arrow (none is loaded, none is in {site.own / 'pyarrow'})",
    )


def _own_arrow(site: Site) -> Path:
    """A folder pyarrow of the site's own, with links to Arrow's libraries."""
    pyarrow = site.own / "pyarrow"
    pyarrow.unlink()
    link_tree(package_folder("pyarrow"), pyarrow)
    return pyarrow


WHOLE_ARROW = f"pip install --force-reinstall 'pyarrow=={ARROW}.*'"


def without_parquet(site: Site) -> str:
    """Arrow is there, but its library for Parquet is not."""
    name = f"libparquet.so.{SO_VERSION}"
    (_own_arrow(site) / name).unlink()
    return site.sentence(
        f", of which a part is missing or damaged ({name}: cannot open shared object file: No such "
        f"file or directory): {WHOLE_ARROW}"
    )


def with_damaged_parquet(site: Site) -> str:
    library = _own_arrow(site) / f"libparquet.so.{SO_VERSION}"
    library.unlink()
    library.write_bytes(bytes(4096))
    return site.sentence(
        f", of which a part is missing or damaged ({site.through_plugin(library)}: invalid ELF "
        f"header): {WHOLE_ARROW}"
    )


def with_damaged_arrow(site: Site) -> str:
    library = _own_arrow(site) / f"libarrow.so.{SO_VERSION}"
    library.unlink()
    library.write_bytes(bytes(4096))
    return site.sentence(
        f", of which a part is missing or damaged ({site.through_plugin(library)}: invalid ELF "
        f"header): {WHOLE_ARROW}",
        arrow=f"Arrow {ARROW} ({library})",
    )


def without_arrow_in_pyarrow(site: Site) -> str:
    """pip would find nothing to do: it knows pyarrow as installed."""
    pyarrow = _own_arrow(site)
    (pyarrow / f"libarrow.so.{SO_VERSION}").unlink()
    return site.sentence(
        f": {WHOLE_ARROW}", arrow=f"no Arrow (none is loaded, none is in {pyarrow})"
    )


def with_another_arrow(site: Site) -> str:
    pyarrow = site.own / "pyarrow"
    pyarrow.unlink()
    pyarrow.mkdir()
    for name in ("libarrow", "libparquet"):
        library = package_folder("pyarrow") / f"{name}.so.{SO_VERSION}"
        (pyarrow / f"{name}.so.2100").symlink_to(library)
    library = (pyarrow / "libarrow.so.2100").resolve()
    return site.sentence(f": {install(USD)}", arrow=f"Arrow 21.0 ({library})")


@pytest.fixture
def others(scenes: Path, tmp_path: Path) -> list[object]:
    """What a process without usdparquet finds in the other layers."""
    bare = tmp_path / "bare"
    link_usd(bare)
    remove_plug_info(bare)
    (found,) = [json.loads(line) for line in run_with([bare], WORK, scenes).splitlines()]
    assert [path for path, *_ in found].count("/World/Part.size") == 3
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "damage",
    [
        without_library,
        with_damaged_library,
        without_core,
        for_another_usd,
        for_two_other_usds,
        for_no_usd,
        without_arrow,
        without_arrow_in_pyarrow,
        with_another_arrow,
        without_parquet,
        with_damaged_parquet,
        with_damaged_arrow,
    ],
)
def test_one_sentence_and_nothing_else(
    scenes: Path, others: list[object], tmp_path: Path, way: str, damage: Callable[[Site], str]
) -> None:
    site = Site(tmp_path, way)
    sentence = damage(site)
    first, found, later = site.run(scenes, "table")
    assert first == others
    assert later == others
    table = scenes / "table.parquet"
    for call in ("open", "again", "export"):
        assert found[call] == [f"{table}: {sentence}"], call
    assert found["create"] == [f"{scenes / 'new.parquet'}: {sentence}"]
    assert found["kept"]
    (told,) = found["told"]
    assert f" -- {table}: {sentence}; skipping." in told
    assert found["part"] == 3


def test_an_arrow_of_other_symbols(scenes: Path, tmp_path: Path) -> None:
    """Its libraries have the right names, but not what the plugin needs of them."""
    site = Site(tmp_path, "site-packages")
    library = _own_arrow(site) / f"libparquet.so.{SO_VERSION}"
    library.unlink()
    library.symlink_to(package_folder("pyarrow") / f"libarrow.so.{SO_VERSION}")
    _, found, _ = site.run(scenes, "table")
    (sentence,) = found["open"]
    assert ", of which a part is missing or damaged (" in sentence
    assert "undefined symbol: _ZTVN7parquet" in sentence
    assert sentence.endswith(f": {WHOLE_ARROW}")


@pytest.mark.parametrize("way", WAYS)
def test_without_the_selector_openusd_says_what_is_missing(
    scenes: Path, others: list[object], tmp_path: Path, way: str
) -> None:
    site = Site(tmp_path, way)
    selector = site.plugin / "libusdparquet.so"
    selector.unlink()
    first, found, later = site.run(scenes, "table")
    assert first == others
    assert later == others
    for call in ("open", "again"):
        assert found[call][0] == (
            f"Failed to load plugin 'usdparquet': {selector}: cannot open shared object file: "
            f"No such file or directory in '{selector}'"
        )


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_said_where_all_is_there(
    scenes: Path, others: list[object], tmp_path: Path, way: str
) -> None:
    first, found, later = Site(tmp_path, way).run(scenes, "table")
    assert first == others
    assert later == others
    assert found["open"].startswith("Sdf.Find(")
    assert found["told"] == []


def test_the_plugin_names_no_library_of_openusd() -> None:
    """Their names differ between packages of the same OpenUSD."""
    plugin = Path(usdparquet.plugin_dir())
    content = (plugin / "usd" / USD / "libusdparquet_usd.so").read_bytes()
    assert b"libusd_ms" not in content
    assert b"libtbb" not in content
    selector = (plugin / "libusdparquet.so").read_bytes()
    for name in (b"libusd_ms", b"libparquet", b"libusdparquet_core"):
        assert name not in selector


@pytest.mark.parametrize("name", ["pxrInternal", "pxrBlender"])
def test_the_openusd_that_asks_gets_its_plugin(scenes: Path, tmp_path: Path, name: str) -> None:
    """Also where another one was loaded before it; the plugin of one is of no use to another."""
    version = "26.3" if name == "pxrInternal" else USD
    other = make_stub_library(tmp_path / "libusd_other.so", version, name)
    code = """
import ctypes, sys
ctypes.CDLL(sys.argv[1])
from pxr import Sdf
layer = Sdf.Layer.FindOrOpen(sys.argv[2])
print(layer.GetAttributeAtPath("/World/Part.cost").default)
"""
    assert run_isolated("-c", code, other, scenes / "table.parquet") == "2.5\n"


OTHER_USD = "USDPARQUET_TEST_OTHER_USD"


@pytest.mark.skipif(OTHER_USD not in os.environ, reason=f"{OTHER_USD} names no usd-core")
@pytest.mark.parametrize("way", WAYS)
def test_another_openusd(scenes: Path, tmp_path: Path, way: str) -> None:
    """A usd-core of another version, from 26.3 on, unpacked into the folder of the variable."""
    site = Site(tmp_path, way)
    for name in ("pxr", "usd_core.libs"):
        shutil.rmtree(site.usd / name)
        link_tree(Path(os.environ[OTHER_USD], name), site.usd / name)
    if way == "site-packages":
        resources = Path("pluginfo", "usdparquet")
        link_tree(package_folder("pxr") / resources, site.usd / "pxr" / resources)
    first, found, later = site.run(scenes, "table")
    assert first == later
    assert found["open"] == found["again"] == found["export"]
    (sentence,) = found["open"]
    assert f" opens Parquet layers with OpenUSD {USD} and Arrow {ARROW}, but finds OpenUSD 2" in (
        sentence
    )
    assert f"OpenUSD {USD} (" not in sentence
    assert sentence.endswith(f": {install(USD)}")
    assert found["kept"]


# Loads two OpenUSDs, then has each open a file.
TWO = """
def load(folder):
    for name in [name for name in sys.modules if name.split(".")[0] == "pxr"]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    from pxr import Sdf, Tf
    sys.path.pop(0)
    return Sdf, Tf


def text(sdf, tf):
    try:
        return sdf.Layer.FindOrOpen(sys.argv[1]).ExportToString()
    except tf.ErrorException as errors:
        return errors.args[0].commentary


for loaded in [load(folder) for folder in sys.argv[2:]]:
    print(text(*loaded).replace("\\n", " "))
"""


@pytest.mark.skipif(OTHER_USD not in os.environ, reason=f"{OTHER_USD} names no usd-core")
def test_two_openusds_in_one_process(scenes: Path, tmp_path: Path) -> None:
    site = Site(tmp_path, "PXR_PLUGINPATH_NAME")
    sites = [os.environ[OTHER_USD], str(site.usd)]
    output = run_with([site.own], TWO, scenes / "table.parquet", *sites, **site.environment)
    sentence, text = output.splitlines()
    assert f" opens Parquet layers with OpenUSD {USD} and Arrow {ARROW}, but finds OpenUSD 2" in (
        sentence
    )
    assert "double cost = 2.5" in text
