"""Odd but legal layers, exported to Parquet, come back with the identical text."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from parquet_files import Writer
from pxr import Sdf
from round_trips import (
    check_round_trip,
    columns_by_property,
    make_large,
    residual_format,
    text_layer,
)

CASES = {
    "empty": "",
    "layer metadata only": """(
    "A comment"
    customLayerData = {
        dictionary nested = {
            double3 zero = (-0, 0, -0)
        }
    }
    doc = "doc"
    defaultPrim = "/World/Deep"
    endTimeCode = -0
    expressionVariables = {
        string V = "${W}"
        string[] L = ["a"]
    }
    fallbackPrimTypes = {
        token[] New = ["Old"]
    }
    framePrecision = 3
    metersPerUnit = -0
    relocates = {
        </A/B>: </A/C>,
        </A/D>: <>
    }
    renderSettingsPrimPath = "/Render"
    startTimeCode = nan
    subLayers = [
        @a.usda@ (offset = 1.5; scale = -2),
        @b.parquet:SDF_FORMAT_ARGS:path=p&prefix=/W@,
        @`"${V}.usd"`@
    ]
    unknownToAll = "kept"
    unknownList = [1, 2, 3]
    unknownDictionary = {
        string a = "b"
    }
)
""",
    "reorder": """
reorder rootPrims = ["B", "A"]
def "A"
{
    reorder nameChildren = ["D", "C"]
    reorder properties = ["y", "x"]
    int x = 1
    int y = 2
    def "C" {}
    def "D" {}
}
def "B" {}
""",
    "arcs": """
def "A" (
    references = None
    payload = None
    inherits = None
    specializes = None
    apiSchemas = None
)
{
}
def "B" (
    add references = @added.usda@
    delete references = [@a.usda@</X>, </Y>]
    prepend references = [@a.usda@ (offset = -0; scale = 2), @b.usda@</Y> (
        customData = {
            double2 zero = (-0, 1)
        }
    )]
    append payload = @p.usdc@</P> (scale = 0.5)
    reorder inherits = [</A>, </B>]
    delete apiSchemas = ["X"]
    prepend apiSchemas = ["Y", "CollectionAPI:z"]
    append variantSets = ["v", "w"]
    variants = {
        string v = "`${SELECTED}`"
        string empty = ""
    }
    clips = {
        dictionary default = {
            double2[] active = [(0, 0), (-0, 1)]
            asset[] assetPaths = [@c.usdc@]
            string primPath = "/Model"
        }
    }
    append clipSets = ["default"]
    kind = "my kind"
    unregistered = 1
    permission = private
    prefix = "x"
    symmetryFunction = mirror
    relocates = {
        <C>: <D>
    }
)
{
    variantSet "v" = {
        "one" (
            references = @v.usda@
            apiSchemas = ["InVariant"]
        ) {
            int x = 1
            variantSet "inner" = {
                "deep" {
                    double3 zero = (-0, 0, 0)
                    rel r = [</A>, </B.x>]
                    def "Child" {
                        int x = 5
                    }
                }
            }
        }
        "two" {
            over "x" {}
        }
    }
}
""",
    "properties": """
def "A"
{
    int none
    int blocked = None
    double animation = AnimationBlock
    int[] edit = edit [append 5; prepend 3; erase [0]]
    opaque o
    custom group g
    uniform token t = "" (
        allowedTokens = ["", "a"]
    )
    float f = 1 (
        arraySizeConstraint = 3
        colorSpace = "raw"
        customData = {
            dictionary empty = {
            }
        }
        displayUnit = cm
        limits = {
            dictionary soft = {
                float minimum = -0
            }
        }
        unregistered = "metadata"
        weight = -0
    )
    float f.connect = </B.x>
    delete float d.connect = </B.x>
    prepend float p.connect = [</B.x>, </B.y>]
    float empty.connect = None
    double s.timeSamples = {
        -1.5: 1,
        0: None,
        0.1: -0,
        0.30000000000000004: nan,
    }
    float3 v.timeSamples = {
        0: (0, 0, 0),
        1: (-0, 0, 0),
        2: (0, 0, 0),
    }
    timecode c = -0
    timecode c2 = 0
    custom rel plain
    rel nothing = None
    rel targets = [</B>, </B.x>, </B/C>]
    prepend varying rel varying = </B>
    add rel added = </B>
    reorder rel reordered = [</B>, </A>]
    delete rel deleted = </B>
    string long = '''two
"lines"'''
}
def "B"
{
}
""",
    "splines": """
def "A"
{
    double s.spline = {
        bezier,
        pre: held,
        post: linear,
        1: 8; post held; {
            string note = "x"
        },
        14: 6 & -0; pre (2, -0.5); post curve (4, 2.5),
    }
    half h.spline = {
        1: 0.1; post linear,
        2: 0.5,
    }
}
""",
    "samples": """
