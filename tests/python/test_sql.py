"""Conditions and statements: what they give is what Python computes, and what they refuse."""

from __future__ import annotations

import datetime
import os
import random
import signal
import threading
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usdparquet.tables.errors import TableFileError
from usdparquet.tables.query import Query, run_query, run_statement
from usdparquet.tables.sql import MAX_STATEMENT, SqlError, SqlTable
from usdparquet.tables.table_file import TableFile

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
    batches = run_query(table, Query(columns=["path"], where=text)).batches
    return [int(path[2:]) for batch in batches for path in batch["path"].to_pylist()]


def answer(table: TableFile, text: str) -> list[dict[str, object]]:
    result = run_statement(table, text)
    return pa.Table.from_batches(result.batches, result.schema).to_pylist()


ROWS_OF = make_table().to_pylist()
COUNTS = [row["count"] for row in ROWS_OF if row["count"] is not None]
AVERAGE = sum(COUNTS) / len(COUNTS)


@pytest.mark.parametrize(
    ("text", "keep"),
    [
        ("cost > 1", lambda r: r["cost"] is not None and r["cost"] > 1),
        ("-1 <= cost AND cost < 2", lambda r: r["cost"] is not None and -1 <= r["cost"] < 2),
        ("is_active", lambda r: r["is_active"] is True),
        ("not is_active", lambda r: r["is_active"] is False),
        ("is_active = true", lambda r: r["is_active"] is True),
        ("cost IS NULL", lambda r: r["cost"] is None),
        ("cost IS NOT NULL AND count = 0", lambda r: r["cost"] is not None and r["count"] == 0),
        ("supplier = 'a' OR supplier LIKE 'b%'", lambda r: r["supplier"] in ("a", "b")),
        ("supplier in ('a', 'c')", lambda r: r["supplier"] in ("a", "c")),
        ("count NOT IN (1, 2)", lambda r: r["count"] is not None and r["count"] not in (1, 2)),
        ('"Unit cost ($)" >= 5', lambda r: (r["Unit cost ($)"] or 0) >= 5),
        ("Unit_cost____ >= 5", lambda r: (r["Unit cost ($)"] or 0) >= 5),
        ('"part:width" = 3', lambda r: r["part"]["width"] == 3),
        ("part.day < '2024-01-10'", lambda r: r["part"]["day"] < datetime.date(2024, 1, 10)),
        (
            "count > cost",
            lambda r: None not in (r["count"], r["cost"]) and r["count"] > r["cost"],
        ),
        ("3 > count", lambda r: r["count"] is not None and r["count"] < 3),
        ("price > 4.5", lambda r: r["price"] is not None and r["price"] > Decimal("4.5")),
        ("count > 0.5", lambda r: r["count"] is not None and r["count"] > 0.5),
        ("path = '/P7'", lambda r: r["path"] == "/P7"),
        ("PATH = '/P7' -- a remark", lambda r: r["path"] == "/P7"),
        ("count > (SELECT avg(count) FROM t)", lambda r: (r["count"] or -9) > AVERAGE),
        ("t.part.width = 3", lambda r: r["part"]["width"] == 3),
        ("supplier <> 'it''s'", lambda r: r["supplier"] is not None),
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
    st.sampled_from(["is_active", "cost IS NULL", "count IS NOT NULL", "supplier in ('a', 'b')"]),
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

    plain = text.replace("IS NULL", "is None").replace("IS NOT NULL", "is not None")
    return visit(ast.parse(plain, mode="eval").body)


@settings(max_examples=60, deadline=None)
@given(text=CONDITION)
def test_random_conditions_select_as_python_does(table: TableFile, text: str) -> None:
    expected = [row for row in range(ROWS) if evaluate(text, ROWS_OF[row]) is True]
    assert selected(table, text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("weight > 3", "there is no column 'weight' (there are 'path', 'cost'"),
        ("coost > 3", "there is no column 'coost'; the nearest is 'cost'"),
        ("t.coost > 3", "there is no column 'coost'; the nearest is 'cost'"),
        ('"part:widht" > 3', "there is no column 'part:widht'; the nearest is 'part:width'"),
        ("supplier > 3", "Cannot compare values of type VARCHAR and type INTEGER_LITERAL"),
        ("cost >", "'cost >' cannot be read: syntax error at or near"),
        ("", "the condition is empty"),
        ("cost > 3) OR (true", 'cannot be read: syntax error at or near ")"'),
        ("cost > 3 GROUP BY path", "is not one condition"),
        ("cost > 3 LIMIT 1", "is not one condition"),
        ("cost > 3 UNION SELECT 1", "is not one condition"),
        ("cost > 3; SELECT 1", "is not one statement"),
        ("cost > $1", "a parameter has no value here"),
        ("cost > nothing(1)", "Scalar Function with name nothing does not exist!"),
        ("path IN (SELECT content FROM read_text('/etc/passwd'))", "'read_text' is no table"),
        ("true AND " * 2000 + "true", None),
        ("NOT " * 2000 + "true", "Max expression depth limit of 1000 exceeded"),
        ("x" * 2_000_000, "the SQL has more than 1,048,576 characters"),
    ],
)
def test_conditions_that_are_refused(table: TableFile, text: str, reason: str | None) -> None:
    if reason is None:
        assert len(selected(table, text)) == ROWS
        return
    with pytest.raises((SqlError, TableFileError)) as error:
        selected(table, text)
    assert reason in str(error.value)


def test_deep_nesting_is_refused_or_understood(table: TableFile) -> None:
    """How deep Python's reader of JSON goes depends on the version of Python."""
    try:
        assert len(selected(table, "NOT " * 900 + "true")) == ROWS
    except SqlError as error:
        assert str(error) == "the SQL is nested too deeply"


def test_the_longest_statement(table: TableFile) -> None:
    longest = "SELECT count(*) AS n FROM t".ljust(MAX_STATEMENT)
    assert answer(table, longest) == [{"n": ROWS}]
    with pytest.raises(SqlError, match="the SQL has more than 1,048,576 characters"):
        answer(table, f"{longest} ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", "'read_csv' is no table"),
        ("SELECT * FROM read_text('/etc/passwd')", "'read_text' is no table"),
        ("SELECT (SELECT content FROM read_blob('/etc/passwd'))", "'read_blob' is no table"),
        ("SELECT * FROM glob('/*')", "'glob' is no table"),
        ("SELECT * FROM query('SELECT 1')", "'query' is no table"),
        ("SELECT * FROM duckdb_settings()", "'duckdb_settings' is no table"),
        ("SELECT * FROM '/etc/passwd'", "there is no table '/etc/passwd'"),
        ("SELECT * FROM t WHERE path IN (SELECT path FROM '{file}')", "there is no table '{file}'"),
        ("WITH a AS (FROM '{file}') SELECT * FROM a", "there is no table '{file}'"),
        ("SELECT * FROM information_schema.tables", "there is no table 'tables'"),
        ("SELECT * FROM main.t", "the table of the file is 't'"),
        ("SHOW TABLES", "there is one table here, 't'"),
        ("COPY t TO '{folder}/out.csv'", "is no SELECT"),
        ("COPY (SELECT 1) TO '{folder}/out.csv'", "is no SELECT"),
        ("EXPORT DATABASE '{folder}/out'", "is no SELECT"),
        ("ATTACH '{folder}/out.db'", "is no SELECT"),
        ("INSTALL httpfs", "is no SELECT"),
        ("LOAD httpfs", "is no SELECT"),
        ("SET enable_external_access = true", "is no SELECT"),
        ("PRAGMA version", "is no SELECT"),
        ("CREATE TABLE x AS SELECT 1", "is no SELECT"),
        ("EXPLAIN SELECT 1", "is no SELECT"),
        ("WITH a AS (INSERT INTO t VALUES (1)) SELECT 1", "'INSERT_QUERY_NODE' cannot be run"),
        ("SELECT 1; COPY t TO '{folder}/out.csv'", "is no SELECT"),
        ("SELECT 1; SELECT 2", "is not one statement"),
        ("SELECT ?", "a parameter has no value here"),
        ("SELECT", "cannot be read: "),
        ("", "is not one statement"),
    ],
)
def test_statements_that_are_refused(
    table: TableFile, text: str, reason: str, tmp_path: Path
) -> None:
    places = {"file": str(table.file), "folder": str(tmp_path)}
    with pytest.raises(SqlError) as error:
        answer(table, text.format_map(places))
    assert reason.format_map(places) in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/out.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET temp_directory = '{folder}'",
        "SET memory_limit = '1TB'",
        "EXPORT DATABASE '{folder}/out'",
    ],
)
def test_duckdb_itself_refuses(table: TableFile, text: str, tmp_path: Path) -> None:
    """If a statement came past the check: the connection is locked."""
    import duckdb

    connection = SqlTable(table)._connection
    with pytest.raises(duckdb.Error, match=r"disabled|locked|configuration|Cannot|does not exist"):
        connection.execute(text.format(folder=tmp_path))
    assert list(tmp_path.iterdir()) == []
    local = [1]  # no Python variable is a table
    with pytest.raises(duckdb.Error, match="local"):
        SqlTable(table)._connection.execute("SELECT * FROM local")
    assert local == [1]


