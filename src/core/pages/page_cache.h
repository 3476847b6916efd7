#pragma once

/// \file
/// A cache of decoded pages within a byte budget. The process has one for all open files.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "core/pages/page.h"
#include "core/pages/page_memory.h"
#include "core/util/epoch.h"
#include "core/util/export.h"

namespace usdparquet {

/// A snapshot of a cache's counters. Counts are since the cache was made.
struct CacheStats {
  uint64_t hits = 0;            ///< reads that found their page resident, in all caches together
  uint64_t misses = 0;          ///< pages decoded
  uint64_t evictions = 0;       ///< pages dropped to keep the budget, or behind a scan
  uint64_t bytes_resident = 0;  ///< decoded bytes held now, also by dictionaries and by values
  uint64_t bytes_peak = 0;      ///< most bytes ever held
  uint64_t bytes_read = 0;      ///< stored (compressed) bytes handed to the decoders
  uint64_t budget = 0;
};

/// Where a page of a column is, or will be: kEmpty, kDropped, kLoading, or a `CachedPage*`.
using PageSlot = std::atomic<uintptr_t>;

/// How a column has been read so far, which decides what is kept of it. One a column, which must
/// outlive the column's pages. Only the cache reads and writes it, under its lock.
struct ColumnUse {
  /// The last page missed by each of up to four concurrent scans (threads that share a column).
  std::array<const PageSlot*, 4> recent{};
  size_t oldest = 0;
  /// A page was wanted again after it had been dropped behind a scan.
  bool is_reread = false;
  /// Scans go from one time to the next, mostly once; set before the column is read.
  bool is_played = false;
  /// The bytes of its scanned pages.
  uint64_t scanned_bytes = 0;
};

/// A page in the cache, with what the cache keeps to decide how long it stays.
struct CachedPage {
  std::atomic<bool> referenced{true};  ///< beside the page, which a read touches as well
  bool is_in_sequence = false;         ///< the page before it was missed just before
  bool is_scanned = false;             ///< a scan went on to the page behind it
  Page page;

  // Where the page stands in its column, set by the loader. Without a `use` the cache takes no
  // note of the order in which the column is read.
  ColumnUse* use = nullptr;
  const PageSlot* previous = nullptr;  ///< the slot before; null if it was never used

  PageSlot* slot = nullptr;
  size_t charge = 0;  ///< bytes counted against the budget, without the next
  size_t shared = 0;  ///< those of the page's memory, which values may hold longer than the page
  CachedPage* older = nullptr;
  CachedPage* newer = nullptr;
  uint64_t retired_in = 0;  ///< the epoch in which it was evicted
};

/// Decoded pages within one byte budget.
///
/// A reader finds a page by one atomic load of its slot, under an EpochGuard. A miss is
/// decoded by exactly one thread while the others wait for it. What does not fit the
/// budget is evicted by the clock algorithm: least recently used, to one bit.
///
/// Memory that values share with a page counts until the last of them goes, which nobody can
/// hasten. So that pages have a place beside it, no more of it counts against them than three
/// quarters of the budget.
///
/// The cache resists scans. When a column is read in order and the next page is missed, the page
/// before it counts as *scanned*, and all scanned pages together may take kScannedBytes, in a
/// clock of their own; those of a column that is played may take kPlayedBytes. Once a page that was
/// dropped this way is wanted again, its column is known to be read more than once: from then on
/// its pages are kept as long as they fit the budget.
///
/// Thread-safety: every function may be called from any thread.
class USDPARQUET_API PageCache {
 public:
  static constexpr uintptr_t kEmpty = 0;
  static constexpr uintptr_t kDropped = 1;  ///< as kEmpty, after a scan went by
  static constexpr uintptr_t kLoading = 2;
  static constexpr uint64_t kDefaultBudget = uint64_t{64} << 20;
  static constexpr uint64_t kScannedBytes = uint64_t{2} << 20;
  /// Enough for the times before and after one that is between them, of 10,000 numbers each.
  static constexpr uint64_t kPlayedBytes = uint64_t{256} << 10;

  /// An empty cache with a budget of `budget` bytes.
  explicit PageCache(uint64_t budget);
  /// REQUIRES: every page was dropped, and no thread reads one.
  ~PageCache();
  PageCache(const PageCache&) = delete;
  PageCache& operator=(const PageCache&) = delete;

  /// The cache of the process, which every table uses that is given no other. Its first budget is
  /// USDPARQUET_CACHE_MB (mebibytes, may be a fraction) or kDefaultBudget.
  static PageCache& Instance();

