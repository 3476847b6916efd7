#include "plugin/read/source.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/usd/sdf/listOp.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <span>

#include "core/table/table_warnings.h"
#include "plugin/read/path_handle.h"
#include "plugin/read/residual_data.h"
#include "plugin/values/deliver.h"
#include "plugin/values/metadata_value.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::EpochGuard;
using usdparquet::PrimId;
using Property = UsdParquetColumns::Property;

UsdParquetSource::UsdParquetSource(std::shared_ptr<usdparquet::Table> table,
                                   const UsdParquetArguments& arguments,
                                   std::shared_ptr<const usdparquet::ColorScale> colors,
                                   SdfAbstractDataRefPtr residual)
    : table_(std::move(table)),
      prims_(*table_, arguments.prefix),
      samples_(*table_),
      columns_(*table_, std::move(colors)),
      default_field_(SdfFieldKeys->Default),
      children_field_(SdfChildrenKeys->PrimChildren),
      properties_field_(SdfChildrenKeys->PropertyChildren),
      specifier_field_(SdfFieldKeys->Specifier),
      residual_(std::move(residual)),
      has_only_properties_(!residual_ && columns_.prim_fields().empty()) {
  left_out_metadata_ = columns_.left_out_metadata();
  root_fields_ = UsdParquetFieldsFromFooter(table_->schema_entry().layer, SdfSpecTypePseudoRoot,
                                            table_->name(), "the layer", &left_out_metadata_);
  AddTimeFields(arguments);
}

UsdParquetSource::~UsdParquetSource() = default;

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

bool UsdParquetSource::HasAnyCellOfMany(size_t column, uint32_t row) const {
  bool has_any = false;
  samples_.VisitRows(row, [&](uint32_t each) {
    has_any = !table_->IsNull(column, each);
    return !has_any;
  });
  return has_any;
}

const SdfAbstractData* UsdParquetSource::ResidualOf(const Location& at) const {
  return at.is_residual || (residual_ && !IsThere(at)) ? residual() : nullptr;
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
  if (HasTargets(*relationship.property, relationship.row,
                 SdfChildrenKeys->RelationshipTargetChildren, &targets)) {
    const auto& paths = targets.UncheckedGet<SdfPathVector>();
    if (std::find(paths.begin(), paths.end(), path.GetTargetPath()) != paths.end()) {
      at.type = SdfSpecTypeRelationshipTarget;
    }
  }
  return at;
}

UsdParquetSource::Location UsdParquetSource::ResolvePrim(const SdfPath& path,
                                                         uint32_t handle) const {
  Location at;
  if (handle == 0) return at;
  at.prim = prims_.Find(path, handle);
  if (!at.prim) return ResolveResidual(path);
  at.type = prims_.IsPseudoRoot(at.prim) ? SdfSpecTypePseudoRoot : SdfSpecTypePrim;
  return at;
}

UsdParquetSource::Location UsdParquetSource::Locate(const SdfPath& path) const {
  const UsdParquetPathHandles handles(path);
  if (handles.property == 0) return ResolvePrim(path, handles.prim);
  Location at;
  at.property = FindInColumns(path, handles, &at.row);
  if (!at.property) return path.IsTargetPath() ? ResolveTarget(path) : ResolveResidual(path);
  at.type = at.property->spec_type;
  return at;
}

UsdParquetSource::Location UsdParquetSource::Resolve(const SdfPath& path) const {
  const Location at = Locate(path);
  return IsThere(at) ? at : ResolveResidual(path);
}

template <typename F>
auto UsdParquetSource::WithProperties(uint32_t row, const F& f) const {
  const std::vector<uint64_t>& all = table_->all_properties();
  if (!table_->is_long()) {
    EpochGuard guard;
    const uint64_t* const found = table_->PropertiesIn(row, guard);
    return f(found ? std::span(found, all.size()) : std::span(all));
  }
  std::vector<uint64_t> found = table_->declared_properties();
  samples_.VisitRows(row, [&](uint32_t each) {
    EpochGuard guard;
    const uint64_t* const in_row = table_->PropertiesIn(each, guard);
    for (size_t i = 0; i < all.size(); ++i) found[i] |= in_row ? in_row[i] : all[i];
    return found != all;
  });
  return f(std::span<const uint64_t>(found));
}

