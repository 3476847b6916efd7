"""What the footer says of rows, values, nulls and files, and the pages do not: nothing is lost, and
`validate` tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_runs import run
from compact_thrift import List, Struct, Type
from parquet_surgery import SEAL, DataV2, Footer, Meta, Surgery, seal_of
from pxr import Sdf, Tf

import usdparquet

PATHS = [f"/P{i}" for i in range(100)]
VALUES = [None if i % 10 == 3 else i + 0.5 for i in range(100)]
NULL_COUNT = 3  # of Statistics in parquet.thrift


def foreign(file: Path, **how: object) -> Path:
    """A file that pyarrow writes."""
    pq.write_table(pa.table({"path": PATHS, "x": VALUES}), file, **how)
    return file


def sealed(file: Path) -> Path:
    """A file that usdparquet writes."""
    usdparquet.write_table(pa.table({"path": PATHS, "x": VALUES}), file)
    return file


def change(file: Path, what: Callable[[Surgery], object]) -> None:
    surgery = Surgery(file)
    what(surgery)
    file.write_bytes(surgery.data())


def set_null_count(count: int) -> Callable[[Surgery], object]:
    return lambda file: file.meta("x")[Meta.STATISTICS].put(NULL_COUNT, Type.I64, count)


def values_in_layer(file: Path) -> list[float | None]:
    layer = Sdf.Layer.FindOrOpen(str(file))
    found = [layer.GetAttributeAtPath(f"{path}.x") for path in PATHS]
    return [each.default if each else None for each in found]


@pytest.mark.parametrize("write", [foreign, sealed])
@pytest.mark.parametrize("count", [0, 9, 11, 100])
def test_null_count_in_validate(write: Callable[[Path], Path], count: int, tmp_path: Path) -> None:
    """What goes by statistics passes over cells, or has some that are none."""
    file, out = write(tmp_path / "it.parquet"), tmp_path / "out.parquet"
    run("validate", "--values", file)
    change(file, set_null_count(count))
    text = run("validate", "--values", file, code=1)
    assert (
        f"{file}: column 'x', row group 0, from row 0: its statistics count {count} nulls, but "
        "its pages have 10; 'usdparquet optimize' writes good ones"
    ) in " ".join(text.split())
    run("optimize", file, out)
    run("validate", "--values", out)
    assert usdparquet.read_columns(out)["x"].to_pylist() == VALUES


@pytest.mark.parametrize("is_sealed", [False, True])
def test_statistics_of_a_seal_that_was_carried_along(is_sealed: bool, tmp_path: Path) -> None:
    """Other software copies the entries of a footer: that they are there makes no seal."""
    file = sealed(tmp_path / "it.parquet")
    surgery = Surgery(file)
    set_null_count(100)(surgery)
    data = surgery.data()  # which seals the footer
    if not is_sealed:
        # As long, and of another place.
        offset, length, digest = seal_of(data)
        text = f"offset={offset:020} length={length:010} checksum={digest:016x}".encode()
        assert data.count(text) == 1
        data = data.replace(text, text.replace(f"{offset:020}".encode(), b"0" * 20))
    file.write_bytes(data)
    assert SEAL.encode() in pq.read_metadata(file).metadata
    assert values_in_layer(file) == ([None] * 100 if is_sealed else VALUES)


@pytest.mark.parametrize("rows", [0, 99, 101, 10**6])
def test_rows_of_the_file(rows: int, tmp_path: Path) -> None:
    """The row groups are what all readers go by; who is told fewer misses none silently."""
    file, out = foreign(tmp_path / "it.parquet"), tmp_path / "out.parquet"
    change(file, lambda surgery: surgery.footer.change(Footer.NUM_ROWS, rows))
    told = (
        f"{file}: the footer says that the file has {rows} rows, but its row groups have 100, "
        "which are what is read"
    )
    for arguments in (["validate"], ["validate", "--values"], ["inspect"]):
        text = run(*arguments, file, code=int(arguments[0] == "validate"))
        assert told in " ".join(text.split())
    assert values_in_layer(file) == VALUES
    assert usdparquet.read_columns(file)["x"].to_pylist() == VALUES
    run("optimize", file, out)
    run("validate", "--values", out)
    assert pq.read_metadata(out).num_rows == 100


def test_rows_of_a_file_of_a_dataset(tmp_path: Path) -> None:
    folder = tmp_path / "set.parquet"
    folder.mkdir()
    file = foreign(folder / "it.parquet")
    change(file, lambda surgery: surgery.footer.change(Footer.NUM_ROWS, 7))
    run("dataset", folder)
    text = run("validate", "--values", folder, code=1)
    assert "it.parquet: the footer says that the file has 7 rows" in " ".join(text.split())


@pytest.mark.parametrize("arguments", [["validate"], ["validate", "--values"]])
def test_values_of_a_chunk(arguments: list[str], tmp_path: Path) -> None:
    file = foreign(tmp_path / "it.parquet")
    change(file, lambda surgery: surgery.meta("x").change(Meta.NUM_VALUES, 90))
    text = run(*arguments, file, code=1)
    assert (
        f"{file}: column 'x', row group 0: what the footer says of it is damaged: "
        "90 values, but the row group has 100 rows"
    ) in " ".join(text.split())


def test_pages_of_another_file(tmp_path: Path) -> None:
    """Those of `_metadata`; what lies at their place in this file are other values."""
    file = foreign(tmp_path / "it.parquet", write_page_checksum=True)
    change(file, lambda surgery: surgery.chunk("x").put(1, Type.BINARY, b"part-0.parquet"))
    told = "its pages are in another file, 'part-0.parquet'"
    text = run("validate", file, code=1)
    assert told in " ".join(text.split())
    with pytest.raises(OSError, match=f"it.parquet: column 'x', row group 0.*{told}"):
        usdparquet.read_columns(file)
    layer = Sdf.Layer.FindOrOpen(str(file))
    with pytest.raises(Tf.ErrorException, match=told):
        layer.ExportToString()
    run("optimize", file, tmp_path / "out.parquet", code=1)
    assert not (tmp_path / "out.parquet").exists()


def test_metadata_of_a_folder(tmp_path: Path) -> None:
    """As Spark and Dask write it beside the files."""
    collected: list[pq.FileMetaData] = []
    table = pa.table({"path": PATHS, "x": VALUES})
    pq.write_to_dataset(table, tmp_path, metadata_collector=collected)
    file = tmp_path / "_metadata"
    pq.write_metadata(table.schema, file, metadata_collector=collected)
    with pytest.raises(
        OSError, match=r"its pages are in another file, '.*open that, or the folder"
    ):
        usdparquet.read_columns(file)


def test_rows_of_a_row_group_with_values(tmp_path: Path) -> None:
    """It claims none over pages with 50: half of the prims were gone without a word."""
    file, out = foreign(tmp_path / "it.parquet", row_group_size=50), tmp_path / "out.parquet"
    change(file, lambda surgery: surgery.set_rows(50, group_rows=0))
    told = "row group 0 claims no rows, but column 'path' has 50 values there"
    with pytest.raises(Tf.ErrorException, match=told):
        Sdf.Layer.FindOrOpen(str(file))
    for columns in ({}, {"paths": ["/P70"]}, {"under": "/"}):
        with pytest.raises(OSError, match=f"it.parquet: .*{told}"):
            usdparquet.read_columns(file, **columns)
    for command in (["validate", file], ["optimize", file, out], ["query", file, "--paths"]):
        assert told in " ".join(run(*command, code=1).split())
    assert not out.exists()
    text = " ".join(run("recover", file, out, code=1).split())
    assert told in text
    assert usdparquet.read_columns(out)["path"].to_pylist() == PATHS[50:]


@pytest.mark.parametrize("column", ["x", "l.list.element"])
@pytest.mark.parametrize("has_index", [False, True])
def test_negative_rows_of_a_page(column: str, has_index: bool, tmp_path: Path) -> None:
    """The checksum of a page is of its body alone; version 1 has no number of rows."""
    file = tmp_path / "it.parquet"
    lists = pa.array([[each, 1.0] for each in VALUES])
    table = pa.table({"path": PATHS, "x": VALUES, "l": lists})
    how = {"data_page_version": "2.0", "write_page_checksum": True, "write_page_index": has_index}
    pq.write_table(table, file, **how)
    surgery = Surgery(file)
    pages = surgery.pages(column)
    pages[-1].counts.change(DataV2.NUM_ROWS, -1)
    surgery.set_pages(column, pages)
    file.write_bytes(surgery.data())
    told = "a page header has a negative number of rows"
    assert told in " ".join(run("validate", "--values", file, code=1).split())
    with pytest.raises(OSError, match=f"column '{column[0]}', row group 0, from row 0: {told}"):
        usdparquet.read_columns(file)
    with pytest.raises(Tf.ErrorException, match=told):
        Sdf.Layer.FindOrOpen(str(file)).ExportToString()
    run("optimize", file, tmp_path / "out.parquet", code=1)


@pytest.mark.parametrize("counts", [[0, 0, 0, 200], [200, 0, 0, 0], [10, 0, 0, 181]])
def test_counts_of_levels_of_lists(counts: list[int], tmp_path: Path) -> None:
    """By which readers tell whether lists are null; 10 are, and the others have two elements."""
    file, out = tmp_path / "it.parquet", tmp_path / "out.parquet"
    lists = [None if each is None else [each, 1.0] for each in VALUES]
    pq.write_table(pa.table({"path": PATHS, "l": lists}), file)
    run("validate", "--values", file)
    sizes = Struct({3: (Type.LIST, List(Type.I64, counts))})
    change(file, lambda it: it.meta("l.list.element").put(Meta.SIZE_STATISTICS, Type.STRUCT, sizes))
    told = "column 'l', row group 0, from row 0: its size statistics count other definition levels"
    assert told in " ".join(run("validate", "--values", file, code=1).split())
    assert usdparquet.read_columns(file)["l"].to_pylist() == lists
    run("optimize", file, out)
    run("validate", "--values", out)
