#include "core/schema/value_convert.h"

#include <arrow/util/decimal.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <string>

namespace usdparquet {
namespace {

constexpr int64_t kSecondsPerDay = 86400;

int64_t TicksPerSecond(int digits) {
  return digits == 0 ? 1 : digits == 3 ? 1'000 : digits == 6 ? 1'000'000 : 1'000'000'000;
}

/// Division that rounds down, also below zero.
int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

/// The nearest double of `unscaled` times 10^-scale.
template <typename Decimal>
double ParseDecimal(const Decimal& unscaled, int scale) {
  const std::string text = unscaled.ToIntegerString() + "e" + std::to_string(-scale);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int FormatDate(int64_t days, char* out) {
  // The days of 0000-01-01 and 9999-12-31.
  if (days < -719528 || days > 2932896) return 0;
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(days)}}};
  return std::snprintf(out, kMaxTimeText, "%04d-%02u-%02u", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

int FormatTime(int64_t ticks, int digits, char* out) {
  const int64_t per_second = TicksPerSecond(digits);
  const int64_t seconds = ticks / per_second, fraction = ticks % per_second;
  if (ticks < 0 || seconds >= kSecondsPerDay) return 0;
  int length = std::snprintf(out, kMaxTimeText, "%02d:%02d:%02d", static_cast<int>(seconds / 3600),
                             static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  if (fraction != 0) {
    length += std::snprintf(out + length, kMaxTimeText - length, ".%0*d", digits,
                            static_cast<int>(fraction));
  }
  return length;
}

int FormatTimestamp(int64_t ticks, int digits, bool is_utc, char* out) {
  const int64_t per_day = kSecondsPerDay * TicksPerSecond(digits);
  const int64_t day = FloorDivide(ticks, per_day);
  int length = FormatDate(day, out);
  if (length == 0) return 0;
  out[length++] = 'T';
  length += FormatTime(ticks - day * per_day, digits, out + length);
  if (is_utc) out[length++] = 'Z';
  return length;
}

double DecimalToDouble(const uint8_t* bytes, int32_t size, int scale) {
  if (size <= 8) {
    // Sign-extended into an integer, for the quick way.
    uint64_t unscaled = bytes[0] & 0x80 ? ~uint64_t{0} : 0;
    for (int32_t i = 0; i < size; ++i) unscaled = unscaled << 8 | bytes[i];
    return DecimalToDouble(static_cast<int64_t>(unscaled), scale);
  }
  if (size <= 16)
    return ParseDecimal(arrow::Decimal128::FromBigEndian(bytes, size).ValueOrDie(), scale);
  return ParseDecimal(arrow::Decimal256::FromBigEndian(bytes, size).ValueOrDie(), scale);
}

double DecimalToDouble(int64_t unscaled, int scale) {
  // 10^22 is the last power of ten that a double holds exactly; the quotient of two exact numbers
  // is rounded once. (Arrow's ToDouble multiplies by 10^-scale, which is rounded already.)
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr int64_t kExact = int64_t{1} << 53;
  if (scale >= 0 && scale < static_cast<int>(std::size(kPowers)) && unscaled >= -kExact &&
      unscaled <= kExact) {
    return static_cast<double>(unscaled) / kPowers[scale];
  }
  return ParseDecimal(arrow::Decimal128(unscaled), scale);
}

}  // namespace usdparquet
