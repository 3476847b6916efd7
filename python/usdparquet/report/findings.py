"""Sentences about a run, each built from its figures and left out without them."""

from __future__ import annotations

from dataclasses import dataclass

from usdparquet.bench.catalog import PLUGIN_LOAD
from usdparquet.bench.formats import BARE_FORMAT, PARQUET_FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Results
from usdparquet.bench.summary import TIE, Row, headline
from usdparquet.report.formatting import format_title, listed, number, quantity, times

_TIME = ("takes", "faster", "slower")
_HELD = ("holds", "leaner", "heavier")
_SUBJECTS = {
    "layer_load": ("Opening the property layer alone", *_TIME),
    "initial_load": ("Opening the stage", *_TIME),
    "traversal": ("Reading one property of every prim", *_TIME),
    "multi_traversal": ("Reading six properties of every prim", *_TIME),
    "first_value": ("The first value after opening", *_TIME),
    "first_prim": ("Reading six properties of a prim for the first time", *_TIME),
    "random_access": ("Reading random properties of random prims", *_TIME),
    "load_memory": ("After opening, the stage", *_HELD),
    "memory": ("After reading six properties of every prim, the stage", *_HELD),
    "layer_memory": ("The property layer itself", *_HELD),
    "file_size": ("The file of the property layer", "takes", "smaller", "larger"),
}

# Growth up to here is the allocator's, without anything being kept.
_GROWTH_MB = 0.5


@dataclass(frozen=True)
class Finding:
    """One sentence, and who it speaks for: `parquet`, `usdc` or `neutral`."""

    text: str
    side: str


def findings(results: Results, scale: int, hierarchy: str) -> list[Finding]:
    """What the figures of one scene say, headline rows first."""
    rows = {row.spec.key: row for row in headline(results, scale, hierarchy)}
    found = [_compare(row) for row in rows.values()]
    found += [_loop_cost(rows.get("traversal")), _usdc_wins(list(rows.values()))]
    found.append(_plugin_load(results, scale, hierarchy))
    found += [_growth(results, scale, hierarchy), _from_disk(results, scale, hierarchy)]
    found.append(_reduced(results, scale, hierarchy))
    found += [
        Finding(f"Not measured: {entry.reason}.", "neutral")
        for entry in results.refused
        if (entry.scale, entry.hierarchy) == (scale, hierarchy)
    ]
    return [entry for entry in found if entry is not None]


def _compare(row: Row) -> Finding | None:
    """The best Parquet file against USDC."""
    best, reference, winner = row.best_parquet, row.reference, row.winner
    if best is None or reference is None or winner is None:
        return None
    subject, verb, better, worse = _SUBJECTS[row.spec.key]
    ours, theirs = row.values[best], reference
    figures = (
        f"{subject} {verb} {quantity(ours.mean, row.unit)} with {format_title(best)} "
        f"and {quantity(theirs.mean, row.unit)} with USDC"
    )
    if winner == TIE:
        return Finding(f"{figures}: no difference beyond the noise.", "neutral")
    if row.spec.over_bare_stage and row.ratio(best) is None and theirs.mean > 0:
        return Finding(
            f"{subject} {verb} {quantity(theirs.mean, row.unit)} with USDC. With "
            f"{format_title(best)} the whole stage takes no more than the bare stage, "
            f"beyond the noise: what composing it takes varies by more than the layer holds.",
            "parquet",
        )
    if ours.mean <= 0 or theirs.mean <= 0:
        return Finding(f"{figures}.", row.side)
    factor, word = theirs.mean / ours.mean, better
    if winner == REFERENCE_FORMAT:
        factor, word = ours.mean / theirs.mean, worse
    return Finding(f"{figures}: Parquet is {times(factor)} {word}.", row.side)


