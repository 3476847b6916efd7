"""USDPARQUET_USE_PREAD: files are read, not mapped, and one that is cut gives errors."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from parquet_files import Writer
from pxr import Sdf, UsdUtils

from usdparquet._plugin import load_core

ROWS = 20_000


def run(code: str, *arguments: object, value: str = "1") -> str:
    """What a process with the setting prints; a signal or an error of its own fails the test."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        env=os.environ | {"USDPARQUET_USE_PREAD": value},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def indexed(write: Writer, tmp_path: Path) -> Path:
    """A file with an embedded index of several blocks, in many pages that are stored as read."""
    source = write(
        {
            "path": [f"/W/p{i}" for i in range(ROWS)],
            "x": [float(i) for i in range(ROWS)],
        },
        name="source",
    )
    file = tmp_path / "indexed.parquet"
    load_core().optimize(str(source), str(file), rows_per_page=1000, compression="none")
    return file


IS_MAPPED = """
    import sys
    from pxr import Sdf
    layer = Sdf.Layer.FindOrOpen(sys.argv[1])
    assert layer.GetAttributeAtPath("/W/p7.x").default == 7
    print(sys.argv[2] in open("/proc/self/maps").read())
"""


@pytest.mark.parametrize(
    ("value", "is_mapped"),
    [("1", False), ("true", False), ("yes", False), ("0", True), ("False", True), ("", True)],
)
def test_the_setting_decides_whether_the_file_is_mapped(
    indexed: Path, value: str, is_mapped: bool
) -> None:
    assert run(IS_MAPPED, indexed, indexed.name, value=value) == f"{is_mapped}\n"


def test_every_value_is_the_same(indexed: Path) -> None:
    code = f"""
        import sys
        from pxr import Sdf
        layer = Sdf.Layer.FindOrOpen(sys.argv[1])
        assert list(layer.GetPrimAtPath("/W").nameChildren.keys())[:2] == ["p0", "p1"]
        assert len(layer.GetPrimAtPath("/W").nameChildren) == {ROWS}
        for i in range({ROWS}):
            assert layer.GetAttributeAtPath(f"/W/p{{i}}.x").default == i
        assert layer.GetPrimAtPath("/W/none") is None
        print("right")
    """
    assert run(code, indexed) == "right\n"


def test_a_file_cut_while_it_is_open_gives_an_error(indexed: Path) -> None:
    code = """
        import os, sys
        import usdparquet
        from pxr import Sdf, Tf
        file = sys.argv[1]
        usdparquet.set_cache_budget(0)  # nothing is read from memory
        layer = Sdf.Layer.FindOrOpen(file)
        last = layer.GetAttributeAtPath("/W/p19999.x")
        first = layer.GetAttributeAtPath("/W/p0.x")
        assert (last.default, first.default) == (19999, 0)
        import pyarrow.parquet as pq
        chunk = pq.ParquetFile(file).metadata.row_group(0).column(1)
        os.truncate(file, chunk.data_page_offset + chunk.total_compressed_size // 2)
        assert first.default == 0
        try:
            last.default
        except Tf.ErrorException as error:
            print(error)
        print(last.default)
        try:
            usdparquet.read_columns(file, ["x"])
        except (OSError, ValueError) as error:
            print("read_columns:", error)
    """
    told = run(code, indexed)
    assert "None\n" in told
    assert f"{indexed}: column 'x', row group 0, from row 19000: " in told
    assert "was cut or replaced after it was opened" in told
    assert f"read_columns: {indexed}: " in told


def test_an_index_first_touched_after_the_cut_gives_an_error(indexed: Path) -> None:
    code = """
        import os, sys
        from pxr import Sdf, Tf
        layer = Sdf.Layer.FindOrOpen(sys.argv[1])
        os.truncate(sys.argv[1], 1000)
        try:
            layer.GetAttributeAtPath("/W/p19999.x")
        except Tf.ErrorException as error:
            print(error)
        print(layer.GetAttributeAtPath("/W/p19999.x"))
    """
    told = run(code, indexed)
    assert "None\n" in told
    assert "the embedded path index can't be read" in told


def test_a_residual_is_kept_in_memory(tmp_path: Path) -> None:
    source = Sdf.Layer.CreateAnonymous(".usda")
    source.ImportFromString(
        '#usda 1.0\ndef "A" (\n    variants = {\n        string v = "one"\n    }\n'
        '    prepend variantSets = "v"\n)\n{\n    double x = 2\n    variantSet "v" = {\n'
        '        "one" {\n            double y = 3\n        }\n    }\n}\n'
    )
    file = tmp_path / "residual.parquet"
    assert source.Export(str(file))
    code = """
        import os, sys
        from pxr import Sdf
        layer = Sdf.Layer.FindOrOpen(sys.argv[1])
        os.truncate(sys.argv[1], 4)
        print(layer.GetAttributeAtPath("/A{v=one}.y").default)
    """
    assert run(code, file) == "3.0\n"


def test_a_file_in_a_package(indexed: Path, tmp_path: Path) -> None:
    package = tmp_path / "package.usdz"
    assert UsdUtils.CreateNewUsdzPackage(Sdf.AssetPath(str(indexed)), str(package))
    code = f"""
        import sys
        from pxr import Sdf
        layer = Sdf.Layer.FindOrOpen(sys.argv[1] + "[indexed.parquet]")
        for i in range(0, {ROWS}, 7):
            assert layer.GetAttributeAtPath(f"/W/p{{i}}.x").default == i
        print("right")
    """
    assert run(code, package) == "right\n"


def test_other_tests_pass_through_it() -> None:
    here = Path(__file__).parent
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
            *(str(here / name) for name in ("test_usdz.py", "test_saving.py", "test_nulls.py")),
        ],
        env=os.environ | {"USDPARQUET_USE_PREAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout
