"""The wheels in dist/: what is in them, and that they work where nothing else of this clone is.

`make wheel` makes them, and `make test` does so first. Each environment is a new one, whose Python
and OpenUSD are those of the test's name.
"""

from __future__ import annotations

import base64
import calendar
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pythons import OWN, ROOT, VERSIONS, Environment, interpreter

import usdparquet

sys.path.insert(0, str(ROOT / "scripts"))

import lock
import make_wheels as wheels
import sbom

DIST = ROOT / "dist"
TAGS = {version: "cp311" if version == "3.11" else "abi3" for version in VERSIONS}
USD, ARROW = "26.8", "26.0"
# What the plugin may use of Python: functions that are the same in every version.
STABLE = {
    *("PyBool_FromLong", "PyFloat_FromDouble", "PyLong_FromLong", "PyLong_FromUnsignedLong"),
    *("PyUnicode_FromStringAndSize", "_Py_Dealloc"),
}

SCENE = """#usda 1.0
({})
def Xform "World"
{{
    def Cube "Part"
    {{
        double size = 3
    }}
}}
"""


def wheel_for(version: str) -> Path:
    """The wheel for a Python, or a skipped test."""
    found = sorted(DIST.glob(f"usdparquet-*-{TAGS[version]}-*.whl"))
    if not found:
        if os.environ.get("CI") == "true" and version == OWN:
            pytest.fail(f"there is no wheel for Python {version} in dist/: run `make wheel`")
        pytest.skip(f"no wheel for Python {version} in dist/: `make wheel` makes them")
    return found[-1]


@pytest.fixture(params=["cp311", "abi3"])
def wheel(request: pytest.FixtureRequest) -> Path:
    return wheel_for("3.11" if request.param == "cp311" else "3.12")


@pytest.fixture
def make_environment(tmp_path: Path) -> Iterator[Callable[[str], Environment]]:
    """Make an environment of a Python version, or skip the test."""

    def make(version: str) -> Environment:
        python = interpreter(version)
        if not python:
            pytest.skip(f"this machine has no Python {version}")
        return Environment(tmp_path / "environment", python)

    return make


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """A scene with a table as its sublayer, and another one without."""
    (tmp_path / "files").mkdir()
    rows = pa.table({"path": ["/World/Part", "/World/Other"], "cost": [2.5, None]})
    usdparquet.write_table(rows, tmp_path / "files" / "table.parquet")
    file = tmp_path / "files" / "scene.usda"
    file.write_text(SCENE.format("subLayers = [@./table.parquet@]"))
    file.with_name("plain.usda").write_text(SCENE.format(""))
    return file


