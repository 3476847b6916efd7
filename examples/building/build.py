"""Writes a small office building, building.usda, and two tables that know its ids, not its paths.

Usage: python build.py [folder]
"""

from __future__ import annotations

import base64
import csv
import math
import random
import sys
import uuid
from pathlib import Path

import pandas
from pxr import Gf, Sdf, Usd, UsdGeom

STOREYS = 4
ROOMS = 8  # on each side of the corridor
WIDTH, DEPTH, HEIGHT, CORRIDOR, THICK = 4.0, 5.0, 3.0, 2.0, 0.3
DOOR_TYPES = ("D-Single-900", "D-Single-1000", "D-Double-1800")
_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_IFC_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$"


def global_id(name: str) -> str:
    """The GlobalId of an element as IFC writes it: 128 bits in 22 digits to the base of 64."""
    padded = b"\0\0" + uuid.uuid5(uuid.NAMESPACE_URL, name).bytes
    digits = base64.b64encode(padded).translate(bytes.maketrans(_DIGITS, _IFC_DIGITS))
    return digits[2:].decode()


def element(stage: Usd.Stage, path: str, ifc_class: str, low: Gf.Vec3d, size: Gf.Vec3d) -> Usd.Prim:
    """A box with the ids that an IFC exporter writes."""
    cube = UsdGeom.Cube.Define(stage, path)
    cube.CreateSizeAttr(1.0)
    cube.AddTranslateOp().Set(low + size / 2)
    cube.AddScaleOp().Set(Gf.Vec3f(size))
    prim = cube.GetPrim()
    prim.CreateAttribute("ifc:GlobalId", Sdf.ValueTypeNames.String).Set(global_id(path))
    prim.CreateAttribute("ifc:class", Sdf.ValueTypeNames.Token).Set(ifc_class)
    return prim


def add_room(stage: Usd.Stage, storey: int, side: int, number: int) -> None:
    """A room with its outer wall, the wall to the next room, and the door to the corridor."""
    above = f"/Building/Storey_{storey}"
    name = f"{'SN'[side]}{number:02}"
    x, z = number * WIDTH, storey * HEIGHT
    inner = DEPTH if side == 0 else DEPTH + CORRIDOR
    y = 0.0 if side == 0 else inner
    front = y if side == 0 else y + DEPTH - THICK
    room = element(
        stage,
        f"{above}/Rooms/Room_{name}",
        "IfcSpace",
        Gf.Vec3d(x + THICK, y + THICK, z),
        Gf.Vec3d(WIDTH - THICK, DEPTH - 2 * THICK, HEIGHT - THICK),
    )
    room.SetCustomDataByKey("plant:tag", f"TT-{storey}{name}")
    element(
        stage,
        f"{above}/Walls/Facade_{name}",
        "IfcWall",
        Gf.Vec3d(x, front, z),
        Gf.Vec3d(WIDTH, THICK, HEIGHT),
    )
    element(
        stage,
        f"{above}/Walls/Wall_{name}",
        "IfcWall",
        Gf.Vec3d(x, y, z),
        Gf.Vec3d(THICK, DEPTH, HEIGHT),
    )
    door = element(
        stage,
        f"{above}/Doors/Door_{name}",
        "IfcDoor",
        Gf.Vec3d(x + 1.5, inner - THICK / 2, z),
        Gf.Vec3d(1.0, 0.1, 2.1),
    )
    door.CreateAttribute("ifc:typeName", Sdf.ValueTypeNames.String).Set(DOOR_TYPES[number % 3])


def write_scene(file: Path) -> Usd.Stage:
    stage = Usd.Stage.CreateNew(str(file))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    building = UsdGeom.Xform.Define(stage, "/Building").GetPrim()
    building.SetAssetInfoByKey("name", "Office 7")
    stage.SetDefaultPrim(building)
    for storey in range(STOREYS):
        for folder in ("", "/Walls", "/Doors", "/Rooms"):
            UsdGeom.Xform.Define(stage, f"/Building/Storey_{storey}{folder}")
        for number in range(ROOMS):
            for side in range(2):
                add_room(stage, storey, side, number)
    stage.Save()
    return stage


def write_elements(stage: Usd.Stage, file: Path) -> None:
    """The table of the building physics: some walls are missing, some rows are of another house."""
    chance = random.Random(7)
    walls = [prim for prim in stage.Traverse() if prim.GetAttribute("ifc:class").Get() == "IfcWall"]
    rows = []
    for number, wall in enumerate(walls):
        if number % 16 == 15:
            continue  # nobody has measured it
        is_facade = wall.GetName().startswith("Facade")
        u_value = round(chance.uniform(0.18, 0.34) if is_facade else chance.uniform(1.1, 1.9), 2)
        u_value = u_value if is_facade else None  # inner walls have none
        rows.append([wall.GetAttribute("ifc:GlobalId").Get(), u_value, chance.randint(900, 2400)])
    rows += [[global_id(f"/Annex/Wall_{number}"), 0.21, 1500] for number in range(3)]
    chance.shuffle(rows)
    with file.open("w", encoding="utf-8", newline="") as sink:
        csv.writer(sink).writerows([["GlobalId", "U_value", "cost"], *rows])


def write_sensors(stage: Usd.Stage, file: Path) -> None:
    """The temperature of each room, by the tag of its sensor."""
    tags = [prim.GetCustomDataByKey("plant:tag") for prim in stage.Traverse()]
    tags = [tag for tag in tags if tag]
    warmth = [20.0 + 4.0 * math.sin(number / 5.0) for number in range(len(tags))]
    frame = pandas.DataFrame({"tag": tags, "temperature": [round(each, 1) for each in warmth]})
    frame.sample(frac=1.0, random_state=7).to_parquet(file, index=False)


def main(folder: str = ".") -> None:
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    stage = write_scene(target / "building.usda")
    write_elements(stage, target / "elements.csv")
    write_sensors(stage, target / "sensors.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:2])
