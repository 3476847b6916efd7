#include "plugin/format/dataset_additions.h"

#include <pxr/usd/sdf/data.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/table/part_files.h"
#include "plugin/edit/sample_list.h"
#include "plugin/read/guarded.h"
#include "plugin/write/export_plan.h"
#include "plugin/write/prim_walk.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

using Plan = UsdParquetExportPlan;
using Additions = UsdParquetAdditions;

arrow::Status NoAddition(const SdfPath& path, const std::string& why) {
  return arrow::Status::Invalid("the edit at ", path.GetAsString(),
                                " can't be saved in the files of a dataset: ", why);
}

bool IsChildren(const TfToken& field) {
  return field == SdfChildrenKeys->PrimChildren || field == SdfChildrenKeys->PropertyChildren;
}

/// Finds the file that a prim's row is to be in.
class PartFinder {
 public:
  explicit PartFinder(const UsdParquetSource& source)
      : source_(source), parts_(*source.table().table_file().parts()) {}

  uint32_t PartOf(uint32_t row) const {
    return parts_.GroupAt(source_.table().table_file().GroupOf(row)).part;
  }

  uint32_t PartFor(const SdfPath& prim) {
    const uint32_t row = source_.FirstRowOf(prim);
    if (row != kNone) return PartOf(row);
    SdfPath top = prim;  // the highest prim that is new
    while (!source_.HasSpec(top.GetParentPath())) top = top.GetParentPath();
    const auto [known, is_new] = known_.try_emplace(top, 0);
    if (is_new) known->second = source_.HasSpec(top) ? PartOf(Arrival(top)) : PartOfNew(top);
    return known->second;
  }

 private:
  static constexpr uint32_t kNone = UsdParquetTimeSamples::kNoRow;

  TfTokenVector ChildrenOf(const SdfPath& prim) const {
    VtValue names;
    source_.Has(prim, SdfChildrenKeys->PrimChildren, &names, nullptr);
    return names.IsHolding<TfTokenVector>() ? names.UncheckedGet<TfTokenVector>() : TfTokenVector();
  }

  /// The first row of a prim of the dataset and all that is below it.
  uint32_t Arrival(const SdfPath& prim) const {
    const uint32_t own = source_.FirstRowOf(prim);
    const TfTokenVector children = ChildrenOf(prim);  // in the order of their arrival
    return children.empty() ? own : std::min(own, Arrival(prim.AppendChild(children.front())));
  }

  uint32_t PartOfNew(const SdfPath& prim) const {
    const SdfPath parent = prim.GetParentPath();
    const TfTokenVector siblings = ChildrenOf(parent);
    uint32_t row = kNone;
    if (!siblings.empty()) {
      row = Arrival(parent.AppendChild(siblings.back()));
    } else if (parent.IsPrimPath()) {
      row = source_.FirstRowOf(parent);
    }
    return row == kNone ? static_cast<uint32_t>(parts_.list().parts.size() - 1) : PartOf(row);
  }

  const UsdParquetSource& source_;
  const usdparquet::PartFiles& parts_;
  std::map<SdfPath, uint32_t> known_;
};

/// Makes a layer of what was added, plans its columns, and takes the cells that it would have.
class AdditionFinder {
 public:
  explicit AdditionFinder(const UsdParquetLayerData& data)
      : data_(data),
        source_(data.source()),
        table_(source_.table()),
        parts_(source_),
        added_(TfCreateRefPtr(new SdfData)) {
    added_->CreateSpec(SdfPath::AbsoluteRootPath(), SdfSpecTypePseudoRoot);
  }

  arrow::Status Collect(const SdfPath& path, const UsdParquetLayerEdits::Spec& spec) {
    if (path.IsAbsoluteRootPath()) return CollectRoot(path, spec);
    if (path.IsPrimPath()) return CollectPrim(path, spec);
    if (path.IsPrimPropertyPath()) return CollectProperty(path, spec);
    // Targets are a field of their relationship as well.
    if (path.IsTargetPath() && data_.edits().Find(path.GetParentPath())) {
      return arrow::Status::OK();
    }
    return NoAddition(path, "it is no prim, attribute or relationship");
  }

