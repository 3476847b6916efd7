#include "core/pages/page_cache.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

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
  static auto* cache = new PageCache(BudgetFromEnvironment());
  return *cache;
}

PageCache::PageCache(uint64_t budget) : budget_(budget) {}

PageCache::~PageCache() {
  while (retired_) delete std::exchange(retired_, retired_->older);
}

const Page* PageCache::Miss(PageSlot& slot, const Loader& load) {
  uintptr_t state;
  for (;;) {
    state = slot.load(std::memory_order_seq_cst);
    if (state > kLoading) return &reinterpret_cast<CachedPage*>(state)->page;
    if (state < kLoading && slot.compare_exchange_strong(state, kLoading)) break;
    if (state == kLoading) {
      EpochPause pause;
      slot.wait(kLoading);
    }
  }
  EpochPause pause;
  std::unique_ptr<CachedPage> loaded;
  try {
    loaded = std::make_unique<CachedPage>();
    load(loaded.get());
  } catch (...) {  // there is no memory: who waits tries again
    slot.store(state, std::memory_order_seq_cst);
    slot.notify_all();
    throw;
  }
  CachedPage* const entry = loaded.release();
  misses_.fetch_add(1, std::memory_order_relaxed);
  entry->slot = &slot;
  entry->charge = entry->page.MemoryUsage() + sizeof(CachedPage) - sizeof(Page);
  entry->shared = entry->page.memory ? entry->page.memory->charge() : 0;
  {
    std::lock_guard lock(mutex_);
    FreeRetired();
    NoteOrder(entry, state == kDropped);
    shared_by_pages_ += entry->shared;
    MakeRoom(entry->charge);
    Link(entry, &kept_);
    AddResident(entry->charge);
    // Published under the lock, so that no eviction comes between, and under the guard, so that
    // this thread has the page even if the next miss evicts it at once.
    pause.End();
    slot.store(reinterpret_cast<uintptr_t>(entry), std::memory_order_seq_cst);
  }
  slot.notify_all();
  return &entry->page;
}

void PageCache::Charge(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  MakeRoom(bytes);
  AddResident(bytes);
}

std::shared_ptr<MemoryCount> PageCache::ChargeShared(uint64_t bytes) {
  Charge(bytes);
  count_->shared.fetch_add(bytes);
  return count_;
}

