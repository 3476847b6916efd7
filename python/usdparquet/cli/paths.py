"""What query does with the paths of prims: it prints them, or makes a collection of them."""

from __future__ import annotations

from pathlib import Path

from usdparquet.cli.console import STDOUT, counted, say
from usdparquet.cli.rows import opened_output
from usdparquet.tables.errors import OptionsError
from usdparquet.tables.query import Query, chosen_paths
from usdparquet.tables.table_file import TableFile

_LAYERS = (".usda", ".usdc", ".usd", ".parquet")


def put_paths(table: TableFile, query: Query, output: Path | None, collection: str | None) -> None:
    """Write the paths that a query chooses: as lines, or as a layer with a collection of them."""
    if collection is not None:
        _write_collection(table, query, output, collection)
        return
    with opened_output(output) as sink:
        for portion in chosen_paths(table, query):
            sink.write("".join(f"{path}\n" for path in portion).encode())


def _write_collection(table: TableFile, query: Query, output: Path | None, collection: str) -> None:
    from usdparquet.tables.collection import collection_layer
    from usdparquet.tables.layers import export_layer, replaced_layer

    if output is None:
        raise OptionsError("--collection is written to a layer: name it with -o")
    if output != STDOUT and output.suffix.lower() not in _LAYERS:
        raise OptionsError(
            f"{output}: a collection is written to a layer: the suffix is none of "
            f"{', '.join(_LAYERS)}"
        )
    paths = [path for portion in chosen_paths(table, query) for path in portion]
    layer = collection_layer(collection, paths)
    if output == STDOUT:
        with opened_output(output) as sink:
            sink.write(layer.ExportToString().encode())
        return
    with replaced_layer(output) as file:
        export_layer(layer, file)
    say(f"{output}: {collection} has {counted(len(paths), 'prim')}")
