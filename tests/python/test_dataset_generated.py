"""Generated datasets are the single file of their rows, as text and by value."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pxr import Sdf
from usd_values import collected_warnings, open_layer

import usdparquet
from usdparquet._plugin import load_core

PATHS = [f"/W/{a}/{b}" for a in "AB" for b in "xyz"] + ["/W", "/W/A", "/Q", "no path"]
COLUMNS: dict[str, tuple[pa.DataType, st.SearchStrategy[object]]] = {
    "cost": (pa.float64(), st.floats(allow_nan=False)),
    "count": (pa.int32(), st.integers(-5, 5)),
    "kind": (pa.string(), st.sampled_from(["", "a", "b"])),
    "size": (pa.list_(pa.float32(), 3), st.just([1.0, 2.0, 3.0])),
    "list": (pa.list_(pa.int64()), st.lists(st.integers(-3, 3), max_size=3)),
    "flag": (pa.bool_(), st.booleans()),
}


@st.composite
def parts(draw: st.DrawFn) -> tuple[list[pa.Table], list[int], bool]:
    """The tables of the parts, the rows in a row group of each, and whether they are long."""
    is_long = draw(st.booleans())
    tables, groups = [], []
    for _ in range(draw(st.integers(1, 4))):
        count = draw(st.integers(0, 6))
        names = draw(st.lists(st.sampled_from(sorted(COLUMNS)), unique=True))
        columns: dict[str, pa.Array] = {
            "path": pa.array(draw(st.lists(st.sampled_from(PATHS), min_size=count, max_size=count)))
            if count
            else pa.array([], pa.string())
        }
        if is_long:
            times = st.one_of(st.none(), st.integers(0, 3).map(float))
            columns["frame"] = pa.array(
                draw(st.lists(times, min_size=count, max_size=count)), pa.float64()
            )
        for name in names:
            kind, cells = COLUMNS[name]
            drawn = draw(st.lists(st.one_of(st.none(), cells), min_size=count, max_size=count))
            columns[name] = pa.array(drawn, kind)
        tables.append(pa.table(columns))
        groups.append(draw(st.integers(1, 4)))
    return tables, groups, is_long


def observed(source: Path, arguments: dict[str, str]) -> tuple[str, list[str], list[object]]:
    with collected_warnings() as warnings:
        # Not OpenAsAnonymous, which passes over arguments. Nobody else has the layer.
        layer = open_layer(source, **arguments)
        text = layer.ExportToString()
    values: list[object] = []

    def visit(path: Sdf.Path) -> None:
        spec = layer.GetObjectAtPath(path)
        if isinstance(spec, Sdf.AttributeSpec):
            times = layer.ListTimeSamplesForPath(path)
            values.append((path, spec.default, times))
            values.extend(str(layer.QueryTimeSample(path, time)) for time in times)

    layer.Traverse("/", visit)
    found = [text.split(": ", 1)[1] for text in warnings if "describes columns" not in text]
    return text, found, values


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts(), st.booleans(), st.booleans())
def test_a_dataset_is_the_file_of_its_rows(
    tmp_path: Path,
    generated: tuple[list[pa.Table], list[int], bool],
    has_keys: bool,
    has_index: bool,
) -> None:
    tables, groups, is_long = generated
    folder, single = tmp_path / "d.parquet", tmp_path / "single.parquet"
    shutil.rmtree(folder, ignore_errors=True)
    whole = []
    for number, (table, rows) in enumerate(zip(tables, groups, strict=True)):
        keys = f"year={2020 + number}" if number else "year=__HIVE_DEFAULT_PARTITION__"
        file = folder / (keys if has_keys else "") / f"{number}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, file, row_group_size=rows)
        if has_keys:
            year = pa.array([2020 + number if number else None] * len(table), pa.int32())
            table = table.append_column("year", year)
        whole.append(table)
    if has_keys:  # `=_` is behind the digits
        whole = [*whole[1:], whole[0]]
    rows = pa.concat_tables(whole, promote_options="default")
    if has_keys:
        rows = rows.select([*(n for n in rows.column_names if n != "year"), "year"])
    pq.write_table(rows, single)
    arguments = {"time": "frame"} if is_long else {}
    expected = observed(single, arguments)
    assert observed(folder, arguments) == expected
    with collected_warnings():
        load_core().write_manifest(
            folder / "_usdparquet.json",
            [str(folder / name) for name in load_core().folder_files(folder)],
            covers_folder=True,
            time_column=arguments.get("time", ""),
            has_index=has_index,
        )
    assert observed(folder, arguments) == expected
    read = usdparquet.read_columns(folder, time=arguments.get("time"))
    assert read.equals(usdparquet.read_columns(single, time=arguments.get("time")))
