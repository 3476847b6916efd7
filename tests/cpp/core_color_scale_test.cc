// The colours of columns: ranges, values beyond them, texts, and what is refused.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/color/color_scale.h"
#include "status_assertions.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kMost = std::numeric_limits<double>::max();
constexpr uint32_t kNone = ColorScale::kNone;

/// A table of one column `v`, and its scale.
class Scene {
 public:
  explicit Scene(const std::shared_ptr<arrow::Array>& values) {
    std::vector<std::string> paths;
    for (int64_t row = 0; row < values->length(); ++row) {
      paths.push_back("/P" + std::to_string(row));
    }
    const auto schema =
        arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("v", values->type())});
    static int number = 0;
    const std::string file = WriteFile("colors_" + std::to_string(number++) + ".parquet",
                                       *arrow::Table::Make(schema, {Strings(paths), values}),
                                       {.rows_per_group = 100'000, .rows_per_page = 30'000});
    table_ = Table::Open(arrow::io::ReadableFile::Open(file).ValueOrDie(), file).ValueOrDie();
  }

  arrow::Status Try(const ColorRequest& request) {
    auto made = ColorScale::Make(*table_, request);
    if (made.ok()) scale_ = *made;
    return made.status();
  }
  /// The colour of each row, kNone for nulls too.
  std::vector<uint32_t> Colors(const std::string& range = {}, const std::string& ramp = {}) {
    const arrow::Status status = Try({"v", ramp, range});
    EXPECT_TRUE(status.ok()) << status;
    std::vector<uint32_t> colors;
    for (uint32_t row = 0; row < table_->num_rows(); ++row) {
      EpochGuard guard;
      const Page* const page = table_->Fetch(0, row, guard);
      const uint32_t i = row - page->first_row;
      colors.push_back(page->IsPresent(i) ? scale_->Find(*page, i) : kNone);
    }
    return colors;
  }
  std::vector<std::string> Texts(size_t count) const {
    std::vector<std::string> texts;
    for (const auto& mark : scale_->Legend(count)) texts.push_back(mark.text);
    return texts;
  }
  const ColorScale& scale() const { return *scale_; }

 private:
  std::shared_ptr<Table> table_;
  std::shared_ptr<const ColorScale> scale_;
};

std::shared_ptr<arrow::Array> Cast(const std::shared_ptr<arrow::Array>& values,
                                   const std::shared_ptr<arrow::DataType>& type) {
  arrow::ArrayVector cells;
  for (int64_t i = 0; i < values->length(); ++i) {
    const auto scalar = values->GetScalar(i).ValueOrDie()->CastTo(type).ValueOrDie();
    cells.push_back(arrow::MakeArrayFromScalar(*scalar, 1).ValueOrDie());
  }
  return arrow::Concatenate(cells).ValueOrDie();
}

using Numbers = std::vector<uint32_t>;
using Words = std::vector<std::string>;

TEST(ColorScale, NumbersLieEvenlyOnTheRamp) {
  Scene scene(Doubles({10, 12.5, 15, 17.5, 20, 0}, {true, true, true, true, true, false}));
  EXPECT_EQ(scene.Colors(), (Numbers{0, 64, 128, 192, 255, kNone}));
  EXPECT_EQ(scene.scale().range_from(), ColorScale::RangeFrom::kValues);  // the footer has no seal
  EXPECT_EQ(scene.Texts(3), (Words{"10", "15", "20"}));
  EXPECT_EQ(scene.scale().Legend(2).back().color, 0xfde725u);
}

TEST(ColorScale, WhatIsBeyondTheRangeIsAtItsEnds) {
  Scene scene(Doubles({-kInfinity, -kMost, 0, 49.9, 50, 100, kMost, kInfinity, kNaN}));
  EXPECT_EQ(scene.Colors("0, 100"), (Numbers{0, 0, 0, 127, 128, 255, 255, 255, kNone}));
  EXPECT_EQ(scene.scale().range_from(), ColorScale::RangeFrom::kRequest);
}

TEST(ColorScale, InfinitiesAreNoEndsOfARange) {
  Scene scene(Doubles({-kInfinity, 1, 2, kInfinity, kNaN}));
  EXPECT_EQ(scene.Colors(), (Numbers{0, 0, 255, 255, kNone}));
  EXPECT_EQ(scene.Texts(2), (Words{"1", "2"}));
}

