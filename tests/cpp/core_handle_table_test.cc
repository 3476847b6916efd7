// Handle tables: what they remember, and that they share a quarter of the budget by use.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "core/pages/handle_table.h"
#include "core/pages/page_cache.h"

namespace usdparquet {
namespace {

constexpr uint64_t kMegabyte = uint64_t{1} << 20;

std::atomic<int64_t> g_held{0};

/// Counts the references that tables hold.
void Release(uint32_t) { --g_held; }

/// The handle of the path number `i`, as OpenUSD makes them: an index above the pool's region.
uint32_t Handle(uint32_t i) { return (i + 1) << 8; }

class HandleTable : public testing::Test {
 protected:
  HandleTable() { g_held = 0; }
  ~HandleTable() override {
    tables_.clear();
    EXPECT_EQ(g_held, 0);
    EXPECT_EQ(all_.bytes(), 0u);
    EXPECT_EQ(cache_.Stats().bytes_resident, 0u);
  }

  void Make(size_t count, size_t num_handles) {
    while (tables_.size() < count) {
      tables_.push_back(std::make_unique<usdparquet::HandleTable>(all_, num_handles, &Release));
    }
  }

  /// Whether the table had handle `i`; if not, it is added. A number that is found is checked.
  static bool Read(usdparquet::HandleTable& table, uint32_t i) {
    uint32_t number = 0;
    if (table.Find(Handle(i), &number) || table.FindAside(Handle(i), &number)) {
      EXPECT_EQ(number, 7 * i);
      return true;
    }
    ++g_held;
    table.Add(Handle(i), 7 * i);
    return false;
  }

  static uint32_t Misses(usdparquet::HandleTable& table, uint32_t count) {
    uint32_t misses = 0;
    for (uint32_t i = 0; i < count; ++i) misses += !Read(table, i);
    return misses;
  }

