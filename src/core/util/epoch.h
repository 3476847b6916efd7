#pragma once

/// \file
/// Epoch-based reclamation: readers of the page cache take no lock and no
/// reference count; what an eviction unlinks is freed once every reader that
/// could have seen it has left.
///
/// The scheme is that of K. Fraser, "Practical lock-freedom" (2004), section
/// 5.2.3, with one epoch an eviction.

#include <atomic>
#include <cstdint>

#include "core/util/export.h"

namespace usdparquet {

namespace internal {

/// What one thread shares with the evicting threads. Cache-line aligned, so that a
/// reader never waits for another reader's line.
struct alignas(64) ThreadRecord {
  /// The epoch in which the thread reads; 0 while it reads nothing.
  std::atomic<uint64_t> active{0};
  /// Nesting depth of guards; only its thread touches it.
  uint32_t depth = 0;
  /// Reads of resident pages by this thread; only its thread writes it.
  std::atomic<uint64_t> hits{0};
  bool in_use = false;
  ThreadRecord* next = nullptr;
};

extern USDPARQUET_API std::atomic<uint64_t> g_epoch;

/// The calling thread's record, made on its first use.
USDPARQUET_API ThreadRecord* AcquireThreadRecord();

}  // namespace internal

/// While one of these lives, no page that its thread found in the cache is freed.
/// Keep it for the copy of one value: a guard that stays holds evicted memory back.
/// Guards of one thread may nest.
class USDPARQUET_API EpochGuard {
 public:
  EpochGuard() : record_(internal::AcquireThreadRecord()) { Enter(); }
  ~EpochGuard() { Leave(); }
  EpochGuard(const EpochGuard&) = delete;
  EpochGuard& operator=(const EpochGuard&) = delete;

  /// Gives up what the guard protects, for the time of a miss: a thread that decodes must not hold
  /// back the pages that it evicts. Re-enter before reading a slot again.
  void Leave() {
    if (--record_->depth == 0) record_->active.store(0, std::memory_order_release);
  }
  void Enter() {
    if (record_->depth++ == 0) {
      // A full barrier: the epoch must be visible before any page pointer is read.
      record_->active.exchange(internal::g_epoch.load(std::memory_order_seq_cst),
                               std::memory_order_seq_cst);
    }
  }

  /// Counts one read that found its page resident.
  void CountHit() const {
    record_->hits.store(record_->hits.load(std::memory_order_relaxed) + 1,
                        std::memory_order_relaxed);
  }

 private:
  internal::ThreadRecord* record_;
};

/// Closes the present epoch and returns its number: what was unlinked before
/// the call may be freed once OldestActiveEpoch() is greater.
USDPARQUET_API uint64_t AdvanceEpoch();

/// The oldest epoch in which a thread still reads; UINT64_MAX if none does.
USDPARQUET_API uint64_t OldestActiveEpoch();

/// The sum over all threads of the hits counted so far, past threads included.
USDPARQUET_API uint64_t TotalHits();

}  // namespace usdparquet
