"""The headline: a few rows that compare the formats, with ratios and a winner computed from data.

Lower is better in every row. The printed table and the report both show these rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from usdparquet.bench.formats import BARE_FORMAT, REFERENCE_FORMAT
from usdparquet.bench.results import Results
from usdparquet.bench.stats import Summary, differ, difference, is_above_zero

TIE = "tie"


@dataclass(frozen=True)
class RowSpec:
    """Which measurement a headline row shows."""

    key: str
    title: str
    test: str
    metric: str
    over_bare_stage: bool = False
    """Whether the row shows only what the format adds to the bare stage."""


HEADLINE: tuple[RowSpec, ...] = (
    RowSpec("layer_load", "Layer load", "layer_load", "time_ms"),
    RowSpec("initial_load", "Initial load (stage)", "initial_load", "time_ms"),
    RowSpec("traversal", "Traversal, 1 property", "single_property_traversal", "time_ms"),
    RowSpec("multi_traversal", "Traversal, 6 properties", "multi_property_traversal", "time_ms"),
    RowSpec("first_value", "First value", "single_property_cold", "time_ms"),
    RowSpec("first_prim", "First 6 values of a prim", "multi_property", "time_ms"),
    RowSpec("random_access", "Random access", "random_access", "time_ms"),
    RowSpec("load_memory", "Memory after load", "initial_load", "anonymous_mb"),
    RowSpec("memory", "Memory after traversal", "multi_property_traversal", "anonymous_mb"),
    RowSpec(
        "layer_memory",
        "Memory, layer alone",
        "multi_property_traversal",
        "anonymous_mb",
        over_bare_stage=True,
    ),
    RowSpec("file_size", "File size", "file_size", "bytes"),
)


def side_of(winner: str | None) -> str:
    """Who is ahead with this winner: `parquet`, `usdc` or `neutral`."""
    if winner is None or winner == TIE:
        return "neutral"
    return "usdc" if winner == REFERENCE_FORMAT else "parquet"


def own_share(
    results: Results, test: str, format_name: str, scale: int, hierarchy: str
) -> Summary | None:
    """Anonymous memory of the property layer alone: what the format adds to the bare stage.

    Tests that are not measured on the bare stage are compared with its load: it is the same stage,
    and there is nothing in it to read.
    """
    metric = "anonymous_mb"
    found = results.find(test, format_name, metric, scale, hierarchy)
    if found is None or format_name == BARE_FORMAT:
        return None
    if test == "layer_load":
        return found.summary
    bare = results.find(test, BARE_FORMAT, metric, scale, hierarchy) or results.find(
        "initial_load", BARE_FORMAT, metric, scale, hierarchy
    )
    return difference(found.summary, bare.summary) if bare else None


@dataclass(frozen=True)
class Row:
    """One headline row of one scene."""

    spec: RowSpec
    unit: str
    operations: int
    values: dict[str, Summary] = field(default_factory=dict)

    @property
    def reference(self) -> Summary | None:
        """The USDC figure."""
        return self.values.get(REFERENCE_FORMAT)

    def can_tell(self, format_name: str) -> bool:
        """Whether the figure is one: a share over the bare stage may be lost in the noise."""
        value = self.values.get(format_name)
        return value is not None and (not self.spec.over_bare_stage or is_above_zero(value))

    def ratio(self, format_name: str) -> float | None:
        """How many times less than USDC this format needs; None where that has no meaning."""
        if format_name in (REFERENCE_FORMAT, BARE_FORMAT):
            return None
        if not self.can_tell(format_name) or not self.can_tell(REFERENCE_FORMAT):
            return None
        value, reference = self.values[format_name], self.values[REFERENCE_FORMAT]
        if value.mean <= 0 or reference.mean <= 0:
            return None
        return reference.mean / value.mean

    @property
    def best_parquet(self) -> str | None:
        """The Parquet format with the lowest mean among those that can be told from nothing."""
        names = [name for name in self.values if name not in (REFERENCE_FORMAT, BARE_FORMAT)]
        names = [name for name in names if self.can_tell(name)]
        return min(names, key=lambda name: self.values[name].mean, default=None)

    @property
    def side(self) -> str:
        """Who the row speaks for: `parquet`, `usdc` or `neutral`."""
        return side_of(self.winner)

    @property
    def winner(self) -> str | None:
        """The format that needs least; `TIE` within the noise, None if there is no ratio."""
        best = self.best_parquet
        if best is None or self.ratio(best) is None:
            return None
        value, reference = self.values[best], self.values[REFERENCE_FORMAT]
        if not self._differ(value, reference):
            return TIE
        return best if value.mean < reference.mean else REFERENCE_FORMAT

    @property
    def is_too_small(self) -> bool:
        """Whether both sides were measured, and one of them cannot be told from nothing."""
        names = [name for name in self.values if name not in (REFERENCE_FORMAT, BARE_FORMAT)]
        return self.reference is not None and bool(names) and self.winner is None

    def _differ(self, value: Summary, reference: Summary) -> bool:
        # A file has one size; everything else is measured with noise.
        if self.spec.metric == "bytes":
            return value.mean != reference.mean
        return differ(value, reference)


def headline(results: Results, scale: int, hierarchy: str) -> list[Row]:
    """The rows of one scene that have at least one figure."""
    rows = [row_of(results, spec, scale, hierarchy) for spec in HEADLINE]
    return [row for row in rows if row.values]


def row_of(results: Results, spec: RowSpec, scale: int, hierarchy: str) -> Row:
    """A row of one scene; without values if nothing of it was measured."""
    found = results.by_format(spec.test, spec.metric, scale, hierarchy)
    values = {name: entry.summary for name, entry in found.items()}
    unit, operations = "", 1
    for entry in found.values():
        unit, operations = entry.unit, entry.operations
    if spec.over_bare_stage:
        bare = values.pop(BARE_FORMAT, None)
        values = {name: difference(value, bare) for name, value in values.items()} if bare else {}
    return Row(spec, unit, operations, values)
