#include "plugin/read/source.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/usd/sdf/listOp.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>

#include "plugin/read/path_handle.h"
#include "plugin/read/residual_data.h"
#include "plugin/values/metadata_value.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::ColumnInfo;
using usdparquet::ColumnRole;
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

/// A prim's field as Sdf holds it, from the cell's value; empty if it is no value of that field.
VtValue PrimFieldValue(const TfToken& field, const VtValue& cell) {
  if (field == SdfFieldKeys->Specifier) {
    if (!cell.IsHolding<TfToken>()) return {};
    const std::string& text = cell.UncheckedGet<TfToken>().GetString();
    if (text == "def") return VtValue(SdfSpecifierDef);
    if (text == "class") return VtValue(SdfSpecifierClass);
    return text == "over" ? VtValue(SdfSpecifierOver) : VtValue();
  }
  if (cell.IsHolding<VtTokenArray>()) {  // apiSchemas: what the prim's schemas are prepended with
    const auto& names = cell.UncheckedGet<VtTokenArray>();
    SdfTokenListOp op;
    op.SetPrependedItems(TfTokenVector(names.begin(), names.end()));
    return VtValue(op);
  }
  return cell;
}

}  // namespace

UsdParquetSource::UsdParquetSource(std::shared_ptr<usdparquet::Table> table,
                                   const UsdParquetArguments& arguments, SdfLayerRefPtr residual,
                                   SdfAbstractDataConstPtr residual_data)
    : table_(std::move(table)),
      prims_(table_->paths(), arguments.prefix),
      samples_(*table_),
      residual_layer_(std::move(residual)),
      residual_(std::move(residual_data)) {
  const auto& columns = table_->columns();
  properties_by_handle_.resize(std::bit_ceil(2 * columns.size() + 1));
  for (size_t i = 0; i < columns.size(); ++i) {
    columns[i].role == ColumnRole::kPrimMetadata ? AddPrimField(i) : AddProperty(i);
  }
  root_fields_ = UsdParquetFieldsFromFooter(table_->schema_entry().layer, SdfSpecTypePseudoRoot,
                                            table_->name() + ": the layer");
  AddTimeFields(arguments);
}

UsdParquetSource::~UsdParquetSource() = default;

void UsdParquetSource::AddProperty(size_t column_number) {
  const ColumnInfo& column = table_->columns()[column_number];
  Property property;
  property.column = column_number;
  property.name = TfToken(column.property_name);
  property.type_name = TfToken(column.sdf_type);
  property.type = UsdParquetFindValueType(column.sdf_type);
  property.spec_type =
      column.role == ColumnRole::kRelationship ? SdfSpecTypeRelationship : SdfSpecTypeAttribute;
  property.variability = column.is_uniform ? SdfVariabilityUniform : SdfVariabilityVarying;
  property.is_custom = column.is_custom;
  property.is_sparse = column.is_sparse;
  has_sparse_ |= column.is_sparse;
  has_relationships_ |= property.spec_type == SdfSpecTypeRelationship;
  if (!column.display_name.empty()) {
    property.metadata.emplace_back(SdfFieldKeys->DisplayName, VtValue(column.display_name));
  }
  auto fields =
      UsdParquetFieldsFromFooter(column.metadata, property.spec_type,
                                 table_->name() + ": column '" + column.column_name + "'");
  std::move(fields.begin(), fields.end(), std::back_inserter(property.metadata));
  property.path = SdfPath("/_").AppendProperty(property.name);
  property_names_.push_back(property.name);
  properties_.push_back(std::move(property));

  const uint32_t handle = UsdParquetPathHandles(properties_.back().path).property;
  const size_t mask = properties_by_handle_.size() - 1;
  size_t slot = (handle >> 8) & mask;
  while (properties_by_handle_[slot].second != 0) slot = (slot + 1) & mask;
  properties_by_handle_[slot] = {handle, static_cast<uint32_t>(properties_.size())};
}

