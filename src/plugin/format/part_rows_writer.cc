#include "plugin/format/part_rows_writer.h"

#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/cast.h>
#include <arrow/datum.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/properties.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/index/arrow_columns.h"
#include "core/schema/without_views.h"
#include "core/table/bulk_reader.h"
#include "core/table/part_files.h"
#include "core/util/open_file.h"
#include "core/write/file_patch.h"
#include "plugin/values/column_builder.h"
#include "plugin/values/identifier.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

using usdparquet::ColumnPatch;
using Column = UsdParquetAdditions::Column;
using ArrowTable = std::shared_ptr<arrow::Table>;

/// Writes a file in two steps: with the new rows and columns, which are null, in the order that
/// rows have; and then, since by now each row has its place, with the new cells.
class AdditionWriter {
 public:
  AdditionWriter(const UsdParquetAdditions& additions, uint32_t part,
                 const usdparquet::Table& dataset, usdparquet::WriteOptions options)
      : additions_(additions), part_(part), dataset_(dataset), options_(std::move(options)) {}

  arrow::Status Write(const std::string& source, const std::string& target) {
    ARROW_ASSIGN_OR_RAISE(auto table, Read(source));
    ARROW_RETURN_NOT_OK(AddColumns(&table));
    ARROW_RETURN_NOT_OK(AddRows(&table));
    if (table->schema()->GetFieldIndex(options_.time_column) < 0) options_.time_column.clear();
    ARROW_RETURN_NOT_OK(usdparquet::WriteTable(*table, target, options_).status());
    table.reset();
    ARROW_RETURN_NOT_OK(FindRows(target));
    return SetCells(target);
  }

