"""Arrow types that few tables have: what becomes of them, and what is refused of them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pxr import Sdf

import usdparquet

DAY, TIME = datetime.date(2024, 2, 29), datetime.time(1, 2, 3, 4000)

WRITTEN = {
    "date64": (pa.array([DAY], pa.date64()), "2024-02-29"),
    "time32 in seconds": (pa.array([datetime.time(1, 2, 3)], pa.time32("s")), "01:02:03"),
    "time32": (pa.array([TIME], pa.time32("ms")), "01:02:03.004"),
    "time64": (pa.array([TIME], pa.time64("us")), "01:02:03.004000"),
    "list of date64": (pa.array([[DAY, DAY]], pa.list_(pa.date64())), ["2024-02-29"] * 2),
    "large list": (pa.array([[TIME]], pa.large_list(pa.time32("ms"))), ["01:02:03.004"]),
    "fixed list": (pa.array([[DAY, DAY]], pa.list_(pa.date32(), 2)), ["2024-02-29"] * 2),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_of_it(tmp_path: Path, name: str) -> None:
    cells, value = WRITTEN[name]
    file = tmp_path / "t.parquet"
    usdparquet.write_table(pa.table({"path": ["/A"], "v": cells}), file)
    layer = Sdf.Layer.FindOrOpen(str(file))
    found = layer.GetAttributeAtPath("/A.v").default
    assert found == value if isinstance(value, str) else list(found) == value


NO_TYPE = "type {} has no Sdf type; convert it or leave it out"
NO_DATE = "the cell is a date or time that ISO 8601 cannot write; correct it or make it null"
REFUSED = {
    "lists of lists of dates": (
        pa.array([[[DAY]]], pa.list_(pa.list_(pa.date32()))),
        NO_TYPE.format("list<element: list<element: date32[day]>>"),
    ),
    "list view": (
        pa.array([["a"]], pa.list_view(pa.string())),
        NO_TYPE.format("list_view<element: string>"),
    ),
    "large list view": (
        pa.array([["a"]], pa.large_list_view(pa.string())),
        NO_TYPE.format("large_list_view<element: string>"),
    ),
    "a date of no year": (pa.array([10**16]).view(pa.date64()), NO_DATE),
    "a time of no day": (pa.array([90_000], pa.int32()).view(pa.time32("s")), NO_DATE),
    "such a time in a large list": (
        pa.LargeListArray.from_arrays([0, 1], pa.array([90_000], pa.int32()).view(pa.time32("s"))),
        NO_DATE,
    ),
    "such a date in a fixed list": (
        pa.FixedSizeListArray.from_arrays(pa.array([10**16] * 2).view(pa.date64()), 2),
        NO_DATE,
    ),
    "a null within a tuple": (
        pa.array([[[1.0, None]]], pa.list_(pa.list_(pa.float64(), 2))),
        "the cell has a null inside its array or tuple, which a USD value cannot have; correct it "
        "or make it null",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_of_it(tmp_path: Path, name: str) -> None:
    cells, message = REFUSED[name]
    file = tmp_path / "t.parquet"
    with pytest.raises(ValueError) as raised:
        usdparquet.write_table(pa.table({"path": ["/A"], "v": cells}), file)
    place = f"{file}: column 'v'"
    assert str(raised.value) in (f"{place}: {message}", f"{place}, row 0: {message}")
    assert not file.exists()
