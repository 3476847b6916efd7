#include "plugin/read/prim_tree.h"

#include <string_view>

#include "core/util/path_hash.h"
#include "plugin/read/path_handle.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::PrimId;

TfTokenVector UsdParquetPrimTree::ChildNames(PrimId prim) const {
  TfTokenVector names;
  if (UsdParquetPrimLookup::IsAbovePrefix(prim)) {
    SdfPath child = lookup_.prefix();
    while (child.GetPathElementCount() > UsdParquetPrimLookup::DepthAbovePrefix(prim) + 1) {
      child = child.GetParentPath();
    }
    names.push_back(child.GetNameToken());
    return names;
  }
  size_t count = 0;
  for (const auto& run : table_.paths().Children(prim)) count += run.count;
  names.reserve(count);
  table_.VisitChildNames(prim, [&](std::string_view name) { names.emplace_back(name.data()); });
  return names;
}

VtValue UsdParquetPrimTree::ChildList(PrimId prim) const {
  if (!prim.is_parent() || UsdParquetPrimLookup::IsAbovePrefix(prim)) {
    return VtValue(ChildNames(prim));
  }
  size_t count = 0;
  for (const auto& run : table_.paths().Children(prim)) count += run.count;
  return lists_[table_.index_version()].Get(prim.parent_number(), table_.paths().num_parents(),
                                            count, [&] { return ChildNames(prim); });
}

uint32_t UsdParquetPrimTree::RowOfParent(PrimId prim) const {
  if (!prim || UsdParquetPrimLookup::IsAbovePrefix(prim)) return PrimId::kNone;
  return table_.RowOf(prim);
}

UsdParquetPrimTree::Step UsdParquetPrimTree::At(const SdfPath& path) const {
  Step step{{}, 0, table_.index_version()};
  step.hash = table_.paths().root_hash();
  const SdfPath& prefix = lookup_.prefix();
  if (path != prefix && path.HasPrefix(prefix)) {
    for (const SdfPath& above : path.GetPrefixes()) {
      if (above != prefix && above.HasPrefix(prefix)) {
        step.hash = usdparquet::ChildPathHash(step.hash, above.GetName());
      }
    }
  }
  step.prim = Find(path, UsdParquetPathHandles(path).prim);
  return step;
}

UsdParquetPrimTree::Step UsdParquetPrimTree::Root() const {
  return At(SdfPath::AbsoluteRootPath());
}

UsdParquetPrimTree::Step UsdParquetPrimTree::Child(const Step& parent, const SdfPath& path) const {
  if (parent.version != table_.index_version()) return At(path);
  if (UsdParquetPrimLookup::IsAbovePrefix(parent.prim)) {
    return {Find(path, UsdParquetPathHandles(path).prim), parent.hash, parent.version};
  }
  const uint64_t hash = usdparquet::ChildPathHash(parent.hash, path.GetName());
  return {table_.Find(hash), hash, parent.version};
}

PXR_NAMESPACE_CLOSE_SCOPE
