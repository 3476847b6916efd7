"""Time samples in every format, and the requests to play them back.

Each prim has two animated attributes with a sample at every frame. As Parquet this is a long table,
one row a prim and frame, in either of the usual orders; as USDC it is time samples.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from usdparquet.bench.checks import digest
from usdparquet.bench.formats import FORMATS
from usdparquet.bench.layer_files import prim_spec, save_layer, stage_text, write_parquet
from usdparquet.bench.protocol import Request, Step
from usdparquet.bench.sessions import Session
from usdparquet.bench.table import sample_rows

if TYPE_CHECKING:
    import pyarrow as pa

PLAYBACK_PRIMS, PLAYBACK_FRAMES = 1_000, 100
PLAYBACK_FORMATS = ("usdc", "parquet_none", "parquet_snappy", "parquet_zstd")
_TIME_ARGUMENT = ":SDF_FORMAT_ARGS:time=frame"
_ATTRIBUTES = {"value": "double", "position": "float3"}
_SPOT_READS = 100

Order = Literal["by_time", "by_path"]


@dataclass(frozen=True)
class PlaybackFiles:
    """The files of one order of rows; each stage has the animated layer alone."""

    directory: Path
    order: Order
    seed: int
    prims: int = PLAYBACK_PRIMS
    frames: int = PLAYBACK_FRAMES

    @property
    def variant(self) -> str:
        """What this is called in the results."""
        return f"playback_{self.order}"

    @property
    def scale(self) -> int:
        """The number of prims."""
        return self.prims

    def property_file(self, name: str) -> Path:
        """The layer that is measured."""
        return self.directory / f"{self.variant}_{name}.{FORMATS[name].extension}"

    def layer(self, name: str) -> str:
        """The name of that layer with its format arguments."""
        return self.property_file(name).name + (_TIME_ARGUMENT if FORMATS[name].is_parquet else "")

    def stage_file(self, name: str) -> Path:
        """The stage over it."""
        return self.directory / f"{self.variant}_{name}.usda"

    @property
    def warmup(self) -> PlaybackFiles:
        """The same with a few prims and frames."""
        return replace(self, directory=self.directory / "warmup", prims=4, frames=2)

    def prim_paths(self) -> list[str]:
        """The prims with animated attributes."""
        return [f"/World/Prim_{number}" for number in range(self.prims)]

    def values(self, attribute: str) -> npt.NDArray[Any]:
        """The samples of an attribute, prims by frames, and by 3 for positions."""
        random = np.random.default_rng([self.seed, list(_ATTRIBUTES).index(attribute)])
        if attribute == "value":
            return random.normal(0.0, 100.0, (self.prims, self.frames))
        return random.normal(0.0, 10.0, (self.prims, self.frames, 3)).astype(np.float32)

    def request(self, session: Session, name: str) -> Request:
        """The request for one sample."""
        cells, spot_digest = _spot_check(self)
        paths, warmup = self.prim_paths(), self.warmup
        reads = Step(
            "playback",
            properties=list(_ATTRIBUTES),
            prims=paths,
            times=[float(frame) for frame in range(self.frames)],
        )
        return Request(
            session=session.name,
            format=name,
            stage_file=str(self.stage_file(name).resolve()),
            base_stage_file="",
            property_file=str(self.property_file(name).resolve()),
            warmup_stage_file=str(warmup.stage_file(name).resolve()),
            warmup_property_file=str(warmup.directory.resolve() / warmup.layer(name)),
            steps=[reads if test == reads.test else Step(test) for test in session.tests],
            spot_reads=[(paths[prim], attribute) for prim, _, attribute in cells],
            spot_times=[float(frame) for _, frame, _ in cells],
            spot_digest=spot_digest,
        )


def playback_files(directory: Path, seed: int) -> list[PlaybackFiles]:
    """Both orders."""
    return [PlaybackFiles(directory, "by_time", seed), PlaybackFiles(directory, "by_path", seed)]


def write_playback_files(files: PlaybackFiles, formats: Iterable[str]) -> None:
    """Write what is not there yet."""
    names = list(formats)
    for target in (files.warmup, files):
        target.directory.mkdir(parents=True, exist_ok=True)
        for name in names:
            # The stage is written last: where it is, the layer is whole.
            if target.stage_file(name).exists():
                continue
            entry = FORMATS[name]
            if entry.is_parquet:
                write_parquet(
                    target.property_file(name), _arrow_table(target), str(entry.compression)
                )
            else:
                _write_usdc(target)
            text = stage_text([target.layer(name)])
            target.stage_file(name).write_text(text, encoding="utf-8")


def _arrow_table(files: PlaybackFiles) -> pa.Table:
    import pyarrow as pa

    prims = np.repeat(np.arange(files.prims), files.frames)
    frames = np.tile(np.arange(files.frames, dtype=np.float64), files.prims)
    rows = np.lexsort((prims, frames) if files.order == "by_time" else (frames, prims))
    paths = pa.array(files.prim_paths(), pa.string())
    value = files.values("value").reshape(-1)[rows]
    position = files.values("position").reshape(-1, 3)[rows].reshape(-1)
    return pa.table(
        {
            "path": paths.take(pa.array(prims[rows])),
            "frame": pa.array(frames[rows]),
            "value": pa.array(value),
            "position": pa.FixedSizeListArray.from_arrays(pa.array(position), 3),
        }
    )


def _write_usdc(files: PlaybackFiles) -> None:
    from pxr import Gf, Sdf

    target = files.property_file("usdc")
    target.unlink(missing_ok=True)
    layer = Sdf.Layer.CreateNew(str(target))
    value, position = files.values("value"), files.values("position")
    with Sdf.ChangeBlock():
        prims: dict[str, Any] = {}
        for number, path in enumerate(files.prim_paths()):
            prim = prim_spec(layer, path, prims, Sdf.SpecifierOver, "")
            for name, type_name in _ATTRIBUTES.items():
                sdf_type = Sdf.ValueTypeNames.Find(type_name)
                Sdf.AttributeSpec(prim, name, sdf_type, Sdf.VariabilityVarying, False)
            for frame in range(files.frames):
                vector = Gf.Vec3f(*(float(part) for part in position[number, frame]))
                layer.SetTimeSample(f"{path}.value", frame, float(value[number, frame]))
                layer.SetTimeSample(f"{path}.position", frame, vector)
    layer.startTimeCode, layer.endTimeCode = 0, files.frames - 1
    save_layer(layer)


@cache
def _spot_check(files: PlaybackFiles) -> tuple[list[tuple[int, int, str]], str]:
    """Prim, frame and attribute of the values that are compared, and their digest."""
    names = list(_ATTRIBUTES)
    rows = sample_rows(files.prims * files.frames, _SPOT_READS, files.seed)
    cells = [
        (row // files.frames, row % files.frames, names[number % len(names)])
        for number, row in enumerate(rows)
    ]
    values = {name: files.values(name) for name in names}
    read = (values[name][prim, frame] for prim, frame, name in cells)
    return cells, digest(float(value) if np.ndim(value) == 0 else value for value in read)


def _main(arguments: list[str]) -> None:
    """Write the files that one JSON argument describes: how a program does it in a process."""
    request = json.loads(arguments[0])
    for files in playback_files(Path(request["directory"]), request["seed"]):
        write_playback_files(files, request["formats"])


if __name__ == "__main__":
    _main(sys.argv[1:])
