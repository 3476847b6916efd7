"""The findings: one computed table over all scenes, and the few sentences that it cannot say."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from usdparquet.bench.catalog import PLUGIN_LOAD
from usdparquet.bench.formats import BARE_FORMAT, PARQUET_FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Results
from usdparquet.bench.summary import HEADLINE, Row, RowSpec, row_of
from usdparquet.report.formatting import (
    count,
    format_title,
    listed,
    quantity,
    ratio,
    ratio_range,
    scene_title,
)
from usdparquet.report.property_types import type_table

SHOWN = 10
"""How many findings are shown; the page folds the others."""

_SPECS = {spec.key: spec for spec in HEADLINE} | {
    "disk_load": RowSpec("disk_load", "Initial load from disk", "uncached_load", "time_ms")
}
# What is done or needed, by row, and in the order of the table.
_USES = {
    "initial_load": "Opening the stage",
    "memory": "Memory after reading six properties of every prim",
    "file_size": "Size of the file",
    "multi_traversal": "Reading six properties of every prim",
    "traversal": "Reading one property of every prim",
    "random_access": "Reading 1,000 single values at random",
    "first_value": "Reading the first value after opening",
    "first_prim": "Reading six values of one prim",
    "types": "Reading one kind of property",
    "layer_load": "Opening the property layer alone",
    "layer_memory": "Memory of the property layer alone",
    "load_memory": "Memory after opening the stage",
    "disk_load": "Opening the stage from disk, with no file in memory yet",
}
# What a choice between the formats depends on, in words that need no knowledge of OpenUSD: what is
# saved, and where that matters. Other rows follow from these.
_DECISIVE = {
    "initial_load": ("time to open the scene", "scenes are opened often"),
    "memory": ("memory", "memory is short"),
    "file_size": ("disk space", "files are stored or sent"),
    "multi_traversal": ("time to read six values of every object", "whole scenes are read"),
    "random_access": (
        "time to read 1,000 single values from all over the scene",
        "a scene stays open and single values are picked from it",
    ),
}


@dataclass(frozen=True)
class Verdict:
    """A line of the table: where each side is ahead, and by how much."""

    use: str
    ahead: str
    parquet: str
    usdc: str
    tie: str
    """These three are empty where there is none."""
    side: str
    """Who is ahead in most of them: `parquet`, `usdc` or `neutral`."""


@dataclass(frozen=True)
class Lead:
    """What the largest scene says, for a sentence to a manager."""

    prims: str
    needs: list[tuple[str, str]]
    """Each side that is ahead, and what it needs less of, with ratios."""
    advice: str


def verdicts(results: Results) -> list[Verdict]:
    """The table, the lines that matter most first; only lines that have a ratio somewhere."""
    scenes = results.scenes()
    found = []
    for key, use in _USES.items():
        rows = (
            type_table(results).values()
            if key == "types"
            else [row_of(results, _SPECS[key], *scene) for scene in scenes]
        )
        verdict = _verdict(use, rows, "kinds" if key == "types" else "scenes")
        if verdict:
            found.append(verdict)
    return found


def _verdict(use: str, rows: Iterable[Row], things: str) -> Verdict | None:
    """Rows without a ratio count for nothing, not even in the total."""
    ratios: dict[str, list[float]] = {"parquet": [], "usdc": [], "neutral": []}
    for row in rows:
        factor = row.ratio(row.best_parquet) if row.best_parquet else None
        if factor is not None:
            ratios[row.side].append(factor)
    total = sum(map(len, ratios.values()))
    if not total:
        return None
    behind = [1 / factor for factor in ratios["usdc"]]
    side = max(ratios, key=lambda each: len(ratios[each]))
    if 2 * len(ratios[side]) <= total:
        side = "neutral"
    name = {"parquet": "Parquet", "usdc": "USDC", "neutral": "neither"}[side]
    return Verdict(
        use,
        name if len(ratios[side]) == total else f"mostly {name}" if name != "neither" else name,
        _ahead(ratios["parquet"], total, things),
        _ahead(behind, total, things),
        _share(len(ratios["neutral"]), total, things),
        side,
    )


def _ahead(factors: list[float], total: int, things: str) -> str:
    if not factors:
        return ""
    if total == 1:
        return ratio(factors[0])
    return f"{_share(len(factors), total, things)}, {ratio_range(factors)}"


def _share(number: int, total: int, things: str) -> str:
    """`2 of 7 scenes`, `all 7 scenes`, `the only scene`; empty for none."""
    if number == total:
        return f"all {total} {things}" if total > 1 else f"the only {things[:-1]}"
    return f"{number} of {total} {things}" if number else ""


def largest_scene(results: Results) -> tuple[int, str] | None:
    """The scene with the most prims, the flat one of two; None without scenes."""
    scenes = results.scenes()
    return min(scenes, key=lambda scene: (-scene[0], scene[1] != "flat"), default=None)


def lead(results: Results) -> Lead | None:
    """What each side is ahead in, in the largest scene; None without scenes."""
    scene = largest_scene(results)
    if scene is None:
        return None
    savings: dict[str, list[str]] = {"parquet": [], "usdc": []}
    uses: dict[str, list[str]] = {"parquet": [], "usdc": []}
    for key, (saving, use) in _DECISIVE.items():
        row = row_of(results, _SPECS[key], *scene)
        factor = row.ratio(row.best_parquet) if row.best_parquet else None
        if factor is not None and row.side in savings:
            savings[row.side].append(f"{saving} ({ratio(max(factor, 1 / factor))})")
            uses[row.side].append(use)
    names = {"parquet": "Parquet", "usdc": "USDC"}
    sides = [side for side in names if savings[side]]
    needs = [(names[side], listed(savings[side])) for side in sides]
    advice = [f"{names[side]} where {listed(uses[side])}" for side in sides]
    return Lead(count(scene[0]), needs, ", and ".join(advice))


def remarks(results: Results) -> list[str]:
    """What the table cannot say, as far as it was measured, for the largest scene."""
    scene = largest_scene(results)
    if scene is None:
        return []
    texts = (
        _walk(results, scene),
        _break_even(results, scene),
        _plugin_load(results),
        _growth(results),
    )
    return [text for text in texts if text]


def _walk(results: Results, scene: tuple[int, str]) -> str:
    """How much of a traversal Python and OpenUSD take, whatever the layer is."""
    row = row_of(results, _SPECS["multi_traversal"], *scene)
    if BARE_FORMAT not in row.values or row.best_parquet is None:
        return ""
    bare, best = row.values[BARE_FORMAT].mean, row.values[row.best_parquet].mean
    return (
        f"At {scene_title(*scene)}, reading six properties of every prim takes "
        f"{quantity(best, row.unit)} with {format_title(row.best_parquet)}. "
        f"Of this, {quantity(bare, row.unit)} is the walk through the stage in Python, which is "
        "the same for every format."
    )


def _break_even(results: Results, scene: tuple[int, str]) -> str:
    """How often the slower traversal must run to cost more than the faster load saved."""
    load, walk = (
        row_of(results, _SPECS[key], *scene) for key in ("initial_load", "multi_traversal")
    )
    name = load.best_parquet
    if load.side != "parquet" or walk.winner != REFERENCE_FORMAT or name not in walk.values:
        return ""
    saved = load.values[REFERENCE_FORMAT].mean - load.values[name].mean
    lost = walk.values[name].mean - walk.values[REFERENCE_FORMAT].mean
    if lost <= 0:
        return ""
    return (
        f"At {scene_title(*scene)}, {format_title(name)} opens {quantity(saved, 'ms')} sooner and "
        f"reads six properties of every prim {quantity(lost, 'ms')} more slowly: USDC is ahead "
        f"from {count(math.ceil(saved / lost))} such readings on."
    )


def _plugin_load(results: Results) -> str:
    """The first use of a format in a process, which no other figure holds."""
    means = [
        entry.summary.mean
        for entry in results.measurements
        if (entry.test, entry.metric) == (PLUGIN_LOAD, "time_ms")
        and entry.format in PARQUET_FORMATS
    ]
    if not means:
        return ""
    return (
        f"A process pays up to {quantity(max(means), 'ms')} once, when it opens its first Parquet "
        "layer and OpenUSD loads the plugin that reads it. No other figure includes this."
    )


def _growth(results: Results) -> str:
    """Whether reading again and again takes more and more memory."""
    grown = [
        entry
        for entry in results.measurements
        if (entry.test, entry.metric, entry.variant) == ("repeated_traversal", "growth_mb", "")
    ]
    most = max(grown, key=lambda entry: entry.summary.mean, default=None)
    if most is None:
        return ""
    return (
        "Reading the same stage nine more times adds at most "
        f"{quantity(max(most.summary.mean, 0), 'MB')} of memory "
        f"({format_title(most.format)} at {scene_title(most.scale, most.hierarchy)})."
    )
