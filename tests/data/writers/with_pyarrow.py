"""Files of one version of pyarrow.   with_pyarrow.py OUT

Each type that the version has and can write is a column; which ones, trying tells.
"""

import os
import sys

import cells
import pyarrow as pa
import pyarrow.parquet as pq

TYPES = [
    ("flag", cells.FLAGS, lambda: pa.bool_()),
    ("i8", cells.SMALL, lambda: pa.int8()),
    ("i16", cells.SMALL, lambda: pa.int16()),
    ("i32", cells.SMALL, lambda: pa.int32()),
    ("i64", cells.LARGE, lambda: pa.int64()),
    ("u8", cells.POSITIVE, lambda: pa.uint8()),
    ("u16", cells.POSITIVE, lambda: pa.uint16()),
    ("u32", cells.POSITIVE, lambda: pa.uint32()),
    ("u64", cells.POSITIVE, lambda: pa.uint64()),
    ("f32", cells.REALS, lambda: pa.float32()),
    ("f64", cells.REALS, lambda: pa.float64()),
    ("money", cells.MONEY, lambda: pa.decimal128(9, 2)),
    ("code", cells.CODES, lambda: pa.string()),
    ("text", cells.TEXTS, lambda: pa.string()),
    ("large", cells.TEXTS, lambda: pa.large_string()),
    ("category", cells.CODES, lambda: pa.dictionary(pa.int32(), pa.string())),
    ("blob", cells.BYTES, lambda: pa.binary()),
    ("fixed", cells.BYTES, lambda: pa.binary(3)),
    ("d32", cells.DAYS, lambda: pa.date32()),
    ("d64", cells.DAYS, lambda: pa.date64()),
    ("t32", cells.CLOCKS, lambda: pa.time32("ms")),
    ("t64", cells.CLOCKS, lambda: pa.time64("us")),
    ("ts_s", cells.SECONDS, lambda: pa.timestamp("s")),
    ("ts_ms", cells.SECONDS, lambda: pa.timestamp("ms")),
    ("ts_us", cells.MOMENTS, lambda: pa.timestamp("us")),
    ("ts_utc", cells.MOMENTS, lambda: pa.timestamp("us", tz="UTC")),
    ("numbers", cells.NUMBERS, lambda: pa.list_(pa.int64())),
    ("words", cells.WORDS, lambda: pa.list_(pa.string())),
    ("gaps", cells.GAPS, lambda: pa.list_(pa.float64())),
    ("place", cells.PLACES, lambda: pa.list_(pa.float32(), 3)),
    (
        "part",
        cells.PARTS,
        lambda: pa.struct([pa.field("cost", pa.float64()), pa.field("name", pa.string())]),
    ),
    ("count", cells.COUNTS, lambda: pa.int32()),
    ("name", cells.NAMES, lambda: pa.string()),
]
FEW = ["path", "i64", "code", "text", "numbers"]

LAYOUTS = {
    "v1_dictionary": {
        "compression": "snappy",
        "use_dictionary": True,
        "version": "1.0",
        "row_group_size": 37,
    },
    "v1_plain": {"compression": "none", "use_dictionary": False, "version": "2.0"},
    "v2_dictionary": {
        "compression": "gzip",
        "use_dictionary": True,
        "version": "2.0",
        "data_page_version": "2.0",
    },
    "few_int96": {"compression": "snappy", "use_deprecated_int96_timestamps": True},
    "few_brotli": {"compression": "brotli"},
    "few_lz4": {"compression": "lz4"},
    "few_v2_plain": {"compression": "snappy", "use_dictionary": False, "data_page_version": "2.0"},
    "few_v2_zstd": {"compression": "zstd", "data_page_version": "2.0"},
}


def table_of(columns):
    names = [name for name, _ in columns]
    return pa.Table.from_arrays([array for _, array in columns], names)


def write(table, file, layout):
    if layout.get("version") == "2.0" and int(pa.__version__.split(".")[0]) >= 6:
        layout = dict(layout, version="2.4")
    if pa.__version__ != "0.8.0":  # which has no such argument
        layout = dict(layout, data_page_size=160)
    pq.write_table(table, file, **layout)


def columns_of(layout, scratch):
    """The columns that can be written that way."""
    found = [("path", pa.array(cells.PATHS))]
    for name, values, make in TYPES:
        try:
            column = (name, pa.array(values, make()))
            write(table_of([column]), scratch, layout)
            pq.read_table(scratch)
        except (
            AttributeError,
            NotImplementedError,
            TypeError,
            ValueError,
            pa.ArrowException,
            OSError,
        ):
            print("  without", name)
        else:
            found.append(column)
    return found


def main(out):
    for name, layout in LAYOUTS.items():
        is_oldest = pa.__version__.startswith("0.8.")  # which writes LZ4 as if it were none
        if "data_page_version" in layout and (is_oldest or pa.__version__.startswith("0.15.")):
            continue
        if name == "few_lz4" and is_oldest:
            continue
        print(name)
        file = os.path.join(out, name + ".parquet")
        columns = columns_of(layout, file)
        if len(columns) == 1:  # the version does not have the layout
            if os.path.exists(file):
                os.remove(file)
            continue
        if name.startswith("few"):
            wanted = [*FEW, "ts_us", "ts_ms"] if "int96" in name else FEW
            columns = [each for each in columns if each[0] in wanted]
        write(table_of(columns), file, layout)


main(sys.argv[1])
