"""Text that is no UTF-8: one clear error, with file, column and row, wherever it is met."""

from __future__ import annotations

from pathlib import Path

import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bad_texts import LATIN, field, lists, named, texts
from pxr import Sdf, Tf
from typer.testing import CliRunner
from usd_values import collected_warnings, open_layer

import usdparquet
from usdparquet.cli import app
from usdparquet.tables.convert import ConvertOptions, convert_file

ROWS = 6
BAD = 4
"""The row with bad text."""
PATHS = [f"/R/P{i}" for i in range(ROWS)]
NO_UTF8 = "the cell is text that is no valid UTF-8"
ADVICE = "write the file again with UTF-8, or save all other cells with 'usdparquet recover'"

GOOD = ["a", "ä", None, "", LATIN, "z"]
COLUMNS: dict[str, pa.Array] = {
    "plain": texts(GOOD),
    "large": texts(GOOD, pa.large_string()),
    "categories": texts(GOOD, pa.dictionary(pa.int32(), pa.string())),
    # Arrow reads codes of 32 bits alone without looking at the texts. pandas writes these.
    "short codes": texts(GOOD, pa.dictionary(pa.int8(), pa.string())),
    "list": lists([["a"], ["b", "ä"], None, [], ["x", LATIN], [""]]),
    "struct": field(GOOD),
    # Each is half a character; together they would be one.
    "halves": texts(["a", "ä", None, "", b"\xc3", b"\xa4"]),
}
KINDS = sorted(COLUMNS)


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def file_with(folder: Path, kind: str, **options: object) -> Path:
    """A file with good columns and a bad one, `x`."""
    table = pa.Table.from_arrays(
        [pa.array(PATHS), pa.array(range(ROWS)), COLUMNS[kind]], names=["path", "n", "x"]
    )
    file = folder / f"{kind}.parquet"
    pq.write_table(table, file, **options)
    return file


def place(kind: str) -> str:
    """What the layer calls the column."""
    return "x:name" if kind == "struct" else "x"


