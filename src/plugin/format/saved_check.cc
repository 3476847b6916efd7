#include "plugin/format/saved_check.h"

#include <pxr/base/tf/stringUtils.h>
#include <pxr/usd/sdf/schema.h>

#include <algorithm>
#include <set>

#include "plugin/read/guarded.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

bool IsListOfChildren(const TfToken& field) {
  return field == SdfChildrenKeys->PrimChildren || field == SdfChildrenKeys->PropertyChildren;
}

/// The value of a field, or what it is where it is not set.
VtValue Effective(const SdfAbstractData& data, const SdfPath& path, const TfToken& field) {
  VtValue value = data.Get(path, field);
  const bool is_list = value.IsHolding<TfTokenVector>() && IsListOfChildren(field);
  if (is_list && value.UncheckedGet<TfTokenVector>().empty()) return {};
  if (!value.IsEmpty() || IsListOfChildren(field)) return value;
  return SdfSchema::GetInstance().GetFallback(field);
}

/// Equality by which NaN equals NaN: numbers are written so that each has its own text.
bool IsSameValue(const VtValue& a, const VtValue& b) {
  return a == b || (a.GetType() == b.GetType() && TfStringify(a) == TfStringify(b));
}

bool IsSavedAlike(const SdfAbstractData& data, const SdfAbstractData& saved, const SdfPath& path,
                  bool keeps_order) {
  const SdfSpecType type = data.GetSpecType(path);
  if (type != saved.GetSpecType(path)) return false;
  if (type == SdfSpecTypeUnknown) return true;
  std::set<TfToken> fields;
  for (const SdfAbstractData* each : {&data, &saved}) {
    for (const TfToken& field : each->List(path)) fields.insert(field);
  }
  // That of the column, where the property's name had to be another one.
  if (!data.Has(path, SdfFieldKeys->DisplayName)) fields.erase(SdfFieldKeys->DisplayName);
  fields.erase(SdfChildrenKeys->RelationshipTargetChildren);
  return std::ranges::all_of(fields, [&](const TfToken& field) {
    // The times of the layer follow those of its rows.
    if (type == SdfSpecTypePseudoRoot && field != SdfChildrenKeys->PrimChildren) return true;
    VtValue mine = Effective(data, path, field), other = Effective(saved, path, field);
    if (field == SdfChildrenKeys->PropertyChildren && !keeps_order) {
      for (VtValue* each : {&mine, &other}) {
        if (!each->IsHolding<TfTokenVector>()) continue;
        TfTokenVector names = each->UncheckedGet<TfTokenVector>();
        std::ranges::sort(names);
        *each = VtValue(names);
      }
    }
    return IsSameValue(mine, other);
  });
}

}  // namespace

arrow::Status UsdParquetCheckSaved(const UsdParquetLayerData& data,
                                   const std::shared_ptr<const UsdParquetSource>& saved) {
  const UsdParquetUnguarded unguarded;
  const UsdParquetLayerDataRefPtr other = UsdParquetLayerData::New(saved);
  const bool keeps_order = saved->table().schema_entry().is_exact;
  for (const auto& [path, spec] : data.edits()) {
    if (path.IsTargetPath() || IsSavedAlike(data, *other, path, keeps_order)) continue;
    return arrow::Status::Invalid("the edit at ", path.GetAsString(),
                                  " can't be saved in the files of a dataset: they would not give "
                                  "it back");
  }
  return arrow::Status::OK();
}

PXR_NAMESPACE_CLOSE_SCOPE
