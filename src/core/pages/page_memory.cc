#include "core/pages/page_memory.h"

#include <algorithm>
#include <utility>

#include "core/pages/page_cache.h"
#include "core/util/system_calls.h"

namespace usdparquet {
namespace {

/// The number of elements of the longest array.
size_t LongestArray(const Page& page) {
  uint32_t longest = 0;
  for (size_t i = 1; i < page.offsets.size(); ++i) {
    longest = std::max(longest, page.offsets[i] - page.offsets[i - 1]);
  }
  return longest;
}

}  // namespace

MappedMemory::~MappedMemory() {
  const std::lock_guard lock(list_->mutex);
  for (const PageMemory* memory = list_->first; memory; memory = memory->next_) {
    TakeOutOfFile(memory->begin_, memory->size_);
  }
}

void PageMemory::Share(Page* page, size_t element_size, PageCache& cache, MappedMemory& mapped) {
  const size_t heap_bytes = page->values.capacity() + page->held_bytes;
  if (!IsWorthSharing(LongestArray(*page) * element_size, heap_bytes)) return;
  std::shared_ptr<PageMemory> memory(new PageMemory());
  if (heap_bytes > 0) {
    memory->count_ = cache.ChargeShared(heap_bytes);
    memory->charge_ = heap_bytes;
  } else {
    memory->begin_ = page->cells;
    memory->size_ = page->offsets.back() * element_size;
    memory->list_ = mapped.list_;
    const std::lock_guard lock(memory->list_->mutex);
    memory->link_ = &memory->list_->first;
    memory->next_ = std::exchange(memory->list_->first, memory.get());
    if (memory->next_) memory->next_->link_ = &memory->next_;
  }
  memory->values_ = std::move(page->values);  // `cells` stay where they are
  memory->owner_ = std::move(page->owner);
  page->held_bytes = 0;
  page->memory = std::move(memory);
}

PageMemory::~PageMemory() {
  if (list_) {
    const std::lock_guard lock(list_->mutex);
    *link_ = next_;
    if (next_) next_->link_ = link_;
  }
  if (!count_) return;
  values_ = {};  // first: what is not counted may be used again at once
  owner_.reset();
  count_->shared.fetch_sub(charge_);
  count_->resident.fetch_sub(charge_);
}

}  // namespace usdparquet
