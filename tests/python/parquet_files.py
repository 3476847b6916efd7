"""Parquet files in many physical layouts, for the tests."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

# What the fixture `write` is.
Writer = Callable[..., Path]

# Each splits a table of some hundred rows into several row groups of many pages. Together they
# cover both page versions, all common codecs, dictionary and plain pages, a dictionary that
# overflows into plain pages, and files with and without page index, checksums and statistics.
LAYOUTS: dict[str, dict[str, object]] = {
    "v1_snappy_dictionary_index": {
        "data_page_version": "1.0",
        "compression": "snappy",
        "use_dictionary": True,
        "write_page_index": True,
    },
    "v2_zstd_plain_index_checksum": {
        "data_page_version": "2.0",
        "compression": "zstd",
        "use_dictionary": False,
        "write_page_index": True,
        "write_page_checksum": True,
    },
    "v1_none_plain": {
        "data_page_version": "1.0",
        "compression": "none",
        "use_dictionary": False,
        "write_page_index": False,
        "write_statistics": False,
    },
    "v1_none_plain_index": {
        "data_page_version": "1.0",
        "compression": "none",
        "use_dictionary": False,
        "write_page_index": True,
        "write_page_checksum": True,
    },
    "v2_gzip_dictionary": {
        "data_page_version": "2.0",
        "compression": "gzip",
        "use_dictionary": True,
        "write_page_index": False,
        "write_page_checksum": True,
    },
    "v2_lz4_dictionary_overflow_index": {
        "data_page_version": "2.0",
        "compression": "lz4",
        "use_dictionary": True,
        "dictionary_pagesize_limit": 64,
        "write_page_index": True,
    },
    "v1_brotli_encoded_index": {
        "data_page_version": "1.0",
        "compression": "brotli",
        "use_dictionary": False,
        "column_encoding": "by type",
        "write_page_index": True,
    },
    "v2_zstd_encoded": {
        "data_page_version": "2.0",
        "compression": "zstd",
        "use_dictionary": False,
        "column_encoding": "by type",
        "write_page_index": False,
        "write_statistics": False,
    },
}

ENCODING_BY_TYPE = {
    "INT32": "DELTA_BINARY_PACKED",
    "INT64": "DELTA_BINARY_PACKED",
    "FLOAT": "BYTE_STREAM_SPLIT",
    "DOUBLE": "BYTE_STREAM_SPLIT",
    "FIXED_LEN_BYTE_ARRAY": "BYTE_STREAM_SPLIT",
    "BYTE_ARRAY": "DELTA_BYTE_ARRAY",
    "BOOLEAN": "RLE",
}


def encoding_by_type(table: pa.Table) -> dict[str, str]:
    """An encoding other than PLAIN for each leaf column of `table`."""
    buffer = pa.BufferOutputStream()
    pq.write_table(table.slice(0, 0), buffer)
    schema = pq.ParquetFile(pa.BufferReader(buffer.getvalue())).schema
    leaves = (schema.column(index) for index in range(len(schema)))
    return {leaf.path: ENCODING_BY_TYPE[leaf.physical_type] for leaf in leaves}


def write_parquet(
    table: pa.Table,
    file: Path,
    layout: str = "v1_snappy_dictionary_index",
    *,
    rows_per_group: int = 170,
    rows_per_page: int = 23,
    **overrides: object,
) -> Path:
    """Write `table` to `file` in one of LAYOUTS; `overrides` are options of `write_table`."""
    options = {"write_batch_size": min(rows_per_page, 16), **LAYOUTS[layout], **overrides}
    if options.get("column_encoding") == "by type":
        options["column_encoding"] = encoding_by_type(table)
    pq.write_table(
        table,
        file,
        row_group_size=rows_per_group,
        max_rows_per_page=rows_per_page,
        **options,
    )
    return file


class _FixedKeys(pe.KmsClient):
    """Wraps keys by writing them down; enough to make encrypted files."""

    def __init__(self, _config: pe.KmsConnectionConfig) -> None:
        pe.KmsClient.__init__(self)

    def wrap_key(self, key_bytes: bytes, _master_key: str) -> bytes:
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key: bytes, _master_key: str) -> bytes:
        return base64.b64decode(wrapped_key)


def write_encrypted(table: pa.Table, file: Path, *, plaintext_footer: bool) -> None:
    """Write a file whose last column is encrypted, and its footer too unless that is plain."""
    configuration = pe.EncryptionConfiguration(
        footer_key="footer",
        column_keys={"column": table.column_names[-1:]},
        plaintext_footer=plaintext_footer,
    )
    properties = pe.CryptoFactory(_FixedKeys).file_encryption_properties(
        pe.KmsConnectionConfig(), configuration
    )
    pq.write_table(table, file, encryption_properties=properties)