void UsdParquetSource::AddPrimField(size_t column_number) {
  const ColumnInfo& column = table_->columns()[column_number];
  const PrimField field{column_number, TfToken(column.field),
                        UsdParquetFindValueType(column.sdf_type)};
  const auto is_same = [&](const PrimField& other) { return other.field == field.field; };
  if (std::any_of(prim_fields_.begin(), prim_fields_.end(), is_same)) {
    TF_WARN("%s: column '%s' is the prim field '%s', as an earlier column is; it is left out",
            table_->name().c_str(), column.column_name.c_str(), column.field.c_str());
    left_out_fields_.push_back(column.column_name);
    return;
  }
  // What a cell of the column would be to Sdf must be what Sdf has in that field.
  const VtValue& fallback = SdfSchema::GetInstance().GetFallback(field.field);
  const bool is_list = *field.type->type == typeid(VtTokenArray);
  const std::type_info& held = field.field == SdfFieldKeys->Specifier ? typeid(TfToken)
                               : is_list && fallback.IsHolding<SdfTokenListOp>()
                                   ? typeid(VtTokenArray)
                                   : fallback.GetTypeid();
  if (fallback.IsEmpty() || held != *field.type->type) {
    TF_WARN("%s: column '%s' of type '%s' can't be the prim field '%s'; it is left out",
            table_->name().c_str(), column.column_name.c_str(), column.sdf_type.c_str(),
            column.field.c_str());
    left_out_fields_.push_back(column.column_name);
    return;
  }
  prim_fields_.push_back(field);
}

/// Adds what players ask the pseudo-root of a layer with samples.
void UsdParquetSource::AddTimeFields(const UsdParquetArguments& arguments) {
  const auto has = [this](const TfToken& field) {
    return std::any_of(root_fields_.begin(), root_fields_.end(),
                       [&](const auto& each) { return each.first == field; });
  };
  double first, last;
  if (!table_->schema_entry().is_exact && samples_.GetRange(&first, &last)) {
    if (!has(SdfFieldKeys->StartTimeCode)) {
      root_fields_.emplace_back(SdfFieldKeys->StartTimeCode, VtValue(first));
    }
    if (!has(SdfFieldKeys->EndTimeCode)) {
      root_fields_.emplace_back(SdfFieldKeys->EndTimeCode, VtValue(last));
    }
  }
  if (!arguments.time_codes_per_second) return;
  const TfToken& rate = SdfFieldKeys->TimeCodesPerSecond;
  std::erase_if(root_fields_, [&](const auto& each) { return each.first == rate; });
  root_fields_.emplace_back(rate, VtValue(*arguments.time_codes_per_second));
}

bool UsdParquetSource::HasAnyValue(size_t column, uint32_t row) const {
  const uint32_t default_row = samples_.DefaultRow(row);
  if (default_row != UsdParquetTimeSamples::kNoRow && table_->HasValue(column, default_row)) {
    return true;
  }
  return samples_.HasAny(column, row);
}

uint32_t UsdParquetSource::PropertyOf(uint32_t property_handle) const {
  const size_t mask = properties_by_handle_.size() - 1;
  for (size_t slot = (property_handle >> 8) & mask; properties_by_handle_[slot].second != 0;
       slot = (slot + 1) & mask) {
    if (properties_by_handle_[slot].first == property_handle)
      return properties_by_handle_[slot].second - 1;
  }
  return kNoProperty;
}

bool UsdParquetSource::HasRow(PrimId prim) const {
  return prim && !UsdParquetPrimLookup::IsAbovePrefix(prim) &&
         table_->paths().RowOf(prim) != PrimId::kNone;
}

UsdParquetSource::Location UsdParquetSource::ResolveResidual(const SdfPath& path) const {
  Location at;
  if (!residual_) return at;
  at.type = residual_->GetSpecType(path);
  at.is_residual = true;
  return at;
}

UsdParquetSource::Location UsdParquetSource::ResolveTarget(const SdfPath& path) const {
  const Location relationship = Resolve(path.GetParentPath());
  if (relationship.type != SdfSpecTypeRelationship || relationship.is_residual) {
    return ResolveResidual(path);
  }
  VtValue targets;
  Location at;
  if (HasTargets(relationship, SdfChildrenKeys->RelationshipTargetChildren, &targets)) {
    const auto& paths = targets.UncheckedGet<SdfPathVector>();
    if (std::find(paths.begin(), paths.end(), path.GetTargetPath()) != paths.end()) {
      at.type = SdfSpecTypeRelationshipTarget;
    }
  }
  return at;
}

