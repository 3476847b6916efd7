#pragma once

/// \file
/// The process-wide cache of decoded pages and its one byte budget.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/pages/page.h"
#include "core/util/epoch.h"
#include "core/util/export.h"

namespace usdparquet {

/// A snapshot of the cache's counters. Counts are since process start.
struct CacheStats {
  uint64_t hits = 0;            ///< reads that found their page resident
  uint64_t misses = 0;          ///< pages decoded
  uint64_t evictions = 0;       ///< pages dropped to keep the budget, or behind a pass
  uint64_t bytes_resident = 0;  ///< decoded bytes held now, dictionaries included
  uint64_t bytes_peak = 0;      ///< most bytes ever held
  uint64_t bytes_read = 0;      ///< stored (compressed) bytes handed to the decoders
  uint64_t budget = 0;
};

/// Where a page of a column is, or will be: kEmpty, kDropped, kLoading, or a `Page*`.
using PageSlot = std::atomic<uintptr_t>;

/// How a column has been read so far, which decides what is kept of it. The page cache's own,
/// guarded by its lock. One a column, which must outlive the column's pages.
struct ColumnUse {
  /// The last pages that were missed, of as many passes at a time (threads that share a column).
  std::array<const PageSlot*, 4> recent{};
  size_t oldest = 0;
  /// A page was wanted again after it had been dropped behind a pass.
  bool is_reread = false;
};

/// All decoded pages of all open files, within one byte budget.
///
/// A reader finds a page by one atomic load of its slot, under an EpochGuard. A miss is
/// decoded by exactly one thread while the others wait for it. What does not fit the
/// budget is evicted by the clock algorithm: least recently used, to one bit.
///
/// Of a pass in order, little is kept: when the page that follows is missed, the one before is
/// *passed*, and all passed pages together may take kPassedBytes, by a clock of their own. A
/// column of which a dropped page is wanted again is read more than once: from then on its pages
/// are kept as long as they fit the budget.
///
/// Thread-safety: every function may be called from any thread.
class USDPARQUET_API PageCache {
 public:
  static constexpr uintptr_t kEmpty = 0;
  static constexpr uintptr_t kDropped = 1;  ///< as kEmpty, after a pass went by
  static constexpr uintptr_t kLoading = 2;
  static constexpr uint64_t kDefaultBudget = uint64_t{64} << 20;
  static constexpr uint64_t kPassedBytes = uint64_t{2} << 20;

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

  /// Charges memory that belongs to pages but is not in one, such as a dictionary shared by a
  /// chunk's pages; evicts what no longer fits.
  void Charge(uint64_t bytes);
  /// Releases what was charged.
  void Release(uint64_t bytes) { resident_.fetch_sub(bytes); }

  /// Counts bytes handed to a decoder.
  void CountBytesRead(uint64_t bytes) { bytes_read_.fetch_add(bytes, std::memory_order_relaxed); }

  /// Sets the budget, in bytes, and evicts at once what no longer fits. The page in
  /// use is always kept, so one page larger than the budget still works.
  void SetBudget(uint64_t bytes);
  /// `told` is called after each change of the budget, by the thread that changes it, with no lock
  /// of the cache held: for what else shares the budget.
  void OnBudgetChange(std::function<void()> told);
  uint64_t budget() const { return budget_.load(std::memory_order_relaxed); }

  CacheStats Stats() const;

 private:
  PageCache();
  const Page* Miss(PageSlot& slot, EpochGuard& guard, const Loader& load);

  /// Pages in a circle; where the hand points is the next to be looked at.
  struct Clock {
    Page* hand = nullptr;
    uint64_t bytes = 0;
  };
  static void Link(Page* page, Clock* clock);
  static void Unlink(Page* page, Clock* clock);
  Clock* ClockOf(const Page& page) { return page.is_passed ? &passed_ : &kept_; }

  // All REQUIRE that the caller holds `mutex_`.
  void MakeRoom(uint64_t bytes);
  void EvictTo(uint64_t target);
  void EvictOne(Clock* clock);
  void NotePass(Page* page, bool was_dropped);
  void Pass(Page* page);
  void FreeRetired();

  void AddResident(uint64_t bytes);

  struct Retired {
    Page* page;
    uint64_t epoch;
  };

  mutable std::mutex mutex_;
  Clock kept_;
  Clock passed_;
  std::vector<Retired> retired_;
  std::function<void()> told_of_budget_;
  uint64_t retired_bytes_ = 0;
  std::atomic<uint64_t> budget_;
  std::atomic<uint64_t> resident_{0};
  std::atomic<uint64_t> peak_{0};
  std::atomic<uint64_t> bytes_read_{0};
  std::atomic<uint64_t> misses_{0};
  std::atomic<uint64_t> evictions_{0};
};

}  // namespace usdparquet
