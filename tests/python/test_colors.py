"""The format arguments `color`, `ramp` and `range`: a column as the colours of prims."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Gf, Sdf, Tf, Usd, UsdGeom, Vt
from typer.testing import CliRunner
from usd_values import collected_warnings, open_layer

import usdparquet
from usdparquet.cli import app

DOCUMENT = (Path(__file__).parents[2] / "docs" / "colors.md").read_text(encoding="utf-8")
NAME = "primvars:displayColor"
VIRIDIS = {0: "#440154", 64: "#3b528b", 128: "#21918c", 192: "#5ec962", 255: "#fde725"}
PATHS = ["/A", "/B", "/C", "/D", "/E"]

Write = Callable[..., Path]


def linear(code: str) -> Gf.Vec3f:
    """A colour of a screen in linear light, by IEC 61966-2-1."""
    channels = [int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return Gf.Vec3f(
        *(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    )


def close(color: Any, code: str) -> bool:
    return len(color) == 1 and Gf.IsClose(color[0], linear(code), 1e-6)


def colors(layer: Sdf.Layer, paths: list[str] = PATHS) -> list[str | None]:
    """The colour of each prim as `#rrggbb`; None where there is no attribute, '' where no value."""
    found: list[str | None] = []
    for path in paths:
        spec = layer.GetAttributeAtPath(f"{path}.{NAME}")
        if spec is None:
            found.append(None)
        elif spec.default is None:
            found.append("")
        else:
            assert len(spec.default) == 1
            channels = [
                c * 12.92 if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055
                for c in spec.default[0]
            ]
            found.append("#" + "".join(f"{round(255 * c):02x}" for c in channels))
    return found


def table(values: Any, **more: Any) -> dict[str, Any]:
    return {"path": PATHS[: len(values)], "v": values, **more}


def test_a_column_is_colours(write: Write) -> None:
    file = write(table([10.0, 12.5, 15.0, 17.5, 20.0]))
    layer = open_layer(file, color="v")
    assert colors(layer) == list(VIRIDIS.values())
    spec = layer.GetAttributeAtPath(f"/A.{NAME}")
    assert spec.typeName == Sdf.ValueTypeNames.Color3fArray
    assert spec.variability == Sdf.VariabilityVarying
    assert not spec.custom
    assert spec.GetInfo("interpolation") == "constant"
    assert close(spec.default, "#440154")
    assert [each.name for each in layer.GetPrimAtPath("/A").properties] == ["v", NAME]
    stage = Usd.Stage.Open(layer)
    primvar = UsdGeom.PrimvarsAPI(stage.GetPrimAtPath("/E")).GetPrimvar("displayColor")
    assert primvar.GetInterpolation() == UsdGeom.Tokens.constant
    assert close(primvar.Get(), "#fde725")
    assert type(primvar.Get()) is Vt.Vec3fArray


def test_nulls_have_none_and_nan_has_no_value(write: Write) -> None:
    file = write(table([1.0, None, math.nan, 2.0, -math.inf]))
    layer = open_layer(file, color="v")
    assert colors(layer) == ["#440154", None, "", "#fde725", "#440154"]
    assert [each.name for each in layer.GetPrimAtPath("/B").properties] == []
    assert [each.name for each in layer.GetPrimAtPath("/C").properties] == ["v", NAME]
    assert not layer.GetAttributeAtPath(f"/C.{NAME}").HasDefaultValue()
    stage = Usd.Stage.Open(layer)
    assert not stage.GetPrimAtPath("/B").HasProperty(NAME)
    attribute = stage.GetAttributeAtPath(f"/C.{NAME}")
    assert not attribute.HasAuthoredValue()
    assert attribute.Get() is None
    declared = open_layer(file, color="v", nulls="declare")
    assert colors(declared) == ["#440154", "", "", "#fde725", "#440154"]


@pytest.mark.parametrize(
    ("values", "more"),
    [
        (pa.array([0, 1, 2, 3, 4], pa.int8()), {}),
        (pa.array([0, 1, 2, 3, 4], pa.uint8()), {}),
        (pa.array([0, 1, 2, 3, 4], pa.uint64()), {}),
        (pa.array([(n - 2) * 2**61 for n in range(5)], pa.int64()), {}),
        (pa.array([0, 1, 2, 3, 4], pa.float16()), {}),
        (pa.array([0, 1, 2, 3, 4], pa.float32()), {}),
        (pa.array(["-1e60", "-5e59", "0", "5e59", "1e60"]).cast(pa.decimal256(70, 2)), {}),
        (pa.array([0, 1, 2, 3, 4], pa.date32()), {}),
        (pa.array([0, 1, 2, 3, 4], pa.timestamp("s", "UTC")), {}),
        (pa.array([0, 1, 2, 3, 4], pa.timestamp("ns")), {}),
        (pa.array([0, 1, 2, 3, 4], pa.time64("us")), {}),
        (pa.array([-4, 0, 2, 3, 9], pa.int32()), {"range": "1,3"}),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else str(value),
)
@pytest.mark.parametrize("sealed", [False, True])
def test_every_type(tmp_path: Path, values: pa.Array, more: dict[str, str], sealed: bool) -> None:
    file = tmp_path / "t.parquet"
    rows = pa.table(table(values))
    usdparquet.write_table(rows, file) if sealed else pq.write_table(rows, file)
    expected = list(VIRIDIS.values())
    if more:
        expected[1] = expected[0]
        expected[3] = expected[4]
    assert colors(open_layer(file, color="v", **more)) == expected


def test_booleans_are_the_ends(write: Write) -> None:
    assert colors(open_layer(write(table([True, True])), color="v"), PATHS[:2]) == ["#fde725"] * 2


def test_one_value_is_in_the_middle(write: Write) -> None:
    assert colors(open_layer(write(table([3, 3])), color="v"), PATHS[:2]) == ["#21918c"] * 2


@pytest.mark.parametrize("dictionary", [True, False])
def test_texts_have_a_colour_each(tmp_path: Path, dictionary: bool) -> None:
    file = tmp_path / "t.parquet"
    pq.write_table(
        pa.table(table(["wood", "brick", None, "wood", "glass"])), file, use_dictionary=dictionary
    )
    layer = open_layer(file, color="v")
    assert colors(layer) == ["#009e73", "#0072b2", None, "#009e73", "#e69f00"]
    assert colors(open_layer(file, color="v", ramp="coolwarm")) == [
        *("#b40426", "#3b4cc0", None, "#b40426"),
        "#dcdddd",
    ]


def test_statistics_count_only_where_they_are_sealed(tmp_path: Path) -> None:
    """Both files say that values are 0 to 10; in one that is a lie, and has no seal."""
    honest, lying = tmp_path / "honest.parquet", tmp_path / "lying.parquet"
    rows = pa.table(table([0.0, 10.0]))
    usdparquet.write_table(rows, honest)
    pq.write_table(rows, lying, compression="none", use_dictionary=False)
    data = lying.read_bytes()
    values = struct.pack("<dd", 0.0, 10.0)
    assert data.count(values) == 1
    lying.write_bytes(data.replace(values, struct.pack("<dd", 0.0, 1000.0)))
    assert pq.read_metadata(lying).row_group(0).column(1).statistics.max == 10.0
    legend = legend_of(lying)
    assert (legend["range_from"], legend["marks"][-1]["value"]) == ("values", 1000.0)
    legend = legend_of(honest)
    assert (legend["range_from"], legend["marks"][-1]["value"]) == ("statistics", 10.0)


def test_sealed_statistics_over_row_groups(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    rows = {"path": [f"/P{n}" for n in range(40_000)], "v": [float(n) for n in range(40_000)]}
    rows["v"][5] = None
    usdparquet.write_table(pa.table(rows), file)
    legend = legend_of(file)
    assert legend["range_from"] == "statistics"
    assert [mark["value"] for mark in legend["marks"]] == [0, 9999.75, 19999.5, 29999.25, 39999]
    rows["v"][7] = math.inf
    usdparquet.write_table(pa.table(rows), file)
    assert legend_of(file)["range_from"] == "values"
    assert legend_of(file)["marks"][-1]["value"] == 39999


def test_long_tables_have_samples(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    rows = {
        "path": ["/A"] * 5 + ["/B"],
        "frame": [1.0, 2.0, 3.0, 4.0, None, None],
        "v": [0.0, math.nan, None, 10.0, 5.0, 7.5],
    }
    pq.write_table(pa.table(rows), file)
    layer = open_layer(file, color="v", time="frame")
    path = Sdf.Path(f"/A.{NAME}")
    assert layer.ListTimeSamplesForPath(path) == [1, 4]
    assert layer.GetNumTimeSamplesForPath(path) == 2
    assert layer.GetBracketingTimeSamplesForPath(path, 2.0) == (True, 1.0, 4.0)
    assert layer.QueryTimeSample(path, 2.0) is None
    assert close(layer.QueryTimeSample(path, 4.0), "#fde725")
    assert sorted(layer.GetAttributeAtPath(path).GetInfo("timeSamples")) == [1, 4]
    assert layer.ListTimeSamplesForPath(f"/B.{NAME}") == []
    assert colors(layer, ["/A", "/B"]) == ["#21918c", "#5ec962"]
    stage = Usd.Stage.Open(layer)
    attribute = stage.GetAttributeAtPath(path)
    assert attribute.GetTimeSamples() == [1, 4]
    between = attribute.Get(2.5)[0]
    assert Gf.IsClose(between, (linear("#440154") + linear("#fde725")) / 2, 1e-6)


def test_joined_tables_and_prefixes(tmp_path: Path) -> None:
    pq.write_table(pa.table({"tag": ["x", "y"], "heat": [1, 2]}), tmp_path / "t.parquet")
    pq.write_table(pa.table({"path": ["/A", "/B"], "id": ["y", "x"]}), tmp_path / "ids.parquet")
    arguments = {"key": "tag", "ids": "ids.parquet", "color": "heat", "prefix": "/W"}
    layer = open_layer(tmp_path / "t.parquet", **arguments)
    assert colors(layer, ["/W/A", "/W/B"]) == ["#fde725", "#440154"]


def test_a_name_is_decoded_and_a_field_is_named(write: Write) -> None:
    file = write({"path": ["/A", "/B"], "R&D 50%": [1, 2], "part": [{"cost": 2}, {"cost": 1}]})
    assert colors(open_layer(file, color="R%26D 50%25"), ["/A", "/B"]) == ["#440154", "#fde725"]
    assert colors(open_layer(file, color="part:cost"), ["/A", "/B"]) == ["#fde725", "#440154"]


def test_the_column_can_be_the_only_one(write: Write) -> None:
    file = write({"path": ["/A"], "a": [1], "v": [1], NAME: [5]})
    layer = open_layer(file, color="v", columns="v")
    assert [each.name for each in layer.GetPrimAtPath("/A").properties] == ["v", NAME]
    with pytest.raises(Tf.ErrorException, match="no column 'a' to be shown as colours"):
        open_layer(file, color="a", columns="v")


ROWS = {
    "path": ["/A"],
    "temperature": [1.0],
    "label": ["a"],
}
SIZE = pa.array([[1.0, 2.0, 3.0]], pa.list_(pa.float32(), 3))
# The tables and arguments behind the messages of the document.
ERRORS: list[tuple[dict[str, Any], dict[str, str]]] = [
    (ROWS, {"color": "temprature"}),
    (ROWS, {"color": "pressure"}),
    ({**ROWS, "size": SIZE}, {"color": "size"}),
    ({**ROWS, "part": [{"cost": 1}]}, {"color": "part"}),
    (ROWS, {"color": "path"}),
    ({**ROWS, "frame": [1]}, {"color": "frame", "time": "frame"}),
    ({**ROWS, "photo": [b"x"]}, {"color": "photo"}),
    ({**ROWS, NAME: [[1.0]]}, {"color": "temperature"}),
    (ROWS, {"color": "temperature", "ramp": "jet"}),
    (ROWS, {"color": "temperature", "ramp": "categories"}),
    (ROWS, {"color": "temperature", "range": "5"}),
    (ROWS, {"color": "temperature", "range": "100,0"}),
    (ROWS, {"color": "label", "range": "0,1"}),
    (ROWS, {"ramp": "magma"}),
]
SAID = re.findall(r"\| `sensors\.parquet: (.*?)` \|", DOCUMENT)


def test_every_error_of_the_document_is_tried() -> None:
    assert len(SAID) == len(ERRORS)


@pytest.mark.parametrize(
    ("case", "said"), list(zip(ERRORS, SAID, strict=False)), ids=lambda c: str(c)[-40:]
)
def test_errors(tmp_path: Path, case: tuple[dict[str, Any], dict[str, str]], said: str) -> None:
    file = tmp_path / "sensors.parquet"
    rows, arguments = case
    pq.write_table(pa.table(rows), file)
    with pytest.raises(Tf.ErrorException) as error:
        open_layer(file, **arguments)
    assert f"{file}: {said}" in str(error.value)
    stage = Usd.Stage.CreateInMemory()
    stage.GetRootLayer().subLayerPaths.append(Sdf.Layer.CreateIdentifier(str(file), arguments))
    assert not stage.GetPrimAtPath("/A")


def test_one_value_and_no_value_are_no_errors(write: Write) -> None:
    for values in ([math.nan, math.inf], pa.array([None, None], pa.float64())):
        assert open_layer(write(table(values)), color="v")


def exported(tmp_path: Path) -> Path:
    """A layer as Parquet: one prim has a displayColor of its own, which the residual keeps."""
    layer = Sdf.Layer.CreateAnonymous(".usda")
    for number, path in enumerate(PATHS):
        prim = Sdf.CreatePrimInLayer(layer, path)
        Sdf.AttributeSpec(prim, "v", Sdf.ValueTypeNames.Double).default = float(number)
    Sdf.AttributeSpec(layer.GetPrimAtPath("/B"), "mine", Sdf.ValueTypeNames.Int).default = 7
    layer.Export(str(tmp_path / "plain.parquet"))
    spec = Sdf.AttributeSpec(layer.GetPrimAtPath("/C"), NAME, Sdf.ValueTypeNames.Color3fArray)
    spec.default = Vt.Vec3fArray([Gf.Vec3f(1, 0, 0)])
    layer.Export(str(tmp_path / "colored.parquet"))
    return tmp_path


def test_exported_layers_and_their_residuals(tmp_path: Path) -> None:
    folder = exported(tmp_path)
    layer = open_layer(folder / "plain.parquet", color="v")
    assert colors(layer) == list(VIRIDIS.values())
    names = [each.name for each in layer.GetPrimAtPath("/B").properties]
    assert sorted(names) == sorted(["v", "mine", NAME])
    assert layer.GetAttributeAtPath("/B.mine").default == 7
    with pytest.raises(
        Tf.ErrorException, match=r"'v' can't be shown as colours: the file has /C\."
    ):
        open_layer(folder / "colored.parquet", color="v")
    assert colors(open_layer(folder / "colored.parquet", color="v", columns="v"))[2] == "#21918c"


def test_export_writes_colours(tmp_path: Path, write: Write) -> None:
    layer = open_layer(write(table([1.0, None, math.nan, 2.0])), color="v")
    text = layer.ExportToString()
    assert text.count(f"color3f[] {NAME}") == 3
    assert text.count('interpolation = "constant"') == 3
    for name in ("out.parquet", "out.usdc"):
        assert layer.Export(str(tmp_path / name))
        assert Sdf.Layer.FindOrOpen(str(tmp_path / name)).ExportToString() == text
    flat = Usd.Stage.Open(layer).Flatten()
    assert colors(flat, PATHS[:4]) == ["#440154", None, "", "#fde725"]


def test_save_writes_values_and_no_colours(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    usdparquet.write_table(pa.table(table([10.0, 12.5, None, 17.5, 20.0])), file)
    layer = open_layer(file, color="v")
    layer.GetAttributeAtPath("/E.v").default = 30.0
    made = Sdf.AttributeSpec(layer.GetPrimAtPath("/C"), "v", Sdf.ValueTypeNames.Double)
    made.default = 15.0
    assert colors(layer)[2:] == [None, "#5ec962", "#fde725"]  # until the layer is saved
    assert layer.Save()
    assert pq.read_table(file).to_pydict() == table([10.0, 12.5, 15.0, 17.5, 30.0])
    assert colors(layer) == ["#440154", *colors(layer)[1:4], "#fde725"]
    assert colors(layer)[2] == "#3b528b"
    layer.GetPrimAtPath("/A").RemoveProperty(layer.GetAttributeAtPath("/A.v"))
    assert layer.Save()
    assert pq.read_table(file)["v"].to_pylist() == [None, 12.5, 15.0, 17.5, 30.0]
    assert colors(layer)[0] is None


@pytest.mark.parametrize("edit", ["value", "removed", "made", "prim"])
def test_save_refuses_other_edits(tmp_path: Path, edit: str) -> None:
    file = tmp_path / "sensors.parquet"
    usdparquet.write_table(pa.table(table([1.0, None])), file)
    before = file.read_bytes()
    layer = open_layer(file, color="v")
    red = Vt.Vec3fArray([Gf.Vec3f(1, 0, 0)])
    if edit == "value":
        layer.GetAttributeAtPath(f"/A.{NAME}").default = red
    elif edit == "removed":
        layer.GetPrimAtPath("/A").RemoveProperty(layer.GetAttributeAtPath(f"/A.{NAME}"))
    elif edit == "made":
        spec = Sdf.AttributeSpec(layer.GetPrimAtPath("/B"), NAME, Sdf.ValueTypeNames.Color3fArray)
        spec.default = red
    else:
        Sdf.CreatePrimInLayer(layer, "/New")
    with pytest.raises(Tf.ErrorException) as error:
        layer.Save()
    said = re.search(r"^    sensors\.parquet: (the layer can't.*)$", DOCUMENT, re.MULTILINE)
    assert said and f"{file}: {said[1]}" in str(error.value)
    assert file.read_bytes() == before
    expected = {"value": ["#ff0000", None], "removed": [None, None]}
    expected |= {"made": ["#21918c", "#ff0000"], "prim": ["#21918c", None]}
    assert colors(layer, PATHS[:2]) == expected[edit]
    assert layer.Export(str(tmp_path / "out.usda"))


def test_a_stage_resolves_them(write: Write) -> None:
    layer = open_layer(write(table([1.0, 2.0, None])), color="v")
    base = Sdf.Layer.CreateAnonymous(".usda")
    for path in PATHS[:3]:
        Sdf.CreatePrimInLayer(base, path).specifier = Sdf.SpecifierDef
    root = Sdf.Layer.CreateAnonymous(".usda")
    root.subLayerPaths = [layer.identifier, base.identifier]
    stage = Usd.Stage.Open(root)
    found = usdparquet.resolve_columns(stage, [NAME, "v"]).to_pydict()
    expected = [stage.GetAttributeAtPath(f"{path}.{NAME}").Get() for path in PATHS[:2]]
    assert [[list(color) for color in cell] for cell in found[NAME][:2]] == [
        [list(color) for color in cell] for cell in expected
    ]
    assert found[NAME][2] is None
    assert found["v"] == [1.0, 2.0, None]


def test_it_is_inherited_by_what_is_below_and_hidden_by_what_is_stronger(write: Write) -> None:
    stage = Usd.Stage.CreateInMemory()
    UsdGeom.Xform.Define(stage, "/A")
    mesh = UsdGeom.PrimvarsAPI(UsdGeom.Mesh.Define(stage, "/A/Mesh"))
    heat = Sdf.Layer.CreateIdentifier(str(write(table([1.0, 2.0]))), {"color": "v"})
    stage.GetRootLayer().subLayerPaths.append(heat)
    inherited = mesh.FindPrimvarWithInheritance("displayColor")
    assert inherited.GetAttr().GetPath() == f"/A.{NAME}"
    assert close(inherited.Get(), "#440154")
    UsdGeom.Xform.Get(stage, "/A").GetPrim().GetAttribute(NAME).Set([Gf.Vec3f(1, 0, 0)])
    assert stage.GetAttributeAtPath(f"/A.{NAME}").Get()[0] == Gf.Vec3f(1, 0, 0)
    stage.GetSessionLayer().subLayerPaths.insert(0, heat)
    assert close(stage.GetAttributeAtPath(f"/A.{NAME}").Get(), "#440154")


def test_damage_is_told_and_leaves_the_other_colours(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    rows = {"path": [f"/P{n}" for n in range(2000)], "v": [float(n) for n in range(2000)]}
    options: dict[str, Any] = {"row_group_size": 1000, "use_dictionary": False}
    pq.write_table(pa.table(rows), file, compression="none", write_page_checksum=True, **options)
    data = bytearray(file.read_bytes())
    data[data.index(struct.pack("<d", 1500.0))] ^= 1
    file.write_bytes(data)
    layer = open_layer(file, color="v")
    assert colors(layer, ["/P0", "/P999"]) == ["#440154", "#fde725"]
    with pytest.raises(Tf.ErrorException, match=r"column 'v', row group 1.*checksum"):
        colors(layer, ["/P1500"])
    assert colors(layer, ["/P999", "/P1501"]) == ["#fde725", ""]


def legend_of(file: Path, *options: str) -> dict[str, Any]:
    arguments = ["inspect", str(file), "--color", "v", "--json", *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["colors"]


def test_the_legend_is_what_the_layer_shows(write: Write) -> None:
    values = [18.0, 20.0, 22.0, 24.0, 26.0]
    file = write(table(values))
    legend = legend_of(file, "--ramp", "magma", "--range", "18,26")
    assert (legend["column"], legend["ramp"], legend["range_from"]) == ("v", "magma", "range")
    assert [mark["value"] for mark in legend["marks"]] == values
    layer = open_layer(file, color="v", ramp="magma", range="18,26")
    for path, mark in zip(PATHS, legend["marks"], strict=True):
        (color,) = layer.GetAttributeAtPath(f"{path}.{NAME}").default
        assert tuple(color) == tuple(mark["color"])
        assert Gf.IsClose(color, linear(mark["srgb"]), 1e-6)


def test_the_legend_of_texts_and_booleans(write: Write) -> None:
    legend = legend_of(write(table(["b", "a", "b"])))
    assert [(mark["value"], mark["srgb"]) for mark in legend["marks"]] == [
        ("a", "#0072b2"),
        ("b", "#e69f00"),
    ]
    legend = legend_of(write(table([True, False])))
    assert [mark["value"] for mark in legend["marks"]] == ["false", "true"]


def test_a_terminal_shows_the_colours(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(table(["b", "a long text that has no room"]))
    monkeypatch.setattr("usdparquet.cli.tables.is_for_reader", lambda: True)
    monkeypatch.setenv("COLUMNS", "34")
    result = CliRunner().invoke(app, ["inspect", str(file), "--color", "v"], color=True)
    lines = result.stdout.splitlines()[3:]
    assert lines == [
        "\x1b[48;2;0;114;178m    \x1b[0m a long text that ha…  #0072b2",
        "\x1b[48;2;230;159;0m    \x1b[0m b                     #e69f00",
        "     1 more column: displayColor",
    ]


def test_the_legend_needs_no_paths(tmp_path: Path) -> None:
    pq.write_table(pa.table({"tag": ["x"], "v": [1]}), tmp_path / "t.parquet")
    assert legend_of(tmp_path / "t.parquet")["marks"][0]["value"] == 1


def test_the_legend_refuses_what_the_layer_refuses(write: Write) -> None:
    file = write(table([1.0]))
    for options, said in [
        (["--color", "w"], f"{file}: there is no column 'w' to be shown as colours"),
        (["--color", "v", "--ramp", "jet"], f"{file}: column 'v' can't be shown by the ramp 'jet'"),
    ]:
        result = CliRunner().invoke(app, ["inspect", str(file), *options])
        assert result.exit_code == 1
        assert said in result.stderr
    result = CliRunner().invoke(app, ["inspect", str(file), "--range", "0,1"])
    assert result.exit_code == 2
    assert "--range needs --color" in result.stderr


def test_unknown_arguments_are_told_with_these_among_the_known(write: Write) -> None:
    with collected_warnings() as warnings:
        open_layer(write(table([1.0])), colour="v")
    assert any(text.endswith("key, ids, color, ramp, range") for text in warnings)


def test_the_paths_have_no_legend(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    pq.write_table(pa.table({"path": ["/A"], "where": ["/A"], "x": [1.0]}), file)
    for options, column in (([], "path"), (["--path", "where"], "where")):
        done = CliRunner().invoke(app, ["inspect", str(file), "--color", column, *options])
        assert done.exit_code == 1
        assert done.stderr == f"{file}: column '{column}' has no colours: it holds the prim paths\n"
    done = CliRunner().invoke(app, ["inspect", str(file), "--color", "x", "--path", "where"])
    assert done.exit_code == 0
