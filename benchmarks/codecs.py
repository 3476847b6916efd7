"""What each codec makes of a page of doubles, and what it takes to get them back.

    python codecs.py SCENE_FOLDER [--column cost] [--rows 512]

SCENE_FOLDER is a scene from `usdparquet generate`. The page is the column's first rows with their
bytes split into planes, as BYTE_STREAM_SPLIT stores them. Times are of pyarrow, which makes a
context for each page as its Parquet reader does: the least of five rounds of 2,000.
"""

from __future__ import annotations

import argparse
import timeit
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ratios import number, table

CODECS = (("zstd", 1), ("zstd", 15), ("lz4_raw", None), ("snappy", None))
ROUNDS, TIMES = 5, 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--column", default="cost")
    parser.add_argument("--rows", type=int, default=512)
    options = parser.parse_args()
    file = options.folder / "properties_parquet_zstd.parquet"
    values = pq.read_table(file, columns=[options.column]).column(0).to_numpy()[: options.rows]
    planes = np.frombuffer(values.tobytes(), np.uint8).reshape(len(values), 8).T.tobytes()
    lines = []
    for name, level in CODECS:
        codec = pa.Codec(name) if level is None else pa.Codec(name, level)
        packed = codec.compress(planes, asbytes=True)
        timer = timeit.Timer(
            lambda codec=codec, packed=packed: codec.decompress(packed, len(planes))
        )
        least = min(timer.repeat(ROUNDS, TIMES)) / TIMES * 1e6
        title = name if level is None else f"{name}, level {level}"
        lines.append([title, f"{len(packed):,}", number(least)])
    print(table(("codec", f"bytes of {len(planes):,}", "decompression (us)"), lines))


if __name__ == "__main__":
    main()
