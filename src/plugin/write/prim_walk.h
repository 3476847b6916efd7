#pragma once

/// \file
/// Walking the prims of layer data in the order in which a table keeps them.

#include <pxr/base/tf/token.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>
#include <pxr/usd/sdf/path.h>
#include <pxr/usd/sdf/schema.h>

#include <vector>

PXR_NAMESPACE_OPEN_SCOPE

/// The names in a children field; none where the spec has no such field.
inline TfTokenVector UsdParquetChildNames(const SdfAbstractData& data, const SdfPath& path,
                                          const TfToken& children_key) {
  TfTokenVector names;
  VtValue value;
  if (data.Has(path, children_key, &value) && value.IsHolding<TfTokenVector>()) {
    value.UncheckedSwap(names);
  }
  return names;
}

/// Calls `f(path)` for every prim of `data`, depth first, children in the layer's order. Prims
/// inside variants are not walked. Stops, and returns false, when `f` does.
template <typename F>
bool UsdParquetWalkPrims(const SdfAbstractData& data, const F& f) {
  struct Level {
    SdfPath path;
    TfTokenVector names;
    size_t next = 0;
  };
  const auto level = [&](const SdfPath& path) {
    return Level{path, UsdParquetChildNames(data, path, SdfChildrenKeys->PrimChildren), 0};
  };
  std::vector<Level> levels{level(SdfPath::AbsoluteRootPath())};
  while (!levels.empty()) {
    Level& top = levels.back();
    if (top.next == top.names.size()) {
      levels.pop_back();
      continue;
    }
    const SdfPath path = top.path.AppendChild(top.names[top.next++]);
    if (!f(path)) return false;
    levels.push_back(level(path));
  }
  return true;
}

PXR_NAMESPACE_CLOSE_SCOPE
