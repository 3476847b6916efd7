"""Damaged, foreign and odd files: one clear error, or one clear warning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_files import write_encrypted
from pxr import Sdf, Tf, Usd
from usd_values import canonical, collected_warnings, open_layer, values


def error_of(file: Path, **arguments: str) -> str:
    """The text of the one error with which opening `file` fails."""
    with collected_warnings() as warnings, pytest.raises(Tf.ErrorException) as error:
        Sdf.Layer.FindOrOpen(str(file), args=arguments)
    assert warnings == []
    assert len(error.value.args) == 1, error.value
    message = str(error.value)
    assert str(file) in message
    return message


def warning_of(file: Path) -> tuple[Sdf.Layer, str]:
    """The layer of `file` and the one warning that opening it raises."""
    with collected_warnings() as warnings:
        layer = open_layer(file)
    assert len(warnings) == 1, warnings
    assert str(file) in warnings[0]
    return layer, warnings[0]


# Files that cannot be opened


def test_no_path_column(write) -> None:
    message = error_of(write({"name": ["/A"], "cost": [1.0]}))
    assert "path" in message
    assert "column" in message


def test_a_path_column_that_holds_no_strings(write) -> None:
    assert "path" in error_of(write({"path": [1, 2], "cost": [1.0, 2.0]}))


def test_a_nested_path_column_is_not_one(write) -> None:
    assert "path" in error_of(write({"where": [{"path": "/A"}], "cost": [1.0]}))


def test_an_empty_file(tmp_path: Path) -> None:
    file = tmp_path / "empty.parquet"
    file.touch()
    assert "empty" in error_of(file)


@pytest.mark.parametrize(
    "content",
    [b"x", b"PAR1", b"#usda 1.0\n", b"path,cost\n/A,1\n" * 50, b"PAR1" * 40, b"\0" * 4096],
    ids=["one byte", "magic only", "usda", "csv", "magics", "zeros"],
)
def test_not_parquet(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.parquet"
    file.write_bytes(content)
    error_of(file)


def test_two_path_columns(tmp_path: Path) -> None:
    file = tmp_path / "paths.parquet"
    columns = [pa.array(["/A"]), pa.array(["/B"])]
    pq.write_table(pa.Table.from_arrays(columns, names=["path", "path"]), file)
    assert "path" in error_of(file)


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9, 0.999])
def test_truncated(write, kept: float) -> None:
    file = write({"path": [f"/A_{row}" for row in range(500)], "cost": range(500)})
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept)])
    assert "truncated" in error_of(file)


def test_cut_in_the_middle_with_its_footer_kept(write) -> None:
    """The footer is sound, what it points to is not there."""
    file = write({"path": [f"/A_{row}" for row in range(500)], "cost": range(500)})
    content = file.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    file.write_bytes(content[:100] + content[-footer:])
    error_of(file)


def test_a_damaged_footer(write) -> None:
    file = write({"path": ["/A", "/B"], "cost": [1.0, 2.0]})
    content = bytearray(file.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little")
    content[-8 - footer : -8] = b"\xff" * footer
    file.write_bytes(content)
    error_of(file)


@pytest.mark.parametrize("plaintext_footer", [False, True])
def test_encrypted(tmp_path: Path, plaintext_footer: bool) -> None:
    file = tmp_path / "secret.parquet"
    write_encrypted(
        pa.table({"path": ["/A"], "cost": [1.0]}), file, plaintext_footer=plaintext_footer
    )
    assert "encrypted" in error_of(file)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Tf.ErrorException, match=r"nowhere\.parquet"):
        Usd.Stage.Open(str(tmp_path / "nowhere.parquet"))


def test_a_bad_sublayer_leaves_the_stage_usable(tmp_path: Path) -> None:
    file = tmp_path / "empty.parquet"
    file.touch()
    root = Sdf.Layer.CreateAnonymous(".usda")
    root.ImportFromString('#usda 1.0\ndef "World" {}\n')
    root.subLayerPaths = [str(file)]
    with collected_warnings() as warnings:
        stage = Usd.Stage.Open(root)
        (error,) = stage.GetCompositionErrors()
    assert stage.GetPrimAtPath("/World")
    assert str(file) in str(error)
    assert "empty" in str(error)
    assert len(warnings) == 1


@pytest.mark.parametrize(
    ("first", "second"), [("unit cost", "unit_cost"), ("a b", "a-b"), ("1", "_1"), ("x", "x")]
)
def test_two_columns_that_become_one_property(tmp_path: Path, first: str, second: str) -> None:
    file = tmp_path / "names.parquet"
    columns = [pa.array(["/A"]), pa.array([1.0]), pa.array([2.0])]
    pq.write_table(pa.Table.from_arrays(columns, names=["path", first, second]), file)
    message = error_of(file)
    assert f"'{first}'" in message
    assert f"'{second}'" in message


def test_a_field_and_a_column_that_become_one_property(write) -> None:
    message = error_of(write({"path": ["/A"], "part": [{"cost": 1.0}], "part:cost": [2.0]}))
    assert "part:cost" in message


def test_columns_that_collide_may_be_left_out_by_argument(write) -> None:
    file = write({"path": ["/A"], "unit cost": [1.0], "unit_cost": [2.0]})
    layer = open_layer(file, columns="unit_cost")
    assert layer.GetAttributeAtPath("/A.unit_cost").default == 2.0


# Rows without a place

BAD_PATHS = [
    "A/B",
    "",
    "/",
    "/A/",
    "//A",
    "/A//B",
    "/A B",
    "/00M",
    "/A.cost",
    "/A{set=choice}",
    "../A",
    ".",
    "/A/..",
    "/A/./B",
    "/A-B",
    "/A\n",
    "/A\0B",
    "bad" * 200,
    "x" + "ü" * 100,
]


def printable(text: str) -> str:
    """The start of `text` as messages show it."""
    return "".join("?" if character < " " else character for character in text[:40])


@pytest.mark.parametrize("bad", BAD_PATHS)
def test_an_invalid_path(write, bad: str) -> None:
    file = write({"path": ["/Good", bad, "/Also/Good"], "cost": [1.0, 2.0, 3.0]})
    layer, warning = warning_of(file)
    assert f"row 1: '{printable(bad)}" in warning
    assert "1 row" in warning
    assert values(layer, ["/Good", "/Also/Good"], "cost") == ["1.0", "3.0"]
    visited: list[str] = []
    layer.Traverse("/", lambda path: visited.append(str(path)))
    prims = {"/", "/Good", "/Also", "/Also/Good"}
    assert set(visited) == prims | {"/Good.cost", "/Also/Good.cost"}


def test_many_invalid_paths_are_one_warning(write) -> None:
    paths = [f"bad {row}" if row % 2 else f"/Good_{row}" for row in range(400)]
    layer, warning = warning_of(write({"path": paths, "cost": range(400)}))
    assert "200" in warning
    for row in (1, 3, 5, 7, 9):
        assert f"row {row}: 'bad {row}'" in warning
    assert "row 11" not in warning
    good = [path for path in paths if path.startswith("/")]
    assert values(layer, good, "cost") == list(range(0, 400, 2))


def test_all_paths_invalid(write) -> None:
    layer, warning = warning_of(write({"path": ["a", "b", "c"], "cost": [1, 2, 3]}))
    assert "3" in warning
    assert not layer.rootPrims


def test_null_paths(write) -> None:
    paths = ["/A", None, "/B", None, *(f"/C_{row}" for row in range(300))]
    layer, warning = warning_of(write({"path": paths, "cost": range(304)}))
    assert "row 1" in warning
    assert "row 3" in warning
    assert values(layer, ["/A", "/B", "/C_299"], "cost") == [0, 2, 303]


def test_paths_that_are_not_utf8(write) -> None:
    texts = [b"/Good", b"/B\xff", b"\xc3", b"/Z\xc3\xa4hler"]
    paths = pa.array(texts, pa.binary()).view(pa.string())
    layer, warning = warning_of(write({"path": paths, "row": range(4)}))
    assert "row 1" in warning
    assert "row 2" in warning
    assert [prim.name for prim in layer.rootPrims] == ["Good", "Zähler"]
    assert values(layer, ["/Good", "/Zähler"], "row") == [0, 3]


# The same path twice


def test_the_later_row_wins(write) -> None:
    paths = ["/A", "/B", "/A", "/C", "/A"]
    table = {"path": paths, "cost": [1.0, 2.0, 3.0, 4.0, None], "count": [1, 2, 3, 4, 5]}
    layer, warning = warning_of(write(table))
    assert "/A" in warning
    assert "later row wins" in warning
    assert [prim.name for prim in layer.rootPrims] == ["A", "B", "C"]
    assert layer.GetAttributeAtPath("/A.cost") is None
    assert values(layer, ["/A", "/B", "/C"], "count") == [5, 2, 4]


def test_many_duplicates_are_one_warning(write) -> None:
    paths = [f"/World/Part_{row % 250}" for row in range(600)]
    layer, warning = warning_of(write({"path": paths, "row": range(600)}))
    assert "350" in warning
    winners = [row + 500 if row < 100 else row + 250 for row in range(250)]
    assert values(layer, paths[:250], "row") == winners


# Columns without a place

NO_PLACE = {
    "binary": pa.array([b"x", None], type=pa.binary()),
    "large_binary": pa.array([b"x", None], type=pa.large_binary()),
    "fixed_binary": pa.array([b"xy", None], type=pa.binary(2)),
    "map": pa.array([[("k", 1)], None], type=pa.map_(pa.string(), pa.int32())),
    "binary_view": pa.array([b"x", None], type=pa.binary_view()),
    "duration": pa.array([1, None], type=pa.duration("ms")),
    "null": pa.nulls(2),
    "uuid": pa.array([b"0123456789abcdef", None], type=pa.uuid()),
    "list_of_binary": pa.array([[b"x"], None], type=pa.list_(pa.binary())),
    "list_of_maps": pa.array([[[("k", 1)]], None], type=pa.list_(pa.map_(pa.string(), pa.int8()))),
    "list_of_structs": pa.array([[{"a": 1}], None]),
    "list_of_lists": pa.array([[[1.0]], None]),
}


@pytest.mark.parametrize("kind", NO_PLACE)
def test_a_column_without_a_place_is_left_out(write, kind: str) -> None:
    table = {"path": ["/A", "/B"], f"the {kind} column": NO_PLACE[kind], "cost": [1.0, 2.0]}
    layer, warning = warning_of(write(table))
    assert f"the {kind} column" in warning
    assert [spec.name for spec in layer.GetPrimAtPath("/A").properties] == ["cost"]
    assert values(layer, ["/A", "/B"], "cost") == ["1.0", "2.0"]


def test_each_column_left_out_is_named(write) -> None:
    table = {"path": ["/A", "/B"], "cost": [1.0, 2.0], **NO_PLACE}
    with collected_warnings() as warnings:
        layer = open_layer(write(table))
    for kind in NO_PLACE:
        assert any(f"'{kind}'" in warning for warning in warnings)
    assert [spec.name for spec in layer.GetPrimAtPath("/A").properties] == ["cost"]


def test_a_field_without_a_place_is_left_out(write) -> None:
    struct = pa.struct([("good", pa.int32()), ("bad", pa.binary())])
    cells = pa.array([{"good": 1, "bad": b"x"}, None], type=struct)
    layer, warning = warning_of(write({"path": ["/A", "/B"], "s": cells}))
    assert "bad" in warning
    assert [spec.name for spec in layer.GetPrimAtPath("/A").properties] == ["s:good"]


def test_columns_not_asked_for_are_not_warned_of(write) -> None:
    file = write({"path": ["/A", "/B"], "cost": [1.0, 2.0], **NO_PLACE})
    with collected_warnings() as warnings:
        open_layer(file, columns="cost")
    assert warnings == []


# Pages that are damaged


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_a_damaged_page_is_an_error_of_that_read(write, compression: str) -> None:
    """With page checksums, every other value is still right."""
    rows = range(400)
    paths = [f"/A_{row}" for row in rows]
    file = write(
        {"path": paths, "cost": [row * 1.25 for row in rows]},
        layout="v2_zstd_plain_index_checksum",
        compression=compression,
    )
    chunk = pq.ParquetFile(file).metadata.row_group(1).column(1)
    content = bytearray(file.read_bytes())
    # Well inside the chunk, in the bytes of some page.
    damaged = chunk.data_page_offset + chunk.total_compressed_size // 2
    content[damaged] ^= 0xFF
    file.write_bytes(content)
    layer = open_layer(file)
    failed = 0
    for row, path in enumerate(paths):
        try:
            value = layer.GetAttributeAtPath(f"{path}.cost").default
        except Tf.ErrorException as error:
            assert str(file) in str(error)
            assert "cost" in str(error)
            failed += 1
            continue
        assert value is None or canonical(value) == canonical(row * 1.25)
        failed += value is None
    assert 0 < failed <= 46


MUTILATE = """
import random, sys
from pathlib import Path
from pxr import Sdf, Tf, UsdUtils