TfTokenVector UsdParquetSource::PropertyNames(PrimId prim) const {
  const uint32_t row = prims_.RowOf(prim);
  if (row == PrimId::kNone) return {};
  if (!columns_.has_sparse()) return columns_.property_names();
  return WithProperties(row, [&](std::span<const uint64_t> found) {
    return std::ranges::equal(found, table_->all_properties()) ? columns_.property_names()
                                                               : columns_.NamesOf(found);
  });
}

bool UsdParquetSource::HasProperties(PrimId prim) const {
  const uint32_t row = prims_.RowOf(prim);
  if (row == PrimId::kNone) return false;
  if (!columns_.has_sparse()) return !columns_.property_names().empty();
  return WithProperties(row, [](std::span<const uint64_t> found) {
    return std::ranges::any_of(found, [](uint64_t word) { return word != 0; });
  });
}

/// Tells once that a relationship without targets has some in rows with a time, if the open did
/// not. Such a relationship is there by those rows alone, where nulls say that there is none.
void UsdParquetSource::WarnOfTimedTargets(const Property& relationship, uint32_t row) const {
  if (!table_->is_long() || !relationship.is_sparse || has_warned_of_targets_.load()) return;
  if (!samples_.HasAnyTimedCell(relationship.number, row)) return;
  if (has_warned_of_targets_.exchange(true)) return;
  const std::string warning =
      usdparquet::DescribeTimedColumn(table_->name(), table_->columns()[relationship.number]);
  const auto& told = table_->warnings();
  if (std::find(told.begin(), told.end(), warning) == told.end()) TF_WARN("%s", warning.c_str());
}

template <typename Out>
bool UsdParquetSource::HasTargets(const Property& relationship, uint32_t row, const TfToken& field,
                                  Out* out) const {
  SdfPathVector paths;
  if (!columns_.HasTargets(relationship, samples_.DefaultRow(row), out ? &paths : nullptr)) {
    WarnOfTimedTargets(relationship, row);
    return false;
  }
  if (!out) return true;
  SdfPathListOp op;
  op.SetExplicitItems(paths);  // a path that is there twice counts once
  if (field == SdfChildrenKeys->RelationshipTargetChildren) {
    return !paths.empty() && UsdParquetDeliver(SdfPathVector(op.GetExplicitItems()), out);
  }
  return UsdParquetDeliver(std::move(op), out);
}

template <typename Out>
[[gnu::noinline]] bool UsdParquetSource::HasPropertyField(const Property& property, uint32_t row,
                                                          const TfToken& field, Out* out) const {
  const auto& keys = *SdfFieldKeys;  // each of its names would be a call
  if (property.spec_type == SdfSpecTypeRelationship) {
    if (field == keys.TargetPaths || field == SdfChildrenKeys->RelationshipTargetChildren) {
      return HasTargets(property, row, field, out);
    }
  } else {
    if (field == keys.Default) return columns_.HasCell(property, samples_.DefaultRow(row), out);
    if (field == keys.TimeSamples) {
      return samples_.HasAny(property, row) &&
             (!out || UsdParquetDeliver(samples_.Map(property, row), out));
    }
    if (field == keys.TypeName) return UsdParquetDeliver(property.type_name, out);
  }
  if (field == keys.Variability) return UsdParquetDeliver(property.variability, out);
  if (field == keys.Custom) return UsdParquetDeliver(property.is_custom, out);
  for (const auto& [name, value] : property.metadata) {
    if (name == field) return UsdParquetDeliver(value, out);
  }
  return false;
}

