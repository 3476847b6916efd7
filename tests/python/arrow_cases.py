"""Every Arrow type that becomes a property: how to make cells of it, and what USD shows of them.

The expectations are derived here from the Python values alone, by the table of docs/mapping.md.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

Make = Callable[[random.Random], object]
Expect = Callable[[object], object]

UNIT_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


@dataclass(frozen=True)
class Case:
    """One Arrow column and the properties that it becomes."""

    name: str
    arrow: pa.DataType
    make: Make
    """Makes the value of a cell that is not null."""
    properties: dict[str, tuple[str, Expect]]
    """Property name -> (Sdf type name, cell value -> USD value or None for no opinion)."""


def simple(name: str, arrow: pa.DataType, make: Make, sdf: str, expect: Expect) -> Case:
    """A case whose column becomes one property of the same name."""
    return Case(name, arrow, make, {name: (sdf, expect)})


def integer(bits: int, signed: bool) -> Make:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return lambda rng: rng.choice((low, high, 0, rng.randint(low, high), rng.randint(low, high)))


def real(code: str) -> Make:
    """Finite and special values that are exact in the format `code` of `struct`."""
    specials = (0.0, -0.0, math.inf, -math.inf, math.nan)

    def make(rng: random.Random) -> float:
        if rng.random() < 0.1:
            return rng.choice(specials)
        value = rng.uniform(-1, 1) * 10 ** rng.randint(-5, 4)
        return struct.unpack(code, struct.pack(code, value))[0]

    return make


def text(rng: random.Random) -> str:
    return rng.choice(
        ("", "steel", "Größe 7", "日本語", 'say "hi"\n', "x" * 300, f"id-{rng.random()}")
    )


def word(rng: random.Random) -> str:
    return rng.choice(("concrete", "steel", "", "glass", "Holz (Eiche)"))


def decimal(precision: int, scale: int) -> Make:
    def make(rng: random.Random) -> Decimal:
        unscaled = rng.randrange(10 ** rng.randint(1, precision))
        digits = tuple(int(digit) for digit in str(unscaled))
        return Decimal((rng.randint(0, 1), digits, -scale))

    return make


def plus_zero(value: Decimal) -> float:
    """A decimal has no negative zero."""
    return float(value) + 0.0


def count_since_epoch(unit: str) -> Make:
    """Seconds of 1700 to 2240 in `unit`, with and without a fraction."""
    scale = 10 ** UNIT_DIGITS[unit]

    def make(rng: random.Random) -> int:
        fraction = rng.choice((0, rng.randrange(scale), scale // 2))
        return rng.randint(-8_500_000_000, 8_500_000_000) * scale + fraction

    return make


def count_since_midnight(unit: str) -> Make:
    scale = 10 ** UNIT_DIGITS[unit]
    return lambda rng: rng.randrange(86400) * scale + rng.choice((0, rng.randrange(scale)))


def fraction_text(fraction: int, unit: str) -> str:
    return f".{fraction:0{UNIT_DIGITS[unit]}d}" if fraction else ""


def timestamp_text(unit: str, zone: str = "") -> Expect:
    def expect(count: int) -> str:
        seconds, fraction = divmod(count, 10 ** UNIT_DIGITS[unit])
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction_text(fraction, unit) + zone

    return expect


def time_text(unit: str) -> Expect:
    def expect(count: int) -> str:
        seconds, fraction = divmod(count, 10 ** UNIT_DIGITS[unit])
        hour, rest = divmod(seconds, 3600)
        return f"{hour:02d}:{rest // 60:02d}:{rest % 60:02d}" + fraction_text(fraction, unit)

    return expect


def date_text(days: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)).strftime("%Y-%m-%d")


def repeated(make: Make, size: int) -> Make:
    return lambda rng: [make(rng) for _ in range(size)]


def some(make: Make, longest: int = 6) -> Make:
    """Lists that are often empty and once in a while longer than a page."""
    return lambda rng: [
        make(rng) for _ in range(rng.choice((0, 1, rng.randint(1, longest), rng.choice((3, 60)))))
    ]


def same(value: object) -> object:
    return value


def each(expect: Expect) -> Expect:
    return lambda values: [expect(value) for value in values]


def rows_of(width: int) -> Expect:
    """The rows of a matrix whose elements are given row by row."""
    return lambda flat: [flat[start : start + width] for start in range(0, width * width, width)]


def small(low: int, high: int) -> Make:
    return lambda rng: rng.randint(low, high)


def chance(rng: random.Random) -> bool:
    return rng.random() < 0.5


HALF, FLOAT, DOUBLE = real("<e"), real("<f"), real("<d")
REALS = (
    ("half", pa.float16(), HALF),
    ("float", pa.float32(), FLOAT),
    ("double", pa.float64(), DOUBLE),
)


def scalar_cases() -> list[Case]:
    cases = [simple("bool", pa.bool_(), chance, "bool", same)]
    for bits, sdf in ((8, "int"), (16, "int"), (32, "int"), (64, "int64")):
        arrow = getattr(pa, f"int{bits}")()
        cases.append(simple(f"int{bits}", arrow, integer(bits, True), sdf, same))
    for bits, sdf in ((8, "uchar"), (16, "uint"), (32, "uint"), (64, "uint64")):
        arrow = getattr(pa, f"uint{bits}")()
        cases.append(simple(f"uint{bits}", arrow, integer(bits, False), sdf, same))
    cases += [simple(name, arrow, make, name, same) for name, arrow, make in REALS]
    for arrow in (
        pa.decimal32(7, 2),
        pa.decimal64(15, 4),
        pa.decimal128(9, 3),
        pa.decimal128(38, 10),
        pa.decimal256(60, 20),
    ):
        name = f"decimal{arrow.bit_width}_{arrow.precision}"
        make = decimal(arrow.precision, arrow.scale)
        cases.append(simple(name, arrow, make, "double", plus_zero))
    cases += [
        simple("string", pa.string(), text, "string", same),
        simple("large_string", pa.large_string(), text, "string", same),
        simple("string_view", pa.string_view(), text, "string", same),
        simple("dictionary", pa.dictionary(pa.int32(), pa.string()), word, "string", same),
        simple("dictionary8", pa.dictionary(pa.int8(), pa.string()), word, "string", same),
    ]
    return cases


def temporal_cases() -> list[Case]:
    days = small(-100_000, 90_000)

    def milliseconds(rng: random.Random) -> int:
        return days(rng) * 86_400_000

    cases = [
        simple("date32", pa.date32(), days, "string", date_text),
        simple(
            "date64", pa.date64(), milliseconds, "string", lambda ms: date_text(ms // 86_400_000)
        ),
        simple("list_date32", pa.list_(pa.date32()), some(days), "string[]", each(date_text)),
        simple("time32_s", pa.time32("s"), count_since_midnight("s"), "string", time_text("s")),
        simple("time32_ms", pa.time32("ms"), count_since_midnight("ms"), "string", time_text("ms")),
        simple("time64_us", pa.time64("us"), count_since_midnight("us"), "string", time_text("us")),
        simple("time64_ns", pa.time64("ns"), count_since_midnight("ns"), "string", time_text("ns")),
    ]
    for unit in UNIT_DIGITS:
        for suffix, zone in (("", None), ("_utc", "UTC"), ("_tz", "Asia/Tokyo")):
            arrow = pa.timestamp(unit, tz=zone)
            expect = timestamp_text(unit, "Z" if zone else "")
            make = count_since_epoch(unit)
            cases.append(simple(f"timestamp_{unit}{suffix}", arrow, make, "string", expect))
    return cases


def tuple_cases() -> list[Case]:
    cases = []
    numbers = (*REALS, ("int", pa.int32(), integer(32, True)))
    for name, arrow, make in numbers:
        for size in (2, 3, 4):
            sized = pa.list_(arrow, size)
            cases.append(
                simple(f"{name}_x{size}", sized, repeated(make, size), f"{name}{size}", same)
            )
        for width in (3, 4):
            size = width * width
            sized = pa.list_(arrow, size)
            sdf, expect = (f"matrix{width}d", rows_of(width)) if name != "int" else ("int[]", same)
            cases.append(simple(f"{name}_x{size}", sized, repeated(make, size), sdf, expect))
    shorts = integer(16, True)
    cases += [
        simple("int16_x3", pa.list_(pa.int16(), 3), repeated(shorts, 3), "int3", same),
        simple("double_x1", pa.list_(pa.float64(), 1), repeated(DOUBLE, 1), "double[]", same),
        simple("double_x5", pa.list_(pa.float64(), 5), repeated(DOUBLE, 5), "double[]", same),
        simple("uint8_x3", pa.list_(pa.uint8(), 3), repeated(small(0, 255), 3), "uchar[]", same),
        simple("bool_x2", pa.list_(pa.bool_(), 2), repeated(chance, 2), "bool[]", same),
        simple("string_x2", pa.list_(pa.string(), 2), repeated(text, 2), "string[]", same),
    ]
    return cases


def list_cases() -> list[Case]:
    elements = (
        ("bool", pa.bool_(), chance, "bool[]"),
        ("int8", pa.int8(), integer(8, True), "int[]"),
        ("int32", pa.int32(), integer(32, True), "int[]"),
        ("int64", pa.int64(), integer(64, True), "int64[]"),
        ("uint8", pa.uint8(), integer(8, False), "uchar[]"),
        ("uint16", pa.uint16(), integer(16, False), "uint[]"),
        ("uint32", pa.uint32(), integer(32, False), "uint[]"),
        ("uint64", pa.uint64(), integer(64, False), "uint64[]"),
        ("half", pa.float16(), HALF, "half[]"),
        ("float", pa.float32(), FLOAT, "float[]"),
        ("double", pa.float64(), DOUBLE, "double[]"),
        ("string", pa.string(), text, "string[]"),
    )
    cases = [
        simple(f"list_{name}", pa.list_(arrow), some(make), sdf, same)
        for name, arrow, make, sdf in elements
    ]
    cases.append(
        simple("large_list_float", pa.large_list(pa.float32()), some(FLOAT), "float[]", same)
    )
    for name, arrow, make, size in (
        ("float", pa.float32(), FLOAT, 3),
        ("double", pa.float64(), DOUBLE, 2),
        ("half", pa.float16(), HALF, 4),
        ("int", pa.int32(), integer(32, True), 3),
    ):
        tuples = pa.list_(pa.list_(arrow, size))
        make = some(repeated(make, size))
        cases.append(simple(f"list_{name}_x{size}", tuples, make, f"{name}{size}[]", same))
    matrices = pa.list_(pa.list_(pa.float64(), 16))
    cases.append(
        simple(
            "list_double_x16",
            matrices,
            some(repeated(DOUBLE, 16), 2),
            "matrix4d[]",
            each(rows_of(4)),
        )
    )
    prices = pa.list_(pa.decimal128(9, 2))
    cases.append(simple("list_decimal", prices, some(decimal(9, 2)), "double[]", each(plus_zero)))
    return cases


def field(*names: str) -> Expect:
    """A field of a struct, None if it or a struct around it is null."""

    def expect(value: dict | None) -> object:
        for name in names:
            value = value[name] if value is not None else None
        return value

    return expect


def struct_cases() -> list[Case]:
    def maybe(make: Make) -> Make:
        return lambda rng: None if rng.random() < 0.3 else make(rng)

    inner = pa.struct([("grade", pa.string()), ("limits", pa.list_(pa.float64(), 2))])
    arrow = pa.struct(
        [
            ("cost", pa.float64()),
            ("count", pa.int32()),
            ("point", pa.list_(pa.float32(), 3)),
            ("tags", pa.list_(pa.string())),
            ("inner", inner),
        ]
    )
    makers = {
        "cost": maybe(DOUBLE),
        "count": maybe(small(-9, 9)),
        "point": maybe(repeated(FLOAT, 3)),
        "tags": maybe(some(text)),
    }
    inner_makers = {"grade": maybe(word), "limits": maybe(repeated(DOUBLE, 2))}

    def make_inner(rng: random.Random) -> dict:
        return {name: make(rng) for name, make in inner_makers.items()}

    def make(rng: random.Random) -> dict:
        value = {name: maker(rng) for name, maker in makers.items()}
        return value | {"inner": maybe(make_inner)(rng)}

    properties = {
        "struct:cost": ("double", field("cost")),
        "struct:count": ("int", field("count")),
        "struct:point": ("float3", field("point")),
        "struct:tags": ("string[]", field("tags")),
        "struct:inner:grade": ("string", field("inner", "grade")),
        "struct:inner:limits": ("double2", field("inner", "limits")),
    }
    return [Case("struct", arrow, make, properties)]


CASES = [
    *scalar_cases(),
    *temporal_cases(),
    *tuple_cases(),
    *list_cases(),
    *struct_cases(),
]


def cells(case: Case, rows: int, null_from: int) -> list[object]:
    """`rows` cells of `case`: nulls here and there, and a run of them from `null_from` on."""
    rng = random.Random(case.name)
    made = []
    for row in range(rows):
        is_null = null_from <= row < null_from + 200 or rng.random() < 0.2
        made.append(None if is_null else case.make(rng))
    return made
