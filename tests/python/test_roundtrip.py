"""Real layers, exported to Parquet, come back with the identical text."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from pxr import Sdf, Usd
from round_trips import check_round_trip


def newton_assets() -> list[Path]:
    """The USD files that the package `newton` ships; its code is not loaded."""
    spec = importlib.util.find_spec("newton")
    assert spec and spec.submodule_search_locations, "newton is not installed; see the Makefile"
    folder = Path(spec.submodule_search_locations[0])
    return sorted(file for file in folder.rglob("*") if file.suffix in {".usd", ".usda", ".usdc"})


ASSETS = newton_assets()


def test_there_are_assets() -> None:
    assert len(ASSETS) >= 80


@pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: f"{asset.parent.name}/{asset.name}")
def test_an_asset_comes_back(asset: Path, tmp_path: Path) -> None:
    layer = Sdf.Layer.OpenAsAnonymous(str(asset))
    file = check_round_trip(layer, tmp_path / "first.parquet")
    # And so does what was read from Parquet.
    check_round_trip(Sdf.Layer.OpenAsAnonymous(str(file)), tmp_path / "second.parquet")


@pytest.mark.parametrize(
    "asset",
    [asset for asset in ASSETS if asset.stat().st_size > 20_000][:12],
    ids=lambda asset: f"{asset.parent.name}/{asset.name}",
)
def test_a_flattened_stage_comes_back(asset: Path, tmp_path: Path) -> None:
    flat = Usd.Stage.Open(str(asset)).Flatten()
    check_round_trip(flat, tmp_path / "flat.parquet")
