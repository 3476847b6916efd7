#include "plugin/read/prim_lookup.h"

#include <atomic>
#include <vector>

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::PrimId;

namespace {

std::atomic<uint64_t> g_next_serial{2};

/// The hash of the parent that the thread looked below last: siblings are
/// mostly looked up one after the other.
struct ParentHash {
  uint64_t serial = 0;  // of the lookup, and the version of its index
  SdfPath path;
  uint64_t hash = 0;
};

ParentHash& LastParent() {
  static thread_local ParentHash last;
  return last;
}

/// The prims of the table, about.
size_t NumHandles(const usdparquet::Table& table) {
  if (!UsdParquetPathRetainer::IsSupported()) return 0;
  return table.paths().num_row_prims() + table.paths().num_parents();
}

}  // namespace

UsdParquetPrimLookup::UsdParquetPrimLookup(const usdparquet::Table& table, const SdfPath& prefix)
    : table_(table),
      prefix_(prefix),
      prefix_depth_(prefix.GetPathElementCount()),
      serial_(g_next_serial.fetch_add(2)),
      handles_{{{usdparquet::HandleTables::Instance(), NumHandles(table),
                 &UsdParquetPathRetainer::Release},
                {usdparquet::HandleTables::Instance(), NumHandles(table),
                 &UsdParquetPathRetainer::Release}}} {}

PrimId UsdParquetPrimLookup::FindAndRemember(const SdfPath& path, uint32_t handle,
                                             uint32_t version) const {
  uint32_t bits;
  if (handles_[version].FindAside(handle, &bits)) return PrimId::FromBits(bits);
  // Not asked of "/", for which GetPrimOrPrimVariantSelectionPath is empty.
  SdfPath above_property;
  const bool is_property = path.ContainsPropertyElements();
  if (is_property) above_property = path.GetPrimOrPrimVariantSelectionPath();
  const SdfPath& prim_path = is_property ? above_property : path;
  const PrimId prim = FindInIndex(prim_path, version);
  if (handle != 0 && UsdParquetPathRetainer::IsSupported()) {
    UsdParquetPathRetainer::Retain(prim_path);
    handles_[version].Add(handle, prim.bits());
  }
  return prim;
}

PrimId UsdParquetPrimLookup::FindInIndex(const SdfPath& prim_path, uint32_t version) const {
  const usdparquet::PathIndex& index = table_.paths();
  const uint64_t serial = serial_ + version;
  if (prim_path == prefix_) return index.root();
  ParentHash& last = LastParent();
  SdfPath parent = prim_path.GetParentPath();
  // A path below one that was looked below before needs no more than to be a prim's.
  if (last.serial != serial || last.path != parent || !prim_path.IsPrimPath()) {
    if (!prim_path.IsAbsoluteRootOrPrimPath() || prim_path.ContainsPrimVariantSelection() ||
        !prim_path.IsAbsolutePath()) {
      return {};
    }
    const size_t depth = prim_path.GetPathElementCount();
    if (depth <= prefix_depth_) {
      if (!prefix_.HasPrefix(prim_path)) return {};
      return PrimId::FromBits(kAbovePrefix + static_cast<uint32_t>(depth));
    }
    std::vector<TfToken> names;
    SdfPath above = parent;
    for (size_t d = depth - 1; d > prefix_depth_; --d) {
      names.push_back(above.GetNameToken());
      above = above.GetParentPath();
    }
    if (above != prefix_) return {};
    uint64_t hash = index.root_hash();
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      hash = usdparquet::ChildPathHash(hash, name->GetString());
    }
    last = {serial, std::move(parent), hash};
  }
  return table_.Find(usdparquet::ChildPathHash(last.hash, prim_path.GetNameToken().GetString()));
}

PXR_NAMESPACE_CLOSE_SCOPE
