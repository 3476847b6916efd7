// Tables: values of every row over all layouts, damage, threads.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>

#include <mutex>
#include <random>
#include <thread>

#include "core/table/table.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

/// What a table reported after the open.
struct Reports {
  std::mutex mutex;
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};

arrow::Result<std::shared_ptr<Table>> Open(const std::string& path, TableOptions options = {},
                                           Reports* reports = nullptr) {
  if (reports) {
    options.report = [reports](bool is_error, const std::string& message) {
      std::lock_guard lock(reports->mutex);
      (is_error ? reports->errors : reports->warnings).push_back(message);
    };
  }
  auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  return Table::Open(file, "test.parquet", std::move(options));
}

TableOptions With(PageCache& cache) {
  TableOptions options;
  options.cache = &cache;
  return options;
}

size_t ColumnNumber(const Table& table, const std::string& name) {
  for (size_t i = 0; i < table.columns().size(); ++i) {
    if (table.columns()[i].column_name == name) return i;
  }
  ADD_FAILURE() << "no column " << name;
  return 0;
}

/// A cell as text, "null" if there is no value.
std::string Cell(Table& table, size_t column, uint32_t row) {
  EpochGuard guard;
  const Page* page = table.Fetch(column, row, guard);
  const uint32_t i = row - page->first_row;
  if (!page->IsPresent(i)) return "null";
  const ValueType& type = table.columns()[column].type;
  const uint32_t begin = type.is_array ? page->offsets[i] : i;
  const uint32_t end = type.is_array ? page->offsets[i + 1] : i + 1;
  std::string text;
  for (uint32_t e = begin * type.tuple; e < end * type.tuple; ++e) {
    if (!text.empty()) text += " ";
    switch (type.scalar) {
      case Scalar::kBool:
        text += page->As<uint8_t>()[e] ? "true" : "false";
        break;
      case Scalar::kInt:
        text += std::to_string(page->As<int32_t>()[e]);
        break;
      case Scalar::kFloat:
        text += std::to_string(page->As<float>()[e]);
        break;
      case Scalar::kDouble:
        text += std::to_string(page->As<double>()[e]);
        break;
      case Scalar::kString:
        text += page->String(e);
        break;
      default:
        ADD_FAILURE() << "a scalar that no test file has";
    }
  }
  return text;
}

/// The same of MixedTable, computed.
std::string ExpectedCell(const std::string& column, int64_t row) {
  if (column == "cost") return MixedHasCost(row) ? std::to_string(MixedCost(row)) : "null";
  if (column == "lifespan") return std::to_string(MixedLifespan(row));
  if (column == "is_active") return MixedIsActive(row) ? "true" : "false";
  if (column == "supplier") return MixedSupplier(row);
  if (column == "note") return MixedHasNote(row) ? MixedNote(row) : "null";
  if (column == "size") {
    return std::to_string(MixedSize(row, 0)) + " " + std::to_string(MixedSize(row, 1)) + " " +
           std::to_string(MixedSize(row, 2));
  }
  std::string text;
  for (int32_t value : MixedSamples(row)) text += (text.empty() ? "" : " ") + std::to_string(value);
  return text;
}

struct LayoutCase {
  const char* name;
  Layout layout;
};

class TableLayouts : public testing::TestWithParam<LayoutCase> {};

TEST_P(TableLayouts, EveryCellIsRead) {
  constexpr int64_t kRows = 3210;
  const std::string path = WriteFile(std::string("layout_") + GetParam().name + ".parquet",
                                     *MixedTable(kRows), GetParam().layout);
  Reports reports;
  auto opened = Open(path, {}, &reports);
  ASSERT_TRUE(opened.ok()) << opened.status();
  Table& table = **opened;
  ASSERT_EQ(table.num_rows(), kRows);
  ASSERT_EQ(table.columns().size(), 7u);
  for (size_t column = 0; column < table.columns().size(); ++column) {
    const std::string& name = table.columns()[column].column_name;
    for (uint32_t row = 0; row < kRows; ++row) {
      const std::string expected = ExpectedCell(name, row);
      ASSERT_EQ(Cell(table, column, row), expected) << name << " row " << row;
      ASSERT_EQ(table.HasValue(column, row), expected != "null") << name << " row " << row;
    }
  }
  EXPECT_TRUE(table.warnings().empty());
  EXPECT_TRUE(reports.errors.empty());
  EXPECT_TRUE(reports.warnings.empty());
}

