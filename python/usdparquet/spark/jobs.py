"""Runs a job of Spark for its result."""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

_PART_ERROR = re.compile(r"^usdparquet\.spark\.parts\.PartError: (.*)$", re.MULTILINE)


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
