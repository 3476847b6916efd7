#pragma once

/// \file
/// Tables from handles (of paths) to numbers, one a layer, which share a part of the page cache's
/// budget.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/pages/page_cache.h"
#include "core/util/export.h"

namespace usdparquet {

class HandleTable;

/// Handle tables that share room: together they take a quarter of a page cache's budget at most,
/// and are charged to it.
///
/// A table takes memory when something is added to it, and doubles as it fills. When the quarter is
/// full, tables that nobody reads are dropped, by the clock algorithm over tables. A reader leaves
/// no mark, which would cost each read something; instead the clock's hand lays a table aside, and
/// the first reader that wants it takes it back. What is still aside when the hand comes again is
/// dropped. Where all are in use, one that has at least four times what another asks for is halved.
///
/// Thread-safety: every function may be called from any thread.
class USDPARQUET_API HandleTables {
 public:
  /// Without tables. REQUIRES: the cache outlives this, and has no other handle tables.
  explicit HandleTables(PageCache& cache);
  /// REQUIRES: every table is gone, and no thread changes the cache's budget.
  ~HandleTables();
  HandleTables(const HandleTables&) = delete;
  HandleTables& operator=(const HandleTables&) = delete;

  /// Those of the process, in PageCache::Instance().
  static HandleTables& Instance();

  /// Bytes that all tables take now.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  /// Bytes that they may take.
  uint64_t limit() const { return cache_.budget() / 4; }

 private:
  friend class HandleTable;

  void Add(HandleTable* table);
  void Remove(HandleTable* table);
  /// Doubles the table from `slots`, or gives it its first memory, if there is or can be made room.
  /// False if there is none.
  bool Grow(HandleTable* table, size_t slots);

  /// Takes back what exceeds the limit.
  void FitLimit();

  // REQUIRE that the caller holds `mutex_`.
  void TurnClock(const HandleTable* growing, uint64_t target);
  HandleTable* Largest(const HandleTable* growing) const;
  void Drop(HandleTable* table);
  void Halve(HandleTable* table);
  void TakeBack(size_t slots);

  PageCache& cache_;
  std::mutex mutex_;  // taken before a table's and before the cache's
  std::vector<HandleTable*> tables_;
  size_t hand_ = 0;
  std::atomic<uint64_t> bytes_{0};
};

/// A table from handles, which are not 0, to numbers. It may forget: a full bucket replaces an
/// entry, and its HandleTables may take all of its memory.
///
/// Buckets have one cache line, and a reader takes no lock. The memory for the largest size is
/// reserved once and stays where it is; what is not used has no memory behind it and reads as
/// empty. So a reader may look into a table that is growing or being dropped: it finds what it
/// looks for or nothing.
///
/// Thread-safety: every function may be called from any thread.
class USDPARQUET_API HandleTable {
 public:
  /// Gives back the caller's reference to a handle that the table had. Called with locks of the
  /// tables held, from any thread.
  using ReleaseHandle = void (*)(uint32_t handle);

  /// One of `tables`, which must outlive it, for up to `num_handles` handles in use at a time; more
  /// of them replace each other.
  HandleTable(HandleTables& tables, size_t num_handles, ReleaseHandle release);
  /// REQUIRES: no other thread uses the table.
  ~HandleTable();
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  /// Sets `number` to what was added for the handle. False if nothing was found.
  // Inlined by order, as all that every read calls: otherwise it depends on what else its caller
  // has grown by.
  [[gnu::always_inline]] bool Find(uint32_t handle, uint32_t* number) const {
    const std::atomic<uint64_t>* slots = slots_.load(std::memory_order_acquire);
    if (!slots) return false;
    const std::atomic<uint64_t>* bucket =
        slots + BucketOf(handle, bucket_mask_.load(std::memory_order_relaxed)) * kWays;
    const size_t first = FirstWayOf(handle);
    for (size_t i = 0; i < kWays; ++i) {
      const uint64_t entry = bucket[first ^ i].load(std::memory_order_acquire);
      if (static_cast<uint32_t>(entry >> 32) == handle) {
        *number = static_cast<uint32_t>(entry);
        return true;
      }
    }
    return false;
  }

  /// As Find, after that found nothing: looks into a table that was laid aside, and takes it back.
  bool FindAside(uint32_t handle, uint32_t* number);

  /// Adds an entry, with the caller's reference to the handle: it is given back when the entry
  /// goes, which is at once if there is no memory or the handle is there already.
  void Add(uint32_t handle, uint32_t number);

  /// Bytes that the table takes now.
  uint64_t bytes() const {
    return num_slots_.load(std::memory_order_relaxed) * sizeof(std::atomic<uint64_t>);
  }

 private:
  friend class HandleTables;
  static constexpr size_t kWays = 8;

  /// A handle is an index into one of up to 256 pool regions, the region in the low byte. Paths
  /// made one after the other have neighbouring indices, and are mostly read in that order: four of
  /// them share a bucket, and each has its own place to begin with.
  static uint32_t KeyOf(uint32_t handle) { return (handle >> 8) + (handle & 0xff) * 0x9e3779b1u; }
  static size_t BucketOf(uint32_t handle, uint32_t mask) { return (KeyOf(handle) >> 2) & mask; }
  /// Where in the bucket a handle is looked for first.
  static size_t FirstWayOf(uint32_t handle) { return KeyOf(handle) % 4 * 2; }
  /// The first empty way for the handle; kWays if there is none.
  static size_t EmptyWay(const std::atomic<uint64_t>* bucket, uint32_t handle);
  std::atomic<uint64_t>* Bucket(size_t bucket) const { return memory_ + bucket * kWays; }

  bool IsAside() const { return !slots_.load(std::memory_order_relaxed); }

  // REQUIRE that the caller holds `mutex_`.
  bool WantsToGrow(uint32_t handle) const;
  /// Returns the handle whose reference is to be given back; 0 for none.
  uint32_t Put(uint32_t handle, uint32_t number);
  size_t GrownSize() const;
  void SetSize(size_t slots);

  // Called by HandleTables, under its lock.
  bool Reserve();
  void Double();
  void Halve();
  void Drop();
  void LayAside();
  void AskAgain();

  HandleTables& tables_;
  const ReleaseHandle release_;
  const size_t max_slots_;
  std::atomic<std::atomic<uint64_t>*> slots_{nullptr};  // memory_; null while laid aside or empty
  std::atomic<uint32_t> bucket_mask_{0};
  std::atomic<size_t> num_slots_{0};         // a power of two, or 0; written under both locks
  std::atomic<uint64_t>* memory_ = nullptr;  // reserved for max_slots_, when first needed
  size_t count_ = 0;                         // entries
  size_t patience_ = 0;                      // entries to add before asking for room again
  std::mutex mutex_;                         // for whoever writes
};

}  // namespace usdparquet