delegate = UsdUtils.CoalescingDiagnosticDelegate()
source, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
sound = source.read_bytes()
opened = 0
for seed in range(first, first + count):
    rng = random.Random(seed)
    content = bytearray(sound)
    # A few bytes anywhere, or in the footer and the page headers, where a byte weighs most.
    start = 0 if seed % 2 else int(len(content) * 0.6)
    for _ in range(rng.choice((1, 1, 2, 20))):
        content[rng.randrange(start, len(content))] = rng.randrange(256)
    file = source.with_name(f"{seed}.parquet")
    file.write_bytes(content)
    try:
        layer = Sdf.Layer.OpenAsAnonymous(str(file))
    except (Tf.ErrorException, UnicodeDecodeError):
        continue
    finally:
        file.unlink()
    opened += 1
    for path in [f"/A/B_{row}.{name}" for row in range(120) for name in sys.argv[4:]]:
        try:
            spec = layer.GetAttributeAtPath(path)
            spec and spec.default
        except (Tf.ErrorException, UnicodeDecodeError):
            pass
print(opened)
"""


@pytest.mark.parametrize("layout", ["v1_snappy_dictionary_index", "v2_zstd_encoded"])
def test_damaged_bytes_never_crash(write, layout: str) -> None:
    """Whatever byte is wrong: an error, a missing value or another value, but the process lives."""
    rows = range(120)
    table = {
        "path": [f"/A/B_{row}" for row in rows],
        "cost": [None if row % 3 == 0 else row * 1.25 for row in rows],
        "name": [None if row % 4 == 0 else f"name {row % 9}" for row in rows],
        "tags": [["x"] * (row % 4) for row in rows],
        "size": pa.array([[row, 1, 2] for row in rows], type=pa.list_(pa.float32(), 3)),
        "day": pa.array(list(rows), type=pa.timestamp("ms")),
    }
    file = write(table, layout=layout, rows_per_group=50)
    result = subprocess.run(
        [sys.executable, "-c", MUTILATE, file, "0", "250", *list(table)[1:]],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.stderr == ""
    assert result.returncode == 0
    assert int(result.stdout) > 0
