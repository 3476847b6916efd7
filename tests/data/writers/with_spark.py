"""Files of one version of Spark, which writes with parquet-mr.   with_spark.py OUT"""

import glob
import os
import shutil
import sys

import cells
from pyspark.sql import SparkSession
from pyspark.sql import types as t

TYPES = [
    ("flag", cells.FLAGS, t.BooleanType()),
    ("i8", cells.SMALL, t.ByteType()),
    ("i16", cells.SMALL, t.ShortType()),
    ("i32", cells.SMALL, t.IntegerType()),
    ("i64", cells.LARGE, t.LongType()),
    ("f32", cells.REALS, t.FloatType()),
    ("f64", cells.REALS, t.DoubleType()),
    ("money", cells.MONEY, t.DecimalType(9, 2)),
    ("money18", cells.MONEY, t.DecimalType(18, 2)),
    ("money38", cells.MONEY, t.DecimalType(38, 2)),
    ("code", cells.CODES, t.StringType()),
    ("text", cells.TEXTS, t.StringType()),
    ("blob", [v and bytearray(v) for v in cells.BYTES], t.BinaryType()),
    ("day", cells.DAYS, t.DateType()),
    ("moment", cells.MOMENTS, t.TimestampType()),
    ("numbers", cells.NUMBERS, t.ArrayType(t.LongType())),
    ("words", cells.WORDS, t.ArrayType(t.StringType())),
    ("gaps", cells.GAPS, t.ArrayType(t.DoubleType())),
    (
        "part",
        [v and (v["cost"], v["name"]) for v in cells.PARTS],
        t.StructType(
            [t.StructField("cost", t.DoubleType()), t.StructField("name", t.StringType())]
        ),
    ),
    (
        "scores",
        [v and {v["name"]: 1} for v in cells.PARTS],
        t.MapType(t.StringType(), t.IntegerType()),
    ),
]
REQUIRED = [("count", cells.COUNTS, t.IntegerType()), ("name", cells.NAMES, t.StringType())]
FEW = ("i64", "code", "text", "numbers", "moment")

LAYOUTS = {
    "v1_dictionary": {},
    "v1_plain": {"parquet.enable.dictionary": "false", "compression": "none"},
    "v2_dictionary": {"parquet.writer.version": "v2", "compression": "gzip"},
    "v2_plain": {"parquet.writer.version": "v2", "parquet.enable.dictionary": "false"},
    "few_legacy": {"legacy": "true"},
    "few_micros": {"timestamps": "TIMESTAMP_MICROS"},
    "few_zstd": {"compression": "zstd"},
    "few_lz4": {"compression": "lz4"},
}


def main(out):
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    for rebase in ("int96RebaseModeInWrite", "datetimeRebaseModeInWrite"):
        builder = builder.config("spark.sql.parquet." + rebase, "CORRECTED")
    builder = builder.config("spark.sql.session.timeZone", "UTC")
    builder = builder.config("spark.sql.legacy.parquet.int96RebaseModeInWrite", "CORRECTED")
    builder = builder.config("spark.sql.legacy.parquet.datetimeRebaseModeInWrite", "CORRECTED")
    spark = builder.getOrCreate()
    path = ("path", cells.PATHS, t.StringType())
    for name, layout in LAYOUTS.items():
        columns = [path] + [c for c in TYPES if not name.startswith("few") or c[0] in FEW]
        columns = columns + REQUIRED
        names = [n for n, _, _ in REQUIRED]
        schema = t.StructType([t.StructField(n, k, n not in names) for n, _, k in columns])
        rows = list(zip(*[values for _, values, _ in columns]))
        frame = spark.createDataFrame(rows, schema).coalesce(1)
        spark.conf.set("spark.sql.parquet.writeLegacyFormat", layout.get("legacy", "false"))
        spark.conf.set("spark.sql.parquet.outputTimestampType", layout.get("timestamps", "INT96"))
        writer = frame.write.mode("overwrite").option("parquet.page.size", "200")
        writer = writer.option("parquet.page.row.count.limit", "15")
        for key, value in layout.items():
            if key.startswith("parquet."):
                writer = writer.option(key, value)
        folder = os.path.join(out, "spark")
        try:
            writer.option("compression", layout.get("compression", "snappy")).parquet(folder)
        except Exception as error:
            print(name, str(error)[:200])
            continue
        [part] = glob.glob(os.path.join(folder, "*.parquet"))
        shutil.move(part, os.path.join(out, name + ".parquet"))
    shutil.rmtree(os.path.join(out, "spark"), ignore_errors=True)
    spark.stop()


main(sys.argv[1])
