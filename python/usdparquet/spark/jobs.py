"""Jobs of Spark: rows through a function, and the result of a job."""

from __future__ import annotations

import re
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, Row, SparkSession
    from pyspark.sql.types import StructType

Batches = Iterator["pa.RecordBatch"]

_PART_ERROR = re.compile(r"^usdparquet\.spark\.parts\.PartError: (.*)$", re.MULTILINE)


def mapped(
    frame: DataFrame, function: Callable[[Batches], Batches], schema: StructType | str
) -> DataFrame:
    """The rows that a function makes of those of a frame, on the executors.

    Without PySpark's warning that it is not ready for pandas 3, which has no part in this.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"PySpark does not yet fully support", FutureWarning)
        return frame.mapInArrow(function, schema)


def collected(session: SparkSession, job: DataFrame) -> list[Row]:
    """The rows of a job, of each task those of one attempt.

    If the driver is interrupted, the job is ended. OSError for a `PartError` of its tasks; other
    errors of Spark are raised as they are.
    """
    tag = f"usdparquet-{uuid.uuid4().hex}"
    session.addTag(tag)
    try:
        return job.collect()
    except PySparkException as error:
        found = _PART_ERROR.findall(str(error))
        if found:
            raise OSError(found[-1]) from error
        raise
    except BaseException:
        with suppress(Exception):  # what interrupted the driver is what counts
            session.interruptTag(tag)
        raise
    finally:
        session.removeTag(tag)
