"""When to use Parquet and when USDC: sentences that hold for the measured figures alone."""

from __future__ import annotations

import math

from usdparquet.bench.formats import PARQUET_FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Results
from usdparquet.bench.summary import Row, headline, own_share
from usdparquet.report.findings import Finding
from usdparquet.report.formatting import (
    count,
    format_title,
    listed,
    quantity,
    scene_title,
    times,
)
from usdparquet.report.property_types import type_rows

# What a user does, by headline row.
_USES = {
    "layer_load": "a layer is opened",
    "initial_load": "stages are opened often",
    "traversal": "one property of every prim is read from Python",
    "multi_traversal": "several properties of every prim are read from Python",
    "first_value": "the first value after opening a stage is waited for",
    "first_prim": "one prim's values are read once and no others",
    "random_access": "single values of scattered prims are read",
    "load_memory": "memory matters before anything is read",
    "memory": "memory matters after all prims were read",
    "layer_memory": "memory of the property layer alone matters",
    "file_size": "files are stored or sent",
}


def recommendations(results: Results) -> list[Finding]:
    """What the figures of all scenes say together."""
    scenes = results.scenes()
    tables = {scene: {row.spec.key: row for row in headline(results, *scene)} for scene in scenes}
    found = []
    for key, use in _USES.items():
        rows = {scene: table[key] for scene, table in tables.items() if key in table}
        found += _for_use(use, rows)
    found += [text for scene in scenes if (text := _break_even(scene, tables[scene]))]
    found += [text for scene in scenes[-1:] if (text := _memory_limit(results, scene))]
    found += _for_types(results)
    order = {"parquet": 0, "usdc": 1, "neutral": 2}
    return sorted(found, key=lambda entry: order[entry.side])


def _for_use(use: str, rows: dict[tuple[int, str], Row]) -> list[Finding]:
    """A sentence for each side: in which scenes it is ahead, and by how much."""
    decided = {scene: row for scene, row in rows.items() if row.winner is not None}
    ahead: dict[str, list[tuple[int, str]]] = {"parquet": [], "usdc": [], "neutral": []}
    for scene, row in decided.items():
        ahead[row.side].append(scene)
    found = []
    for side, name in (("parquet", "Parquet"), ("usdc", "USDC")):
        if ahead[side]:
            factors = [_factor(decided[scene]) for scene in ahead[side]]
            text = f"{name} where {use}: {_amount(factors)} {_where(ahead[side], list(decided))}"
            best = {format_title(decided[scene].best_parquet) for scene in ahead[side]}
            if side == "parquet" and len(best) == 1:
                text += f" (with {best.pop()})"
            found.append(Finding(f"{text}.", side))
    if decided and len(ahead["neutral"]) == len(decided):
        where = _where(list(decided), list(decided))
        text = f"Either where {use}: no difference beyond the noise {where}."
        found.append(Finding(text, "neutral"))
    return found


def _factor(row: Row) -> float | None:
    """How many times less the winner needs; None if a share came out as nothing."""
    ratio = row.ratio(row.best_parquet) if row.best_parquet else None
    if ratio is None:
        return None
    return ratio if ratio >= 1 else 1 / ratio


def _amount(factors: list[float | None]) -> str:
    known = sorted(factor for factor in factors if factor is not None)
    if not known:
        return "ahead"
    low, high = times(known[0]), times(known[-1])
    if low == high:
        return f"needs {low} less"
    return f"needs {low.removesuffix(' times')} to {high} less"


def _where(scenes: list[tuple[int, str]], among: list[tuple[int, str]]) -> str:
    if len(scenes) == len(among) > 1:
        return f"in all {len(among)} scenes"
    others = [scene for scene in among if scene not in scenes]
    if len(others) < len(scenes):
        return f"in {len(scenes)} of {len(among)} scenes, not at {_titles(others)}"
    return f"at {_titles(scenes)}"


def _titles(scenes: list[tuple[int, str]]) -> str:
    return listed([scene_title(*scene) for scene in scenes])


def _break_even(scene: tuple[int, str], rows: dict[str, Row]) -> Finding | None:
    """How often the slower traversal must run to cost more than the faster load saved."""
    load, walk = rows.get("initial_load"), rows.get("multi_traversal")
    if load is None or walk is None or load.reference is None or walk.reference is None:
        return None
    name = load.best_parquet
    if name is None or name not in walk.values:
        return None
    saved = load.reference.mean - load.values[name].mean
    lost = walk.values[name].mean - walk.reference.mean
    title = format_title(name)
    if saved <= 0 or walk.winner != REFERENCE_FORMAT or lost <= 0:
        return None
    traversals = math.ceil(saved / lost)
    return Finding(
        f"USDC where one open stage is traversed more than {count(traversals)} times at "
        f"{scene_title(*scene)}: {title} opens {quantity(saved, 'ms')} sooner and each traversal "
        f"of six properties takes {quantity(lost, 'ms')} longer.",
        "usdc",
    )


def _memory_limit(results: Results, scene: tuple[int, str]) -> Finding | None:
    """How many prims' properties a gigabyte holds."""
    test = "multi_property_traversal"
    usdc = own_share(results, test, REFERENCE_FORMAT, *scene)
    shares = {name: own_share(results, test, name, *scene) for name in PARQUET_FORMATS}
    most = max((share.mean for share in shares.values() if share), default=None)
    if usdc is None or usdc.mean <= 0 or most is None:
        return None
    prims = 1e3 / usdc.mean * scene[0]
    ours = f"at most {quantity(most, 'MB')}"
    if most <= 0:
        ours = "less than what composing the stage varies by"
    return Finding(
        f"Memory at {scene_title(*scene)}, after six properties of every prim were read: "
        f"{quantity(usdc.mean, 'MB')} for the USDC layer, {ours} for a "
        f"Parquet layer. A gigabyte holds the properties of about "
        f"{count(round(prims / 1000) * 1000)} prims as USDC.",
        "neutral",
    )


def _for_types(results: Results) -> list[Finding]:
    """Kinds of properties that one side reads faster."""
    found = []
    rows = type_rows(results)
    for side, name in (("parquet", "Parquet"), ("usdc", "USDC")):
        kinds = [row.title for row in rows if row.side == side]
        if kinds:
            text = f"{name} for reading {listed(kinds)}: faster a value in the stages of one kind."
            found.append(Finding(text, side))
    return found
