"""Rows that are put in order outside of memory: the same file, little memory, and nothing left."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import usdparquet
from usdparquet import _bind
from usdparquet._plugin import load_core

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "sorting_memory.py"

TYPES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "double": (pa.float64(), st.floats()),
    "half": (pa.float16(), st.sampled_from([np.float16(x) for x in (0.5, -2, 65504)])),
    "long": (pa.int64(), st.integers(-(1 << 60), 1 << 60)),
    "text": (pa.string(), st.text("aé/", max_size=40)),
    "large text": (pa.large_string(), st.sampled_from(["", "x" * 100, "y"])),
    "view": (pa.string_view(), st.text("ab", max_size=20)),
    "truth": (pa.bool_(), st.booleans()),
    "decimal": (pa.decimal128(9, 2), st.integers(-9999, 9999).map(lambda i: Decimal(i) / 100)),
    "list": (pa.list_(pa.float32()), st.lists(st.floats(width=32), max_size=4)),
    "tuple": (pa.list_(pa.int32(), 3), st.lists(st.integers(0, 9), min_size=3, max_size=3)),
    "texts": (pa.list_(pa.string()), st.lists(st.text("ab", max_size=3), max_size=3)),
    "struct": (
        pa.struct([("a", pa.float64()), ("b", pa.string())]),
        st.fixed_dictionaries({"a": st.floats(), "b": st.sampled_from(["x", None])}),
    ),
    "map": (pa.map_(pa.string(), pa.int32()), st.just([("k", 1)])),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Rows in any order, some of one path, some without; columns of any type; in any chunks."""
    names = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=4, unique=True))
    part = st.sampled_from([f"n{i}" for i in range(9)])
    path = st.lists(part, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
    rows = draw(st.integers(1, 60))
    paths = draw(st.lists(path | st.sampled_from([None, "none"]), min_size=rows, max_size=rows))
    columns = {"path": pa.array(paths, pa.string())}
    for name in names:
        kind, values = TYPES[name]
        cells = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        columns[name] = pa.array(cells, kind)
    kinds = draw(st.lists(st.sampled_from("abcdef"), min_size=rows, max_size=rows))
    columns["frame"] = pa.array(
        draw(st.lists(st.none() | st.integers(0, 5), min_size=rows, max_size=rows)), pa.int32()
    )
    table = pa.table(columns)
    cuts = sorted(draw(st.sets(st.integers(1, rows), max_size=3)) | {0, rows})
    parts = [table.slice(a, b - a) for a, b in pairwise(cuts)]
    # Each with a dictionary of its own.
    coded = [
        part.append_column("kind", pa.array(kinds[a:b]).dictionary_encode())
        for part, a, b in zip(parts, cuts, cuts[1:], strict=False)
    ]
    return pa.concat_tables(coded)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    table=tables(),
    order=st.sampled_from([None, "path", "time"]),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 40)),
    memory=st.sampled_from([1, 3000, 20_000]),
)
def test_the_same_file(
    table: pa.Table,
    order: str | None,
    sizes: tuple[int, int],
    memory: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Whatever memory there is, and whether rows are a table, a stream or a file."""
    folder = tmp_path_factory.mktemp("same")
    options: dict[str, Any] = {"rows_per_page": sizes[0], "rows_per_group": sizes[1]}
    times = {"time": "frame", "order": order} if order else {}

    def written(rows: object, **more: Any) -> bytes:
        file = folder / "out.parquet"
        usdparquet.write_table(rows, file, strict=False, **options, **times, **more)
        assert list(folder.iterdir()) == [file]
        return file.read_bytes()

    expected = written(table)
    assert written(table.to_reader(), memory=memory) == expected
    assert written(table, memory=memory) == expected
    assert written(table.to_reader()) == expected
    # Of the file that comes out, and of the rows as they are.
    source = folder / "in.parquet"
    plain = table.drop_columns(["kind"])
    columns = [
        column.cast(pa.large_string()) if name == "view" else column
        for name, column in zip(plain.column_names, plain.columns, strict=True)
    ]
    pq.write_table(pa.table(columns, plain.column_names), source, row_group_size=17)
    options |= {"time_column": "frame", "order": order} if order else {}
    results = []
    for bytes_of_rows in (1 << 30, memory):
        load_core().optimize(source, folder / "o.parquet", memory=bytes_of_rows, **options)
        results.append((folder / "o.parquet").read_bytes())
    assert results[0] == results[1]


@pytest.mark.parametrize("keep", [None, "first"])
def test_bound_rows_are_the_same(
    keep: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a table and of files, with much memory and without."""
    count = 3000
    rng = np.random.default_rng(2)
    tags = [f"T{i}" for i in rng.permutation(count)]
    tags[7] = None
    table = pa.table(
        {"tag": tags, "x": rng.random(count), "s": [f"s{i % 7}" for i in range(count)]}
    )
    ids = pa.table(
        {
            "path": [f"/W/Z{i % 40}/P{i}" for i in range(count + 20)],
            "id": [f"T{i // 2}" if i % 3 else f"U{i}" for i in range(count + 20)],
        }
    )
    pq.write_table(table, tmp_path / "table.parquet", row_group_size=500)
    pq.write_table(ids, tmp_path / "ids.parquet", row_group_size=700)
    found = []
    for rows, prims, memory in (
        (table, ids, None),
        (table, ids, 10_000),
        (tmp_path / "table.parquet", tmp_path / "ids.parquet", None),
        (tmp_path / "table.parquet", tmp_path / "ids.parquet", 10_000),
    ):
        monkeypatch.setattr(_bind, "HELD_IDS", 0 if memory else 1 << 30)
        if memory and isinstance(prims, Path):  # which is not read whole
            monkeypatch.delattr(_bind, "read_columns")
        out = tmp_path / "out.parquet"
        done = usdparquet.bind(rows, prims, out, key="tag", keep=keep, memory=memory)
        found.append((out.read_bytes(), done.join))
    assert found[0][1] is not None
    assert found[0][1].rows_without_id == 1
    assert found[0][1].matched_prims == 2 * (count + 20) // 3
    assert all(each == found[0] for each in found[1:])


def shuffled(rows: int) -> pa.Table:
    """Rows in no order."""
    numbers = np.random.default_rng(1).permutation(rows)
    return pa.table(
        {"path": [f"/W/Z{i // 100}/P{i}" for i in numbers], "x": np.arange(rows, dtype=np.float64)}
    )


def test_scanners_are_tables(tmp_path: Path) -> None:
    """A dataset is written without being read whole."""
    table = shuffled(2000)
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=300)
    scanner = pyarrow.dataset.dataset(tmp_path / "in.parquet").scanner()
    usdparquet.write_table(scanner, tmp_path / "a.parquet", memory=1000)
    usdparquet.write_table(table, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_path_twice_in_a_stream(tmp_path: Path) -> None:
    """Rows are named by their numbers in the whole stream, also where times repeat."""
    paths = [f"/p{i}" for i in range(500)] + ["/p3"]
    out = tmp_path / "out.parquet"
    table = pa.table({"path": paths, "t": [1.0] * 501})
    with pytest.raises(ValueError, match="row 500: '/p3' is the path of row 3 already"):
        usdparquet.write_table(table.to_reader(max_chunksize=90), out, memory=1)
    with pytest.raises(ValueError, match="column 't', row 500: '/p3' has this time in row 3"):
        usdparquet.write_table(table.to_reader(max_chunksize=90), out, memory=1, time="t")
    assert list(tmp_path.iterdir()) == []


WRITER = """
import resource, sys
import pyarrow.parquet as pq
import usdparquet
if int(sys.argv[3]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
print("ready", flush=True)
while True:
    try:
        usdparquet.write_table(pq.read_table(sys.argv[1]).to_reader(), sys.argv[2], memory=1000)
    except OSError as error:
        sys.exit(str(error))
"""


def test_a_full_disk(tmp_path: Path) -> None:
    """One sentence, the old file, and nothing beside it."""
    pq.write_table(shuffled(20_000), tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    out.write_text("old")
    command = [sys.executable, "-c", WRITER, str(tmp_path / "in.parquet"), str(out), "30000"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    said = f"{out}: can't write a temporary file beside it: File too large"
    assert done.stderr.splitlines() == [said]
    assert out.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2


def test_no_place_for_a_temporary_file(tmp_path: Path) -> None:
    """The folder is not there, or may not be written into."""
    out = tmp_path / "none" / "out.parquet"
    with pytest.raises(OSError, match="can't make a temporary file beside it: No such file"):
        usdparquet.write_table(shuffled(1000).to_reader(), out, memory=1)
    if os.geteuid() == 0:
        return
    tmp_path.chmod(0o500)
    with pytest.raises(OSError, match="can't make a temporary file beside it: Permission denied"):
        usdparquet.write_table(shuffled(1000).to_reader(), tmp_path / "out.parquet", memory=1)


def has_nameless_file(process: int, folder: Path) -> bool:
    """Whether a process has a file open that lies in a folder and has no name there."""
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed in the meantime
            target = str(link.readlink())
            if target.startswith(str(folder)) and "(deleted)" in target:
                return True
    return False


def test_a_kill_leaves_no_temporary_file(tmp_path: Path) -> None:
    """Only the folder of the unfinished file, which the next writer removes."""
    pq.write_table(shuffled(20_000), tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    command = [sys.executable, "-c", WRITER, str(tmp_path / "in.parquet"), str(out), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        try:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and not has_nameless_file(process.pid, tmp_path):
                pass
        finally:
            process.kill()
    left = {entry.name for entry in tmp_path.iterdir()} - {"in.parquet", "out.parquet"}
    assert all(name.startswith(".out.parquet.tmp-") for name in left)
    usdparquet.write_table(shuffled(10), out)
    assert {entry.name for entry in tmp_path.iterdir()} == {"in.parquet", "out.parquet"}


def test_memory_does_not_grow_with_the_table() -> None:
    """A million rows, whose order and index are among it, and ids of as many prims.

    Held in memory, they make it grow by 140 and 300 MB.
    """
    options = ["--rows", "1000000", "--memory", "16", "--work", "optimize", "bind"]
    command = [sys.executable, str(PROGRAM), *options]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {line["work"]: line["growth"] for line in map(json.loads, output.splitlines())}
    assert found["optimize"] < 80_000_000, found
    assert found["bind"] < 240_000_000, found


@pytest.mark.parametrize("is_in_order", [False, True])
def test_progress_does_not_stand_still(tmp_path: Path, is_in_order: bool) -> None:
    """Rows that are read in portions count in part before anything is written."""
    rows, seen = 8000, []
    table = shuffled(rows).sort_by("path") if is_in_order else shuffled(rows)
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=1000)

    def note(done: int, total: int) -> None:
        seen.append(done)
        assert total == rows

    found = load_core().optimize(
        *(tmp_path / "in.parquet", tmp_path / "out.parquet"),
        rows_per_group=1000,
        memory=100_000,
        progress=note,
    )
    assert found["was_reordered"] is not is_in_order
    assert seen == sorted(seen)
    assert seen[-1] == rows
    assert seen[0] < rows // 8
    gaps = [after - before for before, after in pairwise(seen)]
    assert max(gaps) <= rows // 8
    if not is_in_order:  # half of it is done when all rows are put aside
        assert len([done for done in seen if done <= rows // 2]) > 10
