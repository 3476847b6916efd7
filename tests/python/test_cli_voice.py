"""All commands speak with one voice: help, versions, errors, exit codes, JSON, widths."""

from __future__ import annotations

import datetime
import io
import json
import re
from pathlib import Path

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_cases import CASES, MEASURING, Case, make_files
from typer.testing import CliRunner, Result

import usdparquet
from usdparquet.bench.results import Results
from usdparquet.cli import app
from usdparquet.cli.bench_headline import headline_parts
from usdparquet.cli.tables import Column, table_lines

DOCS = Path(__file__).parents[2] / "docs"
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.command)
READING = [case for case in CASES if case.inputs]
INPUTS = [
    pytest.param(case, place, id=f"{case.command}-{place}")
    for case in READING
    for place in case.inputs
]
# The commands that take the folder of a dataset, and what they say of one without files.
DATASETS = {"convert", "dataset", "diff", "inspect", "optimize", "query", "recover", "validate"}
NO_FILES = "the folder has no Parquet files (names that begin with '.' or '_' do not count)"
WIDTHS = pytest.mark.parametrize("width", [80, 40])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, example_results: Results, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with the files that commands read; what measures is replaced."""
    make_files(tmp_path)
    example_results.save(tmp_path / "results.json")
    monkeypatch.chdir(tmp_path)

    class Measured:
        def __init__(self, *_: object) -> None:
            Path("made").mkdir()

        def run(self) -> Results:
            return example_results

    monkeypatch.setattr("usdparquet.bench.runner.BenchRun", Measured)
    return tmp_path


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets tables be printed as for a terminal."""
    monkeypatch.setattr("usdparquet.cli.tables.is_for_reader", lambda: True)


def run(*arguments: object, width: int = 80) -> Result:
    environment = {"COLUMNS": str(width)}
    return CliRunner().invoke(app, [str(each) for each in arguments], env=environment)


def failure(*arguments: object, code: int = 1) -> str:
    """What a run says that fails with a message alone."""
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    return result.stderr


@EVERY
@pytest.mark.parametrize("option", ["-h", "--help"])
@WIDTHS
def test_help(case: Case, option: str, width: int) -> None:
    result = run(case.command, option, width=width)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert " ".join(result.stdout.split()).startswith(f"Usage: usdparquet {case.command} [OPTIONS]")
    assert max(len(line) for line in lines) <= width
    assert re.search(r"^  --json\b", result.stdout, re.MULTILINE)
    assert "…" not in result.stdout


@WIDTHS
def test_help_of_all(width: int) -> None:
    result = run("-h", width=width)
    assert result.exit_code == 0
    assert max(len(line) for line in result.stdout.splitlines()) <= width
    assert result.stdout.count("...") == 1  # COMMAND [ARGS]...
    found = re.findall(r"^  ([a-z]+)\b", result.stdout, re.MULTILINE)
    assert {case.command for case in CASES} <= set(found)
    assert run(width=width).exit_code == 2


def test_every_command_is_a_case() -> None:
    commands = {entry.callback.__name__ for entry in app.registered_commands if entry.callback}
    assert commands == {case.command for case in CASES}


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(option: str) -> None:
    assert run(option).stdout == f"usdparquet {usdparquet.__version__}\n"


@EVERY
def test_runs(case: Case, folder: Path) -> None:
    before = {each.name for each in folder.iterdir()}
    result = run(*case.arguments)
    assert result.exit_code == case.code, result.output
    assert result.stdout
    assert result.stderr == ""
    assert {each.name for each in folder.iterdir()} - before == set(case.makes)