def test_statements(table: TableFile) -> None:
    assert answer(table, "SELECT count(*) AS n FROM t") == [{"n": ROWS}]
    assert answer(table, "FROM t") == ROWS_OF
    assert answer(table, 'SELECT "part:width", part.width w FROM t LIMIT 2') == [
        {"part:width": 0, "w": 0},
        {"part:width": 1, "w": 1},
    ]
    assert answer(table, "SELECT 'größe' AS g, Unit_cost____ + 0 AS u FROM t b LIMIT 1") == [
        {"g": "größe", "u": ROWS_OF[0]["Unit cost ($)"]}
    ]
    by_width: dict[int, Decimal] = {}
    for row in ROWS_OF:
        by_width.setdefault(row["part"]["width"], Decimal(0))
        by_width[row["part"]["width"]] += row["price"] or 0
    text = 'SELECT b."part:width" AS w, sum(price) AS s FROM t AS b GROUP BY ALL ORDER BY w'
    assert answer(table, text) == [{"w": w, "s": s} for w, s in sorted(by_width.items())]
    # What a statement names itself is not the property of that name.
    text = 'WITH a AS (SELECT 7 AS "part:width") SELECT "part:width" FROM a'
    assert answer(table, text) == [{"part:width": 7}]
    text = "SELECT count(*) AS n FROM t JOIN t AS u USING (path) WHERE u.count > 0"
    assert answer(table, text) == [{"n": sum(count > 0 for count in COUNTS)}]
    assert answer(table, "SELECT t FROM t LIMIT 1") == [{"t": ROWS_OF[0]}]
    assert answer(table, "SELECT unnest(range(3)) AS i") == [{"i": 0}, {"i": 1}, {"i": 2}]
    described = answer(table, "DESCRIBE t")
    assert [row["column_name"] for row in described] == make_table().column_names