TEST(ColorScale, TheWidestAndTheNarrowestRange) {
  Scene wide(Doubles({-kMost, 0, kMost, -kMost / 2}));
  EXPECT_EQ(wide.Colors(), (Numbers{0, 128, 255, 64}));
  EXPECT_EQ(wide.scale().Legend(3)[1].number, 0);
  const double least = std::numeric_limits<double>::denorm_min();
  Scene narrow(Doubles({0, least, 2 * least}));
  EXPECT_EQ(narrow.Colors(), (Numbers{0, 128, 255}));
}

TEST(ColorScale, OneValueIsInTheMiddle) {
  Scene scene(Doubles({7, 7, kInfinity, -kInfinity, kNaN}));
  EXPECT_EQ(scene.Colors(), (Numbers{128, 128, 255, 0, kNone}));
  EXPECT_EQ(scene.Texts(5), (Words{"7"}));
  EXPECT_EQ(scene.scale().Legend(5)[0].color, 0x21918cu);
}

TEST(ColorScale, NoValueIsNoRange) {
  Scene nulls(Doubles({1, 2}, {false, false}));
  EXPECT_EQ(nulls.Colors(), (Numbers{kNone, kNone}));
  EXPECT_TRUE(nulls.scale().Legend(5).empty());
  Scene infinite(Doubles({kInfinity, kNaN, -kInfinity}));
  EXPECT_EQ(infinite.Colors(), (Numbers{255, kNone, 0}));
  EXPECT_TRUE(infinite.scale().Legend(5).empty());
}

TEST(ColorScale, EveryTypeWithAnOrderHasColors) {
  const auto values = Doubles({0, 1, 3, 4});
  for (const auto& type :
       {arrow::int8(), arrow::uint8(), arrow::int16(), arrow::uint16(), arrow::int32(),
        arrow::uint32(), arrow::int64(), arrow::uint64(), arrow::float32(), arrow::float64()}) {
    Scene scene(Cast(values, type));
    EXPECT_EQ(scene.Colors(), (Numbers{0, 64, 192, 255})) << *type;
    EXPECT_EQ(scene.scale().has_all(), arrow::is_integer(type->id())) << *type;
    EXPECT_EQ(scene.Texts(3), (Words{"0", "2", "4"})) << *type;
  }
}

TEST(ColorScale, BooleansAreTheEndsOfTheRamp) {
  arrow::BooleanBuilder builder;
  ASSERT_TRUE(IsRead(builder.AppendValues(std::vector<bool>{true, true})));
  Scene scene(builder.Finish().ValueOrDie());
  EXPECT_EQ(scene.Colors(), (Numbers{255, 255}));
  EXPECT_EQ(scene.scale().range_from(), ColorScale::RangeFrom::kType);
  EXPECT_EQ(scene.Texts(5), (Words{"false", "true"}));
}