LAYOUTS = {
    "dictionary": {"use_dictionary": True},
    "plain": {"use_dictionary": False},
    "v2": {"data_page_version": "2.0", "use_dictionary": False, "row_group_size": 2},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_layer_has_no_opinion_and_one_warning(kind: str, layout: str, tmp_path: Path) -> None:
    file = file_with(tmp_path, kind, **LAYOUTS[layout])
    with collected_warnings() as warnings:
        layer = open_layer(file)
        specs = [layer.GetAttributeAtPath(f"{path}.{place(kind)}") for path in PATHS]
        cells = [None if spec is None else spec.default for spec in specs]
        again = specs[BAD].default if specs[BAD] else None
    assert cells[:2] == ([["a"], ["b", "ä"]] if kind == "list" else ["a", "ä"])
    assert cells[2] is None
    assert cells[BAD] is None and again is None
    assert cells[5] == {"list": [""], "halves": None}.get(kind, "z")
    assert warnings == [
        f"{file}: column '{place(kind)}', row {BAD}: {NO_UTF8}; it is presented without a value "
        "(further such cells of this column are not shown)"
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_fields_that_are_listed_have_values(kind: str, tmp_path: Path) -> None:
    layer = open_layer(file_with(tmp_path, kind))
    with collected_warnings():
        spec = layer.GetAttributeAtPath(f"{PATHS[BAD]}.{place(kind)}")
        assert "default" not in spec.ListInfoKeys()
        assert not spec.HasDefaultValue()
        text = layer.ExportToString()
        assert layer.Export(str(tmp_path / "out.usdc"))
    assert 'x = "a"' in text or 'name = "a"' in text or 'x = ["a"]' in text
    out = Sdf.Layer.FindOrOpen(str(tmp_path / "out.usdc"))
    assert out.GetAttributeAtPath(f"{PATHS[BAD]}.n").default == BAD
    copied = out.GetAttributeAtPath(f"{PATHS[BAD]}.{place(kind)}")
    assert copied is None or copied.default is None


@pytest.mark.parametrize("kind", KINDS)
def test_read_columns(kind: str, tmp_path: Path) -> None:
    file = file_with(tmp_path, kind)
    message = f"{file}: column 'x', row {BAD}: {NO_UTF8}; {ADVICE}"
    for wanted in ({}, {"columns": ["x"]}, {"paths": [PATHS[0], PATHS[BAD]]}, {"under": "/R"}):
        with pytest.raises(ValueError, match="UTF-8") as error:
            usdparquet.read_columns(file, **wanted)
        assert str(error.value) == message
    if kind == "short codes":  # Arrow reads a row group of them or none of it
        with pytest.raises(ValueError, match="UTF-8") as error:
            usdparquet.read_columns(file, ["x"], [PATHS[0]])
        assert str(error.value) == message
        return
    # What is good can be read.
    read = usdparquet.read_columns(
        file, ["x", "n"], [PATHS[5], PATHS[1]] if kind != "halves" else [PATHS[1]]
    )
    assert read["n"].to_pylist() == ([5, 1] if kind != "halves" else [1])
    assert usdparquet.read_columns(file, ["n"])["n"].to_pylist() == list(range(ROWS))


@pytest.mark.parametrize("kind", KINDS)
def test_commands(kind: str, tmp_path: Path) -> None:
    file = file_with(tmp_path, kind)
    message = f"{file}: column 'x', row {BAD}: {NO_UTF8}; {ADVICE}"
    inside = message.replace("'x'", "'x:name'") if kind == "struct" else message
    before = file.read_bytes()
    if kind != "short codes":
        assert run("query", file, "--limit", 0, code=1) == message
        assert run("query", file, "--format", "csv", code=1).endswith(inside)
        output = tmp_path / "q.arrow"
        assert run("query", file, "--format", "arrow", "-o", output, code=1) == message
        assert f"{BAD - 1}" in run("query", file, "--where", "n < 4", "--columns", "x,n")
        for target in ("c.parquet", "c.arrow"):
            assert run("convert", file, tmp_path / target, code=1) == message
        assert run("convert", file, tmp_path / "c.csv", code=1) == inside
    assert run("optimize", file, tmp_path / "o.parquet", code=1) == message
    assert run("optimize", file, file, code=1) == message
    for target in ("c.usda", "c.usdc"):
        assert run("convert", file, tmp_path / target, code=1) == message
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert file.read_bytes() == before
    assert "no problems" in run("validate", file)
    assert f"{file}: column '{place(kind)}', row {BAD}: {NO_UTF8}" in run(
        "validate", file, "--values", code=1
    )


@pytest.mark.parametrize("kind", KINDS)
def test_recover_saves_the_rest(kind: str, tmp_path: Path) -> None:
    file, sound = file_with(tmp_path, kind), tmp_path / "sound.parquet"
    text = run("recover", file, sound, code=1)
    assert "its text is no valid UTF-8" in text
    assert "no problems" in run("validate", sound, "--values")
    cells = pq.read_table(sound).sort_by("n")
    expected = [*GOOD[:4], None, "z"]
    if kind == "list":
        expected = [["a"], ["b", "ä"], None, [], None, [""]]
    if kind == "halves":
        expected[5] = None
    read = cells["x"].to_pylist()
    if kind == "struct":
        assert read.pop(BAD) is None  # all its fields are lost
        del expected[BAD]
        read = [cell["name"] for cell in read]
    assert read == expected
    assert cells["n"].to_pylist() == list(range(ROWS))


def test_text_that_the_layer_leaves_out(tmp_path: Path) -> None:
    """Such a column is no property, but `validate` and whoever writes looks at it."""
    deep = pa.array([[[b"a"]], [[b"b"], [LATIN]]], pa.list_(pa.list_(pa.binary())))
    inner = pa.ListArray.from_arrays(deep.values.offsets, deep.values.values.view(pa.string()))
    table = pa.table({"path": ["/A", "/B"], "x": pa.ListArray.from_arrays(deep.offsets, inner)})
    file = tmp_path / "deep.parquet"
    pq.write_table(table, file)
    assert f"column 'x', row 1: {NO_UTF8}" in run("validate", file, "--values", code=1)
    assert f"column 'x', row 1: {NO_UTF8}" in run("optimize", file, file, code=1)


def test_a_dictionary_entry_that_no_cell_has_harms_nobody(tmp_path: Path) -> None:
    entries = texts(["a", LATIN])
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int32()), entries, safe=False)
    file = tmp_path / "unused.parquet"
    pq.write_table(pa.table({"path": ["/A", "/B"], "x": coded}), file)
    assert usdparquet.read_columns(file)["x"].to_pylist() == ["a", "a"]
    assert open_layer(file).GetAttributeAtPath("/B.x").default == "a"
    assert "no problems" in run("validate", file, "--values")


def test_an_entry_that_no_cell_has_beside_short_codes(tmp_path: Path) -> None:
    """Arrow makes no dictionary of it, but nothing is lost."""
    coded = pa.DictionaryArray.from_arrays(
        pa.array([0, 0], pa.int8()), texts(["a", LATIN]), safe=False
    )
    file = tmp_path / "unused.parquet"
    pq.write_table(pa.table({"path": ["/A", "/B"], "x": coded}), file)
    message = (
        f"{file}: column 'x', row group 0, from row 0: its dictionary has an entry that is no "
        f"valid UTF-8, which no cell has; {ADVICE}"
    )
    with pytest.raises(ValueError, match="UTF-8") as error:
        usdparquet.read_columns(file)
    assert str(error.value) == message
    assert run("optimize", file, file, code=1) == message
    assert open_layer(file).GetAttributeAtPath("/B.x").default == "a"
    assert "nothing is lost" in run("recover", file, tmp_path / "sound.parquet")
    assert usdparquet.read_columns(tmp_path / "sound.parquet")["x"].to_pylist() == ["a", "a"]


