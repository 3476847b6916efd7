"""Many open layers share one budget: what is in use stays in memory, however many there are."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from parquet_files import Writer
from pxr import Sdf

import usdparquet

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def default_budget():
    yield
    usdparquet.set_cache_budget(64 * MEGABYTE)


def copies(write: Writer, rows: int, count: int, **options: object) -> list[Path]:
    """As many files of the same table: `x` of /W/p<i> is i."""
    first = write(
        {"path": [f"/W/p{i}" for i in range(rows)], "x": [float(i) for i in range(rows)]},
        **options,
    )
    files = [first.with_name(f"layer_{number}.parquet") for number in range(count)]
    for file in files:
        shutil.copyfile(first, file)
    return files


def opened(files: list[Path]) -> list[Sdf.Layer]:
    return [Sdf.Layer.FindOrOpen(str(file)) for file in files]


def read(layer: Sdf.Layer, number: int) -> float:
    return layer.GetAttributeAtPath(f"/W/p{number}.x").default


def test_reads_miss_no_more_with_250_layers_than_with_10(write: Writer) -> None:
    files = copies(write, 20_000, 250)
    misses = []
    for count in (10, 250):
        layers = opened(files[:count])
        before = usdparquet.cache_stats()["misses"]
        for _ in range(20):
            for layer in (layers[0], layers[-1], layers[count // 2]):
                assert read(layer, 5) == 5
        misses.append(usdparquet.cache_stats()["misses"] - before)
        del layers, layer
    assert misses[1] <= misses[0]


def test_ten_hot_layers_of_200_keep_their_pages_in_one_megabyte(write: Writer) -> None:
    layers = opened(copies(write, 2000, 200, data_page_size=2048, write_batch_size=200))
    usdparquet.set_cache_budget(MEGABYTE)
    for layer in layers:
        assert read(layer, 1) == 1
    assert usdparquet.cache_stats()["bytes_resident"] <= MEGABYTE
    hot = layers[::20]
    for _ in range(3):
        for layer in hot:
            for number in range(0, 2000, 20):
                assert read(layer, number) == number
    before = usdparquet.cache_stats()
    for round_number in range(10):
        for layer in hot:
            for number in range(0, 2000, 20):
                assert read(layer, number) == number
        read(layers[20 * round_number + 7], 3)
    after = usdparquet.cache_stats()
    assert after["bytes_resident"] <= MEGABYTE
    assert after["misses"] - before["misses"] <= 20  # those of the other layers
    assert after["hits"] - before["hits"] >= 10 * 10 * 100


def test_layers_close_while_others_are_read(write: Writer) -> None:
    files = copies(write, 2000, 40)
    usdparquet.set_cache_budget(MEGABYTE)
    kept = opened(files[:10])
    wrong: list[float] = []
    done = threading.Event()

    def read_all(offset: int) -> None:
        for number in range(offset, 2000, 7):
            for layer in kept:
                value = read(layer, number)
                if value != number:
                    wrong.append(value)

    def open_and_close() -> None:
        while not done.is_set():
            for file in files[10:]:
                layer = Sdf.Layer.FindOrOpen(str(file))
                if read(layer, 9) != 9:
                    wrong.append(-1)

    readers = [threading.Thread(target=read_all, args=(offset,)) for offset in range(3)]
    opener = threading.Thread(target=open_and_close)
    for thread in (*readers, opener):
        thread.start()
    for thread in readers:
        thread.join()
    done.set()
    opener.join()
    assert wrong == []


def test_200_layers_in_a_process_with_a_megabyte_from_the_start(write: Writer) -> None:
    files = copies(write, 500, 200)
    code = (
        "import sys, usdparquet\n"
        "from pxr import Sdf\n"
        "layers = [Sdf.Layer.FindOrOpen(name) for name in sys.argv[1:]]\n"
        "for layer in layers:\n"
        "    for i in range(0, 500, 50):\n"
        "        assert layer.GetAttributeAtPath(f'/W/p{i}.x').default == i\n"
        "stats = usdparquet.cache_stats()\n"
        "assert stats['budget'] == 1 << 20 and stats['bytes_peak'] <= 1 << 20, stats\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, files)],
        env={"USDPARQUET_CACHE_MB": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
