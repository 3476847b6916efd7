"""Every Arrow type, for every row of files of many row groups, pages and nulls."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arrow_cases import CASES, Case, cells
from parquet_files import LAYOUTS, write_parquet
from pxr import Sdf, Usd
from usd_values import canonical, check_property, collected_warnings, values

ROWS = 600
PATHS = [f"/Site/Hall_{row // 50}/Part_{row}" for row in range(ROWS)]
CELLS = {case.name: cells(case, ROWS, 97 * index % 400) for index, case in enumerate(CASES)}


def make_table() -> pa.Table:
    columns = {case.name: pa.array(CELLS[case.name], type=case.arrow) for case in CASES}
    return pa.table({"path": PATHS, **columns})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("types")
    table = make_table()
    return {
        layout: write_parquet(table, folder / f"{layout}.parquet", layout) for layout in LAYOUTS
    }


@pytest.fixture(scope="module")
def stages(files: dict[str, Path]) -> dict[str, Usd.Stage]:
    return {layout: Usd.Stage.Open(str(file)) for layout, file in files.items()}


def test_the_files_have_many_row_groups_and_both_kinds_of_index(files: dict[str, Path]) -> None:
    indexed = set()
    for file in files.values():
        metadata = pq.ParquetFile(file).metadata
        assert metadata.num_row_groups == 4
        indexed.add(metadata.row_group(0).column(0).has_offset_index)
    assert indexed == {True, False}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_row_shows_its_cell(stages: dict[str, Usd.Stage], layout: str, case: Case) -> None:
    for name, (sdf, expect) in case.properties.items():
        expected = [None if cell is None else expect(cell) for cell in CELLS[case.name]]
        check_property(stages[layout], PATHS, name, sdf, expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_prim_lists_the_properties_that_it_has(
    stages: dict[str, Usd.Stage], layout: str
) -> None:
    layer = stages[layout].GetRootLayer()
    for row in range(0, ROWS, 37):
        path = PATHS[row]
        cells = [(CELLS[case.name][row], case) for case in CASES]
        names = [
            name
            for cell, case in cells
            for name, (_, expect) in case.properties.items()
            if cell is not None and expect(cell) is not None
        ]
        assert [spec.name for spec in layer.GetPrimAtPath(path).properties] == names
        assert set(stages[layout].GetPrimAtPath(path).GetPropertyNames()) == set(names)


@pytest.mark.parametrize("layout", ["v1_snappy_dictionary_index", "v2_zstd_encoded"])
def test_order_of_reads_does_not_matter(stages: dict[str, Usd.Stage], layout: str) -> None:
    properties = [(case, *entry) for case in CASES for entry in case.properties.items()]
    reads = [(row, *property) for property in properties for row in range(0, ROWS, 7)]
    random.Random(7).shuffle(reads)
    for row, case, name, (_, expect) in reads:
        cell = CELLS[case.name][row]
        want = None if cell is None else expect(cell)
        attribute = stages[layout].GetAttributeAtPath(f"{PATHS[row]}.{name}")
        assert bool(attribute) == (want is not None), f"row {row}, {name}"
        got = attribute.Get() if attribute else None
        assert canonical(got) == canonical(want), f"row {row}, {name}"


def test_nothing_is_left_out(files: dict[str, Path]) -> None:
    with collected_warnings() as warnings:
        layer = Sdf.Layer.OpenAsAnonymous(str(files["v2_zstd_encoded"]))
        layer.ExportToString()
    assert warnings == []


def test_int96_timestamps_are_shown_as_nanoseconds(write) -> None:
    counts = [1_700_000_000_123_456_789, None, 0, 86_400_000_000_000, -1_000_000_000]
    paths = [f"/A/B_{row}" for row in range(len(counts))]
    moments = pa.array(counts, type=pa.timestamp("ns"))
    file = write(
        {"path": paths, "moment": moments}, use_deprecated_int96_timestamps=True, rows_per_group=3
    )
    assert values(Sdf.Layer.FindOrOpen(str(file)), paths, "moment") == [
        "2023-11-14T22:13:20.123456789",
        None,
        "1970-01-01T00:00:00",
        "1970-01-02T00:00:00",
        "1969-12-31T23:59:59",
    ]


@pytest.mark.parametrize("as_integer", [False, True])
def test_decimals_of_both_encodings(write, as_integer: bool) -> None:
    paths = [f"/A/B_{row}" for row in range(4)]
    amounts = pa.array(["12.34", "-0.01", None, "99999.99"]).cast(pa.decimal128(7, 2))
    file = write({"path": paths, "amount": amounts}, store_decimal_as_integer=as_integer)
    stage = Usd.Stage.Open(str(file))
    check_property(stage, paths, "amount", "double", [12.34, -0.01, None, 99999.99])


@pytest.mark.parametrize(
    "path_type", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_the_path_column_may_be_of_any_string_type(write, path_type: pa.DataType) -> None:
    paths = [f"/A/B_{row}" for row in range(500)]
    table = {"path": pa.array(paths, type=path_type), "size": list(range(500))}
    stage = Usd.Stage.Open(str(write(table)))
    check_property(stage, paths, "size", "int64", range(500))


def test_pages_without_rows(write) -> None:
    """Arrow writes such pages where the rows of a list are about as large as a page."""
    row = [[1000.0 * index + 1, 1000.0 * index + 2] for index in range(4)]
    cells = [[[0.0, 0.0]], row, [], row, row, None, [], row] * 20
    paths = [f"/A/B_{row}" for row in range(len(cells))]
    pairs = pa.array(cells, type=pa.list_(pa.list_(pa.float32(), 2)))
    options = {"data_page_size": 256, "rows_per_page": 1, "write_batch_size": 1}
    for rows_per_group in (3, 8, 160):
        file = write(
            {"path": paths, "pairs": pairs},
            f"groups_{rows_per_group}",
            rows_per_group=rows_per_group,
            **options,
        )
        check_property(Usd.Stage.Open(str(file)), paths, "pairs", "float2[]", cells)


def test_rows_that_span_pages(write) -> None:
    """Without a page index a long list may go on in the next page."""
    cells = [None if row % 5 == 0 else [row + 0.5] * (row * 37 % 900) for row in range(60)]
    paths = [f"/A/B_{row}" for row in range(60)]
    series = pa.array(cells, type=pa.list_(pa.float64()))
    file = write(
        {"path": paths, "series": series},
        layout="v1_none_plain",
        rows_per_page=20_000,
        data_page_size=256,
    )
    check_property(Usd.Stage.Open(str(file)), paths, "series", "double[]", cells)


def test_files_without_the_arrow_schema(write) -> None:
    """As other programs write them: only what Parquet itself says of a type is known."""
    paths = [f"/A/B_{row}" for row in range(3)]
    table = {
        "path": paths,
        "name": ["a", None, "c"],
        "small": pa.array([1, None, 255], type=pa.uint8()),
        "ratio": pa.array([0.5, None, 2.0], type=pa.float16()),
        "day": pa.array([0, None, 19_844], type=pa.date32()),
        "moment": pa.array([0, None, 1_500], type=pa.timestamp("ms", tz="UTC")),
        "amount": pa.array(["1.50", None, "2.25"]).cast(pa.decimal128(5, 2)),
        "vector": pa.array([[1, 2, 3], None, [4, 5, 6]], type=pa.list_(pa.float32(), 3)),
        "parts": pa.array([["x"], None, []], type=pa.list_(pa.string())),
    }
    stage = Usd.Stage.Open(str(write(table, store_schema=False)))
    check_property(stage, paths, "name", "string", ["a", None, "c"])
    check_property(stage, paths, "small", "uchar", [1, None, 255])
    check_property(stage, paths, "ratio", "half", [0.5, None, 2.0])
    check_property(stage, paths, "day", "string", ["1970-01-01", None, "2024-05-01"])
    moments = ["1970-01-01T00:00:00Z", None, "1970-01-01T00:00:01.500Z"]
    check_property(stage, paths, "moment", "string", moments)
    check_property(stage, paths, "amount", "double", [1.5, None, 2.25])
    check_property(stage, paths, "vector", "float[]", [[1.0, 2.0, 3.0], None, [4.0, 5.0, 6.0]])
    check_property(stage, paths, "parts", "string[]", [["x"], None, []])