constexpr auto kV2 = parquet::ParquetDataPageVersion::V2;
constexpr auto kV1 = parquet::ParquetDataPageVersion::V1;

INSTANTIATE_TEST_SUITE_P(
    All, TableLayouts,
    testing::Values(LayoutCase{"indexed", {}}, LayoutCase{"indexed_v2", {.page_version = kV2}},
                    LayoutCase{"no_index", {.has_page_index = false}},
                    LayoutCase{"no_index_v2", {.has_page_index = false, .page_version = kV2}},
                    LayoutCase{"plain", {.has_dictionary = false}},
                    LayoutCase{
                        "plain_no_index",
                        {.has_page_index = false, .has_dictionary = false, .page_version = kV1}},
                    LayoutCase{"snappy", {.codec = parquet::Compression::SNAPPY}},
                    LayoutCase{"uncompressed", {.codec = parquet::Compression::UNCOMPRESSED}},
                    LayoutCase{"one_group", {.rows_per_group = 100000, .rows_per_page = 100000}},
                    LayoutCase{"uneven", {.rows_per_group = 777, .rows_per_page = 33}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Table, NamespaceAndChildNames) {
  auto table = Open(WriteFile("namespace.parquet", *MixedTable(1000))).ValueOrDie();
  const PathIndex& paths = table->paths();
  const uint64_t world = ChildPathHash(paths.root_hash(), "World");
  std::vector<std::string> zones;
  table->VisitChildNames(paths.Find(world),
                         [&](std::string_view name) { zones.emplace_back(name); });
  ASSERT_EQ(zones.size(), 10u);
  EXPECT_EQ(zones[3], "Zone_3");
  const uint64_t zone = ChildPathHash(world, "Zone_3");
  std::vector<std::string> prims;
  table->VisitChildNames(paths.Find(zone),
                         [&](std::string_view name) { prims.emplace_back(name); });
  ASSERT_EQ(prims.size(), 100u);
  EXPECT_EQ(prims[7], "Prim_307");
  EXPECT_EQ(paths.RowOf(paths.Find(ChildPathHash(zone, "Prim_307"))), 307u);
  EXPECT_EQ(paths.RowOf(paths.Find(zone)), PrimId::kNone);
}

TEST(Table, AColumnIsNoLongerFullOnceACellWasMetThatHasNoValue) {
  const std::vector<std::string> texts{"good", "\xff", "good"};
  const auto rows = arrow::Table::Make(
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("s", arrow::utf8())}),
      {Strings({"/a", "/b", "/c"}), Strings(texts)});
  auto table = Open(WriteFile("not_full.parquet", *rows)).ValueOrDie();
  EXPECT_TRUE(table->IsFull(0));  // as the statistics say
  {
    EpochGuard guard;
    EXPECT_FALSE(table->Fetch(0, 1, guard)->IsPresent(1));
  }
  EXPECT_FALSE(table->IsFull(0));
  EXPECT_TRUE(table->HasValue(0, 0));
  EXPECT_FALSE(table->HasValue(0, 1));
}

TEST(Table, OpenDecodesNoProperty) {
  PageCache cache(PageCache::kDefaultBudget);
  auto table = Open(WriteFile("lazy.parquet", *MixedTable(5000)), With(cache)).ValueOrDie();
  EXPECT_EQ(cache.Stats().misses, 0u);
}

