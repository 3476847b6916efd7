"""Layers with a collection of prims (UsdCollectionAPI)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from usdparquet._texts import check_text
from usdparquet.tables.errors import OptionsError

_NAMESPACE = "collection:"
_EXPANSION_RULE, _INCLUDES = "expansionRule", "includes"


class CollectionError(OptionsError):
    """What is no path of a collection."""


def collection_layer(collection: str, paths: Iterable[str]) -> Any:
    """A layer in which a collection has these prims and no others; all its prims are overs.

    `collection`: a path such as `/World.collection:hot`. CollectionError if it is none.
    """
    from pxr import Sdf

    prim_path, name = _parsed(collection)
    layer = Sdf.Layer.CreateAnonymous(".usda")
    with Sdf.ChangeBlock():
        prim = Sdf.CreatePrimInLayer(layer, prim_path)
        applied = Sdf.TokenListOp.Create(prependedItems=[f"CollectionAPI:{name}"])
        prim.SetInfo("apiSchemas", applied)
        rule = Sdf.AttributeSpec(
            prim,
            f"{_NAMESPACE}{name}:{_EXPANSION_RULE}",
            Sdf.ValueTypeNames.Token,
            Sdf.VariabilityUniform,
        )
        rule.default = "explicitOnly"
        includes = Sdf.RelationshipSpec(prim, f"{_NAMESPACE}{name}:{_INCLUDES}", custom=False)
        targets = includes.targetPathList
        targets.explicitItems = [
            Sdf.Path(path) for path in paths if Sdf.Path.IsValidPathString(path)
        ]
    return layer


def _parsed(collection: str) -> tuple[Any, str]:
    """The path of the prim that has the collection, and the collection's name."""
    from pxr import Sdf, Usd

    check_text(collection, "the path of the collection")
    if Sdf.Path.IsValidPathString(collection):
        path = Sdf.Path(collection)
        is_whole = path.IsAbsolutePath() and not path.ContainsPrimVariantSelection()
        if is_whole and Usd.CollectionAPI.IsCollectionAPIPath(path):
            return path.GetPrimPath(), path.name.removeprefix(_NAMESPACE)
    raise CollectionError(
        f"'{collection}' is no path of a collection, such as /World.collection:hot"
    )
