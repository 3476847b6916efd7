"""The tests of the benchmark: what each one does, for which formats, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from usdparquet.bench.formats import Format

ScenarioName = Literal[
    "file_size", "layer_load", "stage_load", "point_reads", "traversal", "timeline"
]

METRIC_UNITS = {
    "time_ms": "ms",
    "anonymous_mb": "MB",
    "resident_mb": "MB",
    "peak_resident_mb": "MB",
    "bytes": "B",
}
"""Every metric of results.json and its unit; 1 MB is 1,000,000 bytes."""

PLUGIN_LOAD = "plugin_load"
"""Not a test of its own: measured in the processes of `initial_load`, before their baseline."""


@dataclass(frozen=True)
class Test:
    """One test of the catalog."""

    name: str
    title: str
    scenario: ScenarioName
    description: str
    bare_stage: bool = True
    """Whether the bare stage is measured too; its time is then what Python and OpenUSD cost."""
    passes: int = 1
    once: bool = False
    """Whether one run is enough, because the result is a series and not a figure."""
    in_demo: bool = False

    def applies_to(self, entry: Format) -> bool:
        """Whether this test says anything about the format."""
        return entry.has_properties or self.bare_stage


TESTS: dict[str, Test] = {
    test.name: test
    for test in (
        Test(
            "file_size",
            "File size",
            "file_size",
            "Size of the property layer's file; for the bare stage, of the base layer.",
            in_demo=True,
        ),
        Test(
            "layer_load",
            "Layer load",
            "layer_load",
            "Sdf.Layer.FindOrOpen of the property layer alone, without a stage.",
            bare_stage=False,
            in_demo=True,
        ),
        Test(
            "initial_load",
            "Initial load",
            "stage_load",
            "Usd.Stage.Open of the property layer over the base layer.",
            in_demo=True,
        ),
        Test(
            "single_property_cold",
            "One value, first read",
            "point_reads",
            "The first value that is read after the stage is open.",
            bare_stage=False,
        ),
        Test(
            "single_property_warm",
            "One value, read again",
            "point_reads",
            "The same value of the same prim, read many times after a first read.",
            bare_stage=False,
        ),
        Test(
            "single_property_random",
            "One property, random prims",
            "point_reads",
            "One property of prims in random order.",
            bare_stage=False,
        ),
        Test(
            "single_property_sequential",
            "One property, prims in order",
            "point_reads",
            "One property of the first prims, in order.",
            bare_stage=False,
        ),
        Test(
            "single_property_traversal",
            "Traversal, one property",
            "traversal",
            "One property of every prim while walking the whole stage.",
            in_demo=True,
        ),
        Test(
            "multi_property",
            "Six properties of one prim",
            "point_reads",
            "The first read of six properties of one prim.",
            bare_stage=False,
        ),
        Test(
            "multi_property_traversal",
            "Traversal, six properties",
            "traversal",
            "Six properties of every prim while walking the whole stage.",
            in_demo=True,
        ),
        Test(
            "random_access",
            "Random access",
            "point_reads",
            "Random properties of random prims.",
            in_demo=True,
        ),
        Test(
            "repeated_traversal",
            "Repeated traversal",
            "traversal",
            "The six-property traversal ten times over the same stage; memory after the last.",
            passes=10,
        ),
        Test(
            "memory_timeline",
            "Memory over time",
            "timeline",
            "Memory every 10 ms while a stage is opened, walked, left alone and closed.",
            once=True,
            in_demo=True,
        ),
    )
}