void PageCache::AddResident(uint64_t bytes) {
  const uint64_t now = count_->resident.fetch_add(bytes) + bytes;
  uint64_t peak = peak_.load(std::memory_order_relaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void PageCache::Link(CachedPage* entry, Clock* clock) {
  clock->bytes += entry->charge + entry->shared;
  if (entry->is_scanned) entry->use->scanned_bytes += entry->charge + entry->shared;
  if (!clock->hand) {
    entry->older = entry->newer = entry;
    clock->hand = entry;
    return;
  }
  // Just behind the hand: the last one that the clock comes to.
  entry->newer = clock->hand;
  entry->older = clock->hand->older;
  clock->hand->older->newer = entry;
  clock->hand->older = entry;
}

void PageCache::Unlink(CachedPage* entry, Clock* clock) {
  clock->bytes -= entry->charge + entry->shared;
  if (entry->is_scanned) entry->use->scanned_bytes -= entry->charge + entry->shared;
  if (entry->newer == entry) {
    clock->hand = nullptr;
  } else {
    entry->older->newer = entry->newer;
    entry->newer->older = entry->older;
    if (clock->hand == entry) clock->hand = entry->newer;
  }
  entry->older = entry->newer = nullptr;
}

void PageCache::NoteOrder(CachedPage* entry, bool was_dropped) {
  ColumnUse* const use = entry->use;
  if (!use) return;
  if (was_dropped) use->is_reread = true;
  const auto before =
      entry->previous ? std::ranges::find(use->recent, entry->previous) : use->recent.end();
  const bool follows = before != use->recent.end();
  entry->is_in_sequence = follows || entry->page.first_row == 0;
  if (follows) {
    *before = entry->slot;
  } else {
    use->recent[use->oldest] = entry->slot;
    use->oldest = (use->oldest + 1) % use->recent.size();
  }
  if (!follows || use->is_reread) return;
  const uintptr_t state = entry->previous->load(std::memory_order_relaxed);
  if (state <= kLoading) return;
  // Two pages that follow each other are chance where a column has few; three are a scan.
  auto* const last = reinterpret_cast<CachedPage*>(state);
  if (last->is_in_sequence && !last->is_scanned) MarkScanned(last);
}

void PageCache::MarkScanned(CachedPage* entry) {
  Unlink(entry, &kept_);
  entry->is_scanned = true;
  entry->referenced.store(false, std::memory_order_relaxed);
  Link(entry, &scanned_);
  const ColumnUse* const use = entry->use;
  while (use->is_played && use->scanned_bytes > kPlayedBytes &&
         use->scanned_bytes > entry->charge + entry->shared) {
    // Columns are mostly played side by side, so that the oldest of each is near the hand.
    CachedPage* oldest = scanned_.hand;
    while (oldest->use != use) oldest = oldest->newer;
    Evict(oldest);
  }
  while (scanned_.bytes > kScannedBytes) EvictOne(&scanned_);
}

void PageCache::MakeRoom(uint64_t bytes) {
  const uint64_t budget = budget_.load(std::memory_order_relaxed);
  EvictTo(budget > bytes ? budget - bytes : 0);
}

/// What counts against the pages.
uint64_t PageCache::CountedBytes() const {
  const uint64_t shared = count_->shared.load(std::memory_order_relaxed);
  const uint64_t held = shared - std::min(shared, shared_by_pages_);
  const uint64_t most = budget_.load(std::memory_order_relaxed) / 4 * 3;
  return count_->resident.load(std::memory_order_relaxed) - (held > most ? held - most : 0);
}

void PageCache::EvictTo(uint64_t target) {
  // Retired pages are as good as gone: their readers hold them for the copy of one value.
  while ((scanned_.hand || kept_.hand) && CountedBytes() > target + retired_bytes_) {
    EvictOne(scanned_.hand ? &scanned_ : &kept_);
  }
}

/// Takes one step with the clock's hand: evicts the page there, or passes over it if it was used
/// since the hand last came by, or moves it to `kept_` if its column turned out to be read again.
void PageCache::EvictOne(Clock* clock) {
  CachedPage* entry = clock->hand;
  if (entry->is_scanned && entry->use->is_reread) {
    Unlink(entry, clock);
    entry->is_scanned = false;
    Link(entry, &kept_);
    return;
  }
  if (entry->referenced.exchange(false, std::memory_order_relaxed)) {
    clock->hand = entry->newer;
    return;
  }
  Evict(entry);
}

void PageCache::Evict(CachedPage* entry) {
  Unlink(entry, ClockOf(*entry));
  entry->slot->store(entry->is_scanned ? kDropped : kEmpty, std::memory_order_seq_cst);
  evictions_.fetch_add(1, std::memory_order_relaxed);
  entry->retired_in = AdvanceEpoch();
  entry->older = std::exchange(retired_, entry);
  retired_bytes_ += entry->charge + entry->shared;
  FreeRetired();
}

void PageCache::FreeRetired() {
  if (!retired_) return;
  const uint64_t oldest = OldestActiveEpoch();
  for (CachedPage** link = &retired_; *link;) {
    CachedPage* const entry = *link;
    if (entry->retired_in >= oldest) {
      link = &entry->older;
      continue;
    }
    *link = entry->older;
    count_->resident.fetch_sub(entry->charge);
    retired_bytes_ -= entry->charge + entry->shared;
    shared_by_pages_ -= entry->shared;
    delete entry;
  }
}

void PageCache::Drop(PageSlot* slots, size_t count) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < count; ++i) {
    const uintptr_t state = slots[i].exchange(kEmpty);
    if (state <= kLoading) continue;
    auto* entry = reinterpret_cast<CachedPage*>(state);
    Unlink(entry, ClockOf(*entry));
    count_->resident.fetch_sub(entry->charge);
    shared_by_pages_ -= entry->shared;
    delete entry;
  }
  FreeRetired();
}

void PageCache::SetBudget(uint64_t bytes) {
  std::function<void()> listener;
  {
    std::lock_guard lock(mutex_);
    budget_.store(bytes, std::memory_order_relaxed);
    listener = budget_listener_;
  }
  if (listener) listener();  // before pages have to make room for it
  std::lock_guard lock(mutex_);
  FreeRetired();
  EvictTo(budget_.load(std::memory_order_relaxed));
}

void PageCache::OnBudgetChange(std::function<void()> listener) {
  std::lock_guard lock(mutex_);
  budget_listener_ = std::move(listener);
}

CacheStats PageCache::Stats() const {
  CacheStats stats;
  stats.hits = TotalHits();
  stats.misses = misses_.load(std::memory_order_relaxed);
  stats.evictions = evictions_.load(std::memory_order_relaxed);
  stats.bytes_resident = count_->resident.load(std::memory_order_relaxed);
  stats.bytes_peak = peak_.load(std::memory_order_relaxed);
  stats.bytes_read = bytes_read_.load(std::memory_order_relaxed);
  stats.budget = budget();
  return stats;
}

}  // namespace usdparquet
