"""Commands run in this process."""

from __future__ import annotations

from typer.testing import CliRunner

from usdparquet.cli import app


def run(*arguments: object, code: int = 0) -> str:
    """What a command prints, which has to end with that exit code."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output
