#include "plugin/read/prim_lookup.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "core/pages/page_cache.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::PageCache;
using usdparquet::PrimId;

namespace {

std::atomic<uint64_t> g_next_serial{1};

/// The hash of the parent that the thread looked below last: siblings are
/// mostly looked up one after the other.
struct ParentHash {
  uint64_t serial = 0;
  SdfPath path;
  uint64_t hash = 0;
};

ParentHash& LastParent() {
  static thread_local ParentHash last;
  return last;
}

}  // namespace

UsdParquetPrimLookup::UsdParquetPrimLookup(const usdparquet::PathIndex& index,
                                           const SdfPath& prefix)
    : index_(index),
      prefix_(prefix),
      prefix_depth_(prefix.GetPathElementCount()),
      serial_(g_next_serial++) {
  if (!UsdParquetPathRetainer::IsSupported()) return;
  // Half full when every prim was touched, but never more than a quarter of the budget.
  const size_t wanted = 2 * (index.num_row_prims() + index.num_parents());
  const size_t affordable = PageCache::Instance().budget() / 4 / sizeof(uint64_t);
  num_slots_ =
      std::bit_floor(std::max<size_t>(std::min(std::bit_ceil(wanted), affordable), 64 * kWays));
  bucket_mask_ = static_cast<uint32_t>(num_slots_ / kWays - 1);
  // calloc: the system gives a large table only the pages that are touched.
  constexpr size_t kLine = kWays * sizeof(uint64_t);
  const size_t bytes = num_slots_ * sizeof(uint64_t);
  memory_ = std::calloc(bytes + kLine, 1);
  if (!memory_) return;
  slots_ = reinterpret_cast<std::atomic<uint64_t>*>(
      (reinterpret_cast<uintptr_t>(memory_) + kLine - 1) & ~uintptr_t{kLine - 1});
  PageCache::Instance().Charge(bytes);
}

UsdParquetPrimLookup::~UsdParquetPrimLookup() {
  if (!slots_) return;
  for (size_t i = 0; i < num_slots_; ++i) {
    if (const uint64_t entry = slots_[i].load()) {
      UsdParquetPathRetainer::Release(static_cast<uint32_t>(entry >> 32));
    }
  }
  PageCache::Instance().Release(num_slots_ * sizeof(uint64_t));
  std::free(memory_);
}

PrimId UsdParquetPrimLookup::FindAndRemember(const SdfPath& path, uint32_t handle) const {
  // Not asked of "/", for which GetPrimOrPrimVariantSelectionPath is empty.
  const SdfPath prim_path =
      path.ContainsPropertyElements() ? path.GetPrimOrPrimVariantSelectionPath() : path;
  const PrimId prim = FindInIndex(prim_path);
  std::atomic<uint64_t>* bucket = BucketOf(handle);
  if (!bucket || handle == 0) return prim;

  std::lock_guard lock(mutex_);
  size_t victim = kWays;
  for (size_t way = 0; way < kWays; ++way) {
    const uint64_t entry = bucket[way].load(std::memory_order_relaxed);
    if (static_cast<uint32_t>(entry >> 32) == handle) return prim;  // another thread was first
    if (entry == 0 && victim == kWays) victim = way;
  }
  if (victim == kWays) victim = (handle >> 10) % kWays;
  UsdParquetPathRetainer::Retain(prim_path);
  const uint64_t old =
      bucket[victim].exchange(uint64_t{handle} << 32 | prim.bits(), std::memory_order_acq_rel);
  if (old != 0) UsdParquetPathRetainer::Release(static_cast<uint32_t>(old >> 32));
  return prim;
}

PrimId UsdParquetPrimLookup::FindInIndex(const SdfPath& prim_path) const {
  if (prim_path == prefix_) return index_.root();
  if (!prim_path.IsAbsoluteRootOrPrimPath() || prim_path.ContainsPrimVariantSelection() ||
      !prim_path.IsAbsolutePath()) {
    return {};
  }
  const size_t depth = prim_path.GetPathElementCount();
  if (depth <= prefix_depth_) {
    if (!prefix_.HasPrefix(prim_path)) return {};
    return PrimId::FromBits(kAbovePrefix + static_cast<uint32_t>(depth));
  }
  ParentHash& last = LastParent();
  SdfPath parent = prim_path.GetParentPath();
  if (last.serial != serial_ || last.path != parent) {
    std::vector<TfToken> names;
    SdfPath above = parent;
    for (size_t d = depth - 1; d > prefix_depth_; --d) {
      names.push_back(above.GetNameToken());
      above = above.GetParentPath();
    }
    if (above != prefix_) return {};
    uint64_t hash = index_.root_hash();
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      hash = usdparquet::ChildPathHash(hash, name->GetString());
    }
    last = {serial_, std::move(parent), hash};
  }
  return index_.Find(usdparquet::ChildPathHash(last.hash, prim_path.GetNameToken().GetString()));
}

PXR_NAMESPACE_CLOSE_SCOPE
