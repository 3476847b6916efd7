"""The command line as a process: how it starts, closed pipes, locales, terminals, Ctrl-C."""

from __future__ import annotations

import errno
import os
import pty
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_cases import CASES, MEASURING, Case, make_files

import usdparquet
from usdparquet.bench.results import Results

COMMAND = [sys.executable, "-m", "usdparquet"]
RUNNING = [case for case in CASES if case.command not in MEASURING]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that commands read."""
    folder = tmp_path_factory.mktemp("made")
    make_files(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, example_results: Results) -> Path:
    """A folder of its own with these files."""
    example_results.save(made / "results.json")
    return Path(shutil.copytree(made, tmp_path / "folder"))


def run(
    *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_it_starts_quickly(option: str) -> None:
    """In at most 0.3 s of processor time."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = run(option)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) <= 0.3


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom usdparquet.cli import app\napp(['query', '-h'], standalone_mode=False)\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert "typer" in loaded
    assert loaded & {"pyarrow", "numpy", "duckdb", "pxr", "rich", "plotly", "jinja2"} == set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "options",
    [
        ["inspect"],
        *(["query", "--format", each] for each in ("table", "csv", "json", "xlsx", "arrow")),
        ["convert", "-", "--format", "usda"],
    ],
)
def test_a_standard_output_without_room_is_named(folder: Path, options: list[str]) -> None:
    rows = 20_000  # more than what is written at once
    table = pa.table({"path": [f"/A/B{row}" for row in range(rows)], "x": range(rows)})
    pq.write_table(table, folder / "rows.parquet")
    command = [*COMMAND, options[0], "rows.parquet", *options[1:]]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, cwd=folder, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.stderr.decode() == f"standard output: {os.strerror(errno.ENOSPC)}\n"
    assert done.returncode == 1


def test_it_has_three_names() -> None:
    expected = f"usdparquet {usdparquet.__version__}\n"
    program = str(Path(sys.executable).with_name("usdparquet"))
    for command in ([program], COMMAND, [sys.executable, "-m", "usdparquet.cli"]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True)
        assert done.stdout == expected
    assert run("query", "-h").stdout.startswith(b"Usage: usdparquet query [OPTIONS]")


def test_shell_completion() -> None:
    asked = {
        "_USDPARQUET_COMPLETE": "complete_bash",
        "COMP_WORDS": "usdparquet i",
        "COMP_CWORD": "1",
    }
    assert run(**asked).stdout.split() == [b"inspect", b"ids"]
    asked |= {"COMP_WORDS": "usdparquet convert --compr", "COMP_CWORD": "2"}
    assert run(**asked).stdout.split() == [b"--compression"]
    asked |= {"COMP_WORDS": "usdparquet convert --compression z", "COMP_CWORD": "3"}
    assert run(**asked).stdout.split() == [b"zstd"]
    assert b"--install-completion" in run("-h").stdout


@pytest.mark.parametrize("case", RUNNING, ids=lambda case: case.command)
def test_a_closed_pipe(case: Case, folder: Path) -> None:
    """Nothing is said, and the exit code says what it would say without a pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, *case.arguments], cwd=folder, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == case.code
    assert all((folder / name).exists() for name in case.makes)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("case", RUNNING, ids=lambda case: case.command)
def test_a_closed_stream(case: Case, closed: str, folder: Path) -> None:
    """As a closed pipe."""
    line = f'"$@" {closed}'
    done = subprocess.run(
        ["bash", "-c", line, "-", *COMMAND, *case.arguments],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    assert bool(done.stdout) == (closed == "2>&-")
    assert done.returncode == case.code
    assert all((folder / name).exists() for name in case.makes)


def test_closed_streams_of_other_outputs(folder: Path) -> None:
    for arguments in (
        "query costs.parquet --columns path",
        "query costs.parquet --format arrow",
        "query costs.parquet --paths",
        "query costs.parquet --collection /A.collection:a -o -",
        "table scene.usda --columns tag",
        "table scene.usda --columns tag -o -",
        "convert costs.parquet - --format csv",
        "ids scene.usda",
        "query -h",
        "--version",
    ):
        line = " ".join((*COMMAND, arguments, ">&-"))
        done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), arguments


def test_head(folder: Path) -> None:
    """A reader that leaves in the middle, of help, of rows and of a table."""
    text = "path,x\n" + "".join(f"/A{number},{number}\n" for number in range(200_000))
    (folder / "long.csv").write_text(text, encoding="utf-8")
    for arguments in (
        "-h",
        "query long.csv --format csv",
        "query long.csv --limit 100000",
        "query long.csv --paths",
    ):
        line = " ".join((*COMMAND, arguments, "| head -n 1; echo ${PIPESTATUS[0]}"))
        done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True)
        assert done.stderr == ""
        first, code = done.stdout.splitlines()
        assert first
        assert code == "0"


ALL_RUNS = """
import sys
from cli_cases import CASES, MEASURING
from usdparquet.cli import app
for case in CASES:
    if case.command in MEASURING:
        continue
    try:
        app(list(case.arguments))
    except SystemExit as end:
        assert end.code == case.code, case