@pytest.mark.parametrize(("case", "place"), INPUTS)
@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("missing.parquet", "missing.parquet: No such file or directory\n"),
        ("folder.parquet", "folder.parquet: this is a folder, not a file\n"),
        (
            "junk.parquet",
            "junk.parquet: this is not a Parquet file (it does not start with 'PAR1')\n",
        ),
        ("/dev/null", "/dev/null: this is a device, not a file\n"),
    ],
)
def test_files_that_cannot_be_read(
    case: Case, place: int, file: str, text: str, folder: Path
) -> None:
    before = sorted(folder.iterdir())
    if file == "folder.parquet" and case.command in DATASETS:
        text = f"folder.parquet: {NO_FILES}\n"
    if case.command == "report" and file == "junk.parquet":
        text = "junk.parquet: not JSON (Expecting value: line 1 column 1 (char 0))\n"
    if case.command == "recover" and file == "junk.parquet":
        text = text.replace(
            "\n",
            "; nothing can be recovered, because only the footer says what the other bytes are\n",
        )
    arguments = case.with_input(place, file)
    if case.command == "bind" and file == "junk.parquet" and place == 2:
        arguments = [each for each in arguments if each not in ("--id", "tag")]
        arguments[arguments.index("--key") + 1 : -2] = ["tag"]
    assert failure(*arguments, code=case.failure) == text
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "case", [case for case in READING if case.makes], ids=lambda case: case.command
)
def test_folders_that_are_not_there(case: Case) -> None:
    arguments = [f"none/{each}" if each in case.makes else each for each in case.arguments]
    if case.command in {"report", "dataset"}:  # make the folder
        assert run(*arguments).exit_code == 0
        return
    said = failure(*arguments, code=case.failure)
    assert said.startswith(f"none/{case.makes[0]}: ")
    assert said.endswith("No such file or directory\n")


@EVERY
def test_wrong_options(case: Case) -> None:
    said = failure(*case.arguments, "--colour", code=2)
    assert said.startswith(f"Usage: usdparquet {case.command} [OPTIONS]")
    assert "\nError: No such option: --colour" in said


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("query t.parquet --format yaml", "--format': 'yaml' is not one of 'table', 'csv'"),
        ("query t.parquet --limit x", "--limit': that is no whole number"),
        ("query t.parquet --limit -1", "--limit': it has to be at least 0"),
        ("table s.usda --columns a --time x", "--time': that is no number"),
    ],
)
def test_values_of_options_that_are_none(arguments: str, text: str) -> None:
    """In plain words, whatever library checks them."""
    assert f"\nError: Invalid value for '{text}" in failure(*arguments.split(), code=2)


@pytest.mark.parametrize("case", READING, ids=lambda case: case.command)
def test_missing_arguments(case: Case) -> None:
    said = failure(case.command, code=2)
    assert re.search(r"^Error: Missing argument '[A-Z_]+'\.$", said, re.MULTILINE)


def test_a_command_that_is_not_there() -> None:
    said = failure("quer", code=2)
    assert said.endswith("\nError: No such command 'quer'. Did you mean 'query'?\n")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            "query costs.parquet SELECT --sort cost",
            "a SELECT says itself which columns and rows it takes; leave out --columns, --prims, "
            "--where, --times and --sort",
        ),
        (
            "query costs.parquet --json --format csv",
            "--json and --format say different things; leave one out",
        ),
        (
            "query costs.parquet --format parquet",
            "a Parquet file is not written to the standard output: name it with -o",
        ),
        (
            "query costs.parquet --format table -o out.csv",
            "out.csv: a table is printed; write csv, tsv, json, xlsx, arrow or parquet to a file",
        ),
        (
            "convert costs.parquet -",
            "--format says what to write to the standard output: usda, csv, tsv, arrow",
        ),
        (
            "convert costs.parquet - --format csv --json",
            "--json and the converted file cannot both be the standard output",
        ),
        (
            "convert costs.parquet out.csv --format csv",
            "--format is for the standard output: the suffix of OUT says it",
        ),
        (
            "convert costs.parquet out.csv --columns cost --properties cost",
            "--columns and --properties both choose columns; give one of them",
        ),
        (
            "convert costs.parquet out.usda --decimal ,",
            "costs.parquet: --delimiter, --decimal and --encoding are for CSV files",
        ),
        (
            "optimize costs.parquet -",
            "a Parquet file is not written to the standard output: name a file",
        ),
        (
            "recover costs.parquet -",
            "a Parquet file is not written to the standard output: name a file",
        ),
        (
            "bind by_id.csv scene.usda --id tag --key tag -o -",
            "a Parquet file is not written to the standard output: name a file",
        ),
        ("bench --tests speed", "--tests: there is no 'speed'; there are: "),
        ("bench --prims many", "--prims takes whole numbers separated by commas, not 'many'"),
        ("report results.json -o - --json", "only one thing can be the standard output"),
    ],
)
def test_options_that_do_not_go_together(arguments: str, text: str, folder: Path) -> None:
    before = sorted(folder.iterdir())
    said = failure(*arguments.split(), code=2)
    assert said.startswith(text) if text.endswith(": ") else said == f"{text}\n"
    assert sorted(folder.iterdir()) == before