def test_a_bad_cell_is_mended_by_an_edit(tmp_path: Path) -> None:
    file = file_with(tmp_path, "plain")
    with collected_warnings():
        layer = open_layer(file)
        spec = layer.GetAttributeAtPath(f"{PATHS[BAD]}.x")
        spec.default = "Größe"
        layer.Save()
    assert pq.read_table(file)["x"].to_pylist() == [*GOOD[:4], "Größe", "z"]
    assert "no problems" in run("validate", file, "--values")


def test_a_whole_save_is_refused_and_names_the_cell(tmp_path: Path) -> None:
    file = file_with(tmp_path, "plain")
    before = file.read_bytes()
    with collected_warnings():
        layer = open_layer(file)
        Sdf.CreatePrimInLayer(layer, "/New")
        with pytest.raises(Tf.ErrorException) as error:
            layer.Save()
        assert layer.dirty
    assert f"would be lost: column 'x', row {BAD}: {NO_UTF8}" in str(error.value)
    assert file.read_bytes() == before


def test_an_export_leaves_the_cell_out_with_the_warning(tmp_path: Path) -> None:
    file, other = file_with(tmp_path, "plain"), tmp_path / "other.parquet"
    with collected_warnings() as warnings:
        assert open_layer(file).Export(str(other))
    assert [f"column 'x', row {BAD}: {NO_UTF8}" in warning for warning in warnings] == [True]
    assert pq.read_table(other)["x"].to_pylist() == [*GOOD[:4], None, "z"]


# Paths and names


def test_a_path_that_is_no_utf8(tmp_path: Path) -> None:
    file = tmp_path / "paths.parquet"
    table = pa.Table.from_arrays(
        [texts(["/A", b"/B\xff", "/C"]), pa.array([0, 1, 2])], names=["path", "n"]
    )
    pq.write_table(table, file)
    message = f"{file}: column 'path', row 1: {NO_UTF8}; {ADVICE}"
    with pytest.raises(ValueError, match="UTF-8") as error:
        usdparquet.read_columns(file)
    assert str(error.value) == message
    assert usdparquet.read_columns(file, paths=["/C"])["n"].to_pylist() == [2]
    assert run("optimize", file, file, code=1) == message
    assert run("query", file, code=1).endswith(message)
    assert run("convert", file, tmp_path / "c.parquet", code=1) == message
    assert "row 1: '/B?'" in run("validate", file, code=1)
    assert "1 of 3 rows" not in run("recover", file, tmp_path / "sound.parquet", code=1)
    assert pq.read_table(tmp_path / "sound.parquet")["path"].to_pylist() == ["/A", "/C"]


@pytest.fixture
def latin_names(tmp_path: Path) -> Path:
    file = tmp_path / "names.parquet"
    pq.write_table(
        named(
            ["path", b"Gr\xf6\xdfe", "good", "s"],
            [pa.array(["/A"]), pa.array([1]), pa.array([2]), pa.array([{"name": "x"}])],
        ),
        file,
    )
    return file


def test_a_name_that_is_no_utf8(latin_names: Path, tmp_path: Path) -> None:
    with collected_warnings() as warnings:
        layer = open_layer(latin_names)
    assert warnings == [
        f"{latin_names}: left out, because USD has no place for them: column 'Gr\ufffd\ufffde' "
        "(its name is no valid UTF-8)"
    ]
    assert layer.GetAttributeAtPath("/A.good").default == 2
    assert list(layer.GetPrimAtPath("/A").properties.keys()) == ["good", "s:name"]
    assert usdparquet.read_columns(latin_names, ["good"])["good"].to_pylist() == [2]
    with pytest.raises(ValueError, match="the name of column 'Gr"):
        usdparquet.read_columns(latin_names)
    assert "Gr\ufffd\ufffde" in run("inspect", latin_names)
    assert "its name is no valid UTF-8" in run("validate", latin_names, code=1)
    for command in ("optimize", "convert"):
        output = tmp_path / "out.parquet"
        assert "the name of column 'Gr" in run(command, latin_names, output, code=1)
        assert not output.exists()
    assert "the name of column 'Gr" in run("query", latin_names, code=1)


