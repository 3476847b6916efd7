"""The files of time samples in every format.

Each prim has two animated attributes with a sample at every frame. As Parquet this is a long table,
one row for each prim and frame, in either of the usual orders; as USDC it is time samples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from usdparquet.bench.case_files import SPOT_READS, CaseFiles, SpotCheck
from usdparquet.bench.checks import digest
from usdparquet.bench.formats import FORMATS, OPTIMIZED_FORMAT
from usdparquet.bench.layer_files import long_table, write_time_samples
from usdparquet.bench.protocol import Step
from usdparquet.bench.table import sample_rows

if TYPE_CHECKING:
    import pyarrow as pa

PLAYBACK_PRIMS, PLAYBACK_FRAMES = 1_000, 100
PLAYBACK_FORMATS = ("usdc", "parquet_none", "parquet_snappy", "parquet_zstd", OPTIMIZED_FORMAT)
_TIME_ARGUMENT = ":SDF_FORMAT_ARGS:time=frame"
_ATTRIBUTES = {"value": "double", "position": "float3"}

Order = Literal["by_time", "by_path"]


@dataclass(frozen=True)
class PlaybackFiles(CaseFiles):
    """The files whose rows are in one order."""

    order: Order
    prims: int = PLAYBACK_PRIMS
    frames: int = PLAYBACK_FRAMES

    @property
    def variant(self) -> str:
        """The order of the rows."""
        return f"playback_{self.order}"

    @property
    def scale(self) -> int:
        """The number of prims."""
        return self.prims

    @property
    def warmup(self) -> PlaybackFiles:
        """The same with a few prims and frames."""
        return replace(self, directory=self.directory / "warmup", prims=4, frames=2)

    def layer(self, name: str) -> str:
        """The name of the layer; a Parquet layer is told which column has the times."""
        return super().layer(name) + (_TIME_ARGUMENT if FORMATS[name].is_parquet else "")

    @property
    def layout(self) -> dict[str, Any]:
        """How `optimize` orders the rows."""
        return {"time_column": "frame", "order": self.order.removeprefix("by_")}

    def samples(self) -> dict[str, npt.NDArray[Any]]:
        """The samples of each attribute, prims by frames, and by 3 for positions."""
        shape = (self.prims, self.frames)
        value = np.random.default_rng([self.seed, 0]).normal(0.0, 100.0, shape)
        position = np.random.default_rng([self.seed, 1]).normal(0.0, 10.0, (*shape, 3))
        return {"value": value, "position": position.astype(np.float32)}

    def table(self) -> pa.Table:
        """One row for each prim and frame."""
        return long_table(self.prim_paths(), self.samples(), self.order == "by_time")

    def write_usdc(self, target: Path) -> None:
        """Write the time samples of the prims."""
        write_time_samples(target, self.prim_paths(), self.samples(), _ATTRIBUTES)

    def reads(self) -> Step:
        """Both attributes of every prim at every frame."""
        return Step(
            "playback",
            properties=list(_ATTRIBUTES),
            prims=self.prim_paths(),
            times=[float(frame) for frame in range(self.frames)],
        )

    def spot_check(self) -> SpotCheck:
        """Random prims and frames of both attributes."""
        names, paths, samples = list(_ATTRIBUTES), self.prim_paths(), self.samples()
        rows = sample_rows(self.prims * self.frames, SPOT_READS, self.seed)
        cells = [
            (*divmod(row, self.frames), names[number % len(names)])
            for number, row in enumerate(rows)
        ]
        read = (samples[name][prim, frame] for prim, frame, name in cells)
        values = digest(float(value) if np.ndim(value) == 0 else value for value in read)
        reads = [(paths[prim], name) for prim, _, name in cells]
        return SpotCheck(reads, values, [float(frame) for _, frame, _ in cells])


def playback_files(directory: Path, seed: int) -> list[PlaybackFiles]:
    """Both orders."""
    return [PlaybackFiles(directory, seed, order) for order in ("by_time", "by_path")]
