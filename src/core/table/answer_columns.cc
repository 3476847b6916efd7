#include "core/table/answer_columns.h"

#include <arrow/array.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/schema/text_check.h"
#include "core/schema/without_views.h"
#include "core/table/field_leaves.h"

namespace usdparquet {
namespace {

using parquet::arrow::SchemaField;
using parquet::arrow::SchemaManifest;

/// What the columns of a file are to a layer, by leaf.
using Infos = std::unordered_map<int, const ColumnInfo*>;

Infos InfosOf(const TableSchema& schema) {
  Infos infos;
  for (const ColumnInfo& column : schema.columns) infos.emplace(column.leaf, &column);
  if (schema.path) infos.emplace(schema.path->leaf, &*schema.path);
  // The times are a column like any other here.
  if (schema.time) infos.emplace(schema.time->leaf, &*schema.time);
  return infos;
}

/// Appends `field` and, of a struct, the fields below.
void Enumerate(const SchemaField& field, const std::string& name, std::vector<int> steps,
               const Infos& infos, std::vector<AnswerColumn>* all) {
  AnswerColumn column{name, steps, {}, WithoutViews(field.field->type())};
  CollectLeaves(field, &column.leaves);
  if (column.leaves.size() == 1) {
    const auto info = infos.find(column.leaves[0]);
    // A struct of one field has the field's leaf.
    if (info != infos.end() && field.field->type()->id() != arrow::Type::STRUCT) {
      column.info = info->second;
    }
  }
  all->push_back(std::move(column));
  if (field.field->type()->id() != arrow::Type::STRUCT) return;
  steps.push_back(0);
  for (const SchemaField& child : field.children) {
    Enumerate(child, name + ":" + child.field->name(), steps, infos, all);
    ++steps.back();
  }
}

arrow::Status NoColumn(const std::string& name, const SchemaManifest& manifest) {
  std::string names;
  for (const SchemaField& field : manifest.schema_fields) {
    if (names.size() > 400) {
      names += ", …";
      break;
    }
    names += (names.empty() ? "'" : ", '") + field.field->name() + "'";
  }
  return arrow::Status::KeyError("there is no column or property '", name, "' (the file has ",
                                 names, ")");
}

/// The columns of a file by all that they can be called.
class NamedColumns {
 public:
  NamedColumns(const TableSchema& schema, const SchemaManifest& manifest,
               const std::vector<AnswerColumn>& all)
      : manifest_(manifest) {
    for (const AnswerColumn& column : all) {
      (column.steps.size() == 1 ? columns_ : fields_).emplace(column.name, &column);
      // Paths are no property, and nor are times or fields of prims.
      if (!column.info || column.info->role == ColumnRole::kPrimMetadata ||
          (schema.path && column.info->leaf == schema.path->leaf)) {
        continue;
      }
      properties_.emplace(column.info->property_name, &column);
    }
  }

  /// Null if there is none.
  arrow::Result<const AnswerColumn*> Find(const std::string& name) const {
    for (const auto* kind : {&columns_, &fields_, &properties_}) {
      const auto [first, last] = kind->equal_range(name);
      if (first == last) continue;
      if (std::next(first) == last) return first->second;
      // In the file's order, whatever that of the map is.
      const AnswerColumn* one = first->second;
      const AnswerColumn* other = std::next(first)->second;
      if (other->steps < one->steps) std::swap(one, other);
      if (kind == &columns_) {
        return arrow::Status::Invalid("two columns are named '", name, "'; rename one");
      }
      const std::string both = TwoColumns(NameOf(*one), NameOf(*other));
      if (kind == &fields_) {
        return arrow::Status::Invalid(both, " both have the name '", name, "'; rename one");
      }
      return arrow::Status::Invalid(both, " both become the property '", name,
                                    "'; ask for one by its own name");
    }
    return nullptr;
  }

 private:
  using ByName = std::unordered_multimap<std::string_view, const AnswerColumn*>;

  ColumnName NameOf(const AnswerColumn& column) const {
    const auto top = static_cast<size_t>(column.steps[0]);
    return {manifest_.schema_fields[top].field->name(), column.name};
  }

