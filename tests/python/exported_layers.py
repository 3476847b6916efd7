"""A layer whose file has everything that stands beside a table."""

from __future__ import annotations

from pathlib import Path

from pxr import Sdf


def export_layer(file: Path, prims: int = 40) -> bytes:
    """Export prims p0, p1 … with values, time samples and what no column holds.

    The file has a path index, a time index, page locations and a residual; its bytes are returned.
    """
    layer = Sdf.Layer.CreateAnonymous(".usda")
    layer.ImportFromString('#usda 1.0\n(\n doc = "kept"\n)\n')
    for i in range(prims):
        prim = Sdf.PrimSpec(layer, f"p{i}", Sdf.SpecifierDef, "Xform")
        Sdf.AttributeSpec(prim, "cost", Sdf.ValueTypeNames.Double).default = float(i)
        prim.customData = {"number": i}
        speed = Sdf.AttributeSpec(prim, "speed", Sdf.ValueTypeNames.Float)
        for at in range(3):
            layer.SetTimeSample(speed.path, float(at), float(i * at + 1))
    assert layer.Export(str(file))
    return file.read_bytes()