def "A"
{
    double empty.timeSamples = {
    }
    double x = 5
    double x.timeSamples = {
        -0: 1,
        1: 2,
    }
    float[] blocked.timeSamples = {
        0: [],
        1: None,
        2: [1, -0],
    }
}
def "B"
{
    double empty.timeSamples = {
    }
    double x.timeSamples = {
        0.1: nan,
        0.30000000000000004: -0,
        1: -inf,
    }
    float[] blocked.timeSamples = {
        2: [2],
    }
}
def "C"
{
    double empty = 1
    double x.timeSamples = {
        inf: 1,
    }
}
def "D"
{
    double empty = 2
    double x = 7
    double x.connect = </A.x>
}
""",
    "relationships": """
def "A"
{
    rel same = </B>
    custom rel many = [</B>, </B.x>, </Größe>]
    rel none = None
    rel bare
    rel mixed = </B>
    rel order = [</C>, </B>]
}
def "B"
{
    rel same = </A>
    custom rel many = </A>
    rel none = None
    rel bare
    prepend rel mixed = </A>
    rel order = [</A>, </B>, </C>] (
        doc = "other"
    )
}
def "C"
{
    rel same = None
    custom rel many
    rel none = None
    int mixed = 1
    rel order = [</A>, </B>]
}
""",
    "only variants": """
over "A" (
    append variantSets = "v"
)
{
    variantSet "v" = {
        "x" {
            def "B" {
                int a = 1
            }
            def "C" {
                int a = 2
            }
        }
    }
}
""",
    "parents without rows": """
over "A" (
    customData = {
        bool here = 1
    }
)
{
    over "B" (
        active = false
    )
    {
        over "C"
        {
        }
    }
    class "D"
    {
    }
}
over "E"
{
    over "F"
    {
        over "G"
        {
            int x = 1
        }
    }
}
""",
}


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_a_case_comes_back(name: str, is_large: bool, tmp_path: Path) -> None:
    layer = text_layer(CASES[name])
    if is_large:
        make_large(layer)
    file = check_round_trip(layer, tmp_path / "once.parquet")
    if is_large:
        assert residual_format(file) == "usdc"
    check_round_trip(Sdf.Layer.OpenAsAnonymous(str(file)), tmp_path / "twice.parquet")


def test_declarations_that_differ_share_no_column(tmp_path: Path) -> None:
    """Where prims declare one name in two ways, most make the column, the others keep theirs."""
    bodies = [f"float size = {i}.5\n    int count = {i}" for i in range(5)]
    bodies += [
        'uniform token size = "big"\n    int count = 7',
        'float size = 1 (\n        doc = "other"\n    )\n    int count = 8',
        "custom float size = 2\n    int count = 9",
        "float size.timeSamples = {\n        1: 2,\n    }\n    int count",
        "float size\n    int count",
        "",
    ]
    prims = [f'def "P{i}"\n{{\n    {body}\n}}\n' for i, body in enumerate(bodies)]
    file = check_round_trip(text_layer("\n" + "\n".join(prims)), tmp_path / "a.parquet")
    assert set(columns_by_property(file)) == {"size", "count"}


@pytest.mark.parametrize(
    "names",
    [
        ["path", "path_", "path__"],
        ["path_", "path"],
        ["specifier", "typeName", "kind", "active", "apiSchemas", "time"],
        ["size", "Size", "SIZE", "a:b", "A:b", "a:B", "a"],
        ["Größe", "größe", "日本:語", "element", "list"],
    ],
)
def test_names_that_are_taken_or_alike(names: list[str], tmp_path: Path) -> None:
    text = "\n"
    for i in range(4):
        lines = [f"    custom int {name} = {i * 10 + n}" for n, name in enumerate(names)]
        text += f'def Xform "P{i}" (\n    active = true\n    kind = "component"\n    prepend '
        text += 'apiSchemas = ["MyAPI"]\n)\n{\n' + "\n".join(lines) + "\n}\n\n"
    file = check_round_trip(text_layer(text), tmp_path / "names.parquet")
    columns = columns_by_property(file)
    assert set(columns) == set(names)
    assert len(set(columns.values())) == len(names)


def test_many_rows_pages_and_groups(write: Writer, tmp_path: Path) -> None:
    """More rows than a row group has; nulls in one column, none in the other."""
    count = 140_000
    paths = [f"/World/p{i}" for i in range(count)]
    cost = [None if i % 7 == 0 else i / 3 for i in range(count)]
    plain = write({"path": paths, "cost": cost, "name": [f"n{i % 99}" for i in range(count)]})
    layer = Sdf.Layer.OpenAsAnonymous(str(plain))
    file = tmp_path / "large.parquet"
    assert layer.Export(str(file))
    assert pq.read_metadata(file).num_row_groups == 2
    assert pq.read_table(file).select(["path", "cost", "name"]).to_pydict() == (
        pq.read_table(plain).to_pydict()
    )
    copy = Sdf.Layer.OpenAsAnonymous(str(file))
    for i in [0, 1, 12_287, 12_288, 131_071, 131_072, count - 1]:
        spec = copy.GetAttributeAtPath(f"/World/p{i}.cost")
        assert (spec.default if spec else None) == cost[i]
        assert copy.GetAttributeAtPath(f"/World/p{i}.name").default == f"n{i % 99}"
