"""The session of Spark that tests share."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from pyspark.sql import SparkSession


def java_version() -> int:
    """The version of the Java that Spark would start; 0 if there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(f"{home}/bin/java" if home else "java")
    if java is None:
        return 0
    settings = [java, "-XshowSettings:properties", "-version"]
    said = subprocess.run(settings, capture_output=True, text=True, check=False).stderr
    version = re.search(r"java\.specification\.version = (\d+)", said)
    return int(version[1]) if version else 0


def new_session(folder: Path) -> SparkSession:
    """A session with two cores, in which a task may fail twice."""
    session = (
        SparkSession.builder.master("local[2,3]")
        .appName("usdparquet tests")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "512m")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.local.dir", str(folder / "local"))
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")  # tasks are meant to fail
    return session
