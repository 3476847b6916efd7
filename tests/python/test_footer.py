"""What the footer says of the columns and the layer: read, and refused where it is wrong."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_files import Writer
from pxr import Sdf, Tf
from round_trips import text_layer
from typer.testing import CliRunner
from usd_values import collected_warnings, open_layer

from usdparquet.cli import app

TABLE = {"path": ["/A", "/B"], "x": [1.5, 2.5], "n": [1, 2], "s": ["a", "b"]}


def with_footer(write: Writer, footer: object, **columns: Any) -> Path:
    """A file of TABLE and `columns` whose entry is `footer`, as JSON unless it is text."""
    text = footer if isinstance(footer, str) else json.dumps({"version": "1.0", **dict(footer)})  # type: ignore[call-overload]
    table = pa.table({**TABLE, **columns})
    return write(table.replace_schema_metadata({"usdparquet:schema": text}))


def test_a_footer_of_someone_elses(write: Writer) -> None:
    file = with_footer(
        write,
        {
            "layer": {"defaultPrim": {"token": "A"}, "metersPerUnit": {"double": 0.01}},
            "columns": {
                "x": {"property": "cost", "type": "timecode", "custom": True},
                "s": {"type": "token", "variability": "uniform", "metadata": {"doc": {"int": 1}}},
            },
            "unknown": [1, 2],
        },
    )
    with collected_warnings() as warnings:
        layer = open_layer(file)
    # `doc` is not what the field is called: `documentation` is. It is somebody's own.
    assert warnings == []
    assert layer.defaultPrim == "A"
    assert layer.pseudoRoot.GetInfo("metersPerUnit") == 0.01
    assert layer.GetAttributeAtPath("/B.cost").default == Sdf.TimeCode(2.5)
    assert layer.GetAttributeAtPath("/A.s").variability == Sdf.VariabilityUniform
    assert str(layer.GetAttributeAtPath("/A.s").typeName) == "token"


CANT_BE_READ = "the footer's 'usdparquet:schema' can't be read: "
ERRORS: dict[str, tuple[object, str]] = {
    "no JSON": ("{", CANT_BE_READ + "it is no JSON from its byte 2 on"),
    "no text": ("\x00\xff", CANT_BE_READ + "it is no JSON from its byte 1 on"),
    "empty": ("", CANT_BE_READ + "it is no JSON from its byte 1 on"),
    "a large number": ('{"version": 1e999}', CANT_BE_READ + "it has a number that is too large"),
    "a list": ("[1]", CANT_BE_READ + "it is no object, but '\\[1\\]'"),
    "null": ("null", CANT_BE_READ + "it is no object, but 'null'"),
    "no version": ("{}", CANT_BE_READ + "it has no 'version'"),
    "deep": ("[" * 100_000, CANT_BE_READ + "objects and lists lie more than"),
    "version 2": ({"version": "2.0"}, "is of version '2.0', which a newer usdparquet wrote"),
    "version x": ({"version": "x"}, "version 'x' is not of the form 1.0"),
    "version 1": ({"version": "1"}, "version '1' is not of the form 1.0"),
    "version as a number": ({"version": 1}, CANT_BE_READ + "'version' is '1', not a text"),
    "a large version": ({"version": "99999999999.0"}, "is not of the form 1.0"),
    "columns as a list": ({"columns": []}, "'columns' is no object"),
    "columns as text": ({"columns": "x"}, "'columns' is no object"),
    "column as text": (
        {"columns": {"x": "double"}},
        "column 'x': it is no object, but '\"double\"'",
    ),
    "role as a number": ({"columns": {"x": {"role": 5}}}, "column 'x': 'role' is '5', not a text"),
    "unknown role": ({"columns": {"x": {"role": "time"}}}, "column 'x': unknown role 'time'"),
    "type as a list": ({"columns": {"x": {"type": ["double"]}}}, "column 'x': 'type' is .*, not a"),
    "unknown type": ({"columns": {"x": {"type": "doubel"}}}, "column 'x': .*'doubel'"),
    "opaque": ({"columns": {"x": {"type": "opaque"}}}, "column 'x': .*'opaque'"),
    "type of another layout": (
        {"columns": {"s": {"type": "double"}}},
        "column 's': .*the Sdf type 'double', but it holds string, which is laid out as 'string'",
    ),
    "array of a scalar": ({"columns": {"x": {"type": "double[]"}}}, "column 'x': .*'double\\[\\]'"),
    "float of a double": ({"columns": {"x": {"type": "float"}}}, "column 'x': .*'float'"),
    "bad property": ({"columns": {"x": {"property": "a b"}}}, "column 'x': .*'a b'"),
    "empty property": ({"columns": {"x": {"property": ""}}}, "column 'x': 'property' is empty"),
    "property of another": (
        {"columns": {"x": {"property": "n"}}},
        "columns 'x' and 'n' both become the property 'n'",
    ),
    "metadata without field": ({"columns": {"s": {"role": "metadata"}}}, "column 's': .*'field'"),
    "relationship of numbers": ({"columns": {"x": {"role": "relationship"}}}, "column 'x': "),
    "unknown variability": (
        {"columns": {"x": {"variability": "config"}}},
        "column 'x': .*'config'",
    ),
    "unknown null": ({"columns": {"x": {"null": "none"}}}, "column 'x': 'null' is 'none'"),
    "custom as text": (
        {"columns": {"x": {"custom": "yes"}}},
        "column 'x': 'custom' is '\"yes\"', neither true nor false",
    ),
    "exact as a number": ({"exact": 1}, "'exact' is '1', neither true nor false"),
    "null as a list": ({"columns": {"x": {"null": []}}}, "'null' is '\\[\\]', not a text"),
    "metadata as a list": ({"columns": {"x": {"metadata": [1]}}}, "column 'x': fields are no obj"),
    "text for a bool": ({"layer": {"a": {"bool": "x"}}}, "'a' is '\"x\"', neither true nor"),
    "text for a double": ({"layer": {"a": {"double": "x"}}}, "'a' is '\"x\"', not a number"),
    "number for a text": ({"layer": {"a": {"token": 1}}}, "'a' is '1', not a text"),
    "text for a list": ({"layer": {"a": {"token[]": "x"}}}, "'a' is '\"x\"', not a list"),
    "list of numbers": ({"layer": {"a": {"string[]": [1]}}}, "'a' is '1', not a text"),
    "metadata without type": ({"columns": {"x": {"metadata": {"a": 1}}}}, "'a' is no object"),
    "metadata of two types": ({"layer": {"a": {"int": 1, "bool": True}}}, "'a' is no object"),
    "unknown metadata type": ({"layer": {"a": {"color": 1}}}, "unknown type 'color'"),
    "text for a number": ({"layer": {"a": {"int": "1"}}}, "'a' is no integer"),
    "too large for an int": ({"layer": {"a": {"int": 2**31}}}, "'a' is 2147483648, too large"),
    "too large for int64": ({"layer": {"a": {"int64": 2**63}}}, "'a' is 9223372036854775808, too"),
    "too large for a float": ({"layer": {"a": {"float": 1e39}}}, "'a' is 1e\\+39, too large"),
    "a token with U+0000": (
        {"layer": {"a": {"token": "x\0y"}}},
        "'a' is '\"x\\\\u0000y\"', which has a U\\+0000, and a token can have none",
    ),
    "tokens with U+0000": (
        {"columns": {"x": {"metadata": {"a": {"token[]": ["z", "x\0y"]}}}}},
        "column 'x': 'a' is '\"x\\\\u0000y\"', which has a U\\+0000, and a token can have none",
    ),
    "an asset with a control character": (
        {"layer": {"a": {"asset": "x\ny"}}},
        "'a' is '\"x\\\\ny\"', which has a control character, and an asset path can have none",
    ),
    "a field's name with U+0000": (
        {"layer": {"a\0": {"int": 1}}},
        "the name of a field is '\"a\\\\u0000\"', which has a U\\+0000, and a name can have none",
    ),
    "layer as text": ({"layer": "Y"}, "fields are no object"),
    "unknown path column": ({"path": "prim"}, "there is no column 'prim' with the prim paths"),
    "path as a number": ({"path": 3}, CANT_BE_READ + "'path' is '3', not a text"),
    "unknown time column": ({"time": "frame"}, "'frame'"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_bad_footer_is_one_error(write: Writer, name: str) -> None:
    footer, message = ERRORS[name]
    file = with_footer(write, footer)
    with pytest.raises(Tf.ErrorException, match=message) as raised:
        Sdf.Layer.FindOrOpen(str(file))
    errors = [item.commentary for item in raised.value.args]
    assert len(errors) == 1
    assert errors[0].startswith(f"{file}: ")
    assert len(errors[0]) < 1000
    for foreign in ("json.exception", "stoi", "parse error", "type_error"):
        assert foreign not in errors[0]


def test_optimize_names_the_file_with_the_bad_entry(write: Writer, tmp_path: Path) -> None:
    file, out = with_footer(write, {"version": 1}), tmp_path / "out.parquet"
    result = CliRunner().invoke(app, ["optimize", str(file), str(out)])
    assert result.exit_code == 1
    told = " ".join(result.output.split())
    assert told.startswith(f"{file}: {CANT_BE_READ}'version' is '1', not a text")
    assert not out.exists()


WARNINGS: dict[str, tuple[dict[str, object], str]] = {
    "columns that are not there": (
        {"columns": {"x": {}, "gone": {}, "lost": {"type": "nonsense"}}},
        ": the footer's 'usdparquet:schema' describes columns that the file does not have: "
        "'gone', 'lost'",
    ),
    "a layer field of another type": (
        {"layer": {"defaultPrim": {"int": 3}}},
        ": the layer: the footer's 'defaultPrim' of type 'int' is no metadata of that type; it is "
        "left out",
    ),
    "a layer field that is no metadata": (
        {"layer": {"primChildren": {"token[]": ["A"]}}},
        ": the layer: the footer's 'primChildren' of type 'token[]' is no metadata of that type; "
        "it is left out",
    ),
    "metadata of another type": (
        {"columns": {"x": {"metadata": {"documentation": {"int": 3}}}}},
        ": column 'x': the footer's 'documentation' of type 'int' is no metadata of that type; it "
        "is left out",
    ),
    "metadata that is none": (
        {"columns": {"x": {"metadata": {"typeName": {"token": "int"}}}}},
        ": column 'x': the footer's 'typeName' of type 'token' is no metadata of that type; it is "
        "left out",
    ),
    "a default as metadata": (
        {"columns": {"x": {"metadata": {"default": {"double": 3.0}}}}},
        ": column 'x': the footer's 'default' of type 'double' is no metadata of that type; it is "
        "left out",
    ),
    "a prim field of another type": (
        {"columns": {"x": {"role": "metadata", "field": "kind"}}},
        ": column 'x' of type 'double' can't be the prim field 'kind'; it is left out",
    ),
    "no prim field": (
        {"columns": {"s": {"role": "metadata", "field": "primChildren", "type": "token"}}},
        ": column 's' of type 'token' can't be the prim field 'primChildren'; it is left out",
    ),
    "a prim field twice": (
        {
            "columns": {
                "s": {"role": "metadata", "field": "comment"},
                "t": {"role": "metadata", "field": "comment"},
            }
        },
        ": column 't' is the prim field 'comment', as an earlier column is; it is left out",
    ),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_what_is_left_out_is_one_warning(write: Writer, name: str) -> None:
    footer, message = WARNINGS[name]
    file = with_footer(write, footer, t=["c", "d"])
    with collected_warnings() as warnings:
        layer = open_layer(file)
        text = layer.ExportToString()
    assert warnings == [f"{file}{message}"]
    # The layer is a proper one all the same.
    copy = Sdf.Layer.CreateAnonymous(".usda")
    assert copy.ImportFromString(text)
    assert layer.GetAttributeAtPath("/B.n").default == 2
    result = CliRunner().invoke(app, ["validate", str(file), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["problems"] == [f"{file}{message}"]


def test_a_column_that_is_left_out_is_not_lost(write: Writer) -> None:
    file = with_footer(write, WARNINGS["a prim field of another type"][0])
    with collected_warnings():
        layer = open_layer(file)
    layer.comment = "changed"
    with pytest.raises(Tf.ErrorException, match="its column 'x' would be lost"):
        layer.Save()


def exported(tmp_path: Path) -> Path:
    """A file with a residual."""
    file = tmp_path / "scene.parquet"
    text = "".join(
        f'def "P{i}" (\n references = @a.usda@\n)\n{{\nint n = {i}\n}}\n' for i in (1, 2)
    )
    assert text_layer(text).Export(str(file))
    return file


def test_a_table_that_was_written_again_without_its_residual(tmp_path: Path) -> None:
    """pyarrow carries the footer's entries along, but not the bytes between table and footer."""
    file = exported(tmp_path)
    again = tmp_path / "again.parquet"
    table = pq.ParquetFile(file).read()
    pq.write_table(table, again)
    with pytest.raises(
        Tf.ErrorException, match="was dropped when other software rewrote"
    ) as raised:
        Sdf.Layer.FindOrOpen(str(again))
    assert len(raised.value.args) == 1
    # Who removes the entry gets the table.
    metadata = {k: v for k, v in table.schema.metadata.items() if b"residual" not in k}
    pq.write_table(table.replace_schema_metadata(metadata), again)
    layer = open_layer(again)
    assert layer.GetAttributeAtPath("/P2.n").default == 2
    assert not layer.GetPrimAtPath("/P2").hasReferences


