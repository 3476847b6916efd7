"""How much memory it takes to put the rows of a table in order.

    python benchmarks/sorting_memory.py --rows 20000000
    python benchmarks/sorting_memory.py --rows 1000000 --work optimize bind --memory 64

Writes tables with a path and five columns, their rows shuffled: a Parquet file for `optimize`, a
stream of it for `write_table`, and a table by ids and a file of ids for `bind`. Each is then put in
order in a process of its own, while this process samples the memory of the other. Prints one JSON
object a line, in bytes and seconds; `growth` is the peak above what the process had once its
libraries were loaded, `anonymous` without mapped files. Files are made in the folder of --folder.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from usdparquet.bench.memory import BYTES_PER_MB, process_memory
from usdparquet.bench.timeline import MemorySampler

WORKS = ("optimize", "write", "bind")
ROWS_PER_GROUP = 250_000

CHILD = """
import sys
import pyarrow.dataset
import numpy
import usdparquet
from usdparquet import _bind
from usdparquet._plugin import load_core
core = load_core()
core.IdCodes()
work, source, ids, target, memory, compression = sys.argv[1:]
memory = int(memory)
print("ready", flush=True)
sys.stdin.readline()
if work == "optimize":
    core.optimize(source, target, memory=memory, compression=compression)
elif work == "write":
    # With pre_buffer, as it has it by itself, the scanner keeps all that it has read of a file.
    reading = pyarrow.dataset.ParquetFragmentScanOptions(pre_buffer=False)
    scanner = pyarrow.dataset.dataset(source).scanner(
        batch_size=65_536,
        batch_readahead=1,
        fragment_readahead=1,
        use_threads=False,
        fragment_scan_options=reading,
    )
    usdparquet.write_table(
        scanner.to_reader(), target, memory=memory, compression=compression
    )
else:
    done = usdparquet.bind(
        source, ids, target, key="tag", memory=memory, compression=compression
    )
    assert done.join.is_complete
print("done", flush=True)
sys.stdin.readline()
"""


def texts(prefix: str, numbers: pa.Array) -> pa.Array:
    """The prefix and a number each."""
    return pc.binary_join_element_wise(pa.scalar(prefix), numbers.cast(pa.string()), "")


def portions(rows: int) -> Iterator[pa.Table]:
    """All columns of all rows, shuffled: a path, a tag and four values."""
    step = 15_485_863  # a prime number, which no number of rows here is a multiple of
    random = np.random.default_rng(1)
    for first in range(0, rows, ROWS_PER_GROUP):
        at = np.arange(first, min(first + ROWS_PER_GROUP, rows), dtype=np.int64)
        prim = pa.array(at * step % rows)
        zone = pc.divide(prim, 1000)
        path = pc.binary_join_element_wise(texts("/World/Zone_", zone), texts("Prim_", prim), "/")
        yield pa.table(
            {
                "path": path,
                "tag": texts("TAG-", prim),
                "cost": random.random(len(at)),
                "weight": random.random(len(at)).astype(np.float32),
                "count": random.integers(0, 1 << 40, len(at)),
                "kind": pa.array([f"kind {i}" for i in range(8)]).take(pc.bit_wise_and(prim, 7)),
            }
        )


def write_tables(folder: Path, rows: int) -> dict[str, tuple[Path, Path]]:
    """The source, and the ids, for each kind of work."""
    plain, keyed, ids = (folder / f"{name}.parquet" for name in ("plain", "keyed", "ids"))
    writers: dict[Path, pq.ParquetWriter] = {}
    for table in portions(rows):
        for file, columns in (
            (plain, table.column_names),
            (keyed, [name for name in table.column_names if name != "path"]),
        ):
            part = table.select(columns)
            if file not in writers:
                writers[file] = pq.ParquetWriter(file, part.schema, compression="snappy")
            writers[file].write_table(part, row_group_size=ROWS_PER_GROUP)
    for first in range(0, rows, ROWS_PER_GROUP):
        prim = pa.array(np.arange(first, min(first + ROWS_PER_GROUP, rows)))
        zone = pc.divide(prim, 1000)
        path = pc.binary_join_element_wise(texts("/World/Zone_", zone), texts("Prim_", prim), "/")
        table = pa.table({"path": path, "id": texts("TAG-", prim)})
        if ids not in writers:
            writers[ids] = pq.ParquetWriter(ids, table.schema, compression="snappy")
        writers[ids].write_table(table, row_group_size=ROWS_PER_GROUP)
    for writer in writers.values():
        writer.close()
    return {"optimize": (plain, ids), "write": (plain, ids), "bind": (keyed, ids)}


def measure(
    work: str, files: tuple[Path, Path], target: Path, memory: int, compression: str
) -> dict[str, float]:
    """Put one table in order, in a process of its own."""
    arguments = [work, *map(str, files), str(target), str(memory), compression]
    command = [sys.executable, "-c", CHILD, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdin
        assert child.stdout
        if child.stdout.readline() != "ready\n":
            raise RuntimeError(f"{work} did not start")
        clean = process_memory(child.pid)
        sampler = MemorySampler(child.pid)
        start = time.monotonic()
        child.stdin.write("go\n")
        child.stdin.flush()
        if child.stdout.readline() != "done\n":
            raise RuntimeError(f"{work} failed")
        seconds = time.monotonic() - start
        samples = sampler.stop()
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
        child.stdin.write("end\n")
        child.stdin.flush()
    peak = next(int(line.split()[1]) * 1024 for line in status.splitlines() if "VmHWM" in line)
    anonymous = max(round(sample[1] * BYTES_PER_MB) for sample in samples)
    return {
        "clean": clean.resident,
        "growth": peak - clean.resident,
        "anonymous": anonymous - clean.anonymous,
        "seconds": round(seconds, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--work", nargs="+", choices=WORKS, default=WORKS)
    parser.add_argument("--memory", type=int, default=512, help="MiB for rows")
    parser.add_argument("--compression", default="snappy", help="zstd takes many times as long")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        sources = write_tables(Path(folder), options.rows)
        for work in options.work:
            target = Path(folder, "out.parquet")
            found = measure(work, sources[work], target, options.memory << 20, options.compression)
            size = target.stat().st_size
            target.unlink()
            shown = {"work": work, "rows": options.rows, "memory": options.memory << 20}
            print(json.dumps({**shown, "file": size, **found}), flush=True)


if __name__ == "__main__":
    main()
