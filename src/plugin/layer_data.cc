#include "plugin/layer_data.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <bit>

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::EpochGuard;
using usdparquet::Page;
using usdparquet::PrimId;

namespace {

// Each field is delivered either into a typed value or into a VtValue; a null pointer only asks.
template <typename T>
bool Deliver(T&& value, SdfAbstractDataValue* out) {
  return !out || out->StoreValue(std::forward<T>(value));
}
template <typename T>
bool Deliver(T&& value, VtValue* out) {
  if (out) *out = std::forward<T>(value);
  return true;
}

bool DeliverCell(const UsdParquetValueType& type, const Page& page, uint32_t i,
                 SdfAbstractDataValue* out) {
  return type.store(page, i, out);
}
bool DeliverCell(const UsdParquetValueType& type, const Page& page, uint32_t i, VtValue* out) {
  *out = type.get(page, i);
  return true;
}

}  // namespace

UsdParquetLayerDataRefPtr UsdParquetLayerData::New(std::shared_ptr<usdparquet::Table> table,
                                                   const SdfPath& prefix) {
  return TfCreateRefPtr(new UsdParquetLayerData(std::move(table), prefix));
}

UsdParquetLayerData::UsdParquetLayerData(std::shared_ptr<usdparquet::Table> table,
                                         const SdfPath& prefix)
    : table_(std::move(table)), prims_(table_->paths(), prefix) {
  const SdfPath any_prim("/_");
  columns_by_handle_.resize(std::bit_ceil(2 * table_->columns().size() + 1));
  const size_t mask = columns_by_handle_.size() - 1;
  for (const usdparquet::ColumnInfo& column : table_->columns()) {
    Property property;
    property.name = TfToken(column.property_name);
    property.type_name = TfToken(column.sdf_type);
    property.type = UsdParquetFindValueType(column.type);
    if (column.property_name != column.column_name) property.display_name = column.column_name;
    property.path = any_prim.AppendProperty(property.name);
    properties_.push_back(std::move(property));
    property_names_.push_back(properties_.back().name);

    const uint32_t handle = UsdParquetPathHandles(properties_.back().path).property;
    size_t slot = (handle >> 8) & mask;
    while (columns_by_handle_[slot].second != 0) slot = (slot + 1) & mask;
    columns_by_handle_[slot] = {handle, static_cast<uint32_t>(properties_.size())};
  }
}

UsdParquetLayerData::~UsdParquetLayerData() = default;

bool UsdParquetLayerData::IsEmpty() const { return false; }  // the pseudo-root is always there

uint32_t UsdParquetLayerData::ColumnOf(uint32_t property_handle) const {
  const size_t mask = columns_by_handle_.size() - 1;
  for (size_t slot = (property_handle >> 8) & mask; columns_by_handle_[slot].second != 0;
       slot = (slot + 1) & mask) {
    if (columns_by_handle_[slot].first == property_handle)
      return columns_by_handle_[slot].second - 1;
  }
  return kNoColumn;
}

bool UsdParquetLayerData::HasRow(PrimId prim) const {
  return prim && !UsdParquetPrimLookup::IsAbovePrefix(prim) &&
         table_->paths().RowOf(prim) != PrimId::kNone;
}

UsdParquetLayerData::Location UsdParquetLayerData::Resolve(const SdfPath& path) const {
  const UsdParquetPathHandles handles(path);
  Location at;
  if (handles.property != 0) {
    at.column = ColumnOf(handles.property);
    if (at.column == kNoColumn) return at;
    at.prim = prims_.Find(path, handles.prim);
    if (!HasRow(at.prim)) return at;
    at.row = table_->paths().RowOf(at.prim);
    at.type = SdfSpecTypeAttribute;
    return at;
  }
  if (handles.prim == 0) return at;
  at.prim = prims_.Find(path, handles.prim);
  if (!at.prim) return at;
  const bool is_root =
      UsdParquetPrimLookup::IsAbovePrefix(at.prim)
          ? UsdParquetPrimLookup::DepthAbovePrefix(at.prim) == 0
          : at.prim == table_->paths().root() && prims_.prefix().IsAbsoluteRootPath();
  at.type = is_root ? SdfSpecTypePseudoRoot : SdfSpecTypePrim;
  return at;
}

bool UsdParquetLayerData::HasChildren(PrimId prim) const {
  return UsdParquetPrimLookup::IsAbovePrefix(prim) || !table_->paths().Children(prim).empty();
}