def schema_of(command: str) -> dict[str, object]:
    name = "bench" if command == "demo" else command
    schema: dict[str, object] = json.loads((DOCS / "schemas" / f"{name}.json").read_text())
    return schema


def write_damaged(file: str) -> None:
    """A file of two columns, of which one has a page that is damaged."""
    pq.write_table(
        pa.table({"path": [f"/A{i}" for i in range(2000)], "x": [i * 0.1 for i in range(2000)]}),
        file,
        write_page_checksum=True,
        use_dictionary=False,
        compression="none",
    )
    data = bytearray(Path(file).read_bytes())
    data[-8000] ^= 255
    Path(file).write_bytes(data)


@EVERY
def test_json(case: Case) -> None:
    result = run(*case.arguments, "--json")
    assert result.exit_code == case.code, result.output
    assert result.stderr == ""
    jsonschema.Draft202012Validator(schema_of(case.command)).validate(json.loads(result.stdout))


def test_json_of_what_is_not_well(folder: Path) -> None:
    """Other branches of the schemas: problems, losses, notes, times, rows of ids."""
    pq.write_table(
        pa.table({"path": ["/A", None, "b c", "/A"], "x": [1.0, float("nan"), 2.0, 3.0]}),
        "bad.parquet",
        write_page_checksum=True,
    )
    write_damaged("torn.parquet")
    pq.write_table(pa.table({"path": ["/A"], "x": ["a"], "t": [1.0]}), "long.parquet")
    pq.write_table(pa.table({"path": ["/A"], "x": [1], "t": [1.0]}), "long2.parquet")
    runs = {
        "inspect bad.parquet": 0,
        "validate bad.parquet --values": 1,
        "recover torn.parquet out.parquet": 1,
        "validate torn.parquet --values": 1,
        "optimize bad.parquet out.parquet": 0,
        "optimize long.parquet out.parquet --time t": 0,
        "diff long.parquet long2.parquet --time t": 1,
        "diff costs.parquet costs.csv": 0,
        "convert scene.usda out.parquet": 0,
        "convert scene.usda out.usdz": 0,
        "convert scene.usda out.csv": 0,
        "query costs.parquet --summarize": 0,
        "query bad.parquet": 0,
        "table scene.usda --columns tag,@position": 0,
        "ids scene.usda --id tag": 0,
        "ids scene.usda --id tag -o out.csv": 0,
        "bind by_id.csv scene.usda --id tag --key tag -o out.parquet --strict": 1,
        "report results.json --markdown out.md": 0,
    }
    for text, code in runs.items():
        result = run(*text.split(), "--json")
        assert result.exit_code == code, (text, result.output)
        schema = schema_of(text.split()[0])
        jsonschema.Draft202012Validator(schema).validate(json.loads(result.stdout))


@pytest.mark.parametrize("file", sorted((DOCS / "schemas").iterdir()), ids=lambda file: file.stem)
def test_schemas_are_schemas(file: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(file.read_text()))


def test_standard_output(folder: Path) -> None:
    before = sorted(folder.iterdir())
    csv = '"path","cost"\n"/World/Wall_1",120.5\n"/World/Wall_2",\n"/World/Hall/Door",80\n'
    assert run("query", "costs.parquet", "--columns", "path,cost", "-o", "-").stdout == csv
    chosen = ("--columns", "path,cost")
    assert run("convert", "costs.parquet", "-", "--format", "csv", *chosen).stdout == csv
    assert run("convert", "costs.parquet", "-", "--format", "tsv").stdout.startswith(
        '"path"\t"cost"'
    )
    layer = run("convert", "costs.parquet", "-", "--format", "usda").stdout
    assert layer.startswith("#usda 1.0")
    assert "double cost = 120.5" in layer
    for arguments in (("convert", "costs.parquet", "-"), ("query", "costs.parquet", "-o", "-")):
        stream = run(*arguments, "--format", "arrow").stdout_bytes
        assert pa.ipc.open_stream(stream).read_all().num_rows == 3
    assert run("ids", "scene.usda", "--id", "tag", "-o", "-").stdout.startswith('"path","id"\n')
    assert "Plotly" in run("report", "results.json", "-o", "-").stdout
    assert run("report", "results.json", "--markdown", "-").stdout.startswith("#")
    assert sorted(folder.iterdir()) == before


