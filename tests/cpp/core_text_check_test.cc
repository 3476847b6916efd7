// Texts in Arrow's arrays that are no UTF-8.

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/schema/text_check.h"

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

TEST(TextCheck, LooksIntoEveryKindOfText) {
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

TEST(TextCheck, EntriesOfDictionariesCountThatCellsHave) {
  const auto entries = Texts({"a", "\xff"});
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  arrow::Int32Builder codes;
  ASSERT_TRUE(codes.AppendValues({0, 0, 1, 0}).ok());
  const auto indices = codes.Finish().ValueOrDie();
  const auto array = arrow::DictionaryArray::FromArrays(type, indices, entries).ValueOrDie();
  EXPECT_EQ(FirstBad(array), 2);
  EXPECT_EQ(FirstBad(array->Slice(0, 2)), std::nullopt);
}

TEST(TextCheck, BelowNullsIsNoText) {
  const auto texts = Texts({"a", "\xff", "b", "\xff"});
  const auto nulls = arrow::Buffer::FromString(std::string(1, '\x0d'));  // row 1 is null
  const auto field = arrow::field("f", arrow::utf8());
  const auto array = std::make_shared<arrow::StructArray>(arrow::struct_({field}), 4,
                                                          arrow::ArrayVector{texts}, nulls);
  EXPECT_EQ(FirstBad(array), 3);
  EXPECT_EQ(FirstBad(array->Slice(0, 3)), std::nullopt);
}

TEST(TextCheck, InListsItIsTheRowOfTheList) {
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

TEST(TextCheck, NamesAreLookedAtWithinColumns) {
  const auto child = arrow::field("b\xff", arrow::int32());
  EXPECT_TRUE(CheckNamesAreText(*arrow::schema({arrow::field("größe", arrow::utf8())})).ok());
  const auto status = CheckNamesAreText(*arrow::schema({arrow::field("a", arrow::list(child))}));
  EXPECT_EQ(status.message(), "the name of column 'a:b?' is no valid UTF-8; rename it");
}

}  // namespace
}  // namespace usdparquet
