"""What happens to the old file when a save does not get through."""

from __future__ import annotations

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import saver
from pxr import Sdf, Tf
from round_trips import text_layer
from usd_values import collected_warnings, open_layer

SIZE = 1_000


def leftovers(folder: Path) -> list[str]:
    """What lies in a folder beside the Parquet files."""
    return sorted(entry.name for entry in folder.iterdir() if entry.suffix != ".parquet")


def text_of(file: Path) -> str:
    return Sdf.Layer.OpenAsAnonymous(str(file)).ExportToString()


def save_text(file: Path, text: str) -> str:
    """Make `file` a layer with that text; returns what it exports."""
    layer = text_layer(text)
    assert layer.Export(str(file))
    return layer.ExportToString()


def table_text(rows: int) -> str:
    prims = "".join(
        f'    over "p{i}"\n    {{\n        double x = {i}\n    }}\n' for i in range(rows)
    )
    return f'\ndef "World" (\n    customData = {{\n        int a = 1\n    }}\n)\n{{\n{prims}}}\n'


def test_leftovers_of_others_stay(tmp_path: Path) -> None:
    """Only folders that look like a killed writer's of that very file are removed."""
    kept = [
        ".a.parquet.tmp-abcde",
        ".a.parquet.tmp-abcdefg",
        ".b.parquet.tmp-abcdef",
        "a.tmp-abcdef",
    ]
    for name in [*kept, ".a.parquet.tmp-abcdef"]:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "table.parquet").write_text("part of a file")
    (tmp_path / ".a.parquet.tmp-ghijkl").write_text("a file of that name")
    save_text(tmp_path / "a.parquet", table_text(3))
    assert leftovers(tmp_path) == sorted([*kept, ".a.parquet.tmp-ghijkl"])