TfTokenVector UsdParquetLayerData::ChildNames(PrimId prim) const {
  TfTokenVector names;
  if (UsdParquetPrimLookup::IsAbovePrefix(prim)) {
    SdfPath child = prims_.prefix();
    while (child.GetPathElementCount() > UsdParquetPrimLookup::DepthAbovePrefix(prim) + 1) {
      child = child.GetParentPath();
    }
    names.push_back(child.GetNameToken());
    return names;
  }
  size_t count = 0;
  for (const auto& run : table_->paths().Children(prim)) count += run.count;
  names.reserve(count);
  table_->VisitChildNames(prim,
                          [&](std::string_view name) { names.emplace_back(std::string(name)); });
  return names;
}

template <typename Out>
bool UsdParquetLayerData::HasDefault(const Location& at, Out* out) const {
  if (!out) return table_->HasValue(at.column, at.row);
  EpochGuard guard;
  const Page* page = table_->Fetch(at.column, at.row, guard);
  const uint32_t i = at.row - page->first_row;
  return page->IsPresent(i) && DeliverCell(*properties_[at.column].type, *page, i, out);
}

template <typename Out>
bool UsdParquetLayerData::HasField(const Location& at, const TfToken& field, Out* out) const {
  if (at.type == SdfSpecTypeAttribute) {
    const Property& property = properties_[at.column];
    if (field == SdfFieldKeys->Default) return HasDefault(at, out);
    if (field == SdfFieldKeys->TypeName) return Deliver(property.type_name, out);
    if (field == SdfFieldKeys->Variability) return Deliver(SdfVariabilityVarying, out);
    if (field == SdfFieldKeys->Custom) return Deliver(false, out);
    if (field == SdfFieldKeys->DisplayName && !property.display_name.empty()) {
      return Deliver(property.display_name, out);
    }
    return false;
  }
  if (field == SdfChildrenKeys->PrimChildren) {
    if (at.type == SdfSpecTypeUnknown || !HasChildren(at.prim)) return false;
    return !out || Deliver(ChildNames(at.prim), out);
  }
  if (at.type != SdfSpecTypePrim) return false;
  if (field == SdfFieldKeys->Specifier) return Deliver(SdfSpecifierOver, out);
  if (field == SdfChildrenKeys->PropertyChildren) {
    return !property_names_.empty() && HasRow(at.prim) && Deliver(property_names_, out);
  }
  return false;
}

bool UsdParquetLayerData::HasSpec(const SdfPath& path) const {
  return Resolve(path).type != SdfSpecTypeUnknown;
}

SdfSpecType UsdParquetLayerData::GetSpecType(const SdfPath& path) const {
  return Resolve(path).type;
}

bool UsdParquetLayerData::Has(const SdfPath& path, const TfToken& field,
                              SdfAbstractDataValue* value) const {
  return HasField(Resolve(path), field, value);
}

bool UsdParquetLayerData::Has(const SdfPath& path, const TfToken& field, VtValue* value) const {
  return HasField(Resolve(path), field, value);
}

bool UsdParquetLayerData::HasSpecAndField(const SdfPath& path, const TfToken& field,
                                          SdfAbstractDataValue* value, SdfSpecType* type) const {
  const Location at = Resolve(path);
  *type = at.type;
  return at.type != SdfSpecTypeUnknown && HasField(at, field, value);
}

bool UsdParquetLayerData::HasSpecAndField(const SdfPath& path, const TfToken& field, VtValue* value,
                                          SdfSpecType* type) const {
  const Location at = Resolve(path);
  *type = at.type;
  return at.type != SdfSpecTypeUnknown && HasField(at, field, value);
}

VtValue UsdParquetLayerData::Get(const SdfPath& path, const TfToken& field) const {
  VtValue value;
  HasField(Resolve(path), field, &value);
  return value;
}

std::type_info const& UsdParquetLayerData::GetTypeid(const SdfPath& path,
                                                     const TfToken& field) const {
  const Location at = Resolve(path);
  VtValue* const only_asking = nullptr;
  if (!HasField(at, field, only_asking)) return typeid(void);
  if (field == SdfFieldKeys->Default) return *properties_[at.column].type->type;
  if (field == SdfChildrenKeys->PrimChildren) return typeid(TfTokenVector);
  return Get(path, field).GetTypeid();
}

