#include "floor/floor_data.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <cstdlib>

#include "plugin/read/path_handle.h"
#include "usd_values.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet_bench::kColumns;
using usdparquet_bench::kTableColumns;

namespace {

constexpr const char* kTypeNames[] = {"double", "int", "bool", "string", "float3", "float[]"};

template <typename T>
bool Deliver(T&& value, SdfAbstractDataValue* out) {
  return !out || out->StoreValue(std::forward<T>(value));
}
template <typename T>
bool Deliver(T&& value, VtValue* out) {
  if (out) *out = std::forward<T>(value);
  return true;
}

/// The number that a name of the scene ends with.
int64_t NumberOf(const std::string& name) {
  return std::atoll(name.c_str() + name.find_last_of('_') + 1);
}

}  // namespace

BenchFloorDataRefPtr BenchFloorData::New(const usdparquet_bench::Scene& scene,
                                         size_t first_column) {
  return TfCreateRefPtr(new BenchFloorData(scene, first_column));
}

BenchFloorData::BenchFloorData(const usdparquet_bench::Scene& scene, size_t first_column)
    : scene_(scene),
      row_depth_(1 + scene.Levels().size()),
      root_handle_(UsdParquetPathHandles(SdfPath::AbsoluteRootPath()).prim) {
  const size_t end = first_column == 0 ? kTableColumns : kColumns.size();
  for (const auto& column : kColumns) {
    type_names_.emplace_back(kTypeNames[static_cast<size_t>(column.kind)]);
  }
  for (size_t column = first_column; column < end; ++column) {
    property_names_.emplace_back(kColumns[column].name);
    held_.push_back(SdfPath("/_").AppendProperty(property_names_.back()));
    const uint32_t handle = UsdParquetPathHandles(held_.back()).property;
    size_t slot = (handle >> 8) % kSlots;
    while (slots_[slot].column != kNoColumn) slot = (slot + 1) % kSlots;
    slots_[slot] = {handle, static_cast<uint32_t>(column)};
  }
}

uint32_t BenchFloorData::ColumnOf(uint32_t property_handle) const {
  size_t slot = (property_handle >> 8) % kSlots;
  while (slots_[slot].column != kNoColumn && slots_[slot].property_handle != property_handle) {
    slot = (slot + 1) % kSlots;
  }
  return slots_[slot].column;
}

BenchFloorData::Location BenchFloorData::Resolve(const SdfPath& path) const {
  const UsdParquetPathHandles handles(path);
  if (handles.property == 0) {
    const bool is_root = handles.prim == root_handle_;
    return {is_root ? SdfSpecTypePseudoRoot : SdfSpecTypePrim, kNoColumn, 0};
  }
  const uint32_t column = ColumnOf(handles.property);
  return {column == kNoColumn ? SdfSpecTypeUnknown : SdfSpecTypeAttribute, column, handles.prim};
}

bool BenchFloorData::HasSpec(const SdfPath& path) const {
  return Resolve(path).type != SdfSpecTypeUnknown;
}

SdfSpecType BenchFloorData::GetSpecType(const SdfPath& path) const { return Resolve(path).type; }

TfTokenVector BenchFloorData::ChildNames(const SdfPath& path) const {
  if (path.IsAbsoluteRootPath()) return {TfToken("World")};
  const size_t level = path.GetPathElementCount() - 1;
  int64_t ordinal = 0;
  int64_t prims_per_parent = 1;
  SdfPath ancestor = path;
  for (size_t depth = level; depth > 0; --depth) {
    ordinal += NumberOf(ancestor.GetName()) * prims_per_parent;
    if (depth > 1) {
      prims_per_parent *=
          scene_.Levels()[depth - 2].rows_per_prim / scene_.Levels()[depth - 1].rows_per_prim;
    }
    ancestor = ancestor.GetParentPath();
  }
  TfTokenVector names;
  for (const std::string& name : scene_.ChildNames(level, ordinal)) names.emplace_back(name);
  return names;
}

