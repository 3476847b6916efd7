from collections.abc import Callable
from typing import Any

def version() -> str: ...
def cache_stats() -> dict[str, int]: ...
def set_cache_budget(bytes: int) -> None: ...
def describe(file: str, path_column: str = "path") -> dict[str, Any]: ...
def optimize(
    input: str,
    output: str,
    path_column: str = "path",
    compression: str = "zstd",
    level: int | None = None,
    rows_per_page: int = ...,
    rows_per_group: int = ...,
    has_index: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]: ...