 private:
  /// All columns of the file; paths are no dictionary.
  arrow::Result<ArrowTable> Read(const std::string& source) const {
    ARROW_ASSIGN_OR_RAISE(const auto file, UsdParquetOpenCells(source));
    ARROW_ASSIGN_OR_RAISE(const auto reader, usdparquet::BulkReader::Open(file->table_file()));
    ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadAll());
    return usdparquet::WithoutViewsAndDictionary(std::move(table), options_.path_column);
  }

  bool IsOfPart(size_t row) const { return additions_.rows[row].part == part_; }

  bool HasCells(const Column& column) const {
    return std::ranges::any_of(column.cells,
                               [&](const auto& cell) { return IsOfPart(cell.first); });
  }

  /// Adds the columns that new cells are in, and what the footer is to say of them.
  arrow::Status AddColumns(ArrowTable* table) {
    ARROW_ASSIGN_OR_RAISE(auto entry, usdparquet::SchemaEntryOf((*table)->schema()->metadata()));
    bool is_changed = false;
    for (const Column& column : additions_.columns) {
      if (!HasCells(column)) continue;
      const int there = (*table)->schema()->GetFieldIndex(column.top);
      if (there >= 0) {
        if ((*table)->schema()->field(there)->type()->id() != arrow::Type::NA) continue;
        ARROW_ASSIGN_OR_RAISE(*table, (*table)->RemoveColumn(there));  // it has nulls alone
      }
      if (column.is_new) {
        const auto type = UsdParquetColumnBuilder::Make(column.sdf_type)->type();
        ARROW_RETURN_NOT_OK(AddColumn(arrow::field(column.top, type), table));
      } else {
        ARROW_RETURN_NOT_OK(AddKnownColumn(column.top, table));
      }
      for (const auto& [name, told] : dataset_.schema_entry().columns) {
        if (name == column.top || name.starts_with(column.top + ":")) entry.columns[name] = told;
      }
      if (column.is_new) entry.columns[column.name] = column.entry;
      is_changed = true;
    }
    if (!is_changed) return arrow::Status::OK();
    const auto old = (*table)->schema()->metadata();
    const auto metadata = old ? old->Copy() : arrow::key_value_metadata({}, {});
    ARROW_RETURN_NOT_OK(
        metadata->Set(usdparquet::kSchemaKey, usdparquet::SerializeSchemaEntry(entry)));
    *table = (*table)->ReplaceSchemaMetadata(metadata);
    return arrow::Status::OK();
  }

  /// A column that other files of the dataset have.
  arrow::Status AddKnownColumn(const std::string& name, ArrowTable* table) {
    const auto& metadata = dataset_.table_file().parts()->metadata();
    std::shared_ptr<arrow::Schema> schema;
    ARROW_RETURN_NOT_OK(parquet::arrow::FromParquetSchema(
        metadata->schema(), parquet::default_arrow_reader_properties(),
        metadata->key_value_metadata(), &schema));
    const auto field = schema->GetFieldByName(name);
    if (!field) return arrow::Status::Invalid("there is no column '", name, "'");
    ARROW_RETURN_NOT_OK(AddColumn(field, table));
    return usdparquet::WithoutViews(std::move(*table)).Value(table);
  }

  static arrow::Status AddColumn(const std::shared_ptr<arrow::Field>& field, ArrowTable* table) {
    ARROW_ASSIGN_OR_RAISE(
        const auto nulls,
        arrow::MakeArrayOfNull(field->type(), (*table)->num_rows(), arrow::system_memory_pool()));
    return (*table)
        ->AddColumn((*table)->num_columns(), field->WithNullable(true),
                    std::make_shared<arrow::ChunkedArray>(nulls))
        .Value(table);
  }

  /// Adds the new rows, behind all others, with nothing but their paths and times.
  arrow::Status AddRows(ArrowTable* table) {
    arrow::StringBuilder paths;
    arrow::DoubleBuilder times;
    for (size_t i = 0; i < additions_.rows.size(); ++i) {
      const auto& row = additions_.rows[i];
      if (!IsOfPart(i) || !row.is_new) continue;
      ARROW_RETURN_NOT_OK(paths.Append(row.prim.GetAsString()));
      ARROW_RETURN_NOT_OK(row.time ? times.Append(*row.time) : times.AppendNull());
    }
    const int64_t count = paths.length();
    if (count == 0) return arrow::Status::OK();
    const std::string& time = options_.time_column;
    if (!time.empty() && times.null_count() < count &&
        (*table)->schema()->GetFieldIndex(time) < 0) {
      ARROW_RETURN_NOT_OK(AddKnownColumn(time, table));
    }
    std::shared_ptr<arrow::Array> path_cells, time_cells;
    ARROW_RETURN_NOT_OK(paths.Finish(&path_cells));
    ARROW_RETURN_NOT_OK(times.Finish(&time_cells));
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const auto& field : (*table)->schema()->fields()) {
      const bool is_path = field->name() == options_.path_column;
      fields.push_back(field->WithNullable(field->nullable() || !is_path));
      if (is_path || (field->name() == time && time_cells->null_count() < count)) {
        auto cast = arrow::compute::Cast(*(is_path ? path_cells : time_cells), field->type());
        if (!cast.ok()) {
          return arrow::Status::Invalid("a time code is none that its column '", field->name(),
                                        "' of type ", field->type()->ToString(),
                                        " can hold: ", cast.status().message());
        }
        arrays.push_back(std::move(*cast));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(
          auto nulls, arrow::MakeArrayOfNull(field->type(), count, arrow::system_memory_pool()));
      arrays.push_back(std::move(nulls));
    }
    const auto schema = arrow::schema(std::move(fields), (*table)->schema()->metadata());
    const auto old = arrow::Table::Make(schema, (*table)->columns(), (*table)->num_rows());
    return arrow::ConcatenateTables({old, arrow::Table::Make(schema, std::move(arrays), count)})
        .Value(table);
  }

  /// Finds where the rows with new cells are in the file that was written. Of several rows of one
  /// path and time it is the last one, which is the one that counts.
  arrow::Status FindRows(const std::string& target) {
    std::map<std::string, std::vector<size_t>, std::less<>> wanted;
    for (size_t i = 0; i < additions_.rows.size(); ++i) {
      if (IsOfPart(i)) wanted[additions_.rows[i].prim.GetAsString()].push_back(i);
    }
    ARROW_ASSIGN_OR_RAISE(const auto file, UsdParquetOpenCells(target));
    ARROW_ASSIGN_OR_RAISE(const auto reader, usdparquet::BulkReader::Open(file->table_file()));
    const auto& schema = *file->metadata().schema();
    ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadAll({schema.ColumnIndex(options_.path_column)}));
    ARROW_ASSIGN_OR_RAISE(table, usdparquet::WithoutViews(std::move(table)));
    ARROW_ASSIGN_OR_RAISE(const auto paths, usdparquet::StringViews(*table->column(0)));
    ArrowTable times;
    if (!options_.time_column.empty()) {
      ARROW_ASSIGN_OR_RAISE(times, ReadTimes(*reader, schema));
    }
    for (uint32_t row = 0; row < paths.size(); ++row) {
      const auto found = paths[row].data() ? wanted.find(paths[row]) : wanted.end();
      if (found == wanted.end()) continue;
      std::optional<double> time;
      if (times) {
        ARROW_ASSIGN_OR_RAISE(const auto cell, times->column(0)->GetScalar(row));
        if (cell->is_valid) time = std::static_pointer_cast<arrow::DoubleScalar>(cell)->value;
      }
      for (const size_t number : found->second) {
        if (additions_.rows[number].time == time) place_of_[number] = row;
      }
    }
    return arrow::Status::OK();
  }

  /// The times of all rows as numbers.
  arrow::Result<ArrowTable> ReadTimes(const usdparquet::BulkReader& reader,
                                      const parquet::SchemaDescriptor& schema) const {
    ARROW_ASSIGN_OR_RAISE(const auto times,
                          reader.ReadAll({schema.ColumnIndex(options_.time_column)}));
    const auto cast = arrow::compute::Cast(arrow::Datum(times->column(0)), arrow::float64(),
                                           arrow::compute::CastOptions::Unsafe());
    if (!cast.ok()) {
      return arrow::Status::Invalid("its times are of type ", times->column(0)->type()->ToString(),
                                    ", and only numbers are saved");
    }
    return arrow::Table::Make(arrow::schema({arrow::field("time", arrow::float64())}),
                              {cast->chunked_array()});
  }

  arrow::Status SetCells(const std::string& target) const {
    ARROW_ASSIGN_OR_RAISE(auto file, usdparquet::OpenFile(target));
    usdparquet::TableOptions options;
    options.path_column = options_.path_column;
    options.time_column = options_.time_column;
    options.unicode_test = UsdParquetIsIdentifier;
    ARROW_ASSIGN_OR_RAISE(const auto table,
                          usdparquet::Table::Open(std::move(file), target, std::move(options)));
    std::vector<ColumnPatch> patches;
    for (const Column& column : additions_.columns) {
      if (!HasCells(column)) continue;
      const auto& own = table->columns();
      const auto found = std::ranges::find(own, column.name, &usdparquet::ColumnInfo::column_name);
      if (found == own.end()) {
        return arrow::Status::Invalid("column '", column.name, "' is none that a layer shows");
      }
      ARROW_ASSIGN_OR_RAISE(auto patch, PatchOf(column));
      patch.column = static_cast<size_t>(found - own.begin());
      patches.push_back(std::move(patch));
    }
    if (patches.empty()) return arrow::Status::OK();
    const auto cannot_write_whole = [] { return false; };
    std::optional<usdparquet::RefusedCell> refused;
    ARROW_ASSIGN_OR_RAISE(
        const bool is_patched,
        usdparquet::PatchFile(*table, patches, target, options_, cannot_write_whole, &refused));
    if (is_patched) return arrow::Status::OK();
    std::string place;
    for (const auto& [number, row] : place_of_) {
      if (refused && row == refused->row) place = additions_.rows[number].prim.GetAsString();
    }
    return UsdParquetRefused(refused, place);
  }

  arrow::Result<ColumnPatch> PatchOf(const Column& column) const {
    std::map<uint32_t, const VtValue*> cells;
    for (const auto& [row, value] : column.cells) {
      if (!IsOfPart(row)) continue;
      const auto place = place_of_.find(row);
      if (place == place_of_.end()) {
        return arrow::Status::Invalid("the row of ", additions_.rows[row].prim.GetAsString(),
                                      " is not found");
      }
      cells[place->second] = &value;
    }
    const auto builder = UsdParquetColumnBuilder::Make(column.sdf_type);
    ColumnPatch patch;
    for (const auto& [row, value] : cells) {
      if (!builder || !builder->CanHold(*value)) {
        return arrow::Status::Invalid("column '", column.name, "' can't hold an edited value");
      }
      ARROW_RETURN_NOT_OK(builder->Append(static_cast<uint32_t>(patch.rows.size()), *value));
      patch.rows.push_back(row);
    }
    ARROW_ASSIGN_OR_RAISE(patch.values, builder->Finish(static_cast<uint32_t>(patch.rows.size())));
    return patch;
  }

  const UsdParquetAdditions& additions_;
  const uint32_t part_;
  const usdparquet::Table& dataset_;
  usdparquet::WriteOptions options_;
  std::map<size_t, uint32_t> place_of_;  // of a row that is added or set, in the file
};

}  // namespace