TABLES = """
import json, sys
from pathlib import Path
import pyarrow as pa, usdparquet
file = Path(sys.argv[1], "rows.parquet")
rows = pa.table({"path": ["/A", "/A/B"], "cost": [1.5, None], "note": ["x", "y"]})
print(usdparquet.write_table(rows, file).rows)
print(usdparquet.read_columns(file, ["note", "cost"], ["/A/B"]).to_pydict())
try:
    usdparquet.id_candidates(Path(sys.argv[1], "scene.usda"))
except ImportError as error:
    print(error)
"""
TOLD_OF_TABLES = """2
{'path': ['/A/B'], 'note': ['y'], 'cost': [None]}
OpenUSD is not installed: pip install 'usdparquet[usd]' brings it
"""
# Opens, writes, edits and reads.
LAYERS = """
import sys
from pathlib import Path
from pxr import Sdf, Usd

folder = Path(sys.argv[1])
stage = Usd.Stage.Open(str(folder / "scene.usda"))
print(stage.GetAttributeAtPath("/World/Part.cost").Get(), "usdparquet" in sys.modules)
layer = Sdf.Layer.CreateNew(str(folder / "new.parquet"))
for i in range(3):
    prim = Sdf.CreatePrimInLayer(layer, f"/World/P{i}")
    Sdf.AttributeSpec(prim, "tint", Sdf.ValueTypeNames.Color3f).default = (i, 0.5, 1)
    Sdf.AttributeSpec(prim, "name", Sdf.ValueTypeNames.String).default = f"part {i}"
layer.Save()
layer.GetAttributeAtPath("/World/P1.name").default = "edited"
layer.Save()
del layer
layer = Sdf.Layer.FindOrOpen(str(folder / "new.parquet"))
print([layer.GetAttributeAtPath(f"/World/P{i}.name").default for i in range(3)])
print(layer.GetAttributeAtPath("/World/P2.tint").default)
print((folder / "new.parquet").read_bytes()[:4])

import usdparquet
print(usdparquet.read_columns(folder / "new.parquet", ["name"]).column("name").to_pylist())
print(usdparquet.resolve_columns(stage, ["cost", "@type"], prims=["/World/Part"]).to_pydict())
"""
READ = """['part 0', 'edited', 'part 2']
(2, 0.5, 1)
b'PAR1'
['part 0', 'edited', 'part 2']
{'path': ['/World/Part'], 'cost': [2.5], '@type': ['Cube']}
"""
# What other layers hold, and what is said of a table.
OTHERS = """
import sys
from pathlib import Path
from pxr import Sdf, Tf, Usd

folder = Path(sys.argv[1])
stage = Usd.Stage.Open(str(folder / "plain.usda"))
stage.GetRootLayer().Export(str(folder / "plain.usdc"))
stage = Usd.Stage.Open(str(folder / "plain.usdc"))
print(stage.GetAttributeAtPath("/World/Part.size").Get())
try:
    Sdf.Layer.FindOrOpen(str(folder / "table.parquet"))
except Tf.ErrorException as errors:
    for error in errors.args:
        print(error.commentary)
stage = Usd.Stage.Open(str(folder / "plain.usda"))
print(stage.GetPrimAtPath("/World").GetTypeName())
"""


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_every_python(version: str, make_environment, scene: Path) -> None:
    """Without OpenUSD the tables work, and with it the layers."""
    environment = make_environment(version)
    wheel = wheel_for(version)
    environment.install(str(wheel))
    assert environment.run("-c", TABLES, scene.parent) == TOLD_OF_TABLES
    environment.install(f"usdparquet[usd] @ {wheel.as_uri()}")
    assert environment.run("-c", LAYERS, scene.parent) == "2.5 False\n" + READ


@pytest.mark.slow
def test_the_command_without_openusd(make_environment, scene: Path) -> None:
    environment = make_environment(OWN)
    environment.install(f"usdparquet[cli] @ {wheel_for(OWN).as_uri()}")
    table = scene.with_name("table.parquet")
    told = environment.run("-m", "usdparquet", "query", table, "--where", "cost > 1", "--paths")
    assert told == "/World/Part\n"
    told = environment.run("-m", "usdparquet", "validate", table)
    assert told == f"{table}: 2 prims with 1 property, no problems\n"
    done = environment.process("-m", "usdparquet", "convert", table, table.with_suffix(".usda"))
    sentence = "OpenUSD is not installed: pip install 'usdparquet[usd]' brings it\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["PXR_PLUGINPATH_NAME", "register"])
def test_usd_exchange(make_environment, scene: Path, way: str) -> None:
    """It brings an OpenUSD of its own, whose libraries have other names than usd-core's."""
    version = "3.12" if interpreter("3.12") else OWN
    environment = make_environment(version)
    environment.install_host("usd-exchange")
    environment.install(str(wheel_for(version)))
    if way == "register":
        code = f"import usdparquet; usdparquet.register()\n{LAYERS}"
        assert environment.run("-c", code, scene.parent) == "2.5 True\n" + READ
        return
    code = "import usdparquet; print(usdparquet.plugin_dir())"
    plugin = environment.run("-c", code).strip()
    told = environment.run("-c", LAYERS, scene.parent, PXR_PLUGINPATH_NAME=plugin)
    assert told == "2.5 False\n" + READ


@pytest.mark.slow
def test_another_openusd(make_environment, scene: Path) -> None:
    environment = make_environment(OWN)
    environment.install(str(wheel_for(OWN)))
    environment.install_host("usd-core")
    (version,) = (text.partition("==")[2].split()[0] for text in lock.locked("hosts")["usd-core"])
    size, told, kind = environment.run("-c", OTHERS, scene.parent).splitlines()
    assert (size, kind) == ("3.0", "Xform")
    (libusd,) = environment.folder.glob("lib/python*/site-packages/usd_core.libs/libusd_ms*")
    arrow = libusd.parents[1] / "pyarrow" / f"libarrow.so.{ARROW.replace('.', '0')}"
    assert told == (
        f"{scene.with_name('table.parquet')}: usdparquet {usdparquet.__version__} opens Parquet "
        f"layers with OpenUSD {USD} and Arrow {ARROW}, but finds OpenUSD {version} ({libusd}) and "
        f"Arrow {ARROW} ({arrow}): pip install usd-core=={USD} 'pyarrow=={ARROW}.*', or install a "
        "usdparquet for what is here"
    )