def test_other_files_are_left_alone(folder: Path) -> None:
    """Where writing a file without a suffix fails, hidden files of the same name stay."""
    pq.write_table(pa.table({"path": ["/A"], "raw": [b"x"]}), "raw.parquet")
    Path(".out.kept").write_text("kept")
    before = sorted(folder.iterdir())
    failure("query", "raw.parquet", "-o", "out", "--format", "csv")
    assert sorted(folder.iterdir()) == before


LONG = "/World/Building_7/Level_12/Zone_3/Room_104/Furniture/Chair_with_a_long_name_42"


@pytest.fixture
def wide(folder: Path) -> str:
    """A table that no terminal has room for."""
    columns = {
        "path": [LONG, "/B", "/C"],
        "share": [1 / 3, 0.1 + 0.2, 2.0],
        "big": [1234567.891, -0.00001234567, None],
        "text": ["x" * 100, "an ordinary text of some length", "…"],
        **{f"column_{number}": [number] * 3 for number in range(20)},
    }
    pq.write_table(pa.table(columns), "wide.parquet")
    return "wide.parquet"


def test_80_columns(wide: str, terminal: None) -> None:
    lines = run("query", wide).stdout.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert "0.333333" in lines[2] and "1234568" in lines[2]
    assert "0.3 " in lines[3] and "-1.23457e-05" in lines[3]
    assert re.match(r"/Worl\S*…\S*me_42 ", lines[2])
    shown = lines[0].split()
    assert lines[5].startswith(f"{24 - len(shown)} more columns: column_")
    assert lines[6] == "3 of 3 rows"


def test_40_columns(wide: str, terminal: None) -> None:
    result = run("query", wide, width=40)
    lines = result.stdout.splitlines()
    assert max(len(line) for line in lines) <= 40
    assert lines[0].split() == ["path", "share", "big"]
    assert lines[2].split()[1:] == ["0.333333", "1234568"]
    assert lines[3].split()[1:] == ["0.3", "-1.23457e-05"]
    assert lines[5].startswith("21 more columns: ")


