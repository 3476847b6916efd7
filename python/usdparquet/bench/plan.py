"""What a run measures, which samples it takes, and in which order."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.defaults import (
    DEFAULT_BUDGET,
    DEFAULT_MIN_RUNS,
    DEFAULT_ROW_GROUP_SIZE,
    DEFAULT_SEED,
)
from usdparquet.bench.formats import FORMATS, PARQUET_FORMATS, REFERENCE_FORMAT
from usdparquet.bench.sessions import Session, session_named, sessions_for
from usdparquet.bench.table import HIERARCHIES, Hierarchy
from usdparquet.bench.type_cases import TYPE_CASES
from usdparquet.generate import SceneOptions

_ROW_GROUP_RUNS = 5
_ROW_GROUP_SESSIONS = ("traversal", "random_access")


@dataclass(frozen=True)
class BenchOptions:
    """What to measure. Equal options make runs that can continue each other."""

    prims: tuple[int, ...] = (10_000,)
    hierarchies: tuple[Hierarchy, ...] = ("flat",)
    formats: tuple[str, ...] = tuple(FORMATS)
    tests: tuple[str, ...] = tuple(TESTS)
    runs: int = 10
    warmup: int = 1
    row_groups: tuple[int, ...] = (DEFAULT_ROW_GROUP_SIZE,)
    """Rows in each row group: the first size is compared, the others are variants."""
    budget: float = DEFAULT_BUDGET
    """Seconds that one format may take in one scene before it gets fewer runs."""
    min_runs: int = DEFAULT_MIN_RUNS
    """Runs that are taken however long they take."""
    certain_within: float = 0.0
    """What is known this well, as a share of its mean, is not repeated after `min_runs`."""
    type_cases: tuple[str, ...] = tuple(TYPE_CASES)
    type_runs: int = 7
    """Runs for each kind of property; fewer, since there are many kinds."""
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        _require_known("format", self.formats, FORMATS)
        _require_known("test", self.tests, TESTS)
        _require_known("hierarchy", self.hierarchies, HIERARCHIES)
        _require_known("kind of property", self.type_cases, TYPE_CASES)
        if not self.prims or min(self.prims) < 1:
            raise ValueError("the number of prims must be at least 1")
        if not self.row_groups or min(self.row_groups) < 1:
            raise ValueError("a row group needs at least one row")
        if self.runs < 1 or self.min_runs < 1:
            raise ValueError("at least one run is needed")
        if self.warmup < 0:
            raise ValueError("the number of warm-up runs cannot be negative")
        if self.certain_within < 0:
            raise ValueError("what is certain cannot be less than nothing")
        if self.budget <= 0:
            raise ValueError("the budget must be more than 0 seconds")

    def measures(self, session: Session) -> bool:
        """Whether any test of a session is wanted."""
        return not set(session.tests).isdisjoint(self.tests)

    def to_dict(self) -> dict[str, Any]:
        """The options as JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }


@dataclass(frozen=True)
class SceneBlock:
    """A scene and what is measured on it; `variant` is empty for the scenes of the comparison."""

    scene: SceneOptions
    formats: tuple[str, ...]
    sessions: tuple[Session, ...]
    runs: int
    variant: str = ""


@dataclass(frozen=True)
class Sample:
    """One process to start. Runs below 0 are warm-up runs, whose figures are not kept."""

    prims: int
    hierarchy: Hierarchy
    variant: str
    format: str
    session: str
    run: int

    @property
    def is_warmup(self) -> bool:
        """Whether this sample is thrown away."""
        return self.run < 0

    @property
    def key(self) -> str:
        """A text that identifies this sample within the run."""
        place = f"{self.prims}/{self.hierarchy}/{self.variant}"
        return f"{place}/{self.format}/{self.session}/{self.run}"

    @property
    def weight(self) -> float:
        """Roughly the seconds that this sample takes, to estimate the time that is left."""
        slow = 1e-4 if self.format == REFERENCE_FORMAT else 1e-5
        passes = 10 if self.session == "multi_traversal" else 1
        return 0.6 + self.prims * (slow + passes * 1e-5)


def scene_blocks(options: BenchOptions) -> list[SceneBlock]:
    """The scenes of a run, small ones first, each followed by those with other row groups."""
    sessions = tuple(sessions_for(options.tests))
    sizes = list(dict.fromkeys(options.row_groups))
    varied = tuple(entry for entry in sessions if entry.name in _ROW_GROUP_SESSIONS)
    parquet = tuple(name for name in options.formats if name in PARQUET_FORMATS)
    blocks = []
    for prims in sorted(set(options.prims)):
        for hierarchy in dict.fromkeys(options.hierarchies):
            scene = SceneOptions(prims, hierarchy, sizes[0], options.seed)
            blocks.append(SceneBlock(scene, options.formats, sessions, options.runs))
            for size in sizes[1:] if parquet else ():
                scene = SceneOptions(prims, hierarchy, size, options.seed)
                runs = min(options.runs, _ROW_GROUP_RUNS)
                name = row_group_variant(size)
                blocks.append(SceneBlock(scene, parquet, varied, runs, name))
    return blocks


def row_group_variant(size: int) -> str:
    """The variant whose Parquet files have row groups of this size."""
    return f"row_group_{size}"


def warmup_samples(
    options: BenchOptions, block: SceneBlock, formats: Collection[str]
) -> list[Sample]:
    """One process for each format and warm-up round. They warm up the machine."""
    samples = []
    for run in range(-options.warmup, 0):
        for name in formats:
            fitting = [entry for entry in block.sessions if entry.applies_to(FORMATS[name])]
            plain = [entry for entry in fitting if not entry.is_uncached] or fitting
            if plain:
                samples.append(_sample(block, name, plain[0], run))
    return samples


def round_samples(
    options: BenchOptions, block: SceneBlock, formats: Collection[str], run: int
) -> list[Sample]:
    """The samples of one round: every session of every format once, shuffled.

    What disturbs the machine for a while then hits all formats alike. The order does not depend on
    which formats are left, so a run that is continued takes the same samples.
    """
    order = [(name, session) for name in block.formats for session in block.sessions]
    place = block.scene.folder_name()
    random.Random(f"{options.seed}/{place}/{run}").shuffle(order)
    return [
        _sample(block, name, session, run)
        for name, session in order
        if name in formats and session.applies_to(FORMATS[name]) and run < session.runs(block.runs)
    ]


def case_samples(
    options: BenchOptions,
    session: Session,
    cases: Iterable[tuple[str, int]],
    formats: Collection[str],
    run: int,
) -> list[Sample]:
    """One round over `cases`, which are variants with their numbers of prims."""
    order = [(variant, prims, name) for variant, prims in cases for name in formats]
    random.Random(f"{options.seed}/{session.name}/{run}").shuffle(order)
    return [
        Sample(prims, "flat", variant, name, session.name, run) for variant, prims, name in order
    ]


def session_of(sample: Sample, block: SceneBlock | None = None) -> Session:
    """The session of a sample, cut to what its block measures."""
    for entry in block.sessions if block else ():
        if entry.name == sample.session:
            return entry
    return session_named(sample.session)


def _sample(block: SceneBlock, name: str, session: Session, run: int) -> Sample:
    scene = block.scene
    return Sample(scene.prims, scene.hierarchy, block.variant, name, session.name, run)


def _require_known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    names = list(names)
    if not names:
        raise ValueError(f"no {what} to measure")
    for name in names:
        if name not in known:
            raise ValueError(f"unknown {what} '{name}'; there are: {', '.join(known)}")