  arrow::Result<Additions> Find() {
    SetChildren();
    UsdParquetColumnNames names;
    names.path = table_.path_column();
    if (table_.is_long()) names.time = table_.time_column();
    names.has_rare = true;
    const Plan plan = Plan::Make(*added_, names);
    for (const Plan::Column& column : plan.columns()) {
      ARROW_RETURN_NOT_OK(AddColumn(column));
    }
    for (const Plan::FieldColumn& field : plan.fields()) AddFieldColumn(field);
    arrow::Status status;
    size_t number = 0;
    UsdParquetWalkPrims(*added_, [&](const SdfPath& path) {
      status = AddCells(path, plan, number++);
      return status.ok();
    });
    ARROW_RETURN_NOT_OK(status);
    return std::move(found_);
  }

 private:
  arrow::Status CollectRoot(const SdfPath& path, const UsdParquetLayerEdits::Spec& spec) {
    for (const auto& [field, value] : spec.fields) {
      if (field != SdfChildrenKeys->PrimChildren) {
        return NoAddition(path, "'" + field.GetString() + "' is metadata of the layer");
      }
    }
    return arrow::Status::OK();
  }

  arrow::Status CollectPrim(const SdfPath& path, const UsdParquetLayerEdits::Spec& spec) {
    if (spec.type != SdfSpecTypePrim) return NoAddition(path, "a prim was moved");
    const bool is_old = source_.HasSpec(path);
    if (is_old && spec.hides_file) return NoAddition(path, "it takes the place of another prim");
    for (const auto& [field, value] : spec.fields) {
      if (IsChildren(field)) continue;
      if (!value.IsEmpty()) {
        Make(path);
        added_->Set(path, field, value);
      } else if (is_old) {
        return NoAddition(path, "'" + field.GetString() + "' was cleared");
      }
    }
    if (!is_old) Make(path);
    return arrow::Status::OK();
  }

  arrow::Status CollectProperty(const SdfPath& path, const UsdParquetLayerEdits::Spec& spec) {
    if (spec.type == SdfSpecTypeUnknown) return NoAddition(path, "it was removed");
    const bool is_old = source_.HasSpec(path);
    if (is_old && spec.hides_file) {
      return NoAddition(path, "it takes the place of another property");
    }
    Make(path.GetPrimPath());
    added_->CreateSpec(path, spec.type);
    properties_[path.GetPrimPath()].insert(path.GetNameToken());
    for (const TfToken& field : data_.List(path)) {
      const bool is_declared = field == SdfFieldKeys->TypeName || field == SdfFieldKeys->Custom ||
                               field == SdfFieldKeys->Variability;
      if (!is_old || is_declared) added_->Set(path, field, data_.Get(path, field));
    }
    return is_old ? CollectValues(path, spec) : arrow::Status::OK();
  }

  /// The values that were set of an attribute of the dataset.
  arrow::Status CollectValues(const SdfPath& path, const UsdParquetLayerEdits::Spec& spec) {
    for (const auto& [field, value] : spec.fields) {
      if (field == SdfFieldKeys->Default && !value.IsEmpty()) {
        added_->Set(path, field, value);
      } else if (field == SdfFieldKeys->TimeSamples && value.IsHolding<UsdParquetSampleList>()) {
        const auto& samples = value.UncheckedGet<UsdParquetSampleList>();
        for (const double time : source_.TimesOf(path)) {
          if (samples.Find(time) == UsdParquetSampleList::kNone) {
            return NoAddition(path, "a time sample was removed");
          }
        }
        SdfTimeSampleMap set;
        for (size_t i = 0; i < samples.times().size(); ++i) {
          if (!samples.IsOfFile(i)) set.emplace(samples.times()[i], samples.value(i));
        }
        if (!set.empty()) added_->Set(path, field, VtValue(set));
      } else {
        return NoAddition(path, "'" + field.GetString() + "' was changed or cleared");
      }
    }
    return arrow::Status::OK();
  }

  /// Has a prim, and those above it, in the layer of what was added.
  void Make(const SdfPath& path) {
    for (SdfPath prim = path; prim.IsPrimPath() && !added_->HasSpec(prim);
         prim = prim.GetParentPath()) {
      added_->CreateSpec(prim, SdfSpecTypePrim);
      children_[prim.GetParentPath()].insert(prim.GetNameToken());
    }
  }

