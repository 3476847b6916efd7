#include "value_convert.h"

#include <arrow/util/decimal.h>

#include <chrono>
#include <cstdio>

namespace usdparquet {
namespace {

constexpr int64_t kSecondsPerDay = 86400;

int64_t TicksPerSecond(int digits) {
  return digits == 0 ? 1 : digits == 3 ? 1'000 : digits == 6 ? 1'000'000 : 1'000'000'000;
}

/// Division that rounds down, also below zero.
int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

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
  if (size <= 16) {
    return arrow::Decimal128::FromBigEndian(bytes, size).ValueOrDie().ToDouble(scale);
  }
  return arrow::Decimal256::FromBigEndian(bytes, size).ValueOrDie().ToDouble(scale);
}

double DecimalToDouble(int64_t unscaled, int scale) {
  return arrow::Decimal128(unscaled).ToDouble(scale);
}

}  // namespace usdparquet