UsdParquetSource::Location UsdParquetSource::Resolve(const SdfPath& path) const {
  const UsdParquetPathHandles handles(path);
  Location at;
  if (handles.property != 0) {
    at.property = PropertyOf(handles.property);
    if (at.property == kNoProperty) {
      return path.IsTargetPath() ? ResolveTarget(path) : ResolveResidual(path);
    }
    at.prim = prims_.Find(path, handles.prim);
    if (!HasRow(at.prim)) return ResolveResidual(path);
    at.row = table_->paths().RowOf(at.prim);
    const Property& property = properties_[at.property];
    if (property.is_sparse && !HasAnyValue(property.column, at.row)) {
      return ResolveResidual(path);
    }
    at.type = property.spec_type;
    return at;
  }
  if (handles.prim == 0) return at;
  at.prim = prims_.Find(path, handles.prim);
  if (!at.prim) return ResolveResidual(path);
  const bool is_root =
      UsdParquetPrimLookup::IsAbovePrefix(at.prim)
          ? UsdParquetPrimLookup::DepthAbovePrefix(at.prim) == 0
          : at.prim == table_->paths().root() && prims_.prefix().IsAbsoluteRootPath();
  at.type = is_root ? SdfSpecTypePseudoRoot : SdfSpecTypePrim;
  return at;
}

bool UsdParquetSource::HasChildren(PrimId prim) const {
  return UsdParquetPrimLookup::IsAbovePrefix(prim) || !table_->paths().Children(prim).empty();
}