  const SchemaManifest& manifest_;
  ByName columns_, fields_, properties_;
};

}  // namespace

arrow::Result<std::vector<AnswerColumn>> FindAnswerColumns(
    const TableSchema& schema, const SchemaManifest& manifest,
    const std::optional<std::vector<std::string>>& names) {
  const Infos infos = InfosOf(schema);
  std::vector<AnswerColumn> all;
  for (size_t top = 0; top < manifest.schema_fields.size(); ++top) {
    const SchemaField& field = manifest.schema_fields[top];
    Enumerate(field, field.field->name(), {static_cast<int>(top)}, infos, &all);
  }
  const auto is_of = [](const ColumnInfo& info, const AnswerColumn& column) {
    return column.info && column.info->leaf == info.leaf;
  };
  std::vector<AnswerColumn> columns;
  for (const auto* role : {&schema.path, &schema.time}) {
    if (!*role) continue;
    const auto found = std::ranges::find_if(
        all, [&](const AnswerColumn& column) { return is_of(**role, column); });
    if (found == all.end()) {
      return arrow::Status::UnknownError("column '", (*role)->column_name, "' is nowhere");
    }
    columns.push_back(*found);
  }
  const auto is_there = [&](const AnswerColumn& column) {
    return (schema.path && is_of(*schema.path, column)) ||
           (schema.time && is_of(*schema.time, column));
  };
  if (!names) {
    for (const AnswerColumn& column : all) {
      if (column.steps.size() == 1 && !is_there(column)) columns.push_back(column);
    }
  } else {
    const NamedColumns named(schema, manifest, all);
    std::unordered_set<std::string_view> asked;
    for (const std::string& name : *names) {
      if (!asked.insert(name).second) continue;
      ARROW_ASSIGN_OR_RAISE(const AnswerColumn* column, named.Find(name));
      if (!column) return NoColumn(name, manifest);
      if (is_there(*column)) continue;
      columns.push_back(*column);
      columns.back().name = name;
    }
  }
  arrow::FieldVector fields;
  for (const AnswerColumn& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
  }
  ARROW_RETURN_NOT_OK(CheckNamesAreText(arrow::Schema(std::move(fields))));
  return columns;
}

std::vector<int> LeavesOf(const std::vector<const AnswerColumn*>& columns) {
  std::vector<int> leaves;
  for (const AnswerColumn* column : columns) {
    leaves.insert(leaves.end(), column->leaves.begin(), column->leaves.end());
  }
  std::sort(leaves.begin(), leaves.end());
  leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
  return leaves;
}

const std::vector<int>& ReadPlaces::PlacesOf(const Fields& fields) {
  const auto [known, is_new] = places_.try_emplace(&fields);
  if (!is_new) return known->second;
  int next = 0;
  for (const SchemaField& field : fields) {
    known->second.push_back(next);
    std::vector<int> below;
    CollectLeaves(field, &below);
    const auto was_read = [&](int leaf) { return std::ranges::binary_search(leaves_, leaf); };
    if (std::ranges::any_of(below, was_read)) ++next;
  }
  return known->second;
}

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> ReadPlaces::CellsOf(
    const arrow::Table& read, const AnswerColumn& column) {
  const Fields* fields = &manifest_.schema_fields;
  int at = PlacesOf(*fields)[static_cast<size_t>(column.steps[0])];
  if (at >= read.num_columns()) return arrow::Status::IOError("a column was not read");
  std::shared_ptr<arrow::ChunkedArray> cells = read.column(at);
  for (size_t step = 1; step < column.steps.size(); ++step) {
    fields = &(*fields)[static_cast<size_t>(column.steps[step - 1])].children;
    at = PlacesOf(*fields)[static_cast<size_t>(column.steps[step])];
    const arrow::DataType& type = *cells->type();
    if (type.id() != arrow::Type::STRUCT || at >= type.num_fields()) {
      return arrow::Status::IOError("a field of a struct was not read");
    }
    arrow::ArrayVector chunks;
    for (const auto& chunk : cells->chunks()) {
      ARROW_ASSIGN_OR_RAISE(auto field,
                            static_cast<const arrow::StructArray&>(*chunk).GetFlattenedField(at));
      chunks.push_back(std::move(field));
    }
    cells = std::make_shared<arrow::ChunkedArray>(std::move(chunks), type.field(at)->type());
  }
  return cells;
}

}  // namespace usdparquet
