// Rows at their places: the same whether they are held, spilled in few runs or in many.

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "core/index/row_ordering.h"
#include "core/write/batch_spool.h"
#include "core/write/rearranged_rows.h"
#include "core/write/sorted_rows.h"
#include "status_assertions.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

using TablePtr = std::shared_ptr<arrow::Table>;

/// Rows of every kind of column, cut into portions of random sizes, each with a dictionary of its
/// own.
std::vector<TablePtr> RandomPortions(int64_t rows, std::mt19937* chance) {
  const TablePtr all = MixedTable(rows);
  std::vector<TablePtr> portions;
  for (int64_t row = 0; row < rows;) {
    const int64_t count = std::min<int64_t>(rows - row, 1 + (*chance)() % 90);
    TablePtr portion = all->Slice(row, count);
    std::vector<std::string> kinds;
    for (int64_t i = 0; i < count; ++i) kinds.push_back("kind " + std::to_string((*chance)() % 9));
    const auto coded = arrow::compute::DictionaryEncode(Strings(kinds)).ValueOrDie().make_array();
    portion = portion
                  ->AddColumn(1, arrow::field("kind", coded->type()),
                              std::make_shared<arrow::ChunkedArray>(coded))
                  .ValueOrDie();
    portions.push_back(std::move(portion));
    row += count;
  }
  return portions;
}

/// The same with plain columns, so that it does not matter which dictionaries they had.
TablePtr Plain(const TablePtr& table) {
  const int at = table->schema()->GetFieldIndex("kind");
  if (at < 0) return table;
  const auto plain =
      arrow::compute::Cast(table->column(at), arrow::utf8()).ValueOrDie().chunked_array();
  return table->SetColumn(at, arrow::field("kind", arrow::utf8()), plain).ValueOrDie();
}

TablePtr Joined(const std::vector<TablePtr>& portions) {
  std::vector<TablePtr> plain;
  for (const TablePtr& portion : portions) plain.push_back(Plain(portion));
  return arrow::ConcatenateTables(plain).ValueOrDie();
}

TablePtr Taken(const TablePtr& table, const std::vector<uint32_t>& rows) {
  arrow::UInt32Builder builder;
  EXPECT_TRUE(builder.AppendValues(rows).ok());
  const auto indices = builder.Finish().ValueOrDie();
  return arrow::compute::Take(arrow::Datum(table), arrow::Datum(indices)).ValueOrDie().table();
}

void ExpectSame(const TablePtr& found, const TablePtr& expected) {
  EXPECT_TRUE(found->CombineChunks().ValueOrDie()->Equals(*expected->CombineChunks().ValueOrDie()))
      << found->ToString() << expected->ToString();
}

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

std::shared_ptr<arrow::RecordBatchReader> ReaderOf(const std::vector<TablePtr>& portions) {
  arrow::RecordBatchVector batches;
  for (const TablePtr& portion : portions) {
    batches.push_back(portion->CombineChunksToBatch().ValueOrDie());
  }
  return arrow::RecordBatchReader::Make(batches, portions[0]->schema()).ValueOrDie();
}

TEST(RearrangedRows, AreThoseThatAreAskedForAsOftenAsTheyAre) {
  const std::string target = ScratchPath("rearranged.parquet");
  std::mt19937 chance(3);
  for (int turn = 0; turn < 30; ++turn) {
    const auto rows = static_cast<int64_t>(1 + chance() % 500);
    const auto portions = RandomPortions(rows, &chance);
    std::vector<uint32_t> order(chance() % 900);
    for (uint32_t& row : order) row = chance() % static_cast<uint32_t>(rows);
    const TablePtr expected = Taken(Joined(portions), order);
    for (const bool is_held : {true, false}) {
      for (const int64_t memory : {int64_t{1}, int64_t{20'000}, int64_t{1} << 30}) {
        const auto reader = ReaderOf(portions);
        const auto made = RearrangedRows::Make(*reader, order, memory, is_held, target);
        ASSERT_TRUE(IsRead(made.status()));
        const TablePtr found = (*made)->ToTable().ValueOrDie();
        EXPECT_TRUE(found->schema()->Equals(*portions[0]->schema()));
        ExpectSame(Plain(found), expected);
      }
    }
  }
}

TEST(BatchSpool, BatchesComeBackAsTheyWere) {
  std::mt19937 chance(4);
  const auto portions = RandomPortions(1000, &chance);
  for (const int64_t held : {int64_t{0}, int64_t{10'000}, int64_t{1} << 30}) {
    BatchSpool spool(ScratchPath("spool.parquet"), held);
    int64_t row = 0;
    for (const TablePtr& portion : portions) {
      ASSERT_TRUE(IsRead(spool.Append(portion->CombineChunksToBatch().ValueOrDie())));
      EXPECT_EQ(spool.FirstRow(spool.size() - 1), row);
      row += portion->num_rows();
    }
    EXPECT_EQ(spool.num_rows(), 1000);
    EXPECT_EQ(spool.is_spilled(), held < int64_t{1} << 30);
    for (size_t i = spool.size(); i-- > 0;) {
      const auto batch = spool.Read(i).ValueOrDie();
      EXPECT_TRUE(batch->Equals(*portions[i]->CombineChunksToBatch().ValueOrDie())) << i;
    }
  }
}

}  // namespace
}  // namespace usdparquet