  /// In the order that the edited layer has.
  void SetChildren() {
    const auto set = [&](const auto& members, const TfToken& key) {
      for (const auto& [path, wanted] : members) {
        TfTokenVector names = UsdParquetChildNames(data_, path, key);
        std::erase_if(names, [&](const TfToken& name) { return !wanted.contains(name); });
        added_->Set(path, key, VtValue(names));
      }
    };
    set(children_, SdfChildrenKeys->PrimChildren);
    set(properties_, SdfChildrenKeys->PropertyChildren);
  }

  std::string TopOf(const usdparquet::ColumnInfo& column) const {
    return table_.metadata().schema()->group_node()->field(column.top)->name();
  }

  /// A column of the dataset.
  Additions::Column Known(size_t number) const {
    const usdparquet::ColumnInfo& column = table_.columns()[number];
    Additions::Column known{column.column_name, TopOf(column), column.sdf_type, false, {}, {}};
    const auto& entries = table_.schema_entry().columns;
    if (const auto entry = entries.find(column.column_name); entry != entries.end()) {
      known.entry = entry->second;
    }
    return known;
  }

  /// A name that no column of the dataset has.
  std::string FreeName(std::string name) {
    const auto& columns = *table_.metadata().schema()->group_node();
    while (columns.FieldIndex(name) >= 0 || !taken_.insert(name).second) name += "_";
    return name;
  }

  static std::string KindOf(bool is_relationship, const TfToken& type, bool is_custom) {
    return (is_custom ? "custom " : "") + (is_relationship ? "rel" : type.GetString());
  }

  arrow::Status AddColumn(const Plan::Column& planned) {
    const auto& properties = source_.columns().properties();
    const auto same =
        std::ranges::find(properties, planned.property, &UsdParquetColumns::Property::name);
    if (same == properties.end()) {
      Additions::Column column{FreeName(planned.name), "", planned.entry.type, true,
                               planned.entry,          {}};
      column.top = column.name;
      if (column.name != planned.property) column.entry.property = planned.property.GetString();
      column.entry.null = usdparquet::NullMeaning::kNoProperty;
      found_.columns.push_back(std::move(column));
      return arrow::Status::OK();
    }
    const std::string wanted = KindOf(planned.entry.role == usdparquet::ColumnRole::kRelationship,
                                      planned.type_name, planned.entry.is_custom);
    const std::string there =
        KindOf(same->spec_type == SdfSpecTypeRelationship, same->type_name, same->is_custom);
    if (wanted != there) {
      return arrow::Status::Invalid("a new property '", planned.property.GetString(), "' is a ",
                                    wanted, ", but the one that the dataset has is a ", there);
    }
    found_.columns.push_back(Known(same->number));
    return arrow::Status::OK();
  }

  void AddFieldColumn(const Plan::FieldColumn& planned) {
    const auto& fields = source_.columns().prim_fields();
    const auto same =
        std::ranges::find(fields, planned.field, &UsdParquetColumns::PrimField::field);
    if (same != fields.end()) {
      found_.columns.push_back(Known(same->number));
      return;
    }
    Additions::Column column{FreeName(planned.name), "", planned.entry.type, true,
                             planned.entry,          {}};
    column.top = column.name;
    found_.columns.push_back(std::move(column));
  }

