"""The tests of the benchmark: what each one does, for which formats, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from usdparquet.bench.formats import Format

Scenario = Literal[
    "file_size",
    "layer_load",
    "stage_load",
    "sublayer_insert",
    "point_reads",
    "traversal",
    "timeline",
    "column_reads",
    "playback",
]

METRIC_UNITS = {
    "time_ms": "ms",
    "anonymous_mb": "MB",
    "resident_mb": "MB",
    "peak_resident_mb": "MB",
    "growth_mb": "MB",
    "bytes": "B",
}
"""Every metric of results.json and its unit; 1 MB is 1,000,000 bytes."""

PLUGIN_LOAD = "plugin_load"
"""Measured by every process that opens a stage, before its baseline; not in the catalog."""

PASSES = 10
"""How many traversals `repeated_traversal` makes."""


@dataclass(frozen=True)
class Test:
    """One test of the catalog; `sessions` says which tests share a process."""

    name: str
    title: str
    scenario: Scenario
    description: str
    bare_stage: bool = True
    """Whether the bare stage is measured too; its time is then what Python and OpenUSD cost."""

    def applies_to(self, entry: Format) -> bool:
        """Whether this test makes sense for the format."""
        return entry.has_properties or self.bare_stage


def _read(name: str, title: str, description: str) -> Test:
    return Test(name, title, "point_reads", description, bare_stage=False)


TESTS: dict[str, Test] = {
    test.name: test
    for test in (
        Test(
            "file_size",
            "File size",
            "file_size",
            "Size of the property layer's file; for the bare stage, that of the base layer.",
        ),
        Test(
            "layer_load",
            "Layer load",
            "layer_load",
            "Sdf.Layer.FindOrOpen of the property layer alone, without a stage.",
            bare_stage=False,
        ),
        Test(
            "initial_load",
            "Initial load",
            "stage_load",
            "Usd.Stage.Open of the property layer over the base layer.",
        ),
        Test(
            "sublayer_insert",
            "Add the layer to an open stage",
            "sublayer_insert",
            "The stage of the base layer is open; the property layer is inserted as its sublayer.",
            bare_stage=False,
        ),
        Test(
            "uncached_load",
            "Initial load from disk",
            "stage_load",
            "Usd.Stage.Open after the files were dropped from the page cache.",
        ),
        Test(
            "uncached_traversal",
            "Traversal from disk, six properties",
            "traversal",
            "The first traversal after a load from disk.",
        ),
        _read(
            "single_property_cold",
            "One value, first read",
            "The first value that is read after the stage is open.",
        ),
        _read(
            "single_property_warm",
            "One value, read again",
            "The same value of the same prim, read many times after a first read.",
        ),
        _read(
            "multi_property",
            "Six properties of one prim",
            "The first read of six properties of one prim.",
        ),
        _read(
            "single_property_sequential",
            "One property, prims in order",
            "One property of up to 1,000 successive prims, in order.",
        ),
        _read(
            "single_property_random",
            "One property, random prims",
            "One property of up to 1,000 prims in random order.",
        ),
        Test(
            "single_property_traversal",
            "Traversal, one property",
            "traversal",
            "One property of every prim while walking the whole stage.",
        ),
        Test(
            "multi_property_traversal",
            "Traversal, six properties",
            "traversal",
            "Six properties of every prim while walking the whole stage.",
        ),
        Test(
            "repeated_traversal",
            "Repeated traversal",
            "traversal",
            f"The six-property traversal {PASSES} times over the same stage; memory after the "
            "last, and its growth since the first.",
        ),
        Test(
            "random_access",
            "Random access",
            "point_reads",
            "Random properties of up to 1,000 random prims.",
        ),
        Test(
            "memory_timeline",
            "Memory over time",
            "timeline",
            "Memory every 10 ms while a stage is opened, walked, left alone and closed.",
        ),
        Test(
            "property_types_load",
            "Load by property type",
            "stage_load",
            "Usd.Stage.Open of a layer that holds one kind of property.",
            bare_stage=False,
        ),
        Test(
            "property_types",
            "Values by property type",
            "column_reads",
            "Usd.Attribute.Get of every value of a layer that holds one kind of property.",
            bare_stage=False,
        ),
        Test(
            "playback_load",
            "Load of time samples",
            "stage_load",
            "Usd.Stage.Open of a layer of time samples.",
            bare_stage=False,
        ),
        Test(
            "playback",
            "Playback",
            "playback",
            "Two animated attributes of every prim, frame by frame, once through.",
            bare_stage=False,
        ),
    )
}
