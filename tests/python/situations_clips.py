"""Situations of value clips, and of layers that are stitched. See situations.py."""

from __future__ import annotations

from pxr import Sdf, Usd, UsdUtils
from situations import World
from situations_content import MODEL

CLIPS = """
def "P" (
    clips = {
        dictionary default = {
            double2[] active = [(0, 0), (10, 1)]
            asset[] assetPaths = [@./clip1.EXT@, @./clip2.EXT@]
            asset manifestAssetPath = @./manifest.EXT@
            string primPath = "/Clip"
            double2[] times = [(0, 0), (10, 10), (10, 0), (20, 10)]
        }
    }
)
{
    double size
    double fixed = 3
}
"""


def value_clips(w: World) -> None:
    w.write("manifest", 'over "Clip" { double size; }')
    for number in (1, 2):
        samples = ", ".join(f"{t}: {t * number}" for t in range(0, 11, 2))
        w.write(
            f"clip{number}",
            f"""
            over "Clip"
            {{
                double size.timeSamples = {{ {samples} }}
            }}
            over "Other" {{ double size; }}
            """,
        )
    stage = w.stage(CLIPS)
    size = stage.GetAttributeAtPath("/P.size")
    w.say(size.GetTimeSamples(), [size.Get(time) for time in (0, 1, 3, 9.5, 10, 11, 15, 30)])
    w.say(size.GetResolveInfo(3).GetSource(), size.GetBracketingTimeSamples(3.5))
    clip = Sdf.Layer.FindOrOpen(w.name("clip2"))
    clip.SetTimeSample("/Clip.size", 5.0, 100.0)
    w.say(size.GetTimeSamples(), size.Get(15.0))
    w.see(stage)
    Usd.ClipsAPI(stage.GetPrimAtPath("/P")).SetClipActive([(0, 1)])
    w.say(size.Get(3.0))
    w.save(stage.GetRootLayer())


def template_clips(w: World) -> None:
    for frame in (1, 2, 3):
        w.write(
            f"c.{frame:03}",
            f"""
            over "C"
            {{
                float v.timeSamples = {{ {frame}: {frame * 5} }}
            }}
            """,
        )
    stage = w.stage(
        """
def "P" (
    clips = {
        dictionary default = {
            string primPath = "/C"
            string templateAssetPath = "./c.###.EXT"
            double templateStartTime = 1
            double templateEndTime = 3
            double templateStride = 1
        }
    }
)
{
    float v
}
"""
    )
    w.say([stage.GetAttributeAtPath("/P.v").Get(time) for time in (0.5, 1, 2, 2.5, 3)])
    clips = Usd.ClipsAPI(stage.GetPrimAtPath("/P"))
    w.say([path.path for path in clips.ComputeClipAssetPaths("default")])
    manifest = clips.GenerateClipManifest("default")
    w.say(manifest.ExportToString() if manifest else "no manifest")


def stitched_clips(w: World) -> None:
    """UsdUtils writes topology, manifest and root in the format itself."""
    files = [
        w.write(
            f"s{frame}",
            f"""
        def "C"
        {{
            float v.timeSamples = {{ {frame}: {frame} }}
        }}
        """,
            f"""
        (
            endTimeCode = {frame}
            startTimeCode = {frame}
        )
        """,
        )
        for frame in (1, 2, 3)
    ]
    with w.quiet():
        root = Sdf.Layer.CreateNew(w.name("stitched"))
    with w.quiet():  # told by several threads at once
        w.attempt(UsdUtils.StitchClips, root, files, "/C", 1.0, 3.0)
    for name in ("stitched", "stitched.topology", "stitched.manifest"):
        with w.quiet():
            found = Sdf.Layer.FindOrOpen(w.name(name))
        w.say(name, found.ExportToString() if found else "not there")


def stitched_layers(w: World) -> None:
    strong = w.open("""
        def "P"
        {
            int a = 1
            double s.timeSamples = { 1: 1 }
        }
        """)
    weak = w.open(
        MODEL
        + """
        over "P"
        {
            int a = 2
            double s.timeSamples = { 2: 2 }
        }
        """,
        name="weak",
    )
    w.attempt(UsdUtils.StitchLayers, strong, weak)
    w.save(strong)


SITUATIONS = [
    value_clips,
    template_clips,
    stitched_clips,
    stitched_layers,
]
