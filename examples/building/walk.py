"""From a table of GlobalIds to a layer of the building, and back. Run build.py first.

Usage: python walk.py [folder]
"""

import os
import sys

import pandas
from pxr import Sdf, Usd

import usdparquet

os.chdir(sys.argv[1] if len(sys.argv) > 1 else ".")

# What do the prims have that may be an id?
stage = Usd.Stage.Open("building.usda")
for found in usdparquet.id_candidates(stage):
    print(f"{found.id}: prims {found.prims}, different {found.distinct}, {found.examples[0]}")

# Put the rows at the prims, and see what did not match.
elements = pandas.read_csv("elements.csv")
done = usdparquet.bind(elements, stage, "elements.parquet", key="GlobalId", id="ifc:GlobalId").join
print(f"{done.matched_rows} of {len(elements)} rows are at {done.matched_prims} prims")
print(f"{done.rows_without_prim} rows of unknown ids, the first is {done.unknown_ids[0]}")
print(f"{done.prims_without_row} prims have no row, the first is {done.rowless_prims[0][0]}")

# The file is a layer: find the walls over 0.3.
stage.GetRootLayer().subLayerPaths.append("elements.parquet")
values = {prim.GetPath(): prim.GetAttribute("U_value").Get() for prim in stage.Traverse()}
paths = [path for path, value in values.items() if value is not None and 0.3 < value < 1]
print(f"{len(paths)} walls over 0.3, the first is {paths[0]} with {values[paths[0]]}")

# Write them as a layer of their own.
poor = usdparquet.read_columns("elements.parquet", ["U_value", "cost"], paths)
print(f"{usdparquet.write_table(poor, 'poor.parquet').rows} rows in poor.parquet")

# Insulate the first one, and save.
layer = Sdf.Layer.FindOrOpen("elements.parquet")
layer.GetAttributeAtPath(paths[0].AppendProperty("U_value")).default = 0.24
layer.Save()
print(usdparquet.read_columns("elements.parquet", ["U_value"], paths[:1]).to_pylist())