/// Takes out of a list of children what has no spec of the kind: OpenUSD ends the process where it
/// meets such a name. A file that lists one is damaged, or lies. False if none is left.
bool UsdParquetSource::KeepChildrenWithSpecs(const SdfPath& path, const TfToken& field,
                                             VtValue* children) const {
  if (children->IsHolding<SdfPathVector>()) {
    const SdfSpecType type = field == SdfChildrenKeys->ConnectionChildren
                                 ? SdfSpecTypeConnection
                                 : SdfSpecTypeRelationshipTarget;
    SdfPathVector targets = children->UncheckedGet<SdfPathVector>();
    std::erase_if(targets, [&](const SdfPath& target) {
      return Resolve(path.AppendTarget(target)).type != type;
    });
    *children = targets;
    return !targets.empty();
  }
  if (!children->IsHolding<TfTokenVector>()) return false;
  const auto has_spec = [&](const TfToken& name) {
    const std::string& text = name.GetString();
    if (field == SdfChildrenKeys->PropertyChildren) {
      if (!SdfPath::IsValidNamespacedIdentifier(text)) return false;
      const SdfSpecType type = Resolve(path.AppendProperty(name)).type;
      return type == SdfSpecTypeAttribute || type == SdfSpecTypeRelationship;
    }
    if (field == SdfChildrenKeys->PrimChildren) {
      return SdfPath::IsValidIdentifier(text) &&
             Resolve(path.AppendChild(name)).type == SdfSpecTypePrim;
    }
    if (field == SdfChildrenKeys->VariantSetChildren) {
      return Resolve(path.AppendVariantSelection(text, std::string())).type ==
             SdfSpecTypeVariantSet;
    }
    const SdfPath variant =
        path.GetParentPath().AppendVariantSelection(path.GetVariantSelection().first, text);
    return Resolve(variant).type == SdfSpecTypeVariant;
  };
  TfTokenVector names = children->UncheckedGet<TfTokenVector>();
  std::erase_if(names, [&](const TfToken& name) { return !has_spec(name); });
  *children = names;
  return !names.empty();
}

template <typename Out>
bool UsdParquetSource::HasResidualField(const SdfPath& path, const TfToken& field, Out* out) const {
  const bool lists_children =
      field == SdfChildrenKeys->PropertyChildren || field == SdfChildrenKeys->PrimChildren ||
      field == SdfChildrenKeys->VariantSetChildren || field == SdfChildrenKeys->VariantChildren ||
      field == SdfChildrenKeys->RelationshipTargetChildren ||
      field == SdfChildrenKeys->ConnectionChildren;
  if (!lists_children) return UsdParquetResidualHas(*residual_, path, field, out);
  VtValue children;
  return UsdParquetResidualHas(*residual_, path, field, &children) &&
         KeepChildrenWithSpecs(path, field, &children) &&
         (!out || UsdParquetDeliver(std::move(children), out));
}

template <typename Out>
bool UsdParquetSource::HasRootField(const SdfPath& path, const TfToken& field, Out* out) const {
  if (residual_ && UsdParquetResidualHas(*residual_, path, field, out)) return true;
  for (const auto& [name, value] : root_fields_) {
    if (name == field) return UsdParquetDeliver(value, out);
  }
  return false;
}

/// Adds the colours to a list of properties that the residual has: it knows of none.
void UsdParquetSource::AddColorTo(PrimId prim, VtValue* names) const {
  const Property* const property = columns_.color_property();
  if (!property || !prims_.HasRow(prim) || !IsThere(*property, prims_.RowOf(prim))) return;
  TfTokenVector all = names->UncheckedGet<TfTokenVector>();
  all.push_back(property->name);
  *names = all;
}

template <typename Out>
bool UsdParquetSource::HasPrimField(const SdfPath& path, PrimId prim, const TfToken& field,
                                    Out* out) const {
  if (residual_ && field == properties_field_) {
    VtValue names;
    if (HasResidualField(path, field, &names)) {
      AddColorTo(prim, &names);
      return UsdParquetDeliver(std::move(names), out);
    }
  } else if (residual_ && HasResidualField(path, field, out)) {
    return true;
  }
  if (field == properties_field_) {
    if (!out) return HasProperties(prim);
    TfTokenVector names = PropertyNames(prim);
    return !names.empty() && UsdParquetDeliver(std::move(names), out);
  }
  if (prims_.HasRow(prim)) {
    for (const auto& prim_field : columns_.prim_fields()) {
      if (prim_field.field != field) continue;
      VtValue value;
      const uint32_t row = samples_.DefaultRow(prims_.RowOf(prim));
      if (!columns_.HasFieldValue(prim_field, row, &value)) break;
      return UsdParquetDeliver(value, out);
    }
  }
  return field == specifier_field_ && UsdParquetDeliver(SdfSpecifierOver, out);
}

