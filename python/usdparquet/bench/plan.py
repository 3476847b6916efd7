"""Which samples a run takes, and in which order."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import FORMATS, REFERENCE_FORMAT
from usdparquet.bench.table import HIERARCHIES, Hierarchy
from usdparquet.generate import DEFAULT_ROW_GROUP_SIZE, DEFAULT_SEED, SceneOptions


@dataclass(frozen=True)
class BenchOptions:
    """What to measure. Equal options make runs that can continue each other."""

    prims: tuple[int, ...] = (10_000,)
    hierarchies: tuple[Hierarchy, ...] = ("flat",)
    formats: tuple[str, ...] = tuple(FORMATS)
    tests: tuple[str, ...] = tuple(TESTS)
    runs: int = 10
    warmup: int = 1
    row_group_size: int = DEFAULT_ROW_GROUP_SIZE
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        _require_known("format", self.formats, FORMATS)
        _require_known("test", self.tests, TESTS)
        _require_known("hierarchy", self.hierarchies, HIERARCHIES)
        if not self.prims or min(self.prims) < 1:
            raise ValueError("the number of prims must be at least 1")
        if self.runs < 1:
            raise ValueError("at least one run is needed")
        if self.warmup < 0:
            raise ValueError("the number of warm-up runs cannot be negative")

    def scenes(self) -> list[SceneOptions]:
        """The scenes of this run, small ones first."""
        return [
            SceneOptions(prims, hierarchy, self.row_group_size, self.seed)
            for prims in sorted(set(self.prims))
            for hierarchy in dict.fromkeys(self.hierarchies)
        ]

    def to_dict(self) -> dict[str, Any]:
        """The options as JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }


@dataclass(frozen=True)
class Sample:
    """One process to start. Runs below 0 are warm-up runs, whose figures are not kept."""

    prims: int
    hierarchy: Hierarchy
    format: str
    test: str
    run: int

    @property
    def is_warmup(self) -> bool:
        """Whether this sample is thrown away."""
        return self.run < 0

    @property
    def key(self) -> str:
        """A text that names this sample among all of a run."""
        return f"{self.prims}/{self.hierarchy}/{self.format}/{self.test}/{self.run}"

    @property
    def weight(self) -> float:
        """Roughly how long this sample takes beside the others, for the time that is left."""
        slower = 4.0 if self.format == REFERENCE_FORMAT else 1.0
        return 1.0 + slower * TESTS[self.test].passes * self.prims / 20_000


def plan_samples(
    options: BenchOptions, scene: SceneOptions, formats: Iterable[str]
) -> list[Sample]:
    """The samples of one scene.

    Each round holds every test of every format once, in its own random order: what disturbs the
    machine for a while then hits all formats alike.
    """
    cells = [
        (name, test)
        for name in formats
        for test in options.tests
        if TESTS[test].scenario != "file_size" and TESTS[test].applies_to(FORMATS[name])
    ]
    samples = []
    for run in range(-options.warmup, options.runs):
        order = [(name, test) for name, test in cells if run == 0 or not TESTS[test].once]
        random.Random(f"{options.seed}/{scene.folder_name()}/{run}").shuffle(order)
        samples += [Sample(scene.prims, scene.hierarchy, name, test, run) for name, test in order]
    return samples


def _require_known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    names = list(names)
    if not names:
        raise ValueError(f"no {what} to measure")
    for name in names:
        if name not in known:
            raise ValueError(f"unknown {what} '{name}'; there are: {', '.join(known)}")
