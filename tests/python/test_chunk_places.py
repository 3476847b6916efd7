"""Where a footer says that column chunks lie, in the ways of writers that do not run any more.

What Arrow's reader opens, all readers open with the same values. The layouts are made by hand:

- parquet-mr before 1.12, and Impala: no place of the dictionary page, and data pages "begin" at it;
- places in the wrong order, 0, or of the second page;
- parquet-mr up to 1.2.8: sizes without the header of the dictionary page (PARQUET-816);
- bytes behind the last page, and pages of other kinds before the first;
- offset indexes that other software carried along.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from compact_thrift import Struct, Type
from parquet_surgery import Chunk, Footer, Header, Meta, Page, Surgery
from pxr import Sdf, Tf
from test_old_writers import check_layer, check_rows
from typer.testing import CliRunner

from usdparquet.cli import app
from usdparquet.tables.file_description import describe_file

ROWS = 600
TABLE = pa.table(
    {
        "path": [f"/R/p{i}" for i in range(ROWS)],
        "code": [None if i % 7 == 3 else f"code {i % 5}" for i in range(ROWS)],
        "cost": [i % 9 * 0.5 for i in range(ROWS)],
        "tags": [[f"t{(i + k) % 4}" for k in range(i % 3)] for i in range(ROWS)],
        "after": list(range(ROWS)),
    }
)
LEAVES = {"code": "code", "cost": "cost", "tags": "tags.list.element"}


def written(folder: Path, **options: object) -> Surgery:
    file = folder / "in.parquet"
    properties = {"use_dictionary": list(LEAVES.values()), "write_batch_size": 50}
    pq.write_table(TABLE, file, data_page_size=100, **(properties | options))
    return Surgery(file)


def places(surgery: Surgery, name: str) -> tuple[Struct, int, int]:
    """The metadata of a chunk, and where its dictionary and its first data page are."""
    meta = surgery.meta(LEAVES[name])
    assert meta[Meta.DICTIONARY_PAGE] < meta[Meta.DATA_PAGE]
    return meta, meta[Meta.DICTIONARY_PAGE], meta[Meta.DATA_PAGE]


def without_dictionary_place(surgery: Surgery, name: str) -> None:
    meta, dictionary, _ = places(surgery, name)
    meta.drop(Meta.DICTIONARY_PAGE)
    meta.change(Meta.DATA_PAGE, dictionary)


def dictionary_place_zero(surgery: Surgery, name: str) -> None:
    meta, dictionary, _ = places(surgery, name)
    meta.change(Meta.DICTIONARY_PAGE, 0).change(Meta.DATA_PAGE, dictionary)


def both_at_the_dictionary(surgery: Surgery, name: str) -> None:
    meta, dictionary, _ = places(surgery, name)
    meta.change(Meta.DATA_PAGE, dictionary)


def in_the_wrong_order(surgery: Surgery, name: str) -> None:
    meta, dictionary, data = places(surgery, name)
    meta.change(Meta.DICTIONARY_PAGE, data).change(Meta.DATA_PAGE, dictionary)


def dictionary_far_behind(surgery: Surgery, name: str) -> None:
    meta, dictionary, _ = places(surgery, name)
    meta.change(Meta.DICTIONARY_PAGE, 1 << 62).change(Meta.DATA_PAGE, dictionary)


def at_the_second_data_page(surgery: Surgery, name: str) -> None:
    meta, _, data = places(surgery, name)
    pages = surgery.pages(LEAVES[name])
    assert pages[1].offset == data
    meta.change(Meta.DATA_PAGE, pages[2].offset)


def data_behind_the_chunk(surgery: Surgery, name: str) -> None:
    meta, dictionary, _ = places(surgery, name)
    meta.change(Meta.DATA_PAGE, dictionary + meta[Meta.COMPRESSED] + 1000)


def short_by_the_dictionary_header(surgery: Surgery, name: str) -> None:
    """PARQUET-816; the bytes that the reader looks at behind are the next chunk's."""
    meta, _, _ = places(surgery, name)
    short = surgery.pages(LEAVES[name])[0].header_size
    meta.change(Meta.COMPRESSED, meta[Meta.COMPRESSED] - short)
    surgery.footer.put(Footer.CREATED_BY, Type.BINARY, b"parquet-mr version 1.2.5 (build 1)")


def garbage_behind(surgery: Surgery, name: str) -> None:
    meta = surgery.meta(LEAVES[name])
    surgery.set_pages(LEAVES[name], [*surgery.pages(LEAVES[name]), b"\xff" * 40])
    assert meta[Meta.COMPRESSED] > 40