template <typename Out>
bool UsdParquetSource::HasField(const SdfPath& path, const Location& at, const TfToken& field,
                                Out* out) const {
  if (at.type == SdfSpecTypeUnknown) return false;
  if (at.is_residual) return HasResidualField(path, field, out);
  if (at.type == SdfSpecTypeAttribute || at.type == SdfSpecTypeRelationship) {
    return HasPropertyField(*at.property, at.row, field, out);
  }
  if (at.type == SdfSpecTypeRelationshipTarget) return false;
  if (field == children_field_) {
    return prims_.HasChildren(at.prim) &&
           (!out || UsdParquetDeliver(prims_.ChildList(at.prim), out));
  }
  return at.type == SdfSpecTypePrim ? HasPrimField(path, at.prim, field, out)
                                    : HasRootField(path, field, out);
}

bool UsdParquetSource::HasSpec(const SdfPath& path) const {
  return GetSpecType(path) != SdfSpecTypeUnknown;
}

SdfSpecType UsdParquetSource::GetSpecType(const SdfPath& path) const {
  return table_->Ask([&] {
    const UsdParquetPathHandles handles(path);
    uint32_t row;
    if (handles.property != 0) {
      const Property* const property = FindInColumns(path, handles, &row);
      if (property && IsThere(*property, row)) return property->spec_type;
    } else if (handles.prim != 0) {
      const PrimId prim = prims_.Find(path, handles.prim);
      if (prim && !prims_.IsPseudoRoot(prim)) return SdfSpecTypePrim;
    }
    return Resolve(path).type;
  });
}

bool UsdParquetSource::IsOnlyInResidual(const SdfPath& path) const {
  return table_->Ask([&] { return Resolve(path).is_residual; });
}

template <typename Out>
bool UsdParquetSource::Has(const SdfPath& path, const TfToken& field, Out* value,
                           SdfSpecType* type) const {
  const UsdParquetPathHandles handles(path);
  if (handles.property == 0) return HasInPrim(path, handles.prim, field, value, type);
  return table_->Ask([&]() __attribute__((always_inline)) {
    uint32_t row;
    const Property* const property = FindInColumns(path, handles, &row);
    if (!property) return HasElsewhere(path, Resolve(path), field, value, type);
    // A value is there in an attribute that is there: nulls need to be asked only without one.
    const bool is_value = field == default_field_ && property->spec_type == SdfSpecTypeAttribute;
    if (is_value && columns_.HasCell(*property, samples_.DefaultRow(row), value)) {
      if (type) *type = SdfSpecTypeAttribute;
      return true;
    }
    if (!IsThere(*property, row)) {
      return HasElsewhere(path, ResolveResidual(path), field, value, type);
    }
    if (type) *type = property->spec_type;
    return !is_value && HasPropertyField(*property, row, field, value);
  });
}

template <typename Out>
bool UsdParquetSource::HasInPrim(const SdfPath& path, uint32_t handle, const TfToken& field,
                                 Out* value, SdfSpecType* type) const {
  return table_->Ask([&]() __attribute__((always_inline)) {
    const PrimId prim = handle != 0 ? prims_.Find(path, handle) : PrimId();
    if (!prim || prims_.IsPseudoRoot(prim)) {
      return HasElsewhere(path, Resolve(path), field, value, type);
    }
    if (type) *type = SdfSpecTypePrim;
    if (field == children_field_) {
      return prims_.HasChildren(prim) &&
             (!value || UsdParquetDeliver(prims_.ChildList(prim), value));
    }
    if (has_only_properties_) {
      if (field == specifier_field_) return UsdParquetDeliver(SdfSpecifierOver, value);
      if (field != properties_field_) return false;
    }
    return HasPrimField(path, prim, field, value);
  });
}

template <typename Out>
bool UsdParquetSource::HasElsewhere(const SdfPath& path, const Location& at, const TfToken& field,
                                    Out* value, SdfSpecType* type) const {
  if (type) *type = at.type;
  return HasField(path, at, field, value);
}
template bool UsdParquetSource::Has(const SdfPath&, const TfToken&, SdfAbstractDataValue*,
                                    SdfSpecType*) const;
