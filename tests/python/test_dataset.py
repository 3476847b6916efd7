"""A folder of Parquet files as one layer: its values, its manifest, and what is wrong with it."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pxr import Sdf, Tf, Usd
from usd_values import collected_warnings, open_layer

import usdparquet
from usdparquet._dataset import MANIFEST
from usdparquet.tables.table_file import TableFile

MANIFEST_CACHE = "_usdparquet.parts"


def hall(number: int, count: int = 5, **columns: object) -> pa.Table:
    """Rows of walls below one prim."""
    rows = range(count)
    names = ["wall", "kind", "size"]
    cells: list[object] = [
        [number * 100 + i / 2 for i in rows],
        [None if i == 1 else f"kind {i % 2}" for i in rows],
        pa.array([[1.0, number, i] for i in rows], pa.list_(pa.float32(), 3)),
    ]
    table = pa.table({"path": [f"/World/Hall_{number}/Wall_{i}" for i in rows]})
    for name, column in [*zip(names, cells, strict=True), *columns.items()]:
        table = table.append_column(name, pa.array(column))
    return table


def write_folder(folder: Path, tables: dict[str, pa.Table], **options: object) -> Path:
    for name, table in tables.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, file, **options)
    return folder


def as_text(source: Path, **arguments: str) -> str:
    # OpenAsAnonymous takes no arguments, and passes over those in a name.
    layer = open_layer(source, **arguments) if arguments else Sdf.Layer.OpenAsAnonymous(str(source))
    assert layer, f"{source} does not open"
    text: str = layer.ExportToString()
    return text


def one_file(tmp_path: Path, tables: Sequence[pa.Table], name: str = "single") -> Path:
    file = tmp_path / f"{name}.parquet"
    pq.write_table(pa.concat_tables(tables, promote_options="default"), file)
    return file


@pytest.fixture(params=["plain", "manifest", "no index"])
def how(request: pytest.FixtureRequest) -> str:
    """How a dataset is opened: without a manifest, with one, with one that has no index."""
    return str(request.param)


def prepare(folder: Path, how: str, **options: str) -> Path:
    if how != "plain":
        usdparquet.dataset(folder, index=how == "manifest", **options)  # type: ignore[arg-type]
    return folder


@pytest.fixture
def halls(tmp_path: Path) -> Iterator[Path]:
    tables = {f"part-{n}.parquet": hall(n) for n in range(3)}
    yield write_folder(tmp_path / "costs.parquet", tables)


def test_a_folder_is_the_file_of_its_rows(tmp_path: Path, halls: Path, how: str) -> None:
    single = one_file(tmp_path, [hall(n) for n in range(3)])
    assert as_text(prepare(halls, how)) == as_text(single)


def test_as_a_sublayer(tmp_path: Path, halls: Path) -> None:
    usdparquet.dataset(halls)
    scene = tmp_path / "scene.usda"
    scene.write_text("#usda 1.0\n(\n    subLayers = [ @./costs.parquet@ ]\n)\n")
    stage = Usd.Stage.Open(str(scene))
    assert stage.GetAttributeAtPath("/World/Hall_2/Wall_3.wall").Get() == 201.5
    assert not stage.GetAttributeAtPath("/World/Hall_0/Wall_1.kind")  # a null


def test_hidden_and_underscored_files_do_not_count(halls: Path) -> None:
    expected = as_text(halls)
    for name in ("_SUCCESS", ".part-0.parquet.crc", "_temporary/0/part-9.parquet"):
        (halls / name).parent.mkdir(parents=True, exist_ok=True)
        (halls / name).write_text("no Parquet")
    assert as_text(halls) == expected


def test_columns_go_by_name(tmp_path: Path, how: str) -> None:
    tables = [
        hall(0, extra=[1, 2, 3, 4, 5]),
        hall(1).select(["size", "path", "wall"]),
        hall(2, note=["a", "b", None, "", "e"]).drop_columns(["wall"]),
    ]
    folder = write_folder(tmp_path / "d.parquet", {f"{n}.parquet": t for n, t in enumerate(tables)})
    assert as_text(prepare(folder, how)) == as_text(one_file(tmp_path, tables))


def test_types_that_are_stored_otherwise(tmp_path: Path, how: str) -> None:
    first = hall(0, n=pa.array([1, 2, 3, 4, 5], pa.int32()))
    second = hall(1, n=pa.array([-1, None, 3, 4, 5], pa.int16()))
    folder = write_folder(tmp_path / "d.parquet", {"a.parquet": first, "b.parquet": second})
    cast = second.set_column(4, "n", second["n"].cast(pa.int32()))
    assert as_text(prepare(folder, how)) == as_text(one_file(tmp_path, [first, cast]))


@pytest.mark.parametrize("widths", [("int8", "int16", "int32"), ("uint16", "uint32")])
def test_the_widest_integers_count(tmp_path: Path, how: str, widths: tuple[str, ...]) -> None:
    info = {name: np.iinfo(name) for name in widths}
    tables = [
        pa.table({"path": [f"/{n}_0", f"/{n}_1"], "x": pa.array([info[n].min, info[n].max], n)})
        for n in widths
    ]
    folder = write_folder(tmp_path / "d.parquet", {f"{n}.parquet": t for n, t in enumerate(tables)})
    prepare(folder, how)
    wide = [table.cast(tables[-1].schema) for table in tables]
    single = one_file(tmp_path, wide)
    assert as_text(folder) == as_text(single)
    assert usdparquet.read_columns(folder).equals(usdparquet.read_columns(single))


def test_folders_are_columns(tmp_path: Path, how: str) -> None:
    folder = write_folder(
        tmp_path / "d.parquet",
        {
            "year=2024/month=05/kind%3A=a%20b/0.parquet": hall(0),
            "year=2025/month=x/0.parquet": hall(1),
            "year=__HIVE_DEFAULT_PARTITION__/month=7/1.parquet": hall(2),
        },
    )
    stage = Usd.Stage.Open(str(prepare(folder, how)))

    def value(number: int, name: str) -> object:
        return stage.GetPrimAtPath(f"/World/Hall_{number}/Wall_0").GetAttribute(name).Get()

    assert [value(n, "year") for n in range(3)] == [2024, 2025, None]
    assert [value(n, "month") for n in range(3)] == ["05", "x", "7"]
    assert [value(n, "kind:_") or value(n, "kind:") for n in range(3)] == ["a b", None, None]
    assert str(stage.GetAttributeAtPath("/World/Hall_0/Wall_0.year").GetTypeName()) == "int"
    assert not stage.GetPrimAtPath("/World/Hall_2/Wall_0").HasProperty("year")


def test_the_later_part_wins(tmp_path: Path, how: str) -> None:
    tables = [hall(0), hall(1), hall(0).slice(2, 1)]
    folder = write_folder(tmp_path / "d.parquet", {f"{n}.parquet": t for n, t in enumerate(tables)})
    with pytest.warns(UserWarning, match="repeats") if how == "manifest" else collected_warnings():
        prepare(folder, how)
    with collected_warnings() as warnings:
        text = as_text(folder)
    with collected_warnings() as expected:
        assert text == as_text(one_file(tmp_path, tables))
    tails = [[message.split(": ", 1)[1] for message in found] for found in (warnings, expected)]
    assert tails[0] == tails[1] and "repeats the path of an earlier row" in tails[0][0]


def test_empty_parts(tmp_path: Path, how: str) -> None:
    tables = [hall(0).slice(0, 0), hall(1), hall(0).slice(0, 0)]
    folder = write_folder(tmp_path / "d.parquet", {f"{n}.parquet": t for n, t in enumerate(tables)})
    assert as_text(prepare(folder, how)) == as_text(one_file(tmp_path, tables))


def test_long_table(tmp_path: Path, how: str) -> None:
    def frames(first: int) -> pa.Table:
        rows = [(f"/Crane_{i}", frame) for frame in (first, first + 1) for i in range(3)]
        return pa.table(
            {
                "path": [path for path, _ in rows],
                "frame": [frame for _, frame in rows],
                "height": [frame * 10.0 + i for i, (_, frame) in enumerate(rows)],
            }
        )

    tables = [frames(1), frames(3), frames(5)]
    folder = write_folder(tmp_path / "d.parquet", {f"{n}.parquet": t for n, t in enumerate(tables)})
    prepare(folder, how, time="frame")
    assert as_text(folder, time="frame") == as_text(one_file(tmp_path, tables), time="frame")
    layer = open_layer(folder, time="frame")
    assert layer.ListTimeSamplesForPath("/Crane_1.height") == [1, 2, 3, 4, 5, 6]
    assert layer.QueryTimeSample("/Crane_2.height", 4) == 45.0


def test_time_in_the_names_of_folders(tmp_path: Path, how: str) -> None:
    tables = {f"frame={n}/0.parquet": hall(0) for n in range(3)}
    folder = prepare(write_folder(tmp_path / "d.parquet", tables), how, time="frame")
    layer = open_layer(folder, time="frame")
    assert layer.ListTimeSamplesForPath("/World/Hall_0/Wall_1.wall") == [0, 1, 2]


def test_ids(tmp_path: Path, how: str) -> None:
    ids = tmp_path / "ids.parquet"
    pq.write_table(pa.table({"path": ["/A", "/B", "/C"], "id": ["x", "y", "x"]}), ids)
    tables = {
        "0.parquet": pa.table({"key": ["x"], "cost": [1.0]}),
        "1.parquet": pa.table({"key": ["y", "z"], "cost": [2.0, 3.0]}),
    }
    folder = prepare(write_folder(tmp_path / "d.parquet", tables), how)
    layer = open_layer(folder, key="key", ids="ids.parquet")
    assert [layer.GetAttributeAtPath(f"/{p}.cost").default for p in "ABC"] == [1.0, 2.0, 1.0]
    table = usdparquet.read_columns(folder, ["cost"], key="key", ids=ids)
    assert table.to_pydict() == {"path": ["/A", "/B", "/C"], "cost": [1.0, 2.0, 1.0]}


def test_optimized_parts(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "d.parquet"
    folder.mkdir()
    for n in range(3):
        usdparquet.write_table(hall(n), folder / f"{n}.parquet")
    single = tmp_path / "single.parquet"
    usdparquet.write_table(pa.concat_tables([hall(n) for n in range(3)]), single)
    assert as_text(prepare(folder, how)) == as_text(single)


def test_files_elsewhere(tmp_path: Path) -> None:
    write_folder(tmp_path / "a", {"x.parquet": hall(0), "_no.parquet": hall(5)})
    write_folder(tmp_path / "b", {"1.parquet": hall(1), "2.parquet": hall(2)})
    folder = tmp_path / "all.parquet"
    folder.mkdir()
    done = usdparquet.dataset([tmp_path / "b" / "*.parquet", tmp_path / "a"], folder / MANIFEST)
    assert (done.parts, done.rows, done.prims) == (3, 15, 15)
    assert as_text(folder) == as_text(one_file(tmp_path, [hall(1), hall(2), hall(0)]))
    manifest = json.loads((folder / MANIFEST).read_text())
    assert [part["file"] for part in manifest["parts"]] == [
        "../b/1.parquet",
        "../b/2.parquet",
        "../a/x.parquet",
    ]
    assert (manifest["parts"][2]["first"], manifest["parts"][2]["last"]) == (
        "/World/Hall_0/Wall_0",
        "/World/Hall_0/Wall_4",
    )


def test_the_columns_that_a_manifest_names(tmp_path: Path) -> None:
    prims = pa.table({"prim": ["/A", "/A", "/B"], "path": ["x", "y", "z"], "frame": [1, 2, 1]})
    more = pa.table({"prim": ["/C"], "path": ["w"], "frame": [1]})
    single = one_file(tmp_path, [prims, more])
    expected = as_text(single, path="prim", time="frame")
    assert "timeSamples" in expected
    tables = {"0.parquet": prims, "1.parquet": more}
    folder = write_folder(tmp_path / "d.parquet", tables)
    for index in (True, False):
        usdparquet.dataset(folder, path="prim", time="frame", index=index)
        for name in (None, MANIFEST_CACHE):
            if name:
                (folder / name).unlink()
            assert as_text(folder) == expected, (index, name)
            read = usdparquet.read_columns(folder, ["path"])
            assert read["prim"].to_pylist() == ["/A", "/A", "/B", "/C"]
        assert TableFile(folder).path_column == "prim"
        assert TableFile(folder).time_column == "frame"
    # What is said where the layer is used counts more.
    assert as_text(folder, path="path", time="frame") == as_text(single, path="path", time="frame")


def test_a_manifest_in_a_linked_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "files", {"x.parquet": hall(0)})
    (tmp_path / "disk" / "deep").mkdir(parents=True)
    link = tmp_path / "all.parquet"
    link.symlink_to(tmp_path / "disk" / "deep")
    usdparquet.dataset([tmp_path / "files"], link / MANIFEST)
    assert as_text(link) == as_text(one_file(tmp_path, [hall(0)]))


def test_a_folder_that_is_given_by_a_link(tmp_path: Path, halls: Path) -> None:
    expected = as_text(halls)
    (tmp_path / "link").symlink_to(halls)
    usdparquet.dataset(tmp_path / "link", halls / MANIFEST)
    assert as_text(halls) == expected


def test_patterns_pass_over_hidden_folders(tmp_path: Path) -> None:
    names = ["a/0.parquet", "_temporary/0/1.parquet", "a/.old/2.parquet", "_3.parquet"]
    write_folder(tmp_path / "_in", {name: hall(n) for n, name in enumerate(names)})
    done = usdparquet.dataset(
        str(tmp_path / "_in" / "**" / "*.parquet"), tmp_path / "d.parquet" / MANIFEST
    )
    assert done.parts == 1
    assert as_text(tmp_path / "d.parquet") == as_text(one_file(tmp_path, [hall(0)]))


def test_manifest_of_descriptions(tmp_path: Path, halls: Path) -> None:
    """Each file is described where it was written, and moved afterwards."""
    files = sorted(halls.iterdir())
    descriptions = [usdparquet.describe_part(file) for file in files]
    moved = tmp_path / "moved.parquet"
    halls.rename(moved)
    files = sorted(moved.iterdir())
    usdparquet.write_manifest(moved / MANIFEST, files, descriptions)
    by_descriptions = (moved / MANIFEST).read_bytes()
    usdparquet.dataset(moved)
    assert (moved / MANIFEST).read_bytes() == by_descriptions
    assert as_text(moved) == as_text(one_file(tmp_path, [hall(n) for n in range(3)]))


def test_a_file_that_is_named_twice(tmp_path: Path, halls: Path) -> None:
    """A save wrote it once, and left the manifest with the sizes of before for the other."""
    part = halls / "part-1.parquet"
    target = tmp_path / "all.parquet" / MANIFEST
    with pytest.raises(ValueError, match=re.escape(f"{part}: the file is named twice")):
        usdparquet.dataset([part, halls / "part-*.parquet"], target)
    with pytest.raises(ValueError, match=re.escape(f"{part}: the file is named twice")):
        usdparquet.write_manifest(target, [part, part])
    described = [usdparquet.describe_part(part)] * 2
    other = Path(halls, "..", halls.name, part.name)
    with pytest.raises(ValueError, match=re.escape(f"{other}: the file is named twice, also as")):
        usdparquet.write_manifest(target, [part, other], described, index=False)
    part.unlink()  # of a file that is not there the name tells
    with pytest.raises(ValueError, match=re.escape(f"{other}: the file is named twice, also as")):
        usdparquet.write_manifest(target, [part, other], described, index=False)
    assert not target.exists()


@pytest.mark.parametrize("link", [os.link, os.symlink], ids=["hard", "symbolic"])
def test_a_file_and_a_link_to_it(
    tmp_path: Path, halls: Path, link: Callable[[Path, Path], None]
) -> None:
    part, again = halls / "part-1.parquet", halls / "part-9.parquet"
    shutil.copy(part, again)
    with pytest.warns(UserWarning, match="repeat"):
        usdparquet.dataset(halls)
    assert run("validate", halls)[0] == 1  # its paths are repeated
    before = (halls / MANIFEST).read_bytes()
    again.unlink()
    link(part, again)
    wanted = f"{again}: the file is named twice, also as '{part}'"
    with pytest.raises(ValueError, match=re.escape(wanted)):
        usdparquet.dataset(halls)
    with pytest.raises(ValueError, match=re.escape(wanted)):
        usdparquet.dataset([part, again], tmp_path / "all.parquet" / MANIFEST)
    assert (halls / MANIFEST).read_bytes() == before
    told = f"{halls}: 'part-1.parquet' and 'part-9.parquet' are one file"
    assert told in run("validate", halls)[1]
    (halls / MANIFEST).unlink()
    assert told in run("validate", halls)[1]
    assert as_text(halls) == as_text(one_file(tmp_path, [hall(n) for n in range(3)]))
    # Two links to a third file, which no dataset has.
    moved = tmp_path / "moved.parquet"
    again.unlink()
    part.rename(moved)
    for each in (part, again):
        link(moved, each)
    with pytest.raises(ValueError, match=re.escape(wanted)):
        usdparquet.dataset(halls)
    again.unlink()
    assert usdparquet.dataset(halls).parts == 3


def test_without_an_index_no_file_is_opened(halls: Path) -> None:
    files = sorted(halls.iterdir())
    descriptions = [usdparquet.describe_part(file) for file in files]
    contents = [file.read_bytes() for file in files]
    for file in files:
        file.write_bytes(b"")
    usdparquet.write_manifest(halls / MANIFEST, files, descriptions, index=False)
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    assert open_layer(halls).GetAttributeAtPath("/World/Hall_1/Wall_0.wall").default == 100.0


def test_with_a_manifest_a_prim_touches_its_part_alone(halls: Path) -> None:
    usdparquet.dataset(halls)
    (halls / "part-1.parquet").write_bytes(b"")
    layer = open_layer(halls)
    assert layer.GetAttributeAtPath("/World/Hall_0/Wall_2.wall").default == 1.0
    assert layer.GetAttributeAtPath("/World/Hall_2/Wall_2.wall").default == 201.0


def test_reload_shows_an_added_part(halls: Path) -> None:
    layer = open_layer(halls)
    assert not layer.GetPrimAtPath("/World/Hall_7")
    pq.write_table(hall(7), halls / "part-7.parquet")
    os.utime(halls, ns=(1, 10**18))  # times may be too coarse to tell
    assert layer.Reload()
    assert layer.GetAttributeAtPath("/World/Hall_7/Wall_1.wall").default == 700.5


def test_reload_shows_a_new_manifest(halls: Path) -> None:
    usdparquet.dataset(halls)
    layer = open_layer(halls)
    pq.write_table(hall(7), halls / "part-7.parquet")
    usdparquet.dataset(halls)
    assert layer.Reload()
    assert layer.GetAttributeAtPath("/World/Hall_7/Wall_1.wall").default == 700.5


def test_many_parts_with_few_open(tmp_path: Path) -> None:
    tables = {f"{n:04}.parquet": hall(n, 2) for n in range(150)}
    folder = write_folder(tmp_path / "d.parquet", tables)
    usdparquet.dataset(folder)
    layer = open_layer(folder)
    for turn in range(2):
        for n in range(150):
            spec = layer.GetAttributeAtPath(f"/World/Hall_{n}/Wall_1.wall")
            assert spec.default == n * 100 + 0.5, turn
    opened = [str(link.resolve()) for link in Path("/proc/self/fd").iterdir()]
    assert 0 < sum(str(folder) in name for name in opened) <= 64


# --- What is wrong. ------------------------------------------------------------------------------


NAN = float("nan")


@pytest.mark.parametrize(
    ("paths", "times", "told"),
    [
        # One prim, whose schedule is that of all rows but those.
        (["/A"] * 4, [1.0, NAN, 2.0, None], "1 row has a time that no time code can hold and is "
         "left out: row 1: nan"),
        (["/A", "/B"] * 2, [NAN] * 4, "4 rows have a time that no time code can hold and are left "
         "out: row 0: nan, row 1: nan, row 2: nan, row 3: nan"),
        (["/A", "/B"] * 4, [1e300, NAN, 1.5, 2.5, -1e300, 2.0, NAN, float("inf")],
         "3 rows have a time that no time code can hold and are left out: row 1: nan, row 6: nan, "
         "row 7: inf"),
        (["/A", "no"] * 7, [NAN] * 14, "7 rows have a time that no time code can hold and are left "
         "out: row 0: nan, row 2: nan, row 4: nan, row 6: nan, row 8: nan, …"),
    ],
)  # fmt: skip
def test_times_that_are_none(
    tmp_path: Path, how: str, paths: list[str], times: list[float | None], told: str
) -> None:
    """They are told as of a single file, whoever made the index."""
    table = pa.table({"path": paths, "t": pa.array(times, pa.float64()), "x": range(len(paths))})
    half = len(paths) // 2
    parts = {"a.parquet": table.slice(0, half), "b.parquet": table.slice(half)}
    folder = write_folder(tmp_path / "d.parquet", parts)
    with pytest.warns(UserWarning) if how == "manifest" else nullcontext([]) as noted:
        prepare(folder, how, time="t")
    assert how != "manifest" or any(told in str(each.message) for each in noted)
    single = one_file(tmp_path, [table])
    with collected_warnings() as expected:
        text = as_text(single, time="t")
    with collected_warnings() as found:
        assert as_text(folder, time="t") == text
    assert told in "\n".join(expected)
    assert [each.replace(str(folder), "") for each in found] == [
        each.replace(str(single), "") for each in expected
    ]
    if how == "manifest":
        index = next(folder.glob("_usdparquet.*.index")).read_bytes()
        at = index.index(b"UPQTIMES") + 8
        assert index[at : at + 4] == b"\x01\0\x01\0"  # version 1.1
        assert "version=1.1" in json.loads((folder / MANIFEST).read_text())["index"]["times"]


def error_of(source: Path, **arguments: str) -> str:
    with pytest.raises(Tf.ErrorException) as raised:
        open_layer(source, **arguments)
    return " ".join(str(raised.value).split())


def test_empty_folder(tmp_path: Path) -> None:
    folder = tmp_path / "d.parquet"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    assert "d.parquet: the folder has no Parquet files" in error_of(folder)
    with pytest.raises(ValueError, match="the folder has no Parquet files"):
        usdparquet.dataset(folder)


@pytest.mark.parametrize("with_manifest", [False, True])
def test_types_that_differ(tmp_path: Path, with_manifest: bool) -> None:
    tables = {"a.parquet": hall(0, n=[1] * 5), "b.parquet": hall(1, n=["x"] * 5)}
    folder = write_folder(tmp_path / "d.parquet", tables)
    message = "column 'n' is int64 in 'a.parquet' and string in 'b.parquet'"
    if with_manifest:
        with pytest.raises(ValueError, match=re.escape(message)):
            usdparquet.dataset(folder)
    else:
        assert message in error_of(folder)


DAMAGE = {
    "no Parquet": (lambda _: b"some notes", "this is not a Parquet file"),
    "empty": (lambda _: b"", "the file is empty"),
    "cut": (lambda content: content[:-10], "the file is truncated"),
    "damaged footer": (
        lambda content: content[:-40] + bytes([content[-40] ^ 1]) + content[-39:],
        "the footer is damaged",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_without_a_manifest_the_rest_of_a_damaged_part_is_there(halls: Path, name: str) -> None:
    change, reason = DAMAGE[name]
    part = halls / "part-1.parquet"
    usdparquet.write_table(hall(1), part)  # with a seal of its footer
    part.write_bytes(change(part.read_bytes()))  # type: ignore[no-untyped-call]
    with collected_warnings() as warnings:
        layer = open_layer(halls)
    assert len(warnings) == 1, warnings
    assert f"{halls}: part-1.parquet: {reason}" in warnings[0]
    assert "its prims are missing until it is replaced or taken out" in warnings[0]
    assert [spec.name for spec in layer.GetPrimAtPath("/World").nameChildren] == [
        "Hall_0",
        "Hall_2",
    ]
    assert layer.GetAttributeAtPath("/World/Hall_2/Wall_2.wall").default == 201.0
    code, output = run("validate", halls, "--values")
    assert code == 1 and output.count("\n") == 1 and f"part-1.parquet: {reason}" in output
    assert f"part-1.parquet: {reason}" in run("inspect", halls)[1]
    # Who reads or writes whole tables is not given a part of one.
    for read in (usdparquet.read_columns, usdparquet.dataset):
        with pytest.raises((OSError, ValueError), match=f"part-1.parquet: {reason}"):
            read(halls)  # type: ignore[operator]
    for command in ("convert", "optimize"):
        code, output = run(command, halls, halls.parent / "one.parquet")
        assert code == 1 and f"part-1.parquet: {reason}" in output
    assert not (halls.parent / "one.parquet").exists()


def test_nothing_but_damaged_files(tmp_path: Path) -> None:
    folder = tmp_path / "d.parquet"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text("some notes")
    assert "d.parquet: a: this is not a Parquet file" in error_of(folder)


def test_a_damaged_column_of_paths_names_the_part(halls: Path) -> None:
    part = halls / "part-1.parquet"
    content = bytearray(part.read_bytes())
    content[4:40] = b"\xff" * 36
    part.write_bytes(content)
    assert "part-1.parquet: a page header is damaged" in error_of(halls)


def test_an_outgrown_manifest(halls: Path) -> None:
    usdparquet.dataset(halls)
    pq.write_table(hall(7), halls / "part-7.parquet")
    message = error_of(halls)
    assert "has outgrown its manifest, which does not list the file 'part-7.parquet'" in message
    assert "run 'usdparquet dataset'" in message
    usdparquet.dataset(halls)
    assert open_layer(halls).GetPrimAtPath("/World/Hall_7/Wall_0")


def test_the_manifest_of_another_folder(tmp_path: Path, halls: Path) -> None:
    usdparquet.dataset(halls)
    other = write_folder(tmp_path / "other.parquet", {"x.parquet": hall(9)})
    (other / MANIFEST).write_bytes((halls / MANIFEST).read_bytes())
    assert "its manifest is that of another folder" in error_of(other)


@pytest.mark.parametrize("change", ["gone", "other", "cut", "damaged footer"])
def test_a_part_that_changed(halls: Path, change: str) -> None:
    usdparquet.dataset(halls)
    part = halls / "part-1.parquet"
    content = part.read_bytes()
    if change == "gone":
        part.unlink()
    elif change == "other":
        pq.write_table(hall(8), part)
    elif change == "cut":
        part.write_bytes(content[:-10])
    else:
        part.write_bytes(content[:-30] + bytes([content[-30] ^ 1]) + content[-29:])
    with collected_warnings() as warnings:
        layer = open_layer(halls)
    assert [w for w in warnings if "part-1.parquet' of its manifest is gone" in w] == (
        warnings if change == "gone" else []
    )
    with pytest.raises(Tf.ErrorException, match=r"costs\.parquet: part-1\.parquet: column 'wall'"):
        layer.GetAttributeAtPath("/World/Hall_1/Wall_2")
        _ = layer.GetAttributeAtPath("/World/Hall_1/Wall_2.wall").default
    # The rest stays readable.
    assert layer.GetAttributeAtPath("/World/Hall_0/Wall_2.wall").default == 1.0
    assert layer.GetAttributeAtPath("/World/Hall_2/Wall_2.wall").default == 201.0


def test_a_gone_index_is_built_anew(tmp_path: Path, halls: Path) -> None:
    usdparquet.dataset(halls)
    (index,) = halls.glob("_usdparquet.*.index")
    index.unlink()
    with collected_warnings() as warnings:
        layer = open_layer(halls)
    assert "can't be read" in warnings[0] and index.name in warnings[0]
    assert layer.GetAttributeAtPath("/World/Hall_2/Wall_2.wall").default == 201.0


def test_a_damaged_index_is_built_anew(halls: Path) -> None:
    expected = as_text(halls)
    usdparquet.dataset(halls)
    (index,) = halls.glob("_usdparquet.*.index")
    content = bytearray(index.read_bytes())
    told = set()
    for at in range(0, len(content), 37):
        damaged = bytes([*content[:at], content[at] ^ 0x40, *content[at + 1 :]])
        index.write_bytes(damaged)
        with collected_warnings() as warnings:
            assert as_text(halls) == expected, at
        told.update(re.sub(r"[0-9]+", "N", text.partition(": ")[2]) for text in warnings)
    assert any(
        "built anew from the column 'path'. Write it again with 'usdparquet dataset'" in text
        for text in told
    )


@pytest.mark.parametrize("change", ["gone", "cut", "flipped", "stale", "of another version"])
def test_the_cache_of_a_manifest_is_no_more_than_that(halls: Path, change: str) -> None:
    usdparquet.dataset(halls)
    expected, cache = as_text(halls), halls / "_usdparquet.parts"
    content = bytearray(cache.read_bytes())
    if change == "gone":
        cache.unlink()
    elif change == "cut":
        cache.write_bytes(content[:-5])
    elif change == "stale":
        pq.write_table(hall(2, 4), halls / "part-2.parquet")
        usdparquet.dataset(halls)
        expected = as_text(halls)
        cache.write_bytes(content)
    else:
        content[8 if change == "of another version" else -7] ^= 3
        cache.write_bytes(content)
    assert as_text(halls) == expected


BAD_MANIFESTS = {
    "no JSON": (lambda m: "{", "it is no JSON"),
    "version": (lambda m: m | {"version": "2.0"}, "upgrade it"),
    "no parts": (lambda m: {k: v for k, v in m.items() if k != "parts"}, "it has no 'parts'"),
    "rows": (lambda m: edited(m, rows=[2**40]), "'rows' has '1099511627776'"),
    "rows below 0": (lambda m: edited(m, rows=[-1]), "'rows' has '-1'"),
    "no list of rows": (lambda m: edited(m, rows=None), "part 'part-0.parquet': it has no 'rows'"),
    "paths without rows": (
        lambda m: edited(m, rows=[]),
        "part 'part-0.parquet': its 'rows' has none, but it has a 'first' path, '/World/Hall_0/Wal",
    ),
    "paths of empty groups": (
        lambda m: edited(m, rows=[0, 0], first="/A"),
        "part 'part-0.parquet': its 'rows' has none, but it has a 'first' path, '/A'",
    ),
    "schema": (lambda m: edited(m, schema=7), "its 'schema' is 7"),
    "digest": (lambda m: edited(m, digest="xyz"), "'digest' 'xyz' is no hexadecimal"),
    "base64": (lambda m: m | {"schemas": ["?"]}, "is no base64"),
    "a schema that is none": (lambda m: m | {"schemas": ["AAAA"]}, "a schema that is damaged"),
    "no schema": (lambda m: edited(m | {"schemas": []}, schema=0), "it has parts, but no schema"),
    "a file twice": (lambda m: m | {"parts": m["parts"] * 2}, "it lists 'part-0.parquet' twice"),
    "no files": (lambda m: m | {"parts": []}, "it lists no files"),
    "deep": (lambda m: "[" * 100, "too deep"),
}


def edited(manifest: dict[str, object], **changes: object) -> dict[str, object]:
    parts = list(manifest["parts"])  # type: ignore[call-overload]
    return manifest | {"parts": [parts[0] | changes, *parts[1:]]}


@pytest.mark.parametrize("name", BAD_MANIFESTS)
def test_bad_manifests(halls: Path, name: str) -> None:
    usdparquet.dataset(halls)
    change, message = BAD_MANIFESTS[name]
    changed = change(json.loads((halls / MANIFEST).read_text()))  # type: ignore[no-untyped-call]
    text = changed if isinstance(changed, str) else json.dumps(changed)
    (halls / MANIFEST).write_text(text)
    found = error_of(halls)
    assert "costs.parquet: the manifest" in found and message in found


@pytest.mark.parametrize("rows", [[], [0], None], ids=str)
def test_a_manifest_that_says_nothing_of_rows(halls: Path, rows: list[int] | None) -> None:
    """They were not read, and but for `validate` nobody said so."""
    part = halls / "part-1.parquet"
    content = part.read_bytes()
    if rows is None:  # the cache says the same
        pq.write_table(hall(1).slice(0, 0), part)
    usdparquet.dataset(halls)
    if rows is None:
        part.write_bytes(content)
    else:
        told = json.loads((halls / MANIFEST).read_text())
        del told["parts"][1]["first"], told["parts"][1]["last"]
        told["parts"][1]["rows"] = rows
        (halls / MANIFEST).write_text(json.dumps(told))
    wanted = (
        "costs.parquet: part-1.parquet: the manifest says that it has no rows, but the file has 5; "
        "run 'usdparquet dataset'"
    )
    assert wanted in error_of(halls)
    for read in (usdparquet.read_columns, TableFile):
        with pytest.raises(ValueError, match=re.escape(wanted)):
            read(halls)
    for command in (
        ("inspect", halls),
        ("validate", halls),
        ("query", halls, "SELECT path FROM t"),
        ("optimize", halls, halls.parent / "out.parquet"),
    ):
        code, output = run(*command)
        assert code != 0 and wanted in output, command
    assert not (halls.parent / "out.parquet").exists()
    usdparquet.dataset(halls)
    assert Sdf.Layer.OpenAsAnonymous(str(halls)).GetPrimAtPath("/World/Hall_1/Wall_4")


def test_a_description_that_says_nothing_of_rows(halls: Path) -> None:
    files = sorted(halls.iterdir())
    descriptions = [json.loads(usdparquet.describe_part(file)) for file in files]
    descriptions[1]["rows"] = []
    lies = [json.dumps(each) for each in descriptions]
    with pytest.raises(ValueError, match=r"part-1\.parquet: the description .* has a 'first'"):
        usdparquet.write_manifest(halls / MANIFEST, files, lies)
    del descriptions[1]["first"], descriptions[1]["last"]
    lies = [json.dumps(each) for each in descriptions]
    with pytest.raises(ValueError, match=r"part-1\.parquet: .* no rows, but the file has 5"):
        usdparquet.write_manifest(halls / MANIFEST, files, lies)
    assert not (halls / MANIFEST).exists()


def test_a_part_without_rows_that_cannot_be_read(halls: Path) -> None:
    """It has nothing that a layer could lack."""
    part = halls / "part-1.parquet"
    pq.write_table(hall(1).slice(0, 0), part)
    usdparquet.dataset(halls)
    expected = as_text(halls)
    part.write_bytes(b"PAR1 and nothing else")
    with collected_warnings() as warnings:
        assert as_text(halls) == expected
    assert len(warnings) == 1 and "costs.parquet: part-1.parquet: " in warnings[0]
    with pytest.raises(ValueError, match=r"costs\.parquet: part-1\.parquet: "):
        usdparquet.read_columns(halls)
    assert run("validate", halls)[0] == 1
    part.unlink()
    with collected_warnings() as warnings:
        assert as_text(halls) == expected
    assert len(warnings) == 1 and "of its manifest is gone" in warnings[0]
    assert usdparquet.read_columns(halls).num_rows == 10


def test_a_layer_with_a_residual_is_no_part(halls: Path) -> None:
    layer = Sdf.Layer.CreateAnonymous()
    prim = Sdf.PrimSpec(layer, "A", Sdf.SpecifierDef)
    prim.referenceList.Prepend(Sdf.Reference("x.usda"))
    layer.Export(str(halls / "part-9.parquet"))
    assert "part-9.parquet: it is a layer with more than its table" in error_of(halls)


# --- Tables. -------------------------------------------------------------------------------------


def test_read_columns(tmp_path: Path, how: str) -> None:
    tables = [hall(0), hall(1).drop_columns(["kind"]), hall(2)]
    folder = write_folder(
        tmp_path / "d.parquet", {f"year={2020 + n}/0.parquet": t for n, t in enumerate(tables)}
    )
    prepare(folder, how)
    table = usdparquet.read_columns(folder)
    expected = pa.concat_tables(tables, promote_options="default")
    years = pa.array([2020 + n for n in range(3) for _ in range(5)], pa.int32())
    assert table.equals(expected.append_column("year", years))
    paths = ["/World/Hall_2/Wall_1", "/World/Hall_0/Wall_4"]
    chosen = usdparquet.read_columns(folder, ["year", "wall"], paths)
    assert chosen.to_pydict() == {"path": paths, "year": [2022, 2020], "wall": [200.5, 2.0]}
    below = usdparquet.read_columns(folder, ["kind"], under="/World/Hall_1")
    assert below["kind"].to_pylist() == [None] * 5 and below.num_rows == 5


def test_struct_columns(tmp_path: Path, how: str) -> None:
    def table(n: int) -> pa.Table:
        part = [{"cost": float(n), "vendor": {"name": f"v{n}"}}]
        return pa.table({"path": [f"/P{n}"], "part": part})

    folder = write_folder(tmp_path / "d.parquet", {f"{n}.parquet": table(n) for n in range(3)})
    prepare(folder, how)
    assert as_text(folder) == as_text(one_file(tmp_path, [table(n) for n in range(3)]))
    chosen = usdparquet.read_columns(folder, ["part:vendor:name"])
    assert chosen["part:vendor:name"].to_pylist() == ["v0", "v1", "v2"]


def run(*arguments: object) -> tuple[int, str]:
    from typer.testing import CliRunner

    from usdparquet.cli import app

    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_commands(tmp_path: Path, halls: Path) -> None:
    code, output = run("inspect", halls)
    assert code == 0
    assert "15 rows in 3 files without a manifest, 15 prims" in output
    assert f"which 'usdparquet dataset {halls}' saves" in output
    code, output = run("inspect", halls, "--json")
    schemas = Path(__file__).parents[2] / "docs" / "schemas"
    schema = json.loads((schemas / "inspect-dataset.json").read_text())
    assert set(json.loads(output)) == set(schema["required"]) == set(schema["properties"])
    code, output = run("dataset", halls)
    assert code == 0 and "15 rows in 3 files, 15 prims" in output
    code, output = run("inspect", halls)
    assert code == 0 and "with a manifest" in output and "saves" not in output
    assert run("validate", halls, "--values")[0] == 0
    code, output = run("query", halls, "SELECT count(*) AS n, max(wall) AS w FROM t", "--json")
    assert code == 0 and json.loads(output) == [{"n": 15, "w": 202.0}]
    assert run("convert", halls, tmp_path / "one.parquet")[0] == 0
    assert as_text(tmp_path / "one.parquet") == as_text(halls)


def test_find_prims(halls: Path) -> None:
    found = usdparquet.find_prims(halls, "wall > 201")
    assert [str(path) for path in found] == ["/World/Hall_2/Wall_3", "/World/Hall_2/Wall_4"]


def test_colors(tmp_path: Path, halls: Path) -> None:
    single = one_file(tmp_path, [hall(n) for n in range(3)])
    arguments = {"color": "wall", "ramp": "magma"}
    assert as_text(halls, **arguments) == as_text(single, **arguments)


def test_resolved_columns(tmp_path: Path, halls: Path) -> None:
    single = one_file(tmp_path, [hall(n) for n in range(3)])
    names = ["wall", "kind", "size"]
    tables = [
        usdparquet.resolve_columns(Usd.Stage.Open(str(source)), names) for source in (halls, single)
    ]
    assert tables[0].equals(tables[1])


def test_validate_names_the_part(halls: Path) -> None:
    part = halls / "part-1.parquet"
    pq.write_table(hall(1), part, write_page_checksum=True, use_dictionary=False)
    usdparquet.dataset(halls)
    chunk = pq.read_metadata(part).row_group(0).column(1)
    content = bytearray(part.read_bytes())
    content[chunk.data_page_offset + chunk.total_compressed_size - 3] ^= 0xFF
    part.write_bytes(content)
    code, output = run("validate", halls, "--values")
    assert code == 1
    assert output.count("\n") == 1 and "costs.parquet: part-1.parquet: column 'wall'" in output