def _loop_cost(row: Row | None) -> Finding | None:
    """How much of a traversal Python and OpenUSD take, whatever the layer is."""
    if row is None or BARE_FORMAT not in row.values or row.best_parquet is None:
        return None
    bare, ours = row.values[BARE_FORMAT], row.values[row.best_parquet]
    if ours.mean <= 0:
        return None
    share = 100 * bare.mean / ours.mean
    return Finding(
        f"Walking the bare stage from Python, with no property to read, takes "
        f"{quantity(bare.mean, row.unit)} already: {number(share)} % of the fastest Parquet "
        f"traversal of one property.",
        "neutral",
    )


def _usdc_wins(rows: list[Row]) -> Finding | None:
    """Where USDC is ahead, in one sentence, so that nobody has to look for it."""
    lost = [row.spec.title for row in rows if row.winner == REFERENCE_FORMAT]
    decided = [row for row in rows if row.winner is not None]
    if not decided:
        return None
    in_part = [
        row.spec.title
        for row in decided
        if row.winner != REFERENCE_FORMAT and any(map(row.is_behind, PARQUET_FORMATS))
    ]
    text = f"USDC is ahead of the best Parquet file in {len(lost) or 'none'} of the "
    text += f"{len(decided)} rows"
    text += f": {', '.join(lost).lower()}." if lost else "."
    if in_part:
        text += f" It is ahead of some of the Parquet files in: {', '.join(in_part).lower()}."
    return Finding(text, REFERENCE_FORMAT if lost or in_part else "neutral")


def _reduced(results: Results, scale: int, hierarchy: str) -> Finding | None:
    """Which formats were sampled fewer times than asked for, because they took long."""
    reduced = [
        entry
        for entry in results.reduced
        if (entry.scale, entry.hierarchy, entry.variant) == (scale, hierarchy, "")
    ]
    if not reduced:
        return None
    parts = listed(
        [
            f"{format_title(entry.format)} {entry.runs} ({number(entry.seconds_a_run)} s a round)"
            for entry in reduced
        ]
    )
    return Finding(
        f"Sampled fewer times than the {reduced[0].asked} that were asked for, because a round "
        f"takes long: {parts}.",
        "neutral",
    )


def _plugin_load(results: Results, scale: int, hierarchy: str) -> Finding | None:
    """The first use of a format in a process, which no other figure holds."""
    means = _means(results, PLUGIN_LOAD, "time_ms", scale, hierarchy)
    mean = next((means[name] for name in PARQUET_FORMATS if name in means), None)
    if mean is None:
        return None
    return Finding(
        f"Loading the plugin costs a process {quantity(mean, 'ms')} once, "
        f"on its first Parquet layer; no other figure here holds this.",
        "neutral",
    )


def _growth(results: Results, scale: int, hierarchy: str) -> Finding | None:
    """Whether reading again and again takes more and more memory."""
    grown = _means(results, "repeated_traversal", "growth_mb", scale, hierarchy)
    if not grown:
        return None
    most = max(grown, key=grown.__getitem__)
    if grown[most] < _GROWTH_MB:
        text = f"Nine more traversals of the same stage add less than {number(_GROWTH_MB)} MB with "
        return Finding(f"{text}every format.", "neutral")
    return Finding(
        f"Nine more traversals of the same stage add up to {quantity(grown[most], 'MB')} "
        f"({format_title(most)}).",
        "neutral",
    )


def _from_disk(results: Results, scale: int, hierarchy: str) -> Finding | None:
    """Opening a stage whose files are not in the page cache."""
    means = _means(results, "uncached_load", "time_ms", scale, hierarchy)
    usdc = means.pop(REFERENCE_FORMAT, None)
    best = min(means, key=means.__getitem__, default=None)
    if best is None or usdc is None:
        return None
    return Finding(
        f"From disk, with nothing in the page cache, the stage opens in "
        f"{quantity(means[best], 'ms')} with {format_title(best)} and "
        f"{quantity(usdc, 'ms')} with USDC.",
        "neutral",
    )


def _means(
    results: Results, test: str, metric: str, scale: int, hierarchy: str
) -> dict[str, float]:
    """The mean of each format but the bare stage."""
    found = results.by_format(test, metric, scale, hierarchy)
    return {name: entry.summary.mean for name, entry in found.items() if name != BARE_FORMAT}
