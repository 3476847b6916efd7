#include "plugin/read/child_lists.h"

#include <utility>

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::CachedPage;
using usdparquet::PageCache;
using usdparquet::PageSlot;

namespace {

/// What a name takes, about: its place in the list, and its token in OpenUSD's registry, which
/// lives as long as the list.
constexpr size_t kNameBytes = sizeof(TfToken) + 96;

}  // namespace

UsdParquetChildLists::~UsdParquetChildLists() {
  if (!slots_) return;
  PageCache& cache = PageCache::Instance();
  cache.Drop(slots_.get(), num_slots_);
  cache.Release(num_slots_ * sizeof(PageSlot));
}

VtValue UsdParquetChildLists::Get(uint32_t number, size_t num_parents, size_t num_names,
                                  const std::function<TfTokenVector()>& make) {
  PageCache& cache = PageCache::Instance();
  if (num_names > cache.budget() / 4 / kNameBytes) return VtValue(make());
  std::call_once(once_, [&] {
    slots_ = std::make_unique<PageSlot[]>(num_parents);
    num_slots_ = num_parents;
    cache.Charge(num_slots_ * sizeof(PageSlot));
  });
  // The index may just be replaced; who asked of the old one will ask again.
  if (number >= num_slots_) return VtValue(make());
  usdparquet::EpochGuard guard;
  const usdparquet::Page* const kept = cache.Get(slots_[number], guard, [&](CachedPage* entry) {
    TfTokenVector names = make();
    names.shrink_to_fit();
    entry->page.held_bytes = sizeof(VtValue) + names.size() * kNameBytes;
    auto list = std::make_shared<VtValue>();
    list->Swap(names);
    entry->page.owner = std::move(list);
  });
  return *static_cast<const VtValue*>(kept->owner.get());
}

PXR_NAMESPACE_CLOSE_SCOPE
