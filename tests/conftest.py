"""Fixtures that the Python and the browser tests share."""

from __future__ import annotations

import pytest

from usdparquet.bench.catalog import METRIC_UNITS
from usdparquet.bench.protocol import Series
from usdparquet.bench.results import Measurement, Refusal, Results, SeriesEntry

SCALE, HIERARCHY = 1_000, "flat"

# Means that make Parquet win some rows, USDC one, and leave one undecided.
_MEANS: dict[tuple[str, str], dict[str, float]] = {
    ("layer_load", "time_ms"): {"usdc": 320.0, "parquet": 8.0},
    ("initial_load", "time_ms"): {"usdc": 860.0, "parquet": 45.0, "base": 32.0},
    ("initial_load", "anonymous_mb"): {"usdc": 122.0, "parquet": 11.0, "base": 9.5},
    ("initial_load", "resident_mb"): {"usdc": 126.0, "parquet": 13.0, "base": 9.8},
    ("initial_load", "peak_resident_mb"): {"usdc": 130.0, "parquet": 13.5, "base": 9.9},
    ("single_property_traversal", "time_ms"): {"usdc": 38.0, "parquet": 38.0, "base": 14.0},
    ("multi_property_traversal", "time_ms"): {"usdc": 130.0, "parquet": 160.0, "base": 66.0},
    ("multi_property_traversal", "anonymous_mb"): {"usdc": 123.0, "parquet": 13.0, "base": 9.6},
    ("multi_property_traversal", "resident_mb"): {"usdc": 127.0, "parquet": 15.0, "base": 9.9},
    ("multi_property_traversal", "peak_resident_mb"): {
        "usdc": 131.0,
        "parquet": 15.5,
        "base": 10.0,
    },
    ("random_access", "time_ms"): {"usdc": 3.1, "parquet": 2.4, "base": 1.5},
    ("plugin_load", "time_ms"): {"usdc": 1.2, "parquet": 84.0, "base": 1.1},
    ("plugin_load", "anonymous_mb"): {"usdc": 0.5, "parquet": 9.0, "base": 0.2},
}
_NOISE = (0.97, 0.99, 1.0, 1.01, 1.03)
_FILE_SIZES = {
    "usdc": 3_187_895.0,
    "parquet_none": 1_801_921.0,
    "parquet_snappy": 1_607_227.0,
    "parquet_zstd": 1_474_390.0,
    "base": 85_676.0,
}


@pytest.fixture
def example_results() -> Results:
    """Invented results of one scene, with every kind of entry that a report shows."""
    measurements = [
        Measurement("file_size", SCALE, HIERARCHY, name, "bytes", "B", [size])
        for name, size in _FILE_SIZES.items()
    ]
    for (test, metric), means in _MEANS.items():
        for name in _FILE_SIZES:
            mean = means.get(name.partition("_")[0])
            if mean is not None:
                samples = [mean * factor for factor in _NOISE]
                operations = 1_000 if test == "random_access" and metric == "time_ms" else 1
                measurements.append(
                    Measurement(
                        test,
                        SCALE,
                        HIERARCHY,
                        name,
                        metric,
                        METRIC_UNITS[metric],
                        samples,
                        operations,
                    )
                )
    return Results(
        environment={
            "date": "2025-01-02T03:04:05+00:00",
            "cpu": "Example CPU <1>",
            "cores": 2,
            "usable_cores": 2,
            "memory_total_bytes": 8_000_000_000,
            "memory_available_bytes": 6_000_000_000,
            "load_average_start": [0.1, 0.2, 0.3],
            "load_average_end": [1.0, 0.5, 0.4],
            "governor": "not visible",
            "system": "Linux",
            "python": "3.11.0",
            "versions": {"usdparquet": "0.1.0", "usd-core": "26.8"},
            "cache_mb": "default",
            "duration_seconds": 12.0,
        },
        plan={
            "runs": len(_NOISE),
            "warmup": 1,
            "seed": 42,
            "row_group_size": 10_000,
            "page_cache": "warm",
        },
        measurements=measurements,
        series=[_timeline(name, means) for name, means in _TIMELINES.items()],
        refused=[Refusal(SCALE, HIERARCHY, "parquet_gzip", "an example of what was left out")],
    )


_TIMELINES = {"usdc": (120.0, 900.0), "parquet_zstd": (12.0, 150.0), "base": (9.0, 80.0)}


def _timeline(name: str, shape: tuple[float, float]) -> SeriesEntry:
    peak, length = shape
    rows = [[at, min(peak, 2 * peak * at / length), peak] for at in _times(length)]
    phases = [("load", 0.0), ("traverse", length / 2), ("idle", length * 0.8), ("end", length)]
    series = Series(["time_ms", "anonymous_mb", "resident_mb"], rows, phases)
    return SeriesEntry("memory_timeline", SCALE, HIERARCHY, name, series)


def _times(length: float) -> list[float]:
    return [length * step / 40 for step in range(41)]