def test_only_the_columns_that_a_statement_names_are_read(table: TableFile) -> None:
    sql = SqlTable(table)
    names = make_table().column_names

    def read(text: str) -> list[str]:
        return [names[number] for number in sql.statement(text).columns]

    assert read("SELECT cost FROM t WHERE count > 1") == ["cost", "count"]
    assert read('SELECT COST, "part:day" FROM t') == ["cost", "part"]
    assert read("SELECT count(*) FROM t") == []
    assert read("SELECT count(path) FROM t") == ["path", "count"]  # the function is called so
    assert read("SELECT avg(u.cost) FROM t JOIN t u USING (path)") == ["path", "cost"]
    for text in ("FROM t", "SELECT t FROM t", "SELECT COLUMNS('c.*') FROM t", "SELECT u FROM t u"):
        assert read(text) == names


NUMBERS = [2**63 + 5, 2**64 - 1, 1, None]


def typed_table() -> pa.Table:
    times = [1_700_000_000_000_000_001, 0, None, 1]
    return pa.table(
        {
            "path": ["/A", "/B", "/C", "/D"],
            "id": pa.array(NUMBERS, pa.uint64()),
            "half": pa.array([1.5, float("nan"), None, -2], pa.float16()),
            "halves": pa.array([[1.5, 2], None, [0, 1], [3, 4]], pa.list_(pa.float16(), 2)),
            "price": pa.array([Decimal("99.25"), Decimal("-1.5"), None, 3], pa.decimal128(10, 2)),
            "wide": pa.array([Decimal(1), None, Decimal(2), Decimal(3)], pa.decimal256(50, 2)),
            "when": pa.array(times, pa.timestamp("ns", "Asia/Tokyo")),
            "day": pa.array([0, 86_400_000, None, 0], pa.date64()),
            "took": pa.array([1, 2, 3, None], pa.duration("ns")),
            "code": pa.array([b"ab", b"cd", None, b"ef"], pa.binary(2)),
            "label": pa.array(["x", None, "y", "x"]).dictionary_encode(),
            "view": pa.array(["x", None, "y", "x"], pa.string_view()),
        }
    )