"""


@pytest.mark.parametrize(
    "environment",
    [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}],
    ids=["C", "latin-1"],
)
def test_any_locale(environment: dict[str, str], folder: Path) -> None:
    program = f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n{ALL_RUNS}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        check=False,
    )
    assert done.stderr == b""
    assert done.returncode == 0
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    text = done.stdout.decode(encoding)
    dash, arrow = ("\N{EN DASH}", "\N{RIGHTWARDS ARROW}") if encoding == "utf-8" else ("-", "->")
    assert f"/World/Wall_2         {dash}  Bo" in text
    assert f"/World/Wall_2: {dash} {arrow} 1.0" in text


def test_names_that_are_no_text(folder: Path) -> None:
    name = os.fsencode(folder) + b"/gr\xf6\xdfe.parquet"
    for environment in ({}, {"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}):
        done = run("inspect", os.fsdecode(name), **environment)
        assert done.returncode == 1
        assert done.stderr == name + b": No such file or directory\n"


def test_a_file_that_may_not_be_read(folder: Path) -> None:
    """Every command that reads says the same."""
    program = (
        f"import os, sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from cli_cases import CASES\nfrom typer.testing import CliRunner\n"
        "from usdparquet.cli import app\n"
        "for case in CASES:\n    for place in case.inputs:\n"
        "        done = CliRunner().invoke(app, case.with_input(place, 'secret.parquet'))\n"
        "        assert done.exit_code == case.failure, (case, done.output)\n"
        "        print(case.command, done.output, end='')\n"
    )
    (folder / "secret.parquet").write_bytes((folder / "costs.parquet").read_bytes())
    (folder / "secret.parquet").chmod(0)
    command = [sys.executable, "-c", program]
    if os.geteuid() == 0:  # who may read anything, unless that capability is dropped
        if not shutil.which("setpriv"):
            pytest.skip("root can't drop its capabilities here")
        dropped = "-dac_override,-dac_read_search"
        command = ["setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}", *command]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    expected = [
        f"{case.command} secret.parquet: Permission denied" for case in CASES for _ in case.inputs
    ]
    assert done.stdout.splitlines() == expected


def on_a_terminal(*arguments: str, cwd: Path, columns: int) -> list[str]:
    """The lines that a command prints on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", f'stty cols {columns}; exec "$@"', "-", *COMMAND, *arguments],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={name: text for name, text in os.environ.items() if name not in ("COLUMNS", "LINES")},
    )
    os.close(theirs)
    text = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            text += os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
    process.wait(60)
    os.close(ours)
    return text.decode().splitlines()


@pytest.mark.parametrize("columns", [80, 40])
def test_a_terminal(columns: int, folder: Path) -> None:
    lines = on_a_terminal("query", "costs.parquet", cwd=folder, columns=columns)
    assert max(len(line) for line in lines) <= columns
    path = "/World/Hall/Door" if columns == 80 else "/Worl…l/Door"
    assert any(line.startswith(path) for line in lines)
    refused = on_a_terminal("query", "costs.parquet", "--format", "arrow", cwd=folder, columns=80)
    assert refused == [
        "\x1b[31marrow is no text for a terminal: write it to a file, or to a pipe\x1b[0m"
    ]


# What stands for a long piece of work: a call that keeps Python from running, as OpenUSD's do, here
# a lock that is waited for by who holds it. The functions that commands call are replaced by it;
# that of convert has begun to write, and those of core have made their folder.
SLOW = """
import ctypes, sys
from pathlib import Path
from usdparquet._plugin import load_core

def stuck(*arguments, **more):
    for each in arguments:
        if isinstance(each, Path) and each.name.startswith(".") and each.is_file():
            each.write_text("half")
            each.with_suffix(".beside").write_text("half")
    print("stuck", flush=True)
    wait()

def wait():
    mutex = ctypes.create_string_buffer(256)
    for _ in range(2):
        ctypes.PyDLL(None).pthread_mutex_lock(mutex)

core = load_core()
import importlib
place, name = sys.argv.pop(1).rsplit(".", 1)
module = importlib.import_module(place)
real = getattr(module, name)

def stuck_within(*arguments, **more):
    return real(*arguments, **(more | {"progress": stuck}))

has_progress = name in ("optimize", "recover", "write_table")
setattr(module, name, stuck_within if has_progress else stuck)
from usdparquet._command import main
main()
"""
STUCK = {
    "inspect": "usdparquet._core.storage",
    "validate": "usdparquet._core.check_sections",
    "query": "usdparquet._core.open_row_groups",
    "table": "usdparquet.tables.stage_table.resolve_columns",
    "dataset": "usdparquet._core.write_manifest",
    "diff": "usdparquet.tables.diff.diff_files",
    "convert": "usdparquet.tables.convert.export_layer",
    "optimize": "usdparquet._core.optimize",
    "recover": "usdparquet._core.recover",
    "ids": "usdparquet.identifiers.scene_ids.id_candidates",
    "bind": "usdparquet._core.write_table",
    "generate": "usdparquet.generate.generate_scene",
    "bench": "usdparquet.bench.runner.scene_blocks",
    "demo": "usdparquet.bench.runner.scene_blocks",
    "report": "usdparquet.report.render.render_report",
}


