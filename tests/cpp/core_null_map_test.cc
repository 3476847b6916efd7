// Which cells are null, without their values: chunks, blocks of rows.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "core/table/table.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

/// Whether a cell of the test's table has a value: some columns are full, some empty, all others at
/// random, with and without pages and row groups of one kind.
bool IsSet(int64_t row, int column) {
  if (column % 10 == 0) return true;
  if (column % 10 == 1) return false;
  if (column % 10 == 2) return row / 500 % 2 == 0;
  return (static_cast<uint64_t>(row * 1000 + column) * 0x9e3779b97f4a7c15u >> 40) % 25 < 3;
}

constexpr int kColumns = 150;
constexpr int64_t kRows = 3217;

std::shared_ptr<arrow::Table> SparseTable() {
  std::vector<std::string> paths;
  for (int64_t row = 0; row < kRows; ++row) paths.push_back(MixedPath(row));
  arrow::FieldVector fields{arrow::field("path", arrow::utf8())};
  arrow::ArrayVector arrays{Strings(paths)};
  for (int column = 0; column < kColumns; ++column) {
    std::vector<double> values(kRows, column);
    std::vector<bool> is_valid;
    for (int64_t row = 0; row < kRows; ++row) is_valid.push_back(IsSet(row, column));
    arrays.push_back(Doubles(values, is_valid));
    fields.push_back(arrow::field("c" + std::to_string(column), arrow::float64()));
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

std::shared_ptr<Table> Open(const std::string& path, PageCache* cache) {
  TableOptions options;
  options.cache = cache;
  return Table::Open(arrow::io::ReadableFile::Open(path).ValueOrDie(), path, options).ValueOrDie();
}

/// Checks the properties of rows `first`, `first + step`, …
void CheckRows(Table& table, int64_t first, int64_t step) {
  for (int64_t row = first; row < kRows; row += step) {
    std::vector<bool> found;
    {
      EpochGuard guard;
      const uint64_t* const bits = table.PropertiesIn(static_cast<uint32_t>(row), guard);
      ASSERT_NE(bits, nullptr);
      for (int i = 0; i < kColumns; ++i) found.push_back(bits[i / 64] >> i % 64 & 1);
    }
    for (int i = 0; i < kColumns; ++i) ASSERT_EQ(found[i], IsSet(row, i)) << row << " " << i;
    const auto column = static_cast<size_t>(row % kColumns);
    ASSERT_EQ(table.IsNull(column, static_cast<uint32_t>(row)), !found[column]);
  }
}

class NullMapLayouts : public testing::TestWithParam<int> {
 protected:
  static Layout LayoutOf(int number) {
    constexpr parquet::Compression::type kCodecs[] = {parquet::Compression::UNCOMPRESSED,
                                                      parquet::Compression::SNAPPY,
                                                      parquet::Compression::ZSTD};
    Layout layout;
    layout.rows_per_page = number % 2 ? 97 : 500;
    layout.page_version =
        number & 2 ? parquet::ParquetDataPageVersion::V2 : parquet::ParquetDataPageVersion::V1;
    layout.codec = kCodecs[number % 3];
    layout.has_page_index = number & 4;
    return layout;
  }
};

TEST_P(NullMapLayouts, EveryCellInAnyLayout) {
  const std::string path = WriteFile("nulls.parquet", *SparseTable(), LayoutOf(GetParam()));
  PageCache cache(uint64_t{64} << 20);
  const auto table = Open(path, &cache);
  const auto at_open = cache.Stats();
  CheckRows(*table, 0, 1);
  CheckRows(*table, 1, 7);
  EXPECT_GT(cache.Stats().misses, at_open.misses);
  EXPECT_FALSE(table->has_damage());
}
INSTANTIATE_TEST_SUITE_P(All, NullMapLayouts, testing::Range(0, 8));

TEST(NullMap, FourThreadsUnderASmallBudgetAgree) {
  const std::string path = WriteFile("nulls.parquet", *SparseTable());
  PageCache cache(uint64_t{200} << 10);
  const auto table = Open(path, &cache);
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < 4; ++i) {
    threads.emplace_back([&table, i] { CheckRows(*table, i, i % 2 ? 5 : 4); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(cache.Stats().evictions, 0u);
}

TEST(NullMap, WhatTheFooterTellsReadsNoPage) {
  const int64_t rows = 2500;
  const std::string path = WriteFile("mixed.parquet", *MixedTable(rows));
  PageCache cache(uint64_t{64} << 20);
  const auto table = Open(path, &cache);
  const uint64_t misses = cache.Stats().misses;
  for (size_t i = 0; i < table->columns().size(); ++i) {
    const std::string& name = table->columns()[i].column_name;
    if (name == "cost" || name == "note") continue;
    for (uint32_t row = 0; row < rows; row += 7) ASSERT_FALSE(table->IsNull(i, row)) << name;
  }
  EXPECT_EQ(cache.Stats().misses, misses);
}

}  // namespace
}  // namespace usdparquet
