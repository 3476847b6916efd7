#include "plugin/format/removed_prims.h"

#include <pxr/usd/sdf/schema.h>

#include <algorithm>

PXR_NAMESPACE_OPEN_SCOPE

namespace {

/// Calls `f` with the path and those of its ancestors, up to the first for which it is true.
template <typename F>
bool AnyPrefix(std::string_view path, const F& f) {
  for (size_t end = path.size(); end != std::string_view::npos && end > 0;
       end = path.rfind('/', end - 1)) {
    if (f(path.substr(0, end))) return true;
  }
  return false;
}

}  // namespace

UsdParquetRemovedPrims::UsdParquetRemovedPrims(const UsdParquetLayerData& data) : data_(data) {
  for (const auto& [path, spec] : data.edits()) {
    const bool is_removed = spec.hides_file && spec.type == SdfSpecTypeUnknown;
    if (is_removed && path.IsPrimPath() && !data.edits().IsMoved(path)) paths_.insert(path);
  }
}

bool UsdParquetRemovedPrims::KeepOthers(UsdParquetLayerEdits* others) const {
  for (const auto& [path, spec] : data_.edits()) {
    if (spec.hides_file && spec.type == SdfSpecTypeUnknown && IsBelow(path)) continue;
    const VtValue* const children = spec.Find(SdfChildrenKeys->PrimChildren);
    if (children && !spec.hides_file) {
      if (!IsLeft(path, *children)) return false;
      if (spec.fields.size() == 1) continue;
    }
    (*others)[path] = spec;
  }
  return true;
}

bool UsdParquetRemovedPrims::Has(std::string_view path) const {
  return AnyPrefix(path, [&](std::string_view prefix) { return texts_.contains(prefix); });
}

void UsdParquetRemovedPrims::MakeTexts() {
  for (const SdfPath& path : paths_) texts_.insert(path.GetString());
}

bool UsdParquetRemovedPrims::IsBelow(const SdfPath& path) const {
  for (SdfPath above = path.GetPrimPath(); above.IsPrimPath(); above = above.GetParentPath()) {
    if (paths_.contains(above)) return true;
  }
  return false;
}

/// Whether these are the children of the file but for those that were removed, and new ones.
bool UsdParquetRemovedPrims::IsLeft(const SdfPath& parent, const VtValue& children) const {
  VtValue before;
  data_.source().Has(parent, SdfChildrenKeys->PrimChildren, &before, nullptr);
  TfTokenVector left, now;
  if (before.IsHolding<TfTokenVector>()) {
    for (const TfToken& name : before.UncheckedGet<TfTokenVector>()) {
      if (!paths_.contains(parent.AppendChild(name))) left.push_back(name);
    }
  }
  if (children.IsHolding<TfTokenVector>()) now = children.UncheckedGet<TfTokenVector>();
  const auto is_of_file = [&](const TfToken& name) {
    return data_.source().HasSpec(parent.AppendChild(name));
  };
  return now.size() >= left.size() && std::equal(left.begin(), left.end(), now.begin()) &&
         std::none_of(now.begin() + static_cast<ptrdiff_t>(left.size()), now.end(), is_of_file);
}

void UsdParquetStayingPrims::NoteAncestors(std::string_view path) {
  if (!removed_.Has(path)) return;
  AnyPrefix(path, [&](std::string_view prefix) {
    if (!removed_.Has(prefix)) is_named_.emplace(prefix, false);
    return false;
  });
}

bool UsdParquetStayingPrims::MayGo(std::string_view path) {
  bool may_go = true;
  const bool goes = removed_.Has(path);
  AnyPrefix(path, [&](std::string_view prefix) {
    const auto found = is_named_.find(prefix);
    if (found == is_named_.end()) return false;
    if (goes && !found->second) may_go = false;
    found->second = true;
    return false;
  });
  return may_go;
}

PXR_NAMESPACE_CLOSE_SCOPE
