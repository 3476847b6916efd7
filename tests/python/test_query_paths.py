"""From a condition to prims on the command line: `--paths`, `--prims @FILE` and `--collection`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf, Usd
from typer.testing import CliRunner

from usdparquet.cli import app

HOT = "/World.collection:hot"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a table of temperatures."""
    columns = {
        "path": ["/World/A", "/World/Hall/B", "/World/A", "b c", None, "/World/C", "/World/D"],
        "hour": [1, 1, 2, 1, 1, 1, 1],
        "temperature": [10.0, 81.5, 95.0, 99.0, 99.0, 120.0, None],
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, stdin: str | None = None, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    assert result.exit_code == code, result.output
    assert (result.stderr if code == 0 else result.stdout) == ""
    return result.stdout if code == 0 else result.stderr.removesuffix("\n")


def hot(*more: str, stdin: str | None = None) -> str:
    return run("query", "t.parquet", "--where", "temperature > 80", *more, stdin=stdin)


def test_paths() -> None:
    """Each prim once; what is no path of a prim is left out, as in a layer."""
    assert hot("--paths") == "/World/Hall/B\n/World/A\n/World/C\n"
    assert hot("--paths", "--sort", "-temperature", "--limit", "2") == "/World/C\n/World/A\n"
    assert hot("--paths", "--where", "temperature > 500") == ""
    every = "/World/A\n/World/Hall/B\n/World/C\n/World/D\n"
    assert run("query", "t.parquet", "--paths") == every
    assert hot("--paths", "-o", "hot.txt") == ""
    assert Path("hot.txt").read_text() == hot("--paths", "-o", "-") == hot("--paths")


def test_paths_are_taken_by_prims() -> None:
    hot("--paths", "-o", "hot.txt")
    counted = "SELECT count(*) AS n FROM t"
    assert run("convert", "t.parquet", "hot.csv", "--prims", "@hot.txt").startswith(
        "hot.csv: 4 rows"
    )
    assert run("query", "hot.csv", counted, "--format", "csv") == '"n"\n4\n'
    for prims in ("-", "@-"):
        assert hot("--prims", prims, "--paths", stdin="/World/C\r\n\n/World/Hall/**\n") == (
            "/World/Hall/B\n/World/C\n"
        )


@pytest.mark.parametrize(
    ("prims", "text"),
    [
        ("@none.txt", "none.txt: No such file or directory"),
        ("@.", ".: this is a folder, not a file"),
        ("@empty.txt", "empty.txt: names no prims"),
        ("-", "the standard input: names no prims"),
        ("@raw.txt", "raw.txt: line 2 is text that is no valid UTF-8"),
        ("@other.txt", "t.parquet has no prim '/World/X'"),
        ("@relative.txt", "'A' is no absolute prim path, such as /World/A or /World/**"),
    ],
)
def test_bad_lists_of_prims(prims: str, text: str) -> None:
    Path("empty.txt").write_text("\n\n")
    Path("raw.txt").write_bytes(b"/A\n/\xff\n")
    Path("other.txt").write_text("/World/A\n/World/X\n")
    Path("relative.txt").write_text("A\n")
    assert run("query", "t.parquet", "--prims", prims, stdin="", code=1) == text


def test_many_prims_need_no_long_statement(folder: Path) -> None:
    """More than the SQL of a statement has room for."""
    paths = [f"/World/Zone_{n % 7}/A_part_with_a_long_name_{n}" for n in range(40_000)]
    pq.write_table(pa.table({"path": paths, "x": range(40_000)}), "big.parquet")
    Path("half.txt").write_text("\n".join(paths[::2]))
    assert run("query", "big.parquet", "--prims", "@half.txt", "--paths").split() == paths[::2]
    done = run("convert", "big.parquet", "half.parquet", "--prims", "@half.txt")
    assert done.startswith("half.parquet: 20,000 rows, 2 columns, ")


@pytest.mark.parametrize("suffix", ["usda", "usdc", "usd", "parquet"])
def test_a_collection(suffix: str) -> None:
    """OpenUSD finds these members, and no others, where the layer is one of a stage."""
    assert hot("--collection", HOT, "-o", f"hot.{suffix}") == f"hot.{suffix}: {HOT} has 3 prims\n"
    scene = Usd.Stage.CreateInMemory()
    for path in ("/World/A/Inner", "/World/Hall/B", "/World/C", "/World/D"):
        scene.DefinePrim(path)
    root = Sdf.Layer.CreateAnonymous(".usda")
    root.subLayerPaths = [str(Path(f"hot.{suffix}").absolute()), scene.GetRootLayer().identifier]
    stage = Usd.Stage.Open(root)
    world = stage.GetPrimAtPath("/World")
    assert world.GetAppliedSchemas() == ["CollectionAPI:hot"]
    collection = Usd.CollectionAPI.Get(stage, HOT)
    assert collection.Validate() == (True, "")
    assert collection.GetExpansionRuleAttr().Get() == "explicitOnly"
    members = Usd.CollectionAPI.ComputeIncludedPaths(collection.ComputeMembershipQuery(), stage)
    assert sorted(map(str, members)) == ["/World/A", "/World/C", "/World/Hall/B"]
    layer = Sdf.Layer.FindOrOpen(f"hot.{suffix}")
    assert layer.GetPrimAtPath("/World").specifier == Sdf.SpecifierOver


def test_a_collection_is_a_small_layer() -> None:
    text = hot("--collection", "/World/Hall.collection:too:hot", "-o", "-", "--limit", "1")
    assert (
        text.split("\n", 2)[2].strip()
        == """over "World"
{
    over "Hall" (
        prepend apiSchemas = ["CollectionAPI:too:hot"]
    )
    {
        uniform token collection:too:hot:expansionRule = "explicitOnly"
        rel collection:too:hot:includes = </World/Hall/B>
    }
}"""
    )
    assert "includes" in hot("--collection", HOT, "-o", "-", "--where", "temperature > 500")


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (
            "--paths --collection /A.collection:a",
            2,
            "--paths and --collection both say what to do with the paths; give one",
        ),
        *(
            (
                f"--paths {other}",
                2,
                "--paths takes the paths alone; leave out the SELECT, --columns, --format, "
                "--summarize and --json",
            )
            for other in ("--json", "--summarize", "--columns path", "--format csv")
        ),
        ("--collection /A.collection:a", 2, "--collection is written to a layer: name it with -o"),
        (
            "--collection /A.collection:a -o a.csv",
            2,
            "a.csv: a collection is written to a layer: the suffix is none of .usda, .usdc, .usd, "
            ".parquet",
        ),
        ("--paths -o t.parquet", 1, "t.parquet: is the input too; write to another file"),
        (
            "--collection /A.collection:a -o t.parquet",
            1,
            "t.parquet: is the input too; write to another file",
        ),
        *(
            (
                f"--collection {path} -o a.usda",
                2,
                f"'{path}' is no path of a collection, such as /World.collection:hot",
            )
            for path in ("/A", "hot", "A.collection:a", "/A.hot", "/A.collection:a:includes")
        ),
        (
            "--paths --path hour",
            1,
            "t.parquet: the path column 'hour' has type int64; it must hold texts",
        ),
    ],
)
def test_what_does_not_go(folder: Path, options: str, code: int, text: str) -> None:
    before = {file: file.read_bytes() for file in folder.iterdir()}
    assert run("query", "t.parquet", *options.split(), code=code) == text
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def test_rows_of_named_prims_are_in_the_order_of_the_file(tmp_path: Path) -> None:
    """DuckDB gives the rows of a join in any order."""
    count = 300_000
    file = tmp_path / "t.parquet"
    pq.write_table(pa.table({"path": [f"/W/p{i}" for i in range(count)], "x": range(count)}), file)
    wanted = list(range(0, count, 3))
    names = tmp_path / "names.txt"
    names.write_text("".join(f"/W/p{i}\n" for i in reversed(wanted)))
    for arguments, rows in (
        (["--prims", f"@{names}"], wanted),
        (["--prims", f"@{names}", "--limit", "2000"], wanted[:2000]),
        (
            ["--where", "x IN (SELECT x FROM t WHERE x % 3 = 0)", "--limit", "70000"],
            wanted[:70_000],
        ),
    ):
        printed = run("query", str(file), "--columns", "x", "--format", "csv", *arguments)
        assert printed.split()[1:] == [str(row) for row in rows]
