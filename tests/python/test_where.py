"""Conditions: what they select is what Python itself selects, and what they refuse."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usdparquet.tables.table_file import TableFile
from usdparquet.tables.where import WhereError, parse_where

ROWS = 200


def make_table() -> pa.Table:
    chance = random.Random(11)

    def some(make: object) -> list[object]:
        return [None if chance.random() < 0.2 else make() for _ in range(ROWS)]

    return pa.table(
        {
            "path": [f"/P{i}" for i in range(ROWS)],
            "cost": pa.array(some(lambda: chance.randint(-5, 5) / 2), pa.float64()),
            "count": pa.array(some(lambda: chance.randint(-3, 3)), pa.int32()),
            "is_active": pa.array(some(lambda: chance.random() < 0.5), pa.bool_()),
            "supplier": pa.array(some(lambda: chance.choice("abc"))).dictionary_encode(),
            "Unit cost ($)": pa.array(some(lambda: chance.randint(0, 9)), pa.int64()),
            "part": [
                {"width": i % 7, "day": datetime.date(2024, 1, 1 + i % 28)} for i in range(ROWS)
            ],
            "price": pa.array(
                some(lambda: Decimal(chance.randint(0, 99)) / 10), pa.decimal128(5, 2)
            ),
        }
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> TableFile:
    file = tmp_path_factory.mktemp("where") / "table.parquet"
    pq.write_table(make_table(), file, row_group_size=50)
    return TableFile(file)


def selected(table: TableFile, text: str) -> list[int]:
    condition = parse_where(text, table.columns())
    batches = table.batches(table.choose(["path"]), condition)
    return [int(path[2:]) for batch in batches for path in batch["path"].to_pylist()]


ROWS_OF = make_table().to_pylist()


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        ("cost > 1", lambda r: r["cost"] is not None and r["cost"] > 1),
        ("-1 <= cost < 2", lambda r: r["cost"] is not None and -1 <= r["cost"] < 2),
        ("is_active", lambda r: r["is_active"] is True),
        ("not is_active", lambda r: r["is_active"] is False),
        ("is_active == True", lambda r: r["is_active"] is True),
        ("cost is None", lambda r: r["cost"] is None),
        ("cost is not None and count == 0", lambda r: r["cost"] is not None and r["count"] == 0),
        ("supplier == 'a' or supplier == \"b\"", lambda r: r["supplier"] in ("a", "b")),
        ("supplier in ('a', 'c')", lambda r: r["supplier"] in ("a", "c")),
        ("count not in [1, 2]", lambda r: r["count"] is not None and r["count"] not in (1, 2)),
        ("`Unit cost ($)` >= 5", lambda r: (r["Unit cost ($)"] or 0) >= 5),
        ("Unit_cost____ >= 5", lambda r: (r["Unit cost ($)"] or 0) >= 5),
        ("`part:width` == 3", lambda r: r["part"]["width"] == 3),
        ("`part:day` < '2024-01-10'", lambda r: r["part"]["day"] < datetime.date(2024, 1, 10)),
        (
            "count > cost",
            lambda r: None not in (r["count"], r["cost"]) and r["count"] > r["cost"],
        ),
        ("3 > count", lambda r: r["count"] is not None and r["count"] < 3),
        ("price > 4.5", lambda r: r["price"] is not None and r["price"] > Decimal("4.5")),
        ("count > 0.5", lambda r: r["count"] is not None and r["count"] > 0.5),
        ("path == '/P7'", lambda r: r["path"] == "/P7"),
        ("supplier != 'it`s'", lambda r: r["supplier"] is not None),
    ],
)
def test_conditions(table: TableFile, text: str, keep: object) -> None:
    expected = [row for row in range(ROWS) if keep(ROWS_OF[row])]
    assert selected(table, text) == expected
    assert 0 < len(expected) <= ROWS


COMPARISON = st.one_of(
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["cost", "count"]),
        st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]),
        st.integers(-3, 3),
    ),
    st.sampled_from(["is_active", "cost is None", "count is not None", "supplier in ('a', 'b')"]),
)
CONDITION = st.recursive(
    COMPARISON,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=6,
)


def evaluate(text: str, row: dict[str, object]) -> bool | None:
    """The condition in three-valued logic: what a null is compared with is unknown."""
    import ast

    def visit(node: ast.expr) -> bool | None:
        if isinstance(node, ast.BoolOp):
            parts = [visit(value) for value in node.values]
            decisive = isinstance(node.op, ast.Or)
            if decisive in parts:
                return decisive
            return None if None in parts else not decisive
        if isinstance(node, ast.UnaryOp):
            inner = visit(node.operand)
            return None if inner is None else not inner
        if isinstance(node, ast.Name):
            return row[node.id]
        assert isinstance(node, ast.Compare)
        assert isinstance(node.left, ast.Name)
        source = ast.unparse(node)
        if row[node.left.id] is None and not isinstance(node.ops[0], ast.Is | ast.IsNot):
            return None
        return bool(eval(source, {}, dict(row)))

    return visit(ast.parse(text, mode="eval").body)


@settings(max_examples=60, deadline=None)
@given(text=CONDITION)
def test_random_conditions_select_as_python_does(table: TableFile, text: str) -> None:
    expected = [row for row in range(ROWS) if evaluate(text, ROWS_OF[row]) is True]
    assert selected(table, text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("weight > 3", "there is no column 'weight' (there are 'path', 'cost'"),
        ("cost > 'a'", "column 'cost' is double, which cannot be compared with 'a'"),
        ("supplier > 3", "which cannot be compared with 3"),
        ("is_active > 3", "column 'is_active' is bool, which cannot be compared with 3"),
        ("cost", "column 'cost' is double, not true or false: compare it"),
        ("part == 3", "column 'part' is struct<"),
        ("cost == None", "column 'cost' is compared with None: write 'is None'"),
        ("`part:day` > 'soon'", "column 'part:day' is date32[day], and 'soon' is none"),
        ("cost == supplier", "columns 'cost' (double) and 'supplier'"),
        ("1 < 2", "a comparison has no column on either side"),
        ("cost = 3", "cannot be read: invalid syntax"),
        ("cost > 3 AND count > 1", "cannot be read: invalid syntax"),
        ("`cost > 3", "has a backtick without its partner"),
        ("cost + 1 > 3", "'cost + 1' is no number, text, True or False"),
        ("__import__('os').system('true')", "is no condition"),
        ("cost > max(1, 2)", "'max(1, 2)' is no number, text, True or False"),
        ("cost.__class__ == 3", "'cost.__class__' is no number"),
        ("count > 99999999999999999999999", "is too large a number"),
        ("", "cannot be read"),
        ("count in ()", "'in' has no values in its brackets"),
        ("count in 3", "'in' takes a column on the left and values in brackets on the right"),
    ],
)
def test_what_is_refused(table: TableFile, text: str, reason: str) -> None:
    with pytest.raises(WhereError) as error:
        parse_where(text, table.columns())
    assert reason in str(error.value)
    assert f"'{text}'" in str(error.value)


def test_a_condition_is_for_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.b.parquet"
    pq.write_table(pa.table({"path": ["/A", "/B"], "a.b": [1, 2]}), file)
    assert [
        path
        for batch in TableFile(file).batches(
            TableFile(file).choose(["path"]), parse_where("`a.b` > 1", TableFile(file).columns())
        )
        for path in batch["path"].to_pylist()
    ] == ["/B"]
