"""Makes the request for each sample, with the answers that the worker has to arrive at."""

from __future__ import annotations

import random
from collections.abc import Callable

from usdparquet.bench.catalog import TESTS, Test
from usdparquet.bench.checks import Totals, digest, expected_totals, nothing_read
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.protocol import Read, Request
from usdparquet.bench.scenarios import WARM_REPEATS
from usdparquet.bench.table import (
    MULTI_PROPERTIES,
    PROPERTIES,
    SINGLE_PROPERTY,
    make_table,
    prim_path,
    sample_rows,
)
from usdparquet.generate import Scene

POINT_READS = 1_000
_SPOT_ROWS = 50

# A row of the table and a property name.
_Cell = tuple[int, str]


class RequestMaker:
    """Requests for one scene. Holds the table, so make one per scene and drop it after."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        options = scene.options
        self._table = make_table(options.prims, options.seed)
        self._cells = self._point_reads()
        rows = sample_rows(options.prims, _SPOT_ROWS, options.seed + 3)
        self._spot = [(row, name) for row in rows for name in PROPERTIES]
        self._totals: dict[tuple[tuple[str, ...], int], Totals] = {}

    def request(self, test_name: str, format_name: str) -> Request:
        """The request for one sample of a test."""
        test = TESTS[test_name]
        has_properties = FORMATS[format_name].has_properties
        scene, warmup = self._scene, self._scene.warmup
        properties = self._properties(test)
        cells = self._cells[test_name]() if test_name in self._cells else []
        return Request(
            test=test_name,
            format=format_name,
            stage_file=str(scene.stage_file(format_name).resolve()),
            property_file=str(scene.property_file(format_name).resolve()),
            warmup_stage_file=str(warmup.stage_file(format_name).resolve()),
            warmup_property_file=str(warmup.property_file(format_name).resolve()),
            reads=self._reads(cells),
            reads_digest=self._digest(cells, has_properties),
            properties=list(properties),
            totals=self._expected(properties, test.passes, has_properties),
            spot_reads=self._reads(self._spot),
            spot_digest=self._digest(self._spot, has_properties),
        )

    def _point_reads(self) -> dict[str, Callable[[], list[_Cell]]]:
        prims, seed = self._scene.options.prims, self._scene.options.seed
        count = min(POINT_READS, prims)
        one = sample_rows(prims, 1, seed + 1)[0]
        scattered = sample_rows(prims, count, seed + 2)

        def anything() -> list[_Cell]:
            names = random.Random(seed).choices(list(PROPERTIES), k=len(scattered))
            return list(zip(scattered, names, strict=True))

        return {
            "single_property_cold": lambda: [(one, SINGLE_PROPERTY)],
            "single_property_warm": lambda: [(one, SINGLE_PROPERTY)] * WARM_REPEATS,
            "single_property_random": lambda: [(row, SINGLE_PROPERTY) for row in scattered],
            "single_property_sequential": lambda: [(row, SINGLE_PROPERTY) for row in range(count)],
            "multi_property": lambda: [(one, name) for name in MULTI_PROPERTIES],
            "random_access": anything,
        }

    def _properties(self, test: Test) -> tuple[str, ...]:
        if test.scenario == "traversal" and test.name != "single_property_traversal":
            return MULTI_PROPERTIES
        if test.scenario == "timeline":
            return MULTI_PROPERTIES
        return (SINGLE_PROPERTY,)

    def _expected(self, names: tuple[str, ...], passes: int, has_properties: bool) -> Totals:
        if not has_properties:
            return nothing_read(names)
        if (names, passes) not in self._totals:
            self._totals[names, passes] = expected_totals(self._table, names, passes)
        return self._totals[names, passes]

    def _reads(self, cells: list[_Cell]) -> list[Read]:
        hierarchy = self._scene.options.hierarchy
        return [(prim_path(row, hierarchy), name) for row, name in cells]

    def _digest(self, cells: list[_Cell], has_properties: bool) -> str:
        return digest(
            self._table.value(name, row) if has_properties else None for row, name in cells
        )
