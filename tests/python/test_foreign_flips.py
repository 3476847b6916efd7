"""Bits flipped where nothing of a foreign file has a checksum: right values, or one clear error.

Page headers and offset indexes. What the parser says of their encoding is of no use to the owner of
a file; an offset index is not needed, since the headers say where the pages are.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_surgery import Chunk, Surgery
from pxr import Sdf, Tf
from readings import run
from test_damage import flip

import usdparquet
from usdparquet._plugin import load_core

ROWS = 40
COLUMNS = {"path": "path", "x": "x", "l": "l.list.element"}


def content() -> pa.Table:
    return pa.table(
        {
            "path": [f"/W/p{i}" for i in range(ROWS)],
            "x": [float(i) for i in range(ROWS)],
            "l": [[i, i + 1] for i in range(ROWS)],
        }
    )


def written(version: str, file: Path) -> bytes:
    pq.write_table(
        content(),
        file,
        data_page_version=version,
        write_page_index=True,
        use_dictionary=["path"],
        data_page_size=200,
        write_batch_size=20,
        compression="none",
    )
    return file.read_bytes()


def errors_of(file: Path) -> list[str]:
    """What readers say, whose values are right or none."""
    said = []
    rows = content().to_pylist()
    for paths in (None, ["/W/p3", "/W/p30"]):
        wanted = rows if paths is None else [rows[3], rows[30]]
        try:
            assert usdparquet.read_columns(file, paths=paths).to_pylist() == wanted
        except (OSError, ValueError) as error:
            said.append(str(error))
    try:
        said += load_core().check_values(str(file))
    except OSError as error:
        said.append(str(error))
    try:
        layer = Sdf.Layer.FindOrOpen(str(file))
    except Tf.ErrorException as error:
        return [*said, str(error)]
    for i in range(0, ROWS, 19):
        for name in ("x", "l"):
            try:
                value = layer.GetAttributeAtPath(f"/W/p{i}.{name}").default
                assert value is None or (list(value) if name == "l" else value) == rows[i][name]
            except Tf.ErrorException as error:
                said.append(str(error))
    return said


def assert_clear(said: list[str], file: Path, column: str) -> None:
    for text in said:
        assert "hrift" not in text
        assert "Protocol" not in text
        assert file.name in text
        assert f"'{column}'" in text
        assert "row" in text


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("column", COLUMNS)
def test_page_headers(version: str, column: str, tmp_path: Path) -> None:
    data = written(version, tmp_path / "sound.parquet")
    file = tmp_path / "bad.parquet"
    counts: Counter[str] = Counter()
    for page in Surgery(data).pages(COLUMNS[column])[:2]:
        for offset in range(page.offset, page.offset + page.header_size):
            for bit in range(8):
                file.write_bytes(flip(data, offset, 1 << bit))
                said = errors_of(file)
                assert_clear(said, file, column)
                counts["told" if said else "right"] += 1
    assert counts["told"] > counts["right"] / 4


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("column", COLUMNS)
def test_offset_indexes(version: str, column: str, tmp_path: Path) -> None:
    data = written(version, tmp_path / "sound.parquet")
    file = tmp_path / "bad.parquet"
    chunk = Surgery(data).chunk(COLUMNS[column])
    begin = chunk[Chunk.OFFSET_INDEX]
    counts: Counter[str] = Counter()
    for offset in range(begin, begin + chunk[Chunk.OFFSET_INDEX_BYTES]):
        for bit in range(8):
            file.write_bytes(flip(data, offset, 1 << bit))
            said = errors_of(file)
            assert_clear(said, file, column)
            # The pages are sound: whoever reads a whole column goes by their headers. Paths are
            # looked for when the file is opened.
            if column != "path":
                assert usdparquet.read_columns(file).equals(content())
            is_told_alone = (
                len(said) == 1 and "its offset index is not that of its pages" in said[0]
            )
            counts["unused" if is_told_alone else "told" if said else "right"] += 1
    assert counts["unused"] > sum(counts.values()) / 2
    assert counts["told"] < sum(counts.values()) / 4


def test_an_offset_index_of_nonsense_is_not_used(tmp_path: Path) -> None:
    """Whatever takes its place: all values are there, and validate says so."""
    data = written("1.0", tmp_path / "sound.parquet")
    file = tmp_path / "bad.parquet"
    for column, leaf in COLUMNS.items():
        surgery = Surgery(data)
        surgery.set_offset_index(leaf, b"\xff" * 50)
        file.write_bytes(surgery.data())
        layer = Sdf.Layer.FindOrOpen(str(file))
        for i in range(ROWS):
            assert layer.GetAttributeAtPath(f"/W/p{i}.x").default == float(i)
            assert list(layer.GetAttributeAtPath(f"/W/p{i}.l").default) == [i, i + 1]
        del layer
        code, text = run("validate", "--values", file)
        assert code == 1
        assert text.count("\n") == 1
        assert (
            f"{file}: column '{column}', row group 0: its offset index is not that of its pages; "
            "'usdparquet optimize' writes a good one" in text
        )
        out = tmp_path / "out.parquet"
        assert run("optimize", file, out)[0] == 0
        assert run("validate", "--values", out)[0] == 0
