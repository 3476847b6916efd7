// Which cells are null, without their values: level bits, chunks, blocks of rows.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "core/pages/level_bits.h"
#include "core/table/table.h"
#include "core/util/bit_matrix.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

TEST(TransposeBits, TurnsEveryBit) {
  std::mt19937_64 random(7);
  uint64_t rows[64], turned[64];
  for (int i = 0; i < 64; ++i) turned[i] = rows[i] = random();
  TransposeBits(turned);
  for (int i = 0; i < 64; ++i) {
    for (int j = 0; j < 64; ++j) ASSERT_EQ(rows[i] >> j & 1, turned[j] >> i & 1) << i << " " << j;
  }
}

arrow::Result<std::vector<bool>> Bits(std::vector<uint8_t> bytes, int32_t count,
                                      bool is_version_2 = true) {
  PageHeader header;
  header.type = is_version_2 ? parquet::PageType::DATA_PAGE_V2 : parquet::PageType::DATA_PAGE;
  header.num_values = count;
  std::vector<uint64_t> words(4);
  constexpr uint32_t kBegin = 3;  // in the middle of a byte
  ARROW_RETURN_NOT_OK(DecodeLevelBits(header, bytes, words.data(), kBegin));
  std::vector<bool> bits;
  for (uint32_t i = kBegin; i < kBegin + static_cast<uint32_t>(count); ++i) {
    bits.push_back(words[i / 64] >> i % 64 & 1);
    words[i / 64] &= ~(uint64_t{1} << i % 64);
  }
  for (const uint64_t word : words) EXPECT_EQ(word, 0u);  // no bit beside them was set
  return bits;
}

TEST(LevelBits, RunsAndPackedGroups) {
  // A run of 5 ones, 8 packed bits, a run of 3 zeros.
  const auto bits = Bits({5 << 1, 1, 1 << 1 | 1, 0b10110010, 3 << 1, 0}, 16);
  ASSERT_TRUE(bits.ok()) << bits.status();
  const std::vector<bool> expected{1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0};
  EXPECT_EQ(*bits, expected);
  // The last group, and the last run, may claim more than there is.
  EXPECT_EQ(*Bits({1 << 1 | 1, 0b101}, 3), (std::vector<bool>{1, 0, 1}));
  EXPECT_EQ(*Bits({0x80, 0x7f, 1}, 2), (std::vector<bool>{1, 1}));
  EXPECT_EQ(*Bits({4, 0, 0, 0, 3 << 1, 1, 1 << 1, 0}, 4, false), (std::vector<bool>{1, 1, 1, 0}));
}

TEST(LevelBits, EveryLengthAtEveryPlace) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    // Runs of 1 to 200 equal levels, and of 1 to 25 packed groups.
    std::vector<uint8_t> bytes;
    std::vector<bool> expected;
    const auto put_header = [&](uint32_t header) {
      if (header >= 0x80) bytes.push_back(static_cast<uint8_t>(header | 0x80));
      bytes.push_back(static_cast<uint8_t>(header >= 0x80 ? header >> 7 : header));
    };
    while (expected.size() < 200) {
      const uint32_t kind = random() % 3;
      if (kind < 2) {
        const uint32_t run = random() % (round % 2 ? 10 : 200) + 1;
        put_header(run << 1);
        bytes.push_back(static_cast<uint8_t>(kind));
        expected.insert(expected.end(), run, kind == 1);
        continue;
      }
      const uint32_t groups = random() % (round % 2 ? 2 : 25) + 1;
      put_header(groups << 1 | 1);
      for (uint32_t i = 0; i < groups; ++i) {
        bytes.push_back(static_cast<uint8_t>(random()));
        for (int bit = 0; bit < 8; ++bit) expected.push_back(bytes.back() >> bit & 1);
      }
    }
    expected.resize(random() % 200 + 1);  // the last run is cut off anywhere
    const auto bits = Bits(bytes, static_cast<int32_t>(expected.size()));
    ASSERT_TRUE(bits.ok()) << bits.status();
    ASSERT_EQ(*bits, expected);
  }
}

TEST(LevelBits, DamageFails) {
  EXPECT_EQ(Bits({5 << 1, 1}, 6).status().message(), "a page has too few definition levels");
  EXPECT_EQ(Bits({2 << 1 | 1, 0xff}, 9).status().message(), "a page has too few definition levels");
  EXPECT_EQ(Bits({5 << 1}, 5).status().message(), "a page has too few definition levels");
  EXPECT_EQ(Bits({0x80}, 5).status().message(), "a page has too few definition levels");
  EXPECT_FALSE(Bits({5 << 1, 2}, 5).ok());
  EXPECT_FALSE(Bits({0xff, 0xff, 0xff, 0xff, 0xff, 1}, 5).ok());
  EXPECT_FALSE(Bits({9, 0, 0, 0, 3 << 1, 1}, 3, false).ok());
  EXPECT_FALSE(Bits({1, 0}, 3, false).ok());
}

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

class Nulls : public testing::TestWithParam<int> {
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

TEST_P(Nulls, EveryCellInAnyLayout) {
  const std::string path = WriteFile("nulls.parquet", *SparseTable(), LayoutOf(GetParam()));
  PageCache cache(uint64_t{64} << 20);
  const auto table = Open(path, &cache);
  const auto at_open = cache.Stats();
  CheckRows(*table, 0, 1);
  CheckRows(*table, 1, 7);
  EXPECT_GT(cache.Stats().misses, at_open.misses);
  EXPECT_FALSE(table->has_damage());
}
INSTANTIATE_TEST_SUITE_P(Layouts, Nulls, testing::Range(0, 8));

TEST(NullsUnderPressure, FourThreadsUnderASmallBudgetAgree) {
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

TEST(NullsOfFooter, WhatTheFooterTellsReadsNoPage) {
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
