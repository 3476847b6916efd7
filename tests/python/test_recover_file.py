"""`usdparquet recover`: what stands beside the rows, what is told, and what fails."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from exported_layers import export_layer
from parquet_surgery import Element, Surgery, flipped, locate
from pxr import Sdf
from recovered_files import (
    EXPECTED,
    GROUP_ROWS,
    ROWS,
    TABLE,
    data_pages,
    recover,
    recovered,
    write,
)
from typer.testing import CliRunner

import usdparquet
from usdparquet.cli import app


@pytest.mark.parametrize("key", ["usdparquet:index", "usdparquet:times"])
def test_embedded_index(key: str, tmp_path: Path) -> None:
    """An index is made anew: nothing is lost."""
    data = export_layer(tmp_path / "in.parquet")
    expected = Sdf.Layer.FindOrOpen(str(tmp_path / "in.parquet")).ExportToString()
    offset, length = locate(data, key)
    for place in (offset + 9, offset + 20, offset + 200, offset + length - 3):
        (tmp_path / "bad.parquet").write_bytes(flipped(data, place))
        out = tmp_path / f"{place}.parquet"
        code, report = recover(tmp_path / "bad.parquet", out)
        assert code == 0
        assert report["complete"]
        assert Sdf.Layer.FindOrOpen(str(out)).ExportToString() == expected
        assert CliRunner().invoke(app, ["validate", "--values", str(out)]).exit_code == 0


def test_residual(tmp_path: Path) -> None:
    data = export_layer(tmp_path / "in.parquet")
    offset, length = locate(data, "usdparquet:residual")
    report, _ = recovered(data, tmp_path, 0)
    assert report["residual"] == "kept"
    whole = (tmp_path / "out.parquet").read_bytes()
    at, size = locate(whole, "usdparquet:residual")
    assert whole[at : at + size] == data[offset : offset + length]

    (tmp_path / "out.parquet").unlink()
    file, out = tmp_path / "lost.parquet", tmp_path / "without.parquet"
    file.write_bytes(flipped(data, offset + length // 2))
    code, report = recover(file, out)
    assert code == 1
    assert report["residual"] == "lost"
    assert "residual is lost" in report["notes"][0]
    assert report["lost_cells"] == report["lost_rows"] == []
    metadata = pq.read_metadata(out).metadata
    assert b"usdparquet:residual" not in metadata
    assert "exact" not in json.loads(metadata[b"usdparquet:schema"])
    layer = Sdf.Layer.FindOrOpen(str(out))
    assert [layer.GetAttributeAtPath(f"/p{i}.cost").default for i in range(40)] == [*range(40)]
    assert layer.QueryTimeSample("/p7.speed", 2.0) == 15.0
    assert CliRunner().invoke(app, ["validate", "--values", str(out)]).exit_code == 0


def test_lost_times(tmp_path: Path) -> None:
    """A sample whose time is lost does not become a default."""
    samples = [(f"/A/p{i}", float(at)) for at in range(6) for i in range(100)]
    table = pa.table(
        {
            "path": [path for path, _ in samples],
            "frame": [at for _, at in samples],
            "speed": [float(i) for i in range(len(samples))],
        }
    )
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    usdparquet.write_table(table, file, time="frame", rows_per_page=100)
    data = file.read_bytes()
    page = data_pages(data, "frame", 0)[2]
    file.write_bytes(flipped(data, page.offset + page.header_size + len(page.body) // 2))
    code, report = recover(file, out)
    assert code == 1
    assert [each["column"] for each in report["lost_rows"]] == ["frame"]
    assert report["rows_written"] == 500
    layer = Sdf.Layer.FindOrOpen(str(out))
    for i in range(100):
        path = f"/A/p{i}.speed"
        assert layer.ListTimeSamplesForPath(path) == [0.0, 1.0, 3.0, 4.0, 5.0]
        assert layer.GetAttributeAtPath(path).default is None
        assert layer.QueryTimeSample(path, 3.0) == 300.0 + i
    assert CliRunner().invoke(app, ["validate", "--values", str(out)]).exit_code == 0


def test_schema_entry(tmp_path: Path) -> None:
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    usdparquet.write_table(TABLE.select(["path", "cost"]), file, types={"cost": "double"})
    surgery = Surgery(file)
    for text in (
        b'{"version": "1.0", ',
        b'{"version": "1.0", "columns": {"cost": {"type": "int"}}}',
    ):
        surgery.set_entry("usdparquet:schema", text)
        file.write_bytes(surgery.data())
        code, report = recover(file, out)
        assert code == 1
        assert report["schema"] == "lost"
        assert "usdparquet:schema is dropped" in report["notes"][0]
        assert (
            usdparquet.read_columns(out).to_pydict() == TABLE.select(["path", "cost"]).to_pydict()
        )
        assert b"usdparquet:schema" not in pq.read_metadata(out).metadata


@pytest.mark.parametrize("is_sealed", [False, True])
def test_an_entry_of_a_column_that_is_not_there(is_sealed: bool, tmp_path: Path) -> None:
    """Where nothing proves the footer, the column may be there under a damaged name."""
    said = {"version": "1.0", "columns": {"tint": {"type": "color3f"}}}
    kind = pa.list_(pa.float32(), 3)
    table = pa.table({"path": ["/A"], "tinu": pa.array([[1.0, 0.0, 0.0]], kind)})
    table = table.replace_schema_metadata({"usdparquet:schema": json.dumps(said)})
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table, file)
    if is_sealed:  # so it was written, and nothing was lost since
        assert CliRunner().invoke(app, ["optimize", str(file), str(file)]).exit_code == 0
    code, report = recover(file, out)
    printed = CliRunner().invoke(app, ["recover", str(file), str(out)]).output
    missing = "describes columns that the file does not have: 'tint'"
    if is_sealed:
        assert (code, report["complete"], report["footer"]) == (0, True, "sound")
        assert "nothing is lost" in printed
        return
    assert (code, report["complete"], report["footer"]) == (1, False, "damaged")
    assert report["notes"] == [
        "the footer cannot be relied on: names, types and numbers of rows may be wrong (the "
        f"footer's 'usdparquet:schema' {missing})"
    ]
    assert "nothing else is lost" in printed
    assert pq.read_table(out)["tinu"].to_pylist() == [[1.0, 0.0, 0.0]]


def test_total_of_rows(tmp_path: Path) -> None:
    """The row groups tell how many rows there are, as for Arrow's own reader."""
    data = write(tmp_path / "in.parquet", "page index")
    surgery = Surgery(data)
    surgery.set_rows(ROWS + 1, GROUP_ROWS)
    report, rows = recovered(surgery.data(), tmp_path, 0)
    assert rows == EXPECTED
    assert report["complete"]


