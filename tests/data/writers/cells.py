"""The cells that every writer is given. Runs under each Python that a writer needs, from 3.6 on."""

import datetime
import decimal

ROWS = 60
PATHS = ["/World/Zone_%d/Part_%d" % (i % 4, i) for i in range(ROWS)]


def thinned(cells, step):
    """Every `step`-th cell is null, and a run of them in the middle."""
    return [None if i % step == 1 or 20 <= i < 24 else cell for i, cell in enumerate(cells)]


def moment(i):
    """A time with microseconds, before and after 1970."""
    return datetime.datetime(1969, 12, 31, 23, 59, 50) + datetime.timedelta(
        days=i * 397 % 900 - 200, seconds=i * 7919, microseconds=i * 13577
    )


FLAGS = thinned([i % 3 == 0 for i in range(ROWS)], 7)
SMALL = thinned([i * 37 % 100 - 50 for i in range(ROWS)], 5)
POSITIVE = thinned([i * 53 % 120 for i in range(ROWS)], 6)
LARGE = thinned([(i - 30) * 1234567890123 for i in range(ROWS)], 9)
REALS = thinned([(i - 20) * 0.375 for i in range(ROWS)], 4)
CODES = thinned(["M-%d" % (i * i % 7) for i in range(ROWS)], 8)
TEXTS = thinned(["", "\u00c4pfel", "\u6771\u4eac"] + ["note %d" % i for i in range(3, ROWS)], 10)
BYTES = thinned([bytes(bytearray([i, 255 - i, 0])) for i in range(ROWS)], 5)
DAYS = thinned([moment(i).date() for i in range(ROWS)], 6)
MOMENTS = thinned([moment(i) for i in range(ROWS)], 7)
SECONDS = thinned([moment(i).replace(microsecond=0) for i in range(ROWS)], 7)
CLOCKS = thinned([moment(i).time() for i in range(ROWS)], 5)
MONEY = thinned([decimal.Decimal(i * 1997 - 40000).scaleb(-2) for i in range(ROWS)], 6)
NUMBERS = thinned([[(i + k) * 3 for k in range(i % 4)] for i in range(ROWS)], 6)
WORDS = thinned([["w%d" % (k % 3) for k in range(i % 3)] for i in range(ROWS)], 5)
GAPS = thinned([[None if k == 1 else k * 0.5 for k in range(i % 3)] for i in range(ROWS)], 5)
PLACES = thinned([[i * 0.5, -1.0, 2.0] for i in range(ROWS)], 6)
PARTS = thinned([{"cost": i * 0.25, "name": "n%d" % (i % 5)} for i in range(ROWS)], 8)
# Without nulls: pages of such columns have no levels that tell of any.
COUNTS = [i * 11 % 40 for i in range(ROWS)]
NAMES = ["name %d" % (i % 6) for i in range(ROWS)]
