"""The checks behind every sample: what was read must be what the seeded table holds.

The runner computes the expected answers, so that the measured process never holds the table; the
worker compares. A sample that reads something else fails the whole run.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from usdparquet.bench.table import PROPERTIES, PropertyTable

# A traversal rounds other sums than `math.fsum` does; anything beyond that is a wrong value.
_RELATIVE_TOLERANCE = 1e-9


class WrongValuesError(RuntimeError):
    """A sample read values that are not those of the table."""


@dataclass(frozen=True)
class Totals:
    """What a traversal adds up: the number of values, and a sum for each property.

    Strings add their length, since the timed loop must stay cheap; `digest` looks at the content.
    """

    count: int
    sums: list[float]


def digest(values: Iterable[object]) -> str:
    """A digest of values in order: exact to the last bit and to the type."""
    state = hashlib.sha256()
    for value in values:
        # bool comes first: Python's bool is an int.
        if isinstance(value, bool):
            state.update(b"b\x01" if value else b"b\x00")
        elif isinstance(value, int):
            state.update(b"i" + struct.pack("<q", value))
        elif isinstance(value, float):
            state.update(b"d" + struct.pack("<d", value))
        elif isinstance(value, str):
            text = value.encode("utf-8")
            state.update(b"s" + struct.pack("<q", len(text)) + text)
        elif value is None:
            state.update(b"n")
        elif hasattr(value, "__len__"):
            # OpenUSD's or numpy's vectors, matrices and arrays: every float fits into a double.
            numbers = np.array(value, dtype=np.float64)
            state.update(b"a" + repr(numbers.shape).encode("ascii") + numbers.tobytes())
        else:
            raise WrongValuesError(f"read a {type(value).__name__}, which no property holds")
    return state.hexdigest()


def expected_totals(table: PropertyTable, names: Sequence[str], passes: int = 1) -> Totals:
    """What a traversal of the properties `names` has to add up to."""
    sums = []
    for name in names:
        values = table.values(name)
        if PROPERTIES[name] == "string":
            sums.append(float(sum(len(str(value)) for value in values)))
        else:
            sums.append(math.fsum(float(value) for value in values))
    return Totals(passes * len(names) * table.rows, [passes * total for total in sums])


def nothing_read(names: Sequence[str]) -> Totals:
    """What a traversal of the bare stage has to add up to."""
    return Totals(0, [0.0] * len(names))


def check_totals(actual: Totals, expected: Totals, names: Sequence[str]) -> None:
    """Raise `WrongValuesError` where a traversal read something else."""
    if actual.count != expected.count:
        raise WrongValuesError(f"read {actual.count} values instead of {expected.count}")
    for name, got, wanted in zip(names, actual.sums, expected.sums, strict=True):
        if not math.isclose(got, wanted, rel_tol=_RELATIVE_TOLERANCE, abs_tol=1e-9):
            raise WrongValuesError(f"the values of '{name}' add up to {got!r}, not {wanted!r}")


def check_digest(values: Sequence[object], expected: str, what: str) -> None:
    """Raise `WrongValuesError` unless `values` are exactly the expected ones."""
    if digest(values) != expected:
        shown = ", ".join(repr(value) for value in values[:3])
        raise WrongValuesError(
            f"{what}: the {len(values)} values read are not those of the table (first: {shown})"
        )
