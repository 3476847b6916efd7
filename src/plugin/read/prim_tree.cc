#include "plugin/read/prim_tree.h"

#include <string>

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
  table_.VisitChildNames(prim,
                         [&](std::string_view name) { names.emplace_back(std::string(name)); });
  return names;
}

UsdParquetPrimTree::Step UsdParquetPrimTree::Root() const {
  const SdfPath& root = SdfPath::AbsoluteRootPath();
  return {Find(root, UsdParquetPathHandles(root).prim), table_.paths().root_hash()};
}

UsdParquetPrimTree::Step UsdParquetPrimTree::Child(const Step& parent, const SdfPath& path) const {
  if (UsdParquetPrimLookup::IsAbovePrefix(parent.prim)) {
    return {Find(path, UsdParquetPathHandles(path).prim), parent.hash};
  }
  const uint64_t hash = usdparquet::ChildPathHash(parent.hash, path.GetName());
  return {table_.paths().Find(hash), hash};
}

PXR_NAMESPACE_CLOSE_SCOPE
