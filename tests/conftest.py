"""Fixtures that the Python and the browser tests share."""

from __future__ import annotations

import pytest

from usdparquet.bench.catalog import METRIC_UNITS
from usdparquet.bench.protocol import Series
from usdparquet.bench.results import Measurement, Reduction, Refusal, Results, SeriesEntry
from usdparquet.bench.type_cases import TYPE_CASES

SCALE, HIERARCHY = 1_000, "flat"

# Means that make Parquet win some rows, USDC one, and leave one undecided.
_MEANS: dict[tuple[str, str], dict[str, float]] = {
    ("layer_load", "time_ms"): {"usdc": 320.0, "parquet": 8.0},
    ("layer_load", "anonymous_mb"): {"usdc": 60.0, "parquet": 0.05},
    ("layer_load", "resident_mb"): {"usdc": 61.0, "parquet": 0.06},
    ("layer_load", "peak_resident_mb"): {"usdc": 62.0, "parquet": 0.07},
    ("initial_load", "time_ms"): {"usdc": 860.0, "parquet": 45.0, "base": 32.0},
    ("initial_load", "anonymous_mb"): {"usdc": 122.0, "parquet": 11.0, "base": 9.5},
    ("initial_load", "resident_mb"): {"usdc": 126.0, "parquet": 13.0, "base": 9.8},
    ("initial_load", "peak_resident_mb"): {"usdc": 130.0, "parquet": 13.5, "base": 9.9},
    ("sublayer_insert", "time_ms"): {"usdc": 820.0, "parquet": 12.0},
    ("uncached_load", "time_ms"): {"usdc": 900.0, "parquet": 60.0, "base": 40.0},
    ("uncached_traversal", "time_ms"): {"usdc": 140.0, "parquet": 170.0, "base": 67.0},
    ("single_property_cold", "time_ms"): {"usdc": 0.03, "parquet": 0.2},
    ("single_property_warm", "time_ms"): {"usdc": 2.8, "parquet": 2.4},
    ("multi_property", "time_ms"): {"usdc": 0.06, "parquet": 0.9},
    ("single_property_sequential", "time_ms"): {"usdc": 3.0, "parquet": 2.5},
    ("single_property_random", "time_ms"): {"usdc": 3.1, "parquet": 2.6},
    ("single_property_traversal", "time_ms"): {"usdc": 38.0, "parquet": 38.0, "base": 14.0},
    ("single_property_traversal", "anonymous_mb"): {"usdc": 123.0, "parquet": 12.0, "base": 9.6},
    ("multi_property_traversal", "time_ms"): {"usdc": 130.0, "parquet": 160.0, "base": 66.0},
    ("multi_property_traversal", "anonymous_mb"): {"usdc": 123.0, "parquet": 13.0, "base": 9.6},
    ("multi_property_traversal", "resident_mb"): {"usdc": 127.0, "parquet": 15.0, "base": 9.9},
    ("multi_property_traversal", "peak_resident_mb"): {
        "usdc": 131.0,
        "parquet": 15.5,
        "base": 10.0,
    },
    ("repeated_traversal", "growth_mb"): {"usdc": 0.1, "parquet": 0.2, "base": 0.1},
    ("random_access", "time_ms"): {"usdc": 3.1, "parquet": 2.4, "base": 1.5},
    ("plugin_load", "time_ms"): {"usdc": 1.2, "parquet": 84.0, "base": 1.1},
    ("plugin_load", "anonymous_mb"): {"usdc": 0.5, "parquet": 9.0, "base": 0.2},
}
_POINT_READS = {
    "single_property_warm": 1_000,
    "multi_property": 6,
    "single_property_sequential": 1_000,
    "single_property_random": 1_000,
    "random_access": 1_000,
}
_NOISE = (0.97, 0.99, 1.0, 1.01, 1.03)
_FILE_SIZES = {
    "usdc": 3_187_895.0,
    "parquet_none": 1_801_921.0,
    "parquet_snappy": 1_607_227.0,
    "parquet_zstd": 1_474_390.0,
    "parquet_zstd_indexed": 1_164_390.0,
    "base": 85_676.0,
}
# Each kind of property: USDC is ahead in some and behind in others.
_TYPE_TIMES = {"usdc": 9.0, "parquet_zstd": 10.0, "parquet_zstd_indexed": 8.0}
_TIMELINES = {"usdc": (120.0, 900.0), "parquet_zstd": (12.0, 150.0), "base": (9.0, 80.0)}


