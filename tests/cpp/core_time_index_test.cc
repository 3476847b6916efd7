// The time index and its builder, and tables with a time column.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "core/index/time_index_builder.h"
#include "core/table/table.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;
using Added = TimeIndexBuilder::Added;

/// A column whose cells are time codes.
TimeColumn Numbers() {
  TimeColumn column;
  column.info.column_name = "frame";
  column.info.stored_scalar = Scalar::kDouble;
  return column;
}

RowTime At(std::optional<double> code) {
  if (!code) return {};
  return {RowTime::Kind::kSample, std::bit_cast<int64_t>(*code)};
}

/// One row: the number of its prim and its time, none for defaults.
struct Row {
  uint32_t prim;
  std::optional<double> code;
};

struct Built {
  TimeIndex index;
  TimeIndexReport report;
  std::vector<uint32_t> first_rows;
};

Built Build(const std::vector<Row>& rows) {
  TimeIndexBuilder builder(Numbers());
  std::set<uint32_t> seen;
  for (uint32_t row = 0; row < rows.size(); ++row) {
    const uint64_t hash = (rows[row].prim + 1) * 0x9e3779b97f4a7c15u;
    const Added added = builder.Add(row, {hash, rows[row].prim}, At(rows[row].code));
    EXPECT_EQ(added, seen.insert(rows[row].prim).second ? Added::kNew : Added::kKnown);
  }
  Built built;
  built.index = builder.Build(static_cast<uint32_t>(rows.size()), {}, &built.report);
  built.first_rows = builder.first_rows();
  return built;
}

/// Compares an index with a plain reference, prim by prim.
void ExpectSame(const std::vector<Row>& rows, const Built& built) {
  std::map<uint32_t, std::map<double, uint32_t>> samples;
  std::map<uint32_t, uint32_t> defaults, first_rows;
  uint32_t duplicates = 0;
  for (uint32_t row = 0; row < rows.size(); ++row) {
    const auto [prim, code] = rows[row];
    first_rows.emplace(prim, row);
    if (code) {
      duplicates += samples[prim].contains(*code);
      samples[prim][*code] = row;
    } else {
      duplicates += defaults.contains(prim);
      defaults[prim] = row;
    }
  }
  EXPECT_EQ(built.report.num_duplicates, duplicates);
  ASSERT_EQ(built.first_rows.size(), first_rows.size());
  for (const auto& [prim, first_row] : first_rows) {
    const PrimTimes times = built.index.Find(first_row);
    const auto it = defaults.find(prim);
    ASSERT_EQ(times.default_row(), it == defaults.end() ? PrimTimes::kNoRow : it->second);
    ASSERT_EQ(times.size(), samples[prim].size());
    uint32_t i = 0;
    for (const auto& [code, row] : samples[prim]) {
      ASSERT_EQ(times.codes()[i], code);
      ASSERT_EQ(times.RowOf(i), row);
      ++i;
    }
  }
}

TEST(TimeIndex, RegularTablesHaveOneScheduleWhicheverTheirOrder) {
  constexpr uint32_t kPrims = 500, kTimes = 40;
  std::vector<Row> by_path, by_time, falling;
  for (uint32_t i = 0; i < kPrims * kTimes; ++i) {
    by_path.push_back({i / kTimes, i % kTimes / 24.0});
    by_time.push_back({i % kPrims, i / kPrims / 24.0});
    falling.push_back({i % kPrims, -1.0 * (i / kPrims)});
  }
  for (const auto& rows : {by_path, by_time, falling}) {
    const Built built = Build(rows);
    ExpectSame(rows, built);
    EXPECT_EQ(built.index.num_schedules(), 1u);
    EXPECT_EQ(built.index.num_runs(), 1u);
    EXPECT_LT(built.index.MemoryUsage(), 400u);
  }
}

TEST(TimeIndex, DefaultsBeforeOrBehindKeepSchedulesTogether) {
  std::vector<Row> rows;
  for (uint32_t prim = 0; prim < 100; ++prim) {
    rows.push_back({prim, std::nullopt});
    for (int time = 0; time < 10; ++time) rows.push_back({prim, time});
  }
  const Built built = Build(rows);
  ExpectSame(rows, built);
  EXPECT_EQ(built.index.num_schedules(), 1u);
}

