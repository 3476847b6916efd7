// The budget, the eviction and the single flight of the page cache.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "core/pages/page_cache.h"

namespace usdparquet {
namespace {

constexpr size_t kPageBytes = 8000;

/// Slots whose pages hold their own number, in a cache of the test's own.
class PageCache : public testing::Test {
 protected:
  PageCache() : slots_(std::make_unique<PageSlot[]>(kSlots)) {}
  ~PageCache() override { cache_.Drop(slots_.get(), kSlots); }

  /// Reads the value of slot i; with `use`, as page number i of a column.
  uint64_t Read(size_t i, ColumnUse* use = nullptr) {
    EpochGuard guard;
    const Page* page = cache_.Get(slots_[i], guard, [&](CachedPage* entry) {
      ++loads_;
      entry->use = use;
      entry->previous = i > 0 ? &slots_[i - 1] : nullptr;
      Page& made = entry->page;
      made.first_row = static_cast<uint32_t>(i);
      made.values.resize(kPageBytes);
      made.cells = made.values.data();
      reinterpret_cast<uint64_t*>(made.values.data())[0] = i;
      reinterpret_cast<uint64_t*>(made.values.data())[kPageBytes / 8 - 1] = i;
    });
    const uint64_t first = page->As<uint64_t>()[0];
    EXPECT_EQ(page->As<uint64_t>()[kPageBytes / 8 - 1], first);
    return first;
  }

  /// What the cache knows of one more column, which has to outlive the pages.
  ColumnUse& NewUse() { return uses_.emplace_back(); }

  /// The number of pages that reading all slots in order decodes.
  int Scan(ColumnUse* use) {
    const int before = loads_;
    for (size_t i = 0; i < kSlots; ++i) {
      for (int n = 0; n < 3; ++n) EXPECT_EQ(Read(i, use), i);
    }
    return loads_ - before;
  }

