#pragma once

/// \file
/// Conversions of stored values that are more than a copy: decimals, dates and times.

#include <cstdint>

#include "core/util/export.h"

namespace usdparquet {

/// Big enough for every text that the Format functions write.
constexpr int kMaxTimeText = 40;

/// Writes a day, counted from 1970-01-01 in the proleptic Gregorian calendar, as
/// `YYYY-MM-DD`. Returns the length, or 0 if the year is not within 0000 to 9999,
/// which is what ISO 8601 has without further agreement.
USDPARQUET_API int FormatDate(int64_t days, char* out);

/// Writes ticks of 10^-digits seconds since midnight as `HH:MM:SS`, with a fraction of `digits`
/// (0, 3, 6 or 9) digits if it is not zero. Returns 0 beyond one day.
USDPARQUET_API int FormatTime(int64_t ticks, int digits, char* out);

/// Writes ticks since 1970-01-01T00:00 as `YYYY-MM-DDTHH:MM:SS[.fraction][Z]`.
USDPARQUET_API int FormatTimestamp(int64_t ticks, int digits, bool is_utc, char* out);

/// The double nearest to a big-endian two's complement integer times 10^-scale, as Parquet
/// stores decimals (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#decimal).
/// REQUIRES: 1 <= size <= 32.
USDPARQUET_API double DecimalToDouble(const uint8_t* bytes, int32_t size, int scale);

/// The same for an integer.
USDPARQUET_API double DecimalToDouble(int64_t unscaled, int scale);

}  // namespace usdparquet
