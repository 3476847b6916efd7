"""The page that compares the figures with those that were first published.

The published figures are quoted; everything that is said of them is computed from the results.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from usdparquet.bench.formats import BARE_FORMAT, PARQUET_FORMATS, REFERENCE_FORMAT
from usdparquet.bench.results import Results, ResultsError
from usdparquet.bench.stats import Summary, differ, fit_power_law
from usdparquet.bench.summary import own_share
from usdparquet.report.formatting import DASH, format_title, number, quantity, ratio, spread
from usdparquet.report.markdown import markdown_table

SOURCE = "daviddekoning/usd-parquet, agent-notes/MEMORY_MEASUREMENTS_REAL.md"
_SCENE = (10_000, "flat")
_LARGER = ((100_000, 467.0), (1_000_000, 4_600.0))
"""Numbers of prims, and the MB that the note predicts for USDC; for Parquet, about 0."""
_SAME = 1.25
"""Ratios closer than this are called the same: machines and data differ by as much."""


@dataclass(frozen=True)
class Published:
    """A figure of the note and the measurement that corresponds to it."""

    title: str
    parquet: float
    usdc: float
    unit: str
    test: str
    metric: str


PUBLISHED = (
    Published("Initial load", 47, 856, "ms", "sublayer_insert", "time_ms"),
    Published("Traversal, one property", 83, 38, "ms", "single_property_traversal", "time_ms"),
    Published(
        "Memory after the traversal of one property",
        *(0.02, 46.75, "MB", "single_property_traversal", "anonymous_mb"),
    ),
    Published(
        "Memory after the traversal of six properties",
        *(0.0, 35.56, "MB", "multi_property_traversal", "anonymous_mb"),
    ),
    Published("File size, zstd", 1_470_000, 3_280_000, "B", "file_size", "bytes"),
)


def render_reference_note(results: Results) -> str:
    """The page as Markdown; `ResultsError` if the scene of the note was not measured."""
    if _SCENE not in results.scenes():
        raise ResultsError("the reference note is about 10,000 prims, flat: measure that first")
    environment = results.environment
    parts = [
        "# Against the published note",
        "`usdparquet report RESULTS.json --reference-note FILE` makes this page; every figure that "
        "is not the note's is computed from the results file.",
        f"The note: {SOURCE}. It compares the proof of concept of Parquet layers with USDC at "
        f"10,000 prims x 20 properties, flat. Measured here: "
        f"{str(environment.get('date', ''))[:10]}, {environment.get('cpu', '?')}, OpenUSD "
        f"{environment.get('versions', {}).get('usd-core')}; "
        f"means ± standard deviations of fresh processes.",
        _table(results),
        "The ratio says how many times less Parquet needs than USDC. Memory here is anonymous "
        "memory of the property layer over the bare stage.",
        "## Why they differ",
        *_explanations(results),
        "## At larger scales",
        *_larger(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_reference_note(results: Results, path: Path) -> None:
    """Write the page to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_reference_note(results), encoding="utf-8")


def _table(results: Results) -> str:
    rows = []
    for entry in PUBLISHED:
        name = _ours(results, entry)
        ours, usdc = _measured(results, entry, name), _measured(results, entry, REFERENCE_FORMAT)
        rows.append(
            (
                entry.title,
                f"{quantity(entry.parquet, entry.unit)}",
                f"{quantity(entry.usdc, entry.unit)}",
                ratio(entry.usdc / entry.parquet) if entry.parquet > 0 else DASH,
                _figure(ours, entry.unit),
                _figure(usdc, entry.unit),
                ratio(_ratio(ours, usdc)),
                format_title(name) if ours else "not measured",
            )
        )
    head = (
        *("", "Note: Parquet", "Note: USDC", "Ratio"),
        *("Here: Parquet", "Here: USDC", "Ratio", "File"),
    )
    return markdown_table(head, rows)


def _ours(results: Results, entry: Published) -> str:
    """The note's own zstd file for sizes; otherwise the plain file that did worst here.

    The note's files are plain ones, and its Parquet figures are nearly the same for all three.
    """
    if entry.metric == "bytes":
        return "parquet_zstd"
    plain = [name for name in PARQUET_FORMATS if not name.endswith("_indexed")]
    means = {}
    for name in plain:
        found = _measured(results, entry, name)
        if found:
            means[name] = found.mean
    return max(means, key=means.__getitem__, default="parquet_zstd")


