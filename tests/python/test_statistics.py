"""Statistics that can't be those of their column are hints that nobody follows: values are read."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from compact_thrift import Type, fields
from parquet_surgery import Chunk, Meta, Surgery
from pxr import Sdf
from readings import run, save, warnings_of_usd

import usdparquet

ROWS = 300


def content() -> pa.Table:
    return pa.table(
        {
            "path": [f"/W/p{i}" for i in range(ROWS)],
            "x": [float(i) for i in range(ROWS)],
            "n": pa.array(range(ROWS), pa.int32()),
            "b": [i % 2 == 0 for i in range(ROWS)],
            "f": pa.array([b"%08d" % i for i in range(ROWS)], pa.binary(8)),
            "s": [f"text {i}" for i in range(ROWS)],
        }
    )


def written(folder: Path, without: str = "") -> Surgery:
    """Three row groups, as other writers write them: without a seal."""
    table = content().drop_columns([without] if without else [])
    pq.write_table(table, folder / "sound.parquet", row_group_size=100)
    return Surgery(folder / "sound.parquet")


def bounds(low: bytes, high: bytes, deprecated: bool = False) -> object:
    numbers = (2, 1) if deprecated else (6, 5)
    return fields(
        *sorted(
            [
                (3, Type.I64, 0),
                (numbers[0], Type.BINARY, low),
                (numbers[1], Type.BINARY, high),
            ]
        )
    )


BAD = {
    "short": ("x", bounds(b"abc", bytes(8))),
    "empty": ("x", bounds(b"", b"")),
    "long": ("x", bounds(bytes(8), b"a" * 100)),
    "very_long": ("x", bounds(bytes(8), b"a" * 100_000)),
    "deprecated": ("x", bounds(b"a" * 100, b"", deprecated=True)),
    "int32": ("n", bounds(bytes(8), bytes(8))),
    "bool": ("b", bounds(b"", b"\x01")),
    "fixed": ("f", bounds(b"a" * 9, b"b" * 8)),
}


def assert_read_by_all(file: Path, folder: Path) -> None:
    """Every way of reading gives all values."""
    rows = content().to_pylist()
    assert usdparquet.read_columns(file).to_pylist() == rows
    some = usdparquet.read_columns(file, paths=["/W/p7", "/W/p250"]).to_pylist()
    assert some == [rows[7], rows[250]]
    for arguments, wanted in (
        (["--limit", "3"], rows[:3]),
        (
            ["--where", "x >= 298 or n == 150 or b and x == 2"],
            [rows[i] for i in (2, 150, 298, 299)],
        ),
        (["--sort=-n", "--limit", "2"], [rows[299], rows[298]]),
    ):
        code, text = run("query", file, "--columns", "path,x,n,b,s", "--format", "json", *arguments)
        assert code == 0
        assert json.loads(text) == [{k: v for k, v in row.items() if k != "f"} for row in wanted]
    with warnings_of_usd() as warnings:
        layer = Sdf.Layer.FindOrOpen(str(file))
        for i in range(0, ROWS, 7):
            assert layer.GetAttributeAtPath(f"/W/p{i}.x").default == float(i)
            assert layer.GetAttributeAtPath(f"/W/p{i}.n").default == i
        del layer
    assert not [text for text in warnings if "statistics that" in text]
    out = folder / "out.parquet"
    assert run("optimize", file, out)[0] == 0
    assert pq.read_table(out).to_pylist() == rows
    assert run("convert", file, folder / "out.arrow")[0] == 0
    with pa.ipc.open_file(folder / "out.arrow") as reader:
        assert reader.read_all().to_pylist() == rows
    out.unlink()
    assert run("recover", file, out)[0] == 0
    assert pq.read_table(out).to_pylist() == rows


@pytest.mark.parametrize("kind", BAD)
def test_bad_statistics_are_not_used(kind: str, tmp_path: Path) -> None:
    column, statistics = BAD[kind]
    surgery = written(tmp_path)
    surgery.meta(column, 1).put(Meta.STATISTICS, Type.STRUCT, statistics)
    file = tmp_path / "bad.parquet"
    file.write_bytes(surgery.data())
    assert_read_by_all(file, tmp_path)
    for command in (["validate"], ["validate", "--values"]):
        code, text = run(*command, file)
        assert code == 1
        said = [line for line in text.splitlines() if "statistics that" in line]
        assert len(said) == 1
        assert f"column '{column}', row group 1; 'usdparquet optimize'" in said[0]
        assert file.name in said[0]


def test_statistics_of_another_type(tmp_path: Path) -> None:
    """What the chunk says of its type is not what the schema says."""
    surgery = written(tmp_path)
    surgery.meta("x", 1).change(Meta.TYPE, 4)  # float
    surgery.meta("x", 1).put(Meta.STATISTICS, Type.STRUCT, bounds(bytes(4), bytes(4)))
    file = tmp_path / "bad.parquet"
    file.write_bytes(surgery.data())
    assert_read_by_all(file, tmp_path)
    assert run("validate", file)[0] == 1


def test_shortened_statistics_of_fixed_length(tmp_path: Path) -> None:
    """Parquet lets writers shorten them: nothing is wrong with the file."""
    surgery = written(tmp_path)
    shortened = bounds(b"0000", b"0001").put(7, Type.FALSE, None).put(8, Type.FALSE, None)  # type: ignore[attr-defined]
    for group in range(3):
        surgery.meta("f", group).put(Meta.STATISTICS, Type.STRUCT, shortened)
    file = tmp_path / "short.parquet"
    file.write_bytes(surgery.data())
    assert_read_by_all(file, tmp_path)
    assert "statistics that" not in run("validate", file)[1]


@pytest.mark.parametrize("edit", ["cell", "prim"])
def test_saves_write_good_statistics(edit: str, tmp_path: Path) -> None:
    surgery = written(tmp_path, without="f")
    surgery.meta("x", 1).put(Meta.STATISTICS, Type.STRUCT, bounds(b"abc", b"ab"))
    file = tmp_path / "bad.parquet"
    file.write_bytes(surgery.data())
    layer = Sdf.Layer.FindOrOpen(str(file))
    if edit == "cell":
        layer.GetAttributeAtPath("/W/p5.n").default = -5
    else:
        Sdf.CreatePrimInLayer(layer, "/New")
    assert save(layer) is None
    del layer
    assert "statistics that" not in run("validate", "--values", file)[1]
    assert pq.read_table(file, columns=["x"]).slice(0, ROWS)["x"].null_count <= 1
    for group in range(pq.read_metadata(file).num_row_groups):
        assert len(Surgery(file).meta("x", group).get(Meta.STATISTICS, {}).get(6, bytes(8))) == 8


def test_many_bad_statistics_are_told_at_once(tmp_path: Path) -> None:
    """20 of them, which is the limit of a message; and one more."""
    for count in (20, 21):
        names = [f"c{i}" for i in range(count)]
        file = tmp_path / f"{count}.parquet"
        pq.write_table(pa.table({"path": ["/A"], **{name: [1.5] for name in names}}), file)
        surgery = Surgery(file)
        for name in names:
            surgery.meta(name).put(Meta.STATISTICS, Type.STRUCT, bounds(b"1", b"1"))
        file.write_bytes(surgery.data())
        code, text = run("validate", file)
        assert code == 1
        assert text.count("row group 0") == 20
        assert text.count(" and 1 more; ") == count - 20


@pytest.mark.parametrize("optimized", [False, True])
def test_column_indexes_are_not_used(optimized: bool, tmp_path: Path) -> None:
    """They have no checksum: whatever they say of the pages, all rows are found."""
    file = tmp_path / "file.parquet"
    pq.write_table(content(), file, write_page_index=True, data_page_size=100, write_batch_size=20)
    if optimized:
        assert run("optimize", file, file)[0] == 0
    data = bytearray(file.read_bytes())
    surgery = Surgery(bytes(data))
    for chunk in surgery.chunks():
        begin, size = chunk[Chunk.COLUMN_INDEX], chunk[Chunk.COLUMN_INDEX_BYTES]
        data[begin : begin + size] = b"\xff" * size
    file.write_bytes(data)
    assert_read_by_all(file, tmp_path)