def index_page(body: bytes = b"") -> Page:
    """A page of type 1, which nobody writes and readers skip."""
    header = Struct(
        {
            Header.TYPE: (Type.I32, 1),
            Header.UNCOMPRESSED: (Type.I32, len(body)),
            Header.COMPRESSED: (Type.I32, len(body)),
            6: (Type.STRUCT, Struct({})),
        }
    )
    return Page(0, header, body, 0)


def index_page_behind_the_dictionary(surgery: Surgery, name: str) -> None:
    dictionary, *pages = surgery.pages(LEAVES[name])
    surgery.set_pages(LEAVES[name], [dictionary, index_page(b"12345"), *pages])


def index_page_first(surgery: Surgery, name: str) -> None:
    pages = surgery.pages(LEAVES[name])
    surgery.set_pages(LEAVES[name], [index_page(), *pages])


LAYOUTS = [
    without_dictionary_place,
    dictionary_place_zero,
    both_at_the_dictionary,
    in_the_wrong_order,
    dictionary_far_behind,
    at_the_second_data_page,
    data_behind_the_chunk,
    short_by_the_dictionary_header,
    garbage_behind,
    index_page_behind_the_dictionary,
    index_page_first,
]
OPTIONS = {
    "v1": {"compression": "snappy"},
    "v2": {"compression": "zstd", "data_page_version": "2.0"},
    "checksums": {"compression": "none", "write_page_checksum": True},
    "index": {"compression": "snappy", "write_page_index": True},
}

WRONG_INDEX = "its offset index is not that of its pages"


def check_all_readers(file: Path, folder: Path, told: str | None = None) -> None:
    """The layer, read_columns, validate, query, optimize, recover and a saved cell.

    An offset index that is not that of the pages misleads other readers, and `validate` says so,
    as it does of other things that are wrong: `told`.
    """
    assert pq.read_table(file).equals(TABLE)
    check_layer(Sdf.Layer.OpenAsAnonymous(str(file)), TABLE)
    check_rows(file, TABLE)
    check_rows(file, TABLE, ["/R/p1", "/R/p599", "/R/p300", "/R/p2"])
    run = CliRunner().invoke
    checked = run(app, ["validate", "--values", str(file)])
    assert checked.exit_code == (1 if told else 0), checked.output
    assert not told or told in " ".join(checked.output.split())
    where = ["--where", "code == 'code 1'", "--columns", "path", "--format", "csv"]
    chosen = run(app, ["query", str(file), *where])
    assert len(chosen.stdout.split()) == 1 + TABLE["code"].to_pylist().count("code 1")
    for command in ("optimize", "recover"):
        out = folder / f"{command}.parquet"
        done = run(app, [command, str(file), str(out)])
        assert done.exit_code == 0, done.output
        check_layer(Sdf.Layer.OpenAsAnonymous(str(out)), TABLE)
    layer = Sdf.Layer.FindOrOpen(str(file))
    layer.GetAttributeAtPath("/R/p7.after").default = -1
    assert layer.Save()
    edited = TABLE["after"].to_pylist()
    edited[7] = -1
    check_layer(
        Sdf.Layer.OpenAsAnonymous(str(file)), TABLE.set_column(4, "after", pa.array(edited))
    )


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("change", LAYOUTS, ids=lambda change: change.__name__)
def test_places_are_hints(
    change: Callable[[Surgery, str], None], options: dict[str, object], tmp_path: Path
) -> None:
    surgery = written(tmp_path, **options)
    for name in LEAVES:
        change(surgery, name)
    file = tmp_path / "old.parquet"
    file.write_bytes(surgery.data())
    check_all_readers(file, tmp_path)


def rows_moved(items: list[Struct]) -> None:
    for item in items[1:]:
        item.change(3, item[3] - 1)


def first_left_out(items: list[Struct]) -> None:
    del items[0]


def one_left_out(items: list[Struct]) -> None:
    del items[2]


def last_left_out(items: list[Struct]) -> None:
    items.pop()


def moved(items: list[Struct]) -> None:
    for item in items:
        item.change(1, item[1] + 3)


def all_in_one(items: list[Struct]) -> None:
    items[0].change(2, sum(item[2] for item in items))
    del items[1:]


def split_elsewhere(items: list[Struct]) -> None:
    """The second page is said to begin within the first."""
    items[0].change(2, items[0][2] - 10)
    items[1].change(1, items[1][1] - 10).change(2, items[1][2] + 10)