def _measured(results: Results, entry: Published, name: str) -> Summary | None:
    if entry.metric == "anonymous_mb":
        return own_share(results, entry.test, name, *_SCENE)
    found = results.find(entry.test, name, entry.metric, *_SCENE)
    if found is None and entry.test == "sublayer_insert":
        # Without that test, take the whole stage, which includes loading the base layer.
        found = results.find("initial_load", name, entry.metric, *_SCENE)
    return found.summary if found else None


def _figure(summary: Summary | None, unit: str) -> str:
    if summary is None:
        return DASH
    return f"{quantity(summary.mean, unit)} {spread(summary, unit)}".strip()


def _ratio(ours: Summary | None, usdc: Summary | None) -> float | None:
    if ours is None or usdc is None or ours.mean <= 0 or usdc.mean <= 0:
        return None
    return usdc.mean / ours.mean


def _explanations(results: Results) -> list[str]:
    texts = [
        _load(results),
        _traversal(results),
        _memory_at_open(results),
        _parquet_memory(results),
        _size(results),
    ]
    return [f"- {text}" for text in texts if text]


def _pair(results: Results, index: int) -> tuple[Published, Summary, Summary] | None:
    entry = PUBLISHED[index]
    ours = _measured(results, entry, _ours(results, entry))
    usdc = _measured(results, entry, REFERENCE_FORMAT)
    return (entry, ours, usdc) if ours and usdc else None


def _against(entry: Published, ours: Summary, usdc: Summary) -> str:
    """How both sides moved against the note."""
    theirs = _moved("USDC", entry.usdc, usdc.mean)
    return f"{theirs}, {_moved('the Parquet layer', entry.parquet, ours.mean)}"


def _moved(who: str, then: float, now: float) -> str:
    if then <= 0 or now <= 0:
        return f"{who} cannot be compared by a ratio"
    factor = then / now
    if 1 / _SAME < factor < _SAME:
        return f"{who} takes about the same as in the note"
    if factor > 1:
        return f"{who} takes {number(factor)} times less than in the note"
    return f"{who} takes {number(1 / factor)} times more than in the note"


def _load(results: Results) -> str:
    pair = _pair(results, 0)
    if pair is None:
        return ""
    entry, ours, usdc = pair
    is_same_test = results.find(entry.test, REFERENCE_FORMAT, entry.metric, *_SCENE) is not None
    measured = (
        "Here the property layer is added to the open base stage, as another page of the note's "
        "repository (COMPLETE_BENCHMARK_RESULTS.md) describes the same figures"
        if is_same_test
        else "Here the whole stage is opened; another page of the note's repository "
        "(COMPLETE_BENCHMARK_RESULTS.md) says that its figure is for adding a layer to an open one"
    )
    text = f"**Initial load.** {measured}. {_against(entry, ours, usdc)}."
    if usdc.mean < entry.usdc / _SAME or usdc.mean > entry.usdc * _SAME:
        text += (
            " This package has no part in USDC's time: machine, version of OpenUSD and data differ."
        )
        text += (
            f" Relative to USDC the Parquet layer went from {ratio(entry.usdc / entry.parquet)} to "
        )
        text += f"{ratio(usdc.mean / ours.mean)}."
    if is_same_test:
        text += _insertion(results, _ours(results, entry))
    return text


def _insertion(results: Results, name: str) -> str:
    """The layer's own part of an insertion, and the time of a stage that had it from the start."""
    own, theirs = (
        results.find("layer_load", each, "time_ms", *_SCENE) for each in (name, REFERENCE_FORMAT)
    )
    stage, theirs_stage = (
        results.find("initial_load", each, "time_ms", *_SCENE) for each in (name, REFERENCE_FORMAT)
    )
    text = ""
    if own and theirs:
        text += (
            f" Opening the layer itself takes {quantity(own.summary.mean, 'ms')} of that, and "
            f"{quantity(theirs.summary.mean, 'ms')} with USDC. The rest is OpenUSD's, which "
            "enters every spec of an inserted layer in a list of changes (PcpChanges, "
            "SdfLayer::CreateDiff), whatever its format."
        )
    if stage and theirs_stage:
        text += (
            " A stage that has the layer from the start opens in "
            f"{quantity(stage.summary.mean, 'ms')}, with USDC in "
            f"{quantity(theirs_stage.summary.mean, 'ms')} "
            f"({ratio(theirs_stage.summary.mean / stage.summary.mean)})."
        )
    return text


