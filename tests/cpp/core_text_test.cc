// Property names, identifiers, and the texts of dates and times.

#include <gtest/gtest.h>

#include <string>

#include "core/schema/property_name.h"
#include "core/schema/type_table.h"
#include "core/schema/value_convert.h"

namespace usdparquet {
namespace {

TEST(PropertyName, KeepsWhatUsdAllows) {
  EXPECT_EQ(MakePropertyName("cost", {}), "cost");
  EXPECT_EQ(MakePropertyName("primvars:st", {}), "primvars:st");
  EXPECT_EQ(MakePropertyName("_x1", {}), "_x1");
}

TEST(PropertyName, ReplacesEveryOtherCharacterByOneUnderscore) {
  EXPECT_EQ(MakePropertyName("Unit cost ($)", {}), "Unit_cost____");
  EXPECT_EQ(MakePropertyName("1st", {}), "_1st");
  EXPECT_EQ(MakePropertyName("a:2", {}), "a:_2");
  EXPECT_EQ(MakePropertyName("a::b", {}), "a:_:b");
  EXPECT_EQ(MakePropertyName("", {}), "_");
  EXPECT_EQ(MakePropertyName("Größe", {}), "Gr__e");
}

TEST(PropertyName, KeepsUnicodeThatTheTestAllows) {
  const auto letters = [](std::string_view name) {
    return name.find("€") == std::string_view::npos;
  };
  EXPECT_EQ(MakePropertyName("Größe", letters), "Größe");
  EXPECT_EQ(MakePropertyName("in €", letters), "in__");
  EXPECT_TRUE(IsIdentifier("Größe", letters));
  EXPECT_FALSE(IsIdentifier("Größe", {}));
}

TEST(PropertyName, IdentifiersAreAsInUsd) {
  EXPECT_TRUE(IsIdentifier("a1_", {}));
  for (const char* name : {"", "1a", "a b", "a:b", "a-b", "a.b"})
    EXPECT_FALSE(IsIdentifier(name, {}));
}

template <typename F>
std::string Text(F&& format) {
  char text[kMaxTimeText];
  return {text, static_cast<size_t>(format(text))};
}

TEST(DateText, IsIso8601) {
  EXPECT_EQ(Text([](char* out) { return FormatDate(0, out); }), "1970-01-01");
  EXPECT_EQ(Text([](char* out) { return FormatDate(19844, out); }), "2024-05-01");
  EXPECT_EQ(Text([](char* out) { return FormatDate(-1, out); }), "1969-12-31");
  EXPECT_EQ(Text([](char* out) { return FormatDate(-719528, out); }), "0000-01-01");
  EXPECT_EQ(Text([](char* out) { return FormatDate(-719529, out); }), "");
  EXPECT_EQ(Text([](char* out) { return FormatDate(2932896, out); }), "9999-12-31");
  EXPECT_EQ(Text([](char* out) { return FormatDate(2932897, out); }), "");
}

TEST(TimestampText, ShowsAFractionOnlyIfThereIsOne) {
  const auto text = [](int64_t ticks, int digits, bool is_utc) {
    return Text([=](char* out) { return FormatTimestamp(ticks, digits, is_utc, out); });
  };
  EXPECT_EQ(text(1714566600, 0, false), "2024-05-01T12:30:00");
  EXPECT_EQ(text(1714566600'000, 3, true), "2024-05-01T12:30:00Z");
  EXPECT_EQ(text(1714566600'007, 3, false), "2024-05-01T12:30:00.007");
  EXPECT_EQ(text(1714566600'000'001, 6, true), "2024-05-01T12:30:00.000001Z");
  EXPECT_EQ(text(-1, 9, false), "1969-12-31T23:59:59.999999999");
}

TEST(TimeText, StaysWithinADay) {
  const auto text = [](int64_t ticks, int digits) {
    return Text([=](char* out) { return FormatTime(ticks, digits, out); });
  };
  EXPECT_EQ(text(0, 3), "00:00:00");
  EXPECT_EQ(text(86399'999, 3), "23:59:59.999");
  EXPECT_EQ(text(86400'000, 3), "");
  EXPECT_EQ(text(-1, 3), "");
}

TEST(Decimal, IsScaled) {
  EXPECT_EQ(DecimalToDouble(int64_t{12345}, 2), 123.45);
  EXPECT_EQ(DecimalToDouble(int64_t{-5}, 1), -0.5);
  const uint8_t minus_one[] = {0xff, 0xff, 0xff};
  EXPECT_EQ(DecimalToDouble(minus_one, 3, 0), -1);
}

TEST(TypeTable, NamesShapes) {
  EXPECT_EQ(SdfTypeName({Scalar::kFloat, 3, true}), "float3[]");
  EXPECT_EQ(SdfTypeName({Scalar::kDouble, 16, false}), "matrix4d");
  EXPECT_EQ(TupleStorage(Scalar::kFloat, 9), Scalar::kDouble);
  EXPECT_EQ(TupleStorage(Scalar::kInt64, 3), std::nullopt);
  EXPECT_EQ(TupleStorage(Scalar::kHalf, 4), Scalar::kHalf);
}

}  // namespace
}  // namespace usdparquet
