"""What applications do with layers, as small functions that run the same with any format.

    python situations.py SUFFIX FOLDER

runs all of them in this process, in order, with layers of that suffix in FOLDER, and prints a JSON
object a line: the situation's name and what it saw. `test_situations.py` compares two such runs.

A situation gets a `World`. It writes layers from text, in which `EXT` stands for the suffix, and
says what it sees; notices, errors and warnings of OpenUSD say themselves, in the order in which
they come.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pxr import Sdf, Tf, Usd, UsdUtils

Situation = Callable[["World"], None]

_DETAILS: dict[type, Callable[[Any], object]] = {
    Sdf.Notice.LayersDidChange: lambda n: sorted(layer.identifier for layer in n.GetLayers()),
    Sdf.Notice.LayersDidChangeSentPerLayer: lambda n: sorted(
        layer.identifier for layer in n.GetLayers()
    ),
    Sdf.Notice.LayerInfoDidChange: lambda n: n.key(),
    Sdf.Notice.LayerIdentifierDidChange: lambda n: (n.oldIdentifier, n.newIdentifier),
    Sdf.Notice.LayerMutenessChanged: lambda n: (n.layerPath, n.wasMuted),
    Sdf.Notice.LayerDidReplaceContent: lambda _: "",
    Sdf.Notice.LayerDidReloadContent: lambda _: "",
    Sdf.Notice.LayerDirtinessChanged: lambda _: "",
    Usd.Notice.LayerMutingChanged: lambda n: (n.GetMutedLayers(), n.GetUnmutedLayers()),
    Usd.Notice.StageContentsChanged: lambda _: "",
    Usd.Notice.StageEditTargetChanged: lambda _: "",
    Usd.Notice.ObjectsChanged: lambda n: [
        *(f"resynced {path}" for path in n.GetResyncedPaths()),
        *(f"changed {path} {n.GetChangedFields(path)}" for path in n.GetChangedInfoOnlyPaths()),
        *(f"asset path {path}" for path in n.GetResolvedAssetPathsResyncedPaths()),
    ],
}


class World:
    """A folder of layers in one format, and what was seen of them."""

    def __init__(self, suffix: str, folder: Path) -> None:
        self.suffix = suffix
        self.folder = folder
        self._said: list[str] = []
        self._is_quiet = False
        folder.mkdir(parents=True)

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """Listen to everything that OpenUSD tells; gives what was said."""
        listeners = [
            Tf.Notice.RegisterGlobally(kind, lambda notice, sender: self._hear(notice, sender))
            for kind in _DETAILS
        ]
        delegate = UsdUtils.CoalescingDiagnosticDelegate()
        try:
            yield self._said
        finally:
            for listener in listeners:
                listener.Revoke()
            told = sorted(d.commentary for d in delegate.TakeUncoalescedDiagnostics())
            del delegate
            # Which version of crate files a value needs is no matter of the layer.
            self.say(*(f"diagnostic: {text}" for text in told if "Upgrading crate" not in text))

    def _hear(self, notice: Any, sender: Any) -> None:
        if self._is_quiet:
            return
        name = sender.identifier if isinstance(sender, Sdf.Layer) else ""
        self.say(f"{type(notice).__name__} {name} {_DETAILS[type(notice)](notice)}")

    def say(self, *things: object) -> None:
        """Note what was seen, without what the formats may differ in: names of files."""
        self._said.extend(self._without_names(str(thing)) for thing in things)

    def _without_names(self, text: str) -> str:
        text = re.sub(r"\b0x[0-9a-f]+", "ADDRESS", text.replace(str(self.folder), "FOLDER"))
        return re.sub(rf"\.{self.suffix}\b", ".EXT", text)

    def expect(self, what: str, seen: object, usdc: object, parquet: object) -> None:
        """Note what is otherwise by design, as docs/mapping.md says."""
        is_so = seen == {"usdc": usdc, "parquet": parquet}[self.suffix]
        self.say(f"{what}: {'as documented' if is_so else repr(seen)}")

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Notices of what only prepares the situation are not of interest."""
        self._is_quiet = True
        try:
            yield
        finally:
            self._is_quiet = False

    def name(self, name: str) -> str:
        """The path of a layer in the format."""
        return str(self.folder / f"{name}.{self.suffix}")

    def text(self, text: str) -> str:
        """A text that names layers, in the format; without the indentation of the source."""
        return textwrap.dedent(text).replace("EXT", self.suffix)

    def write(self, name: str, text: str, header: str = "") -> str:
        """A layer in the format with the content of `text`; its path."""
        with self.quiet():
            layer = Sdf.Layer.CreateAnonymous(".usda")
            layer.ImportFromString("#usda 1.0\n" + self.text(header) + "\n" + self.text(text))
            layer.Export(self.name(name))
        return self.name(name)

    def open(self, text: str, header: str = "", name: str = "layer") -> Sdf.Layer:
        """The opened layer with the content of `text`."""
        return Sdf.Layer.FindOrOpen(self.write(name, text, header))

    def stage(self, text: str, header: str = "", name: str = "root", **options: Any) -> Usd.Stage:
        """The opened stage whose root layer has the content of `text`."""
        return Usd.Stage.Open(self.write(name, text, header), **options)

    def stage_over(self, weak: str, text: str) -> Usd.Stage:
        """The same with a sublayer, `weak.EXT`, that has the content of `weak`."""
        self.write("weak", weak)
        return self.stage(text, "(subLayers = [@./weak.EXT@])")

    def see(self, what: Sdf.Layer | Usd.Stage) -> None:
        """Note all of a layer, or all that a stage composes."""
        if isinstance(what, Usd.Stage):
            self.say(*sorted(map(str, what.GetCompositionErrors())))  # several threads compose
            with self.quiet():
                what = what.Flatten(addSourceFileComment=False)
        self.say(what.ExportToString())

    def attempt(self, f: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Do what may be refused, and note the answer or the errors."""
        try:
            answer = f(*args, **options)
        except Tf.ErrorException as error:
            self.say(*(f"error: {item.commentary}" for item in error.args))
            return None
        except (RuntimeError, ValueError, TypeError) as error:
            self.say(f"{type(error).__name__}: {error}")
            return None
        self.say(f"answer: {answer if isinstance(answer, bool | int | float | str) else ''}")
        return answer

    def error(self, f: Callable[..., Any], *args: Any, **options: Any) -> str:
        """The text of the error that `f` raises, for `expect`; nothing is noted."""
        try:
            f(*args, **options)
        except Tf.ErrorException as error:
            return self._without_names("; ".join(item.commentary for item in error.args))
        return ""

    def can_save(self, layer: Sdf.Layer) -> bool:
        """Whether a layer is saved, for `expect`; nothing is noted."""
        with self.quiet():
            return not self.error(layer.Save)

    def see_and_save(self, stage: Usd.Stage) -> None:
        """Note all that a stage composes, and save its root layer."""
        self.see(stage)
        self.save(stage.GetRootLayer())

    def save(self, layer: Sdf.Layer) -> None:
        """Save a layer, and note what another process finds in the file."""
        self.attempt(layer.Save)
        with self.quiet():
            reopened = Sdf.Layer.OpenAsAnonymous(layer.identifier)
            self.say(f"dirty: {layer.dirty}", reopened.ExportToString() if reopened else "no layer")


def run(situation: Situation, suffix: str, folder: Path) -> list[str]:
    """What is seen in a situation."""
    world = World(suffix, folder / suffix / situation.__name__)
    with world.watched() as said:
        try:
            situation(world)
        except Exception as error:
            world.say(f"exception: {type(error).__name__}: {error}")
    return list(_in_order(said))


def _in_order(said: list[str]) -> Iterator[str]:
    """Several changed keys, or several saved layers: told in the order of their addresses."""
    for kind, lines in itertools.groupby(said, lambda line: line.partition(" ")[0]):
        has_order = kind not in ("LayerInfoDidChange", "LayerDirtinessChanged")
        found = list(lines)
        yield from found if has_order else sorted(found)


def main() -> None:
    from situation_table import SITUATIONS

    suffix, folder = sys.argv[1], Path(sys.argv[2])
    for situation in SITUATIONS:
        print(json.dumps({"name": situation.__name__, "said": run(situation, suffix, folder)}))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
