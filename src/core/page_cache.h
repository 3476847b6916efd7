#pragma once

/// \file
/// The process-wide cache of decoded pages and its one byte budget.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "api.h"
#include "epoch.h"
#include "page.h"

namespace usdparquet {

/// A snapshot of the cache's counters. Counts are since process start.
struct CacheStats {
  uint64_t hits = 0;            ///< reads that found their page resident
  uint64_t misses = 0;          ///< pages decoded
  uint64_t evictions = 0;       ///< pages dropped to keep the budget
  uint64_t bytes_resident = 0;  ///< decoded bytes held now, dictionaries included
  uint64_t bytes_peak = 0;      ///< most bytes ever held
  uint64_t bytes_read = 0;      ///< stored (compressed) bytes handed to the decoders
  uint64_t budget = 0;
};

/// Where a page of a column is, or will be. `state` is kEmpty, kLoading, or a `Page*`.
using PageSlot = std::atomic<uintptr_t>;

/// All decoded pages of all open files, within one byte budget.
///
/// A reader finds a page by one atomic load of its slot, under an EpochGuard. A miss is
/// decoded by exactly one thread while the others wait for it. What does not fit the
/// budget is evicted by the clock algorithm: least recently used, to one bit.
///
/// Thread-safety: every function may be called from any thread.
class USDPARQUET_API PageCache {
 public:
  static constexpr uintptr_t kEmpty = 0;
  static constexpr uintptr_t kLoading = 1;
  static constexpr uint64_t kDefaultBudget = uint64_t{64} << 20;

  /// The one cache of the process. Its first budget is USDPARQUET_CACHE_MB
  /// (mebibytes, may be a fraction) or kDefaultBudget.
  static PageCache& Instance();

  using Loader = std::function<std::unique_ptr<Page>()>;

  /// The page of `slot`, which stays valid as long as the caller's `guard`. On a
  /// miss, `load()` decodes it and must not return null; pages that the guard
  /// protected before may then be gone.
  template <typename Load>
  const Page* Get(PageSlot& slot, EpochGuard& guard, const Load& load) {
    const uintptr_t state = slot.load(std::memory_order_seq_cst);
    if (state > kLoading) [[likely]] {
      auto* page = reinterpret_cast<Page*>(state);
      // Written only when it changes: a store by every reader would make the line travel.
      if (!page->referenced.load(std::memory_order_relaxed)) {
        page->referenced.store(true, std::memory_order_relaxed);
      }
      guard.CountHit();
      return page;
    }
    return Miss(slot, guard, load);
  }

  /// Frees the pages of `slots`. REQUIRES: no other thread reads them.
  void Drop(PageSlot* slots, size_t count);

  /// Charges (or, if negative, releases) memory that belongs to pages but is not in
  /// one, such as a dictionary shared by a chunk's pages.
  void Charge(int64_t bytes) { AddResident(bytes); }

  /// Counts bytes handed to a decoder.
  void CountBytesRead(uint64_t bytes) { bytes_read_.fetch_add(bytes, std::memory_order_relaxed); }

  /// Sets the budget, in bytes, and evicts at once what no longer fits. The page in
  /// use is always kept, so one page larger than the budget still works.
  void SetBudget(uint64_t bytes);
  uint64_t budget() const { return budget_.load(std::memory_order_relaxed); }

  CacheStats Stats() const;

 private:
  PageCache();
  const Page* Miss(PageSlot& slot, EpochGuard& guard, const Loader& load);
  void AddResident(int64_t bytes);
  void Link(Page* page);
  void Unlink(Page* page);
  void EvictTo(uint64_t target);
  void FreeRetired();

  struct Retired {
    Page* page;
    uint64_t epoch;
  };

  mutable std::mutex mutex_;
  Page* hand_ = nullptr;  // circular list, the clock's hand
  std::vector<Retired> retired_;
  uint64_t retired_bytes_ = 0;
  std::atomic<uint64_t> budget_;
  std::atomic<uint64_t> resident_{0};
  std::atomic<uint64_t> peak_{0};
  std::atomic<uint64_t> bytes_read_{0};
  std::atomic<uint64_t> misses_{0};
  std::atomic<uint64_t> evictions_{0};
};

}  // namespace usdparquet