TEST(TimeIndex, TimesOfTheirOwnCostEightBytesARow) {
  constexpr uint32_t kPrims = 1000, kTimes = 50;
  std::mt19937 random(3);
  std::vector<Row> rows;
  for (uint32_t prim = 0; prim < kPrims; ++prim) {
    for (uint32_t time = 0; time < kTimes; ++time) {
      rows.push_back({prim, time + random() % 1000 / 1000.0});
    }
  }
  const Built built = Build(rows);
  ExpectSame(rows, built);
  EXPECT_LE(built.index.MemoryUsage(), kPrims * kTimes * 8 + kPrims * 48);
}

TEST(TimeIndex, RandomTablesAgreeWithAPlainReference) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const uint32_t prims = 1 + random() % 30, times = 1 + random() % 12;
    std::vector<Row> rows;
    for (uint32_t i = 0, count = random() % 400; i < count; ++i) {
      // Regular stretches in one order or the other, broken now and then.
      const uint32_t regular_prim = seed % 2 ? i % prims : i / times % prims;
      const uint32_t regular_time = seed % 2 ? i / prims : i % times;
      const bool is_odd = random() % (seed % 5 + 1) == 1;
      const uint32_t time = is_odd ? random() % times : regular_time;
      rows.push_back({is_odd ? static_cast<uint32_t>(random() % prims) : regular_prim,
                      time == 3 ? std::nullopt : std::optional<double>(time - 2.5)});
    }
    ExpectSame(rows, Build(rows));
  }
}

TEST(TimeIndex, CountsUpToAnyTime) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kLargest = std::numeric_limits<double>::max();
  const std::vector<std::vector<double>> lists = {
      {},
      {5},
      {0, 1},
      {-kLargest, kLargest},
      {-kLargest, -1, 0, 1, kLargest},
      {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
      {0, 1e-300, 1, 1 + 0x1p-52, 2, 1e15, 1e300},
      {-1, 0.1, 0.2, 0.30000000000000004, 5},
  };
  for (const auto& list : lists) {
    std::vector<Row> rows;
    for (const double code : list) rows.push_back({0, code});
    if (list.empty()) rows.push_back({0, std::nullopt});
    const Built built = Build(rows);
    const PrimTimes times = built.index.Find(0);
    std::vector<double> asked = {-kInfinity, kInfinity, -kLargest, kLargest, 0, -0.0, 0.5, 1e100};
    for (const double code : list) {
      asked.push_back(code);
      asked.push_back(std::nextafter(code, kInfinity));
      asked.push_back(std::nextafter(code, -kInfinity));
      asked.push_back(code + 0.5);
    }
    for (const double code : asked) {
      const auto expected = std::upper_bound(list.begin(), list.end(), code) - list.begin();
      EXPECT_EQ(times.CountUpTo(code), expected) << code;
    }
    EXPECT_EQ(times.CountUpTo(std::nan("")), 0u);
  }
}

TEST(TimeIndex, PathsThatShareAHashAreNoticed) {
  TimeIndexBuilder builder(Numbers());
  EXPECT_EQ(builder.Add(0, {7, 1}, At(1)), Added::kNew);
  EXPECT_EQ(builder.Add(1, {7, 1}, At(2)), Added::kKnown);
  EXPECT_EQ(builder.Add(2, {7, 2}, At(3)), Added::kCollision);
}

TEST(TimeIndex, ReportsTheFirstDuplicatesByRow) {
  std::vector<Row> rows;
  for (int round = 0; round < 3; ++round) {
    for (uint32_t prim = 0; prim < 10; ++prim) rows.push_back({9 - prim, 1.0});
  }
  const Built built = Build(rows);
  EXPECT_EQ(built.report.num_duplicates, 20u);
  ASSERT_EQ(built.report.duplicates.size(), TimeIndexBuilder::kMaxReported);
  for (uint32_t i = 0; i < TimeIndexBuilder::kMaxReported; ++i) {
    EXPECT_EQ(built.report.duplicates[i].earlier, i);
    EXPECT_EQ(built.report.duplicates[i].later, 10 + i);
  }
}