@pytest.fixture
def example_results() -> Results:
    """Invented results of one scene and of kinds of properties, with every kind of entry."""
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
            "min_runs": 3,
            "budget": 90.0,
            "warmup": 1,
            "seed": 42,
            "row_groups": [10_000, 100],
            "page_cache": "warm",
        },
        measurements=[*_scene(SCALE, 1.0), *_types(), *_row_groups(), *_playback()],
        series=[
            *(_timeline(name, means) for name, means in _TIMELINES.items()),
            *(_passes(name, means) for name, means in _TIMELINES.items()),
        ],
        refused=[Refusal(SCALE, HIERARCHY, "parquet_gzip", "an example of what was left out")],
        reduced=[Reduction(SCALE, HIERARCHY, "", "usdc", 5, 10, 31.5)],
    )


@pytest.fixture
def scaled_results(example_results: Results) -> Results:
    """The same at three scales: USDC grows with the prims, everything else half as much."""
    example_results.measurements += [*_scene(10_000, 10.0), *_scene(100_000, 100.0)]
    return example_results


def _scene(scale: int, factor: float) -> list[Measurement]:
    measurements = [
        Measurement("file_size", scale, HIERARCHY, name, "bytes", "B", [size * factor])
        for name, size in _FILE_SIZES.items()
    ]
    for (test, metric), means in _MEANS.items():
        operations = _POINT_READS.get(test, 1) if metric == "time_ms" else 1
        for name in _FILE_SIZES:
            mean = means.get(name.partition("_")[0])
            if mean is not None:
                growth = factor if name == "usdc" else factor**0.5
                samples = [mean * growth * noise for noise in _NOISE]
                place = (test, scale, HIERARCHY, name, metric, METRIC_UNITS[metric])
                measurements.append(Measurement(*place, samples, operations))
    return measurements


def _types() -> list[Measurement]:
    measurements = []
    for case in TYPE_CASES.values():
        operations = case.rows * case.columns
        for name, micros in _TYPE_TIMES.items():
            faster = 0.5 if case.group == "string" and name == "usdc" else 1.0
            times = [faster * micros * 1e-3 * operations * noise for noise in _NOISE]
            place = (case.rows, "flat", name)
            measurements += [
                Measurement(
                    "property_types", *place, "time_ms", "ms", times, operations, case.name
                ),
                Measurement(
                    "property_types", *place, "bytes", "B", [8.0 * operations], 1, case.name
                ),
                Measurement("property_types_load", *place, "time_ms", "ms", [5.0], 1, case.name),
            ]
    return measurements


def _row_groups() -> list[Measurement]:
    place = (SCALE, HIERARCHY, "parquet_zstd")
    variant = "row_group_100"
    return [
        Measurement("initial_load", *place, "time_ms", "ms", [50.0, 51.0], 1, variant),
        Measurement("file_size", *place, "bytes", "B", [2_000_000.0], 1, variant),
    ]


def _playback() -> list[Measurement]:
    return [
        Measurement(
            "playback", 1_000, "flat", name, "time_ms", "ms", [900.0, 910.0], 200_000, variant
        )
        for variant in ("playback_by_time", "playback_by_path")
        for name in ("usdc", "parquet_zstd")
    ]


def _timeline(name: str, shape: tuple[float, float]) -> SeriesEntry:
    peak, length = shape
    rows = [[at, min(peak, 2 * peak * at / length), peak] for at in _times(length)]
    phases = [("load", 0.0), ("traverse", length / 2), ("idle", length * 0.8), ("end", length)]
    series = Series(["time_ms", "anonymous_mb", "resident_mb"], rows, phases)
    return SeriesEntry("memory_timeline", SCALE, HIERARCHY, name, series)


def _passes(name: str, shape: tuple[float, float]) -> SeriesEntry:
    rows = [[float(number), 100.0 / number, shape[0] + 0.1 * number] for number in range(1, 11)]
    series = Series(["pass", "time_ms", "anonymous_mb"], rows)
    return SeriesEntry("repeated_traversal", SCALE, HIERARCHY, name, series)


def _times(length: float) -> list[float]:
    return [length * step / 40 for step in range(41)]