@pytest.mark.parametrize("rows", [1, 3, 4])
@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("id > 9223372036854775807", [0, 1]),
        ("id = 18446744073709551615", [1]),
        ("price > 2.5", [0, 3]),
        ("price <= -1.5", [1]),
        ("half > 1", [0, 1]),  # NaN is the largest number
        ("NOT (half > 1)", [3]),
        ("isnan(half)", [1]),
        ("half <> 1.5", [1, 3]),
        ("halves[2] >= 2", [0, 3]),
        ("wide < 3", [0, 2]),
        ("\"when\" > '2023-11-14 22:13:20+00'", [0]),
        ("\"when\" < '1970-01-01 09:00:00+09'::TIMESTAMPTZ + INTERVAL 1 SECOND", [1, 3]),
        ("day = '1970-01-02'", [1]),
        ("code = 'cd'::BLOB", [1]),
        ("label = 'x' AND view = 'x'", [0, 3]),
        ("label IS NULL", [1]),
    ],
)
def test_types_whatever_row_groups_and_statistics(
    rows: int, statistics: bool, where: str, expected: list[int], tmp_path: Path
) -> None:
    file = tmp_path / "typed.parquet"
    pq.write_table(typed_table(), file, row_group_size=rows, write_statistics=statistics)
    result = run_query(TableFile(file), Query(where=where))
    found = pa.Table.from_batches(result.batches, result.schema)
    wanted = pa.concat_tables([typed_table().slice(row, 1) for row in expected])
    # The values and their types are those of the file.
    assert [found["path"].to_pylist(), found["id"].to_pylist()] == [
        wanted["path"].to_pylist(),
        wanted["id"].to_pylist(),
    ]
    for name in set(wanted.column_names) - {"view", "day"}:
        assert found.schema.field(name).type == wanted.schema.field(name).type
        assert found[name].combine_chunks().equals(wanted[name].combine_chunks()) or name == "half"


def test_names_that_differ_by_case_alone(tmp_path: Path) -> None:
    file = tmp_path / "case.parquet"
    pq.write_table(pa.table({"path": ["/A", "/B"], "Cost": [1, 2], "cost": [4, 3]}), file)
    table = TableFile(file)
    assert answer(table, "SELECT * FROM t WHERE cost_1 = 3") == [
        {"path": "/B", "Cost": 2, "cost_1": 3}
    ]
    query = Query(columns=["cost", "Cost"], sort=["cost"])
    result = run_query(table, query)
    assert pa.Table.from_batches(result.batches).to_pydict() == {"cost": [3, 4], "Cost": [2, 1]}


@pytest.fixture
def alike(tmp_path: Path) -> TableFile:
    """Columns and fields whose names differ by case alone, and one that has a name of SQL's."""
    file = tmp_path / "alike.parquet"
    columns = {
        "path": ["/P0", "/P1"],
        "Cost": [1, 5],
        "cost": [10, 2],
        "cost_1": [7, 8],
        "dim": [{"Width": 1.0, "width": 20.0}, {"Width": 3.0, "width": 4.0}],
    }
    pq.write_table(pa.table(columns), file)
    return TableFile(file)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("cost > 3", [0]),
        ("Cost > 3", [1]),
        ('"cost" > 3 AND "Cost" = 1', [0]),
        ("t.cost = 2", [1]),
        ("cost_1 = 7", [0]),
        ("dim.width > 4", [0]),
        ("dim.Width > 2", [1]),
        ("t.dim.width = 4", [1]),
        ('"dim:width" = 20', [0]),
    ],
)
def test_each_name_reaches_its_own_column(
    alike: TableFile, where: str, expected: list[int]
) -> None:
    assert selected(alike, where) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT max(cost) AS m, max(Cost) AS n FROM t", [{"m": 10, "n": 5}]),
        ("SELECT s.cost_2 AS c FROM (SELECT * FROM t) s ORDER BY s.cost", [{"c": 2}, {"c": 10}]),
        ("SELECT cost FROM (SELECT cost FROM t) WHERE cost > 2", [{"cost_2": 10}]),
        ("SELECT Cost, cost FROM t ORDER BY Cost LIMIT 1", [{"Cost": 1, "cost_2": 10}]),
        ("SELECT dim.width AS w FROM t", [{"w": 20.0}, {"w": 4.0}]),
        ("SELECT dim FROM t LIMIT 1", [{"dim": {"Width": 1.0, "width_1": 20.0}}]),
    ],
)
def test_statements_over_names_that_differ_by_case(
    alike: TableFile, text: str, expected: list[dict[str, object]]
) -> None:
    assert answer(alike, text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "SELECT COST FROM t",
            "'COST' may be 'Cost' or 'cost', which differ by case alone: write the name as it is "
            "in the file",
        ),
        (
            "SELECT dim.WIDTH FROM t",
            "'WIDTH' may be 'Width' or 'width', which differ by case alone: write the name as it "
            "is in the file",
        ),
        (
            "SELECT sum(cost) AS cost FROM t",
            "'Cost' and 'cost' are one name in SQL; write Cost and cost_2 here",
        ),
        (
            "SELECT * EXCLUDE (cost) FROM t",
            "'Cost' and 'cost' are one name in SQL; write Cost and cost_2 here",
        ),
    ],
)
def test_a_name_that_may_be_two_columns_is_an_error(
    alike: TableFile, text: str, message: str
) -> None:
    with pytest.raises(TableFileError) as raised:
        answer(alike, text)
    assert str(raised.value) == f"{alike.file}: {message}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT part.widht FROM t", "; the nearest is 'part.width'"),
        ("SELECT (part).days FROM t", "; the nearest is 'part.day'"),
        ("SELECT part.colour FROM t", " (there are 'part.width', 'part.day')"),
    ],
)
def test_a_field_that_is_not_there_is_told_with_the_nearest(
    table: TableFile, text: str, told: str
) -> None:
    with pytest.raises(TableFileError) as raised:
        answer(table, text)
    field = text.split(".")[1].split()[0]
    assert str(raised.value) == f"{table.file}: there is no field '{field}'{told}"