  /// Fills `page`, `use` and `previous` of a new entry. What it throws leaves the slot as it was.
  using Loader = std::function<void(CachedPage*)>;

  /// The page of `slot`, if it is there; valid as long as the caller's `guard`. Else null.
  [[gnu::always_inline]] static const Page* Find(const PageSlot& slot, const EpochGuard& guard) {
    const uintptr_t state = slot.load(std::memory_order_seq_cst);
    if (state > kLoading) [[likely]]
      return Used(state, guard);
    return nullptr;
  }

  /// The page of `slot`, which stays valid as long as the caller's `guard`. On a
  /// miss, `load` decodes it; pages that the guard protected before may then be gone.
  template <typename Load>
  const Page* Get(PageSlot& slot, const EpochGuard& guard, const Load& load) {
    const Page* const page = Find(slot, guard);
    return page ? page : Miss(slot, load);
  }
  /// As Get, after Find found nothing. REQUIRES: the calling thread has an EpochGuard.
  const Page* Miss(PageSlot& slot, const Loader& load);

  /// Frees the pages of `slots`. REQUIRES: no other thread reads them.
  void Drop(PageSlot* slots, size_t count);

  /// Charges memory that belongs to pages but is not in one, such as a dictionary shared by a
  /// chunk's pages; evicts what no longer fits.
  void Charge(uint64_t bytes);
  /// Releases what was charged.
  void Release(uint64_t bytes) { count_->resident.fetch_sub(bytes); }
  /// Charges memory of a page that values may share. Whoever has it takes it off the count.
  std::shared_ptr<MemoryCount> ChargeShared(uint64_t bytes);

  /// Counts bytes handed to a decoder.
  void CountBytesRead(uint64_t bytes) { bytes_read_.fetch_add(bytes, std::memory_order_relaxed); }

  /// Sets the budget, in bytes, and evicts at once what no longer fits. The page in
  /// use is always kept, so one page larger than the budget still works.
  void SetBudget(uint64_t bytes);
  /// Sets the one `listener` (or none, if it is empty), which is called after each change of the
  /// budget, by the thread that changes it, with no lock of the cache held: for what else shares
  /// the budget.
  void OnBudgetChange(std::function<void()> listener);
  uint64_t budget() const { return budget_.load(std::memory_order_relaxed); }

  CacheStats Stats() const;

 private:
  /// The page whose address is `state`, marked as used.
  static const Page* Used(uintptr_t state, const EpochGuard& guard) {
    auto* entry = reinterpret_cast<CachedPage*>(state);
    // Written only when it changes: a store by every reader would make the line travel.
    if (!entry->referenced.load(std::memory_order_relaxed)) {
      entry->referenced.store(true, std::memory_order_relaxed);
    }
    guard.CountHit();
    return &entry->page;
  }

  /// Pages in a circle; where the hand points is the next to be looked at.
  struct Clock {
    CachedPage* hand = nullptr;
    uint64_t bytes = 0;
  };
  static void Link(CachedPage* entry, Clock* clock);
  static void Unlink(CachedPage* entry, Clock* clock);
  Clock* ClockOf(const CachedPage& entry) { return entry.is_scanned ? &scanned_ : &kept_; }

  // All REQUIRE that the caller holds `mutex_`.
  void MakeRoom(uint64_t bytes);
  void EvictTo(uint64_t target);
  void EvictOne(Clock* clock);
  void Evict(CachedPage* entry);
  void NoteOrder(CachedPage* entry, bool was_dropped);
  void MarkScanned(CachedPage* entry);
  void FreeRetired();
  uint64_t CountedBytes() const;

  void AddResident(uint64_t bytes);

  mutable std::mutex mutex_;
  Clock kept_;
  Clock scanned_;
  CachedPage* retired_ = nullptr;  // the first; linked by `older`, so that none takes memory
  std::function<void()> budget_listener_;
  uint64_t retired_bytes_ = 0;
  uint64_t shared_by_pages_ = 0;  // of pages in the clocks and of retired ones
  std::atomic<uint64_t> budget_;
  const std::shared_ptr<MemoryCount> count_ = std::make_shared<MemoryCount>();
  std::atomic<uint64_t> peak_{0};
  std::atomic<uint64_t> bytes_read_{0};
  std::atomic<uint64_t> misses_{0};
  std::atomic<uint64_t> evictions_{0};
};

}  // namespace usdparquet
