"""Every command of the command line with a run that works, and the files that it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pxr import Sdf

COSTS = """path,cost,supplier,is_active
/World/Wall_1,120.5,Ada,true
/World/Wall_2,,Bo,true
/World/Hall/Door,80,Ada,false
"""


@dataclass(frozen=True)
class Case:
    """A run of a command in the folder of `make_files`."""

    arguments: tuple[str, ...]
    inputs: tuple[int, ...] = ()
    """Which of the arguments are files that it reads."""
    code: int = 0
    failure: int = 1
    """The exit code if a file cannot be read."""
    makes: tuple[str, ...] = field(default=())
    """The files that it writes."""

    @property
    def command(self) -> str:
        """Its name."""
        return self.arguments[0]

    def with_input(self, place: int, file: str) -> list[str]:
        """The arguments with another file to read."""
        return [file if at == place else text for at, text in enumerate(self.arguments)]


def _case(text: str, *inputs: int, code: int = 0, failure: int = 1, makes: str = "") -> Case:
    return Case(tuple(text.split()), inputs, code, failure, tuple(makes.split()))


CASES = (
    _case("inspect costs.parquet", 1),
    _case("validate costs.parquet", 1),
    _case("query costs.parquet", 1),
    _case("table scene.usda --columns tag -o out.parquet", 1, makes="out.parquet"),
    _case("diff costs.parquet other.parquet", 1, 2, code=1, failure=2),
    _case("convert costs.parquet out.usda", 1, makes="out.usda"),
    _case("optimize costs.parquet out.parquet", 1, makes="out.parquet"),
    _case("recover costs.parquet out.parquet", 1, failure=2, makes="out.parquet"),
    _case("dataset costs.parquet -o all.parquet/_usdparquet.json", 1, makes="all.parquet"),
    _case("ids scene.usda", 1),
    _case("bind by_id.csv scene.usda --id tag --key tag -o out.parquet", 1, 2, makes="out.parquet"),
    _case("generate --prims 4 --formats parquet_zstd -o made", makes="made"),
    _case("bench -o made", makes="made"),
    _case("demo -o made", makes="made"),
    _case("report results.json -o out.html", 1, makes="out.html"),
)
"""Those of bench and demo are for tests that have something measure in their place."""
MEASURING = ("bench", "demo")


def make_files(folder: Path) -> None:
    """The files that the cases read, but for results.json."""
    (folder / "costs.csv").write_text(COSTS, encoding="utf-8")
    paths = ["/World/Wall_1", "/World/Wall_2", "/World/Hall/Door"]
    columns = {
        "path": paths,
        "cost": [120.5, None, 80.0],
        "supplier": ["Ada", "Bo", "Ada"],
        "is_active": [True, True, False],
    }
    pq.write_table(pa.table(columns), folder / "costs.parquet")
    columns["cost"] = [120.5, 1.0, 80.0]
    pq.write_table(pa.table(columns), folder / "other.parquet")
    layer = Sdf.Layer.CreateAnonymous(".usda")
    for number, path in enumerate(paths):
        prim = Sdf.CreatePrimInLayer(layer, path)
        prim.specifier = Sdf.SpecifierDef
        Sdf.AttributeSpec(prim, "tag", Sdf.ValueTypeNames.String).default = f"t{number}"
    layer.Export(str(folder / "scene.usda"))
    (folder / "by_id.csv").write_text("tag,cost\nt0,1\nt1,2\nt7,3\n", encoding="utf-8")
    (folder / "junk.parquet").write_text("junk", encoding="utf-8")
    (folder / "folder.parquet").mkdir()