def _traversal(results: Results) -> str:
    pair = _pair(results, 1)
    if pair is None:
        return ""
    entry, ours, usdc = pair
    text = f"**Traversal.** {_against(entry, ours, usdc)}."
    bare = results.find(entry.test, BARE_FORMAT, "time_ms", *_SCENE)
    if bare:
        mine, theirs = ours.mean - bare.summary.mean, usdc.mean - bare.summary.mean
        text += (
            f" {quantity(bare.summary.mean, 'ms')} are the walk of the bare stage, which "
            f"no layer can change; over it the reads take {quantity(mine, 'ms')} with Parquet and "
            f"{quantity(theirs, 'ms')} with USDC."
        )
    if not differ(ours, usdc):
        text += " The note has USDC ahead; here there is no difference beyond the noise."
    elif ours.mean > usdc.mean:
        text += " USDC is ahead in both."
    else:
        text += " The note has USDC ahead; here the Parquet layer is."
    return text


def _memory_at_open(results: Results) -> str:
    found = []
    for test in ("initial_load", "single_property_traversal"):
        whole = results.find(test, REFERENCE_FORMAT, "anonymous_mb", *_SCENE)
        bare = results.find(test, BARE_FORMAT, "anonymous_mb", *_SCENE)
        if whole is None or bare is None:
            return ""
        found.append((whole.summary.mean, bare.summary.mean))
    (opened, bare_opened), (walked, _) = found
    growth = walked - opened
    text = (
        f"**USDC's memory.** Here opening the stage takes {quantity(opened, 'MB')}, of which "
        f"{quantity(bare_opened, 'MB')} are the base layer's, and the traversal of one property "
        f"adds {quantity(growth, 'MB')}: "
    )
    text += (
        "the memory comes with the open, not with the traversal."
        if growth < 0.25 * opened
        else "a good part of the memory comes with the traversal."
    )
    return text + (
        " The note has 0.00 MB for opening USDC and 46.75 and 35.56 MB after the traversals, and "
        "counts resident memory. Its figures cannot be repeated here; a likely cause is that "
        "memory which a process had freed before is used again without showing as growth. Here "
        "each figure is of a fresh process, over a baseline before any stage exists."
    )


def _parquet_memory(results: Results) -> str:
    shares = []
    for index, words in ((2, "one property"), (3, "six properties")):
        pair = _pair(results, index)
        if pair:
            shares.append(f"{quantity(pair[1].mean, 'MB')} after {words}")
    if not shares:
        return ""
    return (
        f"**Parquet's memory.** Here it is {' and '.join(shares)}, where the note has 0.02 and 0: "
        "by its own account the proof of concept read the file on every access and kept nothing. "
        "Here the path index and the pages that were read stay in memory, within one byte budget "
        "for the process (USDPARQUET_CACHE_MB)."
    )


def _size(results: Results) -> str:
    pair = _pair(results, 4)
    if pair is None:
        return ""
    entry, ours, usdc = pair
    text = (
        f"**File size.** {quantity(ours.mean, 'B')} and {quantity(usdc.mean, 'B')}, "
        f"{ratio(usdc.mean / ours.mean)}, where the note has {ratio(entry.usdc / entry.parquet)}. "
        "The data is random in both, but not the same data."
    )
    indexed = results.find("file_size", "parquet_zstd_indexed", "bytes", *_SCENE)
    if indexed:
        text += (
            f" As usdparquet optimize writes it, the file is {quantity(indexed.summary.mean, 'B')}."
        )
    return text


def _larger(results: Results) -> list[str]:
    """What the note predicts for USDC, and what was measured or follows from that."""
    test = "single_property_traversal"
    scales = [scale for scale, hierarchy in results.scenes() if hierarchy == "flat"]
    rows = []
    for scale, predicted in _LARGER:
        cells = [f"{scale:,} prims", quantity(predicted, "MB"), "about 0"]
        for name in (REFERENCE_FORMAT, "parquet_zstd"):
            own = own_share(results, test, name, scale, "flat")
            if own:
                cells.append(_figure(own, "MB"))
                continue
            shares = [(at, own_share(results, test, name, at, "flat")) for at in scales]
            law = fit_power_law([(at, share.mean) for at, share in shares if share])
            refused = [
                entry.reason
                for entry in results.refused
                if (entry.scale, entry.hierarchy, entry.format) == (scale, "flat", name)
            ]
            text = f"{quantity(law.at(scale), 'MB')} predicted" if law else "not measured"
            cells.append(f"{text} ({refused[0]})" if refused else text)
        rows.append(cells)
    table = markdown_table(
        ("", "Note: USDC", "Note: Parquet", "Here: USDC", "Here: Parquet zstd"), rows
    )
    return [
        table,
        "Anonymous memory of the property layer after the traversal of one property, over the bare "
        "stage. *Predicted* figures follow the power law fitted to the scales that were measured.",
    ]
