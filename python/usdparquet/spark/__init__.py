"""Layers from and for Apache Spark: PySpark does the work, each task writes its part.

Spark's workers need usdparquet as well, and folders that driver and workers see under one name.
"""

from __future__ import annotations

from usdparquet._extras import require

require("pyspark", "pandas")

from .binding import bind  # noqa: E402
from .converting import ConvertReport, FailedFile, convert_layers  # noqa: E402
from .reading import read_layer  # noqa: E402
from .writing import WrittenDataset, write_layer  # noqa: E402

__all__ = [
    "ConvertReport",
    "FailedFile",
    "WrittenDataset",
    "bind",
    "convert_layers",
    "read_layer",
    "write_layer",
]
