"""By which way the values of `resolve_columns` come: a loop would be right too, but slow."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf, Tf, Usd, UsdGeom
from resolve_check import Seen, check_stage

import usdparquet
from usdparquet._resolve import resolve_counted
from usdparquet._resolving import Counts

PRIMS = 200
PATHS = [f"/World/Zone_{n // 50}/Part_{n}" for n in range(PRIMS)]
Open = Callable[..., Usd.Stage]

SCENE = "\n".join(
    [
        'def Xform "World" {',
        *(
            line
            for zone in range(PRIMS // 50)
            for line in (
                f'def Xform "Zone_{zone}" {{',
                *(f'def Xform "Part_{zone * 50 + part}" {{}}' for part in range(50)),
                "}",
            )
        ),
        "}",
    ]
)


def over_of(part: int, text: str) -> str:
    """A layer that says something of a part in the first zone."""
    names = ["World", "Zone_0", f"Part_{part}"]
    return "\n".join([*(f'over "{name}"\n{{' for name in names), text, *"}}}"])


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Opens a stage of sublayers, the strongest first: texts, or columns of a Parquet layer."""
    numbers = itertools.count()

    def opened(*layers: str | dict[str, Any], **arguments: str) -> Usd.Stage:
        root = Sdf.Layer.CreateAnonymous(".usda")
        for layer in layers:
            number = next(numbers)
            if isinstance(layer, str):
                file = str(tmp_path / f"{number}.usda")
                Path(file).write_text("#usda 1.0\n" + layer)
                root.subLayerPaths.append(file)
            else:
                file = str(tmp_path / f"{number}.parquet")
                types = layer.pop("types", None)
                usdparquet.write_table(pa.table({"path": PATHS} | layer), file, types=types)
                root.subLayerPaths.append(Sdf.Layer.CreateIdentifier(file, arguments))
        return Usd.Stage.Open(root)

    return opened


def counts(stage: Usd.Stage, names: list[str], **options: Any) -> Counts:
    """How the values came; they are checked as well."""
    check_stage(stage, Seen(), times=(None, 1.0))
    return resolve_counted(stage, names, **options).counts


