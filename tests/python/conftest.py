"""Fixtures of the Python tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from parquet_files import Writer, write_parquet

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Shells have what they start in the background ignore Ctrl-C: the tests are the same everywhere.
signal.signal(signal.SIGINT, signal.default_int_handler)

_TALLY = pytest.StashKey[list[str]]()


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write columns given as keywords (or a table) to `<name>.parquet` in a fresh folder."""

    def writer(table: pa.Table | dict[str, object], name: str = "table", **options: object) -> Path:
        if not isinstance(table, pa.Table):
            table = pa.table(table)
        return write_parquet(table, tmp_path / f"{name}.parquet", **options)

    return writer


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session of Spark, for all tests that need one."""
    from spark_session import java_version, new_session

    if java_version() < 17:
        pytest.skip("Spark needs Java 17 (Debian: apt-get install default-jre-headless)")
    session = new_session(tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> list[str]:
    """Lines that are printed at the end of the run."""
    return request.config.stash.setdefault(_TALLY, [])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that runs a part of the tests hands its lines to the one that prints them."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = session.config.stash.get(_TALLY, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    lines = getattr(node, "workeroutput", {}).get("tally", [])
    node.config.stash.setdefault(_TALLY, []).extend(lines)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    lines = config.stash.get(_TALLY, [])
    if lines:
        terminalreporter.section("counts")
        terminalreporter.write("\n".join(lines) + "\n")