# Tables of other libraries


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_write_table_from_arrow(kind: str, strict: bool, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    table = pa.Table.from_arrays([pa.array(PATHS), COLUMNS[kind]], names=["path", "x"])
    with pytest.raises(ValueError, match="UTF-8") as error:
        usdparquet.write_table(table, file, strict=strict)
    assert str(error.value) == (
        f"{file}: column 'x', row {BAD}: {NO_UTF8}; write the text as UTF-8, or the column as "
        "binary"
    )
    assert not file.exists()


def test_write_table_with_bad_paths_and_names(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    paths = pa.Table.from_arrays([texts(["/A", b"/\xff"])], names=["path"])
    with pytest.raises(ValueError, match=r"column 'path', row 1: .*no valid UTF-8"):
        usdparquet.write_table(paths, file)
    with pytest.raises(ValueError, match=r"column 'path', row 1: .*no valid UTF-8"):
        usdparquet.write_table(paths, file, strict=False)
    names = named(["path", b"\xff"], [pa.array(["/A"]), pa.array([1])])
    with pytest.raises(ValueError, match="the name of a column is no valid UTF-8"):
        usdparquet.write_table(names, file, strict=False)
    with pytest.raises(ValueError, match=r"the name of column '\?' is no valid UTF-8; rename it"):
        usdparquet.write_table(names.to_reader(), file, strict=False)


def test_write_table_from_pandas(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    # What a file name or a text read with errors="surrogateescape" holds.
    cells = pandas.Series(["a", "Gr\udcf6\udcdfe"], dtype=object)
    frame = pandas.DataFrame({"path": ["/A", "/B"], "x": cells})
    with pytest.raises(ValueError, match=r"column 'x', row 1: 'Gr.*' has text that is no valid"):
        usdparquet.write_table(frame, file)
    arrow = texts(["a", LATIN])
    frame["x"] = pandas.Series(pandas.arrays.ArrowExtensionArray(pa.chunked_array([arrow])))
    with pytest.raises(ValueError, match=rf"column 'x', row 1: {NO_UTF8}"):
        usdparquet.write_table(frame, file)


def test_write_table_from_polars(tmp_path: Path) -> None:
    """polars looks at what it takes itself."""
    with pytest.raises(Exception, match=r"(?i)utf-?8"):
        frame = polars.from_arrow(pa.table({"path": ["/A", "/B"], "x": texts(["a", LATIN])}))
        usdparquet.write_table(frame, tmp_path / "out.parquet")


# Files that are not Parquet


def test_csv_in_another_encoding(tmp_path: Path) -> None:
    file, target = tmp_path / "latin.csv", tmp_path / "out.parquet"
    file.write_bytes("path,name\n/A,x\n/B,Größe\n".encode("latin-1"))
    message = (
        f"{file}: line 3 is text that is no valid UTF-8; save the file as UTF-8, or say what it is "
        "(convert --encoding cp1252)"
    )
    assert run("convert", file, target, code=1) == message
    assert run("query", file, code=1) == message
    file.write_bytes("path,Größe\n/A,1\n".encode("latin-1"))
    assert run("convert", file, target, code=1) == message.replace("line 3", "line 1")
    file.write_bytes("path,Größe\n/A,1\n".encode("utf-8-sig"))
    assert "1 rows" in run("convert", file, target) or target.exists()


def test_arrow_files(tmp_path: Path) -> None:
    file = tmp_path / "in.arrow"
    table = pa.Table.from_arrays([pa.array(PATHS), COLUMNS["plain"]], names=["path", "x"])
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    with pytest.raises(ValueError, match=rf"column 'x', row {BAD}: {NO_UTF8}"):
        convert_file(file, tmp_path / "out.parquet", ConvertOptions())


@pytest.mark.parametrize("kind", ["asset", "asset[]"])
def test_an_asset_path_with_a_control_character(kind: str, tmp_path: Path) -> None:
    """OpenUSD takes none: a save would have lost the cell."""
    file = tmp_path / "assets.parquet"
    cells = ["a.png", "b\x7f.png", None, "\u0085", "ü.png"]
    column = pa.array(cells)
    if kind == "asset[]":
        column = pa.array([None if cell is None else [cell] for cell in cells])
    paths = [f"/P{row}" for row in range(len(cells))]
    usdparquet.write_table(
        pa.table({"path": paths, "plan": column}), str(file), types={"plan": kind}
    )
    before = file.read_bytes()
    layer = open_layer(file)
    with collected_warnings() as told:
        found = [layer.GetAttributeAtPath(f"{path}.plan") for path in paths]
        values = [spec and spec.default for spec in found]
    assert [str(value) for value in values if value] == (
        ["@a.png@", "@ü.png@"]
        if kind == "asset"
        else [str(Sdf.AssetPathArray([text])) for text in ("a.png", "ü.png")]
    )
    assert "has a control character, which an asset path cannot have" in str(told)
    layer.GetPrimAtPath("/P0").comment = "unrelated"
    with pytest.raises(Tf.ErrorException, match=r"control character.*set or remove it"):
        layer.Save()
    assert layer.dirty
    assert file.read_bytes() == before