def test_numbers_of_a_summary(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are texts, which a program gets as they are."""
    columns = {"path": ["/A", "/B"], "x": [1 / 3, 2.0], "n": [2**53 + 1, 2**60 + 1]}
    pq.write_table(pa.table(columns), "in.parquet")
    lines = run("query", "in.parquet", "--summarize").stdout.splitlines()
    assert lines[3].split()[2:4] == ["0.3333333333333333", "2.0"]
    assert lines[4].split()[2:4] == [str(2**53 + 1), str(2**60 + 1)]
    monkeypatch.setattr("usdparquet.cli.tables.is_for_reader", lambda: True)
    lines = run("query", "in.parquet", "--summarize").stdout.splitlines()
    assert lines[3].split()[2:4] == ["0.333333", "2"]


@pytest.mark.parametrize("width", [80, 60, 40, 30, 15])
def test_no_number_of_a_summary_is_cut(width: int, folder: Path, terminal: None) -> None:
    columns = {
        "path": ["/A"],
        "big": pa.array([2**64 - 1], pa.uint64()),
        "small": [-(2**63)],
        "double": [-1.23456789e300],
        "round": [123456789012345.0],
        "date": [datetime.date(2024, 1, 1)],
        "text": ["1" * 30],
    }
    pq.write_table(pa.table(columns), "in.parquet")
    lines = run("query", "in.parquet", "--summarize", width=width).stdout.splitlines()
    assert max(len(line) for line in lines) <= width
    assert not [line for line in lines[3:7] if "…" in line]
    if width == 80:
        shown = [line.split()[2] for line in lines[2:9]]
        assert shown[:3] == ["/A", "1.84467e+19", "-9.22337e+18"]
        assert shown[3:6] == ["-1.23457e+300", "123456789012345", "2024-01-01"]
        assert shown[6].startswith("11111111111") and shown[6].endswith("…")


@pytest.mark.parametrize("width", [80, 30, 15])
def test_no_number_of_a_list_is_cut(width: int, folder: Path, terminal: None) -> None:
    columns = {
        "v": [[number + 0.123456789 for number in range(100, 140)], [-1.5e-7, 2.0]],
        "part": [{"width": 1.23456789, "at": [7654321.25]}, None],
    }
    pq.write_table(pa.table(columns), "in.parquet")
    for name, shown in (("v", "100.123 "), ("part", "{'width': 1.23457, 'at': [7654321]} ")):
        line = run("query", "in.parquet", "--columns", name, width=width).stdout.splitlines()[2]
        assert len(line) <= width
        numbers = set(re.findall(r"\d[\d.]*", line))
        whole = {f"{number}.123" for number in range(100, 140)} | {"1.23457", "7654321"}
        assert numbers <= whole
        if width == 80:
            assert line.startswith("[100.123, 101.123, ") or line == shown.strip()


def test_lists_are_whole_for_a_program(folder: Path) -> None:
    values = [number / 7 for number in range(50)]
    pq.write_table(pa.table({"v": [values]}), "in.parquet")
    assert run("query", "in.parquet").stdout.splitlines()[2] == str(values)


def test_no_number_is_cut(terminal: None) -> None:
    column = Column("n", is_number=True, cells=[str(2**64 - 1)])
    assert table_lines([column], 10)[2] == str(2**64 - 1)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.command not in MEASURING],
    ids=lambda case: case.command,
)
@WIDTHS
def test_tables_fit(case: Case, width: int, terminal: None) -> None:
    result = run(*case.arguments, width=width)
    tables = result.stdout.split("──\n")
    for line in tables[1].splitlines() if len(tables) > 1 else []:
        assert len(line) <= width or line.startswith("3 "), line


@WIDTHS
def test_the_lost_parts_fit(width: int, terminal: None) -> None:
    write_damaged("in.parquet")
    result = run("recover", "in.parquet", "out.parquet", width=width)
    assert result.exit_code == 1
    table = result.stdout[result.stdout.index("Column") :].splitlines()
    assert max(len(line) for line in table) <= width
    assert "2,000 cells" in table[2]
    if width == 40:
        assert table[-1] == "1 more column: Because"
    else:
        assert "checksum" in " ".join(" ".join(line[30:] for line in table[2:]).split())


@WIDTHS
def test_the_headline_fits(width: int, example_results: Results) -> None:
    from rich.console import Console

    console = Console(width=width, record=True, file=io.StringIO())
    for part in headline_parts(example_results, 1_000, "flat", width):
        console.print(part)
    text = console.export_text()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    words = " ".join(text.split())
    assert " ms 860 45.0" in words  # no figure is broken over two lines
    assert ("more format" in words) == (width == 40)


def test_one_row_is_singular(folder: Path) -> None:
    pq.write_table(pa.table({"path": ["/A"], "raw": [b"x"]}), "one.parquet")
    lines = run("query", "one.parquet").stdout.splitlines()
    assert lines[2:] == ["/A    1 byte", "1 of 1 row"]
    last = run("query", "costs.parquet", "--where", "cost > 0", "--limit", 1).stdout
    assert last.endswith("\nthe first row; --limit 0 shows all\n")
    said = run("optimize", "one.parquet", "out.parquet").stdout
    assert said.startswith("out.parquet: 1 row, ")


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_condition(empty: str, folder: Path) -> None:
    for command in (("query", "costs.parquet"), ("convert", "costs.parquet", "out.csv")):
        assert failure(*command, "--where", empty) == "the condition is empty\n"


def test_a_program_gets_all(wide: str) -> None:
    lines = run("query", wide).stdout.splitlines()
    assert LONG in lines[2]
    assert "0.3333333333333333" in lines[2] and "1234567.891" in lines[2]
    assert len(lines[0].split()) == 24