arrow::Status UsdParquetWriteAdditions(const UsdParquetAdditions& additions, uint32_t part,
                                       const usdparquet::Table& dataset, const std::string& source,
                                       const std::string& target,
                                       const usdparquet::WriteOptions& options) {
  return AdditionWriter(additions, part, dataset, options).Write(source, target);
}

arrow::Status UsdParquetRefused(const std::optional<usdparquet::RefusedCell>& refused,
                                const std::string& place) {
  if (!refused) {
    return arrow::Status::Invalid(
        "its cells can't be set; write it again with 'usdparquet optimize' and run 'usdparquet "
        "dataset'");
  }
  return arrow::Status::Invalid(
      refused->column, ", ", place,
      ": the file's column can't hold the edited value: its type has no room for it, it has "
      "no nulls, or the cell is in a struct that is null");
}

arrow::Result<std::shared_ptr<usdparquet::Table>> UsdParquetOpenCells(const std::string& file) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, usdparquet::OpenFile(file));
  usdparquet::TableOptions options;
  options.has_paths = false;
  options.use = usdparquet::WantedAs::kCells;
  options.unicode_test = UsdParquetIsIdentifier;
  return usdparquet::Table::Open(std::move(bytes), "", std::move(options));
}

PXR_NAMESPACE_CLOSE_SCOPE
