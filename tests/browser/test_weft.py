"""weft-usd, a viewer of stages in the browser, shows the values of a Parquet sublayer.

It is an ordinary program over usd-core that knows nothing of Parquet: what it shows, others do.
With USDPARQUET_SCREENSHOT=docs/weft.png the picture of docs/compatibility.md is made anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import usdparquet

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PARTS = [
    f"/World/Level_{level}/{part}" for level in (1, 2) for part in ("Slab", "Wall_1", "Wall_2")
]
PATIENCE = 180_000  # milliseconds for a step in the browser, on a busy machine
COST = [8400.0, 1205.5, 1290.25, 7900.0, 1340.0, 1410.75]
CARBON = [3120.5, 410.25, 432.0, 2980.0, 398.5, 441.75]
SUPPLIER = ["Norddeck", "Kalkwerk", "Kalkwerk", "Norddeck", "Ziegel & Co", "Kalkwerk"]


def scene_text() -> str:
    levels = ""
    for level in (1, 2):
        cubes = "".join(
            f'        def Cube "{path.rsplit("/")[-1]}"\n        {{\n        }}\n'
            for path in PARTS
            if f"Level_{level}" in path
        )
        levels += f'    def Xform "Level_{level}"\n    {{\n{cubes}    }}\n'
    return (
        '#usda 1.0\n(\n    defaultPrim = "World"\n    subLayers = [@./costs.parquet@]\n)\n'
        f'def Xform "World"\n{{\n{levels}}}\n'
    )


@pytest.fixture
def loom(tmp_path: Path) -> Iterator[str]:
    """The address of weft's page of a scene with a table as a sublayer."""
    pytest.importorskip("weft")
    table = pa.table({"path": PARTS, "cost": COST, "carbon": CARBON, "supplier": SUPPLIER})
    usdparquet.write_table(table, tmp_path / "costs.parquet")
    (tmp_path / "building.usda").write_text(scene_text(), encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "weft", "loom", "building.usda", "--port", "0", "--no-open"],
        cwd=tmp_path,
        env={**os.environ, "WEFT_CACHE": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout
    address = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
    assert address
    yield address[0]
    server.terminate()
    server.wait()


def test_weft_shows_the_values_of_a_parquet_sublayer(loom: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1100, "height": 620})
    page.set_default_timeout(PATIENCE)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(loom)
    # The stage is listed.
    for level in ("1", "2"):
        page.locator(f'.trow[data-p="/World/Level_{level}"] .tw').click()
    rows = page.locator("#pivot .trow .tn").all_text_contents()
    assert rows == [
        "World",
        *(each for n in (1, 2) for each in (f"Level_{n}", "Slab", "Wall_1", "Wall_2")),
    ]
    # The card of a prim has the values of its row.
    page.locator('.trow[data-p="/World/Level_2/Wall_1"]').click()
    page.locator("#cg").wait_for()
    assert page.locator("#card ul").nth(1).locator("li").all_text_contents() == [
        "carbon: 398.5",
        "cost: 1340.0",
        "supplier: Ziegel & Co",
    ]
    if "USDPARQUET_SCREENSHOT" in os.environ:
        page.screenshot(path=os.environ["USDPARQUET_SCREENSHOT"])
    # Prims are found by the values of a column.
    page.fill("#expr", "where:supplier=Kalkwerk")
    page.press("#expr", "Enter")
    page.locator("#slicecount").get_by_text("3 prims").wait_for()
    assert page.locator("#pivot .trow .tn").all_text_contents() == [
        path for path, supplier in zip(PARTS, SUPPLIER, strict=True) if supplier == "Kalkwerk"
    ]
    page.close()
    assert all(url.startswith(loom) for url in requests)