  static constexpr size_t kSlots = 1000;
  static constexpr int kAll = static_cast<int>(kSlots);
  std::deque<ColumnUse> uses_;
  usdparquet::PageCache cache_{usdparquet::PageCache::kDefaultBudget};
  std::unique_ptr<PageSlot[]> slots_;
  std::atomic<int> loads_{0};
};

TEST_F(PageCache, LoadsOnceWhileItFits) {
  const uint64_t hits_before = cache_.Stats().hits;  // of all caches
  for (int pass = 0; pass < 3; ++pass) {
    for (size_t i = 0; i < kSlots; ++i) ASSERT_EQ(Read(i), i);
  }
  const CacheStats after = cache_.Stats();
  EXPECT_EQ(loads_, static_cast<int>(kSlots));
  EXPECT_EQ(after.misses, kSlots);
  EXPECT_EQ(after.hits - hits_before, 2 * kSlots);
  EXPECT_EQ(after.evictions, 0u);
  EXPECT_GE(after.bytes_resident, kSlots * kPageBytes);
  EXPECT_EQ(after.bytes_peak, after.bytes_resident);
}

TEST_F(PageCache, StaysWithinTheBudget) {
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

TEST_F(PageCache, LoweringTheBudgetEvictsAtOnce) {
  for (size_t i = 0; i < kSlots; ++i) Read(i);
  cache_.SetBudget(5 * kPageBytes);
  EXPECT_LE(cache_.Stats().bytes_resident, 5 * kPageBytes);
  EXPECT_EQ(Read(3), 3u);
}

TEST_F(PageCache, APageLargerThanTheBudgetStillReads) {
  cache_.SetBudget(100);
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(Read(i), i);
}

TEST_F(PageCache, KeepsWhatIsUsedOften) {
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

TEST_F(PageCache, ManyThreadsLoadAPageOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < kSlots; ++i) EXPECT_EQ(Read(i), i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loads_, static_cast<int>(kSlots));
}

TEST_F(PageCache, ManyThreadsUnderATinyBudget) {
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

TEST_F(PageCache, AScanLeavesLittleBehind) {
  ColumnUse& use = NewUse();
  EXPECT_EQ(Scan(&use), kAll);
  const CacheStats stats = cache_.Stats();
  EXPECT_LE(stats.bytes_resident, usdparquet::PageCache::kScannedBytes + 2 * kPageBytes);
  EXPECT_GT(stats.bytes_resident, usdparquet::PageCache::kScannedBytes / 2);
  EXPECT_GT(stats.evictions, kSlots / 2);
}

TEST_F(PageCache, APlayedColumnLeavesLessBehind) {
  ColumnUse &played = NewUse(), &other = NewUse();
  played.is_played = true;
  constexpr uint64_t kPlayedBytes = usdparquet::PageCache::kPlayedBytes;
  constexpr size_t kHalf = kSlots / 2;
  for (size_t i = 0; i < kHalf; ++i) {
    Read(i, &played);
    if (i > 20) Read(i - 20, &played);  // one time back
    ASSERT_LE(played.scanned_bytes, kPlayedBytes);
  }
  EXPECT_EQ(loads_, static_cast<int>(kHalf));
  EXPECT_FALSE(played.is_reread);
  EXPECT_LE(cache_.Stats().bytes_resident, kPlayedBytes + 3 * (kPageBytes + 1000));
  EXPECT_GT(played.scanned_bytes, kPlayedBytes / 2);
  // Beside it another column has what it always has.
  for (size_t i = kHalf; i < kSlots; ++i) Read(i, &other);
  EXPECT_GT(other.scanned_bytes, usdparquet::PageCache::kScannedBytes / 2);
  // A column that is played again and again is kept in the end, too.
  for (int pass = 0; pass < 2; ++pass) {
    for (size_t i = 0; i < kHalf; ++i) EXPECT_EQ(Read(i, &played), i);
  }
  EXPECT_TRUE(played.is_reread);
  const int before = loads_;
  for (size_t i = 0; i < kHalf; ++i) EXPECT_EQ(Read(i, &played), i);
  EXPECT_EQ(loads_, before);
  cache_.Drop(slots_.get(), kSlots);
  EXPECT_EQ(played.scanned_bytes, 0u);
  EXPECT_EQ(other.scanned_bytes, 0u);
  EXPECT_EQ(cache_.Stats().bytes_resident, 0u);
}

TEST_F(PageCache, ASmallColumnStaysAfterOneScan) {
  ColumnUse& use = NewUse();
  for (size_t i = 0; i < 200; ++i) EXPECT_EQ(Read(i, &use), i);
  for (size_t i = 0; i < 200; ++i) EXPECT_EQ(Read(i, &use), i);
  EXPECT_EQ(loads_, 200);
}

TEST_F(PageCache, RepeatedScansEndInMemory) {
  ColumnUse& use = NewUse();
  EXPECT_EQ(Scan(&use), kAll);
  EXPECT_FALSE(use.is_reread);
  EXPECT_LE(Scan(&use), kAll);
  EXPECT_TRUE(use.is_reread);
  EXPECT_EQ(Scan(&use), 0);
  EXPECT_EQ(Scan(&use), 0);
}

TEST_F(PageCache, OnlyTheColumnThatIsReadAgainIsKept) {
  ColumnUse &again = NewUse(), &once = NewUse();
  for (size_t i = 0; i < kSlots / 2; ++i) Read(i, &again);
  EXPECT_EQ(Read(0, &again), 0u);
  EXPECT_TRUE(again.is_reread);
  EXPECT_FALSE(once.is_reread);
  for (size_t i = 0; i < kSlots / 2; ++i) Read(i, &again);
  const uint64_t kept = cache_.Stats().bytes_resident;
  for (size_t i = kSlots / 2; i < kSlots; ++i) Read(i, &once);
  EXPECT_LE(cache_.Stats().bytes_resident,
            kept + usdparquet::PageCache::kScannedBytes + 3 * kPageBytes);
  const int before = loads_;
  for (size_t i = 0; i < kSlots / 2; ++i) Read(i, &again);
  EXPECT_EQ(loads_, before);
}

TEST_F(PageCache, ReadingAtRandomIsNoScan) {
  ColumnUse& use = NewUse();
  std::vector<size_t> order(kSlots);
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::shuffle(order, std::mt19937(1));
  for (const size_t i : order) EXPECT_EQ(Read(i, &use), i);
  for (const size_t i : order) EXPECT_EQ(Read(i, &use), i);
  EXPECT_EQ(loads_, kAll);
}

TEST_F(PageCache, AScannedPageThatIsStillReadStays) {
  ColumnUse& use = NewUse();
  for (size_t i = 0; i < kSlots; ++i) {
    Read(i, &use);
    if (i > 10) Read(10, &use);
  }
  EXPECT_EQ(loads_, kAll);
}

TEST_F(PageCache, ConcurrentScansAreSeen) {
  ColumnUse& use = NewUse();
  constexpr size_t kPart = kSlots / 4;
  for (size_t i = 0; i < kPart; ++i) {
    for (size_t part = 0; part < 4; ++part) Read(part * kPart + i, &use);
  }
  EXPECT_EQ(loads_, kAll);
  // Two pages of each part stay besides: the last one, and the first, which nothing came before.
  EXPECT_LE(cache_.Stats().bytes_resident,
            usdparquet::PageCache::kScannedBytes + 8 * (kPageBytes + 1000));
}

TEST_F(PageCache, ScansUnderASmallBudgetDecodeEachPageOnce) {
  // A budget for five columns of one page each and one page more, read row by row.
  constexpr size_t kColumns = 5;
  constexpr size_t kPart = kSlots / kColumns;
  cache_.SetBudget(6 * (kPageBytes + 1000));
  std::array<ColumnUse*, kColumns> uses;
  for (ColumnUse*& use : uses) use = &NewUse();
  for (int pass = 1; pass <= 4; ++pass) {
    for (size_t i = 0; i < kPart; ++i) {
      for (int row = 0; row < 3; ++row) {
        for (size_t column = 0; column < kColumns; ++column) {
          Read(column * kPart + i, uses[column]);
        }
      }
      ASSERT_LE(cache_.Stats().bytes_resident, cache_.budget());
    }
    EXPECT_EQ(loads_, pass * kAll) << "pass " << pass;
  }
}

TEST_F(PageCache, ManyThreadsScanOneColumn) {
  ColumnUse& use = NewUse();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int pass = 0; pass < 3; ++pass) {
        for (size_t i = 0; i < kSlots; ++i) ASSERT_EQ(Read(i, &use), i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(use.is_reread);
  cache_.Drop(slots_.get(), kSlots);
  EXPECT_EQ(cache_.Stats().bytes_resident, 0u);
}

TEST_F(PageCache, NestedGuardsKeepThePage) {
  cache_.SetBudget(2 * kPageBytes);
  EpochGuard outer;
  const Page* page = cache_.Get(slots_[0], outer, [](CachedPage* entry) {
    entry->page.values.resize(kPageBytes, std::byte{42});
  });
  for (size_t i = 1; i < 20; ++i) Read(i);
  EXPECT_EQ(page->values[kPageBytes - 1], std::byte{42});
}

TEST_F(PageCache, CachesAreIndependent) {
  usdparquet::PageCache other(100);
  PageSlot slot{usdparquet::PageCache::kEmpty};
  for (size_t i = 0; i < 10; ++i) Read(i);
  const CacheStats before = cache_.Stats();
  {
    EpochGuard guard;
    other.Get(slot, guard, [](CachedPage* entry) { entry->page.values.resize(kPageBytes); });
  }
  EXPECT_GE(other.Stats().bytes_resident, kPageBytes);
  EXPECT_EQ(other.Stats().misses, 1u);
  EXPECT_EQ(cache_.Stats().bytes_resident, before.bytes_resident);
  EXPECT_EQ(cache_.Stats().evictions, before.evictions);
  other.Drop(&slot, 1);
  EXPECT_EQ(other.Stats().bytes_resident, 0u);
}

}  // namespace
}  // namespace usdparquet
