#include "core/util/epoch.h"

#include <limits>
#include <mutex>

namespace usdparquet {
namespace internal {

std::atomic<uint64_t> g_epoch{1};
constinit thread_local ThreadRecord* t_record __attribute__((tls_model("initial-exec"))) = nullptr;

namespace {

std::mutex g_mutex;
// Records are reused by later threads but never freed: an evicting thread may walk the list at any
// time.
std::atomic<ThreadRecord*> g_records{nullptr};

/// Gives the record back when its thread ends.
struct RecordOwner {
  ThreadRecord* record = nullptr;
  ~RecordOwner() {
    if (!record) return;
    std::lock_guard lock(g_mutex);
    record->in_use = false;
    t_record = nullptr;
  }
};

ThreadRecord* TakeRecord() {
  static thread_local RecordOwner owner;
  std::lock_guard lock(g_mutex);
  for (ThreadRecord* r = g_records.load(); r; r = r->next) {
    if (!r->in_use) {
      r->in_use = true;
      r->depth = 0;
      return owner.record = r;
    }
  }
  auto* record = new ThreadRecord;
  record->in_use = true;
  record->next = g_records.load();
  g_records.store(record);
  return owner.record = record;
}

}  // namespace

ThreadRecord* MakeThreadRecord() { return t_record = TakeRecord(); }

}  // namespace internal

uint64_t AdvanceEpoch() { return internal::g_epoch.fetch_add(1, std::memory_order_seq_cst); }

uint64_t OldestActiveEpoch() {
  uint64_t oldest = std::numeric_limits<uint64_t>::max();
  for (auto* r = internal::g_records.load(); r; r = r->next) {
    const uint64_t active = r->active.load(std::memory_order_seq_cst);
    if (active != 0 && active < oldest) oldest = active;
  }
  return oldest;
}

uint64_t TotalHits() {
  uint64_t hits = 0;
  for (auto* r = internal::g_records.load(); r; r = r->next) {
    hits += r->hits.load(std::memory_order_relaxed);
  }
  return hits;
}

}  // namespace usdparquet
