"""docs/mapping.md says what happens: its example and its messages, word for word."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bad_texts import LATIN, named, texts
from pxr import Sdf, Tf
from usd_values import collected_warnings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")

ONE = {"path": ["/A"], "cost": [1.0]}


def described(table: dict[str, object], columns: dict[str, object]) -> pa.Table:
    """A table whose footer says something of its columns."""
    footer = json.dumps({"version": "1.0", "columns": columns})
    return pa.table(table).replace_schema_metadata({"usdparquet:schema": footer})


# The tables and arguments behind the messages of the document.
ERRORS = [
    ({"name": ["/A"], "cost": [1.0]}, {}),
    ({"path": [1], "cost": [1.0]}, {}),
    (b"", {}),
    (b"#usda 1.0\n", {}),
    (b"PAR1, and then the disk was full", {}),
    ({"path": ["/A"], "unit cost": [1.0], "unit_cost": [2.0]}, {}),
    ({"path": ["/A"], "part:cost": [1.0], "part": [{"cost": 2.0}]}, {}),
    (pa.table(ONE).replace_schema_metadata({"usdparquet:schema": '{"version": 1}'}), {}),
    (ONE, {"columns": "cost,price"}),
    (ONE, {"prefix": "World"}),
    (ONE, {"time": "frame"}),
    ({"path": ["/A"], "label": ["a"]}, {"time": "label"}),
    ({"path": ["/A"], "frame": [1]}, {"time": "frame", "start": "2024-05-01"}),
    (ONE, {"start": "yesterday"}),
    (ONE, {"timeCodesPerSecond": "0"}),
    (ONE, {"nulls": "keep"}),
    (ONE, {"cache_mb": "many"}),
]
WARNINGS = [
    ({"path": ["/A", "B/C", "/A b"]}, {}),
    ({"path": ["/A", "/B", "/A"]}, {}),
    ({"path": ["/A"], "photo": [b"x"], "note": pa.nulls(1)}, {}),
    (named(["path", "Größe".encode("latin-1")], [pa.array(["/A"]), pa.array([1])]), {}),
    (
        described(
            {"path": ["/A"], "cost": [1.0]},
            {"cost": {"type": "double"}, "price": {"type": "double"}},
        ),
        {},
    ),
    (
        described(
            {"path": ["/A"], "cost": [1.0]}, {"cost": {"metadata": {"documentation": {"int": 1}}}}
        ),
        {},
    ),
    (
        described(
            {"path": ["/A"], "remark": ["a"], "note": ["b"]},
            {
                name: {"role": "metadata", "field": "comment", "type": "string"}
                for name in ("remark", "note")
            },
        ),
        {},
    ),
    (ONE, {"colums": "cost"}),
    (
        described(
            {"path": ["/A"], "frame": [1.0], "parent": ["/B"]}, {"parent": {"role": "relationship"}}
        ),
        {"time": "frame"},
    ),
    ({"path": ["/A", "/A"], "frame": [1.0, float("nan")], "v": [1, 2]}, {"time": "frame"}),
    ({"path": ["/A", "/A"], "frame": [1, 1], "v": [1, 2]}, {"time": "frame"}),
    ({"path": ["/A"], "series": [[1.0, None]]}, {}),
    ({"path": ["/A"], "label": texts([LATIN])}, {}),
    (
        described({"path": ["/A"], "parts": ["no path"]}, {"parts": {"role": "relationship"}}),
        {},
    ),
    (
        described({"path": ["/A"], "members": ["((A"]}, {"members": {"type": "pathExpression"}}),
        {},
    ),
    (described({"path": ["/A"], "plan": ["a\x7f.png"]}, {"plan": {"type": "asset"}}), {}),
    (described({"path": ["/A"], "kind": ["a\0b"]}, {"kind": {"type": "token"}}), {}),
    (
        described(
            {"path": ["/A"], "specifier": ["define"]},
            {"specifier": {"role": "metadata", "field": "specifier", "type": "token"}},
        ),
        {},
    ),
    ({"path": ["/A"], "day": pa.array([1 << 30], type=pa.date32())}, {}),
]


def documented(section: str) -> list[str]:
    """The messages in the table of a section."""
    text = DOCUMENT.split(f"\n### {section}\n", 1)[1].split("\n#", 1)[0]
    return re.findall(r"\| `(costs\.parquet: [^`]*)` \|", text)


def make_file(folder: Path, content: bytes | dict[str, object] | pa.Table) -> Path:
    file = folder / "costs.parquet"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        table = content if isinstance(content, pa.Table) else pa.table(content)
        pq.write_table(table, file)
    return file


@pytest.mark.parametrize("case", ERRORS, ids=range(len(ERRORS)))
def test_errors(
    tmp_path: Path, case: tuple[bytes | dict[str, object] | pa.Table, dict[str, str]]
) -> None:
    content, arguments = case
    file = make_file(tmp_path, content)
    with pytest.raises(Tf.ErrorException) as error:
        Sdf.Layer.FindOrOpen(str(file), args=arguments)
    message = str(error.value).split(" : '", 1)[1].removesuffix("'")
    assert message.replace(f"{tmp_path}/", "") in documented("Errors")


@pytest.mark.parametrize("index", range(len(WARNINGS)))
def test_warnings(tmp_path: Path, index: int) -> None:
    content, arguments = WARNINGS[index]
    file = make_file(tmp_path, content)
    with collected_warnings() as warnings:
        layer = Sdf.Layer.FindOrOpen(str(file), args=arguments)
        layer.ExportToString()
    assert [text.replace(f"{tmp_path}/", "") for text in warnings] == [
        documented("Warnings")[index]
    ]


def test_every_message_is_documented_once() -> None:
    # Beyond ERRORS: the two of encrypted files, and that of a damaged footer (test_footer_seal.py).
    assert len(set(documented("Errors"))) == len(ERRORS) + 3
    assert len(set(documented("Warnings"))) == len(WARNINGS)


def test_the_example(tmp_path: Path) -> None:
    sizes = [[4.0, 0.2, 2.8], [2.5, 0.2, 2.8]]
    table = {
        "path": ["/World/Wall_1", "/World/Wall_2"],
        "cost": [120.5, None],
        "Fire rating": ["F90", "F30"],
        "size": pa.array(sizes, type=pa.list_(pa.float32(), 3)),
    }
    layer = Sdf.Layer.FindOrOpen(str(make_file(tmp_path, table)))
    example = re.search(r"```usda\n(.*?)```", DOCUMENT, re.DOTALL)[1]
    assert layer.ExportToString().strip() == example.strip()


def test_the_example_of_time_samples(tmp_path: Path) -> None:
    table = {
        "path": ["/World/Crane"] * 3,
        "frame": [None, 1, 2],
        "height": [None, 4.5, 5.0],
        "label": ["hoist", None, None],
    }
    layer = Sdf.Layer.FindOrOpen(str(make_file(tmp_path, table)), args={"time": "frame"})
    section = DOCUMENT.split("\n## Time samples\n", 1)[1]
    example = re.search(r"```usda\n(.*?)```", section, re.DOTALL)[1]
    assert layer.ExportToString().strip() == example.strip()
