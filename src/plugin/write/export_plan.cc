#include "plugin/write/export_plan.h"

#include <pxr/base/tf/hash.h>
#include <pxr/usd/sdf/listOp.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plugin/values/metadata_value.h"
#include "plugin/values/value_types.h"
#include "plugin/write/column_order.h"
#include "plugin/write/prim_walk.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::NullMeaning;

namespace {

/// A column pays from two prims on, and where it has a value for a thousandth of the rows.
constexpr uint64_t kMinValues = 2;
constexpr uint64_t kMinShare = 1000;
/// Each column costs the footer a few hundred bytes a row group.
constexpr size_t kMaxColumns = 2000;

bool IsChildrenField(const TfToken& field) {
  return field == SdfChildrenKeys->PrimChildren || field == SdfChildrenKeys->PropertyChildren;
}

}  // namespace

bool UsdParquetIsFieldColumn(const TfToken& field, const VtValue& value, std::string* type) {
  static const auto* const kFields = new std::map<TfToken, std::string>{
      {SdfFieldKeys->Specifier, "token"},    {SdfFieldKeys->TypeName, "token"},
      {SdfFieldKeys->Kind, "token"},         {SdfFieldKeys->Active, "bool"},
      {SdfFieldKeys->Instanceable, "bool"},  {SdfFieldKeys->Hidden, "bool"},
      {SdfFieldKeys->DisplayName, "string"}, {SdfFieldKeys->Documentation, "string"},
      {SdfFieldKeys->Comment, "string"},     {TfToken("apiSchemas"), "token[]"},
  };
  const auto it = kFields->find(field);
  if (it == kFields->end()) return false;
  *type = it->second;
  if (field == SdfFieldKeys->Specifier) return value.IsHolding<SdfSpecifier>();
  if (it->second == "token") return value.IsHolding<TfToken>();
  if (it->second == "bool") return value.IsHolding<bool>();
  if (it->second == "string") return value.IsHolding<std::string>();
  if (!value.IsHolding<SdfTokenListOp>()) return false;
  // Only a list that is prepended and nothing else is the same as its items.
  const auto& op = value.UncheckedGet<SdfTokenListOp>();
  SdfTokenListOp prepended;
  prepended.SetPrependedItems(op.GetPrependedItems());
  return op == prepended && !op.GetPrependedItems().empty();
}

VtValue UsdParquetCellOfField(const TfToken& field, const VtValue& value) {
  std::string type;
  if (!UsdParquetIsFieldColumn(field, value, &type)) return {};
  if (field == SdfFieldKeys->Specifier) {
    const auto specifier = value.UncheckedGet<SdfSpecifier>();
    return VtValue(TfToken(specifier == SdfSpecifierDef ? "def" : "class"));
  }
  if (type == "token[]") {
    const auto& items = value.UncheckedGet<SdfTokenListOp>().GetPrependedItems();
    return VtValue(VtTokenArray(items.begin(), items.end()));
  }
  return value;
}

VtValue UsdParquetCellOfTargets(const VtValue& targets) {
  if (!targets.IsHolding<SdfPathListOp>()) return {};
  const auto& op = targets.UncheckedGet<SdfPathListOp>();
  if (!op.IsExplicit()) return {};
  VtStringArray texts;
  for (const SdfPath& path : op.GetExplicitItems()) {
    texts.push_back(path.GetAsString());
    if (SdfPath(texts.back()) != path) return {};
  }
  return VtValue(texts);
}

UsdParquetExportPlan UsdParquetExportPlan::Make(const SdfAbstractData& data,
                                                const UsdParquetColumnNames& names) {
  UsdParquetExportPlan plan;
  UsdParquetWalkPrims(data, [&](const SdfPath& path) {
    plan.ScanPrim(data, path);
    return true;
  });
  plan.path_column_ = plan.FreeName(names.path);
  plan.ChooseFields(names);
  plan.ChooseColumns(names);
  plan.CompletePatterns(names);
  return plan;
}

