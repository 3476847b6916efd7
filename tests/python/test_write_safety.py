"""Writing that fails: the old file stays, and nothing else is left."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pytest

import usdparquet

TABLE = """
    import random, resource, signal, sys
    import pyarrow as pa
    import usdparquet
    chance = random.Random(1)
    rows = 60_000
    table = pa.table({
        "path": [f"/World/P{i}" for i in range(rows)],
        "x": [chance.random() for _ in range(rows)],
    })
    file = sys.argv[1]
"""


def run(program: str, file: Path) -> str:
    code = textwrap.dedent(TABLE) + textwrap.dedent(program)
    return subprocess.run(
        [sys.executable, "-c", code, str(file)], check=True, capture_output=True, text=True
    ).stdout


def test_a_file_that_grows_too_large(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    file.write_text("old")
    program = """
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            usdparquet.write_table(table, file)
        except OSError as error:
            print(error)
    """
    said = run(program, file)
    assert said.startswith(f"{file}: ")
    assert os.strerror(errno.EFBIG) in said
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        file = disk / "out.parquet"
        file.write_text("old")
        program = """
            try:
                usdparquet.write_table(table, file)
            except OSError as error:
                print(error)
        """
        said = run(program, file)
        assert said.startswith(f"{file}: ")
        assert os.strerror(errno.ENOSPC) in said
        assert file.read_text() == "old"
        assert list(disk.iterdir()) == [file]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_an_interrupted_write(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    file.write_text("old")
    # Ctrl-C, sent from the progress report of the first row group.
    program = """
        import os
        try:
            usdparquet.write_table(
                table, file, rows_per_group=1000,
                progress=lambda done, total: done == 1000 and os.kill(os.getpid(), signal.SIGINT),
            )
        except KeyboardInterrupt:
            print("stopped")
    """
    assert run(program, file) == "stopped\n"
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_error_in_the_progress_report(tmp_path: Path) -> None:
    def report(done: int, total: int) -> None:
        raise LookupError(f"{done} of {total}")

    with pytest.raises(LookupError, match="2 of 2"):
        usdparquet.write_table(
            pa.table({"path": ["/A", "/B"]}), tmp_path / "out.parquet", progress=report
        )
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "out.parquet"
    with pytest.raises(OSError, match=r"out\.parquet: can't write into the folder"):
        usdparquet.write_table(pa.table({"path": ["/A"]}), file)


def test_a_read_only_folder(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    file.write_text("old")
    tmp_path.chmod(0o555)
    try:
        # Root may write everywhere: so another user tries.
        program = """
            import os, tempfile
            with tempfile.TemporaryDirectory() as folder:  # loads what that user may not read
                usdparquet.write_table(table.slice(0, 1), folder + "/first.parquet")
            if os.geteuid() == 0:
                os.setegid(65534)
                os.seteuid(65534)
            try:
                usdparquet.write_table(table, file)
            except OSError as error:
                print(error)
        """
        for folder in (tmp_path, *tmp_path.parents):
            if folder.stat().st_uid == os.geteuid() and folder != tmp_path:
                folder.chmod(folder.stat().st_mode | 0o055)
        said = run(program, file)
    finally:
        tmp_path.chmod(0o755)
    assert said == f"{file}: can't write into the folder: {os.strerror(errno.EACCES)}\n"
    assert file.read_text() == "old"


def test_killed_while_writing_the_old_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    file.write_text("old")
    program = """
        import os
        usdparquet.write_table(
            table, file, rows_per_group=1000,
            progress=lambda done, total: done == 5000 and os.kill(os.getpid(), signal.SIGKILL),
        )
    """
    with pytest.raises(subprocess.CalledProcessError) as error:
        run(program, file)
    assert error.value.returncode == -signal.SIGKILL
    assert file.read_text() == "old"
