"""Make the wheels of this Python in dist/: the same bytes for the same sources and packages.

Usage: make_wheels.py [--abi3-python PYTHON] [--build FOLDER] [--output FOLDER]

Under Python 3.11 that is the wheel for 3.11 and, with `--abi3-python`, an interpreter from 3.12 on
with its C headers, the one for the stable ABI of all later Pythons: the two differ in the Python
module alone. Under a later Python it is the latter only. auditwheel puts the platform into their
names; SHA256SUMS has their hashes.

The time of all files in a wheel is SOURCE_DATE_EPOCH, or that of the last commit to what it is made
of.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from sbom import bill

ROOT = Path(__file__).parents[1]
MODULE = "usdparquet/_core."
ABI3_TAG = "cp312-abi3"
# What a wheel is made of.
SOURCES = (
    *("CMakeLists.txt", "LICENSE", "README.md", "pyproject.toml"),
    *("cmake", "python", "requirements", "scripts", "src"),
)
BEGINNING = "1577836800"
"""The time of a wheel that is not made in a clone: the beginning of 2020."""
# What pyarrow and OpenUSD bring; usdparquet's own libraries are in the wheel.
OTHERS = ("libarrow.so.*", "libparquet.so.*", "libusd_*", "libtbb*")


def run(*command: object, **variables: str) -> str:
    """What a command prints; if it fails, so does this program, and shows it."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout}{done.stderr}failed: {' '.join(map(str, command))}")
    return done.stdout


def source_date() -> str:
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return given
    if not ROOT.joinpath(".git").exists():
        return BEGINNING
    return run("git", "log", "-1", "--format=%ct", "--", *SOURCES).strip()


def headers_of(python: str) -> str:
    return run(python, "-c", "import sysconfig; print(sysconfig.get_path('include'))").strip()


def build(folder: Path, abi3_python: str | None, out: Path) -> Path:
    """The wheel as scikit-build-core makes it."""
    headers = headers_of(abi3_python) if abi3_python else ""
    run(
        *(sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps"),
        *("-C", f"build-dir={folder}", "-C", f"cmake.define.USDPARQUET_ABI3_INCLUDE_DIR={headers}"),
        *("-w", out, "."),
    )
    (wheel,) = out.glob("*.whl")
    return wheel


def build_abi3_module(folder: Path, out: Path) -> Path:
    run("cmake", "--build", folder, "--target", "_core_abi3")
    run("cmake", "--install", folder, "--component", "abi3", "--prefix", out, "--strip")
    (module,) = out.glob(f"{MODULE}*")
    return module


def files_of(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name[-1] != "/"}


def with_bill(files: dict[str, bytes]) -> dict[str, bytes]:
    """The wheel's files and its bill of materials."""
    (name,) = (name for name in files if name.endswith(".dist-info/METADATA"))
    version = re.search(r"^Version: (.+)$", files[name].decode(), re.MULTILINE)
    assert version
    place = name.replace("METADATA", "sboms/usdparquet.cdx.json")
    return files | {place: bill(version[1]).encode()}


def for_abi3(files: dict[str, bytes], module: Path) -> dict[str, bytes]:
    """The files of the wheel for the stable ABI, from those of another wheel."""
    (own,) = (name for name in files if name.startswith(MODULE) and name.endswith(".so"))
    found = {name: content for name, content in files.items() if name != own}
    found[f"usdparquet/{module.name}"] = module.read_bytes()
    (about,) = (name for name in files if name.endswith(".dist-info/WHEEL"))
    text = re.sub(r"^Tag: \w+-\w+-", f"Tag: {ABI3_TAG}-", files[about].decode(), flags=re.MULTILINE)
    found[about] = text.encode()
    return found


def write(files: dict[str, bytes], wheel: Path) -> None:
    """Put files into a wheel. Their hashes, order and times are auditwheel's to write."""
    (record,) = (name for name in files if name.endswith(".dist-info/RECORD"))
    files = files | {record: "".join(f"{name},,\n" for name in files).encode()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o755 if ".so" in Path(name).suffixes else 0o644) << 16
            archive.writestr(info, content)


def repair(wheel: Path, out: Path, date: str) -> Path:
    """Lets auditwheel name the platform. It is to put no library of others into the wheel."""
    excluded = [f"--exclude={name}" for name in OTHERS]
    before = {path.name for path in out.glob("*.whl")}
    run(
        *(sys.executable, "-m", "auditwheel", "repair", "--patcher", "none", "-z", "9"),
        *(*excluded, "-w", out, wheel),
        SOURCE_DATE_EPOCH=date,
    )
    (repaired,) = (path for path in out.glob("*.whl") if path.name not in before)
    if files_of(repaired).keys() != files_of(wheel).keys():
        sys.exit(f"{repaired.name} is not to hold other files than {wheel.name}")
    return repaired


def make(folder: Path, abi3_python: str | None, output: Path) -> list[Path]:
    date = source_date()
    with tempfile.TemporaryDirectory() as temporary:
        made, raw, repaired = (Path(temporary, name) for name in ("made", "raw", "repaired"))
        for path in (raw, repaired):
            path.mkdir()
        wheel = build(folder, abi3_python, made)
        files = with_bill(files_of(wheel))
        write(files, raw / wheel.name)
        if abi3_python:
            module = build_abi3_module(folder, Path(temporary, "abi3"))
            name = re.sub(r"-cp\d+-cp\d+-", f"-{ABI3_TAG}-", wheel.name)
            write(for_abi3(files, module), raw / name)
        done = [repair(path, repaired, date) for path in sorted(raw.iterdir())]
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)
        return sorted(Path(shutil.copy(path, output)) for path in done)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--abi3-python", help="an interpreter from 3.12 on with its C headers")
    parser.add_argument("--build", type=Path, default=Path("build/wheel"), help="CMake's folder")
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    options = parser.parse_args()
    is_later = sys.version_info >= (3, 12)
    if is_later:
        print("NOTICE: the wheel for Python 3.11 is not made, which takes a Python 3.11")
    abi3_python = None if is_later else options.abi3_python
    wheels = make(options.build, abi3_python, options.output)
    sums = [f"{hashlib.sha256(wheel.read_bytes()).hexdigest()}  {wheel.name}\n" for wheel in wheels]
    options.output.joinpath("SHA256SUMS").write_text("".join(sums))
    for wheel in wheels:
        print(f"{wheel} ({wheel.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