template bool UsdParquetSource::Has(const SdfPath&, const TfToken&, VtValue*, SdfSpecType*) const;

std::type_info const& UsdParquetSource::GetTypeid(const SdfPath& path, const TfToken& field) const {
  return *table_->Ask([&] { return &TypeOf(path, field); });
}

std::type_info const& UsdParquetSource::TypeOf(const SdfPath& path, const TfToken& field) const {
  const Location at = Resolve(path);
  if (at.is_residual) return UsdParquetResidualTypeid(*residual_, path, field);
  VtValue* const only_asking = nullptr;
  if (!HasField(path, at, field, only_asking)) return typeid(void);
  if (at.type == SdfSpecTypeAttribute && field == SdfFieldKeys->Default) {
    return *at.property->type->type;
  }
  if (field == SdfFieldKeys->TimeSamples) return typeid(SdfTimeSampleMap);
  if (field == SdfChildrenKeys->PrimChildren) return typeid(TfTokenVector);
  VtValue value;
  HasField(path, at, field, &value);
  return value.GetTypeid();
}

std::vector<TfToken> UsdParquetSource::List(const SdfPath& path) const {
  return table_->Ask([&] { return FieldsOf(path); });
}

std::vector<TfToken> UsdParquetSource::FieldsOf(const SdfPath& path) const {
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
    for (const auto& [name, value] : at.property->metadata) fields.push_back(name);
    // Statistics do not tell of text that is no UTF-8. Whoever lists fields reads them next, and
    // finds what is listed.
    const auto& type = table_->columns()[at.property->number].type;
    VtValue cell;
    if (type.scalar != usdparquet::Scalar::kString ||
        HasField(path, at, SdfFieldKeys->Default, &cell)) {
      add(SdfFieldKeys->Default);
    }
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
    for (const auto& field : columns_.prim_fields()) {
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
  return table_->Ask([&]() -> std::optional<Cell> {
    const Location at = Locate(attribute);
    if (!IsAttributeColumn(at) || at.property->colors) return std::nullopt;
    const bool is_there = IsThere(at);
    if (!is_there && ResolveResidual(attribute).type != SdfSpecTypeUnknown) return std::nullopt;
    const uint32_t row = samples_.DefaultRow(at.row);
    if (row == UsdParquetTimeSamples::kNoRow) return std::nullopt;
    return Cell{at.property, row, is_there, samples_.HasAnyTimedCell(at.property->number, at.row)};
  });
}

uint32_t UsdParquetSource::RowAt(const SdfPath& prim, std::optional<double> time) const {
  return table_->Ask([&] {
    const Location at = ResolvePrim(prim, UsdParquetPathHandles(prim).prim);
    const uint32_t row = at.prim ? prims_.RowOf(at.prim) : PrimId::kNone;
    if (row == PrimId::kNone) return UsdParquetTimeSamples::kNoRow;
    return time ? samples_.RowAt(row, *time) : samples_.DefaultRow(row);
  });
}

uint32_t UsdParquetSource::FirstRowOf(const SdfPath& prim) const {
  return table_->Ask([&] {
    const Location at = ResolvePrim(prim, UsdParquetPathHandles(prim).prim);
    const uint32_t row = at.prim ? prims_.RowOf(at.prim) : PrimId::kNone;
    return row == PrimId::kNone ? UsdParquetTimeSamples::kNoRow : row;
  });
}

SdfPath UsdParquetSource::PrimOf(uint32_t row) const {
  const std::optional<std::string> path = table_->PathAt(row);
  return path ? SdfPath(*path) : SdfPath();
}

std::optional<TfTokenVector> UsdParquetSource::ColumnPropertyNames(const SdfPath& prim) const {
  return table_->Ask([&]() -> std::optional<TfTokenVector> {
    const Location at = Resolve(prim);
    if (at.is_residual || at.type != SdfSpecTypePrim || !prims_.HasRow(at.prim)) {
      return std::nullopt;
    }
    if (residual_ && residual_->Has(prim, SdfChildrenKeys->PropertyChildren)) return std::nullopt;
    return PropertyNames(at.prim);
  });
}

PXR_NAMESPACE_CLOSE_SCOPE