def test_damage_in_the_residual(tmp_path: Path) -> None:
    file = exported(tmp_path)
    locator = pq.read_metadata(file).metadata[b"usdparquet:residual"].decode()
    parts = dict(part.split("=") for part in locator.split())
    data = bytearray(file.read_bytes())
    randomness = random.Random(3)
    for _ in range(20):
        at = int(parts["offset"]) + randomness.randrange(int(parts["length"]))
        damaged = bytearray(data)
        damaged[at] ^= 1 << randomness.randrange(8)
        file.write_bytes(damaged)
        with pytest.raises(Tf.ErrorException, match="is damaged or was dropped") as raised:
            Sdf.Layer.OpenAsAnonymous(str(file))
        assert len(raised.value.args) == 1


@pytest.mark.parametrize(
    ("locator", "message"),
    [
        ("", "can't be read: ''"),
        ("version=1.0 format=usdc", "can't be read"),
        ("version=2.0 format=usdc offset=1 length=1 checksum=0", "is of version 2.0"),
        ("version=1.0 format=usda offset=1 length=1 checksum=0", "and format 'usda'"),
        ("version=1.0 format=usdc offset=-5 length=9 checksum=0", "is damaged or was dropped"),
        ("version=1.0 format=usdc offset=4 length=0 checksum=0", "is damaged or was dropped"),
        ("version=1.0 format=usdc offset=4 length=-1 checksum=0", "is damaged or was dropped"),
        (
            "version=1.0 format=usdc offset=9223372036854775807 length=9223372036854775807 "
            "checksum=ffffffffffffffff",
            "is damaged or was dropped",
        ),
        (
            "version=1.0 format=usdc offset=99999999999999999999 length=1 checksum=0",
            "is damaged or was dropped|can't be read",
        ),
    ],
)
def test_a_bad_locator(write: Writer, locator: str, message: str) -> None:
    table = pa.table(TABLE).replace_schema_metadata({"usdparquet:residual": locator})
    file = write(table)
    with pytest.raises(Tf.ErrorException, match=message) as raised:
        Sdf.Layer.FindOrOpen(str(file))
    assert len(raised.value.args) == 1
    assert raised.value.args[0].commentary.startswith(f"{file}: ")