@pytest.mark.slow
def test_another_arrow(make_environment, scene: Path) -> None:
    environment = make_environment(OWN)
    environment.install(f"usdparquet[usd,cli] @ {wheel_for(OWN).as_uri()}")
    environment.install_host("pyarrow")
    (version,) = (text.partition("==")[2].split()[0] for text in lock.locked("hosts")["pyarrow"])
    size, told, kind = environment.run("-c", OTHERS, scene.parent).splitlines()
    assert (size, kind) == ("3.0", "Xform")
    table = scene.with_name("table.parquet")
    rest = f"'pyarrow=={ARROW}.*', or install a usdparquet for what is here"
    assert told.startswith(f"{table}: usdparquet {usdparquet.__version__} opens Parquet layers ")
    assert re.search(r" and Arrow 25\.0 \(.*/pyarrow/libarrow\.so\.2500[.\d]*\): pip ", told)
    assert told.endswith(rest)
    pyarrow = environment.run("-c", "import pyarrow; print(pyarrow.__path__[0])").strip()
    sentence = (
        f"usdparquet {usdparquet.__version__} reads Parquet with Arrow {ARROW}, but finds Arrow "
        f"{version} ({pyarrow}): pip install {rest}\n"
    )
    code = """
import sys, usdparquet
for call in (lambda: usdparquet.read_columns(sys.argv[1], ["cost"]), usdparquet.cache_stats):
    try:
        call()
    except ImportError as error:
        print(error)
"""
    assert environment.run("-c", code, table) == sentence + sentence
    for command in ("inspect", "validate"):
        done = environment.process("-m", "usdparquet", command, table)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


def test_a_wheel_holds_what_is_its_own(wheel: Path) -> None:
    files = wheels.files_of(wheel)
    kind = "abi3" if "abi3" in wheel.name else "cpython-311"
    libraries = {re.sub("-[^-]+-linux-gnu", "", name) for name in files if ".so" in name}
    assert libraries == {
        f"usdparquet/_core.{kind}.so",
        "usdparquet/libusdparquet_core.so",
        "usdparquet/plugin/libusdparquet.so",
        f"usdparquet/plugin/usd/{USD}/libusdparquet_resolve.so",
        f"usdparquet/plugin/usd/{USD}/libusdparquet_usd.so",
    }
    about = f"usdparquet-{usdparquet.__version__}.dist-info"
    for name in (f"{about}/licenses/LICENSE", f"{about}/METADATA", "usdparquet/licences/arrow.txt"):
        assert name in files
    assert {name.split("/")[0] for name in files} == {"usdparquet", "pxr", about}
    assert wheel.stat().st_size < 3 << 20
    tags = re.search(r"-(\w+-\w+)-(manylinux_2_\d+_\w+)\.whl$", wheel.name)
    assert tags
    assert f"Tag: {tags[1]}-{tags[2]}\n" in files[f"{about}/WHEEL"].decode()


def test_the_hashes_are_right(wheel: Path) -> None:
    files = wheels.files_of(wheel)
    (record,) = (name for name in files if name.endswith("/RECORD"))
    for name, digest, size in csv.reader(files[record].decode().splitlines()):
        if name != record:
            code = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest())
            assert (digest, int(size)) == (f"sha256={code.decode().rstrip('=')}", len(files[name]))
    sums = dict(line.split("  ")[::-1] for line in (DIST / "SHA256SUMS").read_text().splitlines())
    assert sums[wheel.name] == hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_the_wheels_differ_in_the_python_module_alone() -> None:
    first, second = (wheels.files_of(wheel_for(version)) for version in ("3.11", "3.12"))
    differing = {name for name in first | second if first.get(name) != second.get(name)}
    about = f"usdparquet-{usdparquet.__version__}.dist-info"
    modules = {name for name in differing if re.fullmatch(r"usdparquet/_core\..*\.so", name)}
    assert len(modules) == 2
    assert differing == modules | {f"{about}/WHEEL", f"{about}/RECORD"}
    assert "usdparquet/_core.pyi" in first


