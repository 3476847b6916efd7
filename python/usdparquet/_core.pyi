import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

_FileName: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]

def version() -> str: ...
def cache_stats() -> dict[str, int]: ...
def set_cache_budget(bytes: int) -> None: ...
def describe(file: _FileName, path_column: str = "", time_column: str = "") -> dict[str, Any]: ...
def storage(file: _FileName) -> dict[str, Any]: ...
def property_name(column: str) -> str: ...
def check_values(file: _FileName, path_column: str = "", time_column: str = "") -> list[str]: ...
def check_texts(file: _FileName) -> list[str]: ...
def check_names(schema: object) -> None: ...
def bad_text(array: object) -> int | None: ...
def bad_text_message(column: str, row: int, advice: str = "") -> str: ...
def check_schema_entry(text: bytes) -> None: ...
def check_sections(file: _FileName) -> dict[str, str]: ...

class RowGroups:
    def schema(self) -> object: ...
    def key_values(self) -> dict[bytes, bytes]: ...
    def first_rows(self) -> list[int]: ...
    def read(self, row_group: int, columns: Sequence[int]) -> object: ...

def open_row_groups(file: _FileName) -> RowGroups: ...
def read_rows(
    file: _FileName,
    *,
    path_column: str = "",
    time_column: str = "",
    columns: Sequence[str] | None = None,
    paths: Sequence[str] | None = None,
    under: str | None = None,
    has_paths: bool = True,
) -> dict[str, Any]: ...
def optimize(
    input: _FileName,
    output: _FileName,
    path_column: str = "path",
    compression: str = "zstd",
    level: int | None = None,
    rows_per_page: int = ...,
    rows_per_group: int = ...,
    has_index: bool = True,
    time_column: str = "",
    order: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]: ...
def write_table(
    stream: object,
    file: _FileName,
    *,
    path_column: str = "path",
    compression: str = "zstd",
    level: int | None = None,
    rows_per_page: int | None = None,
    rows_per_group: int | None = None,
    time_column: str = "",
    order: str | None = None,
    types: Mapping[str, str] = ...,
    schema_json: str = "",
    metadata: Mapping[str, str] = ...,
    is_strict: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]: ...
def recover(
    input: _FileName,
    output: _FileName,
    *,
    path_column: str = "",
    compression: str = "zstd",
    keep_pathless: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]: ...
