// The budget, the eviction and the single flight of the page cache.

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "core/page_cache.h"

namespace usdparquet {
namespace {

constexpr size_t kPageBytes = 8000;

/// Slots whose pages hold their own number, and the budget for the time of a test.
class PageCacheTest : public testing::Test {
 protected:
  PageCacheTest() : slots_(std::make_unique<PageSlot[]>(kSlots)) {}
  ~PageCacheTest() override {
    cache_.Drop(slots_.get(), kSlots);
    cache_.SetBudget(PageCache::kDefaultBudget);
  }

  uint64_t Read(size_t i) {
    EpochGuard guard;
    const Page* page = cache_.Get(slots_[i], guard, [&] {
      ++loads_;
      auto page = std::make_unique<Page>();
      page->values.resize(kPageBytes);
      page->cells = page->values.data();
      reinterpret_cast<uint64_t*>(page->values.data())[0] = i;
      reinterpret_cast<uint64_t*>(page->values.data())[kPageBytes / 8 - 1] = i;
      return page;
    });
    const uint64_t first = page->As<uint64_t>()[0];
    EXPECT_EQ(page->As<uint64_t>()[kPageBytes / 8 - 1], first);
    return first;
  }

  static constexpr size_t kSlots = 200;
  PageCache& cache_ = PageCache::Instance();
  std::unique_ptr<PageSlot[]> slots_;
  std::atomic<int> loads_{0};
};

TEST_F(PageCacheTest, LoadsOnceWhileItFits) {
  cache_.SetBudget(uint64_t{64} << 20);
  const CacheStats before = cache_.Stats();
  for (int pass = 0; pass < 3; ++pass) {
    for (size_t i = 0; i < kSlots; ++i) ASSERT_EQ(Read(i), i);
  }
  const CacheStats after = cache_.Stats();
  EXPECT_EQ(loads_, static_cast<int>(kSlots));
  EXPECT_EQ(after.misses - before.misses, kSlots);
  EXPECT_EQ(after.hits - before.hits, 2 * kSlots);
  EXPECT_EQ(after.evictions, before.evictions);
  EXPECT_GE(after.bytes_resident - before.bytes_resident, kSlots * kPageBytes);
}

TEST_F(PageCacheTest, StaysWithinTheBudget) {
  const uint64_t budget = 10 * (kPageBytes + 1000);
  cache_.SetBudget(budget);
  for (int pass = 0; pass < 3; ++pass) {
    for (size_t i = 0; i < kSlots; ++i) {
      ASSERT_EQ(Read(i), i);
      ASSERT_LE(cache_.Stats().bytes_resident, budget);
    }
  }
  EXPECT_GT(cache_.Stats().evictions, 0u);
}

TEST_F(PageCacheTest, LoweringTheBudgetEvictsAtOnce) {
  cache_.SetBudget(uint64_t{64} << 20);
  for (size_t i = 0; i < kSlots; ++i) Read(i);
  cache_.SetBudget(5 * kPageBytes);
  EXPECT_LE(cache_.Stats().bytes_resident, 5 * kPageBytes);
  EXPECT_EQ(Read(3), 3u);
}

TEST_F(PageCacheTest, APageLargerThanTheBudgetStillReads) {
  cache_.SetBudget(100);
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(Read(i), i);
}

TEST_F(PageCacheTest, KeepsWhatIsUsedOften) {
  cache_.SetBudget(20 * (kPageBytes + 1000));
  Read(0);
  const int before = loads_;
  int hot_loads = 0;
  for (size_t i = 1; i < kSlots; ++i) {
    Read(i);
    const int loads = loads_;
    Read(0);
    hot_loads += loads_ - loads;
  }
  EXPECT_EQ(loads_ - before, static_cast<int>(kSlots) - 1 + hot_loads);
  EXPECT_LE(hot_loads, 2);
}

TEST_F(PageCacheTest, ManyThreadsLoadAPageOnce) {
  cache_.SetBudget(uint64_t{64} << 20);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < kSlots; ++i) EXPECT_EQ(Read(i), i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loads_, static_cast<int>(kSlots));
}

TEST_F(PageCacheTest, ManyThreadsUnderATinyBudget) {
  cache_.SetBudget(4 * kPageBytes);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int n = 0; n < 5000; ++n) {
        const size_t i = random() % kSlots;
        ASSERT_EQ(Read(i), i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Read(0);  // frees what the last readers held back
  EXPECT_LE(cache_.Stats().bytes_resident, 4 * kPageBytes + kPageBytes);
}

TEST_F(PageCacheTest, NestedGuardsKeepThePage) {
  cache_.SetBudget(2 * kPageBytes);
  EpochGuard outer;
  const Page* page = cache_.Get(slots_[0], outer, [] {
    auto page = std::make_unique<Page>();
    page->values.resize(kPageBytes, std::byte{42});
    return page;
  });
  for (size_t i = 1; i < 20; ++i) Read(i);
  EXPECT_EQ(page->values[kPageBytes - 1], std::byte{42});
}

}  // namespace
}  // namespace usdparquet
