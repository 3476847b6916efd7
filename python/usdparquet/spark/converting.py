"""Many USD files as one dataset."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from usdparquet._dataset import describe_part
from usdparquet._layer_metadata import layer_fields

from .jobs import collected, mapped
from .parts import RESULT, result
from .staging import Staging, staged
from .writing import assemble

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Row, SparkSession

REPORT = "_conversion.json"
"""The file with the report, in the folder of the dataset."""
_TASKS_PER_CORE = 4
_COMMAND = [sys.executable, "-m", "usdparquet.tables.layer_worker"]
Batches = Iterator["pa.RecordBatch"]


@dataclass(frozen=True)
class FailedFile:
    """A file that is not in the dataset."""

    file: str
    reason: str
    """One sentence."""


@dataclass(frozen=True)
class ConvertReport:
    """What became of the files; the dataset has it as `_conversion.json`."""

    files: int
    """How many there were."""
    converted: int
    """How many are in the dataset, each as a part."""
    rows: int
    bytes: int
    """The size of the parts."""
    failures: list[FailedFile] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    """Files with more in them than a table, which is left out: composition arcs, variants,
    connections, and without `samples` time samples."""


def convert_layers(
    paths: Iterable[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    spark: SparkSession | None = None,
    flatten: bool = False,
    samples: bool = False,
    layer: Mapping[str, object] | None = None,
    layout: str | None = None,
    compression: str | None = None,
    seconds: float = 600,
) -> ConvertReport:
    """Convert USD files to a dataset, a part each, with OpenUSD on Spark's workers.

    `paths`: the files, which the workers see under these names. `target`: as of `write_layer`.
    `spark`: the session; if not given, the active one. `flatten`: convert the composed stage of
    each file instead of its layer alone. `samples`: convert time samples, too, which makes the
    dataset a long table. `layer`: metadata of the new layer, such as `defaultPrim`.
    `seconds`: how long one file may take.

    A file that cannot be converted is left out and listed in the report; also one that OpenUSD does
    not survive, and one whose columns, axes or units are others than those of the files before it.
    Where a path is in several files, the dataset shows the later one.

    Raises ValueError for what is wrong with the arguments and if no file can be converted, OSError
    if the dataset cannot be written. Nothing is written then.
    """
    if isinstance(paths, str | os.PathLike):
        raise TypeError(f"paths takes a list of files, not {os.fspath(paths)!r} alone")
    files = [str(Path(file).absolute()) for file in paths]
    name = os.fspath(target)
    if not files:
        raise ValueError(f"{name}: there are no files to convert")
    converter = _Converter(
        {
            "flatten": flatten,
            "samples": samples,
            "layout": layout,
            "compression": compression,
            "layer": layer_fields(layer or {}),
        },
        seconds,
    )
    with staged(target) as staging:
        rows = _run(_session(spark), converter, files, staging)
        rows, report = _sorted_out(rows, files)
        if not rows:
            raise ValueError(
                f"{name}: none of {len(files):,} files can be converted; "
                f"the first: {report.failures[0].reason}"
            )
        first = json.loads(rows[0]["told"])
        assemble(staging, name, rows, path=first["path"], time=first["time"])
        text = json.dumps(asdict(report), indent=1, ensure_ascii=False)
        (staging.dataset / REPORT).write_text(f"{text}\n", encoding="utf-8")
        staging.commit()
    return report


def _session(spark: SparkSession | None) -> SparkSession:
    from pyspark.sql import SparkSession

    session = spark or SparkSession.getActiveSession()
    if session is None:
        raise ValueError("there is no Spark session; start one, or give it as the argument 'spark'")
    return session


def _run(
    session: SparkSession, converter: _Converter, files: list[str], staging: Staging
) -> list[Row]:
    """Have Spark convert the files; a row of RESULT for each."""
    frame = session.createDataFrame(list(enumerate(files)), "number int, file string")
    cores = session.sparkContext.defaultParallelism
    tasks = min(len(files), _TASKS_PER_CORE * cores)
    job = mapped(frame.repartition(tasks), converter.function(str(staging.attempts)), RESULT)
    return collected(session, job)


def _sorted_out(rows: list[Row], files: list[str]) -> tuple[list[Row], ConvertReport]:
    """The rows of the files that go together, and the report on all."""
    kept, failures, partial = [], [], []
    columns: dict[str, tuple[str, str]] = {}
    first: tuple[str, dict[str, Any]] | None = None
    for row in sorted(rows, key=lambda row: row["number"]):
        file = files[row["number"]]
        problem = row["problem"]
        if problem is None:
            told = json.loads(row["told"])
            problem = _collision(file, told, columns, first)
        if problem is not None:
            failures.append(FailedFile(file, problem))
            continue
        first = first or (file, told)
        for name, what in told["columns"].items():
            columns.setdefault(name, (file, what))
        if not told["is_whole"]:
            partial.append(file)
        kept.append(row)
    report = ConvertReport(
        len(files),
        len(kept),
        sum(row["rows"] for row in kept),
        sum(row["bytes"] for row in kept),
        failures,
        partial,
    )
    return kept, report


def _collision(
    file: str,
    told: dict[str, Any],
    columns: dict[str, tuple[str, str]],
    first: tuple[str, dict[str, Any]] | None,
) -> str | None:
    """What keeps a file from being a part beside those before it."""
    for name, what in told["columns"].items():
        where, other = columns.get(name, (file, what))
        if other != what:
            return f"{file}: '{name}' is {what}, but {other} in {where}"
    if first is None:
        return None
    where, other_told = first
    if other_told["scene"] != told["scene"]:
        shown, others = (_shown(each["scene"]) for each in (told, other_told))
        return f"{file}: the layer has {shown}, but {where} has {others}"
    for role in ("path", "time"):
        if other_told[role] != told[role]:
            return (
                f"{file}: the column of each prim's {role} would be '{told[role]}', but is "
                f"'{other_told[role]}' for {where}: rename the property '{role}'"
            )
    return None


def _shown(fields: dict[str, dict[str, Any]]) -> str:
    texts = [f"{name} {value}" for name, told in fields.items() for value in told.values()]
    return ", ".join(texts) or "no axis or units of its own"


@dataclass(frozen=True)
class _Converter:
    """Converts the files of a task; goes to the workers."""

    options: dict[str, Any]
    """What `table_of_layer` takes."""
    seconds: float

    def function(self, attempts: str) -> Callable[[Batches], Batches]:
        """What `mapInArrow` takes; `attempts` is the folder to write to."""

        def convert(batches: Batches) -> Batches:
            with _Process(self.seconds) as process:
                for batch in batches:
                    for row in batch.to_pylist():
                        yield result(self._convert(process, row, attempts))

        return convert

    def _convert(self, process: _Process, row: dict[str, Any], attempts: str) -> dict[str, Any]:
        number, file = row["number"], row["file"]
        attempt = f"{number:05d}-{uuid.uuid4().hex}.parquet"
        target = Path(attempts, attempt)
        done = {"number": number, "attempt": attempt}
        told = process.ask({"source": file, "target": str(target), **self.options})
        if "problem" in told:
            reason: str = told["problem"]
            return done | {"problem": reason if file in reason else f"{file}: {reason}"}
        text = describe_part(target, path=told["path"])
        done |= {"rows": told["rows"], "bytes": told["bytes"], "description": text}
        return done | {"told": json.dumps(told)}


class _Process:
    """The process that converts; another one follows on one that did not survive a file."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._end(self._process)

    def ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer for one file, which has `problem` if there is none."""
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        is_late = threading.Event()

        def stop() -> None:
            is_late.set()
            process.kill()

        timer = threading.Timer(self._seconds, stop)
        timer.start()
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        code = process.wait()
        self._end(process)
        self._process = None
        if is_late.is_set():
            return {"problem": f"OpenUSD did not end in {self._seconds:g} seconds"}
        return {"problem": f"OpenUSD crashed while it read or wrote the layer ({_end_of(code)})"}

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        return self._process

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()


def _end_of(code: int) -> str:
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit code {code}"
