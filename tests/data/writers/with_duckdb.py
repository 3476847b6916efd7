"""Files of one version of DuckDB.   with_duckdb.py OUT"""

import datetime
import os
import sys

import cells
import duckdb

TYPES = [
    ("flag", cells.FLAGS, "BOOLEAN"),
    ("i8", cells.SMALL, "TINYINT"),
    ("i16", cells.SMALL, "SMALLINT"),
    ("i32", cells.SMALL, "INTEGER"),
    ("i64", cells.LARGE, "BIGINT"),
    ("huge", cells.LARGE, "HUGEINT"),
    ("u8", cells.POSITIVE, "UTINYINT"),
    ("u16", cells.POSITIVE, "USMALLINT"),
    ("u32", cells.POSITIVE, "UINTEGER"),
    ("u64", cells.POSITIVE, "UBIGINT"),
    ("f32", cells.REALS, "FLOAT"),
    ("f64", cells.REALS, "DOUBLE"),
    ("money", cells.MONEY, "DECIMAL(9, 2)"),
    ("money4", cells.SMALL, "DECIMAL(4, 2)"),
    ("money18", cells.MONEY, "DECIMAL(18, 2)"),
    ("money38", cells.MONEY, "DECIMAL(38, 2)"),
    ("code", cells.CODES, "VARCHAR"),
    ("text", cells.TEXTS, "VARCHAR"),
    ("kind", cells.CODES, "ENUM('M-0', 'M-1', 'M-2', 'M-4')"),
    ("blob", cells.BYTES, "BLOB"),
    ("day", cells.DAYS, "DATE"),
    ("clock", cells.CLOCKS, "TIME"),
    ("moment", cells.MOMENTS, "TIMESTAMP"),
    ("moment_s", cells.SECONDS, "TIMESTAMP_S"),
    ("moment_ms", cells.SECONDS, "TIMESTAMP_MS"),
    ("moment_ns", cells.MOMENTS, "TIMESTAMP_NS"),
    ("moment_utc", cells.MOMENTS, "TIMESTAMP WITH TIME ZONE"),
    ("numbers", cells.NUMBERS, "BIGINT[]"),
    ("words", cells.WORDS, "VARCHAR[]"),
    ("gaps", cells.GAPS, "DOUBLE[]"),
    ("part", cells.PARTS, "STRUCT(cost DOUBLE, name VARCHAR)"),
    ("count", cells.COUNTS, "INTEGER"),
    ("name", cells.NAMES, "VARCHAR"),
]
FEW = ("i64", "code", "text", "name")

LAYOUTS = {
    "none": "CODEC UNCOMPRESSED",
    "snappy": "CODEC SNAPPY",
    "gzip": "CODEC GZIP",
    "zstd": "CODEC ZSTD",
    "v1": "PARQUET_VERSION V1, COMPRESSION UNCOMPRESSED, DICTIONARY_SIZE_LIMIT 1",
    "v2": "PARQUET_VERSION V2, COMPRESSION SNAPPY",
    "v2_plain": "PARQUET_VERSION V2, COMPRESSION ZSTD, DICTIONARY_SIZE_LIMIT 1",
    "lz4_raw": "COMPRESSION LZ4_RAW",
    "brotli": "COMPRESSION BROTLI",
}


def literal(value):
    """The value as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, bytes):
        return "'%s'::BLOB" % "".join("\\x%02X" % byte for byte in value)
    if isinstance(value, list):
        return "[%s]" % ", ".join(map(literal, value))
    if isinstance(value, dict):
        return "{%s}" % ", ".join("'%s': %s" % (k, literal(v)) for k, v in value.items())
    if isinstance(value, str):
        return "'%s'" % value
    if isinstance(value, datetime.datetime):
        return "'%s'::TIMESTAMP" % value
    if isinstance(value, datetime.date):
        return "'%s'::DATE" % value
    if isinstance(value, datetime.time):
        return "'%s'::TIME" % value
    return str(value)


def write(connection, columns, file, layout):
    connection.execute("DROP TABLE IF EXISTS cells")
    types = ", ".join('"%s" %s' % (name, kind) for name, _, kind in columns)
    connection.execute("CREATE TABLE cells (%s)" % types)
    rows = zip(*[values for _, values, _ in columns])
    texts = ", ".join(
        "(%s)" % ", ".join("%s::%s" % (literal(v), c[2]) for v, c in zip(row, columns))
        for row in rows
    )
    connection.execute("INSERT INTO cells VALUES " + texts)
    connection.execute("COPY cells TO '%s' (FORMAT PARQUET, %s)" % (file, layout))


def main(out):
    connection = duckdb.connect()
    path = ("path", cells.PATHS, "VARCHAR")
    is_old = getattr(duckdb, "__version__", "0") < "1"  # and takes options that it does not know
    for name, layout in LAYOUTS.items():
        if is_old != layout.startswith("CODEC"):
            continue
        file = os.path.join(out, name + ".parquet")
        columns = []
        try:
            write(connection, [path], file, layout)
        except Exception as error:
            print(name, str(error)[:90].replace("\n", " "))
            continue
        for column in TYPES:
            if name not in ("none", "v1", "v2", "v2_plain") and column[0] not in FEW:
                continue
            try:
                write(connection, [path, column], file, layout)
            except Exception as error:
                print("  without", column[0], str(error)[:60].replace("\n", " "))
            else:
                columns.append(column)
        write(connection, [path, *columns], file, layout)


main(sys.argv[1])