TEST(ColorScale, MomentsLieOnTheRamp) {
  arrow::Date32Builder days;
  ASSERT_TRUE(IsRead(days.AppendValues({0, 1, 4})));
  Scene dates(days.Finish().ValueOrDie());
  EXPECT_EQ(dates.Colors(), (Numbers{0, 64, 255}));
  EXPECT_EQ(dates.Texts(3), (Words{"1970-01-01", "1970-01-03", "1970-01-05"}));
  EXPECT_EQ(dates.Colors("1970-01-01,1970-01-09"), (Numbers{0, 32, 128}));

  const auto second = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::TimestampBuilder ticks(second, arrow::default_memory_pool());
  ASSERT_TRUE(IsRead(ticks.AppendValues({-1'000'000, 0, 500'000, 1'000'000})));
  Scene timestamps(ticks.Finish().ValueOrDie());
  EXPECT_EQ(timestamps.Colors(), (Numbers{0, 128, 192, 255}));
  EXPECT_EQ(timestamps.Texts(2), (Words{"1969-12-31T23:59:59Z", "1970-01-01T00:00:01Z"}));

  arrow::Time64Builder times(arrow::time64(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  ASSERT_TRUE(IsRead(
      times.AppendValues({0, int64_t{6} * 3600 * 1'000'000, int64_t{12} * 3600 * 1'000'000})));
  Scene hours(times.Finish().ValueOrDie());
  EXPECT_EQ(hours.Colors(), (Numbers{0, 128, 255}));
  EXPECT_EQ(hours.Colors("00:00,08:00"), (Numbers{0, 192, 255}));
}

TEST(ColorScale, DecimalsLieOnTheRamp) {
  // The widest there is: 76 digits.
  arrow::Decimal256Builder builder(arrow::decimal256(76, 0));
  const auto most = arrow::Decimal256::FromString(std::string(76, '9')).ValueOrDie();
  ASSERT_TRUE(IsRead(builder.Append(-most)));
  ASSERT_TRUE(IsRead(builder.Append(arrow::Decimal256(0))));
  ASSERT_TRUE(IsRead(builder.Append(most)));
  Scene scene(builder.Finish().ValueOrDie());
  EXPECT_EQ(scene.Colors(), (Numbers{0, 128, 255}));
  EXPECT_EQ(scene.Texts(2), (Words{"-1e+76", "1e+76"}));
}

TEST(ColorScale, TextsHaveAColorEachInTheirOrder) {
  Scene scene(Strings({"wood", "brick", "", "wood", "glass"}, {true, true, true, true, false}));
  EXPECT_EQ(scene.Colors(), (Numbers{2, 1, 0, 2, kNone}));
  EXPECT_EQ(scene.Texts(2), (Words{"", "brick", "wood"}));
  EXPECT_EQ(scene.scale().Legend(2)[2].color, 0x009e73u);
  // On a ramp for numbers they lie evenly.
  EXPECT_EQ(scene.Colors({}, "turbo"), (Numbers{255, 127, 0, 255, kNone}));
}

TEST(ColorScale, MoreTextsThanColorsShareThem) {
  Words names;
  for (char letter = 'a'; letter <= 'z'; ++letter) names.emplace_back(1, letter);
  Scene scene(Strings(names));
  const Numbers colors = scene.Colors();
  EXPECT_EQ(colors[20], 20u);
  EXPECT_EQ(colors[21], 0u);
}

TEST(ColorScale, TooManyTextsAreRefused) {
  Words names;
  for (int i = 0; i <= 65'536; ++i) names.push_back(std::to_string(i));
  Scene scene(Strings(names));
  EXPECT_EQ(scene.Try({"v", "", ""}).message(),
            "column 'v' has more than 65536 different texts, or 16 MiB of them, too many for "
            "colours");
  names.pop_back();
  EXPECT_TRUE(Scene(Strings(names)).Try({"v", "", ""}).ok());
}

TEST(ColorScale, RefusesWhatIsNoRange) {
  Scene scene(Doubles({1, 2}));
  const std::string numbers = "; give two finite numbers, such as 0,100";
  for (const std::string range : {"1", "1,2,3", ",", "a,b", "0,inf", "nan,1", "0,1e999", "0x1,2"}) {
    EXPECT_EQ(scene.Try({"v", "", range}).message(),
              "column 'v' can't be shown in the range '" + range + "'" + numbers);
  }
  for (const std::string range : {"5,5", "100,0"}) {
    EXPECT_EQ(scene.Try({"v", "", range}).message(),
              "column 'v' can't be shown in the range '" + range +
                  "', which is empty; give the lower value first: two finite numbers, such as "
                  "0,100");
  }
  Scene texts(Strings({"a"}));
  EXPECT_EQ(texts.Try({"v", "", "0,1"}).message(),
            "column 'v' holds texts, which the range '0,1' says nothing of");
}

TEST(ColorScale, RefusesUnknownNames) {
  Scene scene(Doubles({1}));
  EXPECT_EQ(scene.Try({"V ", "", ""}).message(),
            "there is no column 'V ' to be shown as colours; the nearest is 'v'");
  EXPECT_EQ(scene.Try({"temperature", "", ""}).message(),
            "there is no column 'temperature' to be shown as colours; the layer has 'v'");
  EXPECT_EQ(scene.Try({"path", "", ""}).message(),
            "column 'path' has no colours: it holds the prim paths");
  EXPECT_EQ(scene.Try({"v", "jet", ""}).message(),
            "column 'v' can't be shown by the ramp 'jet'; there are viridis, magma, turbo, "
            "coolwarm, categories");
  EXPECT_EQ(scene.Try({"v", "categories", ""}).message(),
            "column 'v' can't be shown by the ramp 'categories', which is for texts: it holds "
            "double");
}

}  // namespace
}  // namespace usdparquet