TEST(Table, StatisticsAnswerForChunksWithoutNulls) {
  PageCache cache(PageCache::kDefaultBudget);
  auto table = Open(WriteFile("stats.parquet", *MixedTable(5000)), With(cache)).ValueOrDie();
  EXPECT_TRUE(table->HasValue(ColumnNumber(*table, "lifespan"), 4321));
  EXPECT_EQ(cache.Stats().misses, 0u);
  EXPECT_FALSE(table->HasValue(ColumnNumber(*table, "cost"), 3));
  EXPECT_EQ(cache.Stats().misses, 1u);
}

TEST(Table, EightThreadsUnderOneMegabyteAgreeWithOne) {
  constexpr int64_t kRows = 20000;
  const std::string path = WriteFile("threads.parquet", *MixedTable(kRows),
                                     {.rows_per_group = 5000, .rows_per_page = 500});
  PageCache cache(uint64_t{1} << 20);
  auto table = Open(path, With(cache)).ValueOrDie();
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int n = 0; n < 5000; ++n) {
        const auto row = static_cast<uint32_t>(random() % kRows);
        const size_t column = random() % table->columns().size();
        const std::string& name = table->columns()[column].column_name;
        ASSERT_EQ(Cell(*table, column, row), ExpectedCell(name, row)) << name << " row " << row;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(cache.Stats().evictions, 0u);
}

TEST(Table, ClosingGivesItsMemoryBack) {
  const std::string path = WriteFile("closing.parquet", *MixedTable(5000));
  PageCache cache(PageCache::kDefaultBudget);
  const uint64_t before = PageCache::Instance().Stats().bytes_resident;
  {
    auto table = Open(path, With(cache)).ValueOrDie();
    for (uint32_t row = 0; row < 5000; ++row) Cell(*table, row % 7, row);
    EXPECT_GT(cache.Stats().bytes_resident, 0u);
  }
  EXPECT_EQ(cache.Stats().bytes_resident, 0u);
  EXPECT_EQ(PageCache::Instance().Stats().bytes_resident, before);  // another's cache is left alone
}

TEST(Table, ColumnsCanBeChosen) {
  const std::string path = WriteFile("chosen.parquet", *MixedTable(10));
  TableOptions options;
  options.columns = {{"note", "cost"}};
  auto table = Open(path, options).ValueOrDie();
  ASSERT_EQ(table->columns().size(), 2u);
  EXPECT_EQ(table->columns()[0].column_name, "cost");  // in file order
  options.columns = {{"nope"}};
  EXPECT_NE(Open(path, options).status().message().find("'nope'"), std::string::npos);
}

void ExpectError(const std::string& path, const std::string& part) {
  const auto opened = Open(path);
  ASSERT_FALSE(opened.ok()) << path;
  EXPECT_EQ(opened.status().message().find("test.parquet: "), 0u) << opened.status().message();
  EXPECT_NE(opened.status().message().find(part), std::string::npos) << opened.status().message();
}

TEST(Table, BadFilesSayWhatIsWrong) {
  ExpectError(WriteBytes("empty.parquet", ""), "empty");
  ExpectError(WriteBytes("text.parquet", "hello, this is text"), "not a Parquet file");
  ExpectError(WriteBytes("short.parquet", "PAR1"), "truncated");
  const std::string good = ReadBytes(WriteFile("good.parquet", *MixedTable(1000)));
  ExpectError(WriteBytes("cut.parquet", good.substr(0, good.size() / 2)), "truncated");
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("x", arrow::float64())}), {Doubles({1, 2})});
  ExpectError(WriteFile("no_path.parquet", *table), "no column 'path'");
  const auto numbers = arrow::Table::Make(arrow::schema({arrow::field("path", arrow::float64())}),
                                          {Doubles({1, 2})});
  ExpectError(WriteFile("number_path.parquet", *numbers), "must hold strings");
  const auto twins = arrow::Table::Make(
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("a b", arrow::float64()),
                     arrow::field("a_b", arrow::float64())}),
      {Strings({"/a"}), Doubles({1}), Doubles({2})});
  ExpectError(WriteFile("twins.parquet", *twins), "'a b' and 'a_b'");
}

