"""The gate of `make bench`: a ratio to USDC that falls behind its baseline fails."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
FORMATS = ("usdc", "parquet_zstd", "indexed_zstd")
KINDS = ("double", "int", "bool", "string")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("gate")


def _run(folder: Path, factor: float = 1.0, figures: tuple[str, ...] = ("warm",)) -> Path:
    """The files of a run in which indexed Parquet takes `factor` tenths of USDC's time."""
    folder.mkdir(parents=True)
    entries = []
    for figure in figures:
        for kind in KINDS:
            for name in FORMATS:
                seconds = 1e-7 * (0.1 * factor if name == "indexed_zstd" else 1.0)
                entries.append(
                    {
                        "run_name": f"{figure}/{kind}/{name}/real_time",
                        "run_type": "aggregate",
                        "aggregate_name": "median",
                        "per_item": seconds,
                    }
                )
    context = {"prims": "10000", "hierarchy": "flat", "data": str(folder)}
    content = {"context": context, "benchmarks": entries}
    (folder / "bench-10000-flat.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def _baseline(gate: ModuleType, tmp_path: Path, factors: tuple[float, ...]) -> Path:
    runs = [
        gate.load_run(_run(tmp_path / f"baseline{number}", factor))
        for number, factor in enumerate(factors)
    ]
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps(gate.make_baseline(runs)), encoding="utf-8")
    return path


def test_a_baseline_knows_its_ratios_and_their_noise(gate: ModuleType, tmp_path: Path) -> None:
    path = _baseline(gate, tmp_path, (0.98, 1.0, 1.02))
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["scene"] == "10,000 prims, flat"
    entry = content["ratios"]["value in order, warm, mean: indexed_zstd"]
    assert entry["ratio"] == pytest.approx(0.1)
    assert entry["noise"] == pytest.approx(0.02, abs=1e-3)
    # 99 % of further runs, from three runs: 9.92 standard deviations and a bit.
    assert entry["tolerance"] == pytest.approx(0.257, abs=5e-3)
    steady = content["ratios"]["value in order, warm, mean: parquet_zstd"]
    assert steady["tolerance"] == 0.05


def test_two_runs_are_no_baseline(gate: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="at least 3 runs"):
        _baseline(gate, tmp_path, (1.0, 1.0))


@pytest.mark.parametrize(("factor", "status"), [(0.5, 0), (1.04, 0), (1.06, 1)])
def test_only_what_is_beyond_the_noise_fails(
    gate: ModuleType, tmp_path: Path, factor: float, status: int
) -> None:
    path = _baseline(gate, tmp_path, (1.0, 1.0, 1.0))
    assert gate.check(path, [gate.load_run(_run(tmp_path / "now", factor))]) == status


def test_the_median_of_several_runs_is_judged(
    gate: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _baseline(gate, tmp_path, (1.0, 1.0, 1.0))
    runs = [gate.load_run(_run(tmp_path / f"now{at}", at)) for at in (1.0, 1.5, 1.02)]
    assert gate.check(path, runs) == 0
    runs += [gate.load_run(_run(tmp_path / f"now{at}", at)) for at in (1.6, 1.7)]
    assert gate.check(path, runs) == 1
    assert "BEHIND" in capsys.readouterr().out


def test_a_figure_that_is_gone_fails(gate: ModuleType, tmp_path: Path) -> None:
    path = _baseline(gate, tmp_path, (1.0, 1.0, 1.0))
    assert gate.check(path, [gate.load_run(_run(tmp_path / "now", figures=("random",)))]) == 1


def test_another_processor_is_not_judged(
    gate: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = _baseline(gate, tmp_path, (1.0, 1.0, 1.0))
    monkeypatch.setattr(gate, "cpu_model", lambda: "another")
    assert gate.check(path, [gate.load_run(_run(tmp_path / "now", 2.0))]) == 0
    assert "Not judged: the baseline is of another processor" in capsys.readouterr().err


def test_a_folder_holds_one_run(gate: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="one run is wanted, and there are 0"):
        gate.load_run(tmp_path)
