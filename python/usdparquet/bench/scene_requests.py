"""Makes the requests for samples on a scene, with the answers that the worker must give."""

from __future__ import annotations

import random
from collections.abc import Callable

from usdparquet.bench.catalog import PASSES
from usdparquet.bench.checks import Totals, digest, expected_totals, nothing_read
from usdparquet.bench.formats import BARE_FORMAT, FORMATS
from usdparquet.bench.protocol import Read, Request, Step
from usdparquet.bench.sessions import Session
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
WARM_REPEATS = 1_000
_SPOT_ROWS = 50

# The columns of the point reads that share a process: each reads one that no other reads.
_COLD_PROPERTY, _SEQUENTIAL_PROPERTY, _RANDOM_PROPERTY = "temperature", "weight", "pressure"

# A row of the table and a property name.
_Cell = tuple[int, str]


class RequestMaker:
    """Makes the requests for one scene, whose table it holds in memory."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        options = scene.options
        self._table = make_table(options.prims, options.seed)
        self._cells = self._point_reads()
        rows = sample_rows(options.prims, _SPOT_ROWS, options.seed + 3)
        self._spot = [(row, name) for row in rows for name in PROPERTIES]
        self._totals: dict[tuple[tuple[str, ...], int], Totals] = {}

    def request(self, session: Session, format_name: str) -> Request:
        """The request for one sample of a session."""
        has_properties = FORMATS[format_name].has_properties
        scene, warmup = self._scene, self._scene.warmup
        return Request(
            session=session.name,
            format=format_name,
            stage_file=str(scene.stage_file(format_name).resolve()),
            base_stage_file=str(scene.stage_file(BARE_FORMAT).resolve()),
            property_file=str(scene.property_file(format_name).resolve()),
            warmup_stage_file=str(warmup.stage_file(format_name).resolve()),
            warmup_property_file=str(warmup.property_file(format_name).resolve()),
            steps=[self._step(test, has_properties) for test in session.tests],
            spot_reads=self._reads(self._spot),
            spot_digest=self._digest(self._spot, has_properties),
        )

    def _step(self, test: str, has_properties: bool) -> Step:
        if test in self._cells:
            cells = self._cells[test]()
            return Step(test, self._reads(cells), self._digest(cells, has_properties))
        if test == "single_property_traversal":
            return self._traversal(test, (SINGLE_PROPERTY,), 1, has_properties)
        if test == "repeated_traversal":
            # `multi_property_traversal` before it was the first pass.
            return self._traversal(test, MULTI_PROPERTIES, PASSES - 1, has_properties)
        if test in ("multi_property_traversal", "uncached_traversal", "memory_timeline"):
            return self._traversal(test, MULTI_PROPERTIES, 1, has_properties)
        return Step(test)

    def _traversal(
        self, test: str, names: tuple[str, ...], passes: int, has_properties: bool
    ) -> Step:
        totals = self._expected(names, passes) if has_properties else nothing_read(names)
        return Step(test, properties=list(names), totals=totals)

    def _point_reads(self) -> dict[str, Callable[[], list[_Cell]]]:
        """The cells that each test reads; tests that share a process have columns of their own."""
        prims, seed = self._scene.options.prims, self._scene.options.seed
        count = max(1, min(POINT_READS, (prims - 2) // 2))
        order = sample_rows(prims, prims, seed + 1)
        one, another = order[0], order[-1]
        # Successive prims from the middle; the random ones are chosen among the others.
        first = (prims - count) // 2
        in_order = range(first, first + count)
        scattered = [row for row in order if row not in in_order and row not in (one, another)]
        anywhere = sample_rows(prims, min(POINT_READS, prims), seed + 2)

        def anything() -> list[_Cell]:
            names = random.Random(seed).choices(list(PROPERTIES), k=len(anywhere))
            return list(zip(anywhere, names, strict=True))

        return {
            "single_property_cold": lambda: [(one, _COLD_PROPERTY)],
            "single_property_warm": lambda: [(one, _COLD_PROPERTY)] * WARM_REPEATS,
            "multi_property": lambda: [(another, name) for name in MULTI_PROPERTIES],
            "single_property_sequential": lambda: [
                (row, _SEQUENTIAL_PROPERTY) for row in in_order if row not in (one, another)
            ],
            "single_property_random": lambda: [
                (row, _RANDOM_PROPERTY) for row in scattered[:count]
            ],
            "random_access": anything,
        }

    def _expected(self, names: tuple[str, ...], passes: int) -> Totals:
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
