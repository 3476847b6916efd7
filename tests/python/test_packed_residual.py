"""Small residuals: their bytes are exact, small, and never harm, whatever is in them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from embedded_sections import replace_residual, residual_of
from pxr import Gf, Sdf, Tf, Vt
from round_trips import check_round_trip, make_large, residual_format, text_layer

ONE_PRIM = """def Xform "A"
{
    double v = 1
}
"""


def layer_with(value: object) -> Sdf.Layer:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    Sdf.PrimSpec(layer, "A", Sdf.SpecifierDef).customData = {"it": value}
    return layer


def test_a_file_of_one_prim_is_small(tmp_path: Path) -> None:
    file = check_round_trip(text_layer(ONE_PRIM), tmp_path / "it.parquet")
    assert residual_format(file) == "packed"
    assert file.stat().st_size <= 1500


NUMBERS = (float("nan"), float("inf"), -0.0, 5e-324, 0.1)


@pytest.mark.parametrize(
    "value",
    [
        *NUMBERS,
        Vt.DoubleArray(NUMBERS),
        Vt.HalfArray([-0.0, float("inf"), 0.5]),
        Vt.BoolArray([True, False]),
        Vt.UCharArray(range(256)),
        Vt.TokenArray(["a", "", "a"]),
        Vt.StringArray(["a\0b", "ü", "line\nline"]),
        Gf.Matrix4d(*[-0.0, 1.5] * 8),
        Gf.Quath(-0.0, 1, 2, 3),
        Sdf.TimeCode(-0.0),
        Sdf.AssetPath("a.png"),
        2**63 - 1,
        -1,
        {"inner": {"empty": {}, "list": Vt.Vec3fArray([(1, -0.0, 3)])}},
    ],
    ids=lambda value: f"{type(value).__name__} {value}"[:30],
)
def test_values_keep_their_bits(value: object, tmp_path: Path) -> None:
    layer = layer_with(value)
    file = check_round_trip(layer, tmp_path / "it.parquet")
    assert residual_format(file) == "packed"
    copy = Sdf.Layer.OpenAsAnonymous(str(file))
    found, expected = (each.GetPrimAtPath("/A").GetInfo("customData") for each in (copy, layer))
    assert type(found["it"]) is type(expected["it"])
    assert repr(found) == repr(expected)


@pytest.mark.parametrize("size", [7000, 9000])
def test_the_limit(size: int, tmp_path: Path) -> None:
    layer = layer_with(Vt.UCharArray(random.Random(size).randbytes(size)))
    file = check_round_trip(layer, tmp_path / "it.parquet")
    assert residual_format(file) == ("packed" if size == 7000 else "usdc")


DEEPEST = 32
"""Values within each other: `customData` is the outermost."""


def nested(depth: int) -> Sdf.Layer:
    value: object = 1
    for _ in range(depth - 2):
        value = {"a": value}
    return layer_with(value)


def check_refused(file: Path, blob: bytes) -> None:
    """Assert that a file with that residual, under right checksums, does not open."""
    other = file.with_name("other.parquet")
    other.write_bytes(replace_residual(file.read_bytes(), blob))
    with pytest.raises(Tf.ErrorException, match="the residual of the layer can't be read"):
        Sdf.Layer.OpenAsAnonymous(str(other))


def test_dictionaries_in_dictionaries(tmp_path: Path) -> None:
    """Deeper ones than a packed residual takes are a crate file."""
    file = check_round_trip(nested(DEEPEST), tmp_path / "packed.parquet")
    assert residual_format(file) == "packed"
    deeper = check_round_trip(nested(DEEPEST + 1), tmp_path / "usdc.parquet")
    assert residual_format(deeper) == "usdc"
    # Read: a dictionary with one entry of the same name around the innermost value.
    blob = residual_of(file.read_bytes())
    inner = blob.rindex(b"\x51\x01") + 2
    check_refused(file, blob[: inner + 1] + b"\x51\x01" + blob[inner:])


def test_texts_that_are_repeated(tmp_path: Path) -> None:
    """Each counts whole, however few bytes it takes."""
    names = sum(len(name) for name in ("/", "/A", "customData", "it", "specifier"))
    filler = (256 << 10) - 261 * 1000 - names

    def layer(size: int) -> Sdf.Layer:
        return layer_with(Vt.StringArray(["x" * 1000] * 261 + ["y" * size]))

    file = check_round_trip(layer(filler), tmp_path / "packed.parquet")
    assert residual_format(file) == "packed"
    larger = check_round_trip(layer(filler + 1), tmp_path / "usdc.parquet")
    assert residual_format(larger) == "usdc"
    # Read: one letter more.
    blob = residual_of(file.read_bytes())
    text = b"y" * filler
    length = bytes([filler & 127 | 128, filler >> 7])
    longer = bytes([filler + 1 & 127 | 128, filler + 1 >> 7])
    assert blob.count(length + text) == 1
    check_refused(file, blob.replace(length + text, longer + text + b"y"))


def test_the_same_layer_gives_the_same_bytes(tmp_path: Path) -> None:
    layer = text_layer(
        "".join(f'def "P{i}" (\n    references = @a{i}.usda@\n)\n{{\n}}\n' for i in range(40))
    )
    files = [tmp_path / f"{number}.parquet" for number in range(2)]
    for file in files:
        layer.Export(str(file))
    assert files[0].read_bytes() == files[1].read_bytes()


def test_bytes_that_no_writer_made(tmp_path: Path) -> None:
    """Under right checksums: an error or some layer, at once, and nothing worse."""
    source = text_layer(
        """def "A" (
    references = @a.usda@</B> (offset = 2)
    customData = {
        dictionary a = {
            int[] b = [1, 2]
        }
    }
)
{
    custom rel r = </A.x>
    double x.timeSamples = {
        1: 2,
        3: None,
    }
    token[] t = ["a", "b"]
}
"""
    )
    file = tmp_path / "it.parquet"
    source.Export(str(file))
    data = file.read_bytes()
    good = residual_of(data)
    chance = random.Random(7)
    refused = 0
    for number in range(1500):
        blob = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            blob[chance.randrange(len(blob))] = chance.choice([0, 1, 127, 128, 255, 33])
        if number % 3 == 0:
            del blob[chance.randrange(len(blob)) :]
        if bytes(blob) in (good, b""):
            continue
        file.write_bytes(replace_residual(data, bytes(blob)))
        try:
            layer = Sdf.Layer.OpenAsAnonymous(str(file))
        except Tf.ErrorException as error:
            refused += 1
            assert "it.parquet" in str(error)
            continue
        for prim in layer.rootPrims:
            prim.ListInfoKeys()
    assert refused > 500


@pytest.mark.parametrize("is_large", [False, True])
def test_paths_in_dictionaries(is_large: bool, tmp_path: Path) -> None:
    """Old files have them, and USDC refuses them."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    prim = Sdf.PrimSpec(layer, "A", Sdf.SpecifierDef)
    value = {"it": Sdf.Path("/B.x"), "none": Sdf.Path(), "inner": {"it": Sdf.Path("/C")}}
    prim.SetInfo("customData", value)
    if is_large:
        make_large(layer)
    file = check_round_trip(layer, tmp_path / "it.parquet")
    assert residual_format(file) == ("usdc" if is_large else "packed")
    copy = Sdf.Layer.OpenAsAnonymous(str(file))
    assert copy.GetPrimAtPath("/A").GetInfo("customData") == value
    with pytest.raises(Tf.ErrorException, match="SdfPath"):
        layer.Export(str(tmp_path / "it.usdc"))
