"""Files of one version of Polars.   with_polars.py OUT"""

import os
import sys

import cells
import polars

TYPES = [
    ("flag", cells.FLAGS, "Boolean"),
    ("i8", cells.SMALL, "Int8"),
    ("i16", cells.SMALL, "Int16"),
    ("i32", cells.SMALL, "Int32"),
    ("i64", cells.LARGE, "Int64"),
    ("u8", cells.POSITIVE, "UInt8"),
    ("u16", cells.POSITIVE, "UInt16"),
    ("u32", cells.POSITIVE, "UInt32"),
    ("u64", cells.POSITIVE, "UInt64"),
    ("f32", cells.REALS, "Float32"),
    ("f64", cells.REALS, "Float64"),
    ("money", cells.MONEY, "Decimal"),
    ("code", cells.CODES, "Utf8"),
    ("text", cells.TEXTS, "Utf8"),
    ("kind", cells.CODES, "Categorical"),
    ("blob", cells.BYTES, "Binary"),
    ("day", cells.DAYS, "Date"),
    ("clock", cells.CLOCKS, "Time"),
    ("moment", cells.MOMENTS, "Datetime"),
    ("span", cells.SMALL, "Duration"),
    ("numbers", cells.NUMBERS, "List"),
    ("words", cells.WORDS, "List"),
    ("gaps", cells.GAPS, "List"),
    ("part", cells.PARTS, "Struct"),
    ("count", cells.COUNTS, "Int32"),
    ("name", cells.NAMES, "Utf8"),
]
FEW = ("i64", "code", "text", "numbers", "kind")
INFERRED = ("Decimal", "Date", "Datetime", "Time", "List", "Struct", "Binary")
FULL = ("uncompressed",) if polars.__version__ > "0.9.9" else ("snappy",)
LAYOUTS = ("uncompressed", "snappy", "gzip", "zstd", "lz4", "brotli")


def series(name, values, kind):
    if kind in INFERRED:
        return polars.Series(name, values)
    if kind == "Categorical":
        return polars.Series(name, values).cast(polars.Categorical)
    if kind == "Duration":
        return polars.Series(name, values).cast(polars.Int64).cast(polars.Duration)
    return polars.Series(name, values, dtype=getattr(polars, kind))


def write(columns, file, layout):
    frame = polars.DataFrame([series(*column) for column in columns])
    if hasattr(frame, "write_parquet"):
        frame.write_parquet(file, compression=layout, statistics=True)
    else:
        frame.to_parquet(file, compression=layout)


def main(out):
    path = ("path", cells.PATHS, "Utf8")
    for name in LAYOUTS:
        file = os.path.join(out, name + ".parquet")
        try:
            write([path], file, name)
        except BaseException as error:  # old versions panic
            print(name, str(error)[:90])
            continue
        columns = []
        for column in TYPES:
            if name not in FULL and column[0] not in FEW:
                continue
            try:
                write([path, column], file, name)
                polars.read_parquet(file)
            except BaseException as error:
                print("  without", column[0], str(error)[:90].replace("\n", " "))
            else:
                columns.append(column)
        write([path, *columns], file, name)


main(sys.argv[1])
