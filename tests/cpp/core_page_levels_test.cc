// Definition and repetition levels of pages that fuzzing has shown.

#include <arrow/buffer.h>
#include <gtest/gtest.h>
#include <parquet/schema.h>

#include <string>

#include "core/pages/page_levels.h"

namespace usdparquet {
namespace {

/// A page of version 1 without values: its header, and two lengths that are 0.
std::string PageOfNothing() {
  const std::string counts = {0x15, 0, 0x15, 0, 0x15, 6, 0x15, 6, 0};
  const std::string header = std::string{0x15, 0, 0x15, 16, 0x15, 16, 0x2c} + counts + '\0';
  return header + std::string(8, '\0');
}

// The address of the first of no levels was taken.
TEST(PageLevels, PageOfListsWithoutValuesHasNoRows) {
  namespace schema = parquet::schema;
  parquet::SchemaDescriptor lists;
  lists.Init(schema::GroupNode::Make(
      "schema", parquet::Repetition::REQUIRED,
      {schema::PrimitiveNode::Make("x", parquet::Repetition::REPEATED, parquet::Type::INT32)}));
  const auto counted = CountRows(arrow::Buffer::FromString(PageOfNothing()), *lists.Column(0),
                                 arrow::Compression::UNCOMPRESSED, false);
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(counted->rows, 0);
  EXPECT_TRUE(counted->begins_with_row);
}

}  // namespace
}  // namespace usdparquet