template <typename Out>
bool BenchFloorData::HasPrimField(const SdfPath& path, const TfToken& field, Out* out) const {
  if (field == SdfChildrenKeys->PrimChildren) {
    return path.GetPathElementCount() < row_depth_ && (!out || Deliver(ChildNames(path), out));
  }
  if (field == SdfFieldKeys->Specifier) {
    return !path.IsAbsoluteRootPath() && Deliver(SdfSpecifierOver, out);
  }
  return field == SdfChildrenKeys->PropertyChildren && path.GetPathElementCount() == row_depth_ &&
         Deliver(property_names_, out);
}

template <typename Out>
bool BenchFloorData::HasField(const SdfPath& path, const Location& at, const TfToken& field,
                              Out* out) const {
  if (at.type == SdfSpecTypeUnknown) return false;
  if (at.type != SdfSpecTypeAttribute) return HasPrimField(path, field, out);
  if (field == SdfFieldKeys->Default) {
    bool is_delivered = true;
    if (out) {
      usdparquet_bench::WithValue(at.key, at.column, [&](auto&& value) {
        is_delivered = Deliver(std::forward<decltype(value)>(value), out);
      });
    }
    return is_delivered;
  }
  if (field == SdfFieldKeys->TypeName) return Deliver(type_names_[at.column], out);
  if (field == SdfFieldKeys->Variability) return Deliver(SdfVariabilityVarying, out);
  if (field == SdfFieldKeys->Custom) return Deliver(false, out);
  return false;
}

bool BenchFloorData::Has(const SdfPath& path, const TfToken& field,
                         SdfAbstractDataValue* value) const {
  return HasField(path, Resolve(path), field, value);
}

bool BenchFloorData::Has(const SdfPath& path, const TfToken& field, VtValue* value) const {
  return HasField(path, Resolve(path), field, value);
}

bool BenchFloorData::HasSpecAndField(const SdfPath& path, const TfToken& field,
                                     SdfAbstractDataValue* value, SdfSpecType* type) const {
  const Location at = Resolve(path);
  *type = at.type;
  return HasField(path, at, field, value);
}

bool BenchFloorData::HasSpecAndField(const SdfPath& path, const TfToken& field, VtValue* value,
                                     SdfSpecType* type) const {
  const Location at = Resolve(path);
  *type = at.type;
  return HasField(path, at, field, value);
}

VtValue BenchFloorData::Get(const SdfPath& path, const TfToken& field) const {
  VtValue value;
  HasField(path, Resolve(path), field, &value);
  return value;
}

std::vector<TfToken> BenchFloorData::List(const SdfPath& path) const {
  std::vector<TfToken> fields;
  const Location at = Resolve(path);
  VtValue* const only_asking = nullptr;
  for (const TfToken& field :
       {SdfFieldKeys->Specifier, SdfChildrenKeys->PrimChildren, SdfChildrenKeys->PropertyChildren,
        SdfFieldKeys->TypeName, SdfFieldKeys->Custom, SdfFieldKeys->Variability,
        SdfFieldKeys->Default}) {
    if (HasField(path, at, field, only_asking)) fields.push_back(field);
  }
  return fields;
}

bool BenchFloorData::Visit(const SdfPath& path, SdfAbstractDataSpecVisitor* visitor) const {
  if (!visitor->VisitSpec(*this, path)) return false;
  if (path.GetPathElementCount() == row_depth_) {
    for (const TfToken& name : property_names_) {
      if (!visitor->VisitSpec(*this, path.AppendProperty(name))) return false;
    }
    return true;
  }
  for (const TfToken& name : ChildNames(path)) {
    if (!Visit(path.AppendChild(name), visitor)) return false;
  }
  return true;
}

void BenchFloorData::_VisitSpecs(SdfAbstractDataSpecVisitor* visitor) const {
  Visit(SdfPath::AbsoluteRootPath(), visitor);
}

void BenchFloorData::Refuse(const SdfPath& path) {
  TF_RUNTIME_ERROR("<%s> can't be edited: the floor format has no data", path.GetText());
}

PXR_NAMESPACE_CLOSE_SCOPE