  PageCache cache_{PageCache::kDefaultBudget};
  HandleTables all_{cache_};
  std::vector<std::unique_ptr<usdparquet::HandleTable>> tables_;
};

TEST_F(HandleTable, TakesMemoryAsItFills) {
  Make(1, 100'000);
  usdparquet::HandleTable& table = *tables_[0];
  EXPECT_EQ(table.bytes(), 0u);
  EXPECT_EQ(cache_.Stats().bytes_resident, 0u);
  EXPECT_FALSE(Read(table, 0));
  EXPECT_EQ(table.bytes(), 4096u);
  EXPECT_EQ(cache_.Stats().bytes_resident, 4096u);
  EXPECT_EQ(Misses(table, 100'000), 99'999u);
  EXPECT_EQ(Misses(table, 100'000), 0u);
  EXPECT_EQ(g_held, 100'000);
  EXPECT_EQ(table.bytes(), 262'144 * sizeof(uint64_t));  // half full, at least a quarter
  EXPECT_EQ(all_.bytes(), table.bytes());
}

TEST_F(HandleTable, HandlesWithoutOrderAreFoundAgain) {
  Make(1, 20'000);
  std::mt19937 random(5);
  std::vector<uint32_t> handles(20'000);
  for (uint32_t& i : handles) i = random() % (1u << 24);
  std::ranges::sort(handles);
  handles.erase(std::unique(handles.begin(), handles.end()), handles.end());
  std::ranges::shuffle(handles, random);
  for (const uint32_t i : handles) Read(*tables_[0], i);
  size_t found = 0;
  for (const uint32_t i : handles) found += Read(*tables_[0], i);
  EXPECT_GT(found, handles.size() * 95 / 100);  // a full bucket replaces
}

TEST_F(HandleTable, TenHotOfTwoHundredKeepTheirHitsUnderOneMegabyte) {
  cache_.SetBudget(kMegabyte);
  Make(200, 2000);
  for (auto& table : tables_) Misses(*table, 1);
  EXPECT_LE(all_.bytes(), kMegabyte / 4);
  uint32_t misses = 0;
  for (int round = 0; round < 100; ++round) {
    misses = 0;
    for (size_t hot = 0; hot < 10; ++hot) misses += Misses(*tables_[hot], 500);
    for (size_t cold = 0; cold < 3; ++cold) {
      Read(*tables_[10 + (static_cast<size_t>(round) * 3 + cold) % 190], 1);
    }
    ASSERT_LE(all_.bytes(), kMegabyte / 4);
    if (round >= 10) {
      ASSERT_EQ(misses, 0u) << round;
    }
  }
}

TEST_F(HandleTable, AnUnusedLargeTableGivesWay) {
  cache_.SetBudget(kMegabyte);
  Make(2, 16'000);
  Misses(*tables_[0], 16'000);
  EXPECT_EQ(tables_[0]->bytes(), kMegabyte / 4);
  for (int n = 0; n < 20; ++n) Misses(*tables_[1], 8'000);
  EXPECT_EQ(Misses(*tables_[1], 8'000), 0u);
  EXPECT_LE(tables_[0]->bytes(), kMegabyte / 8);
}

TEST_F(HandleTable, ALargeTableInUseIsHalvedForOthers) {
  cache_.SetBudget(kMegabyte);
  Make(5, 16'000);
  Misses(*tables_[0], 16'000);
  for (int n = 0; n < 100; ++n) {
    for (size_t t = 0; t < 5; ++t) Misses(*tables_[t], 1000);
  }
  for (size_t t = 0; t < 5; ++t) EXPECT_EQ(Misses(*tables_[t], 1000), 0u) << t;
}

TEST_F(HandleTable, FollowsTheBudget) {
  Make(20, 20'000);
  for (auto& table : tables_) Misses(*table, 5000);
  EXPECT_GT(all_.bytes(), kMegabyte);
  cache_.SetBudget(kMegabyte);
  EXPECT_LE(all_.bytes(), kMegabyte / 4);
  cache_.SetBudget(0);
  EXPECT_EQ(all_.bytes(), 0u);
  EXPECT_EQ(g_held, 0);
  EXPECT_FALSE(Read(*tables_[0], 3));
  EXPECT_FALSE(Read(*tables_[0], 3));
  EXPECT_EQ(g_held, 0);
  cache_.SetBudget(PageCache::kDefaultBudget);
  Misses(*tables_[0], 5000);
  EXPECT_EQ(Misses(*tables_[0], 5000), 0u);
}

TEST_F(HandleTable, TablesOfAnotherCacheAreLeftAlone) {
  Make(1, 20'000);
  Misses(*tables_[0], 5000);
  const uint64_t bytes = all_.bytes();
  PageCache other(kMegabyte);
  {
    HandleTables others(other);
    usdparquet::HandleTable table(others, 1000, &Release);
    Misses(table, 1000);
    EXPECT_EQ(others.bytes(), table.bytes());
    other.SetBudget(0);
    EXPECT_EQ(table.bytes(), 0u);
  }
  other.SetBudget(kMegabyte);  // nobody listens any more
  EXPECT_EQ(other.Stats().bytes_resident, 0u);
  EXPECT_EQ(all_.bytes(), bytes);
  EXPECT_EQ(Misses(*tables_[0], 5000), 0u);
}

TEST_F(HandleTable, ATableForNothingRemembersNothing) {
  Make(1, 0);
  EXPECT_FALSE(Read(*tables_[0], 1));
  EXPECT_FALSE(Read(*tables_[0], 1));
  EXPECT_EQ(g_held, 0);
}

TEST_F(HandleTable, ThreadsReadWhileTablesComeAndGo) {
  cache_.SetBudget(kMegabyte);
  Make(30, 4000);
  std::atomic<bool> is_done{false};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int n = 0; n < 30'000; ++n) Read(*tables_[random() % 30], random() % 4000);
    });
  }
  std::thread opener([&] {
    while (!is_done) {
      usdparquet::HandleTable table(all_, 4000, &Release);
      Misses(table, 2000);
    }
  });
  std::thread budget([&] {
    for (uint64_t n = 0; !is_done; ++n) cache_.SetBudget(n % 2 == 0 ? kMegabyte : kMegabyte / 2);
  });
  for (std::thread& thread : threads) thread.join();
  is_done = true;
  opener.join();
  budget.join();
  EXPECT_LE(all_.bytes(), kMegabyte / 4);
}

}  // namespace
}  // namespace usdparquet