void UsdParquetExportPlan::ScanPrim(const SdfAbstractData& data, const SdfPath& path) {
  Pattern pattern;
  pattern.names = UsdParquetChildNames(data, path, SdfChildrenKeys->PropertyChildren);
  for (const TfToken& name : pattern.names) {
    uint8_t contents = 0;
    pattern.declarations.push_back(DeclarationOf(data, path.AppendProperty(name), name, &contents));
    pattern.contents.push_back(contents);
  }
  const bool has_row = ScanFields(data, path, !pattern.names.empty());
  has_row_.push_back(has_row);
  num_rows_ += has_row;
  prim_patterns_.push_back(InternPattern(std::move(pattern)));
}

bool UsdParquetExportPlan::ScanFields(const SdfAbstractData& data, const SdfPath& path,
                                      bool has_properties) {
  bool has_cells = false, has_children = false;
  for (const TfToken& field : data.List(path)) {
    has_children |= field == SdfChildrenKeys->PrimChildren;
    if (IsChildrenField(field)) continue;
    std::string type;
    const VtValue value = data.Get(path, field);
    if (field == SdfFieldKeys->Specifier && value == SdfSpecifierOver) continue;
    if (!UsdParquetIsFieldColumn(field, value, &type)) continue;
    ++field_counts_[field];
    has_cells = true;
  }
  return has_cells || has_properties || !has_children;
}

