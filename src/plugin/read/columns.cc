#include "plugin/read/columns.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/usd/sdf/listOp.h>
#include <pxr/usd/sdf/schema.h>

#include <algorithm>
#include <bit>
#include <iterator>

#include "plugin/read/path_handle.h"
#include "plugin/values/metadata_value.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::ColumnInfo;
using usdparquet::ColumnRole;

namespace {

/// A prim's field as Sdf holds it, from the cell's value.
VtValue FieldValueOf(const TfToken& field, const VtValue& cell) {
  if (field == SdfFieldKeys->Specifier) {
    const std::string& text = cell.UncheckedGet<TfToken>().GetString();
    if (text == "def") return VtValue(SdfSpecifierDef);
    return VtValue(text == "class" ? SdfSpecifierClass : SdfSpecifierOver);
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

UsdParquetColumns::UsdParquetColumns(usdparquet::Table& table,
                                     std::shared_ptr<const usdparquet::ColorScale> scale)
    : table_(table), colors_(scale ? new UsdParquetColors(std::move(scale)) : nullptr) {
  const auto& columns = table_.columns();
  names_by_column_.resize(columns.size());
  properties_.reserve(columns.size() + 1);  // they stay where they are
  by_handle_.resize(std::bit_ceil(2 * columns.size() + 2));
  handle_mask_ = by_handle_.size() - 1;
  for (size_t i = 0; i < columns.size(); ++i) {
    columns[i].role == ColumnRole::kPrimMetadata ? AddPrimField(i) : AddProperty(i);
  }
  if (colors_) AddColors();
}

void UsdParquetColumns::AddProperty(size_t number) {
  const ColumnInfo& column = table_.columns()[number];
  Property property;
  property.number = number;
  property.type = UsdParquetFindValueType(column.sdf_type);
  property.reader = &table_.reader(number);
  property.name = TfToken(column.property_name);
  property.type_name = TfToken(column.sdf_type);
  property.spec_type =
      column.role == ColumnRole::kRelationship ? SdfSpecTypeRelationship : SdfSpecTypeAttribute;
  property.variability = column.is_uniform ? SdfVariabilityUniform : SdfVariabilityVarying;
  property.is_custom = column.is_custom;
  property.is_sparse = column.null == usdparquet::NullMeaning::kNoProperty;
  has_sparse_ |= property.is_sparse;
  has_relationships_ |= property.spec_type == SdfSpecTypeRelationship;
  property.has_own_display_name = !column.display_name.empty();
  if (property.has_own_display_name) {
    property.metadata.emplace_back(SdfFieldKeys->DisplayName, VtValue(column.display_name));
  }
  auto fields =
      UsdParquetFieldsFromFooter(column.metadata, property.spec_type, table_.name(),
                                 "column '" + column.column_name + "'", &left_out_metadata_);
  std::move(fields.begin(), fields.end(), std::back_inserter(property.metadata));
  names_by_column_[number] = property.name;
  Keep(std::move(property));
}

/// Adds the property that has the colours of a column: it is there where that one is.
void UsdParquetColumns::AddColors() {
  const size_t number = colors_->scale->column();
  Property property;
  property.number = number;
  property.type = colors_.get();
  property.reader = &table_.reader(number);
  property.colors = colors_.get();
  property.name = TfToken(usdparquet::kColorProperty);
  property.type_name = SdfValueTypeNames->Color3fArray.GetAsToken();
  property.spec_type = SdfSpecTypeAttribute;
  property.variability = SdfVariabilityVarying;
  property.is_custom = false;
  property.is_sparse = table_.columns()[number].null == usdparquet::NullMeaning::kNoProperty;
  property.has_own_display_name = false;
  property.metadata.emplace_back(TfToken("interpolation"), VtValue(TfToken("constant")));
  Keep(std::move(property));
}

void UsdParquetColumns::Keep(Property property) {
  property.path = SdfPath("/_").AppendProperty(property.name);
  property_names_.push_back(property.name);
  properties_.push_back(std::move(property));

  const uint32_t handle = UsdParquetPathHandles(properties_.back().path).property;
  size_t slot = SlotOf(handle);
  while (by_handle_[slot].property) slot = (slot + 1) & handle_mask_;
  by_handle_[slot] = {handle, &properties_.back()};
}

void UsdParquetColumns::AddPrimField(size_t number) {
  const ColumnInfo& column = table_.columns()[number];
  const PrimField field{{number, UsdParquetFindValueType(column.sdf_type), &table_.reader(number)},
                        TfToken(column.field)};
  const auto is_same = [&](const PrimField& other) { return other.field == field.field; };
  if (std::any_of(prim_fields_.begin(), prim_fields_.end(), is_same)) {
    TF_WARN("%s: column '%s' is the prim field '%s', as an earlier column is; it is left out",
            table_.name().c_str(), column.column_name.c_str(), column.field.c_str());
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
            table_.name().c_str(), column.column_name.c_str(), column.sdf_type.c_str(),
            column.field.c_str());
    left_out_fields_.push_back(column.column_name);
    return;
  }
  prim_fields_.push_back(field);
}

TfTokenVector UsdParquetColumns::NamesOf(std::span<const uint64_t> columns) const {
  size_t count = 0;
  for (const uint64_t word : columns) count += static_cast<size_t>(std::popcount(word));
  TfTokenVector names;
  names.reserve(count);
  for (size_t i = 0; i < columns.size(); ++i) {
    for (uint64_t word = columns[i]; word != 0; word &= word - 1) {
      names.push_back(names_by_column_[64 * i + static_cast<size_t>(std::countr_zero(word))]);
    }
  }
  if (colors_) {
    const size_t number = colors_->scale->column();
    if (columns[number / 64] >> number % 64 & 1) names.push_back(color_property()->name);
  }
  return names;
}

bool UsdParquetColumns::HasTargets(const Property& relationship, uint32_t row,
                                   SdfPathVector* targets) const {
  VtValue cell;
  if (!HasCell(relationship, row, targets ? &cell : nullptr)) return false;
  if (!targets) return true;
  if (cell.IsHolding<std::string>()) {
    targets->emplace_back(cell.UncheckedGet<std::string>());
  } else {
    for (const std::string& text : cell.UncheckedGet<VtStringArray>()) targets->emplace_back(text);
  }
  return true;
}

bool UsdParquetColumns::HasFieldValue(const PrimField& field, uint32_t row, VtValue* value) const {
  VtValue cell;
  if (!HasCell(field, row, &cell)) return false;
  *value = FieldValueOf(field.field, cell);
  return true;
}

PXR_NAMESPACE_CLOSE_SCOPE
