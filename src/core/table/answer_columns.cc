#include "core/table/answer_columns.h"

#include <arrow/array.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/schema/without_views.h"

namespace usdparquet {
namespace {

using parquet::arrow::SchemaField;
using parquet::arrow::SchemaManifest;

/// What the columns of a file are to a layer, by name.
using Infos = std::unordered_map<std::string, const ColumnInfo*>;

Infos InfosOf(const TableSchema& schema) {
  Infos infos;
  for (const ColumnInfo& column : schema.columns) infos.emplace(column.column_name, &column);
  infos.emplace(schema.path->column_name, &*schema.path);
  // The times are a column like any other here.
  if (schema.time) infos.emplace(schema.time->column_name, &*schema.time);
  return infos;
}

void CollectLeaves(const SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const SchemaField& child : field.children) CollectLeaves(child, leaves);
}

/// Appends `field` and, of a struct, the fields below.
void Enumerate(const SchemaField& field, const std::string& name, std::vector<std::string> steps,
               const Infos& infos, std::vector<AnswerColumn>* all) {
  steps.push_back(field.field->name());
  AnswerColumn column{name, &field, steps, {}, WithoutViews(field.field->type())};
  CollectLeaves(field, &column.leaves);
  const auto info = infos.find(name);
  if (info != infos.end() && column.leaves.size() == 1) column.info = info->second;
  all->push_back(std::move(column));
  if (field.field->type()->id() != arrow::Type::STRUCT) return;
  for (const SchemaField& child : field.children) {
    Enumerate(child, name + ":" + child.field->name(), steps, infos, all);
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

}  // namespace

arrow::Result<std::vector<AnswerColumn>> FindAnswerColumns(
    const TableSchema& schema, const SchemaManifest& manifest,
    const std::optional<std::vector<std::string>>& names) {
  const Infos infos = InfosOf(schema);
  std::vector<AnswerColumn> all;
  for (const SchemaField& field : manifest.schema_fields) {
    Enumerate(field, field.field->name(), {}, infos, &all);
  }
  const std::string& path_column = schema.path->column_name;
  const auto is_path = [&](const AnswerColumn& column) { return column.name == path_column; };
  const auto path = std::find_if(all.begin(), all.end(), is_path);
  if (path == all.end() || !path->info) {
    return arrow::Status::UnknownError("the path column is nowhere");
  }
  std::vector<AnswerColumn> columns{*path};
  if (!names) {
    for (const AnswerColumn& column : all) {
      if (column.steps.size() == 1 && !is_path(column)) columns.push_back(column);
    }
    return columns;
  }
  for (const std::string& name : *names) {
    if (name == path_column) continue;  // is there already
    const auto is_named = [&](const AnswerColumn& column) { return column.name == name; };
    const auto is_property = [&](const AnswerColumn& column) {
      return column.info && column.info != path->info && column.info->property_name == name &&
             column.info->role != ColumnRole::kPrimMetadata;
    };
    auto found = std::find_if(all.begin(), all.end(), is_named);
    if (found == all.end()) found = std::find_if(all.begin(), all.end(), is_property);
    if (found == all.end()) return NoColumn(name, manifest);
    columns.push_back(*found);
    columns.back().name = name;
  }
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

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> FieldOf(
    std::shared_ptr<arrow::ChunkedArray> stored, const AnswerColumn& column) {
  for (size_t step = 1; step < column.steps.size(); ++step) {
    const auto& type = static_cast<const arrow::StructType&>(*stored->type());
    const int i = type.GetFieldIndex(column.steps[step]);
    if (i < 0) return arrow::Status::Invalid("a struct has no field '", column.steps[step], "'");
    arrow::ArrayVector chunks;
    for (const auto& chunk : stored->chunks()) {
      ARROW_ASSIGN_OR_RAISE(auto field,
                            static_cast<const arrow::StructArray&>(*chunk).GetFlattenedField(i));
      chunks.push_back(std::move(field));
    }
    stored = std::make_shared<arrow::ChunkedArray>(std::move(chunks), type.field(i)->type());
  }
  return stored;
}

}  // namespace usdparquet