def test_the_libraries_are_those_that_the_tests_use(wheel: Path) -> None:
    package = Path(usdparquet.__file__).parent
    for name, content in wheels.files_of(wheel).items():
        if name.endswith(".so") and "_core." not in Path(name).name:
            assert package.parent.joinpath(name).read_bytes() == content, name


def test_nothing_tells_where_a_wheel_was_made(wheel: Path) -> None:
    places = [str(ROOT), str(Path.home()), "/tmp/", sys.prefix, sys.base_prefix]
    for name, content in wheels.files_of(wheel).items():
        for place in places:
            assert place.encode() not in content, f"{name} has {place}"
    with zipfile.ZipFile(wheel) as archive:
        assert len({info.date_time for info in archive.infolist()}) == 1
        assert {info.external_attr >> 16 & 0o777 for info in archive.infolist()} <= {0o644, 0o755}


def test_packing_gives_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    for name in ("raw", "packed"):
        (tmp_path / name).mkdir()
    files = dict(reversed(wheels.files_of(wheel).items()))
    raw = tmp_path / "raw" / re.sub(r"manylinux_\d+_\d+", "linux", wheel.name)
    (about,) = (name for name in files if name.endswith(".dist-info/WHEEL"))
    files[about] = re.sub(rb"manylinux_\d+_\d+", b"linux", files[about])
    wheels.write(files, raw)
    with zipfile.ZipFile(wheel) as archive:
        date = calendar.timegm((*archive.infolist()[0].date_time, 0, 0, 0))
    packed = wheels.repair(raw, tmp_path / "packed", str(date))
    assert packed.name == wheel.name
    assert packed.read_bytes() == wheel.read_bytes()


def test_libraries_are_stripped_and_find_each_other(wheel: Path, tmp_path: Path) -> None:
    needed = set()
    for name, content in wheels.files_of(wheel).items():
        if not name.endswith(".so"):
            continue
        file = tmp_path / Path(name).name
        file.write_bytes(content)
        told = _readelf("-SdW", file)
        assert ".symtab" not in told, name
        assert ".debug" not in told, name
        needed |= set(re.findall(r"\(NEEDED\).*\[([^\]]+)\]", told))
        for folders in re.findall(r"\(RUNPATH\).*\[([^\]]+)\]", told):
            assert all(folder.startswith("$ORIGIN") for folder in folders.split(":")), name
    assert not any(re.match("libpython|libusd_|libtbb", name) for name in needed)


@pytest.mark.parametrize("name", ["libusdparquet_usd.so", "libusdparquet_resolve.so"])
def test_one_plugin_serves_all_pythons(name: str) -> None:
    """It uses no more of Python than what no version changes."""
    symbols = _readelf("--dyn-syms", "-W", Path(usdparquet.plugin_dir(), "usd", USD, name))
    assert set(re.findall(r" UND (_?Py\w+)", symbols)) <= STABLE


def test_the_bill_of_materials_names_what_is_compiled_in(wheel: Path) -> None:
    files = wheels.files_of(wheel)
    (name,) = (name for name in files if name.endswith(".dist-info/sboms/usdparquet.cdx.json"))
    bill = json.loads(files[name])
    assert files[name].decode() == sbom.bill(usdparquet.__version__)
    listed = re.findall(
        r"^\| ([^|]+?)(?:, part of [^|]+)? \| ([^|]+) \| `\S+\.txt`",
        (ROOT / "docs" / "licences.md").read_text(),
        re.MULTILINE,
    )
    licences = {
        each["name"]: next(iter(each["licenses"][0]["license"].values()))
        for each in bill["components"]
    }
    assert licences == dict(listed)
    versions = {each["name"]: each["version"] for each in bill["components"]}
    assert versions["Arrow's headers"].startswith(f"{ARROW}.")
    assert versions["OpenUSD's headers"] == USD
    for name in ("nanobind", "robin-map", "nlohmann-json", "xxHash"):
        assert re.fullmatch(r"\d+\.\d+\.\d+", versions[name])


def test_the_extra_brings_what_was_built_for() -> None:
    """Another OpenUSD than the plugin's would only give its sentence."""
    files = wheels.files_of(wheel_for(OWN))
    (name,) = (name for name in files if name.endswith(".dist-info/METADATA"))
    assert re.search(rf"^Requires-Dist: usd-core=={USD}\.\*; extra == ", files[name].decode(), re.M)


def _readelf(*arguments: object) -> str:
    command = ["readelf", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
