"""Renders heat.usdc, which heat_map.py wrote, to heat.png.

Usage: python render.py [folder]

It needs Blender as a module and nothing else (pip install bpy==5.0.1, in an environment of its own:
Blender brings its own OpenUSD). Cycles renders on the processor, so that no display is needed.
"""

import math
import sys
from pathlib import Path

import bpy
from mathutils import Matrix, Vector

bpy.utils.expose_bundled_modules()
from pxr import Gf, Usd, UsdGeom  # noqa: E402

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
GREY = (0.32, 0.32, 0.32)
CORNERS = [(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)]
FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]


def material_of(color: tuple[float, ...]) -> bpy.types.Material:
    """A matt material of a linear colour, made once."""
    name = " ".join(f"{channel:.6f}" for channel in color)
    if name in bpy.data.materials:
        return bpy.data.materials[name]
    material = bpy.data.materials.new(name)
    inputs = material.node_tree.nodes["Principled BSDF"].inputs
    inputs["Base Color"].default_value = (*color, 1.0)
    inputs["Roughness"].default_value = 0.9
    return material


def add_cube(prim: Usd.Prim, color: tuple[float, ...]) -> None:
    mesh = bpy.data.meshes.new(prim.GetName())
    mesh.from_pydata([Vector(corner) for corner in CORNERS], [], FACES)
    mesh.materials.append(material_of(color))
    cube = bpy.data.objects.new(prim.GetName(), mesh)
    world = UsdGeom.Imageable(prim).ComputeLocalToWorldTransform(Usd.TimeCode.Default())
    size = UsdGeom.Cube(prim).GetSizeAttr().Get()
    cube.matrix_world = Matrix(Gf.Matrix4d(world).GetTranspose()) @ Matrix.Scale(size, 4)
    bpy.context.scene.collection.objects.link(cube)


def add_building(stage: Usd.Stage) -> None:
    """All boxes but the facades, which would hide the rooms."""
    for prim in stage.Traverse():
        if not prim.IsA(UsdGeom.Cube) or prim.GetName().startswith("Facade"):
            continue
        color = UsdGeom.PrimvarsAPI(prim).FindPrimvarWithInheritance("displayColor")
        add_cube(prim, tuple(color.Get()[0]) if color.HasAuthoredValue() else GREY)


def look_at(item: bpy.types.Object, place: Vector, target: Vector) -> None:
    item.location = place
    item.rotation_euler = (target - place).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(item)


def set_up(scene: bpy.types.Scene) -> None:
    middle = Vector((16.0, 6.0, 5.0))
    camera = bpy.data.cameras.new("camera")
    camera.lens = 46
    scene.camera = bpy.data.objects.new("camera", camera)
    look_at(scene.camera, middle + Vector((-25, -42, 22)), middle - Vector((0, 0, 0.5)))
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = 2.2, math.radians(20)
    look_at(bpy.data.objects.new("sun", sun), middle + Vector((-10, -25, 30)), middle)
    scene.world = bpy.data.worlds.new("world")
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
    scene.world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.7
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 64
    scene.cycles.seed = 1
    scene.cycles.use_denoising = True
    scene.render.resolution_x, scene.render.resolution_y = 760, 470
    # Colours as they are: the usual view makes strong ones paler.
    scene.view_settings.view_transform = "Standard"
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.render.image_settings.compression = 100
    scene.render.filepath = str((FOLDER / "heat.png").resolve())


bpy.ops.wm.read_factory_settings(use_empty=True)
add_building(Usd.Stage.Open(str(FOLDER / "heat.usdc")))
set_up(bpy.context.scene)
bpy.ops.render.render(write_still=True)
