"""Files whose names are no UTF-8: the commands and functions on Parquet files take them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import usdparquet

NAME = os.fsdecode(b"Gr\xf6\xdfe.parquet")
SHOWN = b"Gr\xf6\xdfe.parquet"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / os.fsdecode(b"d\xff")
    folder.mkdir()
    path = folder / NAME
    pq.write_table(pa.table({"path": ["/A", "/B"], "cost": [1.5, 2.5]}), tmp_path / "x.parquet")
    shutil.move(tmp_path / "x.parquet", path)
    return path


def run(*arguments: object, code: int = 0) -> tuple[bytes, bytes]:
    command = [sys.executable, "-m", "usdparquet.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    return done.stdout, done.stderr


def test_inspect_and_validate(file: Path) -> None:
    assert SHOWN in run("inspect", file)[0]
    assert json.loads(run("inspect", file, "--json")[0])["file"] == NAME
    assert run("validate", "--values", file)[0].startswith(
        bytes(file) + b": 2 prims with 1 property"
    )


def test_optimize_and_recover(file: Path) -> None:
    out = file.with_name(os.fsdecode(b"out\xff.parquet"))
    assert b"out\xff.parquet: 2 rows" in run("optimize", file, out)[0]
    assert usdparquet.read_columns(out)["cost"].to_pylist() == [1.5, 2.5]
    stdout, _ = run("recover", out, file)
    assert SHOWN + b": 2 of 2 rows" in stdout
    assert b"nothing is lost" in stdout
    assert json.loads(run("recover", out, file, "--json")[0])["output"] == str(file)


def test_read_and_write(file: Path) -> None:
    assert usdparquet.read_columns(file, ["cost"], ["/B"])["cost"].to_pylist() == [2.5]
    usdparquet.write_table(pa.table({"path": ["/C"], "n": [1]}), file)
    assert usdparquet.read_columns(os.fspath(file))["path"].to_pylist() == ["/C"]
    assert [each.name for each in file.parent.iterdir()] == [NAME]


def test_damage_is_one_message(file: Path) -> None:
    file.write_bytes(b"no table")
    for arguments in (("inspect",), ("validate",)):
        assert b"this is not a Parquet file" in b"".join(run(*arguments, file, code=1))
    out = file.with_name("out.parquet")
    assert b"this is not a Parquet file" in run("optimize", file, out, code=1)[1]
    assert b"this is not a Parquet file" in run("recover", file, out, code=2)[1]
    with pytest.raises(ValueError, match="this is not a Parquet file") as error:
        usdparquet.read_columns(file)
    assert "d?/Gr??e.parquet: " in str(error.value)


def test_openusd_takes_no_such_name(file: Path) -> None:
    """OpenUSD's names are texts: layers are refused with a sentence."""
    sentence = b"OpenUSD takes only names of files that are valid UTF-8; rename it"
    assert sentence in run("convert", file, file.with_name("out.usda"), code=1)[1]
    good = file.with_name("in.usda")
    good.write_text('#usda 1.0\nover "A"\n{\n    double x = 1\n}\n')
    assert sentence in run("convert", good, file.with_name("out.usda"), code=1)[1]
