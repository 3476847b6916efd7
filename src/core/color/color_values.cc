#include "core/color/color_values.h"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <chrono>

#include "core/index/time_codes.h"

namespace usdparquet {
namespace {

int DigitsAt(std::string_view text, size_t at, size_t count) {
  int value = 0;
  for (const char digit : text.substr(at, count)) value = 10 * value + (digit - '0');
  return value;
}

}  // namespace

double SecondsOfText(std::string_view text) {
  double seconds = 0;
  if (text.size() >= 10 && text[4] == '-') {
    const std::chrono::year_month_day date{
        std::chrono::year(DigitsAt(text, 0, 4)),
        std::chrono::month(static_cast<unsigned>(DigitsAt(text, 5, 2))),
        std::chrono::day(static_cast<unsigned>(DigitsAt(text, 8, 2)))};
    seconds = 86400.0 * static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
    text.remove_prefix(std::min<size_t>(text.size(), 11));
  }
  if (text.size() < 8) return seconds;
  seconds += 3600 * DigitsAt(text, 0, 2) + 60 * DigitsAt(text, 3, 2) + DigitsAt(text, 6, 2);
  if (text.ends_with('Z')) text.remove_suffix(1);
  double unit = 0.1;
  for (size_t i = 9; i < text.size(); ++i, unit /= 10) seconds += unit * (text[i] - '0');
  return seconds;
}

std::optional<double> ParseMoment(Conversion conversion, std::string_view text) {
  if (conversion != Conversion::kTime) {
    const std::optional<Nanoseconds> moment = ParseTimestamp(text);
    if (!moment) return std::nullopt;
    return static_cast<double>(*moment) / static_cast<double>(kNanosecondsPerSecond);
  }
  const auto parsed = arrow::Scalar::Parse(arrow::time64(arrow::TimeUnit::NANO), text);
  if (!parsed.ok()) return std::nullopt;
  return static_cast<double>(static_cast<const arrow::Time64Scalar&>(**parsed).value) /
         static_cast<double>(kNanosecondsPerSecond);
}

}  // namespace usdparquet
