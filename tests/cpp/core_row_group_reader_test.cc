// Tables that are read by row group, for readers that want no layer.

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <string>
#include <utility>

#include "core/table/row_group_reader.h"
#include "core/util/open_file.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

constexpr int64_t kRows = 1000;

std::string Written(const std::string& name) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(parquet::arrow::WriteTable(
                  *MixedTable(kRows), arrow::default_memory_pool(), sink, 400,
                  parquet::WriterProperties::Builder().enable_page_checksum()->build())
                  .ok());
  return WriteBytes(name, sink->Finish().ValueOrDie()->ToString());
}

std::unique_ptr<RowGroupReader> Opened(const std::string& path) {
  return RowGroupReader::Open(OpenFile(path).ValueOrDie(), path).ValueOrDie();
}

TEST(RowGroupReader, ColumnsInTheOrderAsked) {
  const auto reader = Opened(Written("row_groups.parquet"));
  EXPECT_EQ(reader->group_first_rows(), (std::vector<uint32_t>{0, 400, 800, 1000}));
  const auto all = MixedTable(kRows);
  ASSERT_EQ(reader->schema()->field_names(), all->schema()->field_names());
  for (int group = 0; group < 3; ++group) {
    const auto read = reader->Read(group, {2, 0}).ValueOrDie();
    const int64_t first = group * 400;
    const int64_t rows = group < 2 ? 400 : 200;
    ASSERT_EQ(read->num_rows(), rows);
    ASSERT_EQ(read->num_columns(), 2);
    EXPECT_TRUE(read->column(0)->Equals(all->column(2)->Slice(first, rows)));
    EXPECT_TRUE(read->column(1)->Equals(all->column(0)->Slice(first, rows)));
  }
  EXPECT_EQ(reader->Read(2, {}).ValueOrDie()->num_rows(), 200);
}

TEST(RowGroupReader, ErrorsNameTheFileAndThePlace) {
  const std::string path = Written("row_groups_bad.parquet");
  const auto reader = Opened(path);
  for (const auto& [group, column] : {std::pair(3, 0), std::pair(-1, 0), std::pair(0, 99)}) {
    const arrow::Status status = reader->Read(group, {column}).status();
    EXPECT_TRUE(status.IsInvalid()) << status;
    EXPECT_EQ(status.message().rfind(path + ": there is no ", 0), 0u) << status;
  }
  const auto chunk = reader->metadata().RowGroup(1)->ColumnChunk(0);
  std::string bytes = ReadBytes(path);
  const auto at = static_cast<size_t>(chunk->data_page_offset() + 60);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  const std::string bad = WriteBytes("row_groups_flipped.parquet", bytes);
  const auto damaged = Opened(bad);
  EXPECT_TRUE(damaged->Read(0, {0}).ok());
  const arrow::Status status = damaged->Read(1, {0}).status();
  EXPECT_TRUE(status.IsIOError()) << status;
  EXPECT_NE(status.message().find("column 'path', row group 1"), std::string::npos) << status;
}

TEST(RowGroupReader, WhatIsNoParquetFile) {
  const std::string path = WriteBytes("row_groups_text.parquet", "no table");
  const auto opened = RowGroupReader::Open(OpenFile(path).ValueOrDie(), path);
  EXPECT_EQ(opened.status().message(),
            path + ": this is not a Parquet file (it does not start with 'PAR1')");
}

}  // namespace
}  // namespace usdparquet