  arrow::Status AddCells(const SdfPath& path, const Plan& plan, size_t prim) {
    const Plan::Pattern& pattern = plan.PatternOf(prim);
    const size_t rows_before = found_.rows.size();
    for (size_t i = 0; i < pattern.names.size(); ++i) {
      const SdfPath property = path.AppendProperty(pattern.names[i]);
      const uint32_t column = pattern.columns[i];
      if (column == Plan::kResidual || pattern.contents[i] == 0) {
        return NoAddition(property, pattern.contents[i] == 0 && column != Plan::kResidual
                                        ? "it has no value"
                                        : "no column can hold it");
      }
      ARROW_RETURN_NOT_OK(AddValues(property, pattern.contents[i], plan.columns()[column], column));
    }
    for (const TfToken& field : added_->List(path)) {
      const VtValue value = added_->Get(path, field);
      if (IsChildren(field) || (field == SdfFieldKeys->Specifier && value == SdfSpecifierOver)) {
        continue;
      }
      const auto& fields = plan.fields();
      const auto planned = std::ranges::find(fields, field, &Plan::FieldColumn::field);
      const VtValue cell =
          planned == fields.end() ? VtValue() : UsdParquetCellOfField(field, value);
      if (cell.IsEmpty()) {
        return NoAddition(path, "no column can hold '" + field.GetString() + "'");
      }
      const size_t column = plan.columns().size() + static_cast<size_t>(planned - fields.begin());
      ARROW_RETURN_NOT_OK(AddCell(column, path, std::nullopt, cell));
    }
    if (!plan.HasRow(prim) || source_.HasSpec(path) || found_.rows.size() > rows_before) {
      return arrow::Status::OK();
    }
    return RowOf(path, std::nullopt).status();
  }

  arrow::Status AddValues(const SdfPath& property, uint8_t contents, const Plan::Column& planned,
                          size_t column) {
    const SdfPath prim = property.GetPrimPath();
    if (contents & Plan::kValue) {
      const bool is_relationship = planned.entry.role == usdparquet::ColumnRole::kRelationship;
      const VtValue value =
          is_relationship
              ? UsdParquetCellOfTargets(added_->Get(property, SdfFieldKeys->TargetPaths))
              : added_->Get(property, SdfFieldKeys->Default);
      ARROW_RETURN_NOT_OK(AddCell(column, prim, std::nullopt, value));
    }
    if (!(contents & Plan::kSamples)) return arrow::Status::OK();
    if (!table_.is_long()) {
      return NoAddition(property, "it has time samples, and the dataset no column of times");
    }
    const VtValue samples = added_->Get(property, SdfFieldKeys->TimeSamples);
    for (const auto& [time, value] : samples.UncheckedGet<SdfTimeSampleMap>()) {
      ARROW_RETURN_NOT_OK(AddCell(column, prim, time, value));
    }
    return arrow::Status::OK();
  }

  arrow::Status AddCell(size_t column, const SdfPath& prim, std::optional<double> time,
                        const VtValue& value) {
    ARROW_ASSIGN_OR_RAISE(const size_t row, RowOf(prim, time));
    found_.columns[column].cells.emplace_back(row, value);
    return arrow::Status::OK();
  }

  /// The number of a row in what is found.
  arrow::Result<size_t> RowOf(const SdfPath& prim, std::optional<double> time) {
    const auto [known, is_first] = rows_.try_emplace({prim, time}, found_.rows.size());
    if (!is_first) return known->second;
    const uint32_t row = source_.RowAt(prim, time);
    const bool is_new = row == UsdParquetTimeSamples::kNoRow;
    if (is_new && !table_.table_file().parts()->list().partitions.empty()) {
      return NoAddition(prim, "a new row would get the value of a folder's name as well, as '" +
                                  table_.table_file().parts()->list().partitions[0].name + "'");
    }
    const uint32_t part = is_new ? parts_.PartFor(prim) : parts_.PartOf(row);
    found_.rows.push_back({prim, time, is_new, part});
    return known->second;
  }

  const UsdParquetLayerData& data_;
  const UsdParquetSource& source_;
  const usdparquet::Table& table_;
  PartFinder parts_;
  SdfDataRefPtr added_;
  std::map<SdfPath, std::set<TfToken>> children_, properties_;  // of what is added
  std::set<std::string> taken_;                                 // names of new columns
  std::map<std::pair<SdfPath, std::optional<double>>, size_t> rows_;
  Additions found_;
};

}  // namespace

arrow::Result<UsdParquetAdditions> UsdParquetFindAdditions(const UsdParquetLayerData& data,
                                                           const UsdParquetLayerEdits& edits) {
  const UsdParquetUnguarded unguarded;
  AdditionFinder finder(data);
  for (const auto& [path, spec] : edits) ARROW_RETURN_NOT_OK(finder.Collect(path, spec));
  return finder.Find();
}

PXR_NAMESPACE_CLOSE_SCOPE