TEST(Table, ADamagedPageIsToldOnceAndReadsAsNone) {
  const std::string path =
      WriteFile("damaged.parquet", *MixedTable(3000), {.has_dictionary = false});
  std::string bytes = ReadBytes(path);
  {
    // Overwrite the middle of the chunk of `cost` in row group 1.
    auto table = Open(path).ValueOrDie();
    const auto chunk = table->metadata().RowGroup(1)->ColumnChunk(1);
    const auto middle =
        static_cast<size_t>(chunk->data_page_offset() + chunk->total_compressed_size() / 2);
    for (size_t i = 0; i < 32; ++i) bytes[middle + i] = static_cast<char>(~bytes[middle + i]);
  }
  Reports reports;
  auto table = Open(WriteBytes("damaged.parquet", bytes), {}, &reports).ValueOrDie();
  const size_t cost = ColumnNumber(*table, "cost");
  int lost = 0;
  for (uint32_t row = 0; row < 3000; ++row) {
    const std::string cell = Cell(*table, cost, row);
    if (cell != ExpectedCell("cost", row)) {
      ++lost;
      ASSERT_EQ(cell, "null") << row;
      ASSERT_GE(row, 1000u);
      ASSERT_LT(row, 2000u);
    }
  }
  EXPECT_GT(lost, 0);
  ASSERT_EQ(reports.errors.size(), 1u);
  EXPECT_EQ(reports.errors[0].find("test.parquet: column 'cost', row group 1, from row 1"), 0u)
      << reports.errors[0];
}

TEST(Table, RandomDamageNeverCrashes) {
  const std::string good = ReadBytes(WriteFile("fuzz_base.parquet", *MixedTable(500),
                                               {.rows_per_group = 200, .rows_per_page = 50}));
  std::mt19937 random(1);
  for (int n = 0; n < 300; ++n) {
    std::string bytes = good;
    const size_t flips = 1 + random() % 8;
    for (size_t i = 0; i < flips; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    Reports reports;
    const auto opened = Open(WriteBytes("fuzz.parquet", bytes), {}, &reports);
    if (!opened.ok()) continue;
    Table& table = **opened;
    for (size_t column = 0; column < table.columns().size(); ++column) {
      for (uint32_t row = 0; row < table.num_rows(); row += 7) {
        EpochGuard guard;
        table.Fetch(column, row, guard);
      }
    }
  }
}

TEST(Table, ANullInAnArrayIsToldOnce) {
  auto values = std::make_shared<arrow::Int32Builder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), values);
  ASSERT_TRUE(lists.Append().ok() && values->Append(1).ok() && values->Append(2).ok());
  ASSERT_TRUE(lists.Append().ok() && values->Append(3).ok() && values->AppendNull().ok());
  ASSERT_TRUE(lists.AppendNull().ok());
  ASSERT_TRUE(lists.Append().ok());
  ASSERT_TRUE(lists.Append().ok() && values->AppendNull().ok() && values->Append(4).ok());
  ASSERT_TRUE(lists.Append().ok() && values->Append(5).ok());
  const auto table = arrow::Table::Make(
      arrow::schema(
          {arrow::field("path", arrow::utf8()), arrow::field("list", arrow::list(arrow::int32()))}),
      {Strings({"/a", "/b", "/c", "/d", "/e", "/f"}), lists.Finish().ValueOrDie()});
  Reports reports;
  auto opened = Open(WriteFile("null_in_array.parquet", *table), {}, &reports).ValueOrDie();
  std::vector<std::string> cells;
  for (uint32_t row = 0; row < 6; ++row) cells.push_back(Cell(*opened, 0, row));
  EXPECT_EQ(cells, (std::vector<std::string>{"1 2", "null", "null", "", "null", "5"}));
  ASSERT_EQ(reports.warnings.size(), 1u);
  EXPECT_EQ(
      reports.warnings[0].find("test.parquet: column 'list', row 1: the cell has a null inside"),
      0u)
      << reports.warnings[0];
}

}  // namespace
}  // namespace usdparquet
