"""The rooms in the colours of their temperatures, and the same as a flat file for render.py.

Usage: python heat_map.py [folder], after build.py and live.py
"""

import os
import sys
from pathlib import Path

from pxr import Usd

os.chdir(sys.argv[1] if len(sys.argv) > 1 else ".")

# The table of the sensors, shown as colours; facades hide the rooms.
HEAT = """#usda 1.0
(
    subLayers = [
        @./sensors.parquet:SDF_FORMAT_ARGS:color=temperature&ids=tags.parquet&key=tag&range=17,26@,
        @./building.usda@
    ]
)
"""
Path("heat.usda").write_text(HEAT)
stage = Usd.Stage.Open("heat.usda")
for name in ("S00", "S06", "N07"):
    room = stage.GetPrimAtPath(f"/Building/Storey_0/Rooms/Room_{name}")
    color = room.GetAttribute("primvars:displayColor").Get()[0]
    red, green, blue = (round(channel, 3) for channel in color)
    print(f"{name}: {room.GetAttribute('temperature').Get()} degrees, {red} {green} {blue}")

# For programs without usdparquet: the stage as one layer, with the colours in it.
stage.Export("heat.usdc")
