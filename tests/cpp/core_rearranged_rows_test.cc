// Rows in any order, as often as they are asked for, held or put aside.

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/write/rearranged_rows.h"
#include "row_portions.h"
#include "status_assertions.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

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

}  // namespace
}  // namespace usdparquet