uint32_t UsdParquetExportPlan::DeclarationOf(const SdfAbstractData& data, const SdfPath& path,
                                             const TfToken& name, uint8_t* contents) {
  Declaration declaration;
  declaration.name = name;
  VtValue value;
  const SdfSpecType spec = data.GetSpecType(path);
  if (spec == SdfSpecTypeAttribute) {
    if (!data.Has(path, SdfFieldKeys->TypeName, &value) || !value.IsHolding<TfToken>()) {
      return kResidual;
    }
    declaration.type_name = value.UncheckedGet<TfToken>();
    if (!UsdParquetFindValueType(declaration.type_name.GetString())) return kResidual;
  } else if (spec != SdfSpecTypeRelationship) {
    return kResidual;
  }
  for (const TfToken& field : data.List(path)) {
    if (field == SdfFieldKeys->TypeName || field == SdfChildrenKeys->RelationshipTargetChildren) {
      continue;
    }
    if (field == SdfFieldKeys->Default && spec == SdfSpecTypeAttribute) {
      if (!CanHold(data, path, declaration.type_name)) return kResidual;
      *contents |= kValue;
      continue;
    }
    value = data.Get(path, field);
    if (field == SdfFieldKeys->TimeSamples) {
      if (!CanHoldSamples(value, declaration.type_name)) return kResidual;
      *contents |= kSamples;
      continue;
    }
    if (field == SdfFieldKeys->Variability && value.IsHolding<SdfVariability>()) {
      declaration.is_uniform = value.UncheckedGet<SdfVariability>() == SdfVariabilityUniform;
    } else if (field == SdfFieldKeys->Custom && value.IsHolding<bool>()) {
      declaration.is_custom = value.UncheckedGet<bool>();
    } else if (field == SdfFieldKeys->TargetPaths && !UsdParquetCellOfTargets(value).IsEmpty()) {
      *contents |= kValue;
    } else if (UsdParquetToFooter(value)) {
      declaration.metadata.emplace_back(field, std::move(value));
    } else {
      return kResidual;
    }
  }
  std::sort(declaration.metadata.begin(), declaration.metadata.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  const uint32_t id = InternDeclaration(std::move(declaration));
  ++declarations_[id].num_prims;
  declarations_[id].num_with_value += *contents != 0;
  return id;
}

const UsdParquetColumnBuilder* UsdParquetExportPlan::BuilderOf(const TfToken& type_name) {
  const auto [it, is_new] = builders_.try_emplace(type_name);
  if (is_new) it->second = UsdParquetColumnBuilder::Make(type_name.GetString());
  return it->second.get();
}

bool UsdParquetExportPlan::CanHold(const SdfAbstractData& data, const SdfPath& path,
                                   const TfToken& type_name) {
  const UsdParquetColumnBuilder* builder = BuilderOf(type_name);
  if (!builder) return false;
  const UsdParquetValueType* type = UsdParquetFindValueType(type_name.GetString());
  if (data.GetTypeid(path, SdfFieldKeys->Default) != *type->type) return false;
  return builder->CanHoldAll() || builder->CanHold(data.Get(path, SdfFieldKeys->Default));
}

bool UsdParquetExportPlan::CanHoldSamples(const VtValue& samples, const TfToken& type_name) {
  const UsdParquetColumnBuilder* builder = BuilderOf(type_name);
  if (!builder || !samples.IsHolding<SdfTimeSampleMap>()) return false;
  const auto& map = samples.UncheckedGet<SdfTimeSampleMap>();
  // No samples at all are a field too, which cells can't tell.
  return !map.empty() && std::all_of(map.begin(), map.end(), [&](const auto& sample) {
    const double time = sample.first;  // what is read back is never -0
    return std::isfinite(time) && !(time == 0 && std::signbit(time)) &&
           builder->CanHold(sample.second);
  });
}

uint32_t UsdParquetExportPlan::InternDeclaration(Declaration declaration) {
  std::vector<uint32_t>& known = declarations_by_name_[declaration.name];
  for (const uint32_t id : known) {
    const Declaration& other = declarations_[id];
    if (other.type_name == declaration.type_name && other.is_uniform == declaration.is_uniform &&
        other.is_custom == declaration.is_custom && other.metadata == declaration.metadata) {
      return id;
    }
  }
  known.push_back(static_cast<uint32_t>(declarations_.size()));
  declarations_.push_back(std::move(declaration));
  return known.back();
}

uint32_t UsdParquetExportPlan::InternPattern(Pattern pattern) {
  uint64_t hash = TfHash()(pattern.declarations);
  for (size_t i = 0; i < pattern.names.size(); ++i) {
    hash = TfHash::Combine(hash, pattern.names[i], pattern.contents[i]);
  }
  std::vector<uint32_t>& known = patterns_by_hash_[hash];
  for (const uint32_t id : known) {
    const Pattern& other = patterns_[id];
    if (other.names == pattern.names && other.declarations == pattern.declarations &&
        other.contents == pattern.contents) {
      ++patterns_[id].num_prims;
      return id;
    }
  }
  known.push_back(static_cast<uint32_t>(patterns_.size()));
  patterns_.push_back(std::move(pattern));
  patterns_.back().num_prims = 1;
  return known.back();
}

std::string UsdParquetExportPlan::FreeName(const std::string& wanted) {
  std::string name = wanted;
  while (!names_.emplace(name, true).second) name += "_";
  return name;
}

void UsdParquetExportPlan::ChooseFields(const UsdParquetColumnNames& names) {
  for (const auto& [field, count] : field_counts_) {
    if (count < kMinValues && !names.has_rare) continue;
    std::string type = "token";
    FieldColumn column{FreeName(field.GetString()), field, {}};
    for (const char* candidate : {"token", "bool", "string", "token[]"}) {
      const UsdParquetValueType* value_type = UsdParquetFindValueType(candidate);
      if (SdfSchema::GetInstance().GetFallback(field).GetTypeid() == *value_type->type) {
        type = candidate;
      }
    }
    if (field == TfToken("apiSchemas")) type = "token[]";
    column.entry.role = usdparquet::ColumnRole::kPrimMetadata;
    column.entry.field = field.GetString();
    column.entry.type = type;
    fields_.push_back(std::move(column));
  }
}

void UsdParquetExportPlan::ChooseColumns(const UsdParquetColumnNames& names) {
  // For each name, the declaration that most prims give a value.
  std::vector<uint32_t> chosen;
  for (const auto& [name, ids] : declarations_by_name_) {
    const uint32_t best = *std::max_element(ids.begin(), ids.end(), [&](uint32_t a, uint32_t b) {
      return declarations_[a].num_with_value < declarations_[b].num_with_value;
    });
    const uint64_t values = declarations_[best].num_with_value;
    const bool is_rare = values < kMinValues || values * kMinShare < num_rows_;
    if (!is_rare || (names.has_rare && values > 0)) chosen.push_back(best);
  }
  std::sort(chosen.begin(), chosen.end(), [&](uint32_t a, uint32_t b) {
    const Declaration &x = declarations_[a], &y = declarations_[b];
    return x.num_with_value != y.num_with_value ? x.num_with_value > y.num_with_value : a < b;
  });
  if (chosen.size() > kMaxColumns) chosen.resize(kMaxColumns);

  column_of_declaration_.assign(declarations_.size(), kResidual);
  std::vector<UsdParquetPropertyList> lists;
  for (const Pattern& pattern : patterns_) {
    lists.push_back({pattern.declarations, pattern.num_prims});
  }
  std::vector<uint32_t> preferred;
  for (const TfToken& name : names.order) {
    const auto ids = declarations_by_name_.find(name);
    if (ids == declarations_by_name_.end()) continue;
    preferred.insert(preferred.end(), ids->second.begin(), ids->second.end());
  }
  for (const uint32_t id : UsdParquetColumnOrder(std::move(lists), chosen, preferred)) {
    column_of_declaration_[id] = static_cast<uint32_t>(columns_.size());
    const Declaration& declaration = declarations_[id];
    const bool is_relationship = declaration.type_name.IsEmpty();
    Column column{FreeName(declaration.name.GetString()),
                  declaration.name,
                  is_relationship ? TfToken("string[]") : declaration.type_name,
                  {}};
    if (is_relationship) column.entry.role = usdparquet::ColumnRole::kRelationship;
    if (column.name != declaration.name) column.entry.property = declaration.name.GetString();
    column.entry.type = column.type_name.GetString();
    column.entry.is_uniform = declaration.is_uniform;
    column.entry.is_custom = declaration.is_custom;
    // If every prim has it, and some have no value, that is what a null has to say.
    const bool are_nulls_declared =
        declaration.num_prims == num_rows_ && declaration.num_with_value < declaration.num_prims;
    column.entry.null = are_nulls_declared ? NullMeaning::kNoValue : NullMeaning::kNoProperty;
    for (const auto& [name, value] : declaration.metadata) {
      column.entry.metadata.emplace_back(name.GetString(), *UsdParquetToFooter(value));
    }
    columns_.push_back(std::move(column));
  }
}

void UsdParquetExportPlan::CompletePatterns(const UsdParquetColumnNames& names) {
  for (Pattern& pattern : patterns_) {
    uint32_t last = 0;
    for (size_t i = 0; i < pattern.names.size(); ++i) {
      const uint32_t id = pattern.declarations[i];
      uint32_t column = id == kResidual ? kResidual : column_of_declaration_[id];
      // In a column where a null is no property, an attribute without a value can't be told.
      if (column != kResidual && pattern.contents[i] == 0 &&
          columns_[column].entry.null == NullMeaning::kNoProperty) {
        column = kResidual;
      }
      if (column == kResidual || column < last) pattern.is_in_column_order = false;
      if (column != kResidual) last = column;
      if (column != kResidual && (pattern.contents[i] & kSamples) && time_column_.empty()) {
        time_column_ = FreeName(names.time);
      }
      pattern.columns.push_back(column);
    }
  }
  if (time_column_.empty() && names.keeps_time) time_column_ = FreeName(names.time);
}

PXR_NAMESPACE_CLOSE_SCOPE
