// Rows at their places: the same whether they are held, spilled in few runs or in many.

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "core/index/row_ordering.h"
#include "core/write/sorted_rows.h"
#include "row_portions.h"
#include "status_assertions.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

std::vector<uint32_t> RandomPermutation(size_t count, std::mt19937* chance) {
  std::vector<uint32_t> places(count);
  std::iota(places.begin(), places.end(), 0);
  std::shuffle(places.begin(), places.end(), *chance);
  return places;
}

size_t FilesBeside(const std::string& target) {
  const std::filesystem::directory_iterator files(std::filesystem::path(target).parent_path());
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

TEST(SortedRows, AreAtTheirPlacesWhateverMemoryThereIs) {
  const std::string target = ScratchPath("sorted.parquet");
  const size_t files = FilesBeside(target);
  std::mt19937 chance(1);
  for (int turn = 0; turn < 30; ++turn) {
    const auto rows = static_cast<int64_t>(1 + chance() % 700);
    const auto portions = RandomPortions(rows, &chance);
    const TablePtr all = Joined(portions);
    const auto places = RandomPermutation(static_cast<size_t>(rows), &chance);
    const TablePtr expected = Taken(all, Inverted(places));
    const auto rows_per_group = static_cast<int64_t>(1 + chance() % 200);
    struct Memory {
      int64_t run_bytes;
      bool is_held;
    };
    for (const auto& [run_bytes, is_held] :
         {Memory{1, true}, Memory{1 << 30, false}, Memory{1, false}, Memory{5000, false}}) {
      SortedRows sorted(places, rows_per_group, run_bytes, is_held, target);
      for (const TablePtr& portion : portions) ASSERT_TRUE(IsRead(sorted.Add(*portion)));
      EXPECT_EQ(sorted.num_rows_added(), rows);
      ASSERT_TRUE(IsRead(sorted.Finish()));
      if (run_bytes != 5000) {
        EXPECT_EQ(sorted.is_spilled(), run_bytes == 1 && !is_held && portions.size() > 1);
      }
      EXPECT_EQ(FilesBeside(target), files);  // what is spilled has no name
      EXPECT_EQ(sorted.num_groups(), (rows + rows_per_group - 1) / rows_per_group);
      std::vector<TablePtr> groups;
      for (int64_t group = 0; group < sorted.num_groups(); ++group) {
        const auto read = sorted.Group(group);
        ASSERT_TRUE(IsRead(read.status()));
        EXPECT_EQ((*read)->num_rows(), std::min(rows_per_group, rows - group * rows_per_group));
        for (const auto& column : (*read)->columns()) EXPECT_EQ(column->num_chunks(), 1);
        groups.push_back(*read);
      }
      ExpectSame(Joined(groups), expected);
      // Groups may be asked for again, in any order.
      const int64_t last = sorted.num_groups() - 1;
      ExpectSame(Plain(sorted.Group(last).ValueOrDie()),
                 expected->Slice(last * rows_per_group, rows_per_group));
    }
  }
}

TEST(SortedRows, ManyRowsAreSpilledAndMerged) {
  // More than are copied together, so that runs have several batches.
  const int64_t rows = 200'000;
  std::mt19937 chance(2);
  arrow::Int64Builder builder;
  for (int64_t row = 0; row < rows; ++row) ASSERT_TRUE(builder.Append(row).ok());
  const auto table = arrow::Table::Make(arrow::schema({arrow::field("row", arrow::int64())}),
                                        {builder.Finish().ValueOrDie()});
  const auto places = RandomPermutation(rows, &chance);
  SortedRows sorted(places, 70'000, 300'000, false, ScratchPath("many.parquet"));
  for (int64_t row = 0; row < rows; row += 20'000) {
    ASSERT_TRUE(IsRead(sorted.Add(*table->Slice(row, 20'000))));
  }
  ASSERT_TRUE(IsRead(sorted.Finish()));
  EXPECT_TRUE(sorted.is_spilled());
  std::vector<TablePtr> groups;
  for (int64_t group = 0; group < 3; ++group) groups.push_back(sorted.Group(group).ValueOrDie());
  ExpectSame(Joined(groups), Taken(table, Inverted(places)));
}

TEST(SortedRows, RowsThatChangeWhileTheyAreReadAreRefused) {
  const TablePtr table = MixedTable(100);
  for (const int64_t run_bytes : {int64_t{1}, int64_t{1} << 30}) {
    SortedRows more(std::vector<uint32_t>(99), 50, run_bytes, false, ScratchPath("more.parquet"));
    const arrow::Status added = more.Add(*table);
    EXPECT_TRUE(IsRefused(added.ok() ? more.Finish() : added, "the rows became more"));
    SortedRows fewer(std::vector<uint32_t>(101), 50, run_bytes, false,
                     ScratchPath("fewer.parquet"));
    ASSERT_TRUE(IsRead(fewer.Add(*table)));
    EXPECT_TRUE(IsRefused(fewer.Finish(), "the rows became fewer"));
  }
}

TEST(SortedRows, WithoutAFolderNothingIsSpilled) {
  const TablePtr table = MixedTable(100);
  std::vector<uint32_t> places(200);
  std::iota(places.begin(), places.end(), 0);
  SortedRows sorted(places, 50, 1, false, ScratchPath("none") + "/none/out.parquet");
  ASSERT_TRUE(IsRead(sorted.Add(*table)));
  EXPECT_TRUE(IsRefused(sorted.Add(*table), "can't make a temporary file beside it"));
}

}  // namespace
}  // namespace usdparquet
