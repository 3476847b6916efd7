#include "page_cache.h"

#include <cstdlib>

namespace usdparquet {
namespace {

uint64_t BudgetFromEnvironment() {
  const char* text = std::getenv("USDPARQUET_CACHE_MB");
  if (!text) return PageCache::kDefaultBudget;
  char* end = nullptr;
  const double megabytes = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(megabytes >= 0)) return PageCache::kDefaultBudget;
  return static_cast<uint64_t>(megabytes * (1 << 20));
}

}  // namespace

PageCache& PageCache::Instance() {
  // Never destroyed: layers may outlive static destruction.
  static auto* cache = new PageCache;
  return *cache;
}

PageCache::PageCache() : budget_(BudgetFromEnvironment()) {}

const Page* PageCache::Miss(PageSlot& slot, EpochGuard& guard, const Loader& load) {
  for (;;) {
    uintptr_t state = slot.load(std::memory_order_seq_cst);
    if (state > kLoading) return reinterpret_cast<Page*>(state);
    if (state == kEmpty && slot.compare_exchange_strong(state, kLoading)) break;
    if (state == kLoading) {
      guard.Leave();
      slot.wait(kLoading);
      guard.Enter();
    }
  }
  guard.Leave();
  Page* page = load().release();
  misses_.fetch_add(1, std::memory_order_relaxed);
  page->slot = &slot;
  page->charge = page->MemoryUsage();
  {
    std::lock_guard lock(mutex_);
    FreeRetired();
    const uint64_t budget = budget_.load(std::memory_order_relaxed);
    EvictTo(budget > page->charge ? budget - page->charge : 0);
    Link(page);
    AddResident(page->charge);
    // Published under the lock, so that no eviction comes between, and under the guard, so that
    // this thread has the page even if the next miss evicts it at once.
    guard.Enter();
    slot.store(reinterpret_cast<uintptr_t>(page), std::memory_order_seq_cst);
  }
  slot.notify_all();
  return page;
}

void PageCache::AddResident(int64_t bytes) {
  const uint64_t now = resident_.fetch_add(static_cast<uint64_t>(bytes)) + bytes;
  uint64_t peak = peak_.load(std::memory_order_relaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void PageCache::Link(Page* page) {
  if (!hand_) {
    page->older = page->newer = page;
    hand_ = page;
    return;
  }
  // Just behind the hand: the last one that the clock comes to.
  page->newer = hand_;
  page->older = hand_->older;
  hand_->older->newer = page;
  hand_->older = page;
}

void PageCache::Unlink(Page* page) {
  if (page->newer == page) {
    hand_ = nullptr;
  } else {
    page->older->newer = page->newer;
    page->newer->older = page->older;
    if (hand_ == page) hand_ = page->newer;
  }
  page->older = page->newer = nullptr;
}

void PageCache::EvictTo(uint64_t target) {
  // Retired pages are as good as gone: their readers hold them for the copy of one value.
  while (hand_ && resident_.load(std::memory_order_relaxed) > target + retired_bytes_) {
    Page* page = hand_;
    if (page->referenced.exchange(false, std::memory_order_relaxed)) {
      hand_ = page->newer;
      continue;
    }
    Unlink(page);
    page->slot->store(kEmpty, std::memory_order_seq_cst);
    evictions_.fetch_add(1, std::memory_order_relaxed);
    retired_.push_back({page, AdvanceEpoch()});
    retired_bytes_ += page->charge;
    FreeRetired();
  }
}

void PageCache::FreeRetired() {
  if (retired_.empty()) return;
  const uint64_t oldest = OldestActiveEpoch();
  std::erase_if(retired_, [&](const Retired& r) {
    if (r.epoch >= oldest) return false;
    resident_.fetch_sub(r.page->charge);
    retired_bytes_ -= r.page->charge;
    delete r.page;
    return true;
  });
}

void PageCache::Drop(PageSlot* slots, size_t count) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < count; ++i) {
    const uintptr_t state = slots[i].exchange(kEmpty);
    if (state <= kLoading) continue;
    auto* page = reinterpret_cast<Page*>(state);
    Unlink(page);
    resident_.fetch_sub(page->charge);
    delete page;
  }
  FreeRetired();
}

void PageCache::SetBudget(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  budget_.store(bytes, std::memory_order_relaxed);
  FreeRetired();
  EvictTo(bytes);
}

CacheStats PageCache::Stats() const {
  CacheStats stats;
  stats.hits = TotalHits();
  stats.misses = misses_.load(std::memory_order_relaxed);
  stats.evictions = evictions_.load(std::memory_order_relaxed);
  stats.bytes_resident = resident_.load(std::memory_order_relaxed);
  stats.bytes_peak = peak_.load(std::memory_order_relaxed);
  stats.bytes_read = bytes_read_.load(std::memory_order_relaxed);
  stats.budget = budget();
  return stats;
}

}  // namespace usdparquet
