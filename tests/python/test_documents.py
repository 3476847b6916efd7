"""The examples of docs/python.md and docs/cli.md print what the documents say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from document_blocks import blocks, run_python
from typer.testing import CliRunner

from usdparquet.cli import app


def without_sizes(text: str) -> str:
    """A file's size hangs on the version of Arrow that wrote it."""
    return re.sub(r"[\d,]+ bytes", "N bytes", text)


def test_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_python("python.md") == 10


def test_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    compared = 0
    for kind, text in blocks("cli.md"):
        if kind == "csv":
            Path("costs.csv").write_text(text, encoding="utf-8")
        if kind != "console":
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            result = CliRunner().invoke(app, shlex.split(command)[1:])
            assert result.exit_code == 0, result.output
            said = "".join(f"{line.rstrip()}\n" for line in result.stdout.splitlines())
            assert without_sizes(said) == without_sizes(expected)
            compared += 1
    assert compared == 18
