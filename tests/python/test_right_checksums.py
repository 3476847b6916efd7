"""Files that lie under right checksums: nothing ends the process, and a save loses nothing."""

from __future__ import annotations

import json
from pathlib import Path

import embedded_sections as es
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from exported_layers import export_layer
from parquet_surgery import Surgery
from pxr import Sdf, Tf, Usd
from typer.testing import CliRunner
from usd_values import collected_warnings

import usdparquet
from usdparquet.cli import app

ROWS = 1_000


def text_of(file: Path) -> str:
    layer = Sdf.Layer.OpenAsAnonymous(str(file))
    return layer.ExportToString()


def exported(text: str, file: Path) -> bytes:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    layer.ImportFromString("#usda 1.0\n" + text)
    assert layer.Export(str(file))
    return file.read_bytes()


@pytest.mark.parametrize("sdf_type", ["token", "asset", "pathExpression"])
def test_a_relationship_is_text(sdf_type: str, tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    entry = {"version": "1.0", "columns": {"r": {"role": "relationship", "type": sdf_type}}}
    table = pa.table({"path": ["/A"], "r": ["/B"]})
    table = table.replace_schema_metadata({"usdparquet:schema": json.dumps(entry)})
    pq.write_table(table, file)
    with pytest.raises(Tf.ErrorException, match=f"a relationship of the Sdf type '{sdf_type}'"):
        Sdf.Layer.FindOrOpen(str(file))


VARIANTS = """def "A" (
    variantSets = "v"
)
{
    variantSet "v" = {
        "one" {
            over "kid" {
                double z = 4
            }
        }
    }
}
"""
PROPERTIES = """def "A"
{
    custom rel r = </A>
    reorder properties = ["r"]
    double x = 1
}
"""


@pytest.mark.parametrize(
    ("text", "old", "new", "is_gone"),
    [
        (VARIANTS, b"/A{v=one}kid", b"/A{v=one}kix", "kid"),
        (PROPERTIES, b"/A.r\x08", b"/A.q\x08", "rel r"),
        (PROPERTIES, b"/A.r\x08", b"/A.r\x06", "rel r"),  # a prim
    ],
)
def test_a_child_without_a_spec_is_not_listed(
    text: str, old: bytes, new: bytes, is_gone: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.parquet"
    data = exported(text, file)
    residual = es.residual_of(data)
    assert old in residual
    assert is_gone in text_of(file)
    file.write_bytes(es.replace_residual(data, residual.replace(old, new, 1)))
    assert is_gone not in text_of(file)
    stage = Usd.Stage.Open(str(file))
    assert 'def "A"' in stage.Flatten().ExportToString()


@pytest.mark.parametrize("size", [3, 30_000])
def test_an_order_of_properties_names_columns_that_are_there(size: int, tmp_path: Path) -> None:
    """A bit of a column's name in a footer without a seal, as version 0.1.0 wrote them."""
    file = tmp_path / "in.parquet"
    noise = "".join(chr(97 + i * i % 23) for i in range(size))
    text = f'(\n customLayerData = {{ string k = "{noise}" }}\n)\n' + (
        'def "a" {\n double cost = 1\n double wide = 2\n}\n'
        'def "b" {\n double wide = 2\n double cost = 1\n}\n'
    )
    surgery = Surgery(exported(text, file))
    surgery.set_entries((k, v) for k, v in surgery.entries().items() if k != "usdparquet:footer")
    data = bytearray(surgery.data())
    data[data.index(b"wide", Surgery(bytes(data)).footer_start) + 2] ^= 1  # wiee
    file.write_bytes(data)
    with collected_warnings():
        layer = Sdf.Layer.OpenAsAnonymous(str(file))
        assert "double cost = 1" in layer.ExportToString()
        assert [spec.name for spec in layer.GetPrimAtPath("/b").properties][:1] == ["cost"]


def table_file(file: Path) -> bytes:
    columns = {"path": [f"/W/p{i}" for i in range(ROWS)], "x": [float(i) for i in range(ROWS)]}
    usdparquet.write_table(pa.table(columns), file)
    return file.read_bytes()


def hide_root(section: es.Section) -> None:
    section.tables[4][0][2] = 1  # the first run of the pseudo-root


def hide_last(section: es.Section) -> None:
    section.tables[5][-1][1] -= 1  # the last run is a row shorter


@pytest.mark.parametrize("lie", [hide_root, hide_last])
@pytest.mark.parametrize("removes", [False, True])
def test_a_save_loses_no_prim_that_an_index_hid(lie, removes: bool, tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    file.write_bytes(es.replace_section(table_file(file), es.INDEX, lie))
    before = file.read_bytes()
    checked = CliRunner().invoke(app, ["validate", "--values", str(file)])
    assert checked.exit_code == 1
    assert "the embedded path index is wrong" in checked.output.replace("\n", " ")
    layer = Sdf.Layer.FindOrOpen(str(file))
    names = [prim.name for prim in layer.GetPrimAtPath("/W").nameChildren]
    with collected_warnings():
        if not removes:
            Sdf.CreatePrimInLayer(layer, "/New")
            assert layer.Save()
            assert pq.read_metadata(file).num_rows == ROWS + 1
            return
        # The list is read before the first edit checks the index.
        del layer.GetPrimAtPath("/W").nameChildren[names[0]]
        if len(names) < ROWS and layer.dirty:
            with pytest.raises(Tf.ErrorException, match="would be lost"):
                layer.Save()
            assert file.read_bytes() == before
        else:
            assert layer.Save()
            assert pq.read_metadata(file).num_rows == ROWS - 1


def test_a_save_copies_no_index_that_is_not_of_the_times(tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    data = export_layer(file)
    text = text_of(file)

    def shift(section: es.Section) -> None:
        codes = next(table for table in section.tables if [1.0] in table)
        codes[codes.index([1.0])] = [1.5]

    file.write_bytes(es.replace_section(data, es.TIMES, shift))
    layer = Sdf.Layer.FindOrOpen(str(file))
    with collected_warnings():
        layer.GetAttributeAtPath("/p3.cost").default = 7.0
        assert layer.Save()
    assert text_of(file) == text.replace("double cost = 3\n", "double cost = 7\n")


def test_a_packed_residual_is_small(tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    data = exported(PROPERTIES, file)
    residual = es.residual_of(data)
    file.write_bytes(es.replace_residual(data, residual + bytes((64 << 10) + 1 - len(residual))))
    with pytest.raises(Tf.ErrorException, match="has 65537 bytes, more than 65536"):
        Sdf.Layer.FindOrOpen(str(file))
    file.write_bytes(es.replace_residual(data, residual + bytes((64 << 10) - len(residual))))
    with pytest.raises(Tf.ErrorException, match="residual of the layer can't be read"):
        Sdf.Layer.FindOrOpen(str(file))
