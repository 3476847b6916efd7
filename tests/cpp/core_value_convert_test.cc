// What stored dates, times and decimals become.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "core/schema/value_convert.h"

namespace usdparquet {
namespace {

template <typename F>
std::string Text(F&& format) {
  char text[kMaxTimeText];
  return {text, static_cast<size_t>(format(text))};
}

TEST(ValueConvert, DatesAreIso8601) {
  EXPECT_EQ(Text([](char* out) { return FormatDate(0, out); }), "1970-01-01");
  EXPECT_EQ(Text([](char* out) { return FormatDate(19844, out); }), "2024-05-01");
  EXPECT_EQ(Text([](char* out) { return FormatDate(-1, out); }), "1969-12-31");
  EXPECT_EQ(Text([](char* out) { return FormatDate(-719528, out); }), "0000-01-01");
  EXPECT_EQ(Text([](char* out) { return FormatDate(-719529, out); }), "");
  EXPECT_EQ(Text([](char* out) { return FormatDate(2932896, out); }), "9999-12-31");
  EXPECT_EQ(Text([](char* out) { return FormatDate(2932897, out); }), "");
}

TEST(ValueConvert, TimestampsShowAFractionOnlyIfThereIsOne) {
  const auto text = [](int64_t ticks, int digits, bool is_utc) {
    return Text([=](char* out) { return FormatTimestamp(ticks, digits, is_utc, out); });
  };
  EXPECT_EQ(text(1714566600, 0, false), "2024-05-01T12:30:00");
  EXPECT_EQ(text(1714566600'000, 3, true), "2024-05-01T12:30:00Z");
  EXPECT_EQ(text(1714566600'007, 3, false), "2024-05-01T12:30:00.007");
  EXPECT_EQ(text(1714566600'000'001, 6, true), "2024-05-01T12:30:00.000001Z");
  EXPECT_EQ(text(-1, 9, false), "1969-12-31T23:59:59.999999999");
}

TEST(ValueConvert, TimesStayWithinADay) {
  const auto text = [](int64_t ticks, int digits) {
    return Text([=](char* out) { return FormatTime(ticks, digits, out); });
  };
  EXPECT_EQ(text(0, 3), "00:00:00");
  EXPECT_EQ(text(86399'999, 3), "23:59:59.999");
  EXPECT_EQ(text(86400'000, 3), "");
  EXPECT_EQ(text(-1, 3), "");
}

TEST(ValueConvert, DecimalsAreScaled) {
  EXPECT_EQ(DecimalToDouble(int64_t{12345}, 2), 123.45);
  EXPECT_EQ(DecimalToDouble(int64_t{-5}, 1), -0.5);
  const uint8_t minus_one[] = {0xff, 0xff, 0xff};
  EXPECT_EQ(DecimalToDouble(minus_one, 3, 0), -1);
}

}  // namespace
}  // namespace usdparquet
