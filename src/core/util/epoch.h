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

  inline void Enter();
  void Leave() {
    if (--depth == 0) active.store(0, std::memory_order_release);
  }
};

extern USDPARQUET_API std::atomic<uint64_t> g_epoch;

/// The calling thread's record; null before its first use.
/// initial-exec: one instruction instead of a call to __tls_get_addr. The pointer is the only
/// thread-local of the library that a hot path touches, so it fits the static TLS reserve.
extern USDPARQUET_API constinit thread_local ThreadRecord* t_record
    __attribute__((tls_model("initial-exec")));

/// Makes the calling thread's record.
USDPARQUET_API ThreadRecord* MakeThreadRecord();

inline ThreadRecord* AcquireThreadRecord() {
  ThreadRecord* const record = t_record;
  return record ? record : MakeThreadRecord();
}

inline void ThreadRecord::Enter() {
  if (depth++ == 0) {
    // A full barrier: the epoch must be visible before any page pointer is read.
    active.exchange(g_epoch.load(std::memory_order_seq_cst), std::memory_order_seq_cst);
  }
}

}  // namespace internal

/// While one of these lives, no page that its thread found in the cache is freed.
/// Keep it for the copy of one value: a guard that stays holds evicted memory back.
/// Guards of one thread may nest.
class EpochGuard {
 public:
  [[gnu::always_inline]] EpochGuard() : record_(internal::AcquireThreadRecord()) {
    record_->Enter();
  }
  [[gnu::always_inline]] ~EpochGuard() { record_->Leave(); }
  EpochGuard(const EpochGuard&) = delete;
  EpochGuard& operator=(const EpochGuard&) = delete;

  /// Counts one read that found its page resident.
  void CountHit() const {
    record_->hits.store(record_->hits.load(std::memory_order_relaxed) + 1,
                        std::memory_order_relaxed);
  }

 private:
  internal::ThreadRecord* const record_;
};

/// Gives up what the calling thread's guard protects, for the time of a miss: a thread that decodes
/// must not hold back the pages that it evicts. REQUIRES: the thread has a guard.
class EpochPause {
 public:
  EpochPause() : record_(internal::AcquireThreadRecord()) { record_->Leave(); }
  ~EpochPause() { End(); }
  EpochPause(const EpochPause&) = delete;
  EpochPause& operator=(const EpochPause&) = delete;

  /// The guard protects again what is found from now on.
  void End() {
    if (!has_ended_) record_->Enter();
    has_ended_ = true;
  }

 private:
  internal::ThreadRecord* const record_;
  bool has_ended_ = false;
};

/// Closes the present epoch and returns its number: what was unlinked before
/// the call may be freed once OldestActiveEpoch() is greater.
USDPARQUET_API uint64_t AdvanceEpoch();

/// The oldest epoch in which a thread still reads; UINT64_MAX if none does.
USDPARQUET_API uint64_t OldestActiveEpoch();

/// The sum over all threads of the hits counted so far, past threads included.
USDPARQUET_API uint64_t TotalHits();

}  // namespace usdparquet