def test_rows_of_many_batches_keep_their_order(tmp_path: Path) -> None:
    file = tmp_path / "many.parquet"
    rows = 1_000_000
    pq.write_table(
        pa.table({"path": [f"/P{i}" for i in range(rows)], "x": range(rows)}),
        file,
        row_group_size=70_000,
    )
    query = Query(columns=["x"], where="x % 3 = 0 AND x > 65535")
    batches = run_query(TableFile(file), query).batches
    found = [value for batch in batches for value in batch["x"].to_pylist()]
    assert found == [i for i in range(rows) if i % 3 == 0 and i > 65535]


def test_memory_is_limited(table: TableFile) -> None:
    text = "SELECT list(a.path || b.path || c.path || d.path) FROM t a, t b, t c, t d"
    with pytest.raises(SqlError, match=r"needs more than the [\d,]+ MiB that it may take"):
        answer(table, text)


def test_ctrl_c_ends_a_query(table: TableFile) -> None:
    text = "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000) c WHERE a < b + c"
    timer = threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT))
    # A process that a shell started in the background ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            answer(table, text)
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert answer(table, "SELECT count(*) AS n FROM t") == [{"n": ROWS}]


class Metres(pa.ExtensionType):
    def __init__(self) -> None:
        super().__init__(pa.float64(), "usdparquet.tests.metres")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: pa.DataType, data: bytes) -> Metres:
        return cls()


def test_types_that_duckdb_does_not_know(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    file = tmp_path / "t.arrow"
    lengths = pa.ExtensionArray.from_storage(Metres(), pa.array([1.5, None, 3]))
    table = pa.table(
        {
            "path": ["/A", "/B", "/C"],
            "length": lengths,
            "odd": pa.array([[1], [2], None], pa.list_view(pa.int8())),
            "runs": pa.RunEndEncodedArray.from_arrays([1, 3], ["a", "b"]),
            "either": pa.UnionArray.from_sparse(
                pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])]
            ),
        }
    )
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    pa.register_extension_type(Metres())
    request.addfinalizer(lambda: pa.unregister_extension_type("usdparquet.tests.metres"))
    opened = TableFile(file)
    assert answer(opened, "SELECT path FROM t WHERE length > 2") == [{"path": "/C"}]
    batches = run_query(opened, Query(columns=["length"], where="length < 2")).batches
    assert [batch["length"] for batch in batches] == [lengths.slice(0, 1)]
    with pytest.raises(TableFileError, match="nearest is 'length'"):
        answer(opened, "SELECT lenght FROM t")


def test_what_to_do_about_a_column_that_sql_cannot_take(tmp_path: Path) -> None:
    big = pa.array([Decimal(10) ** 45, None], pa.decimal256(50, 2))
    file = tmp_path / "big.parquet"
    pq.write_table(pa.table({"path": ["/A", "/B"], "cost": [1, 2], "big": big}), file)
    opened = TableFile(file)
    for text in (
        "SELECT COLUMNS('co.*') FROM t",
        "WITH a AS (SELECT * FROM t) SELECT cost FROM a",
    ):
        with pytest.raises(
            TableFileError,
            match=r"'big' is decimal256\(50, 2\), which SQL cannot take \(rows 0 to 1\): .*; "
            r"name the columns that are needed, without this one, instead of \* and COLUMNS$",
        ):
            answer(opened, text)
    named = "WITH a AS (SELECT path, cost FROM t) SELECT cost FROM a"
    assert answer(opened, named) == [{"cost": 1}, {"cost": 2}]
