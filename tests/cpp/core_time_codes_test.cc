// Times of every kind as time codes.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "core/index/time_codes.h"

namespace usdparquet {
namespace {

TEST(TimeCodes, ParsesIso8601) {
  constexpr Nanoseconds kSecond = 1'000'000'000;
  const Nanoseconds noon = Nanoseconds{1714564800} * kSecond;  // 2024-05-01T12:00Z
  EXPECT_EQ(ParseTimestamp("2024-05-01T12:00:00Z"), noon);
  EXPECT_EQ(ParseTimestamp("2024-05-01 12:00"), noon);
  EXPECT_EQ(ParseTimestamp("2024-05-01T14:00:00+02:00"), noon);
  EXPECT_EQ(ParseTimestamp("2024-05-01T12:00:00.000000001"), noon + 1);
  EXPECT_EQ(ParseTimestamp("2024-05-01"), noon - 43200 * kSecond);
  EXPECT_EQ(ParseTimestamp("0001-01-01"), Nanoseconds{-62135596800} * kSecond);
  for (const char* text : {"", "now", "2024", "2024-13-01", "2024-05-01T25:00", "12:00"}) {
    EXPECT_FALSE(ParseTimestamp(text)) << text;
  }
}

TEST(TimeCodes, AreNearestDoublesOfWholeRates) {
  TimeColumn column;
  column.info.stored_scalar = Scalar::kDouble;
  column.nanoseconds_per_tick = 1000;
  TimeScale scale;
  scale.start = column.Moment(1'000'000);
  EXPECT_EQ(scale.CodeOf(column, 1'000'000), 0);
  EXPECT_FALSE(std::signbit(scale.CodeOf(column, 1'000'000)));
  EXPECT_EQ(scale.CodeOf(column, 2'500'000), 36);
  EXPECT_EQ(scale.CodeOf(column, -1'000'000), -48);
  EXPECT_EQ(scale.CodeOf(column, 1'000'000 + 123'456'789'000'000), 123'456'789.0 * 24);
  EXPECT_TRUE(std::isfinite(scale.CodeOf(column, std::numeric_limits<int64_t>::max())));
  scale.codes_per_second = 1e9;
  EXPECT_TRUE(std::isfinite(scale.CodeOf(column, std::numeric_limits<int64_t>::max())));
}

}  // namespace
}  // namespace usdparquet
