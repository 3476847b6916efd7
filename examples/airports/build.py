"""Make a scene of 3,376 real airports: a prim each in scene.usda, their data in airports.parquet.

python build.py [folder]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import vega_datasets
from pxr import Sdf

CSV = Path(vega_datasets.__file__).parent / "_data" / "airports.csv"


def prim_name(text: str) -> str:
    """A prim name of any text: `00M` becomes `_00M`, `N Mariana Islands` `N_Mariana_Islands`."""
    name = re.sub(r"\W", "_", text)
    return f"_{name}" if name[0].isdigit() else name


def prim_path(airport: pd.Series) -> str:
    """/Airports/<country>/<state>/<code>; where the state is a gap, it is `Unknown`."""
    state = "Unknown" if pd.isna(airport["state"]) else airport["state"]
    names = (airport["country"], state, airport["iata"])
    return "/Airports/" + "/".join(map(prim_name, names))


def write_scene(paths: list[str], file: Path) -> None:
    """Define an Xform for every airport and its ancestors, over the table as a sublayer."""
    layer = Sdf.Layer.CreateNew(str(file))
    with Sdf.ChangeBlock():
        for path in paths:
            for prefix in Sdf.Path(path).GetPrefixes():
                if not layer.GetPrimAtPath(prefix):
                    prim = Sdf.CreatePrimInLayer(layer, prefix)
                    prim.specifier, prim.typeName = Sdf.SpecifierDef, "Xform"
    layer.defaultPrim = "Airports"
    layer.subLayerPaths = ["./airports.parquet"]
    layer.Save()


def build(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # pandas reads the `NA` of the file as a gap, which stays one in the table.
    airports = pd.read_csv(CSV, dtype={"iata": str})
    airports.insert(0, "path", airports.apply(prim_path, axis=1))
    airports.to_parquet(folder / "airports.parquet", index=False)
    write_scene(list(airports["path"]), folder / "scene.usda")
    print(f"{len(airports)} airports in {folder / 'scene.usda'}")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
