"""Opens hostile files, each in a process of its own, which this process forks.

Everything is imported once, before the first fork. Standard input has a JSON object a line: `file`,
`command` (`probe`, or arguments of the command line), `rows` (a file with the rows that a reader
may give, or null), `output` (a file for what is printed). For each a line is printed: `status`
(exit code, or minus the signal, or null where it hangs), `seconds` of the processor, `megabytes`.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import pandas  # noqa: F401
import pyarrow.parquet  # noqa: F401
import rich.progress
import rich.table  # noqa: F401
import typer
from pxr import Plug, Sdf, Tf, Usd

import usdparquet
from usdparquet._plugin import load_core
from usdparquet.cli import app

ADDRESS_SPACE = 4 << 30
HANG = 60.0  # seconds of the processor; six times as long by the clock
COMMAND = typer.main.get_command(app)


def quiet(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Tf.ErrorException:
        return None


def probe_layer(file: str, rows: list[dict[str, Any]] | None) -> str:
    """Traverse, children, values, samples, text and a flattened stage of the layer."""
    layer = quiet(lambda: Sdf.Layer.FindOrOpen(file))
    if not layer:
        return "refused"
    values = {row["path"]: row["x"] for row in rows or [] if "x" in row}
    seen: list[Sdf.Path] = []
    quiet(lambda: layer.Traverse("/", seen.append))
    for path in seen[:2000]:
        spec = quiet(lambda path=path: layer.GetObjectAtPath(path))
        if spec is None:
            continue
        if path.IsPrimPath():
            for name in list(quiet(lambda spec=spec: spec.nameChildren.keys()) or [])[:20]:
                child = path.AppendChild(name)
                try:
                    if not layer.GetPrimAtPath(child):
                        return f"CHILD WITHOUT A SPEC: {child}"[:200]
                except Tf.ErrorException:
                    pass
        elif path.IsPropertyPath():
            value = quiet(lambda spec=spec: getattr(spec, "default", None))
            wanted = values.get(str(path.GetPrimPath()))
            if path.name == "x" and wanted is not None and value not in (None, wanted):
                return f"WRONG value of {path}: {value}, not {wanted}"
            quiet(lambda path=path: layer.GetNumTimeSamplesForPath(path))
    quiet(layer.ListAllTimeSamples)
    quiet(layer.ExportToString)
    quiet(lambda: Usd.Stage.Open(layer).Flatten())
    return "read"


def probe_columns(file: str, rows: list[dict[str, Any]] | None) -> str:
    """All rows, and then those of one path by the index."""
    verdicts = []
    some = [rows[-1]["path"]] if rows else ["/A3"]
    for paths in (None, some):
        try:
            table = usdparquet.read_columns(file, paths=paths)
        except (OSError, ValueError):
            verdicts.append("refused")
            continue
        wanted = rows
        if rows is not None and paths is not None:
            wanted = [row for row in rows if row["path"] == paths[0]]
        if wanted is not None and table.to_pylist() != wanted:
            return f"WRONG rows of {paths}: {table.num_rows}"
        verdicts.append("read")
    return ", ".join(verdicts)


def work(order: dict[str, Any]) -> int:
    """What the forked process does; returns its exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (int(HANG), int(HANG) + 1))
    if order["command"] != "probe":
        try:
            COMMAND([*order["command"], order["file"]], prog_name="usdparquet")
        except SystemExit as error:
            return int(error.code or 0)
        return 0
    rows = json.loads(Path(order["rows"]).read_text()) if order["rows"] else None
    print(f"layer: {probe_layer(order['file'], rows)}", flush=True)
    print(f"columns: {probe_columns(order['file'], rows)}", flush=True)
    return 0


def child(order: dict[str, Any]) -> None:
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    code = 1
    try:
        code = work(order)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def serve(order: dict[str, Any]) -> dict[str, Any]:
    process = os.fork()
    if not process:
        child(order)
    deadline = time.monotonic() + 6 * HANG
    while True:
        found, status, usage = os.wait4(process, os.WNOHANG)
        if found:
            break
        if time.monotonic() > deadline:
            os.kill(process, signal.SIGKILL)
            os.wait4(process, 0)
            return {"status": None, "seconds": HANG, "megabytes": 0}
        time.sleep(0.005)
    return {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": usage.ru_utime + usage.ru_stime,
        "megabytes": usage.ru_maxrss / 1024,
    }


def warm_up() -> None:
    """Import what the commands import late, without opening a file or starting a thread."""
    Plug.Registry().GetPluginWithName("usdparquet").Load()
    load_core()
    Usd.SchemaRegistry()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for arguments in (["inspect", os.devnull + "/none"], ["validate", "--help"]):
            with suppress(SystemExit):
                COMMAND(arguments, prog_name="usdparquet")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warm_up()
    for line in sys.stdin:
        print(json.dumps(serve(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
