// What fuzzing has found (fuzz/README.md), as small as it gets.

#include <arrow/api.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/api/writer.h>
#include <parquet/schema.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/pages/page_levels.h"
#include "core/table/read_columns.h"
#include "core/table/table.h"
#include "test_files.h"
#include "thrift_bytes.h"

namespace usdparquet {
namespace {

namespace schema = parquet::schema;
using parquet::LogicalType;
using parquet::Repetition;

/// A page of version 1 without values: its header, and two lengths that are 0.
std::string PageOfNothing() {
  const std::string counts = {0x15, 0, 0x15, 0, 0x15, 6, 0x15, 6, 0};
  const std::string header = std::string{0x15, 0, 0x15, 16, 0x15, 16, 0x2c} + counts + '\0';
  return header + std::string(8, '\0');
}

// The address of the first of no levels was taken.
TEST(FuzzFindings, PageOfListsWithoutValuesHasNoRows) {
  parquet::SchemaDescriptor lists;
  lists.Init(schema::GroupNode::Make(
      "schema", Repetition::REQUIRED,
      {schema::PrimitiveNode::Make("x", Repetition::REPEATED, parquet::Type::INT32)}));
  const std::string page = PageOfNothing();
  const auto counted = CountRows(usdparquet_test::Bytes(page), *lists.Column(0),
                                 arrow::Compression::UNCOMPRESSED, false);
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(counted->rows, 0);
  EXPECT_TRUE(counted->begins_with_row);
}

/// A file of three prims with a column of int8 and one of uint16, whose numbers are larger.
std::shared_ptr<arrow::Buffer> FileOfWideNumbers(bool has_dictionary) {
  const auto node = [](const char* name, parquet::Type::type type,
                       const std::shared_ptr<const LogicalType>& logical) {
    return schema::PrimitiveNode::Make(name, Repetition::REQUIRED, logical, type);
  };
  const auto root =
      schema::GroupNode::Make("schema", Repetition::REQUIRED,
                              {node("path", parquet::Type::BYTE_ARRAY, LogicalType::String()),
                               node("small", parquet::Type::INT32, LogicalType::Int(8, true)),
                               node("word", parquet::Type::INT32, LogicalType::Int(16, false))});
  parquet::WriterProperties::Builder properties;
  has_dictionary ? properties.enable_dictionary() : properties.disable_dictionary();
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = parquet::ParquetFileWriter::Open(
      sink, std::static_pointer_cast<schema::GroupNode>(root), properties.build());
  parquet::RowGroupWriter* group = writer->AppendRowGroup();
  const std::vector<parquet::ByteArray> paths{{"/A"}, {"/B"}, {"/C"}};
  const std::vector<int32_t> small{300, -129, 5}, word{70000, -1, 5};
  static_cast<parquet::ByteArrayWriter*>(group->NextColumn())
      ->WriteBatch(3, nullptr, nullptr, paths.data());
  for (const auto& values : {small, word}) {
    static_cast<parquet::Int32Writer*>(group->NextColumn())
        ->WriteBatch(3, nullptr, nullptr, values.data());
  }
  writer->Close();
  return sink->Finish().ValueOrDie();
}

// The layer had 300, and the same file written anew 44.
TEST(FuzzFindings, NumbersTooLargeForTheirTypeAreWhatArrowMakesOfThem) {
  const std::vector<int32_t> small{44, 127, 5}, word{4464, 65535, 5};
  for (const bool has_dictionary : {false, true}) {
    const auto file = std::make_shared<arrow::io::BufferReader>(FileOfWideNumbers(has_dictionary));
    const auto opened = Table::Open(file, "wide.parquet");
    ASSERT_TRUE(opened.ok()) << opened.status();
    Table& table = **opened;
    ASSERT_EQ(table.columns().size(), 2u);
    EXPECT_EQ(table.columns()[0].sdf_type, "int");
    EXPECT_EQ(table.columns()[1].sdf_type, "uint");
    const auto answer = ReadColumns(file, "wide.parquet", {});
    ASSERT_TRUE(answer.ok()) << answer.status();
    for (uint32_t row = 0; row < 3; ++row) {
      EpochGuard guard;
      EXPECT_EQ(table.Fetch(0, row, guard)->As<int32_t>()[row], small[row]);
      EXPECT_EQ(table.Fetch(1, row, guard)->As<int32_t>()[row], word[row]);
      const auto cell = [&](const char* name) {
        return answer->table->GetColumnByName(name)->GetScalar(row).ValueOrDie()->ToString();
      };
      EXPECT_EQ(cell("small"), std::to_string(small[row]));
      EXPECT_EQ(cell("word"), std::to_string(word[row]));
    }
  }
}

// Nothing was copied to no address.
TEST(FuzzFindings, ListsThatAreAllEmptyBesideNullsAreEmpty) {
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int32Builder>());
  ASSERT_TRUE(lists.AppendEmptyValue().ok() && lists.AppendNull().ok());
  ASSERT_TRUE(lists.AppendEmptyValue().ok());
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("path", arrow::utf8()),
                                        arrow::field("samples", arrow::list(arrow::int32()))}),
                         {usdparquet_test::Strings({"/A", "/B", "/C"}), *lists.Finish()});
  const std::string bytes =
      usdparquet_test::ReadBytes(usdparquet_test::WriteFile("lists.parquet", *table));
  const auto opened = Table::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)), "lists.parquet");
  ASSERT_TRUE(opened.ok()) << opened.status();
  EpochGuard guard;
  const Page* page = (*opened)->Fetch(0, 0, guard);
  EXPECT_EQ((*opened)->columns()[0].sdf_type, "int[]");
  const std::vector<bool> is_present{true, false, true};
  for (uint32_t row = 0; row < 3; ++row) {
    EXPECT_EQ(page->IsPresent(row), is_present[row]);
    EXPECT_EQ(page->offsets[row + 1], page->offsets[row]);
  }
}

}  // namespace
}  // namespace usdparquet
