#include "core/pages/page_cache.h"

#include <algorithm>
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
  uintptr_t state;
  for (;;) {
    state = slot.load(std::memory_order_seq_cst);
    if (state > kLoading) return reinterpret_cast<Page*>(state);
    if (state < kLoading && slot.compare_exchange_strong(state, kLoading)) break;
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
    NotePass(page, state == kDropped);
    MakeRoom(page->charge);
    Link(page, &kept_);
    AddResident(page->charge);
    // Published under the lock, so that no eviction comes between, and under the guard, so that
    // this thread has the page even if the next miss evicts it at once.
    guard.Enter();
    slot.store(reinterpret_cast<uintptr_t>(page), std::memory_order_seq_cst);
  }
  slot.notify_all();
  return page;
}

void PageCache::Charge(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  MakeRoom(bytes);
  AddResident(bytes);
}

void PageCache::AddResident(uint64_t bytes) {
  const uint64_t now = resident_.fetch_add(bytes) + bytes;
  uint64_t peak = peak_.load(std::memory_order_relaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void PageCache::Link(Page* page, Clock* clock) {
  clock->bytes += page->charge;
  if (!clock->hand) {
    page->older = page->newer = page;
    clock->hand = page;
    return;
  }
  // Just behind the hand: the last one that the clock comes to.
  page->newer = clock->hand;
  page->older = clock->hand->older;
  clock->hand->older->newer = page;
  clock->hand->older = page;
}

void PageCache::Unlink(Page* page, Clock* clock) {
  clock->bytes -= page->charge;
  if (page->newer == page) {
    clock->hand = nullptr;
  } else {
    page->older->newer = page->newer;
    page->newer->older = page->older;
    if (clock->hand == page) clock->hand = page->newer;
  }
  page->older = page->newer = nullptr;
}

void PageCache::NotePass(Page* page, bool was_dropped) {
  ColumnUse* const use = page->use;
  if (!use) return;
  if (was_dropped) use->is_reread = true;
  const auto before =
      page->previous ? std::ranges::find(use->recent, page->previous) : use->recent.end();
  const bool follows = before != use->recent.end();
  page->is_in_sequence = follows || page->first_row == 0;
  if (follows) {
    *before = page->slot;
  } else {
    use->recent[use->oldest] = page->slot;
    use->oldest = (use->oldest + 1) % use->recent.size();
  }
  if (!follows || use->is_reread) return;
  const uintptr_t state = page->previous->load(std::memory_order_relaxed);
  if (state <= kLoading) return;
  // Two pages that follow each other are chance where a column has few; three are a pass.
  auto* const passed = reinterpret_cast<Page*>(state);
  if (passed->is_in_sequence && !passed->is_passed) Pass(passed);
}

void PageCache::Pass(Page* page) {
  Unlink(page, &kept_);
  page->is_passed = true;
  page->referenced.store(false, std::memory_order_relaxed);
  Link(page, &passed_);
  while (passed_.bytes > kPassedBytes) EvictOne(&passed_);
}

void PageCache::MakeRoom(uint64_t bytes) {
  const uint64_t budget = budget_.load(std::memory_order_relaxed);
  EvictTo(budget > bytes ? budget - bytes : 0);
}

void PageCache::EvictTo(uint64_t target) {
  // Retired pages are as good as gone: their readers hold them for the copy of one value.
  while ((passed_.hand || kept_.hand) &&
         resident_.load(std::memory_order_relaxed) > target + retired_bytes_) {
    EvictOne(passed_.hand ? &passed_ : &kept_);
  }
}

/// Evicts the next page that was not referenced since the hand came by, or moves one that is to be
/// kept after all.
void PageCache::EvictOne(Clock* clock) {
  Page* page = clock->hand;
  if (page->is_passed && page->use->is_reread) {
    Unlink(page, clock);
    page->is_passed = false;
    Link(page, &kept_);
    return;
  }
  if (page->referenced.exchange(false, std::memory_order_relaxed)) {
    clock->hand = page->newer;
    return;
  }
  Unlink(page, clock);
  page->slot->store(page->is_passed ? kDropped : kEmpty, std::memory_order_seq_cst);
  evictions_.fetch_add(1, std::memory_order_relaxed);
  retired_.push_back({page, AdvanceEpoch()});
  retired_bytes_ += page->charge;
  FreeRetired();
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
    Unlink(page, ClockOf(*page));
    resident_.fetch_sub(page->charge);
    delete page;
  }
  FreeRetired();
}

void PageCache::SetBudget(uint64_t bytes) {
  std::function<void()> told;
  {
    std::lock_guard lock(mutex_);
    budget_.store(bytes, std::memory_order_relaxed);
    told = told_of_budget_;
  }
  if (told) told();  // before pages have to make room for it
  std::lock_guard lock(mutex_);
  FreeRetired();
  EvictTo(budget_.load(std::memory_order_relaxed));
}

void PageCache::OnBudgetChange(std::function<void()> told) {
  std::lock_guard lock(mutex_);
  told_of_budget_ = std::move(told);
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
