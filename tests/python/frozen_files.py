"""The files of tests/data/frozen, and the text forms of what is in them.

Both the script that froze them and the test that reads them use these forms.
"""

from __future__ import annotations

import datetime
import decimal
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import usdparquet
from usdparquet._dataset import MANIFEST

FROZEN = Path(__file__).parents[1] / "data" / "frozen"
INDEX_ENTRIES = ("usdparquet:index", "usdparquet:times")

# The rows of files whose values would be a long text. A rule is shorter; it may never change.
RULES: dict[str, list[tuple[Any, ...]]] = {
    "path_index_blocks": [(f"/p{i}", None if i % 11 == 5 else i * 7 % 1000) for i in range(4000)],
}


def plain(cell: Any) -> Any:
    """A cell as pyarrow gives it, as JSON can tell it."""
    if isinstance(cell, bytes):
        return cell.hex()
    if isinstance(cell, decimal.Decimal | datetime.date):
        return str(cell)
    if isinstance(cell, dict):
        return {key: plain(item) for key, item in cell.items()}
    if isinstance(cell, list | tuple):
        return [plain(item) for item in cell]
    return cell


def plain_cells(column: pa.ChunkedArray) -> list[Any]:
    """The cells of a column; times are the numbers that are stored."""
    if pa.types.is_temporal(column.type):
        # Python's own classes have neither nanoseconds nor years above 9999.
        column = column.cast(pa.int32() if column.type.bit_width == 32 else pa.int64())
    return [plain(cell) for cell in column.to_pylist()]


@dataclass(frozen=True)
class FrozenTable:
    """What NAME.json says of NAME.parquet, a file or a dataset."""

    validate: int
    """The exit code of `usdparquet validate`."""
    indexes: list[str]
    """The entries of the footer, or of a dataset's manifest, that say where an index is."""
    edit: str
    """The attribute that the test edits and saves; empty if no column has one for that."""
    columns: dict[str, str]
    """Name -> Arrow type, as `read_columns` gives them."""
    rows: list[str]
    """A JSON list of cells each. As texts, NaN equals NaN and -0.0 is not 0.0."""

    def text(self) -> str:
        """The content of the JSON file: a row of the table is a line."""
        head = asdict(self)
        del head["rows"]
        lines = [f'"{key}": {_json(value)},' for key, value in head.items()]
        return "{\n" + "\n".join(lines) + '\n"rows": [\n' + ",\n".join(self.rows) + "\n]\n}\n"


def golden_table(file: Path) -> FrozenTable:
    """What was frozen beside `file`."""
    content = json.loads(file.with_suffix(".json").read_text("utf-8"))
    content["rows"] = [_json(row) for row in content["rows"]] or rule_rows(file.stem)
    return FrozenTable(**content)


def rule_rows(name: str) -> list[str]:
    """The rows of a file with a rule, in the form of `FrozenTable.rows`; of others none."""
    return [_json(row) for row in RULES.get(name, [])]


def read_table(file: Path, validate: int, edit: str) -> FrozenTable:
    """What `read_columns` and the footer or the manifest say today; all else is given."""
    table = usdparquet.read_columns(file)
    cells = [plain_cells(column) for column in table.columns]
    return FrozenTable(
        validate=validate,
        edit=edit,
        indexes=_indexes_of(file),
        columns={field.name: str(field.type) for field in table.schema},
        rows=[_json(row) for row in zip(*cells, strict=True)],
    )


def _indexes_of(file: Path) -> list[str]:
    if file.is_dir():
        manifest = json.loads((file / MANIFEST).read_text("utf-8"))
        return sorted({*manifest["index"]} - {"file"})
    entries = pq.read_metadata(file).metadata or {}
    return [name for name in INDEX_ENTRIES if name.encode() in entries]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
