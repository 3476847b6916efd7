"""CSV of every kind, and workbooks, as `convert` and `query` read them."""

from __future__ import annotations

import datetime
import decimal
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pytest
from typer.testing import CliRunner

from usdparquet.cli import app
from usdparquet.tables.csv_files import AS_FOUND, TextFormat, _only, read_csv
from usdparquet.tables.errors import TableFileError

ROWS = [
    {"path": "/A", "cost": 1234.5, "day": datetime.date(2024, 5, 1), "note": "größe; a,b"},
    {"path": "/B", "cost": 2.0, "day": None, "note": 'say "x"\nor y'},
    {"path": "/C", "cost": None, "day": datetime.date(2024, 5, 3), "note": "NA"},
    {"path": "/D", "cost": -0.25, "day": datetime.date(2024, 12, 13), "note": ""},
]


def text_of(delimiter: str, decimal: str) -> str:
    lines = [["path", "cost", "day", "note"]]
    for row in ROWS:
        cost = "" if row["cost"] is None else str(row["cost"]).replace(".", decimal)
        cost = f'"{cost}"' if delimiter in cost else cost
        note = '"' + str(row["note"]).replace('"', '""') + '"'
        lines.append([row["path"], cost, "" if row["day"] is None else str(row["day"]), note])
    return "".join(delimiter.join(line) + "\n" for line in lines)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_separators_decimals_and_encodings(
    delimiter: str, decimal: str, encoding: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(text_of(delimiter, decimal).encode(encoding))
    if encoding == "cp1252":
        with pytest.raises(TableFileError, match=r"line 2 is text that is no valid UTF-8"):
            read_csv(file, AS_FOUND)
    given = TextFormat(
        encoding="cp1252" if encoding == "cp1252" else "",
        decimal=decimal if delimiter == decimal == "," else "",
    )
    assert read_csv(file, given).to_pylist() == ROWS
    told = TextFormat(delimiter, decimal, encoding)
    assert read_csv(file, told).to_pylist() == ROWS
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_types(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text(
        "path,n,x,is,when,time,mixed,big,code\n"
        "/A,1,1.5,true,2024-05-01 12:30:00,12:30:00,1,9223372036854775807,007\n"
        "/B,NA,nan,,,,x,-1,008x\n" + "/C,2,1e3,false,2024-05-02T00:00:00.25,23:59:59,2,0,\n" * 3000
    )
    table = read_csv(file, AS_FOUND)
    assert [str(field.type) for field in table.schema] == [
        "string", "int64", "double", "bool", "timestamp[us]", "time64[us]", "string", "int64",
        "string",
    ]  # fmt: skip
    assert table.slice(0, 3).to_pylist() == [
        {
            "path": "/A", "n": 1, "x": 1.5, "is": True,
            "when": datetime.datetime(2024, 5, 1, 12, 30), "time": datetime.time(12, 30),
            "mixed": "1", "big": 2**63 - 1, "code": "007",
        },
        {
            "path": "/B", "n": None, "x": None, "is": None, "when": None, "time": None,
            "mixed": "x", "big": -1, "code": "008x",
        },
        {
            "path": "/C", "n": 2, "x": 1000.0, "is": False,
            "when": datetime.datetime(2024, 5, 2, 0, 0, 0, 250_000),
            "time": datetime.time(23, 59, 59), "mixed": "2", "big": 0, "code": None,
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "path,x\n/A,1\n/B\n",
            "cannot be read as csv: the row in line 3 has 1 cell, the first line names 2 columns; ",
        ),
        ("path,x\n/A,1,2\n", "cannot be read as csv: "),
        ("path,x,x\n/A,1,2\n", "two columns are named 'x'"),
        ("", "cannot be read as csv: it has no first line with names"),
    ],
)
def test_what_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text(text)
    with pytest.raises(TableFileError) as error:
        read_csv(file, AS_FOUND)
    assert str(error.value).startswith(f"{file}: {reason}")
    assert "Possible" not in str(error.value)


def test_names_and_few_rows(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("path,Cost,cost,a b\n")
    assert read_csv(file, AS_FOUND).column_names == ["path", "Cost", "cost", "a b"]
    file.write_text("path\n/A\n/B\n")
    assert read_csv(file, AS_FOUND).to_pylist() == [{"path": "/A"}, {"path": "/B"}]
    file.write_text("path;a,b\n/A;1\n")
    assert read_csv(file, AS_FOUND).to_pylist() == [{"path": "/A", "a,b": 1}]


@pytest.mark.parametrize(
    ("text", "decimal", "expected", "told"),
    [
        ("1.234,25;7,5;-12.345.678,5;;NA;3", "", [1234.25, 7.5, -12345678.5, None, None, 3.0], "."),
        ("1.234,25;7,5", ",", [1234.25, 7.5], "."),
        ("1,234.25;+7.5", "", [1234.25, 7.5], ","),
        ("1'234.25;7", ".", [1234.25, 7.0], "'"),
        ("1\xa0234,25;7", ",", [1234.25, 7.0], "\xa0"),
        ("1.234,25;7,5", ".", ["1.234,25", "7,5"], None),  # not as it was said to be
        ("1.234,25;x", "", ["1.234,25", "x"], None),
        ("1.23,25;7,5", ",", ["1.23,25", "7,5"], None),
        ("01.234,25;7,5", ",", ["01.234,25", "7,5"], None),
    ],
)
def test_signs_between_thousands(
    text: str, decimal: str, expected: list[object], told: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    cells = text.split(";")
    file.write_text("path;v\n" + "".join(f"/A;{cell}\n" for cell in cells), encoding="utf-8")
    notes: list[str] = []
    assert read_csv(file, TextFormat(";", decimal), notes)["v"].to_pylist() == expected
    assert (
        notes == []
        if told is None
        else [
            f"{file}: column 'v' is read as numbers with '{told}' between thousands, such as "
            f"'{cells[0]}'"
        ]
    )


def test_what_may_be_thousands_is_told(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("path;v\n/A;1.234\n/B;7,5\n/C;\n")
    told = (
        f"{file}: column 'v' is text: '1.234' may be a number with '.' between thousands, and may "
        "be something else\n"
    )
    for name in ("out.parquet", "out.usda"):
        arguments = ["convert", str(file), str(tmp_path / name), "--decimal", ","]
        assert CliRunner().invoke(app, arguments).stderr == told
    file.write_text("path;v\n/A;1.234,5\n/B;7,5\n/C;\n")
    assert "such as '1.234,5'" in CliRunner().invoke(app, ["query", str(file)]).stderr


def test_a_row_that_is_too_long(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("path,v\n/A,x\n/B," + "x" * 2_000_001 + "\n")
    assert run("query", file, code=1) == (
        f"{file}: the row in line 3 has more than 2,000,000 bytes, which a row of a CSV file may "
        "have at most; look for a double quote that does not end, or give the table as a .parquet "
        "or .arrow file"
    )


def test_wrong_options(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("path,x\n/A,1\n")
    for given, reason in (
        (TextFormat(delimiter="::"), "the delimiter '::' is not one character"),
        (TextFormat(decimal=";"), "the decimal sign ';' is neither '.' nor ','"),
        (TextFormat(encoding="klingon"), "there is no encoding 'klingon'"),
    ):
        with pytest.raises(TableFileError) as error:
            read_csv(file, given)
        assert str(error.value) == reason


def test_the_connection_reads_one_file(tmp_path: Path) -> None:
    import duckdb

    file, other = tmp_path / "in.csv", tmp_path / "other.csv"
    for one in (file, other):
        one.write_text("path,x\n/A,1\n")
    with _only(file) as connection:
        assert connection.sql(f"SELECT x FROM read_csv('{file}')").fetchall() == [(1,)]
        for text in (
            f"SELECT * FROM read_csv('{other}')",
            f"SELECT * FROM read_text('{tmp_path}/*')",
            "SELECT * FROM read_csv('/etc/passwd')",
            f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
            "SET enable_external_access = true",
            f"SET allowed_paths = ['{other}']",
            "INSTALL httpfs",
        ):
            with pytest.raises(duckdb.Error, match=r"disabled|locked|configuration"):
                connection.sql(text).fetchall()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "other.csv"]


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr.strip()


def test_commands(tmp_path: Path) -> None:
    file, out = tmp_path / "in.tsv", tmp_path / "out.arrow"
    file.write_text("path\tcost\n/A\t1,5\n/B\t2\n", encoding="utf-16")
    run("convert", file, out)
    assert pyarrow.feather.read_table(out).to_pydict() == {"path": ["/A", "/B"], "cost": [1.5, 2]}
    assert run("query", file, "SELECT sum(cost) AS s FROM t", "--format", "csv") == '"s"\n3.5\n'
    run("convert", file, out, "--decimal", ".", "--delimiter", "tab", "--encoding", "utf-16")
    assert pyarrow.feather.read_table(out)["cost"].to_pylist() == ["1,5", "2"]
    back = tmp_path / "back.tsv"
    run("convert", out, back)
    assert back.read_text() == '"path"\t"cost"\n"/A"\t"1,5"\n"/B"\t"2"\n'
    assert run("convert", out, back, "--decimal", ",", code=2) == (
        f"{out}: --delimiter, --decimal and --encoding are for CSV files"
    )


SHEET = """<?xml version="1.0"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}
</sheetData></worksheet>"""
PARTS = {
    "[Content_Types].xml": """<?xml version="1.0"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType=
"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType=
"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>""",
    "_rels/.rels": """<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="xl/workbook.xml" Type=
"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
</Relationships>""",
    "xl/workbook.xml": """<?xml version="1.0"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r=
"http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="Costs" sheetId="1" r:id="r1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": """<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="worksheets/sheet1.xml" Type=
"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>
</Relationships>""",
}


def write_workbook(file: Path, rows: list[list[object]]) -> None:
    lines = []
    for number, row in enumerate(rows, 1):
        cells = []
        for letter, cell in zip("ABCDEFGH", row, strict=False):
            place = f'r="{letter}{number}"'
            if isinstance(cell, bool):
                cells.append(f'<c {place} t="b"><v>{int(cell)}</v></c>')
            elif isinstance(cell, int | float):
                cells.append(f"<c {place}><v>{cell}</v></c>")
            elif isinstance(cell, datetime.date):
                cells.append(f'<c {place} t="d"><v>{cell.isoformat()}</v></c>')
            elif cell is not None:
                cells.append(f'<c {place} t="inlineStr"><is><t>{cell}</t></is></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    with zipfile.ZipFile(file, "w") as package:
        for name, text in PARTS.items():
            package.writestr(name, text)
        package.writestr("xl/worksheets/sheet1.xml", SHEET.format("".join(lines)))


def test_a_workbook(tmp_path: Path) -> None:
    file, out = tmp_path / "in.xlsx", tmp_path / "out.arrow"
    write_workbook(
        file,
        [
            ["path", "count", "cost", "note", "mixed", "is", "empty"],
            ["/A", 1, 1.5, "größe", 1, True, None],
            ["/B", None, 2, None, "x", False, None],
            ["/C", 3, None, "", 2.5, None, None],
        ],
    )
    run("convert", file, out)
    table = pyarrow.feather.read_table(out)
    assert table.to_pydict() == {
        "path": ["/A", "/B", "/C"],
        "count": [1, None, 3],
        "cost": [1.5, 2.0, None],
        "note": ["größe", None, None],
        "mixed": ["1", "x", "2.5"],
        "is": [True, False, None],
        "empty": [None, None, None],
    }
    assert table.schema.field("count").type == pa.int64()
    run("convert", file, tmp_path / "out.usda", "--where", "count > 1")
    assert 'mixed = "2.5"' in (tmp_path / "out.usda").read_text()
    file.write_bytes(b"no workbook")
    assert run("convert", file, out, code=1).startswith(f"{file}: cannot be read as xlsx: ")
    write_workbook(file, [["path", "x", "x"], ["/A", 1, 2]])
    assert run("query", file, code=1) == f"{file}: two columns are named 'x'"
    write_workbook(file, [])
    assert run("query", file, code=1) == f"{file}: cannot be read as xlsx: its first sheet is empty"


def test_a_workbook_is_written(tmp_path: Path) -> None:
    """And read again; what a sheet has no place for is text."""
    source, file, out = (tmp_path / name for name in ("in.arrow", "out.xlsx", "back.arrow"))
    day, noon = datetime.date(2024, 5, 1), datetime.datetime(2024, 5, 1, 12, 30, 15)
    columns = {
        "path": ["/A", "/B"],
        "count": [1, None],
        "big": [2**53 + 1, -(2**60)],
        "cost": [1.5, float("nan")],
        "is": [True, False],
        "note": ["=1+1 größe\x01", ""],
        "day": [day, datetime.date(1850, 1, 1)],
        "at": pa.array([noon, None], pa.timestamp("us", "Europe/Vienna")),
        "fine": pa.array([noon.replace(microsecond=1), None], pa.timestamp("us")),
        "price": [decimal.Decimal("12.50"), decimal.Decimal("0.1234567890123456789")],
        "size": pa.array([[1, 2], None], pa.list_(pa.float32(), 2)),
        "part": [{"width": 3}, None],
    }
    pyarrow.feather.write_feather(pa.table(columns), source)
    said = run("convert", source, file)
    assert said == f"{file}: 2 rows, 12 columns, {file.stat().st_size:,} bytes\n"
    run("convert", file, out)
    assert pyarrow.feather.read_table(out).to_pydict() == {
        "path": ["/A", "/B"],
        "count": [1, None],
        "big": ["9007199254740993", "-1152921504606846976"],
        "cost": [1.5, None],
        "is": [True, False],
        "note": ["=1+1 größe\x01", None],
        "day": ["2024-05-01", "1850-01-01"],
        "at": [noon, None],
        "fine": ["2024-05-01T12:30:15.000001", None],
        "price": ["12.5", "0.1234567890123456789"],
        "size": ["[1.0, 2.0]", None],
        "part:width": [3, None],
    }


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (
            {"path": ["/A", "/B"], "note": ["", "x" * 32_768]},
            "column 'note', row 1: the text has 32,768 characters, and a cell of a sheet has room "
            "for 32,767",
        ),
        (
            {"path": ["/A"], **{f"c{number}": [0] for number in range(16_384)}},
            "a sheet has 16,384 columns, and these are 16,385; choose some",
        ),
        (
            {"path": ["/A", "/B", "/C", "/D"]},
            "a sheet has 3 rows, and these are more; write .csv or .arrow instead",
        ),
        ({"path": ["/A"], "raw": [b"x"]}, "column 'raw' is binary, which XLSX has no place for; "),
    ],
)
def test_what_no_sheet_holds(
    columns: dict[str, object], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usdparquet.tables.sheet_writer._MAX_ROWS", 3)
    source, file = tmp_path / "in.arrow", tmp_path / "out.xlsx"
    pyarrow.feather.write_feather(pa.table(columns), source)
    said = run("query", source, "-o", file, code=1)
    assert said.removeprefix(f"{source}: ").startswith(text)
    assert [each.name for each in tmp_path.iterdir()] == ["in.arrow"]


@pytest.mark.parametrize(
    ("cells", "first", "told"),
    [
        (["02/03/2024", "03/04/2024"], (2024, 3, 2), "day/month/year, '02/03/2024' as 2024-03-02"),
        (["05-05-2024", "", "1-2-2024"], (2024, 5, 5), "day/month/year, '1-2-2024' as 2024-02-01"),
        (["02/03/24", "13/04/24"], (2002, 3, 24), "year/month/day, '02/03/24' as 2002-03-24"),
        (["02/03/2024", "13/04/2024"], (2024, 3, 2), None),
        (["02/03/2024", "04/13/2024"], (2024, 2, 3), None),
        (["02/02/2024", "03/03/2024"], (2024, 2, 2), None),
        (["2024/03/02", "2024/04/03"], (2024, 3, 2), None),
    ],
)
def test_dates_that_may_be_others_are_told(
    cells: list[str], first: tuple[int, int, int], told: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    file.write_text("path,d\n" + "".join(f"/A{at},{cell}\n" for at, cell in enumerate(cells)))
    notes: list[str] = []
    assert read_csv(file, AS_FOUND, notes)["d"][0].as_py() == datetime.date(*first)
    end = "; if that is wrong, write its dates as year-month-day"
    assert notes == ([f"{file}: column 'd' is read as {told}{end}"] if told else [])


def test_timestamps_that_may_be_others_are_told(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("path,d\n/A,02/03/2024 10:00:00\n/B,03/04/2024 11:00:00\n")
    notes: list[str] = []
    found = read_csv(file, AS_FOUND, notes)["d"].to_pylist()
    assert found[0] == datetime.datetime(2024, 3, 2, 10)
    assert "is read as day/month/year, '02/03/2024 10:00:00' as 2024-03-02" in notes[0]


def test_dates_of_several_forms_are_texts(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text('path,"a ""d""",n,e\n/A,2024-01-02,1,2024-01-02\n/B,02/03/2024,2,03/04/2024\n')
    assert read_csv(file, AS_FOUND).to_pylist() == [
        {"path": "/A", 'a "d"': "2024-01-02", "n": 1, "e": "2024-01-02"},
        {"path": "/B", 'a "d"': "02/03/2024", "n": 2, "e": "03/04/2024"},
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ('/A,"x,1\n/B,2,3\n', "the row in line 2 has a double quote that does not end; "),
        ("/A,1,1\n/B,2\n", "the row in line 3 has 2 cells, the first line names 3 columns; "),
        ("/A,1,2,3\n", "the row in line 2 has 4 cells, the first line names 3 columns; "),
    ],
)
def test_rows_that_are_none(rows: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("path,a,b\n" + rows)
    with pytest.raises(TableFileError) as error:
        read_csv(file, AS_FOUND)
    assert str(error.value).startswith(f"{file}: cannot be read as csv: {told}")
    assert "Error" not in str(error.value)