COSTS = [n * 0.5 for n in range(PRIMS)]
MANY: dict[str, Any] = {
    "cost": COSTS,
    "count": pa.array(range(PRIMS), pa.int32()),
    "label": [f"part {n}" for n in range(PRIMS)],
    "flag": [n % 3 == 0 for n in range(PRIMS)],
    "tint": pa.array([[n, 0.5, 1] for n in range(PRIMS)], pa.list_(pa.float32(), 3)),
    "notes": [["a"] * (n % 3) for n in range(PRIMS)],
    "weights": pa.array([[0.5] * (n % 4) for n in range(PRIMS)], pa.list_(pa.float32())),
    "day": pa.array(range(PRIMS), pa.date32()),
    "half": pa.array([0.5] * PRIMS, pa.float16()),
    "kind_of": pa.array(["door", "wall"] * (PRIMS // 2)),
    "when": pa.array([float(n) for n in range(PRIMS)]),
    "file": [f"./{n}.png" for n in range(PRIMS)],
    "turn": pa.array([[0, 0, 0, 1]] * PRIMS, pa.list_(pa.float32(), 4)),
    "frame": pa.array([list(range(16))] * PRIMS, pa.list_(pa.float64(), 16)),
}
TYPES = {
    "tint": "color3f",
    "kind_of": "token",
    "when": "timecode",
    "file": "asset",
    "turn": "quatf",
}


def test_columns_of_every_kind_are_taken_whole(opened: Open) -> None:
    stage = opened(SCENE, MANY | {"types": TYPES})
    found = counts(stage, list(MANY))
    assert found == Counts(whole=PRIMS * len(MANY))
    # Nothing in the layer has a time, so that no time makes a difference.
    assert counts(stage, list(MANY), time=3.0) == found


def test_a_stronger_layer_is_read_past_usd(opened: Open) -> None:
    over = SCENE.replace("def Xform", "over").replace(
        "{}", '{ double cost = 7\nstring label = "mine"\ncolor3f tint = (1, 2, 3); }'
    )
    stage = opened(over, SCENE, MANY | {"types": TYPES})
    names = ["cost", "label", "tint"]
    assert counts(stage, [*names, "count"]) == Counts(whole=PRIMS, single=3 * PRIMS)
    table = usdparquet.resolve_columns(stage, names, under=PATHS[3])
    assert table.to_pylist() == [
        {"path": PATHS[3], "cost": 7.0, "label": "mine", "tint": [1.0, 2.0, 3.0]}
    ]


def test_nulls_fall_through_to_the_next_table(opened: Open) -> None:
    some = [cost if n % 4 else None for n, cost in enumerate(COSTS)]
    stage = opened(SCENE, {"cost": some}, {"cost": [-1.0] * PRIMS})
    assert counts(stage, ["cost"]) == Counts(whole=PRIMS)
    column = usdparquet.resolve_columns(stage, ["cost"], prims=PATHS)["cost"].to_pylist()
    assert column == [-1.0 if cost is None else cost for cost in some]


def test_a_block_hides_the_table(opened: Open) -> None:
    blocked = over_of(7, "double cost = None")
    stage = opened(blocked, SCENE, {"cost": COSTS})
    assert counts(stage, ["cost"]) == Counts(whole=PRIMS - 1)
    animation = over_of(7, "double cost = AnimationBlock")
    found = counts(opened(animation, SCENE, {"cost": COSTS}), ["cost"])
    assert found == Counts(whole=PRIMS - 1, asked=1)


def test_samples_are_asked_for_at_times(opened: Open) -> None:
    timed = over_of(7, "double cost.timeSamples = { 0: 1, 2: 3, }")
    stage = opened(timed, SCENE, {"cost": COSTS})
    assert counts(stage, ["cost"]) == Counts(whole=PRIMS)
    assert counts(stage, ["cost"], time=1.0) == Counts(whole=PRIMS - 1, asked=1)


def test_long_tables_are_asked_at_times(opened: Open, tmp_path: Path) -> None:
    rows = {"path": PATHS * 2, "frame": [1.0] * PRIMS + [2.0] * PRIMS, "x": [*COSTS, *COSTS]}
    usdparquet.write_table(pa.table(rows), tmp_path / "long.parquet", time="frame")
    stage = opened(SCENE)
    stage.GetRootLayer().subLayerPaths.append(str(tmp_path / "long.parquet"))
    assert counts(stage, ["x"], types={"x": "double"}) == Counts()
    assert counts(stage, ["x"], time=1.0) == Counts(asked=PRIMS)


def test_time_codes_are_scaled(opened: Open) -> None:
    stage = opened(SCENE, {"when": COSTS, "types": {"when": "timecode"}})
    stage.GetRootLayer().subLayerOffsets[1] = Sdf.LayerOffset(10, 2)
    assert counts(stage, ["when"]) == Counts(asked=PRIMS)
    table = usdparquet.resolve_columns(stage, ["when"], under=PATHS[3])
    assert table["when"].to_pylist() == [COSTS[3] * 2 + 10]


def test_expressions_are_evaluated(opened: Open) -> None:
    files = ['`"a_${X}.png"`', *["./b.png"] * (PRIMS - 1)]
    stage = opened(SCENE, {"file": files, "types": {"file": "asset"}})
    stage.GetRootLayer().expressionVariables = {"X": "1"}
    assert counts(stage, ["file"]).whole == 0
    column = usdparquet.resolve_columns(stage, ["file"], prims=PATHS)["file"].to_pylist()
    assert column == ["a_1.png", *["./b.png"] * (PRIMS - 1)]


def test_fallbacks_are_asked_for(opened: Open) -> None:
    stage = opened(SCENE, {"size": [None, *COSTS[1:]]})
    # No prim is a cube, but each may have a fallback: all are of some type.
    assert counts(stage, ["size"]).whole == PRIMS - 1
    stage.GetPrimAtPath(PATHS[0]).SetTypeName("Cube")
    cube = usdparquet.resolve_columns(stage, ["size"], under=PATHS[0])["size"]
    assert cube.to_pylist() == [2.0]
    assert counts(opened(SCENE, {"cost": [None, *COSTS[1:]]}), ["cost"]).asked == 0


def test_a_schema_tells_the_type(opened: Open) -> None:
    stage = opened(SCENE, {"size": pa.array(COSTS, pa.float32())})
    table = usdparquet.resolve_columns(stage, ["size"], prims=PATHS)
    assert table["size"].to_pylist() == COSTS
    counts(stage, ["size"])


def test_values_of_another_type_are_asked_for(opened: Open) -> None:
    other = over_of(7, "int cost = 3")
    stage = opened(other, SCENE, {"cost": COSTS})
    assert counts(stage, ["cost"]) == Counts(whole=PRIMS - 1, asked=1)
    assert usdparquet.resolve_columns(stage, ["cost"])["cost"].type == pa.float64()


def test_edits_of_a_table_count(opened: Open) -> None:
    stage = opened(SCENE, {"cost": COSTS})
    layer = stage.GetLayerStack()[-1]
    layer.GetAttributeAtPath(f"{PATHS[5]}.cost").default = 99.0
    assert counts(stage, ["cost"]) == Counts(single=PRIMS)
    assert usdparquet.resolve_columns(stage, ["cost"], under=PATHS[5])["cost"].to_pylist() == [99.0]


def test_muted_layers_and_masks(opened: Open) -> None:
    stage = opened(SCENE, {"cost": COSTS}, {"cost": [-1.0] * PRIMS})
    strong = stage.GetLayerStack()[-2].identifier
    stage.MuteLayer(strong)
    assert (
        usdparquet.resolve_columns(stage, ["cost"], prims=PATHS)["cost"].to_pylist()
        == [-1.0] * PRIMS
    )
    stage.UnmuteLayer(strong)
    assert counts(stage, ["cost"]) == Counts(whole=PRIMS)
    mask = Usd.StagePopulationMask(["/World/Zone_1"])
    masked = Usd.Stage.OpenMasked(stage.GetRootLayer(), mask)
    assert counts(masked, ["cost"]) == Counts(asked=52)


def test_prims_that_went_are_in_no_row(opened: Open) -> None:
    stage = opened(SCENE, {"cost": COSTS})
    assert counts(stage, ["cost"]) == Counts(whole=PRIMS)
    stage.GetPrimAtPath("/World/Zone_1").SetActive(False)
    assert counts(stage, ["cost"]) == Counts(whole=PRIMS - 50)
    stage.GetPrimAtPath("/World/Zone_1").SetActive(True)
    del stage.GetRootLayer().subLayerPaths[0]
    assert len(usdparquet.resolve_columns(stage, ["cost"])) == PRIMS + PRIMS // 50 + 1


def test_references_and_instances(opened: Open, tmp_path: Path) -> None:
    opened(SCENE, {"cost": COSTS})
    asset = Sdf.Layer.CreateNew(str(tmp_path / "asset.usda"))
    asset.subLayerPaths = ["0.usda", "1.parquet"]
    asset.defaultPrim = "World"
    asset.Save()
    stage = Usd.Stage.CreateInMemory()
    for name in ("A", "B"):
        stage.DefinePrim(f"/{name}").GetReferences().AddReference(asset.identifier)
    assert counts(stage, ["cost"]) == Counts(whole=2 * PRIMS)
    for name in ("A", "B"):
        stage.GetPrimAtPath(f"/{name}").SetInstanceable(True)
    inside = PRIMS + PRIMS // 50
    # What the prototype has is found once, and told of each instance.
    assert counts(stage, ["cost"]) == Counts(whole=2 * PRIMS)
    assert len(usdparquet.resolve_columns(stage, ["cost"])) == 2 + 2 * inside
    prototype = stage.GetPrimAtPath("/A").GetPrototype()
    inner = usdparquet.resolve_columns(stage, ["cost"], under=prototype.GetPath())
    assert inner["cost"].null_count == 1 + PRIMS // 50


def test_layers_that_have_all_in_a_residual(opened: Open, tmp_path: Path) -> None:
    stage = opened(SCENE, MANY | {"types": TYPES})
    prim = stage.GetPrimAtPath(PATHS[9])
    prim.CreateAttribute("alone", Sdf.ValueTypeNames.Int).Set(4)
    with Usd.EditContext(stage, stage.GetRootLayer()):
        UsdGeom.Cube.Define(stage, "/World/Cube").CreateSizeAttr(3.0)
    stage.Flatten().Export(str(tmp_path / "flat.parquet"))
    flat = Usd.Stage.Open(str(tmp_path / "flat.parquet"))
    found = counts(flat, [*MANY, "alone"])
    assert found.asked == 0
    assert found.whole + found.single == PRIMS * len(MANY) + 1
    assert found.whole >= PRIMS * (len(MANY) - 1)


@pytest.mark.parametrize("time", [None, 1.0])
def test_chosen_prims(opened: Open, time: float | None) -> None:
    stage = opened(SCENE, {"cost": COSTS})
    chosen = [PATHS[n * 7 % PRIMS] for n in range(150)] + ["/World"]
    found = resolve_counted(stage, ["cost"], prims=chosen, time=time)
    assert found.table["path"].to_pylist() == chosen
    assert found.table["cost"].to_pylist() == [*(COSTS[n * 7 % PRIMS] for n in range(150)), None]
    assert found.counts == Counts(whole=150)


def test_few_prims_of_a_large_table(opened: Open, tmp_path: Path) -> None:
    rows = pa.table({"path": [f"/X/P{n}" for n in range(5000)], "cost": [1.5] * 5000})
    usdparquet.write_table(rows, tmp_path / "large.parquet")
    stage = Usd.Stage.CreateInMemory()
    for n in range(120):
        over = stage.OverridePrim(f"/Some/P{n}")
        over.GetReferences().AddReference(str(tmp_path / "large.parquet"), f"/X/P{n}")
    assert counts(stage, ["cost"]) == Counts(single=120)


def test_damage_is_told_as_get_tells_it(opened: Open, tmp_path: Path) -> None:
    opened(SCENE, {"cost": COSTS})
    chunk = pq.ParquetFile(tmp_path / "1.parquet").metadata.row_group(0).column(1)
    data = bytearray((tmp_path / "1.parquet").read_bytes())
    data[chunk.data_page_offset + chunk.total_compressed_size - 10] ^= 0xFF
    (tmp_path / "bad.parquet").write_bytes(data)
    stage = opened(SCENE)
    stage.GetRootLayer().subLayerPaths.append(str(tmp_path / "bad.parquet"))
    with pytest.raises(Tf.ErrorException, match="column 'cost', row group 0, from row 0"):
        usdparquet.resolve_columns(stage, ["cost"])


def _muted(stage: Usd.Stage, weak: Sdf.Layer) -> None:
    stage.MuteLayer(weak.identifier)


def _removed(stage: Usd.Stage, weak: Sdf.Layer) -> None:
    stage.GetRootLayer().subLayerPaths.remove(weak.identifier)


def _cleared(_: Usd.Stage, weak: Sdf.Layer) -> None:
    weak.Clear()


def _layer(text: str) -> Sdf.Layer:
    layer = Sdf.Layer.CreateAnonymous(".usda")
    layer.ImportFromString("#usda 1.0\n" + text)
    return layer


@pytest.mark.parametrize("change", [_muted, _removed, _cleared])
@pytest.mark.parametrize("is_instance", [False, True])
def test_the_stage_keeps_an_old_order(
    change: Callable[[Usd.Stage, Sdf.Layer], None], is_instance: bool
) -> None:
    """OpenUSD does not sort the children of a stage anew where a layer goes that only named one."""
    room = 'def "A" {\ndouble x = 1\n}\ndef Mesh "B" {\ndouble x = 2\nrel of = </W>\n}\n'
    if is_instance:
        made = "( instanceable = true\nreferences = </R>\n) {}\n"
        base = _layer(f'over "R" {{\n{room}}}\ndef "W" {{\ndef "I" {made}def "J" {made}}}')
        weak = _layer('over "R" {\nover "B" {}\n}\nover "W" {\nover "J" {}\n}')
    else:
        base, weak = _layer(f'def "W" {{\n{room}}}'), _layer('over "W" {\nover "B" {}\n}')
    root = Sdf.Layer.CreateAnonymous(".usda")
    root.subLayerPaths = [base.identifier, weak.identifier]
    stage = Usd.Stage.Open(root)
    change(stage, weak)
    every = Usd.TraverseInstanceProxies(Usd.PrimAllPrimsPredicate)
    for options in ({}, {"under": "/W"}):
        top = stage.GetPrimAtPath("/W") if options else stage.GetPseudoRoot()
        prims = [prim for prim in Usd.PrimRange(top, every) if not prim.IsPseudoRoot()]
        right = [
            {
                "path": str(prim.GetPath()),
                "x": prim.GetAttribute("x").Get() if prim.HasAttribute("x") else None,
                "@type": prim.GetTypeName() or None,
                "rel:of": [str(path) for path in prim.GetRelationship("of").GetTargets()] or None
                if prim.HasRelationship("of")
                else None,
            }
            for prim in prims
        ]
        assert (
            usdparquet.resolve_columns(stage, ["x", "@type", "rel:of"], **options).to_pylist()
            == right
        )
        types = usdparquet.resolve_columns(stage, ["@type"], **options).to_pylist()
        assert types == [{name: row[name] for name in ("path", "@type")} for row in right]
        values = usdparquet.resolve_columns(stage, ["x"], **options).to_pylist()
        assert sorted(map(str, values)) == sorted(
            str({k: row[k] for k in ("path", "x")}) for row in right
        )
        meshes = [row["path"] for row in right if row["@type"] == "Mesh"]
        assert len(meshes) == (1 if not is_instance else 2 if options else 3)
        assert usdparquet.find_prims(stage, "\"@type\" = 'Mesh'", **options) == meshes
        assert sorted(usdparquet.find_prims(stage, "x = 2", **options)) == sorted(meshes)
