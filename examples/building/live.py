"""The temperatures of the rooms, joined by their tags each time that the layer is opened.

Usage: python live.py [folder], after build.py
"""

import os
import sys
from pathlib import Path

import pandas
from pxr import Usd

import usdparquet

os.chdir(sys.argv[1] if len(sys.argv) > 1 else ".")

# Once: which prim has which tag.
usdparquet.write_table(usdparquet.ids("building.usda", "customData:plant:tag"), "tags.parquet")

# The table of the sensors is a layer as it is.
SITE = """#usda 1.0
(
    subLayers = [
        @./sensors.parquet:SDF_FORMAT_ARGS:ids=tags.parquet&key=tag@,
        @./building.usda@
    ]
)
"""
Path("site.usda").write_text(SITE)
stage = Usd.Stage.Open("site.usda")
room = stage.GetPrimAtPath("/Building/Storey_0/Rooms/Room_S00")
print(f"{room.GetName()}: {room.GetAttribute('temperature').Get()} degrees")

# An hour later another program replaces it: written beside, then renamed.
frame = pandas.read_parquet("sensors.parquet")
frame["temperature"] += 1.5
frame.to_parquet("sensors.new")
Path("sensors.new").replace("sensors.parquet")
stage.Reload()
print(f"{room.GetName()}: {room.GetAttribute('temperature').Get()} degrees")
