"""The files, stages and requests of a small scene that is measured outside the comparison."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from usdparquet.bench.formats import FORMATS
from usdparquet.bench.layer_files import write_parquet, write_stage
from usdparquet.bench.protocol import Read, Request, Step
from usdparquet.bench.sessions import Session

if TYPE_CHECKING:
    import pyarrow as pa

SPOT_READS = 100
"""How many values each sample compares exactly, after the measurement."""


@dataclass(frozen=True)
class SpotCheck:
    """Reads after the measurement, their time codes if they are samples, and their digest."""

    reads: Sequence[Read]
    digest: str
    times: Sequence[float] = ()


@dataclass(frozen=True)
class CaseFiles(ABC):
    """The files of one case on disk; each stage has the property layer alone."""

    directory: Path
    seed: int

    @property
    @abstractmethod
    def variant(self) -> str:
        """The name of the case in the results."""

    @property
    @abstractmethod
    def scale(self) -> int:
        """The number of prims."""

    @property
    @abstractmethod
    def warmup(self) -> Self:
        """The same with a few prims; reading it loads what a process loads once."""

    @abstractmethod
    def table(self) -> pa.Table:
        """The rows of the Parquet files."""

    @abstractmethod
    def write_usdc(self, target: Path) -> None:
        """Write the same values as USDC."""

    @abstractmethod
    def reads(self) -> Step:
        """The step that reads every value."""

    @abstractmethod
    def spot_check(self) -> SpotCheck:
        """What is compared after the measurement."""

    def prim_paths(self) -> list[str]:
        """The prims with properties."""
        return [f"/World/Prim_{number}" for number in range(self.scale)]

    def property_file(self, name: str) -> Path:
        """The layer that is measured."""
        return self.directory / f"{self.variant}_{name}.{FORMATS[name].extension}"

    def layer(self, name: str) -> str:
        """The name of that layer, with its format arguments if it has any."""
        return self.property_file(name).name

    @property
    def layout(self) -> dict[str, Any]:
        """What `optimize` is told of the file, in the format that it writes."""
        return {}

    def stage_file(self, name: str) -> Path:
        """The stage over it."""
        return self.directory / f"{self.variant}_{name}.usda"

    def request(self, session: Session, name: str) -> Request:
        """The request for one sample."""
        reads, warmup, spot = self.reads(), self.warmup, _spot_check(self)
        return Request(
            session=session.name,
            format=name,
            stage_file=str(self.stage_file(name).resolve()),
            base_stage_file="",
            property_file=str(self.property_file(name).resolve()),
            warmup_stage_file=str(warmup.stage_file(name).resolve()),
            warmup_property_file=str(warmup.directory.resolve() / warmup.layer(name)),
            steps=[reads if test == reads.test else Step(test) for test in session.tests],
            spot_reads=list(spot.reads),
            spot_digest=spot.digest,
            spot_times=list(spot.times),
        )


@cache
def _spot_check(files: CaseFiles) -> SpotCheck:
    return files.spot_check()


def write_case_files(cases: Sequence[CaseFiles], formats: Collection[str]) -> None:
    """Write what is not there yet."""
    for files in (each for case in cases for each in (case.warmup, case)):
        files.directory.mkdir(parents=True, exist_ok=True)
        # The stage is written last: where it is, the layer is whole.
        missing = [FORMATS[name] for name in formats if not files.stage_file(name).exists()]
        table = files.table() if any(entry.is_parquet for entry in missing) else None
        for entry in missing:
            target = files.property_file(entry.name)
            if entry.is_parquet:
                write_parquet(target, table, entry, **files.layout)
            else:
                files.write_usdc(target)
            write_stage(files.stage_file(entry.name), [files.layer(entry.name)])
