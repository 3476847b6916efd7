"""What other programs wrote over the years: every cell as pyarrow reads it.

The files are in tests/data/writers, whose README says how they were made.
"""

from __future__ import annotations

import datetime
import decimal
import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf, Tf
from typer.testing import CliRunner
from usd_values import canonical, collected_warnings, open_layer

import usdparquet
from usdparquet.cli import app

WRITERS = Path(__file__).parents[1] / "data" / "writers"
FILES = sorted(WRITERS.glob("*/*.parquet"))


def name_of(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


every_file = pytest.mark.parametrize("file", FILES, ids=name_of)


@pytest.fixture(autouse=True)
def expected_warnings() -> Iterator[list[str]]:
    """Columns without a place and cells without a value are what some of the files are for."""
    with collected_warnings() as texts:
        yield texts


def presented(kind: pa.DataType) -> bool:
    """Whether a layer has a place for the type (docs/mapping.md)."""
    if pa.types.is_dictionary(kind):
        return presented(kind.value_type) and not pa.types.is_binary(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        item = kind.value_type
        nested = (pa.types.is_list, pa.types.is_large_list, pa.types.is_struct, pa.types.is_map)
        return presented(item) and not any(test(item) for test in nested)
    refused = (
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_binary_view,
        pa.types.is_fixed_size_binary,
        pa.types.is_map,
        pa.types.is_null,
        pa.types.is_duration,
    )
    return not any(test(kind) for test in refused)


def fraction(text: str, ticks: int, per_second: int) -> str:
    """`text` with a fraction of a second, if there is one."""
    digits = round(math.log10(per_second))
    return f"{text}.{ticks:0{digits}d}" if ticks else text


def per_second(kind: pa.DataType) -> int:
    return {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]


def iso(scalar: pa.Scalar) -> str | None:
    """A date or time as docs/mapping.md writes it; None where ISO 8601 cannot."""
    kind = scalar.type
    if pa.types.is_date(kind):
        return scalar.as_py().isoformat()
    ticks = scalar.value
    rate = per_second(kind)
    # Parquet has no seconds: Arrow reads them as milliseconds.
    seconds, rest = divmod(ticks, rate)
    if pa.types.is_time(kind):
        if not 0 <= seconds < 86400:
            return None
        clock = datetime.datetime.min + datetime.timedelta(seconds=seconds)
        return fraction(clock.time().isoformat(), rest, rate)
    try:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    except OverflowError:
        return None
    return fraction(moment.isoformat(), rest, rate) + ("Z" if kind.tz else "")


def expected(scalar: pa.Scalar) -> Any:
    """The value of a cell as the layer presents it."""
    if not scalar.is_valid:
        return None
    if isinstance(scalar.type, pa.JsonType):
        scalar = scalar.value
    kind = scalar.type
    if pa.types.is_dictionary(kind):
        return expected(scalar.value)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        items = [expected(item) for item in scalar.values]
        return None if None in items else items
    if pa.types.is_temporal(kind):
        return iso(scalar)
    value = scalar.as_py()
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value


def leaves(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """The columns of a table by their properties' names, fields of structs one by one."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not pa.types.is_struct(column.type):
            yield name, column
            continue
        flat = pa.table({name: column}).flatten()
        for leaf, cells in zip(flat.column_names, flat.columns, strict=True):
            yield leaf.replace(".", ":"), cells


def check_layer(layer: Sdf.Layer, table: pa.Table) -> None:
    """Every cell of every column, or that the column is no property."""
    paths = table["path"].to_pylist()
    for name, column in leaves(table):
        if name == "path":
            continue
        specs = [layer.GetAttributeAtPath(f"{path}.{name}") for path in paths]
        if not presented(column.type):
            assert not any(specs), f"{name}: {column.type}"
            continue
        for row, (spec, scalar) in enumerate(zip(specs, column, strict=True)):
            want = canonical(expected(scalar))
            got = canonical(spec.default) if spec else None
            assert got == want, f"{name}: {column.type}, row {row}"


def check_rows(file: Path, table: pa.Table, paths: list[str] | None = None) -> None:
    """`read_columns` gives pyarrow's own types and cells, of all rows or of those of some prims."""
    found = usdparquet.read_columns(file, paths=paths)
    if paths is not None:
        rows = {path: row for row, path in enumerate(table["path"].to_pylist())}
        table = table.take([rows[path] for path in paths])
    assert found.column_names == table.column_names
    for name in table.column_names:
        got, want = found[name].combine_chunks(), table[name].combine_chunks()
        if isinstance(want.type, pa.JsonType):  # which only Python knows
            want = want.storage
        if paths is not None and name == "path":  # as they were asked for
            want = want.cast(pa.string())
        assert got.type == want.type, name
        assert [repr(cell) for cell in got] == [repr(cell) for cell in want], name


# DuckDB 0.2 does not say that its texts are text.
WITH_BINARY_PATHS = [file for file in FILES if file.parent.name == "duckdb-0.2.2"]
PRESENTED = [file for file in FILES if file not in WITH_BINARY_PATHS]
presented_file = pytest.mark.parametrize("file", PRESENTED, ids=name_of)


def test_there_are_files_of_every_writer() -> None:
    writers = {file.parent.name.split("-")[0] for file in FILES}
    assert writers == {"duckdb", "fastparquet", "polars", "pyarrow", "pyspark"}
    assert len(FILES) == 118
    assert sum(file.stat().st_size for file in FILES) < 1 << 20


@presented_file
def test_every_cell_of_the_layer(file: Path) -> None:
    check_layer(open_layer(file), pq.read_table(file))


@presented_file
def test_every_cell_of_read_columns(file: Path) -> None:
    table = pq.read_table(file)
    check_rows(file, table)
    paths = table["path"].to_pylist()
    check_rows(file, table, paths[1::9] + paths[::17])


# They count no nulls in chunks that have some: Polars 0.13 and 0.18, and pyarrow 2 in columns with
# a dictionary in its tables. By what the names of their files have in them.
COUNT_NO_NULLS = {"polars-0.13.62": "", "polars-0.18.15": "", "pyarrow-2.0.0": "dictionary"}


@every_file
def test_every_page_is_verified(file: Path) -> None:
    result = CliRunner().invoke(app, ["validate", "--values", str(file)])
    assert "damaged" not in result.output
    counted = re.compile(
        r"column '\w+', row group \d+, from row \d+: "
        r"its statistics count 0 nulls, but its pages have \d+;"
    )
    others, count = counted.subn("", " ".join(result.output.split()))
    assert "row group" not in others, result.output
    writer, _, how = name_of(file).partition("/")
    assert (count > 0) == (writer in COUNT_NO_NULLS and COUNT_NO_NULLS[writer] in how)


@pytest.mark.parametrize("file", WITH_BINARY_PATHS, ids=name_of)
def test_paths_that_are_no_text_are_refused(file: Path) -> None:
    message = "the path column 'path' has type binary; it must hold strings"
    with pytest.raises(Tf.ErrorException, match=message):
        Sdf.Layer.FindOrOpen(str(file))
    with pytest.raises(ValueError, match=message):
        usdparquet.read_columns(file)


def edited_property(table: pa.Table) -> str:
    return "i64" if "i64" in table.column_names else "count"


@presented_file
def test_a_saved_cell_keeps_all_else(file: Path, tmp_path: Path) -> None:
    """A save copies the other chunks, whose footer says no more of them than before."""
    copy = Path(shutil.copy(file, tmp_path))
    before = pq.read_table(file)
    name = edited_property(before)
    row = before.num_rows - 2
    attribute = f"{before['path'][row]}.{name}"
    layer = open_layer(copy)
    layer.GetAttributeAtPath(attribute).default = 17
    try:
        assert layer.Save()
    except Tf.ErrorException as error:  # where all would be written anew, some of it otherwise
        refusals = "whose cells can be edited", "has no Sdf type) would be lost"
        assert any(text in str(error) for text in refusals)
        assert copy.read_bytes() == file.read_bytes()
        del layer
        result = CliRunner().invoke(app, ["optimize", str(copy), str(copy)])
        assert result.exit_code == 0, result.output
        layer = open_layer(copy)
        layer.GetAttributeAtPath(attribute).default = 17
        assert layer.Save()
    cells = before[name].to_pylist()
    cells[row] = 17
    column = before.column_names.index(name)
    after = before.set_column(column, name, pa.array(cells, before[name].type))
    check_layer(Sdf.Layer.OpenAsAnonymous(str(copy)), after)
    stored = pq.read_table(copy)
    found = dict(zip(stored["path"].to_pylist(), stored[name].to_pylist(), strict=True))
    assert found == dict(zip(before["path"].to_pylist(), cells, strict=True))


@presented_file
def test_recover_loses_nothing(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    result = CliRunner().invoke(app, ["recover", str(file), str(out)])
    assert result.exit_code == 0, result.output
    check_layer(Sdf.Layer.OpenAsAnonymous(str(out)), pq.read_table(file))
