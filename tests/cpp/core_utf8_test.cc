// Texts that are UTF-8 and texts that are not, in Arrow's arrays and end to end.

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/schema/text_check.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

using Cells = std::vector<std::optional<std::string>>;

template <typename Builder = arrow::StringBuilder>
std::shared_ptr<arrow::Array> Texts(const Cells& cells) {
  Builder builder;
  for (const auto& cell : cells) {
    EXPECT_TRUE((cell ? builder.Append(*cell) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::optional<int64_t> FirstBad(const std::shared_ptr<arrow::Array>& array) {
  return FindBadText(*array);
}

TEST(Utf8, IsWhatTheStandardSays) {
  for (const char* good : {"", "a", "\x7f", "ä", "€", "\xf0\x9f\x98\x80", "12345678ä12345678"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xff", "12345678\xff", "1234567\xe2\x82"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
  EXPECT_EQ(WithValidUtf8("a\xff\xc3\xa4\xc3"), "a\xef\xbf\xbdä\xef\xbf\xbd");
}

// Random bytes, of which many are parts of characters, cut anywhere.
TEST(Utf8, OfTextsEndToEndIsThatOfEach) {
  std::mt19937 random(1);
  const std::vector<std::string> parts{"a", "bcdefghi", "ä", "€", "\xc3", "\xa4", "\xf0\x9f", ""};
  int num_good = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string chars;
    std::vector<int32_t> offsets{0};
    bool are_good = true;
    const size_t count = random() % 6;
    for (size_t i = 0; i < count; ++i) {
      std::string text;
      for (size_t k = random() % 4; k > 0; --k) text += parts[random() % parts.size()];
      are_good = are_good && IsUtf8(text);
      chars += text;
      offsets.push_back(static_cast<int32_t>(chars.size()));
    }
    num_good += are_good;
    ASSERT_EQ(AreUtf8(chars.data(), offsets.data(), count), are_good) << chars;
  }
  EXPECT_GT(num_good, 1000);
}

TEST(FindBadText, LooksIntoEveryKindOfText) {
  const Cells cells{"a", std::nullopt, "\xff", "b"};
  EXPECT_EQ(FirstBad(Texts(cells)), 2);
  EXPECT_EQ(FirstBad(Texts<arrow::LargeStringBuilder>(cells)), 2);
  EXPECT_EQ(FirstBad(Texts<arrow::StringViewBuilder>(cells)), 2);
  EXPECT_EQ(FirstBad(Texts({"a", "", std::nullopt, "ä"})), std::nullopt);
  EXPECT_EQ(FirstBad(Texts({})), std::nullopt);
  EXPECT_EQ(FirstBad(Texts<arrow::BinaryBuilder>(cells)), std::nullopt);
  // A slice has rows of its own.
  EXPECT_EQ(FirstBad(Texts(cells)->Slice(1)), 1);
  EXPECT_EQ(FirstBad(Texts(cells)->Slice(3)), std::nullopt);
  // Neither half of a character is text.
  EXPECT_EQ(FirstBad(Texts({"a", "\xc3", "\xa4"})), 1);
  const arrow::ChunkedArray chunks({Texts({"a", "b"}), Texts(cells)});
  EXPECT_EQ(FindBadText(chunks), 4);
}

TEST(FindBadText, OfDictionariesCountsEntriesThatCellsHave) {
  const auto entries = Texts({"a", "\xff"});
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  arrow::Int32Builder codes;
  ASSERT_TRUE(codes.AppendValues({0, 0, 1, 0}).ok());
  const auto indices = codes.Finish().ValueOrDie();
  const auto array = arrow::DictionaryArray::FromArrays(type, indices, entries).ValueOrDie();
  EXPECT_EQ(FirstBad(array), 2);
  EXPECT_EQ(FirstBad(array->Slice(0, 2)), std::nullopt);
}

TEST(FindBadText, BelowNullsIsNoText) {
  const auto texts = Texts({"a", "\xff", "b", "\xff"});
  const auto nulls = arrow::Buffer::FromString(std::string(1, '\x0d'));  // row 1 is null
  const auto field = arrow::field("f", arrow::utf8());
  const auto array = std::make_shared<arrow::StructArray>(arrow::struct_({field}), 4,
                                                          arrow::ArrayVector{texts}, nulls);
  EXPECT_EQ(FirstBad(array), 3);
  EXPECT_EQ(FirstBad(array->Slice(0, 3)), std::nullopt);
}

TEST(FindBadText, OfListsIsTheRowOfTheList) {
  arrow::ListBuilder inner(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>());
  auto& texts = static_cast<arrow::StringBuilder&>(*inner.value_builder());
  for (const Cells& row : {Cells{"a", "b"}, Cells{}, Cells{"c", "\xff"}, Cells{"d"}}) {
    ASSERT_TRUE(inner.Append().ok());
    for (const auto& text : row) ASSERT_TRUE(texts.Append(*text).ok());
  }
  const auto array = inner.Finish().ValueOrDie();
  EXPECT_EQ(FirstBad(array), 2);
  EXPECT_EQ(FirstBad(array->Slice(1, 2)), 1);
  EXPECT_EQ(FirstBad(array->Slice(3)), std::nullopt);
}

TEST(CheckNamesAreText, LooksIntoColumns) {
  const auto child = arrow::field("b\xff", arrow::int32());
  EXPECT_TRUE(CheckNamesAreText(*arrow::schema({arrow::field("größe", arrow::utf8())})).ok());
  const auto status = CheckNamesAreText(*arrow::schema({arrow::field("a", arrow::list(child))}));
  EXPECT_EQ(status.message(), "the name of column 'a:b?' is no valid UTF-8; rename it");
}

}  // namespace
}  // namespace usdparquet
