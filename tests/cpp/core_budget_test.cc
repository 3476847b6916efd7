// A large table read in order under a budget that holds a fraction of it.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>
#include <parquet/page_index.h>

#include <algorithm>
#include <stdexcept>

#include "core/pages/page_cache.h"
#include "core/table/table.h"
#include "core/write/table_writer.h"
#include "test_files.h"

namespace usdparquet {
namespace {

constexpr uint32_t kPrims = 1'000'000;
constexpr size_t kColumns = 20;
constexpr uint64_t kBudget = uint64_t{4} << 20;

// The kinds of the columns, over and over: double, int, bool, string, double.
enum class Kind { kDouble, kInt, kBool, kString };
constexpr Kind KindOf(size_t column) {
  constexpr Kind kKinds[] = {Kind::kDouble, Kind::kInt, Kind::kBool, Kind::kString, Kind::kDouble};
  return kKinds[column % 5];
}
double DoubleAt(uint32_t row, size_t column) { return row * 0.5 + static_cast<double>(column); }
int32_t IntAt(uint32_t row, size_t column) { return static_cast<int32_t>(row * 7 + column); }
bool BoolAt(uint32_t row, size_t column) { return (row + column) % 3 == 0; }
std::string StringAt(uint32_t row, size_t column) {
  return "S" + std::to_string((row / 100 + column) % 50);
}

void Check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Build(Value value) {
  Builder builder;
  Check(builder.Reserve(kPrims));
  for (uint32_t row = 0; row < kPrims; ++row) Check(builder.Append(value(row)));
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> BuildColumn(size_t column) {
  switch (KindOf(column)) {
    case Kind::kDouble:
      return Build<arrow::DoubleBuilder>([=](uint32_t row) { return DoubleAt(row, column); });
    case Kind::kInt:
      return Build<arrow::Int32Builder>([=](uint32_t row) { return IntAt(row, column); });
    case Kind::kBool:
      return Build<arrow::BooleanBuilder>([=](uint32_t row) { return BoolAt(row, column); });
    case Kind::kString:
      return Build<arrow::StringBuilder>([=](uint32_t row) { return StringAt(row, column); });
  }
  return nullptr;
}

std::string WriteLargeTable() {
  arrow::ArrayVector arrays = {Build<arrow::StringBuilder>(
      [](uint32_t row) { return "/World/Prim_" + std::to_string(row); })};
  arrow::FieldVector fields = {arrow::field("path", arrow::utf8())};
  for (size_t column = 0; column < kColumns; ++column) {
    arrays.push_back(BuildColumn(column));
    fields.push_back(arrow::field("c" + std::to_string(column), arrays.back()->type()));
  }
  const std::string file = usdparquet_test::ScratchPath("budget.parquet");
  WriteOptions options;
  options.compression_level = 1;
  Check(WriteTable(*arrow::Table::Make(arrow::schema(fields), arrays), file, options).status());
  return file;
}

/// The data pages of all columns but the first, the paths.
uint64_t CountPages(const std::string& file) {
  const auto reader = parquet::ParquetFileReader::OpenFile(file);
  const auto index = reader->GetPageIndexReader();
  uint64_t pages = 0;
  for (int group = 0; group < reader->metadata()->num_row_groups(); ++group) {
    for (size_t column = 1; column <= kColumns; ++column) {
      pages += index->RowGroup(group)
                   ->GetOffsetIndex(static_cast<int32_t>(column))
                   ->page_locations()
                   .size();
    }
  }
  return pages;
}

bool IsRight(const Page& page, uint32_t row, size_t column) {
  const uint32_t i = row - page.first_row;
  switch (KindOf(column)) {
    case Kind::kDouble:
      return page.As<double>()[i] == DoubleAt(row, column);
    case Kind::kInt:
      return page.As<int32_t>()[i] == IntAt(row, column);
    case Kind::kBool:
      return page.As<bool>()[i] == BoolAt(row, column);
    case Kind::kString:
      return page.String(i) == StringAt(row, column);
  }
  return false;
}

class Budget : public testing::Test {
 protected:
  ~Budget() override { PageCache::Instance().SetBudget(PageCache::kDefaultBudget); }
};

TEST_F(Budget, AMillionPrimsInOrderDecodeEachPageOnceAPass) {
  PageCache& cache = PageCache::Instance();
  const std::string file = WriteLargeTable();
  cache.SetBudget(kBudget);
  const uint64_t peak_before = cache.Stats().bytes_peak;
  const auto table =
      Table::Open(arrow::io::ReadableFile::Open(file).ValueOrDie(), "budget.parquet").ValueOrDie();
  ASSERT_EQ(table->num_rows(), kPrims);
  ASSERT_EQ(table->columns().size(), kColumns);
  const uint64_t pages = CountPages(file);
  ASSERT_GE(pages, kColumns * (kPrims / 12288));

  for (int pass = 0; pass < 3; ++pass) {
    const uint64_t misses_before = cache.Stats().misses;
    uint64_t most_resident = 0;
    for (uint32_t row = 0; row < kPrims; ++row) {
      for (size_t column = 0; column < kColumns; ++column) {
        EpochGuard guard;
        const Page* page = table->Fetch(column, row, guard);
        ASSERT_TRUE(IsRight(*page, row, column)) << "row " << row << " column " << column;
      }
      if (row % 64 == 0) {
        most_resident = std::max(most_resident, cache.Stats().bytes_resident);
      }
    }
    EXPECT_EQ(cache.Stats().misses - misses_before, pages) << "pass " << pass;
    EXPECT_LE(most_resident, kBudget) << "pass " << pass;
  }
  // In a process of its own, as ctest runs it, the peak is this test's alone.
  EXPECT_LE(cache.Stats().bytes_peak, std::max(peak_before, kBudget));
}

TEST_F(Budget, ByDefaultWhatIsReadTwiceIsKept) {
  constexpr uint32_t kRows = 500'000;
  constexpr uint32_t kRowsPerGroup = 10'000;  // one page each: passes go on from group to group
  std::vector<std::string> paths;
  std::vector<double> costs;
  for (uint32_t row = 0; row < kRows; ++row) {
    paths.push_back("/P" + std::to_string(row));
    costs.push_back(DoubleAt(row, 0));
  }
  const auto schema =
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("cost", arrow::float64())});
  const std::string file = usdparquet_test::WriteFile(
      "passes.parquet",
      *arrow::Table::Make(schema,
                          {usdparquet_test::Strings(paths), usdparquet_test::Doubles(costs)}),
      {.rows_per_group = kRowsPerGroup, .rows_per_page = kRowsPerGroup, .has_dictionary = false});
  PageCache& cache = PageCache::Instance();
  const auto table =
      Table::Open(arrow::io::ReadableFile::Open(file).ValueOrDie(), "passes.parquet").ValueOrDie();
  const uint64_t before = cache.Stats().bytes_resident;
  const auto pass = [&] {
    const uint64_t misses = cache.Stats().misses;
    for (uint32_t row = 0; row < kRows; ++row) {
      EpochGuard guard;
      EXPECT_TRUE(IsRight(*table->Fetch(0, row, guard), row, 0)) << "row " << row;
    }
    return cache.Stats().misses - misses;
  };
  constexpr uint64_t kPages = kRows / kRowsPerGroup;
  constexpr uint64_t kPageBytes = kRowsPerGroup * sizeof(double) + 1000;
  EXPECT_EQ(pass(), kPages);
  EXPECT_LE(cache.Stats().bytes_resident - before, PageCache::kScannedBytes + 2 * kPageBytes);
  EXPECT_LT(pass(), kPages);
  EXPECT_GE(cache.Stats().bytes_resident - before, kRows * sizeof(double));
  EXPECT_EQ(pass(), 0u);
}

}  // namespace
}  // namespace usdparquet