def test_two_writers_of_one_file(tmp_path: Path) -> None:
    """Writers do not take each other's files for leftovers."""
    file = tmp_path / "scene.parquet"
    layers = [saver.content(version, 300) for version in (0, 1)]
    texts = [layer.ExportToString() for layer in layers]
    results: list[bool] = []

    def write(layer: Sdf.Layer) -> None:
        results.extend(layer.Export(str(file)) for _ in range(20))

    threads = [threading.Thread(target=write, args=[layer]) for layer in layers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 40
    assert text_of(file) in texts
    assert leftovers(tmp_path) == []


def test_opened_while_it_is_saved(tmp_path: Path) -> None:
    """Who opens the file at any moment gets one version, not the table of one and the rest of
    the other."""
    file = tmp_path / "scene.parquet"
    versions = [saver.content(version, 50) for version in (0, 1)]
    texts = {version.ExportToString() for version in versions}
    versions[0].Export(str(file))
    saving = saver.Saver("save", file, 50)
    process = saving.start()
    try:
        seen = set()
        end = time.monotonic() + 2
        while time.monotonic() < end:
            seen.add(text_of(file))
        assert seen == texts
    finally:
        os.kill(process, signal.SIGKILL)
        saving.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB; skips where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk can't be mounted here (needs root)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def errors_of(error: Tf.ErrorException) -> list[str]:
    return [item.commentary for item in error.args]


def big_table(layer: Sdf.Layer) -> None:
    """Adds a column of 2 MB, however it is compressed."""
    noise = random.Random(1)
    for prim in layer.GetPrimAtPath("/World").nameChildren:
        spec = Sdf.AttributeSpec(prim, "noise", Sdf.ValueTypeNames.String)
        spec.default = noise.randbytes(3000).hex()


def big_residual(layer: Sdf.Layer) -> None:
    """Adds 2 MB that are no column."""
    noise = random.Random(1)
    for prim in layer.GetPrimAtPath("/World").nameChildren:
        prim.customData = {"noise": noise.randbytes(3000).hex()}


@pytest.mark.parametrize("fill", [big_table, big_residual])
def test_full_disk(small_disk: Path, fill: object) -> None:
    file = small_disk / "scene.parquet"
    save_text(file, table_text(500))
    stored = file.read_bytes()
    layer = open_layer(file)
    fill(layer)  # type: ignore[operator]
    edited = layer.ExportToString()
    with pytest.raises(Tf.ErrorException) as raised:
        layer.Save()
    ours = [text for text in errors_of(raised.value) if "scene.parquet: " in text]
    assert len(ours) == 1, errors_of(raised.value)
    assert file.read_bytes() == stored
    assert leftovers(small_disk) == []
    assert layer.dirty
    assert layer.ExportToString() == edited
    with pytest.raises(Tf.ErrorException, match=r"other\.parquet: "):
        layer.Export(str(small_disk / "other.parquet"))
    assert [entry.name for entry in small_disk.iterdir()] == ["scene.parquet"]
    # Where there is room, it gets through.
    assert layer.Export(str(small_disk.parent / "elsewhere.parquet"))
    assert text_of(small_disk.parent / "elsewhere.parquet") == edited


LIMITED = """
import resource, sys
from pxr import Sdf, Tf
sys.path.insert(0, {tests!r})
import test_safety
layer = Sdf.Layer.FindOrOpen({file!r})
test_safety.big_table(layer)
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
try:
    layer.Save()
except Tf.ErrorException as error:
    for text in test_safety.errors_of(error):
        print(text)
print("dirty", layer.dirty)
"""


def test_file_size_limit(tmp_path: Path) -> None:
    """As on a full disk, without one."""
    file = tmp_path / "scene.parquet"
    save_text(file, table_text(500))
    stored = file.read_bytes()
    program = LIMITED.format(tests=str(Path(__file__).parent), file=str(file))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2, done.stdout
    assert f"{file}: " in lines[0]
    assert "File too large" in lines[0]
    assert lines[1] == "dirty True"
    assert file.read_bytes() == stored
    assert leftovers(tmp_path) == []


def test_read_only_folder(tmp_path: Path) -> None:
    """As root, permissions do not bind: a read-only mount does."""
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "scene.parquet"
    save_text(file, table_text(3))
    bind = ["mount", "--bind", str(folder), str(folder)]
    is_root = os.geteuid() == 0
    if not is_root:
        folder.chmod(0o555)
    elif not shutil.which("mount") or subprocess.run(bind, capture_output=True).returncode != 0:
        pytest.skip("no folder can be made read-only here")
    else:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
    try:
        layer = open_layer(file)
        layer.comment = "changed"
        with pytest.raises(Tf.ErrorException) as raised:
            layer.Save()
        errors = errors_of(raised.value)
        assert len(errors) == 1
        assert "scene.parquet: can't " in errors[0] or "Insufficient permissions" in errors[0]
        assert layer.dirty
        with pytest.raises(Tf.ErrorException, match=r"new\.parquet") as raised:
            layer.Export(str(folder / "new.parquet"))
        assert len(errors_of(raised.value)) == 1
    finally:
        if is_root:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        else:
            folder.chmod(0o755)
    assert [entry.name for entry in folder.iterdir()] == ["scene.parquet"]
    assert layer.Save()


def test_target_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder.parquet").mkdir()
    layer = text_layer(table_text(3))
    with pytest.raises(Tf.ErrorException, match=r"folder\.parquet: this is a folder") as raised:
        layer.Export(str(tmp_path / "folder.parquet"))
    assert len(errors_of(raised.value)) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.parquet"]


def test_missing_folder(tmp_path: Path) -> None:
    """OpenUSD makes the folders of a new layer itself, unless something is in their place."""
    layer = text_layer(table_text(3))
    assert layer.Export(str(tmp_path / "new" / "folder" / "a.parquet"))
    (tmp_path / "file").write_text("")
    with pytest.raises(Tf.ErrorException) as raised:
        layer.Export(str(tmp_path / "file" / "a.parquet"))
    assert len(errors_of(raised.value)) == 1


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "scene.parquet"
    save_text(file, table_text(3))
    stored = file.read_bytes()
    file.chmod(0o444)
    program = (
        "import sys\nfrom pxr import Sdf\nlayer = Sdf.Layer.CreateAnonymous('.usda')\n"
        f"layer.comment = 'new'\nlayer.Export({str(file)!r})"
    )
    command = [sys.executable, "-c", program]
    if os.geteuid() == 0:  # who may write anything, unless that capability is dropped
        if not shutil.which("setpriv"):
            pytest.skip("root can't drop its capabilities here")
        command = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", *command]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "scene.parquet: can't replace the file: Permission denied" in done.stderr
    assert file.read_bytes() == stored
    assert leftovers(tmp_path) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real" / "scene.parquet"
    save_text(real, table_text(3))
    links = [tmp_path / "absolute.parquet", tmp_path / "relative.parquet", tmp_path / "two.parquet"]
    links[0].symlink_to(real)
    links[1].symlink_to(Path("real", "scene.parquet"))
    links[2].symlink_to("relative.parquet")
    for link in links:
        layer = open_layer(link)
        layer.comment = f"through {link.name}"
        assert layer.Save()
        assert link.is_symlink()
        assert not real.is_symlink()
        assert text_of(real) == layer.ExportToString()
    missing = tmp_path / "missing.parquet"
    missing.symlink_to(Path("real", "made.parquet"))
    expected = text_layer(table_text(2))
    assert expected.Export(str(missing))
    assert missing.is_symlink()
    assert text_of(tmp_path / "real" / "made.parquet") == expected.ExportToString()


def test_a_long_name(tmp_path: Path) -> None:
    file = tmp_path / ("n" * 247 + ".parquet")
    expected = save_text(file, table_text(2))
    assert text_of(file) == expected
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o644])
def test_the_mode_is_kept(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "scene.parquet"
    save_text(file, table_text(3))
    file.chmod(mode)
    layer = open_layer(file)
    layer.comment = "changed"
    assert layer.Save()
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_usual_mode(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        save_text(tmp_path / "new.parquet", table_text(3))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.parquet").stat().st_mode) == 0o666 & ~mask


READER = """
import sys
from pxr import Sdf
layer = Sdf.Layer.FindOrOpen(sys.argv[1])
print(layer.GetAttributeAtPath("/World/p0.x").default, flush=True)
sys.stdin.readline()
print(layer.GetAttributeAtPath("/World/p499.x").default, layer.GetPrimAtPath("/World").customData,
      layer.Reload(force=True) and layer.GetAttributeAtPath("/World/p499.x").default, flush=True)
"""


def test_another_process_keeps_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "scene.parquet"
    save_text(file, table_text(500))
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin
    assert reader.stdout
    assert reader.stdout.readline() == "0.0\n"
    layer = open_layer(file)
    layer.GetAttributeAtPath("/World/p499.x").default = -1.0
    layer.GetPrimAtPath("/World").customData = {"a": 2}
    assert layer.Save()
    out, _ = reader.communicate("go on\n")
    assert out == "499.0 {'a': 1} -1.0\n"


def test_another_layer_is_read_while_one_is_saved(tmp_path: Path) -> None:
    file = tmp_path / "scene.parquet"
    expected = save_text(file, table_text(500))
    reader = Sdf.Layer.OpenAsAnonymous(str(file))
    layer = open_layer(file)
    done = threading.Event()
    found: list[str] = []

    def read() -> None:
        while not done.is_set():
            found.append(reader.ExportToString())

    thread = threading.Thread(target=read)
    thread.start()
    for turn in range(30):
        layer.GetAttributeAtPath("/World/p7.x").default = float(turn)
        layer.Save()
    done.set()
    thread.join()
    assert set(found) == {expected}


def test_damage_is_not_saved(tmp_path: Path) -> None:
    """Values that can't be read any more would be gone for good."""
    file = tmp_path / "scene.parquet"
    save_text(file, table_text(500))
    data = bytearray(file.read_bytes())
    import pyarrow.parquet as pq

    names = pq.read_schema(file).names
    chunk = pq.read_metadata(file).row_group(0).column(names.index("x"))
    at = chunk.data_page_offset + chunk.total_compressed_size // 2
    data[at] ^= 0xFF
    file.write_bytes(data)
    layer = open_layer(file)
    layer.comment = "changed"
    with pytest.raises(Tf.ErrorException) as raised:
        layer.Save()
    errors = errors_of(raised.value)
    assert len(errors) == 2
    assert "column 'x'" in errors[0]
    assert "not written, because values of" in errors[1]
    assert file.read_bytes() == data
    assert layer.dirty


def test_cells_without_a_place_are_not_lost(write, tmp_path: Path) -> None:
    file = write({"path": ["/A", "/B"], "list": [[1.0, None], [2.0, 3.0]]})
    stored = file.read_bytes()
    layer = open_layer(file)
    layer.comment = "changed"
    with (
        collected_warnings(),
        pytest.raises(Tf.ErrorException, match="not written, because values of"),
    ):
        layer.Save()
    assert file.read_bytes() == stored
    with collected_warnings():
        assert layer.Export(str(tmp_path / "other.parquet"))