def test_statistics_do_not_count(tmp_path: Path) -> None:
    """Values come from pages, not from the statistics of the footer."""
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    usdparquet.write_table(TABLE.select(["path", "few"]), file)
    data = file.read_bytes()
    at = data.rindex(b"t4")
    assert at > Surgery(data).footer_start
    file.write_bytes(flipped(data, at, bit=1))
    code, report = recover(file, out)
    assert code == 1
    assert report["footer"] == "damaged"
    assert report["lost_cells"] == report["lost_rows"] == []
    assert usdparquet.read_columns(out)["few"].to_pylist() == TABLE["few"].to_pylist()


def test_name_in_a_sealed_footer(tmp_path: Path) -> None:
    """The table is recovered under the name that can be read, with a note."""
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    usdparquet.write_table(TABLE.select(["path", "cost"]), file)
    surgery = Surgery(file)
    surgery.set_entries((k, v) for k, v in surgery.entries().items() if k != "ARROW:schema")
    file.write_bytes(data := surgery.data())
    assert recover(file, out)[0] == 0
    names = [at for at in range(surgery.footer_start, len(data)) if data[at : at + 4] == b"cost"]
    file.write_bytes(flipped(data, *names, bit=1))
    code, report = recover(file, out)
    assert code == 1
    assert "the footer is damaged" in report["notes"][0]
    assert pq.read_table(out)["bost"].to_pylist() == TABLE["cost"].to_pylist()


@pytest.mark.parametrize("is_sealed", [True, False])
def test_name_that_is_no_text(tmp_path: Path, is_sealed: bool) -> None:
    """The table is recovered under a name that every reader takes."""
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    cells = pa.array([{"deep": row} for row in range(ROWS)])
    usdparquet.write_table(
        pa.table({"path": TABLE["path"], "cost": TABLE["cost"], "in": cells}), file
    )
    surgery = Surgery(file)
    dropped = {"ARROW:schema"} if is_sealed else {"ARROW:schema", "usdparquet:footer"}
    surgery.set_entries((k, v) for k, v in surgery.entries().items() if k not in dropped)
    data = surgery.data()
    for name in (b"cost", b"deep"):
        places = [at for at in range(surgery.footer_start, len(data)) if data[at : at + 4] == name]
        data = flipped(data, *places, bit=128)
    file.write_bytes(data)
    code, report = recover(file, out)
    assert code == 1
    assert report["footer"] == "damaged"
    if not is_sealed:
        assert "the name of column '?ost' is no valid UTF-8" in report["notes"][0]
    table = usdparquet.read_columns(out)
    assert table["\ufffdost"].to_pylist() == TABLE["cost"].to_pylist()
    assert pq.read_table(out)["in"].to_pylist() == [{"\ufffdeep": row} for row in range(ROWS)]