def test_ctrl_c_ends_every_command(folder: Path) -> None:
    """Within two seconds, with nothing left; all at a time, since most of it is waiting."""
    before = {path.name for path in folder.iterdir()}
    processes = {}
    for case in CASES:
        processes[case.command] = subprocess.Popen(
            [sys.executable, "-c", SLOW, STUCK[case.command], *case.arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    for command, process in processes.items():
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n", (command, process.communicate())
    begun = {path.name for path in folder.iterdir()} - before
    assert len([name for name in begun if name.startswith(".out")]) == 4
    started = time.monotonic()
    for process in processes.values():
        process.send_signal(signal.SIGINT)
    for command, process in processes.items():
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (130, "", "interrupted\n"), command
    assert time.monotonic() - started < 2
    # A benchmark goes on from what it has.
    kept = {"made", "results.partial.jsonl"}
    assert {path.name for path in folder.rglob("*")} - before <= kept


def test_ctrl_c_between_steps_of_python(folder: Path) -> None:
    """It is said once, and at once; a benchmark says how to go on."""
    for command, said in (
        ("convert", "interrupted\n"),
        ("demo", "interrupted; the same command goes on from here\n"),
    ):
        case = next(case for case in CASES if case.command == command)
        program = SLOW.replace("    wait()", "    import time; time.sleep(60)")
        process = subprocess.Popen(
            [sys.executable, "-c", program, STUCK[command], *case.arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (130, "", said)
        assert not [path for path in folder.iterdir() if path.name.startswith(".")]


# Says when it begins to read the standard input.
WAITING = """
import sys
real = sys.stdin.buffer

class Told:
    @property
    def buffer(self):
        print("waiting", flush=True)
        return real

sys.stdin = Told()
from usdparquet._command import main
main()
"""


def test_ctrl_c_while_paths_are_waited_for(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING, "query", "costs.parquet", "--prims", "-"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert (process.stdout.read(), process.stderr.read()) == ("", "interrupted\n")
    process.stdin.close()


# A command run by another program, which is sent Ctrl-C afterwards.
HOST = """
import os, signal, sys, time
from usdparquet.cli import app
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    app(["inspect", "costs.parquet"])
except SystemExit as error:
    assert not error.code, error.code
print(signal.set_wakeup_fd(-1), signal.getsignal(signal.SIGINT) is signal.default_int_handler)
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
except KeyboardInterrupt:
    time.sleep(1.5)
print("alive")
"""


def test_a_process_of_others_is_not_ended(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HOST], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-2:] == ["-1 True", "alive"]


# Sends Ctrl-C when a module is about to be loaded, or when the commands are made.
EARLY = """
import os, signal, sys
when = sys.argv.pop(1)

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == when:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from usdparquet._command import main
if when == "commands":
    import typer.main
    typer.main.get_group = lambda *_: eval("os.kill(os.getpid(), signal.SIGINT)")
main()
"""


@pytest.mark.parametrize(
    "when", ["usdparquet._extras", "typer", "usdparquet.cli.ids", "commands", "usdparquet._plugin"]
)
def test_ctrl_c_at_the_start(when: str, folder: Path) -> None:
    (folder / "early.py").write_text(EARLY)
    done = subprocess.run(
        [sys.executable, "-m", "early", when, "inspect", "costs.parquet"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize(
    ("when", "arguments"),
    [
        ("pxr.Gf", "table scene.usda --columns @type"),
        ("duckdb", "query costs.parquet --where cost>1"),
        ("pyarrow.lib", "query costs.parquet"),
    ],
)
def test_ctrl_c_while_libraries_are_imported(when: str, arguments: str, folder: Path) -> None:
    """OpenUSD prints exceptions of its imports as warnings, and goes on."""
    done = subprocess.run(
        [sys.executable, "-c", EARLY, when, *arguments.split()],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_ctrl_c_after_a_command(folder: Path) -> None:
    """Its exit code stands, whatever the interpreter still has to take apart."""
    program = EARLY.removesuffix("main()\n") + (
        "import atexit\natexit.register(os.kill, os.getpid(), signal.SIGINT)\nmain()\n"
    )
    for arguments, code in ((["inspect", "costs.parquet"], 0), (["inspect", "none.parquet"], 1)):
        done = subprocess.run(
            [sys.executable, "-c", program, "never", *arguments], cwd=folder, capture_output=True
        )
        assert done.returncode == code
        assert b"interrupted" not in done.stderr


def test_the_package_loads_nothing() -> None:
    """What it loads before the program begins cannot be interrupted without a traceback."""
    program = (
        "import sys; before = set(sys.modules); import usdparquet._command; "
        "print(*sorted(set(sys.modules) - before - {'__future__'}))\n"
        "for name in usdparquet.__all__: getattr(usdparquet, name)\n"
        "assert set(usdparquet.__all__) <= set(dir(usdparquet))\n"
        "from usdparquet import *\n"
        "assert bind is usdparquet._bind.bind"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.split() == ["usdparquet", "usdparquet._command"]
