"""Files of one version of fastparquet.   with_fastparquet.py OUT"""

import os
import sys

import cells
import fastparquet
import numpy
import pandas


def nullable(kind):
    return lambda values: pandas.array(values, dtype=kind)


def plain(kind):
    return lambda values: numpy.array([0 if v is None else v for v in values], dtype=kind)


def text(values):
    return list(values)


def moments(values):
    return pandas.to_datetime(pandas.Series(values))


TYPES = [
    ("flag", cells.FLAGS, plain("bool")),
    ("flag_null", cells.FLAGS, nullable("boolean")),
    ("i8", cells.SMALL, plain("int8")),
    ("i16", cells.SMALL, plain("int16")),
    ("i32", cells.SMALL, plain("int32")),
    ("i64", cells.LARGE, plain("int64")),
    ("i8_null", cells.SMALL, nullable("Int8")),
    ("i32_null", cells.SMALL, nullable("Int32")),
    ("i64_null", cells.LARGE, nullable("Int64")),
    ("u8", cells.POSITIVE, plain("uint8")),
    ("u16", cells.POSITIVE, plain("uint16")),
    ("u32", cells.POSITIVE, plain("uint32")),
    ("u64", cells.POSITIVE, plain("uint64")),
    ("f32", cells.REALS, plain("float32")),
    ("f64", cells.REALS, plain("float64")),
    ("nan", cells.REALS, lambda values: numpy.array(values, dtype="float64")),
    ("code", cells.CODES, text),
    ("text", cells.TEXTS, text),
    ("category", cells.CODES, pandas.Categorical),
    ("blob", cells.BYTES, list),
    ("moment", cells.MOMENTS, moments),
    ("moment_utc", cells.MOMENTS, lambda values: moments(values).dt.tz_localize("UTC")),
    ("span", cells.SMALL, lambda values: pandas.to_timedelta(pandas.Series(values), unit="s")),
    ("numbers", cells.NUMBERS, list),  # as JSON
    ("count", cells.COUNTS, plain("int64")),
    ("name", cells.NAMES, list),
]
FEW = ("i64", "i64_null", "code", "text", "name", "moment")

LAYOUTS = {
    "none": {},
    "snappy": {"compression": "SNAPPY"},
    "gzip": {"compression": "GZIP"},
    "zstd": {"compression": "ZSTD"},
    "lz4": {"compression": "LZ4"},
    "int96": {"times": "int96"},
    "optional": {"has_nulls": True},
    "required": {"has_nulls": False},
}
ENCODINGS = {"blob": "bytes", "numbers": "json"}


def write(columns, file, layout):
    if layout.get("has_nulls") is False:  # then no text is null either
        columns = [(n, [v or "" for v in c] if m is text else c, m) for n, c, m in columns]
    frame = pandas.DataFrame({name: make(values) for name, values, make in columns})
    texts = (list, text, pandas.Categorical)
    coded = {name: ENCODINGS.get(name, "utf8") for name, _, make in columns if make in texts}
    fastparquet.write(
        file, frame, row_group_offsets=[0, 37], object_encoding=coded or "infer", **layout
    )


def main(out):
    path = ("path", cells.PATHS, list)
    for name, layout in LAYOUTS.items():
        file = os.path.join(out, name + ".parquet")
        try:
            write([path], file, layout)
        except Exception as error:
            print(name, str(error)[:90])
            continue
        columns = []
        for column in TYPES:
            if name not in ("none", "optional") and column[0] not in FEW:
                continue
            try:
                write([path, column], file, layout)
            except Exception as error:
                print("  without", column[0], str(error)[:90].replace("\n", " "))
            else:
                columns.append(column)
        write([path, *columns], file, layout)


main(sys.argv[1])
