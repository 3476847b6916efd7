// Batches that are put aside come back as they were.

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "core/write/batch_spool.h"
#include "row_portions.h"
#include "status_assertions.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

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