/// A long table of `prims` prims at `times` times, by time: frame (int32), height (double).
std::shared_ptr<arrow::Table> LongTable(int64_t prims, int64_t times) {
  std::vector<std::string> paths;
  std::vector<double> heights;
  arrow::Int32Builder frames;
  for (int64_t i = 0; i < prims * times; ++i) {
    paths.push_back("/World/Prim_" + std::to_string(i % prims));
    heights.push_back(static_cast<double>(i));
    (void)frames.Append(static_cast<int32_t>(i / prims));
  }
  return arrow::Table::Make(
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("frame", arrow::int32()),
                     arrow::field("height", arrow::float64())}),
      {Strings(paths), frames.Finish().ValueOrDie(), Doubles(heights)});
}

arrow::Result<std::shared_ptr<Table>> Open(const std::string& path, TableOptions options) {
  auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  return Table::Open(file, "test.parquet", std::move(options));
}

TEST(TimeIndex, EveryRowOfATableIsFoundWhateverTheNumberOfThreads) {
  constexpr int64_t kPrims = 700, kTimes = 30;
  const std::string path = WriteFile("long.parquet", *LongTable(kPrims, kTimes),
                                     {.rows_per_group = 4000, .rows_per_page = 300});
  for (const unsigned threads : {1u, 2u, 7u}) {
    TableOptions options;
    options.time_column = "frame";
    options.num_threads = threads;
    const auto table = Open(path, options).ValueOrDie();
    EXPECT_TRUE(table->warnings().empty());
    EXPECT_EQ(table->paths().num_row_prims(), static_cast<size_t>(kPrims));
    ASSERT_EQ(table->columns().size(), 1u);
    EXPECT_TRUE(table->IsFull(0));
    // The index takes less than ten bytes a prim, as that of a table of one row a prim does.
    EXPECT_LT(table->MemoryUsage(), 10u * kPrims + 500);
    const uint64_t world = ChildPathHash(table->paths().root_hash(), "World");
    for (int64_t prim = 0; prim < kPrims; ++prim) {
      const auto id = table->paths().Find(ChildPathHash(world, "Prim_" + std::to_string(prim)));
      ASSERT_TRUE(id);
      const PrimTimes times = table->times()->Find(table->paths().RowOf(id));
      ASSERT_EQ(times.size(), static_cast<uint32_t>(kTimes));
      for (int64_t time = 0; time < kTimes; ++time) {
        ASSERT_EQ(times.codes()[time], static_cast<double>(time));
        ASSERT_EQ(times.RowOf(static_cast<uint32_t>(time)), time * kPrims + prim);
      }
    }
  }
}

TEST(TimeIndex, RandomDamageOfATableNeverCrashes) {
  const std::string good = WriteFile("long_good.parquet", *LongTable(40, 20),
                                     {.rows_per_group = 300, .rows_per_page = 50});
  const std::string bytes = ReadBytes(good);
  std::mt19937 random(11);
  for (int round = 0; round < 150; ++round) {
    std::string damaged = bytes;
    for (unsigned i = 0, count = 1 + random() % 8; i < count; ++i) {
      damaged[4 + random() % (damaged.size() - 8)] = static_cast<char>(random());
    }
    TableOptions options;
    options.time_column = "frame";
    options.report = [](bool, const std::string&) {};
    const auto table = Open(WriteBytes("long_damaged.parquet", damaged), options);
    if (!table.ok() || !(*table)->times()) continue;
    (*table)->paths().VisitRows([&](uint32_t row) {
      const PrimTimes times = (*table)->times()->Find(row);
      for (uint32_t i = 0; i < times.size(); ++i) {
        for (size_t column = 0; column < (*table)->columns().size(); ++column) {
          (*table)->HasValue(column, times.RowOf(i));
        }
      }
    });
  }
}

}  // namespace
}  // namespace usdparquet