def test_arrow_types(tmp_path: Path) -> None:
    data = write(tmp_path / "in.parquet", "page index")
    surgery = Surgery(data)
    surgery.set_entry("ARROW:schema", b"!" + surgery.entries()["ARROW:schema"][1:])
    report, rows = recovered(surgery.data(), tmp_path)
    assert {path: row["cost"] for path, row in rows.items()} == {
        path: row["cost"] for path, row in EXPECTED.items()
    }
    assert "types" in report["notes"][0]


def plain_error(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["recover", *(str(each) for each in arguments)])
    assert result.exit_code == 2
    return " ".join(result.output.split())


def test_nothing_to_recover(tmp_path: Path) -> None:
    """Exit code 2, one sentence, no file."""
    good, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    data = write(good, "page index")
    out.write_text("old")
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(data[: len(data) // 2])
    assert "only the footer says what the other bytes are" in plain_error(bad, out)
    bad.write_bytes(b"")
    assert "empty" in plain_error(bad, out)
    none = tmp_path / "none.parquet"
    assert plain_error(none, out) == f"{none}: No such file or directory"
    assert "not overwritten" in plain_error(good, good)
    assert "no column 'elsewhere'" in plain_error("--path", "elsewhere", good, out)
    places = [
        page.offset + page.header_size + 2
        for group in (0, 1)
        for page in data_pages(data, "path", group)
    ]
    bad.write_bytes(flipped(data, *places))
    assert "no path of its 600 rows can be read" in plain_error(bad, out)
    assert out.read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "bad.parquet",
        "in.parquet",
        "out.parquet",
    ]


def test_what_is_printed(tmp_path: Path) -> None:
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    data = write(file, "page index")
    result = CliRunner().invoke(app, ["recover", str(file), str(out)])
    assert result.exit_code == 0
    assert f"{out}: 600 of 600 rows, 14 columns" in result.stdout
    assert "nothing is lost" in result.stdout
    places = [data_pages(data, leaf)[2] for leaf in ("path", "cost")]
    places += [data_pages(data, "label")[4]]
    file.write_bytes(flipped(data, *(page.offset + page.header_size + 9 for page in places)))
    result = CliRunner().invoke(app, ["recover", str(file), str(out)])
    assert result.exit_code == 1
    assert "lost: 50 rows, 50 cells of other rows" in result.stdout
    assert [line.split()[:4] for line in result.stdout.splitlines()[-2:]] == [
        ["path", "400", "50", "rows"],
        ["label", "500", "50", "cells"],
    ]


def test_no_rows(tmp_path: Path) -> None:
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(TABLE.slice(0, 0), file)
    assert recover(file, out)[0] == 0
    assert pq.read_table(out).num_rows == 0


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C leaves no file."""
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    count = 400_000
    pq.write_table(
        pa.table(
            {"path": [f"/p{i}" for i in range(count)]}
            | {f"c{n}": pa.array([(i * n) % 1009 / 7 for i in range(count)]) for n in range(12)}
        ),
        file,
        row_group_size=10_000,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "usdparquet.cli", "recover", str(file), str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not [each for each in tmp_path.iterdir() if each.name.startswith(".out")]:
        assert process.poll() is None, "it was over before it could be interrupted"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) not in (0, 1)
    assert [each.name for each in tmp_path.iterdir()] == ["in.parquet"]


def test_a_claimed_width(tmp_path: Path) -> None:
    """Values of 2^31 - 1 bytes each, in a page of 80: one sentence, or lost if they are shorter."""
    fields = [pa.field("path", pa.string(), False), pa.field("x", pa.binary(8), False)]
    table = pa.table([[f"/A{i}" for i in range(10)], [b"12345678"] * 10], schema=pa.schema(fields))
    pq.write_table(table, tmp_path / "in.parquet", store_schema=False)
    surgery = Surgery((tmp_path / "in.parquet").read_bytes())
    surgery.schema()[2].change(Element.TYPE_LENGTH, (1 << 31) - 1)
    (tmp_path / "bad.parquet").write_bytes(surgery.data())
    limited = "import resource as r; r.setrlimit(r.RLIMIT_AS, (4 << 30,) * 2)\n"
    code = limited + "from usdparquet.cli import app; app()"
    arguments = ["recover", "--json", tmp_path / "bad.parquet", tmp_path / "out.parquet"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    # The nulls that stand for the lost values have that width, too.
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "said to have 2147483647 bytes each" in done.stderr
    surgery.schema()[2].change(Element.TYPE_LENGTH, 4096)
    report, rows = recovered(surgery.data(), tmp_path)
    assert [each["column"] for each in report["lost_cells"]] == ["x"]
    assert "but has 8 bytes of them" in report["lost_cells"][0]["reason"]
    assert [row["x"] for row in rows.values()] == [None] * 10
