// The hash table of paths against what was put into it.

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "core/index/path_table.h"

namespace usdparquet {
namespace {

bool NeverSame(uint32_t, uint32_t) { return false; }

TEST(PathTable, FindsEveryEntryAndNothingElse) {
  for (const size_t count : {0, 1, 2, 7, 15, 16, 17, 1000, 100000}) {
    std::mt19937_64 random(count + 1);
    std::vector<uint64_t> hashes(count);
    for (uint64_t& hash : hashes) hash = random() | 1;
    PathTable table;
    EXPECT_FALSE(table.Build(hashes, NeverSame).has_collision);
    ASSERT_EQ(table.size(), count);
    for (uint32_t id = 0; id < count; ++id) ASSERT_EQ(table.Find(hashes[id]), id);
    for (int i = 0; i < 1000; ++i) {
      // Even, so none of the table's.
      EXPECT_EQ(table.Find(random() & ~uint64_t{1}), PathTable::kNotFound);
    }
  }
}

TEST(PathTable, FindsEntriesThatAreNotSpreadEvenly) {
  constexpr uint64_t kStep = uint64_t{1} << 40;
  std::vector<uint64_t> hashes;
  for (uint64_t i = 1; i <= 300; ++i) hashes.push_back(i);                  // all at the front
  for (uint64_t i = 1; i <= 300; ++i) hashes.push_back(~uint64_t{0} - i);   // or at the back
  for (uint64_t i = 1; i <= 300; ++i) hashes.push_back(i * kStep + i % 3);  // or in steps
  PathTable table;
  EXPECT_FALSE(table.Build(hashes, NeverSame).has_collision);
  for (uint32_t id = 0; id < hashes.size(); ++id) ASSERT_EQ(table.Find(hashes[id]), id);
  for (uint64_t i = 301; i < 2000; ++i) {
    EXPECT_EQ(table.Find(i), PathTable::kNotFound);
    EXPECT_EQ(table.Find(~uint64_t{0} - i), PathTable::kNotFound);
    EXPECT_EQ(table.Find(i * kStep + 7), PathTable::kNotFound);
  }
}

TEST(PathTable, TakesAtMostNineBytesAnEntry) {
  std::mt19937_64 random(5);
  std::vector<uint64_t> hashes(1'000'000);
  for (uint64_t& hash : hashes) hash = random() | 1;
  PathTable table;
  table.Build(hashes, NeverSame);
  EXPECT_LE(table.MemoryUsage(), 9'000'000u);
}

TEST(PathTable, LaterDuplicateWinsAndIsReported) {
  PathTable table;
  const auto result = table.Build(std::vector<uint64_t>{10, 20, 10, 0, 10},
                                  [](uint32_t, uint32_t) { return true; });
  EXPECT_EQ(table.Find(10), 4u);
  EXPECT_EQ(table.Find(20), 1u);
  EXPECT_EQ(table.size(), 2u);
  using Pair = std::pair<uint32_t, uint32_t>;
  EXPECT_EQ(result.duplicates, (std::vector<Pair>{{0, 2}, {2, 4}}));
}

TEST(PathTable, DifferentPathsWithOneHashAreACollision) {
  PathTable table;
  EXPECT_TRUE(table.Build(std::vector<uint64_t>{10, 10}, NeverSame).has_collision);
}

}  // namespace
}  // namespace usdparquet
