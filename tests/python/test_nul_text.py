"""Texts with U+0000: OpenUSD keeps the text that a token was first made of for good, and a crate
file of its own that has such a token, or such a text, has all that come after it in wrong places.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from embedded_sections import replace_residual, residual_of
from pxr import Sdf, Tf, Vt
from round_trips import check_round_trip, make_large, residual_format, text_layer

import usdparquet


def check_crate_files_with(token: str, folder: Path) -> None:
    """Assert that OpenUSD still writes crate files with `token` in them right."""
    layer = text_layer(f'def "A"\n{{\n    token t = "{token}"\n    double behind = 1\n}}\n')
    file = folder / f"{token}.usdc"
    assert layer.Export(str(file))
    found = Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString()
    assert found == layer.ExportToString()


def test_a_cell(tmp_path: Path) -> None:
    file = tmp_path / "it.parquet"
    lists = pa.array([["inList\0\4", "b"]], pa.list_(pa.string()))
    table = pa.table({"path": ["/A"], "one": ["inCell\0\4"], "many": lists})
    usdparquet.write_table(table, str(file), types={"one": "token", "many": "token[]"})
    layer = Sdf.Layer.OpenAsAnonymous(str(file))
    assert layer.GetAttributeAtPath("/A.one").default is None
    assert layer.GetAttributeAtPath("/A.many").default is None
    check_crate_files_with("inCell", tmp_path)
    check_crate_files_with("inList", tmp_path)


def test_a_packed_residual(tmp_path: Path) -> None:
    layer = text_layer(
        'def "A" (\n    customData = {\n        token one = "inPacked_x"\n    }\n)\n{\n}\n'
    )
    file = check_round_trip(layer, tmp_path / "it.parquet")
    assert residual_format(file) == "packed"
    data = file.read_bytes()
    blob = residual_of(data)
    assert b"inPacked_x" in blob
    file.write_bytes(replace_residual(data, blob.replace(b"inPacked_x", b"inPacked\0x")))
    copy = Sdf.Layer.OpenAsAnonymous(str(file))
    assert copy.GetPrimAtPath("/A").GetInfo("customData") == {"one": "inPacked"}
    check_crate_files_with("inPacked", tmp_path)


@pytest.mark.parametrize(
    "value",
    ["a\0b", Vt.StringArray(["a", "a\0b"]), {"deep": {"er": "a\0b"}}, {"k\0y": 1}],
    ids=["text", "list", "dictionary", "key"],
)
def test_a_crate_file_of_ours(value: object, tmp_path: Path) -> None:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    Sdf.PrimSpec(layer, "A", Sdf.SpecifierDef).customData = {"it": value}
    file = tmp_path / "it.parquet"
    assert layer.Export(str(file))
    copy = Sdf.Layer.OpenAsAnonymous(str(file))
    assert repr(copy.GetPrimAtPath("/A").GetInfo("customData")) == repr({"it": value})
    before = file.read_bytes()

    make_large(layer)
    with pytest.raises(Tf.ErrorException) as raised:
        layer.Export(str(file))
    assert (
        f"{file}: a text of </A> in its field 'customData' has a U+0000, which OpenUSD's crate "
        "files can't hold: take it out of the text"
    ) in str(raised.value)
    assert file.read_bytes() == before
