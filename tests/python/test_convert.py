"""Conversions as functions: what they return, without the command around them."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from usdparquet.tables.convert import ConvertOptions, Listener, Storage, convert_file

LAYER = """#usda 1.0

def Xform "World"
{
    def Cube "A"
    {
        custom double cost = 1
    }

    def Cube "B"
    {
        custom double cost = 2
    }
}
"""


class Steps(Listener):
    """Notes the steps."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, what: str) -> None:
        self.names.append(what)


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    file = tmp_path / "in.usda"
    file.write_text(LAYER)
    return file


def test_a_summary_is_returned_and_nothing_printed(
    layer: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out, steps = tmp_path / "out.parquet", Steps()
    done = convert_file(layer, out, ConvertOptions(), steps)
    assert (done.prims, done.properties, done.rows, done.columns) == (3, 2, None, None)
    assert done.bytes == out.stat().st_size
    assert done.storage == Storage(["specifier", "typeName", "cost"], 2, 0, 0)
    assert done.notes == []
    assert steps.names == ["Reading in.usda", "Writing out.parquet"]
    rows = convert_file(out, tmp_path / "out.csv", ConvertOptions())
    assert (rows.rows, rows.columns, rows.prims, rows.storage) == (3, 4, None, None)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_a_layer_is_written_once_with_its_codec(
    compression: str, layer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from usdparquet import _core

    monkeypatch.delattr(_core, "optimize")
    monkeypatch.delattr(_core, "write_table")
    out, back = tmp_path / "out.parquet", tmp_path / "back.usda"
    convert_file(layer, out, ConvertOptions(compression=compression))
    group = pq.read_metadata(out).row_group(0)
    codecs = {group.column(index).compression for index in range(group.num_columns)}
    assert codecs == {"UNCOMPRESSED" if compression == "none" else compression.upper()}
    convert_file(out, back, ConvertOptions())
    assert back.read_text().rstrip() == LAYER.rstrip()
