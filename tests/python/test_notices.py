"""What the application hears and sees of a Parquet layer is what it does of a USDC one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pxr import Sdf, Tf
from round_trips import text_layer

import usdparquet

#: The reference goes to the residual, `v` is a column.
CONTENT = """def "A" (
    references = </B>
)
{
    double v = 1
    custom string only = "here"
}

def "B"
{
    double v = 2
}
"""

SAVED = "SdfNotice::LayerDidSaveLayerToFile"


def loaded() -> int:
    return len(Sdf.Layer.GetLoadedLayers())


@contextmanager
def listening(
    told: list[tuple[str, int]],
    then: Callable[[str], None] | None = None,
    count: Callable[[], int] = loaded,
) -> Iterator[None]:
    """Notes the name of each notice, and how many layers there are when it comes."""

    def hear(notice: Sdf.Notice.Base | str, _sender: object) -> None:
        # LayerDidSaveLayerToFile has no class in Python and comes as its name.
        name = notice if isinstance(notice, str) else type(notice).__name__
        told.append((name, count()))
        if then:
            then(name)

    listener = Tf.Notice.RegisterGlobally(Sdf.Notice.Base, hear)
    yield
    listener.Revoke()


@pytest.fixture(params=["usdc", "parquet"])
def suffix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def story(folder: Path, suffix: str) -> list[tuple[str, list[tuple[str, int]]]]:
    """Everything that is done with a file, with the notices that each step sent and the layers it
    left."""
    steps: list[tuple[str, list[tuple[str, int]]]] = []
    base = loaded()

    def step(name: str, do: Callable[[], object], count: Callable[[], int] = loaded) -> None:
        told: list[tuple[str, int]] = []
        with listening(told, count=count):
            do()
        told = [(kind, count - base) for kind, count in told]
        steps.append((name, [*told, ("layers", loaded() - base)]))

    file = folder / f"it.{suffix}"
    source = text_layer(CONTENT)
    base = loaded()
    step("export text", lambda: source.Export(str(file)))
    opened: list[Sdf.Layer] = []
    step("open", lambda: opened.append(Sdf.Layer.FindOrOpen(str(file))))
    step("export it", lambda: opened[0].Export(str(folder / f"copy.{suffix}")))
    step("edit a cell", lambda: setattr(opened[0].GetAttributeAtPath("/A.v"), "default", 3.0))
    step("save a cell", lambda: opened[0].Save())
    step("edit more", lambda: setattr(opened[0].GetPrimAtPath("/A"), "comment", "edited"))
    step("save all", lambda: opened[0].Save())
    step("save nothing", lambda: opened[0].Save())
    step("save by force", lambda: opened[0].Save(force=True))
    step("reload nothing", lambda: opened[0].Reload())
    step("reload by force", lambda: opened[0].Reload(force=True))
    step("edit again", lambda: setattr(opened[0].GetPrimAtPath("/B"), "comment", "dropped"))
    step("reload", lambda: opened[0].Reload())
    step("close", opened.clear)
    # OpenUSD lets nobody list the layers meanwhile.
    new = str(folder / f"new.{suffix}")
    step("create", lambda: opened.append(Sdf.Layer.CreateNew(new)), count=lambda: base)
    return steps


def test_notices_and_layers_are_those_of_usdc(tmp_path: Path) -> None:
    by_suffix = {suffix: story(tmp_path, suffix) for suffix in ("usdc", "parquet")}
    assert by_suffix["parquet"] == by_suffix["usdc"]
    steps = dict(by_suffix["parquet"])
    assert steps["open"] == [("layers", 1)]
    assert steps["export it"] == [("layers", 1)]
    saved = [("LayerDirtinessChanged", 1), (SAVED, 1), ("layers", 1)]
    assert steps["save a cell"] == saved
    assert steps["save all"] == saved


@pytest.mark.parametrize("notice", ["LayerDirtinessChanged", SAVED])
@pytest.mark.parametrize("edit", ["cell", "comment"])
def test_what_a_listener_edits_during_a_save_is_kept(
    tmp_path: Path, suffix: str, notice: str, edit: str
) -> None:
    """The edit is in memory, the layer is dirty, and the next save writes it."""
    file = tmp_path / f"it.{suffix}"
    text_layer(CONTENT).Export(str(file))
    layer = Sdf.Layer.FindOrOpen(str(file))
    edited: list[str] = []

    def edit_once(name: str) -> None:
        if name == notice and not edited:
            edited.append(name)
            layer.GetPrimAtPath("/B").comment = "by the listener"

    if edit == "cell":
        layer.GetAttributeAtPath("/A.v").default = 7.0
    else:
        layer.GetPrimAtPath("/A").comment = "edited"
    with listening([], edit_once):
        assert layer.Save()
    assert edited == [notice]
    assert layer.GetPrimAtPath("/B").comment == "by the listener"
    assert layer.dirty
    assert layer.Save()
    text = layer.ExportToString()
    again = Sdf.Layer.OpenAsAnonymous(str(file))
    assert again.ExportToString() == text
    assert again.GetPrimAtPath("/B").comment == "by the listener"


def test_the_plugin_declares_no_package_resolver() -> None:
    """Such a one would be made by every first stage of a process, and loads the plugin."""
    info = json.loads(Path(usdparquet.plugin_dir(), "plugInfo.json").read_text())
    types = info["Plugins"][0]["Info"]["Types"]
    assert [each["bases"] for each in types.values()] == [["SdfFileFormat"], ["ArResolver"]]
    resolver = types["UsdParquetResidualResolver"]
    assert not resolver.keys() & {"implementsContexts", "implementsScopedCaches", "extensions"}


def test_a_stage_without_parquet_does_not_load_the_plugin() -> None:
    code = (
        "from pxr import Plug, Usd\n"
        "stage = Usd.Stage.CreateInMemory()\n"
        "print(Plug.Registry().GetPluginWithName('usdparquet').isLoaded)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("False\n", "")


def test_a_process_that_knows_no_schemes(tmp_path: Path) -> None:
    """Its resolver was made before the plugin was registered, or takes no schemes of plugins."""
    file = tmp_path / "it.parquet"
    text_layer(CONTENT).Export(str(file))
    code = (
        "import sys\n"
        "from pxr import Sdf\n"
        "print(Sdf.Layer.FindOrOpen(sys.argv[1]).ExportToString())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        env={**os.environ, "PXR_AR_DISABLE_PLUGIN_URI_RESOLVERS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == Sdf.Layer.FindOrOpen(str(file)).ExportToString().strip()
    assert "references = </B>" in ran.stdout
    # OpenUSD announces the setting there.
    assert all(line.startswith("#") for line in ran.stderr.splitlines())
