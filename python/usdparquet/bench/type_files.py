"""The files of one kind of property in every format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from usdparquet.bench.case_files import SPOT_READS, CaseFiles, SpotCheck
from usdparquet.bench.checks import digest
from usdparquet.bench.layer_files import write_usdc
from usdparquet.bench.protocol import Step
from usdparquet.bench.table import sample_rows
from usdparquet.bench.type_cases import TypeCase

if TYPE_CHECKING:
    import pyarrow as pa

_WARMUP_ROWS = 4


@dataclass(frozen=True)
class TypeFiles(CaseFiles):
    """The files of one kind of property."""

    case: TypeCase

    @property
    def variant(self) -> str:
        """The name of the kind."""
        return self.case.name

    @property
    def scale(self) -> int:
        """The number of prims."""
        return self.case.rows

    @property
    def warmup(self) -> TypeFiles:
        """The same with a few rows."""
        case = replace(self.case, rows=min(_WARMUP_ROWS, self.case.rows))
        return TypeFiles(self.directory / "warmup", self.seed + 1, case)

    def table(self) -> pa.Table:
        """One row a prim."""
        import pyarrow as pa

        columns = {"path": pa.array(self.prim_paths(), pa.string())}
        for number, name in enumerate(self.case.column_names()):
            columns[name] = _arrow_column(self.case, number, self.seed)
        return pa.table(columns)

    def write_usdc(self, target: Path) -> None:
        """Write the attributes of the prims."""
        types = dict.fromkeys(self.case.column_names(), self.case.sdf_type)
        write_usdc(target, self.table(), types)

    def reads(self) -> Step:
        """Every column of every prim."""
        names = self.case.column_names()
        return Step("property_types", properties=names, prims=self.prim_paths())

    def spot_check(self) -> SpotCheck:
        """Random prims of up to five columns."""
        case = self.case
        paths, names = self.prim_paths(), case.column_names()
        rows = sample_rows(case.rows, SPOT_READS, self.seed)
        chosen = sample_rows(case.columns, min(case.columns, 5), self.seed)
        cells = [(row, chosen[number % len(chosen)]) for number, row in enumerate(rows)]
        columns = {column: case.values(column, self.seed) for column in chosen}
        values = digest(_plain(columns[column][row]) for row, column in cells)
        return SpotCheck([(paths[row], names[column]) for row, column in cells], values)


def _plain(value: Any) -> object:
    """A numpy scalar as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _arrow_column(case: TypeCase, number: int, seed: int) -> Any:
    import pyarrow as pa

    values = case.values(number, seed)
    if isinstance(values, list) or not case.shape:
        return pa.array(values)
    flat = pa.array(values.reshape(-1))
    length = int(np.prod(case.shape))
    if not case.is_array:
        return pa.FixedSizeListArray.from_arrays(flat, length)
    offsets = pa.array(np.arange(case.rows + 1, dtype=np.int32) * length)
    return pa.ListArray.from_arrays(offsets, flat)