def far_away(items: list[Struct]) -> None:
    items[1].change(1, 1 << 62)


WRONG_INDEXES = [
    rows_moved,
    first_left_out,
    one_left_out,
    last_left_out,
    moved,
    all_in_one,
    split_elsewhere,
    far_away,
]


@pytest.mark.parametrize("options", [OPTIONS["v1"], OPTIONS["v2"]], ids=["v1", "v2"])
@pytest.mark.parametrize("change", WRONG_INDEXES, ids=lambda change: change.__name__)
def test_offset_indexes_are_hints(
    change: Callable[[list[Struct]], None], options: dict[str, object], tmp_path: Path
) -> None:
    surgery = written(tmp_path, write_page_index=True, **options)
    for leaf in ("path", *LEAVES.values()):
        if change is rows_moved and leaf == LEAVES["tags"]:
            continue  # where rows start in pages of lists, the index alone tells
        index = surgery.offset_index(leaf)
        assert len(index[1].items) > 3
        change(index[1].items)
        surgery.set_offset_index(leaf, index)
    file = tmp_path / "wrong.parquet"
    file.write_bytes(surgery.data())
    check_all_readers(file, tmp_path, told=WRONG_INDEX)


def test_an_offset_index_that_is_none(tmp_path: Path) -> None:
    surgery = written(tmp_path, write_page_index=True)
    surgery.set_offset_index("code", b"\xff\x00\x13no index")
    surgery.chunk("cost").change(Chunk.OFFSET_INDEX, 1 << 62)
    file = tmp_path / "wrong.parquet"
    file.write_bytes(surgery.data())
    check_all_readers(file, tmp_path, told=WRONG_INDEX)


def test_a_number_of_rows_of_the_file_that_is_wrong(tmp_path: Path) -> None:
    """As apache/parquet-testing's repeated_no_annotation.parquet has it."""
    surgery = written(tmp_path)
    surgery.footer.change(Footer.NUM_ROWS, 5)
    file = tmp_path / "rows.parquet"
    file.write_bytes(surgery.data())
    check_all_readers(file, tmp_path, told="5 rows, but its row groups have 600, which are what is")


def test_a_short_size_of_another_writer_is_damage(tmp_path: Path) -> None:
    """Arrow looks behind the end for parquet-mr alone, and refuses the file otherwise."""
    surgery = written(tmp_path)
    short_by_the_dictionary_header(surgery, "code")
    surgery.footer.put(Footer.CREATED_BY, Type.BINARY, b"parquet-mr version 1.8.1 (build 1)")
    file = tmp_path / "short.parquet"
    file.write_bytes(surgery.data())
    with pytest.raises(OSError):
        pq.read_table(file)
    layer = Sdf.Layer.OpenAsAnonymous(str(file))
    with pytest.raises(Tf.ErrorException, match="column 'code'"):
        _ = layer.GetAttributeAtPath("/R/p1.code").default


def test_sizes_that_a_footer_claims_are_sums_of_what_can_be(tmp_path: Path) -> None:
    """libFuzzer's finding: they were added up whatever they were, beyond 64 bits."""
    surgery = written(tmp_path, row_group_size=ROWS // 2)
    right = [surgery.meta("cost", group)[Meta.UNCOMPRESSED] for group in (0, 1)]
    surgery.meta("after", 0).change(Meta.UNCOMPRESSED, (1 << 63) - 1)
    surgery.meta("code", 1).change(Meta.UNCOMPRESSED, -5)
    file = tmp_path / "claims.parquet"
    file.write_bytes(surgery.data())
    columns = {column.name: column for column in describe_file(file).columns}
    assert columns["cost"].uncompressed_bytes == sum(right)
    assert columns["after"].uncompressed_bytes == (1 << 63) - 1
    assert columns["after"].problem == ""
    assert columns["code"].uncompressed_bytes == surgery.meta("code", 0)[Meta.UNCOMPRESSED]
    said = "column 'code', row group 1: what the footer says of it is damaged: "
    assert columns["code"].problem.startswith(said)
    assert "-5 when decompressed" in columns["code"].problem
    layer = Sdf.Layer.OpenAsAnonymous(str(file))
    layer.GetAttributeAtPath("/R/p1.cost").default = 7.5
    changed = tmp_path / "changed.parquet"
    assert layer.Export(str(changed))
    assert pq.read_table(changed)["cost"][1].as_py() == 7.5
