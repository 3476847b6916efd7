"""Many threads, a small budget: every value as with one thread."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from parquet_files import write_parquet
from pxr import Sdf, Usd, UsdGeom
from usd_values import canonical

import usdparquet

ROWS = 20_000
THREADS = 8
PATHS = [f"/World/Zone_{row % 40}/Part_{row}" for row in range(ROWS)]
NAMES = ("cost", "mass", "name", "code", "size", "tags")


def make_table() -> pa.Table:
    rng = random.Random(3)
    rows = range(ROWS)
    return pa.table(
        {
            "path": PATHS,
            "cost": [None if rng.random() < 0.1 else rng.random() for _ in rows],
            "mass": pa.array([rng.random() for _ in rows], type=pa.float32()),
            "name": [f"part number {row}" for row in rows],
            "code": [rng.choice(("steel", "glass", None)) for _ in rows],
            "size": pa.array([[row, 1, 2] for row in rows], type=pa.list_(pa.float32(), 3)),
            "tags": [[str(row)] * (row % 3) for row in rows],
            "radius": [float(row % 97) for row in rows],
        }
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("threads") / "table.parquet"
    options = {"rows_per_group": 6_000, "rows_per_page": 500}
    return write_parquet(make_table(), target, "v2_zstd_plain_index_checksum", **options)


@pytest.fixture
def small_budget() -> Iterator[int]:
    """A budget of 1 MB, and threads that take turns as often as Python lets them."""
    budget, interval = usdparquet.cache_stats()["budget"], sys.getswitchinterval()
    usdparquet.set_cache_budget(1 << 20)
    sys.setswitchinterval(1e-5)
    yield 1 << 20
    sys.setswitchinterval(interval)
    usdparquet.set_cache_budget(budget)


def expected() -> dict[str, list[object]]:
    table = make_table()
    return {name: table[name].to_pylist() for name in NAMES}


def default_of(layer: Sdf.Layer, path: str) -> object:
    """None where there is no such attribute."""
    attribute = layer.GetAttributeAtPath(path)
    return attribute.default if attribute else None


def value_of(stage: Usd.Stage, path: str) -> object:
    """None where there is no such attribute."""
    attribute = stage.GetAttributeAtPath(path)
    return attribute.Get() if attribute else None


def test_random_reads_agree_with_the_table(file: Path, small_budget: int) -> None:
    want = expected()
    stage = Usd.Stage.Open(str(file))
    before = usdparquet.cache_stats()

    def read(seed: int) -> int:
        rng = random.Random(seed)
        for _ in range(3_000):
            row, name = rng.randrange(ROWS), rng.choice(NAMES)
            got = value_of(stage, f"{PATHS[row]}.{name}")
            assert canonical(got) == canonical(want[name][row]), (row, name)
        return seed

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(read, range(THREADS))) == list(range(THREADS))
    after = usdparquet.cache_stats()
    assert after["evictions"] > before["evictions"]
    assert after["budget"] == small_budget


def test_reads_in_order_agree_between_threads(file: Path, small_budget: int) -> None:
    want = expected()
    layer = Sdf.Layer.FindOrOpen(str(file))

    def read(start: int) -> None:
        for row in range(start, ROWS, THREADS * 3):
            for name in NAMES:
                got = default_of(layer, f"{PATHS[row]}.{name}")
                assert canonical(got) == canonical(want[name][row]), (row, name)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(read, range(THREADS)))


def test_layers_open_and_close_while_others_are_read(file: Path, small_budget: int) -> None:
    want = expected()

    def read(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(5):
            layer = Sdf.Layer.OpenAsAnonymous(str(file))
            for row in rng.sample(range(ROWS), 100):
                name = rng.choice(NAMES)
                got = default_of(layer, f"{PATHS[row]}.{name}")
                assert canonical(got) == canonical(want[name][row]), (row, name)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(read, range(THREADS)))


def test_the_budget_may_change_while_threads_read(file: Path, small_budget: int) -> None:
    want = expected()
    stage = Usd.Stage.Open(str(file))

    def read(seed: int) -> None:
        rng = random.Random(seed)
        for count in range(600):
            if count % 100 == seed:
                usdparquet.set_cache_budget(rng.choice((0, 1 << 16, 1 << 20, 64 << 20)))
            row, name = rng.randrange(ROWS), rng.choice(NAMES)
            got = value_of(stage, f"{PATHS[row]}.{name}")
            assert canonical(got) == canonical(want[name][row]), (row, name)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(read, range(THREADS)))


def test_the_worker_threads_of_usd(file: Path, small_budget: int) -> None:
    """Bounding boxes are computed by OpenUSD on its threads, from `radius` of the table."""
    root = Sdf.Layer.CreateAnonymous(".usda")
    root.subLayerPaths = [str(file)]
    with Sdf.ChangeBlock():
        for path in PATHS[:6_000]:
            spec = Sdf.CreatePrimInLayer(root, path)
            spec.specifier, spec.typeName = Sdf.SpecifierDef, "Sphere"
        for zone in range(40):
            root.GetPrimAtPath(f"/World/Zone_{zone}").specifier = Sdf.SpecifierDef
        root.GetPrimAtPath("/World").specifier = Sdf.SpecifierDef
    stage = Usd.Stage.Open(root)
    boxes = UsdGeom.BBoxCache(Usd.TimeCode.Default(), [UsdGeom.Tokens.default_])
    boxes.ComputeWorldBound(stage.GetPrimAtPath("/World"))
    for row in range(0, 6_000, 11):
        bound = boxes.ComputeUntransformedBound(stage.GetPrimAtPath(PATHS[row])).GetRange()
        assert bound.GetMax()[0] == row % 97


def test_what_is_resident_stays_within_the_budget(file: Path, small_budget: int) -> None:
    stage = Usd.Stage.Open(str(file))
    for row in range(0, ROWS, 13):
        for name in NAMES:
            value_of(stage, f"{PATHS[row]}.{name}")
        assert usdparquet.cache_stats()["bytes_resident"] <= small_budget
