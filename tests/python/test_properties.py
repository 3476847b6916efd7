"""Random tables in random files: the layer equals the table, row for row."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parquet_files import encoding_by_type
from pxr import Sdf, Usd
from usd_values import canonical, collected_warnings, python_type

SETTINGS = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def integers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
F32, F64 = st.floats(width=32), st.floats(width=64)

# Arrow type, Sdf type, strategy of cells.
KINDS: list[tuple[pa.DataType, str, st.SearchStrategy]] = [
    (pa.bool_(), "bool", st.booleans()),
    (pa.int8(), "int", integers(8)),
    (pa.int32(), "int", integers(32)),
    (pa.int64(), "int64", integers(64)),
    (pa.uint8(), "uchar", st.integers(0, 255)),
    (pa.uint64(), "uint64", st.integers(0, 2**64 - 1)),
    (pa.float16(), "half", st.floats(width=16)),
    (pa.float32(), "float", F32),
    (pa.float64(), "double", F64),
    (pa.string(), "string", TEXT),
    (pa.dictionary(pa.int32(), pa.string()), "string", st.sampled_from(["", "a", "bb", "ccc"])),
    (pa.list_(pa.float32(), 3), "float3", st.lists(F32, min_size=3, max_size=3)),
    (pa.list_(pa.float64(), 2), "double2", st.lists(F64, min_size=2, max_size=2)),
    (pa.list_(pa.int32()), "int[]", st.lists(integers(32), max_size=5)),
    (pa.list_(pa.string()), "string[]", st.lists(TEXT, max_size=4)),
    (
        pa.list_(pa.list_(pa.float32(), 2)),
        "float2[]",
        st.lists(st.lists(F32, min_size=2, max_size=2), max_size=4),
    ),
]

NAMES = st.sampled_from(["A", "B", "Part_1", "Größe", "_x"])
PRIM_PATHS = st.lists(NAMES, min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))


@st.composite
def columns(draw: st.DrawFn, rows: int) -> tuple[pa.Array, str, bool]:
    """A column: its cells, the Sdf type, and whether it is declared without nulls."""
    arrow, sdf, cells = draw(st.sampled_from(KINDS))
    kind = draw(st.sampled_from(["required", "some nulls", "mostly nulls", "blocks"]))
    # A few distinct cells, spread by a random sequence: long columns stay quick to draw.
    pool = draw(st.lists(cells, min_size=1, max_size=8))
    rng = draw(st.randoms(use_true_random=False))
    picked: list[object] = [rng.choice(pool) for _ in range(rows)]
    if kind == "some nulls":
        picked = [None if rng.random() < 0.3 else cell for cell in picked]
    elif kind == "mostly nulls":
        picked = [cell if rng.random() < 0.05 else None for cell in picked]
    elif kind == "blocks":
        length = rng.randint(1, 50)
        picked = [None if row // length % 2 else cell for row, cell in enumerate(picked)]
    return pa.array(picked, type=arrow), sdf, kind == "required"


@st.composite
def write_options(draw: st.DrawFn) -> dict[str, object]:
    options: dict[str, object] = {
        "row_group_size": draw(st.integers(1, 200)),
        # Below some hundred bytes Arrow writes empty pages, and can not read its own file.
        "data_page_size": draw(st.sampled_from([256, 1024, 1 << 20])),
        "write_batch_size": draw(st.integers(1, 64)),
        "max_rows_per_page": draw(st.sampled_from([1, 7, 64, 20_000])),
        "data_page_version": draw(st.sampled_from(["1.0", "2.0"])),
        "compression": draw(st.sampled_from(["none", "snappy", "gzip", "brotli", "zstd", "lz4"])),
        "use_dictionary": draw(st.booleans()),
        "write_page_index": draw(st.booleans()),
        "write_page_checksum": draw(st.booleans()),
        "write_statistics": draw(st.booleans()),
        "use_content_defined_chunking": draw(st.booleans()),
    }
    if options["use_dictionary"]:
        options["dictionary_pagesize_limit"] = draw(st.sampled_from([1, 32, 1 << 20]))
    else:
        options["column_encoding"] = draw(st.sampled_from([None, "by type"]))
    return options


@st.composite
def tables(draw: st.DrawFn) -> tuple[pa.Table, list[str]]:
    """A table with unique paths, and the Sdf types of its other columns."""
    rows = draw(st.sampled_from([0, 1, 2, 17, 120, 500]))
    if rows <= 17:
        paths = draw(st.lists(PRIM_PATHS, min_size=rows, max_size=rows, unique=True))
    else:
        width = draw(st.integers(1, rows))
        paths = [f"/Root/Group_{row % width}/Part_{row}" for row in range(rows)]
        draw(st.randoms(use_true_random=False)).shuffle(paths)
    fields, arrays, types = [pa.field("path", pa.string())], [pa.array(paths, pa.string())], []
    for index in range(draw(st.integers(0, 5))):
        array, sdf, required = draw(columns(rows))
        fields.append(pa.field(f"column_{index}", array.type, nullable=not required))
        arrays.append(array)
        types.append(sdf)
    return pa.table(arrays, schema=pa.schema(fields)), types


def assert_layer_equals_table(file: Path, table: pa.Table, types: list[str]) -> None:
    with collected_warnings() as warnings:
        layer = Sdf.Layer.FindOrOpen(str(file))
    assert warnings == []
    stage = Usd.Stage.Open(layer)
    names = table.column_names[1:]
    paths = table["path"].to_pylist()
    for path, *cells in zip(paths, *(table[name].to_pylist() for name in names), strict=True):
        prim = layer.GetPrimAtPath(path)
        assert prim.specifier == Sdf.SpecifierOver
        there = [name for name, cell in zip(names, cells, strict=True) if cell is not None]
        assert [spec.name for spec in prim.properties] == there
    for name, sdf in zip(names, types, strict=True):
        for path, cell in zip(paths, table[name].to_pylist(), strict=True):
            attribute = stage.GetAttributeAtPath(f"{path}.{name}")
            assert bool(attribute) == (cell is not None), (path, name)
            if cell is None:
                continue
            assert str(attribute.GetTypeName()) == sdf
            value = attribute.Get()
            assert canonical(value) == canonical(cell), (path, name)
            assert type(value) is python_type(sdf)


@SETTINGS
@given(tables(), write_options())
def test_the_layer_equals_the_table(
    made: tuple[pa.Table, list[str]], options: dict[str, object]
) -> None:
    table, types = made
    if options.get("column_encoding"):
        options["column_encoding"] = encoding_by_type(table)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "table.parquet"
        pq.write_table(table, file, **options)
        assert_layer_equals_table(file, table, types)


def numbered(paths: list[str]) -> pa.Table:
    return pa.table(
        {"path": pa.array(paths, pa.string()), "row": pa.array(range(len(paths)), pa.int64())}
    )


@SETTINGS
@given(st.lists(PRIM_PATHS, max_size=40))
def test_the_namespace_of_any_paths(paths: list[str]) -> None:
    """Duplicates and ancestors included: each prim once, and the last row of a path wins."""
    table = numbered(paths)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "table.parquet"
        pq.write_table(table, file, row_group_size=7)
        with collected_warnings() as warnings:
            layer = Sdf.Layer.FindOrOpen(str(file))
    assert len(warnings) == (len(set(paths)) != len(paths))
    last = {path: row for row, path in enumerate(paths)}
    prims = {"/"}
    for path in paths:
        prims.update(itertools.accumulate(path.split("/")[1:], lambda a, b: f"{a}/{b}", initial=""))
    prims.discard("")
    visited: list[str] = []
    layer.Traverse("/", lambda path: visited.append(str(path)))
    assert sorted(visited) == sorted(prims | {f"{path}.row" for path in last})
    for path, row in last.items():
        assert layer.GetAttributeAtPath(f"{path}.row").default == row


@SETTINGS
@given(st.text(max_size=20).filter(lambda name: "\0" not in name and name != "path"))
def test_any_column_name_becomes_a_property(name: str) -> None:
    name = name.encode("utf-8", "ignore").decode("utf-8")
    table = pa.table({"path": ["/A"], name: [math.pi]})
    with TemporaryDirectory() as folder:
        file = Path(folder) / "table.parquet"
        pq.write_table(table, file)
        layer = Sdf.Layer.FindOrOpen(str(file))
        (spec,) = layer.GetPrimAtPath("/A").properties
        assert Sdf.Path.IsValidNamespacedIdentifier(spec.name)
        assert spec.default == math.pi
        assert spec.displayName == ("" if spec.name == name else name)


@SETTINGS
@given(st.lists(st.text(max_size=10).filter(lambda text: "\0" not in text), max_size=30))
def test_any_text_in_the_path_column(texts: list[str]) -> None:
    """A row is presented exactly if OpenUSD calls its text an absolute prim path."""
    texts = [text.encode("utf-8", "ignore").decode("utf-8") for text in texts]
    rows = [*texts, *(f"/{text}" for text in texts)]
    table = numbered(rows)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "table.parquet"
        pq.write_table(table, file)
        with collected_warnings():
            layer = Sdf.Layer.FindOrOpen(str(file))
    want = {text: row for row, text in enumerate(rows) if is_prim_path(text)}
    shown = {
        str(prim.path): prim.properties["row"].default
        for prim in all_prims(layer.pseudoRoot)
        if prim.properties
    }
    assert shown == want


def is_prim_path(text: str) -> bool:
    if not Sdf.Path.IsValidPathString(text):
        return False
    path = Sdf.Path(text)
    return (
        path.IsAbsolutePath()
        and path.IsPrimPath()
        and not path.ContainsPrimVariantSelection()
        and str(path) == text
    )


def all_prims(prim: Sdf.PrimSpec) -> list[Sdf.PrimSpec]:
    found = []
    for child in prim.nameChildren:
        found.append(child)
        found.extend(all_prims(child))
    return found
