// Rows of chosen prims as Arrow tables.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>

#include <random>

#include "core/table/read_columns.h"
#include "core/write/table_writer.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

constexpr int64_t kRows = 3000;

arrow::Result<ReadAnswer> Read(const std::string& path, const ReadRequest& request) {
  return ReadColumns(arrow::io::ReadableFile::Open(path).ValueOrDie(), "test.parquet", request);
}

/// Reads `count` random prims and compares every cell with the table that was written.
void CheckRandomRows(const std::string& path, int count) {
  std::mt19937 random(static_cast<unsigned>(count));
  std::vector<int64_t> rows;
  ReadRequest request;
  request.paths.emplace();
  for (int i = 0; i < count; ++i) {
    rows.push_back(static_cast<int64_t>(random() % kRows));
    request.paths->push_back(MixedPath(rows.back()));
  }
  const auto answer = Read(path, request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->num_missing, 0);
  const auto table = MixedTable(kRows);
  ASSERT_EQ(answer->table->ColumnNames(), table->ColumnNames());
  for (int column = 0; column < table->num_columns(); ++column) {
    for (int i = 0; i < count; ++i) {
      const auto want = table->column(column)->GetScalar(rows[i]).ValueOrDie();
      const auto got = answer->table->column(column)->GetScalar(i).ValueOrDie();
      ASSERT_TRUE(got->Equals(*want)) << table->field(column)->name() << ", row " << rows[i] << ": "
                                      << got->ToString() << " instead of " << want->ToString();
    }
  }
}

TEST(ReadColumns, AnyRowsOfAnyLayout) {
  const auto table = MixedTable(kRows);
  int number = 0;
  for (const bool has_page_index : {true, false}) {
    for (const bool has_dictionary : {true, false}) {
      const Layout layout{.rows_per_group = 700,
                          .rows_per_page = 90,
                          .has_page_index = has_page_index,
                          .has_dictionary = has_dictionary};
      const std::string path =
          WriteFile("rows_" + std::to_string(number++) + ".parquet", *table, layout);
      for (const int count : {1, 60, 2000}) CheckRandomRows(path, count);
    }
  }
  const std::string path = WriteBytes("rows_written.parquet", "");
  ASSERT_TRUE(WriteTable(*table, path, WriteOptions()).ok());
  for (const int count : {1, 60, 2000}) CheckRandomRows(path, count);
}

TEST(ReadColumns, DamageNeverCrashes) {
  const std::string path = WriteBytes("rows_damaged.parquet", "");
  WriteOptions options;
  options.rows_per_page = 100;
  ASSERT_TRUE(WriteTable(*MixedTable(kRows), path, options).ok());
  auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  const auto bytes = file->ReadAt(0, file->GetSize().ValueOrDie()).ValueOrDie()->ToString();
  std::mt19937 random(5);
  ReadRequest some, subtree;
  some.paths = {MixedPath(3), MixedPath(1700), MixedPath(2999)};
  subtree.under = "/World";
  int num_errors = 0;
  for (int round = 0; round < 100; ++round) {
    std::string damaged = bytes;
    for (int k = 0; k < 40; ++k)
      damaged[4 + random() % (damaged.size() - 4)] = static_cast<char>(random());
    const std::string victim = WriteBytes("rows_victim.parquet", damaged);
    num_errors += !Read(victim, some).ok();
    num_errors += !Read(victim, subtree).ok();
  }
  EXPECT_GT(num_errors, 50);
}

}  // namespace
}  // namespace usdparquet
