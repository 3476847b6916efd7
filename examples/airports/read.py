"""Read the airports with plain OpenUSD: nothing here knows that the data is a Parquet file."""

import sys
from pathlib import Path

from pxr import Usd

folder = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent
stage = Usd.Stage.Open(str(Path(folder, "scene.usda")))
airports = [prim for prim in stage.Traverse() if prim.HasAttribute("iata")]
print(len(airports), "airports")

for path in ("/Airports/USA/CA/LAX", "/Airports/USA/MS/_00M", "/Airports/Palau/Unknown/ROR"):
    airport = stage.GetPrimAtPath(path)
    print(*(airport.GetAttribute(name).Get() for name in ("iata", "name", "city", "latitude")))

north = max(airports, key=lambda airport: airport.GetAttribute("latitude").Get())
print("northernmost:", north.GetPath(), north.GetAttribute("name").Get())