std::vector<TfToken> UsdParquetLayerData::List(const SdfPath& path) const {
  const Location at = Resolve(path);
  std::vector<TfToken> fields;
  if (at.type == SdfSpecTypeUnknown) return fields;
  VtValue* const only_asking = nullptr;
  for (const TfToken& field :
       {SdfFieldKeys->Specifier, SdfChildrenKeys->PrimChildren, SdfChildrenKeys->PropertyChildren,
        SdfFieldKeys->TypeName, SdfFieldKeys->Custom, SdfFieldKeys->Variability,
        SdfFieldKeys->DisplayName, SdfFieldKeys->Default}) {
    if (HasField(at, field, only_asking)) fields.push_back(field);
  }
  return fields;
}

bool UsdParquetLayerData::VisitPrims(const SdfPath& path, PrimId prim, uint64_t hash,
                                     SdfAbstractDataSpecVisitor* visitor) const {
  if (!visitor->VisitSpec(*this, path)) return false;
  if (HasRow(prim)) {
    for (const Property& property : properties_) {
      if (!visitor->VisitSpec(*this, path.AppendProperty(property.name))) return false;
    }
  }
  if (!HasChildren(prim)) return true;
  const usdparquet::PathIndex& paths = table_->paths();
  for (const TfToken& name : ChildNames(prim)) {
    const SdfPath child_path = path.AppendChild(name);
    if (UsdParquetPrimLookup::IsAbovePrefix(prim)) {
      const PrimId child = prims_.Find(child_path, UsdParquetPathHandles(child_path).prim);
      if (!VisitPrims(child_path, child, paths.root_hash(), visitor)) return false;
      continue;
    }
    // Not through the lookup: a full visit would fill its table with every path of the file.
    const uint64_t child_hash = usdparquet::ChildPathHash(hash, name.GetString());
    if (!VisitPrims(child_path, paths.Find(child_hash), child_hash, visitor)) return false;
  }
  return true;
}

void UsdParquetLayerData::_VisitSpecs(SdfAbstractDataSpecVisitor* visitor) const {
  const SdfPath& root = SdfPath::AbsoluteRootPath();
  VisitPrims(root, prims_.Find(root, UsdParquetPathHandles(root).prim), table_->paths().root_hash(),
             visitor);
}

void UsdParquetLayerData::Refuse(const char* action, const SdfPath& path) const {
  TF_RUNTIME_ERROR(
      "%s: can't %s <%s>: Parquet layers are read-only; author the opinion in a "
      "stronger layer",
      table_->name().c_str(), action, path.GetText());
}

void UsdParquetLayerData::CreateSpec(const SdfPath& path, SdfSpecType) { Refuse("create", path); }
void UsdParquetLayerData::EraseSpec(const SdfPath& path) { Refuse("erase", path); }
void UsdParquetLayerData::MoveSpec(const SdfPath& from, const SdfPath&) { Refuse("move", from); }
void UsdParquetLayerData::Set(const SdfPath& path, const TfToken& field, const VtValue&) {
  Refuse(("set the field '" + field.GetString() + "' of").c_str(), path);
}
void UsdParquetLayerData::Set(const SdfPath& path, const TfToken& field,
                              const SdfAbstractDataConstValue&) {
  Refuse(("set the field '" + field.GetString() + "' of").c_str(), path);
}
void UsdParquetLayerData::Erase(const SdfPath& path, const TfToken& field) {
  Refuse(("erase the field '" + field.GetString() + "' of").c_str(), path);
}
void UsdParquetLayerData::SetTimeSample(const SdfPath& path, double, const VtValue&) {
  Refuse("set a time sample of", path);
}
void UsdParquetLayerData::EraseTimeSample(const SdfPath& path, double) {
  Refuse("erase a time sample of", path);
}

// A table without a time column has no time samples.
std::set<double> UsdParquetLayerData::ListAllTimeSamples() const { return {}; }
std::set<double> UsdParquetLayerData::ListTimeSamplesForPath(const SdfPath&) const { return {}; }
bool UsdParquetLayerData::GetBracketingTimeSamples(double, double*, double*) const { return false; }
size_t UsdParquetLayerData::GetNumTimeSamplesForPath(const SdfPath&) const { return 0; }
bool UsdParquetLayerData::GetBracketingTimeSamplesForPath(const SdfPath&, double, double*,
                                                          double*) const {
  return false;
}
bool UsdParquetLayerData::QueryTimeSample(const SdfPath&, double, VtValue*) const { return false; }
bool UsdParquetLayerData::QueryTimeSample(const SdfPath&, double, SdfAbstractDataValue*) const {
  return false;
}

PXR_NAMESPACE_CLOSE_SCOPE
