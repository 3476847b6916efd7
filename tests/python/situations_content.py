"""What the layers of several situations hold."""

from __future__ import annotations

MODEL = """
def Xform "Model" (kind = "component")
{
    double height = 2
    double height.timeSamples = {
        1: 1,
        5: 9,
    }
    def Sphere "A"
    {
        double radius = 1
        rel look = </Model/B>
        custom asset map = @./map.png@
    }
    def Sphere "B"
    {
        double radius = 2
        rel look = </Model/A>
        double radius.connect = </Model/A.radius>
    }
}
"""

DEFAULT = '(defaultPrim = "Model")'

VARIANTS = """
def "P" (
    variants = {
        string look = "red"
        string size = "small"
    }
    prepend variantSets = ["look", "size"]
)
{
    int own = 1
    variantSet "look" = {
        "blue" (
            kind = "group"
        ) {
            int own = 2
            color3f tint = (0, 0, 1)
            def "OnlyBlue" { int x = 1; }
        }
        "red" {
            color3f tint = (1, 0, 0)
            variantSet "shade" = {
                "dark" {
                    float dim = 0.5
                }
                "light" {
                    float dim = 1
                }
            }
        }
    }
    variantSet "size" = {
        "big" {
            double s = 10
            double s.timeSamples = {
                1: 1,
            }
        }
        "small" {
        }
    }
}
"""

TABLE = "".join(
    f"""
def "P{i}"
{{
    double a = {i}
    token b = "t{i}"
    float[] c = [{i}, {i}]
}}
"""
    for i in range(4)
)