TfTokenVector UsdParquetSource::ChildNames(PrimId prim) const {
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

TfTokenVector UsdParquetSource::PropertyNames(PrimId prim) const {
  if (!HasRow(prim)) return {};
  if (!has_sparse_) return property_names_;
  const uint32_t row = table_->paths().RowOf(prim);
  TfTokenVector names;
  for (const Property& property : properties_) {
    if (!property.is_sparse || HasAnyValue(property.column, row)) {
      names.push_back(property.name);
    }
  }
  return names;
}

template <typename Out>
bool UsdParquetSource::HasCell(size_t column, const UsdParquetValueType& type, uint32_t row,
                               Out* out) const {
  if (row == UsdParquetTimeSamples::kNoRow) return false;
  if (!out) return table_->HasValue(column, row);
  EpochGuard guard;
  const Page* page = table_->Fetch(column, row, guard);
  const uint32_t i = row - page->first_row;
  return page->IsPresent(i) && DeliverCell(type, *page, i, out);
}

template <typename Out>
bool UsdParquetSource::HasTargets(const Location& at, const TfToken& field, Out* out) const {
  const Property& property = properties_[at.property];
  VtValue* const only_asking = nullptr;
  const uint32_t row = samples_.DefaultRow(at.row);
  if (!out) return HasCell(property.column, *property.type, row, only_asking);
  VtValue cell;
  if (!HasCell(property.column, *property.type, row, &cell)) return false;
  SdfPathVector paths;
  if (cell.IsHolding<std::string>()) {
    paths.emplace_back(cell.UncheckedGet<std::string>());
  } else {
    for (const std::string& text : cell.UncheckedGet<VtStringArray>()) paths.emplace_back(text);
  }
  if (field == SdfChildrenKeys->RelationshipTargetChildren) {
    return !paths.empty() && Deliver(std::move(paths), out);
  }
  SdfPathListOp op;
  op.SetExplicitItems(paths);
  return Deliver(std::move(op), out);
}

template <typename Out>
bool UsdParquetSource::HasPropertyField(const Location& at, const TfToken& field, Out* out) const {
  const Property& property = properties_[at.property];
  if (property.spec_type == SdfSpecTypeRelationship) {
    if (field == SdfFieldKeys->TargetPaths ||
        field == SdfChildrenKeys->RelationshipTargetChildren) {
      return HasTargets(at, field, out);
    }
  } else {
    if (field == SdfFieldKeys->Default) {
      return HasCell(property.column, *property.type, samples_.DefaultRow(at.row), out);
    }
    if (field == SdfFieldKeys->TimeSamples) {
      return samples_.HasAny(property.column, at.row) &&
             (!out || Deliver(samples_.Map(property.column, at.row, *property.type), out));
    }
    if (field == SdfFieldKeys->TypeName) return Deliver(property.type_name, out);
  }
  if (field == SdfFieldKeys->Variability) return Deliver(property.variability, out);
  if (field == SdfFieldKeys->Custom) return Deliver(property.is_custom, out);
  for (const auto& [name, value] : property.metadata) {
    if (name == field) return Deliver(value, out);
  }
  return false;
}

template <typename Out>
bool UsdParquetSource::HasRootField(const SdfPath& path, const TfToken& field, Out* out) const {
  if (residual_ && UsdParquetResidualHas(*residual_, path, field, out)) return true;
  for (const auto& [name, value] : root_fields_) {
    if (name == field) return Deliver(value, out);
  }
  return false;
}

template <typename Out>
bool UsdParquetSource::HasPrimField(const SdfPath& path, const Location& at, const TfToken& field,
                                    Out* out) const {
  if (residual_ && UsdParquetResidualHas(*residual_, path, field, out)) return true;
  if (field == SdfChildrenKeys->PropertyChildren) {
    TfTokenVector names = PropertyNames(at.prim);
    return !names.empty() && Deliver(std::move(names), out);
  }
  if (HasRow(at.prim)) {
    for (const PrimField& prim_field : prim_fields_) {
      if (prim_field.field != field) continue;
      VtValue cell;
      const uint32_t row = samples_.DefaultRow(table_->paths().RowOf(at.prim));
      if (!HasCell(prim_field.column, *prim_field.type, row, &cell)) break;
      const VtValue value = PrimFieldValue(field, cell);
      return !value.IsEmpty() && Deliver(value, out);
    }
  }
  return field == SdfFieldKeys->Specifier && Deliver(SdfSpecifierOver, out);
}

template <typename Out>
bool UsdParquetSource::HasField(const SdfPath& path, const Location& at, const TfToken& field,
                                Out* out) const {
  if (at.type == SdfSpecTypeUnknown) return false;
  if (at.is_residual) return UsdParquetResidualHas(*residual_, path, field, out);
  if (at.type == SdfSpecTypeAttribute || at.type == SdfSpecTypeRelationship) {
    return HasPropertyField(at, field, out);
  }
  if (at.type == SdfSpecTypeRelationshipTarget) return false;
  if (field == SdfChildrenKeys->PrimChildren) {
    return HasChildren(at.prim) && (!out || Deliver(ChildNames(at.prim), out));
  }
  return at.type == SdfSpecTypePrim ? HasPrimField(path, at, field, out)
                                    : HasRootField(path, field, out);
}

bool UsdParquetSource::HasSpec(const SdfPath& path) const {
  return Resolve(path).type != SdfSpecTypeUnknown;
}

SdfSpecType UsdParquetSource::GetSpecType(const SdfPath& path) const { return Resolve(path).type; }

template <typename Out>
bool UsdParquetSource::Has(const SdfPath& path, const TfToken& field, Out* value,
                           SdfSpecType* type) const {
  const Location at = Resolve(path);
  if (type) *type = at.type;
  return HasField(path, at, field, value);
}
template bool UsdParquetSource::Has(const SdfPath&, const TfToken&, SdfAbstractDataValue*,
                                    SdfSpecType*) const;
template bool UsdParquetSource::Has(const SdfPath&, const TfToken&, VtValue*, SdfSpecType*) const;

std::type_info const& UsdParquetSource::GetTypeid(const SdfPath& path, const TfToken& field) const {
  const Location at = Resolve(path);
  if (at.is_residual) return UsdParquetResidualTypeid(*residual_, path, field);
  VtValue* const only_asking = nullptr;
  if (!HasField(path, at, field, only_asking)) return typeid(void);
  if (at.type == SdfSpecTypeAttribute && field == SdfFieldKeys->Default) {
    return *properties_[at.property].type->type;
  }
  if (field == SdfFieldKeys->TimeSamples) return typeid(SdfTimeSampleMap);
  if (field == SdfChildrenKeys->PrimChildren) return typeid(TfTokenVector);
  VtValue value;
  HasField(path, at, field, &value);
  return value.GetTypeid();
}

std::vector<TfToken> UsdParquetSource::List(const SdfPath& path) const {
  const Location at = Resolve(path);
  if (at.is_residual) return residual_->List(path);
  std::vector<TfToken> fields;
  if (at.type == SdfSpecTypeUnknown) return fields;
  VtValue* const only_asking = nullptr;
  const auto add = [&](const TfToken& field) {
    if (HasField(path, at, field, only_asking)) fields.push_back(field);
  };
  if (at.type == SdfSpecTypeRelationshipTarget) return fields;
  if (at.type == SdfSpecTypeAttribute || at.type == SdfSpecTypeRelationship) {
    if (at.type == SdfSpecTypeAttribute) fields.push_back(SdfFieldKeys->TypeName);
    fields.insert(fields.end(), {SdfFieldKeys->Custom, SdfFieldKeys->Variability});
    for (const auto& [name, value] : properties_[at.property].metadata) fields.push_back(name);
    add(SdfFieldKeys->Default);
    add(SdfFieldKeys->TimeSamples);
    add(SdfFieldKeys->TargetPaths);
    add(SdfChildrenKeys->RelationshipTargetChildren);
    return fields;
  }
  if (residual_) fields = residual_->List(path);
  const size_t num_residual = fields.size();
  const auto add_new = [&](const TfToken& field) {
    if (std::find(fields.begin(), fields.begin() + num_residual, field) ==
        fields.begin() + num_residual) {
      add(field);
    }
  };
  if (at.type == SdfSpecTypePrim) {
    add_new(SdfFieldKeys->Specifier);
    for (const PrimField& field : prim_fields_) {
      if (field.field != SdfFieldKeys->Specifier) add_new(field.field);
    }
    add_new(SdfChildrenKeys->PropertyChildren);
  } else {
    for (const auto& [name, value] : root_fields_) add_new(name);
  }
  add_new(SdfChildrenKeys->PrimChildren);
  return fields;
}

std::optional<UsdParquetSource::Cell> UsdParquetSource::FindCell(const SdfPath& attribute) const {
  const Location at = Resolve(attribute);
  if (at.is_residual || at.type != SdfSpecTypeAttribute) return std::nullopt;
  const uint32_t row = samples_.DefaultRow(at.row);
  if (row == UsdParquetTimeSamples::kNoRow) return std::nullopt;
  const Property& property = properties_[at.property];
  return Cell{property.column, row, property.is_sparse};
}

bool UsdParquetSource::VisitPrims(const SdfAbstractData& data, const SdfPath& path, PrimId prim,
                                  uint64_t hash, SdfAbstractDataSpecVisitor* visitor) const {
  if (!visitor->VisitSpec(data, path)) return false;
  for (const TfToken& name : PropertyNames(prim)) {
    const SdfPath property_path = path.AppendProperty(name);
    if (!visitor->VisitSpec(data, property_path)) return false;
    VtValue targets;
    const Location at = has_relationships_ ? Resolve(property_path) : Location();
    if (at.type != SdfSpecTypeRelationship ||
        !HasTargets(at, SdfChildrenKeys->RelationshipTargetChildren, &targets)) {
      continue;
    }
    for (const SdfPath& target : targets.UncheckedGet<SdfPathVector>()) {
      if (!visitor->VisitSpec(data, property_path.AppendTarget(target))) return false;
    }
  }
  if (!HasChildren(prim)) return true;
  const usdparquet::PathIndex& paths = table_->paths();
  for (const TfToken& name : ChildNames(prim)) {
    const SdfPath child_path = path.AppendChild(name);
    if (UsdParquetPrimLookup::IsAbovePrefix(prim)) {
      const PrimId child = prims_.Find(child_path, UsdParquetPathHandles(child_path).prim);
      if (!VisitPrims(data, child_path, child, paths.root_hash(), visitor)) return false;
      continue;
    }
    // Not through the lookup: a full visit would fill its table with every path of the file.
    const uint64_t child_hash = usdparquet::ChildPathHash(hash, name.GetString());
    if (!VisitPrims(data, child_path, paths.Find(child_hash), child_hash, visitor)) return false;
  }
  return true;
}

namespace {

/// Passes on the specs that are the residual's alone.
class ResidualVisitor final : public SdfAbstractDataSpecVisitor {
 public:
  ResidualVisitor(const SdfAbstractData& data, SdfAbstractDataSpecVisitor* visitor,
                  std::function<bool(const SdfPath&)> is_of_table)
      : data_(data), visitor_(visitor), is_of_table_(std::move(is_of_table)) {}
  bool VisitSpec(const SdfAbstractData&, const SdfPath& path) override {
    went_on_ = is_of_table_(path) || visitor_->VisitSpec(data_, path);
    return went_on_;
  }
  void Done(const SdfAbstractData&) override {}
  bool went_on() const { return went_on_; }

 private:
  const SdfAbstractData& data_;
  SdfAbstractDataSpecVisitor* const visitor_;
  const std::function<bool(const SdfPath&)> is_of_table_;
  bool went_on_ = true;
};

}  // namespace

bool UsdParquetSource::Visit(const SdfAbstractData& data,
                             SdfAbstractDataSpecVisitor* visitor) const {
  const SdfPath& root = SdfPath::AbsoluteRootPath();
  const PrimId prim = prims_.Find(root, UsdParquetPathHandles(root).prim);
  if (!VisitPrims(data, root, prim, table_->paths().root_hash(), visitor)) return false;
  if (!residual_) return true;
  ResidualVisitor rest(data, visitor,
                       [&](const SdfPath& path) { return !Resolve(path).is_residual; });
  residual_->VisitSpecs(&rest);
  return rest.went_on();
}

std::set<double> UsdParquetSource::ListAllTimeSamples() const {
  std::set<double> times = samples_.ListAll();
  if (residual_) times.merge(residual_->ListAllTimeSamples());
  return times;
}

bool UsdParquetSource::GetBracketingTimeSamples(double time, double* lower, double* upper) const {
  if (!residual_) return UsdParquetTimeSamples::Bracket(samples_.ListAll(), time, lower, upper);
  return UsdParquetTimeSamples::Bracket(ListAllTimeSamples(), time, lower, upper);
}

std::set<double> UsdParquetSource::ListTimeSamplesForPath(const SdfPath& path) const {
  const Location at = Resolve(path);
  if (at.is_residual) return residual_->ListTimeSamplesForPath(path);
  if (at.type != SdfSpecTypeAttribute) return {};
  return samples_.List(properties_[at.property].column, at.row);
}

size_t UsdParquetSource::GetNumTimeSamplesForPath(const SdfPath& path) const {
  const Location at = Resolve(path);
  if (at.is_residual) return residual_->GetNumTimeSamplesForPath(path);
  if (at.type != SdfSpecTypeAttribute) return 0;
  return samples_.Count(properties_[at.property].column, at.row);
}

bool UsdParquetSource::GetBracketingTimeSamplesForPath(const SdfPath& path, double time,
                                                       double* lower, double* upper) const {
  const Location at = Resolve(path);
  if (at.is_residual) return residual_->GetBracketingTimeSamplesForPath(path, time, lower, upper);
  return at.type == SdfSpecTypeAttribute &&
         samples_.GetBracketing(properties_[at.property].column, at.row, time, lower, upper);
}

bool UsdParquetSource::GetPreviousTimeSampleForPath(const SdfPath& path, double time,
                                                    double* previous) const {
  const Location at = Resolve(path);
  if (at.is_residual) return residual_->GetPreviousTimeSampleForPath(path, time, previous);
  return at.type == SdfSpecTypeAttribute &&
         samples_.GetPrevious(properties_[at.property].column, at.row, time, previous);
}

const std::type_info& UsdParquetSource::QueryTimeSampleTypeid(const SdfPath& path,
                                                              double time) const {
  const Location at = Resolve(path);
  if (at.is_residual) return UsdParquetResidualSampleTypeid(*residual_, path, time);
  if (at.type != SdfSpecTypeAttribute) return typeid(void);
  const Property& property = properties_[at.property];
  VtValue* const only_asking = nullptr;
  const bool is_there =
      HasCell(property.column, *property.type, samples_.RowAt(at.row, time), only_asking);
  return is_there ? *property.type->type : typeid(void);
}

template <typename Out>
bool UsdParquetSource::QueryTimeSample(const SdfPath& path, double time, Out* value) const {
  const Location at = Resolve(path);
  if (at.is_residual) return UsdParquetResidualSample(*residual_, path, time, value);
  if (at.type != SdfSpecTypeAttribute) return false;
  const Property& property = properties_[at.property];
  return HasCell(property.column, *property.type, samples_.RowAt(at.row, time), value);
}
template bool UsdParquetSource::QueryTimeSample(const SdfPath&, double, VtValue*) const;
template bool UsdParquetSource::QueryTimeSample(const SdfPath&, double,
                                                SdfAbstractDataValue*) const;

PXR_NAMESPACE_CLOSE_SCOPE
